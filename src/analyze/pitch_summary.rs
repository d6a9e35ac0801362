//! Summarises the pitch of a whole file from its frames, in constant memory.
use refrain_analysis::{Pitch, blocks::StabilityCounter};

/// A frame has a pitch if its aperiodicity is below this: less than a fifth of its power is outside of the period.
pub const VOICED: f32 = 0.2;

/// A step between neighbouring frames is steady up to this size, a quarter tone.
const STEADY_CENTS: f64 = 50.0;

/// Cells per cent in which pitches are counted.
const CELLS: f64 = 10.0;

/// The pitch of a frame in hertz, if it has one.
pub fn voiced(pitch: &Pitch) -> Option<f32> {
    (pitch.aperiodicity < VOICED).then_some(pitch.frequency)
}

/// Counts the pitches of all frames.
pub struct PitchSummary {
    fmin: f64,
    /// How many frames have each pitch, in tenths of a cent above `fmin`.
    cells: Vec<u32>,
    voiced: u64,
    frames: u64,
    steps: StabilityCounter,
}

impl PitchSummary {
    /// Counts pitches from `fmin` to `fmax` hertz.
    pub fn new(fmin: f64, fmax: f64) -> Self {
        let cells = (1200.0 * CELLS * (fmax / fmin).log2()).ceil() as usize + 1;
        let steps = StabilityCounter::new(STEADY_CENTS);
        Self { fmin, cells: vec![0; cells], voiced: 0, frames: 0, steps }
    }

    /// Adds the next frames.
    pub fn add(&mut self, pitch: &[Pitch]) {
        for pitch in pitch {
            self.frames += 1;
            let frequency = voiced(pitch);
            self.steps.add(frequency);
            if let Some(frequency) = frequency {
                self.voiced += 1;
                let cell = 1200.0 * CELLS * (f64::from(frequency) / self.fmin).log2();
                let last = self.cells.len() - 1;
                self.cells[(cell.round().max(0.0) as usize).min(last)] += 1;
            }
        }
    }

    /// The share of frames that have a pitch, 0 to 1; `None` without frames.
    pub fn voiced(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.voiced as f64 / self.frames as f64)
    }

    /// The median pitch in hertz, to a tenth of a cent; the lower of two middle values. `None` if no frame has a
    /// pitch.
    pub fn median(&self) -> Option<f64> {
        let mut left = self.voiced.div_ceil(2);
        let cell = self.cells.iter().position(|n| {
            left = left.saturating_sub(u64::from(*n));
            left == 0
        });
        cell.filter(|_| self.voiced > 0).map(|cell| self.fmin * (cell as f64 / CELLS / 1200.0).exp2())
    }

    /// See [`features::pitch_stability`].
    pub fn stability(&self) -> Option<f64> {
        self.steps.stability()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_sorted_pitches() {
        for (pitches, expected) in [
            (&[][..], None),
            (&[440.0], Some(440.0)),
            (&[100.0, 900.0, 440.0], Some(440.0)),
            (&[900.0, 100.0], Some(100.0)),
            (&[65.0, 65.0, 2100.0], Some(65.4)),
        ] {
            let mut summary = PitchSummary::new(65.4, 2093.0);
            let frames = |aperiodicity| {
                move |f: &f32| Pitch {
                    frequency: *f,
                    aperiodicity: if *f == 1.0 { 1.0 } else { aperiodicity },
                }
            };
            summary.add(&pitches.iter().map(frames(0.1)).collect::<Vec<_>>());
            // Frames without a pitch do not count.
            summary.add(&[2000.0f32; 9].map(|f| frames(VOICED)(&f)));
            match (summary.median(), expected) {
                (Some(got), Some(expected)) => {
                    assert!((1200.0 * (got / expected).log2()).abs() < 0.06, "{got} {expected}")
                }
                (got, expected) => assert_eq!(got, expected),
            }
            assert_eq!(summary.voiced(), Some(pitches.len() as f64 / (pitches.len() + 9) as f64));
        }
        assert_eq!(PitchSummary::new(65.4, 2093.0).voiced(), None);
    }
}
