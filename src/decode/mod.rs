//! Audio to mono samples: of files, every container and codec that is recognised by its content, whatever the file's name;
//! and of samples that a program has.
//!
//! A file is hostile until decoded: no content makes a call panic, hold more memory than a small multiple of its largest
//! packet, or run on after the end of the file. What is damaged is skipped and reported by [`Decoder::warnings`]; only a
//! file that gives no audio is an error.
mod audio;
#[cfg(feature = "decode")]
mod contain;
#[cfg(feature = "decode")]
mod decoder;
#[cfg(feature = "decode")]
mod downmix;
#[cfg(feature = "decode")]
mod pcm;
#[cfg(feature = "decode")]
mod probe;
#[cfg(feature = "acoustid")]
mod raw;
#[cfg(feature = "decode")]
mod read_tags;
mod samples;
#[cfg(feature = "decode")]
mod source;
mod tags;
mod warning;
#[cfg(feature = "decode")]
mod wav;

pub(crate) use self::audio::Source;
pub use self::audio::{Audio, BlockSource};
#[cfg(feature = "decode")]
pub use self::decoder::{Decoder, Sound};
#[cfg(feature = "acoustid")]
pub use self::raw::{RawDecoder, RawFormat, RawSample};
pub(crate) use self::samples::Samples;
#[cfg(feature = "analyze")]
pub(crate) use self::source::spool;
pub use self::tags::Tags;
pub use self::warning::Warning;

/// The rates that can be worked with, in hertz.
pub(crate) const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Larger magnitudes in floating-point samples are damage, and would overflow the analysis. Files whose samples run to
/// 32768 rather than 1 stay well below.
const LARGEST: f32 = 1e6;

/// The sample, or 0 where it cannot be one.
pub(crate) fn sane(x: f32) -> f32 {
    // A comparison with a NaN is false, so that one test does for all.
    if x.abs() <= LARGEST { x } else { 0.0 }
}
