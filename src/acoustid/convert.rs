//! Converts decoded audio of any rate to the samples that are fingerprinted: 16 bits, one channel, 11,025 Hz.
//!
//! The order is that of `fpcalc`, so that roundings are the same: every channel is resampled, and only then are channels
//! averaged. Samples of up to 16 bits stay whole numbers throughout. Finer ones are rounded at the end.
use super::polyphase::{Bank, Channel, Sample};
use crate::units::SampleRate;

/// The rate of the samples that are fingerprinted.
pub const SAMPLE_RATE: SampleRate = SampleRate(11_025);

/// Converts a stream whose rate and channels stay the same.
#[derive(Debug)]
pub struct Converter(Way);

#[derive(Debug)]
enum Way {
    Coarse(Planes<i16>),
    Fine(Planes<f32>),
}

impl Converter {
    /// Converts frames of `channels` values at `rate`. `fine` says whether they were finer than 16 bits in the file.
    ///
    /// # Panics
    /// If `channels` or `rate` is 0.
    pub fn new(rate: SampleRate, channels: u16, fine: bool) -> Converter {
        assert!(channels > 0 && rate.0 > 0, "{channels} channels at {rate}");
        Converter(if fine {
            Way::Fine(Planes::new(rate, channels))
        } else {
            Way::Coarse(Planes::new(rate, channels))
        })
    }

    /// Takes whole frames, full scale being -1.0..=1.0, and appends the samples that they complete.
    pub fn push(&mut self, frames: &[f32], output: &mut Vec<i16>) {
        match &mut self.0 {
            Way::Coarse(planes) => {
                planes.push(frames, nearest);
                planes.take(output, coarse_mean);
            }
            Way::Fine(planes) => {
                planes.push(frames, |x| x);
                planes.take(output, fine_mean);
            }
        }
    }

    /// Ends the stream: appends what is left.
    pub fn finish(self, output: &mut Vec<i16>) {
        match self.0 {
            Way::Coarse(mut planes) => {
                planes.finish();
                planes.take(output, coarse_mean);
            }
            Way::Fine(mut planes) => {
                planes.finish();
                planes.take(output, fine_mean);
            }
        }
    }
}

/// All channels, each resampled by itself.
#[derive(Debug)]
struct Planes<S> {
    bank: Option<Bank<S>>,
    planes: Vec<Plane<S>>,
    /// The values of all channels at one moment.
    frame: Vec<S>,
}

#[derive(Debug, Default)]
struct Plane<S> {
    resampler: Channel<S>,
    /// Samples that wait for the other channels.
    samples: Vec<S>,
}

impl<S: Sample> Planes<S> {
    fn new(rate: SampleRate, channels: u16) -> Self {
        let bank = (rate != SAMPLE_RATE).then(|| Bank::new(rate, SAMPLE_RATE));
        let plane = |_| Plane { resampler: Channel::default(), samples: Vec::new() };
        Planes { bank, planes: (0..channels).map(plane).collect(), frame: Vec::new() }
    }

    fn push(&mut self, frames: &[f32], value: impl Fn(f32) -> S) {
        let channels = self.planes.len();
        for (i, plane) in self.planes.iter_mut().enumerate() {
            let input = frames.iter().skip(i).step_by(channels).map(|&x| value(x));
            match &self.bank {
                Some(bank) => plane.resampler.push(bank, input, &mut plane.samples),
                None => plane.samples.extend(input),
            }
        }
    }

    fn finish(&mut self) {
        if let Some(bank) = &self.bank {
            for plane in &mut self.planes {
                plane.resampler.finish(bank, &mut plane.samples);
            }
        }
    }

    /// Appends the mean of each frame.
    fn take(&mut self, output: &mut Vec<i16>, mean: impl Fn(&[S]) -> i16) {
        let samples = self.planes.first().map_or(0, |plane| plane.samples.len());
        for t in 0..samples {
            self.frame.clear();
            self.frame.extend(self.planes.iter().map(|plane| plane.samples[t]));
            output.push(mean(&self.frame));
        }
        self.planes.iter_mut().for_each(|plane| plane.samples.clear());
    }
}

/// The mean, halves rounded up.
fn coarse_mean(frame: &[i16]) -> i16 {
    let (n, sum) = (frame.len() as i64, frame.iter().map(|&x| i64::from(x)).sum::<i64>());
    (2 * sum + n).div_euclid(2 * n) as i16
}

/// The mean in 16 bits.
fn fine_mean(frame: &[f32]) -> i16 {
    let weight = 1.0 / frame.len() as f32;
    nearest(frame.iter().map(|x| x * weight).sum())
}

/// A sample in 16 bits, halves to even.
fn nearest(x: f32) -> i16 {
    (x * 32_768.0).round_ties_even() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(rate: u32, channels: u16, fine: bool, frames: &[f32]) -> Vec<i16> {
        let mut converter = Converter::new(SampleRate(rate), channels, fine);
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
    fn finer_samples_are_rounded_at_the_end() {
        let units = |all: &[f32]| all.iter().map(|x| x / 32_768.0).collect::<Vec<_>>();
        let frames = units(&[2.75, -2.25, 0.5, 1.5, 1e9, -1e9]);
        assert_eq!(converted(11_025, 1, true, &frames), [3, -2, 0, 2, i16::MAX, i16::MIN]);
        assert_eq!(converted(11_025, 2, true, &units(&[0.4, 0.8, 1.4, 1.4])), [1, 1]);
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
        let alone = converted(48_000, 1, false, &mono);
        for channels in [2, 3] {
            let frames: Vec<f32> = mono.iter().flat_map(|&x| vec![x; channels.into()]).collect();
            assert_eq!(converted(48_000, channels, false, &frames), alone);
            let fine = converted(48_000, channels, true, &frames);
            assert!(fine.iter().zip(&alone).all(|(&a, &b)| a.abs_diff(b) <= 8));
        }
    }
}
