//! Timelines and their plays.
use std::{
    ffi::{CString, c_char, c_int},
    ptr,
    sync::OnceLock,
};

use refrain::{Play, Seconds, Timeline, report::json};

use crate::{
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// What was played when in a recording. Any number of threads may read one at once. It owns the texts and lists that it
/// returns; they are valid until it is freed, also after the index is closed.
pub struct RefrainTimeline {
    /// The texts and lists that the plain structs point to.
    _strings: Strings,
    file: *const c_char,
    plays: Vec<RefrainPlay>,
    unknown: Vec<RefrainStretch>,
    silent: Vec<RefrainStretch>,
    overlap: Vec<RefrainStretch>,
    warnings: Vec<*const c_char>,
    timeline: Timeline,
    json: OnceLock<CString>,
}

/// A track that was played in a recording. Paths are as the system has them, other texts UTF-8. Absent values are NULL
/// or 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainPlay {
    /// sizeof (RefrainPlay), set by the caller.
    pub size: usize,
    /// Where it starts in the recording, in seconds.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The track's file, absolute: the first that is not missing. Or the name that it was added under.
    pub path: *const c_char,
    /// Where the play begins in the track, in seconds.
    pub ref_start: f64,
    /// Where it ends.
    pub ref_end: f64,
    /// The speed of the recording relative to the track: 1.05 if it was played 5 % faster.
    pub tempo: f64,
    /// How many semitones higher than the track it was played.
    pub pitch: f64,
    /// The probability that the play is right, 0 to 1.
    pub score: f64,
    /// The track's id in the index.
    pub id: u32,
    /// Other files of the same content that are not missing.
    pub also_paths: *const *const c_char,
    /// How many.
    pub also_path_count: usize,
    /// The files of other tracks that hold the same recording, in order of paths.
    pub copies: *const *const c_char,
    /// How many.
    pub copy_count: usize,
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
    /// Further artists, in the order of the tag.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
    /// 1 if all its files were missing at the last update.
    pub missing: c_int,
    /// The index file that has the track, if the handle has several.
    pub shard: *const c_char,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainPlay {
    const NAME: &'static str = "RefrainPlay";
}

/// A part of a recording, in seconds. This struct will not grow.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainStretch {
    /// Where it starts.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
}

impl RefrainTimeline {
    /// The timeline that the library has made.
    pub fn new(timeline: Timeline) -> Self {
        let mut strings = Strings::default();
        let stretches = |all: &[(Seconds, Seconds)]| {
            all.iter().map(|(start, end)| RefrainStretch { start: start.0, end: end.0 }).collect()
        };
        Self {
            file: strings.path(&timeline.file),
            plays: timeline.plays.iter().map(|play| plain(play, &mut strings)).collect(),
            unknown: stretches(&timeline.unknown),
            silent: stretches(&timeline.silent),
            overlap: stretches(&timeline.overlap),
            warnings: timeline.warnings.iter().map(|warning| strings.text(warning)).collect(),
            _strings: strings,
            timeline,
            json: OnceLock::new(),
        }
    }
}

/// A play as C has it. `size` is 0.
pub(crate) fn plain(play: &Play, strings: &mut Strings) -> RefrainPlay {
    let also: Vec<_> = play.also_paths.iter().map(|path| strings.path(path)).collect();
    let copies: Vec<_> = play.copies.iter().map(|path| strings.path(path)).collect();
    let tags = &play.tags;
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    RefrainPlay {
        size: 0,
        start: play.start.0,
        end: play.end.0,
        path: strings.path(&play.path),
        ref_start: play.ref_start.0,
        ref_end: play.ref_end.0,
        tempo: play.tempo,
        pitch: play.pitch,
        score: play.score,
        id: play.id.0,
        also_path_count: also.len(),
        also_paths: strings.list(also),
        copy_count: copies.len(),
        copies: strings.list(copies),
        title: strings.optional(tags.title.as_ref()),
        artist: strings.optional(tags.artist.as_ref()),
        album: strings.optional(tags.album.as_ref()),
        track_number: tags.track_number.unwrap_or(0),
        disc_number: tags.disc_number.unwrap_or(0),
        recording_mbid: strings.optional(tags.recording_mbid.as_ref()),
        release_mbid: strings.optional(tags.release_mbid.as_ref()),
        acoustid: strings.optional(tags.acoustid.as_ref()),
        other_artist_count: artists.len(),
        other_artists: strings.list(artists),
        missing: play.missing.into(),
        shard: play.shard.as_deref().map_or(ptr::null(), |shard| strings.path(shard)),
    }
}

