//! Half the sample rate, without delay: output sample `m` lies at input sample `2 m`.
//!
//! The filter has 383 coefficients, those of the resampler that librosa uses (soxr's high quality, 2:1), as measured by
//! `fixtures/reference/make_reference.py`: -0.01 dB at 0.231 and -100 dB at 0.2495 of the input's rate. A shorter one was
//! tried: as it goes through an FFT, the length costs next to nothing, and what lets other sound through near a quarter
//! of the rate changes chroma by up to 0.007.
use rustfft::num_complex::Complex32;

use super::{
    lanes::{Isa, Lanes, for_each_isa},
    pair::{Plan, pack},
    signal::Signal,
};

/// Coefficients from the middle one to the last, little-endian `f32`.
static FILTER: &[u8; 4 * (SIDE + 1)] = include_bytes!("halving_filter.bin");

/// Coefficients to a side of the middle one.
const SIDE: usize = 191;

/// Samples of a block that goes through the FFT.
const BLOCK: usize = 4096;

/// Samples on each side of a block that its outputs reach to; even.
const MARGIN: usize = SIDE + 1;

/// Input samples for which a block gives outputs.
const STEP: usize = BLOCK - 2 * MARGIN;

/// Halves the rate of whole signals.
#[derive(Clone)]
pub(super) struct Decimator {
    /// The filter's response at the bins of a block, times all factors.
    response: Vec<f32>,
    forward: Plan,
    inverse: Plan,
    isa: Isa,
}

/// What a [`Decimator`] works in.
#[derive(Clone, Debug, Default)]
pub(super) struct DecimateScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
}

/// Outputs that are made together, so that a signal can be split over threads: a whole number of pairs of blocks.
pub(super) const PART: usize = STEP;

impl Decimator {
    /// Halves the rate and multiplies by `gain`.
    pub(super) fn new(gain: f64) -> Self {
        let coefficients = FILTER.as_chunks::<4>().0.iter().map(|c| f64::from(f32::from_le_bytes(*c)));
        let forward = Plan::forward(BLOCK);
        let mut response = vec![Complex32::default(); BLOCK];
        // Centred on 0, so that it is real.
        for (n, c) in coefficients.enumerate() {
            // The FFT there and back multiplies by half a block's length; folding doubles.
            let value = Complex32::new((c * gain / BLOCK as f64) as f32, 0.0);
            response[n] = value;
            response[(BLOCK - n) % BLOCK] = value;
        }
        forward.run(&mut response, &mut Vec::new());
        Self {
            response: response.iter().map(|z| z.re).collect(),
            forward,
            inverse: Plan::inverse(BLOCK / 2),
            isa: Isa::best(),
        }
    }

    /// The end of the input that outputs `first .. first + PART` are made of.
    pub(super) fn reach(first: usize) -> usize {
        2 * first + STEP + BLOCK - MARGIN
    }

    /// The first input sample that outputs from `first` on are made of, a multiple of [`PART`].
    pub(super) fn begin(first: usize) -> usize {
        (2 * first).saturating_sub(MARGIN)
    }

    /// Writes outputs `first .. first + out.len()` of `input`; what is made in one piece and what is made in pieces that
    /// begin at multiples of [`PART`] is the same, bit for bit.
    ///
    /// By overlap-save, two blocks in one complex FFT: as the filter's response is real, what belongs to one block never
    /// mixes with the other. Every second output is kept by folding the spectrum.
    pub(super) fn run(
        &self,
        input: Signal<'_>,
        first: usize,
        out: &mut [f32],
        scratch: &mut DecimateScratch,
    ) {
        let DecimateScratch { packed, fft, edges: [edge_a, edge_b] } = scratch;
        packed.resize(BLOCK, Complex32::default());
        for (pair, out) in out.chunks_mut(PART).enumerate() {
            let start = 2 * (first + pair * PART) as isize - MARGIN as isize;
            let a = input.segment(start, BLOCK, edge_a);
            let b = input.segment(start + STEP as isize, BLOCK, edge_b);
            pack(a, b, packed);
            self.forward.run(packed, fft);
            // SAFETY: `best` is one of those that are available.
            unsafe { folded_response(self.isa, packed, &self.response) };
            self.inverse.run(&mut packed[..BLOCK / 2], fft);
            let good = &packed[MARGIN / 2..(MARGIN + STEP) / 2];
            let (out_a, out_b) = out.split_at_mut(out.len().min(STEP / 2));
            out_a.iter_mut().zip(good).for_each(|(o, z)| *o = z.re);
            out_b.iter_mut().zip(good).for_each(|(o, z)| *o = z.im);
        }
    }
}

/// Multiplies a spectrum by a real response and folds its halves, so that the inverse gives every second sample.
#[inline(always)]
fn fold<V: Lanes>(packed: &mut [Complex32], response: &[f32]) {
    let (low, high) = packed.split_at_mut(response.len() / 2);
    let (low_r, high_r) = response.split_at(response.len() / 2);
    for (((z, m), r), s) in low.iter_mut().zip(high).zip(low_r).zip(high_r) {
        *z = Complex32::new(z.re * r + m.re * s, z.im * r + m.im * s);
    }
}

for_each_isa!(folded_response = fold(packed: &mut [Complex32], response: &[f32]));

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 11u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    fn coefficients() -> Vec<f64> {
        FILTER.as_chunks::<4>().0.iter().map(|c| f64::from(f32::from_le_bytes(*c))).collect()
    }

    fn plain(input: &[f32], c: &[f64], m: usize) -> f64 {
        let at = |s: isize| usize::try_from(s).ok().and_then(|s| input.get(s)).map_or(0.0, |&x| f64::from(x));
        let s = 2 * m as isize;
        let pairs = c.iter().enumerate().skip(1).map(|(n, c)| c * (at(s - n as isize) + at(s + n as isize)));
        c[0] * at(s) + pairs.sum::<f64>()
    }

    #[test]
    fn equals_the_plain_sum_in_one_piece_and_in_parts() {
        let c = coefficients();
        let decimator = Decimator::new(1.25);
        let mut scratch = DecimateScratch::default();
        for len in [1, 2, 3, 100, 383, 7423, 7424, 20_001] {
            let input = noise(len);
            let mut whole = vec![f32::NAN; len.div_ceil(2)];
            decimator.run(Signal::whole(&input), 0, &mut whole, &mut scratch);
            for (m, &got) in whole.iter().enumerate() {
                let expected = 1.25 * plain(&input, &c, m);
                assert!((f64::from(got) - expected).abs() < 2e-6, "{m} of {len}: {got} {expected}");
            }
            let mut parts = vec![f32::NAN; whole.len()];
            for (i, part) in parts.chunks_mut(PART).enumerate() {
                decimator.run(Signal::whole(&input), i * PART, part, &mut DecimateScratch::default());
            }
            assert_eq!(parts, whole);
        }
    }

    #[test]
    fn the_filter_is_flat_below_and_stops_above() {
        let c = coefficients();
        let gain = |f: f64| {
            let term = |(n, c): (usize, &f64)| 2.0 * c * (std::f64::consts::TAU * f * n as f64).cos();
            c[0] + c.iter().enumerate().skip(1).map(term).sum::<f64>()
        };
        for i in 0..=100 {
            let f = f64::from(i) / 100.0;
            assert!((gain(0.231 * f) - 1.0).abs() < 1.5e-3, "at {}", 0.231 * f);
            let above = 0.2495 + 0.2505 * f;
            assert!(gain(above).abs() < 1.2e-5, "at {above}: {}", gain(above));
        }
    }
}
