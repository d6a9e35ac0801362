//! Labels of Audacity.
use std::{
    io::{self, Write},
    path::Path,
};

use super::{Play, format::Format, names};

/// Lines of start, end and name, between tabs.
#[derive(Default)]
pub(super) struct Labels {
    begun: bool,
}

impl Format for Labels {
    fn begin(&mut self, _: &mut dyn Write, _: &Path) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            let reason = "labels belong to one recording, and another one was written before";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        writeln!(out, "{:.6}\t{:.6}\t{}", play.start.0, play.end.0, names::full(play))
    }
}
