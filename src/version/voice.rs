//! The melody of one recording, ready to be aligned.
use crate::fingerprint::{MelodyFrame, PITCHES, Sums};

/// Stored frames that become one: 2.7 a second are left, which is enough for tunes.
pub const MERGED: f64 = 2.0;
/// Frames one after another that are compared as one.
pub const STACK: usize = 6;
/// Frames are divided by their norm, or by this if the norm is less: what hardly moves stays small.
const MIN_NORM: f32 = 0.05;

/// The frames of a melody as unit vectors.
#[derive(Clone, Debug)]
pub struct Voice {
    /// The frames.
    pub frames: Vec<MelodyFrame>,
    /// The energy of each [`STACK`] of them.
    pub energies: Vec<f32>,
    /// Stored frames of each.
    pub step: f64,
}

impl Voice {
    /// Of a melody, one frame every [`MERGED`] times `ratio` stored ones.
    pub fn new(melody: &Sums, ratio: f64) -> Self {
        let step = MERGED * ratio;
        let count = ((melody.frames() as f64 + 1e-9) / step) as usize;
        let unit = |frame: MelodyFrame| {
            let norm = frame.iter().map(|v| v * v).sum::<f32>().sqrt().max(MIN_NORM);
            frame.map(|v| v / norm)
        };
        Self::of(melody.means(0.0, step, count).map(unit).collect(), step)
    }

    fn of(frames: Vec<MelodyFrame>, step: f64) -> Self {
        let energy = |stack: &[MelodyFrame]| stack.iter().flatten().map(|v| v * v).sum();
        let energies = frames.windows(STACK).map(energy).collect();
        Self { frames, energies, step }
    }

    /// The same, `semitones` higher.
    pub fn raised(&self, semitones: usize) -> Self {
        let raise = |frame: &MelodyFrame| {
            let mut frame = *frame;
            frame.rotate_right(semitones % PITCHES);
            frame
        };
        let frames = self.frames.iter().map(raise).collect();
        Self { frames, energies: self.energies.clone(), step: self.step }
    }

    /// The same, played backwards.
    pub fn backwards(&self) -> Self {
        Self::of(self.frames.iter().rev().copied().collect(), self.step)
    }

    /// How many stacks there are.
    pub fn stacks(&self) -> usize {
        self.energies.len()
    }
}
