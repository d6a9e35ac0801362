//! The autocorrelation of each frame of a signal, at short lags.
//!
//! Frames overlap, and their common parts are computed once. A frame is a row of blocks, each at least as long as the
//! largest lag. So if the first sample of a pair is in one block, the second is in the same block or in the next one. A
//! frame's autocorrelation is therefore a sum over its blocks: the product of each block's spectrum with its own and with
//! the next block's. The last block of a frame is multiplied with itself only. From one frame to the next, one block is new.
//! The sum is transformed back.
//!
//! Blocks and sums depend on the frame's own samples only, so that a signal can be cut anywhere.
use std::ops::Range;

use crate::{
    fft::next_fast_len,
    real_fft::{RealFft, RealFftScratch, SplitSpectrum},
    signal::Signal,
    simd::{Isa, Simd, for_each_isa},
};

/// The most hops in a block. A block begins at each hop, and all blocks that may be needed again are kept.
const MAX_HOPS: usize = 8;

/// A plan for autocorrelations of frames.
#[derive(Clone)]
pub(crate) struct Autocorrelation {
    frame_length: usize,
    hop: usize,
    max_lag: usize,
    /// Samples in a block. Divides `frame_length`; equal to it if frames cannot be cut.
    block: usize,
    plan: RealFft,
    /// The factor of each bin when the signal is delayed by a block.
    signs: Vec<f32>,
    isa: Isa,
}

/// Working memory of an [`Autocorrelation`].
#[derive(Clone, Debug, Default)]
pub(crate) struct AutocorrelationScratch {
    real: RealFftScratch,
    frame: Vec<f32>,
    samples: Vec<f32>,
    blocks: Vec<Block>,
    sum: SplitSpectrum,
    lags: Vec<f32>,
}

/// A block, which begins where a frame does.
#[derive(Clone, Debug, Default)]
struct Block {
    /// The number of that frame; `None` before the first use.
    number: Option<usize>,
    spectrum: SplitSpectrum,
    /// The spectrum of its correlation with itself and with the next block. Valid if `multiplied`.
    products: SplitSpectrum,
    multiplied: bool,
}

impl Autocorrelation {
    /// Plans for frames of `frame_length` samples every `hop`, and for lags up to `max_lag < frame_length`.
    pub(crate) fn new(frame_length: usize, hop: usize, max_lag: usize, isa: Isa) -> Self {
        // A block's length must be a multiple of the hop, so that later frames can use the block again.
        let fits = |block: &usize| {
            frame_length.is_multiple_of(*block) && *block >= max_lag && next_fast_len(2 * block) == 2 * block
        };
        let longest = (frame_length / 2).min(MAX_HOPS * hop);
        let block = (hop..=longest).step_by(hop).find(fits).unwrap_or(frame_length);
        // Products of blocks reach lags of -block to 2 * block. Negative ones wrap around to above the largest lag.
        let len = if block < frame_length { 2 * block } else { next_fast_len(frame_length + max_lag + 1) };
        let plan = RealFft::new(len, isa);
        let signs = (0..plan.bins()).map(|k| if k % 2 == 0 { 1.0 } else { -1.0 }).collect();
        Self { frame_length, hop, max_lag, block, plan, signs, isa }
    }

    /// Calls `each` for each of `frames`, with its number, its samples and its autocorrelation at lags 0 to the largest.
    ///
    /// Frame `t` is centred on sample `t * hop`. `signal` must hold all samples of the frames.
    pub(crate) fn for_each_frame(
        &self,
        signal: Signal<'_>,
        frames: Range<usize>,
        scratch: &mut AutocorrelationScratch,
        mut each: impl FnMut(usize, &[f32], &[f32]),
    ) {
        let AutocorrelationScratch { real, frame, samples, blocks, sum, lags } = scratch;
        // Blocks of an earlier signal are of no use.
        blocks.iter_mut().for_each(|block| block.number = None);
        let begin = |t: usize| (t * self.hop) as isize - (self.frame_length / 2) as isize;
        let (stride, of_frame) = (self.block / self.hop, self.frame_length / self.block);
        let slots = (of_frame - 1) * stride + 1;
        blocks.resize(slots, Block::default());
        sum.resize(self.plan.bins());
        lags.resize(self.max_lag + 1, 0.0);
        let scale = 0.25 / (2 * (self.plan.bins() - 1)) as f32;
        for t in frames {
            let numbers = (0..of_frame).map(|i| t + i * stride);
            for number in numbers.clone() {
                let block = &mut blocks[number % slots];
                if block.number != Some(number) {
                    (block.number, block.multiplied) = (Some(number), false);
                    let samples = signal.segment(begin(number), self.block, samples);
                    self.plan.forward(samples, &mut block.spectrum, real);
                }
            }
            let last = t + (of_frame - 1) * stride;
            power_spectrum(self.isa, &blocks[last % slots].spectrum, sum);
            for number in numbers.take(of_frame - 1) {
                let pair = blocks.get_disjoint_mut([number % slots, (number + stride) % slots]);
                let Ok([block, next]) = pair else { continue };
                if !block.multiplied {
                    block.multiplied = true;
                    block.products.resize(self.plan.bins());
                    let (of_block, of_next) = (&block.spectrum, &next.spectrum);
                    block_products(self.isa, of_block, of_next, &self.signs, &mut block.products);
                }
                add_spectrum(self.isa, &block.products, sum);
            }
            self.plan.inverse(sum, scale, lags, real);
            each(t, signal.segment(begin(t), self.frame_length, frame), lags);
        }
    }
}

