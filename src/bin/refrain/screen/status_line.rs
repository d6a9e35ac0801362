//! Where progress is drawn: standard error, less the last columns.
//!
//! indicatif fills its line up to the end, and a terminal shows `^C` there. That would break the line, so that its first half
//! could not be cleared. The last columns stay free for it.
use std::io::{self, Write};

use indicatif::{ProgressDrawTarget, TermLike};

use super::size;

/// The columns that stay free, for `^C` and the cursor.
pub const FREE: usize = 3;

/// How often the line is drawn at most, a second.
const RATE: u8 = 20;

/// Standard error, if it is a terminal.
pub fn target() -> ProgressDrawTarget {
    match size::of_stderr() {
        None => ProgressDrawTarget::hidden(),
        // Its older consoles know no escape sequences.
        Some(_) if cfg!(windows) => ProgressDrawTarget::stderr(),
        Some(_) => ProgressDrawTarget::term_like_with_hz(Box::new(StatusLine), RATE),
    }
}

#[derive(Debug)]
struct StatusLine;

impl StatusLine {
    fn moved(&self, columns: usize, code: char) -> io::Result<()> {
        if columns > 0 { self.write_str(&format!("\u{1b}[{columns}{code}")) } else { Ok(()) }
    }
}

impl TermLike for StatusLine {
    fn width(&self) -> u16 {
        let columns = size::of_stderr().unwrap_or(0).saturating_sub(FREE);
        u16::try_from(columns).unwrap_or(u16::MAX).max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.write_str(s)?;
        self.write_str("\n")
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        io::stderr().write_all(s.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
