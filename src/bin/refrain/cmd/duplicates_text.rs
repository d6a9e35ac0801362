//! Groups of duplicates for people.
use std::io::{self, Write};

use refrain::{Compared, DuplicateFile, DuplicateGroup, Measures, Relation};

use super::duplicates_words::{agreeing, differences, kind, relation, same_bytes};
use crate::{
    screen::{
        near::near,
        size,
        table::{Column, Row, Table, wrapped},
    },
    wording,
};

/// How much further in than a name the lines below it are, and than these the lines that go on with them.
const DEEPER: usize = 2;

/// Writes all groups, the kept file of each first. Returns whether a name was cut.
pub fn write(out: &mut impl Write, groups: &[DuplicateGroup]) -> io::Result<bool> {
    let columns = [
        Column::Name("file", 0),
        Column::Name("relation", 0),
        Column::Number("length", 0),
        Column::Number("size", 0),
    ];
    let mut table = Table::new(&columns, 0);
    let rows = |group: &DuplicateGroup| group.files.iter().map(|file| row(file, &group.files[0])).collect();
    let all: Vec<Vec<Row>> = groups.iter().map(rows).collect();
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

fn row(file: &DuplicateFile, first: &DuplicateFile) -> Row {
    let verdict = if file.keep { "keep" } else { "spare" };
    let mut below = vec![format!("{verdict}: {}", file.why)];
    below.extend(same_bytes(file));
    if file.relation == Relation::Reference {
        below.extend(listed(None, &kind(file)));
    } else {
        below.extend(listed(Some("differs: "), &differences(file, first)));
    }
    match file.relation {
        Relation::OtherSpeed => below.push(format!("{:.3} times as fast as the first", file.speed)),
        Relation::Edit | Relation::Excerpt | Relation::SharedBacking => {
            below.extend(listed(None, &agreeing(file)));
        }
        _ => {}
    }
    Row {
        cells: vec![
            near(&file.path),
            relation(file.relation).to_owned(),
            file.duration.to_string(),
            wording::size(file.size),
        ],
        below,
        found: file.keep,
    }
}

/// Items after their label, with commas between them, in lines that fit below a name. No line if there is no item.
fn listed(label: Option<&str>, items: &[String]) -> Vec<String> {
    let mut items = items.to_vec();
    if let (Some(label), Some(first)) = (label, items.first_mut()) {
        *first = format!("{label}{first}");
    }
    let room = size::of_stdout().map(|columns| columns.saturating_sub(2 * DEEPER));
    let mut lines = wrapped(&items, 0, room);
    for line in lines.iter_mut().skip(1) {
        *line = format!("{}{line}", " ".repeat(DEEPER));
    }
    lines
}

/// Says what two tracks are to each other, and why.
pub fn why(out: &mut impl Write, names: &[String; 2], compared: &Compared) -> io::Result<()> {
    let [one, two] = names;
    match compared.relation {
        Some(found) => writeln!(out, "{one} and {two}: {}", relation(found))?,
        None => writeln!(out, "{one} and {two}: not the same recording")?,
    }
    let Some(measures) = &compared.measures else {
        return writeln!(out, "  no part of one file sounds like a part of the other file");
    };
    for [a, b, c, d] in &compared.parts {
        writeln!(out, "  {a}-{b} of the first file sounds like {c}-{d} of the second file")?;
    }
    reasons(measures).iter().try_for_each(|reason| writeln!(out, "  {reason}"))
}

fn reasons(measures: &Measures) -> Vec<String> {
    let mut reasons = vec![format!("similarity {:.2} of 1 where the files agree", measures.similarity)];
    let speed = 1.0 / measures.tempo;
    if (speed - 1.0).abs() > 0.0005 {
        reasons.push(format!("the second file is {speed:.3} times as fast"));
    }
    if !measures.is_alike() {
        reasons.push("the two files differ in instruments, or in other sound over the music".to_owned());
    }
    if !measures.is_steady() {
        reasons.push("the two files differ in timing, so the second file is another performance".to_owned());
    }
    reasons
}
