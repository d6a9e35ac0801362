//! Harmonic-percussive separation by median filtering: Fitzgerald, "Harmonic/percussive separation using median filtering",
//! 2010, with the margins of Driedger, Müller and Disch, "Extending harmonic-percussive separation of audio", 2014.
//!
//! Harmonic sound lies along time in a spectrogram, percussive sound along frequency. So the median of the magnitudes along
//! time tells how harmonic a bin is, the median along frequency how percussive, and a soft mask parts the spectrum.
//!
//! Frames go through in blocks of sixteen: what is kept is the frames that the medians of a block reach, in a ring, so that
//! memory does not grow with the length of the signal and stays in the processor's cache.
use std::ops::Range;

use rayon::prelude::*;
use rustfft::num_complex::Complex32;

use super::{
    AnalysisError, Spectrogram, Stft, frames_of_levels,
    lanes::{GROUP, Isa, Lanes, for_each_isa},
    median::{FAST, REACH, column_medians, mirrored, sliding, tile_medians},
    pair::{FineScratch, apply_masks, pair_magnitudes},
    signal::{Signal, check},
};

/// The fewest frames that a thread is given at a time.
const LEAST_PART: usize = 64 * GROUP;

/// How [`Hpss`] tells harmonic from percussive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HpssOptions {
    /// Frames that the harmonic median looks at: odd, 1 to 255.
    pub harmonic_kernel: usize,
    /// Bins that the percussive median looks at: odd, 1 to 255.
    pub percussive_kernel: usize,
    /// How sharply the masks part: the exponent of the medians, above 0; infinite for masks of 0 and 1.
    pub power: f32,
    /// How many times the percussive median the harmonic one must be, 1 or more; above 1 there is a rest that is neither.
    pub harmonic_margin: f32,
    /// How many times the harmonic median the percussive one must be, 1 or more.
    pub percussive_margin: f32,
}

impl Default for HpssOptions {
    /// 31 and 31, power 2, no margin.
    fn default() -> Self {
        Self {
            harmonic_kernel: FAST,
            percussive_kernel: FAST,
            power: 2.0,
            harmonic_margin: 1.0,
            percussive_margin: 1.0,
        }
    }
}

/// Separates a signal into a harmonic and a percussive part.
#[derive(Clone)]
pub struct Hpss {
    stft: Stft,
    options: HpssOptions,
    isa: Isa,
    /// [`Stft::gains`] of blocks that all frames reach.
    gains: Vec<f32>,
}

/// What [`Hpss`] works in: about 0.8 MB for frames of 2,048 samples.
#[derive(Clone, Debug, Default)]
pub struct HpssScratch {
    /// Frames in the ring.
    slots: usize,
    /// Values from one row of magnitudes to the next: the bins, rounded up to whole groups.
    stride: usize,
    /// The next pair of frames to be transformed, by the number of its first frame.
    next_pair: usize,
    spectra: Vec<Complex32>,
    magnitudes: Vec<f32>,
    harmonic: Vec<f32>,
    percussive: Vec<f32>,
    tile: Vec<f32>,
    tile_medians: Vec<f32>,
    sorted: Vec<f32>,
    work: Vec<Complex32>,
    fine: FineScratch,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
    gains: Vec<f32>,
    /// Added-up frames that later ones still reach: harmonic, percussive.
    tails: [Vec<f32>; 2],
}

/// The soft mask of `x` against `reference`, and that of `reference` against `x` (Fitzgerald, equation 5, scaled so that
/// nothing overflows). The smaller one is not taken as what is left of 1, which would lose its digits.
#[inline(always)]
fn soft(x: f32, reference: f32, split: f32, raised: impl Fn(f32) -> f32) -> (f32, f32) {
    let z = if x > reference { x } else { reference };
    let (a, b) = (raised(x / z), raised(reference / z));
    let sum = a + b;
    if z < f32::MIN_POSITIVE { (split, split) } else { (a / sum, b / sum) }
}

