//! Analyses one file in two passes. Tuning, pitch and separation need the samples once; chroma needs the tuning of
//! the whole file first.
//!
//! Files of some minutes keep their samples for the second pass; longer ones are decoded again. Nothing else grows
//! with the length of a file.
use std::{any::Any, path::Path};

use refrain_analysis::{
    CLASSES, ChromaCqt, ChromaOptions, Mode, Pitch, Spectrogram,
    blocks::{CqtBlock, Peak, TempoAccumulator, TuningAccumulator, normalise},
    estimate_key, features,
};

use super::{
    blocks::{Block, Blocks, FRAMES},
    harmonic_level::{HarmonicLevel, Squares, squares},
    mean_chroma::MeanChroma,
    outputs::{Outputs, Targets},
    pitch_summary::PitchSummary,
    plans::{BINS, HOP, Plans, RATE, check, refused},
};
use crate::{
    cancel::CancelToken,
    decode::{Audio, BlockSource},
    error::{AudioError, Error, Result},
    extract::samples,
    ordered::Ordered,
    report::{
        HarmonicFigures,
        harmonic::nearest_note,
        key_name::{camelot, key_name},
    },
    units::Samples,
};

/// How many samples are handled at a time, at most. Less than a block.
const PIECE: usize = 1 << 16;

/// A file to analyse, and what the analysis needs.
pub(super) struct Job<'a, 'b> {
    pub name: &'a Path,
    pub audio: &'a mut Audio<'b>,
    pub targets: &'a Targets,
    pub plans: &'a Plans,
    /// How many samples are kept for the second pass, at most.
    pub held: usize,
    /// How many blocks may be under way now.
    pub under_way: &'a dyn Fn() -> usize,
    pub cancel: &'a CancelToken,
}

/// The results of a block in the first pass.
struct First {
    peaks: Vec<Peak<2>>,
    /// For the tempo: the levels of the bands of each frame.
    levels: Vec<f32>,
    pitch: Vec<Pitch>,
    squares: Squares,
    /// Harmonic and percussive samples, if they are wanted.
    parts: Option<[Vec<f32>; 2]>,
}

/// The results of a block in the second pass.
struct Second {
    chroma: Spectrogram<f32>,
    /// Constant-Q magnitudes, if they are wanted.
    magnitudes: Option<Spectrogram<f32>>,
}

/// Keeps samples until there are too many.
struct Held {
    pieces: Vec<Vec<f32>>,
    len: usize,
    most: usize,
}

impl Held {
    fn push(&mut self, samples: &[f32]) {
        self.len += samples.len();
        if self.len > self.most {
            self.pieces = Vec::new();
            return;
        }
        if self.pieces.last().is_none_or(|piece| piece.len() + samples.len() > PIECE) {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(samples);
        }
    }

    fn all(&self) -> Option<&[Vec<f32>]> {
        (self.len <= self.most).then_some(&self.pieces)
    }
}

/// The figures after the first pass.
struct Gathered {
    tuning: TuningAccumulator<2>,
    tempo: TempoAccumulator,
    pitch: PitchSummary,
    levels: HarmonicLevel,
    held: Held,
    len: usize,
    figures: HarmonicFigures,
}

impl Job<'_, '_> {
    /// Analyses the file and writes its outputs. Calls `step` with the number of bytes that were read; their sum is
    /// about the length of the file.
    ///
    /// # Errors
    /// Those of the decoder; [`AudioError::TooLoud`]; [`Error::Io`] if an output cannot be written;
    /// [`Error::Interrupted`].
    pub fn run(mut self, step: &mut dyn FnMut(u64)) -> Result<HarmonicFigures> {
        let range = self.plans.yin.range();
        let mut decoder = self.audio.reopen()?;
        let mut outputs = Outputs::new(self.targets, range)?;
        let mut gathered = self.first_pass(&mut *decoder, &mut outputs, step)?;
        drop(decoder);
        let mut figures = std::mem::take(&mut gathered.figures);
        figures.duration = Samples(gathered.len as u64).at(RATE);
        figures.frames = self.plans.hpss.stft().frames(gathered.len) as u64;
        let [tuning, of_chroma] = gathered.tuning.tuning();
        figures.tuning = (!gathered.tuning.is_empty()).then_some((100.0 * tuning).round() / 100.0);
        figures.bpm = gathered.tempo.tempo().map(|tempo| (10.0 * tempo.bpm).round() / 10.0);
        figures.harmonic_ratio = gathered.levels.harmonic_ratio();
        figures.voiced = gathered.pitch.voiced();
        figures.pitch = gathered.pitch.median();
        (figures.pitch_note, figures.pitch_cents) = figures.pitch.map(nearest_note).unzip();
        figures.pitch_stability = gathered.pitch.stability();
        drop(gathered.tuning);

        let options = ChromaOptions::default().hop(HOP).tuning(of_chroma);
        let chroma = ChromaCqt::new(f64::from(RATE.0), options).map_err(|e| refused(self.name, &e))?;
        let (mean, energy) = self.second_pass(&chroma, &gathered.held, gathered.len, &mut outputs, step)?;
        figures.chroma = mean;
        figures.chroma_energy = energy;
        figures.chroma_entropy = features::chroma_entropy(&energy);
        if let Some(key) = estimate_key(&energy) {
            figures.key = Some(key.key.to_string());
            figures.key_name = Some(key_name(key.key));
            figures.camelot = Some(camelot(key.key));
            figures.mode = Some(if key.key.mode == Mode::Major { "major" } else { "minor" });
            figures.key_correlation = Some(key.correlation);
            figures.key_confidence = Some(key.confidence);
            figures.key_second = Some(key.second.to_string());
        }
        figures.warnings.extend(outputs.finish(self.name, chroma.cqt(), &figures)?);
        Ok(figures)
    }

