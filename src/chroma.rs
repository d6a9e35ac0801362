//! Octave chroma: how the pitches change against the seconds around, 12 values per octave and one row per frame.
//!
//! Each frame of constant-Q magnitudes goes through these steps:
//!
//! 1. Compress by `ln(1 + g x / level)`. The level is the mean over time of the frames' peaks.
//! 2. Subtract the running mean over frequency, and set what is negative to 0. (The whitening of Müller and Ewert, "Chroma
//!    Toolbox", ISMIR 2011, section 3, on a linear axis.)
//! 3. Fold to semitones.
//! 4. Subtract the moving mean over time.
//! 5. Divide by the norm.
//!
//! The octaves stay apart. That separates right from wrong places three times better than folding all of them to 12
//! values (ARCHITECTURE.md).
use std::collections::VecDeque;

use crate::{params::ParameterSet, units::Seconds};

/// Streams frames of constant-Q magnitudes into frames of octave chroma, in constant memory.
pub struct OctaveChroma {
    params: ParameterSet,
    logarithm: Logarithm,
    /// Magnitudes of frames whose level is not yet known.
    waiting: VecDeque<Vec<f32>>,
    level: CentredMean,
    mean: CentredMean,
    prefix: Vec<f32>,
    compressed: Vec<f32>,
    folded: Vec<f32>,
}

/// How to compute logarithms.
#[derive(Clone, Copy, Debug)]
enum Logarithm {
    /// Exact to the last bit; fingerprints need this.
    Exact,
    /// Exact to six digits ([`quick_ln_1p`]).
    Quick,
}

impl OctaveChroma {
    /// Expects a frame every `hop` samples.
    pub fn new(params: &ParameterSet, hop: usize) -> Self {
        Self::with(params, hop, Logarithm::Exact)
    }

    /// Like [`new`](Self::new), but several times as fast and exact to 1e-4 only. For the many transpositions of a query.
    pub fn quick(params: &ParameterSet, hop: usize) -> Self {
        Self::with(params, hop, Logarithm::Quick)
    }

    fn with(params: &ParameterSet, hop: usize, logarithm: Logarithm) -> Self {
        assert_eq!(params.bins_per_semitone(), 3, "a semitone is folded from three bins");
        let half =
            |span: Seconds| (span.0 * f64::from(params.sample_rate.0) / hop as f64 / 2.0).round() as usize;
        Self {
            params: *params,
            logarithm,
            waiting: VecDeque::new(),
            level: CentredMean::new(1, half(params.level_span)),
            mean: CentredMean::new(params.frame_values(), half(params.mean_span)),
            prefix: vec![0.0; params.bins(0) + 1],
            compressed: vec![0.0; params.bins(0)],
            folded: vec![0.0; params.frame_values()],
        }
    }

    /// Takes one frame of `ParameterSet::bins(0)` magnitudes. Calls `frame` with each frame that is complete, which has
    /// `ParameterSet::frame_values()` values: the lowest octave first, its pitch classes from A up. Frames come out in the order
    /// they went in, some seconds later.
    pub fn push(&mut self, magnitudes: &[f32], mut frame: impl FnMut(&[f32])) {
        let peak = peak(magnitudes);
        self.waiting.push_back(magnitudes.to_vec());
        let Self { params, logarithm, waiting, level, mean, prefix, compressed, folded } = self;
        level.push(&[peak], |_, level| {
            let magnitudes = waiting.pop_front().expect("one frame waits for each level");
            let level = level[0].max(params.level_floor);
            compress(params, *logarithm, &magnitudes, level, prefix, compressed);
            fold_to_semitones(compressed, folded);
            mean.push(folded, |values, mean| emit(params, values, mean, &mut frame));
        });
    }

