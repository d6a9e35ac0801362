//! Harmonic-percussive separation by median filtering: Fitzgerald, "Harmonic/percussive separation using median filtering",
//! 2010, with the margins of Driedger, Müller and Disch, "Extending harmonic-percussive separation of audio", 2014.
//!
//! In a spectrogram, harmonic sound lies along time and percussive sound along frequency. The median of the magnitudes along
//! time therefore measures how harmonic a bin is, and the median along frequency how percussive. Soft masks from both split
//! the spectrum.
mod mask;
mod options;
mod separator;
mod stream;

pub use options::HpssOptions;
#[doc(hidden)]
pub use separator::Extent;
pub use separator::{Hpss, HpssScratch};
pub use stream::HpssStream;
