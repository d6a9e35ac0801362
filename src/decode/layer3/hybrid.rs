//! From lines to samples of subbands: the reduction of aliases, and the inverse MDCT with its windows.
//!
//! All subbands go through the same sums, so that the compiler makes vectors of them.
use std::f64::consts::PI;
use std::sync::LazyLock;

use super::bands::Bands;
use super::block::{Block, LINES};

/// One sample of each of the kept subbands.
pub(super) type Slot<const B: usize> = [f32; B];

/// The samples of a subband in a granule, and the lines that they are made of.
pub(super) const SLOTS: usize = 18;

static PLAN: LazyLock<Plan> = LazyLock::new(Plan::new);

struct Plan {
    /// Of a long block: the first halves of both halves of the output, whose other halves mirror them.
    long: [[[f32; SLOTS]; 9]; 2],
    /// The same of each of three short blocks.
    short: [[[f32; 6]; 3]; 2],
    /// The windows of long blocks: the usual one, before a short block, and after one.
    windows: [[f32; 2 * SLOTS]; 3],
    short_window: [f32; 12],
    /// The factors of the reduction of aliases.
    alias: [[f32; 2]; 8],
}

impl Plan {
    fn new() -> Plan {
        // Sample `i` of `n`, of line `k`.
        let cosine = |n: usize, i: usize, k: usize| {
            ((2 * i + 1 + n / 2) as f64 * (2 * k + 1) as f64 * PI / (2 * n) as f64).cos() as f32
        };
        let sine = |i: usize, n: usize| (PI / n as f64 * (i as f64 + 0.5)).sin() as f32;
        let usual = |i: usize| sine(i, 36);
        let falling = |i: usize| match i {
            ..18 => usual(i),
            18..24 => 1.0,
            24..30 => sine(i - 18, 12),
            _ => 0.0,
        };
        Plan {
            long: [0, 18]
                .map(|half| std::array::from_fn(|i| std::array::from_fn(|k| cosine(36, half + i, k)))),
            short: [0, 6]
                .map(|half| std::array::from_fn(|i| std::array::from_fn(|k| cosine(12, half + i, k)))),
            windows: [
                std::array::from_fn(usual),
                std::array::from_fn(falling),
                std::array::from_fn(|i| falling(35 - i)),
            ],
            short_window: std::array::from_fn(|i| sine(i, 12)),
            alias: [-0.6f64, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037].map(|c| {
                let root = (1.0 + c * c).sqrt();
                [(1.0 / root) as f32, (c / root) as f32]
            }),
        }
    }
}

/// Turns the lines of a channel of a granule, which change on the way, into samples of the lowest `B` subbands. `overlap`
/// is what the granule before has left for this one.
pub(super) fn samples<const B: usize>(
    block: Block,
    bands: &Bands,
    lines: &mut [f32; LINES],
    overlap: &mut [Slot<B>; SLOTS],
    slots: &mut [Slot<B>],
) {
    let plan = &*PLAN;
    let edges = match block {
        Block::Short => 0,
        Block::Mixed => 1,
        Block::Long | Block::Start | Block::End => B,
    };
    for edge in (1..=edges).map(|subband| SLOTS * subband) {
        let (below, above) = lines[edge - 8..edge + 8].split_at_mut(8);
        for ((below, above), [keep, cross]) in below.iter_mut().rev().zip(above).zip(plan.alias) {
            (*below, *above) = (*below * keep - *above * cross, *above * keep + *below * cross);
        }
    }
    // Line by line, all subbands at once.
    let mut columns = [[0.0; B]; SLOTS];
    for (subband, lines) in lines.as_chunks::<SLOTS>().0.iter().take(B).enumerate() {
        for (column, &line) in columns.iter_mut().zip(lines) {
            column[subband] = line;
        }
    }
    let mut output = [[0.0; B]; 2 * SLOTS];
    match block {
        Block::Long => long(plan, 0, &columns, &mut output),
        Block::Start => long(plan, 1, &columns, &mut output),
        Block::End => long(plan, 2, &columns, &mut output),
        Block::Short | Block::Mixed => {
            short(plan, &windows_apart(bands, lines), &mut output);
            if block == Block::Mixed {
                let mut of_long = [[0.0; B]; 2 * SLOTS];
                long(plan, 0, &columns, &mut of_long);
                for (output, of_long) in output.iter_mut().zip(&of_long) {
                    output[..2].copy_from_slice(&of_long[..2]);
                }
            }
        }
    }
    for (((slot, output), overlap), inverts) in
        slots.iter_mut().zip(&output).zip(overlap.iter()).zip([false, true].into_iter().cycle())
    {
        for (subband, sample) in slot.iter_mut().enumerate() {
            let sum = output[subband] + overlap[subband];
            // Odd subbands run backwards in frequency.
            *sample = if inverts && subband % 2 == 1 { -sum } else { sum };
        }
    }
    overlap.copy_from_slice(&output[SLOTS..]);
}