    fn first_pass(
        &self,
        decoder: &mut dyn BlockSource,
        outputs: &mut Outputs,
        step: &mut dyn FnMut(u64),
    ) -> Result<Gathered> {
        let (plans, wanted) = (self.plans, outputs.wants_parts());
        let (lowest, highest) = plans.yin.range();
        let mut gathered = Gathered {
            tuning: TuningAccumulator::default(),
            tempo: TempoAccumulator::new(&plans.tempo),
            pitch: PitchSummary::new(lowest, highest),
            levels: HarmonicLevel::default(),
            held: Held { pieces: Vec::new(), len: 0, most: self.held },
            len: 0,
            figures: HarmonicFigures::default(),
        };
        rayon::in_place_scope(|scope| {
            let mut blocks = Blocks::new(&plans.hpss);
            let mut ordered = Ordered::new(scope);
            let mut before = 0;
            samples::stream(decoder, RATE, self.cancel, |samples, bytes| {
                step(bytes / 2 - before);
                before = bytes / 2;
                for piece in samples.chunks(PIECE) {
                    check(self.name, piece, blocks.len())?;
                    gathered.held.push(piece);
                    if let Some(block) = blocks.push(piece) {
                        ordered.hand(move || first(plans, &block, wanted));
                        while let Some(done) = ordered.take((self.under_way)()) {
                            gathered.add(self.done(done)?, outputs)?;
                        }
                    }
                }
                Ok(())
            })?;
            gathered.len = blocks.len();
            if let Some(block) = blocks.finish() {
                ordered.hand(move || first(plans, &block, wanted));
            }
            while let Some(done) = ordered.take(0) {
                gathered.add(self.done(done)?, outputs)?;
            }
            Ok::<_, Error>(())
        })?;
        gathered.figures.sample_rate = decoder.spec().map(|(rate, _)| rate.0);
        gathered.figures.channels = decoder.spec().map(|(_, channels)| channels.into());
        gathered.figures.warnings = decoder.warnings().iter().map(ToString::to_string).collect();
        Ok(gathered)
    }

    /// Returns the mean of normalised chroma and the mean of raw chroma.
    fn second_pass(
        &mut self,
        chroma: &ChromaCqt,
        held: &Held,
        len: usize,
        outputs: &mut Outputs,
        step: &mut dyn FnMut(u64),
    ) -> Result<([f32; CLASSES], [f32; CLASSES])> {
        let (name, plans, wanted) = (self.name, self.plans, outputs.wants_magnitudes());
        let (under_way, cancel) = (self.under_way, self.cancel);
        let finished = |done: Result<Second, Box<dyn Any + Send>>| done.map_err(|_| fault(name));
        let total = chroma.cqt().frames(len);
        outputs.begin_magnitudes(chroma.cqt(), total)?;
        let (mut mean, mut energy) = (MeanChroma::default(), MeanChroma::default());
        let mut add = |done: Second, outputs: &mut Outputs| {
            energy.add(&done.chroma);
            outputs.second(done.magnitudes.as_ref(), &done.chroma)?;
            let mut normalised = done.chroma;
            normalise(&mut normalised);
            mean.add(&normalised);
            Ok::<_, Error>(())
        };
        rayon::in_place_scope(|scope| {
            let mut stream = chroma.cqt().stream();
            let mut ordered = Ordered::new(scope);
            let mut push = |samples: &[f32]| {
                for piece in samples.chunks(PIECE) {
                    // Samples that were kept do not come from a decoder, where the token is looked at.
                    cancel.check()?;
                    stream.push(piece, FRAMES, |block| {
                        ordered.hand(move || second(plans, chroma, &block, wanted));
                    });
                    while let Some(done) = ordered.take(under_way()) {
                        add(finished(done)?, outputs)?;
                    }
                }
                Ok::<_, Error>(())
            };
            match held.all() {
                Some(pieces) => pieces.iter().try_for_each(|piece| push(piece))?,
                None => {
                    let (mut seen, mut before) = (0, 0);
                    let mut decoder = self.audio.reopen()?;
                    samples::stream(&mut *decoder, RATE, self.cancel, |samples, bytes| {
                        step(bytes / 2 - before);
                        before = bytes / 2;
                        check(name, samples, seen)?;
                        seen += samples.len();
                        push(samples)
                    })?;
                    if seen != len {
                        let reason = AudioError::Changed;
                        return Err(Error::Audio { path: name.to_owned(), reason });
                    }
                }
            }
            stream.finish(FRAMES, total, |block| {
                ordered.hand(move || second(plans, chroma, &block, wanted));
            });
            while let Some(done) = ordered.take(0) {
                add(finished(done)?, outputs)?;
            }
            Ok::<_, Error>(())
        })?;
        Ok((mean.mean(), energy.mean()))
    }

