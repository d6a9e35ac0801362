//! Chroma: the energy of each of the twelve pitch classes, C first; Bartsch and Wakefield, "To catch a chorus", 2001.
use rayon::prelude::*;

use crate::{
    cqt::{C1, Cqt, CqtBlock, CqtOptions, CqtScratch, GroupScratch, signals},
    error::AnalysisError,
    signal::{Signal, check},
    simd::GROUP,
    spectrogram::{Spectrogram, frames_of_magnitudes},
    stft::{Stft, StftScratch},
};

/// The number of pitch classes in an octave.
pub const CLASSES: usize = 12;

/// Options of [`ChromaCqt`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChromaOptions {
    pub(crate) fmin: f64,
    pub(crate) octaves: usize,
    pub(crate) bins_per_octave: usize,
    pub(crate) hop: usize,
    pub(crate) tuning: f64,
}

impl Default for ChromaOptions {
    /// Seven octaves of 36 bins from C1, a hop of 512.
    fn default() -> Self {
        Self { fmin: C1, octaves: 7, bins_per_octave: 36, hop: 512, tuning: 0.0 }
    }
}

impl ChromaOptions {
    /// The lowest bin in hertz, before tuning.
    #[must_use]
    pub fn fmin(mut self, fmin: f64) -> Self {
        self.fmin = fmin;
        self
    }

    /// The number of octaves.
    #[must_use]
    pub fn octaves(mut self, octaves: usize) -> Self {
        self.octaves = octaves;
        self
    }

    /// Bins of the constant-Q transform in an octave, a multiple of twelve.
    #[must_use]
    pub fn bins_per_octave(mut self, bins_per_octave: usize) -> Self {
        self.bins_per_octave = bins_per_octave;
        self
    }

    /// Samples from one frame to the next.
    #[must_use]
    pub fn hop(mut self, hop: usize) -> Self {
        self.hop = hop;
        self
    }

    /// The tuning of the music in bins, -0.5 to 0.5, as [`crate::Tuning`] estimates it: positive if it is above A4 = 440 Hz.
    #[must_use]
    pub fn tuning(mut self, tuning: f64) -> Self {
        self.tuning = tuning;
        self
    }
}

/// Chroma from a constant-Q transform. It agrees with `librosa.feature.chroma_cqt`.
///
/// A pitch class sums the magnitudes of the bins nearest to it, over all octaves. Each frame is then divided by its largest
/// value, so that values are 0 to 1. Silence is all zeros. Raw values are the sums before the division.
pub struct ChromaCqt {
    cqt: Cqt,
    /// The pitch class of each bin.
    classes: Vec<usize>,
}

/// The pitch class of each bin of a constant-Q transform.
fn classes_of(options: &CqtOptions) -> Vec<usize> {
    let merged = options.bins_per_octave / CLASSES;
    let lowest = (12.0 * (options.fmin / C1).log2()).round().rem_euclid(12.0) as usize;
    (0..options.bins).map(|bin| ((bin + merged / 2) / merged + lowest) % CLASSES).collect()
}

impl ChromaCqt {
    /// Plans chroma for signals of `rate` hertz.
    ///
    /// # Errors
    /// As [`Cqt::new`], and unless the bins of an octave are a multiple of twelve.
    pub fn new(rate: f64, options: ChromaOptions) -> Result<Self, AnalysisError> {
        let ChromaOptions { fmin, octaves, bins_per_octave, hop, tuning } = options;
        let whole = bins_per_octave.is_multiple_of(CLASSES) && bins_per_octave > 0;
        AnalysisError::ensure(whole, "bins_per_octave", bins_per_octave as f64, "a multiple of twelve")?;
        let bins = octaves.saturating_mul(bins_per_octave);
        let options = CqtOptions { fmin, bins, bins_per_octave, hop, tuning };
        Ok(Self { cqt: Cqt::new(rate, options)?, classes: classes_of(&options) })
    }

    /// The constant-Q transform.
    #[doc(hidden)]
    pub fn cqt(&self) -> &Cqt {
        &self.cqt
    }

