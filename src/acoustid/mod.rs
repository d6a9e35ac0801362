//! AcoustID's fingerprints, as Chromaprint's `fpcalc` makes them.
//!
//! [`convert`] makes the samples that Chromaprint works on, through [`polyphase`], fpcalc's resampler; [`words`] makes words of
//! them and packs them; [`chromaprint`] does all that for a file, a stream or samples.
pub(crate) mod chromaprint;
pub(crate) mod convert;
mod polyphase;
mod silence;
pub(crate) mod words;
