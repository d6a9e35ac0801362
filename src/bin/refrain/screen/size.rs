//! How wide a terminal is.
use std::io::{self, IsTerminal};

/// What to assume of a terminal that does not say.
const USUAL: usize = 80;

/// The columns of standard output, if it is a terminal.
pub fn of_stdout() -> Option<usize> {
    let out = io::stdout();
    out.is_terminal().then(|| columns(terminal_size::terminal_size_of(&out)))
}

/// The columns of standard error, if it is a terminal.
pub fn of_stderr() -> Option<usize> {
    let err = io::stderr();
    err.is_terminal().then(|| columns(terminal_size::terminal_size_of(&err)))
}

fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(USUAL, |(width, _)| usize::from(width.0)).max(1)
}
