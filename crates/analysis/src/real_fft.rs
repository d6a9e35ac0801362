//! The FFT of a real signal by a complex one of half the length: even samples are the real part, odd ones the imaginary
//! part, which is how they lie in memory (Press et al., Numerical Recipes, section 12.3).
use rustfft::num_complex::Complex64;

use super::{
    Complex32,
    lanes::{Isa, Lanes, for_each_isa},
    pair::Plan,
};

/// Bins `0 ..= len / 2` of a real signal, real and imaginary parts apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Bins {
    pub re: Vec<f32>,
    pub im: Vec<f32>,
}

impl Bins {
    pub(super) fn resize(&mut self, bins: usize) {
        self.re.resize(bins, 0.0);
        self.im.resize(bins, 0.0);
    }
}

/// Bins whose turns come from one that is computed.
const COARSE: usize = 32;

/// What a [`RealPlan`] works in.
#[derive(Clone, Debug, Default)]
pub(super) struct RealScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
}

/// FFTs of real signals, there and back.
#[derive(Clone)]
pub(super) struct RealPlan {
    half: usize,
    forward: Plan,
    inverse: Plan,
    /// The cosines and sines of `2 pi k / len` for `k` below `len / 2`.
    turns: Bins,
    isa: Isa,
}

impl RealPlan {
    /// Plans for `len` samples, an even number.
    pub(super) fn new(len: usize, isa: Isa) -> Self {
        let half = len / 2;
        let turn = |k: usize| Complex64::from_polar(1.0, std::f64::consts::TAU * k as f64 / len as f64);
        // Products of few: sines would take as long as to analyse half a second.
        let fine: Vec<Complex64> = (0..COARSE.min(half)).map(turn).collect();
        let all = (0..half).step_by(COARSE).map(turn).flat_map(|coarse| fine.iter().map(move |f| coarse * f));
        let (re, im) = all.take(half).map(|z| (z.re as f32, z.im as f32)).unzip();
        let turns = Bins { re, im };
        Self { half, forward: Plan::forward(half), inverse: Plan::inverse(half), turns, isa }
    }

    /// Bins that a signal has.
    pub(super) fn bins(&self) -> usize {
        self.half + 1
    }

    /// Twice the spectrum of `samples`, which zeros follow.
    pub(super) fn forward(&self, samples: &[f32], bins: &mut Bins, scratch: &mut RealScratch) {
        let RealScratch { packed, fft } = scratch;
        packed.resize(self.half, Complex32::default());
        // SAFETY: the instruction set is one of those that are available; so below.
        unsafe { paired(self.isa, samples, packed) };
        self.forward.run(packed, fft);
        bins.resize(self.bins());
        unsafe { parted(self.isa, packed, &self.turns, bins) };
    }

    /// `len` times `scale` times the signal of a spectrum, from its beginning.
    pub(super) fn inverse(&self, bins: &Bins, scale: f32, signal: &mut [f32], scratch: &mut RealScratch) {
        let RealScratch { packed, fft } = scratch;
        packed.resize(self.half, Complex32::default());
        // SAFETY: the instruction set is one of those that are available; so below.
        unsafe { joined(self.isa, bins, &self.turns, packed) };
        self.inverse.run(packed, fft);
        unsafe { unpaired(self.isa, packed, scale, signal) };
    }
}

/// Samples two by two, then zeros.
#[inline(always)]
fn pair<V: Lanes>(samples: &[f32], packed: &mut [Complex32]) {
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

for_each_isa!(paired = pair(samples: &[f32], packed: &mut [Complex32]));

/// The first samples, each times `scale`.
#[inline(always)]
fn unpair<V: Lanes>(packed: &[Complex32], scale: f32, samples: &mut [f32]) {
    let (pairs, rest) = samples.as_chunks_mut::<2>();
    if let ([last], Some(z)) = (rest, packed.get(pairs.len())) {
        *last = z.re * scale;
    }
    for ([even, odd], z) in pairs.iter_mut().zip(packed) {
        (*even, *odd) = (z.re * scale, z.im * scale);
    }
}

for_each_isa!(unpaired = unpair(packed: &[Complex32], scale: f32, samples: &mut [f32]));

/// The spectrum out of that of even and odd samples.
#[inline(always)]
fn part<V: Lanes>(packed: &[Complex32], turns: &Bins, bins: &mut Bins) {
    let half = packed.len();
    let Complex32 { re, im } = packed[0];
    (bins.re[0], bins.im[0]) = (2.0 * (re + im), 0.0);
    (bins.re[half], bins.im[half]) = (2.0 * (re - im), 0.0);
    let turns = turns.re[1..half].iter().zip(&turns.im[1..half]);
    let bins = bins.re[1..half].iter_mut().zip(&mut bins.im[1..half]);
    let mirrored = packed[1..].iter().zip(packed[1..].iter().rev());
    for (((re, im), (z, m)), (c, s)) in bins.zip(mirrored).zip(turns) {
        let (d_re, d_im) = (z.re - m.re, z.im + m.im);
        *re = z.re + m.re + (c * d_im - s * d_re);
        *im = z.im - m.im - (c * d_re + s * d_im);
    }
}

for_each_isa!(parted = part(packed: &[Complex32], turns: &Bins, bins: &mut Bins));

/// The spectrum of even and odd samples out of that of all.
#[inline(always)]
fn join<V: Lanes>(bins: &Bins, turns: &Bins, packed: &mut [Complex32]) {
    let half = packed.len();
    let turns = turns.re[..half].iter().zip(&turns.im[..half]);
    let straight = bins.re[..half].iter().zip(&bins.im[..half]);
    let mirrored = bins.re[1..=half].iter().rev().zip(bins.im[1..=half].iter().rev());
    for (((z, (a_re, a_im)), (b_re, b_im)), (c, s)) in
        packed.iter_mut().zip(straight).zip(mirrored).zip(turns)
    {
        let (d_re, d_im) = (a_re - b_re, a_im + b_im);
        *z = Complex32::new(a_re + b_re - (s * d_re + c * d_im), a_im - b_im + (c * d_re - s * d_im));
    }
}

for_each_isa!(joined = join(bins: &Bins, turns: &Bins, packed: &mut [Complex32]));

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

    #[test]
    fn equals_the_sum_that_defines_it_and_comes_back() {
        for (len, given) in [(2, 2), (4, 3), (6, 6), (10, 4), (64, 64), (96, 41), (640, 500)] {
            let samples = noise(given);
            for isa in Isa::available() {
                let plan = RealPlan::new(len, isa);
                let (mut bins, mut scratch) = (Bins::default(), RealScratch::default());
                // What was there before does not matter.
                for before in [&noise(len)[..], &samples] {
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