    /// The result of a block. A panic becomes an error of the file.
    fn done<T>(&self, done: Result<T, Box<dyn Any + Send>>) -> Result<T> {
        done.map_err(|_| fault(self.name))
    }
}

/// The error of a file whose analysis panicked.
fn fault(name: &Path) -> Error {
    let reason = AudioError::DecoderPanic("a fault in the analysis".into());
    Error::Audio { path: name.to_owned(), reason }
}

impl Gathered {
    fn add(&mut self, done: First, outputs: &mut Outputs) -> Result<()> {
        self.tuning.add(&done.peaks);
        self.tempo.add(&done.levels);
        self.pitch.add(&done.pitch);
        self.levels.add(done.squares);
        outputs.first(&done.pitch, done.parts.as_ref())
    }
}

fn first(plans: &Plans, block: &Block, wanted: bool) -> First {
    let (signal, frames) = (block.signal(), &block.frames);
    plans.with_scratch(|s| {
        let (mut peaks, mut pitch, mut levels) = (Vec::new(), Vec::new(), Vec::new());
        // Both need the same transform.
        let tempo = |magnitudes: &[f32]| plans.tempo.levels(magnitudes, &mut levels);
        plans.tuning.peaks_and(signal, frames.clone(), BINS, &mut s.stft, &mut peaks, tempo);
        plans.yin.pitch_of(signal, frames.clone(), &mut s.yin, &mut pitch);
        let samples = plans.hpss.samples_of(frames.clone(), block.extent).len();
        s.harmonic.resize(samples, 0.0);
        s.percussive.resize(samples, 0.0);
        let (h, p) = (&mut s.harmonic, &mut s.percussive);
        plans.hpss.part(signal, block.extent, frames.clone(), &mut s.hpss, h, p);
        let squares = squares(h, p);
        First { peaks, levels, pitch, squares, parts: wanted.then(|| [h.clone(), p.clone()]) }
    })
}

fn second(plans: &Plans, chroma: &ChromaCqt, block: &CqtBlock, wanted: bool) -> Second {
    plans.with_scratch(|s| {
        let mut magnitudes = wanted.then(Spectrogram::default);
        let chroma = chroma.block(block, &mut s.group, magnitudes.as_mut());
        Second { chroma, magnitudes }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_samples_and_decoding_again_give_the_same_figures() {
        let song =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/north-platform.opus"));
        let plans = Plans::new();
        let of = |audio: &mut Audio<'_>, held: usize, under_way: usize| {
            let (targets, cancel) = (&Targets::default(), &CancelToken::new());
            let under_way: &dyn Fn() -> usize = &move || under_way;
            let job = Job { name: song, audio, targets, plans: &plans, held, under_way, cancel };
            let mut bytes = 0;
            let figures = job.run(&mut |step| bytes += step).unwrap();
            let size = std::fs::metadata(song).unwrap().len();
            assert!(bytes > size / 4 && bytes <= size, "{bytes} of {size}");
            figures
        };
        let mut file = Audio::file(song);
        let kept = of(&mut file, usize::MAX, 1);
        assert!(kept.duration.0 > 20.0 && kept.key.is_some() && kept.channels.is_some());
        assert_eq!(of(&mut file, 0, 3), kept);
        assert_eq!(of(&mut file, 100_000, 1), kept);
        let mut stream = Audio::reader(std::fs::File::open(song).unwrap());
        assert_eq!(of(&mut stream, 0, 2), kept);
        assert_eq!(of(&mut stream, 0, 2), kept, "again");
    }
}
