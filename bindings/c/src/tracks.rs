//! Listing the tracks and files of an index.
use std::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use refrain::{Error, FileEntry, Track};

use crate::{
    code::RefrainCode,
    guard::guard,
    index::{self, RefrainIndex, RefrainPathCallback},
    input,
    strings::{Strings, c_path, c_string},
};

/// A file of a track. This struct will not grow.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainFile {
    /// Its path.
    pub path: *const c_char,
    /// Bytes of the file.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// 1 if it was missing at the last update.
    pub missing: c_int,
}

/// A track of an index. Absent values are NULL or 0. Later versions may add fields at the end.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainTrack {
    /// Its id. It is never used again, even after the track is removed.
    pub id: u32,
    /// 1 if all its files are missing.
    pub missing: c_int,
    /// Its files, missing ones last.
    pub files: *const RefrainFile,
    /// How many.
    pub file_count: usize,
    /// The length of the track.
    pub seconds: f64,
    /// The sample rate of the file in hertz.
    pub sample_rate: u32,
    /// The channels of the file.
    pub channels: u32,
    /// The BLAKE3 hash of the file's content, 64 hexadecimal digits.
    pub hash: *const c_char,
    /// The title of the track.
    pub title: *const c_char,
    /// Who performs it.
    pub artist: *const c_char,
    /// The album it is on.
    pub album: *const c_char,
    /// Its position on the disc, from 1.
    pub track_number: u32,
    /// The disc of the album, from 1.
    pub disc_number: u32,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: *const c_char,
    /// The MusicBrainz identifier of the release.
    pub release_mbid: *const c_char,
    /// The AcoustID of the recording.
    pub acoustid: *const c_char,
    /// Chroma frames.
    pub frames: u32,
    /// Fingerprint windows.
    pub windows: u32,
    /// Further artists, in the order of the tag.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
}

/// Gets one track after the other. The track and its texts are valid until the callback returns. Return 0 for the next
/// track; any other value ends the call, which is no error.
pub type RefrainTrackCallback =
    Option<unsafe extern "C" fn(track: *const RefrainTrack, user_data: *mut c_void) -> c_int>;

/// Gets one file after the other that gave no fingerprint, and the reason. Otherwise like RefrainTrackCallback.
pub type RefrainFailureCallback =
    Option<unsafe extern "C" fn(path: *const c_char, reason: *const c_char, user_data: *mut c_void) -> c_int>;

/// A listing that the callback ended is a success.
fn unless_enough(listed: refrain::Result<()>, enough: bool) -> crate::code::Result<()> {
    match listed {
        Err(Error::Interrupted) if enough => Ok(()),
        other => Ok(other?),
    }
}

/// Passes all tracks to the callback, in order of their ids, on this thread. All come from one state of the index. The
/// callback may read the index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_tracks(
    index: *const RefrainIndex,
    callback: RefrainTrackCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let index = unsafe { input::handle(index, "index") }?;
        let callback = input::callback(callback)?;
        let mut enough = false;
        let listed = index.index.tracks(|track, files| {
            // SAFETY: the caller's function, called as it is declared.
            enough = with_plain(&track, &files, |track| unsafe { callback(track, user_data) } != 0);
            if enough { Err(Error::Interrupted) } else { Ok(()) }
        });
        unless_enough(listed, enough)
    })
}

fn with_plain<T>(track: &Track, files: &[FileEntry], call: impl FnOnce(*const RefrainTrack) -> T) -> T {
    let mut strings = Strings::default();
    let plain_file = |file: &FileEntry| RefrainFile {
        path: strings.path(&file.path),
        bytes: file.size,
        mtime_ns: file.mtime_ns,
        missing: file.missing.into(),
    };
    let files: Vec<RefrainFile> = files.iter().map(plain_file).collect();
    let (record, tags) = (&track.record, &track.record.tags);
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    call(&RefrainTrack {
        id: track.id.0,
        missing: track.missing.into(),
        files: if files.is_empty() { ptr::null() } else { files.as_ptr() },
        file_count: files.len(),
        seconds: record.duration.0,
        sample_rate: record.sample_rate.unwrap_or(0),
        channels: record.channels.map_or(0, u32::from),
        hash: record.hash.map_or(ptr::null(), |hash| strings.text(&hash.to_string())),
        title: strings.optional(tags.title.as_ref()),
        artist: strings.optional(tags.artist.as_ref()),
        album: strings.optional(tags.album.as_ref()),
        track_number: tags.track_number.unwrap_or(0),
        disc_number: tags.disc_number.unwrap_or(0),
        recording_mbid: strings.optional(tags.recording_mbid.as_ref()),
        release_mbid: strings.optional(tags.release_mbid.as_ref()),
        acoustid: strings.optional(tags.acoustid.as_ref()),
        frames: track.frames,
        windows: track.windows,
        other_artist_count: artists.len(),
        other_artists: strings.list(artists),
    })
}

/// Passes all files that gave no fingerprint to the callback, with the reason, on this thread. The callback may read the
/// index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_failures(
    index: *const RefrainIndex,
    callback: RefrainFailureCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let index = unsafe { input::handle(index, "index") }?;
        let callback = input::callback(callback)?;
        let mut enough = false;
        let listed = index.index.failures(|path, reason| {
            let (path, reason) = (c_path(&path), c_string(reason));
            // SAFETY: the caller's function, called as it is declared.
            enough = unsafe { callback(path.as_ptr(), reason.as_ptr(), user_data) } != 0;
            if enough { Err(Error::Interrupted) } else { Ok(()) }
        });
        unless_enough(listed, enough)
    })
}

/// Passes the paths of the chosen files to the callback, in order. `chosen` is a file, a folder (everything in it), the
/// name of added audio, a pattern (`*` and `?` match within a name, `**` any number of folders), a track id, or
/// "missing". An existing path wins over a pattern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_select(
    index: *const RefrainIndex,
    chosen: *const c_char,
    callback: RefrainPathCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and a text.
        let (index, chosen) = unsafe { (input::handle(index, "index")?, input::path(chosen, "chosen")?) };
        input::callback(callback)?;
        index::show(index.index.select(&chosen.as_os_str().into())?, callback, user_data)
    })
}
