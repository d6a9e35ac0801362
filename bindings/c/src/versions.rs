//! Other performances of a piece, and tracks of similar harmony.
use std::ffi::{c_char, c_int, c_void};

use refrain::{Audio, Ffmpeg, Index, TrackId, VersionOptions, Versions};

use crate::{
    cancel::{self, RefrainCancel},
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input, output,
    performances::RefrainVersions,
    similar::RefrainSimilar,
    sized::{self, Growing, given},
};

/// Which versions to return. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainVersionOptions {
    /// sizeof (RefrainVersionOptions), set by the caller.
    pub size: usize,
    /// The maximum number of tracks; 0 for 10.
    pub top: usize,
    /// The minimum score of a version, up to 1; 0 for 0.8.
    pub min_score: f64,
    /// Not 0: also return tracks that hold the same recording.
    pub copies: c_int,
    /// Ends the call early.
    pub cancel: *const RefrainCancel,
    /// Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
    /// one, or the path of the program.
    pub ffmpeg: *const c_char,
}
// SAFETY: numbers and pointers, the size first.
unsafe impl Growing for RefrainVersionOptions {
    const NAME: &'static str = "RefrainVersionOptions";
}

impl RefrainVersionOptions {
    /// The library's options.
    ///
    /// # Safety
    /// The flag is NULL or a handle.
    unsafe fn understood(&self) -> Result<VersionOptions> {
        let min_score = input::within("min_score", self.min_score, 0.0, 1.0)?;
        // SAFETY: as promised.
        let token = unsafe { cancel::token(self.cancel) };
        let options = given(VersionOptions::default(), min_score, VersionOptions::min_score);
        Ok(given(options, self.top, VersionOptions::top).copies(self.copies != 0).cancel(&token))
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn find(
    index: *const RefrainIndex,
    options: *const RefrainVersionOptions,
    versions: *mut *mut RefrainVersions,
    ask: impl FnOnce(&Index, &VersionOptions, &Ffmpeg) -> Result<Versions>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a struct and a flag of the caller.
        let (index, place, options, ffmpeg) = unsafe {
            let place = output::place(versions, "versions")?;
            let (index, given) = (input::handle(index, "index")?, sized::read(options)?);
            (index, place, given.understood()?, input::ffmpeg(given.ffmpeg)?)
        };
        let found = ask(&index.index, &options, &ffmpeg)?;
        *place = Box::into_raw(Box::new(RefrainVersions::new(found)));
        Ok(())
    })
}

/// Finds other performances of the piece that an audio file holds: live, covers, in other keys, at other tempi, with other
/// instruments. Leaves out copies of the same recording unless `copies` is set. Needs at least 20 s of music, and looks at no
/// more than ten minutes. Leaves out tracks that an older refrain added, until refrain_rebuild. `options` may be
/// NULL. Free `*versions` with refrain_versions_free. It is NULL after a failure. A piece without versions is no failure, and
/// neither is silence.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions(
    index: *const RefrainIndex,
    path: *const c_char,
    options: *const RefrainVersionOptions,
    versions: *mut *mut RefrainVersions,
) -> RefrainCode {
    let ask = |index: &Index, options: &VersionOptions, ffmpeg: &Ffmpeg| {
        // SAFETY: a text of the caller.
        let path = unsafe { input::path(path, "path") }?;
        Ok(index.versions_with(Audio::file(path).ffmpeg(ffmpeg), options)?)
    };
    // SAFETY: as the header says.
    unsafe { find(index, options, versions, ask) }
}

/// Like refrain_versions, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the result
/// and in messages; NULL for "memory".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_memory(
    index: *const RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainVersionOptions,
    versions: *mut *mut RefrainVersions,
) -> RefrainCode {
    let ask = |index: &Index, options: &VersionOptions, _: &Ffmpeg| {
        // SAFETY: bytes and a text of the caller.
        Ok(index.versions_with(unsafe { input::memory(bytes.cast(), count, name) }?, options)?)
    };
    // SAFETY: as the header says.
    unsafe { find(index, options, versions, ask) }
}

/// Like refrain_versions, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
/// 768,000), full scale -1 to 1. The library does not copy them. `name` stands for the audio in the result; NULL for
/// "samples".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_samples(
    index: *const RefrainIndex,
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    options: *const RefrainVersionOptions,
    versions: *mut *mut RefrainVersions,
) -> RefrainCode {
    let ask = |index: &Index, options: &VersionOptions, _: &Ffmpeg| {
        // SAFETY: samples and a text of the caller.
        Ok(index.versions_with(unsafe { input::samples(samples, frames, channels, rate, name) }?, options)?)
    };
    // SAFETY: as the header says.
    unsafe { find(index, options, versions, ask) }
}

/// A track that the index does not have.
fn no_track(id: u32) -> Failure {
    Failure::argument(format!("there is no track {id}"))
}

/// Finds other performances of the piece that the track with this id holds. Reads no audio. Otherwise like refrain_versions.
///
/// REFRAIN_ERROR_ARGUMENT if there is no track with this id, REFRAIN_ERROR_AUDIO if the track is shorter than 20 s.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_of_track(
    index: *const RefrainIndex,
    id: u32,
    options: *const RefrainVersionOptions,
    versions: *mut *mut RefrainVersions,
) -> RefrainCode {
    let ask = |index: &Index, options: &VersionOptions, _: &Ffmpeg| {
        index.versions_of_track(TrackId(id), options)?.ok_or_else(|| no_track(id))
    };
    // SAFETY: as the header says.
    unsafe { find(index, options, versions, ask) }
}

/// Finds the tracks whose harmony moves like that of the track with this id, in any key. Leaves out the recording itself.
/// The tracks need not be the same piece. Reads no audio. Uses `top` and `cancel` of the options only; `options` may be NULL.
/// Free `*similar` with refrain_similar_free. It is NULL after a failure.
///
/// REFRAIN_ERROR_ARGUMENT if there is no track with this id, REFRAIN_ERROR_AUDIO if the track is shorter than 20 s,
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar(
    index: *const RefrainIndex,
    id: u32,
    options: *const RefrainVersionOptions,
    similar: *mut *mut RefrainSimilar,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a struct and a flag of the caller.
        let (index, place, options) = unsafe {
            let place = output::place(similar, "similar")?;
            (input::handle(index, "index")?, place, sized::read(options)?.understood()?)
        };
        let found = index.index.similar_to_track(TrackId(id), &options)?.ok_or_else(|| no_track(id))?;
        *place = Box::into_raw(Box::new(RefrainSimilar::new(found)));
        Ok(())
    })
}
