//! Two real frames in one complex FFT: one is the real part, the other the imaginary part, and the symmetry of a real
//! signal's spectrum tells them apart (Press et al., Numerical Recipes, section 12.3).
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustfft::{
    Fft, FftPlanner,
    num_complex::{Complex32, Complex64},
};

use super::lanes::{Isa, Lanes, for_each_isa};

/// Plans that were made once: a planner keeps them, and a short signal would take as long to plan as to analyse.
static PLANNER: LazyLock<Mutex<FftPlanner<f32>>> = LazyLock::new(|| Mutex::new(FftPlanner::new()));

/// A forward or inverse FFT that is planned once; without any scaling.
#[derive(Clone)]
pub(super) struct Plan {
    fft: Arc<dyn Fft<f32>>,
}

impl Plan {
    pub(super) fn forward(len: usize) -> Self {
        Self { fft: PLANNER.lock().unwrap_or_else(PoisonError::into_inner).plan_fft_forward(len) }
    }

    pub(super) fn inverse(len: usize) -> Self {
        Self { fft: PLANNER.lock().unwrap_or_else(PoisonError::into_inner).plan_fft_inverse(len) }
    }

    /// Transforms `values` in place; `scratch` grows to what is needed.
    pub(super) fn run(&self, values: &mut [Complex32], scratch: &mut Vec<Complex32>) {
        let needed = self.fft.get_inplace_scratch_len();
        if scratch.len() < needed {
            scratch.resize(needed, Complex32::default());
        }
        self.fft.process_with_scratch(values, &mut scratch[..needed]);
    }
}

/// A forward FFT in double precision whose result is kept in single.
///
/// In single precision the FFT leaves an error of 1.2e-7 of a frame's norm in every bin, which is three times what librosa's
/// has. Masks divide quiet bins by quiet bins, and so show it.
#[derive(Clone)]
pub(super) struct FinePlan {
    fft: Arc<dyn Fft<f64>>,
}

/// What a [`FinePlan`] works in.
#[derive(Clone, Debug, Default)]
pub(super) struct FineScratch {
    wide: Vec<Complex64>,
    fft: Vec<Complex64>,
}

impl FinePlan {
    pub(super) fn forward(len: usize) -> Self {
        Self { fft: FftPlanner::new().plan_fft_forward(len) }
    }

    /// The FFT of `a[n] + i b[n]`, each times `window`.
    pub(super) fn run(
        &self,
        isa: Isa,
        a: &[f32],
        b: &[f32],
        window: &[f64],
        packed: &mut [Complex32],
        scratch: &mut FineScratch,
    ) {
        let FineScratch { wide, fft } = scratch;
        wide.resize(packed.len(), Complex64::default());
        fft.resize(self.fft.get_inplace_scratch_len(), Complex64::default());
        // SAFETY: the caller's `isa` is one of those that are available.
        unsafe { pack_wide(isa, a, b, window, wide) };
        self.fft.process_with_scratch(wide, fft);
        // SAFETY: as above.
        unsafe { narrowed(isa, wide, packed) };
    }
}

/// `packed[n] = a[n] + i b[n]`, each times `window`.
#[inline(always)]
fn windowed<V: Lanes>(a: &[f32], b: &[f32], window: &[f64], packed: &mut [Complex64]) {
    for (((z, &a), &b), &w) in packed.iter_mut().zip(a).zip(b).zip(window) {
        *z = Complex64::new(f64::from(a) * w, f64::from(b) * w);
    }
}

for_each_isa!(pack_wide = windowed(a: &[f32], b: &[f32], window: &[f64], packed: &mut [Complex64]));

#[inline(always)]
fn narrow<V: Lanes>(wide: &[Complex64], packed: &mut [Complex32]) {
    for (z, w) in packed.iter_mut().zip(wide) {
        *z = Complex32::new(w.re as f32, w.im as f32);
    }
}

for_each_isa!(narrowed = narrow(wide: &[Complex64], packed: &mut [Complex32]));

/// The even length that a plan is quick for, `len` or a little more: a power of two, or 3 or 5 times one.
pub(super) fn quick_len(len: usize) -> usize {
    [1, 3, 5].into_iter().map(|m| m * len.div_ceil(m).next_power_of_two().max(2)).min().unwrap_or(len)
}

/// `packed[n] = a[n] + i b[n]`.
pub(super) fn pack(a: &[f32], b: &[f32], packed: &mut [Complex32]) {
    for ((z, &a), &b) in packed.iter_mut().zip(a).zip(b) {
        *z = Complex32::new(a, b);
    }
}

/// The spectra at bin `k` of the two frames of `packed`: of the first one, and of the second one times i.
#[inline(always)]
pub(super) fn parted(z: Complex32, mirrored: Complex32) -> (Complex32, Complex32) {
    let m = mirrored.conj();
    ((z + m) * 0.5, (z - m) * 0.5)
}

