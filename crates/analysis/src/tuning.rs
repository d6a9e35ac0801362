//! The tuning of music against A4 = 440 Hz: the most frequent deviation of its spectral peaks from the nearest bin, as
//! `librosa.estimate_tuning` finds it.
use std::ops::Range;

use crate::{
    error::AnalysisError,
    signal::{Signal, check},
    spectrogram::frames_of_magnitudes,
    stft::{Stft, StftScratch},
};

/// Cells of the histogram from -0.5 to 0.5 of a bin.
const CELLS: usize = 100;

/// Only peaks between these frequencies in hertz count.
const RANGE: Range<f64> = 150.0..4000.0;

/// Only peaks above this share of the frame's largest magnitude count.
const MIN_SHARE: f32 = 0.1;

/// An estimator of tuning. It agrees with `librosa.estimate_tuning`.
#[derive(Clone)]
pub struct Tuning {
    stft: Stft,
    rate: f64,
}

/// Working memory of [`Tuning`].
#[derive(Clone, Debug, Default)]
pub struct TuningScratch {
    stft: StftScratch,
    peaks: Vec<Peak<1>>,
}

/// A peak of a spectrum.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak<const N: usize> {
    height: f32,
    /// The histogram's cell of the peak, for each of `N` numbers of bins in an octave.
    cells: [u8; N],
}

