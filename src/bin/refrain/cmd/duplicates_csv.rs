//! Groups of duplicates as comma-separated values: a line for each file.
use std::io::{self, Write};

use refrain::DuplicateGroup;
use serde_json::Value;

const COLUMNS: [&str; 15] = [
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
];

/// Writes the header and all files. Groups are numbered from 1.
pub fn write(out: &mut impl Write, groups: &[DuplicateGroup]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for (number, group) in (1..).zip(groups) {
        for file in &group.files {
            let fields = serde_json::to_value(file)?;
            let cell = |name: &str| match &fields[name] {
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
