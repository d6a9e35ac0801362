//! How wide a terminal is.
use std::{
    env,
    io::{self, IsTerminal},
};

/// What to assume if neither the terminal nor the environment says.
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

/// The width that the terminal says; if it says none, that of the variable `COLUMNS`.
fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    let said = size.map(|(width, _)| usize::from(width.0)).filter(|&columns| columns > 0);
    let typed = || env::var("COLUMNS").ok()?.trim().parse().ok().filter(|&columns| columns > 0);
    said.or_else(typed).unwrap_or(USUAL)
}
