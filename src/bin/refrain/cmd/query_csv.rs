//! Answers as comma-separated values: the fields of the JSON documents, one line for each match.
use std::{
    io::{self, Write},
    path::Path,
};

use refrain::Answer;
use serde_json::{Value, json};

/// Fields of the answer, then of the match.
const ANSWER: [&str; 4] = ["query", "status", "error", "duration"];
const MATCH: [&str; 23] = [
    "path",
    "missing",
    "id",
    "score",
    "query_start",
    "query_end",
    "ref_start",
    "ref_end",
    "also_at",
    "tempo",
    "pitch",
    "title",
    "artist",
    "album",
    "track_number",
    "disc_number",
    "recording_mbid",
    "release_mbid",
    "acoustid",
    "evidence",
    "similarity",
    "rival",
    "variants",
];

/// Writes the header line.
pub fn header(out: &mut impl Write) -> io::Result<()> {
    line(out, ANSWER.iter().chain(&MATCH).map(|name| (*name).to_owned()))
}

/// Writes a line for each match, or a line with empty cells if there is none.
pub fn rows(out: &mut impl Write, clip: &Path, answer: &refrain::Result<Answer>) -> io::Result<()> {
    let document = match answer {
        Ok(answer) => serde_json::to_value(answer)?,
        Err(error) => json!({"query": clip.to_string_lossy(), "status": "error", "error": error.to_string()}),
    };
    let none = [Value::Null];
    let matches = document["matches"].as_array().filter(|found| !found.is_empty());
    for found in matches.map_or(none.as_slice(), Vec::as_slice) {
        let cells = ANSWER.iter().map(|name| cell(&document[*name]));
        line(out, cells.chain(MATCH.iter().map(|name| cell(&found[*name]))))?;
    }
    Ok(())
}

/// A value without quotes; items of a list are separated by spaces.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn line(out: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(cells.collect::<Vec<_>>())?;
    table.flush()
}
