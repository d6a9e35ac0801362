//! Codebooks: codewords, and the vectors that they stand for (3.2).
use super::bits::Bits;
use super::numbers::{bits_of, float, root};
use super::prefixes::Prefixes;
use super::vectors::Vectors;
use crate::decode::damage::{Damage, Result, ensure};

/// What all books of a track may have together. Those of real encoders have a hundredth.
pub(super) struct Allowance {
    pub entries: usize,
    pub values: usize,
}

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance { entries: 1 << 20, values: 1 << 22 }
    }
}

impl Allowance {
    /// Takes from what is left.
    fn spend(left: &mut usize, count: usize) -> Result<()> {
        *left = left.checked_sub(count).ok_or(Damage("Vorbis: the codebooks are too large"))?;
        Ok(())
    }
}

/// A codebook.
pub(super) struct Book {
    pub prefixes: Prefixes,
    /// None for a book whose entries are numbers alone.
    pub vectors: Option<Vectors>,
    pub dimensions: usize,
    pub entries: usize,
}

impl Book {
    pub fn read(bits: &mut Bits, left: &mut Allowance) -> Result<Book> {
        ensure(bits.take(24) == 0x56_4342, "Vorbis: a codebook does not begin as one")?;
        let dimensions = bits.size(16);
        let entries = bits.take(24);
        Allowance::spend(&mut left.entries, entries as usize)?;
        let lengths = if bits.flag() { ordered(bits, entries)? } else { unordered(bits, entries)? };
        bits.check()?;
        let prefixes = Prefixes::new(&lengths)?;
        let vectors = match bits.take(4) {
            0 => None,
            kind @ (1 | 2) => {
                ensure(dimensions > 0, "Vorbis: a codebook without dimensions")?;
                Allowance::spend(&mut left.values, (entries as usize).saturating_mul(dimensions))?;
                Some(values(bits, kind, entries, dimensions)?)
            }
            _ => return Err(Damage("Vorbis: an unknown kind of codebook")),
        };
        bits.check()?;
        let vectors = vectors.map(|values| Vectors::new(values, dimensions, &prefixes));
        Ok(Book { prefixes, vectors, dimensions, entries: entries as usize })
    }
}

/// The lengths of codewords that become longer from entry to entry.
fn ordered(bits: &mut Bits, entries: u32) -> Result<Vec<u8>> {
    let mut lengths = Vec::new();
    let mut length = bits.take(5) as u8 + 1;
    while (lengths.len() as u32) < entries {
        let left = entries - lengths.len() as u32;
        let count = bits.take(bits_of(left));
        ensure(count <= left && length <= 32, "Vorbis: too many codewords")?;
        lengths.resize(lengths.len() + count as usize, length);
        length += 1;
    }
    Ok(lengths)
}

/// The lengths of codewords one by one.
fn unordered(bits: &mut Bits, entries: u32) -> Result<Vec<u8>> {
    let sparse = bits.flag();
    let mut length = || if sparse && !bits.flag() { 0 } else { bits.take(5) as u8 + 1 };
    Ok((0..entries).map(|_| length()).collect())
}

/// The vectors of all entries, one after the other.
fn values(bits: &mut Bits, kind: u32, entries: u32, dimensions: usize) -> Result<Vec<f32>> {
    let (least, step) = (float(bits.take(32)), float(bits.take(32)));
    let width = bits.take(4) + 1;
    let sequence = bits.flag();
    let (entries, per_place) = (entries as usize, root(entries, dimensions as u32) as usize);
    let count = if kind == 1 { per_place } else { entries * dimensions };
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        numbers.push(bits.take(width) as f32 * step + least);
    }
    bits.check()?;
    let mut values = Vec::with_capacity(entries * dimensions);
    for entry in 0..entries {
        let (mut before, mut rest) = (0.0, entry);
        for place in 0..dimensions {
            let number = match kind {
                1 => numbers[rest % per_place],
                _ => numbers[entry * dimensions + place],
            };
            rest /= per_place.max(1);
            let value = number + before;
            if sequence {
                before = value;
            }
            values.push(value);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::bits::Packet;
    use super::*;

    /// Writes numbers with their widths, the lowest bit first.
    fn packed(numbers: &[(u32, u32)]) -> Packet {
        let mut bits = Vec::new();
        for &(number, width) in numbers {
            bits.extend((0..width).map(|bit| number >> bit & 1));
        }
        let bytes: Vec<u8> = bits
            .chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0, |sum, (i, &bit)| sum | (bit << i) as u8))
            .collect();
        let mut packet = Packet::default();
        packet.fill(&bytes);
        packet
    }

    const ONE: u32 = 788 << 21 | 1;
    const MINUS_ONE: u32 = 1 << 31 | ONE;

    #[test]
    fn vectors_of_both_kinds() {
        // Four entries of two dimensions, lengths in order: four of two bits.
        let head = [(0x56_4342, 24), (2, 16), (4, 24), (1, 1), (1, 5), (4, 3)];
        let lattice = [(1, 4), (MINUS_ONE, 32), (ONE, 32), (1, 4), (0, 1), (0, 2), (2, 2)];
        let packet = packed(&[&head[..], &lattice].concat());
        let book = Book::read(&mut packet.bits(), &mut Allowance::default()).expect("a book");
        let vectors = book.vectors.expect("vectors");
        assert_eq!(vectors.all(), [-1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
        // One by one, each place on top of the one before.
        let mut list = vec![(2, 4), (ONE, 32), (ONE, 32), (3, 4), (1, 1)];
        list.extend((0..8).map(|n| (n, 4)));
        let packet = packed(&[&head[..], &list].concat());
        let book = Book::read(&mut packet.bits(), &mut Allowance::default()).expect("a book");
        let vectors = book.vectors.expect("vectors");
        assert_eq!(vectors.all(), [1.0, 3.0, 3.0, 7.0, 5.0, 11.0, 7.0, 15.0]);
    }

    #[test]
    fn hostile_books_are_refused() {
        let refused = |numbers: &[(u32, u32)]| {
            let packet = packed(numbers);
            Book::read(&mut packet.bits(), &mut Allowance::default()).is_err()
        };
        // 16 million entries in a few bytes; 65,535 dimensions; no dimension; no beginning.
        assert!(refused(&[(0x56_4342, 24), (1, 16), (0x80_0000, 24), (1, 1), (22, 5), (0x80_0000, 24)]));
        let lengths = [(1, 1), (9, 5), (1024, 11)];
        let tail = [(1, 4), (ONE, 32), (ONE, 32), (0, 4), (0, 1), (1, 1)];
        let head = |dimensions| [(0x56_4342, 24), (dimensions, 16), (1024, 24)];
        assert!(refused(&[&head(65_535)[..], &lengths, &tail].concat()));
        assert!(refused(&[&head(0)[..], &lengths, &tail].concat()));
        assert!(!refused(&[&head(1_000)[..], &lengths, &tail].concat()));
        assert!(refused(&[(0x56_4343, 24)]));
        assert!(refused(&[&head(1)[..], &lengths, &[(3, 4)]].concat()));
    }
}
