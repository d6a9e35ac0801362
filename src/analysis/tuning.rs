//! By how much music is out of tune with A4 = 440 Hz: the most frequent deviation of its spectral peaks from the nearest
//! step, as `librosa.estimate_tuning` finds it.
use super::{AnalysisError, Stft, StftScratch};

/// Steps of the histogram from -0.5 to 0.5 of a bin.
const STEPS: usize = 100;

/// Peaks between these frequencies in hertz count.
const RANGE: std::ops::Range<f64> = 150.0..4000.0;

/// Peaks above this share of the frame's largest magnitude count.
const LEAST: f32 = 0.1;

/// An estimator of tuning.
#[derive(Clone)]
pub struct Tuning {
    stft: Stft,
    rate: f64,
}

/// What [`Tuning`] works in.
#[derive(Clone, Debug, Default)]
pub struct TuningScratch {
    stft: StftScratch,
    /// Place in bins of the spectrum and height of each peak.
    peaks: Vec<(f64, f32)>,
    heights: Vec<f32>,
}

impl Tuning {
    /// For signals of `rate` hertz, from frames of 2,048 samples every 512.
    ///
    /// # Errors
    /// Unless `rate` is 1 to 1,000,000.
    pub fn new(rate: f64) -> Result<Self, AnalysisError> {
        AnalysisError::unless((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        Ok(Self { stft: Stft::new(2048, 512)?, rate })
    }

    /// By what part of a bin, of `bins_per_octave` in an octave, the music is higher: -0.5 to 0.49 in steps of 0.01. 0
    /// where there are no peaks.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with; and unless there are 1 to 1,200 bins in an octave.
    pub fn estimate(
        &self,
        samples: &[f32],
        bins_per_octave: usize,
        scratch: &mut TuningScratch,
    ) -> Result<f64, AnalysisError> {
        let good = (1..=1200).contains(&bins_per_octave);
        AnalysisError::unless(good, "bins_per_octave", bins_per_octave as f64, "1 to 1,200")?;
        let TuningScratch { stft, peaks, heights } = scratch;
        peaks.clear();
        let width = self.rate / self.stft.frame_length() as f64;
        let first = (RANGE.start / width).ceil().max(1.0) as usize;
        let last = ((RANGE.end.min(self.rate / 2.0) / width).ceil() as usize).min(self.stft.bins() - 1);
        self.stft.each_magnitudes(samples, stft, |_, m| {
            let least = LEAST * largest(m);
            // What is below the limit does not hide a peak beside it.
            let above = |k: usize| if m[k] > least { m[k] } else { 0.0 };
            for k in first..last {
                if m[k] > least && m[k] > above(k - 1) && m[k] >= above(k + 1) {
                    let (before, at, after) = (f64::from(m[k - 1]), f64::from(m[k]), f64::from(m[k + 1]));
                    let (a, b) = (after + before - 2.0 * at, (after - before) / 2.0);
                    let shift = if b.abs() < a.abs() { -b / a } else { 0.0 };
                    peaks.push((k as f64 + shift, (at + 0.5 * b * shift) as f32));
                }
            }
        })?;
        heights.clear();
        heights.extend(peaks.iter().map(|p| p.1));
        let least = median(heights);
        let mut counts = [0u32; STEPS];
        for (place, _) in peaks.iter().filter(|p| p.1 >= least) {
            let octaves = (place * width / 27.5).log2();
            let off = (bins_per_octave as f64 * octaves).rem_euclid(1.0);
            let off = if off >= 0.5 { off - 1.0 } else { off };
            counts[(((off + 0.5) * STEPS as f64) as usize).min(STEPS - 1)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let step = counts.iter().position(|c| *c == most && most > 0);
        Ok(step.map_or(0.0, |s| s as f64 / STEPS as f64 - 0.5))
    }
}

/// The largest of values that are not negative.
fn largest(m: &[f32]) -> f32 {
    let mut sixteen = [0.0f32; 16];
    let (groups, rest) = m.as_chunks::<16>();
    for group in groups {
        sixteen.iter_mut().zip(group).for_each(|(s, v)| *s = if *v > *s { *v } else { *s });
    }
    sixteen.iter().chain(rest).copied().fold(0.0, f32::max)
}

/// The mean of the two middle values where there is an even number.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let half = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, &mut middle, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    if odd { middle } else { 0.5 * (middle + below.iter().copied().fold(f32::MIN, f32::max)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(cents: f64) -> Vec<f32> {
        let at = |n: usize| {
            let tone = |midi: f64| {
                let f = 440.0 * ((midi - 69.0 + cents / 100.0) / 12.0).exp2();
                (std::f64::consts::TAU * f * n as f64 / 22_050.0).sin()
            };
            (0.2 * (tone(60.0) + tone(64.0) + tone(67.0) + tone(76.0))) as f32
        };
        (0..44_100).map(at).collect()
    }

    #[test]
    fn a_detuned_chord_is_off_by_what_it_is_detuned() {
        let tuning = Tuning::new(22_050.0).unwrap();
        let mut scratch = TuningScratch::default();
        for cents in [-40.0, -10.0, 0.0, 25.0] {
            let got = tuning.estimate(&chord(cents), 12, &mut scratch).unwrap();
            assert!((got - cents / 100.0).abs() < 0.05, "{cents} cents: {got}");
        }
        let thirds = tuning.estimate(&chord(10.0), 36, &mut scratch).unwrap();
        assert!((thirds - 0.3).abs() < 0.1, "{thirds}");
    }

    #[test]
    fn what_has_no_peaks_is_in_tune() {
        let tuning = Tuning::new(22_050.0).unwrap();
        let mut scratch = TuningScratch::default();
        for samples in [vec![], vec![0.0; 5000], vec![1.0; 5000]] {
            let got = tuning.estimate(&samples, 12, &mut scratch).unwrap();
            assert!((-0.5..0.5).contains(&got));
            assert!(samples.iter().any(|x| *x != 0.0) || got == 0.0);
        }
        assert!(tuning.estimate(&[f32::NAN], 12, &mut scratch).is_err());
        assert!(tuning.estimate(&[0.0], 0, &mut scratch).is_err());
        assert!(Tuning::new(0.0).is_err());
        // Rates at which the peaks' range is beyond the spectrum.
        for rate in [1.0, 250.0, 400.0, 1e6] {
            assert!(Tuning::new(rate).unwrap().estimate(&chord(0.0), 12, &mut scratch).is_ok());
        }
    }

    #[test]
    fn medians_and_maxima() {
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(median(&mut [3.0]), 3.0);
        assert_eq!(median(&mut [4.0, 1.0]), 2.5);
        assert_eq!(median(&mut [4.0, 1.0, 9.0]), 4.0);
        let values: Vec<f32> = (0u16..40).map(|n| f32::from(n * 7 % 40)).collect();
        assert_eq!(largest(&values), 39.0);
    }
}
