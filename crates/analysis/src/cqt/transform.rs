//! The constant-Q transform: Brown, "Calculation of a constant Q spectral transform", 1991; by the multirate scheme of
//! Schörkhuber and Klapuri, "Constant-Q transform toolbox for music processing", 2010, section 2: the same kernels for each
//! octave, over a signal of half the rate for each octave further down.
mod stream;

use std::{f64::consts::TAU, ops::Range, sync::Arc};

use rayon::prelude::*;
use rustfft::{FftPlanner, num_complex::Complex};

pub(crate) use self::stream::CqtBlock;
use self::stream::{CqtStream, Level};
use super::{
    AnalysisError, Complex32, Spectrogram,
    decimate::{DecimateScratch, Decimator, PART},
    lanes::{GROUP, Isa, Lanes, for_each_isa},
    pair::{Plan, pack, parted},
    signal::{Signal, check},
};

/// The frequency of the note C1, where A4 is 440 Hz.
pub const C1: f64 = 32.703_195_662_574_83;

/// The bandwidth of a Hann window in bins, as librosa rounds it.
const HANN_BANDWIDTH: f64 = 1.500_183_105_468_75;

/// The share of a kernel's summed magnitude that is left out.
const SPARSITY: f64 = 0.01;

/// What a [`Cqt`] looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CqtOptions {
    /// The lowest bin in hertz, before tuning.
    pub fmin: f64,
    /// How many bins, 1 to 1,200.
    pub bins: usize,
    /// Bins in an octave, 1 to 240.
    pub bins_per_octave: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// By how many bins all frequencies are higher, -0.5 to 0.5.
    pub tuning: f64,
}

impl Default for CqtOptions {
    /// Seven octaves of twelve bins from C1, a hop of 512.
    fn default() -> Self {
        Self { fmin: C1, bins: 84, bins_per_octave: 12, hop: 512, tuning: 0.0 }
    }
}

/// The kernels of an octave in the frequency domain.
pub(super) struct Basis {
    fft_length: usize,
    forward: Plan,
    /// The FFT bins that any of the kernels has.
    used: Range<usize>,
    /// For each kernel its first bin, less the first one used, and its place among the weights.
    rows: Vec<(usize, Range<usize>)>,
    weights: Vec<Complex32>,
    /// `exp(-2 pi i k m / fft_length)` for the used bins `k`, in rows of `width` values, for `m` from 0 up to
    /// [`Basis::longest_slide`] and with it: real and imaginary parts.
    turns: [Vec<f32>; 2],
    /// The used bins, rounded up to whole groups.
    width: usize,
}

impl Basis {
    /// The longest hop over which a frame's spectrum is updated rather than transformed anew.
    fn longest_slide(&self) -> usize {
        self.fft_length / 32
    }

    /// Fills `turns`.
    fn with_turns(mut self) -> Self {
        let step = TAU / self.fft_length as f64;
        let root = |j: usize| Complex32::new((step * j as f64).cos() as f32, -(step * j as f64).sin() as f32);
        let roots: Vec<Complex32> = (0..self.fft_length).map(root).collect();
        for m in 0..=self.longest_slide() {
            let row = self.used.start..self.used.start + self.width;
            let row = row.map(|k| roots[k * m % self.fft_length]);
            self.turns[0].extend(row.clone().map(|z| z.re));
            self.turns[1].extend(row.map(|z| z.im));
        }
        self
    }

