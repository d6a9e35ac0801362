//! The transform of whole signals, in groups of sixteen frames.
use std::sync::Arc;

use rayon::prelude::*;
use refrain_fft::num_complex::Complex32;

use super::{kernels::Kernels, options::CqtOptions};
use crate::{
    decimate::{DecimateScratch, Decimator, PART},
    error::AnalysisError,
    paired_fft::{pack, unpack},
    signal::{Signal, check},
    simd::{GROUP, Isa},
    spectrogram::Spectrogram,
};

/// The bandwidth of a Hann window in bins, as librosa rounds it.
const HANN_BANDWIDTH: f64 = 1.500_183_105_468_75;

/// An octave of bins.
pub(super) struct Octave {
    pub(super) kernels: Arc<Kernels>,
    /// How often the signal is halved for it.
    pub(super) level: usize,
    pub(super) hop: usize,
    /// The number of its lowest bin.
    first_bin: usize,
}

/// The constant-Q transform (Brown, "Calculation of a constant Q spectral transform", 1991), by the multirate scheme of
/// Schörkhuber and Klapuri ("Constant-Q transform toolbox for music processing", 2010). It agrees with the defaults of
/// `librosa.cqt`, version 0.11.
///
/// Bin `b` of frame `t` measures the frequency `fmin * 2^((b + tuning) / bins_per_octave)` around sample `t * hop`. Its Hann
/// window spans Q periods: Q = 1/alpha, alpha = (2^(2/B) - 1) / (2^(2/B) + 1), where B is `bins_per_octave`. A full-scale sine
/// at the bin's frequency gives half the square root of the window's length in samples.
///
/// Each octave down is computed at half the rate, as long as the hop divides by two. A rate of at least 4 times what the
/// highest bin needs is reduced at first, as in librosa. librosa reduces in one step and this crate in halves, so that for
/// factors of 4 and more the results differ in the fourth digit.
pub struct Cqt {
    rate: f64,
    options: CqtOptions,
    pub(super) octaves: Vec<Octave>,
    pub(super) decimator: Decimator,
    pub(super) isa: Isa,
}

/// Working memory of a [`Cqt`]. It holds as many values as the signal has samples.
#[derive(Clone, Debug, Default)]
pub struct CqtScratch {
    levels: Vec<Vec<f32>>,
    decimate: DecimateScratch,
    group: GroupScratch,
}

/// Working memory for a group of frames.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct GroupScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
    /// The real and imaginary parts of each used bin, for sixteen frames.
    tile: Vec<[[f32; GROUP]; 2]>,
    /// The real and imaginary parts of the used bins of one frame, which is updated to the next.
    sliding: [Vec<f32>; 2],
    changes: Vec<f32>,
    /// The real and imaginary parts of each bin of an octave.
    products: Vec<[[f32; GROUP]; 2]>,
    /// Sums over bins, for callers.
    pub(crate) sums: Vec<[f32; GROUP]>,
}

/// For short hops, one frame in `SLIDES` is transformed and the others are updated. Rounding errors add up over them.
const SLIDES: usize = GROUP / 2;