    /// Calls `frame` with the frames that are left. Afterwards this is ready for another stream.
    pub fn finish(&mut self, mut frame: impl FnMut(&[f32])) {
        let Self { params, logarithm, waiting, level, mean, prefix, compressed, folded } = self;
        level.finish(|_, level| {
            let magnitudes = waiting.pop_front().expect("one frame waits for each level");
            let level = level[0].max(params.level_floor);
            compress(params, *logarithm, &magnitudes, level, prefix, compressed);
            fold_to_semitones(compressed, folded);
            mean.push(folded, |values, mean| emit(params, values, mean, &mut frame));
        });
        mean.finish(|values, mean| emit(params, values, mean, &mut frame));
    }
}

/// The largest magnitude, at least 0.
fn peak(magnitudes: &[f32]) -> f32 {
    // Eight maxima side by side, so that no comparison waits for another one.
    let (eights, rest) = magnitudes.as_chunks::<8>();
    let mut max = [0.0f32; 8];
    for eight in eights {
        for (max, &m) in max.iter_mut().zip(eight) {
            *max = if m > *max { m } else { *max };
        }
    }
    max.iter().chain(rest).copied().fold(0.0, f32::max)
}

/// Takes the logarithm, subtracts the running mean over frequency, and sets what is negative to 0.
fn compress(
    params: &ParameterSet,
    logarithm: Logarithm,
    magnitudes: &[f32],
    level: f32,
    prefix: &mut [f32],
    out: &mut [f32],
) {
    let gain = params.log_gain / level;
    match logarithm {
        Logarithm::Exact => out.iter_mut().zip(magnitudes).for_each(|(out, m)| *out = (gain * m).ln_1p()),
        Logarithm::Quick => out.iter_mut().zip(magnitudes).for_each(|(out, m)| *out = quick_ln_1p(gain * m)),
    }
    let mut sum = 0.0;
    for (out, prefix) in out.iter().zip(&mut prefix[1..]) {
        sum += *out;
        *prefix = sum;
    }
    let (bins, half) = (out.len(), params.whitening_bins / 2);
    let mut whiten = |bin: usize| {
        let (low, high) = (bin.saturating_sub(half), (bin + half + 1).min(bins));
        let mean = (prefix[high] - prefix[low]) / (high - low) as f32;
        out[bin] = (out[bin] - mean).max(0.0);
    };
    // Away from the ends all means span the same number of bins, so this loop needs no branches.
    let inner = half..bins.saturating_sub(half).max(half);
    (0..half.min(bins)).for_each(&mut whiten);
    (inner.end..bins).for_each(&mut whiten);
    let span = (2 * half + 1) as f32;
    let ends = prefix.iter().skip(2 * half + 1).zip(&*prefix);
    for (out, (high, low)) in out[inner].iter_mut().zip(ends) {
        *out = (*out - (high - low) / span).max(0.0);
    }
}

