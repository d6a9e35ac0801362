//! Groups of duplicates for people.
use std::io::{self, Write};

use refrain::{Compared, DuplicateFile, DuplicateGroup, Measures, Relation};

use crate::{
    screen::{
        near::near,
        table::{Column, Row, Table},
    },
    wording,
};

/// Writes all groups, the kept file of each first. Returns whether a name was cut.
pub fn write(out: &mut impl Write, groups: &[DuplicateGroup]) -> io::Result<bool> {
    let columns = [
        Column::Name("file", 0),
        Column::Name("relation", 0),
        Column::Number("length", 0),
        Column::Number("size", 0),
    ];
    let mut table = Table::new(&columns, 0);
    let all: Vec<Vec<Row>> = groups.iter().map(|group| group.files.iter().map(row).collect()).collect();
    // Once for all, so that the columns of all groups are one below the other.
    let rows: Vec<Row> = all.iter().flatten().cloned().collect();
    let (header, _) = table.lay(&rows);
    if let Some(header) = header.filter(|_| !rows.is_empty()) {
        writeln!(out, "{header}")?;
    }
    for (n, rows) in all.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        let (_, lines) = table.lay(rows);
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(table.was_cut())
}

fn row(file: &DuplicateFile) -> Row {
    let verdict = if file.keep { "keep" } else { "spare" };
    let mut below = vec![format!("{verdict}: {}", file.why)];
    below.extend(differs(file));
    Row {
        cells: vec![
            near(&file.path),
            name(file.relation).to_owned(),
            file.duration.to_string(),
            wording::size(file.size),
        ],
        below,
        found: file.keep,
    }
}

/// Where it agrees with the reference, if not over its whole length, and at what speed.
fn differs(file: &DuplicateFile) -> Option<String> {
    let parts: Vec<String> =
        file.agrees.iter().map(|[from, to, start]| format!("{from}-{to} is {start} of the first")).collect();
    match file.relation {
        Relation::OtherSpeed => Some(format!("{:.3} times as fast as the first", file.speed)),
        Relation::Edit | Relation::Excerpt | Relation::SharedBacking => Some(parts.join(", ")),
        _ => None,
    }
}

/// A relation in words.
fn name(relation: Relation) -> &'static str {
    match relation {
        Relation::Reference => "first",
        Relation::SameBytes => "same bytes",
        Relation::SameAudio => "same audio",
        Relation::Remaster => "remaster",
        Relation::OtherSpeed => "other speed",
        Relation::Edit => "edit",
        Relation::Excerpt => "excerpt",
        Relation::SharedBacking => "same backing",
        _ => "other",
    }
}

/// Says what two tracks are to each other, and why.
pub fn why(out: &mut impl Write, names: &[String; 2], compared: &Compared) -> io::Result<()> {
    let [one, two] = names;
    match compared.relation {
        Some(relation) => writeln!(out, "{one} and {two}: {}", name(relation))?,
        None => writeln!(out, "{one} and {two}: not the same recording")?,
    }
    let Some(measures) = &compared.measures else {
        return writeln!(out, "  no part of one sounds like a part of the other");
    };
    for [a, b, c, d] in &compared.parts {
        writeln!(out, "  {a}-{b} of the first sounds like {c}-{d} of the second")?;
    }
    reasons(measures).iter().try_for_each(|reason| writeln!(out, "  {reason}"))
}

fn reasons(measures: &Measures) -> Vec<String> {
    let mut reasons = vec![format!("similarity {:.2} of 1 where they agree", measures.similarity)];
    let speed = 1.0 / measures.tempo;
    if (speed - 1.0).abs() > 0.0005 {
        reasons.push(format!("the second is {speed:.3} times as fast"));
    }
    if !measures.is_alike() {
        reasons.push("other instruments, or something else over it".to_owned());
    }
    if !measures.is_steady() {
        reasons.push("the second does not keep the time of the first: another performance".to_owned());
    }
    reasons
}
