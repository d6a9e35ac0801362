//! Where exactly an alignment lies: offset and tempo together, then transposition.
//!
//! A straight line maps the query's half frames to the track's; it is moved until the frames agree best, by parabolas,
//! one parameter after the other. The query's frames are those that are interpolated, because they come twice as often.
//! The line turns about the middle of the range, where an error of the tempo does not move it.
use std::{borrow::Cow, ops::Range};

use super::segment::{Reference, parabola_peak};

/// Half frames by which the middle and the ends of the range are moved at first, and at last.
const FIRST_STEP: f64 = 1.0;
const LAST_STEP: f64 = 0.03;

/// Steps in all, so that it ends also where the agreement has no peak.
const MOST_STEPS: usize = 40;

/// By what share the tempo may be other than at first: also a clip at 1.2 of the speed may be found as it is.
const MOST_TEMPO: f64 = 1.0 / 3.0;

/// A line is better than another where the frames gain so many standard errors by it. Of 573 clips of 5 and 10 s at the
/// track's tempo, one in a hundred gains over 1.1 by a tempo of its own; of those that are 5 % or more off, 95 in a hundred
/// gain over 2.6.
const LEAST_GAIN: f64 = 1.25;

/// The same for ranges of fewer frames, which gain more by chance.
const SHORT: usize = 20;
const LEAST_GAIN_SHORT: f64 = 2.5;

/// Constant-Q bins that are less than what 99 in a hundred clips of the same pitch seem to be off: a tenth of a semitone.
const LEAST_BINS: f64 = 0.3;

/// Bins that a transposition may be off at most when it is looked for.
const MOST_BINS: i32 = 3;

/// A line from the query's half frames to the track's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// A half frame of the query, about which the line turns.
    pub at: f64,
    /// The half frame of the track that it meets.
    pub in_track: f64,
    /// Half frames of the track for one of the query: the query's speed over the track's.
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

/// Frames of a query and the stored frames that they are compared with.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    query: &'a [f32],
    reference: &'a Reference,
    values: usize,
    /// Of the reference's frames those that the range meets.
    frames: Range<usize>,
}

impl<'a> Comparison<'a> {
    /// Compares `query` (half frames of `values` values) in its half frames `range` with what they meet on `line`. The
    /// stored frames stay the same where the line moves.
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

