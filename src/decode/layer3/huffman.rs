//! Decodes the quantised lines of a granule.
use std::sync::LazyLock;

use super::bits::Bits;
use super::block::LINES;
use super::leaves;
use super::side_info::Part;

/// So many bits of a code are looked up at once. Longer codes take a second look.
const FIRST: u32 = 9;

/// An entry that leads to a second table.
const LINK: u32 = 1 << 31;

/// The longest code.
const LONGEST: u32 = 24;

/// A line has at most 15 plus 13 bits.
const VALUES: usize = 16 + (1 << 13);

pub(super) struct Tables {
    /// By number. Tables 0, 4 and 14 have no code: all their lines are 0.
    pairs: [Option<Code>; 32],
    quads: [Code; 2],
    /// Every value to the power of 4/3.
    powers: Box<[f32]>,
}

pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let pairs = std::array::from_fn(|number| {
        let leaves: &[u16] = match number {
            1 => &leaves::PAIRS_1,
            2 => &leaves::PAIRS_2,
            3 => &leaves::PAIRS_3,
            5 => &leaves::PAIRS_5,
            6 => &leaves::PAIRS_6,
            7 => &leaves::PAIRS_7,
            8 => &leaves::PAIRS_8,
            9 => &leaves::PAIRS_9,
            10 => &leaves::PAIRS_10,
            11 => &leaves::PAIRS_11,
            12 => &leaves::PAIRS_12,
            13 => &leaves::PAIRS_13,
            15 => &leaves::PAIRS_15,
            16..24 => &leaves::PAIRS_16,
            24.. => &leaves::PAIRS_24,
            _ => return None,
        };
        const MORE: [u32; 16] = [1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11, 13];
        Some(Code::new(leaves, if number < 16 { 0 } else { MORE[number - 16] }))
    });
    Tables {
        pairs,
        quads: [Code::new(&leaves::QUADS_A, 0), Code::new(&leaves::QUADS_B, 0)],
        powers: (0..VALUES).map(|value| (value as f64).powf(4.0 / 3.0) as f32).collect(),
    }
});

struct Code {
    /// Of a leaf: the length of the code (times 256) and the values. Of a link: the place of the second table and the
    /// number of bits that choose in it (times 65,536).
    entries: Vec<u32>,
    /// A value of 15 has so many more bits.
    more: u32,
}

impl Code {
    fn new(leaves: &[u16], more: u32) -> Code {
        let mut entries = vec![0; 1 << FIRST];
        let (mut at, mut rest) = (0u32, leaves);
        while let [leaf, after @ ..] = rest {
            let len = u32::from(leaf >> 8);
            let place = (at >> (LONGEST - FIRST)) as usize;
            if len <= FIRST {
                entries[place..place + (1 << (FIRST - len))].fill(u32::from(*leaf));
                at += 1 << (LONGEST - len);
                rest = after;
                continue;
            }
            // All leaves with the same first bits have a table of their own.
            let end = ((place as u32) + 1) << (LONGEST - FIRST);
            let mut ends = at;
            let group = rest.iter().take_while(|&&leaf| {
                let before = ends < end;
                ends += 1 << (LONGEST - u32::from(leaf >> 8));
                before
            });
            let group = &rest[..group.count()];
            let bits = group.iter().map(|leaf| u32::from(leaf >> 8) - FIRST).max().unwrap_or(0);
            entries[place] = LINK | bits << 16 | entries.len() as u32;
            for leaf in group {
                let len = u32::from(leaf >> 8);
                entries.extend(std::iter::repeat_n(u32::from(*leaf), 1 << (bits + FIRST - len)));
                at += 1 << (LONGEST - len);
            }
            rest = &rest[group.len()..];
        }
        Code { entries, more }
    }

    /// The leaf whose code these bits begin with.
    #[inline(always)]
    fn leaf(&self, bits: u64) -> u32 {
        let entry = self.entries[(bits >> (64 - FIRST)) as usize];
        if entry & LINK == 0 {
            return entry;
        }
        let more = entry >> 16 & 0xff;
        self.entries[(entry & 0xffff) as usize + ((bits << FIRST) >> (64 - more)) as usize]
    }
}

/// Takes the sign, which follows a value that is not 0, from the highest bit.
#[inline(always)]
fn signed(power: f32, bits: u64) -> f32 {
    f32::from_bits(power.to_bits() | (bits >> 32) as u32 & 1 << 31)
}

