//! Refines an alignment: offset and tempo together, then transposition.
//!
//! A straight line maps the query's half frames to the track's. [`Comparison::climb`] moves it until the frames agree
//! best, one parameter after the other, by parabolas. It interpolates the query's frames, because they come twice as
//! often as the track's. The line turns about the middle of the range, where an error in the tempo does not move it.
use std::ops::Range;

mod transposition;

use super::segment::{Reference, parabola_peak};

/// The first and the last step of the climb: half frames by which the middle or the ends of the range move.
const FIRST_STEP: f64 = 1.0;
const LAST_STEP: f64 = 0.03;

/// The climb ends after so many steps even if the agreement has no peak.
const MAX_STEPS: usize = 40;

/// The climb may change the tempo by this share. The plain query may find even a clip at 1.2 times the speed.
const MAX_TEMPO_CHANGE: f64 = 1.0 / 3.0;

/// A line beats a simpler one if its frames gain this many standard errors. Of 573 clips of 5 and 10 s at the track's
/// tempo, one in a hundred gains more than 1.1 by a free tempo. Of clips that are 5 % or more off, 95 in a hundred gain
/// more than 2.6.
const MIN_GAIN: f64 = 1.25;

/// Ranges with fewer frames gain more by chance, so they need more.
const SHORT: usize = 20;
const MIN_GAIN_SHORT: f64 = 2.5;

/// How many standard errors a change must gain in a range of `frames` frames.
fn min_gain(frames: usize) -> f64 {
    if frames < SHORT { MIN_GAIN_SHORT } else { MIN_GAIN }
}

/// A line from the query's half frames to the track's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The half frame of the query about which the line turns.
    pub at: f64,
    /// The half frame of the track that meets `at`.
    pub in_track: f64,
    /// Half frames of the track per half frame of the query: the query's speed over the track's.
    pub tempo: f64,
}

impl Line {
    fn in_query(&self, position: f64) -> f64 {
        self.at + (position - self.in_track) / self.tempo
    }

    fn in_track(&self, at: f64) -> f64 {
        self.in_track + (at - self.at) * self.tempo
    }
}

/// Frames of a query, and the stored frames to compare them with.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    query: &'a [f32],
    reference: &'a Reference,
    values: usize,
    /// The reference's frames that the range meets.
    frames: Range<usize>,
}

impl<'a> Comparison<'a> {
    /// Compares half frames `range` of `query` (`values` values each) with the stored frames that they meet on `line`.
    /// The stored frames stay the same when the line moves later.
    pub fn new(
        query: &'a [f32],
        reference: &'a Reference,
        values: usize,
        line: &Line,
        range: Range<usize>,
    ) -> Self {
        let count = if query.len() < values { 0 } else { reference.frames.len() / values };
        let index = |h: usize| {
            let frame = (line.in_track(h as f64) / 2.0).ceil() - f64::from(reference.first);
            frame.clamp(0.0, count as f64) as usize
        };
        let start = index(range.start);
        Self { query, reference, values, frames: start..index(range.end).max(start) }
    }

    /// Compares another reading of the same query, at another pitch, over the same range.
    ///
    /// # Panics
    /// If `query` has another length than the query of this comparison.
    pub fn with_query<'b>(&'b self, query: &'b [f32]) -> Comparison<'b> {
        assert_eq!(query.len(), self.query.len(), "frames of the same query");
        Comparison { query, reference: self.reference, values: self.values, frames: self.frames.clone() }
    }

    /// What each pair of frames adds to the agreement on `line`: their product divided by the root of the query's energy.
    fn terms(&self, line: &Line) -> Vec<f32> {
        let values = self.values;
        let last = (self.query.len() / values).saturating_sub(1);
        let row = |h: usize| &self.query[h.min(last) * values..(h.min(last) + 1) * values];
        let mut energy = 1e-9f32;
        let mut terms: Vec<f32> = self
            .frames
            .clone()
            .map(|n| {
                let position = 2.0 * (f64::from(self.reference.first) + n as f64);
                let h = line.in_query(position).clamp(0.0, last as f64);
                let share = h.fract() as f32;
                let stored = &self.reference.frames[n * values..(n + 1) * values];
                let mut product = 0.0;
                for ((a, b), r) in row(h as usize).iter().zip(row(h as usize + 1)).zip(stored) {
                    let q = a + share * (b - a);
                    product += q * r;
                    energy += q * q;
                }
                product
            })
            .collect();
        let scale = 1.0 / energy.sqrt();
        terms.iter_mut().for_each(|t| *t *= scale);
        terms
    }