impl Cqt {
    /// Plans a transform of signals of `rate` hertz.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] if `rate` or an option is out of range, or if the highest bin reaches above half the rate.
    pub fn new(rate: f64, options: CqtOptions) -> Result<Self, AnalysisError> {
        let CqtOptions { fmin, bins, bins_per_octave, hop, tuning } = options;
        let must = AnalysisError::ensure;
        must((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        must((1..=1200).contains(&bins), "bins", bins as f64, "1 to 1,200")?;
        must((1..=240).contains(&bins_per_octave), "bins_per_octave", bins_per_octave as f64, "1 to 240")?;
        must((1..=1 << 20).contains(&hop), "hop", hop as f64, "1 to 2^20")?;
        must((-0.5..=0.5).contains(&tuning), "tuning", tuning, "-0.5 to 0.5")?;
        let per_octave = bins_per_octave as f64;
        let squared = (2.0 / per_octave).exp2();
        let q = (squared + 1.0) / (squared - 1.0);
        let lowest = q * rate / 2f64.powi(18);
        must(
            fmin >= lowest && fmin.is_finite(),
            "fmin",
            fmin,
            &format!("at least {lowest:.4} Hz at this rate"),
        )?;
        let frequency = |bin: usize| fmin * ((bin as f64 + tuning) / per_octave).exp2();
        let cutoff = frequency(bins - 1) * (1.0 + 0.5 * HANN_BANDWIDTH / q);
        must(cutoff <= rate / 2.0, "the highest bin's upper end", cutoff, "at most half the sample rate")?;

        let count = bins.div_ceil(bins_per_octave);
        let spare = (rate / 2.0 / cutoff).log2().ceil() as i64 - 2;
        let twos = i64::from(hop.trailing_zeros()) - count as i64 + 1;
        let early = spare.max(0).min(twos.max(0)) as usize;
        let early_rate = rate / 2f64.powi(early as i32);
        let (mut level, mut hop, mut level_rate) = (early, hop >> early, early_rate);
        let in_octave = bins_per_octave.min(bins);
        let mut octaves: Vec<Octave> = Vec::new();
        let mut halved = false;
        for octave in 0..count {
            let end = bins - octave * in_octave;
            let first_bin = end.saturating_sub(in_octave);
            let last = octaves.last().filter(|o| halved && o.kernels.len() == end - first_bin);
            let kernels = match last {
                // Half the frequencies at half the rate need the same kernels.
                Some(octave) => octave.kernels.clone(),
                None => {
                    let frequencies: Vec<f64> = (first_bin..end).map(frequency).collect();
                    let scale = |f: &f64| (early_rate / level_rate / (q * early_rate / f)).sqrt();
                    let scales: Vec<f64> = frequencies.iter().map(scale).collect();
                    Arc::new(Kernels::new(&frequencies, level_rate, q, &scales))
                }
            };
            octaves.push(Octave { kernels, level, hop, first_bin });
            halved = hop.is_multiple_of(2);
            if halved {
                (level, hop, level_rate) = (level + 1, hop / 2, level_rate / 2.0);
            }
        }
        let decimator = Decimator::new(std::f64::consts::SQRT_2);
        Ok(Self { rate, options, octaves, decimator, isa: Isa::best() })
    }

    /// The sample rate in hertz.
    #[doc(hidden)]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The number of bins.
    #[doc(hidden)]
    pub fn bins(&self) -> usize {
        self.options.bins
    }

    /// The frequency of a bin in hertz.
    pub fn frequency(&self, bin: usize) -> f64 {
        let CqtOptions { fmin, bins_per_octave, tuning, .. } = self.options;
        fmin * ((bin as f64 + tuning) / bins_per_octave as f64).exp2()
    }

    /// The number of frames of `len` samples: `1 + len / hop`, or 0 if there are no samples. If the rate is reduced at first and
    /// the last hop is nearly complete, there is one frame more.
    #[doc(hidden)]
    pub fn frames(&self, len: usize) -> usize {
        let at_level = |o: &Octave| 1 + len.div_ceil(1 << o.level) / o.hop;
        if len == 0 { 0 } else { self.octaves.iter().map(at_level).min().unwrap_or(0) }
    }

    /// Returns the transform of each frame of `samples`: one frame per hop, of as many values as there are bins. If the rate is
    /// reduced at first and the last hop is nearly complete, there is one frame more.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn transform(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Spectrogram<Complex32>, AnalysisError> {
        self.gather(samples, scratch, Complex32::new)
    }

    /// Returns the magnitudes of the transform.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn magnitudes(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Spectrogram<f32>, AnalysisError> {
        self.gather(samples, scratch, |re, im| (re * re + im * im).sqrt())
    }

