//! AAC-LC to samples (ISO/IEC 14496-3), with up to eight channels, at the full rate or at a fraction of it.
//!
//! The analysis ends at 3.5 kHz, and at 5.2 kHz for a query that may be transposed. For these it is enough to decode the lower
//! half of the spectrum of 44,100 Hz at 22,050 Hz: it skips the codewords above, the transform has half of the length, and
//! what follows has half of the samples.
//!
//! What HE-AAC adds to its core is passed over. Other kinds of AAC, frames of 960 samples and coupled channels are declined.
mod bands;
mod bits;
mod codewords;
mod config;
mod decoder;
mod huffman;
mod layout;
mod noise;
mod shaping;
mod side;
mod slopes;
mod spectrum;
mod stereo;
mod synthesis;
mod windows;

pub(super) use self::config::Config;
pub(super) use self::decoder::Decoder;
