//! How far the pitch and the speed of a clip may be from those of its track.

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
