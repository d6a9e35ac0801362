//! Adding one recording.
use std::ffi::{c_char, c_int, c_void};

use refrain::{AddOptions, Added, Index, Tags};

use crate::{
    cancel::{self, RefrainCancel},
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
    tags::{self, RefrainTags},
};

/// How to add a recording. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAddOptions {
    /// sizeof (RefrainAddOptions), set by the caller.
    pub size: usize,
    /// Tags of the recording. They take precedence over those in the audio. Must be NULL for refrain_add_with, which
    /// takes the tags of the file.
    pub tags: *const RefrainTags,
    /// Ends the call early. Nothing is added then.
    pub cancel: *const RefrainCancel,
    /// Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
    /// one, or the path of the program.
    pub ffmpeg: *const c_char,
}
// SAFETY: pointers throughout, the size first.
unsafe impl Growing for RefrainAddOptions {
    const NAME: &'static str = "RefrainAddOptions";
}

/// What was added.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAdded {
    /// sizeof (RefrainAdded), set by the caller.
    pub size: usize,
    /// The id of the track.
    pub track: u32,
    /// 1 if the track is new. 0 if the index already had this content, or a track of the same name and sound.
    pub is_new: c_int,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainAdded {
    const NAME: &'static str = "RefrainAdded";
}

/// # Safety
/// As of the arguments in the header; `options` and `added` may be NULL.
unsafe fn add(
    index: *const RefrainIndex,
    options: *const RefrainAddOptions,
    added: *mut RefrainAdded,
    work: impl FnOnce(&Index, Tags, AddOptions) -> Result<Added>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, structs and a flag of the caller.
        let (index, tags, options) = unsafe {
            if !added.is_null() {
                sized::check(added)?;
            }
            let (index, o) = (input::handle(index, "index")?, sized::read(options)?);
            let options =
                AddOptions::default().cancel(&cancel::token(o.cancel)).ffmpeg(&input::ffmpeg(o.ffmpeg)?);
            (index, tags::read(o.tags)?, options)
        };
        let done = work(&index.index, tags, options)?;
        if added.is_null() {
            return Ok(());
        }
        let value = RefrainAdded { size: 0, track: done.track.0, is_new: done.new.into() };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(added, &value) }
    })
}

/// The options of a call that takes tags alone.
fn with_tags(tags: *const RefrainTags) -> RefrainAddOptions {
    RefrainAddOptions {
        size: size_of::<RefrainAddOptions>(),
        tags,
        cancel: std::ptr::null(),
        ffmpeg: std::ptr::null(),
    }
}

/// Adds one file, whether the index knows it or not.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if it is a folder or gives no fingerprint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add(index: *mut RefrainIndex, path: *const c_char) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_add_with(index, path, std::ptr::null(), std::ptr::null_mut()) }
}

/// Like refrain_add, with options. `options` and `added` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_with(
    index: *mut RefrainIndex,
    path: *const c_char,
    options: *const RefrainAddOptions,
    added: *mut RefrainAdded,
) -> RefrainCode {
    let work = |index: &Index, tags: Tags, options: AddOptions| {
        if tags != Tags::default() {
            return Err(Failure::argument("tags must be NULL: a file has its own"));
        }
        // SAFETY: a text of the caller.
        Ok(index.add_with(unsafe { input::path(path, "path") }?, &options)?)
    };
    // SAFETY: as the header says.
    unsafe { add(index, options, added, work) }
}

/// Adds an audio file in memory: `count` bytes, which the library does not need after the call. The index knows it by
/// `name`, as it knows a file by its path: the name is the path of its matches, and replaces an earlier recording of the
/// same name. `tags` may be NULL. They take precedence over those in the audio.
///
/// It stays until you remove it: the library does not look for a file of that name. Errors are those of refrain_add;
/// REFRAIN_ERROR_UTF8 for tags.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_memory(
    index: *mut RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    tags: *const RefrainTags,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_add_memory_with(index, bytes, count, name, &with_tags(tags), std::ptr::null_mut()) }
}

/// Like refrain_add_memory, with options. `options` and `added` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add_memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_memory_with(
    index: *mut RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainAddOptions,
    added: *mut RefrainAdded,
) -> RefrainCode {
    let work = |index: &Index, tags: Tags, options: AddOptions| {
        // SAFETY: bytes and a text of the caller.
        let (audio, name) =
            unsafe { (input::memory(bytes.cast(), count, name)?, input::path(name, "name")?) };
        Ok(index.add_audio_with(audio, name, &options.tags(tags))?)
    };
    // SAFETY: as the header says.
    unsafe { add(index, options, added, work) }
}

/// Like refrain_add_memory, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
/// 768,000), full scale -1 to 1. The library takes the mean of the channels. A sample that is not a number, or over a
/// million, counts as silence.
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
    let (options, none) = (with_tags(tags), std::ptr::null_mut());
    // SAFETY: as the header says.
    unsafe { refrain_add_samples_with(index, samples, frames, channels, rate, name, &options, none) }
}

/// Like refrain_add_samples, with options. `options` and `added` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add_memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_add_samples_with(
    index: *mut RefrainIndex,
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    options: *const RefrainAddOptions,
    added: *mut RefrainAdded,
) -> RefrainCode {
    let work = |index: &Index, tags: Tags, options: AddOptions| {
        // SAFETY: samples and a text of the caller.
        let (audio, name) =
            unsafe { (input::samples(samples, frames, channels, rate, name)?, input::path(name, "name")?) };
        Ok(index.add_audio_with(audio, name, &options.tags(tags))?)
    };
    // SAFETY: as the header says.
    unsafe { add(index, options, added, work) }
}
