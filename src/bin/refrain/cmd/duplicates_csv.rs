//! Groups of duplicates as comma-separated values: a line for each file.
use std::io::{self, Write};

use refrain::DuplicateGroup;
use serde_json::Value;

const COLUMNS: [&str; 20] = [
    "group",
    "path",
    "relation",
    "keep",
    "why",
    "score",
    "speed",
    "id",
    "duration",
    "size",
    "sample_rate",
    "channels",
    "title",
    "artist",
    "album",
    "same_bytes_as",
    "bandwidth",
    "cut",
    "peak",
    "clipped",
];

/// The columns of what was measured.
const MEASURED: [&str; 4] = ["bandwidth", "cut", "peak", "clipped"];

/// Writes the header and all files. Groups are numbered from 1.
pub fn write(out: &mut impl Write, groups: &[DuplicateGroup]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for (number, group) in (1..).zip(groups) {
        for file in &group.files {
            let fields = serde_json::to_value(file)?;
            let field = |name: &str| {
                if MEASURED.contains(&name) { &fields["quality"][name] } else { &fields[name] }
            };
            let cell = |name: &str| match field(name) {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let number = number.to_string();
            table.write_record([number].into_iter().chain(COLUMNS[1..].iter().map(|name| cell(name))))?;
        }
    }
    table.flush()
}
