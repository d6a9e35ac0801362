//! Opens a file with the decoder that fits: refrain's own, or an installed ffmpeg.
use std::fs::File;
use std::path::Path;

use super::block_source::BlockSource;
use super::decoder::Decoder;
#[cfg(feature = "ffmpeg")]
use super::ffmpeg::FfmpegDecoder;
use super::frame_source::FrameSource;
use super::helper::Ffmpeg;
use super::probe::Refusal;
use super::sniff::{Foreign, Helper};
use crate::cancel::CancelToken;
use crate::error::{AudioError, Error, Result};

/// A file that was opened.
pub(super) enum Opened {
    Own(Box<Decoder>),
    #[cfg(feature = "ffmpeg")]
    Ffmpeg(Box<FfmpegDecoder>),
}

/// Opens the file at `path`. refrain's own decoders come first; `ffmpeg` says whether an installed ffmpeg may decode what they
/// do not. `cancel` ends a wait for it.
///
/// # Errors
/// As [`Decoder::open`]; [`AudioError::NeedsFfmpeg`]; [`Error::Interrupted`].
pub(super) fn open(path: &Path, ffmpeg: &Ffmpeg, cancel: &CancelToken) -> Result<Opened> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let kind = std::fs::metadata(path).map_err(io)?.file_type();
    if !kind.is_file() {
        // A folder, or a pipe that can be read only once.
        return Decoder::open(path).map(|own| Opened::Own(Box::new(own)));
    }
    let file = File::open(path).map_err(io)?;
    let foreign = match Decoder::own(file, path) {
        Ok(own) => return Ok(Opened::Own(Box::new(own))),
        Err(Refusal::Io(source)) => return Err(io(source)),
        Err(Refusal::Audio(reason)) => return Err(Error::Audio { path: path.to_owned(), reason }),
        Err(Refusal::Foreign(foreign)) => foreign,
    };
    through_ffmpeg(foreign, path, ffmpeg, cancel)
}

#[cfg_attr(not(feature = "ffmpeg"), allow(unused_variables))]
fn through_ffmpeg(foreign: Foreign, path: &Path, ffmpeg: &Ffmpeg, cancel: &CancelToken) -> Result<Opened> {
    let refuse = |reason| Err(Error::Audio { path: path.to_owned(), reason });
    let Helper::Demuxer(demuxer) = foreign.use_of else { return refuse(foreign.refusal()) };
    let format = foreign.name.into_owned();
    #[cfg(feature = "ffmpeg")]
    if let Some(program) = ffmpeg.program() {
        let decoder = FfmpegDecoder::open(program, (&format, demuxer), path, cancel)?;
        return Ok(Opened::Ffmpeg(Box::new(decoder)));
    }
    refuse(if cfg!(feature = "ffmpeg") {
        AudioError::NeedsFfmpeg { format, allowed: ffmpeg.is_allowed() }
    } else {
        AudioError::Unsupported(format)
    })
}

/// Begins to read the file at `path` for a fingerprint, block by block; see [`open`] and [`Decoder::for_fingerprint`].
///
/// # Errors
/// As [`open`].
pub(crate) fn blocks_of_file(
    path: &Path,
    ffmpeg: &Ffmpeg,
    cancel: &CancelToken,
) -> Result<Box<dyn BlockSource>> {
    Ok(open(path, ffmpeg, cancel)?.for_fingerprint().blocks())
}

/// Begins to read the file at `path`, with all its channels and at its own rate; see [`open`].
///
/// # Errors
/// As [`open`].
pub(crate) fn frames_of_file(
    path: &Path,
    ffmpeg: &Ffmpeg,
    cancel: &CancelToken,
) -> Result<Box<dyn FrameSource>> {
    Ok(open(path, ffmpeg, cancel)?.frames())
}

impl Opened {
    /// Leaves out what the fingerprint does not need; see [`Decoder::for_fingerprint`].
    pub fn for_fingerprint(self) -> Opened {
        match self {
            Opened::Own(decoder) => Opened::Own(Box::new(decoder.for_fingerprint())),
            #[cfg(feature = "ffmpeg")]
            ffmpeg => ffmpeg,
        }
    }

    pub fn blocks(self) -> Box<dyn BlockSource> {
        match self {
            Opened::Own(decoder) => decoder,
            #[cfg(feature = "ffmpeg")]
            Opened::Ffmpeg(decoder) => decoder,
        }
    }

    /// With all channels.
    pub fn frames(self) -> Box<dyn FrameSource> {
        match self {
            Opened::Own(decoder) => Box::new(decoder.with_all_channels()),
            #[cfg(feature = "ffmpeg")]
            Opened::Ffmpeg(decoder) => Box::new(decoder.with_all_channels()),
        }
    }
}