    /// Returns the chroma of each frame of `samples`, twelve values a frame.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn chroma(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Spectrogram<f32>, AnalysisError> {
        let mut chroma = self.raw(samples, scratch)?;
        normalise(&mut chroma);
        Ok(chroma)
    }

    /// Returns the raw chroma of each frame: sums of magnitudes, which follow the loudness.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn raw(&self, samples: &[f32], scratch: &mut CqtScratch) -> Result<Spectrogram<f32>, AnalysisError> {
        check(samples, 0)?;
        let mut out = Spectrogram::new(self.cqt.frames(samples.len()), CLASSES);
        self.cqt.for_each_group(samples, scratch, |n, signals, group| {
            let end = out.values.len().min((n + 1) * GROUP * CLASSES);
            self.group(signals, n, group, &mut out.values[n * GROUP * CLASSES..end], |_, _| {});
        });
        Ok(out)
    }

    /// As [`ChromaCqt::raw`], on the threads of the current rayon pool. The result is the same bit for bit.
    ///
    /// # Errors
    /// As [`ChromaCqt::raw`].
    #[doc(hidden)]
    pub fn raw_on_threads(&self, samples: &[f32]) -> Result<Spectrogram<f32>, AnalysisError> {
        check(samples, 0)?;
        let levels = self.cqt.halve_on_threads(samples);
        let signals = signals(samples, &levels);
        let mut out = Spectrogram::new(self.cqt.frames(samples.len()), CLASSES);
        out.values.par_chunks_mut(GROUP * CLASSES).enumerate().for_each_init(
            GroupScratch::default,
            |scratch, (n, rows)| {
                self.group(&signals, n, scratch, rows, |_, _| {});
            },
        );
        Ok(out)
    }

    /// Returns the raw chroma of the frames of a block. Also writes the magnitudes of the transform, if given a place.
    #[doc(hidden)]
    pub fn block(
        &self,
        block: &CqtBlock,
        scratch: &mut GroupScratch,
        mut magnitudes: Option<&mut Spectrogram<f32>>,
    ) -> Spectrogram<f32> {
        let (signals, bins) = (block.signals(), self.cqt.bins());
        let mut out = Spectrogram::new(block.frames.len(), CLASSES);
        if let Some(magnitudes) = &mut magnitudes {
            **magnitudes = Spectrogram::new(block.frames.len(), bins);
        }
        for (i, rows) in out.values.chunks_mut(GROUP * CLASSES).enumerate() {
            let n = block.frames.start / GROUP + i;
            self.group(&signals, n, scratch, rows, |first_bin, products| {
                let Some(magnitudes) = &mut magnitudes else { return };
                let rows = magnitudes.values[i * GROUP * bins..].chunks_exact_mut(bins).take(GROUP);
                for (frame, row) in rows.enumerate() {
                    for (v, [re, im]) in row[first_bin..].iter_mut().zip(products) {
                        *v = (re[frame] * re[frame] + im[frame] * im[frame]).sqrt();
                    }
                }
            });
        }
        out
    }

    /// Writes the raw chroma of up to sixteen frames. Calls `each` for each octave, with the number of its first bin and the
    /// real and imaginary parts of its bins.
    fn group(
        &self,
        signals: &[Signal<'_>],
        n: usize,
        scratch: &mut GroupScratch,
        rows: &mut [f32],
        mut each: impl FnMut(usize, &[[[f32; GROUP]; 2]]),
    ) {
        scratch.sums.clear();
        scratch.sums.resize(CLASSES, [0.0; GROUP]);
        self.cqt.group(signals, n, scratch, |first_bin, products, sums| {
            each(first_bin, products);
            for ([re, im], &class) in products.iter().zip(&self.classes[first_bin..]) {
                for ((sum, re), im) in sums[class].iter_mut().zip(re).zip(im) {
                    *sum += (re * re + im * im).sqrt();
                }
            }
        });
        for (frame, row) in rows.chunks_exact_mut(CLASSES).enumerate() {
            row.iter_mut().zip(&scratch.sums).for_each(|(v, sum)| *v = sum[frame]);
        }
    }
}

/// Divides each frame by its largest value. Leaves frames alone whose largest value is 0 or subnormal.
#[doc(hidden)]
pub fn normalise(chroma: &mut Spectrogram<f32>) {
    let bins = chroma.bins().max(1);
    for frame in chroma.values.chunks_exact_mut(bins) {
        let largest = frame.iter().copied().fold(0.0, f32::max);
        if largest >= f32::MIN_POSITIVE {
            frame.iter_mut().for_each(|v| *v /= largest);
        }
    }
}

/// Chroma from a short-time Fourier transform. It agrees with the defaults of `librosa.feature.chroma_stft`: powers of frames
/// of 2,048 samples every 512. Gaussian weights spread each bin over the pitch classes near it, and favour the octaves in the
/// middle (Ellis, "Chroma feature analysis and synthesis", 2007).
pub struct ChromaStft {
    stft: Stft,
    /// The weight of each bin for each class.
    weights: Vec<[f32; CLASSES]>,
}

