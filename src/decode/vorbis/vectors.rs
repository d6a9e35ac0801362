//! The vectors of a codebook, and how partitions of them are read.
use super::bits::Bits;
use super::prefixes::{Prefixes, SHORT};

/// Vectors of all entries.
pub(super) struct Vectors {
    values: Vec<f32>,
    dimensions: usize,
    /// By the next [`SHORT`] bits: how many whole codewords they begin with, times 16, and how many bits these take.
    runs: Vec<u8>,
}

impl Vectors {
    /// Of values, entry after entry.
    pub fn new(values: Vec<f32>, dimensions: usize, prefixes: &Prefixes) -> Vectors {
        let run = |next: u64| {
            let (mut count, mut at) = (0, 0);
            while let Some((_, length)) = prefixes.find(next >> at)
                && at + length <= SHORT
            {
                (count, at) = (count + 1, at + length);
            }
            (count << 4 | at) as u8
        };
        Vectors { values, dimensions, runs: (0..1 << SHORT).map(run).collect() }
    }

    /// Adds the vectors of the next codewords to a partition, one after the other. Returns `None` where the packet ends.
    #[inline]
    pub fn add(&self, bits: &mut Bits, prefixes: &Prefixes, sums: &mut [f32]) -> Option<()> {
        match self.dimensions {
            1 => self.add_fixed::<1>(bits, prefixes, sums),
            2 => self.add_fixed::<2>(bits, prefixes, sums),
            4 => self.add_fixed::<4>(bits, prefixes, sums),
            8 => self.add_fixed::<8>(bits, prefixes, sums),
            dimensions => {
                for sums in sums.chunks_mut(dimensions) {
                    let entry = prefixes.read(bits)?;
                    let vector = &self.values[entry * dimensions..][..sums.len()];
                    sums.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
                }
                Some(())
            }
        }
    }

    fn add_fixed<const D: usize>(
        &self,
        bits: &mut Bits,
        prefixes: &Prefixes,
        sums: &mut [f32],
    ) -> Option<()> {
        let vectors = self.values.as_chunks::<D>().0;
        let (whole, rest) = sums.as_chunks_mut::<D>();
        for sums in whole {
            let vector = &vectors[prefixes.read(bits)?];
            sums.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        }
        if !rest.is_empty() {
            let vector = &vectors[prefixes.read(bits)?];
            rest.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        }
        Some(())
    }

    /// Adds the vectors of the next codewords to a partition, with the places of each apart from each other.
    pub fn add_apart(&self, bits: &mut Bits, prefixes: &Prefixes, sums: &mut [f32]) -> Option<()> {
        let apart = sums.len() / self.dimensions;
        for first in 0..apart {
            let entry = prefixes.read(bits)?;
            let vector = &self.values[entry * self.dimensions..][..self.dimensions];
            sums[first..].iter_mut().step_by(apart).zip(vector).for_each(|(sum, x)| *sum += x);
        }
        Some(())
    }

    /// Passes over the codewords of a partition of `len` values, `apart` or one after the other.
    #[inline]
    pub fn pass(&self, bits: &mut Bits, prefixes: &Prefixes, len: usize, apart: bool) -> Option<()> {
        let mut left = if apart { len / self.dimensions } else { len.div_ceil(self.dimensions) };
        while left > 0 {
            let run = self.runs[bits.peek() as usize & ((1 << SHORT) - 1)];
            let count = usize::from(run >> 4);
            if (1..=left).contains(&count) {
                bits.skip(u32::from(run & 15));
                left -= count;
                if bits.over() {
                    return None;
                }
            } else {
                prefixes.read(bits)?;
                left -= 1;
            }
        }
        Some(())
    }

    #[cfg(test)]
    pub fn all(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::Packet;
    use super::*;

    #[test]
    fn passing_over_reads_as_many_bits_as_adding() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut packet = Packet::default();
        for (lengths, dimensions) in [
            (vec![1u8, 1], 1),
            (vec![1, 2, 3, 3], 2),
            (vec![2, 2, 2, 3, 3], 3),
            (vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12], 4),
            (vec![5; 32], 8),
            (vec![0, 9, 0], 2),
        ] {
            let prefixes = Prefixes::new(&lengths).expect("codewords");
            let values = (0..lengths.len() * dimensions).map(|n| n as f32).collect();
            let vectors = Vectors::new(values, dimensions, &prefixes);
            for len in 0..40 {
                for apart in [false, true] {
                    let bytes: Vec<u8> = (0..random.usize(..40)).map(|_| random.u8(..)).collect();
                    packet.fill(&bytes);
                    let (mut adding, mut passing) = (packet.bits(), packet.bits());
                    let mut sums = vec![0.0; len];
                    let added = match apart {
                        true => vectors.add_apart(&mut adding, &prefixes, &mut sums),
                        false => vectors.add(&mut adding, &prefixes, &mut sums),
                    };
                    assert_eq!(vectors.pass(&mut passing, &prefixes, len, apart), added);
                    if added.is_some() {
                        assert_eq!(adding.take(20), passing.take(20));
                    }
                }
            }
        }
    }

    #[test]
    fn places_side_by_side_and_apart() {
        let prefixes = Prefixes::new(&[1, 1]).expect("codewords");
        let vectors = Vectors::new(vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0], 3, &prefixes);
        let mut packet = Packet::default();
        packet.fill(&[0b10]);
        let mut sums = [0.5; 6];
        vectors.add(&mut packet.bits(), &prefixes, &mut sums).expect("two codewords");
        assert_eq!(sums, [1.5, 2.5, 3.5, 10.5, 20.5, 30.5]);
        let mut sums = [0.0; 6];
        vectors.add_apart(&mut packet.bits(), &prefixes, &mut sums).expect("two codewords");
        assert_eq!(sums, [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
        // Three values of a second vector are cut off.
        let mut sums = [0.0; 4];
        vectors.add(&mut packet.bits(), &prefixes, &mut sums).expect("two codewords");
        assert_eq!(sums, [1.0, 2.0, 3.0, 10.0]);
    }
}
