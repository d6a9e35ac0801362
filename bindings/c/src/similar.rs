//! Tracks of similar harmony.
use std::{
    ffi::{CString, c_char, c_int},
    ptr,
    sync::OnceLock,
};

use refrain::{Similar, SimilarTrack, report::json};

use crate::{
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// Tracks of similar harmony. Any number of threads may read one at once. It owns the texts and lists that it returns; they
/// are valid until it is freed, also after the index is closed.
pub struct RefrainSimilar {
    /// The texts and lists that the plain structs point to.
    _strings: Strings,
    query: *const c_char,
    tracks: Vec<RefrainSimilarTrack>,
    found: Similar,
    json: OnceLock<CString>,
}

/// A track of similar harmony. Paths are as the system has them, other texts UTF-8. Absent values are NULL or 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainSimilarTrack {
    /// sizeof (RefrainSimilarTrack), set by the caller.
    pub size: usize,
    /// The track's file, absolute: the first that is not missing. Or the name that it was added under.
    pub path: *const c_char,
    /// The track's id in the index.
    pub id: u32,
    /// How similar it is, 0 to 1. This is no probability.
    pub score: f64,
    /// The length of the track.
    pub seconds: f64,
    /// The title of the track.
    pub title: *const c_char,
    /// Who performs it.
    pub artist: *const c_char,
    /// Further artists, in the order of the tag.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
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
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainSimilarTrack {
    const NAME: &'static str = "RefrainSimilarTrack";
}

impl RefrainSimilar {
    /// What the library has found.
    pub fn new(found: Similar) -> Self {
        let mut strings = Strings::default();
        Self {
            query: strings.path(&found.query),
            tracks: found.similar.iter().map(|track| plain(track, &mut strings)).collect(),
            _strings: strings,
            found,
            json: OnceLock::new(),
        }
    }
}

/// A track as C has it. `size` is 0.
fn plain(track: &SimilarTrack, strings: &mut Strings) -> RefrainSimilarTrack {
    let tags = &track.tags;
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    RefrainSimilarTrack {
        size: 0,
        path: strings.path(&track.path),
        id: track.id.0,
        score: track.score,
        seconds: track.duration.0,
        title: strings.optional(tags.title.as_ref()),
        artist: strings.optional(tags.artist.as_ref()),
        other_artist_count: artists.len(),
        other_artists: strings.list(artists),
        album: strings.optional(tags.album.as_ref()),
        track_number: tags.track_number.unwrap_or(0),
        disc_number: tags.disc_number.unwrap_or(0),
        recording_mbid: strings.optional(tags.recording_mbid.as_ref()),
        release_mbid: strings.optional(tags.release_mbid.as_ref()),
        acoustid: strings.optional(tags.acoustid.as_ref()),
    }
}

/// # Safety
/// NULL, or a handle that nobody frees meanwhile.
unsafe fn handle<'a>(similar: *const RefrainSimilar) -> Result<&'a RefrainSimilar> {
    // SAFETY: as promised.
    unsafe { input::handle(similar, "similar") }
}

/// Returns the path of the track that was asked about. NULL if `similar` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_query(similar: *const RefrainSimilar) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { handle(similar) }?.query))
}

/// Returns the number of tracks. 0 if `similar` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_count(similar: *const RefrainSimilar) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(similar) }?.tracks.len()))
}

/// Fills `track` with track `n`; 0 is the most similar one. The handle owns its texts and lists.
///
/// REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_similar_count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_get(
    similar: *const RefrainSimilar,
    n: usize,
    track: *mut RefrainSimilarTrack,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let tracks = &unsafe { handle(similar) }?.tracks;
        let none = || Failure::argument(format!("there is no similar track {n}, there are {}", tracks.len()));
        // SAFETY: a struct of the caller.
        unsafe { sized::write(track, tracks.get(n).ok_or_else(none)?) }
    })
}

/// Returns 1 if the index has tracks that an older refrain added, else 0. They were not compared; refrain_rebuild includes them.
/// 0 if `similar` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_incomplete(similar: *const RefrainSimilar) -> c_int {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(similar) }?.found.incomplete.into()))
}

/// Returns the tracks as one JSON document, as `refrain similar --json` prints it. NULL if `similar` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_json(similar: *const RefrainSimilar) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let RefrainSimilar { found, json: text, .. } = unsafe { handle(similar) }?;
        Ok(text.get_or_init(|| c_string(json(&found.query, &Ok(found.clone())))).as_ptr())
    })
}

/// Frees the tracks with all texts and lists that they returned. Does nothing if `similar` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_similar_free(similar: *mut RefrainSimilar) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(similar) }
}
