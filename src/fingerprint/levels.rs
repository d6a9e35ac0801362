//! How loud a recording is over time, octave by octave. Chroma has no levels: they tell a remaster from a copy.
use crate::params::ParameterSet;

/// Frames of a level: 1.5 s.
pub const LEVEL_FRAMES: usize = 8;

/// The code of 0 dB, and codes a decibel. A full-scale sine is at about 0 dB.
const ZERO: f32 = 200.0;
const STEPS: f32 = 2.0;

/// Collects the levels of a recording out of its constant-Q magnitudes.
pub struct Levels {
    octave_bins: usize,
    /// Energies of each octave in the frames of the next level, and how many these are.
    energies: Vec<f32>,
    frames: usize,
    codes: Vec<u8>,
}

impl Levels {
    /// For magnitudes of `params`, without a margin.
    pub fn new(params: &ParameterSet) -> Self {
        let energies = vec![0.0; params.octaves];
        Self { octave_bins: params.bins_per_octave, energies, frames: 0, codes: Vec::new() }
    }

    /// Takes the magnitudes of the next frame.
    pub fn push(&mut self, magnitudes: &[f32]) {
        for (energy, octave) in self.energies.iter_mut().zip(magnitudes.chunks(self.octave_bins)) {
            *energy += octave.iter().map(|m| m * m).sum::<f32>();
        }
        self.frames += 1;
        if self.frames == LEVEL_FRAMES {
            self.end();
        }
    }

    /// The levels: a byte an octave, the lowest first, for every [`LEVEL_FRAMES`] frames.
    pub fn finish(mut self) -> Vec<u8> {
        if self.frames > 0 {
            self.end();
        }
        self.codes
    }

    fn end(&mut self) {
        for energy in &mut self.energies {
            self.codes.push(code(*energy / self.frames as f32));
            *energy = 0.0;
        }
        self.frames = 0;
    }
}

/// The code of a mean energy: half decibels, from -100 dB to 27.5 dB.
fn code(energy: f32) -> u8 {
    // Silence is -infinity, which the cast makes 0.
    (ZERO + STEPS * 10.0 * energy.log10()).round() as u8
}

/// The mean energy that a code stands for; 0 for code 0.
pub fn energy(code: u8) -> f32 {
    if code == 0 { 0.0 } else { 10f32.powf((f32::from(code) - ZERO) / (10.0 * STEPS)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    #[test]
    fn a_level_is_the_mean_energy_of_an_octave_in_half_decibels() {
        let bins = CURRENT.octaves * CURRENT.bins_per_octave;
        let mut levels = Levels::new(&CURRENT);
        let frame = |octave: usize, magnitude: f32| -> Vec<f32> {
            (0..bins)
                .map(|bin| if bin == octave * CURRENT.bins_per_octave + 7 { magnitude } else { 0.0 })
                .collect()
        };
        for n in 0..LEVEL_FRAMES {
            // Half of the frames at full scale: -3 dB.
            levels.push(&frame(2, if n % 2 == 0 { 1.0 } else { 0.0 }));
        }
        levels.push(&frame(0, 0.1));
        let silent = [0; 5];
        let mut expected = [silent, silent].concat();
        expected[2] = 194;
        // What is left at the end is a level of its own: -20 dB.
        expected[5] = 160;
        assert_eq!(levels.finish(), expected);
        assert!(Levels::new(&CURRENT).finish().is_empty());
    }

    #[test]
    fn codes_come_back_as_energies() {
        assert_eq!((code(0.0), energy(0)), (0, 0.0));
        for wanted in 1..=255u8 {
            assert_eq!(code(energy(wanted)), wanted);
        }
        assert_eq!((code(1e-12), code(1e9), code(f32::NAN)), (0, 255, 0));
    }
}
