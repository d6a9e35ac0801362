//! From lines to samples: transform, windows, overlap (ISO/IEC 14496-3, 4.6.11).
//!
//! A reduced synthesis takes the lower half, quarter or eighth of the lines only, and computes every second, fourth or eighth
//! sample.
use super::slopes::{Slope, slopes};
use super::windows::{LINES, SHORT_LINES, Sequence, Windows};
use crate::decode::mdct::{Imdct, add_all};

/// The transforms and windows of one reduction.
pub(super) struct Synthesis {
    long: Imdct,
    short: Imdct,
    long_slopes: [Slope; 2],
    short_slopes: [Slope; 2],
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
    /// Every `step`th sample.
    pub fn new(step: usize) -> Synthesis {
        Synthesis {
            long: Imdct::new(LINES / step, step),
            short: Imdct::new(SHORT_LINES / step, step),
            long_slopes: slopes(LINES, 4.0, step),
            short_slopes: slopes(SHORT_LINES, 6.0, step),
            sums: vec![0.0; 2 * LINES / step],
        }
    }

    /// How many lines of a window are used.
    pub fn lines_of(&self, windows: &Windows) -> usize {
        if windows.is_short() { self.short.lines } else { self.long.lines }
    }

    /// Appends a frame to `samples`.
    pub fn run(
        &mut self,
        windows: &Windows,
        lines: &[f32; LINES],
        overlap: &mut Overlap,
        samples: &mut Vec<f32>,
    ) {
        let (count, short) = (self.long.lines, self.short.lines);
        let flat = (count - short) / 2;
        overlap.sums.resize(count, 0.0);
        let (before, now) = (usize::from(overlap.kaiser), usize::from(windows.kaiser));
        overlap.kaiser = windows.kaiser;
        self.sums[..count].copy_from_slice(&overlap.sums);
        self.sums[count..].fill(0.0);
        if windows.is_short() {
            for (window, lines) in lines.chunks_exact(SHORT_LINES).enumerate() {
                let values = self.short.values(lines);
                let rising = &self.short_slopes[if window == 0 { before } else { now }].rising;
                let sums = &mut self.sums[flat + window * short..][..2 * short];
                add(&mut sums[..short], &values[..short], rising);
                add(&mut sums[short..], &values[short..], &self.short_slopes[now].falling);
            }
        } else {
            let (first, second) = self.long.values(lines).split_at(count);
            let (left, right) = self.sums.split_at_mut(count);
            if windows.sequence == Sequence::Stop {
                // A short slope in the middle: zeros before it, ones behind it.
                add(&mut left[flat..], &first[flat..], &self.short_slopes[before].rising);
                add_all(&mut left[flat + short..], &first[flat + short..]);
            } else {
                add(left, first, &self.long_slopes[before].rising);
            }
            if windows.sequence == Sequence::Start {
                add_all(&mut right[..flat], &second[..flat]);
                add(&mut right[flat..], &second[flat..], &self.short_slopes[now].falling);
            } else {
                add(right, second, &self.long_slopes[now].falling);
            }
        }
        samples.extend_from_slice(&self.sums[..count]);
        overlap.sums.copy_from_slice(&self.sums[count..]);
    }
}

/// Adds values times weights, as far as there are weights.
fn add(sums: &mut [f32], values: &[f32], weights: &[f32]) {
    for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
        *sum += value * weight;
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The windowed IMDCT by its sum, at every `step`th place.
    fn slow(lines: &[f32], step: usize, rising: &[f32], falling: &[f32]) -> Vec<f64> {
        let full = (lines.len() * step) as f64;
        (0..2 * lines.len())
            .map(|n| {
                let at = (n * step) as f64;
                let cosine = |k: usize| (PI / full * (at + 0.5 + full / 2.0) * (k as f64 + 0.5)).cos();
                let sum: f64 = lines.iter().enumerate().map(|(k, &x)| f64::from(x) * cosine(k)).sum();
                let window = match n.checked_sub(lines.len()) {
                    None => rising[n],
                    Some(n) => falling[n],
                };
                sum * f64::from(window)
            })
            .collect()
    }

    /// A long window with a short slope in the middle of a half.
    fn steep(slope: &[f32], lines: usize, [before, after]: [f32; 2]) -> Vec<f32> {
        let flat = (lines - slope.len()) / 2;
        [vec![before; flat], slope.to_vec(), vec![after; flat]].concat()
    }

    #[test]
    fn equals_the_sums_of_the_standard_at_every_reduction() {
        use Sequence::{Long, Short, Start, Stop};
        let mut random = fastrand::Rng::with_seed(7);
        for step in [1, 2, 4, 8] {
            let mut synthesis = Synthesis::new(step);
            let (long, short) = (slopes(LINES, 4.0, step), slopes(SHORT_LINES, 6.0, step));
            let count = LINES / step;
            let frames =
                [(Long, false), (Start, true), (Short, false), (Short, true), (Stop, true), (Long, false)];
            let mut expected = vec![0.0; (frames.len() + 1) * count];
            let (mut samples, mut overlap, mut before) = (Vec::new(), Overlap::default(), 0);
            for (i, (sequence, kaiser)) in frames.into_iter().enumerate() {
                let windows = Windows { sequence, kaiser, ..Windows::default() };
                let lines: [f32; LINES] = std::array::from_fn(|_| random.f32() * 2.0 - 1.0);
                let now = usize::from(kaiser);
                let mut add = |at: usize, values: Vec<f64>| {
                    expected[at..at + values.len()].iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
                };
                if sequence == Short {
                    for w in 0..8 {
                        let lines = &lines[w * SHORT_LINES..w * SHORT_LINES + short[0].rising.len()];
                        let rising = &short[if w == 0 { before } else { now }].rising;
                        let at = i * count + (count - lines.len()) / 2 + w * lines.len();
                        add(at, slow(lines, step, rising, &short[now].falling));
                    }
                } else {
                    let rising = match sequence {
                        Stop => steep(&short[before].rising, count, [0.0, 1.0]),
                        _ => long[before].rising.clone(),
                    };
                    let falling = match sequence {
                        Start => steep(&short[now].falling, count, [1.0, 0.0]),
                        _ => long[now].falling.clone(),
                    };
                    add(i * count, slow(&lines[..count], step, &rising, &falling));
                }
                synthesis.run(&windows, &lines, &mut overlap, &mut samples);
                before = now;
            }
            assert_eq!(samples.len(), frames.len() * count);
            for (n, (&x, y)) in samples.iter().zip(&expected).enumerate() {
                assert!((f64::from(x) - y).abs() < 1e-3, "sample {n} at a reduction of {step}: {x} {y}");
            }
        }
    }
}
