//! Reports progress while files are analysed, and a summary at the end.
use std::{
    path::Path,
    time::{Duration, Instant},
};

use refrain::{BuildEvent, BuildOptions, BuildSummary, Error, FailedFile, Index, Seconds, TrackId};

use crate::{
    args::WorkArgs,
    bar::Bar,
    db, messages,
    needs::Needs,
    screen::{near::near, size, table::wrapped},
    stop, wording,
};

/// How many unusable files are named at the end; the rest are counted.
const NAMED: usize = 20;

/// Up to so many new files are looked up in the library.
const MAX_NEWCOMERS: usize = 200;

/// What is left to say after a build.
pub struct Told {
    /// Whether the index has any track.
    pub any: bool,
    /// How many files the folders have that may be audio.
    pub found: usize,
    /// What could not be used.
    pub failed: Vec<FailedFile>,
}

/// Whether the report names the files that could not be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Shown,
    /// Another list names them.
    Elsewhere,
}

/// Runs `work` on an index and reports it, then closes the index.
pub fn tell(
    (args, names): (&WorkArgs, Names),
    path: &Path,
    index: Index,
    options: BuildOptions<'_>,
    work: impl FnOnce(&Index, BuildOptions<'_>) -> refrain::Result<BuildSummary>,
) -> anyhow::Result<Told> {
    let mut progress = Progress::new(args);
    let last = index.last_track()?;
    let began = Instant::now();
    let done = work(&index, options.on_event(|event| progress.on(event)));
    progress.bar.end();
    let summary = match done {
        Ok(summary) => summary,
        Err(Error::Interrupted) => {
            index.close()?;
            anyhow::bail!(
                "interrupted; the index keeps the added files; run the same command again to continue"
            );
        }
        Err(error) => return Err(error.into()),
    };
    let known = if args.quiet { 0 } else { known_already(&index, last, &summary)? };
    let any = index.has_tracks()?;
    // Counting takes longer than adding a file to a large library.
    let info = if args.quiet { None } else { Some(index.info()?) };
    index.close()?;
    if names == Names::Shown {
        name_failed(args, &summary);
    }
    report(args, &summary, began.elapsed());
    if known > 0 {
        let files = wording::count(known as u64, "new file");
        let hold = if known == 1 { "holds a recording" } else { "hold recordings" };
        messages::say(&format!(
            "{files} {hold} that the library had already; {} lists the copies",
            db::hint("duplicates")
        ));
    }
    if let Some(info) = info {
        messages::say(&format!(
            "{}: {}, {}",
            wording::shown(path),
            wording::count(info.tracks, "track"),
            wording::hours(info.duration.0)
        ));
    }
    Ok(Told { any, found: summary.found, failed: summary.failed })
}

/// How many of the new tracks hold a recording that the library had before. Of very many, nothing is said: `duplicates` is
/// faster then.
fn known_already(index: &Index, last: TrackId, summary: &BuildSummary) -> refrain::Result<usize> {
    if last == TrackId(0) || !(1..=MAX_NEWCOMERS).contains(&summary.added) {
        return Ok(0);
    }
    match index.newcomers(last, &stop::token()) {
        // The files are in the index; only this is left out.
        Err(Error::Interrupted) => Ok(0),
        found => Ok(found?.len()),
    }
}

/// Prints which files could not be used.
fn name_failed(args: &WorkArgs, summary: &BuildSummary) {
    let named = if args.verbose { usize::MAX } else { NAMED };
    for failed in summary.failed.iter().take(named) {
        let reason = failed.error.reason();
        messages::problem(&format!("cannot read {}: {reason}", near(&failed.path)));
    }
    if summary.failed.len() > named {
        let more = wording::count((summary.failed.len() - named) as u64, "more error");
        messages::problem(&format!("{more}; {} lists all errors", db::hint("index errors")));
    }
}

/// Prints what was done.
fn report(args: &WorkArgs, summary: &BuildSummary, took: Duration) {
    if args.quiet {
        return;
    }
    let mut needs = Needs::default();
    summary.failed.iter().for_each(|failed| needs.note(&failed.error));
    needs.tell();
    // A file that only has new tags was read like a new one, but nothing was added.
    let added = summary.added - summary.retagged;
    let mut parts = vec![format!("{} added", wording::count(added as u64, "file"))];
    if summary.retagged > 0 {
        parts.push(format!("{} with new tags", summary.retagged));
    }
    if summary.added > 0 {
        let speed = summary.added_duration.0 / took.as_secs_f64().max(1e-3);
        let length = wording::hours(summary.added_duration.0);
        let read = if added > 0 { &mut parts[0] } else { parts.last_mut().expect("it has a first") };
        read.push_str(&format!(" ({length} of audio in {:.1} s, {speed:.0} x)", took.as_secs_f64()));
    }
    for (n, what) in [
        (summary.unchanged, "unchanged"),
        (summary.moved, "moved"),
        (summary.copies, "identical to another"),
        (summary.returned, "no longer missing"),
        (summary.missing, "missing"),
        (summary.still_missing, "still missing"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    let errors = summary.failed.len() as u64;
    if errors > 0 {
        parts.push(wording::count(errors, "error"));
    }
    if summary.still_bad > 0 {
        let (errors, it) = (summary.still_bad as u64, if summary.still_bad == 1 { "it" } else { "them" });
        let list = db::hint("index errors");
        parts.push(format!("{} ({list} lists {it})", wording::count(errors, "earlier error")));
    }
    // Only what is too long for one line takes more.
    for line in wrapped(&parts, 0, size::of_stderr()) {
        messages::say(&line);
    }
}

/// Progress on a terminal, and warnings.
struct Progress {
    bar: Bar,
    quiet: bool,
    verbose: bool,
}

impl Progress {
    fn new(args: &WorkArgs) -> Self {
        Self { bar: Bar::new(args.quiet), quiet: args.quiet, verbose: args.verbose }
    }

    /// Handles an event of a build.
    fn on(&mut self, event: BuildEvent) {
        match event {
            BuildEvent::Found { new, new_bytes, .. } => {
                self.bar.start(Some(new_bytes), new);
            }
            BuildEvent::Added { path, bytes, duration, warnings, .. } => {
                for warning in warnings.iter().filter(|_| !self.quiet) {
                    self.line(&format!("{}: {warning}", near(&path)));
                }
                if self.verbose {
                    self.line(&format!("added {} ({duration})", near(&path)));
                }
                self.bar.step(bytes, duration);
                self.bar.file();
            }
            // A bad file is named at the end, together with unreadable folders.
            BuildEvent::Recognised { bytes, .. } | BuildEvent::Failed { bytes, .. } => {
                self.bar.step(bytes, Seconds::default());
                self.bar.file();
            }
            BuildEvent::Moved { from, to, .. } if self.verbose => {
                self.line(&format!("moved {} to {}", near(&from), near(&to)));
            }
            BuildEvent::Missing { path, .. } if self.verbose => {
                self.line(&format!("missing {}", near(&path)));
            }
            BuildEvent::Unavailable { path, .. } => {
                self.line(&format!("no folder {}; the files of this folder count as missing", near(&path)));
            }
            BuildEvent::Neighbours => self.bar.say("updating the neighbour index"),
            _ => {}
        }
    }

    /// Prints a line without breaking the bar.
    fn line(&self, text: &str) {
        self.bar.suspend(|| messages::say(text));
    }
}
