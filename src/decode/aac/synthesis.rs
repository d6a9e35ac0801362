//! From lines to samples: transform, windows, overlap (ISO/IEC 14496-3, 4.6.11).
//!
//! A reduced synthesis takes the lower half, quarter or eighth of the lines only, with a transform of that length and the
//! windows thinned out. Each of its samples is the full synthesis of these lines, in the middle of the samples that it
//! stands for: exactly, because the cosines of a shorter transform are those of the longer one at these places.
use super::side::{LINES, SHORT_LINES, Sequence, Windows};
use super::transform::Transform;
use super::window::{Slopes, slopes};

/// The transforms and windows of one reduction.
pub(super) struct Synthesis {
    /// The lines of a long window that are used, and of a short one.
    lines: usize,
    short_lines: usize,
    long: Transform,
    short: Transform,
    long_slopes: Slopes,
    short_slopes: Slopes,
    /// A frame, and what reaches into the next one.
    sums: Vec<f32>,
}

/// What a channel's next frame needs of the last.
#[derive(Default)]
pub(super) struct Overlap {
    sums: Vec<f32>,
    kaiser: bool,
}

impl Synthesis {
    /// `step` samples become one.
    pub fn new(step: usize) -> Synthesis {
        let (lines, short_lines) = (LINES / step, SHORT_LINES / step);
        Synthesis {
            lines,
            short_lines,
            long: Transform::new(lines),
            short: Transform::new(short_lines),
            long_slopes: slopes(LINES, 4.0, step),
            short_slopes: slopes(SHORT_LINES, 6.0, step),
            sums: vec![0.0; 2 * lines],
        }
    }

    /// How many samples a frame has.
    pub fn frame(&self) -> usize {
        self.lines
    }

    /// How many lines of a window are used.
    pub fn lines_of(&self, windows: &Windows) -> usize {
        if windows.is_short() { self.short_lines } else { self.lines }
    }

    /// Appends a frame to `samples`. `lines` are overwritten.
    pub fn run(
        &mut self,
        windows: &Windows,
        lines: &mut [f32; LINES],
        overlap: &mut Overlap,
        samples: &mut Vec<f32>,
    ) {
        let count = self.lines;
        overlap.sums.resize(count, 0.0);
        let (before, now) = (usize::from(overlap.kaiser), usize::from(windows.kaiser));
        overlap.kaiser = windows.kaiser;
        self.sums[..count].copy_from_slice(&overlap.sums);
        self.sums[count..].fill(0.0);
        if windows.is_short() {
            for window in 0..8 {
                let from = window * SHORT_LINES;
                let lines = &mut lines[from..from + self.short_lines];
                self.short.cosines(lines);
                let rising = if window == 0 { before } else { now };
                let at = (count - self.short_lines) / 2 + window * self.short_lines;
                let sums = &mut self.sums[at..at + 2 * self.short_lines];
                let (left, right) = sums.split_at_mut(self.short_lines);
                rise(lines, &self.short_slopes[rising], left);
                fall(lines, &self.short_slopes[now], right);
            }
        } else {
            let lines = &mut lines[..count];
            self.long.cosines(lines);
            let flat = (count - self.short_lines) / 2;
            let (left, right) = self.sums.split_at_mut(count);
            match windows.sequence {
                Sequence::Stop => rise_late(lines, flat, &self.short_slopes[before], left),
                _ => rise(lines, &self.long_slopes[before], left),
            }
            match windows.sequence {
                Sequence::Start => fall_early(lines, flat, &self.short_slopes[now], right),
                _ => fall(lines, &self.long_slopes[now], right),
            }
        }
        samples.extend_from_slice(&self.sums[..count]);
        overlap.sums.copy_from_slice(&self.sums[count..]);
    }
}

/// Adds the first half of the IMDCT with a rising slope. `cosines` are what [`Transform::cosines`] gives.
fn rise(cosines: &[f32], slope: &[f32], sums: &mut [f32]) {
    let half = cosines.len() / 2;
    let (low, high) = sums.split_at_mut(half);
    for ((sum, v), w) in low.iter_mut().zip(&cosines[half..]).zip(slope) {
        *sum += v * w;
    }
    for ((sum, v), w) in high.iter_mut().zip(cosines[half..].iter().rev()).zip(&slope[half..]) {
        *sum -= v * w;
    }
}

/// Adds the second half with the slope falling.
fn fall(cosines: &[f32], slope: &[f32], sums: &mut [f32]) {
    let half = cosines.len() / 2;
    let (low, high) = sums.split_at_mut(half);
    for ((sum, v), w) in low.iter_mut().zip(cosines[..half].iter().rev()).zip(slope[half..].iter().rev()) {
        *sum -= v * w;
    }
    for ((sum, v), w) in high.iter_mut().zip(&cosines[..half]).zip(slope[..half].iter().rev()) {
        *sum -= v * w;
    }
}

/// The value of the first half at `n`.
fn first_half(cosines: &[f32], n: usize) -> f32 {
    let count = cosines.len();
    if n < count / 2 { cosines[count / 2 + n] } else { -cosines[3 * count / 2 - 1 - n] }
}

/// The value of the second half at `n`.
fn second_half(cosines: &[f32], n: usize) -> f32 {
    let half = cosines.len() / 2;
    if n < half { -cosines[half - 1 - n] } else { -cosines[n - half] }
}

/// As [`rise`], with a short slope in the middle: zeros before it, ones behind it.
fn rise_late(cosines: &[f32], flat: usize, slope: &[f32], sums: &mut [f32]) {
    for (n, sum) in sums.iter_mut().enumerate().skip(flat) {
        *sum += first_half(cosines, n) * slope.get(n - flat).unwrap_or(&1.0);
    }
}

/// As [`fall`], with a short slope in the middle: ones before it, zeros behind it.
fn fall_early(cosines: &[f32], flat: usize, slope: &[f32], sums: &mut [f32]) {
    for (n, sum) in sums[..flat + slope.len()].iter_mut().enumerate() {
        let weight = if n < flat { 1.0 } else { slope[flat + slope.len() - 1 - n] };
        *sum += second_half(cosines, n) * weight;
    }
}
