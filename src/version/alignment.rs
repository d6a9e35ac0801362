//! The best path through two melodies: a local alignment of the odds that two places are the same.
//!
//! The odds of a place are its cosine less what its row and its column have on the whole, in deviations of all places, less
//! [`OFFSET`]. So music that is alike everywhere counts for nothing. Steps are one frame in both, or two in one of them.
use std::ops::Range;

use super::{
    similarity::Rows,
    voice::{STACK, Voice},
};

/// Deviations that a place must be above the mean to count for a path.
const OFFSET: f32 = 2.0;
/// The least that a place counts.
const FLOOR: f32 = -2.0;
/// The price of a step of two frames in one melody.
const SLACK: f32 = 0.2;
/// The least cosine of two passages of one melody that are the same.
const ALIKE: f32 = 0.75;

/// Values that are worked on together.
const LANES: usize = 8;

/// What the cosines of two melodies have in common.
struct Means {
    rows: Vec<f32>,
    columns: Vec<f32>,
    all: f32,
    /// One over the deviation of what is left.
    inverse: f32,
}

impl Means {
    fn of(query: &Voice, track: &Voice) -> Self {
        let (rows, columns) = (query.stacks(), track.stacks());
        let mut means =
            Self { rows: Vec::with_capacity(rows), columns: vec![0.0; columns], all: 0.0, inverse: 0.0 };
        let (mut total, mut squares) = (0.0f64, 0.0f64);
        let mut all = Rows::new(query, track, 0..columns);
        while let Some(row) = all.next() {
            let (sum, square) = add_up(row, &mut means.columns);
            means.rows.push(sum / columns as f32);
            (total, squares) = (total + f64::from(sum), squares + f64::from(square));
        }
        let count = (rows * columns) as f64;
        let all = total / count;
        means.all = all as f32;
        means.columns.iter_mut().for_each(|sum| *sum /= rows as f32);
        let squared = |values: &[f32]| values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let left = squares - columns as f64 * squared(&means.rows) - rows as f64 * squared(&means.columns)
            + count * all * all;
        means.inverse = 1.0 / (left / count).max(0.0).sqrt().max(1e-6) as f32;
        means
    }
}

/// Adds a row to the sums of the columns, and returns its sum and that of its squares.
fn add_up(row: &[f32], columns: &mut [f32]) -> (f32, f32) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { add_up_avx2(row, columns) };
    }
    add_up_of(row, columns)
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn add_up_avx2(row: &[f32], columns: &mut [f32]) -> (f32, f32) {
    add_up_of(row, columns)
}

#[inline(always)]
fn add_up_of(row: &[f32], columns: &mut [f32]) -> (f32, f32) {
    let (mut sums, mut squares) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (eights, rest) = row.as_chunks::<LANES>();
    let (columns, last) = columns[..row.len()].as_chunks_mut::<LANES>();
    for (values, columns) in eights.iter().zip(columns) {
        for i in 0..LANES {
            columns[i] += values[i];
            sums[i] += values[i];
            squares[i] += values[i] * values[i];
        }
    }
    for (value, column) in rest.iter().zip(last) {
        *column += value;
        sums[0] += value;
        squares[0] += value * value;
    }
    (sums.iter().sum(), squares.iter().sum())
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The sum of the odds along it: what speaks for it.
    pub evidence: f32,
    /// Where it ends: stack of the query, and of the track.
    end: (usize, usize),
}

/// The best path of `query` through `track`. Nothing if one of them is shorter than a stack.
pub fn best(query: &Voice, track: &Voice) -> Option<Path> {
    if query.stacks() == 0 || track.stacks() == 0 {
        return None;
    }
    let means = Means::of(query, track);
    let mut sums = Local::new(track.stacks());
    let mut rows = Rows::new(query, track, 0..track.stacks());
    let mut path = Path { evidence: 0.0, end: (0, 0) };
    let mut n = 0;
    while let Some(row) = rows.next() {
        let high = sums.step(row, &means.columns, means.rows[n] - means.all, means.inverse);
        if high > path.evidence {
            let at = sums.last().iter().position(|&sum| sum == high).unwrap_or(0);
            path = Path { evidence: high, end: (n, at) };
        }
        n += 1;
    }
    Some(path)
}

/// A place on a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The stack of the query.
    pub query: usize,
    /// The stack of the track.
    pub track: usize,
    /// How much the path gains there.
    pub gain: f32,
}

