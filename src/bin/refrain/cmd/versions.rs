//! `refrain versions`
use std::{
    ffi::OsStr,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Audio, CancelToken, Error, Index, Status, Version, VersionOptions, Versions, report};
use serde_json::{Value, json};

use super::{one_track, title};
use crate::{
    args::VersionsArgs,
    db, messages,
    needs::Needs,
    screen::{
        near::near,
        table::{Column, Row, Table},
    },
    stop, wording,
};

/// The room for names to begin with, so that a usual table has 80 columns.
const NAME: usize = 51;

/// Fields of a piece, then of a version, in CSV.
const PIECE: [&str; 4] = ["query", "status", "error", "duration"];
const VERSION: [&str; 17] = [
    "path",
    "same_recording",
    "missing",
    "id",
    "score",
    "transposition",
    "tempo",
    "title",
    "artist",
    "album",
    "track_number",
    "disc_number",
    "recording_mbid",
    "release_mbid",
    "acoustid",
    "evidence",
    "chance",
];

/// Lists the versions of each piece, in the order given. Exit 0 if a piece has a version, 2 if one could not be read, else 1.
pub fn run(args: &VersionsArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let index = Index::open(db::path()?)?;
    super::warn_if_empty(&index)?;
    if args.pieces.iter().filter(|piece| is_stdin(piece)).count() > 1 {
        anyhow::bail!(super::STDIN_TWICE);
    }
    tell_unknown(&index, args.quiet)?;
    let mut out = Output { out: io::stdout().lock(), args, table: None, needs: Needs::default() };
    if args.csv {
        out.line(PIECE.iter().chain(&VERSION).map(|name| (*name).to_owned()))?;
    }
    let (mut found, mut failed) = (0_u64, 0_u64);
    for piece in &args.pieces {
        let answer = match versions(&index, piece, args, &stop) {
            Err(Asked::Piece(error)) => Err(error),
            Err(Asked::Other(error)) => return Err(error),
            Ok(answer) => Ok(answer),
        };
        found += u64::from(answer.as_ref().is_ok_and(|answer| answer.status == Status::Match));
        failed += u64::from(answer.is_err());
        out.print(Path::new(piece), &answer).context("cannot write the answer")?;
    }
    if !args.quiet {
        out.needs.tell();
        if args.pieces.len() > 1 {
            let errors = wording::errors(failed);
            messages::say(&format!("{found} of {} pieces have versions{errors}", args.pieces.len()));
        }
        if out.table.as_ref().is_some_and(Table::was_cut) {
            messages::say(super::NAMES_CUT);
        }
    }
    Ok(ExitCode::from(match (failed, found) {
        (1.., _) => 2,
        (0, 1..) => 0,
        (0, 0) => 1,
    }))
}

/// Says so if an older refrain added tracks that nothing is known of.
pub fn tell_unknown(index: &Index, quiet: bool) -> refrain::Result<()> {
    if !quiet && index.lacks_sections()? {
        let remedy = db::hint("index rebuild");
        messages::say(&format!(
            "refrain left out tracks that an older refrain indexed; run {remedy} to include these tracks"
        ));
    }
    Ok(())
}

/// What went wrong with a piece, which the others survive, or with the whole run.
enum Asked {
    Piece(Error),
    Other(anyhow::Error),
}

impl From<Error> for Asked {
    fn from(error: Error) -> Self {
        match error {
            Error::Audio { .. } | Error::Io { .. } => Self::Piece(error),
            other => Self::Other(other.into()),
        }
    }
}

fn versions(
    index: &Index,
    piece: &OsStr,
    args: &VersionsArgs,
    stop: &CancelToken,
) -> Result<Versions, Asked> {
    let options = VersionOptions::default()
        .top(args.top as usize)
        .min_score(args.min_score.into())
        .copies(args.copies)
        .cancel(stop);
    if is_stdin(piece) {
        return Ok(index.versions_with(Audio::reader(io::stdin()), &options)?);
    }
    if let Some(track) = one_track::found(index, piece)?
        && let Some(answer) = index.versions_of_track(track, &options)?
    {
        return Ok(answer);
    }
    Ok(index.versions_with(Audio::file(piece).ffmpeg(&args.ffmpeg.ffmpeg), &options)?)
}

fn is_stdin(piece: &OsStr) -> bool {
    piece == "-"
}

struct Output<'a> {
    out: io::StdoutLock<'a>,
    args: &'a VersionsArgs,
    table: Option<Table>,
    needs: Needs,
}

impl Output<'_> {
    fn print(&mut self, piece: &Path, answer: &refrain::Result<Versions>) -> io::Result<()> {
        if let Err(error) = answer {
            messages::unreadable(error);
            self.needs.note(error);
        }
        let warnings = answer.as_ref().map_or(&[][..], |answer| &answer.warnings);
        for warning in warnings.iter().filter(|_| !self.args.quiet) {
            messages::say(&format!("{}: {warning}", wording::shown(piece)));
        }
        if self.args.json {
            writeln!(self.out, "{}", report::json(piece, answer))?;
        } else if self.args.csv {
            self.rows(piece, answer)?;
        } else if let Ok(answer) = answer {
            self.text(answer)?;
        }
        self.out.flush()
    }

    fn text(&mut self, answer: &Versions) -> io::Result<()> {
        let name = near(&answer.query);
        if answer.versions.is_empty() {
            return writeln!(self.out, "{name}\n  no version");
        }
        let columns = || {
            let columns = [
                Column::Name("version", NAME),
                Column::Number("score", 0),
                Column::Number("tempo", 0),
                Column::Number("key", 3),
            ];
            Table::new(&columns, 2)
        };
        let rows: Vec<Row> = answer.versions.iter().map(row).collect();
        let (header, lines) = self.table.get_or_insert_with(columns).lay(&rows);
        if let Some(header) = header {
            writeln!(self.out, "{header}")?;
        }
        writeln!(self.out, "{name}")?;
        lines.iter().try_for_each(|line| writeln!(self.out, "{line}"))
    }

    fn rows(&mut self, piece: &Path, answer: &refrain::Result<Versions>) -> io::Result<()> {
        let document = match answer {
            Ok(answer) => serde_json::to_value(answer)?,
            Err(error) => {
                json!({"query": piece.to_string_lossy(), "status": "error", "error": error.to_string()})
            }
        };
        let none = [Value::Null];
        let versions = document["versions"].as_array().filter(|found| !found.is_empty());
        for version in versions.map_or(none.as_slice(), Vec::as_slice) {
            let of_piece = PIECE.iter().map(|name| cell(&document[*name]));
            self.line(of_piece.chain(VERSION.iter().map(|name| cell(&version[*name]))))?;
        }
        Ok(())
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(&mut self.out);
        table.write_record(cells.collect::<Vec<_>>())?;
        table.flush()
    }
}

fn row(version: &Version) -> Row {
    let (name, file) = title(&version.tags, &version.path, version.missing);
    let cells = vec![
        name,
        // Rounded down, so that a version that is only nearly sure never shows 1.
        format!("{:.2}", (version.score * 100.0).floor() / 100.0),
        format!("{:.2}", version.tempo),
        format!("{:+}", version.transposition),
    ];
    let also = version.also_paths.iter().map(|path: &PathBuf| format!("also as {}", wording::shown(path)));
    let same = version.same_recording.then(|| "the same recording".to_owned());
    Row { cells, below: file.into_iter().chain(also).chain(same).collect(), found: true }
}

/// A value without quotes.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
