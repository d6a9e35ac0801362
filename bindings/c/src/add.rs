//! Adding one recording.
use std::ffi::{c_char, c_void};

use crate::{
    code::RefrainCode,
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
};

/// What a recording says of itself. Texts are UTF-8; NULL, empty or 0 is none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainTags {
    /// sizeof (RefrainTags), set by the caller.
    pub size: usize,
    /// The title of the track.
    pub title: *const c_char,
    /// Who performs it.
    pub artist: *const c_char,
    /// The album it is on.
    pub album: *const c_char,
    /// Its place on the disc, from 1.
    pub track_number: u32,
    /// The disc of the album, from 1.
    pub disc_number: u32,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: *const c_char,
    /// The MusicBrainz identifier of the release.
    pub release_mbid: *const c_char,
    /// The AcoustID of the recording.
    pub acoustid: *const c_char,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainTags {
    const NAME: &'static str = "RefrainTags";
}

/// Adds one file, whether it is known or not.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where it is a folder or there is no fingerprint to be had of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add(index: *mut RefrainIndex, path: *const c_char) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and a text.
        let (index, path) = unsafe { (input::handle(index, "index")?, input::path(path, "path")?) };
        Ok(index.index.add(path)?)
    })
}

/// Adds an audio file that is in memory, `count` bytes, which are not needed any more once the call is done. It is known by
/// `name`, as a file is by its path: the name is the path of its matches, and what was added under the same name before is
/// replaced. `tags`, which may be NULL, go before those that the audio has itself.
///
/// It stays until it is removed: no file of that name is looked for. Errors are those of refrain_add; REFRAIN_ERROR_UTF8 for tags.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_memory(
    index: *mut RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    tags: *const RefrainTags,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, bytes, a text and a struct of the caller.
        unsafe {
            let index = input::handle(index, "index")?;
            let audio = input::memory(bytes.cast(), count, name)?;
            let (name, tags) = (input::path(name, "name")?, input::tags(&sized::read(tags)?)?);
            Ok(index.index.add_audio(audio, name, tags)?)
        }
    })
}

/// As refrain_add_memory, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000),
/// full scale being -1 to 1. The mean of the channels is taken; what is no number, or over a million, counts as silence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_samples(
    index: *mut RefrainIndex,
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    tags: *const RefrainTags,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, samples, a text and a struct of the caller.
        unsafe {
            let index = input::handle(index, "index")?;
            let audio = input::samples(samples, frames, channels, rate, name)?;
            let (name, tags) = (input::path(name, "name")?, input::tags(&sized::read(tags)?)?);
            Ok(index.index.add_audio(audio, name, tags)?)
        }
    })
}
