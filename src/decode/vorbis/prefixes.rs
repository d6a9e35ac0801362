//! Codewords to entries: one look at the next bits for short codewords, a search for long ones (3.2.1).
use super::bits::Bits;
use crate::decode::damage::{Result, ensure};

/// Codewords up to this length are found by one look.
pub(super) const SHORT: u32 = 10;

/// The longest codeword.
const LONGEST: usize = 32;

/// Finds the codeword that bits begin with.
pub(super) struct Prefixes {
    /// By the next bits, as many as the length of this allows: the entry times 64 plus the length of its codeword, or 0
    /// for a longer one.
    short: Vec<u32>,
    /// Longer codewords, their first bit at the top, in order, with their entries as above.
    long: Vec<(u32, u32)>,
}

impl Prefixes {
    /// From the length of each entry's codeword, 0 for entries without one.
    pub fn new(lengths: &[u8]) -> Result<Prefixes> {
        let used = lengths.iter().filter(|&&length| length > 0).count();
        if used <= 1 {
            // Any bit stands for a single entry.
            let entry =
                lengths.iter().position(|&length| length > 0).map_or(0, |entry| entry as u32) << 6 | 1;
            return Ok(Prefixes { short: vec![if used == 1 { entry } else { 0 }; 2], long: Vec::new() });
        }
        let longest = u32::from(lengths.iter().copied().max().unwrap_or(0));
        let looked = longest.min(SHORT);
        let (mut short, mut long) = (vec![0; 1 << looked], Vec::new());
        let mut tree = Tree::default();
        for (number, &length) in lengths.iter().enumerate().filter(|&(_, &length)| length > 0) {
            let codeword = tree.take(length)?;
            let (length, entry) = (u32::from(length), (number as u32) << 6 | u32::from(length));
            if length <= looked {
                let first = codeword.reverse_bits() as usize;
                short[first..].iter_mut().step_by(1 << length).for_each(|place| *place = entry);
            } else {
                long.push((codeword, entry));
            }
        }
        ensure(tree.is_full(), "Vorbis: codewords are missing")?;
        long.sort_unstable();
        Ok(Prefixes { short, long })
    }

    /// The entry of the codeword at the bottom of `next`, and the codeword's length. A book without codewords has none.
    #[inline(always)]
    pub fn find(&self, next: u64) -> Option<(usize, u32)> {
        // The length of the table is a power of two.
        let entry = self.short[next as usize & (self.short.len() - 1)];
        if entry != 0 { Some(((entry >> 6) as usize, entry & 63)) } else { self.find_long(next) }
    }

    #[inline(never)]
    fn find_long(&self, next: u64) -> Option<(usize, u32)> {
        let next = (next as u32).reverse_bits();
        let after = self.long.partition_point(|&(codeword, _)| codeword <= next);
        let entry = self.long.get(after.checked_sub(1)?)?.1;
        Some(((entry >> 6) as usize, entry & 63))
    }

    /// Reads one codeword. There is none in a book without codewords, and none where the packet has ended.
    #[inline(always)]
    pub fn read(&self, bits: &mut Bits) -> Option<usize> {
        let (entry, length) = self.find(bits.peek())?;
        bits.skip(length);
        if bits.over() { None } else { Some(entry) }
    }
}

/// What is left of the tree of codewords. Each takes the lowest place that is left at its depth.
struct Tree {
    /// At each depth the one node below which all is free, if there is one, its first bit at the top.
    free: [Option<u32>; LONGEST + 1],
}

impl Default for Tree {
    fn default() -> Tree {
        let mut free = [None; LONGEST + 1];
        free[0] = Some(0);
        Tree { free }
    }
}

impl Tree {
    fn take(&mut self, length: u8) -> Result<u32> {
        let length = usize::from(length).min(LONGEST);
        // The deepest free node is the lowest.
        let depth = (0..=length).rev().find(|&depth| self.free[depth].is_some());
        ensure(depth.is_some(), "Vorbis: too many codewords")?;
        let depth = depth.unwrap_or(0);
        let codeword = self.free[depth].take().unwrap_or(0);
        for below in depth + 1..=length {
            self.free[below] = Some(codeword | 1 << (LONGEST - below));
        }
        Ok(codeword)
    }

    fn is_full(&self) -> bool {
        self.free.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codewords as the specification describes them: each the lowest number that no other one begins with or continues.
    fn slow(lengths: &[u8]) -> Vec<(u64, u32, usize)> {
        let mut all: Vec<(u64, u32, usize)> = Vec::new();
        for (entry, length) in lengths.iter().map(|&length| u32::from(length)).enumerate() {
            let clash = |word: u64, &(other, other_length, _): &(u64, u32, usize)| {
                let common = length.min(other_length);
                word >> (length - common) == other >> (other_length - common)
            };
            let free = |&word: &u64| !all.iter().any(|other| clash(word, other));
            if length > 0 {
                all.push(((0..1 << length).find(free).expect("a free codeword"), length, entry));
            }
        }
        all
    }

    /// Lengths of a full tree with up to `most` leaves, with unused entries between.
    fn lengths(random: &mut fastrand::Rng, most: usize) -> Vec<u8> {
        let mut all = vec![1u8, 1];
        while all.len() < most {
            let split = random.usize(..all.len());
            if all[split] < 12 {
                all[split] += 1;
                all.push(all[split]);
            }
        }
        random.shuffle(&mut all);
        for _ in 0..random.usize(..4) {
            all.insert(random.usize(..all.len()), 0);
        }
        all
    }

    #[test]
    fn every_codeword_is_found_whatever_follows() {
        let mut random = fastrand::Rng::with_seed(5);
        for round in 0..24 {
            let lengths = lengths(&mut random, 2 + 2 * round);
            let prefixes = Prefixes::new(&lengths).expect("a full tree");
            for (word, length, entry) in slow(&lengths) {
                let first = word.reverse_bits() >> (64 - length);
                for rest in [0, u64::MAX, 0x5555_5555_5555_5555] {
                    assert_eq!(prefixes.find(first | rest << length), Some((entry, length)));
                }
            }
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        let prefixes = Prefixes::new(&[2, 4, 4, 4, 4, 2, 3, 3]).expect("a full tree");
        let words = ["00", "0100", "0101", "0110", "0111", "10", "110", "111"];
        for (entry, word) in words.iter().enumerate() {
            let bits = word.bytes().rev().fold(0, |sum, bit| sum << 1 | u64::from(bit - b'0'));
            assert_eq!(prefixes.find(bits), Some((entry, word.len() as u32)));
        }
    }

    #[test]
    fn long_codewords_are_found() {
        let lengths: Vec<u8> = (1..=32).chain([32]).collect();
        let prefixes = Prefixes::new(&lengths).expect("a full tree");
        for (entry, &length) in lengths.iter().enumerate() {
            let ones = if entry < 32 { (1u64 << entry) - 1 } else { 0xffff_ffff };
            assert_eq!(prefixes.find(ones), Some((entry, length.into())));
        }
    }

    #[test]
    fn odd_trees() {
        assert!(Prefixes::new(&[1, 1, 1]).is_err());
        assert!(Prefixes::new(&[1, 2]).is_err());
        assert!(Prefixes::new(&[2, 2, 2, 2, 32]).is_err());
        let single = Prefixes::new(&[0, 0, 7]).expect("one codeword");
        assert_eq!((single.find(0), single.find(1)), (Some((2, 1)), Some((2, 1))));
        for none in [&[][..], &[0, 0]] {
            assert_eq!(Prefixes::new(none).expect("no codewords").find(5), None);
        }
    }
}