impl ChromaStft {
    /// Plans chroma for signals of `rate` hertz. `tuning` is in semitones, -0.5 to 0.5.
    ///
    /// # Errors
    /// As [`Stft::new`], and if `rate` or `tuning` is out of range.
    pub fn new(rate: f64, frame_length: usize, hop: usize, tuning: f64) -> Result<Self, AnalysisError> {
        AnalysisError::ensure((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        AnalysisError::ensure((-0.5..=0.5).contains(&tuning), "tuning", tuning, "-0.5 to 0.5")?;
        let stft = Stft::new(frame_length, hop)?;
        let weights = stft_weights(rate, frame_length, tuning, stft.bins());
        Ok(Self { stft, weights })
    }

    /// Returns the chroma of each frame of `samples`, twelve values a frame, 0 to 1. Silence is all zeros.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn chroma(
        &self,
        samples: &[f32],
        scratch: &mut StftScratch,
    ) -> Result<Spectrogram<f32>, AnalysisError> {
        let mut chroma = self.raw(samples, scratch)?;
        normalise(&mut chroma);
        Ok(chroma)
    }

    /// Returns the raw chroma of each frame: weighted sums of powers, which follow the loudness.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    #[doc(hidden)]
    pub fn raw(&self, samples: &[f32], scratch: &mut StftScratch) -> Result<Spectrogram<f32>, AnalysisError> {
        let mut out = Spectrogram::new(self.stft.frames(samples.len()), CLASSES);
        self.stft.for_each_magnitudes(samples, scratch, |t, magnitudes| {
            self.weighted(magnitudes.iter().map(|m| m * m), out.frame_mut(t));
        })?;
        Ok(out)
    }

    /// As [`ChromaStft::raw`], for powers that were computed before, frame after frame.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless the values are whole frames, finite and not negative.
    #[doc(hidden)]
    pub fn raw_of(&self, powers: &[f32]) -> Result<Spectrogram<f32>, AnalysisError> {
        let bins = self.stft.bins();
        let mut out = Spectrogram::new(frames_of_magnitudes(powers, bins)?, CLASSES);
        for (powers, out) in powers.chunks_exact(bins).zip(out.values.chunks_exact_mut(CLASSES)) {
            self.weighted(powers.iter().copied(), out);
        }
        Ok(out)
    }

    fn weighted(&self, powers: impl Iterator<Item = f32>, out: &mut [f32]) {
        let mut sums = [0.0f32; CLASSES];
        for (power, weights) in powers.zip(&self.weights) {
            sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += w * power);
        }
        out.copy_from_slice(&sums);
    }
}

