//! Asking where audio comes from.
use std::ffi::{c_char, c_int, c_void};

use refrain::{Audio, MIN_SCORE, QueryOptions, Range};

use crate::{
    answer::RefrainAnswer,
    cancel::RefrainCancel,
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
};

/// How to query. What is 0 or NULL is as if it were not there.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainQueryOptions {
    /// sizeof (RefrainQueryOptions), set by the caller.
    pub size: usize,
    /// The most matches to give; 0 for 10.
    pub top: usize,
    /// The least score that counts as a match, up to 1; 0 for 0.9.
    pub least_score: f64,
    /// How many semitones the audio may be higher or lower, up to 6; 0 for 6.
    pub semitones: f64,
    /// The least speed of the audio over the track's, 0.5 to 1; 0 for 0.75.
    pub slowest: f64,
    /// The greatest speed, 1 to 2; 0 for 4/3.
    pub fastest: f64,
    /// Not 0: look for the audio as it is only, at no other pitch or speed.
    pub fast: c_int,
    /// Not 0: compare with every window instead of using the neighbour index.
    pub exact: c_int,
    /// Not 0: also keep the best places that were looked at, for refrain_answer_candidate.
    pub explain: c_int,
    /// Ends the call early; it is looked at after every few seconds of audio.
    pub cancel: *const RefrainCancel,
}
// SAFETY: numbers and a pointer, the size first.
unsafe impl Growing for RefrainQueryOptions {
    const NAME: &'static str = "RefrainQueryOptions";
}

impl RefrainQueryOptions {
    fn understood(&self) -> Result<QueryOptions> {
        let within = |name: &str, value: f64, least: f64, most: f64, default: f64| {
            if value == 0.0 {
                Ok(default)
            } else if (least..=most).contains(&value) {
                Ok(value)
            } else {
                Err(Failure::argument(format!("{name} is {value}, not {least} to {most}")))
            }
        };
        let usual = Range::default();
        let range = Range {
            semitones: within("semitones", self.semitones, 0.0, 6.0, usual.semitones)?,
            slowest: within("slowest", self.slowest, 0.5, 1.0, usual.slowest)?,
            fastest: within("fastest", self.fastest, 1.0, 2.0, usual.fastest)?,
        };
        let least_score = within("least_score", self.least_score, 0.0, 1.0, f64::from(MIN_SCORE))?;
        let options = QueryOptions::default()
            .least_score(least_score as f32)
            .exact(self.exact != 0)
            .explain(self.explain != 0)
            .range(if self.fast != 0 { Range::PLAIN } else { range });
        Ok(if self.top > 0 { options.top(self.top) } else { options })
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn query<'a>(
    index: *const RefrainIndex,
    audio: impl FnOnce() -> Result<Audio<'a>>,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, and a struct of the caller.
        let (index, options, place) = unsafe {
            let place = input::place(answer, "answer")?;
            (input::handle(index, "index")?, sized::read(options)?, place)
        };
        // SAFETY: a flag of the caller.
        let cancel = unsafe { input::cancel(options.cancel) };
        let told = index.index.query_until(audio()?, &options.understood()?, &cancel)?;
        *place = RefrainAnswer::new(told);
        Ok(())
    })
}

/// Answers what recordings an audio file comes from, or is. `options` may be NULL. `*answer` is to be freed with
/// refrain_answer_free; it is NULL after a failure. No match is no failure.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where the audio cannot be used, REFRAIN_ERROR_INTERRUPTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query(
    index: *const RefrainIndex,
    path: *const c_char,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { query(index, || input::path(path, "path").map(Into::into), options, answer) }
}

/// As refrain_query, of an audio file that is in memory: `count` bytes, of any format that is known. `name` is what it is
/// called in the answer and in messages; NULL for "memory".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_query_memory(
    index: *const RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainQueryOptions,
    answer: *mut *mut RefrainAnswer,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { query(index, || input::memory(bytes.cast(), count, name), options, answer) }
}

/// As refrain_query, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000), full
/// scale being -1 to 1. They are read where they are. The mean of the channels is taken; what is no number, or over a
/// million, counts as silence. `name` is what it is called; NULL for "samples".
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
    // SAFETY: as the header says.
    unsafe { query(index, || input::samples(samples, frames, channels, rate, name), options, answer) }
}
