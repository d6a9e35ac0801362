//! `refrain index list`
use std::{
    collections::HashSet,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use refrain::{FileEntry, Index, Selector, Track};
use serde_json::{Value, json};

use super::m3u;
use crate::{args::ListArgs, db, messages};

/// Lists tracks. Exit 1 if a selected file is not in the index, 2 if a path cannot be written to a playlist.
pub fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open(&path)?;
    let mut chosen: Option<HashSet<PathBuf>> = None;
    let mut nothing = false;
    for text in &args.chosen {
        let selector = Selector::from(text.as_os_str());
        let paths = index.select(&selector)?;
        if paths.is_empty() && selector != Selector::Missing {
            let text = messages::shown(text);
            messages::say(&format!(
                "refrain: {}: nothing in the index is meant by {text}",
                messages::shown(&path)
            ));
            nothing = true;
        }
        chosen.get_or_insert_default().extend(paths);
    }
    let whole = print(args, &index, chosen.as_ref()).context("cannot write the list")?;
    Ok(match (whole, nothing) {
        (false, _) => ExitCode::from(2),
        (true, true) => ExitCode::from(1),
        (true, false) => ExitCode::SUCCESS,
    })
}

/// Prints the tracks with a selected file. Returns false if it had to leave one out.
fn print(args: &ListArgs, index: &Index, chosen: Option<&HashSet<PathBuf>>) -> anyhow::Result<bool> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut table = args.csv.then(|| csv::Writer::from_writer(Vec::new()));
    if let Some(table) = &mut table {
        table.write_record(COLUMNS)?;
    }
    if args.m3u {
        out.write_all(m3u::HEADER.as_bytes())?;
    }
    let mut whole = true;
    // An error of the output, which ends the listing.
    let mut failed: anyhow::Result<()> = Ok(());
    let listed = index.tracks(|track, files| {
        let is_chosen = |file: &&FileEntry| chosen.is_none_or(|chosen| chosen.contains(&file.path));
        let Some(first) = files.iter().find(is_chosen) else { return Ok(()) };
        let written = match &mut table {
            Some(table) => rows(table, &track, &files).and_then(|()| {
                out.write_all(table.get_ref())?;
                *table = csv::Writer::from_writer(Vec::new());
                Ok(())
            }),
            None if args.m3u => {
                m3u::entry(&mut out, &first.path, Some(track.record.duration), &track.record.tags)
                    .map(|written| whole &= written)
                    .map_err(Into::into)
            }
            None if args.json => writeln!(out, "{}", document(&track, &files)).map_err(Into::into),
            None => lines(&mut out, &track, &files).map_err(Into::into),
        };
        written.map_err(|error| {
            failed = Err(error);
            refrain::Error::Interrupted
        })
    });
    failed?;
    listed?;
    if let Some(table) = table {
        out.write_all(&table.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?)?;
    }
    out.flush()?;
    Ok(whole)
}

fn lines(out: &mut impl Write, track: &Track, files: &[FileEntry]) -> io::Result<()> {
    let tags = &track.record.tags;
    let mut name = match (&tags.artist, &tags.title) {
        (Some(artist), Some(title)) => Some(format!("{artist} - {title}")),
        (_, title) => title.clone(),
    };
    if let (Some(name), Some(album)) = (&mut name, &tags.album) {
        *name += &format!(" ({album})");
    }
    let files = files.iter().map(|file| {
        format!("{}{}", messages::shown(&file.path), if file.missing { " (missing)" } else { "" })
    });
    for (at, line) in name.map(messages::shown).into_iter().chain(files).enumerate() {
        if at == 0 {
            writeln!(out, "{:>7}  {:>9}  {line}", track.id.0, track.record.duration.to_string())?;
        } else {
            writeln!(out, "{:20}{line}", "")?;
        }
    }
    Ok(())
}

const COLUMNS: [&str; 17] = [
    "id",
    "path",
    "missing",
    "size",
    "mtime_ns",
    "hash",
    "duration",
    "title",
    "artist",
    "album",
    "track_number",
    "disc_number",
    "recording_mbid",
    "release_mbid",
    "acoustid",
    "sample_rate",
    "channels",
];

fn rows(table: &mut csv::Writer<Vec<u8>>, track: &Track, files: &[FileEntry]) -> anyhow::Result<()> {
    let record = &track.record;
    let tags = &record.tags;
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for file in files {
        table.write_record([
            track.id.0.to_string(),
            file.path.to_string_lossy().into_owned(),
            file.missing.to_string(),
            file.size.to_string(),
            file.mtime_ns.to_string(),
            record.hash.map(|hash| hash.to_string()).unwrap_or_default(),
            record.duration.0.to_string(),
            text(&tags.title),
            text(&tags.artist),
            text(&tags.album),
            number(tags.track_number),
            number(tags.disc_number),
            text(&tags.recording_mbid),
            text(&tags.release_mbid),
            text(&tags.acoustid),
            number(record.sample_rate),
            number(record.channels.map(u32::from)),
        ])?;
    }
    Ok(table.flush()?)
}

/// The document of a track: its first file, its figures and tags, and all its files.
pub fn document(track: &Track, files: &[FileEntry]) -> Value {
    let record = &track.record;
    let files: Vec<Value> = files
        .iter()
        .map(|file| {
            json!({
                "path": file.path.to_string_lossy(),
                "size": file.size,
                "mtime_ns": file.mtime_ns,
                "missing": file.missing,
            })
        })
        .collect();
    let mut document = json!({
        "id": track.id.0,
        "path": record.path.to_string_lossy(),
        "missing": track.missing,
        "files": files,
        "duration": record.duration.0,
        "sample_rate": record.sample_rate,
        "channels": record.channels,
        "hash": record.hash.map(|hash| hash.to_string()),
        "frames": track.frames,
        "windows": track.windows,
    });
    if let (Value::Object(document), Ok(Value::Object(tags))) =
        (&mut document, serde_json::to_value(&record.tags))
    {
        document.extend(tags);
    }
    document
}
