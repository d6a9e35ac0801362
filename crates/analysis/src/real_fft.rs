//! The FFT of a real signal by a complex FFT of half the length: even samples are the real part, odd samples the imaginary
//! part, which is how they lie in memory (Press et al., Numerical Recipes, section 12.3).
use refrain_fft::num_complex::{Complex32, Complex64};

use crate::{
    fft::FftPlan,
    simd::{Isa, Simd, for_each_isa},
};

/// SplitSpectrum `0 ..= len / 2` of a real signal, with real and imaginary parts in arrays of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct SplitSpectrum {
    pub re: Vec<f32>,
    pub im: Vec<f32>,
}

impl SplitSpectrum {
    pub(crate) fn resize(&mut self, bins: usize) {
        self.re.resize(bins, 0.0);
        self.im.resize(bins, 0.0);
    }
}

/// Twiddle factors are products of a coarse and one of `COARSE` fine ones.
const COARSE: usize = 32;

/// Working memory of a [`RealFft`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RealFftScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
}

/// A forward and an inverse FFT of real signals of one length.
#[derive(Clone)]
pub(crate) struct RealFft {
    half: usize,
    forward: FftPlan,
    inverse: FftPlan,
    /// Twiddle factors: the cosines and sines of `2 pi k / len` for `k` below `len / 2`.
    twiddles: SplitSpectrum,
    isa: Isa,
}

impl RealFft {
    /// Plans for signals of `len` samples, an even number.
    pub(crate) fn new(len: usize, isa: Isa) -> Self {
        let half = len / 2;
        let twiddle = |k: usize| Complex64::from_polar(1.0, std::f64::consts::TAU * k as f64 / len as f64);
        // Products are cheaper: a sine for each would take as long as analyzing half a second of sound.
        let fine: Vec<Complex64> = (0..COARSE.min(half)).map(twiddle).collect();
        let all =
            (0..half).step_by(COARSE).map(twiddle).flat_map(|coarse| fine.iter().map(move |f| coarse * f));
        let (re, im) = all.take(half).map(|z| (z.re as f32, z.im as f32)).unzip();
        let twiddles = SplitSpectrum { re, im };
        Self { half, forward: FftPlan::forward(half), inverse: FftPlan::inverse(half), twiddles, isa }
    }

    /// The number of bins of a spectrum.
    pub(crate) fn bins(&self) -> usize {
        self.half + 1
    }

    /// Writes twice the spectrum of `samples`, padded with zeros to the plan's length.
    pub(crate) fn forward(&self, samples: &[f32], bins: &mut SplitSpectrum, scratch: &mut RealFftScratch) {
        let RealFftScratch { packed, fft } = scratch;
        packed.resize(self.half, Complex32::default());
        pack_samples(self.isa, samples, packed);
        self.forward.run(packed, fft);
        bins.resize(self.bins());
        split_spectrum(self.isa, packed, &self.twiddles, bins);
    }

    /// Writes the first samples of the signal of a spectrum, times `len` and `scale`.
    pub(crate) fn inverse(
        &self,
        bins: &SplitSpectrum,
        scale: f32,
        signal: &mut [f32],
        scratch: &mut RealFftScratch,
    ) {
        let RealFftScratch { packed, fft } = scratch;
        packed.resize(self.half, Complex32::default());
        join_spectrum(self.isa, bins, &self.twiddles, packed);
        self.inverse.run(packed, fft);
        unpack_samples(self.isa, packed, scale, signal);
    }
}

/// Packs two samples into each complex value, and fills the rest with zeros.
#[inline(always)]
fn pack<V: Simd>(samples: &[f32], packed: &mut [Complex32]) {
    let (pairs, rest) = samples.as_chunks::<2>();
    let (filled, empty) = packed.split_at_mut(pairs.len());
    for (z, [even, odd]) in filled.iter_mut().zip(pairs) {
        *z = Complex32::new(*even, *odd);
    }
    empty.fill(Complex32::default());
    if let ([last], [z, ..]) = (rest, empty) {
        z.re = *last;
    }
}

for_each_isa!(fn pack_samples = pack(samples: &[f32], packed: &mut [Complex32]));

