//! The frozen, numbered analysis parameters. A fingerprint is only comparable with one of the same number,
//! so a number's values never change: another value is another number.
use crate::units::SampleRate;

/// One set of analysis parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Params {
    /// The number under which the set is stored in an index.
    pub id: u32,
    /// Every recording is brought to this rate, mono.
    pub sample_rate: SampleRate,
    /// Samples at `sample_rate` from one chroma frame to the next.
    pub frame_hop: u32,
    /// Values in a chroma frame.
    pub frame_values: usize,
    /// Bytes that a packed chroma frame takes.
    pub frame_bytes: usize,
    /// Frames from one window to the next, typically.
    pub window_hop: u32,
    /// Values in a window's vector.
    pub window_dims: usize,
}

impl Params {
    /// Seconds from one chroma frame to the next.
    pub fn frame_seconds(&self) -> f64 {
        f64::from(self.frame_hop) / f64::from(self.sample_rate.0)
    }
}

/// The set in use.
pub const CURRENT: Params = Params {
    id: 1,
    sample_rate: SampleRate(11_025),
    frame_hop: 2048,
    frame_values: 60,
    frame_bytes: 30,
    window_hop: 4,
    window_dims: 64,
};
