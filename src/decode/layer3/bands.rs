//! Where scale factor bands begin, by rate.
use super::block::{Block, LINES};

/// Long blocks at 44.1, 48 and 32 kHz, then at 22.05 and 24 kHz.
const LONG: [[u16; 23]; 5] = [
    [0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342, 418, 576],
    [0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330, 384, 576],
    [0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448, 550, 576],
    [0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576],
    [0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464, 540, 576],
];

/// Each of the three windows of a short block.
const SHORT: [[u16; 14]; 5] = [
    [0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192],
    [0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192],
    [0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192],
    [0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192],
];

/// The bands of one kind of block, in the order in which their lines come: those of a short block window by window.
pub(super) struct Bands {
    /// One more than there are bands.
    pub edges: Vec<usize>,
    /// So many of them are long. The others come in threes.
    pub long: usize,
    /// The lines that are needed of the block.
    pub needed: usize,
}

/// The bands of long, short and mixed blocks.
pub(super) struct BandsOfRate {
    long: Bands,
    short: Bands,
    mixed: Bands,
    /// In a block of another window than the usual one, the second region of lines begins there.
    pub second_region: [usize; 2],
}

impl BandsOfRate {
    /// Of the rate with this index in the tables, when `subbands` of the 32 subbands are kept.
    pub(super) fn new(rate: usize, subbands: usize) -> BandsOfRate {
        let long: Vec<usize> = LONG[rate].iter().map(|&edge| edge.into()).collect();
        let short = SHORT[rate].map(usize::from);
        let threes = |from: usize| {
            let bands = short[from..].windows(2).flat_map(|band| {
                let width = band[1] - band[0];
                (0..3).map(move |window| 3 * band[0] + window * width)
            });
            bands.chain([LINES]).collect::<Vec<usize>>()
        };
        // The reduction of aliases takes eight lines from the subband above.
        let lines = 18 * subbands;
        let whole = short.iter().map(|edge| 3 * edge).find(|&edge| edge >= lines).unwrap_or(LINES);
        // The two lowest subbands of a mixed block are long.
        let switch = long.iter().position(|&edge| edge == 36).unwrap_or(0);
        let mixed = long[..switch].iter().copied().chain(threes(3)).collect();
        BandsOfRate {
            second_region: [36, long[8]],
            long: Bands { edges: long, long: 22, needed: (lines + 8).min(LINES) },
            short: Bands { edges: threes(0), long: 0, needed: whole },
            mixed: Bands { edges: mixed, long: switch, needed: whole },
        }
    }

    pub(super) fn of(&self, block: Block) -> &Bands {
        match block {
            Block::Short => &self.short,
            Block::Mixed => &self.mixed,
            Block::Long | Block::Start | Block::End => &self.long,
        }
    }

    /// Where the long band with this number begins.
    pub(super) fn start_of_long(&self, band: usize) -> usize {
        self.long.edges.get(band).copied().unwrap_or(LINES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_ascend_and_fill_the_block() {
        for rate in 0..5 {
            for subbands in [8, 16] {
                let of_rate = BandsOfRate::new(rate, subbands);
                let counts =
                    [(Block::Long, 22), (Block::Short, 39), (Block::Mixed, if rate < 3 { 38 } else { 36 })];
                for (block, count) in counts {
                    let bands = of_rate.of(block);
                    assert_eq!(bands.edges.len(), count + 1, "{rate} {block:?}");
                    assert!(bands.edges.is_sorted_by(|a, b| a < b) && bands.edges[count] == LINES);
                    assert!((bands.edges.len() - 1 - bands.long).is_multiple_of(3) || bands.long == 22);
                    assert!((18 * subbands..18 * subbands + 36).contains(&bands.needed), "{}", bands.needed);
                }
                assert_eq!(of_rate.mixed.edges[of_rate.mixed.long], 36);
                assert_eq!(of_rate.second_region, [36, if rate < 3 { 36 } else { 54 }]);
            }
        }
    }
}
