//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.
use std::sync::atomic::{AtomicBool, Ordering};

use refrain::CancelToken;

use crate::bar;

/// Whether the second one came. The program may be ending already when it does.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// The exit status after the second one.
pub const STATUS: u8 = 130;

/// Whether the user asked to stop at once.
pub fn at_once() -> bool {
    AT_ONCE.load(Ordering::SeqCst)
}

/// A token that is cancelled when the user or the system asks the program to stop.
pub fn token() -> CancelToken {
    let token = CancelToken::new();
    let cancelled = token.clone();
    on_first(move || cancelled.cancel());
    token
}

/// Receives a message when the user or the system asks the program to stop.
#[cfg(feature = "serve")]
pub fn told() -> std::sync::mpsc::Receiver<()> {
    let (tell, told) = std::sync::mpsc::channel();
    on_first(move || {
        let _ = tell.send(());
    });
    told
}

/// Calls `stop` when the first signal comes, and ends the program when the second one comes.
fn on_first(stop: impl Fn() + Send + 'static) {
    // The token may be cancelled for another reason, such as an output that is closed.
    let stopped = AtomicBool::new(false);
    // If no handler can be installed, the signal ends the process. The index survives that too.
    let _ = ctrlc::set_handler(move || {
        if stopped.swap(true, Ordering::SeqCst) {
            AT_ONCE.store(true, Ordering::SeqCst);
            bar::clear();
            std::process::exit(STATUS.into());
        }
        stop();
    });
}
