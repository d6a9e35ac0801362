//! Files to Chromaprint fingerprints.
use std::{
    fs::{File, Metadata},
    io::Read,
    path::Path,
};

use super::{
    convert::Converter,
    words::{Algorithm, Chromaprint, SAMPLE_RATE},
};
use crate::{
    cancel::CancelToken,
    decode::{self, Audio, Decoder, RATES, RawDecoder, RawFormat, Sound, Warning, sane},
    error::{AudioError, Error, Result},
    units::{Samples, Seconds},
};

/// Frames of samples in memory that are taken at a time.
const BLOCK: usize = 1 << 16;

/// Samples of a chunk, at most: some years.
const LONGEST_CHUNK: u64 = 1 << 40;

/// How files are fingerprinted for AcoustID.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChromaprintOptions {
    /// How words are made.
    pub algorithm: Algorithm,
    /// How much is fingerprinted, from the beginning; everything where there is none. 120 s is what AcoustID works with.
    pub length: Option<Seconds>,
    /// Fingerprints of their own for stretches of this length, at least a sample.
    pub chunk: Option<Seconds>,
    /// Lets each stretch but the first begin earlier by what the fingerprints of two would miss between them.
    pub overlap: bool,
    /// What the samples are where files have no container.
    pub raw: Option<RawFormat>,
    /// Ends the call early, with [`Error::Interrupted`].
    pub cancel: CancelToken,
}

impl ChromaprintOptions {
    /// Sets [`algorithm`](Self::algorithm).
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets [`length`](Self::length); everything where there is none.
    #[must_use]
    pub fn length(mut self, length: impl Into<Option<Seconds>>) -> Self {
        self.length = length.into();
        self
    }

    /// Sets [`chunk`](Self::chunk).
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Option<Seconds>>) -> Self {
        self.chunk = chunk.into();
        self
    }

    /// Sets [`overlap`](Self::overlap).
    #[must_use]
    pub fn overlap(mut self, overlap: bool) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets [`raw`](Self::raw).
    #[must_use]
    pub fn raw(mut self, raw: impl Into<Option<RawFormat>>) -> Self {
        self.raw = raw.into();
        self
    }

    /// Sets [`cancel`](Self::cancel) to a clone of `token`.
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
    /// Where it begins; 0 where there is but one.
    pub start: Seconds,
    /// How long the stretch is, or the whole file where there is but one: by the file's own account, by its packets where it
    /// has none; of a stream of raw samples as much as was read.
    pub duration: Seconds,
    /// Its words; empty where it is too short for one, below 2.7 s.
    pub words: Vec<u32>,
}

/// Fingerprints a file, stream, or samples in memory, and calls `each` with its parts, one unless chunks are wanted. Nothing is decoded after the wanted
/// length. Gives what was wrong with the file that could be got over, as far as it was decoded.
///
/// # Errors
/// As [`Decoder::open`] and [`Decoder::next_block`]; [`Error::Interrupted`]; and what `each` gives.
/// Parts may have been handed out before.
pub fn chromaprint<'a>(
    audio: impl Into<Audio<'a>>,
    options: &ChromaprintOptions,
    each: impl FnMut(ChromaprintPart) -> Result<()>,
) -> Result<Vec<Warning>> {
    let mut source = Source::open(audio.into(), options.raw)?;
    let samples = |length: Option<Seconds>| length.map(|s| (s.0 * f64::from(SAMPLE_RATE.0)) as u64);
    let mut parts = Parts::new(options, samples(options.chunk), each);
    let mut left = samples(options.length).unwrap_or(u64::MAX);
    let (mut frames, mut ready) = (Vec::new(), Vec::new());
    let mut converter: Option<(Sound, Converter)> = None;
    while left > 0 {
        let sound = source.next_block(&mut frames)?;
        options.cancel.check()?;
        // Another rate, or the end.
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
    parts.finish(&mut source)?;
    Ok(source.warnings())
}

/// Where samples come from.
enum Source<'a> {
    Audio(Box<Decoder>),
    /// What a program has in memory.
    Samples {
        left: &'a [f32],
        sound: Sound,
        whole: Seconds,
    },
    Raw {
        decoder: RawDecoder<'a>,
        /// What was read so far.
        seconds: f64,
        /// How long a file is. A stream may go on for ever.
        whole: Option<Seconds>,
    },
}

