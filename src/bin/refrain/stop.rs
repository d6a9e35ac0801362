//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.
use refrain::CancelToken;

use crate::bar;

/// A token that is cancelled when the user or the system asks the program to stop.
pub fn token() -> CancelToken {
    let token = CancelToken::new();
    let cancelled = token.clone();
    // If no handler can be installed, the signal ends the process. The index survives that too.
    let _ = ctrlc::set_handler(move || {
        if cancelled.is_cancelled() {
            bar::clear();
            std::process::exit(130);
        }
        cancelled.cancel();
    });
    token
}
