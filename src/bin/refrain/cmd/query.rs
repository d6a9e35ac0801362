//! `refrain query`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use anyhow::Context;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use refrain::{Answer, Audio, Error, Index, Match, QueryOptions, Range, Status, TrackId, units::Seconds};

use super::{m3u, query_csv};
use crate::{args::QueryArgs, db, messages};

/// Answers every clip, in the order given; exit 0 where any matched, 2 where any could not be read, else 1.
pub fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open(&path)?;
    if !index.has_tracks()? {
        messages::say(&format!("{}: the index is empty", path.display()));
    }
    let range = if args.fast {
        Range::PLAIN
    } else {
        Range { semitones: args.pitch, slowest: 1.0 / args.tempo, fastest: args.tempo }
    };
    let options = QueryOptions::default()
        .top(args.top as usize)
        .least_score(args.min_score)
        .exact(args.exact)
        .explain(args.explain)
        .range(range);
    if args.clips.iter().filter(|c| is_stdin(c)).count() > 1 {
        anyhow::bail!("standard input (-) can be read once only");
    }
    let mut out = Output::new(args, &index)?;
    let threads = args.threads.map_or_else(cores, usize::from).min(args.clips.len());
    if threads <= 1 {
        for clip in &args.clips {
            out.write(&answer(&index, clip, &options)?)?;
        }
    } else {
        in_parallel(&index, &args.clips, &options, threads, |answer| out.write(&answer))?;
    }
    Ok(match (out.any_error, out.any_match) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(1),
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn is_stdin(clip: &Path) -> bool {
    clip.as_os_str() == "-"
}

/// The answer for one clip. A clip that cannot be read has an answer too; an index that cannot is an error.
fn answer(index: &Index, clip: &Path, options: &QueryOptions) -> refrain::Result<Answer> {
    let audio = if is_stdin(clip) { Audio::reader(io::stdin()) } else { Audio::file(clip) };
    match index.query(audio, options) {
        Err(error @ (Error::Io { .. } | Error::Audio { .. })) => Ok(Answer::error(clip, &error)),
        other => other,
    }
}

/// Answers clips on several threads and gives the answers in order.
fn in_parallel(
    index: &Index,
    clips: &[PathBuf],
    options: &QueryOptions,
    threads: usize,
    mut each: impl FnMut(Answer) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(4 * threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(clip) = clips.get(number) else { break };
                    if sender.send((number, answer(index, clip, options))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = std::collections::BTreeMap::new();
        let mut wanted = 0;
        for (number, answer) in receiver {
            waiting.insert(number, answer);
            while let Some(answer) = waiting.remove(&wanted) {
                each(answer?)?;
                wanted += 1;
            }
        }
        Ok(())
    })
}

struct Output<'a> {
    out: io::StdoutLock<'a>,
    args: &'a QueryArgs,
    index: &'a Index,
    any_match: bool,
    any_error: bool,
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
        Ok(Self { out, args, index, any_match: false, any_error: false })
    }

    fn write(&mut self, answer: &Answer) -> anyhow::Result<()> {
        let track = match answer.matches.first() {
            Some(best) if self.args.m3u => self.index.track(TrackId(best.id))?,
            _ => None,
        };
        self.print(answer, track.map(|track| track.record.duration)).context("cannot write the answer")
    }

    /// `duration` is that of the best match's track, where it is asked for.
    fn print(&mut self, answer: &Answer, duration: Option<Seconds>) -> io::Result<()> {
        self.any_match |= answer.status == Status::Match;
        self.any_error |= answer.status == Status::Error;
        if self.args.json {
            writeln!(self.out, "{}", answer.to_json())?;
            return self.out.flush();
        }
        if self.args.csv {
            query_csv::rows(&mut self.out, answer)?;
            return self.out.flush();
        }
        let name = answer.query.display();
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
            }
            Status::NoMatch => writeln!(self.out, "{name}\n  no match")?,
            // The only thing that is not data; a script that wants it as data asks for --json.
            _ => messages::say(&format!("refrain: {}", answer.error.as_deref().unwrap_or("cannot be read"))),
        }
        if let Some(candidates) = answer.candidates.as_deref().filter(|c| !c.is_empty()) {
            writeln!(self.out, "  the best places looked at:\n{}", table(candidates))?;
        }
        Ok(())
    }
}

fn table(matches: &[Match]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "score", "in the clip", "in the track", "tempo", "pitch", "track"]);
    for m in matches {
        let clock = |from: f64, to: f64| {
            format!("{} - {}", refrain::units::Seconds(from), refrain::units::Seconds(to))
        };
        table.add_row([
            String::new(),
            // Rounded down, so that 1 is never claimed of what is only nearly sure.
            format!("{:.3}", (m.score * 1000.0).floor() / 1000.0),
            clock(m.query_start, m.query_end),
            clock(m.ref_start, m.ref_end),
            format!("{:.3}", m.tempo),
            format!("{:+.2}", m.pitch),
            name(m) + &elsewhere(m),
        ]);
    }
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Artist and title where they are known, and always the file.
fn name(m: &Match) -> String {
    let path = m.path.display();
    match (&m.tags.artist, &m.tags.title) {
        (Some(artist), Some(title)) => format!("{artist} - {title} ({path})"),
        (None, Some(title)) => format!("{title} ({path})"),
        _ => path.to_string(),
    }
}

/// Where else in the track the same sound is.
fn elsewhere(m: &Match) -> String {
    const MOST: usize = 5;
    let mut told: String =
        m.also_at.iter().take(MOST).map(|at| format!(", {}", refrain::units::Seconds(*at))).collect();
    if !told.is_empty() {
        told.replace_range(..1, ", also at");
    }
    if m.also_at.len() > MOST {
        told += &format!(" and {} more places", m.also_at.len() - MOST);
    }
    told
}