    /// As [`Cqt::transform`], on the threads of the current rayon pool. The result is the same bit for bit.
    ///
    /// # Errors
    /// As [`Cqt::transform`].
    #[doc(hidden)]
    pub fn transform_on_threads(&self, samples: &[f32]) -> Result<Spectrogram<Complex32>, AnalysisError> {
        check(samples, 0)?;
        let levels = self.halve_on_threads(samples);
        let bins = self.options.bins;
        let mut out = Spectrogram::new(self.frames(samples.len()), bins);
        let signals = signals(samples, &levels);
        out.values.par_chunks_mut(GROUP * bins).enumerate().for_each_init(
            GroupScratch::default,
            |scratch, (n, rows)| {
                self.group_into(&signals, n, scratch, rows, Complex32::new);
            },
        );
        Ok(out)
    }

    /// Transforms all groups and collects `value` of each bin.
    fn gather<T: Clone + Default>(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
        value: impl Fn(f32, f32) -> T,
    ) -> Result<Spectrogram<T>, AnalysisError> {
        check(samples, 0)?;
        self.halve(samples, scratch);
        let bins = self.options.bins;
        let mut out = Spectrogram::new(self.frames(samples.len()), bins);
        for (n, rows) in out.values.chunks_mut(GROUP * bins).enumerate() {
            self.group_into(&signals(samples, &scratch.levels), n, &mut scratch.group, rows, &value);
        }
        Ok(out)
    }

