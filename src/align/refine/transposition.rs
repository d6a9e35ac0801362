//! Measures by how many constant-Q bins a query is higher than the track.
//!
//! The query can be read at whole bins only, and how its readings agree with the track is no parabola: it depends on where
//! the notes lie between the semitones. So the readings are interpolated between the whole bins, and each interpolated
//! reading is divided by its own norm. Then the right one agrees best wherever the notes lie.
use std::borrow::Cow;

use super::{super::segment::parabola_peak, Comparison, Line, MAX_STEPS, in_standard_errors, min_gain};

/// How many bins from its starting point a transposition is looked for.
const MAX_BINS: i32 = 3;

/// How many readings about the best one are interpolated, on either side.
const SIDE: i32 = 2;

/// The readings that are interpolated.
const READINGS: usize = 2 * SIDE as usize + 1;

/// How finely the peak is looked for: this many steps a bin.
const STEPS: i32 = 50;

/// A transposition counts as none if it is smaller, in bins (a twentieth of a semitone). Of 120 clips at the track's pitch
/// none measures more.
const MIN_BINS: f64 = 0.15;

/// The first and the last step, as a share, in which a tempo is moved together with the pitch.
const FIRST_STEP: f64 = 2e-3;
const LAST_STEP: f64 = 1e-4;

/// Readings of a query at whole bins, and how they agree with the track and with each other.
struct ShiftAgreements {
    /// The shift of the middle reading.
    centre: i32,
    /// For each frame of the track: the products of the readings with it.
    with_track: Vec<[f64; READINGS]>,
    /// The products of the readings with each other, over all frames.
    with_each_other: [[f64; READINGS]; READINGS],
}

impl ShiftAgreements {
    /// The weights of the readings at `shift`, so that the norm of their sum is 1.
    fn weights(&self, shift: f64) -> [f64; READINGS] {
        let weights = weights(shift - f64::from(self.centre));
        let energy: f64 =
            self.with_each_other.iter().map(|row| dot(row, &weights)).zip(weights).map(|(r, w)| r * w).sum();
        weights.map(|w| w / energy.max(1e-9).sqrt())
    }

    /// The products with the track of the reading at `shift`, divided by its norm.
    fn terms(&self, shift: f64) -> Vec<f64> {
        let weights = self.weights(shift);
        self.with_track.iter().map(|row| dot(row, &weights)).collect()
    }

    /// The shift that agrees best.
    fn best(&self) -> f64 {
        let mut best = (f64::MIN, f64::from(self.centre));
        let sum: [f64; READINGS] = std::array::from_fn(|k| self.with_track.iter().map(|row| row[k]).sum());
        for step in -STEPS..=STEPS {
            let shift = f64::from(self.centre) + f64::from(step) / f64::from(STEPS);
            let agreement = dot(&sum, &self.weights(shift));
            if agreement > best.0 {
                best = (agreement, shift);
            }
        }
        best.1
    }

    /// The shift that agrees best; 0 if that agrees hardly better than 0.
    fn transposition(&self) -> f64 {
        let best = self.best();
        if best.abs() < MIN_BINS {
            return 0.0;
        }
        // Readings far from 0 cannot be compared with it, and need not be.
        if self.centre.abs() < SIDE
            && gain(&self.terms(best), &self.terms(0.0)) < min_gain(self.with_track.len())
        {
            return 0.0;
        }
        best
    }
}