    /// The same range of other frames of the same query, read at another pitch.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn of<'b>(&'b self, query: &'b [f32]) -> Comparison<'b> {
        assert_eq!(query.len(), self.query.len(), "frames of the same query");
        Comparison { query, reference: self.reference, values: self.values, frames: self.frames.clone() }
    }

    /// What each pair of frames adds to the agreement on `line`: the product, over the root of the query's energy.
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

    /// The cosine of the query, read between its frames, and the track on `line`.
    pub fn likeness(&self, line: &Line) -> f32 {
        let stored = &self.reference.frames[self.frames.start * self.values..self.frames.end * self.values];
        self.agreement(line) / stored.iter().map(|r| r * r).sum::<f32>().sqrt().max(1e-9)
    }

    /// Moves `line` to where the frames agree best; its tempo stays unless `with_tempo`.
    pub fn climb(&self, mut line: Line, with_tempo: bool) -> Line {
        // Half of the range is as many half frames as there are frames in all of it.
        let half = self.frames.len() as f64;
        if self.frames.len() < 3 {
            return line;
        }
        let tempi = line.tempo / (1.0 + MOST_TEMPO)..=line.tempo * (1.0 + MOST_TEMPO);
        let mut best = self.agreement(&line);
        let mut step = FIRST_STEP;
        for _ in 0..MOST_STEPS {
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

    /// By how many standard errors the frames agree better on `line` than on `other`.
    fn gain(&self, line: &Line, other: &Line) -> f64 {
        let terms = self.terms(line).into_iter().zip(self.terms(other));
        let gains: Vec<f64> = terms.map(|(a, b)| f64::from(a - b)).collect();
        let sum: f64 = gains.iter().sum();
        let mean = sum / gains.len().max(1) as f64;
        let squares: f64 = gains.iter().map(|g| (g - mean).powi(2)).sum();
        if sum > 0.0 { sum / squares.sqrt().max(1e-9) } else { 0.0 }
    }

    /// The line near `line` on which the frames agree best. Its tempo is 1, or `other_tempo` if the frames
    /// agree better so, unless a tempo of its own is better than chance would make it.
    pub fn line(&self, line: Line, other_tempo: Option<f64>) -> Line {
        let free = self.climb(line, true);
        let at_tempo = |tempo: f64| self.climb(Line { tempo, ..free }, false);
        let mut simple = at_tempo(1.0);
        if let Some(other) = other_tempo.map(at_tempo)
            && self.agreement(&other) > self.agreement(&simple)
        {
            simple = other;
        }
        let least = if self.frames.len() < SHORT { LEAST_GAIN_SHORT } else { LEAST_GAIN };
        if self.gain(&free, &simple) < least { simple } else { free }
    }

    /// By how many constant-Q bins the query, read `shift` bins higher, agrees best on `line`: the peak of the
    /// parabola about the best whole number near `shift`, and 0 where that is next to none. `read` gives the query's
    /// frames read so many bins higher.
    pub fn transposition<'q>(
        &self,
        line: &Line,
        shift: i32,
        mut read: impl FnMut(i32) -> Cow<'q, [f32]>,
    ) -> f64 {
        let mut agreement = |shift: i32| self.of(&read(shift)).agreement(line);
        let mut near = [-1, 0, 1].map(|by| agreement(shift + by));
        let mut centre = shift;
        while (centre - shift).abs() < MOST_BINS {
            if near[0] > near[1] && near[0] >= near[2] {
                centre -= 1;
                near = [agreement(centre - 1), near[0], near[1]];
            } else if near[2] > near[1] {
                centre += 1;
                near = [near[1], near[2], agreement(centre + 1)];
            } else {
                break;
            }
        }
        let bins = f64::from(centre) + parabola_peak(near[0], near[1], near[2]);
        if bins.abs() < LEAST_BINS { 0.0 } else { bins }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: usize = 60;

    /// A stream of chroma that changes smoothly, sampled at half frame `at` of the track.
    fn sampled(at: f64) -> Vec<f32> {
        let row: Vec<f32> = (0..VALUES)
            .map(|v| {
                let v = v as f64;
                let phase = |k: f64| at * (0.31 + 0.13 * ((v * 12.9898 + k).sin() * 43758.5453).fract());
                (phase(0.0) + v).sin() as f32 + (phase(7.0) * 1.7 + 2.0 * v).sin() as f32
            })
            .collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter().map(|v| v / norm).collect()
    }

    fn track(first: i32, frames: i32) -> Reference {
        let frames = (first..first + frames).flat_map(|n| sampled(2.0 * f64::from(n))).collect();
        Reference { first, frames }
    }

    fn played(from: f64, tempo: f64, half_frames: usize) -> Vec<f32> {
        (0..half_frames).flat_map(|h| sampled(from + tempo * h as f64)).collect()
    }

    #[test]
    fn offset_and_tempo_of_a_query_are_found_together() {
        let reference = track(40, 260);
        for tempo in [0.8, 0.97, 0.99, 1.0, 1.005, 1.02, 1.2] {
            for from in [150.0, 150.3, 150.5, 151.7] {
                let query = played(from, tempo, 100);
                let start = Line { at: 50.0, in_track: 150.0 + 50.0 * tempo, tempo: tempo * 1.003 };
                let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..100);
                let line = comparison.line(start, None);
                assert!((line.tempo - tempo).abs() < 0.0015, "{line:?} for {tempo}");
                assert!((line.in_track(0.0) - from).abs() < 0.1, "{line:?} for {from} at {tempo}");
            }
        }
    }

    /// The same as trying every line of a fine grid.
    #[test]
    fn the_climb_ends_where_a_grid_has_its_best() {
        let reference = track(0, 200);
        let query = played(80.4, 1.013, 90);
        let start = Line { at: 45.0, in_track: 126.0, tempo: 1.0 };
        let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..90);
        let climbed = comparison.climb(start, true);
        let mut best = (f32::MIN, start);
        for a in -20..=20 {
            for b in -20..=20 {
                let line = Line {
                    in_track: start.in_track + 0.1 * f64::from(a),
                    tempo: 1.0 + 0.001 * f64::from(b),
                    ..start
                };
                let agreement = comparison.agreement(&line);
                if agreement > best.0 {
                    best = (agreement, line);
                }
            }
        }
        assert!(comparison.agreement(&climbed) >= best.0, "{climbed:?} and {best:?}");
        assert!((climbed.in_track - best.1.in_track).abs() < 0.1, "{climbed:?} and {best:?}");
        assert!((climbed.tempo - best.1.tempo).abs() < 0.001, "{climbed:?} and {best:?}");
    }

    #[test]
    fn a_tempo_that_says_little_more_is_not_made_up() {
        let reference = track(0, 300);
        for (from, other) in [(150.0, 3000.0), (150.3, 4000.0), (151.5, 5000.0), (149.7, 6000.0)] {
            let mut query = played(from, 1.0, 50);
            for (q, noise) in query.iter_mut().zip(played(other, 1.0, 50)) {
                *q += noise;
            }
            let start = Line { at: 25.0, in_track: 175.0, tempo: 1.0 };
            let line = Comparison::new(&query, &reference, VALUES, &start, 0..50).line(start, None);
            assert_eq!(line.tempo, 1.0);
            assert!((line.in_track(0.0) - from).abs() < 0.2, "{line:?} for {from}");
        }
    }

    #[test]
    fn another_likely_tempo_is_taken_where_it_fits_better() {
        let reference = track(0, 300);
        let query = played(150.0, 1.02, 60);
        let start = Line { at: 30.0, in_track: 180.6, tempo: 1.0 };
        let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..60);
        assert_eq!(comparison.line(start, Some(1.02)).tempo, 1.02);
        let query = played(150.0, 1.0, 60);
        assert_eq!(comparison.of(&query).line(start, Some(1.02)).tempo, 1.0);
    }

    #[test]
    fn a_range_outside_the_frames_stays_where_it_is() {
        let reference = track(0, 10);
        let query = played(0.0, 1.0, 20);
        let start = Line { at: 10.0, in_track: 500.0, tempo: 1.0 };
        for query in [query, Vec::new()] {
            let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..20);
            assert_eq!(comparison.line(start, Some(1.1)).in_track, 500.0);
        }
    }

    #[test]
    fn the_transposition_is_where_the_agreement_peaks() {
        let reference = track(0, 100);
        let line = Line { at: 30.0, in_track: 30.0, tempo: 1.0 };
        let (query, other) = (played(0.0, 1.0, 60), played(1000.0, 3.0, 60));
        let comparison = Comparison::new(&query, &reference, VALUES, &line, 0..60);
        // Bins next to the right one agree in part.
        let read = |right: i32| {
            let (query, other) = (&query, &other);
            move |shift: i32| -> Cow<'static, [f32]> {
                let share = (1.0 - 0.2 * (shift - right).abs() as f32).max(0.0);
                query.iter().zip(other).map(|(q, o)| share * q + (1.0 - share) * o).collect()
            }
        };
        assert_eq!(comparison.transposition(&line, 0, read(0)), 0.0);
        for right in [-3, -1, 2] {
            let bins = comparison.transposition(&line, 0, read(right));
            assert!((bins - f64::from(right)).abs() < 0.2, "{bins} for {right}");
        }
        let bins = comparison.transposition(&line, 7, read(6));
        assert!((bins - 6.0).abs() < 0.2, "{bins}");
    }
}
