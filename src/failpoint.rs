//! Places where a test lets the process die, to see what the index is like then. There are none in a release build.
//!
//! With `REFRAIN_FAILPOINT=NAME` the process ends where it first comes to `reach("NAME")`, with `NAME=3` where it comes to
//! it for the third time: at once, and nothing is undone or closed, as under `kill -9`.

/// The process is at a place where its end would matter.
#[cfg(debug_assertions)]
pub(crate) fn reach(name: &str) {
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
pub(crate) fn reach(_name: &str) {}
