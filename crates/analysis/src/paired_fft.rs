//! The FFT of two real frames at once: one is the real part of the input, the other the imaginary part. A real signal's
//! spectrum is symmetric, which tells the two apart (Press et al., Numerical Recipes, section 12.3).
use std::sync::Arc;

use refrain_fft::{
    Fft,
    num_complex::{Complex32, Complex64},
};

use crate::simd::{Isa, Simd, for_each_isa};

/// A forward FFT of two windowed frames in double precision, with a result in single precision.
///
/// In single precision the FFT leaves an error of 1.2e-7 of a frame's norm in every bin, three times librosa's error. The
/// masks of harmonic-percussive separation show it, because they divide quiet bins by quiet bins.
#[derive(Clone)]
pub(crate) struct WidePairedFft {
    fft: Arc<dyn Fft<f64>>,
}

/// Working memory of a [`WidePairedFft`].
#[derive(Clone, Debug, Default)]
pub(crate) struct WideScratch {
    wide: Vec<Complex64>,
    fft: Vec<Complex64>,
}

impl WidePairedFft {
    pub(crate) fn forward(len: usize) -> Self {
        Self { fft: refrain_fft::forward_wide(len) }
    }

    /// Transforms `a[n] + i b[n]`, each times `window[n]`.
    pub(crate) fn run(
        &self,
        isa: Isa,
        a: &[f32],
        b: &[f32],
        window: &[f64],
        packed: &mut [Complex32],
        scratch: &mut WideScratch,
    ) {
        let WideScratch { wide, fft } = scratch;
        wide.resize(packed.len(), Complex64::default());
        fft.resize(self.fft.get_inplace_scratch_len(), Complex64::default());
        pack_windowed(isa, a, b, window, wide);
        self.fft.process_with_scratch(wide, fft);
        narrow_all(isa, wide, packed);
    }
}

/// `packed[n] = a[n] + i b[n]`, times `window[n]`.
#[inline(always)]
fn windowed<V: Simd>(a: &[f32], b: &[f32], window: &[f64], packed: &mut [Complex64]) {
    for (((z, &a), &b), &w) in packed.iter_mut().zip(a).zip(b).zip(window) {
        *z = Complex64::new(f64::from(a) * w, f64::from(b) * w);
    }
}

for_each_isa!(fn pack_windowed = windowed(a: &[f32], b: &[f32], window: &[f64], packed: &mut [Complex64]));

/// Rounds to single precision.
#[inline(always)]
fn narrow<V: Simd>(wide: &[Complex64], packed: &mut [Complex32]) {
    for (z, w) in packed.iter_mut().zip(wide) {
        *z = Complex32::new(w.re as f32, w.im as f32);
    }
}

for_each_isa!(fn narrow_all = narrow(wide: &[Complex64], packed: &mut [Complex32]));

/// `packed[n] = a[n] + i b[n]`.
pub(crate) fn pack(a: &[f32], b: &[f32], packed: &mut [Complex32]) {
    for ((z, &a), &b) in packed.iter_mut().zip(a).zip(b) {
        *z = Complex32::new(a, b);
    }
}

/// Returns bin `k` of the first frame, and bin `k` of the second frame times i. `z` is bin `k` of the packed spectrum and
/// `mirrored` bin `len - k`.
#[inline(always)]
pub(crate) fn unpack(z: Complex32, mirrored: Complex32) -> (Complex32, Complex32) {
    let m = mirrored.conj();
    ((z + m) * 0.5, (z - m) * 0.5)
}

/// Magnitudes of bins `0 ..= len / 2` of both frames.
#[inline(always)]
fn magnitudes<V: Simd>(packed: &[Complex32], a: &mut [f32], b: &mut [f32]) {
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

for_each_isa!(fn pair_magnitudes = magnitudes(packed: &[Complex32], a: &mut [f32], b: &mut [f32]));

/// Multiplies the spectrum of each frame by its mask (bins `0 ..= len / 2`) and by `scale`.
#[inline(always)]
fn apply<V: Simd>(packed: &mut [Complex32], a: &[f32], b: &[f32], scale: f32) {
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

for_each_isa!(fn apply_masks = apply(packed: &mut [Complex32], a: &[f32], b: &[f32], scale: f32));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fft::FftPlan, test_signals::noise};

    /// The DFT by its definition.
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
            FftPlan::forward(len).run(&mut packed, &mut Vec::new());
            for isa in Isa::available() {
                let (mut ma, mut mb) = (vec![0.0; len / 2 + 1], vec![0.0; len / 2 + 1]);
                pair_magnitudes(isa, &packed, &mut ma, &mut mb);
                for k in 0..=len / 2 {
                    let (xa, xb) = (plain(&a, k), plain(&b, k));
                    let (ga, gb) = unpack(packed[k], packed[(len - k) % len]);
                    assert!((ga - xa).norm() < 1e-5 && (gb - xb * Complex32::i()).norm() < 1e-5);
                    assert!((ma[k] - xa.norm()).abs() < 1e-5 && (mb[k] - xb.norm()).abs() < 1e-5, "{isa:?}");
                }
            }
        }
    }

    #[test]
    fn each_mask_changes_its_own_frame_only() {
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
            FftPlan::forward(len).run(&mut packed, &mut Vec::new());
            apply_masks(isa, &mut packed, &mask_a, &mask_b, 1.0 / len as f32);
            FftPlan::inverse(len).run(&mut packed, &mut Vec::new());
            for (n, z) in packed.iter().enumerate() {
                assert!((z.re - back(&a, &mask_a, n)).abs() < 1e-5, "{isa:?}");
                assert!((z.im - back(&b, &mask_b, n)).abs() < 1e-5, "{isa:?}");
            }
        }
    }
}
