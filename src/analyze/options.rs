//! Options and events of an analysis.
use std::path::PathBuf;

use crate::{
    callback::Callback, cancel::CancelToken, error::Result, report::HarmonicFigures,
    scan::files::ScanOptions, units::Seconds,
};

/// How to analyse, and which files to write besides.
///
/// If one file is analysed, each output is a file. If an output is a folder, files in it are named after the audio
/// files, by their paths within the input folder: `a/b.mp3` gives `a/b.mp3.npz`, `a/b.mp3.harmonic.wav`,
/// `a/b.mp3.percussive.wav` and `a/b.mp3.svg`. A file gets its name once it is complete.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AnalyzeOptions<'a> {
    pub(crate) scan: ScanOptions,
    pub(crate) threads: Option<usize>,
    pub(crate) frames: Option<PathBuf>,
    pub(crate) harmonic: Option<PathBuf>,
    pub(crate) percussive: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) cancel: CancelToken,
    pub(crate) on_event: Callback<'a, AnalyzeEvent>,
}

impl<'a> AnalyzeOptions<'a> {
    /// Which files in a folder to analyse.
    #[must_use]
    pub fn scan(mut self, scan: ScanOptions) -> Self {
        self.scan = scan;
        self
    }

    /// Threads for files and for parts of long files; `None` for as many as there are cores.
    #[must_use]
    pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Where to write all frames as NumPy arrays.
    #[must_use]
    pub fn frames(mut self, frames: impl Into<PathBuf>) -> Self {
        self.frames = Some(frames.into());
        self
    }

    /// Where to write the harmonic part as WAV: one channel of 32-bit floats at 22,050 Hz.
    #[must_use]
    pub fn harmonic(mut self, harmonic: impl Into<PathBuf>) -> Self {
        self.harmonic = Some(harmonic.into());
        self
    }

    /// Where to write the percussive part, likewise.
    #[must_use]
    pub fn percussive(mut self, percussive: impl Into<PathBuf>) -> Self {
        self.percussive = Some(percussive.into());
        self
    }

    /// Where to draw a picture, `.svg` or `.png`.
    #[must_use]
    pub fn plot(mut self, plot: impl Into<PathBuf>) -> Self {
        self.plot = Some(plot.into());
        self
    }

    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted).
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives events on the calling thread.
    #[must_use]
    pub fn on_event(mut self, on_event: impl FnMut(AnalyzeEvent) + 'a) -> Self {
        self.on_event = Callback::new(on_event);
        self
    }

    pub(super) fn outputs(&self) -> [Option<PathBuf>; 4] {
        [&self.frames, &self.harmonic, &self.percussive, &self.plot].map(Clone::clone)
    }
}

/// An event while files are analysed.
#[derive(Debug)]
#[non_exhaustive]
pub enum AnalyzeEvent {
    /// The folders were scanned.
    #[non_exhaustive]
    Found {
        /// How many files there are.
        files: usize,
        /// Their total size in bytes.
        bytes: u64,
    },
    /// Progress: some of the bytes were read.
    #[non_exhaustive]
    Step {
        /// Bytes that were read since the last event.
        bytes: u64,
        /// Total duration of the files that were completed by it.
        duration: Seconds,
    },
    /// The outcome of the next file, in the order of the inputs, and by path within a folder.
    #[non_exhaustive]
    Done {
        /// The file, as the caller named it; an absolute path if it was found in a folder; `-` for standard input.
        path: PathBuf,
        /// The figures, or why there are none.
        outcome: Result<Box<HarmonicFigures>>,
    },
}

/// The summary of an analysis of many files.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AnalyzeSummary {
    /// Files that were analysed.
    pub analysed: usize,
    /// Their total duration.
    pub duration: Seconds,
    /// Files and folders that could not be analysed.
    pub failed: usize,
}
