//! The matrix that turns the frames of a window into its vector.
use std::fmt;

/// A matrix for windows of one shape, and the scale of the vectors that it gives.
#[derive(Clone, Copy, PartialEq)]
pub struct ProjectionMatrix {
    /// For each dimension of a vector a 32-bit scale, then a value in eight bits for each value of a window, little-endian.
    /// `eval/train_projection.py` makes them and says on what.
    pub rows: &'static [u8],
    /// Unit vectors are multiplied by this before they are rounded to eight bits.
    pub scale: f32,
}

impl ProjectionMatrix {
    /// The cosine that a dot product of two vectors stands for.
    pub fn cosine(&self, dot: i32) -> f32 {
        dot as f32 / (self.scale * self.scale)
    }
}

/// Without its many values.
impl fmt::Debug for ProjectionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProjectionMatrix {{ {} bytes, scale: {} }}", self.rows.len(), self.scale)
    }
}
