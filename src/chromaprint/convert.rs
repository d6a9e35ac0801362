//! Decoded audio of any rate to what is fingerprinted: 16-bit samples, one channel, 11,025 Hz.
//!
//! In `fpcalc`'s order, so that its roundings are ours: every channel is brought to 16 bits, then to the rate, and only
//! then are channels averaged.
use super::{SAMPLE_RATE, polyphase};
use crate::units::SampleRate;

/// Converts a stream whose rate and channels stay the same.
#[derive(Debug)]
pub struct Converter {
    channels: usize,
    float: bool,
    bank: Option<polyphase::Bank>,
    planes: Vec<Plane>,
}

#[derive(Debug, Default)]
struct Plane {
    resampler: polyphase::Channel,
    /// Samples that wait for those of the other channels.
    samples: Vec<i16>,
}

impl Converter {
    /// For frames of `channels` values at `rate`; `float` says whether they were floating-point numbers in the file.
    ///
    /// # Panics
    /// If `channels` is 0, or `rate` is.
    pub fn new(rate: SampleRate, channels: u16, float: bool) -> Converter {
        assert!(channels > 0 && rate.0 > 0, "{channels} channels at {rate}");
        let bank = (rate != SAMPLE_RATE).then(|| polyphase::Bank::new(rate, SAMPLE_RATE));
        let planes = (0..channels).map(|_| Plane::default()).collect();
        Converter { channels: channels.into(), float, bank, planes }
    }

    /// Takes whole frames, full scale being -1.0..=1.0, and appends the samples that they complete.
    pub fn push(&mut self, frames: &[f32], output: &mut Vec<i16>) {
        let round = if self.float { nearest } else { below };
        for (i, plane) in self.planes.iter_mut().enumerate() {
            let input = frames.iter().skip(i).step_by(self.channels).map(|&x| round(x));
            match &self.bank {
                Some(bank) => plane.resampler.push(bank, input, &mut plane.samples),
                None => plane.samples.extend(input),
            }
        }
        self.mix(output);
    }

    /// Ends the stream: appends what is left.
    pub fn finish(mut self, output: &mut Vec<i16>) {
        if let Some(bank) = &self.bank {
            for plane in &mut self.planes {
                plane.resampler.finish(bank, &mut plane.samples);
            }
        }
        self.mix(output);
    }

    /// The mean of all channels, halves rounded up.
    fn mix(&mut self, output: &mut Vec<i16>) {
        match &mut self.planes[..] {
            [one] => output.append(&mut one.samples),
            [left, right] => {
                let pairs = left.samples.iter().zip(&right.samples);
                output.extend(pairs.map(|(&l, &r)| ((i32::from(l) + i32::from(r) + 1) >> 1) as i16));
            }
            planes => {
                let (n, samples) = (planes.len() as i64, planes[0].samples.len());
                let sum = |t: usize| planes.iter().map(|p| i64::from(p.samples[t])).sum::<i64>();
                output.extend((0..samples).map(|t| (2 * sum(t) + n).div_euclid(2 * n) as i16));
            }
        }
        self.planes.iter_mut().for_each(|plane| plane.samples.clear());
    }
}

/// A floating-point sample in 16 bits, halves to even.
fn nearest(x: f32) -> i16 {
    (x * 32_768.0).round_ties_even() as i16
}

/// The upper 16 bits of a whole number.
fn below(x: f32) -> i16 {
    (x * 32_768.0).floor() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(rate: u32, channels: u16, float: bool, frames: &[f32]) -> Vec<i16> {
        let mut converter = Converter::new(SampleRate(rate), channels, float);
        let mut output = Vec::new();
        for piece in frames.chunks(7 * usize::from(channels)) {
            converter.push(piece, &mut output);
        }
        converter.finish(&mut output);
        output
    }

    #[test]
    fn sixteen_bits_stay_as_they_are() {
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let frames: Vec<f32> = samples.iter().map(|&x| f32::from(x) / 32_768.0).collect();
        assert_eq!(converted(11_025, 1, false, &frames), samples);
        assert_eq!(converted(11_025, 1, true, &frames), samples);
    }

    #[test]
    fn wider_numbers_lose_their_lower_bits_and_floats_are_rounded() {
        let units = [2.75, -2.25, 0.5, 1.5, 1e9, -1e9];
        let frames = units.map(|x: f32| x / 32_768.0);
        assert_eq!(converted(11_025, 1, false, &frames), [2, -3, 0, 1, i16::MAX, i16::MIN]);
        assert_eq!(converted(11_025, 1, true, &frames), [3, -2, 0, 2, i16::MAX, i16::MIN]);
    }

    #[test]
    fn channels_are_averaged() {
        let units = |all: &[f32]| all.iter().map(|x| x / 32_768.0).collect::<Vec<_>>();
        let stereo = units(&[1.0, 2.0, -1.0, -2.0, 32_767.0, 32_767.0]);
        assert_eq!(converted(11_025, 2, false, &stereo), [2, -1, 32_767]);
        let surround = units(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0, -2.0, -3.0, -4.0, -5.0, -5.0]);
        assert_eq!(converted(11_025, 6, false, &surround), [4, -3]);
    }

    #[test]
    fn all_channels_are_resampled_alike() {
        let mono: Vec<f32> = (0..9_000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
        let alone = converted(48_000, 1, true, &mono);
        for channels in [2, 3] {
            let frames: Vec<f32> = mono.iter().flat_map(|&x| vec![x; channels.into()]).collect();
            assert_eq!(converted(48_000, channels, true, &frames), alone);
        }
    }
}
