//! Collects the mean chroma of a whole file from its frames, in constant memory.
use refrain_analysis::{CLASSES, Spectrogram};

/// Collects the chroma of all frames.
#[derive(Default)]
pub struct MeanChroma {
    sums: [f64; CLASSES],
    frames: u64,
}

impl MeanChroma {
    /// Adds the next frames.
    pub fn add(&mut self, chroma: &Spectrogram<f32>) {
        self.frames += chroma.frames() as u64;
        for t in 0..chroma.frames() {
            self.sums.iter_mut().zip(chroma.frame(t)).for_each(|(sum, v)| *sum += f64::from(*v));
        }
    }

    /// See [`features::chroma_energy`].
    pub fn mean(&self) -> [f32; CLASSES] {
        self.sums.map(|sum| (sum / self.frames.max(1) as f64) as f32)
    }
}
