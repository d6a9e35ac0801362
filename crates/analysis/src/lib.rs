//! Harmonic analysis: constant-Q transform, chroma, harmonic and percussive parts, pitch, key.
//!
//! Independent of the fingerprint, which has a [`crate::spectrum`] of its own: these transforms follow the definitions of
//! librosa 0.11 (McFee et al., "librosa: Audio and music signal analysis in Python", 2015) and agree with it to the digits
//! that its own single precision has, so that results can be compared with what is published and with other programs.
//!
//! Conventions, which differ from those of the fingerprint:
//!
//! - Samples are one channel at any rate; full scale is -1.0..=1.0. Samples that are not finite or above [`LOUDEST`] are a
//!   typed error, so that no result is ever NaN.
//! - Frames are centred: frame `t` is centred on sample `t * hop`, with zeros outside of the signal. A signal has
//!   `1 + len / hop` frames; an empty one has none.
//! - What has frames and bins is a [`Spectrogram`], frame after frame.
//! - Each transform is a plan, built once and shared between threads, and a scratch that the caller owns.
//! - Where something can be split over threads, the result is the same bit for bit with any number of them.
mod autocorrelation;
pub mod chroma;
pub mod cqt;
mod decimate;
mod error;
pub mod features;
pub mod hpss;
pub mod key;
mod lanes;
mod median;
mod normalised;
mod pair;
pub mod pyin;
mod real;
mod signal;
pub mod stft;
pub mod tuning;
pub mod yin;

pub use chroma::{CLASSES, ChromaCqt, ChromaOptions, ChromaStft};
pub use cqt::{Cqt, CqtOptions, CqtScratch};
pub(crate) use cqt::{CqtBlock, GroupScratch};
pub use error::AnalysisError;
pub(crate) use hpss::Extent;
pub use hpss::{Hpss, HpssOptions, HpssScratch, HpssStream};
pub use key::{Key, KeyEstimate, Mode, estimate_key};
pub use pyin::{ProbablePitch, Pyin, PyinScratch};
/// A complex number of two `f32`.
pub use rustfft::num_complex::Complex32;
pub(crate) use signal::{Signal, check};
pub use stft::{Stft, StftScratch};
pub(crate) use tuning::{Peak, TuningTally};
pub use tuning::{Tuning, TuningScratch};
pub use yin::{Difference, Pitch, Yin, YinOptions, YinScratch};

/// The largest magnitude of a sample: squares of sums of samples must stay finite in single precision.
pub const LOUDEST: f32 = 1e6;

/// Values of so many bins for each frame, frame after frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrogram<T> {
    bins: usize,
    pub(crate) values: Vec<T>,
}

impl<T: Clone + Default> Spectrogram<T> {
    /// All values at their default.
    pub fn new(frames: usize, bins: usize) -> Self {
        Self { bins, values: vec![T::default(); frames * bins] }
    }
}

impl<T> Spectrogram<T> {
    /// Values of a frame.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.values.len().checked_div(self.bins).unwrap_or(0)
    }

    /// The values of frame `t`, lowest bin first.
    ///
    /// # Panics
    /// Unless `t < frames()`.
    pub fn frame(&self, t: usize) -> &[T] {
        &self.values[t * self.bins..(t + 1) * self.bins]
    }

    /// As [`Spectrogram::frame`], to be written.
    ///
    /// # Panics
    /// Unless `t < frames()`.
    pub fn frame_mut(&mut self, t: usize) -> &mut [T] {
        &mut self.values[t * self.bins..(t + 1) * self.bins]
    }

    /// All values, frame after frame.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// As [`Spectrogram::values`], to be kept.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}

/// How many frames of `bins` values there are in `values`, which are all finite and not negative.
fn frames_of_levels(values: &[f32], bins: usize) -> Result<usize, AnalysisError> {
    let frames = whole_frames(values.len(), bins)?;
    match values.iter().find(|v| !(0.0..=f32::MAX).contains(*v)) {
        Some(bad) => {
            AnalysisError::unless(false, "a magnitude", f64::from(*bad), "finite and 0 or more")?;
            Ok(0)
        }
        None => Ok(frames),
    }
}

/// How many frames of `bins` values so many values are.
fn whole_frames(values: usize, bins: usize) -> Result<usize, AnalysisError> {
    let whole = bins > 0 && values.is_multiple_of(bins);
    AnalysisError::unless(whole, "values", values as f64, &format!("whole frames of {bins}"))?;
    Ok(values / bins)
}
