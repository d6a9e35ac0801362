//! The table of matches: one header for all clips, then each clip with its matches.
use std::{
    io::{self, Write},
    path::PathBuf,
};

use refrain::{Match, Seconds};

use super::title;
use crate::{
    screen::{
        near::near,
        table::{Column, Row, Table},
    },
    wording,
};

/// The room for names to begin with, so that a usual table has 80 columns.
const NAME: usize = 39;

/// How many other places, or files, are listed.
const MOST: usize = 5;

/// Prints matches. Tempo and pitch have columns from the first match on that is at another speed or pitch.
#[derive(Default)]
pub struct MatchTable {
    plain: Option<Table>,
    /// With tempo and pitch.
    full: Option<Table>,
}

impl MatchTable {
    /// Prints matches below `name`. `found` tells that they count.
    pub fn print(
        &mut self,
        out: &mut impl Write,
        name: &str,
        matches: &[Match],
        found: bool,
    ) -> io::Result<()> {
        let full = self.full.is_some() || matches.iter().any(is_shifted);
        let rows: Vec<Row> = matches.iter().map(|m| row(m, full, found)).collect();
        let table = if full { &mut self.full } else { &mut self.plain };
        let table = table.get_or_insert_with(|| Table::new(&columns(full), 2));
        let (header, lines) = table.lay(&rows);
        if let Some(header) = header {
            writeln!(out, "{header}")?;
        }
        writeln!(out, "{name}")?;
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// Whether a name was cut.
    pub fn was_cut(&self) -> bool {
        [&self.plain, &self.full].into_iter().flatten().any(Table::was_cut)
    }
}

fn columns(full: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::Name("track", if full { NAME - 16 } else { NAME }),
        Column::Number("score", 0),
        Column::Number("in clip", 0),
        Column::Number("in track", 0),
    ];
    if full {
        columns.extend([Column::Number("tempo", 0), Column::Number("pitch", 6)]);
    }
    columns
}

fn row(m: &Match, full: bool, found: bool) -> Row {
    let range = |from: Seconds, to: Seconds| format!("{from}-{to}");
    let (name, file) = title(&m.tags, &m.path, m.missing);
    let mut cells = vec![
        name,
        // Rounded down, so that a match that is only nearly sure never shows 1.
        format!("{:.3}", (m.score * 1000.0).floor() / 1000.0),
        range(m.query_start, m.query_end),
        range(m.ref_start, m.ref_end),
    ];
    if full {
        cells.extend([tempo(m), pitch(m)]);
    }
    let below = file.into_iter().chain(elsewhere(m)).chain(also_as(m)).collect();
    Row { cells, below, found }
}

fn tempo(m: &Match) -> String {
    format!("{:.3}", m.tempo)
}

fn pitch(m: &Match) -> String {
    format!("{:+.2}", m.pitch)
}

/// Whether the clip is at another speed or pitch than the track, as far as the table would show it.
fn is_shifted(m: &Match) -> bool {
    tempo(m) != "1.000" || !matches!(&*pitch(m), "+0.00" | "-0.00")
}

/// Where else in the track the same sound is.
fn elsewhere(m: &Match) -> Option<String> {
    let mut places: Vec<String> = m.also_at.iter().take(MOST).map(ToString::to_string).collect();
    if m.also_at.len() > MOST {
        places.push(format!("and {} more", m.also_at.len() - MOST));
    }
    (!places.is_empty()).then(|| format!("also at {}", places.join(", ")))
}

/// Which other files hold the same recording, each on a line of its own.
fn also_as(m: &Match) -> Vec<String> {
    let files: Vec<&PathBuf> = m.also_paths.iter().chain(&m.copies).collect();
    let mut lines: Vec<String> =
        files.iter().take(MOST).map(|path| format!("also as {}", near(path))).collect();
    if files.len() > MOST {
        let more = wording::count((files.len() - MOST) as u64, "more file");
        lines.push(format!("also as {more}; --json lists all"));
    }
    lines
}
