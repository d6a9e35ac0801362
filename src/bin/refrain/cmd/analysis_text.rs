//! An analysis for people: all figures of one file, or a row for each of several files.
use std::path::{Path, PathBuf};

use refrain::{HarmonicFigures, analysis::NAMES, report::respelt};

use crate::{
    screen::{
        facts,
        near::near,
        size,
        table::{Column, Row, Table},
        text::{cut, width},
    },
    wording,
};

/// The least room for names to begin with: the names of files in folders are not known yet.
const NAME: usize = 30;

/// The table of several files. `named` are the files and folders that the user named.
pub fn table(named: &[PathBuf]) -> Table {
    let longest = named.iter().map(|path| width(&near(path))).max().unwrap_or(0);
    Table::new(
        &[
            Column::Name("file", NAME.max(longest)),
            Column::Number("length", 0),
            Column::Number("key", 8),
            Column::Number("Camelot", 0),
            Column::Number("bpm", 4),
            Column::Number("tuning", 9),
            Column::Number("pitch", 0),
        ],
        0,
    )
}

/// The row of a file.
pub fn row(path: &Path, f: &HarmonicFigures) -> Row {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let cells = vec![
        near(path),
        f.duration.to_string(),
        or_none(&f.key_name),
        f.camelot.clone().unwrap_or_default(),
        f.bpm.map_or_else(|| "none".to_owned(), |bpm| format!("{bpm:.0}")),
        f.tuning.map_or_else(|| "none".to_owned(), cents),
        or_none(&f.pitch_note),
    ];
    Row { cells, below: Vec::new(), found: false }
}

fn cents(semitones: f64) -> String {
    format!("{:+.0} cents", 100.0 * semitones)
}

/// All figures of a file, in words.
pub fn details(path: &Path, f: &HarmonicFigures) -> String {
    let screen = size::of_stdout();
    let name = near(path);
    let mut text = screen.map_or_else(|| name.clone(), |columns| cut(&name, columns));
    for line in facts::lines(&figures(f), 2, screen) {
        text += "\n";
        text += line.trim_end();
    }
    text + "\n"
}

fn figures(f: &HarmonicFigures) -> Vec<(&'static str, String)> {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let layout = f.sample_rate.map_or_else(
        || "no audio".to_owned(),
        |rate| format!("{rate} Hz, {}", wording::count(f.channels.unwrap_or(1), "channel")),
    );
    let key = f.key_name.as_ref().zip(f.camelot.as_ref()).map(|(key, camelot)| {
        let (correlation, confidence) = (f.key_correlation.unwrap_or(0.0), f.key_confidence.unwrap_or(0.0));
        let second =
            f.key_second.as_deref().map_or_else(String::new, |key| format!(", next {}", respelt(key)));
        format!("{key} ({camelot}; correlation {correlation:.2}, confidence {confidence:.2}{second})")
    });
    let tuning = f.tuning.map(|t| format!("{} (A4 = {:.1} Hz)", cents(t), 440.0 * (t / 12.0).exp2()));
    let tempo = f.bpm.map(|bpm| format!("{bpm:.1} beats a minute"));
    let harmonic = f.harmonic_ratio.map(|ratio| format!("{} of the level", percent(ratio)));
    let pitch = f.pitch.zip(f.pitch_note.as_ref()).map(|(hertz, note)| {
        let cents = f.pitch_cents.unwrap_or(0.0);
        let steady =
            f.pitch_stability.map_or_else(String::new, |s| format!(", steady in {} of steps", percent(s)));
        let voiced = percent(f.voiced.unwrap_or(0.0));
        format!("median {note} {cents:+.0} cents ({hertz:.1} Hz), in {voiced} of frames{steady}")
    });
    // Two lines of six, as there is no room for twelve in 80 columns.
    let chroma: Vec<String> =
        NAMES.iter().zip(f.chroma).map(|(name, v)| format!("{name:\u{a0}<2}\u{a0}{v:.2}")).collect();
    let (first, second) = chroma.split_at(chroma.len() / 2);
    let none = || "none".to_owned();
    let mut rows = vec![
        ("duration", format!("{} ({layout})", f.duration)),
        ("key", key.unwrap_or_else(none)),
        ("tempo", tempo.unwrap_or_else(none)),
        ("tuning", tuning.unwrap_or_else(none)),
        ("harmonic", harmonic.unwrap_or_else(none)),
        ("pitch", pitch.unwrap_or_else(none)),
        ("chroma", first.join("  ")),
        ("", second.join("  ")),
    ];
    rows.extend(f.chroma_entropy.map(|entropy| ("entropy", format!("{entropy:.3} of the chroma"))));
    rows
}