/// Decodes lines up to `limit` or a few more, as their power of 4/3 with the sign. The code ends at the bit `end`. The
/// lines after those decoded become 0; returns how many there are before.
pub(super) fn lines(
    tables: &Tables,
    bits: &mut Bits,
    end: usize,
    part: &Part,
    limit: usize,
    lines: &mut [f32; LINES],
) -> usize {
    let pairs = 2 * part.pairs;
    let mut at = 0;
    for (region, start_of_next) in [part.starts[0], part.starts[1], LINES].into_iter().enumerate() {
        let upto = start_of_next.min(pairs).min(limit).max(at);
        match &tables.pairs[part.tables[region]] {
            None => {
                lines[at..upto].fill(0.0);
                at = upto;
            }
            Some(code) => at += region_of_pairs(code, &tables.powers, bits, end, &mut lines[at..upto]),
        }
    }
    let quads = &tables.quads[part.quads];
    // A large region may have ended early.
    while at < limit && at <= LINES - 4 && bits.at < end {
        let mut word = bits.peek();
        let leaf = quads.leaf(word);
        let len = leaf >> 8;
        (word, bits.at) = (word << len, bits.at + len as usize);
        for (i, line) in lines[at..at + 4].iter_mut().enumerate() {
            let one = leaf >> (3 - i) & 1;
            *line = signed(one as f32, word);
            (word, bits.at) = (word << one, bits.at + one as usize);
        }
        at += 4;
    }
    // Some encoders fill up with bits that are no code.
    if bits.at > end && at > pairs {
        at -= 4;
    }
    lines[at..].fill(0.0);
    at
}

/// Returns how many lines were decoded before `end`.
fn region_of_pairs(code: &Code, powers: &[f32], bits: &mut Bits, end: usize, lines: &mut [f32]) -> usize {
    let mut done = 0;
    for pair in lines.as_chunks_mut::<2>().0 {
        if bits.at >= end {
            break;
        }
        // At most 19 bits of code, and twice 13 bits and a sign.
        let mut word = bits.peek();
        let leaf = code.leaf(word);
        let len = leaf >> 8;
        (word, bits.at) = (word << len, bits.at + len as usize);
        for (value, line) in [leaf >> 4 & 15, leaf & 15].into_iter().zip(pair) {
            let mut value = value as usize;
            if value == 15 && code.more > 0 {
                value += (word >> (64 - code.more)) as usize;
                (word, bits.at) = (word << code.more, bits.at + code.more as usize);
            }
            *line = signed(powers[value], word);
            let sign = usize::from(value > 0);
            (word, bits.at) = (word << sign, bits.at + sign);
        }
        done += 2;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a code bit by bit: the leaves in order are the codes in order.
    fn slow(leaves: &[u16], bits: u64) -> u32 {
        let (mut at, wanted) = (0u64, bits >> 40);
        for &leaf in leaves {
            at += 1 << (24 - (leaf >> 8));
            if wanted < at {
                return leaf.into();
            }
        }
        unreachable!("the code is complete")
    }

    #[test]
    fn every_code_is_complete_and_looked_up() {
        let mut random = fastrand::Rng::with_seed(5);
        let all: [&[u16]; 17] = [
            &leaves::PAIRS_1,
            &leaves::PAIRS_2,
            &leaves::PAIRS_3,
            &leaves::PAIRS_5,
            &leaves::PAIRS_6,
            &leaves::PAIRS_7,
            &leaves::PAIRS_8,
            &leaves::PAIRS_9,
            &leaves::PAIRS_10,
            &leaves::PAIRS_11,
            &leaves::PAIRS_12,
            &leaves::PAIRS_13,
            &leaves::PAIRS_15,
            &leaves::PAIRS_16,
            &leaves::PAIRS_24,
            &leaves::QUADS_A,
            &leaves::QUADS_B,
        ];
        for leaves in all {
            assert_eq!(leaves.iter().map(|leaf| 1u64 << (24 - (leaf >> 8))).sum::<u64>(), 1 << 24);
            let code = Code::new(leaves, 0);
            // All codes, and any bits: every code of few zeros or ones is long.
            let mut at = 0u64;
            for &leaf in leaves {
                assert_eq!(code.leaf(at << 40), u32::from(leaf));
                at += 1 << (24 - (leaf >> 8));
                assert_eq!(code.leaf((at << 40).wrapping_sub(1)), u32::from(leaf));
            }
            for _ in 0..1_000 {
                let bits = random.u64(..) >> random.u32(..30);
                assert_eq!(code.leaf(bits), slow(leaves, bits));
            }
        }
    }
}
