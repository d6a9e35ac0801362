//! Decodes a file once and measures it.
use std::path::Path;

use super::{figures::Quality, measuring::Measuring};
use crate::{
    cancel::CancelToken,
    decode::{Ffmpeg, frames_of_file},
    error::Result,
};

/// Measures the file at `path`, all of it, at its own rate and with all its channels.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) and [`Error::Audio`](crate::Error::Audio) if it cannot be read or is not audio.
pub fn measure(path: &Path) -> Result<Quality> {
    measure_with(path, &Ffmpeg::default(), &CancelToken::new())
}

/// Like [`measure`]. `ffmpeg` says whether an installed ffmpeg may decode what refrain does not.
///
/// # Errors
/// As [`measure`]; [`Error::Interrupted`](crate::Error::Interrupted).
pub(crate) fn measure_with(path: &Path, ffmpeg: &Ffmpeg, cancel: &CancelToken) -> Result<Quality> {
    let mut source = frames_of_file(path, ffmpeg, cancel)?;
    let (mut measuring, mut frames) = (Measuring::new(), Vec::new());
    while let Some(sound) = source.next_frames(&mut frames)? {
        cancel.check()?;
        measuring.push(sound.rate, sound.channels, &frames);
    }
    Ok(measuring.finish())
}
