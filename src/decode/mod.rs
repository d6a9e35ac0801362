//! Audio to mono samples. Files of every common container and codec are recognised by their content, whatever their name;
//! samples and blocks that a program has are taken as they are.
//!
//! A file is hostile until it is decoded. No content makes a call panic, hold more memory than a small multiple of its
//! largest packet, or run on after the end of the file. Damaged parts are skipped and reported by [`Decoder::warnings`].
//! Only a file without any audio is an error.
//!
//! # Panics of a decoder
//!
//! Decoders are third-party code, and a damaged file may make one panic. The library catches the panic on the same thread
//! and reports [`AudioError::DecoderPanic`](crate::error::AudioError::DecoderPanic), so that one bad file never ends a
//! batch. Two settings of the program matter here:
//!
//! - The panic hook belongs to the program, and the library does not touch it. Rust calls the hook before the panic is
//!   caught, and the standard hook prints a message. Call [`silence_decoder_panics`] once to keep these messages quiet.
//! - With `panic = "abort"` in the program's Cargo profile nothing can be caught: such a panic then ends the process.
#[cfg(feature = "aac")]
mod aac;
#[cfg(feature = "aac")]
mod aac_codec;
#[cfg(feature = "decode")]
mod aac_config;
mod audio;
#[cfg(feature = "decode")]
mod bare;
mod block_source;
mod blocks;
#[cfg(feature = "decode")]
mod buffers;
#[cfg(feature = "decode")]
mod bytes;
#[cfg(feature = "decode")]
mod catch_panic;
#[cfg(feature = "opus")]
mod celt;
#[cfg(feature = "mp3")]
mod coarse;
#[cfg(feature = "decode")]
mod code_page;
#[cfg(feature = "decode")]
mod codec;
#[cfg(feature = "decode")]
mod cover;
#[cfg(feature = "decode")]
mod cut;
#[cfg(any(feature = "aac", feature = "ogg"))]
mod damage;
#[cfg(feature = "decode")]
mod decoder;
#[cfg(feature = "ffmpeg")]
mod ffmpeg;
#[cfg(feature = "decode")]
mod flac_frames;
#[cfg(feature = "decode")]
mod found_tags;
#[cfg(any(feature = "aac", feature = "ogg"))]
mod fraction;
#[cfg(feature = "decode")]
mod frame_source;
#[cfg(feature = "mp3")]
mod free_format;
#[cfg(feature = "decode")]
mod helper;
#[cfg(feature = "decode")]
mod id3_text;
mod in_memory;
#[cfg(feature = "mp3")]
mod layer3;
mod limits;
#[cfg(feature = "decode")]
mod live;
#[cfg(feature = "mkv")]
mod matroska;
#[cfg(any(feature = "aac", feature = "ogg"))]
mod mdct;
mod mixer;
#[cfg(feature = "decode")]
mod mkv_times;
#[cfg(feature = "decode")]
mod mp4_atoms;
#[cfg(feature = "decode")]
mod mp4_times;
#[cfg(feature = "decode")]
mod mpeg_frames;
#[cfg(feature = "decode")]
mod ogg_ends;
#[cfg(feature = "decode")]
mod one_track;
#[cfg(feature = "decode")]
mod open;
#[cfg(feature = "opus")]
mod opus;
#[cfg(feature = "decode")]
mod pcm;
#[cfg(feature = "decode")]
mod pcm_file;
#[cfg(any(feature = "aac", feature = "ogg"))]
mod planes;
#[cfg(feature = "decode")]
mod probe;
#[cfg(feature = "decode")]
mod progress;
#[cfg(feature = "acoustid")]
mod raw;
#[cfg(feature = "decode")]
mod read_tags;
#[cfg(feature = "decode")]
mod repair;
mod sample_limits;
#[cfg(feature = "decode")]
pub(crate) mod sniff;
#[cfg(feature = "decode")]
mod sound;
#[cfg(feature = "decode")]
mod source;
#[cfg(feature = "decode")]
mod stoppable;
#[cfg(feature = "ogg")]
mod vorbis;
#[cfg(feature = "ogg")]
mod vorbis_codec;
mod warning;
#[cfg(feature = "acoustid")]
mod wav_copy;

#[cfg(feature = "decode")]
pub use self::catch_panic::silence_decoder_panics;
#[cfg(feature = "decode")]
pub use self::cover::cover;
#[cfg(feature = "decode")]
pub use self::decoder::Decoder;
#[cfg(feature = "ffmpeg")]
pub use self::helper::Ffmpeg;
#[cfg(all(feature = "decode", not(feature = "ffmpeg")))]
pub(crate) use self::helper::Ffmpeg;
#[cfg(feature = "decode")]
pub use self::live::LiveDecoder;
#[cfg(feature = "decode")]
pub(crate) use self::mpeg_frames::{HEAD, begins_with_frames};
#[cfg(feature = "decode")]
pub(crate) use self::open::{blocks_of_file, frames_of_file};
#[cfg(feature = "opus")]
pub use self::opus::Opus;
#[cfg(feature = "acoustid")]
pub use self::raw::{RawFormat, RawSample};
#[cfg(feature = "acoustid")]
pub use self::wav_copy::write_wav;
pub use self::{audio::Audio, block_source::BlockSource, warning::Warning};
#[cfg(feature = "acoustid")]
pub(crate) use self::{frame_source::FrameSource, sound::Sound};
pub use crate::tags::Tags;
