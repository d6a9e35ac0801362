//! Bits of a packet, the lowest of each byte first.
use crate::decode::damage::{Damage, Result};

/// How many zero bytes follow the packet in the buffer, so that eight bytes can be loaded from each of its positions.
const PADDING: usize = 8;

/// A packet with room behind it.
#[derive(Default)]
pub(super) struct Packet(Vec<u8>);

impl Packet {
    pub fn fill(&mut self, bytes: &[u8]) {
        self.0.clear();
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(&[0; PADDING]);
    }

    pub fn bits(&self) -> Bits<'_> {
        Bits { padded: &self.0, at: 0, end: 8 * self.0.len().saturating_sub(PADDING) }
    }
}

/// A position in a packet. Beyond the end all bits are 0, and [`Bits::check`] fails.
pub(super) struct Bits<'a> {
    padded: &'a [u8],
    at: usize,
    end: usize,
}

impl Bits<'_> {
    /// The next bits at the bottom of the word, at least 57 of them.
    #[inline(always)]
    pub fn peek(&self) -> u64 {
        let byte = self.at / 8;
        match self.padded.get(byte..byte + 8) {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes")) >> (self.at % 8),
            None => 0,
        }
    }

    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        self.at += count as usize;
    }

    /// The next `count` bits, 0 to 32 of them, as a number.
    #[inline(always)]
    pub fn take(&mut self, count: u32) -> u32 {
        let value = self.peek() & ((1 << count) - 1);
        self.skip(count);
        value as u32
    }

    /// As [`Bits::take`], for sizes and indices.
    #[inline(always)]
    pub fn size(&mut self, count: u32) -> usize {
        self.take(count) as usize
    }

    #[inline(always)]
    pub fn flag(&mut self) -> bool {
        self.take(1) == 1
    }

    /// Whether more was read than there is.
    #[inline(always)]
    pub fn over(&self) -> bool {
        self.at > self.end
    }

    /// Fails if more was read than there is.
    pub fn check(&self) -> Result<()> {
        if self.over() { Err(Damage("Vorbis: a packet ends too early")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_bottom_and_end_with_the_packet() {
        let mut packet = Packet::default();
        packet.fill(&[0b1010_0110, 0xff, 0x01]);
        let mut bits = packet.bits();
        assert_eq!((bits.take(1), bits.take(3), bits.take(6), bits.take(0)), (0, 0b011, 0b11_1010, 0));
        assert_eq!(bits.take(14), 0b111_1111);
        assert!(bits.check().is_ok());
        assert!(!bits.flag());
        assert!(bits.check().is_err() && bits.over());
        bits.skip(u32::MAX);
        assert_eq!(bits.take(32), 0);
    }
}