/// Turns the medians of a row into masks.
#[inline(always)]
fn masks<V: Lanes>(harmonic: &mut [f32], percussive: &mut [f32], options: &HpssOptions) {
    let &HpssOptions { power, harmonic_margin, percussive_margin, .. } = options;
    let pairs = harmonic.iter_mut().zip(percussive);
    if power.is_infinite() {
        pairs
            .for_each(|(h, p)| (*h, *p) = (hard(*h, *p * harmonic_margin), hard(*p, *h * percussive_margin)));
    } else if harmonic_margin != 1.0 || percussive_margin != 1.0 {
        pairs.for_each(|(h, p)| {
            let raised = |v: f32| v.powf(power);
            let harmonic = soft(*h, *p * harmonic_margin, 0.0, raised).0;
            (*h, *p) = (harmonic, soft(*p, *h * percussive_margin, 0.0, raised).0);
        });
    } else if power == 2.0 {
        pairs.for_each(|(h, p)| (*h, *p) = soft(*h, *p, 0.5, |v| v * v));
    } else {
        pairs.for_each(|(h, p)| (*h, *p) = soft(*h, *p, 0.5, |v| v.powf(power)));
    }
}

for_each_isa!(rows_to_masks = masks(harmonic: &mut [f32], percussive: &mut [f32], options: &HpssOptions));

fn hard(x: f32, reference: f32) -> f32 {
    f32::from(u8::from(x > reference))
}

/// Adds the frames of `packed`, windowed: the first one from the beginning of `tail` on, the second one from `hop` on if
/// there are `both`.
#[inline(always)]
fn add<V: Lanes>(packed: &[Complex32], window: &[f32], hop: usize, both: bool, tail: &mut [f32]) {
    for ((z, w), x) in packed.iter().zip(window).zip(tail.iter_mut()) {
        *x += z.re * w;
    }
    if !both {
        return;
    }
    for ((z, w), x) in packed.iter().zip(window).zip(tail[hop..].iter_mut()) {
        *x += z.im * w;
    }
}

for_each_isa!(add_pair = add(packed: &[Complex32], window: &[f32], hop: usize, both: bool, tail: &mut [f32]));

/// How long a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// In samples.
    pub samples: usize,
    /// In frames.
    pub frames: usize,
}

impl Extent {
    /// That of a signal whose end has not been seen: further away than any frame reaches.
    pub const UNKNOWN: Self = Self { samples: usize::MAX / 8, frames: usize::MAX / 8 };

    /// That of a signal of so many samples.
    pub fn of(stft: &Stft, samples: usize) -> Self {
        Self { samples, frames: stft.frames(samples) }
    }
}

impl Hpss {
    /// A separation with frames of `frame_length` samples every `hop`; 2,048 and 512 are usual at 22,050 Hz.
    ///
    /// # Errors
    /// As [`Stft::new`]; where `hop` is more than half a frame; and where an option is outside its range.
    pub fn new(frame_length: usize, hop: usize, options: HpssOptions) -> Result<Self, AnalysisError> {
        let stft = Stft::new(frame_length, hop)?;
        let must = AnalysisError::unless;
        must(hop <= frame_length / 2, "hop", hop as f64, "at most half a frame")?;
        for (name, kernel) in
            [("harmonic_kernel", options.harmonic_kernel), ("percussive_kernel", options.percussive_kernel)]
        {
            let odd = kernel % 2 == 1 && kernel <= 255;
            must(odd, name, kernel as f64, "odd, 1 to 255")?;
        }
        must(options.power > 0.0, "power", options.power.into(), "above 0")?;
        for (name, margin) in
            [("harmonic_margin", options.harmonic_margin), ("percussive_margin", options.percussive_margin)]
        {
            must((1.0..=1e6).contains(&margin), name, margin.into(), "1 to 1,000,000")?;
        }
        let mut gains = vec![0.0; hop];
        stft.gains(frame_length, usize::MAX, &mut gains);
        Ok(Self { stft, options, isa: Isa::best(), gains })
    }

    /// The transform beneath.
    pub fn stft(&self) -> &Stft {
        &self.stft
    }

    /// The harmonic and the percussive mask of a spectrogram of magnitudes, values 0 to 1 of the same shape.
    ///
    /// # Errors
    /// Unless the spectrogram has the bins of [`Hpss::stft`], and values that are finite and not negative.
    pub fn masks(
        &self,
        magnitudes: &Spectrogram<f32>,
    ) -> Result<(Spectrogram<f32>, Spectrogram<f32>), AnalysisError> {
        let bins = self.stft.bins();
        AnalysisError::unless(
            magnitudes.bins() == bins,
            "bins",
            magnitudes.bins() as f64,
            &format!("{bins}, those of a frame"),
        )?;
        self.masks_of(magnitudes.values())
    }

