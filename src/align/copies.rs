//! Finds copies: two tracks with the same sound, because a recording was indexed twice, or because one holds part of the
//! other.
//!
//! Two copies hardly ever begin at the same point of a frame. Frames half a hop apart agree at .62 only, although the
//! sound is the same. So both tracks are smoothed over time and read between their frames, at points that lie equally
//! far from a stored frame in both. Then the same sound agrees at .91 in the middle and at .80 or more in 95 of 100
//! pieces of 5 s, whatever the fraction, re-encoded or remastered. Two other tracks reach .27 at most, at the best of
//! all places.
use std::ops::Range;

use super::{refine::Line, segment::Reference};

/// Two places with at least this similarity hold the same sound.
const MIN_SAME_SOUND: f32 = 0.65;

/// Two places whose nearest stored frames agree less are not compared any closer. Of the same sound, half a hop apart,
/// 95 in 100 pieces reach .42.
const MIN_NEAREST: f32 = 0.25;

/// Pairs of frames that are compared with one shift: about 10 s. A copy at another speed drifts in a longer piece.
const PIECE: usize = 54;

/// The shifts that are tried: as many steps to either side, each so many frames.
const STEPS: i32 = 6;
const STEP: f64 = 0.125;

/// Sums that are added up side by side, so that the processor adds several at a time.
const LANES: usize = 4;

/// A track at a place, and how a query lies in it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The frames around the place.
    pub reference: &'a Reference,
    /// The line from the query's half frames to the track's.
    pub line: Line,
}

/// Whether two tracks hold the same sound over the half frames `halves` of a query that lies in both. `two` sounds
/// `semitones` lower than `one`. Frames have `values` values, one a semitone. Silence is not the same as anything.
pub fn is_same_sound(
    one: &Side<'_>,
    two: &Side<'_>,
    values: usize,
    halves: Range<usize>,
    semitones: i32,
) -> bool {
    same_sound(one, two, values, halves, semitones) >= MIN_SAME_SOUND
}

/// How similar two tracks are where a query lies in both: the cosine over `halves`, -1..=1, each piece of 10 s with the
/// shift at which it agrees best. 0 if there are no frames, if one side is silent, or if even the nearest stored frames
/// show that they differ.
pub fn same_sound(
    one: &Side<'_>,
    two: &Side<'_>,
    values: usize,
    halves: Range<usize>,
    semitones: i32,
) -> f32 {
    let times: Vec<f64> = halves.step_by(2).map(|half| half as f64).collect();
    let mut nearest = Sums::default();
    for &time in &times {
        let [a, b] = [one, two].map(|side| row(&side.reference.frames, values, side.frame(time).round()));
        nearest.add(a, b, semitones);
    }
    if nearest.cosine() < MIN_NEAREST {
        return 0.0;
    }
    let smoothed = [one, two].map(|side| smoothed(&side.reference.frames, values));
    let mut whole = Sums::default();
    for piece in times.chunks(PIECE) {
        let shifts = (-STEPS..=STEPS).map(|step| f64::from(step) * STEP);
        whole.join(&best([one, two], &smoothed, values, piece, semitones, shifts).1);
    }
    whole.cosine()
}

/// By how many frames `two` has to move, at most `reach` to either side in so many `steps` each, to agree best with `one`
/// over `halves`, and the cosine it then has. For a piece that is short enough to have one shift. Like [`same_sound`]
/// otherwise.
pub fn best_shift(
    one: &Side<'_>,
    two: &Side<'_>,
    values: usize,
    halves: Range<usize>,
    semitones: i32,
    reach: f64,
    steps: i32,
) -> (f64, f32) {
    let times: Vec<f64> = halves.step_by(2).map(|half| half as f64).collect();
    let smoothed = [one, two].map(|side| smoothed(&side.reference.frames, values));
    let shifts = (-steps..=steps).map(|step| f64::from(step) * reach / f64::from(steps));
    let (shift, sums) = best([one, two], &smoothed, values, &times, semitones, shifts);
    (shift, sums.cosine())
}

