//! The sliding DFT: for short hops, updating a spectrum is cheaper than transforming the next frame.
use std::{f64::consts::TAU, ops::Range};

use refrain_fft::num_complex::Complex32;

use crate::simd::{GROUP, Isa, Simd, for_each_isa};

/// Updates some bins of a spectrum from one frame to the next.
pub(super) struct SlidingDft {
    /// The bins, rounded up to whole groups.
    width: usize,
    /// The longest hop that an update is made for.
    max_hop: usize,
    /// Real and imaginary parts of `exp(-2 pi i k m / fft_length)`: a row of `width` bins `k` for each `m` from 0 to `max_hop`.
    twiddles: [Vec<f32>; 2],
}

impl SlidingDft {
    /// For the bins `used` of frames of `fft_length` samples.
    pub(super) fn new(fft_length: usize, used: Range<usize>) -> Self {
        let (width, max_hop) = (used.len().next_multiple_of(GROUP), fft_length / 32);
        let step = TAU / fft_length as f64;
        let root = |j: usize| Complex32::new((step * j as f64).cos() as f32, -(step * j as f64).sin() as f32);
        let roots: Vec<Complex32> = (0..fft_length).map(root).collect();
        let mut twiddles = [Vec::new(), Vec::new()];
        for m in 0..=max_hop {
            let row = used.start..used.start + width;
            let row = row.map(|k| roots[k * m % fft_length]);
            twiddles[0].extend(row.clone().map(|z| z.re));
            twiddles[1].extend(row.map(|z| z.im));
        }
        Self { width, max_hop, twiddles }
    }

    /// The number of bins, rounded up to whole groups.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The longest hop for which an update is cheaper than a transform.
    pub(super) fn max_hop(&self) -> usize {
        self.max_hop
    }

    /// Moves a spectrum on by `changes.len()` samples. `changes` has each sample that enters the frame, less the one that
    /// leaves it.
    ///
    /// # Panics
    /// If there are more changes than [`SlidingDft::max_hop`], or unless `re` and `im` have [`SlidingDft::width`] values.
    pub(super) fn advance(&self, isa: Isa, re: &mut [f32], im: &mut [f32], changes: &[f32]) {
        assert!(changes.len() <= self.max_hop, "a hop no longer than there are twiddle factors for");
        assert!(
            re.len() == self.width && im.len() == self.width,
            "the bins that there are twiddle factors for"
        );
        // SAFETY: `width` is a multiple of `GROUP`, and there are `max_hop + 1` rows of twiddle factors.
        unsafe { slide_spectrum(isa, re, im, changes, &self.twiddles) };
    }
}

/// Moves a spectrum on by `changes.len()` samples. The new samples replace the old ones at the same place of the frame modulo
/// its length, which adds the transform of the changes. The shift theorem then twiddles the phases.
///
/// # Safety
/// The processor has the instruction set of `V`. `re` and `im` have the same length, a multiple of [`GROUP`], and each of
/// `twiddles` has at least `changes.len() + 1` rows of that length.
#[inline(always)]
unsafe fn slide<V: Simd>(re: &mut [f32], im: &mut [f32], changes: &[f32], twiddles: &[Vec<f32>; 2]) {
    let width = re.len();
    for c in (0..width).step_by(V::WIDTH) {
        // SAFETY: the caller's promise; a whole register is left at `c` in each row.
        unsafe {
            let twiddle = |part: usize, m: usize| V::load(twiddles[part].as_ptr().add(m * width + c));
            let (mut a_re, mut a_im) = (V::load(re.as_ptr().add(c)), V::load(im.as_ptr().add(c)));
            let (mut b_re, mut b_im) = (V::splat(0.0), V::splat(0.0));
            // Two sums take turns, so that one does not wait for the other.
            let (pairs, rest) = changes.as_chunks::<2>();
            for (n, [first, second]) in pairs.iter().enumerate() {
                let (first, second) = (V::splat(*first), V::splat(*second));
                a_re = first.mul_add(twiddle(0, 2 * n), a_re);
                a_im = first.mul_add(twiddle(1, 2 * n), a_im);
                b_re = second.mul_add(twiddle(0, 2 * n + 1), b_re);
                b_im = second.mul_add(twiddle(1, 2 * n + 1), b_im);
            }
            for change in rest {
                let change = V::splat(*change);
                a_re = change.mul_add(twiddle(0, changes.len() - 1), a_re);
                a_im = change.mul_add(twiddle(1, changes.len() - 1), a_im);
            }
            let (x_re, x_im) = (a_re.add(b_re), a_im.add(b_im));
            // Times the conjugate of the twiddle factor of the whole hop.
            let (t_re, t_im) = (twiddle(0, changes.len()), twiddle(1, changes.len()));
            let zero = V::splat(0.0);
            x_re.mul_add(t_re, x_im.mul_add(t_im, zero)).store(re.as_mut_ptr().add(c));
            x_im.mul_add(t_re, zero.sub(x_re.mul_add(t_im, zero))).store(im.as_mut_ptr().add(c));
        }
    }
}

for_each_isa!(
    unsafe fn slide_spectrum = slide(re: &mut [f32], im: &mut [f32], changes: &[f32], twiddles: &[Vec<f32>; 2])
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

    #[test]
    fn a_sliding_spectrum_is_the_spectrum_of_the_next_frame() {
        let (length, hop) = (256, 7);
        let samples = noise(length + 5 * hop, 1);
        for used in [0..1, 3..40, 100..129] {
            let sliding = SlidingDft::new(length, used.clone());
            let plain = |start: usize, k: usize| {
                let terms = samples[start..start + length].iter().enumerate().map(|(n, &x)| {
                    let phase = TAU * (k * n % length) as f64 / length as f64;
                    (f64::from(x) * phase.cos(), -f64::from(x) * phase.sin())
                });
                terms.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
            };
            for isa in Isa::available() {
                let mut parts = [vec![0.0; sliding.width()], vec![0.0; sliding.width()]];
                for (i, k) in used.clone().enumerate() {
                    let (re, im) = plain(0, k);
                    (parts[0][i], parts[1][i]) = (re as f32, im as f32);
                }
                let [re, im] = &mut parts;
                for start in (0..5 * hop).step_by(hop) {
                    let change = |n: usize| samples[start + length + n] - samples[start + n];
                    let changes: Vec<f32> = (0..hop).map(change).collect();
                    sliding.advance(isa, re, im, &changes);
                    for (i, k) in used.clone().enumerate() {
                        let expected = plain(start + hop, k);
                        let off = (f64::from(re[i]) - expected.0).hypot(f64::from(im[i]) - expected.1);
                        assert!(off < 1e-4, "{isa:?}, bin {k}, from {start}: off by {off:e}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "a hop no longer than")]
    fn hops_that_are_too_long_are_refused() {
        let sliding = SlidingDft::new(64, 0..20);
        let (mut re, mut im) = (vec![0.0; sliding.width()], vec![0.0; sliding.width()]);
        sliding.advance(Isa::best(), &mut re, &mut im, &[0.0; 3]);
    }
}
