//! Made-up tracks, for tests.
use super::{seed::Seed, sound::Sound};
use crate::{
    fingerprint::{Fingerprint, Fingerprinter, FrameCode},
    params::CURRENT,
};

pub const VALUES: usize = CURRENT.frame_values();

pub type Frame = [f32; VALUES];

/// Frames from one random chord to the next.
const CHORD: f64 = 3.0;

/// Music without beginning and end: smooth random chroma. Each seed is other music.
#[derive(Clone, Copy)]
pub struct Music(pub u64);

impl Music {
    /// The frame at any time, in frames.
    pub fn at(self, time: f64) -> Frame {
        let place = time / CHORD;
        let share = (place - place.floor()) as f32;
        let share = share * share * (3.0 - 2.0 * share);
        let (a, b) = (self.chord(place.floor() as i64), self.chord(place.floor() as i64 + 1));
        let mut frame = std::array::from_fn(|i| a[i] + share * (b[i] - a[i]));
        for octave in frame.chunks_exact_mut(12) {
            let norm = octave.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-3);
            octave.iter_mut().for_each(|v| *v *= 0.6 / norm);
        }
        frame
    }

    fn chord(self, number: i64) -> Frame {
        let mut random = fastrand::Rng::with_seed(self.0 << 32 ^ number as u64);
        std::array::from_fn(|_| random.f32() * 2.0 - 1.0)
    }

    /// Frames from `from` on, the music `speed` times as fast.
    pub fn frames(self, from: f64, speed: f64, count: usize) -> Vec<Frame> {
        (0..count).map(|n| self.at(from + speed * n as f64)).collect()
    }
}

/// Frames of music that a tape plays `speed` times as fast, so that it sounds higher by less than a semitone.
pub fn at_speed(music: Music, speed: f64, count: usize) -> Vec<Frame> {
    let plain = music.frames(0.0, speed, count);
    let semitones = (12.0 * speed.log2()) as f32;
    let neighbour =
        |n: usize| if semitones > 0.0 { n.checked_sub(1) } else { Some(n + 1).filter(|&n| n < VALUES) };
    let moved = |frame: &Frame| {
        std::array::from_fn(|i| {
            let other = neighbour(i).map_or(0.0, |i| frame[i]);
            frame[i] + semitones.abs() * (other - frame[i])
        })
    };
    plain.iter().map(moved).collect()
}

/// Frames of which each sounds a semitone higher.
pub fn higher(frames: &[Frame]) -> Vec<Frame> {
    frames.iter().map(|f| std::array::from_fn(|i| if i == 0 { 0.0 } else { f[i - 1] })).collect()
}

/// Frames in which a share of the `other` ones sounds.
pub fn mixed(frames: &[Frame], other: &[Frame], share: f32) -> Vec<Frame> {
    let mix = |(a, b): (&Frame, &Frame)| std::array::from_fn(|i| a[i] * (1.0 - share) + b[i] * share);
    frames.iter().zip(other).map(mix).collect()
}

pub fn packed(frames: &[Frame]) -> Vec<u8> {
    let (code, mut packed) = (FrameCode::new(&CURRENT), Vec::new());
    frames.iter().for_each(|frame| code.pack(frame, &mut packed));
    packed
}

pub fn sound(frames: &[Frame]) -> Sound {
    Sound::new(&CURRENT, packed(frames))
}

pub fn print(frames: &[Frame]) -> Fingerprint {
    let mut fingerprinter = Fingerprinter::new(&CURRENT);
    frames.iter().for_each(|frame| fingerprinter.push(frame));
    fingerprinter.finish()
}

pub fn seed(one: u32, two: u32) -> Seed {
    Seed { one, two, semitones: 0, weight: 1.0 }
}
