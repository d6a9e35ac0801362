//! Transforms in a forked process. The threads of rayon's pool stay with the parent, so a child that waits for them hangs.
use std::{
    process,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The process that loaded the module. Rayon's own pool has its threads there.
static FIRST: OnceLock<u32> = OnceLock::new();

/// The process that was forked from it, and a pool of its own.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Notes the process that loads the module.
pub fn loaded() {
    FIRST.get_or_init(process::id);
}

/// Runs `work`, which uses rayon, in a pool that has threads in this process.
pub fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let here = process::id();
    if *FIRST.get_or_init(|| here) == here {
        return work();
    }
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.as_ref().is_none_or(|(of, _)| *of != here) {
        // Without more threads the results are the same, only later.
        let made =
            ThreadPoolBuilder::new().build().or_else(|_| ThreadPoolBuilder::new().num_threads(1).build());
        // A pool of the parent has no threads here, and dropping it would wait for them.
        std::mem::forget(pool.take());
        *pool = made.ok().map(|made| (here, Arc::new(made)));
    }
    let pool = pool.as_ref().map(|(_, pool)| Arc::clone(pool));
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
