//! Measures how much of a whole file is harmonic, from its blocks, in constant memory.
use refrain_analysis::features;

/// Measures how much of a file is harmonic.
#[derive(Default)]
pub struct HarmonicLevel {
    squares: [f64; 2],
    samples: u64,
}

/// The sums of squares of the harmonic and the percussive part of a block, and its number of samples.
pub type Squares = ([f64; 2], usize);

/// Computes the [`Squares`] of a block.
pub fn squares(harmonic: &[f32], percussive: &[f32]) -> Squares {
    let sum = |part: &[f32]| part.iter().map(|x| f64::from(*x).powi(2)).sum();
    ([sum(harmonic), sum(percussive)], harmonic.len())
}

impl HarmonicLevel {
    /// Adds the next block.
    pub fn add(&mut self, (squares, samples): Squares) {
        self.squares.iter_mut().zip(squares).for_each(|(sum, s)| *sum += s);
        self.samples += samples as u64;
    }

    /// See [`features::harmonic_ratio`].
    pub fn harmonic_ratio(&self) -> Option<f64> {
        let [h, p] = self.squares.map(|sum| (sum / self.samples.max(1) as f64).sqrt());
        features::ratio_of_levels(h, p)
    }
}
