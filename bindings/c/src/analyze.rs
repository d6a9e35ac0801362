//! Harmonic analysis of files.
use std::{
    ffi::{CString, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
    sync::OnceLock,
};

use refrain::{AnalyzeEvent, AnalyzeOptions, Audio, HarmonicFigures, report::json};

use crate::{
    cancel::{self, RefrainCancel},
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input, output,
    sized::{self, Growing},
    strings::{Strings, c_string},
};

/// The harmonic analysis of a file. Any number of threads may read one at once. It owns the texts and lists that it
/// returns; they are valid until it is freed.
pub struct RefrainAnalysis {
    /// The texts and lists that the plain struct points to.
    _strings: Strings,
    path: *const c_char,
    error: *const c_char,
    figures: Option<RefrainFigures>,
    name: PathBuf,
    outcome: refrain::Result<HarmonicFigures>,
    json: OnceLock<CString>,
}

/// How to analyze, and which files to write. 0 and NULL stand for the default. For one audio file the outputs are files,
/// for several they are folders.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAnalyzeOptions {
    /// sizeof (RefrainAnalyzeOptions), set by the caller.
    pub size: usize,
    /// Threads; 0 for one per core. The figures do not depend on it.
    pub threads: usize,
    /// How many folders deep to go; 1 takes only the files of the folder itself, 0 any depth.
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
    /// Ends the call early.
    pub cancel: *const RefrainCancel,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainAnalyzeOptions {
    const NAME: &'static str = "RefrainAnalyzeOptions";
}

/// Figures about the harmony of a file. An absent number is NaN, an absent text NULL, as for silence.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainFigures {
    /// sizeof (RefrainFigures), set by the caller.
    pub size: usize,
    /// The length in seconds.
    pub duration: f64,
    /// The file's sample rate in hertz; 0 if the file has no audio.
    pub sample_rate: u32,
    /// The file's channels.
    pub channels: u32,
    /// Frames of the analysis, one every 512 samples at 22,050 Hz.
    pub frames: u64,
    /// How far the music is above A4 = 440 Hz, in semitones, -0.5 to 0.49.
    pub tuning: f64,
    /// The key, "A minor".
    pub key: *const c_char,
    /// "major" or "minor".
    pub mode: *const c_char,
    /// How well the pitch classes fit the key's profile, -1 to 1.
    pub key_correlation: f64,
    /// How far the second key falls behind, 0 to 1.
    pub key_confidence: f64,
    /// The second most likely key.
    pub key_second: *const c_char,
    /// The level of the harmonic part relative to harmonic and percussive part together, 0 to 1.
    pub harmonic_ratio: f64,
    /// The share of frames that have a pitch, 0 to 1.
    pub voiced: f64,
    /// The median pitch of these frames in hertz.
    pub pitch: f64,
    /// The note nearest to it, "A4".
    pub pitch_note: *const c_char,
    /// How many cents the pitch is above that note, -50 to 50.
    pub pitch_cents: f64,
    /// The share of steps between neighbouring frames with a pitch that are at most 50 cents, 0 to 1.
    pub pitch_stability: f64,
    /// The mean of each pitch class, C first, over frames divided by their largest value, 0 to 1.
    pub chroma: [f32; 12],
    /// The mean of each pitch class's magnitudes. It follows the loudness.
    pub chroma_energy: [f32; 12],
    /// How evenly the energy is spread over the pitch classes, 0 to 1.
    pub chroma_entropy: f64,
    /// Problems of the file that did not prevent the analysis.
    pub warnings: *const *const c_char,
    /// How many.
    pub warning_count: usize,
    /// The tempo in beats a minute; NaN if there is no regular beat. A listener may tap at half or twice this tempo.
    pub bpm: f64,
    /// The key as musicians write it, "Db major".
    pub key_name: *const c_char,
    /// The key's place on the Camelot wheel, "3B".
    pub camelot: *const c_char,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainFigures {
    const NAME: &'static str = "RefrainFigures";
}

/// The outcome of refrain_analyze_all.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAnalyzeSummary {
    /// sizeof (RefrainAnalyzeSummary), set by the caller.
    pub size: usize,
    /// Files that were analyzed.
    pub analyzed: u64,
    /// Files and folders that could not be analyzed.
    pub failed: u64,
    /// The length of the analyzed files.
    pub seconds: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainAnalyzeSummary {
    const NAME: &'static str = "RefrainAnalyzeSummary";
}

/// Gets the outcome of one file after the other, on the calling thread, in the order of the paths. The analysis is valid
/// until the callback returns; do not free it. refrain_analysis_error says whether the file could be analyzed.
pub type RefrainAnalysisCallback =
    Option<unsafe extern "C" fn(analysis: *const RefrainAnalysis, user_data: *mut c_void)>;

impl RefrainAnalysis {
    fn new(name: &Path, outcome: refrain::Result<HarmonicFigures>) -> Self {
        let mut strings = Strings::default();
        Self {
            path: strings.path(name),
            error: strings.optional(outcome.as_ref().err().map(ToString::to_string).as_ref()),
            figures: outcome.as_ref().ok().map(|figures| plain(figures, &mut strings)),
            _strings: strings,
            name: name.to_owned(),
            outcome,
            json: OnceLock::new(),
        }
    }
}

fn plain(f: &HarmonicFigures, strings: &mut Strings) -> RefrainFigures {
    let warnings: Vec<_> = f.warnings.iter().map(|warning| strings.text(warning)).collect();
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    RefrainFigures {
        size: 0,
        duration: f.duration.0,
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
        bpm: number(f.bpm),
        key_name: strings.optional(f.key_name.as_ref()),
        camelot: strings.optional(f.camelot.as_ref()),
    }
}

impl RefrainAnalyzeOptions {
    /// # Safety
    /// Each path is NULL or ends with a NUL; the flag is NULL or a handle.
    unsafe fn understood<'a>(&self) -> Result<AnalyzeOptions<'a>> {
        // SAFETY: as promised.
        let token = unsafe { cancel::token(self.cancel) };
        let mut options = AnalyzeOptions::default()
            .scan(input::scan(self.no_follow, self.hidden, self.max_depth))
            .threads(Some(self.threads).filter(|&threads| threads > 0))
            .cancel(&token);
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
        // SAFETY: a struct and a flag of the caller, and room for a handle.
        let (place, options) =
            unsafe { (output::place(analysis, "analysis")?, sized::read(options)?.understood()?) };
        let audio = audio()?;
        let name = audio.name().to_owned();
        let figures = refrain::analyze_with(audio, options)?;
        *place = Box::into_raw(Box::new(RefrainAnalysis::new(&name, Ok(figures))));
        Ok(())
    })
}