/// The places along a path, first to last.
pub fn places(query: &Voice, track: &Voice, path: &Path) -> Vec<Place> {
    let (last_row, last_column) = path.end;
    // No path goes further back: two columns a row.
    let columns: Range<usize> = last_column.saturating_sub(2 * last_row + 2)..last_column + 1;
    let means = Means::of(query, track);
    let mut sums = Local::new(columns.len());
    let mut rows = Rows::new(query, track, columns.clone());
    let mut all: Vec<Vec<f32>> = Vec::new();
    while all.len() <= last_row {
        let Some(row) = rows.next() else { break };
        sums.step(row, &means.columns[columns.clone()], means.rows[all.len()] - means.all, means.inverse);
        all.push(sums.last().to_vec());
    }
    let mut back = Vec::new();
    let (mut row, mut column) = (last_row, last_column - columns.start);
    loop {
        let steps = [(1, 1, 0.0), (2, 1, SLACK), (1, 2, SLACK)];
        let before = steps.into_iter().filter_map(|(rows, columns, price)| {
            let (row, column) = (row.checked_sub(rows)?, column.checked_sub(columns)?);
            let sum = all[row][column] - price;
            (sum > 0.0).then_some((sum, row, column))
        });
        let before = before.max_by(|a, b| a.0.total_cmp(&b.0));
        let gain = all[row][column] - before.map_or(0.0, |(_, row, column)| all[row][column]);
        back.push(Place { query: row, track: columns.start + column, gain });
        let Some((_, before_row, before_column)) = before else { break };
        (row, column) = (before_row, before_column);
    }
    back.reverse();
    back
}

/// How often each stack of a melody comes up in it: 1 if it never comes back. A loop comes up as often as it is played.
pub fn repeats(voice: &Voice) -> Vec<f32> {
    let mut repeats = Vec::with_capacity(voice.stacks());
    let mut rows = Rows::new(voice, voice, 0..voice.stacks());
    while let Some(row) = rows.next() {
        let at = repeats.len();
        let alike = |row: &[f32]| row.iter().filter(|&&cosine| cosine >= ALIKE).count() as f32;
        let near = alike(&row[(at + 1).saturating_sub(STACK)..row.len().min(at + STACK)]);
        // Slow music is like itself for longer.
        repeats.push(1.0 + (alike(row) - near) / near.max(1.0));
    }
    repeats
}

/// What a path gains if each passage counts once, however often it comes up in either melody.
pub fn distinct(places: &[Place], query: &[f32], track: &[f32]) -> f64 {
    places.iter().map(|place| f64::from(place.gain / query[place.query].max(track[place.track]))).sum()
}

/// The best sums that end at each column, in the last three rows.
struct Local {
    /// Two more columns before the first one, which are 0.
    rows: [Vec<f32>; 3],
    n: usize,
}

const BEFORE: usize = 2;

impl Local {
    fn new(columns: usize) -> Self {
        Self { rows: std::array::from_fn(|_| vec![0.0; columns + BEFORE]), n: 0 }
    }

    /// Goes on with a row of cosines, and returns its greatest sum.
    fn step(&mut self, row: &[f32], columns: &[f32], of_row: f32, inverse: f32) -> f32 {
        self.rows.rotate_right(1);
        let [new, before, before_that] = &mut self.rows;
        self.n += 1;
        let odds = Odds { of_row, inverse };
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { step_avx2(row, columns, odds, new, before, before_that) };
        }
        step_of(row, columns, odds, new, before, before_that)
    }

    fn last(&self) -> &[f32] {
        &self.rows[0][BEFORE..]
    }
}

#[derive(Clone, Copy)]
struct Odds {
    of_row: f32,
    inverse: f32,
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn step_avx2(
    row: &[f32],
    columns: &[f32],
    odds: Odds,
    new: &mut [f32],
    before: &[f32],
    before_that: &[f32],
) -> f32 {
    step_of(row, columns, odds, new, before, before_that)
}

/// A place needs the rows before only, so all places of a row are independent.
#[inline(always)]
fn step_of(
    row: &[f32],
    columns: &[f32],
    odds: Odds,
    new: &mut [f32],
    before: &[f32],
    before_that: &[f32],
) -> f32 {
    let count = row.len();
    let sum = |cosine: f32, column: f32, one: f32, two: f32, other: f32| {
        let value = larger((cosine - odds.of_row - column) * odds.inverse - OFFSET, FLOOR);
        larger(larger(larger(one, larger(two, other) - SLACK), 0.0) + value, 0.0)
    };
    let (news, last) = new[BEFORE..][..count].as_chunks_mut::<LANES>();
    let (rows, last_row) = row.as_chunks::<LANES>();
    let (columns, last_columns) = columns[..count].as_chunks::<LANES>();
    let (ones, last_one) = before[1..][..count].as_chunks::<LANES>();
    let (twos, last_two) = before[..count].as_chunks::<LANES>();
    let (others, last_other) = before_that[1..][..count].as_chunks::<LANES>();
    let mut high = [0.0f32; LANES];
    let inputs = rows.iter().zip(columns).zip(ones).zip(twos).zip(others);
    for (new, ((((row, column), one), two), other)) in news.iter_mut().zip(inputs) {
        for i in 0..LANES {
            new[i] = sum(row[i], column[i], one[i], two[i], other[i]);
            high[i] = larger(high[i], new[i]);
        }
    }
    for (i, new) in last.iter_mut().enumerate() {
        *new = sum(last_row[i], last_columns[i], last_one[i], last_two[i], last_other[i]);
        high[0] = larger(high[0], *new);
    }
    high.into_iter().fold(0.0, larger)
}

/// The larger one of two numbers; one instruction, unlike [`f32::max`].
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}
