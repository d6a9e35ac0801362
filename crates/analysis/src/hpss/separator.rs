//! The separation itself.
//!
//! Frames pass through in blocks of sixteen. A ring keeps the frames that the medians of a block reach, so that memory does
//! not grow with the signal and stays in the processor's cache.
use std::ops::Range;

use rayon::prelude::*;
use refrain_fft::num_complex::Complex32;

use super::{mask::medians_to_masks, options::HpssOptions};
use crate::{
    error::AnalysisError,
    median::{FAST, REACH, column_medians, mirrored, sliding_medians, tile_medians},
    paired_fft::{WideScratch, apply_masks, pair_magnitudes},
    signal::{Signal, check},
    simd::{GROUP, Isa, Simd, for_each_isa},
    spectrogram::{Spectrogram, frames_of_magnitudes},
    stft::Stft,
};

/// The fewest frames that a thread takes at once.
const MIN_PART: usize = 64 * GROUP;

/// Separates a signal into a harmonic and a percussive part, by median filtering (Fitzgerald, "Harmonic/percussive separation
/// using median filtering", 2010) with margins (Driedger, Müller and Disch, "Extending harmonic-percussive separation of audio",
/// 2014). It agrees with `librosa.effects.hpss`.
#[derive(Clone)]
pub struct Hpss {
    pub(super) stft: Stft,
    options: HpssOptions,
    isa: Isa,
    /// [`Stft::gains`] of a block in the middle of a signal.
    gains: Vec<f32>,
}

/// Working memory of [`Hpss`]: about 0.8 MB for frames of 2,048 samples.
#[derive(Clone, Debug, Default)]
pub struct HpssScratch {
    /// The number of frames in the ring.
    slots: usize,
    /// Values from one row of magnitudes to the next: the bins, rounded up to whole groups.
    stride: usize,
    /// The first frame of the next pair to be transformed.
    pub(super) next_pair: usize,
    spectra: Vec<Complex32>,
    magnitudes: Vec<f32>,
    harmonic: Vec<f32>,
    percussive: Vec<f32>,
    tile: Vec<f32>,
    tile_medians: Vec<f32>,
    sorted: Vec<f32>,
    work: Vec<Complex32>,
    wide: WideScratch,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
    gains: Vec<f32>,
    /// Sums of overlapping frames that are not complete yet: harmonic, percussive.
    tails: [Vec<f32>; 2],
}

/// Windows a pair of frames and adds them to `tail`: the first one at its beginning and, with `both`, the second one at `hop`.
#[inline(always)]
fn add<V: Simd>(packed: &[Complex32], window: &[f32], hop: usize, both: bool, tail: &mut [f32]) {
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

for_each_isa!(fn add_pair = add(packed: &[Complex32], window: &[f32], hop: usize, both: bool, tail: &mut [f32]));

/// The length of a signal.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The number of samples.
    pub samples: usize,
    /// The number of frames.
    pub frames: usize,
}

impl Extent {
    /// The length of a signal whose end is not known yet: longer than any frame reaches.
    pub const UNKNOWN: Self = Self { samples: usize::MAX / 8, frames: usize::MAX / 8 };

    /// The length of a signal of `samples` samples.
    pub fn of(stft: &Stft, samples: usize) -> Self {
        Self { samples, frames: stft.frames(samples) }
    }
}

impl Hpss {
    /// Plans a separation with frames of `frame_length` samples every `hop` samples. 2,048 and 512 are usual at 22,050 Hz.
    ///
    /// # Errors
    /// As [`Stft::new`]. [`AnalysisError::Parameter`] if `hop` is more than half a frame, or if an option is out of range.
    pub fn new(frame_length: usize, hop: usize, options: HpssOptions) -> Result<Self, AnalysisError> {
        let stft = Stft::new(frame_length, hop)?;
        AnalysisError::ensure(hop <= frame_length / 2, "hop", hop as f64, "at most half a frame")?;
        options.check()?;
        let mut gains = vec![0.0; hop];
        stft.gains(frame_length, usize::MAX, &mut gains);
        Ok(Self { stft, options, isa: Isa::best(), gains })
    }

    /// The short-time Fourier transform.
    #[doc(hidden)]
    pub fn stft(&self) -> &Stft {
        &self.stft
    }

    /// Returns the harmonic and the percussive mask of a spectrogram of magnitudes. Masks have its shape and values of 0 to 1.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless the spectrogram has the bins of [`Hpss::stft`] and its values are finite and not
    /// negative.
    #[doc(hidden)]
    pub fn masks(
        &self,
        magnitudes: &Spectrogram<f32>,
    ) -> Result<(Spectrogram<f32>, Spectrogram<f32>), AnalysisError> {
        let bins = self.stft.bins();
        AnalysisError::ensure(
            magnitudes.bins() == bins,
            "bins",
            magnitudes.bins() as f64,
            &format!("{bins}, those of a frame"),
        )?;
        self.masks_of(magnitudes.values())
    }

