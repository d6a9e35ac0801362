//! The autocorrelation of each frame of a signal, at short lags.
//!
//! Frames overlap, and what they share is computed once. A frame is a row of blocks that are no shorter than the largest
//! lag. Of a pair of samples that lie a lag apart, the first is in one block and the second in the same or in the next one,
//! so that a frame's autocorrelation is a sum of products of the spectra of its blocks: for each but the last with itself
//! and the next one, and for the last, as the frame ends there, with itself alone. A frame adds one block to those of the
//! frame before it. The sum is transformed back.
//!
//! Blocks and sums depend on the frame's own samples alone, so that a signal may be cut anywhere.
use std::ops::Range;

use super::{
    lanes::{Isa, Lanes, for_each_isa},
    pair::quick_len,
    real::{Bins, RealPlan, RealScratch},
    signal::Signal,
};

/// Hops that a block has at most: blocks begin at each hop, and all that may be needed again are kept.
const HOPS: usize = 8;

/// Autocorrelations of frames, planned once.
#[derive(Clone)]
pub(super) struct Autocorrelation {
    frame_length: usize,
    hop: usize,
    /// The largest lag.
    most: usize,
    /// Samples in a block: divides `frame_length`. A frame that is not cut is one block, of any length.
    block: usize,
    plan: RealPlan,
    /// What a block's length of delay does to a bin's sign.
    signs: Vec<f32>,
    isa: Isa,
}

/// What an [`Autocorrelation`] works in.
#[derive(Clone, Debug, Default)]
pub(super) struct AutocorrelationScratch {
    real: RealScratch,
    frame: Vec<f32>,
    samples: Vec<f32>,
    blocks: Vec<Block>,
    sum: Bins,
    lags: Vec<f32>,
}

/// The block that begins with a frame.
#[derive(Clone, Debug, Default)]
struct Block {
    /// The frame.
    number: Option<usize>,
    spectrum: Bins,
    /// The spectrum of its correlation with itself and the block after it, once that one is there.
    products: Bins,
    multiplied: bool,
}

impl Autocorrelation {
    /// For frames of `frame_length` samples every `hop`, and lags up to `most`, which is less than `frame_length`.
    pub(super) fn new(frame_length: usize, hop: usize, most: usize, isa: Isa) -> Self {
        // A block that was the last of a frame is in later frames too where its length is a multiple of the hop.
        let fits = |block: &usize| {
            frame_length.is_multiple_of(*block) && *block >= most && quick_len(2 * block) == 2 * block
        };
        let longest = (frame_length / 2).min(HOPS * hop);
        let block = (hop..=longest).step_by(hop).find(fits).unwrap_or(frame_length);
        // Products of blocks reach lags up to twice a block's length, and -block, which comes out above the largest lag.
        let len = if block < frame_length { 2 * block } else { quick_len(frame_length + most + 1) };
        let plan = RealPlan::new(len, isa);
        let signs = (0..plan.bins()).map(|k| if k % 2 == 0 { 1.0 } else { -1.0 }).collect();
        Self { frame_length, hop, most, block, plan, signs, isa }
    }

