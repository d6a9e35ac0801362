//! How loud each band of frequencies is in loud passages.
use crate::{spectrum::PowerStft, units::SampleRate};

/// Bins of the transform that are one band.
const BINS: usize = 8;

/// About how many frames of the transform are in a second. So a band is about 170 Hz wide, whatever the rate.
const FRAMES_A_SECOND: f64 = 21.5;

/// Higher frequencies are not looked at, in hertz. Nobody hears them.
pub const HIGHEST: f64 = 24_000.0;

/// Of a sound with more channels the first ones are looked at.
const MOST_CHANNELS: usize = 8;

/// The lowest and the highest level that is told apart, in dB. Full scale is 0.
const LOWEST: f32 = -160.0;
const STEPS: usize = 200;

/// Frames with less power are silence, and do not count.
const SILENCE: f32 = 1e-8;

/// A level counts if this share of all frames is louder. So sounds that come now and then count, and a few clicks do not.
const LOUDER: f64 = 0.1;

/// Collects how loud each band is.
pub struct Levels {
    channels: usize,
    /// One for each channel that is looked at.
    transforms: Vec<PowerStft>,
    counts: Counts,
    /// One channel of a block.
    samples: Vec<f32>,
}

/// For each band, how many frames had which level.
struct Counts {
    levels: Vec<[u32; STEPS]>,
    frames: u32,
}

/// The level of each band in loud passages, in dB.
#[derive(Clone, Debug, PartialEq)]
pub struct Bands {
    /// From 0 Hz upwards. Empty for silence.
    pub levels: Vec<f32>,
    /// How wide a band is, in hertz.
    pub width: f64,
}

/// Samples in a frame: a power of two.
fn frame_length(rate: SampleRate) -> usize {
    let exponent = (f64::from(rate.0) / FRAMES_A_SECOND).log2().round();
    1 << (exponent as usize).max(6)
}

fn width(rate: SampleRate) -> f64 {
    f64::from(rate.0) / frame_length(rate) as f64 * BINS as f64
}

impl Levels {
    pub fn new(rate: SampleRate, channels: usize) -> Self {
        let length = frame_length(rate);
        let bands = (length / 2 / BINS).min((HIGHEST / width(rate)).ceil() as usize);
        Self {
            channels,
            transforms: (0..channels.min(MOST_CHANNELS)).map(|_| PowerStft::new(length, length)).collect(),
            counts: Counts { levels: vec![[0; STEPS]; bands], frames: 0 },
            samples: Vec::new(),
        }
    }

    /// Takes whole frames of all channels.
    pub fn push(&mut self, frames: &[f32]) {
        for (channel, transform) in self.transforms.iter_mut().enumerate() {
            self.samples.clear();
            self.samples.extend(frames.iter().skip(channel).step_by(self.channels));
            transform.push(&self.samples, |power| self.counts.add(power));
        }
    }

    /// The levels of what was taken.
    pub fn finish(mut self, rate: SampleRate) -> Bands {
        for transform in &mut self.transforms {
            transform.finish(|power| self.counts.add(power));
        }
        Bands { levels: self.counts.loud(), width: width(rate) }
    }
}

impl Counts {
    fn add(&mut self, power: &[f32]) {
        if power.iter().sum::<f32>() < SILENCE {
            return;
        }
        self.frames = self.frames.saturating_add(1);
        for (counts, bins) in self.levels.iter_mut().zip(power.chunks_exact(BINS)) {
            let level = 10.0 * (bins.iter().sum::<f32>() / BINS as f32 + 1e-16).log10();
            counts[((level - LOWEST) as usize).min(STEPS - 1)] += 1;
        }
    }

    /// The level of each band that only the loudest frames exceed.
    fn loud(&self) -> Vec<f32> {
        if self.frames == 0 {
            return Vec::new();
        }
        let most = (LOUDER * f64::from(self.frames)) as u32;
        let level = |counts: &[u32; STEPS]| {
            let mut louder = 0;
            let step = (0..STEPS).rev().find(|&step| {
                louder += counts[step];
                louder > most
            });
            LOWEST + step.unwrap_or(0) as f32
        };
        self.levels.iter().map(level).collect()
    }
}
