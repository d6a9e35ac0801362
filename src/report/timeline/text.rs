//! A tracklist to paste, in the way of tracklist sites.
use std::{
    io::{self, Write},
    path::Path,
};

use super::{
    Play, Timeline,
    format::Format,
    gaps::{self, Gaps},
    names,
};
use crate::units::Seconds;

/// Shorter unknown stretches are transitions or speech, and no tracks.
const LEAST: f64 = 15.0;

/// Lines of `[hh:mm:ss] Artist - Title`. Of several recordings each but the first comes after an empty line.
#[derive(Default)]
pub(super) struct Text {
    gaps: Gaps,
    any: bool,
    any_here: bool,
}

impl Text {
    fn line(&mut self, out: &mut dyn Write, at: Seconds, what: &str) -> io::Result<()> {
        if !std::mem::replace(&mut self.any_here, true) && std::mem::replace(&mut self.any, true) {
            writeln!(out)?;
        }
        let s = at.0.max(0.0) as u64;
        writeln!(out, "[{:02}:{:02}:{:02}] {what}", s / 3600, s / 60 % 60, s % 60)
    }
}

impl Format for Text {
    fn begin(&mut self, _: &mut dyn Write, _: &Path) -> io::Result<()> {
        *self = Self { any: self.any, ..Self::default() };
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        let covered = self.gaps.covered();
        if self.gaps.next(play).0 >= LEAST {
            self.line(out, covered, "ID - ID")?;
        }
        self.line(out, play.start, &names::full(play))
    }

    fn end(&mut self, out: &mut dyn Write, timeline: &Timeline) -> io::Result<Option<String>> {
        let covered = self.gaps.covered();
        // Without a word about silence, what is left is unknown.
        let rest = if timeline.unknown.is_empty() && timeline.silent.is_empty() {
            gaps::after(&[(covered, timeline.duration)], covered, LEAST)
        } else {
            gaps::after(&timeline.unknown, covered, LEAST)
        };
        rest.first().map_or(Ok(()), |&(start, _)| self.line(out, start, "ID - ID"))?;
        Ok(None)
    }
}
