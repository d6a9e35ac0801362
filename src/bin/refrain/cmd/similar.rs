//! `refrain similar`
use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use refrain::{Index, Similar, SimilarTrack, TrackId, VersionOptions, report};

use super::{m3u, one_track, title, versions};
use crate::{
    args::SimilarArgs,
    db, messages,
    screen::{
        near::near,
        table::{Column, Row, Table},
    },
    stop, wording,
};

/// The room for names to begin with, so that a usual table has 80 columns.
const NAME: usize = 60;

/// Fields of a track in CSV.
const FIELDS: [&str; 13] = [
    "query",
    "path",
    "score",
    "id",
    "duration",
    "title",
    "artist",
    "album",
    "track_number",
    "disc_number",
    "recording_mbid",
    "release_mbid",
    "acoustid",
];

/// Lists the tracks of similar harmony. Exit 0 if there is one, else 1.
pub fn run(args: &SimilarArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let index = Index::open(db::path()?)?;
    super::warn_if_empty(&index)?;
    let track = one_track::named(&index, &args.track)?;
    versions::tell_unknown(&index, false)?;
    let options = VersionOptions::default().top(args.top as usize).cancel(&stop);
    let Some(similar) = index.similar_to_track(track, &options)? else {
        bail!("{} is not in the index any more", wording::shown(&args.track));
    };
    print(args, &index, track, &similar).context("cannot write the answer")?;
    Ok(if similar.similar.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(args: &SimilarArgs, index: &Index, track: TrackId, similar: &Similar) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", report::json(&similar.query, &Ok(similar.clone())))?;
    } else if args.csv {
        csv(&mut out, similar)?;
    } else if args.m3u {
        out.write_all(m3u::HEADER.as_bytes())?;
        if let Some(first) = index.track(track)? {
            m3u::entry(&mut out, &first.record.path, Some(first.record.duration), &first.record.tags)?;
        }
        for track in &similar.similar {
            m3u::entry(&mut out, &track.path, Some(track.duration), &track.tags)?;
        }
    } else {
        text(&mut out, similar)?;
    }
    out.flush()?;
    Ok(())
}

fn text(out: &mut impl Write, similar: &Similar) -> io::Result<()> {
    let name = near(&similar.query);
    if similar.similar.is_empty() {
        return writeln!(out, "{name}\n  no other track");
    }
    let mut table = Table::new(&[Column::Name("track", NAME), Column::Number("score", 0)], 2);
    let rows: Vec<Row> = similar.similar.iter().map(row).collect();
    let (header, lines) = table.lay(&rows);
    if let Some(header) = header {
        writeln!(out, "{header}")?;
    }
    writeln!(out, "{name}")?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if table.was_cut() {
        messages::say(super::NAMES_CUT);
    }
    Ok(())
}

fn row(track: &SimilarTrack) -> Row {
    let (name, file) = title(&track.tags, &track.path, false);
    Row { cells: vec![name, format!("{:.2}", track.score)], below: file.into_iter().collect(), found: true }
}

fn csv(out: &mut impl Write, similar: &Similar) -> anyhow::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(FIELDS)?;
    for track in &similar.similar {
        let mut document = serde_json::to_value(track)?;
        document["query"] = similar.query.to_string_lossy().into();
        table.write_record(FIELDS.iter().map(|name| versions::cell(&document[*name])))?;
    }
    table.flush()?;
    Ok(())
}