fn dot(a: &[f64; READINGS], b: &[f64; READINGS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The weights of the readings for a reading `at` bins above the middle one, between them by a cubic curve (Keys, "Cubic
/// convolution interpolation for digital image processing", 1981).
fn weights(at: f64) -> [f64; READINGS] {
    std::array::from_fn(|n| {
        let x = (at - (n as f64 - f64::from(SIDE))).abs();
        if x < 1.0 {
            (1.5 * x - 2.5) * x * x + 1.0
        } else if x < 2.0 {
            ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
        } else {
            0.0
        }
    })
}

impl Comparison<'_> {
    /// The line near `start`, and by how many constant-Q bins the query is higher, with the fewest changes that explain how
    /// the frames agree: none, the tempo or the pitch alone, both together as in music that is played faster, or each by
    /// itself. `shift` is the whole number of bins at which this query is read, near the right one. `read` returns its
    /// frames read at another shift. `octave` is how many bins an octave has.
    pub fn tempo_and_pitch<'q>(
        &self,
        start: Line,
        (shift, octave): (i32, usize),
        read: impl Fn(i32) -> Cow<'q, [f32]>,
    ) -> (Line, f64) {
        let octave = octave as f64;
        let mut line = self.best_line(start, None);
        if self.frames.len() < 3 {
            return (line, 0.0);
        }
        let centre = self.best_shift(&line, shift, &read);
        let bins = self.readings(&line, centre, &read).transposition();
        let level = read(bins.round() as i32);
        let level = self.with_query(&level);
        if bins != 0.0 {
            line = level.best_line(line, Some((bins / octave).exp2()));
        }
        if line.tempo == 1.0 && bins == 0.0 {
            return (line, bins);
        }
        // Music that is played faster is higher by as much.
        let together = |tempo: f64| {
            let line = Line { tempo, ..line };
            let bins = octave * tempo.log2();
            self.readings(&line, bins.round() as i32, &read).terms(bins)
        };
        let apart = self.readings(&line, bins.round() as i32, &read).terms(bins);
        let first = if bins == 0.0 { line.tempo } else { (bins / octave).exp2() };
        let (tempo, terms) = best_near(first, together);
        let is_simple = line.tempo == 1.0 || bins == 0.0;
        let min_gain = if is_simple { f64::MIN_POSITIVE } else { min_gain(apart.len()) };
        if gain(&apart, &terms) >= min_gain {
            return (line, bins);
        }
        let bins = octave * tempo.log2();
        let level = read(bins.round() as i32);
        (self.with_query(&level).climb(Line { tempo, ..line }, false), bins)
    }

    /// The whole shift near `shift` at which the query agrees best on `line`.
    fn best_shift<'q>(&self, line: &Line, shift: i32, read: impl Fn(i32) -> Cow<'q, [f32]>) -> i32 {
        let agreement = |shift: i32| self.with_query(&read(shift)).agreement(line);
        let mut near = [-1, 0, 1].map(|by| agreement(shift + by));
        let mut centre = shift;
        while (centre - shift).abs() < MAX_BINS {
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
        centre
    }

    /// Readings on `line` about the shift `centre`.
    fn readings<'q>(
        &self,
        line: &Line,
        centre: i32,
        read: impl Fn(i32) -> Cow<'q, [f32]>,
    ) -> ShiftAgreements {
        let readings: [Vec<f32>; READINGS] =
            std::array::from_fn(|n| self.with_query(&read(centre + n as i32 - SIDE)).on(line));
        let values = self.values;
        let stored = &self.reference.frames[self.frames.start * values..self.frames.end * values];
        let rows = |n: usize| n * values..(n + 1) * values;
        let with_track = (0..self.frames.len())
            .map(|n| std::array::from_fn(|k| product(&readings[k][rows(n)], &stored[rows(n)])))
            .collect();
        let mut with_each_other = [[0.0; READINGS]; READINGS];
        for k in 0..READINGS {
            for l in 0..=k {
                with_each_other[k][l] = product(&readings[k], &readings[l]);
                with_each_other[l][k] = with_each_other[k][l];
            }
        }
        ShiftAgreements { centre, with_track, with_each_other }
    }
}

/// The sum of the products. Four sums side by side, so that no addition waits for another one.
fn product(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f32; 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    let rest = a.as_chunks::<4>().1.iter().zip(b.as_chunks::<4>().1).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).map(f64::from).sum()
}

/// The tempo near `first` at which the sum of `terms` has its peak, and the terms there.
fn best_near(first: f64, terms: impl Fn(f64) -> Vec<f64>) -> (f64, Vec<f64>) {
    let sum = |terms: &[f64]| terms.iter().sum::<f64>();
    let mut best = (first, terms(first));
    let mut step = FIRST_STEP;
    for _ in 0..MAX_STEPS {
        let near = [1.0 - step, 1.0 + step].map(|by| (best.0 * by, terms(best.0 * by)));
        let [before, after] = [&near[0], &near[1]].map(|near| sum(&near.1));
        let at = sum(&best.1);
        if before.max(after) > at {
            best = if before > after { near.into_iter().next() } else { near.into_iter().next_back() }
                .expect("there are two");
            continue;
        }
        let peak = best.0 * (1.0 + step * parabola_peak(before as f32, at as f32, after as f32));
        let found = (peak, terms(peak));
        if sum(&found.1) > at {
            best = found;
        }
        step /= 4.0;
        if step < LAST_STEP {
            break;
        }
    }
    best
}

/// How much more `terms` sum up to than `others`, in standard errors; 0 if it is no more.
fn gain(terms: &[f64], others: &[f64]) -> f64 {
    in_standard_errors(&terms.iter().zip(others).map(|(a, b)| a - b).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests;
