//! Harmonic analysis of files: key, tuning, pitch, chroma, harmonic and percussive parts, of audio of any length.
//!
//! Everything is that of [`crate::analysis`] at 22,050 Hz with frames every 512 samples, bit for bit as of the whole signal
//! at once, whatever the number of threads; but nothing in memory grows with the length of a file.
mod batch;
mod blocks;
mod conveyor;
mod npz;
mod outputs;
mod parts;
mod plans;
mod single;
mod staged;
mod tally;

use std::path::PathBuf;

use super::FindOptions;
#[cfg(doc)]
use crate::Error;
use crate::cancel::CancelToken;
use crate::{
    Result,
    decode::Audio,
    report::{HarmonicAnalysis, HarmonicFigures},
    units::Seconds,
};

/// How to analyse, and what to write besides.
///
/// The outputs are files where one file is analysed. Where an output is a folder, files in it are named after the audio
/// files, by their paths below the folder that was given: `a/b.mp3` becomes `a/b.mp3.npz`, `a/b.mp3.harmonic.wav`,
/// `a/b.mp3.percussive.wav` and `a/b.mp3.svg`. A file gets its name once it is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnalyzeOptions {
    /// Which files of a folder to take.
    pub find: FindOptions,
    /// Threads for files and for parts of long files; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// All frames as NumPy arrays.
    pub frames: Option<PathBuf>,
    /// The harmonic part as WAV: one channel of 32-bit floats at 22,050 Hz.
    pub harmonic: Option<PathBuf>,
    /// The percussive part likewise.
    pub percussive: Option<PathBuf>,
    /// A picture, `.svg` or `.png`.
    pub plot: Option<PathBuf>,
}

impl AnalyzeOptions {
    /// With another [`find`](Self::find).
    #[must_use]
    pub fn find(mut self, find: FindOptions) -> Self {
        self.find = find;
        self
    }

    /// With another [`threads`](Self::threads).
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// With an output of [`frames`](Self::frames).
    #[must_use]
    pub fn frames(mut self, frames: impl Into<PathBuf>) -> Self {
        self.frames = Some(frames.into());
        self
    }

    /// With an output of the [`harmonic`](Self::harmonic) part.
    #[must_use]
    pub fn harmonic(mut self, harmonic: impl Into<PathBuf>) -> Self {
        self.harmonic = Some(harmonic.into());
        self
    }

    /// With an output of the [`percussive`](Self::percussive) part.
    #[must_use]
    pub fn percussive(mut self, percussive: impl Into<PathBuf>) -> Self {
        self.percussive = Some(percussive.into());
        self
    }

    /// With a [`plot`](Self::plot).
    #[must_use]
    pub fn plot(mut self, plot: impl Into<PathBuf>) -> Self {
        self.plot = Some(plot.into());
        self
    }

    fn outputs(&self) -> [Option<PathBuf>; 4] {
        [&self.frames, &self.harmonic, &self.percussive, &self.plot].map(Clone::clone)
    }
}

/// What is told while files are analysed.
#[derive(Debug)]
#[non_exhaustive]
pub enum AnalyzeEvent {
    /// The folders have been looked through.
    Found {
        /// How many files there are.
        files: usize,
        /// Their lengths, all in all.
        bytes: u64,
    },
    /// Some of them were gone through.
    Step {
        /// Bytes of files.
        bytes: u64,
        /// How long the files play that were completed by it.
        duration: Seconds,
    },
    /// The outcome of the next file, in the order of the inputs and of the paths below each.
    Done(Box<HarmonicAnalysis>),
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AnalyzeSummary {
    /// Files that were analysed.
    pub analysed: usize,
    /// How long they play.
    pub duration: Seconds,
    /// Files and folders that could not be.
    pub failed: usize,
}

/// Analyses one file, stream, or samples in memory.
///
/// Audio of any length will do. What cannot be told of silence, or of less than a frame, is none; an audio file without a
/// single sample has the duration 0.
///
/// ```
/// # fn main() -> refrain::Result<()> {
/// use refrain::AnalyzeOptions;
///
/// let figures = refrain::analyze("fixtures/audio/songs/second-orbit.flac", &AnalyzeOptions::default())?;
/// println!("{:?}, {:.0} % harmonic", figures.key, 100.0 * figures.harmonic_ratio.unwrap_or(0.0));
/// assert!(figures.duration > 30.0 && figures.key.is_some());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] where the file cannot be decoded or has samples more than 1,000,000 times full
/// scale; [`Error::Io`] where an output cannot be written.
pub fn analyze<'a>(audio: impl Into<Audio<'a>>, options: &AnalyzeOptions) -> Result<HarmonicFigures> {
    batch::one(audio.into(), options, &CancelToken::new())
}

/// Analyses files, folders (each [`Audio::file`]), streams and samples, in parallel: files at a time and, where threads are left, the parts of one file. `on` is told
/// how it goes, and the outcomes in order; `cancel` ends it early.
///
/// The outcomes do not depend on the number of threads. A bad file is an outcome too.
///
/// # Errors
/// [`Error::Io`] where an output is no folder and there are several files; [`Error::Interrupted`].
pub fn analyze_all(
    inputs: Vec<Audio<'_>>,
    options: &AnalyzeOptions,
    cancel: &CancelToken,
    mut on: impl FnMut(AnalyzeEvent),
) -> Result<AnalyzeSummary> {
    batch::run(inputs, options, cancel, &mut on)
}
