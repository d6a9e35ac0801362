//! Perceptual noise substitution: bands of random lines (ISO/IEC 14496-3, 4.6.13).

/// A linear congruential generator with the constants of Numerical Recipes and the first state of other decoders, so that
/// the noise equals theirs.
#[derive(Clone, Copy)]
pub(super) struct Noise(u32);

impl Default for Noise {
    fn default() -> Noise {
        Noise(0x1f2e_3d4c)
    }
}

impl Noise {
    fn next(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.cast_signed()
    }

    /// Fills a band with noise whose energy is the square of `amplitude`.
    pub fn fill(&mut self, band: &mut [f32], amplitude: f32) {
        let mut energy = 0.0;
        for line in &mut *band {
            *line = self.next() as f32;
            energy += *line * *line;
        }
        let scale = amplitude / energy.sqrt();
        for line in band {
            *line *= scale;
        }
    }

    /// Leaves out the noise of `count` lines.
    pub fn pass(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_has_its_energy_and_passing_equals_filling() {
        let (mut filled, mut passed) = (Noise::default(), Noise::default());
        let mut band = [0.0; 12];
        filled.fill(&mut band, 3.0);
        passed.pass(12);
        assert!((band.iter().map(|x| x * x).sum::<f32>() - 9.0).abs() < 1e-4);
        assert_eq!(filled.next(), passed.next());
    }
}
