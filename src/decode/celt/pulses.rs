//! Shapes as a number of signed pulses (RFC 6716, section 4.3.4).
use std::f32::consts::FRAC_PI_2;

use super::range::Range;
use super::tables::{COSTS, WIDEST};

/// A vector never has more pulses than this.
const MOST_PULSES: usize = 128;
/// More than the smaller of the lines and of the pulses plus one ever is.
const ROWS: usize = 16;

/// U(n, k) of the specification, by the smaller and the larger of both: how many vectors of n lines with k pulses begin with
/// a pulse below 0.
static COUNTS: [[u32; WIDEST + 2]; ROWS] = counts();

const fn counts() -> [[u32; WIDEST + 2]; ROWS] {
    let mut counts = [[0_u32; WIDEST + 2]; ROWS];
    counts[0][0] = 1;
    let mut n = 1;
    while n < ROWS {
        let mut k = 1;
        while k < WIDEST + 2 {
            // What does not fit into 32 bits is never used.
            counts[n][k] = counts[n - 1][k].wrapping_add(counts[n][k - 1]).wrapping_add(counts[n - 1][k - 1]);
            k += 1;
        }
        n += 1;
    }
    counts
}

const _: () = assert!(MOST_PULSES + 1 < WIDEST + 2);

#[inline]
fn count(lines: usize, pulses: usize) -> u32 {
    COUNTS[lines.min(pulses)][lines.max(pulses)]
}

/// The steps of pulses that a vector of so many lines may have; see [`COSTS`].
static STEPS: [&[u8]; WIDEST + 1] = {
    let mut steps: [&[u8]; WIDEST + 1] = [&[]; WIDEST + 1];
    let mut i = 0;
    while i < COSTS.len() {
        steps[COSTS[i].0] = COSTS[i].1;
        i += 1;
    }
    steps
};

/// What the most pulses cost that a vector of `lines` may have, in eighths of a bit less one.
pub(super) fn highest_cost(lines: usize) -> Option<i32> {
    STEPS[lines].last().map(|&cost| i32::from(cost))
}

/// What a step costs, in eighths of a bit.
pub(super) fn cost(lines: usize, step: usize) -> i32 {
    if step == 0 { 0 } else { i32::from(STEPS[lines][step - 1]) + 1 }
}

/// The step that costs nearest to `bits` eighths of a bit.
pub(super) fn nearest_step(lines: usize, bits: i32) -> usize {
    let costs = STEPS[lines];
    let bits = bits - 1;
    let above = costs.partition_point(|&cost| i32::from(cost) < bits);
    let below = if above == 0 { -1 } else { i32::from(costs[above - 1]) };
    match costs.get(above) {
        Some(&higher) if bits - below > i32::from(higher) - bits => above + 1,
        _ => above,
    }
}

/// How many pulses a step stands for.
fn pulses(step: usize) -> usize {
    if step < 8 { step } else { (8 + (step & 7)) << ((step >> 3) - 1) }
}

/// Reads the codeword of a vector, and makes nothing of it.
pub(super) fn skip(range: &mut Range<'_>, lines: usize, step: usize) {
    let pulses = pulses(step);
    range.number(count(lines, pulses).wrapping_add(count(lines, pulses + 1)));
}

/// Reads a vector of the length `gain`, whose pulses are spread over their neighbours. It is made of `blocks` parts; returns
/// which of them have pulses.
pub(super) fn read(
    range: &mut Range<'_>,
    vector: &mut [f32],
    step: usize,
    (spread, blocks): (usize, usize),
    gain: f32,
) -> u32 {
    let (lines, pulses) = (vector.len(), pulses(step));
    let codeword = range.number(count(lines, pulses).wrapping_add(count(lines, pulses + 1)));
    let squares = place(codeword, pulses, vector);
    let mask = if blocks < 2 {
        1
    } else {
        let parts = vector.chunks_exact(lines / blocks);
        parts.enumerate().map(|(i, part)| u32::from(part.iter().any(|&x| x != 0.0)) << i).sum()
    };
    let scale = gain / squares.sqrt();
    for x in vector.iter_mut() {
        *x *= scale;
    }
    rotate(vector, pulses, spread, blocks);
    mask
}

/// Places the pulses of a codeword, and returns the sum of their squares.
fn place(mut codeword: u32, mut pulses: usize, vector: &mut [f32]) -> f32 {
    let mut squares = 0.0;
    let lines = vector.len();
    for (i, x) in vector.iter_mut().enumerate() {
        if pulses == 0 {
            *x = 0.0;
            continue;
        }
        let rest = lines - i;
        // Vectors without a pulse here come between those with a positive and those with a negative one.
        let negative = count(rest, pulses + 1);
        let is_negative = codeword >= negative;
        if is_negative {
            codeword -= negative;
        }
        let before = pulses;
        if rest == 1 {
            pulses = 0;
        } else {
            while count(rest, pulses) > codeword {
                pulses -= 1;
            }
            codeword -= count(rest, pulses);
        }
        let here = (before - pulses) as f32;
        squares += here * here;
        *x = if is_negative { -here } else { here };
    }
    squares
}

