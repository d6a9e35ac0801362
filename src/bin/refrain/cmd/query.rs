//! `refrain query`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use refrain::{
    Answer, Audio, Error, Index, Match, QueryOptions, Range, ScanOptions, Seconds, Status, report,
};

use super::{m3u, query_csv};
use crate::{args::QueryArgs, bar::ClipBar, db, messages};

/// Answers every clip, in the order given. Exit 0 if a clip matched, 2 if a clip could not be read, else 1.
pub fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open(&path)?;
    if !index.has_tracks()? {
        messages::say(&format!("{}: the index is empty", messages::shown(&path)));
    }
    let range = if args.fast {
        Range::PLAIN
    } else {
        Range::default().semitones(args.pitch).slowest(1.0 / args.tempo).fastest(args.tempo)
    };
    if args.clips.iter().filter(|c| is_stdin(c)).count() > 1 {
        anyhow::bail!("standard input (-) can be read once only");
    }
    let mut out = Output::new(args, &index)?;
    let clips = clips(args, &mut out)?;
    let bar = ClipBar::new(clips.len());
    let options = QueryOptions::default()
        .top(args.top as usize)
        .min_score(args.min_score)
        .exact(args.exact)
        .explain(args.explain)
        .range(range)
        .threads(args.threads.map(usize::from));
    let looked_up = bar.clone();
    let options =
        if args.quiet { options } else { options.on_progress(move |done| looked_up.looked_up(done)) };
    let audio =
        clips.iter().map(|clip| if is_stdin(clip) { Audio::reader(io::stdin()) } else { Audio::file(clip) });
    // An error of the output, which ends the run.
    let mut failed = Ok(());
    let done = index.query_all(audio, &options, |clip, answer| match answer {
        // A clip that cannot be read gets a line too. An index that cannot be read ends the run.
        Err(error @ Error::Index { .. }) => Err(error),
        answer => {
            let written = bar.suspend(|| out.write(clip, &answer));
            if !args.quiet {
                bar.answered();
            }
            written.map_err(|error| {
                failed = Err(error);
                Error::Interrupted
            })
        }
    });
    bar.end();
    failed?;
    done?;
    if !args.quiet {
        out.summary(clips.len());
    }
    Ok(match (out.any_error, out.found > 0) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(1),
    })
}

/// The clips, in the order given. A folder stands for all audio files in it.
fn clips(args: &QueryArgs, out: &mut Output<'_>) -> anyhow::Result<Vec<PathBuf>> {
    let mut clips = Vec::new();
    for clip in &args.clips {
        if is_stdin(clip) || !clip.is_dir() {
            clips.push(clip.clone());
            continue;
        }
        let (files, unreadable) = ScanOptions::from(&args.find).audio_files(clip)?;
        if files.is_empty() {
            messages::say(&format!("refrain: {}: no audio files in this folder", messages::shown(clip)));
            out.any_error = true;
        }
        for error in unreadable {
            messages::say(&format!("refrain: {error}"));
            out.any_error = true;
        }
        clips.extend(files);
    }
    Ok(clips)
}

fn is_stdin(clip: &Path) -> bool {
    clip.as_os_str() == "-"
}

struct Output<'a> {
    out: io::StdoutLock<'a>,
    args: &'a QueryArgs,
    index: &'a Index,
    /// How many clips matched.
    found: usize,
    any_error: bool,
    /// How many clips have more matches than were printed.
    cut: usize,
}

impl<'a> Output<'a> {
    fn new(args: &'a QueryArgs, index: &'a Index) -> anyhow::Result<Self> {
        let mut out = io::stdout().lock();
        let begun = match args {
            QueryArgs { csv: true, .. } => query_csv::header(&mut out),
            QueryArgs { m3u: true, .. } => out.write_all(m3u::HEADER.as_bytes()),
            _ => Ok(()),
        };
        begun.context("cannot write the answer")?;
        Ok(Self { out, args, index, found: 0, any_error: false, cut: 0 })
    }

    fn write(&mut self, clip: &Path, answer: &refrain::Result<Answer>) -> anyhow::Result<()> {
        let track = match answer.as_ref().ok().and_then(|answer| answer.matches.first()) {
            Some(best) if self.args.m3u => self.index.track(best.id)?,
            _ => None,
        };
        self.print(clip, answer, track.map(|track| track.record.duration)).context("cannot write the answer")
    }

