//! AcoustID fingerprints, as Chromaprint's `fpcalc` computes them.
//!
//! [`chromaprint`](chromaprint()) fingerprints a file, a stream or samples; [`pack`] makes the text that AcoustID accepts.
// `convert` computes the samples that Chromaprint works on, through `polyphase`, fpcalc's resampler. `words` turns them
// into words. `chromaprint` does all that for any audio.
mod chromaprint;
mod convert;
mod polyphase;
mod silence;
mod words;

pub use self::{
    chromaprint::{ChromaprintOptions, ChromaprintPart, chromaprint},
    words::{Algorithm, pack},
};
#[cfg(feature = "unstable")]
pub use self::{
    convert::{Converter, SAMPLE_RATE},
    words::Chromaprint,
};
/// For the command.
#[doc(hidden)]
pub use crate::decode::{RawFormat, RawSample};
