//! What each format has in common.
use std::{
    io::{self, Write},
    path::Path,
};

use super::{Play, Timeline};

/// A format in which plays are written one after the other.
pub(super) trait Format: Send {
    /// Writes what comes before the first recording.
    fn header(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Begins a recording.
    fn begin(&mut self, out: &mut dyn Write, file: &Path) -> io::Result<()>;

    /// Writes a play.
    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()>;

    /// Ends a recording. Returns what was left out, and why.
    fn end(&mut self, _out: &mut dyn Write, _timeline: &Timeline) -> io::Result<Option<String>> {
        Ok(None)
    }
}