/// Analyzes one audio file of any length. `options` may be NULL. Free `*analysis` with refrain_analysis_free. It is NULL
/// after a failure.
///
/// REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the file cannot be used, REFRAIN_ERROR_IO if an output cannot be written,
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analyze(
    path: *const c_char,
    options: *const RefrainAnalyzeOptions,
    analysis: *mut *mut RefrainAnalysis,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { analyze(|| input::path(path, "path").map(Into::into), options, analysis) }
}

/// Like refrain_analyze, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the
/// analysis and in messages; NULL for "memory".
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

/// Like refrain_analyze, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
/// 768,000), full scale -1 to 1. `name` stands for them in the analysis; NULL for "samples".
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

/// Analyzes files and folders in parallel and passes the outcome of each file to `callback`. A bad file is an outcome
/// too. `options` and `summary` may be NULL.
///
/// REFRAIN_ERROR_IO if there are several files and an output is not a folder, REFRAIN_ERROR_INTERRUPTED if its cancel
/// ended it.
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
        let (inputs, options) = unsafe {
            if !summary.is_null() {
                sized::check(summary)?;
            }
            let options = sized::read(options)?;
            (input::paths(paths, path_count)?, options.understood()?)
        };
        let callback = input::callback(callback)?;
        let options = options.on_event(move |event| {
            if let AnalyzeEvent::Done { path, outcome, .. } = event {
                let analysis = RefrainAnalysis::new(&path, outcome.map(|figures| *figures));
                // SAFETY: the caller's function, called as it is declared.
                unsafe { callback(&analysis, user_data) };
            }
        });
        let done = refrain::analyze_all(inputs.into_iter().map(Audio::file), options)?;
        if summary.is_null() {
            return Ok(());
        }
        let value = RefrainAnalyzeSummary {
            size: 0,
            analyzed: done.analysed as u64,
            failed: done.failed as u64,
            seconds: done.duration.0,
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(summary, &value) }
    })
}

/// Returns the file as it was named, or its absolute path if it was found in a folder. NULL if `analysis` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_path(analysis: *const RefrainAnalysis) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(analysis, "analysis") }?.path))
}

/// Returns why the file could not be analyzed, or NULL if it could. Only refrain_analyze_all passes analyses with an
/// error. NULL if `analysis` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_error(analysis: *const RefrainAnalysis) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(analysis, "analysis") }?.error))
}

/// Fills `figures`. The analysis owns the texts and lists.
///
/// REFRAIN_ERROR_AUDIO if the file could not be analyzed.
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
            message: analysis.outcome.as_ref().err().map(ToString::to_string).unwrap_or_default(),
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(figures, analysis.figures.as_ref().ok_or_else(none)?) }
    })
}

/// Returns the analysis as one JSON document, as `refrain analyze --json` prints it. NULL if `analysis` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_json(analysis: *const RefrainAnalysis) -> *const c_char {
    guard_or(ptr::null(), || {
        // SAFETY: a handle.
        let analysis = unsafe { input::handle(analysis, "analysis") }?;
        Ok(analysis.json.get_or_init(|| c_string(json(&analysis.name, &analysis.outcome))).as_ptr())
    })
}

/// Frees an analysis with all texts and lists that it returned. Does nothing if `analysis` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_analysis_free(analysis: *mut RefrainAnalysis) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(analysis) }
}
