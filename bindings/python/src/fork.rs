//! Transforms in a forked process: the threads of rayon's pool stayed with the parent, and who waits for them waits for ever.
use std::{
    process,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The process that loaded the module, in which rayon's own pool is.
static FIRST: OnceLock<u32> = OnceLock::new();

/// The pool of a process that was forked from it.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Notes the process.
pub fn loaded() {
    FIRST.get_or_init(process::id);
}

/// Runs `work`, which uses rayon, where there are threads for it.
pub fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let here = process::id();
    if *FIRST.get_or_init(|| here) == here {
        return work();
    }
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.as_ref().is_none_or(|(of, _)| *of != here) {
        // Where no threads are to be had, one after the other is as right.
        let made =
            ThreadPoolBuilder::new().build().or_else(|_| ThreadPoolBuilder::new().num_threads(1).build());
        // A pool of the parent has no threads to end.
        std::mem::forget(pool.take());
        *pool = made.ok().map(|made| (here, Arc::new(made)));
    }
    let pool = pool.as_ref().map(|(_, pool)| Arc::clone(pool));
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
