//! Places where a test lets the process die, to see what the index is like then. There are none in a release build.
//!
//! With `REFRAIN_FAILPOINT=NAME` the process ends where it first comes to `reach("NAME")`, with `NAME=3` where it comes to
//! it for the third time: at once, and nothing is undone or closed, as under `kill -9`.

/// The process is at a place where its end would matter.
#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };
    static CHOSEN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let chosen = CHOSEN.get_or_init(|| {
        let chosen = std::env::var("REFRAIN_FAILPOINT").ok()?;
        Some(match chosen.split_once('=') {
            Some((name, nth)) => (name.to_owned(), nth.parse().expect("NAME or NAME=N")),
            None => (chosen, 1),
        })
    });
    let Some((chosen, nth)) = chosen else { return };
    if chosen == name && TIMES.fetch_add(1, Ordering::Relaxed) + 1 == *nth {
        eprintln!("died at {name}");
        std::process::abort();
    }
}

/// The process is at a place where its end would matter.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reach(_name: &str) {}

/// The process is between two steps that another process may come between. Tests run something here.
#[inline(always)]
pub(crate) fn pass(_name: &str) {
    #[cfg(test)]
    test::pass(_name);
}

#[cfg(test)]
pub(crate) mod test {
    use std::cell::RefCell;

    type Hook = (&'static str, Box<dyn FnOnce()>);

    thread_local!(static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) });

    /// Runs `hook` when this thread next comes to `pass(name)`.
    pub fn on(name: &'static str, hook: impl FnOnce() + 'static) {
        HOOK.set(Some((name, Box::new(hook))));
    }

    /// Whether the last hook has not run yet.
    pub fn is_waiting() -> bool {
        HOOK.with_borrow(Option::is_some)
    }

    pub(super) fn pass(name: &str) {
        let hook = HOOK.with_borrow_mut(|hook| hook.take_if(|(of, _)| *of == name));
        if let Some((_, run)) = hook {
            run();
        }
    }
}
