//! The frozen, numbered analysis parameters.
//!
//! A fingerprint is only comparable with one of the same number, so the values under a number never change:
//! another value is another number.
use crate::units::{SampleRate, Seconds};

/// One set of analysis parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Params {
    /// The number under which the set is stored in an index.
    pub id: u32,
    /// Every recording is brought to this rate, mono.
    pub sample_rate: SampleRate,
    /// Samples in an analysis frame.
    pub frame_length: usize,
    /// Samples from one library frame to the next; a query's frames come twice as often.
    pub hop: usize,
    /// Constant-Q bins in an octave: three a semitone.
    pub bins_per_octave: usize,
    /// The centre of the lowest bin in hertz.
    pub fmin: f64,
    /// Octaves of the constant-Q spectrum and of the chroma.
    pub octaves: usize,
    /// The mean level is taken over this long, centred.
    pub level_span: Seconds,
    /// The least level that counts as sound, as the amplitude of a sine (full scale is 1).
    pub level_floor: f32,
    /// The gain in `ln(1 + gain * magnitude / level)`.
    pub log_gain: f32,
    /// The running mean over frequency that is taken off spans this many bins (odd).
    pub whitening_bins: usize,
    /// The moving mean over time that is taken off spans this long, centred.
    pub mean_span: Seconds,
    /// A chroma frame is divided by its norm, or by this where that is less: what hardly moves stays small.
    pub norm_floor: f32,
    /// Frames in a fingerprint window.
    pub window_frames: usize,
    /// Library frames from one window to the next.
    pub window_hop: usize,
    /// Length of a window's vector.
    pub window_dims: usize,
    /// A window whose frames' mean square norm is less gets no fingerprint.
    pub window_least_energy: f32,
}

/// The set in use.
pub const CURRENT: Params = Params {
    id: 1,
    sample_rate: SampleRate(11_025),
    frame_length: 4096,
    hop: 2048,
    bins_per_octave: 36,
    fmin: 110.0,
    octaves: 5,
    level_span: Seconds(10.0),
    level_floor: 5e-4,
    log_gain: 30.0,
    whitening_bins: 25,
    mean_span: Seconds(2.0),
    norm_floor: 0.3,
    window_frames: 16,
    window_hop: 4,
    window_dims: 96,
    window_least_energy: 0.2,
};

impl Params {
    /// Constant-Q bins a frame, with `margin` more below and above.
    pub const fn bins(&self, margin: usize) -> usize {
        self.octaves * self.bins_per_octave + 2 * margin
    }

    /// Values in a chroma frame: twelve an octave.
    pub const fn frame_values(&self) -> usize {
        self.octaves * 12
    }

    /// Bytes that a stored chroma frame takes: four bits a value.
    pub const fn frame_bytes(&self) -> usize {
        self.frame_values() / 2
    }

    /// Values in a window before its projection.
    pub const fn window_values(&self) -> usize {
        self.window_frames * self.frame_values()
    }

    /// The time from one library frame to the next.
    pub fn frame_seconds(&self) -> Seconds {
        Seconds(self.hop as f64 / f64::from(self.sample_rate.0))
    }
}
