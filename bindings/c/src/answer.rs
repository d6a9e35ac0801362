//! Answers to queries.
use std::{
    ffi::{CString, c_char, c_int},
    path::{Path, PathBuf},
    ptr,
    sync::OnceLock,
};

use refrain::{Answer, Match, Status, report::json};

use crate::{
    code::{Failure, RefrainCode},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// The answer to a query. Any number of threads may read one at once. It owns the texts and lists that it returns; they
/// are valid until it is freed, also after the index is closed.
pub struct RefrainAnswer {
    /// The texts and lists that the plain structs point to.
    _strings: Strings,
    query: *const c_char,
    error: *const c_char,
    name: PathBuf,
    outcome: refrain::Result<Answer>,
    matches: Vec<RefrainMatch>,
    candidates: Vec<RefrainMatch>,
    warnings: Vec<*const c_char>,
    json: OnceLock<CString>,
}

/// Whether there is a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum RefrainStatus {
    /// No match has a sufficient score.
    NoMatch = 0,
    /// There is at least one match.
    Match = 1,
    /// The clip could not be read. Only refrain_query_all passes such answers.
    Error = 2,
}

/// A place in a track that sounds like a part of the queried audio. Paths are as the system has them, other texts UTF-8.
/// Absent values are NULL or 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainMatch {
    /// sizeof (RefrainMatch), set by the caller.
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
    /// The probability that the match is right, 0 to 1.
    pub score: f64,
    /// Where the matched part begins in the audio, in seconds.
    pub query_start: f64,
    /// Where it ends.
    pub query_end: f64,
    /// Where the matched part begins in the track, in seconds.
    pub ref_start: f64,
    /// Where it ends.
    pub ref_end: f64,
    /// Where else in the track the same sound begins, in seconds, ascending.
    pub also_at: *const f64,
    /// How many.
    pub also_at_count: usize,
    /// The speed of the audio relative to the track.
    pub tempo: f64,
    /// How many semitones the audio is higher than the track.
    pub pitch: f64,
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
    /// The evidence behind the score: how much more than by chance frames and windows agree, summed over the part.
    pub evidence: f64,
    /// The cosine similarity of audio and track over the part, -1 to 1.
    pub similarity: f64,
    /// The evidence for the runner-up, the best other track.
    pub rival: f64,
    /// How many variants of the audio (other pitches and speeds) were compared before it was found; 1 if it was found as
    /// it is.
    pub variants: u32,
    /// The files of other tracks that hold the same recording, in order of paths.
    pub copies: *const *const c_char,
    /// How many.
    pub copy_count: usize,
    /// Further artists, in the order of the tag.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
    /// The index file that has the track, if the handle has several.
    pub shard: *const c_char,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainMatch {
    const NAME: &'static str = "RefrainMatch";
}

impl RefrainAnswer {
    /// The outcome of the query of the audio called `name`.
    pub fn new(name: &Path, outcome: refrain::Result<Answer>) -> Self {
        let mut strings = Strings::default();
        let mut all = |found: &[Match]| found.iter().map(|found| plain(found, &mut strings)).collect();
        let answer = outcome.as_ref().ok();
        let matches = all(answer.map_or(&[], |answer| &answer.matches));
        let candidates = all(answer.and_then(|answer| answer.candidates.as_deref()).unwrap_or(&[]));
        let warnings = answer.map_or(&[][..], |answer| &answer.warnings);
        let warnings = warnings.iter().map(|warning| strings.text(warning)).collect();
        Self {
            query: strings.path(name),
            error: strings.optional(outcome.as_ref().err().map(ToString::to_string).as_ref()),
            name: name.to_owned(),
            matches,
            candidates,
            warnings,
            json: OnceLock::new(),
            _strings: strings,
            outcome,
        }
    }
}

