//! Which bands trade resolution in frequency for resolution in time, or the other way (RFC 6716, section 4.3.1).
use super::range::Range;
use super::tables::{BANDS, LONGEST, WIDEST};

/// By the length of the frame, whether it has short blocks, and the choice of the frame: the changes of bands without and
/// with a mark. Above 0 for more frequencies, below for more moments.
const CHANGES: [[[[i32; 2]; 2]; 2]; LONGEST + 1] = [
    [[[0, -1], [0, -1]], [[0, -1], [0, -1]]],
    [[[0, -1], [0, -2]], [[1, 0], [1, -1]]],
    [[[0, -2], [0, -3]], [[2, 0], [1, -1]]],
    [[[0, -2], [0, -3]], [[3, 0], [1, -1]]],
];

/// Reads the change of each band: how often its resolution doubles.
pub(super) fn changes(
    range: &mut Range<'_>,
    end: usize,
    has_short_blocks: bool,
    scale: usize,
) -> [i32; BANDS] {
    let mut price = if has_short_blocks { 2 } else { 4 };
    let has_choice = scale > 0 && range.used() + price < range.bits();
    let budget = range.bits() - i32::from(has_choice);
    let (mut marks, mut is_marked, mut any) = ([false; BANDS], false, false);
    for mark in &mut marks[..end] {
        if range.used() + price <= budget {
            is_marked ^= range.bit(price.cast_unsigned());
            any |= is_marked;
        }
        *mark = is_marked;
        price = if has_short_blocks { 4 } else { 5 };
    }
    let [first, second] = CHANGES[scale][usize::from(has_short_blocks)];
    let differs = first[usize::from(any)] != second[usize::from(any)];
    let chosen = if has_choice && differs && range.bit(1) { second } else { first };
    marks.map(|mark| chosen[usize::from(mark)])
}

/// The Haar transform of neighbours that are `stride` apart.
pub(super) fn haar(lines: &mut [f32], stride: usize) {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    for pair in lines.chunks_exact_mut(2 * stride) {
        let (first, second) = pair.split_at_mut(stride);
        for (first, second) in first.iter_mut().zip(second) {
            let (a, b) = (SCALE * *first, SCALE * *second);
            (*first, *second) = (a + b, a - b);
        }
    }
}

/// Which of half as many blocks have something.
pub(super) fn join(mask: u32) -> u32 {
    (0..4).map(|i| u32::from((mask >> (2 * i)) & 3 != 0) << i).sum()
}

/// Which of twice as many blocks have something.
pub(super) fn unjoin(mask: u32) -> u32 {
    (0..4).map(|i| ((mask >> i) & 1) * (3 << (2 * i))).sum()
}

/// The order of the lines of several blocks.
pub(super) struct Order {
    pub blocks: usize,
    /// Whether the blocks come of one transform: they are sorted by frequency then.
    pub is_long: bool,
    /// Whether there is more than one block to sort.
    pub is_split: bool,
}

impl Order {
    /// Where the lines of each block go.
    fn place(&self, block: usize) -> usize {
        const PLACES: [&[usize]; 5] = [
            &[0],
            &[1, 0],
            &[3, 0, 2, 1],
            &[7, 0, 4, 3, 6, 1, 5, 2],
            &[15, 0, 8, 7, 12, 3, 11, 4, 14, 1, 9, 6, 13, 2, 10, 5],
        ];
        if self.is_long { PLACES[self.blocks.trailing_zeros() as usize][block] } else { block }
    }

    /// From line after line to block after block.
    pub fn by_block(&self, lines: &mut [f32]) {
        if !self.is_split {
            return;
        }
        let mut sorted = [0.0; WIDEST];
        let size = lines.len() / self.blocks;
        for block in 0..self.blocks {
            let to = self.place(block) * size;
            for (i, sorted) in sorted[to..to + size].iter_mut().enumerate() {
                *sorted = lines[i * self.blocks + block];
            }
        }
        lines.copy_from_slice(&sorted[..lines.len()]);
    }

    /// The other way.
    pub fn by_line(&self, lines: &mut [f32]) {
        if !self.is_split {
            return;
        }
        let mut sorted = [0.0; WIDEST];
        let size = lines.len() / self.blocks;
        for block in 0..self.blocks {
            let from = self.place(block) * size;
            for (i, &x) in lines[from..from + size].iter().enumerate() {
                sorted[i * self.blocks + block] = x;
            }
        }
        lines.copy_from_slice(&sorted[..lines.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_sorted_and_sorted_back() {
        for blocks in [2, 4, 8, 16] {
            for is_long in [false, true] {
                let order = Order { blocks, is_long, is_split: true };
                let lines: Vec<f32> = (0..5 * blocks).map(|i| i as f32).collect();
                let mut sorted = lines.clone();
                order.by_block(&mut sorted);
                for (at, block) in sorted.chunks_exact(5).enumerate() {
                    // The lines of one block follow each other.
                    assert!(block.windows(2).all(|pair| pair[1] - pair[0] == blocks as f32), "{blocks}");
                    assert!(is_long || block[0] == at as f32);
                }
                order.by_line(&mut sorted);
                assert_eq!(sorted, lines);
            }
        }
    }

    #[test]
    fn the_haar_transform_undoes_itself() {
        let lines: Vec<f32> = (0..48).map(|i| (i as f32 * 0.9).sin()).collect();
        for stride in [1, 2, 4, 8] {
            let mut changed = lines.clone();
            haar(&mut changed, stride);
            assert!((changed[0] - (lines[0] + lines[stride]) * std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
            haar(&mut changed, stride);
            assert!(changed.iter().zip(&lines).all(|(a, b)| (a - b).abs() < 1e-6), "{stride}");
        }
    }

    #[test]
    fn masks_of_half_and_of_twice_as_many_blocks() {
        for mask in 0..256_u32 {
            for block in 0..4 {
                let pair = (mask >> (2 * block)) & 3;
                assert_eq!((join(mask) >> block) & 1 == 1, pair != 0);
            }
        }
        for mask in 0..16 {
            assert_eq!(join(unjoin(mask)), mask);
            assert!((0..4).all(|block| [0, 3].contains(&((unjoin(mask) >> (2 * block)) & 3))));
        }
    }
}
