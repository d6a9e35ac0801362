//! The versions of a piece.
use std::{
    ffi::{CString, c_char, c_int},
    ptr,
    sync::OnceLock,
};

use refrain::{Version, Versions, report::json};

use crate::{
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// The versions of a piece. Any number of threads may read one at once. It owns the texts and lists that it returns; they
/// are valid until it is freed, also after the index is closed.
pub struct RefrainVersions {
    /// The texts and lists that the plain structs point to.
    _strings: Strings,
    /// The alignments that they point to.
    _places: Vec<Vec<RefrainPlace>>,
    query: *const c_char,
    versions: Vec<RefrainVersion>,
    warnings: Vec<*const c_char>,
    found: Versions,
    json: OnceLock<CString>,
}

/// A place of a piece in two performances, in seconds. This struct will not grow.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainPlace {
    /// Where it is in the audio that was asked about.
    pub query: f64,
    /// Where it is in the track.
    pub track: f64,
}

/// A track that is another performance of a piece. Paths are as the system has them, other texts UTF-8. Absent values are NULL
/// or 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainVersion {
    /// sizeof (RefrainVersion), set by the caller.
    pub size: usize,
    /// The track's file, absolute: the first that is not missing. Or the name that it was added under.
    pub path: *const c_char,
    /// Other files of the same content that are not missing.
    pub also_paths: *const *const c_char,
    /// How many.
    pub also_path_count: usize,
    /// The track's id in the index.
    pub id: u32,
    /// 1 if all its files were missing at the last update.
    pub missing: c_int,
    /// 1 if it is the same recording rather than another performance. Only if the option `copies` was set.
    pub same_recording: c_int,
    /// The probability that it is a version, 0 to 1.
    pub score: f64,
    /// How many semitones the audio is higher than the track, -5 to 6. Octaves do not count.
    pub transposition: i32,
    /// The speed of the audio relative to the track: 1.05 if the audio is 5 % faster.
    pub tempo: f64,
    /// Places that are the same in the piece, ascending.
    pub alignment: *const RefrainPlace,
    /// How many.
    pub alignment_count: usize,
    /// How much more than by chance the melodies agree, summed along the alignment.
    pub evidence: f64,
    /// The evidence that chance reaches.
    pub chance: f64,
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
unsafe impl Growing for RefrainVersion {
    const NAME: &'static str = "RefrainVersion";
}

impl RefrainVersions {
    /// What the library has found.
    pub fn new(found: Versions) -> Self {
        let mut strings = Strings::default();
        let places: Vec<Vec<RefrainPlace>> = found.versions.iter().map(alignment).collect();
        let versions = found.versions.iter().zip(&places);
        Self {
            query: strings.path(&found.query),
            versions: versions.map(|(version, places)| plain(version, places, &mut strings)).collect(),
            warnings: found.warnings.iter().map(|warning| strings.text(warning)).collect(),
            _strings: strings,
            _places: places,
            found,
            json: OnceLock::new(),
        }
    }
}

fn alignment(version: &Version) -> Vec<RefrainPlace> {
    version.alignment.iter().map(|[query, track]| RefrainPlace { query: query.0, track: track.0 }).collect()
}

/// A version as C has it. `size` is 0.
fn plain(version: &Version, places: &[RefrainPlace], strings: &mut Strings) -> RefrainVersion {
    let also: Vec<_> = version.also_paths.iter().map(|path| strings.path(path)).collect();
    let tags = &version.tags;
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    RefrainVersion {
        size: 0,
        path: strings.path(&version.path),
        also_path_count: also.len(),
        also_paths: strings.list(also),
        id: version.id.0,
        missing: version.missing.into(),
        same_recording: version.same_recording.into(),
        score: version.score,
        transposition: version.transposition,
        tempo: version.tempo,
        alignment: if places.is_empty() { ptr::null() } else { places.as_ptr() },
        alignment_count: places.len(),
        evidence: version.evidence,
        chance: version.chance,
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
unsafe fn handle<'a>(versions: *const RefrainVersions) -> Result<&'a RefrainVersions> {
    // SAFETY: as promised.
    unsafe { input::handle(versions, "versions") }
}

/// Returns the audio as it was named, or the path of the track. NULL if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_query(versions: *const RefrainVersions) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { handle(versions) }?.query))
}

/// Returns the length of the audio or the track in seconds. 0 if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_duration(versions: *const RefrainVersions) -> f64 {
    // SAFETY: a handle.
    guard_or(0.0, || Ok(unsafe { handle(versions) }?.found.duration.0))
}

/// Returns the number of versions. 0 if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_count(versions: *const RefrainVersions) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(versions) }?.versions.len()))
}

/// Fills `version` with version `n`; 0 is the surest one. The handle owns its texts and lists.
///
/// REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_versions_count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_get(
    versions: *const RefrainVersions,
    n: usize,
    version: *mut RefrainVersion,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let versions = &unsafe { handle(versions) }?.versions;
        let none = || Failure::argument(format!("there is no version {n}, there are {}", versions.len()));
        // SAFETY: a struct of the caller.
        unsafe { sized::write(version, versions.get(n).ok_or_else(none)?) }
    })
}

/// Returns how many things were wrong with the audio: damage, or that it is silent. 0 if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_warning_count(versions: *const RefrainVersions) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(versions) }?.warnings.len()))
}

/// Returns warning `n`, from 0, or NULL if there are not as many. NULL if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_warning(
    versions: *const RefrainVersions,
    n: usize,
) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { handle(versions) }?.warnings.get(n).copied().unwrap_or(ptr::null())))
}

/// Returns 1 if the index has tracks that an older refrain added, else 0. They were not compared; refrain_rebuild includes them.
/// 0 if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_incomplete(versions: *const RefrainVersions) -> c_int {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(versions) }?.found.incomplete.into()))
}

/// Returns the versions as one JSON document, as `refrain versions --json` prints it. NULL if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_json(versions: *const RefrainVersions) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let RefrainVersions { found, json: text, .. } = unsafe { handle(versions) }?;
        Ok(text.get_or_init(|| c_string(json(&found.query, &Ok(found.clone())))).as_ptr())
    })
}

/// Frees the versions with all texts and lists that they returned. Does nothing if `versions` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_versions_free(versions: *mut RefrainVersions) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(versions) }
}
