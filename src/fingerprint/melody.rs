//! The melody of stored frames: the pitch classes that come up in the octaves from 440 Hz, where tunes mostly are. A tune
//! outlives its accompaniment, so this is what tells the versions of a piece from other music.
use super::frame_code::FrameCode;
use crate::params::ParameterSet;

/// Pitch classes in an octave.
pub const PITCHES: usize = 12;

/// Octaves below those of the melody: the frames begin at 110 Hz.
const BELOW: usize = 2;

/// A frame of melody: how strongly each pitch class comes up, 0 or more.
pub type MelodyFrame = [f32; PITCHES];

/// The melody of packed frames, a frame each.
///
/// # Panics
/// If `packed` is no whole number of frames.
pub fn melody(packed: &[u8], params: &ParameterSet) -> Vec<MelodyFrame> {
    folded(packed, params, BELOW)
}

/// All octaves of packed frames, folded alike.
///
/// # Panics
/// If `packed` is no whole number of frames.
pub fn harmony(packed: &[u8], params: &ParameterSet) -> Vec<MelodyFrame> {
    folded(packed, params, 0)
}

/// The sum over the octaves from `below` on of what is positive.
fn folded(packed: &[u8], params: &ParameterSet, below: usize) -> Vec<MelodyFrame> {
    let bytes = params.frame_bytes();
    assert_eq!(packed.len() % bytes, 0, "whole frames");
    let code = FrameCode::new(params);
    let mut values = vec![0.0; params.frame_values()];
    let fold = |frame| {
        code.unpack(frame, &mut values);
        let mut folded = [0.0; PITCHES];
        for octave in values.as_chunks::<PITCHES>().0.iter().skip(below) {
            for (sum, value) in folded.iter_mut().zip(octave) {
                *sum += value.max(0.0);
            }
        }
        folded
    };
    packed.chunks_exact(bytes).map(fold).collect()
}

/// Sums over the first frames, to take means over any stretch of them.
pub struct Sums(Vec<[f64; PITCHES]>);

impl Sums {
    /// Of these frames.
    pub fn of(frames: &[MelodyFrame]) -> Self {
        let mut sums = Vec::with_capacity(frames.len() + 1);
        let mut sum = [0.0; PITCHES];
        sums.push(sum);
        for frame in frames {
            for (sum, value) in sum.iter_mut().zip(frame) {
                *sum += f64::from(*value);
            }
            sums.push(sum);
        }
        Self(sums)
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.0.len() - 1
    }

    /// The sum up to `at` frames, which need not be whole. There is nothing after the last frame.
    fn up_to(&self, at: f64) -> [f64; PITCHES] {
        let at = at.clamp(0.0, self.frames() as f64);
        let whole = at as usize;
        let Some(next) = self.0.get(whole + 1) else { return self.0[self.frames()] };
        let (before, part) = (&self.0[whole], at - whole as f64);
        std::array::from_fn(|i| before[i] + part * (next[i] - before[i]))
    }

    /// `count` means over `step` frames each, from frame `from` on.
    pub fn means(&self, from: f64, step: f64, count: usize) -> impl Iterator<Item = MelodyFrame> {
        let mut before = self.up_to(from);
        (1..=count).map(move |n| {
            let sum = self.up_to(from + n as f64 * step);
            let mean = std::array::from_fn(|i| ((sum[i] - before[i]) / step) as f32);
            before = sum;
            mean
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    #[test]
    fn what_rises_from_440_hertz_on_is_folded_to_pitch_classes() {
        let mut frame = vec![CURRENT.levels[8]; CURRENT.frame_values()];
        // Below 440 Hz; A, and A an octave above it; what falls.
        (frame[12], frame[24], frame[36], frame[47]) =
            (CURRENT.levels[15], CURRENT.levels[14], CURRENT.levels[13], CURRENT.levels[0]);
        let mut packed = Vec::new();
        FrameCode::new(&CURRENT).pack(&frame, &mut packed);
        let mut expected = [0.0; PITCHES];
        expected[0] = CURRENT.levels[14] + CURRENT.levels[13];
        assert_eq!(melody(&packed, &CURRENT), [expected]);
        expected[0] += CURRENT.levels[15];
        assert_eq!(harmony(&packed, &CURRENT), [expected]);
        assert!(melody(&[], &CURRENT).is_empty());
    }

    #[test]
    fn means_are_over_parts_of_frames_too() {
        let frames: Vec<MelodyFrame> = (0..4).map(|n| [n as f32; PITCHES]).collect();
        let sums = Sums::of(&frames);
        let means = |from, step, count| -> Vec<f32> { sums.means(from, step, count).map(|m| m[5]).collect() };
        assert_eq!(means(0.0, 1.0, 4), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(means(1.0, 2.0, 1), [1.5]);
        assert_eq!(means(0.5, 1.0, 2), [0.5, 1.5]);
        // There is nothing after the end.
        assert_eq!(means(3.0, 2.0, 2), [1.5, 0.0]);
        assert_eq!(Sums::of(&[]).means(0.0, 1.0, 1).collect::<Vec<_>>(), [[0.0; PITCHES]]);
    }
}
