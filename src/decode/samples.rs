//! Samples that a program has in memory, block by block as a file's.
use std::path::{Path, PathBuf};

use super::{RATES, Tags, Warning, audio::BlockSource, sane};
use crate::{
    Result,
    error::{AudioError, Error},
    units::SampleRate,
};

/// Samples of a channel that are handed out together.
const BLOCK: usize = 1 << 16;

/// Interleaved samples, and how far they were read.
pub(crate) struct Samples<'a> {
    name: PathBuf,
    left: &'a [f32],
    channels: u16,
    rate: SampleRate,
    bytes: u64,
    tags: Tags,
}

impl<'a> Samples<'a> {
    /// # Errors
    /// [`AudioError::SampleRate`]; [`AudioError::Empty`] where there is no channel.
    pub fn new(name: PathBuf, samples: &'a [f32], channels: u16, rate: SampleRate) -> Result<Self> {
        let reason = match channels {
            0 => AudioError::Empty,
            _ if !RATES.contains(&rate.0) => AudioError::SampleRate(rate.0),
            _ => {
                return Ok(Self { name, left: samples, channels, rate, bytes: 0, tags: Tags::default() });
            }
        };
        Err(Error::Audio { path: name, reason })
    }
}

impl BlockSource for Samples<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        let channels = usize::from(self.channels);
        let (block, left) = self.left.split_at(self.left.len().min(BLOCK * channels));
        self.left = left;
        self.bytes += size_of_val(block) as u64;
        if channels == 1 {
            mono.extend(block.iter().map(|&x| sane(x)));
        } else {
            let scale = 1.0 / f32::from(self.channels);
            // What is left of the last frame, where its channels are not all there, is no sound.
            mono.extend(
                block.chunks_exact(channels).map(|frame| frame.iter().map(|&x| sane(x)).sum::<f32>() * scale),
            );
        }
        Ok((!mono.is_empty()).then_some(self.rate))
    }

    fn path(&self) -> &Path {
        &self.name
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        Some((self.rate, self.channels))
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
        let (mut all, mut block) = (Vec::new(), Vec::new());
        while let Some(rate) = source.next_block(&mut block).unwrap() {
            assert_eq!(rate, SampleRate(8000));
            all.append(&mut block);
        }
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
}
