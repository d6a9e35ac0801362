//! What is measured.
use serde::Serialize;

/// How good a file sounds, as a full decode shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Quality {
    /// The highest frequency at which loud passages have sound, in hertz; at most 24,000. 0 for silence.
    pub bandwidth: u32,
    /// Whether the sound ends abruptly there, well below the highest frequency that the sample rate allows. Lossy encoders cut
    /// like this, and so does a sample rate that was low once. Music without high notes fades out instead.
    pub cut: bool,
    /// The largest magnitude of a sample. Full scale is 1; files of lossy formats may exceed it.
    pub peak: f32,
    /// The share of samples in runs at full scale, 0..=1.
    pub clipped: f32,
}