/// Unpacks the first samples, times `scale`.
#[inline(always)]
fn unpack<V: Simd>(packed: &[Complex32], scale: f32, samples: &mut [f32]) {
    let (pairs, rest) = samples.as_chunks_mut::<2>();
    if let ([last], Some(z)) = (rest, packed.get(pairs.len())) {
        *last = z.re * scale;
    }
    for ([even, odd], z) in pairs.iter_mut().zip(packed) {
        (*even, *odd) = (z.re * scale, z.im * scale);
    }
}

for_each_isa!(fn unpack_samples = unpack(packed: &[Complex32], scale: f32, samples: &mut [f32]));

/// Twice the spectrum of a signal, from the spectrum of its packed samples.
#[inline(always)]
fn split<V: Simd>(packed: &[Complex32], twiddles: &SplitSpectrum, bins: &mut SplitSpectrum) {
    let half = packed.len();
    let Complex32 { re, im } = packed[0];
    (bins.re[0], bins.im[0]) = (2.0 * (re + im), 0.0);
    (bins.re[half], bins.im[half]) = (2.0 * (re - im), 0.0);
    let twiddles = twiddles.re[1..half].iter().zip(&twiddles.im[1..half]);
    let bins = bins.re[1..half].iter_mut().zip(&mut bins.im[1..half]);
    let mirrored = packed[1..].iter().zip(packed[1..].iter().rev());
    for (((re, im), (z, m)), (c, s)) in bins.zip(mirrored).zip(twiddles) {
        let (d_re, d_im) = (z.re - m.re, z.im + m.im);
        *re = z.re + m.re + (c * d_im - s * d_re);
        *im = z.im - m.im - (c * d_re + s * d_im);
    }
}

for_each_isa!(fn split_spectrum = split(packed: &[Complex32], twiddles: &SplitSpectrum, bins: &mut SplitSpectrum));

/// The spectrum of packed samples, from the spectrum of the signal: the inverse of [`split`].
#[inline(always)]
fn join<V: Simd>(bins: &SplitSpectrum, twiddles: &SplitSpectrum, packed: &mut [Complex32]) {
    let half = packed.len();
    let twiddles = twiddles.re[..half].iter().zip(&twiddles.im[..half]);
    let straight = bins.re[..half].iter().zip(&bins.im[..half]);
    let mirrored = bins.re[1..=half].iter().rev().zip(bins.im[1..=half].iter().rev());
    for (((z, (a_re, a_im)), (b_re, b_im)), (c, s)) in
        packed.iter_mut().zip(straight).zip(mirrored).zip(twiddles)
    {
        let (d_re, d_im) = (a_re - b_re, a_im + b_im);
        *z = Complex32::new(a_re + b_re - (s * d_re + c * d_im), a_im - b_im + (c * d_re - s * d_im));
    }
}

for_each_isa!(fn join_spectrum = join(bins: &SplitSpectrum, twiddles: &SplitSpectrum, packed: &mut [Complex32]));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

    #[test]
    fn equals_the_sum_that_defines_it_and_comes_back() {
        for (len, given) in [(2, 2), (4, 3), (6, 6), (10, 4), (64, 64), (96, 41), (640, 500)] {
            let samples = noise(given, 5);
            for isa in Isa::available() {
                let plan = RealFft::new(len, isa);
                let (mut bins, mut scratch) = (SplitSpectrum::default(), RealFftScratch::default());
                // The result does not depend on what the scratch held before.
                for before in [&noise(len, 6)[..], &samples] {
                    plan.forward(before, &mut bins, &mut scratch);
                }
                assert_eq!(bins.re.len(), plan.bins());
                for k in 0..plan.bins() {
                    let step = -std::f64::consts::TAU * k as f64 / len as f64;
                    let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, &x)| {
                        let (sin, cos) = (step * n as f64).sin_cos();
                        (re + f64::from(x) * cos, im + f64::from(x) * sin)
                    });
                    let off = (f64::from(bins.re[k]) / 2.0 - re).hypot(f64::from(bins.im[k]) / 2.0 - im);
                    assert!(off < 1e-5 * (len as f64).sqrt(), "{isa:?}, {len}, bin {k}: off by {off:e}");
                }
                let mut back = vec![9.0; given];
                plan.inverse(&bins, 0.5 / len as f32, &mut back, &mut scratch);
                for (back, sample) in back.iter().zip(&samples) {
                    assert!((back - sample).abs() < 1e-5, "{isa:?}, {len}");
                }
            }
        }
    }
}