/// The lines of a short block, which come band by band and window by window, as columns of three windows.
fn windows_apart<const B: usize>(bands: &Bands, lines: &[f32; LINES]) -> [Slot<B>; SLOTS] {
    let mut columns = [[0.0; B]; SLOTS];
    for three in bands.edges[bands.long..].windows(4).step_by(3) {
        let (start, width) = (three[0], three[1] - three[0]);
        for i in 0..width {
            let (subband, column) = ((start + 3 * i) / SLOTS, (start + 3 * i) % SLOTS);
            if subband >= B {
                return columns;
            }
            for window in 0..3 {
                columns[column + window][subband] = lines[start + window * width + i];
            }
        }
    }
    columns
}

fn long<const B: usize>(plan: &Plan, window: usize, columns: &[Slot<B>; SLOTS], output: &mut [Slot<B>; 36]) {
    let window = &plan.windows[window];
    for (half, sign) in [(0, -1.0), (1, 1.0)] {
        for (i, cosines) in plan.long[half].iter().enumerate() {
            let mut sums = [0.0; B];
            for (column, &cosine) in columns.iter().zip(cosines) {
                sums.iter_mut().zip(column).for_each(|(sum, x)| *sum += cosine * x);
            }
            let (at, mirrored) = (SLOTS * half + i, SLOTS * half + 17 - i);
            output[at] = sums.map(|sum| sum * window[at]);
            output[mirrored] = sums.map(|sum| sign * sum * window[mirrored]);
        }
    }
}

