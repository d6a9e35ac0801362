//! From the frames of a window to its short vector: one matrix, trained once, part of the parameter set.
use std::sync::{Arc, Mutex, PoisonError};

use crate::params::{ParameterSet, ProjectionMatrix};

/// The matrix that was unpacked last, which is 360 KiB: programs have one parameter set, and make a projection for each
/// query and each file.
static UNPACKED: Mutex<Option<Unpacked>> = Mutex::new(None);

struct Unpacked {
    of: ProjectionMatrix,
    dims: usize,
    matrix: Arc<[f32]>,
}

/// The values of the matrix of `params`, row-major, `dims` x `inputs`.
fn unpacked(params: &ParameterSet) -> Arc<[f32]> {
    let (dims, inputs) = (params.window_dims, params.window_values());
    let rows = params.projection.rows;
    // Nothing panics while it is held.
    let mut unpacked = UNPACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = &*unpacked
        && std::ptr::eq(last.of.rows, rows)
        && last.dims == dims
    {
        return last.matrix.clone();
    }
    let mut matrix = Vec::with_capacity(dims * inputs);
    for row in rows.chunks_exact(4 + inputs) {
        let (scale, values) = row.split_at(4);
        let scale = f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]);
        matrix.extend(values.iter().map(|v| f32::from(*v as i8) * scale));
    }
    let matrix: Arc<[f32]> = matrix.into();
    *unpacked = Some(Unpacked { of: params.projection, dims, matrix: matrix.clone() });
    matrix
}

/// The projection of windows of frames to unit vectors of eight-bit values.
pub struct Projection {
    dims: usize,
    inputs: usize,
    scale: f32,
    /// Row-major, `dims` x `inputs`.
    matrix: Arc<[f32]>,
    products: Vec<f32>,
}

impl Projection {
    /// The matrix of `params`.
    ///
    /// # Panics
    /// If the matrix does not fit the windows of `params`, or if the number of their values is not a multiple of eight.
    pub fn new(params: &ParameterSet) -> Self {
        let (dims, inputs) = (params.window_dims, params.window_values());
        assert_eq!(
            params.projection.rows.len(),
            dims * (4 + inputs),
            "the matrix has the parameter set's shape"
        );
        assert_eq!(inputs % LANES, 0, "windows are whole lanes");
        Self { dims, inputs, scale: params.projection.scale, matrix: unpacked(params), products: Vec::new() }
    }

    /// Appends the vectors of windows to `out`: `ParameterSet::window_dims` values for each. `frames` are their
    /// `ParameterSet::window_values()` values each, frame after frame. A window of zeros becomes zeros. A window's vector does
    /// not depend on the windows beside it, nor on the machine.
    ///
    /// # Panics
    /// If `frames` is not a whole number of windows.
    pub fn project(&mut self, frames: &[f32], out: &mut Vec<i8>) {
        assert_eq!(frames.len() % self.inputs, 0, "whole windows");
        self.products.clear();
        self.products.resize(frames.len() / self.inputs * self.dims, 0.0);
        multiply(&self.matrix, frames, self.inputs, &mut self.products);
        for vector in self.products.chunks_exact(self.dims) {
            let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
            let scale = if norm > 1e-6 { self.scale / norm } else { 0.0 };
            out.extend(vector.iter().map(|v| (v * scale).round().clamp(-127.0, 127.0) as i8));
        }
    }
}

/// Lanes of a sum of products. They are always added in the same order, so that every machine gets the same
/// fingerprint.
const LANES: usize = 8;

/// The product of each row of the matrix with each window, window after window; rows and windows have `inputs` values.
///
/// # Panics
/// If rows and windows are not whole, if `inputs` is not a multiple of eight, or if `out` has not one value for each product.
fn multiply(matrix: &[f32], windows: &[f32], inputs: usize, out: &mut [f32]) {
    assert!(inputs > 0 && inputs.is_multiple_of(LANES), "{inputs} values are whole lanes");
    assert!(
        matrix.len().is_multiple_of(inputs) && windows.len().is_multiple_of(inputs),
        "whole rows and windows"
    );
    assert_eq!(out.len(), matrix.len() / inputs * (windows.len() / inputs), "a value for each product");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and all that it asks of the lengths was checked.
        return unsafe { avx2::multiply(matrix, windows, inputs, out) };
    }
    plainly(matrix, windows, inputs, out);
}

