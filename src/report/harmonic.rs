//! Figures of a harmonic analysis, as JSON and CSV.
use std::path::Path;

use serde::Serialize;

use refrain_analysis::{CLASSES, blocks::NAMES};

use super::document::{self, Document, lossy};
use crate::{
    error::{Error, Result},
    units::Seconds,
};

/// Figures about the harmony of a file. None of them is NaN; a figure that does not exist is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HarmonicFigures {
    /// The duration of the audio.
    pub duration: Seconds,
    /// The file's sample rate in hertz; `None` if the file has no audio.
    pub sample_rate: Option<u32>,
    /// The number of channels in the file.
    pub channels: Option<u64>,
    /// Frames of the analysis, one every 512 samples at 22,050 Hz.
    pub frames: u64,
    /// The part of a semitone by which the music is higher than A4 = 440 Hz, -0.5 to 0.49; `None` if nothing sounds.
    pub tuning: Option<f64>,
    /// The key, as in `C# major`. Each tonic has one spelling in both modes. `None` if all pitch classes are equal, as in silence.
    pub key: Option<String>,
    /// The key as musicians write it, as in `Db major`.
    pub key_name: Option<String>,
    /// The key's place on the Camelot wheel, as in `3B`.
    pub camelot: Option<String>,
    /// The mode of the key, `major` or `minor`.
    pub mode: Option<&'static str>,
    /// The correlation of the pitch classes with the key's profile, -1 to 1.
    pub key_correlation: Option<f64>,
    /// The lead of the key over the second key, 0 to 1.
    pub key_confidence: Option<f64>,
    /// The second best key.
    pub key_second: Option<String>,
    /// The tempo in beats a minute, to a tenth; `None` if there is no regular beat. A listener may tap at half or twice this tempo.
    pub bpm: Option<f64>,
    /// The level of the harmonic part over that of both parts, 0 to 1.
    pub harmonic_ratio: Option<f64>,
    /// The share of frames that have a pitch, 0 to 1.
    pub voiced: Option<f64>,
    /// The median pitch of the frames that have one, in hertz.
    pub pitch: Option<f64>,
    /// The note nearest to that pitch, as in `A4`; A4 is 440 Hz.
    pub pitch_note: Option<String>,
    /// How many cents the pitch is above that note, -50 to 50.
    pub pitch_cents: Option<f64>,
    /// The share of steady steps: between neighbouring frames with a pitch, those of at most 50 cents. 0 to 1.
    pub pitch_stability: Option<f64>,
    /// The mean of each pitch class, C first, over frames divided by their largest value. 0 to 1.
    pub chroma: [f32; CLASSES],
    /// The mean magnitude of each pitch class, C first. It follows the loudness.
    pub chroma_energy: [f32; CLASSES],
    /// How evenly the energy is spread over the pitch classes, 0 to 1.
    pub chroma_entropy: Option<f64>,
    /// Problems of the file that did not prevent its analysis.
    pub warnings: Vec<String>,
}

impl document::sealed::Sealed for HarmonicFigures {}

impl Document for HarmonicFigures {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        #[derive(Serialize)]
        struct Analysis<'a> {
            #[serde(serialize_with = "lossy")]
            path: &'a Path,
            status: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<String>,
            #[serde(flatten)]
            figures: Option<&'a HarmonicFigures>,
        }
        let status = if outcome.is_ok() { "ok" } else { "error" };
        let error = outcome.err().map(ToString::to_string);
        document::line(&Analysis { path: name, status, error, figures: outcome.ok() })
    }
}

/// The column names of [`csv_row`]. For the command.
#[doc(hidden)]
pub fn csv_header() -> Vec<String> {
    let names = "path status error duration sample_rate channels frames tuning key mode key_correlation \
                 key_confidence key_second harmonic_ratio voiced pitch pitch_note pitch_cents pitch_stability \
                 chroma_entropy warnings";
    let of_classes =
        ["chroma", "chroma_energy"].into_iter().flat_map(|what| NAMES.map(|name| format!("{what}_{name}")));
    // New columns come last: some programs read columns by number.
    let newer = ["key_name", "camelot", "bpm"].map(str::to_owned);
    names.split_whitespace().map(str::to_owned).chain(of_classes).chain(newer).collect()
}