    /// As [`Hpss::masks`], for the values of a spectrogram, frame after frame.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless they are whole frames of the bins of [`Hpss::stft`], finite and not negative.
    #[doc(hidden)]
    pub fn masks_of(
        &self,
        magnitudes: &[f32],
    ) -> Result<(Spectrogram<f32>, Spectrogram<f32>), AnalysisError> {
        let bins = self.stft.bins();
        let frames = frames_of_magnitudes(magnitudes, bins)?;
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

    /// Writes the harmonic part of `samples` to `harmonic` and the percussive part to `percussive`. Each is as long as
    /// `samples`. Without margins they add up to the signal, except for rounding.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
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

    /// As [`Hpss::separate`], on the threads of the current rayon pool. The result is the same bit for bit.
    ///
    /// # Errors
    /// As [`Hpss::separate`].
    #[doc(hidden)]
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
        let part = per_thread.next_multiple_of(GROUP).max(MIN_PART);
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

    /// Returns the samples that frames `part` complete: from the beginning of its first frame to the beginning of the next
    /// part's.
    #[doc(hidden)]
    pub fn samples_of(&self, part: Range<usize>, whole: Extent) -> Range<usize> {
        let len = whole.samples;
        let begin = |t: usize| (t * self.stft.hop()).saturating_sub(self.stft.frame_length() / 2).min(len);
        begin(part.start)..if part.end == whole.frames { len } else { begin(part.end) }
    }

    /// Returns the samples that the separation of frames `part` depends on.
    #[doc(hidden)]
    pub fn reach_of(&self, part: Range<usize>) -> Range<usize> {
        let (length, hop) = (self.stft.frame_length(), self.stft.hop());
        // Pairs of frames begin with an even one.
        let first = part.start.saturating_sub(self.before() + self.half()) & !1;
        (first * hop).saturating_sub(length / 2)..(part.end + self.half() + 1) * hop + length / 2
    }

    /// The number of earlier frames that reach into a part's first samples, in whole groups.
    fn before(&self) -> usize {
        ((self.stft.frame_length() - 1) / self.stft.hop()).next_multiple_of(GROUP)
    }

    /// Separates the samples that frames `part` complete. The first frame is a multiple of sixteen. `signal` must hold
    /// [`Hpss::reach_of`] the part, and [`check`] must have passed its samples.
    ///
    /// # Panics
    /// Unless `harmonic` and `percussive` have the length of [`Hpss::samples_of`] the part.
    #[doc(hidden)]
    pub fn part(
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

    /// Frames in half the window of the harmonic median.
    pub(super) fn half(&self) -> usize {
        self.options.harmonic_kernel / 2
    }

    /// Prepares the scratch for the block that begins with frame `first`, a multiple of [`GROUP`].
    pub(super) fn begin(&self, scratch: &mut HpssScratch, first: usize) {
        let (length, bins) = (self.stft.frame_length(), self.stft.bins());
        let s = scratch;
        s.slots = (2 * self.half() + GROUP + 2).next_multiple_of(GROUP);
        s.stride = bins.next_multiple_of(GROUP);
        // The first pair with a frame in a window of this block.
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

    /// Transforms the frames that the block beginning with frame `first` depends on.
    fn fill(&self, s: &mut HpssScratch, signal: Signal<'_>, first: usize, frames: usize) {
        let (length, bins) = (self.stft.frame_length(), self.stft.bins());
        let last = (first + GROUP + self.half()).min(frames);
        while s.next_pair < last {
            let t = s.next_pair;
            let slot = t % s.slots;
            let packed = &mut s.spectra[slot / 2 * length..(slot / 2 + 1) * length];
            self.stft.pair(signal, t, packed, &mut s.edges, &mut s.wide);
            let (a, b) = s.magnitudes[slot * s.stride..].split_at_mut(s.stride);
            pair_magnitudes(self.isa, packed, &mut a[..bins], &mut b[..bins]);
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
            let rows: [&[f32]; REACH] =
                std::array::from_fn(|j| &s.magnitudes[row(j as isize - half)..][..stride]);
            column_medians(self.isa, &rows, &mut s.harmonic);
        } else {
            let window = self.options.harmonic_kernel;
            for k in 0..bins {
                let at = |i: isize| s.magnitudes[row(i) + k];
                sliding_medians(at, count, window, &mut s.sorted, |i, v| s.harmonic[i * stride + k] = v);
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
            tile_medians(self.isa, &s.tile, &mut s.tile_medians);
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
                sliding_medians(at, bins, self.options.percussive_kernel, &mut s.sorted, |k, v| to[k] = v);
            }
        }
        for t in 0..count {
            let row = t * stride..t * stride + bins;
            medians_to_masks(self.isa, &mut s.harmonic[row.clone()], &mut s.percussive[row], &self.options);
        }
    }

    /// Separates frames `first .. first + 16`, or fewer at the end of the signal. Calls `put` for the samples that they complete,
    /// with the place of the first one, the harmonic and the percussive samples.
    pub(super) fn block(
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
            // Not the signal minus the harmonic part: a quiet percussive part would then be mostly rounding errors.
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

    /// Multiplies a pair of frames with two rows of `masks`, and adds `both` frames or the first one to `tail`.
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
        apply_masks(self.isa, packed, a, b, 1.0 / packed.len() as f32);
        self.stft.inverse.run(packed, fft);
        add_pair(self.isa, packed, &self.stft.window, self.stft.hop(), both, tail);
    }

    /// Scales the `hop` samples of block `block`, which lie at `from` in the tails, and passes them to `put`.
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

    /// Passes the samples after the last frame's beginning to `put`.
    pub(super) fn end(
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

#[cfg(test)]
mod tests;