    /// `duration` is that of the best match's track, if it is needed.
    fn print(
        &mut self,
        clip: &Path,
        answer: &refrain::Result<Answer>,
        duration: Option<Seconds>,
    ) -> io::Result<()> {
        self.found += usize::from(answer.as_ref().is_ok_and(|answer| answer.status == Status::Match));
        self.cut += usize::from(answer.as_ref().is_ok_and(|answer| answer.more));
        self.any_error |= answer.is_err();
        let warnings = answer.as_ref().map_or(&[][..], |answer| &answer.warnings);
        for warning in warnings.iter().filter(|_| !self.args.quiet) {
            messages::say(&format!("{}: {warning}", messages::shown(clip)));
        }
        if self.args.json {
            writeln!(self.out, "{}", report::json(clip, answer))?;
            return self.out.flush();
        }
        if self.args.csv {
            query_csv::rows(&mut self.out, clip, answer)?;
            return self.out.flush();
        }
        let answer = match answer {
            Ok(answer) => answer,
            // Only this line is not data. A script that wants it as data uses --json.
            Err(error) => {
                messages::say(&format!("refrain: {error}"));
                return Ok(());
            }
        };
        let name = messages::shown(clip);
        match answer.status {
            Status::Match if self.args.m3u => {
                if let Some(best) = answer.matches.first() {
                    self.any_error |= !m3u::entry(&mut self.out, &best.path, duration, &best.tags)?;
                }
                self.out.flush()?;
            }
            Status::NoMatch if self.args.m3u => messages::say(&format!("{name}: no match")),
            Status::Match => {
                writeln!(self.out, "{name}")?;
                writeln!(self.out, "{}", table(&answer.matches))?;
                if answer.more {
                    let top = self.args.top;
                    writeln!(self.out, "  more recordings match; --top shows more than {top}")?;
                }
            }
            Status::NoMatch => writeln!(self.out, "{name}\n  no match")?,
            _ => unreachable!("an answer matches or does not"),
        }
        if let Some(candidates) = answer.candidates.as_deref().filter(|c| !c.is_empty()) {
            writeln!(self.out, "  the best places looked at:\n{}", table(candidates))?;
        }
        Ok(())
    }

    /// Says how many clips were found, and whether matches were left out of a format that cannot say so itself.
    fn summary(&self, clips: usize) {
        let (cut, top) = (self.cut as u64, self.args.top);
        if cut > 0 && (self.args.json || self.args.csv) {
            let clips = messages::count(cut, "clip");
            messages::say(&format!("more recordings match {clips}; --top shows more than {top}"));
        }
        if clips > 1 {
            messages::say(&format!("{} of {clips} clips found", self.found));
        }
    }
}

fn table(matches: &[Match]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "score", "in the clip", "in the track", "tempo", "pitch", "track"]);
    for m in matches {
        let clock = |from: Seconds, to: Seconds| format!("{from} - {to}");
        table.add_row([
            String::new(),
            // Rounded down, so that a match that is only nearly sure never shows 1.
            format!("{:.3}", (m.score * 1000.0).floor() / 1000.0),
            clock(m.query_start, m.query_end),
            clock(m.ref_start, m.ref_end),
            format!("{:.3}", m.tempo),
            format!("{:+.2}", m.pitch),
            name(m) + &elsewhere(m) + &also_as(m),
        ]);
    }
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Artist and title if known, and always the file.
fn name(m: &Match) -> String {
    let path = messages::shown(&m.path);
    match (&m.tags.artist, &m.tags.title) {
        (Some(artist), Some(title)) => messages::shown(format!("{artist} - {title} ({path})")),
        (None, Some(title)) => messages::shown(format!("{title} ({path})")),
        _ => path,
    }
}

/// Where else in the track the same sound is.
fn elsewhere(m: &Match) -> String {
    const MOST: usize = 5;
    let mut told: String = m.also_at.iter().take(MOST).map(|at| format!(", {at}")).collect();
    if !told.is_empty() {
        told.replace_range(..1, ", also at");
    }
    if m.also_at.len() > MOST {
        told += &format!(" and {} more places", m.also_at.len() - MOST);
    }
    told
}

/// Which other files hold the same recording, each on a line of its own.
fn also_as(m: &Match) -> String {
    const MOST: usize = 5;
    let files: Vec<&PathBuf> = m.also_paths.iter().chain(&m.copies).collect();
    let mut told: String =
        files.iter().take(MOST).map(|path| format!("\n  also as {}", messages::shown(path))).collect();
    if files.len() > MOST {
        told += &format!("\n  also as {}", messages::count((files.len() - MOST) as u64, "more file"));
    }
    told
}