    /// Kernels for `frequencies` at `rate`, each also times its `scales`.
    fn new(frequencies: &[f64], rate: f64, q: f64, scales: &[f64]) -> Self {
        let longest = frequencies.iter().map(|f| q * rate / f).fold(0.0, f64::max);
        let fft_length = (longest.log2().ceil().exp2() as usize).max(4);
        let fft = FftPlanner::<f64>::new().plan_fft_forward(fft_length);
        let mut values = vec![Complex::default(); fft_length];
        let mut scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let (mut magnitudes, mut sorted) = (Vec::new(), Vec::new());
        let mut dense = Vec::new();
        for (&f, scale) in frequencies.iter().zip(scales) {
            let length = q * rate / f;
            let (begin, end) = ((-length / 2.0).floor(), (length / 2.0).floor());
            let count = ((end - begin) as usize).clamp(1, fft_length);
            // Turned step by step: a thousand steps in double precision lose nothing that single precision shows.
            let step = Complex::from_polar(1.0, TAU * f / rate);
            let window_step = Complex::from_polar(1.0, TAU / count as f64);
            let mut phasor = Complex::from_polar(1.0, TAU * f / rate * begin);
            let mut window_phasor = Complex::new(1.0, 0.0);
            values.fill(Complex::default());
            let mut sum = 0.0;
            for value in &mut values[(fft_length - count) / 2..][..count] {
                let window = if count == 1 { 1.0 } else { 0.5 - 0.5 * window_phasor.re };
                *value = phasor * window;
                sum += window;
                phasor *= step;
                window_phasor *= window_step;
            }
            fft.process_with_scratch(&mut values, &mut scratch);
            let kernel = &values[..=fft_length / 2];
            let factor = length / fft_length as f64 / sum;
            magnitudes.clear();
            magnitudes.extend(kernel.iter().map(|z| z.norm_sqr().sqrt()));
            let total: f64 = magnitudes.iter().sum();
            // What is more than the share itself cannot be among what is left out.
            sorted.clear();
            sorted.extend(magnitudes.iter().copied().filter(|m| *m < SPARSITY * total));
            sorted.sort_unstable_by(f64::total_cmp);
            let mut running = 0.0;
            let least = sorted.iter().copied().find(|m| {
                running += m / total;
                running >= SPARSITY
            });
            let least = least.unwrap_or(SPARSITY * total);
            let first = magnitudes.iter().position(|m| *m >= least).unwrap_or(0);
            let last = magnitudes.iter().rposition(|m| *m >= least).unwrap_or(0);
            let kept = kernel[first..=last].iter().zip(&magnitudes[first..=last]).map(|(z, m)| {
                let z = if *m >= least { z * factor * scale } else { Complex::default() };
                Complex32::new(z.re as f32, z.im as f32)
            });
            dense.push((first, kept.collect::<Vec<_>>()));
        }
        let low = dense.iter().map(|(first, _)| *first).min().unwrap_or(0);
        let high = dense.iter().map(|(first, row)| first + row.len()).max().unwrap_or(0);
        let mut weights = Vec::new();
        let rows = dense.into_iter().map(|(first, row)| {
            let from = weights.len();
            weights.extend_from_slice(&row);
            (first - low, from..weights.len())
        });
        let rows = rows.collect();
        let width = (high - low).next_multiple_of(GROUP);
        let forward = Plan::forward(fft_length);
        let turns = [Vec::new(), Vec::new()];
        Self { fft_length, forward, used: low..high, rows, weights, turns, width }.with_turns()
    }
}

struct Octave {
    basis: Arc<Basis>,
    /// How many times the signal has been halved.
    level: usize,
    hop: usize,
    /// The number of its lowest bin.
    first_bin: usize,
}

/// A constant-Q transform that agrees with `librosa.cqt` (version 0.11, its defaults).
///
/// Bin `b` of frame `t` is how much of the frequency `fmin * 2^((b + tuning) / bins_per_octave)` there is around sample
/// `t * hop`, in a Hann window of Q periods, Q = 1/alpha with alpha = (2^(2/B) - 1) / (2^(2/B) + 1). A full-scale
/// sine at the bin has half the square root of the window's length in samples.
///
/// Lower octaves are computed at a lower rate as long as the hop divides by two. Sample rates of 4 and more times what the
/// highest bin needs are first reduced by 2 or more, as librosa does it; it does so in one step where this takes several of
/// a half, so that for factors of 4 and up the two differ by the resampler's filters, in the fourth digit.
pub struct Cqt {
    rate: f64,
    options: CqtOptions,
    octaves: Vec<Octave>,
    decimator: Decimator,
    isa: Isa,
}

