//! How far the pitch and the speed of a clip may be from those of its track.
use clap::Args;
use refrain::Range;

/// Which pitches and speeds are tried.
#[derive(Debug, Args)]
pub struct RangeArgs {
    /// Find only tracks with the same pitch and speed as the clip; saves time for clips without a match
    #[arg(long, conflicts_with_all = ["pitch", "tempo"])]
    pub fast: bool,
    /// Find clips up to SEMITONES higher or lower than the track; SEMITONES can be 0 to 6
    #[arg(long, value_name = "SEMITONES", value_parser = semitones, default_value_t = RangeArgs::PITCH)]
    pub pitch: f64,
    /// Find clips up to RATIO times faster or slower than the track; RATIO can be 1 to 2
    #[arg(long, value_name = "RATIO", value_parser = ratio, default_value_t = RangeArgs::TEMPO)]
    pub tempo: f64,
}

impl RangeArgs {
    /// Semitones and a ratio that are tried unless others are given.
    pub const PITCH: f64 = 6.0;
    pub const TEMPO: f64 = 1.33;

    /// The range for the library.
    pub fn range(&self) -> Range {
        if self.fast {
            Range::PLAIN
        } else {
            Range::default().semitones(self.pitch).slowest(1.0 / self.tempo).fastest(self.tempo)
        }
    }
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
