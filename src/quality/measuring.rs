//! Measures sound that comes in blocks, in one pass.
use super::{
    bandwidth,
    clipping::Clipping,
    figures::Quality,
    levels::{HIGHEST, Levels},
};
use crate::units::SampleRate;

/// Measures sound that comes in blocks. Its memory does not grow with the length of the sound.
///
/// If the rate or the number of channels changes on the way, the longest part counts.
#[derive(Default)]
pub struct Measuring {
    part: Option<Part>,
    /// The longest part that has ended, and its length in seconds.
    longest: Option<(f64, Quality)>,
}

/// Sound of one rate and one number of channels.
struct Part {
    rate: SampleRate,
    channels: usize,
    samples: u64,
    levels: Levels,
    clipping: Clipping,
}

impl Measuring {
    /// Begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next block: all channels, frame after frame.
    ///
    /// # Panics
    /// If `channels` is 0, or if the last frame is not whole.
    pub fn push(&mut self, rate: SampleRate, channels: u16, frames: &[f32]) {
        let channels = usize::from(channels);
        assert!(channels > 0 && frames.len().is_multiple_of(channels), "{} in {channels}", frames.len());
        if self.part.as_ref().is_some_and(|part| (part.rate, part.channels) != (rate, channels)) {
            self.end_part();
        }
        let part = self.part.get_or_insert_with(|| Part {
            rate,
            channels,
            samples: 0,
            levels: Levels::new(rate, channels),
            clipping: Clipping::new(channels),
        });
        part.samples += frames.len() as u64;
        part.levels.push(frames);
        part.clipping.push(frames);
    }

    /// What was measured.
    pub fn finish(mut self) -> Quality {
        self.end_part();
        self.longest.map(|(_, quality)| quality).unwrap_or_default()
    }

    fn end_part(&mut self) {
        let Some(part) = self.part.take() else { return };
        let seconds = part.samples as f64 / part.channels as f64 / f64::from(part.rate.0);
        if self.longest.is_none_or(|(longest, _)| seconds > longest) {
            self.longest = Some((seconds, part.finish()));
        }
    }
}

impl Part {
    fn finish(self) -> Quality {
        let edge = bandwidth::edge(&self.levels.finish(self.rate), self.rate);
        let (peak, clipped) = (self.clipping.peak(), self.clipping.finish());
        Quality {
            bandwidth: edge.frequency.min(HIGHEST).round() as u32,
            cut: edge.cut,
            peak,
            clipped: (clipped as f64 / self.samples.max(1) as f64) as f32,
        }
    }
}

#[cfg(test)]
mod tests;
