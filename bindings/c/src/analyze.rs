//! Harmonic analysis of files.
use std::{
    ffi::{CString, c_char, c_int, c_void},
    ptr,
    sync::OnceLock,
};

use refrain::{AnalyzeEvent, AnalyzeOptions, Audio, FindOptions, HarmonicAnalysis, HarmonicFigures};

use crate::{
    cancel::RefrainCancel,
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// The harmonic analysis of a file. Any number of threads may read one at once; whatever it gives belongs to it and is there
/// until it is freed.
pub struct RefrainAnalysis {
    /// What the plain struct points to.
    _strings: Strings,
    path: *const c_char,
    error: *const c_char,
    figures: Option<RefrainFigures>,
    analysis: HarmonicAnalysis,
    json: OnceLock<CString>,
}

/// How to analyse, and what to write besides. What is 0 or NULL is as if it were not there. Outputs are files where one file
/// is analysed; where several are, they are folders.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAnalyzeOptions {
    /// sizeof (RefrainAnalyzeOptions), set by the caller.
    pub size: usize,
    /// Threads; 0 for as many as there are cores. The figures do not depend on it.
    pub threads: usize,
    /// How many folders deep to go; 0 for any depth.
    pub max_depth: usize,
    /// Not 0: do not follow symbolic links.
    pub no_follow: c_int,
    /// Not 0: take hidden files and folders too.
    pub hidden: c_int,
    /// Where to write all frames as NumPy arrays (.npz).
    pub frames: *const c_char,
    /// Where to write the harmonic part (.wav).
    pub harmonic: *const c_char,
    /// Where to write the percussive part (.wav).
    pub percussive: *const c_char,
    /// Where to write a picture (.svg or .png).
    pub plot: *const c_char,
    /// Ends refrain_analyze_all early.
    pub cancel: *const RefrainCancel,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainAnalyzeOptions {
    const NAME: &'static str = "RefrainAnalyzeOptions";
}

/// Figures about the harmony of a file. A number that is not there, as of silence, is NaN; a text is NULL.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainFigures {
    /// sizeof (RefrainFigures), set by the caller.
    pub size: usize,
    /// The length in seconds.
    pub duration: f64,
    /// The file's sample rate in hertz; 0 where there is no audio in it.
    pub sample_rate: u32,
    /// The file's channels.
    pub channels: u32,
    /// Frames of the analysis, one every 512 samples at 22,050 Hz.
    pub frames: u64,
    /// By what part of a semitone the music is higher than A4 = 440 Hz, -0.5 to 0.49.
    pub tuning: f64,
    /// The key, "A minor".
    pub key: *const c_char,
    /// "major" or "minor".
    pub mode: *const c_char,
    /// How like the key's profile the pitch classes are, -1 to 1.
    pub key_correlation: f64,
    /// How far the second key is behind, 0 to 1.
    pub key_confidence: f64,
    /// The key that comes second.
    pub key_second: *const c_char,
    /// The level of the harmonic part over that of the harmonic and the percussive one, 0 to 1.
    pub harmonic_ratio: f64,
    /// The share of frames that have a pitch, 0 to 1.
    pub voiced: f64,
    /// The median pitch of those in hertz.
    pub pitch: f64,
    /// The note nearest to it, "A4".
    pub pitch_note: *const c_char,
    /// How many cents it is above that note, -50 to 50.
    pub pitch_cents: f64,
    /// The share of steps between neighbouring frames with a pitch that are at most 50 cents, 0 to 1.
    pub pitch_stability: f64,
    /// The mean of each pitch class, C first, over frames divided by their largest value, 0 to 1.
    pub chroma: [f32; 12],
    /// The mean of each pitch class's magnitudes, which follows the loudness.
    pub chroma_energy: [f32; 12],
    /// How evenly the energy is spread over the pitch classes, 0 to 1.
    pub chroma_entropy: f64,
    /// What was wrong with the file, and could be got over.
    pub warnings: *const *const c_char,
    /// How many.
    pub warning_count: usize,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainFigures {
    const NAME: &'static str = "RefrainFigures";
}

/// What refrain_analyze_all did.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAnalyzeSummary {
    /// sizeof (RefrainAnalyzeSummary), set by the caller.
    pub size: usize,
    /// Files that were analysed.
    pub analysed: u64,
    /// Files and folders that could not be.
    pub failed: u64,
    /// How long those play that were analysed.
    pub seconds: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainAnalyzeSummary {
    const NAME: &'static str = "RefrainAnalyzeSummary";
}

/// A callback that is given the outcome of each file, on the thread that called, in the order of the paths. The analysis is
/// there until it returns, and not to be freed.
pub type RefrainAnalysisCallback =
    Option<unsafe extern "C" fn(analysis: *const RefrainAnalysis, user_data: *mut c_void)>;

impl RefrainAnalysis {
    fn new(analysis: HarmonicAnalysis) -> Self {
        let mut strings = Strings::default();
        Self {
            path: strings.path(&analysis.path),
            error: strings.optional(analysis.error.as_ref()),
            figures: analysis.figures.as_ref().map(|figures| plain(figures, &mut strings)),
            _strings: strings,
            analysis,
            json: OnceLock::new(),
        }
    }
}

fn plain(f: &HarmonicFigures, strings: &mut Strings) -> RefrainFigures {
    let warnings: Vec<_> = f.warnings.iter().map(|warning| strings.text(warning)).collect();
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    RefrainFigures {
        size: 0,
        duration: f.duration,
        sample_rate: f.sample_rate.unwrap_or(0),
        channels: f.channels.and_then(|channels| channels.try_into().ok()).unwrap_or(0),
        frames: f.frames,
        tuning: number(f.tuning),
        key: strings.optional(f.key.as_ref()),
        mode: f.mode.map_or(ptr::null(), |mode| strings.text(mode)),
        key_correlation: number(f.key_correlation),
        key_confidence: number(f.key_confidence),
        key_second: strings.optional(f.key_second.as_ref()),
        harmonic_ratio: number(f.harmonic_ratio),
        voiced: number(f.voiced),
        pitch: number(f.pitch),
        pitch_note: strings.optional(f.pitch_note.as_ref()),
        pitch_cents: number(f.pitch_cents),
        pitch_stability: number(f.pitch_stability),
        chroma: f.chroma,
        chroma_energy: f.chroma_energy,
        chroma_entropy: number(f.chroma_entropy),
        warning_count: warnings.len(),
        warnings: strings.list(warnings),
    }
}

impl RefrainAnalyzeOptions {
    /// # Safety
    /// Each path is NULL or ends with a NUL.
    unsafe fn understood(&self) -> Result<AnalyzeOptions> {
        let find = FindOptions {
            follow_links: self.no_follow == 0,
            hidden: self.hidden != 0,
            max_depth: Some(self.max_depth).filter(|&depth| depth > 0),
        };
        let threads = Some(self.threads).filter(|&threads| threads > 0);
        let mut options = AnalyzeOptions::default().find(find).threads(threads);
        // SAFETY: as promised.
        let path = |path, name| unsafe { input::optional_path(path, name) };
        if let Some(path) = path(self.frames, "frames")? {
            options = options.frames(path);
        }
        if let Some(path) = path(self.harmonic, "harmonic")? {
            options = options.harmonic(path);
        }
        if let Some(path) = path(self.percussive, "percussive")? {
            options = options.percussive(path);
        }
        if let Some(path) = path(self.plot, "plot")? {
            options = options.plot(path);
        }
        Ok(options)
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn analyze<'a>(
    audio: impl FnOnce() -> Result<Audio<'a>>,
    options: *const RefrainAnalyzeOptions,
    analysis: *mut *mut RefrainAnalysis,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a struct of the caller, and room for a handle.
        let (place, options) =
            unsafe { (input::place(analysis, "analysis")?, sized::read(options)?.understood()?) };
        let audio = audio()?;
        let name = audio.name().to_owned();
        let done = HarmonicAnalysis::of(&name, refrain::analyze(audio, &options)?);
        *place = Box::into_raw(Box::new(RefrainAnalysis::new(done)));
        Ok(())
    })
}

