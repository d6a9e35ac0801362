//! What was played when in a recording.
use std::ffi::{c_char, c_void};

use refrain::{Audio, Ffmpeg, Play, Seconds, TimelineOptions};

use crate::{
    cancel::{self, RefrainCancel},
    code::{RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input, output,
    plays::{RefrainPlay, RefrainTimeline, plain},
    query::{RefrainQueryCallback, Told},
    sized::{self, Growing, given},
    strings::Strings,
};

/// Gets each play once nothing later can change it, in order of the starts, on the calling thread. The play and its texts
/// are valid until the callback returns.
pub type RefrainPlayCallback = Option<unsafe extern "C" fn(play: *const RefrainPlay, user_data: *mut c_void)>;

/// How to make a timeline. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainTimelineOptions {
    /// sizeof (RefrainTimelineOptions), set by the caller.
    pub size: usize,
    /// Leave out plays that are shorter, in seconds; 0 for 3.
    pub min_length: f64,
    /// The minimum score of a play, up to 1; 0 for 0.99.
    pub min_score: f64,
    /// Ends the call early.
    pub cancel: *const RefrainCancel,
    /// Gets the plays while the call goes on.
    pub on_play: RefrainPlayCallback,
    /// Gets the progress.
    pub callback: RefrainQueryCallback,
    /// Passed to both callbacks.
    pub user_data: *mut c_void,
    /// Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
    /// one, or the path of the program.
    pub ffmpeg: *const c_char,
}
// SAFETY: numbers and pointers, the size first.
unsafe impl Growing for RefrainTimelineOptions {
    const NAME: &'static str = "RefrainTimelineOptions";
}

impl RefrainTimelineOptions {
    /// The library's options.
    ///
    /// # Safety
    /// The flag is NULL or a handle. The callback can be called with its data.
    unsafe fn understood(&self) -> Result<TimelineOptions> {
        let min_length = Seconds(input::within("min_length", self.min_length, 0.0, 1e9)?);
        let min_score = input::within("min_score", self.min_score, 0.0, 1.0)? as f32;
        // SAFETY: as promised.
        let token = unsafe { cancel::token(self.cancel) };
        let options = given(TimelineOptions::default(), min_length, TimelineOptions::min_length);
        let options = given(options, min_score, TimelineOptions::min_score).cancel(&token);
        let Some(callback) = self.callback else { return Ok(options) };
        let told = Told(callback, self.user_data);
        Ok(options.on_progress(move |seconds| told.tell(seconds.0)))
    }

    /// Passes a play to the callback.
    fn tell(&self, play: &Play) {
        if let Some(callback) = self.on_play {
            let mut strings = Strings::default();
            let play = RefrainPlay { size: size_of::<RefrainPlay>(), ..plain(play, &mut strings) };
            // SAFETY: the caller's function, called as it is declared.
            unsafe { callback(&play, self.user_data) }
        }
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn make<'a>(
    index: *const RefrainIndex,
    audio: impl FnOnce(&Ffmpeg) -> Result<Audio<'a>>,
    options: *const RefrainTimelineOptions,
    timeline: *mut *mut RefrainTimeline,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a struct and a flag of the caller.
        let (index, place, given, options, ffmpeg) = unsafe {
            let place = output::place(timeline, "timeline")?;
            let (index, given) = (input::handle(index, "index")?, sized::read(options)?);
            (index, place, given, given.understood()?, input::ffmpeg(given.ffmpeg)?)
        };
        let made = index.index.timeline_with(audio(&ffmpeg)?, &options, |play| given.tell(play))?;
        *place = Box::into_raw(Box::new(RefrainTimeline::new(made)));
        Ok(())
    })
}

/// Finds what was played when in an audio file of any length, such as a mix or a day of radio. Memory grows with the
/// plays, not with the length. `options` may be NULL. Free `*timeline` with refrain_timeline_free. It is NULL after a
/// failure. A recording without a play is no failure.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
/// it. Plays that `on_play` got before stay right.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline(
    index: *const RefrainIndex,
    path: *const c_char,
    options: *const RefrainTimelineOptions,
    timeline: *mut *mut RefrainTimeline,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe {
        let audio = |ffmpeg: &Ffmpeg| Ok(Audio::file(input::path(path, "path")?).ffmpeg(ffmpeg));
        make(index, audio, options, timeline)
    }
}

/// Like refrain_timeline, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the
/// timeline and in messages; NULL for "memory".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_memory(
    index: *const RefrainIndex,
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainTimelineOptions,
    timeline: *mut *mut RefrainTimeline,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { make(index, |_| input::memory(bytes.cast(), count, name), options, timeline) }
}

/// Like refrain_timeline, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
/// 768,000), full scale -1 to 1. The library does not copy them. `name` stands for the audio in the timeline; NULL for
/// "samples".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_timeline_samples(
    index: *const RefrainIndex,
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    options: *const RefrainTimelineOptions,
    timeline: *mut *mut RefrainTimeline,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { make(index, |_| input::samples(samples, frames, channels, rate, name), options, timeline) }
}