    /// As [`Hpss::masks`], of the values of a spectrogram, frame after frame.
    ///
    /// # Errors
    /// Unless they are whole frames of the bins of [`Hpss::stft`], finite and not negative.
    pub fn masks_of(
        &self,
        magnitudes: &[f32],
    ) -> Result<(Spectrogram<f32>, Spectrogram<f32>), AnalysisError> {
        let bins = self.stft.bins();
        let frames = frames_of_levels(magnitudes, bins)?;
        let (mut harmonic, mut percussive) = (Spectrogram::new(frames, bins), Spectrogram::new(frames, bins));
        let mut scratch = HpssScratch::default();
        self.begin(&mut scratch, 0);
        for first in (0..frames).step_by(GROUP) {
            let last = (first + GROUP + self.half()).min(frames);
            while scratch.next_pair < last {
                let t = scratch.next_pair;
                let slot = t % scratch.slots * scratch.stride;
                scratch.magnitudes[slot..slot + bins].copy_from_slice(&magnitudes[t * bins..(t + 1) * bins]);
                scratch.next_pair += 1;
            }
            self.block_masks(&mut scratch, first, frames);
            for (i, t) in (first..frames.min(first + GROUP)).enumerate() {
                let row = i * scratch.stride..i * scratch.stride + bins;
                harmonic.frame_mut(t).copy_from_slice(&scratch.harmonic[row.clone()]);
                percussive.frame_mut(t).copy_from_slice(&scratch.percussive[row]);
            }
        }
        Ok((harmonic, percussive))
    }

    /// The harmonic and the percussive part of `samples`, each as long, into `harmonic` and `percussive`. Without margins
    /// their sum is the signal, but for rounding.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with.
    pub fn separate(
        &self,
        samples: &[f32],
        scratch: &mut HpssScratch,
        harmonic: &mut Vec<f32>,
        percussive: &mut Vec<f32>,
    ) -> Result<(), AnalysisError> {
        check(samples, 0)?;
        harmonic.resize(samples.len(), 0.0);
        percussive.resize(samples.len(), 0.0);
        let whole = Extent::of(&self.stft, samples.len());
        self.part(Signal::whole(samples), whole, 0..whole.frames, scratch, harmonic, percussive);
        Ok(())
    }

    /// As [`Hpss::separate`], on the threads of the current rayon pool; the same bit for bit.
    ///
    /// # Errors
    /// As [`Hpss::separate`].
    pub fn separate_on_threads(
        &self,
        samples: &[f32],
        harmonic: &mut Vec<f32>,
        percussive: &mut Vec<f32>,
    ) -> Result<(), AnalysisError> {
        check(samples, 0)?;
        harmonic.resize(samples.len(), 0.0);
        percussive.resize(samples.len(), 0.0);
        let whole = Extent::of(&self.stft, samples.len());
        let frames = whole.frames;
        let per_thread = frames.div_ceil(rayon::current_num_threads());
        let part = per_thread.next_multiple_of(GROUP).max(LEAST_PART);
        let mut parts = Vec::new();
        let (mut h, mut p) = (&mut harmonic[..], &mut percussive[..]);
        for first in (0..frames).step_by(part) {
            let last = (first + part).min(frames);
            let own = self.samples_of(first..last, whole);
            let (own_h, rest_h) = h.split_at_mut(own.len());
            let (own_p, rest_p) = p.split_at_mut(own.len());
            (h, p) = (rest_h, rest_p);
            parts.push((first..last, own_h, own_p));
        }
        parts.into_par_iter().for_each(|(range, h, p)| {
            self.part(Signal::whole(samples), whole, range, &mut HpssScratch::default(), h, p);
        });
        Ok(())
    }

    /// A separation of samples that come piece by piece.
    pub fn stream(&self) -> HpssStream {
        let mut scratch = HpssScratch::default();
        self.begin(&mut scratch, 0);
        HpssStream { hpss: self.clone(), scratch, pending: Vec::new(), origin: 0, next: 0 }
    }

    /// The samples that a part of the frames gives: those before its own first frame's beginning are the part's before.
    pub(crate) fn samples_of(&self, part: Range<usize>, whole: Extent) -> Range<usize> {
        let len = whole.samples;
        let begin = |t: usize| (t * self.stft.hop()).saturating_sub(self.stft.frame_length() / 2).min(len);
        begin(part.start)..if part.end == whole.frames { len } else { begin(part.end) }
    }