/// Spreads few pulses over their neighbours, in each of the blocks.
fn rotate(vector: &mut [f32], pulses: usize, spread: usize, blocks: usize) {
    let lines = vector.len();
    let Some(&factor) = [15, 10, 5].get(spread.wrapping_sub(1)) else { return };
    if 2 * pulses >= lines {
        return;
    }
    let part = lines as f32 / (lines + factor * pulses) as f32;
    let (sine, cosine) = (FRAC_PI_2 * 0.5 * part * part).sin_cos();
    // Far neighbours are this far apart: about the square root of the length.
    let far = (lines >= 8 * blocks)
        .then(|| (1..).find(|far| (far * far + far) * blocks + (blocks >> 2) >= lines).unwrap_or(1));
    for block in vector.chunks_exact_mut(lines / blocks) {
        if let Some(far) = far {
            rotate_pairs(block, far, sine, cosine);
        }
        rotate_pairs(block, 1, cosine, sine);
    }
}

/// Turns each pair of values that are `apart`, up and down again.
fn rotate_pairs(block: &mut [f32], apart: usize, cosine: f32, sine: f32) {
    let pairs = block.len() - apart;
    let mut turn = |i: usize| {
        let (first, second) = (block[i], block[i + apart]);
        block[i + apart] = cosine * second + sine * first;
        block[i] = cosine * first - sine * second;
    };
    (0..pairs).for_each(&mut turn);
    (0..pairs.saturating_sub(apart)).rev().for_each(turn);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All vectors of so many lines and pulses, in the order of their codewords.
    fn vectors(lines: usize, pulses: i32) -> Vec<Vec<i32>> {
        if lines == 0 {
            return if pulses == 0 { vec![Vec::new()] } else { Vec::new() };
        }
        // Positive ones first, with few pulses left behind first, then none, then negative ones.
        let here = (1..=pulses).rev().chain([0]).chain((1..=pulses).rev().map(|x| -x));
        let behind = |x: i32| {
            vectors(lines - 1, pulses - x.abs()).into_iter().map(move |rest| [vec![x], rest].concat())
        };
        here.flat_map(behind).collect()
    }

    #[test]
    fn codewords_are_vectors_in_order() {
        for lines in 1..6 {
            for pulses in 1..6 {
                let vectors = vectors(lines, pulses);
                let k = pulses as usize;
                assert_eq!(count(lines, k) + count(lines, k + 1), vectors.len() as u32, "{lines}, {pulses}");
                for (codeword, expected) in vectors.iter().enumerate() {
                    let mut vector = vec![9.0; lines];
                    let squares = place(codeword as u32, k, &mut vector);
                    let expected: Vec<f32> = expected.iter().map(|&x| x as f32).collect();
                    assert_eq!(vector, expected, "{codeword} of {lines}, {pulses}");
                    assert_eq!(squares, expected.iter().map(|x| x * x).sum::<f32>());
                }
            }
        }
    }

    #[test]
    fn every_step_fits_its_codewords_and_costs_their_logarithm() {
        for &(lines, costs) in COSTS.iter().filter(|(lines, _)| *lines > 1) {
            for step in 1..=costs.len() {
                let k = pulses(step);
                assert!(k <= MOST_PULSES && lines.min(k + 1) < ROWS, "{lines}, {k}");
                // U(n, k) in numbers that are large enough.
                let mut row: Vec<u64> = (0..k as u64 + 2).map(|k| u64::from(k > 0)).collect();
                for _ in 1..lines {
                    let before = row.clone();
                    for k in 1..row.len() {
                        row[k] = before[k] + row[k - 1] + before[k - 1];
                    }
                }
                let all = row[k] + row[k + 1];
                assert_eq!(u64::from(count(lines, k)) + u64::from(count(lines, k + 1)), all, "{lines}, {k}");
                assert!(all <= 1 << 32);
                let bits = (all as f64).log2() * 8.0;
                assert!((f64::from(cost(lines, step)) - bits).abs() < 1.1, "{lines}, {k}: {bits}");
            }
        }
    }

    #[test]
    fn the_nearest_step_is_found() {
        for &(lines, costs) in COSTS.iter().filter(|(lines, _)| *lines > 1) {
            for bits in -20..2_100 {
                let step = nearest_step(lines, bits);
                let off = |step: usize| (bits - cost(lines, step)).abs();
                assert!((0..=costs.len()).all(|other| off(step) <= off(other)), "{lines}, {bits}: {step}");
            }
        }
    }

    #[test]
    fn vectors_have_their_length_and_say_which_blocks_have_pulses() {
        let mut random = fastrand::Rng::with_seed(2);
        for (lines, blocks) in [(2, 1), (8, 1), (8, 2), (32, 4), (176, 1), (176, 8), (96, 2)] {
            for step in 1..=STEPS[lines].len() {
                let data: Vec<u8> = (0..40).map(|_| random.u8(..)).collect();
                for spread in 0..4 {
                    let mut vector = vec![0.0; lines];
                    let mut range = Range::new(&data);
                    let mask = read(&mut range, &mut vector, step, (spread, blocks), 0.5);
                    let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                    assert!((length - 0.5).abs() < 1e-5, "{lines}, {step}: {length}");
                    for (i, block) in vector.chunks_exact(lines / blocks).enumerate() {
                        assert_eq!(blocks > 1 && mask >> i & 1 == 0, block.iter().all(|&x| x == 0.0));
                    }
                    let mut skipped = Range::new(&data);
                    skip(&mut skipped, lines, step);
                    assert_eq!(skipped.used_eighths(), range.used_eighths());
                }
            }
        }
    }
}