/// What a [`Cqt`] works in: as many values as the signal has samples.
#[derive(Clone, Debug, Default)]
pub struct CqtScratch {
    levels: Vec<Vec<f32>>,
    decimate: DecimateScratch,
    group: GroupScratch,
}

/// What a group of frames is worked on in.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
    /// Real and imaginary part of each used bin, for sixteen frames.
    tile: Vec<[[f32; GROUP]; 2]>,
    /// The used bins of a frame that is updated: real and imaginary parts.
    sliding: [Vec<f32>; 2],
    changes: Vec<f32>,
    /// Of each kernel.
    products: Vec<[[f32; GROUP]; 2]>,
    /// Sums over bins, of those who want such.
    pub sums: Vec<[f32; GROUP]>,
}

/// The products of all kernels with the spectra of sixteen frames.
///
/// # Safety
/// The processor has the instruction set of `V`; each row lies within `tile`.
#[inline(always)]
unsafe fn kernel_products<V: Lanes>(
    tile: &[[[f32; GROUP]; 2]],
    basis: &Basis,
    products: &mut [[[f32; GROUP]; 2]],
) {
    for ((first, row), out) in basis.rows.iter().zip(products) {
        let weights = &basis.weights[row.clone()];
        let values = &tile[*first..first + weights.len()];
        for c in (0..GROUP).step_by(V::WIDTH) {
            // SAFETY: an array has sixteen values, of which `c` leaves a whole register; the rest is the caller's.
            unsafe {
                let zero = V::splat(0.0);
                let (mut rr, mut ii, mut ri, mut ir) = (zero, zero, zero, zero);
                for (w, [re, im]) in weights.iter().zip(values) {
                    let (w_re, w_im) = (V::splat(w.re), V::splat(w.im));
                    let (re, im) = (V::load(re.as_ptr().add(c)), V::load(im.as_ptr().add(c)));
                    rr = w_re.mul_add(re, rr);
                    ii = w_im.mul_add(im, ii);
                    ri = w_re.mul_add(im, ri);
                    ir = w_im.mul_add(re, ir);
                }
                rr.sub(ii).store(out[0].as_mut_ptr().add(c));
                ri.add(ir).store(out[1].as_mut_ptr().add(c));
            }
        }
    }
}

for_each_isa!(
    all_products = kernel_products(
        tile: &[[[f32; GROUP]; 2]],
        basis: &Basis,
        products: &mut [[[f32; GROUP]; 2]],
    )
);

