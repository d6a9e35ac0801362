//! Answers to queries.
use std::{
    ffi::{CString, c_char, c_int},
    ptr,
    sync::OnceLock,
};

use refrain::{Answer, Match, Status};

use crate::{
    code::{Failure, RefrainCode},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// The answer to a query. Any number of threads may read one at once; whatever it gives belongs to it and is there until it
/// is freed, also after the index was closed.
pub struct RefrainAnswer {
    /// What the plain structs point to, together with `answer`.
    _strings: Strings,
    answer: Answer,
    matches: Vec<RefrainMatch>,
    candidates: Vec<RefrainMatch>,
    json: OnceLock<CString>,
}

/// Whether there is a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum RefrainStatus {
    /// None that is sure enough.
    NoMatch = 0,
    /// At least one.
    Match = 1,
}

/// A place of the library that sounds like a part of the audio that was asked for. Texts are UTF-8, but for paths, which
/// are as the system has them; what is not there is NULL or 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainMatch {
    /// sizeof (RefrainMatch), set by the caller.
    pub size: usize,
    /// The track's file, absolute, the first of those that are there; or the name that it was added under.
    pub path: *const c_char,
    /// Other files of the same content that are there.
    pub also_paths: *const *const c_char,
    /// How many.
    pub also_path_count: usize,
    /// The track's id in the index.
    pub id: u32,
    /// 1 where none of its files was there when they were last looked for.
    pub missing: c_int,
    /// The probability that the match is right, 0 to 1.
    pub score: f64,
    /// Where the part of the audio begins that agrees, in seconds.
    pub query_start: f64,
    /// Where it ends.
    pub query_end: f64,
    /// Where the part of the track begins that it agrees with, in seconds.
    pub ref_start: f64,
    /// Where it ends.
    pub ref_end: f64,
    /// Where else in the track the same sound begins, in seconds, ascending.
    pub also_at: *const f64,
    /// How many.
    pub also_at_count: usize,
    /// The speed of the audio over the track's.
    pub tempo: f64,
    /// By how many semitones the audio is higher.
    pub pitch: f64,
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
    /// How much more than chance frames and windows agree, summed over the part.
    pub evidence: f64,
    /// The cosine of audio and track over the part, -1 to 1.
    pub similarity: f64,
    /// The most evidence for another track.
    pub rival: f64,
    /// How many variants of the audio were compared when it was found; 1 where it was found as it is.
    pub variants: u32,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainMatch {
    const NAME: &'static str = "RefrainMatch";
}

impl RefrainAnswer {
    /// On the heap, for C.
    pub fn new(answer: Answer) -> *mut Self {
        let mut strings = Strings::default();
        // The lists of numbers stay where they are when the answer is moved.
        let matches = answer.matches.iter().map(|found| plain(found, &mut strings)).collect();
        let places = answer.candidates.iter().flatten();
        let candidates = places.map(|found| plain(found, &mut strings)).collect();
        let json = OnceLock::new();
        Box::into_raw(Box::new(Self { _strings: strings, answer, matches, candidates, json }))
    }
}

fn plain(found: &Match, strings: &mut Strings) -> RefrainMatch {
    let also: Vec<_> = found.also_paths.iter().map(|path| strings.path(path)).collect();
    let tags = &found.tags;
    RefrainMatch {
        size: 0,
        path: strings.path(&found.path),
        also_path_count: also.len(),
        also_paths: strings.list(also),
        id: found.id,
        missing: found.missing.into(),
        score: found.score,
        query_start: found.query_start,
        query_end: found.query_end,
        ref_start: found.ref_start,
        ref_end: found.ref_end,
        also_at: if found.also_at.is_empty() { ptr::null() } else { found.also_at.as_ptr() },
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
        rival: found.rival,
        variants: found.variants,
    }
}

/// Whether there is a match. Of NULL there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_status(answer: *const RefrainAnswer) -> RefrainStatus {
    guard_or(RefrainStatus::NoMatch, || {
        // SAFETY: a handle.
        let matched = unsafe { input::handle(answer, "answer") }?.answer.status == Status::Match;
        Ok(if matched { RefrainStatus::Match } else { RefrainStatus::NoMatch })
    })
}

/// How many matches there are. Of NULL there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_count(answer: *const RefrainAnswer) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(answer, "answer") }?.matches.len()))
}

/// How many places were kept because `explain` was set, whether they count as a match or not. Of NULL there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_candidate_count(answer: *const RefrainAnswer) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(answer, "answer") }?.candidates.len()))
}

/// The length of the audio in seconds. Of NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_duration(answer: *const RefrainAnswer) -> f64 {
    // SAFETY: a handle.
    guard_or(0.0, || Ok(unsafe { input::handle(answer, "answer") }?.answer.duration.unwrap_or(0.0)))
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

/// Fills `found` with match `n`, the surest being 0. What it points to belongs to the answer.
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

/// As refrain_answer_match, of the places that refrain_answer_candidate_count counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_candidate(
    answer: *const RefrainAnswer,
    n: usize,
    found: *mut RefrainMatch,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { nth(answer, n, |answer| &answer.candidates, found) }
}

/// The answer as one JSON document, as `refrain query --json` prints it. NULL of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_json(answer: *const RefrainAnswer) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let answer = unsafe { input::handle(answer, "answer") }?;
        Ok(answer.json.get_or_init(|| c_string(answer.answer.to_json())).as_ptr())
    })
}

/// Frees an answer and all that it gave. Of NULL it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_answer_free(answer: *mut RefrainAnswer) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(answer) }
}
