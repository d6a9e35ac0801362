//! Bits of a packet, the highest of each byte first.
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
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    padded: &'a [u8],
    at: usize,
    end: usize,
}

impl Bits<'_> {
    /// The next bits at the top of the word, at least 57 of them.
    #[inline(always)]
    pub fn peek(&self) -> u64 {
        let byte = self.at / 8;
        match self.padded.get(byte..byte + 8) {
            Some(bytes) => u64::from_be_bytes(bytes.try_into().expect("eight bytes")) << (self.at % 8),
            None => 0,
        }
    }

    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        self.at += count as usize;
    }

    /// The next `count` bits, 1 to 32 of them, as a number.
    #[inline(always)]
    pub fn take(&mut self, count: u32) -> u32 {
        let value = (self.peek() >> (64 - count)) as u32;
        self.skip(count);
        value
    }

    /// As [`Bits::take`], for sizes.
    #[inline(always)]
    pub fn size(&mut self, count: u32) -> usize {
        self.take(count) as usize
    }

    #[inline(always)]
    pub fn flag(&mut self) -> bool {
        self.take(1) == 1
    }

    /// Goes on at the next whole byte.
    pub fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    /// How many bits are left.
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// Fails if more was read than there is.
    pub fn check(&self) -> Result<()> {
        if self.at > self.end { Err(Damage("AAC: a packet ends too early")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_top_and_end_with_the_packet() {
        let mut packet = Packet::default();
        packet.fill(&[0b1010_0110, 0xff, 0x01]);
        let mut bits = packet.bits();
        assert_eq!((bits.take(1), bits.take(3), bits.take(6)), (1, 0b010, 0b01_1011));
        assert_eq!(bits.left(), 14);
        bits.align();
        assert_eq!(bits.take(8), 1);
        assert!(bits.check().is_ok());
        assert_eq!(bits.take(32), 0);
        assert!(bits.check().is_err());
        assert_eq!((bits.left(), bits.peek()), (0, 0));
        bits.skip(u32::MAX);
        assert_eq!(bits.peek(), 0);
    }
}