/// ln(1 + x) for 0 <= x < 1e30, exact to 1e-6 or a millionth of the result. Adds the binary exponent and the first terms
/// of the series of the inverse hyperbolic tangent. Unlike the library's function, the compiler can vectorise it.
fn quick_ln_1p(x: f32) -> f32 {
    let bits = (1.0 + x).to_bits();
    let exponent = ((bits >> 23) as i32 - 127) as f32;
    let mantissa = f32::from_bits(bits & 0x007F_FFFF | 0x3F80_0000);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let s = t * t;
    let terms = [1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let series = 2.0 * t * terms.iter().fold(0.0, |sum, term| sum * s + term);
    exponent * std::f32::consts::LN_2 + series
}

/// Adds up the three bins of each semitone: the one on pitch and its two neighbours.
fn fold_to_semitones(bins: &[f32], semitones: &mut [f32]) {
    for (s, semitone) in semitones.iter_mut().enumerate() {
        let centre = 3 * s;
        let below = if centre > 0 { bins[centre - 1] } else { 0.0 };
        *semitone = below + bins[centre] + bins[centre + 1];
    }
}

/// Subtracts the mean, divides by the norm, and calls `frame`.
fn emit(params: &ParameterSet, values: &mut [f32], mean: &[f32], frame: &mut impl FnMut(&[f32])) {
    let mut energy = 0.0;
    for (v, m) in values.iter_mut().zip(mean) {
        *v -= m;
        energy += *v * *v;
    }
    let scale = 1.0 / energy.sqrt().max(params.norm_floor);
    values.iter_mut().for_each(|v| *v *= scale);
    frame(values);
}

/// A centred moving mean of rows over time. At the ends it covers the rows that exist.
struct CentredMean {
    dims: usize,
    half: usize,
    /// The rows that a later mean covers, oldest first.
    rows: VecDeque<Vec<f32>>,
    /// How many of `rows` were already passed on.
    done: usize,
    sum: Vec<f64>,
    mean: Vec<f32>,
    spare: Vec<Vec<f32>>,
}

impl CentredMean {
    fn new(dims: usize, half: usize) -> Self {
        Self {
            dims,
            half,
            rows: VecDeque::new(),
            done: 0,
            sum: vec![0.0; dims],
            mean: vec![0.0; dims],
            spare: Vec::new(),
        }
    }

    /// Takes a row. Calls `out` with the row whose mean is now complete, if any, and its mean.
    fn push(&mut self, row: &[f32], mut out: impl FnMut(&mut [f32], &[f32])) {
        debug_assert_eq!(row.len(), self.dims);
        let mut held = self.spare.pop().unwrap_or_default();
        held.clear();
        held.extend_from_slice(row);
        for (s, v) in self.sum.iter_mut().zip(row) {
            *s += f64::from(*v);
        }
        self.rows.push_back(held);
        if self.rows.len() > self.done + self.half {
            self.emit(&mut out);
        }
    }

    /// Calls `out` with the rows that are left, and forgets everything.
    fn finish(&mut self, mut out: impl FnMut(&mut [f32], &[f32])) {
        while self.done < self.rows.len() {
            self.emit(&mut out);
        }
        self.spare.extend(self.rows.drain(..));
        self.done = 0;
        self.sum.fill(0.0);
    }

    /// Passes on the next row with the mean of `rows`. Then drops the row that the next mean no longer covers.
    fn emit(&mut self, out: &mut impl FnMut(&mut [f32], &[f32])) {
        let count = self.rows.len() as f64;
        for (m, s) in self.mean.iter_mut().zip(&self.sum) {
            *m = (s / count) as f32;
        }
        let mut row = self.spare.pop().unwrap_or_default();
        row.clear();
        row.extend_from_slice(&self.rows[self.done]);
        out(&mut row, &self.mean);
        self.spare.push(row);
        self.done += 1;
        if self.done > self.half {
            if let Some(oldest) = self.rows.pop_front() {
                for (s, v) in self.sum.iter_mut().zip(&oldest) {
                    *s -= f64::from(*v);
                }
                self.spare.push(oldest);
            }
            self.done -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    /// The whole stage at once, as its definition reads, in double precision.
    fn plain(params: &ParameterSet, hop: usize, magnitudes: &[Vec<f32>]) -> Vec<Vec<f64>> {
        let fps = f64::from(params.sample_rate.0) / hop as f64;
        let span = |s: Seconds, t: usize| {
            let half = (s.0 * fps / 2.0).round() as usize;
            t.saturating_sub(half)..(t + half + 1).min(magnitudes.len())
        };
        let peaks: Vec<f64> =
            magnitudes.iter().map(|m| f64::from(m.iter().copied().fold(0.0, f32::max))).collect();
        let semitones: Vec<Vec<f64>> = magnitudes
            .iter()
            .enumerate()
            .map(|(t, m)| {
                let around = span(params.level_span, t);
                let level = peaks[around.clone()].iter().sum::<f64>() / around.len() as f64;
                let level = level.max(f64::from(params.level_floor));
                let x: Vec<f64> = m
                    .iter()
                    .map(|&m| (1.0 + f64::from(params.log_gain) * f64::from(m) / level).ln())
                    .collect();
                let w: Vec<f64> = (0..x.len())
                    .map(|b| {
                        let half = params.whitening_bins / 2;
                        let near = &x[b.saturating_sub(half)..(b + half + 1).min(x.len())];
                        (x[b] - near.iter().sum::<f64>() / near.len() as f64).max(0.0)
                    })
                    .collect();
                (0..params.frame_values())
                    .map(|s| if s > 0 { w[3 * s - 1] } else { 0.0 } + w[3 * s] + w[3 * s + 1])
                    .collect()
            })
            .collect();
        (0..semitones.len())
            .map(|t| {
                let around = span(params.mean_span, t);
                let row: Vec<f64> = (0..params.frame_values())
                    .map(|s| {
                        let sum: f64 = semitones[around.clone()].iter().map(|r| r[s]).sum();
                        semitones[t][s] - sum / around.len() as f64
                    })
                    .collect();
                let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::from(params.norm_floor));
                row.iter().map(|v| v / norm).collect()
            })
            .collect()
    }

    fn music(frames: usize, seed: u64) -> Vec<Vec<f32>> {
        // Neighbouring seeds give similar numbers; those of a fork are unrelated.
        let mut random = fastrand::Rng::with_seed(seed).fork();
        (0..frames).map(|_| (0..CURRENT.bins(0)).map(|_| random.f32().powi(8) * 0.3).collect()).collect()
    }

    fn streamed(magnitudes: &[Vec<f32>], chroma: &mut OctaveChroma) -> Vec<Vec<f32>> {
        let mut out = Vec::new();
        for m in magnitudes {
            chroma.push(m, |f| out.push(f.to_vec()));
        }
        chroma.finish(|f| out.push(f.to_vec()));
        out
    }

    #[test]
    fn the_stream_equals_the_plain_definition_and_can_be_used_again() {
        for hop in [CURRENT.hop, CURRENT.hop / 2] {
            let mut chroma = OctaveChroma::new(&CURRENT, hop);
            for frames in [0, 1, 2, 5, 11, 12, 53, 54, 55, 56, 57, 150] {
                let magnitudes = music(frames, frames as u64 + 1);
                let expected = plain(&CURRENT, hop, &magnitudes);
                let got = streamed(&magnitudes, &mut chroma);
                assert_eq!(got.len(), expected.len());
                for (g, e) in got.iter().flatten().zip(expected.iter().flatten()) {
                    assert!((f64::from(*g) - e).abs() < 1e-4, "{g} against {e} of {frames} frames");
                }
            }
        }
    }

    #[test]
    fn quick_chroma_is_nearly_the_exact_one() {
        for x in (0..4000).map(|i| 1.007f32.powi(i - 2000)).chain([0.0, 1.0, 3.0, 1e30]) {
            let exact = f64::from(x).ln_1p();
            let error = (f64::from(quick_ln_1p(x)) - exact).abs();
            assert!(error <= 1e-6 * exact.max(1.0), "{error} at {x}");
        }
        let magnitudes = music(150, 3);
        let exact = streamed(&magnitudes, &mut OctaveChroma::new(&CURRENT, CURRENT.hop));
        let quick = streamed(&magnitudes, &mut OctaveChroma::quick(&CURRENT, CURRENT.hop));
        for (e, q) in exact.iter().flatten().zip(quick.iter().flatten()) {
            assert!((e - q).abs() < 1e-4, "{q} for {e}");
        }
    }

    #[test]
    fn what_does_not_move_leaves_nothing() {
        let steady = vec![music(1, 3).remove(0); 100];
        let silence = vec![vec![0.0; CURRENT.bins(0)]; 100];
        for magnitudes in [steady, silence] {
            let mut chroma = OctaveChroma::new(&CURRENT, CURRENT.hop);
            for frame in streamed(&magnitudes, &mut chroma) {
                assert!(frame.iter().all(|v| v.abs() < 1e-3));
            }
        }
    }

    /// Magnitudes that hardly move have a small norm and stay small; quiet ones are measured against the floor of the level.
    #[test]
    fn floors_of_norm_and_level_are_those_of_the_definition() {
        let steady = music(1, 3).remove(0);
        let wobble = |share: f32, loud: f32| -> Vec<Vec<f32>> {
            let other = music(80, 4);
            let mixed = |m: &Vec<f32>| steady.iter().zip(m).map(|(s, m)| loud * (s + share * m)).collect();
            other.iter().map(mixed).collect()
        };
        let norm = |frame: &Vec<f64>| frame.iter().map(|v| v * v).sum::<f64>().sqrt();
        for (share, loud, below_floor) in
            [(0.002, 1.0, true), (0.5, 1.0, false), (0.5, 2e-5, true), (0.5, 5e-3, false)]
        {
            let magnitudes = wobble(share, loud);
            let expected = plain(&CURRENT, CURRENT.hop, &magnitudes);
            let small = expected.iter().filter(|f| norm(f) < 0.99).count();
            assert!(small > 20 || !below_floor, "{share} {loud}: {small} small frames");
            let got = streamed(&magnitudes, &mut OctaveChroma::new(&CURRENT, CURRENT.hop));
            for (g, e) in got.iter().flatten().zip(expected.iter().flatten()) {
                assert!((f64::from(*g) - e).abs() < 1e-4, "{g} against {e} of {share}, {loud}");
            }
        }
    }

    #[test]
    fn the_peak_is_the_largest_wherever_it_is() {
        for at in 0..180 {
            let mut magnitudes = vec![0.25; 180];
            magnitudes[at] = 0.5;
            assert_eq!(peak(&magnitudes), 0.5, "at {at}");
        }
        assert_eq!((peak(&[]), peak(&[-1.0; 9])), (0.0, 0.0));
    }

    #[test]
    fn a_semitone_is_its_bin_and_both_neighbours() {
        let bins: Vec<f32> = (0..180).map(|b| (b * b) as f32).collect();
        let mut semitones = vec![0.0; 60];
        fold_to_semitones(&bins, &mut semitones);
        for (s, found) in semitones.iter().enumerate() {
            let near = (3 * s).saturating_sub(1)..=3 * s + 1;
            assert_eq!(*found, near.map(|b| (b * b) as f32).sum::<f32>(), "{s}");
        }
    }

    /// The mean of the rows at most `half` away, row by row, also when the object is used again.
    #[test]
    fn the_centred_mean_is_that_of_the_rows_around() {
        for half in [0, 1, 3, 10] {
            let mut mean = CentredMean::new(2, half);
            for count in [0usize, 1, 2, 4, 7, 8, 30] {
                let rows: Vec<[f32; 2]> = (0..count).map(|n| [(n * n) as f32, 5.0 - n as f32]).collect();
                let (mut found, mut calls) = (Vec::new(), Vec::new());
                for row in &rows {
                    mean.push(row, |row, mean| found.push((row.to_vec(), mean.to_vec())));
                    calls.push(found.len());
                }
                // A row comes as soon as the rows around it are there.
                let expected: Vec<usize> = (1..=count).map(|n| n.saturating_sub(half)).collect();
                assert_eq!(calls, expected);
                mean.finish(|row, mean| found.push((row.to_vec(), mean.to_vec())));
                assert_eq!(found.len(), count);
                for (n, (row, mean)) in found.iter().enumerate() {
                    assert_eq!(row, &rows[n]);
                    let around = &rows[n.saturating_sub(half)..(n + half + 1).min(count)];
                    for i in 0..2 {
                        let expected = around.iter().map(|r| r[i]).sum::<f32>() / around.len() as f32;
                        assert!((mean[i] - expected).abs() < 1e-3, "{mean:?} at {n}");
                    }
                }
            }
        }
    }
}