fn short<const B: usize>(plan: &Plan, columns: &[Slot<B>; SLOTS], output: &mut [Slot<B>; 36]) {
    let window = &plan.short_window;
    for block in 0..3 {
        for (half, sign) in [(0, -1.0), (1, 1.0)] {
            for (i, cosines) in plan.short[half].iter().enumerate() {
                let mut sums = [0.0; B];
                for (column, &cosine) in columns[block..].iter().step_by(3).zip(cosines) {
                    sums.iter_mut().zip(column).for_each(|(sum, x)| *sum += cosine * x);
                }
                for (at, sign) in [(6 * half + i, 1.0), (6 * half + 5 - i, sign)] {
                    let weight = sign * window[at];
                    let output = &mut output[6 + 6 * block + at];
                    output.iter_mut().zip(sums).for_each(|(out, sum)| *out += weight * sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bands::BandsOfRate;
    use super::*;

    /// The formulas of the standard, for one subband: 36 samples of 18 lines.
    fn by_formula(kind: usize, lines: &[f64]) -> Vec<f64> {
        let imdct = |lines: Vec<f64>| {
            let n = 2 * lines.len();
            let angle = |i: usize, k: usize| PI / (2 * n) as f64 * ((2 * i + 1 + n / 2) * (2 * k + 1)) as f64;
            let sample = |i| lines.iter().enumerate().map(|(k, x)| x * angle(i, k).cos()).sum::<f64>();
            (0..n).map(sample).collect::<Vec<f64>>()
        };
        let sine = |i: f64, n: f64| (PI / n * (i + 0.5)).sin();
        if kind == 2 {
            let mut output = vec![0.0; 36];
            for window in 0..3 {
                let short = imdct(lines.iter().copied().skip(window).step_by(3).collect());
                for (i, sample) in short.into_iter().enumerate() {
                    output[6 + 6 * window + i] += sample * sine(i as f64, 12.0);
                }
            }
            return output;
        }
        let window = |i: usize| match (kind, i) {
            (1, 18..24) | (3, 12..18) => 1.0,
            (1, 24..30) => sine(i as f64 - 18.0, 12.0),
            (1, 30..) | (3, ..6) => 0.0,
            (3, 6..12) => sine(i as f64 - 6.0, 12.0),
            _ => sine(i as f64, 36.0),
        };
        imdct(lines.to_vec()).into_iter().enumerate().map(|(i, sample)| sample * window(i)).collect()
    }

    /// The order of a short block's lines by the standard: by frequency, three windows side by side.
    fn reordered(bands: &Bands, lines: &[f64]) -> Vec<f64> {
        let mut ordered = lines.to_vec();
        for three in bands.edges[bands.long..].windows(4).step_by(3) {
            let width = three[1] - three[0];
            for i in 0..3 * width {
                ordered[three[0] + 3 * (i % width) + i / width] = lines[three[0] + i];
            }
        }
        ordered
    }

    fn check<const B: usize>(rate: usize) {
        let mut random = fastrand::Rng::with_seed(7);
        let bands = BandsOfRate::new(rate, B);
        let mut overlap = [[0.0f32; B]; SLOTS];
        let mut kept = vec![[0.0f64; SLOTS]; 32];
        for block in [Block::Long, Block::Start, Block::Short, Block::Mixed, Block::End, Block::Long] {
            let bands = bands.of(block);
            let mut lines: [f32; LINES] = std::array::from_fn(|_| 2.0 * random.f32() - 1.0);
            let mut exact = reordered(bands, &lines.map(f64::from));
            if !block.is_short() {
                exact = lines.map(f64::from).to_vec();
            }
            let edges = if block == Block::Mixed {
                1
            } else if block == Block::Short {
                0
            } else {
                31
            };
            for edge in 1..=edges {
                for (i, c) in
                    [-0.6f64, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037].iter().enumerate()
                {
                    let (below, above) = (18 * edge - 1 - i, 18 * edge + i);
                    let root = (1.0 + c * c).sqrt();
                    (exact[below], exact[above]) =
                        ((exact[below] - exact[above] * c) / root, (exact[above] + exact[below] * c) / root);
                }
            }
            let mut slots = [[0.0f32; B]; SLOTS];
            samples(block, bands, &mut lines, &mut overlap, &mut slots);
            for subband in 0..B {
                let kind = match block {
                    Block::Start => 1,
                    Block::Short => 2,
                    Block::Mixed if subband >= 2 => 2,
                    Block::End => 3,
                    _ => 0,
                };
                let output = by_formula(kind, &exact[18 * subband..18 * subband + 18]);
                for slot in 0..SLOTS {
                    let sign = if subband % 2 == 1 && slot % 2 == 1 { -1.0 } else { 1.0 };
                    let expected = sign * (output[slot] + kept[subband][slot]);
                    let found = f64::from(slots[slot][subband]);
                    assert!(
                        (found - expected).abs() < 1e-5,
                        "{block:?} {subband} {slot}: {found} {expected}"
                    );
                }
                kept[subband].copy_from_slice(&output[SLOTS..]);
            }
        }
    }

    #[test]
    fn samples_are_those_of_the_formulas() {
        for rate in 0..5 {
            check::<8>(rate);
            check::<16>(rate);
        }
    }
}