/// The weight of each pitch class for each bin.
fn stft_weights(rate: f64, frame_length: usize, tuning: f64, bins: usize) -> Vec<[f32; CLASSES]> {
    /// The octave with the most weight, counted from A0 = 27.5 Hz.
    const CENTRE: f64 = 5.0;
    /// The standard deviation of the weights in octaves.
    const WIDTH: f64 = 2.0;
    let classes = CLASSES as f64;
    let a0 = 440.0 * (tuning / classes).exp2() / 16.0;
    let above_bin_0 = |k: usize| classes * (rate * k as f64 / frame_length as f64 / a0).log2();
    // Bin 0 has no pitch; librosa places it one and a half octaves below bin 1.
    let place = |k: usize| if k == 0 { above_bin_0(1) - 1.5 * classes } else { above_bin_0(k) };
    let weights = |k: usize| {
        let width = if k + 1 < frame_length { (place(k + 1) - place(k)).max(1.0) } else { 1.0 };
        let bump = |class: usize| {
            // Place 0 is A, class 0 is C.
            let from_a = (class + 3) % CLASSES;
            let off = (place(k) - from_a as f64 + classes / 2.0).rem_euclid(classes) - classes / 2.0;
            (-0.5 * (2.0 * off / width).powi(2)).exp()
        };
        let bumps: [f64; CLASSES] = std::array::from_fn(bump);
        let norm = bumps.iter().map(|b| b * b).sum::<f64>().sqrt();
        let octave = (-0.5 * ((place(k) / classes - CENTRE) / WIDTH).powi(2)).exp();
        bumps.map(|b| (b / norm * octave) as f32)
    };
    (0..bins).map(weights).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::on_threads;

    fn tone(frequency: f64, len: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / 22_050.0;
        (0..len).map(|n| (0.5 * (step * n as f64).sin()) as f32).collect()
    }

    /// A melody of all twelve notes.
    fn notes() -> Vec<f32> {
        let note = |n: usize| tone(220.0 * (n as f64 / 12.0).exp2(), 6000);
        (0..12).flat_map(|n| note(n * 7 % 12)).collect()
    }

    #[test]
    fn a_note_is_in_its_class() {
        for midi in [57, 60, 69, 71, 84] {
            let samples = tone(440.0 * ((f64::from(midi) - 69.0) / 12.0).exp2(), 22_050);
            let cqt = ChromaCqt::new(22_050.0, ChromaOptions::default()).unwrap();
            let from_a = ChromaOptions { fmin: 55.0, octaves: 6, ..ChromaOptions::default() };
            let from_a = ChromaCqt::new(22_050.0, from_a).unwrap();
            let stft = ChromaStft::new(22_050.0, 2048, 512, 0.0).unwrap();
            for chroma in [
                cqt.chroma(&samples, &mut CqtScratch::default()).unwrap(),
                from_a.chroma(&samples, &mut CqtScratch::default()).unwrap(),
                stft.chroma(&samples, &mut StftScratch::default()).unwrap(),
            ] {
                let frame = chroma.frame(20);
                let class = (0..12).max_by(|&a, &b| frame[a].total_cmp(&frame[b]));
                assert_eq!(class, Some(midi as usize % 12), "{frame:?}");
                assert_eq!(frame[midi as usize % 12], 1.0);
            }
        }
    }

    #[test]
    fn raw_chroma_is_the_folded_transform() {
        let samples = notes();
        let chroma = ChromaCqt::new(22_050.0, ChromaOptions::default()).unwrap();
        let mut scratch = CqtScratch::default();
        let raw = chroma.raw(&samples, &mut scratch).unwrap();
        let cqt = chroma.cqt().magnitudes(&samples, &mut scratch).unwrap();
        assert_eq!(raw.frames(), cqt.frames());
        for t in 0..raw.frames() {
            let mut plain = [0.0f64; CLASSES];
            for (bin, m) in cqt.frame(t).iter().enumerate() {
                plain[(bin + 1) / 3 % 12] += f64::from(*m);
            }
            for (got, plain) in raw.frame(t).iter().zip(plain) {
                assert!((f64::from(*got) - plain).abs() < 1e-4 * plain.max(1.0));
            }
        }
        for threads in [1, 2] {
            assert_eq!(on_threads(threads, || chroma.raw_on_threads(&samples)).unwrap(), raw);
        }
    }

    #[test]
    fn powers_computed_before_give_the_same() {
        let samples = notes();
        let chroma = ChromaStft::new(22_050.0, 2048, 512, 0.1).unwrap();
        let mut scratch = StftScratch::default();
        let mut magnitudes = chroma.stft.magnitudes(&samples, &mut scratch).unwrap();
        magnitudes.values.iter_mut().for_each(|m| *m *= *m);
        let mut of_powers = chroma.raw_of(magnitudes.values()).unwrap();
        assert_eq!(of_powers, chroma.raw(&samples, &mut scratch).unwrap());
        normalise(&mut of_powers);
        assert_eq!(of_powers, chroma.chroma(&samples, &mut scratch).unwrap());
        assert!(chroma.raw_of(&[0.0; 1026]).is_err());
        assert!(chroma.raw_of(&[f32::NAN; 1025]).is_err());
    }

    #[test]
    fn odd_signals_and_options() {
        let chroma = ChromaCqt::new(22_050.0, ChromaOptions::default()).unwrap();
        let stft = ChromaStft::new(22_050.0, 2048, 512, 0.0).unwrap();
        for (samples, frames) in [(vec![], 0), (vec![0.5], 1), (vec![0.0; 3000], 6), (vec![1.0; 3000], 6)] {
            let cqt = chroma.chroma(&samples, &mut CqtScratch::default()).unwrap();
            let stft = stft.chroma(&samples, &mut StftScratch::default()).unwrap();
            for chroma in [cqt, stft] {
                assert_eq!(chroma.frames(), frames);
                let silent = samples.iter().all(|x| *x == 0.0);
                assert!(chroma.values().iter().all(|v| (0.0..=1.0).contains(v) && !(silent && *v > 0.0)));
            }
        }
        assert!(chroma.chroma(&[f32::NAN], &mut CqtScratch::default()).is_err());
        assert!(chroma.raw_on_threads(&[f32::NAN]).is_err());
        assert!(stft.chroma(&[f32::NAN], &mut StftScratch::default()).is_err());
        for bins_per_octave in [0, 7, 35] {
            let options = ChromaOptions { bins_per_octave, ..ChromaOptions::default() };
            assert!(ChromaCqt::new(22_050.0, options).is_err());
        }
        let options = ChromaOptions { octaves: usize::MAX, ..ChromaOptions::default() };
        assert!(ChromaCqt::new(22_050.0, options).is_err());
        assert!(ChromaStft::new(0.0, 2048, 512, 0.0).is_err());
        assert!(ChromaStft::new(22_050.0, 2048, 512, 0.6).is_err());
    }
}
