//! From the frames of a window to its short vector: one matrix, trained once, part of the parameter set.
use crate::params::Params;

/// Rows of one 32-bit scale and then the row's values in eight bits, little-endian. Made by
/// `eval/train_projection.py`, which says on what.
static MATRIX: &[u8] = include_bytes!("projection_1.bin");

/// What a vector's values are multiplied by before they are rounded to eight bits. A unit vector of 96
/// dimensions seldom has a value over one half; what is over is cut.
const SCALE: f32 = 254.0;

/// The projection of windows of frames to unit vectors of eight-bit values.
pub struct Projection {
    dims: usize,
    inputs: usize,
    /// Row-major, `dims` x `inputs`.
    matrix: Vec<f32>,
    vector: Vec<f32>,
}

impl Projection {
    /// The matrix of `params`.
    ///
    /// # Panics
    /// If the matrix that was compiled in has another shape than `params`.
    pub fn new(params: &Params) -> Self {
        let (dims, inputs) = (params.window_dims, params.window_values());
        assert_eq!(MATRIX.len(), dims * (4 + inputs), "the matrix has the parameter set's shape");
        let mut matrix = Vec::with_capacity(dims * inputs);
        for row in MATRIX.chunks_exact(4 + inputs) {
            let (scale, values) = row.split_at(4);
            let scale = f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]);
            matrix.extend(values.iter().map(|v| f32::from(*v as i8) * scale));
        }
        Self { dims, inputs, matrix, vector: vec![0.0; dims] }
    }

    /// Appends the vector of one window to `out`: `Params::window_dims` values. `frames` are its
    /// `Params::window_values()` values, frame after frame. A window of zeros becomes zeros.
    pub fn project(&mut self, frames: &[f32], out: &mut Vec<i8>) {
        assert_eq!(frames.len(), self.inputs, "a whole window");
        for (row, value) in self.matrix.chunks_exact(self.inputs).zip(&mut self.vector) {
            *value = dot(row, frames);
        }
        let norm = self.vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        let scale = if norm > 1e-6 { SCALE / norm } else { 0.0 };
        out.extend(self.vector.iter().map(|v| (v * scale).round().clamp(-127.0, 127.0) as i8));
        debug_assert_eq!(out.len() % self.dims, 0);
    }
}

/// The sum of products in eight lanes, always added in the same order, so that every machine gets the same
/// fingerprint.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h)) + rest
}

/// The cosine that a dot product of two projected vectors stands for.
pub fn cosine(dot: i32) -> f32 {
    dot as f32 / (SCALE * SCALE)
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
        assert!((cosine(dot) - 1.0).abs() < 0.03, "{}", cosine(dot));
        let mut zeros = Vec::new();
        projection.project(&vec![0.0; CURRENT.window_values()], &mut zeros);
        assert!(zeros.iter().all(|&v| v == 0));
    }

    #[test]
    fn the_dot_product_equals_the_plain_one() {
        for len in [0, 1, 7, 8, 9, 960] {
            let a: Vec<f32> = (0..len).map(|i| (i as f32 * 0.7).sin()).collect();
            let b: Vec<f32> = (0..len).map(|i| (i as f32 * 1.3).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-4);
        }
    }
}
