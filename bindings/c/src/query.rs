//! Identifying audio.
use std::{
    ffi::{c_char, c_int, c_void},
    path::Path,
};

use refrain::{Answer, Audio, Ffmpeg, Index, QueryOptions, Range, TrackId};

use crate::{
    answer::RefrainAnswer,
    cancel::{self, RefrainCancel},
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input, output,
    sized::{self, Growing, given},
};

/// Gets how much of the audio was looked up, in seconds, on the calling thread: after each minute or so of a query, every
/// few seconds of a timeline.
pub type RefrainQueryCallback = Option<unsafe extern "C" fn(seconds: f64, user_data: *mut c_void)>;

/// Gets the answers of refrain_query_all one after the other, on the calling thread, in the order of the paths. The
/// answer is valid until the callback returns; do not free it. refrain_answer_error says whether the clip could be read.
pub type RefrainAnswerCallback =
    Option<unsafe extern "C" fn(answer: *const RefrainAnswer, user_data: *mut c_void)>;

/// How to query. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainQueryOptions {
    /// sizeof (RefrainQueryOptions), set by the caller.
    pub size: usize,
    /// The maximum number of matches; 0 for 10.
    pub top: usize,
    /// The minimum score of a match, up to 1; 0 for 0.9.
    pub least_score: f64,
    /// How many semitones the audio may be higher or lower, up to 6; 0 for 6.
    pub semitones: f64,
    /// The slowest speed of the audio relative to the track, 0.5 to 1; 0 for 0.75.
    pub slowest: f64,
    /// The fastest speed, 1 to 2; 0 for 4/3.
    pub fastest: f64,
    /// Not 0: look for the audio as it is, at no other pitch or speed.
    pub fast: c_int,
    /// Not 0: compare with every window instead of using the neighbour index.
    pub exact: c_int,
    /// Not 0: also keep the best places, matches or not, for refrain_answer_candidate.
    pub explain: c_int,
    /// Ends the call early.
    pub cancel: *const RefrainCancel,
    /// Clips that refrain_query_all answers at a time; 0 for one per core.
    pub threads: usize,
    /// Gets the progress of a query of one clip.
    pub callback: RefrainQueryCallback,
    /// Passed to the callback.
    pub user_data: *mut c_void,
    /// Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
    /// one, or the path of the program.
    pub ffmpeg: *const c_char,
}
// SAFETY: numbers and pointers, the size first.
unsafe impl Growing for RefrainQueryOptions {
    const NAME: &'static str = "RefrainQueryOptions";
}

/// The callback and its data as the library needs them: callable from any thread.
pub(crate) struct Told(pub unsafe extern "C" fn(f64, *mut c_void), pub *mut c_void);
// SAFETY: a query of one clip and a timeline call it on the thread of the caller only, while the call lasts.
unsafe impl Send for Told {}
// SAFETY: likewise.
unsafe impl Sync for Told {}

impl Told {
    pub fn tell(&self, seconds: f64) {
        // SAFETY: the caller's function, called as it is declared.
        unsafe { (self.0)(seconds, self.1) }
    }
}

impl RefrainQueryOptions {
    /// The library's options, without the callback.
    ///
    /// # Safety
    /// The flag is NULL or a handle.
    pub(crate) unsafe fn understood(&self) -> Result<QueryOptions> {
        let mut range = Range::default();
        range = given(range, input::within("semitones", self.semitones, 0.0, 6.0)?, Range::semitones);
        range = given(range, input::within("slowest", self.slowest, 0.5, 1.0)?, Range::slowest);
        range = given(range, input::within("fastest", self.fastest, 1.0, 2.0)?, Range::fastest);
        let min_score = input::within("least_score", self.least_score, 0.0, 1.0)? as f32;
        // SAFETY: as promised.
        let token = unsafe { cancel::token(self.cancel) };
        let options = given(QueryOptions::default(), min_score, QueryOptions::min_score)
            .exact(self.exact != 0)
            .explain(self.explain != 0)
            .range(if self.fast != 0 { Range::PLAIN } else { range })
            .threads(Some(self.threads).filter(|&threads| threads > 0))
            .cancel(&token);
        Ok(given(options, self.top, QueryOptions::top))
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn query(
    index: *const RefrainIndex,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
    ask: impl FnOnce(&Index, &QueryOptions, &Ffmpeg) -> Result<Answer>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a struct and a flag of the caller.
        let (index, place, options, ffmpeg) = unsafe {
            let place = output::place(answer, "answer")?;
            let (index, given) = (input::handle(index, "index")?, sized::read(options)?);
            let options = given.understood()?;
            let told = given.callback.map(|callback| Told(callback, given.user_data));
            let options = told.into_iter().fold(options, |o, told| o.on_progress(move |s| told.tell(s.0)));
            (index, place, options, input::ffmpeg(given.ffmpeg)?)
        };
        let answer = ask(&index.index, &options, &ffmpeg)?;
        let name = answer.query.clone();
        *place = Box::into_raw(Box::new(RefrainAnswer::new(&name, Ok(answer))));
        Ok(())
    })
}