/// The magnitudes of bins `0 ..= len / 2` of both frames.
#[inline(always)]
fn magnitudes<V: Lanes>(packed: &[Complex32], a: &mut [f32], b: &mut [f32]) {
    let half = packed.len() / 2;
    let (low, high) = (&packed[1..half], &packed[half + 1..]);
    (a[0], b[0]) = (packed[0].re.abs(), packed[0].im.abs());
    (a[half], b[half]) = (packed[half].re.abs(), packed[half].im.abs());
    for (((z, m), a), b) in low.iter().zip(high.iter().rev()).zip(&mut a[1..half]).zip(&mut b[1..half]) {
        let (re, im) = (z.re + m.re, z.im - m.im);
        *a = 0.5 * (re * re + im * im).sqrt();
        let (re, im) = (z.re - m.re, z.im + m.im);
        *b = 0.5 * (re * re + im * im).sqrt();
    }
}

for_each_isa!(pair_magnitudes = magnitudes(packed: &[Complex32], a: &mut [f32], b: &mut [f32]));

/// Multiplies the spectra of both frames by their masks, bins `0 ..= len / 2`, and the whole by `scale`.
#[inline(always)]
fn apply<V: Lanes>(packed: &mut [Complex32], a: &[f32], b: &[f32], scale: f32) {
    let half = packed.len() / 2;
    for k in [0, half] {
        packed[k] = Complex32::new(packed[k].re * a[k], packed[k].im * b[k]) * scale;
    }
    let (low, high) = packed.split_at_mut(half);
    let scale = 0.5 * scale;
    let (a, b) = (&a[1..half], &b[1..half]);
    for (((z, m), a), b) in low[1..].iter_mut().zip(high[1..].iter_mut().rev()).zip(a).zip(b) {
        let (a, b) = (a * scale, b * scale);
        let (s_re, s_im) = ((z.re + m.re) * a, (z.im - m.im) * a);
        let (d_re, d_im) = ((z.re - m.re) * b, (z.im + m.im) * b);
        *z = Complex32::new(s_re + d_re, s_im + d_im);
        *m = Complex32::new(s_re - d_re, d_im - s_im);
    }
}

for_each_isa!(apply_masks = apply(packed: &mut [Complex32], a: &[f32], b: &[f32], scale: f32));

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    fn plain(x: &[f32], k: usize) -> Complex32 {
        let step = -std::f64::consts::TAU * k as f64 / x.len() as f64;
        let terms = x.iter().enumerate().map(|(n, &x)| (f64::from(x), step * n as f64));
        let (re, im) = terms.fold((0.0, 0.0), |(re, im), (x, p)| (re + x * p.cos(), im + x * p.sin()));
        Complex32::new(re as f32, im as f32)
    }

    #[test]
    fn the_two_frames_are_told_apart() {
        for len in [2, 4, 64, 100] {
            let (a, b) = (noise(len, 1), noise(len, 2));
            let mut packed = vec![Complex32::default(); len];
            pack(&a, &b, &mut packed);
            Plan::forward(len).run(&mut packed, &mut Vec::new());
            for isa in Isa::available() {
                let (mut ma, mut mb) = (vec![0.0; len / 2 + 1], vec![0.0; len / 2 + 1]);
                // SAFETY: `available` has it.
                unsafe { pair_magnitudes(isa, &packed, &mut ma, &mut mb) };
                for k in 0..=len / 2 {
                    let (xa, xb) = (plain(&a, k), plain(&b, k));
                    let (ga, gb) = parted(packed[k], packed[(len - k) % len]);
                    assert!((ga - xa).norm() < 1e-5 && (gb - xb * Complex32::i()).norm() < 1e-5);
                    assert!((ma[k] - xa.norm()).abs() < 1e-5 && (mb[k] - xb.norm()).abs() < 1e-5, "{isa:?}");
                }
            }
        }
    }

    #[test]
    fn masks_work_on_each_frame_alone() {
        let len = 64;
        let (a, b) = (noise(len, 3), noise(len, 4));
        let (mask_a, mask_b) = (noise(len / 2 + 1, 5), noise(len / 2 + 1, 6));
        let back = |x: &[f32], mask: &[f32], n: usize| -> f32 {
            let bins = (0..len).map(|k| {
                let z = if k <= len / 2 { plain(x, k) } else { plain(x, len - k).conj() };
                let turn = std::f32::consts::TAU * ((k * n) % len) as f32 / len as f32;
                (z * mask[k.min(len - k)] * Complex32::from_polar(1.0, turn)).re
            });
            bins.sum::<f32>() / len as f32
        };
        for isa in Isa::available() {
            let mut packed = vec![Complex32::default(); len];
            pack(&a, &b, &mut packed);
            Plan::forward(len).run(&mut packed, &mut Vec::new());
            // SAFETY: `available` has it.
            unsafe { apply_masks(isa, &mut packed, &mask_a, &mask_b, 1.0 / len as f32) };
            Plan::inverse(len).run(&mut packed, &mut Vec::new());
            for (n, z) in packed.iter().enumerate() {
                assert!((z.re - back(&a, &mask_a, n)).abs() < 1e-5, "{isa:?}");
                assert!((z.im - back(&b, &mask_b, n)).abs() < 1e-5, "{isa:?}");
            }
        }
    }

    #[test]
    fn lengths_are_even_and_no_shorter() {
        for (len, quick) in
            [(1, 2), (2, 2), (3, 4), (5, 6), (9, 10), (1024, 1024), (2387, 2560), (1025, 1280)]
        {
            assert_eq!(quick_len(len), quick);
        }
    }
}
