//! Decimation by two without delay: output sample `m` lies at input sample `2 m`.
//!
//! The filter has the 383 coefficients of librosa's resampler (soxr's high quality, 2:1): -0.01 dB at 0.231 and -100 dB at
//! 0.2495 of the input's rate. `fixtures/reference/make_reference.py` measured them. A shorter filter gains next to nothing,
//! because filtering goes through an FFT, and its leakage near a quarter of the rate changes chroma by up to 0.007.
use refrain_fft::num_complex::Complex32;

use crate::{
    fft::FftPlan,
    paired_fft::pack,
    signal::Signal,
    simd::{Isa, Simd, for_each_isa},
};

/// Coefficients from the middle one to the last, little-endian `f32`.
static FILTER: &[u8; 4 * (SIDE + 1)] = include_bytes!("halving_filter.bin");

/// The number of coefficients on each side of the middle one.
const SIDE: usize = 191;

/// Samples in a block, which is the length of the FFT.
const BLOCK: usize = 4096;

/// Samples on each side of a block that have no output of their own; even.
const MARGIN: usize = SIDE + 1;

/// Input samples that a block has outputs for.
const STEP: usize = BLOCK - 2 * MARGIN;

/// Halves the sample rate of signals.
#[derive(Clone)]
pub(crate) struct Decimator {
    /// The filter's frequency response at the bins of a block, with all scale factors.
    response: Vec<f32>,
    forward: FftPlan,
    inverse: FftPlan,
    isa: Isa,
}

/// Working memory of a [`Decimator`].
#[derive(Clone, Debug, Default)]
pub(crate) struct DecimateScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
}

/// Outputs that are computed together: those of a pair of blocks. Threads take whole parts.
pub(crate) const PART: usize = STEP;

impl Decimator {
    /// A decimator that also multiplies by `gain`.
    pub(crate) fn new(gain: f64) -> Self {
        let coefficients = FILTER.as_chunks::<4>().0.iter().map(|c| f64::from(f32::from_le_bytes(*c)));
        let forward = FftPlan::forward(BLOCK);
        let mut response = vec![Complex32::default(); BLOCK];
        // The filter is centred on 0, so that its response is real.
        for (n, c) in coefficients.enumerate() {
            // Forward FFT, folding and inverse FFT multiply by a block's length in all.
            let value = Complex32::new((c * gain / BLOCK as f64) as f32, 0.0);
            response[n] = value;
            response[(BLOCK - n) % BLOCK] = value;
        }
        forward.run(&mut response, &mut Vec::new());
        Self {
            response: response.iter().map(|z| z.re).collect(),
            forward,
            inverse: FftPlan::inverse(BLOCK / 2),
            isa: Isa::best(),
        }
    }

    /// The end of the input samples that outputs `first .. first + PART` depend on.
    pub(crate) fn reach(first: usize) -> usize {
        2 * first + STEP + BLOCK - MARGIN
    }

    /// The first input sample that outputs from `first` on depend on. `first` is a multiple of [`PART`].
    pub(crate) fn begin(first: usize) -> usize {
        (2 * first).saturating_sub(MARGIN)
    }

    /// Writes outputs `first .. first + out.len()` of `input`. `first` is a multiple of [`PART`]; the outputs are the same,
    /// bit for bit, in one piece or in several.
    ///
    /// The method is overlap-save with two blocks in one complex FFT. The filter's response is real, so the two blocks never
    /// mix. Folding the spectrum keeps every second output.
    pub(crate) fn run(
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
            filter_and_fold(self.isa, packed, &self.response);
            self.inverse.run(&mut packed[..BLOCK / 2], fft);
            let good = &packed[MARGIN / 2..(MARGIN + STEP) / 2];
            let (out_a, out_b) = out.split_at_mut(out.len().min(STEP / 2));
            out_a.iter_mut().zip(good).for_each(|(o, z)| *o = z.re);
            out_b.iter_mut().zip(good).for_each(|(o, z)| *o = z.im);
        }
    }
}

/// Multiplies a spectrum by a real response and adds its halves, so that the inverse FFT gives every second sample.
#[inline(always)]
fn fold<V: Simd>(packed: &mut [Complex32], response: &[f32]) {
    let (low, high) = packed.split_at_mut(response.len() / 2);
    let (low_r, high_r) = response.split_at(response.len() / 2);
    for (((z, m), r), s) in low.iter_mut().zip(high).zip(low_r).zip(high_r) {
        *z = Complex32::new(z.re * r + m.re * s, z.im * r + m.im * s);
    }
}

for_each_isa!(fn filter_and_fold = fold(packed: &mut [Complex32], response: &[f32]));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

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
            let input = noise(len, 11);
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