/// The squared magnitudes of a spectrum.
#[inline(always)]
fn power<V: Simd>(x: &SplitSpectrum, out: &mut SplitSpectrum) {
    for ((out, re), im) in out.re.iter_mut().zip(&x.re).zip(&x.im) {
        *out = re * re + im * im;
    }
    out.im.fill(0.0);
}

for_each_isa!(fn power_spectrum = power(x: &SplitSpectrum, out: &mut SplitSpectrum));

/// The spectrum of the correlation of a block with itself and with the next block, which lies a block's length later.
#[inline(always)]
fn product<V: Simd>(x: &SplitSpectrum, next: &SplitSpectrum, signs: &[f32], out: &mut SplitSpectrum) {
    let SplitSpectrum { re, im } = out;
    let x = x.re.iter().zip(&x.im);
    let next = next.re.iter().zip(&next.im);
    for (((out, x), next), sign) in re.iter_mut().zip(im).zip(x).zip(next).zip(signs) {
        let (re, im) = (x.0 + sign * next.0, x.1 + sign * next.1);
        *out.0 = x.0 * re + x.1 * im;
        *out.1 = x.0 * im - x.1 * re;
    }
}

for_each_isa!(fn block_products = product(x: &SplitSpectrum, next: &SplitSpectrum, signs: &[f32], out: &mut SplitSpectrum));

/// Adds a spectrum to a sum.
#[inline(always)]
fn add<V: Simd>(x: &SplitSpectrum, sum: &mut SplitSpectrum) {
    sum.re.iter_mut().zip(&x.re).for_each(|(sum, x)| *sum += x);
    sum.im.iter_mut().zip(&x.im).for_each(|(sum, x)| *sum += x);
}

for_each_isa!(fn add_spectrum = add(x: &SplitSpectrum, sum: &mut SplitSpectrum));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

    #[test]
    fn blocks_and_whole_frames_give_the_plain_sums() {
        let mut samples = noise(700, 77);
        // Loud beside quiet: a block must not leak into frames that do not contain it.
        samples[300..].iter_mut().for_each(|x| *x *= 1e-5);
        let signal = Signal::whole(&samples);
        let cases = [
            // Blocks of a hop, of three, an odd number of them, and as many lags as they allow.
            ((256, 64, 50), 64),
            ((96, 8, 20), 24),
            ((240, 80, 79), 80),
            ((128, 32, 32), 32),
            // Frames that cannot be cut: lags beyond half a frame, a hop that does not divide it, lengths with slow FFTs.
            ((128, 32, 100), 128),
            ((100, 30, 40), 100),
            ((98, 14, 12), 98),
            // A hop so short that too many blocks would have to be kept.
            ((256, 4, 60), 256),
            ((64, 64, 20), 64),
        ];
        // One scratch for all cases: the result does not depend on its content.
        let mut scratch = AutocorrelationScratch::default();
        for ((frame_length, hop, most), block) in cases {
            for isa in Isa::available() {
                let plan = Autocorrelation::new(frame_length, hop, most, isa);
                assert_eq!(plan.block, block, "{frame_length} {hop} {most}");
                plan.for_each_frame(Signal::whole(&samples[9..]), 0..5, &mut scratch, |_, _, _| ());
                let mut next = 1;
                plan.for_each_frame(signal, 1..700 / hop, &mut scratch, |t, frame, r| {
                    assert_eq!(t, next);
                    next += 1;
                    let begin = (t * hop) as isize - (frame_length / 2) as isize;
                    assert_eq!(frame, signal.segment(begin, frame_length, &mut Vec::new()));
                    assert_eq!(r.len(), most + 1);
                    let sum = |lag: usize| -> f64 {
                        frame.iter().zip(&frame[lag..]).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
                    };
                    for (lag, r) in r.iter().enumerate() {
                        let off = (f64::from(*r) - sum(lag)).abs();
                        assert!(
                            off <= 2e-6 * sum(0),
                            "{frame_length} {hop}, {t}, {lag}: off by {off:e} of {}",
                            sum(0)
                        );
                    }
                });
                assert_eq!(next, 700 / hop);
            }
        }
    }
}