    fn agreement(&self, line: &Line) -> f32 {
        self.terms(line).iter().sum()
    }

    /// The cosine of the query, interpolated between its frames, and the track on `line`.
    pub fn similarity(&self, line: &Line) -> f32 {
        self.agreement(line) / self.stored().iter().map(|r| r * r).sum::<f32>().sqrt().max(1e-9)
    }

    /// Moves `line` to where the frames agree best. Keeps its tempo unless `with_tempo` is set.
    pub fn climb(&self, mut line: Line, with_tempo: bool) -> Line {
        // Half of the range in half frames: as many as the whole range has frames.
        let half = self.frames.len() as f64;
        if self.frames.len() < 3 {
            return line;
        }
        let tempi = line.tempo / (1.0 + MAX_TEMPO_CHANGE)..=line.tempo * (1.0 + MAX_TEMPO_CHANGE);
        let mut best = self.agreement(&line);
        let mut step = FIRST_STEP;
        for _ in 0..MAX_STEPS {
            let mut far = false;
            for of_tempo in if with_tempo { [false, true].as_slice() } else { &[false] } {
                let moved = |by: f64| match of_tempo {
                    false => Line { in_track: line.in_track + by, ..line },
                    true => Line { tempo: line.tempo + by / half, ..line },
                };
                let [before, after] = [-step, step].map(|by| self.agreement(&moved(by)));
                let by = if before.max(after) <= best {
                    step * parabola_peak(before, best, after)
                } else if after > before {
                    step
                } else {
                    -step
                };
                let next = moved(by);
                let agreement = self.agreement(&next);
                if agreement > best && tempi.contains(&next.tempo) {
                    far |= by.abs() > step / 2.0;
                    (line, best) = (next, agreement);
                }
            }
            if !far {
                step /= 2.0;
                if step < LAST_STEP {
                    break;
                }
            }
        }
        line
    }

    /// How much better the frames agree on `line` than on `other`, in standard errors; 0 if they agree no better.
    fn gain(&self, line: &Line, other: &Line) -> f64 {
        let terms = self.terms(line).into_iter().zip(self.terms(other));
        let gains: Vec<f64> = terms.map(|(a, b)| f64::from(a - b)).collect();
        in_standard_errors(&gains)
    }

    /// The line near `line` on which the frames agree best. Its tempo is 1 or `other_tempo`, whichever agrees better. It
    /// has a free tempo only if that gains more than chance explains.
    pub fn best_line(&self, line: Line, other_tempo: Option<f64>) -> Line {
        let free = self.climb(line, true);
        let at_tempo = |tempo: f64| self.climb(Line { tempo, ..free }, false);
        let mut simple = at_tempo(1.0);
        if let Some(other) = other_tempo.map(at_tempo)
            && self.agreement(&other) > self.agreement(&simple)
        {
            simple = other;
        }
        if self.gain(&free, &simple) < min_gain(self.frames.len()) { simple } else { free }
    }

    /// The track's frames that the range meets.
    pub fn stored(&self) -> &[f32] {
        &self.reference.frames[self.frames.start * self.values..self.frames.end * self.values]
    }

    /// The query's frames where the range's frames of the track meet them on `line`.
    pub fn on(&self, line: &Line) -> Vec<f32> {
        let values = self.values;
        let last = (self.query.len() / values).saturating_sub(1);
        let row = |h: usize| &self.query[h.min(last) * values..(h.min(last) + 1) * values];
        let mut rows = Vec::with_capacity(self.frames.len() * values);
        for n in self.frames.clone() {
            let position = 2.0 * (f64::from(self.reference.first) + n as f64);
            let h = line.in_query(position).clamp(0.0, last as f64);
            let share = h.fract() as f32;
            rows.extend(row(h as usize).iter().zip(row(h as usize + 1)).map(|(a, b)| a + share * (b - a)));
        }
        rows
    }
}

/// The sum of `gains` in standard errors; 0 if it is negative.
fn in_standard_errors(gains: &[f64]) -> f64 {
    let sum: f64 = gains.iter().sum();
    let mean = sum / gains.len().max(1) as f64;
    let squares: f64 = gains.iter().map(|g| (g - mean).powi(2)).sum();
    if sum > 0.0 { sum / squares.sqrt().max(1e-9) } else { 0.0 }
}

#[cfg(test)]
mod tests;
