//! Harmonic analysis of samples: constant-Q transform, chroma, harmonic-percussive separation, pitch, tuning, key and
//! tempo.
//!
//! The transforms follow the definitions of librosa 0.11 (McFee et al., "librosa: Audio and music signal analysis in Python",
//! 2015) and agree with its results to single precision, so that figures can be compared with other programs and with
//! published ones.
//!
//! # Example
//!
//! The key of a C major chord:
//!
//! ```
//! use refrain_analysis::{ChromaCqt, ChromaOptions, CqtScratch, Tuning, TuningScratch, estimate_key, features};
//!
//! const RATE: f64 = 22_050.0;
//! let chord = [261.63, 329.63, 392.0]; // C, E and G in hertz
//! let at = |n: u32| chord.map(|f| 0.3 * (std::f64::consts::TAU * f * f64::from(n) / RATE).sin()).iter().sum::<f64>();
//! let samples: Vec<f32> = (0..44_100).map(|n| at(n) as f32).collect();
//!
//! let tuning = Tuning::new(RATE)?.estimate(&samples, 36, &mut TuningScratch::default())?;
//! let plan = ChromaCqt::new(RATE, ChromaOptions::default().tuning(tuning))?;
//! let chroma = plan.raw(&samples, &mut CqtScratch::default())?;
//! let key = estimate_key(&features::chroma_energy(&chroma)).expect("a chord is not silence");
//! assert_eq!(key.key.to_string(), "C major");
//! # Ok::<(), refrain_analysis::AnalysisError>(())
//! ```
//!
//! # Transforms
//!
//! | transform | plan | in librosa |
//! |---|---|---|
//! | short-time Fourier transform and its inverse | [`Stft`] | `stft`, `istft` |
//! | constant-Q transform | [`Cqt`] | `cqt` |
//! | chroma | [`ChromaCqt`], [`ChromaStft`] | `feature.chroma_cqt`, `feature.chroma_stft` |
//! | harmonic and percussive part | [`Hpss`] | `effects.hpss`, `decompose.hpss` |
//! | pitch | [`Yin`], [`Pyin`] | `yin`, `pyin` |
//! | tuning | [`Tuning`] | `estimate_tuning` |
//! | key | [`estimate_key`] | |
//! | tempo | [`Tempo`] | near `feature.tempo` |
//! | single figures | [`features`] | |
//!
//! # Conventions
//!
//! - Samples are one channel at any rate. Full scale is -1.0..=1.0.
//! - Frames are centred: frame `t` is centred on sample `t * hop`, and the signal is zero outside of its samples. There are
//!   `1 + len / hop` frames, or none if there are no samples.
//! - Values in frames and bins are a [`Spectrogram`], stored frame after frame.
//! - Each transform is a plan, which is made once and shared between threads. Its working memory is a scratch, which the
//!   caller owns and can use again.
//! - Options have a default and setters: `CqtOptions::default().bins(252).bins_per_octave(36)`.
//!
//! # Limits
//!
//! - A sample that is not finite, or larger than [`MAX_AMPLITUDE`] in magnitude, is an error. So no result is ever NaN.
//! - Rates are 1 to 1,000,000 Hz. There is no resampling, except that the constant-Q transform halves the rate as librosa
//!   does.
//! - The last bits of a result depend on the processor: AVX-512, AVX2 and plain code round differently.
#![deny(missing_docs)]

mod autocorrelation;
#[doc(hidden)]
pub mod blocks;
mod chroma;
mod cmnd;
mod cqt;
mod decimate;
mod error;
pub mod features;
mod fft;
mod hpss;
mod key;
mod median;
mod onset;
mod paired_fft;
mod pyin;
mod real_fft;
mod signal;
mod simd;
mod spectrogram;
mod stft;
mod tempo;
#[cfg(test)]
mod test_signals;
mod tuning;
mod yin;

pub use chroma::{CLASSES, ChromaCqt, ChromaOptions, ChromaStft};
pub use cqt::{C1, Cqt, CqtOptions, CqtScratch};
pub use error::{AnalysisError, MAX_AMPLITUDE};
pub use hpss::{Hpss, HpssOptions, HpssScratch, HpssStream};
pub use key::{Key, KeyEstimate, Mode, estimate_key};
pub use pyin::{ProbablePitch, Pyin, PyinScratch};
/// A complex number of two `f32`.
pub use refrain_fft::num_complex::Complex32;
pub use spectrogram::Spectrogram;
pub use stft::{Stft, StftScratch};
pub use tempo::{Tempo, TempoEstimate, TempoScratch};
pub use tuning::{Tuning, TuningScratch};
pub use yin::{Difference, Pitch, Yin, YinOptions, YinScratch};

/// The code of the README, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
