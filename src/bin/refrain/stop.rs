//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that is set when the user or the system asks to stop.
pub fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    // Where no handler can be installed the signal ends the process, which the index survives as well.
    let _ = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    flag
}
