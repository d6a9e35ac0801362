//! Reads scale factors, and applies them to the lines.
use std::sync::LazyLock;

use super::bands::Bands;
use super::bits::Bits;
use super::block::{Block, LINES};
use super::side_info::Part;

/// Bits of a scale factor in the lower and in the upper bands of MPEG-1.
const BITS: [[usize; 2]; 16] = [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
    [3, 0],
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 1],
    [3, 2],
    [3, 3],
    [4, 2],
    [4, 3],
];

/// The groups of long bands in which scale factors are taken over from the granule before.
const GROUPS: [usize; 5] = [0, 6, 11, 16, 21];

/// How many scale factors have each of four lengths in MPEG-2: for long, short and mixed blocks; first for a channel with
/// positions of intensity stereo.
const COUNTS: [[[usize; 4]; 3]; 6] = [
    [[7, 7, 7, 0], [12, 12, 12, 0], [6, 15, 12, 0]],
    [[6, 6, 6, 3], [12, 9, 9, 6], [6, 12, 9, 6]],
    [[8, 8, 5, 0], [15, 12, 9, 0], [6, 18, 9, 0]],
    [[6, 5, 5, 5], [9, 9, 9, 9], [6, 9, 9, 9]],
    [[6, 5, 7, 3], [9, 9, 12, 6], [6, 9, 12, 6]],
    [[11, 10, 0, 0], [18, 18, 0, 0], [15, 18, 0, 0]],
];

/// What is added to the scale factors of the upper bands if a granule says so.
const EMPHASIS: [u8; 22] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0];

/// Powers of the fourth root of 2, from the smallest that can occur to the largest.
static GAINS: LazyLock<Vec<f32>> =
    LazyLock::new(|| (LEAST..=MOST).map(|quarters| (f64::from(quarters) / 4.0).exp2() as f32).collect());

const LEAST: i32 = -MIDDLE - 8 * 7 - (255 << 2);
const MOST: i32 = 255 - MIDDLE;
/// The gain that leaves lines as they are.
const MIDDLE: i32 = 210;

/// Reads the scale factors of MPEG-1. Those that the granule before has as well are taken from `before`.
pub(super) fn read_first(bits: &mut Bits, part: &mut Part, before: Option<(&Part, &[bool; 4])>) {
    let [low, high] = BITS[part.compress];
    let mut read = |scales: &mut [u8], count: usize| {
        scales.iter_mut().for_each(|scale| *scale = bits.read(count) as u8);
    };
    if part.block.is_short() {
        let lower = if part.block == Block::Mixed { 17 } else { 18 };
        read(&mut part.scales[..lower], low);
        read(&mut part.scales[lower..lower + 18], high);
        return;
    }
    for (group, range) in GROUPS.windows(2).enumerate() {
        let scales = &mut part.scales[range[0]..range[1]];
        match before {
            Some((before, same)) if same[group] => scales.copy_from_slice(&before.scales[range[0]..range[1]]),
            _ => read(scales, if group < 2 { low } else { high }),
        }
    }
}

/// Reads the scale factors of MPEG-2, which are positions in a channel of intensity stereo.
pub(super) fn read_second(bits: &mut Bits, part: &mut Part, positions: bool) {
    let code = if positions { part.compress / 2 } else { part.compress };
    part.emphasis = !positions && code >= 500;
    let (row, lengths) = match (positions, code) {
        (true, ..180) => (0, [code / 36, code % 36 / 6, code % 6, 0]),
        (true, ..244) => (1, [(code - 180) / 16, (code - 180) / 4 % 4, (code - 180) % 4, 0]),
        (true, _) => (2, [(code - 244) / 3, (code - 244) % 3, 0, 0]),
        (false, ..400) => (3, [code / 80, code / 16 % 5, code / 4 % 4, code % 4]),
        (false, ..500) => (4, [(code - 400) / 20, (code - 400) / 4 % 5, (code - 400) % 4, 0]),
        (false, _) => (5, [(code - 500) / 3, (code - 500) % 3, 0, 0]),
    };
    let counts = COUNTS[row][match part.block {
        Block::Short => 1,
        Block::Mixed => 2,
        Block::Long | Block::Start | Block::End => 0,
    }];
    let mut scales = part.scales.iter_mut();
    for (length, count) in lengths.into_iter().zip(counts) {
        scales.by_ref().take(count).for_each(|scale| *scale = bits.read(length) as u8);
    }
}

/// Brings the lines of a channel to their level.
pub(super) fn apply(part: &Part, bands: &Bands, lines: &mut [f32; LINES]) {
    let gains = &*GAINS;
    for (band, edges) in bands.edges.windows(2).enumerate() {
        if edges[0] >= part.lines {
            break;
        }
        let mut scale = part.scales[band];
        let mut quarters = part.gain - MIDDLE;
        if band >= bands.long {
            quarters -= 8 * part.gain_of_window[(band - bands.long) % 3];
        } else if part.emphasis {
            scale += EMPHASIS[band];
        }
        quarters -= i32::from(scale) << part.step;
        let gain = gains[(quarters - LEAST) as usize];
        lines[edges[0]..edges[1].min(part.lines)].iter_mut().for_each(|line| *line *= gain);
    }
}