    /// The first and the last sample, and one more, that a part of the frames is made of.
    pub(crate) fn reach_of(&self, part: Range<usize>) -> Range<usize> {
        let (length, hop) = (self.stft.frame_length(), self.stft.hop());
        // Pairs of frames begin with an even one.
        let first = part.start.saturating_sub(self.before() + self.half()) & !1;
        (first * hop).saturating_sub(length / 2)..(part.end + self.half() + 1) * hop + length / 2
    }

    /// Earlier frames that reach into a part's first samples, in whole groups.
    fn before(&self) -> usize {
        ((self.stft.frame_length() - 1) / self.stft.hop()).next_multiple_of(GROUP)
    }

    /// Separates the samples of a part of the frames, which begins with a whole group; `signal` has all samples that it is
    /// made of, and all can be worked with.
    ///
    /// # Panics
    /// Unless `harmonic` and `percussive` have the length of [`Hpss::samples_of`] the part.
    pub(crate) fn part(
        &self,
        signal: Signal<'_>,
        whole: Extent,
        part: Range<usize>,
        scratch: &mut HpssScratch,
        harmonic: &mut [f32],
        percussive: &mut [f32],
    ) {
        let frames = whole.frames;
        let own = self.samples_of(part.clone(), whole);
        assert_eq!((harmonic.len(), percussive.len()), (own.len(), own.len()), "room for the part's samples");
        let from = part.start.saturating_sub(self.before());
        self.begin(scratch, from);
        let mut put = |at: isize, h: &[f32], p: &[f32]| {
            let skipped = (own.start as isize - at).clamp(0, h.len() as isize) as usize;
            let end = (own.end as isize - at).clamp(skipped as isize, h.len() as isize) as usize;
            if skipped < end {
                let to = (at + skipped as isize) as usize - own.start;
                harmonic[to..to + end - skipped].copy_from_slice(&h[skipped..end]);
                percussive[to..to + end - skipped].copy_from_slice(&p[skipped..end]);
            }
        };
        for first in (from..part.end).step_by(GROUP) {
            self.block(scratch, signal, first, frames, &mut put);
        }
        if part.end == frames && frames > 0 {
            self.end(scratch, frames, whole.samples, &mut put);
        }
    }

    /// Half the longer window.
    fn half(&self) -> usize {
        self.options.harmonic_kernel / 2
    }

    /// Makes ready for the block that begins with frame `first`, a multiple of [`GROUP`].
    fn begin(&self, scratch: &mut HpssScratch, first: usize) {
        let (length, bins) = (self.stft.frame_length(), self.stft.bins());
        let s = scratch;
        s.slots = (2 * self.half() + GROUP + 2).next_multiple_of(GROUP);
        s.stride = bins.next_multiple_of(GROUP);
        // The first pair of which a window of the block has a frame.
        s.next_pair = first.saturating_sub(self.half()) & !1;
        s.spectra.resize(s.slots / 2 * length, Complex32::default());
        s.magnitudes.resize(s.slots * s.stride, 0.0);
        s.harmonic.resize(GROUP * s.stride, 0.0);
        s.percussive.resize(GROUP * s.stride, 0.0);
        s.tile.resize((s.stride + FAST - 1) * GROUP, 0.0);
        s.tile_medians.resize(s.stride * GROUP, 0.0);
        s.gains.resize(self.stft.hop(), 0.0);
        for tail in &mut s.tails {
            tail.clear();
            tail.resize(length + self.stft.hop(), 0.0);
        }
    }

    /// Transforms what a block beginning with frame `first` needs.
    fn fill(&self, s: &mut HpssScratch, signal: Signal<'_>, first: usize, frames: usize) {
        let (length, bins) = (self.stft.frame_length(), self.stft.bins());
        let last = (first + GROUP + self.half()).min(frames);
        while s.next_pair < last {
            let t = s.next_pair;
            let slot = t % s.slots;
            let packed = &mut s.spectra[slot / 2 * length..(slot / 2 + 1) * length];
            self.stft.pair(signal, t, packed, &mut s.edges, &mut s.fine);
            let (a, b) = s.magnitudes[slot * s.stride..].split_at_mut(s.stride);
            // SAFETY: `best` is one of those that are available.
            unsafe { pair_magnitudes(self.isa, packed, &mut a[..bins], &mut b[..bins]) };
            s.next_pair += 2;
        }
    }

