//! How far the pitch and the speed of a clip may be from those of its track.
use refrain::Range;

/// What a search tries besides the clip as it is.
pub struct SearchRange {
    pub fast: bool,
    pub pitch: f64,
    pub tempo: f64,
}

impl SearchRange {
    /// Semitones and a ratio that are tried unless others are given.
    pub const PITCH: f64 = 6.0;
    pub const TEMPO: f64 = 1.33;
}

/// The range as the library takes it.
pub fn range_of(range: &SearchRange) -> Range {
    if range.fast {
        return Range::PLAIN;
    }
    Range::default().semitones(range.pitch).slowest(1.0 / range.tempo).fastest(range.tempo)
}

/// Semitones up or down.
pub fn semitones(text: &str) -> Result<f64, String> {
    within(text, 0.0, 6.0)
}

/// A ratio of speeds.
pub fn ratio(text: &str) -> Result<f64, String> {
    within(text, 1.0, 2.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(format!("give a number from {least} to {most}")),
    }
}
