//! Chromaprint's words, and their packed form.
//!
//! A word of 32 bits comes every 1,365 samples (124 ms): sixteen classifiers of two bits each on 2 s of chroma (Ke,
//! Hoiem, Sukthankar: Computer vision for music identification, CVPR 2005; Lalinský: How does Chromaprint work,
//! 2011). Chroma, classifiers and the packed form come from the crate `rusty-chromaprint`.
use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusty_chromaprint::{Configuration, FingerprintCompressor, Fingerprinter};

use super::{convert::SAMPLE_RATE, silence::Silence};
use crate::units::Samples;

/// The largest mean magnitude that algorithm 4 removes as silence.
const SILENCE: u32 = 50;

/// Samples of a frame in algorithm 5, and how many of them the next frame shares.
const SHORT_FRAME: (usize, usize) = (2_048, 1_024);

/// How words are computed. The numbers are those of `fpcalc -algorithm`. Number 3, with interpolated chroma, is not
/// supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Number 1: other classifiers.
    Test1,
    /// Number 2: the one that AcoustID uses.
    #[default]
    Test2,
    /// Number 4: like 2, without silence at the beginning.
    Test4,
    /// Number 5: like 2, with frames of half the length, a third more of them.
    Test5,
}

impl Algorithm {
    /// The algorithm with this number: 1, 2, 4 or 5. For the command.
    #[doc(hidden)]
    pub fn of(number: u8) -> Option<Algorithm> {
        match number {
            1 => Some(Algorithm::Test1),
            2 => Some(Algorithm::Test2),
            4 => Some(Algorithm::Test4),
            5 => Some(Algorithm::Test5),
            _ => None,
        }
    }

    fn configuration(self) -> Configuration {
        match self {
            Algorithm::Test1 => Configuration::preset_test1(),
            Algorithm::Test2 => Configuration::preset_test2(),
            Algorithm::Test4 => Configuration::preset_test2().with_id(3),
            Algorithm::Test5 => Configuration::preset_test2()
                .with_id(4)
                .with_frame_size(SHORT_FRAME.0)
                .with_frame_overlap(SHORT_FRAME.1),
        }
    }

    /// How much audio comes before the first word. Two chunks miss that much between them.
    pub(super) fn delay(self) -> Samples {
        Samples(self.configuration().delay() as u64)
    }
}

/// Computes words from samples.
///
/// ```
/// # #[cfg(feature = "unstable")] {
/// use refrain::acoustid::{Algorithm, Chromaprint, pack};
///
/// let mut chromaprint = Chromaprint::new(Algorithm::default());
/// let tone = |i: i32| (8_000.0 * (i as f32 * 0.25).sin()) as i16;
/// chromaprint.push(&(0..5 * 11_025).map(tone).collect::<Vec<_>>());
/// let words = chromaprint.words();
/// assert_eq!(words.len(), 19);
/// assert!(pack(&words, Algorithm::default()).starts_with("AQAAE"));
/// # }
/// ```
pub struct Chromaprint {
    algorithm: Algorithm,
    inner: Fingerprinter,
    silence: Option<Silence>,
    /// How many words were returned.
    returned: usize,
}

impl Chromaprint {
    /// Starts a stream.
    pub fn new(algorithm: Algorithm) -> Chromaprint {
        let mut inner = Fingerprinter::new(&algorithm.configuration());
        inner.start(SAMPLE_RATE.0, 1).expect("one channel at the rate that is wanted");
        let silence = (algorithm == Algorithm::Test4).then(|| Silence::new(SILENCE));
        Chromaprint { algorithm, inner, silence, returned: 0 }
    }

    /// Takes 16-bit samples of one channel at [`SAMPLE_RATE`].
    pub fn push(&mut self, samples: &[i16]) {
        let samples = self.silence.as_mut().map_or(samples, |silence| silence.after(samples));
        self.inner.consume(samples);
    }

    /// Returns the words since the last call. The stream may go on.
    pub fn words(&mut self) -> Vec<u32> {
        self.inner.finish();
        let words = self.inner.fingerprint()[self.returned..].to_vec();
        self.returned += words.len();
        words
    }
}

impl fmt::Debug for Chromaprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chromaprint").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Packs words into the text that AcoustID accepts: compressed, in URL-safe base64.
pub fn pack(words: &[u32], algorithm: Algorithm) -> String {
    let configuration = algorithm.configuration();
    BASE64_URL_SAFE_NO_PAD.encode(FingerprintCompressor::from(&configuration).compress(words))
}