impl<'a> Source<'a> {
    fn open(audio: Audio<'a>, raw: Option<RawFormat>) -> Result<Self> {
        let Audio { name, source } = audio;
        let raw_of = |reader: Box<dyn Read + 'a>, name: &Path, whole, format| {
            Ok(Source::Raw { decoder: RawDecoder::new(reader, name, format), seconds: 0.0, whole })
        };
        let rate = match &source {
            decode::Source::Samples { rate, .. } => Some(*rate),
            _ => raw.map(|format| format.rate),
        };
        if raw.is_some_and(|format| format.channels == 0) {
            return Err(Error::Audio { path: name, reason: AudioError::Empty });
        }
        if let Some(rate) = rate.filter(|rate| !RATES.contains(&rate.0)) {
            return Err(Error::Audio { path: name, reason: AudioError::SampleRate(rate.0) });
        }
        let mut decoder = match (source, raw) {
            (decode::Source::Samples { channels: 0, .. }, _) => {
                return Err(Error::Audio { path: name, reason: AudioError::Empty });
            }
            (decode::Source::Samples { samples, channels, rate }, _) => {
                let whole = Samples((samples.len() / usize::from(channels)) as u64).at(rate);
                let sound = Sound { rate, channels, fine: true };
                return Ok(Source::Samples { left: samples, sound, whole });
            }
            (decode::Source::File, Some(format)) => {
                let io = |source| Error::Io { path: name.clone(), source };
                let file = File::open(&name).map_err(io)?;
                let whole = Some(file.metadata().map_err(io)?).filter(Metadata::is_file);
                let whole = whole.map(|file| format.duration(file.len()));
                return raw_of(Box::new(file), &name, whole, format);
            }
            (decode::Source::Reader(reader), Some(format)) => return raw_of(reader, &name, None, format),
            (decode::Source::File, None) => Decoder::open(&name)?,
            (decode::Source::Reader(reader), None) => Decoder::from_reader(reader, &name)?,
        };
        decoder.keep_channels();
        Ok(Source::Audio(Box::new(decoder)))
    }

    fn next_block(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        match self {
            Source::Audio(decoder) => {
                let rate = decoder.next_block(frames)?;
                Ok(rate.and_then(|_| decoder.sound()))
            }
            Source::Samples { left, sound, .. } => {
                let width = usize::from(sound.channels);
                let (block, rest) = left.split_at(left.len().min(BLOCK * width));
                *left = rest;
                frames.clear();
                // What is left of the last frame, where its channels are not all there, is no sound.
                frames.extend(block[..block.len() / width * width].iter().map(|&x| sane(x)));
                Ok((!frames.is_empty()).then_some(*sound))
            }
            Source::Raw { decoder, seconds, .. } => {
                let more = decoder.next_block(frames)?;
                let sound = decoder.sound();
                *seconds += Samples((frames.len() / usize::from(sound.channels)) as u64).at(sound.rate).0;
                Ok(more.then_some(sound))
            }
        }
    }

    /// How long the whole of it is.
    fn duration(&mut self) -> Result<Seconds> {
        match self {
            Source::Audio(decoder) => match decoder.stated_duration() {
                Some(stated) => Ok(stated),
                None => decoder.measure_rest(),
            },
            Source::Samples { whole, .. } => Ok(*whole),
            Source::Raw { seconds, whole, .. } => Ok(whole.unwrap_or(Seconds(*seconds))),
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        match self {
            Source::Audio(decoder) => decoder.warnings(),
            Source::Samples { .. } | Source::Raw { .. } => Vec::new(),
        }
    }
}

/// Cuts samples into parts and fingerprints each.
struct Parts<E> {
    each: E,
    algorithm: Algorithm,
    overlap: bool,
    /// Samples of a part, where there are several.
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
            // A part ends with the first sample of the next, so that there is none without samples.
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

    /// The length of the part so far; one that overlaps includes what it shares with the part before.
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

    fn finish(mut self, source: &mut Source<'_>) -> Result<()> {
        let duration = match self.chunk {
            Some(_) if self.samples == 0 && !self.first => return Ok(()),
            Some(_) => Seconds(self.length().max(0.0)),
            None => source.duration()?,
        };
        let words = self.chromaprint.words();
        (self.each)(ChromaprintPart { start: Seconds(self.start), duration, words })
    }
}
