//! Reports progress while files are analysed, and a summary at the end.
use std::{
    path::Path,
    time::{Duration, Instant},
};

use refrain::{BuildEvent, BuildOptions, BuildSummary, Error, Index, Seconds};

use crate::{args::WorkArgs, bar::Bar, messages};

/// How many unusable files are named at the end; the rest are counted.
const NAMED: usize = 20;

/// Runs `work` on an index and reports it, then closes the index. Returns whether the index has any track.
pub fn tell(
    args: &WorkArgs,
    path: &Path,
    index: Index,
    options: BuildOptions<'_>,
    work: impl FnOnce(&Index, BuildOptions<'_>) -> refrain::Result<BuildSummary>,
) -> anyhow::Result<bool> {
    let mut progress = Progress::new(args);
    let began = Instant::now();
    let done = work(&index, options.on_event(|event| progress.on(event)));
    progress.bar.end();
    let summary = match done {
        Ok(summary) => summary,
        Err(Error::Interrupted) => {
            index.close()?;
            anyhow::bail!("interrupted; what was added is kept, run the same command again to go on");
        }
        Err(error) => return Err(error.into()),
    };
    let any = index.has_tracks()?;
    // Counting takes longer than adding a file to a large library.
    let info = if args.quiet { None } else { Some(index.info()?) };
    index.close()?;
    report(args, &summary, began.elapsed());
    if let Some(info) = info {
        messages::say(&format!(
            "{}: {}, {}",
            messages::shown(path),
            messages::count(info.tracks, "track"),
            messages::hours(info.duration.0)
        ));
    }
    Ok(any)
}

/// Prints what was done and which files could not be used.
fn report(args: &WorkArgs, summary: &BuildSummary, took: Duration) {
    let named = if args.verbose { usize::MAX } else { NAMED };
    for failed in summary.failed.iter().take(named) {
        messages::say(&format!("cannot use {}: {}", messages::shown(&failed.path), failed.error.reason()));
    }
    if summary.failed.len() > named {
        messages::say(&format!(
            "and {} more; `refrain index errors` lists all",
            summary.failed.len() - NAMED
        ));
    }
    if args.quiet {
        return;
    }
    let mut parts = vec![format!("{} added", messages::count(summary.added as u64, "file"))];
    if summary.added > 0 {
        let speed = summary.added_duration.0 / took.as_secs_f64().max(1e-3);
        let length = messages::hours(summary.added_duration.0);
        parts[0].push_str(&format!(" ({length} of audio in {:.1} s, {speed:.0} x)", took.as_secs_f64()));
    }
    for (n, what) in [
        (summary.retagged, "with other tags"),
        (summary.unchanged, "unchanged"),
        (summary.moved, "moved"),
        (summary.copies, "with the content of another"),
        (summary.returned, "there again"),
        (summary.missing, "missing"),
        (summary.still_missing, "still missing"),
        (summary.failed.len(), "not usable"),
        (summary.still_bad, "known not to be usable"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    messages::say(&parts.join(", "));
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
                self.bar.start(new_bytes, format!("{} to read", messages::count(new as u64, "file")));
            }
            BuildEvent::Added { path, bytes, duration, warnings, .. } => {
                for warning in warnings.iter().filter(|_| !self.quiet) {
                    self.line(&format!("{}: {warning}", messages::shown(&path)));
                }
                if self.verbose {
                    self.line(&format!("added {} ({duration})", messages::shown(&path)));
                }
                self.bar.step(bytes, duration);
            }
            // A bad file is named at the end, together with unreadable folders.
            BuildEvent::Recognised { bytes, .. } | BuildEvent::Failed { bytes, .. } => {
                self.bar.step(bytes, Seconds::default());
            }
            BuildEvent::Moved { from, to, .. } if self.verbose => {
                self.line(&format!("moved {} to {}", messages::shown(&from), messages::shown(&to)));
            }
            BuildEvent::Missing { path, .. } if self.verbose => {
                self.line(&format!("missing {}", messages::shown(&path)));
            }
            BuildEvent::Unavailable { path, .. } => {
                self.line(&format!("{}: not there, its files count as missing", messages::shown(&path)));
            }
            BuildEvent::Neighbours => self.bar.say("bringing the neighbour index up to date"),
            _ => {}
        }
    }

    /// Prints a line without breaking the bar.
    fn line(&self, text: &str) {
        self.bar.suspend(|| messages::say(text));
    }
}
