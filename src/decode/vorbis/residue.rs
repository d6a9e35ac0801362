//! Residues: the fine structure of spectra, as vectors of codebooks (8).
use super::bits::Bits;
use super::book::Book;
use crate::decode::damage::{Damage, Result, ensure};

/// How often a partition may be refined.
const PASSES: usize = 8;

/// The most classes of all codewords together. Encoders have a tenth.
const MAX_CLASSES: usize = 1 << 18;

/// The setup of a residue.
pub(super) struct Residue {
    kind: u32,
    begin: usize,
    end: usize,
    partition: usize,
    class_book: usize,
    /// How many partitions a codeword of the class book describes.
    together: usize,
    /// Their classes, codeword after codeword.
    classes: Vec<u8>,
    /// The book of each class, pass after pass.
    books: [Vec<Option<u8>>; PASSES],
    /// The last pass in which each class has a book; 0 if it has none.
    last_passes: Vec<usize>,
}

/// The vectors of one packet that a residue fills.
pub(super) struct Target<'a> {
    pub vectors: &'a mut [Vec<f32>],
    /// How long they are.
    pub len: usize,
    /// How many values of each are wanted. There may be others in what follows.
    pub wanted: usize,
    /// Whether nothing follows in the packet.
    pub last: bool,
}

impl Residue {
    pub fn read(bits: &mut Bits, books: &[Book]) -> Result<Residue> {
        let kind = bits.take(16);
        ensure(kind <= 2, "Vorbis: an unknown kind of residue")?;
        let (begin, end) = (bits.size(24), bits.size(24));
        let partition = bits.size(24) + 1;
        let count = bits.size(6) + 1;
        let class_book = bits.size(8);
        let cascades: Vec<u32> = (0..count)
            .map(|_| {
                let low = bits.take(3);
                if bits.flag() { low | bits.take(5) << 3 } else { low }
            })
            .collect();
        let mut all = [const { Vec::new() }; PASSES];
        let mut last_passes = Vec::new();
        for cascade in cascades {
            for (pass, of_pass) in all.iter_mut().enumerate() {
                let number = if cascade >> pass & 1 == 1 { Some(bits.take(8) as u8) } else { None };
                let known =
                    |number: u8| books.get(usize::from(number)).is_some_and(|book| book.vectors.is_some());
                ensure(number.is_none_or(known), "Vorbis: a residue without its codebook")?;
                of_pass.push(number);
            }
            last_passes.push(cascade.checked_ilog2().unwrap_or(0) as usize);
        }
        bits.check()?;
        let described = books.get(class_book).filter(|book| book.dimensions > 0);
        let described = described.ok_or(Damage("Vorbis: a residue without its codebook"))?;
        let together = described.dimensions;
        let classes = classes(described.entries, together, count)?;
        Ok(Residue { kind, begin, end, partition, class_book, together, classes, books: all, last_passes })
    }

    /// Whether all channels are in one vector, value after value.
    pub fn is_interleaved(&self) -> bool {
        self.kind == 2
    }

    /// How many values of a vector may change.
    pub fn reach(&self, wanted: usize, len: usize) -> usize {
        (wanted + self.partition).min(len)
    }

    /// Adds the residue to vectors of zeros. Where the packet ends, the rest stays as it is. `classes` is for its own use.
    pub fn fill(&self, bits: &mut Bits, books: &[Book], target: &mut Target, classes: &mut Vec<u8>) {
        let (begin, end) = (self.begin.min(target.len), self.end.min(target.len));
        let count = end.saturating_sub(begin) / self.partition;
        // Those that hold wanted values.
        let wanted = target.wanted.saturating_sub(begin).div_ceil(self.partition).min(count);
        if count == 0 || target.vectors.is_empty() || target.last && wanted == 0 {
            return;
        }
        // Room for the classes of a last codeword that describes more than there is.
        let row = count.next_multiple_of(self.together);
        classes.clear();
        classes.resize(row * target.vectors.len(), 0);
        let only = self.last_passes.iter().all(|&pass| pass == 0);
        let end = if target.last && only { wanted } else { count };
        if self.first_pass(bits, books, target, classes, [row, end, wanted]).is_none() || only {
            return;
        }
        // Nothing that follows the last wanted partition of the last pass with wanted partitions has to be read.
        let last = self.last_pass(classes, row, if target.last { wanted } else { count });
        for pass in 1..=last {
            let end = if target.last && pass == last { wanted } else { count };
            for partition in 0..end {
                let done = self.partitions(bits, books, target, classes, [row, pass, partition, wanted]);
                if done.is_none() {
                    return;
                }
            }
        }
    }

    /// Reads the classes, and the vectors of the first pass.
    fn first_pass(
        &self,
        bits: &mut Bits,
        books: &[Book],
        target: &mut Target,
        classes: &mut [u8],
        [row, count, wanted]: [usize; 3],
    ) -> Option<()> {
        for group in (0..count).step_by(self.together) {
            for classes in classes.chunks_exact_mut(row) {
                let entry = books[self.class_book].prefixes.read(bits)?;
                let known = &self.classes[entry * self.together..][..self.together];
                classes[group..group + self.together].copy_from_slice(known);
            }
            for partition in group..count.min(group + self.together) {
                self.partitions(bits, books, target, classes, [row, 0, partition, wanted])?;
            }
        }
        Some(())
    }

    /// Reads a partition of every vector, in one pass.
    #[inline(always)]
    fn partitions(
        &self,
        bits: &mut Bits,
        books: &[Book],
        target: &mut Target,
        classes: &[u8],
        [row, pass, partition, wanted]: [usize; 4],
    ) -> Option<()> {
        let of_pass = &self.books[pass];
        for (vector, classes) in target.vectors.iter_mut().zip(classes.chunks_exact(row)) {
            let Some(number) = of_pass[usize::from(classes[partition])] else { continue };
            let Book { prefixes, vectors: Some(vectors), .. } = &books[usize::from(number)] else { continue };
            if partition >= wanted {
                vectors.pass(bits, prefixes, self.partition, self.kind == 0)?;
                continue;
            }
            let first = self.begin + partition * self.partition;
            let sums = &mut vector[first..first + self.partition];
            match self.kind {
                0 => vectors.add_apart(bits, prefixes, sums)?,
                _ => vectors.add(bits, prefixes, sums)?,
            }
        }
        Some(())
    }

    /// The last pass in which one of the first partitions has a book.
    fn last_pass(&self, classes: &[u8], row: usize, first: usize) -> usize {
        let used = classes.chunks_exact(row).flat_map(|classes| &classes[..first]);
        used.map(|&class| self.last_passes[usize::from(class)]).max().unwrap_or(0)
    }
}

/// The classes that each codeword describes: a number whose digits they are, the first one the highest.
fn classes(entries: usize, together: usize, count: usize) -> Result<Vec<u8>> {
    let len = entries.saturating_mul(together);
    ensure(len <= MAX_CLASSES, "Vorbis: the codebooks are too large")?;
    let mut classes = vec![0; len];
    for (entry, classes) in classes.chunks_exact_mut(together).enumerate() {
        let mut rest = entry;
        for class in classes.iter_mut().rev() {
            *class = (rest % count) as u8;
            rest /= count;
        }
    }
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_digits() {
        let classes = classes(9, 2, 3).expect("few");
        let expected = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]];
        assert_eq!(classes.as_chunks::<2>().0, expected);
        assert!(super::classes(1 << 20, 1 << 10, 3).is_err());
    }
}
