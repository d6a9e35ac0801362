//! Reads bits, the highest of each byte first.

/// Bits that were read past the end of the data are zeros.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next bit.
    pub at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Bits { data, at: 0 }
    }

    /// The next bits, from the highest of the result down. At least 57 of them are there, the others may be zeros.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        let rest = self.data.get(self.at / 8..).unwrap_or_default();
        let eight = match rest.first_chunk() {
            Some(&eight) => eight,
            None => padded(rest),
        };
        u64::from_be_bytes(eight) << (self.at % 8)
    }

    /// The next `count` bits, up to 32.
    pub(super) fn read(&mut self, count: usize) -> u32 {
        if count == 0 {
            return 0;
        }
        let value = self.peek() >> (64 - count);
        self.at += count;
        value as u32
    }

    pub(super) fn flag(&mut self) -> bool {
        self.read(1) == 1
    }
}

#[cold]
fn padded(rest: &[u8]) -> [u8; 8] {
    std::array::from_fn(|i| rest.get(i).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_and_zeros_follow() {
        let mut bits = Bits::new(&[0b1010_0011, 0xff, 0x0f]);
        assert_eq!((bits.read(1), bits.read(3), bits.read(0), bits.read(6)), (1, 0b010, 0, 0b00_1111));
        assert!(bits.flag());
        assert_eq!((bits.read(13), bits.at), (0b1_1111_0000_1111, 24));
        assert_eq!((bits.read(32), bits.peek(), bits.flag()), (0, 0, false));
        bits.at = usize::MAX / 2;
        assert_eq!(bits.read(32), 0);
    }
}