/// The shift of the second side at which both agree best, and the products there.
fn best(
    sides: [&Side<'_>; 2],
    smoothed: &[Vec<f32>; 2],
    values: usize,
    times: &[f64],
    semitones: i32,
    shifts: impl Iterator<Item = f64>,
) -> (f64, Sums) {
    let (mut a, mut b) = (vec![0.0; values], vec![0.0; values]);
    let mut best: Option<(f64, Sums)> = None;
    for shift in shifts {
        let mut sums = Sums::default();
        for &time in times {
            let (first, second) = (sides[0].frame(time), sides[1].frame(time) + shift);
            let apart = second - first;
            // As far before a stored frame of one as after a stored frame of the other.
            let first = first.round() - (apart - apart.round()) / 2.0;
            between(&smoothed[0], values, first, &mut a);
            between(&smoothed[1], values, first + apart, &mut b);
            sums.add(&a, &b, semitones);
        }
        if best.is_none_or(|(_, best)| sums.cosine() > best.cosine()) {
            best = Some((shift, sums));
        }
    }
    best.unwrap_or_default()
}

impl Side<'_> {
    /// The frame of `reference` that meets half frame `half` of the query.
    fn frame(&self, half: f64) -> f64 {
        (self.line.in_track + (half - self.line.at) * self.line.tempo) / 2.0 - f64::from(self.reference.first)
    }
}

/// Products of two sides, summed.
#[derive(Clone, Copy, Default)]
struct Sums {
    ab: f32,
    aa: f32,
    bb: f32,
}

impl Sums {
    /// Adds a pair of frames; value i of `b` meets value i + `semitones` of `a`.
    fn add(&mut self, a: &[f32], b: &[f32], semitones: i32) {
        let values = a.len().min(b.len());
        let skip = (semitones.unsigned_abs() as usize).min(values);
        let (a, b) = if semitones >= 0 {
            (&a[skip..], &b[..values - skip])
        } else {
            (&a[..values - skip], &b[skip..])
        };
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        // Each sum has a loop of its own: this is what the compiler can make wide.
        let (mut ab, mut aa, mut bb) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (a, b) in a.iter().zip(b) {
            (0..LANES).for_each(|n| ab[n] += a[n] * b[n]);
            (0..LANES).for_each(|n| aa[n] += a[n] * a[n]);
            (0..LANES).for_each(|n| bb[n] += b[n] * b[n]);
        }
        for (n, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
            ab[n] += a * b;
            aa[n] += a * a;
            bb[n] += b * b;
        }
        let [ab, aa, bb] = [ab, aa, bb].map(|lanes| lanes.iter().sum());
        self.join(&Self { ab, aa, bb });
    }

    fn join(&mut self, other: &Self) {
        self.ab += other.ab;
        self.aa += other.aa;
        self.bb += other.bb;
    }

    fn cosine(&self) -> f32 {
        self.ab / (self.aa * self.bb).sqrt().max(1e-9)
    }
}

/// Frame number `at` of `frames`, or nothing outside of them.
fn row(frames: &[f32], values: usize, at: f64) -> &[f32] {
    if at < 0.0 {
        return &[];
    }
    let from = (at as usize).saturating_mul(values);
    frames.get(from..from.saturating_add(values)).unwrap_or(&[])
}

/// Each frame with a quarter of either neighbour and half of itself.
fn smoothed(frames: &[f32], values: usize) -> Vec<f32> {
    let count = frames.len() / values;
    let row = |n: usize| &frames[n.min(count - 1) * values..][..values];
    let mut out = Vec::with_capacity(count * values);
    for n in 0..count {
        let neighbours = row(n.saturating_sub(1)).iter().zip(row(n + 1));
        out.extend(
            row(n).iter().zip(neighbours).map(|(x, (before, after))| 0.5 * x + 0.25 * (before + after)),
        );
    }
    out
}

/// The frame at a time between two frames; zeros outside of them.
fn between(frames: &[f32], values: usize, at: f64, out: &mut [f32]) {
    let (before, after) = (row(frames, values, at.floor()), row(frames, values, at.floor() + 1.0));
    let share = (at - at.floor()) as f32;
    if before.is_empty() || after.is_empty() {
        let only = if share < 1e-6 { before } else { &[] };
        out.iter_mut().enumerate().for_each(|(n, out)| *out = only.get(n).copied().unwrap_or(0.0));
        return;
    }
    for ((out, before), after) in out.iter_mut().zip(before).zip(after) {
        *out = before + share * (after - before);
    }
}

#[cfg(test)]
mod tests;
