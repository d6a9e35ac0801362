//! AcoustID's fingerprints, as Chromaprint's `fpcalc` makes them.
//!
//! `convert` makes the samples that Chromaprint works on, through `polyphase`, fpcalc's resampler; `words` makes words of
//! them and packs them; [`chromaprint()`] does all that for a file, a stream or samples.
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
pub use crate::decode::{RawFormat, RawSample};