/// Identifies the recordings that an audio file comes from. `options` may be NULL. Free `*answer` with
/// refrain_answer_free. It is NULL after a failure. An answer without a match is no failure.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query(
    index: *const RefrainIndex,
    path: *const c_char,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    let ask = |index: &Index, options: &QueryOptions, ffmpeg: &Ffmpeg| {
        // SAFETY: a text of the caller.
        let path = unsafe { input::path(path, "path") }?;
        Ok(index.query_with(Audio::file(path).ffmpeg(ffmpeg), options)?)
    };
    // SAFETY: as the header says.
    unsafe { query(index, options, answer, ask) }
}

/// Like refrain_query, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the answer
/// and in messages; NULL for "memory".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query_memory(
    index: *const RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    let ask = |index: &Index, options: &QueryOptions, _: &Ffmpeg| {
        // SAFETY: bytes and a text of the caller.
        Ok(index.query_with(unsafe { input::memory(bytes.cast(), count, name) }?, options)?)
    };
    // SAFETY: as the header says.
    unsafe { query(index, options, answer, ask) }
}

/// Like refrain_query, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
/// 768,000), full scale -1 to 1. The library does not copy them. It takes the mean of the channels. A sample that is not
/// a number, or over a million, counts as silence. `name` stands for the audio in the answer; NULL for "samples".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query_samples(
    index: *const RefrainIndex,
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    let ask = |index: &Index, options: &QueryOptions, _: &Ffmpeg| {
        // SAFETY: samples and a text of the caller.
        Ok(index.query_with(unsafe { input::samples(samples, frames, channels, rate, name) }?, options)?)
    };
    // SAFETY: as the header says.
    unsafe { query(index, options, answer, ask) }
}

/// Finds the other tracks of the index that sound like the track with this id: copies, edits, and tracks that sample it.
/// Reads no audio. Looks for the track at its own pitch and speed; the track is no match of itself. Otherwise like
/// refrain_query.
///
/// REFRAIN_ERROR_ARGUMENT if there is no track with this id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query_track(
    index: *const RefrainIndex,
    id: u32,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    let ask = |index: &Index, options: &QueryOptions, _: &Ffmpeg| {
        let answer = index.query_track(TrackId(id), options)?;
        answer.ok_or_else(|| Failure::argument(format!("there is no track {id}")))
    };
    // SAFETY: as the header says.
    unsafe { query(index, options, answer, ask) }
}

/// Identifies many clips on several threads and passes each answer to `callback`, in the order of the paths, on the
/// calling thread. A clip that cannot be read gets an answer too: refrain_answer_error says why. `options` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query_all(
    index: *const RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    options: *const RefrainQueryOptions,
    callback: RefrainAnswerCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, a list, a struct and a flag of the caller.
        let (index, paths, options, ffmpeg) = unsafe {
            let (index, given) = (input::handle(index, "index")?, sized::read(options)?);
            let paths = input::paths(paths, path_count)?;
            (index, paths, given.understood()?, input::ffmpeg(given.ffmpeg)?)
        };
        let callback = input::callback(callback)?;
        let each = |name: &Path, outcome: refrain::Result<Answer>| {
            // SAFETY: the caller's function, called as it is declared.
            unsafe { callback(&RefrainAnswer::new(name, outcome), user_data) };
            Ok(())
        };
        let clips = paths.into_iter().map(|path| Audio::file(path).ffmpeg(&ffmpeg));
        Ok(index.index.query_all(clips, &options, each)?)
    })
}
