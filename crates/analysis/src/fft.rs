//! Transforms with their working memory.
use std::sync::Arc;

use refrain_fft::{Fft, num_complex::Complex32};

/// A forward or inverse FFT, without any scaling.
#[derive(Clone)]
pub(crate) struct FftPlan {
    fft: Arc<dyn Fft<f32>>,
}

impl FftPlan {
    pub(crate) fn forward(len: usize) -> Self {
        Self { fft: refrain_fft::forward(len) }
    }

    pub(crate) fn inverse(len: usize) -> Self {
        Self { fft: refrain_fft::inverse(len) }
    }

    /// Transforms `values` in place. `scratch` grows as needed.
    pub(crate) fn run(&self, values: &mut [Complex32], scratch: &mut Vec<Complex32>) {
        let needed = self.fft.get_inplace_scratch_len();
        if scratch.len() < needed {
            scratch.resize(needed, Complex32::default());
        }
        self.fft.process_with_scratch(values, &mut scratch[..needed]);
    }
}

/// Returns the smallest even length from `len` on that has a fast FFT: a power of two, or 3 or 5 times one.
pub(crate) fn next_fast_len(len: usize) -> usize {
    [1, 3, 5].into_iter().map(|m| m * len.div_ceil(m).next_power_of_two().max(2)).min().unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_lengths_are_even_and_no_shorter() {
        for (len, fast) in [(1, 2), (2, 2), (3, 4), (5, 6), (9, 10), (1024, 1024), (2387, 2560), (1025, 1280)]
        {
            assert_eq!(next_fast_len(len), fast);
        }
    }
}
