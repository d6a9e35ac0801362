//! Turns mono samples into constant-Q magnitudes, frame by frame, in constant memory.
//!
//! Frames are not centred: frame `t` covers samples `t * hop .. t * hop + frame_length`.
mod constant_q;
mod stft;

pub use constant_q::ConstantQ;
pub use stft::PowerStft;

use crate::params::ParameterSet;

/// Streams samples into frames of constant-Q magnitudes.
///
/// The magnitudes of a frame are [`ParameterSet::bins`]`(margin)` values, lowest bin first, where a full-scale sine at
/// a bin's centre reads about 1.
pub struct Spectrum {
    stft: PowerStft,
    constant_q: ConstantQ,
    magnitudes: Vec<f32>,
}

impl Spectrum {
    /// Makes a frame every `hop` samples, with `margin` more bins below and above those of the parameter set. A query that
    /// may be transposed needs them, a library track does not.
    pub fn new(params: &ParameterSet, hop: usize, margin: usize) -> Self {
        let constant_q = ConstantQ::new(params, margin);
        Self {
            stft: PowerStft::new(params.frame_length, hop),
            magnitudes: vec![0.0; constant_q.bins()],
            constant_q,
        }
    }

    /// Takes mono samples at the parameter set's rate, in pieces of any size. Calls `frame` with the magnitudes of each
    /// frame that is now complete.
    pub fn push(&mut self, samples: &[f32], mut frame: impl FnMut(&[f32])) {
        let Self { stft, constant_q, magnitudes } = self;
        stft.push(samples, |power| {
            constant_q.magnitudes(power, magnitudes);
            frame(magnitudes);
        });
    }

    /// Calls `frame` with the frames that are left. Drops samples after the last whole frame. A stream without a whole frame
    /// is padded with zeros to one.
    pub fn finish(&mut self, mut frame: impl FnMut(&[f32])) {
        let Self { stft, constant_q, magnitudes } = self;
        stft.finish(|power| {
            constant_q.magnitudes(power, magnitudes);
            frame(magnitudes);
        });
    }
}