    /// Writes `value` of each bin of up to sixteen frames.
    fn group_into<T>(
        &self,
        signals: &[Signal<'_>],
        group: usize,
        scratch: &mut GroupScratch,
        rows: &mut [T],
        value: impl Fn(f32, f32) -> T,
    ) {
        let bins = self.options.bins;
        self.group(signals, group, scratch, |first_bin, products, _| {
            for (bin, [re, im]) in (first_bin..).zip(products) {
                for (row, (&re, &im)) in rows.chunks_exact_mut(bins).zip(re.iter().zip(im)) {
                    row[bin] = value(re, im);
                }
            }
        });
    }

    /// Computes the signal at each level. Level 0 is the signal itself and is left out.
    fn halve(&self, samples: &[f32], scratch: &mut CqtScratch) {
        let CqtScratch { levels, decimate, .. } = scratch;
        let deepest = self.octaves.last().map_or(0, |o| o.level);
        levels.resize(deepest, Vec::new());
        for level in 0..deepest {
            let (before, after) = levels.split_at_mut(level);
            let input = before.last().map_or(samples, |l| l);
            after[0].resize(input.len().div_ceil(2), 0.0);
            self.decimator.run(Signal::whole(input), 0, &mut after[0], decimate);
        }
    }

    /// As [`Cqt::halve`], on the threads of the current rayon pool.
    pub(crate) fn halve_on_threads(&self, samples: &[f32]) -> Vec<Vec<f32>> {
        let deepest = self.octaves.last().map_or(0, |o| o.level);
        let mut levels: Vec<Vec<f32>> = Vec::with_capacity(deepest);
        for _ in 0..deepest {
            let input = levels.last().map_or(samples, |l| l);
            let mut output = vec![0.0; input.len().div_ceil(2)];
            output.par_chunks_mut(PART).enumerate().for_each_init(
                DecimateScratch::default,
                |scratch, (n, part)| {
                    self.decimator.run(Signal::whole(input), n * PART, part, scratch);
                },
            );
            levels.push(output);
        }
        levels
    }

    /// Transforms sixteen frames. Calls `each` for each octave, with its first bin, the real and imaginary parts of its bins, and
    /// the sums of the scratch. `signals` has the signal at each level. Frames after the last one have no meaning.
    pub(crate) fn group(
        &self,
        signals: &[Signal<'_>],
        group: usize,
        scratch: &mut GroupScratch,
        mut each: impl FnMut(usize, &[[[f32; GROUP]; 2]], &mut [[f32; GROUP]]),
    ) {
        for octave in &self.octaves {
            let kernels = &*octave.kernels;
            let signal = signals[octave.level];
            scratch.tile.resize(kernels.used.len(), [[0.0; GROUP]; 2]);
            scratch.products.resize(kernels.len(), [[0.0; GROUP]; 2]);
            let start = (group * GROUP * octave.hop) as isize - (kernels.fft_length / 2) as isize;
            // The distance of the two frames that are transformed together. Updated frames lie between them.
            let apart = if octave.hop <= kernels.sliding.max_hop() { SLIDES } else { 1 };
            for lane in (0..GROUP).step_by(2).take(GROUP / 2 / apart) {
                self.two_frames(octave, signal, start, [lane, lane + apart], scratch);
                for first in [lane, lane + apart].into_iter().filter(|_| apart > 1) {
                    self.following_frames(octave, signal, start, first, scratch);
                }
            }
            let GroupScratch { tile, products, sums, .. } = &mut *scratch;
            kernels.multiply(self.isa, tile, products);
            each(octave.first_bin, products, sums);
        }
    }

    /// Transforms two frames of a group into their lanes of the tile.
    fn two_frames(
        &self,
        octave: &Octave,
        signal: Signal<'_>,
        start: isize,
        lanes: [usize; 2],
        scratch: &mut GroupScratch,
    ) {
        let GroupScratch { packed, fft, edges: [edge_a, edge_b], tile, .. } = scratch;
        let kernels = &*octave.kernels;
        let length = kernels.fft_length;
        let [first, second] = lanes;
        packed.resize(length, Complex32::default());
        let a = signal.segment(start + (first * octave.hop) as isize, length, edge_a);
        let b = signal.segment(start + (second * octave.hop) as isize, length, edge_b);
        pack(a, b, packed);
        kernels.forward.run(packed, fft);
        // Bin 0 is its own mirror.
        let mirrors = kernels.used.clone().map(|k| packed[(length - k) % length]);
        for ((z, m), [re, im]) in packed[kernels.used.clone()].iter().zip(mirrors).zip(tile.iter_mut()) {
            let (a, ib) = unpack(*z, m);
            (re[first], re[second]) = (a.re, ib.im);
            (im[first], im[second]) = (a.im, -ib.re);
        }
    }

    /// Computes the frames that follow frame `first` of a group, each as an update of the one before.
    fn following_frames(
        &self,
        octave: &Octave,
        signal: Signal<'_>,
        start: isize,
        first: usize,
        scratch: &mut GroupScratch,
    ) {
        let GroupScratch { edges: [edge, _], tile, sliding: [re, im], changes, .. } = scratch;
        let kernels = &*octave.kernels;
        let (length, hop) = (kernels.fft_length, octave.hop);
        re.clear();
        im.clear();
        re.extend(tile.iter().map(|[re, _]| re[first]));
        im.extend(tile.iter().map(|[_, im]| im[first]));
        re.resize(kernels.sliding.width(), 0.0);
        im.resize(kernels.sliding.width(), 0.0);
        let begin = start + (first * hop) as isize;
        let samples = signal.segment(begin, length + (SLIDES - 1) * hop, edge);
        for step in 0..SLIDES - 1 {
            let (leaving, entering) = (&samples[step * hop..], &samples[length + step * hop..]);
            changes.clear();
            changes.extend(entering[..hop].iter().zip(leaving).map(|(e, l)| e - l));
            kernels.sliding.advance(self.isa, re, im, changes);
            let lane = first + step + 1;
            for (([to_re, to_im], re), im) in tile.iter_mut().zip(&*re).zip(&*im) {
                (to_re[lane], to_im[lane]) = (*re, *im);
            }
        }
    }

    /// Halves the signal, then calls `each` for each group of sixteen frames, with its number, the signal at each level and the
    /// scratch.
    pub(crate) fn for_each_group(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
        mut each: impl FnMut(usize, &[Signal<'_>], &mut GroupScratch),
    ) {
        self.halve(samples, scratch);
        let signals = signals(samples, &scratch.levels);
        for n in 0..self.frames(samples.len()).div_ceil(GROUP) {
            each(n, &signals, &mut scratch.group);
        }
    }
}

/// The whole signal at each level.
pub(crate) fn signals<'a>(samples: &'a [f32], levels: &'a [Vec<f32>]) -> Vec<Signal<'a>> {
    std::iter::once(samples).chain(levels.iter().map(Vec::as_slice)).map(Signal::whole).collect()
}

#[cfg(test)]
mod tests;