/// For any processor.
fn plainly(matrix: &[f32], windows: &[f32], inputs: usize, out: &mut [f32]) {
    let rows =
        windows.chunks_exact(inputs).flat_map(|w| matrix.chunks_exact(inputs).map(move |row| (row, w)));
    for (out, (row, window)) in out.iter_mut().zip(rows) {
        let mut lanes = [0.0f32; LANES];
        for (x, y) in row.as_chunks::<LANES>().0.iter().zip(window.as_chunks::<LANES>().0) {
            for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
                *lane += x * y;
            }
        }
        *out = total(lanes);
    }
}

fn total([a, b, c, d, e, f, g, h]: [f32; LANES]) -> f32 {
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The same to the last bit, as products and sums are rounded one by one here too; four times as fast, because every
/// value that is loaded is used for several sums.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{LANES, total};

    /// # Safety
    /// The processor must have AVX2; `inputs` is a multiple of eight, `matrix` and `windows` are whole rows of so many
    /// values, and `out` has a value for each pair of them.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn multiply(matrix: &[f32], windows: &[f32], inputs: usize, out: &mut [f32]) {
        let dims = matrix.len() / inputs;
        for (windows, out) in windows.chunks(4 * inputs).zip(out.chunks_mut(4 * dims)) {
            if windows.len() == 4 * inputs {
                // SAFETY: four windows; the rest is the caller's promise.
                unsafe { tiles::<2, 4>(matrix, windows, inputs, out) };
                continue;
            }
            for (window, out) in windows.chunks(inputs).zip(out.chunks_mut(dims)) {
                // SAFETY: one window; the rest is the caller's promise.
                unsafe { tiles::<8, 1>(matrix, window, inputs, out) };
            }
        }
    }

    /// # Safety
    /// As [`multiply`], for `W` windows.
    #[target_feature(enable = "avx2")]
    unsafe fn tiles<const R: usize, const W: usize>(
        matrix: &[f32],
        windows: &[f32],
        inputs: usize,
        out: &mut [f32],
    ) {
        let dims = matrix.len() / inputs;
        for (n, rows) in matrix.chunks(R * inputs).enumerate() {
            if rows.len() == R * inputs {
                // SAFETY: `R` rows and `W` windows of `inputs` values.
                unsafe { tile::<R, W>(rows, windows, inputs, &mut out[n * R..], dims) };
                continue;
            }
            for (m, row) in rows.chunks(inputs).enumerate() {
                // SAFETY: one row and `W` windows of `inputs` values.
                unsafe { tile::<1, W>(row, windows, inputs, &mut out[n * R + m..], dims) };
            }
        }
    }

    /// The results of a window are `dims` after those of the one before.
    ///
    /// # Safety
    /// The processor must have AVX2; `inputs` is a multiple of eight, there are `R` rows and `W` windows of it.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn tile<const R: usize, const W: usize>(
        rows: &[f32],
        windows: &[f32],
        inputs: usize,
        out: &mut [f32],
        dims: usize,
    ) {
        debug_assert!(rows.len() == R * inputs && windows.len() == W * inputs);
        let (rows, windows) = (rows.as_ptr(), windows.as_ptr());
        let mut sums = [[_mm256_setzero_ps(); W]; R];
        for k in (0..inputs).step_by(LANES) {
            // SAFETY: eight values from k < inputs on, a multiple of eight, in window w < W; any address will do.
            let window = |w: usize| unsafe { _mm256_loadu_ps(windows.add(w * inputs + k)) };
            let eights: [__m256; W] = std::array::from_fn(window);
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: likewise in row r < R.
                let row = unsafe { _mm256_loadu_ps(rows.add(r * inputs + k)) };
                for (sum, eight) in sums.iter_mut().zip(eights) {
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(row, eight));
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (w, sum) in sums.iter().enumerate() {
                let mut lanes = [0.0; LANES];
                // SAFETY: `lanes` has the eight values of the register; any address will do.
                unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), *sum) };
                out[w * dims + r] = total(lanes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    #[test]
    fn vectors_have_unit_length_and_do_not_depend_on_the_level() {
        let mut projection = Projection::new(&CURRENT);
        let frames: Vec<f32> =
            (0..CURRENT.window_values()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 400.0).collect();
        let louder: Vec<f32> = frames.iter().map(|v| v * 3.0).collect();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        projection.project(&frames, &mut a);
        projection.project(&louder, &mut b);
        assert_eq!(a.len(), CURRENT.window_dims);
        let dot: i32 = a.iter().zip(&b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum();
        assert!((CURRENT.projection.cosine(dot) - 1.0).abs() < 0.03, "{}", CURRENT.projection.cosine(dot));
        let mut zeros = Vec::new();
        projection.project(&vec![0.0; CURRENT.window_values()], &mut zeros);
        assert!(zeros.iter().all(|&v| v == 0));
    }

    #[test]
    fn projections_of_two_sets_do_not_mix() {
        let mut other = CURRENT;
        let shape = (4 + CURRENT.window_values(), 3);
        other.window_dims = shape.1;
        other.projection.scale = 100.0;
        // Rows of a scale of one half, and ones at the n-th value only.
        let mut rows = vec![0; shape.0 * shape.1];
        for (n, row) in rows.chunks_mut(shape.0).enumerate() {
            row[..4].copy_from_slice(&0.5f32.to_le_bytes());
            row[4 + n] = 1;
        }
        other.projection.rows = rows.leak();
        let frames: Vec<f32> =
            (0..CURRENT.window_values()).map(|i| [3.0, -4.0, 0.0, 9.0][i.min(3)]).collect();
        let of = |params: &ParameterSet| {
            let mut vector = Vec::new();
            Projection::new(params).project(&frames, &mut vector);
            vector
        };
        let first = of(&CURRENT);
        assert_eq!(of(&other), [60, -80, 0]);
        assert_eq!(of(&CURRENT), first);
        assert_eq!(first.len(), CURRENT.window_dims);
        assert_eq!(other.projection.cosine(5_000), 0.5);
        // What is over 127 is cut on both sides.
        other.projection.scale = 254.0;
        assert_eq!(of(&other), [127, -127, 0]);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let refused = |matrix: usize, windows: usize, inputs: usize, out: usize| {
            std::panic::catch_unwind(|| {
                multiply(&vec![0.0; matrix], &vec![0.0; windows], inputs, &mut vec![0.0; out])
            })
            .is_err()
        };
        assert!(!refused(32, 48, 16, 6));
        // Products of lengths that would fit, but no whole rows or windows, no whole lanes, no values at all.
        assert!(refused(24, 64, 16, 6) && refused(32, 40, 16, 5) && refused(24, 36, 12, 6));
        assert!(refused(32, 48, 16, 5) && refused(32, 48, 16, 7) && refused(0, 0, 0, 0));
    }

    #[test]
    fn every_way_to_multiply_gives_the_same_to_the_last_bit() {
        for (dims, inputs) in [(1, 8), (7, 24), (8, 16), (17, 40), (96, 960)] {
            let matrix: Vec<f32> = (0..dims * inputs).map(|i| (i as f32 * 0.7).sin()).collect();
            for count in [0, 1, 3, 4, 5, 9] {
                let windows: Vec<f32> = (0..count * inputs).map(|i| (i as f32 * 1.3).cos()).collect();
                let (mut fast, mut plain) = (vec![0.0; dims * count], vec![0.0; dims * count]);
                multiply(&matrix, &windows, inputs, &mut fast);
                plainly(&matrix, &windows, inputs, &mut plain);
                for (n, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
                    let (row, window) = (n % dims * inputs, n / dims * inputs);
                    let pairs = matrix[row..row + inputs].iter().zip(&windows[window..window + inputs]);
                    let sum: f64 = pairs.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                    assert!((f64::from(*plain) - sum).abs() < 1e-3, "{plain} for {sum}");
                    assert_eq!(fast.to_bits(), plain.to_bits());
                }
            }
        }
    }
}