/// Moves a frame on by `changes.len()` samples: `changes` is what comes in less what goes out, each at the same place of the
/// frame modulo its length. The shift theorem does the rest.
///
/// # Safety
/// The processor has the instruction set of `V`; `re` and `im` have `width` values, a multiple of [`GROUP`], and each of
/// `turns` has `changes.len() + 1` rows of so many.
#[inline(always)]
unsafe fn slide<V: Lanes>(re: &mut [f32], im: &mut [f32], changes: &[f32], turns: &[Vec<f32>; 2]) {
    let width = re.len();
    for c in (0..width).step_by(V::WIDTH) {
        // SAFETY: the caller's; `c` leaves a whole register in each row.
        unsafe {
            let turn = |part: usize, m: usize| V::load(turns[part].as_ptr().add(m * width + c));
            let (mut a_re, mut a_im) = (V::load(re.as_ptr().add(c)), V::load(im.as_ptr().add(c)));
            let (mut b_re, mut b_im) = (V::splat(0.0), V::splat(0.0));
            // Two sums by turns, so that one need not wait for the other.
            let (pairs, rest) = changes.as_chunks::<2>();
            for (n, [first, second]) in pairs.iter().enumerate() {
                let (first, second) = (V::splat(*first), V::splat(*second));
                a_re = first.mul_add(turn(0, 2 * n), a_re);
                a_im = first.mul_add(turn(1, 2 * n), a_im);
                b_re = second.mul_add(turn(0, 2 * n + 1), b_re);
                b_im = second.mul_add(turn(1, 2 * n + 1), b_im);
            }
            for change in rest {
                let change = V::splat(*change);
                a_re = change.mul_add(turn(0, changes.len() - 1), a_re);
                a_im = change.mul_add(turn(1, changes.len() - 1), a_im);
            }
            let (x_re, x_im) = (a_re.add(b_re), a_im.add(b_im));
            // Times the conjugate of the turn by the whole hop.
            let (t_re, t_im) = (turn(0, changes.len()), turn(1, changes.len()));
            let zero = V::splat(0.0);
            x_re.mul_add(t_re, x_im.mul_add(t_im, zero)).store(re.as_mut_ptr().add(c));
            x_im.mul_add(t_re, zero.sub(x_re.mul_add(t_im, zero))).store(im.as_mut_ptr().add(c));
        }
    }
}

for_each_isa!(
    slide_spectrum = slide(re: &mut [f32], im: &mut [f32], changes: &[f32], turns: &[Vec<f32>; 2])
);

/// Frames from one that is transformed to the next, where those between are updated. Rounding adds up over them.
const SLIDES: usize = GROUP / 2;