/// Analyses one audio file of any length. `options` may be NULL. `*analysis` is to be freed with refrain_analysis_free; it is
/// NULL after a failure.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where the file cannot be used, REFRAIN_ERROR_IO where an output cannot be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analyze(
    path: *const c_char,
    options: *const RefrainAnalyzeOptions,
    analysis: *mut *mut RefrainAnalysis,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { analyze(|| input::path(path, "path").map(Into::into), options, analysis) }
}

/// As refrain_analyze, of an audio file that is in memory: `count` bytes, of any format that is known. `name` is what it is
/// called in the analysis and in messages; NULL for "memory".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analyze_memory(
    bytes: *const c_void,
    count: usize,
    name: *const c_char,
    options: *const RefrainAnalyzeOptions,
    analysis: *mut *mut RefrainAnalysis,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { analyze(|| input::memory(bytes.cast(), count, name), options, analysis) }
}

/// As refrain_analyze, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000), full
/// scale being -1 to 1. `name` is what it is called; NULL for "samples".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analyze_samples(
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
    options: *const RefrainAnalyzeOptions,
    analysis: *mut *mut RefrainAnalysis,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { analyze(|| input::samples(samples, frames, channels, rate, name), options, analysis) }
}

/// Analyses files and folders, in parallel, and gives the outcome of each file to `callback`. A bad file is an outcome too.
/// `options` and `summary` may be NULL.
///
/// REFRAIN_ERROR_IO where an output is no folder and there are several files, REFRAIN_ERROR_INTERRUPTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analyze_all(
    paths: *const *const c_char,
    path_count: usize,
    options: *const RefrainAnalyzeOptions,
    callback: RefrainAnalysisCallback,
    user_data: *mut c_void,
    summary: *mut RefrainAnalyzeSummary,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a list, structs and a flag of the caller.
        let (inputs, options, cancel) = unsafe {
            if !summary.is_null() {
                sized::check(summary)?;
            }
            let options = sized::read(options)?;
            (input::paths(paths, path_count)?, options.understood()?, input::cancel(options.cancel))
        };
        let callback = input::callback(callback)?;
        let inputs = inputs.into_iter().map(Audio::file).collect();
        let done = refrain::analyze_all(inputs, &options, &cancel, |event| {
            if let AnalyzeEvent::Done(analysis) = event {
                // SAFETY: the caller's function, called as it is declared.
                unsafe { callback(&RefrainAnalysis::new(*analysis), user_data) };
            }
        })?;
        if summary.is_null() {
            return Ok(());
        }
        let value = RefrainAnalyzeSummary {
            size: 0,
            analysed: done.analysed as u64,
            failed: done.failed as u64,
            seconds: done.duration.0,
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(summary, &value) }
    })
}

