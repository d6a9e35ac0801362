//! The inverse modified discrete cosine transform (IMDCT), by a complex FFT of half of the lines' number.
use std::f64::consts::PI;
use std::sync::Arc;

use refrain_fft::Fft;
use refrain_fft::num_complex::Complex;

/// Transforms of one length.
pub(super) struct Transform {
    fft: Arc<dyn Fft<f32>>,
    /// exp(-i pi (n + 1/8) / lines).
    twiddles: Vec<Complex<f32>>,
    work: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transform {
    /// For an even number of lines.
    pub fn new(lines: usize) -> Transform {
        let fft = refrain_fft::forward(lines / 2);
        let twiddle = |n: usize| {
            let angle = -PI * (n as f64 + 0.125) / lines as f64;
            Complex::new(angle.cos() as f32, angle.sin() as f32)
        };
        let zero = Complex::new(0.0, 0.0);
        Transform {
            twiddles: (0..lines / 2).map(twiddle).collect(),
            work: vec![zero; lines / 2],
            scratch: vec![zero; fft.get_inplace_scratch_len()],
            fft,
        }
    }

    /// Replaces lines X by v\[n\] = sum over k of X\[k\] cos(pi (n + 1/2) (k + 1/2) / lines). The IMDCT's values follow from
    /// these: the upper half of v, then all of v reversed and negated, then the lower half negated.
    pub fn cosines(&mut self, lines: &mut [f32]) {
        // Pairs from both ends, so that the loops check no bounds.
        let pairs = lines.as_chunks::<2>().0;
        let inputs = pairs.iter().zip(pairs.iter().rev());
        for ((work, twiddle), (front, back)) in self.work.iter_mut().zip(&self.twiddles).zip(inputs) {
            *work = Complex::new(front[0], back[1]) * twiddle;
        }
        self.fft.process_with_scratch(&mut self.work, &mut self.scratch);
        // Both ends of what the FFT gave go to both ends.
        let pairs = lines.as_chunks_mut::<2>().0;
        let outputs = self.work.iter().zip(&self.twiddles);
        for (pair, (front, back)) in pairs.iter_mut().zip(outputs.clone().zip(outputs.rev())) {
            *pair = [(front.0 * front.1).re, -(back.0 * back.1).im];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_sum_of_cosines() {
        let mut random = fastrand::Rng::with_seed(1);
        for count in [2, 16, 32, 64, 128, 256, 512, 1024] {
            let lines: Vec<f32> = (0..count).map(|_| random.f32() * 2.0 - 1.0).collect();
            let mut fast = lines.clone();
            Transform::new(count).cosines(&mut fast);
            for (n, &fast) in fast.iter().enumerate() {
                let slow: f64 = (0..count)
                    .map(|k| {
                        let angle = PI / count as f64 * (n as f64 + 0.5) * (k as f64 + 0.5);
                        f64::from(lines[k]) * angle.cos()
                    })
                    .sum();
                assert!((f64::from(fast) - slow).abs() < 1e-4 * (count as f64).sqrt(), "{count} lines");
            }
        }
    }
}
