//! The kernels of an octave: windowed sinusoids in the frequency domain.
use std::{f64::consts::TAU, ops::Range};

use refrain_fft::num_complex::{Complex, Complex32};

use super::sliding_dft::SlidingDft;
use crate::{
    fft::FftPlan,
    simd::{GROUP, Isa, Simd, for_each_isa},
};

/// The share of a kernel's summed magnitude that is dropped to make it sparse.
const SPARSITY: f64 = 0.01;

/// The kernels of an octave in the frequency domain.
pub(super) struct Kernels {
    pub(super) fft_length: usize,
    pub(super) forward: FftPlan,
    /// The FFT bins that the kernels cover.
    pub(super) used: Range<usize>,
    pub(super) sliding: SlidingDft,
    /// For each kernel: its first bin, relative to the first used bin, and its place among the weights.
    rows: Vec<(usize, Range<usize>)>,
    weights: Vec<Complex32>,
}

impl Kernels {
    /// The number of kernels, which is the octave's number of bins.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Multiplies the spectra of sixteen frames with all kernels. `tile` has the real and imaginary parts of the used bins,
    /// `products` those of each kernel's product.
    ///
    /// # Panics
    /// Unless `tile` has as many rows as there are used bins.
    pub(super) fn multiply(&self, isa: Isa, tile: &[[[f32; GROUP]; 2]], products: &mut [[[f32; GROUP]; 2]]) {
        assert_eq!(tile.len(), self.used.len(), "rows of the tile");
        for_each_product(isa, tile, self, products);
    }

    /// Kernels for `frequencies` in hertz at `rate`, each multiplied by its scale.
    pub(super) fn new(frequencies: &[f64], rate: f64, q: f64, scales: &[f64]) -> Self {
        let longest = frequencies.iter().map(|f| q * rate / f).fold(0.0, f64::max);
        let fft_length = (longest.log2().ceil().exp2() as usize).max(4);
        let fft = refrain_fft::forward_wide(fft_length);
        let mut values = vec![Complex::default(); fft_length];
        let mut scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let (mut magnitudes, mut sorted) = (Vec::new(), Vec::new());
        let mut dense = Vec::new();
        for (&f, scale) in frequencies.iter().zip(scales) {
            let length = q * rate / f;
            let (begin, end) = ((-length / 2.0).floor(), (length / 2.0).floor());
            let count = ((end - begin) as usize).clamp(1, fft_length);
            // Phasors advance step by step. In double precision, a thousand steps lose nothing that single precision shows.
            let step = Complex::from_polar(1.0, TAU * f / rate);
            let window_step = Complex::from_polar(1.0, TAU / count as f64);
            let mut phasor = Complex::from_polar(1.0, TAU * f / rate * begin);
            let mut window_phasor = Complex::new(1.0, 0.0);
            values.fill(Complex::default());
            let mut sum = 0.0;
            for value in &mut values[(fft_length - count) / 2..][..count] {
                let window = if count == 1 { 1.0 } else { 0.5 - 0.5 * window_phasor.re };
                *value = phasor * window;
                sum += window;
                phasor *= step;
                window_phasor *= window_step;
            }
            fft.process_with_scratch(&mut values, &mut scratch);
            let kernel = &values[..=fft_length / 2];
            let factor = length / fft_length as f64 / sum;
            magnitudes.clear();
            magnitudes.extend(kernel.iter().map(|z| z.norm_sqr().sqrt()));
            let total: f64 = magnitudes.iter().sum();
            // A bin above the whole share cannot be among the bins that are dropped.
            sorted.clear();
            sorted.extend(magnitudes.iter().copied().filter(|m| *m < SPARSITY * total));
            sorted.sort_unstable_by(f64::total_cmp);
            let mut running = 0.0;
            let threshold = sorted.iter().copied().find(|m| {
                running += m / total;
                running >= SPARSITY
            });
            let threshold = threshold.unwrap_or(SPARSITY * total);
            let first = magnitudes.iter().position(|m| *m >= threshold).unwrap_or(0);
            let last = magnitudes.iter().rposition(|m| *m >= threshold).unwrap_or(0);
            let kept = kernel[first..=last].iter().zip(&magnitudes[first..=last]).map(|(z, m)| {
                let z = if *m >= threshold { z * factor * scale } else { Complex::default() };
                Complex32::new(z.re as f32, z.im as f32)
            });
            dense.push((first, kept.collect::<Vec<_>>()));
        }
        let low = dense.iter().map(|(first, _)| *first).min().unwrap_or(0);
        let high = dense.iter().map(|(first, row)| first + row.len()).max().unwrap_or(0);
        let mut weights = Vec::new();
        let rows = dense.into_iter().map(|(first, row)| {
            let from = weights.len();
            weights.extend_from_slice(&row);
            (first - low, from..weights.len())
        });
        let rows = rows.collect();
        let used = low..high;
        let sliding = SlidingDft::new(fft_length, used.clone());
        Self { fft_length, forward: FftPlan::forward(fft_length), used, sliding, rows, weights }
    }
}

/// The products of all kernels with the spectra of sixteen frames.
///
/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn product<V: Simd>(
    tile: &[[[f32; GROUP]; 2]],
    kernels: &Kernels,
    products: &mut [[[f32; GROUP]; 2]],
) {
    for ((first, row), out) in kernels.rows.iter().zip(products) {
        let weights = &kernels.weights[row.clone()];
        let values = &tile[*first..first + weights.len()];
        for c in (0..GROUP).step_by(V::WIDTH) {
            // SAFETY: arrays have sixteen values, so a whole register is left at `c`. The rest is the caller's promise.
            unsafe {
                let zero = V::splat(0.0);
                let (mut rr, mut ii, mut ri, mut ir) = (zero, zero, zero, zero);
                for (w, [re, im]) in weights.iter().zip(values) {
                    let (w_re, w_im) = (V::splat(w.re), V::splat(w.im));
                    let (re, im) = (V::load(re.as_ptr().add(c)), V::load(im.as_ptr().add(c)));
                    rr = w_re.mul_add(re, rr);
                    ii = w_im.mul_add(im, ii);
                    ri = w_re.mul_add(im, ri);
                    ir = w_im.mul_add(re, ir);
                }
                rr.sub(ii).store(out[0].as_mut_ptr().add(c));
                ri.add(ir).store(out[1].as_mut_ptr().add(c));
            }
        }
    }
}

for_each_isa!(
    fn for_each_product = product(
        tile: &[[[f32; GROUP]; 2]],
        kernels: &Kernels,
        products: &mut [[[f32; GROUP]; 2]],
    )
);
