//! `refrain index list`
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use refrain::{FileEntry, Index, Track};
use serde_json::{Value, json};

use super::{
    MISSING, NAMES_CUT,
    list_rows::{Listed, Wanted, each},
    m3u, title,
};
use crate::{
    args::ListArgs,
    db, messages,
    screen::{
        near::near,
        size,
        table::{Column, Row, Table},
    },
    wording,
};

/// Lists tracks. Exit 1 if something chosen is not in the index, or no track is all that was asked for; 2 if a path cannot be written to a playlist.
pub fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let paths = db::paths()?;
    let indexes = paths.iter().map(Index::open).collect::<refrain::Result<Vec<_>>>()?;
    let wanted = Wanted::of(&indexes, &args.chosen)?;
    let named: Vec<String> = paths.iter().map(wording::shown).collect();
    for text in &wanted.unknown {
        messages::problem(&format!(
            "found no track for {} in {}; {} lists all tracks",
            wording::shown(text),
            named.join(", "),
            db::hint("index list")
        ));
    }
    let listed = match args {
        ListArgs { csv: true, .. } => csv(args, &indexes, &wanted),
        ListArgs { m3u: true, .. } => playlist(args, &indexes, &wanted),
        ListArgs { json: true, .. } => documents(args, &indexes, &wanted),
        _ => table(args, &indexes, &wanted),
    };
    let listed = listed.map_err(|error| match error.downcast_ref::<refrain::Error>() {
        Some(_) => error,
        None => error.context("cannot write the list"),
    });
    let Printed { whole, tracks } = listed?;
    let is_none = tracks == 0 && !wanted.is_all();
    // Words that no track has were named already.
    if is_none && wanted.unknown.is_empty() && (args.json || args.csv || args.m3u) {
        messages::say(&wording::count(0, "track"));
    }
    Ok(match () {
        () if !whole => ExitCode::from(2),
        () if is_none || !wanted.unknown.is_empty() => ExitCode::from(1),
        () => ExitCode::SUCCESS,
    })
}

/// What was printed.
struct Printed {
    tracks: u64,
    /// False if a track had to be left out.
    whole: bool,
}

/// Prints the table for people, and how many tracks it has.
fn table(args: &ListArgs, indexes: &[Index], wanted: &Wanted) -> anyhow::Result<Printed> {
    let mut rows = Vec::new();
    let tracks = each(indexes, wanted, args.sort, |listed, _| {
        rows.push(row(listed));
        Ok(())
    })?;
    let columns = columns(&mut rows);
    let mut table = Table::new(&columns, 0);
    let (header, lines) = table.lay(&rows);
    let mut out = BufWriter::new(io::stdout().lock());
    if !rows.is_empty() {
        header.iter().chain(&lines).try_for_each(|line| writeln!(out, "{line}"))?;
    }
    out.flush()?;
    if !wanted.is_nothing() {
        messages::say(&wording::count(tracks, "track"));
    }
    if table.was_cut() {
        messages::say(NAMES_CUT);
    }
    Ok(Printed { tracks, whole: true })
}

/// The columns of the rows. Takes those away that have no cell, and the album where there is no room for it.
fn columns(rows: &mut [Row]) -> Vec<Column> {
    let all = [
        Column::Name("track", 0),
        Column::Number("length", 0),
        Column::Number("id", 0),
        Column::Name("album", 0),
        Column::Name("file", 0),
    ];
    let is_wide = size::of_stdout().is_none_or(|columns| columns >= WIDE);
    let wanted = |n: usize| rows.iter().any(|row| !row.cells[n].is_empty()) && (n != ALBUM || is_wide);
    let wanted: Vec<bool> = (0..all.len()).map(|n| n == 0 || wanted(n)).collect();
    for row in rows {
        let mut kept = wanted.iter();
        row.cells.retain(|_| *kept.next().unwrap_or(&true));
    }
    all.into_iter().zip(wanted).filter_map(|(column, wanted)| wanted.then_some(column)).collect()
}

/// The number of the album's cell, and the least width of a terminal that has room for it.
const ALBUM: usize = 3;
const WIDE: usize = 120;

fn row((track, files, _): &Listed) -> Row {
    let missing = |file: &FileEntry| if file.missing { MISSING } else { "" };
    let is_missing = files.first().is_some_and(|file| file.missing);
    let (name, file) = title(&track.record.tags, &track.record.path, is_missing);
    let file = file.unwrap_or_default();
    let others = files.iter().filter(|file| file.path != track.record.path);
    let below = others.map(|file| format!("also as {}{}", near(&file.path), missing(file))).collect();
    let album = track.record.tags.album.as_ref().map(wording::shown).unwrap_or_default();
    let cells = vec![name, track.record.duration.to_string(), track.id.0.to_string(), album, file];
    Row { cells, below, found: false }
}

fn documents(args: &ListArgs, indexes: &[Index], wanted: &Wanted) -> anyhow::Result<Printed> {
    let mut out = BufWriter::new(io::stdout().lock());
    let line = |(track, files, shard): &Listed, _: &FileEntry| {
        let mut document = document(track, files);
        if let Some(shard) = shard {
            document["shard"] = shard.to_string_lossy().into();
        }
        Ok(writeln!(out, "{document}")?)
    };
    let tracks = each(indexes, wanted, args.sort, line)?;
    out.flush()?;
    Ok(Printed { tracks, whole: true })
}

fn playlist(args: &ListArgs, indexes: &[Index], wanted: &Wanted) -> anyhow::Result<Printed> {
    let mut out = BufWriter::new(io::stdout().lock());
    out.write_all(m3u::HEADER.as_bytes())?;
    let mut whole = true;
    let tracks = each(indexes, wanted, args.sort, |(track, ..), first| {
        whole &= m3u::entry(&mut out, &first.path, Some(track.record.duration), &track.record.tags)?;
        Ok(())
    })?;
    out.flush()?;
    Ok(Printed { tracks, whole })
}

fn csv(args: &ListArgs, indexes: &[Index], wanted: &Wanted) -> anyhow::Result<Printed> {
    let mut table = csv::Writer::from_writer(io::stdout().lock());
    table.write_record(COLUMNS)?;
    let tracks = each(indexes, wanted, args.sort, |(track, files, _), _| rows(&mut table, track, files))?;
    table.flush()?;
    Ok(Printed { tracks, whole: true })
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

fn rows(table: &mut csv::Writer<impl Write>, track: &Track, files: &[FileEntry]) -> anyhow::Result<()> {
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
    Ok(())
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