/// The file, as it was named; absolute where it was found below a folder. NULL of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_path(analysis: *const RefrainAnalysis) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(analysis, "analysis") }?.path))
}

/// Why the file could not be analysed, which only refrain_analyze_all gives; NULL where it could, and of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_error(analysis: *const RefrainAnalysis) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(analysis, "analysis") }?.error))
}

/// Fills `figures`. What it points to belongs to the analysis.
///
/// REFRAIN_ERROR_AUDIO where the file could not be analysed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_figures(
    analysis: *const RefrainAnalysis,
    figures: *mut RefrainFigures,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let analysis = unsafe { input::handle(analysis, "analysis") }?;
        let none = || Failure {
            code: RefrainCode::RefrainErrorAudio,
            message: analysis.analysis.error.clone().unwrap_or_default(),
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(figures, analysis.figures.as_ref().ok_or_else(none)?) }
    })
}

/// The analysis as one JSON document, as `refrain analyze --json` prints it. NULL of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_json(analysis: *const RefrainAnalysis) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let analysis = unsafe { input::handle(analysis, "analysis") }?;
        Ok(analysis.json.get_or_init(|| c_string(analysis.analysis.to_json())).as_ptr())
    })
}

/// Frees what refrain_analyze gave. Of NULL it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_free(analysis: *mut RefrainAnalysis) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(analysis) }
}
