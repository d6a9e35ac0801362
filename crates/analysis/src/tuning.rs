//! By how much music is out of tune with A4 = 440 Hz: the most frequent deviation of its spectral peaks from the nearest
//! step, as `librosa.estimate_tuning` finds it.
use std::ops::Range;

use super::{
    AnalysisError, Stft, StftScratch, frames_of_levels,
    signal::{Signal, check},
};

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
    peaks: Vec<Peak<1>>,
}

/// A peak of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak<const N: usize> {
    height: f32,
    /// The step of the histogram that it falls into, for each number of bins in an octave.
    steps: [u8; N],
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
        check_bins_per_octave(bins_per_octave)?;
        check(samples, 0)?;
        let TuningScratch { stft, peaks } = scratch;
        peaks.clear();
        self.peaks_of(
            Signal::whole(samples),
            0..self.stft.frames(samples.len()),
            [bins_per_octave],
            stft,
            peaks,
        );
        Ok(tuning_of(peaks))
    }

    /// As [`Tuning::estimate`], of magnitudes that are there already, frame after frame of `bins` values: those of frames of
    /// `2 * (bins - 1)` samples. Powers will do as well; what is a peak among them differs a little.
    ///
    /// # Errors
    /// Unless they are whole frames, finite and not negative; and where a parameter is outside its range.
    pub fn estimate_of(
        rate: f64,
        magnitudes: &[f32],
        bins: usize,
        bins_per_octave: usize,
    ) -> Result<f64, AnalysisError> {
        AnalysisError::unless((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        check_bins_per_octave(bins_per_octave)?;
        AnalysisError::unless(bins >= 3, "bins", bins as f64, "at least 3")?;
        frames_of_levels(magnitudes, bins)?;
        let mut peaks = Vec::new();
        let finder = PeakFinder::new(rate, bins);
        magnitudes.chunks_exact(bins).for_each(|m| finder.find(m, [bins_per_octave], &mut peaks));
        Ok(tuning_of(&peaks))
    }

    /// Appends the peaks of the frames of `part`, which begins with an even one, to `peaks`; `signal` has all samples that
    /// they reach, and all can be worked with.
    pub(crate) fn peaks_of<const N: usize>(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        bins_per_octave: [usize; N],
        scratch: &mut StftScratch,
        peaks: &mut Vec<Peak<N>>,
    ) {
        let finder = PeakFinder::new(self.rate, self.stft.bins());
        self.stft.part_magnitudes(signal, part, scratch, |_, m| finder.find(m, bins_per_octave, peaks));
    }
}

/// Finds the peaks of frames' magnitudes.
struct PeakFinder {
    /// Hertz from one bin to the next.
    width: f64,
    /// The bins where a peak may be.
    within: Range<usize>,
}

impl PeakFinder {
    /// For frames of so many bins, at least three.
    fn new(rate: f64, bins: usize) -> Self {
        let width = rate / (2 * (bins - 1)) as f64;
        let first = (RANGE.start / width).ceil().max(1.0) as usize;
        let last = ((RANGE.end.min(rate / 2.0) / width).ceil() as usize).min(bins - 1);
        Self { width, within: first..last }
    }

    /// Appends the peaks of a frame.
    fn find<const N: usize>(&self, m: &[f32], bins_per_octave: [usize; N], peaks: &mut Vec<Peak<N>>) {
        let least = LEAST * largest(m);
        // What is below the limit does not hide a peak beside it.
        let above = |k: usize| if m[k] > least { m[k] } else { 0.0 };
        for k in self.within.clone() {
            if m[k] > least && m[k] > above(k - 1) && m[k] >= above(k + 1) {
                let (before, at, after) = (f64::from(m[k - 1]), f64::from(m[k]), f64::from(m[k + 1]));
                let (a, b) = (after + before - 2.0 * at, (after - before) / 2.0);
                let shift = if b.abs() < a.abs() { -b / a } else { 0.0 };
                let octaves = ((k as f64 + shift) * self.width / 27.5).log2();
                let height = (at + 0.5 * b * shift) as f32;
                peaks.push(Peak { height, steps: bins_per_octave.map(|bins| step(bins, octaves)) });
            }
        }
    }
}

fn check_bins_per_octave(bins: usize) -> Result<(), AnalysisError> {
    AnalysisError::unless((1..=1200).contains(&bins), "bins_per_octave", bins as f64, "1 to 1,200")
}

/// The tuning that all peaks together tell.
fn tuning_of(peaks: &[Peak<1>]) -> f64 {
    let least = median(&mut peaks.iter().map(|p| p.height).collect::<Vec<_>>());
    let mut counts = [0; STEPS];
    peaks.iter().filter(|p| p.height >= least).for_each(|p| counts[usize::from(p.steps[0])] += 1);
    most_frequent(&counts)
}

/// The step of the histogram for a peak so many octaves above A0.
fn step(bins_per_octave: usize, octaves: f64) -> u8 {
    let off = (bins_per_octave as f64 * octaves).rem_euclid(1.0);
    let off = if off >= 0.5 { off - 1.0 } else { off };
    (((off + 0.5) * STEPS as f64) as usize).min(STEPS - 1) as u8
}

/// The left edge of the first step that most peaks fall into; 0 where there are none.
fn most_frequent(counts: &[u32; STEPS]) -> f64 {
    let most = counts.iter().copied().max().unwrap_or(0);
    let step = counts.iter().position(|c| *c == most && most > 0);
    step.map_or(0.0, |s| s as f64 / STEPS as f64 - 0.5)
}

/// The tuning of a signal whose peaks come part by part, for each of `N` numbers of bins in an octave.
///
/// Up to [`TuningTally::MOST`] peaks, which is half an hour of music or more, it is what [`Tuning::estimate`] gives. Of
/// more peaks only the numbers within steps of height of 3 % are kept, so that memory is bounded; what is in the median's
/// step counts as above it.
#[derive(Clone, Debug)]
pub(crate) struct TuningTally<const N: usize> {
    peaks: Vec<Peak<N>>,
    most: usize,
    /// Of each step of height, the histograms; empty as long as the peaks themselves are kept.
    table: Vec<[[u32; STEPS]; N]>,
}

impl<const N: usize> Default for TuningTally<N> {
    fn default() -> Self {
        Self { peaks: Vec::new(), most: Self::MOST, table: Vec::new() }
    }
}

impl<const N: usize> TuningTally<N> {
    /// Peaks that are kept.
    pub const MOST: usize = 1 << 20;

    /// Bits of a height that are left out: it keeps five after the leading one.
    const COARSE: u32 = 18;

    /// Takes peaks.
    pub fn add(&mut self, peaks: &[Peak<N>]) {
        if self.table.is_empty() {
            self.peaks.extend_from_slice(peaks);
            if self.peaks.len() <= self.most {
                return;
            }
            // Heights are finite, and not negative.
            self.table = vec![[[0; STEPS]; N]; (f32::INFINITY.to_bits() >> Self::COARSE) as usize];
            let kept = std::mem::take(&mut self.peaks);
            return self.count(&kept);
        }
        self.count(peaks);
    }

    fn count(&mut self, peaks: &[Peak<N>]) {
        for peak in peaks {
            let row = &mut self.table[(peak.height.to_bits() >> Self::COARSE) as usize];
            for (counts, step) in row.iter_mut().zip(peak.steps) {
                counts[usize::from(step)] += 1;
            }
        }
    }

    /// Whether no peak has come.
    pub fn is_empty(&self) -> bool {
        self.peaks.is_empty() && self.table.is_empty()
    }

    /// The tuning, in parts of a bin, for each number of bins in an octave.
    pub fn tuning(&self) -> [f64; N] {
        let mut counts = [[0; STEPS]; N];
        if self.table.is_empty() {
            let least = median(&mut self.peaks.iter().map(|p| p.height).collect::<Vec<_>>());
            for peak in self.peaks.iter().filter(|p| p.height >= least) {
                counts.iter_mut().zip(peak.steps).for_each(|(c, step)| c[usize::from(step)] += 1);
            }
        } else {
            let of_row = |row: &[[u32; STEPS]; N]| row[0].iter().map(|c| u64::from(*c)).sum::<u64>();
            let half = self.table.iter().map(of_row).sum::<u64>().div_ceil(2);
            let mut seen = 0;
            for row in self.table.iter().rev() {
                for (sums, row) in counts.iter_mut().zip(row) {
                    sums.iter_mut().zip(row).for_each(|(sum, c)| *sum += c);
                }
                seen += of_row(row);
                if seen >= half {
                    break;
                }
            }
        }
        counts.map(|counts| most_frequent(&counts))
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
            let magnitudes = tuning.stft.magnitudes(&chord(cents), &mut StftScratch::default()).unwrap();
            let of_these = Tuning::estimate_of(22_050.0, magnitudes.values(), magnitudes.bins(), 12);
            assert_eq!(of_these, Ok(got));
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
        for (rate, values, bins) in
            [(0.0, vec![0.0; 9], 3), (8000.0, vec![0.0; 10], 3), (8000.0, vec![0.0; 4], 2)]
        {
            assert!(Tuning::estimate_of(rate, &values, bins, 12).is_err());
        }
        for bad in [f32::NAN, -1.0, f32::INFINITY] {
            assert!(Tuning::estimate_of(8000.0, &[0.0, bad, 0.0], 3, 12).is_err());
        }
        assert_eq!(Tuning::estimate_of(8000.0, &[], 3, 12), Ok(0.0));
        // Rates at which the peaks' range is beyond the spectrum.
        for rate in [1.0, 250.0, 400.0, 1e6] {
            assert!(Tuning::new(rate).unwrap().estimate(&chord(0.0), 12, &mut scratch).is_ok());
        }
    }

    #[test]
    fn peaks_that_come_in_parts_give_the_same_and_nearly_so_where_they_are_only_counted() {
        let tuning = Tuning::new(22_050.0).unwrap();
        for cents in [-37.0, 12.0] {
            let samples = chord(cents);
            let expected =
                [12, 36].map(|b| tuning.estimate(&samples, b, &mut TuningScratch::default()).unwrap());
            let mut exact = TuningTally::<2>::default();
            let mut counted = TuningTally::<2> { most: 100, ..TuningTally::default() };
            let frames = tuning.stft.frames(samples.len());
            for first in (0..frames).step_by(6) {
                let part = first..frames.min(first + 6);
                let mut peaks = Vec::new();
                let signal = Signal::whole(&samples);
                tuning.peaks_of(signal, part, [12, 36], &mut StftScratch::default(), &mut peaks);
                exact.add(&peaks);
                counted.add(&peaks);
            }
            assert_eq!(exact.tuning(), expected);
            assert!(exact.table.is_empty() && !counted.table.is_empty());
            for (counted, expected) in counted.tuning().into_iter().zip(expected) {
                // Notes of one height are the worst case: all are in the step of the median.
                assert!((counted - expected).abs() < 0.031, "{counted} against {expected}");
            }
        }
        assert_eq!(TuningTally::<1>::default().tuning(), [0.0]);
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
