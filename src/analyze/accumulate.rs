//! Figures of a whole file out of its blocks, in constant memory.
use refrain_analysis::{CLASSES, Pitch, Spectrogram, blocks::StabilityCounter, features};

/// A frame has a pitch where its aperiodicity is below this: a fifth of its power is not of the period.
pub const VOICED: f32 = 0.2;

/// Steps from one frame to the next of at most a quarter tone are steady.
const STEADY_CENTS: f64 = 50.0;

/// Cells of a cent in which the frequencies are counted.
const CELLS: f64 = 10.0;

/// The pitch of a frame that has one.
pub fn voiced(pitch: &Pitch) -> Option<f32> {
    (pitch.aperiodicity < VOICED).then_some(pitch.frequency)
}

/// The pitch of all frames.
pub struct PitchTally {
    fmin: f64,
    /// How many frames have which pitch, in tenths of a cent above `fmin`.
    cells: Vec<u32>,
    voiced: u64,
    frames: u64,
    steps: StabilityCounter,
}

impl PitchTally {
    /// For pitches of `fmin` to `fmax` hertz.
    pub fn new(fmin: f64, fmax: f64) -> Self {
        let cells = (1200.0 * CELLS * (fmax / fmin).log2()).ceil() as usize + 1;
        let steps = StabilityCounter::new(STEADY_CENTS);
        Self { fmin, cells: vec![0; cells], voiced: 0, frames: 0, steps }
    }

    /// The next frames.
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

    /// The share of frames that have a pitch; none where there are no frames.
    pub fn voiced(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.voiced as f64 / self.frames as f64)
    }

    /// The median in hertz, to a tenth of a cent; the lower one of the two middle values. None where no frame has a pitch.
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

/// Chroma of all frames.
#[derive(Default)]
pub struct ChromaTally {
    sums: [f64; CLASSES],
    frames: u64,
}

impl ChromaTally {
    /// The next frames.
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

/// How much of a file is harmonic.
#[derive(Default)]
pub struct LevelTally {
    squares: [f64; 2],
    samples: u64,
}

/// The sums of the squares of the harmonic and the percussive part of a block, and how many samples it has.
pub type Squares = ([f64; 2], usize);

/// [`Squares`] of a block.
pub fn squares(harmonic: &[f32], percussive: &[f32]) -> Squares {
    let sum = |part: &[f32]| part.iter().map(|x| f64::from(*x).powi(2)).sum();
    ([sum(harmonic), sum(percussive)], harmonic.len())
}

impl LevelTally {
    /// The next block.
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
            let mut tally = PitchTally::new(65.4, 2093.0);
            let frames = |aperiodicity| {
                move |f: &f32| Pitch {
                    frequency: *f,
                    aperiodicity: if *f == 1.0 { 1.0 } else { aperiodicity },
                }
            };
            tally.add(&pitches.iter().map(frames(0.1)).collect::<Vec<_>>());
            // What has no pitch does not count.
            tally.add(&[2000.0f32; 9].map(|f| frames(VOICED)(&f)));
            match (tally.median(), expected) {
                (Some(got), Some(expected)) => {
                    assert!((1200.0 * (got / expected).log2()).abs() < 0.06, "{got} {expected}")
                }
                (got, expected) => assert_eq!(got, expected),
            }
            assert_eq!(tally.voiced(), Some(pitches.len() as f64 / (pitches.len() + 9) as f64));
        }
        assert_eq!(PitchTally::new(65.4, 2093.0).voiced(), None);
    }
}