/// # Safety
/// NULL, or a handle that nobody frees meanwhile.
unsafe fn handle<'a>(timeline: *const RefrainTimeline) -> Result<&'a RefrainTimeline> {
    // SAFETY: as promised.
    unsafe { input::handle(timeline, "timeline") }
}

/// Returns the recording as it was named. NULL if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_file(timeline: *const RefrainTimeline) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { handle(timeline) }?.file))
}

/// Returns the length of the recording in seconds. 0 if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_duration(timeline: *const RefrainTimeline) -> f64 {
    // SAFETY: a handle.
    guard_or(0.0, || Ok(unsafe { handle(timeline) }?.timeline.duration.0))
}

/// Returns the number of plays. 0 if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_count(timeline: *const RefrainTimeline) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(timeline) }?.plays.len()))
}

/// Fills `play` with play `n`, from 0, in order of the starts. Two plays overlap where two tracks are heard at once. The
/// timeline owns its texts and lists.
///
/// REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_timeline_count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_play(
    timeline: *const RefrainTimeline,
    n: usize,
    play: *mut RefrainPlay,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let plays = &unsafe { handle(timeline) }?.plays;
        let none = || Failure::argument(format!("there is no play {n}, there are {}", plays.len()));
        // SAFETY: a struct of the caller.
        unsafe { sized::write(play, plays.get(n).ok_or_else(none)?) }
    })
}

/// # Safety
/// As of the arguments in the header.
unsafe fn stretches(
    timeline: *const RefrainTimeline,
    count: *mut usize,
    of: impl FnOnce(&RefrainTimeline) -> &[RefrainStretch],
) -> *const RefrainStretch {
    guard_or(ptr::null(), || {
        if count.is_null() {
            return Err(Failure::argument("count is NULL"));
        }
        // SAFETY: room for a number, and a handle.
        let found = unsafe {
            count.write(0);
            let found = of(handle(timeline)?);
            count.write(found.len());
            found
        };
        Ok(if found.is_empty() { ptr::null() } else { found.as_ptr() })
    })
}

/// Returns the stretches that have sound but no known track, in order, and puts their number into `*count`. Stretches of
/// less than 2 s are left out. NULL if there are none, or if an argument is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_unknown(
    timeline: *const RefrainTimeline,
    count: *mut usize,
) -> *const RefrainStretch {
    // SAFETY: as the header says.
    unsafe { stretches(timeline, count, |timeline| &timeline.unknown) }
}

/// Like refrain_timeline_unknown, for stretches without sound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_silent(
    timeline: *const RefrainTimeline,
    count: *mut usize,
) -> *const RefrainStretch {
    // SAFETY: as the header says.
    unsafe { stretches(timeline, count, |timeline| &timeline.silent) }
}

/// Like refrain_timeline_unknown, for stretches of any length in which two plays are heard at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_overlap(
    timeline: *const RefrainTimeline,
    count: *mut usize,
) -> *const RefrainStretch {
    // SAFETY: as the header says.
    unsafe { stretches(timeline, count, |timeline| &timeline.overlap) }
}

/// Returns how many things were wrong with the recording: damage, and what was done about it. 0 if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_warning_count(timeline: *const RefrainTimeline) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { handle(timeline) }?.warnings.len()))
}

/// Returns warning `n`, from 0, or NULL if there are not as many. NULL if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_warning(
    timeline: *const RefrainTimeline,
    n: usize,
) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { handle(timeline) }?.warnings.get(n).copied().unwrap_or(ptr::null())))
}

/// Returns the timeline as one JSON document, as `refrain timeline --json` prints it. NULL if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_json(timeline: *const RefrainTimeline) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let RefrainTimeline { timeline, json: text, .. } = unsafe { handle(timeline) }?;
        Ok(text.get_or_init(|| c_string(json(&timeline.file, &Ok(timeline.clone())))).as_ptr())
    })
}

/// Frees a timeline with all texts and lists that it returned. Does nothing if `timeline` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_free(timeline: *mut RefrainTimeline) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(timeline) }
}
