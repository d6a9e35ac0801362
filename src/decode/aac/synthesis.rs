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

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// The windowed IMDCT by its sum, at every `step`th place, in the middle of the samples that the place stands for.
    fn slow(lines: &[f32], step: usize, rising: &[f32], falling: &[f32]) -> Vec<f64> {
        let full = (lines.len() * step) as f64;
        let middle = (step as f64 - 1.0) / 2.0;
        (0..2 * lines.len())
            .map(|n| {
                let at = (n * step) as f64 + middle;
                let cosine = |k: usize| (PI / full * (at + 0.5 + full / 2.0) * (k as f64 + 0.5)).cos();
                let sum: f64 = lines.iter().enumerate().map(|(k, &x)| f64::from(x) * cosine(k)).sum();
                let window = match n.checked_sub(lines.len()) {
                    None => rising[n],
                    Some(n) => falling[lines.len() - 1 - n],
                };
                sum * f64::from(window)
            })
            .collect()
    }

    /// The slope of a long window, where it is as short as that of a short one.
    fn steep(slope: &[f32], lines: usize) -> Vec<f32> {
        let flat = (lines - slope.len()) / 2;
        [vec![0.0; flat], slope.to_vec(), vec![1.0; flat]].concat()
    }

    #[test]
    fn equals_the_sums_of_the_standard_at_every_reduction() {
        use Sequence::{Long, Short, Start, Stop};
        let mut state = 7u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.cast_signed() as f32 / 2_147_483_648.0
        };
        for step in [1, 4, 8] {
            let mut synthesis = Synthesis::new(step);
            let (long, short) = (slopes(LINES, 4.0, step), slopes(SHORT_LINES, 6.0, step));
            let count = LINES / step;
            let frames =
                [(Long, false), (Start, true), (Short, false), (Short, true), (Stop, true), (Long, false)];
            let mut expected = vec![0.0; (frames.len() + 1) * count];
            let (mut samples, mut overlap, mut before) = (Vec::new(), Overlap::default(), 0);
            for (i, (sequence, kaiser)) in frames.into_iter().enumerate() {
                let windows = Windows { sequence, kaiser, ..Windows::default() };
                let mut lines: [f32; LINES] = std::array::from_fn(|_| random());
                let now = usize::from(kaiser);
                let mut add = |at: usize, values: Vec<f64>| {
                    expected[at..at + values.len()].iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
                };
                if sequence == Short {
                    for w in 0..8 {
                        let lines = &lines[w * SHORT_LINES..w * SHORT_LINES + short[0].len()];
                        let rising = &short[if w == 0 { before } else { now }];
                        let at = i * count + (count - lines.len()) / 2 + w * lines.len();
                        add(at, slow(lines, step, rising, &short[now]));
                    }
                } else {
                    let rising =
                        if sequence == Stop { steep(&short[before], count) } else { long[before].clone() };
                    let falling =
                        if sequence == Start { steep(&short[now], count) } else { long[now].clone() };
                    add(i * count, slow(&lines[..count], step, &rising, &falling));
                }
                synthesis.run(&windows, &mut lines, &mut overlap, &mut samples);
                before = now;
            }
            assert_eq!(samples.len(), frames.len() * count);
            for (n, (&x, y)) in samples.iter().zip(&expected).enumerate() {
                assert!((f64::from(x) - y).abs() < 1e-3, "sample {n} at a reduction of {step}: {x} {y}");
            }
        }
    }
}
