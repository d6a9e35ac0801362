//! A list for people.
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    Play, Timeline,
    format::Format,
    gaps::{self, Gaps},
    names,
};
use crate::units::Seconds;

/// Shorter stretches are left out: starts and ends are less exact than that at times.
const LEAST: f64 = 3.0;

/// A place in a track that is nearer to its beginning than this is the beginning.
const BEGINNING: f64 = 1.0;

/// The list of a recording: its name, then a line for each play and stretch.
#[derive(Default)]
pub(super) struct List {
    file: PathBuf,
    named: bool,
    gaps: Gaps,
}

impl List {
    /// Writes the recording's name before the first line, so that a recording that fails early has none.
    fn name(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.named, true) {
            return Ok(());
        }
        writeln!(out, "{}", names::one_line(&self.file.to_string_lossy()))
    }
}

fn line(out: &mut dyn Write, from: Seconds, to: Seconds, what: &str) -> io::Result<()> {
    writeln!(out, "{:>9} - {:<9}  {what}", from.to_string(), to.to_string())
}

impl Format for List {
    fn begin(&mut self, _: &mut dyn Write, file: &Path) -> io::Result<()> {
        *self = Self { file: file.to_owned(), ..Self::default() };
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        self.name(out)?;
        let covered = self.gaps.covered();
        let (before, both) = self.gaps.next(play);
        if before >= LEAST {
            line(out, covered, play.start, "unknown")?;
        }
        line(out, play.start, play.end, &format!("{}{}", names::full(play), notes(play)))?;
        if both >= LEAST {
            line(out, play.start, Seconds(play.start.0 + both), "two at once")?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, timeline: &Timeline) -> io::Result<Option<String>> {
        self.name(out)?;
        let covered = self.gaps.covered();
        let of = |stretches, what| {
            gaps::after(stretches, covered, LEAST).into_iter().map(move |(from, to)| (from, to, what))
        };
        let mut rest: Vec<_> =
            of(&timeline.unknown, "unknown").chain(of(&timeline.silent, "silent")).collect();
        rest.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
        if rest.is_empty() && timeline.duration.0 - covered.0 >= LEAST {
            rest.push((covered, timeline.duration, "unknown"));
        }
        rest.into_iter().try_for_each(|(from, to, what)| line(out, from, to, what))?;
        // Between plays it is known at the end only which unknown stretch was silence. What goes on after the last play is
        // listed already.
        let is_between = |(from, to): &&(Seconds, Seconds)| {
            from.0 < covered.0 && to.0 - covered.0 < LEAST && to.0 - from.0 >= LEAST
        };
        let silent = timeline.silent.iter().filter(is_between);
        silent.into_iter().try_for_each(|&(from, to)| line(out, from, to, "silent"))?;
        Ok(None)
    }
}

/// Whether the track's file is missing; which part of the track it is, at what speed and pitch, where this is not as expected.
fn notes(play: &Play) -> String {
    let missing = play.missing.then(|| "missing".to_owned());
    let place = (play.ref_start.0 >= BEGINNING).then(|| format!("from {}", play.ref_start));
    let speed = format!("{:.3}", play.tempo);
    let speed = (speed != "1.000").then(|| format!("speed {speed}"));
    let pitch = format!("{:+.2}", play.pitch);
    let pitch = (!matches!(&*pitch, "+0.00" | "-0.00")).then(|| format!("pitch {pitch}"));
    let notes: Vec<_> = [missing, place, speed, pitch].into_iter().flatten().collect();
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
}