    /// Writes the masks of frames `first .. first + 16` into the rows of `harmonic` and `percussive`.
    fn block_masks(&self, s: &mut HpssScratch, first: usize, frames: usize) {
        let (bins, stride) = (self.stft.bins(), s.stride);
        let count = GROUP.min(frames - first);
        let row = |i: isize| mirrored(first as isize + i, frames) % s.slots * stride;
        let half = (self.options.harmonic_kernel / 2) as isize;
        if self.options.harmonic_kernel == FAST {
            let rows: [*const f32; REACH] =
                std::array::from_fn(|j| s.magnitudes[row(j as isize - half)..][..stride].as_ptr());
            // SAFETY: a row has `stride` values, the bins rounded up to whole groups; `harmonic` has 16 of them.
            unsafe { column_medians(self.isa, &rows, bins, s.harmonic.as_mut_ptr(), stride) };
        } else {
            let window = self.options.harmonic_kernel;
            for k in 0..bins {
                let at = |i: isize| s.magnitudes[row(i) + k];
                sliding(at, count, window, &mut s.sorted, |i, v| s.harmonic[i * stride + k] = v);
            }
        }
        if self.options.percussive_kernel == FAST {
            for (t, r) in (0..count).map(|i| (i, row(i as isize))) {
                let from = &s.magnitudes[r..r + bins];
                for (k, &v) in from.iter().enumerate() {
                    s.tile[(k + FAST / 2) * GROUP + t] = v;
                }
                for i in 0..FAST as isize / 2 {
                    s.tile[(FAST / 2 - 1 - i as usize) * GROUP + t] = from[mirrored(-1 - i, bins)];
                }
                for k in bins..stride + FAST / 2 {
                    s.tile[(k + FAST / 2) * GROUP + t] = from[mirrored(k as isize, bins)];
                }
            }
            // SAFETY: the tile has 30 rows more than `stride`, a multiple of 16; its medians have `stride` rows.
            unsafe { tile_medians(self.isa, s.tile.as_ptr(), stride, s.tile_medians.as_mut_ptr()) };
            for t in 0..count {
                let to = &mut s.percussive[t * stride..t * stride + bins];
                for (to, row) in to.iter_mut().zip(s.tile_medians.chunks_exact(GROUP)) {
                    *to = row[t];
                }
            }
        } else {
            for t in 0..count {
                let from = &s.magnitudes[row(t as isize)..][..bins];
                let to = &mut s.percussive[t * stride..t * stride + bins];
                let at = |i| from[mirrored(i, bins)];
                sliding(at, bins, self.options.percussive_kernel, &mut s.sorted, |k, v| to[k] = v);
            }
        }
        for t in 0..count {
            let row = t * stride..t * stride + bins;
            // SAFETY: `best` is one of those that are available.
            unsafe {
                rows_to_masks(self.isa, &mut s.harmonic[row.clone()], &mut s.percussive[row], &self.options);
            }
        }
    }

    /// Separates frames `first .. first + 16`, as many as there are, and calls `put` with place, harmonic and percussive
    /// samples of what they complete.
    fn block(
        &self,
        s: &mut HpssScratch,
        signal: Signal<'_>,
        first: usize,
        frames: usize,
        put: &mut impl FnMut(isize, &[f32], &[f32]),
    ) {
        self.fill(s, signal, first, frames);
        self.block_masks(s, first, frames);
        let (length, stride) = (self.stft.frame_length(), s.stride);
        let hop = self.stft.hop();
        for (i, t) in (first..frames.min(first + GROUP)).step_by(2).enumerate() {
            let slot = t % s.slots / 2;
            let packed = &mut s.spectra[slot * length..(slot + 1) * length];
            let both = t + 1 < frames;
            // Not the signal less the harmonic part: where little is percussive, rounding would be much of it.
            s.work.clear();
            s.work.extend_from_slice(packed);
            let masks = &s.percussive[2 * i * stride..2 * (i + 1) * stride];
            self.invert(&mut s.work, masks, both, &mut s.fft, &mut s.tails[1]);
            let masks = &s.harmonic[2 * i * stride..2 * (i + 1) * stride];
            self.invert(packed, masks, both, &mut s.fft, &mut s.tails[0]);
            let done = if both { 2 } else { 1 };
            for b in 0..done {
                self.put(s, t + b, b * hop, frames, put);
            }
            for tail in &mut s.tails {
                tail.copy_within(done * hop.., 0);
                let end = tail.len() - done * hop;
                tail[end..].fill(0.0);
            }
        }
    }