/// A match as C has it. `size` is 0.
pub(crate) fn plain(found: &Match, strings: &mut Strings) -> RefrainMatch {
    let also: Vec<_> = found.also_paths.iter().map(|path| strings.path(path)).collect();
    let copies: Vec<_> = found.copies.iter().map(|path| strings.path(path)).collect();
    let tags = &found.tags;
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    RefrainMatch {
        size: 0,
        path: strings.path(&found.path),
        also_path_count: also.len(),
        also_paths: strings.list(also),
        id: found.id.0,
        missing: found.missing.into(),
        score: found.score,
        query_start: found.query_start.0,
        query_end: found.query_end.0,
        ref_start: found.ref_start.0,
        ref_end: found.ref_end.0,
        also_at: strings.numbers(found.also_at.iter().map(|at| at.0)),
        also_at_count: found.also_at.len(),
        tempo: found.tempo,
        pitch: found.pitch,
        title: strings.optional(tags.title.as_ref()),
        artist: strings.optional(tags.artist.as_ref()),
        album: strings.optional(tags.album.as_ref()),
        track_number: tags.track_number.unwrap_or(0),
        disc_number: tags.disc_number.unwrap_or(0),
        recording_mbid: strings.optional(tags.recording_mbid.as_ref()),
        release_mbid: strings.optional(tags.release_mbid.as_ref()),
        acoustid: strings.optional(tags.acoustid.as_ref()),
        evidence: found.evidence,
        similarity: found.similarity,
        rival: found.runner_up,
        variants: found.variants,
        copy_count: copies.len(),
        copies: strings.list(copies),
        other_artist_count: artists.len(),
        other_artists: strings.list(artists),
        shard: found.shard.as_deref().map_or(ptr::null(), |shard| strings.path(shard)),
    }
}

/// Returns whether there is a match. REFRAIN_STATUS_NO_MATCH if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_status(answer: *const RefrainAnswer) -> RefrainStatus {
    guard_or(RefrainStatus::NoMatch, || {
        // SAFETY: a handle.
        Ok(match &unsafe { input::handle(answer, "answer") }?.outcome {
            Ok(answer) if answer.status == Status::Match => RefrainStatus::Match,
            Ok(_) => RefrainStatus::NoMatch,
            Err(_) => RefrainStatus::Error,
        })
    })
}

/// Returns the clip as it was named. NULL if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_query(answer: *const RefrainAnswer) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(answer, "answer") }?.query))
}

/// Returns why the clip could not be read, or NULL if it could. Only refrain_query_all passes answers with an error. NULL
/// if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_error(answer: *const RefrainAnswer) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(answer, "answer") }?.error))
}

/// Returns the number of matches. 0 if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_count(answer: *const RefrainAnswer) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(answer, "answer") }?.matches.len()))
}

/// Returns how many places were kept because `explain` was set, matches or not. 0 if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_candidate_count(answer: *const RefrainAnswer) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(answer, "answer") }?.candidates.len()))
}

/// Returns the length of the audio in seconds. 0 if `answer` is NULL or an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_duration(answer: *const RefrainAnswer) -> f64 {
    // SAFETY: a handle.
    guard_or(0.0, || {
        let outcome = &unsafe { input::handle(answer, "answer") }?.outcome;
        Ok(outcome.as_ref().map_or(0.0, |answer| answer.duration.0))
    })
}

/// Returns how many things were wrong with the audio: damage, or that it is silent. 0 if `answer` is NULL or an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_warning_count(answer: *const RefrainAnswer) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(answer, "answer") }?.warnings.len()))
}

/// Returns warning `n`, from 0, or NULL if there are not as many. NULL if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_warning(answer: *const RefrainAnswer, n: usize) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let warnings = &unsafe { input::handle(answer, "answer") }?.warnings;
        Ok(warnings.get(n).copied().unwrap_or(ptr::null()))
    })
}

/// # Safety
/// As of the arguments in the header.
unsafe fn nth(
    answer: *const RefrainAnswer,
    n: usize,
    of: impl FnOnce(&RefrainAnswer) -> &[RefrainMatch],
    found: *mut RefrainMatch,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let places = of(unsafe { input::handle(answer, "answer") }?);
        let none = || Failure::argument(format!("there is no place {n}, there are {}", places.len()));
        // SAFETY: a struct of the caller.
        unsafe { sized::write(found, places.get(n).ok_or_else(none)?) }
    })
}

/// Fills `found` with match `n`; 0 is the best one. The answer owns its texts and lists.
///
/// REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_answer_count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_match(
    answer: *const RefrainAnswer,
    n: usize,
    found: *mut RefrainMatch,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { nth(answer, n, |answer| &answer.matches, found) }
}

/// Like refrain_answer_match, for the places that refrain_answer_candidate_count counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_candidate(
    answer: *const RefrainAnswer,
    n: usize,
    found: *mut RefrainMatch,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { nth(answer, n, |answer| &answer.candidates, found) }
}

/// Returns the answer as one JSON document, as `refrain query --json` prints it. NULL if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_json(answer: *const RefrainAnswer) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let answer = unsafe { input::handle(answer, "answer") }?;
        Ok(answer.json.get_or_init(|| c_string(json(&answer.name, &answer.outcome))).as_ptr())
    })
}

/// Frees an answer with all texts and lists that it returned. Does nothing if `answer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_free(answer: *mut RefrainAnswer) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(answer) }
}
