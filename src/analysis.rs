//! Harmonic analysis of samples: constant-Q transform, chroma, harmonic-percussive separation, pitch, tuning, key
//! and tempo.
//!
//! The transforms follow the definitions of librosa 0.11 and agree with its results to single precision. They come from the
//! crate `refrain-analysis`, which programs can also use alone. For whole files of any length, use
//! [`analyze`](crate::analyze()).
//!
//! The key of a C major chord:
//!
//! ```
//! use refrain::analysis::{
//!     ChromaCqt, ChromaOptions, CqtScratch, Tuning, TuningScratch, chroma_energy, estimate_key,
//! };
//!
//! const RATE: f64 = 22_050.0;
//! let chord = [261.63, 329.63, 392.0]; // C, E and G in hertz
//! let at = |n: u32| chord.map(|f| 0.3 * (std::f64::consts::TAU * f * f64::from(n) / RATE).sin()).iter().sum::<f64>();
//! let samples: Vec<f32> = (0..44_100).map(|n| at(n) as f32).collect();
//!
//! let tuning = Tuning::new(RATE)?.estimate(&samples, 36, &mut TuningScratch::default())?;
//! let plan = ChromaCqt::new(RATE, ChromaOptions::default().tuning(tuning))?;
//! let chroma = plan.raw(&samples, &mut CqtScratch::default())?;
//! let key = estimate_key(&chroma_energy(&chroma)).expect("a chord is not silence");
//! assert_eq!(key.key.to_string(), "C major");
//! # Ok::<(), refrain::analysis::AnalysisError>(())
//! ```
//!
//! | transform | plan | in librosa |
//! |---|---|---|
//! | short-time Fourier transform and its inverse | [`Stft`] | `stft`, `istft` |
//! | constant-Q transform | [`Cqt`] | `cqt` |
//! | chroma | [`ChromaCqt`], [`ChromaStft`] | `feature.chroma_cqt`, `feature.chroma_stft` |
//! | harmonic and percussive part | [`Hpss`] | `effects.hpss` |
//! | pitch | [`Yin`], [`Pyin`] | `yin`, `pyin` |
//! | tuning | [`Tuning`] | `estimate_tuning` |
//! | key | [`estimate_key`] of [`chroma_energy`] | |
//! | tempo | [`Tempo`] | near `feature.tempo` |
//!
//! - Samples are one channel at any rate from 1 to 1,000,000 Hz. Full scale is -1.0..=1.0. A sample that is not finite, or
//!   larger than a million in magnitude, is an error.
//! - Frame `t` is centred on sample `t * hop`, and the signal is zero outside of its samples. There are `1 + len / hop`
//!   frames, or none if there are no samples.
//! - Each transform is a plan, which is made once and shared between threads. Its working memory is a scratch, which the
//!   caller owns and can use again.
pub use refrain_analysis::{
    AnalysisError, ChromaCqt, ChromaOptions, ChromaStft, Complex32, Cqt, CqtOptions, CqtScratch, Hpss,
    HpssOptions, HpssScratch, Key, KeyEstimate, Mode, Pitch, ProbablePitch, Pyin, PyinScratch, Spectrogram,
    Stft, StftScratch, Tempo, TempoEstimate, TempoScratch, Tuning, TuningScratch, Yin, YinOptions,
    YinScratch, estimate_key, features::chroma_energy,
};
/// For the command and the bindings.
#[doc(hidden)]
pub use refrain_analysis::{
    C1, CLASSES, Difference,
    blocks::{NAMES, normalise},
    features,
};