    /// Masks a pair of frames by two rows of `masks` and adds `both` or the first one to `tail`.
    fn invert(
        &self,
        packed: &mut [Complex32],
        masks: &[f32],
        both: bool,
        fft: &mut Vec<Complex32>,
        tail: &mut [f32],
    ) {
        let bins = self.stft.bins();
        let (a, b) = masks.split_at(masks.len() / 2);
        let (a, b) = (&a[..bins], &b[..bins]);
        // SAFETY: `best` is one of those that are available.
        unsafe { apply_masks(self.isa, packed, a, b, 1.0 / packed.len() as f32) };
        self.stft.inverse.run(packed, fft);
        // SAFETY: as above.
        unsafe { add_pair(self.isa, packed, &self.stft.window, self.stft.hop(), both, tail) };
    }

    /// Calls `put` with the `hop` samples of block `block`, which lie at `from` in the tails.
    fn put(
        &self,
        s: &mut HpssScratch,
        block: usize,
        from: usize,
        frames: usize,
        put: &mut impl FnMut(isize, &[f32], &[f32]),
    ) {
        let (length, hop) = (self.stft.frame_length(), self.stft.hop());
        let gains = if block >= (length - 1) / hop && block < frames {
            &self.gains
        } else {
            self.stft.gains(block, frames, &mut s.gains);
            &s.gains
        };
        let at = (block * hop) as isize - (length / 2) as isize;
        let [harmonic, percussive] = &mut s.tails;
        let (harmonic, percussive) = (&mut harmonic[from..from + hop], &mut percussive[from..from + hop]);
        harmonic.iter_mut().zip(gains).for_each(|(x, g)| *x *= g);
        percussive.iter_mut().zip(gains).for_each(|(x, g)| *x *= g);
        put(at, harmonic, percussive);
    }

    /// Gives the samples after the last frame's beginning.
    fn end(
        &self,
        s: &mut HpssScratch,
        frames: usize,
        len: usize,
        put: &mut impl FnMut(isize, &[f32], &[f32]),
    ) {
        let (length, hop) = (self.stft.frame_length(), self.stft.hop());
        let blocks = (len + length / 2).div_ceil(hop);
        for (i, block) in (frames..blocks).enumerate() {
            self.put(s, block, i * hop, frames, put);
        }
    }
}

/// A separation of samples that come piece by piece, in constant memory.
///
/// Gives the same as [`Hpss::separate`], bit for bit, however the samples come. Samples come out once those that the
/// medians reach are there: 16 frames, half the harmonic kernel and one frame's length later at the most.
pub struct HpssStream {
    hpss: Hpss,
    scratch: HpssScratch,
    /// Samples that are still looked at.
    pending: Vec<f32>,
    /// The number of the first one.
    origin: usize,
    /// The next block's first frame.
    next: usize,
}

impl HpssStream {
    /// Takes samples in pieces of any size; calls `put` with the harmonic and the percussive samples that they complete,
    /// in order.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with; none of `samples` is taken then.
    pub fn push(
        &mut self,
        samples: &[f32],
        mut put: impl FnMut(&[f32], &[f32]),
    ) -> Result<(), AnalysisError> {
        check(samples, self.origin + self.pending.len())?;
        self.pending.extend_from_slice(samples);
        let (length, hop) = (self.hpss.stft.frame_length(), self.hpss.stft.hop());
        let known = self.origin + self.pending.len();
        // The frames all of whose samples are there. Pairs are transformed together.
        let frames = if known < length / 2 { 0 } else { ((known - length / 2) / hop + 1) & !1 };
        while self.next + GROUP + self.hpss.half() < frames {
            self.block(frames, &mut put);
        }
        // Frames not yet transformed, and samples not yet given, are still needed.
        let needed = self.next.min(self.scratch.next_pair) * hop;
        let unneeded = needed.saturating_sub(length / 2 + self.origin).min(self.pending.len());
        // Moving the rest costs, so not too often.
        if unneeded > self.pending.len() / 2 {
            self.pending.drain(..unneeded);
            self.origin += unneeded;
        }
        Ok(())
    }

