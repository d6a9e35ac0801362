//! Computes Chromaprint fingerprints of files.
use super::{
    convert::{Converter, SAMPLE_RATE},
    words::{Algorithm, Chromaprint},
};
#[cfg(doc)]
use crate::error::Error;
use crate::{
    cancel::CancelToken,
    decode::{Audio, FrameSource, RawFormat, Sound, Warning},
    error::Result,
    units::Seconds,
};

/// The longest chunk in samples: some years.
const LONGEST_CHUNK: u64 = 1 << 40;

/// How to compute AcoustID fingerprints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChromaprintOptions {
    pub(crate) algorithm: Algorithm,
    pub(crate) length: Option<Seconds>,
    pub(crate) chunk: Option<Seconds>,
    pub(crate) overlap: bool,
    pub(crate) raw: Option<RawFormat>,
    pub(crate) cancel: CancelToken,
}

impl ChromaprintOptions {
    /// The algorithm that makes the words.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// How much is fingerprinted, from the beginning; `None` for everything. AcoustID works with 120 s.
    #[must_use]
    pub fn length(mut self, length: impl Into<Option<Seconds>>) -> Self {
        self.length = length.into();
        self
    }

    /// Makes a fingerprint for each stretch of this length, at least one sample; `None` for one fingerprint of
    /// everything. For the command.
    #[doc(hidden)]
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Option<Seconds>>) -> Self {
        self.chunk = chunk.into();
        self
    }

    /// Lets each stretch after the first begin earlier, so that nothing is missed between two stretches.
    /// For the command.
    #[doc(hidden)]
    #[must_use]
    pub fn overlap(mut self, overlap: bool) -> Self {
        self.overlap = overlap;
        self
    }

    /// The format of the samples, for files without a container. For the command.
    #[doc(hidden)]
    #[must_use]
    pub fn raw(mut self, raw: impl Into<Option<RawFormat>>) -> Self {
        self.raw = raw.into();
        self
    }

    /// Ends the call early, with [`Error::Interrupted`].
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }
}

impl Default for ChromaprintOptions {
    fn default() -> Self {
        let length = Some(Seconds(120.0));
        Self {
            algorithm: Algorithm::default(),
            length,
            chunk: None,
            overlap: false,
            raw: None,
            cancel: CancelToken::new(),
        }
    }
}

/// The fingerprint of a file, or of a stretch of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChromaprintPart {
    /// Where the stretch begins; 0 if there is only one.
    pub start: Seconds,
    /// The length of the stretch. For a whole file, the length that the file states; without one, the length of its
    /// packets; for a stream of raw samples, what was read.
    pub duration: Seconds,
    /// The words, one every 124 ms; empty if the stretch is too short for one, below 2.7 s.
    pub words: Vec<u32>,
}

/// Fingerprints audio and calls `each` with its parts: one, unless [`chunk`](ChromaprintOptions::chunk) is set.
/// Decodes nothing after the wanted length. Returns warnings about the part that was decoded.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] if the audio cannot be read or is not audio; [`Error::Interrupted`]; errors of
/// `each`. Parts may have been returned before.
pub fn chromaprint<'a>(
    audio: impl Into<Audio<'a>>,
    options: &ChromaprintOptions,
    each: impl FnMut(ChromaprintPart) -> Result<()>,
) -> Result<Vec<Warning>> {
    let mut source = audio.into().cancelled_by(&options.cancel).open_frames(options.raw)?;
    let samples = |length: Option<Seconds>| length.map(|s| (s.0 * f64::from(SAMPLE_RATE.0)) as u64);
    let mut parts = Parts::new(options, samples(options.chunk), each);
    let mut left = samples(options.length).unwrap_or(u64::MAX);
    let (mut frames, mut ready) = (Vec::new(), Vec::new());
    let mut converter: Option<(Sound, Converter)> = None;
    while left > 0 {
        let sound = source.next_frames(&mut frames)?;
        options.cancel.check()?;
        // The rate changes, or the audio ends.
        if let Some((_, old)) = converter.take_if(|(old, _)| sound != Some(*old)) {
            old.finish(&mut ready);
        }
        if let Some(sound) = sound {
            let fresh = || (sound, Converter::new(sound.rate, sound.channels, sound.fine));
            converter.get_or_insert_with(fresh).1.push(&frames, &mut ready);
        }
        ready.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= ready.len() as u64;
        parts.push(&ready)?;
        ready.clear();
        if sound.is_none() {
            break;
        }
    }
    parts.finish(&mut *source)?;
    Ok(source.warnings())
}

/// Cuts samples into parts and fingerprints each.
struct Parts<E> {
    each: E,
    algorithm: Algorithm,
    overlap: bool,
    /// Samples of a part, if there are several.
    chunk: Option<u64>,
    chromaprint: Chromaprint,
    /// Samples of the part so far.
    samples: u64,
    /// Samples of the first part beyond a chunk.
    extra: u64,
    start: f64,
    first: bool,
}

impl<E: FnMut(ChromaprintPart) -> Result<()>> Parts<E> {
    fn new(options: &ChromaprintOptions, chunk: Option<u64>, each: E) -> Self {
        let overlap = options.overlap && chunk.is_some();
        Parts {
            each,
            algorithm: options.algorithm,
            overlap,
            chunk: chunk.map(|chunk| chunk.clamp(1, LONGEST_CHUNK)),
            chromaprint: Chromaprint::new(options.algorithm),
            samples: 0,
            extra: if overlap { options.algorithm.delay().0 } else { 0 },
            start: 0.0,
            first: true,
        }
    }

    fn push(&mut self, mut samples: &[i16]) -> Result<()> {
        while !samples.is_empty() {
            let room = self.chunk.map_or(u64::MAX, |chunk| chunk + self.extra - self.samples);
            // A part ends with the first sample of the next one, so that no part is empty.
            if room == 0 {
                self.end_chunk()?;
                continue;
            }
            let taken = samples.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            self.chromaprint.push(&samples[..taken]);
            self.samples += taken as u64;
            samples = &samples[taken..];
        }
        Ok(())
    }

    /// The length of the part so far. It includes what an overlapping part shares with the part before.
    fn length(&self) -> f64 {
        let shared = if self.overlap { self.algorithm.delay().0 } else { 0 };
        (self.samples + shared - self.extra) as f64 / f64::from(SAMPLE_RATE.0)
    }

    fn end_chunk(&mut self) -> Result<()> {
        let length = self.length();
        let words = self.chromaprint.words();
        (self.each)(ChromaprintPart { start: Seconds(self.start), duration: Seconds(length), words })?;
        let shared = if self.overlap { self.algorithm.delay().at(SAMPLE_RATE).0 } else { 0.0 };
        self.start += length - shared;
        if !self.overlap {
            self.chromaprint = Chromaprint::new(self.algorithm);
        }
        (self.samples, self.extra, self.first) = (0, 0, false);
        Ok(())
    }

    fn finish(mut self, source: &mut dyn FrameSource) -> Result<()> {
        let duration = match self.chunk {
            Some(_) if self.samples == 0 && !self.first => return Ok(()),
            Some(_) => Seconds(self.length().max(0.0)),
            None => source.duration()?,
        };
        let words = self.chromaprint.words();
        (self.each)(ChromaprintPart { start: Seconds(self.start), duration, words })
    }
}