impl Tuning {
    /// Plans an estimator for signals of `rate` hertz, with frames of 2,048 samples every 512.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless `rate` is 1 to 1,000,000.
    pub fn new(rate: f64) -> Result<Self, AnalysisError> {
        AnalysisError::ensure((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        Ok(Self { stft: Stft::new(2048, 512)?, rate })
    }

    /// Returns how far the music is above A4 = 440 Hz: -0.5 to 0.49 bins, in steps of 0.01, where an octave has
    /// `bins_per_octave` bins. It is 0 if there are no peaks.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large, and [`AnalysisError::Parameter`] unless an octave
    /// has 1 to 1,200 bins.
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

    /// As [`Tuning::estimate`], for magnitudes that were computed before: frames of `bins` values, from `2 * (bins - 1)` samples
    /// each. Powers work too, with slightly different peaks.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless the values are whole frames, finite and not negative, and every parameter is in its
    /// range.
    #[doc(hidden)]
    pub fn estimate_of(
        rate: f64,
        magnitudes: &[f32],
        bins: usize,
        bins_per_octave: usize,
    ) -> Result<f64, AnalysisError> {
        AnalysisError::ensure((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        check_bins_per_octave(bins_per_octave)?;
        AnalysisError::ensure(bins >= 3, "bins", bins as f64, "at least 3")?;
        frames_of_magnitudes(magnitudes, bins)?;
        let mut peaks = Vec::new();
        let finder = PeakFinder::new(rate, bins);
        magnitudes.chunks_exact(bins).for_each(|m| finder.find(m, [bins_per_octave], &mut peaks));
        Ok(tuning_of(&peaks))
    }

    /// Appends the peaks of the frames of `part` to `peaks`. The first frame is even. `signal` must hold all samples of these
    /// frames, and [`check`] must have passed them.
    #[doc(hidden)]
    pub fn peaks_of<const N: usize>(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        bins_per_octave: [usize; N],
        scratch: &mut StftScratch,
        peaks: &mut Vec<Peak<N>>,
    ) {
        self.peaks_and(signal, part, bins_per_octave, scratch, peaks, |_| {});
    }

    /// As [`Tuning::peaks_of`]. Passes the magnitudes of each frame to `also`.
    #[doc(hidden)]
    pub fn peaks_and<const N: usize>(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        bins_per_octave: [usize; N],
        scratch: &mut StftScratch,
        peaks: &mut Vec<Peak<N>>,
        mut also: impl FnMut(&[f32]),
    ) {
        let finder = PeakFinder::new(self.rate, self.stft.bins());
        self.stft.part_magnitudes(signal, part, scratch, |_, m| {
            finder.find(m, bins_per_octave, peaks);
            also(m);
        });
    }
}

/// Finds peaks in the magnitudes of a frame.
struct PeakFinder {
    /// Hertz from one bin to the next.
    width: f64,
    /// The bins that a peak may be in.
    within: Range<usize>,
}

impl PeakFinder {
    /// For frames of `bins` bins, at least three.
    fn new(rate: f64, bins: usize) -> Self {
        let width = rate / (2 * (bins - 1)) as f64;
        let first = (RANGE.start / width).ceil().max(1.0) as usize;
        let last = ((RANGE.end.min(rate / 2.0) / width).ceil() as usize).min(bins - 1);
        Self { width, within: first..last }
    }

    /// Appends the peaks of a frame.
    fn find<const N: usize>(&self, m: &[f32], bins_per_octave: [usize; N], peaks: &mut Vec<Peak<N>>) {
        let min = MIN_SHARE * largest(m);
        // A value below the limit does not hide a peak beside it.
        let above = |k: usize| if m[k] > min { m[k] } else { 0.0 };
        for k in self.within.clone() {
            if m[k] > min && m[k] > above(k - 1) && m[k] >= above(k + 1) {
                let (before, at, after) = (f64::from(m[k - 1]), f64::from(m[k]), f64::from(m[k + 1]));
                let (a, b) = (after + before - 2.0 * at, (after - before) / 2.0);
                let shift = if b.abs() < a.abs() { -b / a } else { 0.0 };
                let octaves = ((k as f64 + shift) * self.width / 27.5).log2();
                let height = (at + 0.5 * b * shift) as f32;
                peaks.push(Peak { height, cells: bins_per_octave.map(|bins| cell(bins, octaves)) });
            }
        }
    }
}

fn check_bins_per_octave(bins: usize) -> Result<(), AnalysisError> {
    AnalysisError::ensure((1..=1200).contains(&bins), "bins_per_octave", bins as f64, "1 to 1,200")
}

/// Returns the tuning of all peaks together: the most frequent deviation among the peaks from the median height up.
fn tuning_of(peaks: &[Peak<1>]) -> f64 {
    let min = median(&mut peaks.iter().map(|p| p.height).collect::<Vec<_>>());
    let mut counts = [0; CELLS];
    peaks.iter().filter(|p| p.height >= min).for_each(|p| counts[usize::from(p.cells[0])] += 1);
    most_frequent(&counts)
}

/// Returns the histogram's cell of a peak, from its distance to A0 in octaves.
fn cell(bins_per_octave: usize, octaves: f64) -> u8 {
    let off = (bins_per_octave as f64 * octaves).rem_euclid(1.0);
    let off = if off >= 0.5 { off - 1.0 } else { off };
    (((off + 0.5) * CELLS as f64) as usize).min(CELLS - 1) as u8
}

/// Returns the left edge of the fullest cell, the first one if several are equal. 0 if there are no peaks.
fn most_frequent(counts: &[u32; CELLS]) -> f64 {
    let most = counts.iter().copied().max().unwrap_or(0);
    let cell = counts.iter().position(|c| *c == most && most > 0);
    cell.map_or(0.0, |s| s as f64 / CELLS as f64 - 0.5)
}

/// Accumulates the peaks of a signal part by part, for each of `N` numbers of bins in an octave.
///
/// Up to [`TuningAccumulator::MAX_PEAKS`] peaks, half an hour of music or more, the result equals [`Tuning::estimate`]. Beyond,
/// peaks are only counted in classes of height that are 3 % wide, so that memory is bounded. The median's class then counts as
/// above the median.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct TuningAccumulator<const N: usize> {
    peaks: Vec<Peak<N>>,
    max_peaks: usize,
    /// Histograms for each class of height. Empty as long as the peaks themselves are kept.
    table: Vec<[[u32; CELLS]; N]>,
}

impl<const N: usize> Default for TuningAccumulator<N> {
    fn default() -> Self {
        Self { peaks: Vec::new(), max_peaks: Self::MAX_PEAKS, table: Vec::new() }
    }
}

impl<const N: usize> TuningAccumulator<N> {
    /// The most peaks that are kept.
    pub const MAX_PEAKS: usize = 1 << 20;

    /// The bits of a height that classes ignore. Five bits after the leading one remain.
    const IGNORED_BITS: u32 = 18;

    /// Adds peaks.
    pub fn add(&mut self, peaks: &[Peak<N>]) {
        if self.table.is_empty() {
            self.peaks.extend_from_slice(peaks);
            if self.peaks.len() <= self.max_peaks {
                return;
            }
            // Heights are finite, and not negative.
            self.table = vec![[[0; CELLS]; N]; (f32::INFINITY.to_bits() >> Self::IGNORED_BITS) as usize];
            let kept = std::mem::take(&mut self.peaks);
            return self.count(&kept);
        }
        self.count(peaks);
    }

    fn count(&mut self, peaks: &[Peak<N>]) {
        for peak in peaks {
            let row = &mut self.table[(peak.height.to_bits() >> Self::IGNORED_BITS) as usize];
            for (counts, cell) in row.iter_mut().zip(peak.cells) {
                counts[usize::from(cell)] += 1;
            }
        }
    }

    /// Whether there are no peaks yet.
    pub fn is_empty(&self) -> bool {
        self.peaks.is_empty() && self.table.is_empty()
    }

    /// The tuning in bins, for each number of bins in an octave.
    pub fn tuning(&self) -> [f64; N] {
        let mut counts = [[0; CELLS]; N];
        if self.table.is_empty() {
            let min = median(&mut self.peaks.iter().map(|p| p.height).collect::<Vec<_>>());
            for peak in self.peaks.iter().filter(|p| p.height >= min) {
                counts.iter_mut().zip(peak.cells).for_each(|(c, cell)| c[usize::from(cell)] += 1);
            }
        } else {
            let of_row = |row: &[[u32; CELLS]; N]| row[0].iter().map(|c| u64::from(*c)).sum::<u64>();
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

/// The largest of `m`. No value is negative.
fn largest(m: &[f32]) -> f32 {
    let mut sixteen = [0.0f32; 16];
    let (groups, rest) = m.as_chunks::<16>();
    for group in groups {
        sixteen.iter_mut().zip(group).for_each(|(s, v)| *s = if *v > *s { *v } else { *s });
    }
    sixteen.iter().chain(rest).copied().fold(0.0, f32::max)
}

/// The median; the mean of the two middle values if their number is even, 0 if there are none.
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
    fn signals_without_peaks_are_in_tune() {
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
        // Rates whose spectrum ends below the range of peaks.
        for rate in [1.0, 250.0, 400.0, 1e6] {
            assert!(Tuning::new(rate).unwrap().estimate(&chord(0.0), 12, &mut scratch).is_ok());
        }
    }

    #[test]
    fn parts_give_the_same_tuning_and_counted_peaks_nearly_the_same() {
        let tuning = Tuning::new(22_050.0).unwrap();
        for cents in [-37.0, 12.0] {
            let samples = chord(cents);
            let expected =
                [12, 36].map(|b| tuning.estimate(&samples, b, &mut TuningScratch::default()).unwrap());
            let mut exact = TuningAccumulator::<2>::default();
            let mut counted = TuningAccumulator::<2> { max_peaks: 100, ..TuningAccumulator::default() };
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
                // Notes of one height are the worst case: all are in the median's class.
                assert!((counted - expected).abs() < 0.031, "{counted} against {expected}");
            }
        }
        assert_eq!(TuningAccumulator::<1>::default().tuning(), [0.0]);
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