    /// Gives the samples that are still held back, and makes ready for another signal.
    pub fn finish(&mut self, mut put: impl FnMut(&[f32], &[f32])) {
        let len = self.origin + self.pending.len();
        let frames = self.hpss.stft.frames(len);
        while self.next < frames {
            self.block(frames, &mut put);
        }
        if frames > 0 {
            let mut put = within(len, &mut put);
            self.hpss.end(&mut self.scratch, frames, len, &mut put);
        }
        self.pending.clear();
        (self.origin, self.next) = (0, 0);
        self.hpss.begin(&mut self.scratch, 0);
    }

    fn block(&mut self, frames: usize, put: &mut impl FnMut(&[f32], &[f32])) {
        let len = self.origin + self.pending.len();
        let signal = Signal { samples: &self.pending, origin: self.origin as isize };
        let mut put = within(len, put);
        self.hpss.block(&mut self.scratch, signal, self.next, frames, &mut put);
        self.next += GROUP;
    }
}

/// Leaves out what lies before the first sample or after the last.
fn within(len: usize, put: &mut impl FnMut(&[f32], &[f32])) -> impl FnMut(isize, &[f32], &[f32]) {
    move |at, h, p| {
        let from = (-at).clamp(0, h.len() as isize) as usize;
        let to = (len as isize - at).clamp(from as isize, h.len() as isize) as usize;
        if from < to {
            put(&h[from..to], &p[from..to]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::StftScratch;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The masks by their definition.
    fn plain_masks(magnitudes: &Spectrogram<f32>, o: &HpssOptions) -> [Vec<f64>; 2] {
        let (frames, bins) = (magnitudes.frames(), magnitudes.bins());
        let (hh, hp) = ((o.harmonic_kernel / 2) as isize, (o.percussive_kernel / 2) as isize);
        let at = |t: usize, k: usize| f64::from(magnitudes.frame(t)[k]);
        let (mut harmonic, mut percussive) = (Vec::new(), Vec::new());
        let (mh, mp) = (f64::from(o.harmonic_margin), f64::from(o.percussive_margin));
        for t in 0..frames {
            for k in 0..bins {
                let h = (-hh..=hh).map(|d| at(mirrored(t as isize + d, frames), k)).collect();
                let p = (-hp..=hp).map(|d| at(t, mirrored(k as isize + d, bins))).collect();
                let (h, p) = (median(h), median(p));
                let split = if mh == 1.0 && mp == 1.0 { 0.5 } else { 0.0 };
                let soft = |x: f64, r: f64| {
                    let z = x.max(r);
                    if o.power.is_infinite() {
                        return f64::from(u8::from(x > r));
                    }
                    if z < f64::from(f32::MIN_POSITIVE) {
                        return split;
                    }
                    let power = f64::from(o.power);
                    let (a, b) = ((x / z).powf(power), (r / z).powf(power));
                    a / (a + b)
                };
                harmonic.push(soft(h, p * mh));
                percussive.push(soft(p, h * mp));
            }
        }
        [harmonic, percussive]
    }

    fn variants() -> Vec<HpssOptions> {
        let usual = HpssOptions::default();
        vec![
            usual,
            HpssOptions { harmonic_margin: 2.0, percussive_margin: 3.0, ..usual },
            HpssOptions { power: 1.0, harmonic_kernel: 17, ..usual },
            HpssOptions { power: f32::INFINITY, percussive_kernel: 5, ..usual },
            HpssOptions { harmonic_kernel: 1, percussive_kernel: 61, harmonic_margin: 1.5, ..usual },
        ]
    }

    #[test]
    fn masks_and_parts_equal_their_definition() {
        for options in variants() {
            let hpss = Hpss::new(64, 16, options).unwrap();
            for len in [1, 15, 16, 500, 1500] {
                let samples = noise(len, 7);
                let mut scratch = StftScratch::default();
                let magnitudes = hpss.stft().magnitudes(&samples, &mut scratch).unwrap();
                let (mask_h, mask_p) = hpss.masks(&magnitudes).unwrap();
                let [plain_h, plain_p] = plain_masks(&magnitudes, &options);
                for (got, plain) in [(&mask_h, &plain_h), (&mask_p, &plain_p)] {
                    for (i, (got, plain)) in got.values().iter().zip(plain).enumerate() {
                        assert!(
                            (f64::from(*got) - plain).abs() < 1e-5,
                            "{options:?}, {len}, {i}: {got} {plain}"
                        );
                    }
                }
                // The parts are the masked spectra, transformed back.
                let spectrum = hpss.stft().transform(&samples, &mut scratch).unwrap();
                let mut work = HpssScratch::default();
                let (mut h, mut p) = (Vec::new(), Vec::new());
                hpss.separate(&samples, &mut work, &mut h, &mut p).unwrap();
                for (part, mask) in [(&h, &mask_h), (&p, &mask_p)] {
                    let mut masked = spectrum.clone();
                    masked.values.iter_mut().zip(mask.values()).for_each(|(z, m)| *z *= *m);
                    let plain = hpss.stft().inverse(&masked, len, &mut scratch).unwrap();
                    assert_eq!(part.len(), len);
                    for (i, (a, b)) in part.iter().zip(&plain).enumerate() {
                        assert!((a - b).abs() < 2e-5, "{options:?}, sample {i} of {len}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn streams_and_threads_give_the_same_bits() {
        let samples = noise(16 * 64 * 37 + 5, 3);
        for options in [HpssOptions::default(), variants()[1]] {
            for hop in [16, 32] {
                let hpss = Hpss::new(64, hop, options).unwrap();
                for len in [0, 1, 40, 3000, samples.len()] {
                    let samples = &samples[..len];
                    let (mut h, mut p) = (Vec::new(), Vec::new());
                    hpss.separate(samples, &mut HpssScratch::default(), &mut h, &mut p).unwrap();
                    for threads in [1, 2, 3] {
                        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                        let (mut h2, mut p2) = (vec![9.0; 7], Vec::new());
                        pool.install(|| hpss.separate_on_threads(samples, &mut h2, &mut p2)).unwrap();
                        assert!(h == h2 && p == p2, "{threads} threads, {len}");
                    }
                    let mut stream = hpss.stream();
                    for piece in [1, 97, 1000, 100_000] {
                        let (mut h2, mut p2) = (Vec::new(), Vec::new());
                        let mut put = |h: &[f32], p: &[f32]| {
                            h2.extend_from_slice(h);
                            p2.extend_from_slice(p);
                        };
                        for piece in samples.chunks(piece) {
                            stream.push(piece, &mut put).unwrap();
                        }
                        stream.finish(&mut put);
                        assert!(h == h2 && p == p2, "pieces of {piece}, {len} samples");
                    }
                }
            }
        }
    }

    #[test]
    fn odd_signals_give_finite_parts() {
        let hpss = Hpss::new(64, 16, HpssOptions::default()).unwrap();
        let clipped: Vec<f32> = noise(900, 1).iter().map(|x| (x * 9.0).clamp(-1.0, 1.0)).collect();
        for samples in
            [vec![], vec![1.0], vec![0.0; 777], vec![1.0; 777], vec![1e-39; 300], vec![1e6; 300], clipped]
        {
            let (mut h, mut p) = (Vec::new(), Vec::new());
            hpss.separate(&samples, &mut HpssScratch::default(), &mut h, &mut p).unwrap();
            assert!(h.len() == samples.len() && h.iter().chain(&p).all(|x| x.is_finite()));
        }
        for bad in [f32::NAN, f32::INFINITY, 1e7] {
            let (mut h, mut p) = (Vec::new(), Vec::new());
            let samples = [0.0, bad];
            let mut put = |_: &[f32], _: &[f32]| {};
            assert!(hpss.separate(&samples, &mut HpssScratch::default(), &mut h, &mut p).is_err());
            assert!(hpss.separate_on_threads(&samples, &mut h, &mut p).is_err());
            assert!(hpss.stream().push(&samples, &mut put).is_err());
        }
    }

    #[test]
    fn bad_options_are_refused() {
        let usual = HpssOptions::default();
        for options in [
            HpssOptions { harmonic_kernel: 30, ..usual },
            HpssOptions { percussive_kernel: 0, ..usual },
            HpssOptions { percussive_kernel: 257, ..usual },
            HpssOptions { power: 0.0, ..usual },
            HpssOptions { power: f32::NAN, ..usual },
            HpssOptions { harmonic_margin: 0.5, ..usual },
            HpssOptions { percussive_margin: f32::NAN, ..usual },
        ] {
            assert!(Hpss::new(64, 16, options).is_err(), "{options:?}");
        }
        let hpss = Hpss::new(64, 16, usual).unwrap();
        assert!(hpss.masks(&Spectrogram::new(2, 32)).is_err());
        let mut bad = Spectrogram::new(2, 33);
        bad.frame_mut(0)[3] = -1.0;
        assert!(hpss.masks(&bad).is_err());
    }
}