impl Cqt {
    /// A transform of signals of `rate` hertz.
    ///
    /// # Errors
    /// Where an option is outside its range, or the highest bin reaches above half the sample rate.
    pub fn new(rate: f64, options: CqtOptions) -> Result<Self, AnalysisError> {
        let CqtOptions { fmin, bins, bins_per_octave, hop, tuning } = options;
        let must = AnalysisError::unless;
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
            let last = octaves.last().filter(|o| halved && o.basis.rows.len() == end - first_bin);
            let basis = match last {
                // Half the frequencies at half the rate.
                Some(octave) => octave.basis.clone(),
                None => {
                    let frequencies: Vec<f64> = (first_bin..end).map(frequency).collect();
                    let scale = |f: &f64| (early_rate / level_rate / (q * early_rate / f)).sqrt();
                    let scales: Vec<f64> = frequencies.iter().map(scale).collect();
                    Arc::new(Basis::new(&frequencies, level_rate, q, &scales))
                }
            };
            octaves.push(Octave { basis, level, hop, first_bin });
            halved = hop.is_multiple_of(2);
            if halved {
                (level, hop, level_rate) = (level + 1, hop / 2, level_rate / 2.0);
            }
        }
        let decimator = Decimator::new(std::f64::consts::SQRT_2);
        Ok(Self { rate, options, octaves, decimator, isa: Isa::best() })
    }

    /// The sample rate that it is made for.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// What it looks at.
    pub fn options(&self) -> &CqtOptions {
        &self.options
    }

    /// The frequency of a bin in hertz.
    pub fn frequency(&self, bin: usize) -> f64 {
        let CqtOptions { fmin, bins_per_octave, tuning, .. } = self.options;
        fmin * ((bin as f64 + tuning) / bins_per_octave as f64).exp2()
    }

    /// Frames of a signal of `len` samples: `1 + len / hop`, or one more where the rate is reduced at first and the last
    /// hop is all but complete; none of an empty signal.
    pub fn frames(&self, len: usize) -> usize {
        let at_level = |o: &Octave| 1 + len.div_ceil(1 << o.level) / o.hop;
        if len == 0 { 0 } else { self.octaves.iter().map(at_level).min().unwrap_or(0) }
    }

    /// The transform of each frame of `samples`: `frames()` times `bins`.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with.
    pub fn transform(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Spectrogram<Complex32>, AnalysisError> {
        self.gather(samples, scratch, Complex32::new)
    }

    /// The magnitudes of the transform.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with.
    pub fn magnitudes(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Spectrogram<f32>, AnalysisError> {
        self.gather(samples, scratch, |re, im| (re * re + im * im).sqrt())
    }

    /// As [`Cqt::transform`], on the threads of the current rayon pool; the same bit for bit.
    ///
    /// # Errors
    /// As [`Cqt::transform`].
    pub fn transform_on_threads(&self, samples: &[f32]) -> Result<Spectrogram<Complex32>, AnalysisError> {
        check(samples, 0)?;
        let levels = self.halved_on_threads(samples);
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

    fn gather<T: Clone + Default>(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
        value: impl Fn(f32, f32) -> T,
    ) -> Result<Spectrogram<T>, AnalysisError> {
        check(samples, 0)?;
        self.halved(samples, scratch);
        let bins = self.options.bins;
        let mut out = Spectrogram::new(self.frames(samples.len()), bins);
        for (n, rows) in out.values.chunks_mut(GROUP * bins).enumerate() {
            self.group_into(&signals(samples, &scratch.levels), n, &mut scratch.group, rows, &value);
        }
        Ok(out)
    }

    /// Writes the values of up to sixteen frames.
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

    /// The signal at each level but the first, which is the signal itself.
    fn halved(&self, samples: &[f32], scratch: &mut CqtScratch) {
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

    /// As `halved`, in parts.
    pub(super) fn halved_on_threads(&self, samples: &[f32]) -> Vec<Vec<f32>> {
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

    /// Calls `each`, for `signals` of each level, with the first bin of every octave, the real and imaginary parts of its bins for sixteen frames, and
    /// the sums of the scratch. Frames past the last one have no meaning.
    pub(super) fn group(
        &self,
        signals: &[Signal<'_>],
        group: usize,
        scratch: &mut GroupScratch,
        mut each: impl FnMut(usize, &[[[f32; GROUP]; 2]], &mut [[f32; GROUP]]),
    ) {
        for octave in &self.octaves {
            let basis = &*octave.basis;
            let signal = signals[octave.level];
            scratch.tile.resize(basis.used.len(), [[0.0; GROUP]; 2]);
            scratch.products.resize(basis.rows.len(), [[0.0; GROUP]; 2]);
            let start = (group * GROUP * octave.hop) as isize - (basis.fft_length / 2) as isize;
            // Frames that are transformed together, and how many updated ones follow each.
            let apart = if octave.hop <= basis.longest_slide() { SLIDES } else { 1 };
            for lane in (0..GROUP).step_by(2).take(GROUP / 2 / apart) {
                self.two_frames(octave, signal, start, [lane, lane + apart], scratch);
                for first in [lane, lane + apart].into_iter().filter(|_| apart > 1) {
                    self.following_frames(octave, signal, start, first, scratch);
                }
            }
            let GroupScratch { tile, products, sums, .. } = &mut *scratch;
            // SAFETY: `best` is one of those that are available; rows lie within the used bins.
            unsafe { all_products(self.isa, tile, basis, products) };
            each(octave.first_bin, products, sums);
        }
    }

    /// Transforms two of a group's frames into their places in the tile.
    fn two_frames(
        &self,
        octave: &Octave,
        signal: Signal<'_>,
        start: isize,
        lanes: [usize; 2],
        scratch: &mut GroupScratch,
    ) {
        let GroupScratch { packed, fft, edges: [edge_a, edge_b], tile, .. } = scratch;
        let basis = &*octave.basis;
        let length = basis.fft_length;
        let [first, second] = lanes;
        packed.resize(length, Complex32::default());
        let a = signal.segment(start + (first * octave.hop) as isize, length, edge_a);
        let b = signal.segment(start + (second * octave.hop) as isize, length, edge_b);
        pack(a, b, packed);
        basis.forward.run(packed, fft);
        // Bin 0 is its own mirror.
        let mirrors = basis.used.clone().map(|k| packed[(length - k) % length]);
        for ((z, m), [re, im]) in packed[basis.used.clone()].iter().zip(mirrors).zip(tile.iter_mut()) {
            let (a, ib) = parted(*z, m);
            (re[first], re[second]) = (a.re, ib.im);
            (im[first], im[second]) = (a.im, -ib.re);
        }
    }

    /// Updates the frame at `first` to those that follow it.
    fn following_frames(
        &self,
        octave: &Octave,
        signal: Signal<'_>,
        start: isize,
        first: usize,
        scratch: &mut GroupScratch,
    ) {
        let GroupScratch { edges: [edge, _], tile, sliding: [re, im], changes, .. } = scratch;
        let basis = &*octave.basis;
        let (length, hop) = (basis.fft_length, octave.hop);
        re.clear();
        im.clear();
        re.extend(tile.iter().map(|[re, _]| re[first]));
        im.extend(tile.iter().map(|[_, im]| im[first]));
        re.resize(basis.width, 0.0);
        im.resize(basis.width, 0.0);
        let begin = start + (first * hop) as isize;
        let samples = signal.segment(begin, length + (SLIDES - 1) * hop, edge);
        for step in 0..SLIDES - 1 {
            let (leaving, entering) = (&samples[step * hop..], &samples[length + step * hop..]);
            changes.clear();
            changes.extend(entering[..hop].iter().zip(leaving).map(|(e, l)| e - l));
            // SAFETY: `best` is one of those that are available; there are turns for every hop up to the longest slide.
            unsafe { slide_spectrum(self.isa, re, im, changes, &basis.turns) };
            let lane = first + step + 1;
            for (([to_re, to_im], re), im) in tile.iter_mut().zip(&*re).zip(&*im) {
                (to_re[lane], to_im[lane]) = (*re, *im);
            }
        }
    }

    /// Calls `each` with the number of every group of sixteen frames and its scratch, after the signal has been halved.
    pub(super) fn each_group(
        &self,
        samples: &[f32],
        scratch: &mut CqtScratch,
        mut each: impl FnMut(usize, &[Signal<'_>], &mut GroupScratch),
    ) {
        self.halved(samples, scratch);
        let signals = signals(samples, &scratch.levels);
        for n in 0..self.frames(samples.len()).div_ceil(GROUP) {
            each(n, &signals, &mut scratch.group);
        }
    }

    /// What has to be kept of each level of a signal that comes piece by piece.
    pub(crate) fn stream(&self) -> CqtStream {
        let deepest = self.octaves.last().map_or(0, |o| o.level);
        let mut reaches = vec![None; deepest + 1];
        for octave in &self.octaves {
            reaches[octave.level] = Some((octave.hop, octave.basis.fft_length / 2));
        }
        CqtStream {
            decimator: self.decimator.clone(),
            levels: reaches.into_iter().map(Level::of).collect(),
            next: 0,
            scratch: DecimateScratch::default(),
        }
    }
}

/// The signal at each level, whole.
pub(super) fn signals<'a>(samples: &'a [f32], levels: &'a [Vec<f32>]) -> Vec<Signal<'a>> {
    std::iter::once(samples).chain(levels.iter().map(Vec::as_slice)).map(Signal::whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 5u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    /// The inner product with a windowed sinusoid at the full rate, without any approximation.
    fn plain(cqt: &Cqt, samples: &[f32], t: usize, bin: usize) -> f64 {
        let o = cqt.options();
        let squared = (2.0 / o.bins_per_octave as f64).exp2();
        let length = (squared + 1.0) / (squared - 1.0) * cqt.rate() / cqt.frequency(bin);
        let half = (length / 2.0).floor() as isize;
        let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
        for n in -half..=half {
            let window = 0.5 + 0.5 * (TAU * n as f64 / length).cos();
            sum += window;
            let s = (t * o.hop) as isize + n;
            if let Some(&x) = usize::try_from(s).ok().and_then(|s| samples.get(s)) {
                let phase = TAU * cqt.frequency(bin) * n as f64 / cqt.rate();
                re += f64::from(x) * window * phase.cos();
                im += f64::from(x) * window * phase.sin();
            }
        }
        re.hypot(im) / sum * length.sqrt()
    }

    #[test]
    fn is_near_the_plain_transform() {
        let samples = noise(9000);
        for (bins, bins_per_octave, hop, rate) in
            [(84, 12, 512, 22_050.0), (100, 36, 64, 22_050.0), (30, 12, 25, 8000.0), (48, 12, 512, 44_100.0)]
        {
            let fmin = if bins == 84 { C1 } else { 130.0 };
            let options = CqtOptions { fmin, bins, bins_per_octave, hop, tuning: 0.2 };
            let cqt = Cqt::new(rate, options).unwrap();
            let got = cqt.magnitudes(&samples, &mut CqtScratch::default()).unwrap();
            assert_eq!((got.bins(), got.frames()), (bins, 1 + samples.len() / hop));
            let (mut off, mut all) = (0.0, 0.0);
            for t in 0..got.frames() {
                for bin in (0..bins).step_by(5) {
                    let expected = plain(&cqt, &samples, t, bin);
                    off += (f64::from(got.frame(t)[bin]) - expected).powi(2);
                    all += expected.powi(2);
                }
            }
            // Kernels without their smallest bins are that far off, in librosa too.
            let relative = (off / all).sqrt();
            assert!(relative < 0.02, "{bins}/{bins_per_octave}, hop {hop}: {relative}");
        }
    }

    #[test]
    fn every_instruction_set_and_any_number_of_threads_agree() {
        let samples = noise(30_000);
        let options = CqtOptions { bins: 96, bins_per_octave: 24, fmin: 200.0, ..CqtOptions::default() };
        let mut cqt = Cqt::new(22_050.0, options).unwrap();
        let best = cqt.transform(&samples, &mut CqtScratch::default()).unwrap();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| cqt.transform_on_threads(&samples)).unwrap(), best);
        }
        for isa in Isa::available() {
            cqt.isa = isa;
            let got = cqt.transform(&samples, &mut CqtScratch::default()).unwrap();
            for (a, b) in got.values().iter().zip(best.values()) {
                assert!((a - b).norm() < 1e-5, "{isa:?}");
            }
        }
    }

    #[test]
    fn odd_signals_give_finite_values() {
        let cqt = Cqt::new(22_050.0, CqtOptions::default()).unwrap();
        for (samples, frames) in [(vec![], 0), (vec![1.0], 1), (vec![1e6; 700], 2), (vec![0.0; 512], 2)] {
            let got = cqt.magnitudes(&samples, &mut CqtScratch::default()).unwrap();
            assert_eq!(got.frames(), frames);
            assert!(got.values().iter().all(|v| v.is_finite()));
        }
        assert!(cqt.magnitudes(&[f32::NAN], &mut CqtScratch::default()).is_err());
        assert!(cqt.transform_on_threads(&[f32::INFINITY]).is_err());
    }

    #[test]
    fn bad_options_are_refused() {
        let usual = CqtOptions::default();
        for options in [
            CqtOptions { bins: 0, ..usual },
            CqtOptions { bins: 120, ..usual },
            CqtOptions { bins_per_octave: 0, ..usual },
            CqtOptions { hop: 0, ..usual },
            CqtOptions { fmin: 0.0, ..usual },
            CqtOptions { fmin: f64::NAN, ..usual },
            CqtOptions { tuning: 0.7, ..usual },
        ] {
            assert!(Cqt::new(22_050.0, options).is_err(), "{options:?}");
        }
        assert!(Cqt::new(f64::NAN, usual).is_err());
    }
}
