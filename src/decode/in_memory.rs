//! Samples that a program has in memory, read block by block like a file's.
use std::path::{Path, PathBuf};

use super::block_source::BlockSource;
#[cfg(feature = "acoustid")]
use super::frame_source::FrameSource;
use super::mixer::Mixer;
use super::sample_limits::{RATES, sane};
#[cfg(feature = "acoustid")]
use super::{sound::Sound, warning::Warning};
use crate::error::{AudioError, Error, Result};
use crate::units::SampleRate;
#[cfg(feature = "acoustid")]
use crate::units::{Samples as Count, Seconds};

/// Frames of a block.
const BLOCK: usize = 1 << 16;

/// Interleaved samples, of which some were read.
pub(super) struct Samples<'a> {
    name: PathBuf,
    left: &'a [f32],
    channels: u16,
    rate: SampleRate,
    bytes: u64,
    mixer: Mixer,
}

impl<'a> Samples<'a> {
    /// # Errors
    /// [`AudioError::SampleRate`]; [`AudioError::Empty`] if there is no channel.
    pub(super) fn new(name: PathBuf, samples: &'a [f32], channels: u16, rate: SampleRate) -> Result<Self> {
        let reason = match channels {
            0 => AudioError::Empty,
            _ if !RATES.contains(&rate.0) => AudioError::SampleRate(rate.0),
            _ => return Ok(Self { name, left: samples, channels, rate, bytes: 0, mixer: Mixer::default() }),
        };
        Err(Error::Audio { path: name, reason })
    }

    /// The next samples, all channels of each frame.
    fn next(&mut self) -> &'a [f32] {
        let (block, left) = self.left.split_at(self.left.len().min(BLOCK * usize::from(self.channels)));
        self.left = left;
        self.bytes += size_of_val(block) as u64;
        block
    }
}

impl BlockSource for Samples<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        let channels = usize::from(self.channels);
        loop {
            if let Some(rate) = self.mixer.next(mono) {
                return Ok(Some(rate));
            }
            // A last frame that lacks some of its channels is left out.
            let block = self.next();
            let block: Vec<f32> =
                block[..block.len() / channels * channels].iter().map(|&x| sane(x)).collect();
            if block.is_empty() {
                self.mixer.finish();
                return Ok(self.mixer.next(mono));
            }
            if channels == 1 {
                *mono = block;
                return Ok(Some(self.rate));
            }
            self.mixer.push(self.rate, channels, &block);
        }
    }

    fn path(&self) -> &Path {
        &self.name
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        Some((self.rate, self.channels))
    }
}

#[cfg(feature = "acoustid")]
impl FrameSource for Samples<'_> {
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        frames.clear();
        let (block, width) = (self.next(), usize::from(self.channels));
        frames.extend(block[..block.len() / width * width].iter().map(|&x| sane(x)));
        let sound = Sound { rate: self.rate, channels: self.channels, fine: true };
        Ok((!frames.is_empty()).then_some(sound))
    }

    fn duration(&mut self) -> Result<Seconds> {
        let all = self.left.len() as u64 + self.bytes / size_of::<f32>() as u64;
        Ok(Count(all / u64::from(self.channels)).at(self.rate))
    }

    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(samples: &[f32], channels: u16) -> Vec<f32> {
        let mut source = Samples::new("a".into(), samples, channels, SampleRate(8000)).unwrap();
        assert_eq!((source.path(), source.spec()), (Path::new("a"), Some((SampleRate(8000), channels))));
        let (mut all, mut block) = (Vec::new(), Vec::new());
        while let Some(rate) = source.next_block(&mut block).unwrap() {
            assert_eq!(rate, SampleRate(8000));
            all.append(&mut block);
        }
        assert_eq!(source.bytes(), 4 * samples.len() as u64);
        all
    }

    #[test]
    fn samples_come_as_they_are_and_channels_as_their_mean() {
        let long: Vec<f32> = (0..3 * BLOCK + 7).map(|i| (i as f32 * 0.1).sin()).collect();
        assert_eq!(all(&long, 1), long);
        let frames: Vec<f32> = long.chunks_exact(3).map(|f| (f[0] + f[1] + f[2]) * (1.0 / 3.0)).collect();
        assert_eq!(all(&long, 3), frames);
        assert!(all(&[], 1).is_empty());
    }

    #[test]
    fn what_is_no_number_is_silence() {
        assert_eq!(all(&[0.5, f32::NAN, f32::INFINITY, -2e9, -0.5], 1), [0.5, 0.0, 0.0, 0.0, -0.5]);
    }

    #[test]
    fn what_cannot_be_worked_with_is_refused() {
        for (channels, rate) in [(0, 44_100), (1, 0), (2, 999), (1, 768_001)] {
            assert!(
                Samples::new("a".into(), &[0.0], channels, SampleRate(rate)).is_err(),
                "{channels} {rate}"
            );
        }
    }

    #[cfg(feature = "acoustid")]
    #[test]
    fn frames_keep_their_channels_and_the_length_is_that_of_all() {
        let mut long: Vec<f32> = (0..2 * BLOCK * 2 + 9).map(|i| (i as f32 * 0.1).sin()).collect();
        long[5] = f32::NAN;
        let mut source = Samples::new("a".into(), &long, 2, SampleRate(8000)).unwrap();
        let expected = Seconds((2 * BLOCK + 4) as f64 / 8000.0);
        let (mut all, mut frames) = (Vec::new(), Vec::new());
        while let Some(sound) = source.next_frames(&mut frames).unwrap() {
            assert_eq!(sound, Sound { rate: SampleRate(8000), channels: 2, fine: true });
            assert_eq!(source.duration().unwrap(), expected, "wherever it is asked");
            all.append(&mut frames);
        }
        assert_eq!(source.duration().unwrap(), expected);
        long[5] = 0.0;
        assert_eq!(all, long[..long.len() - 1]);
    }
}
