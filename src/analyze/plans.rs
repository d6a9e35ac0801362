//! The transforms that all files share, and work space for threads.
use std::sync::{Mutex, PoisonError};

use refrain_analysis::{
    AnalysisError, Hpss, HpssOptions, HpssScratch, MAX_AMPLITUDE, StftScratch, Tempo, Tuning, Yin,
    YinOptions, YinScratch,
    blocks::{self, GroupScratch},
};

use crate::{
    error::{AudioError, Error, Result},
    units::{SampleRate, Samples},
};

/// The rate of the analysis, librosa's.
pub const RATE: SampleRate = SampleRate(22_050);

/// Samples from one frame to the next.
pub const HOP: usize = 512;

/// Samples in a frame, for the transforms whose frames all have one length.
const FRAME: usize = 2048;

/// Bins in an octave for which the tuning is estimated: 12 for users, 36 for chroma.
pub(super) const BINS: [usize; 2] = [12, 36];

/// Plans, made once and shared.
pub(super) struct Plans {
    pub tuning: Tuning,
    pub tempo: Tempo,
    pub hpss: Hpss,
    pub yin: Yin,
    scratches: Mutex<Vec<Scratch>>,
}

/// The work space of a thread.
#[derive(Default)]
pub(super) struct Scratch {
    pub stft: StftScratch,
    pub hpss: HpssScratch,
    pub yin: YinScratch,
    pub group: GroupScratch,
    pub harmonic: Vec<f32>,
    pub percussive: Vec<f32>,
}

impl Plans {
    pub fn new() -> Self {
        let rate = f64::from(RATE.0);
        let usual = "the usual options are within their ranges";
        Self {
            tuning: Tuning::new(rate).expect(usual),
            tempo: Tempo::new(rate).expect(usual),
            hpss: Hpss::new(FRAME, HOP, HpssOptions::default()).expect(usual),
            yin: Yin::new(rate, YinOptions::default().frame_length(FRAME).hop(HOP)).expect(usual),
            scratches: Mutex::new(Vec::new()),
        }
    }

    /// Lends work space to `work`.
    pub fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let lock = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = lock().pop().unwrap_or_default();
        let done = work(&mut scratch);
        lock().push(scratch);
        done
    }
}

/// The error of a file whose samples cannot be analysed.
pub(super) fn refused(path: &std::path::Path, error: &AnalysisError) -> Error {
    let reason = match error {
        AnalysisError::Sample { at, .. } => AudioError::TooLoud {
            milliseconds: (Samples(*at as u64).at(RATE).0 * 1000.0) as u64,
            max: MAX_AMPLITUDE as u32,
        },
        other => AudioError::Unsupported(other.to_string()),
    };
    Error::Audio { path: path.to_owned(), reason }
}

/// Checks that samples from number `origin` on can be analysed.
pub(super) fn check(path: &std::path::Path, samples: &[f32], origin: usize) -> Result<()> {
    blocks::check(samples, origin).map_err(|e| refused(path, &e))
}