    /// Calls `each` with the number of each of `frames`, its samples, and its autocorrelation at lags 0 to the largest.
    ///
    /// Frame `t` is centred on sample `t * hop`; `signal` has all samples of the frames.
    pub(super) fn each(
        &self,
        signal: Signal<'_>,
        frames: Range<usize>,
        scratch: &mut AutocorrelationScratch,
        mut each: impl FnMut(usize, &[f32], &[f32]),
    ) {
        let AutocorrelationScratch { real, frame, samples, blocks, sum, lags } = scratch;
        // Of another signal.
        blocks.iter_mut().for_each(|block| block.number = None);
        let begin = |t: usize| (t * self.hop) as isize - (self.frame_length / 2) as isize;
        let (stride, of_frame) = (self.block / self.hop, self.frame_length / self.block);
        let slots = (of_frame - 1) * stride + 1;
        blocks.resize(slots, Block::default());
        sum.resize(self.plan.bins());
        lags.resize(self.most + 1, 0.0);
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
            // SAFETY: the instruction set is one of those that are available; so below.
            unsafe { powers(self.isa, &blocks[last % slots].spectrum, sum) };
            for number in numbers.take(of_frame - 1) {
                let pair = blocks.get_disjoint_mut([number % slots, (number + stride) % slots]);
                let Ok([block, next]) = pair else { continue };
                if !block.multiplied {
                    block.multiplied = true;
                    block.products.resize(self.plan.bins());
                    let (of_block, of_next) = (&block.spectrum, &next.spectrum);
                    unsafe { products(self.isa, of_block, of_next, &self.signs, &mut block.products) };
                }
                unsafe { added(self.isa, &block.products, sum) };
            }
            self.plan.inverse(sum, scale, lags, real);
            each(t, signal.segment(begin(t), self.frame_length, frame), lags);
        }
    }
}

/// The squared magnitudes of a spectrum.
#[inline(always)]
fn power<V: Lanes>(x: &Bins, out: &mut Bins) {
    for ((out, re), im) in out.re.iter_mut().zip(&x.re).zip(&x.im) {
        *out = re * re + im * im;
    }
    out.im.fill(0.0);
}

for_each_isa!(powers = power(x: &Bins, out: &mut Bins));

/// The spectrum of the correlation of a block with itself and, as many samples later as the block has, the next one.
#[inline(always)]
fn product<V: Lanes>(x: &Bins, next: &Bins, signs: &[f32], out: &mut Bins) {
    let Bins { re, im } = out;
    let x = x.re.iter().zip(&x.im);
    let next = next.re.iter().zip(&next.im);
    for (((out, x), next), sign) in re.iter_mut().zip(im).zip(x).zip(next).zip(signs) {
        let (re, im) = (x.0 + sign * next.0, x.1 + sign * next.1);
        *out.0 = x.0 * re + x.1 * im;
        *out.1 = x.0 * im - x.1 * re;
    }
}

for_each_isa!(products = product(x: &Bins, next: &Bins, signs: &[f32], out: &mut Bins));

#[inline(always)]
fn add<V: Lanes>(x: &Bins, sum: &mut Bins) {
    sum.re.iter_mut().zip(&x.re).for_each(|(sum, x)| *sum += x);
    sum.im.iter_mut().zip(&x.im).for_each(|(sum, x)| *sum += x);
}

for_each_isa!(added = add(x: &Bins, sum: &mut Bins));

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 77u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    #[test]
    fn blocks_and_whole_frames_give_the_plain_sums() {
        let mut samples = noise(700);
        // Loud beside quiet: blocks do not leak into frames that they are not in.
        samples[300..].iter_mut().for_each(|x| *x *= 1e-5);
        let signal = Signal::whole(&samples);
        let cases = [
            // Blocks of a hop, of three, an odd number of them, and as many lags as they allow.
            ((256, 64, 50), 64),
            ((96, 8, 20), 24),
            ((240, 80, 79), 80),
            ((128, 32, 32), 32),
            // What cannot be cut: lags beyond half of a frame, a hop that does not divide it, lengths that FFTs are slow for.
            ((128, 32, 100), 128),
            ((100, 30, 40), 100),
            ((98, 14, 12), 98),
            // So short a hop that too many blocks would have to be kept.
            ((256, 4, 60), 256),
            ((64, 64, 20), 64),
        ];
        // One for all: what is left in it does not matter.
        let mut scratch = AutocorrelationScratch::default();
        for ((frame_length, hop, most), block) in cases {
            for isa in Isa::available() {
                let plan = Autocorrelation::new(frame_length, hop, most, isa);
                assert_eq!(plan.block, block, "{frame_length} {hop} {most}");
                plan.each(Signal::whole(&samples[9..]), 0..5, &mut scratch, |_, _, _| ());
                let mut next = 1;
                plan.each(signal, 1..700 / hop, &mut scratch, |t, frame, r| {
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