/// The figures of the JSON document as the cells of a row. A figure that does not exist gives an empty cell. Warnings
/// are joined by `; `. For the command.
#[doc(hidden)]
pub fn csv_row(name: &Path, outcome: &Result<HarmonicFigures>) -> Vec<String> {
    fn cell(value: &Option<impl ToString>) -> String {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    }
    let status = if outcome.is_ok() { "ok" } else { "error" };
    let error = outcome.as_ref().err();
    let mut row = vec![name.to_string_lossy().into_owned(), status.to_owned(), cell(&error)];
    let Ok(f) = outcome else {
        row.resize(csv_header().len(), String::new());
        return row;
    };
    row.extend([
        f.duration.0.to_string(),
        cell(&f.sample_rate),
        cell(&f.channels),
        f.frames.to_string(),
        cell(&f.tuning),
        cell(&f.key),
        cell(&f.mode),
        cell(&f.key_correlation),
        cell(&f.key_confidence),
        cell(&f.key_second),
        cell(&f.harmonic_ratio),
        cell(&f.voiced),
        cell(&f.pitch),
        cell(&f.pitch_note),
        cell(&f.pitch_cents),
        cell(&f.pitch_stability),
        cell(&f.chroma_entropy),
        f.warnings.join("; "),
    ]);
    row.extend(f.chroma.iter().chain(&f.chroma_energy).map(ToString::to_string));
    row.extend([cell(&f.key_name), cell(&f.camelot), cell(&f.bpm)]);
    row
}

/// The note nearest to a frequency, with its octave, and how many cents the frequency is above it. A4 is 440 Hz.
pub fn nearest_note(hertz: f64) -> (String, f64) {
    let midi = 69.0 + 12.0 * (hertz / 440.0).log2();
    let nearest = midi.round();
    let (octave, class) = ((nearest as i64).div_euclid(12) - 1, (nearest as i64).rem_euclid(12));
    (format!("{}{octave}", NAMES[class as usize]), 100.0 * (midi - nearest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::json;

    #[test]
    fn notes_have_names_and_octaves() {
        for (hertz, name, cents) in [
            (440.0, "A4", 0.0),
            (261.63, "C4", 0.0),
            (65.4, "C2", 0.0),
            (27.5, "A0", 0.0),
            (452.8, "A4", 49.6),
            (30.87, "B0", 0.0),
        ] {
            let (note, off) = nearest_note(hertz);
            assert_eq!(note, name);
            assert!((off - cents).abs() < 0.2, "{hertz}: {off}");
        }
    }

    #[test]
    fn rows_have_a_cell_for_every_column() {
        let columns = csv_header();
        let error = (Path::new("a.mp3"), Err(Error::Interrupted));
        let figures = HarmonicFigures { key: Some("C major".into()), ..HarmonicFigures::default() };
        let good = (Path::new("b.mp3"), Ok(figures));
        for ((name, outcome), key) in [(&error, ""), (&good, "C major")] {
            let row = csv_row(name, outcome);
            assert_eq!(row.len(), columns.len());
            assert_eq!(row[columns.iter().position(|c| c == "key").unwrap()], key);
        }
        // Each figure of the document has a column.
        let document: serde_json::Value = serde_json::from_str(&json(good.0, &good.1)).unwrap();
        for name in document.as_object().unwrap().keys() {
            assert!(columns.iter().any(|c| c.starts_with(name.as_str())), "{name}");
        }
        let bad: serde_json::Value =
            serde_json::from_str(&json::<HarmonicFigures>(error.0, &error.1)).unwrap();
        assert_eq!(bad, serde_json::json!({"path": "a.mp3", "status": "error", "error": "interrupted"}));
    }
}
