//! `refrain query`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Answer, Audio, CancelToken, Error, Index, QueryOptions, ScanOptions, Seconds, Status, report};

use super::{m3u, match_table::MatchTable, query_csv};
use crate::{
    args::QueryArgs,
    bar::ClipBar,
    db, messages,
    needs::Needs,
    screen::{size, text::cut},
    stop, wording,
};

/// Answers every clip, in the order given. Exit 0 if a clip matched, 2 if a clip could not be read, else 1.
pub fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let index = db::open()?;
    super::warn_if_empty(&index)?;
    if args.clips.iter().filter(|c| is_stdin(c)).count() > 1 {
        anyhow::bail!(super::STDIN_TWICE);
    }
    let mut out = Output::new(args, &index)?;
    let clips = clips(args, &mut out, &stop)?;
    let bar = ClipBar::new(&clips, args.quiet);
    let options = QueryOptions::default()
        .top(args.top as usize)
        .min_score(args.min_score)
        .exact(args.exact)
        .explain(args.explain)
        .range(args.range.range())
        .threads(args.threads.map(usize::from))
        .cancel(&stop);
    let looked_up = bar.clone();
    let options = options.on_progress(move |done| looked_up.looked_up(done));
    let audio = clips.iter().map(|clip| {
        if is_stdin(clip) {
            Audio::reader(io::stdin())
        } else {
            Audio::file(clip).ffmpeg(&args.ffmpeg.ffmpeg)
        }
    });
    // An error of the output, which ends the run.
    let mut failed = Ok(());
    let done = index.query_all(audio, &options, |clip, answer| match answer {
        // A clip that cannot be read gets a line too. An index that cannot be read ends the run.
        Err(error @ Error::Index { .. }) => Err(error),
        answer => {
            let written = bar.suspend(|| out.write(clip, &answer));
            bar.answered();
            written.map_err(|error| {
                failed = Err(error);
                Error::Interrupted
            })
        }
    });
    bar.end();
    failed?;
    if matches!(done, Err(Error::Interrupted)) {
        anyhow::bail!("interrupted; refrain did not look up all clips");
    }
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
fn clips(args: &QueryArgs, out: &mut Output<'_>, stop: &CancelToken) -> anyhow::Result<Vec<PathBuf>> {
    let mut clips = Vec::new();
    for clip in &args.clips {
        if is_stdin(clip) || !clip.is_dir() {
            clips.push(clip.clone());
            continue;
        }
        let (files, unreadable) = match ScanOptions::from(&args.find).audio_files_with(clip, stop) {
            Ok(found) => found,
            Err(Error::Interrupted) => anyhow::bail!("interrupted; refrain looked up no clip"),
            Err(error) => (Vec::new(), vec![error]),
        };
        if files.is_empty() && unreadable.is_empty() {
            messages::no_audio_in(clip);
            out.any_error = true;
        }
        for error in unreadable {
            messages::unreadable(&error);
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
    needs: Needs,
    table: MatchTable,
    candidates: MatchTable,
    errors: u64,
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
        Ok(Self {
            out,
            args,
            index,
            found: 0,
            any_error: false,
            cut: 0,
            needs: Needs::default(),
            table: MatchTable::default(),
            candidates: MatchTable::default(),
            errors: 0,
        })
    }

    fn write(&mut self, clip: &Path, answer: &refrain::Result<Answer>) -> anyhow::Result<()> {
        let track = match answer.as_ref().ok().and_then(|answer| answer.matches.first()) {
            Some(best) if self.args.m3u => match &best.shard {
                Some(shard) => Index::open(shard)?.track(best.id)?,
                None => self.index.track(best.id)?,
            },
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
        self.errors += u64::from(answer.is_err());
        answer.as_ref().err().into_iter().for_each(|error| self.needs.note(error));
        let warnings = answer.as_ref().map_or(&[][..], |answer| &answer.warnings);
        for warning in warnings.iter().filter(|_| !self.args.quiet) {
            messages::say(&format!("{}: {warning}", wording::shown(clip)));
        }
        answer.as_ref().err().into_iter().for_each(messages::unreadable);
        if self.args.json {
            writeln!(self.out, "{}", report::json(clip, answer))?;
            return self.out.flush();
        }
        if self.args.csv {
            query_csv::rows(&mut self.out, clip, answer)?;
            return self.out.flush();
        }
        let Ok(answer) = answer else { return Ok(()) };
        let name = wording::shown(clip);
        let shown = size::of_stdout().map_or_else(|| name.clone(), |columns| cut(&name, columns));
        match answer.status {
            Status::Match if self.args.m3u => {
                if let Some(best) = answer.matches.first() {
                    self.any_error |= !m3u::entry(&mut self.out, &best.path, duration, &best.tags)?;
                }
                self.out.flush()?;
            }
            Status::NoMatch if self.args.m3u => messages::say(&format!("{name}: no match")),
            Status::Match => {
                self.table.print(&mut self.out, &shown, &answer.matches, true)?;
                if answer.more {
                    writeln!(self.out, "  more recordings match; {}", self.more())?;
                }
            }
            Status::NoMatch => writeln!(self.out, "{shown}\n  no match")?,
            _ => unreachable!("the status of an answer is match or no match"),
        }
        if let Some(candidates) = answer.candidates.as_deref().filter(|c| !c.is_empty()) {
            self.candidates.print(
                &mut self.out,
                "  tracks most similar to the clip, even if they do not match:",
                candidates,
                false,
            )?;
        }
        self.out.flush()
    }

    /// How to see more matches.
    fn more(&self) -> String {
        let top = self.args.top.saturating_mul(2);
        format!("--top {top} lists up to {top}")
    }

    /// Says how many clips were found, and whether matches were left out of a format that cannot say so itself.
    fn summary(&self, clips: usize) {
        let cut = self.cut as u64;
        if cut > 0 && (self.args.json || self.args.csv) {
            let clips = wording::count(cut, "clip");
            messages::say(&format!("more recordings match {clips}; {}", self.more()));
        }
        if clips > 1 {
            self.needs.tell();
            let errors = wording::errors(self.errors);
            messages::say(&format!("{} of {clips} clips found{errors}", self.found));
        }
        if self.table.was_cut() || self.candidates.was_cut() {
            messages::say(super::NAMES_CUT);
        }
    }
}
