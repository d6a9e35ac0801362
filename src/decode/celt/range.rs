//! The range decoder (RFC 6716, section 4.1). Symbols come from the front of a frame, plain bits from its end.

/// The range never exceeds this.
const CODE_TOP: u32 = 1 << 31;
/// The range never stays at or below this.
const CODE_BOTTOM: u32 = CODE_TOP >> 8;

/// Bits are counted in eighths: this is the number of binary places.
pub(super) const EIGHTHS: i32 = 3;

/// Reads the symbols of one frame. Behind its end there are zeros.
pub(super) struct Range<'a> {
    data: &'a [u8],
    /// How many bytes were read from the front, and from the end.
    front: usize,
    back: usize,
    /// Plain bits that were read from the end and not used yet.
    window: u32,
    window_bits: u32,
    range: u32,
    /// The top of the range less the code.
    below: u32,
    /// What one unit of the last frequency total is.
    unit: u32,
    /// The last byte from the front, one bit of which is not used yet.
    last: u32,
    /// How many bits were read, those ahead of the code among them.
    counted: i32,
}

impl<'a> Range<'a> {
    pub fn new(data: &'a [u8]) -> Range<'a> {
        let mut range = Range {
            data,
            front: 0,
            back: 0,
            window: 0,
            window_bits: 0,
            range: 128,
            below: 0,
            unit: 0,
            last: 0,
            counted: 9,
        };
        range.last = range.next_byte();
        range.below = 127 - (range.last >> 1);
        range.fill();
        range
    }

    /// How many bits the frame has.
    pub fn bits(&self) -> i32 {
        8 * i32::try_from(self.data.len()).unwrap_or(i32::MAX / 64)
    }

    fn next_byte(&mut self) -> u32 {
        let byte = self.data.get(self.front).copied().unwrap_or(0);
        self.front += 1;
        u32::from(byte)
    }

    /// Reads bytes until the range is wide again.
    #[inline]
    fn fill(&mut self) {
        while self.range <= CODE_BOTTOM {
            self.counted += 8;
            self.range <<= 8;
            let before = self.last;
            self.last = self.next_byte();
            let symbol = (before << 8 | self.last) >> 1;
            self.below = ((self.below << 8) + (!symbol & 0xff)) & (CODE_TOP - 1);
        }
    }

    /// How many bits have been used, rounded up.
    #[inline]
    pub fn used(&self) -> i32 {
        self.counted - (32 - self.range.leading_zeros() as i32)
    }

    /// The same in eighths of a bit.
    #[inline]
    pub fn used_eighths(&self) -> i32 {
        // Where the logarithm of the range passes from one eighth to the next, in 1/32768.
        const STEPS: [u32; 8] = [35_733, 38_967, 42_495, 46_340, 50_535, 55_109, 60_097, 65_535];
        let length = 32 - self.range.leading_zeros() as i32;
        let leading = self.range >> (length - 16);
        let eighth = (leading >> 12) - 8;
        let eighth = eighth + u32::from(leading > STEPS[eighth as usize]);
        (self.counted << EIGHTHS) - (length << EIGHTHS) - eighth as i32
    }

    /// From now on as if all of the frame had been used.
    pub fn use_up(&mut self) {
        self.counted += self.bits() - self.used();
    }

    /// The range after the frame, which is the seed of the next frame's noise.
    pub fn state(&self) -> u32 {
        self.range
    }

    /// Where in `0..total` the next symbol lies. [`Range::take`] has to follow.
    #[inline]
    pub fn peek(&mut self, total: u32) -> u32 {
        self.unit = self.range / total;
        total - (self.below / self.unit + 1).min(total)
    }

    /// Takes the symbol that is `low..high` of `total`.
    #[inline]
    pub fn take(&mut self, low: u32, high: u32, total: u32) {
        let above = self.unit * (total - high);
        self.below = self.below.wrapping_sub(above);
        self.range = if low > 0 { self.unit * (high - low) } else { self.range - above };
        self.fill();
    }

    /// A bit that is set with a probability of 2^-`log_probability`.
    #[inline]
    pub fn bit(&mut self, log_probability: u32) -> bool {
        let part = self.range >> log_probability;
        let is_set = self.below < part;
        if is_set {
            self.range = part;
        } else {
            self.below -= part;
            self.range -= part;
        }
        self.fill();
        is_set
    }

    /// A symbol whose probabilities are given by what lies above each, of 2^`log_total`. The last one has 0.
    pub fn symbol(&mut self, above: &[u8], log_total: u32) -> usize {
        let unit = self.range >> log_total;
        let mut before = self.range;
        for (symbol, &above) in above.iter().enumerate() {
            let part = unit * u32::from(above);
            if self.below >= part {
                self.below -= part;
                self.range = before - part;
                self.fill();
                return symbol;
            }
            before = part;
        }
        above.len() - 1
    }

    /// A number below `total`, all of which are as likely.
    #[inline]
    pub fn number(&mut self, total: u32) -> u32 {
        if total < 2 {
            return 0;
        }
        let length = 32 - (total - 1).leading_zeros();
        if length <= 8 {
            let number = self.peek(total);
            self.take(number, number + 1, total);
            return number;
        }
        let low = length - 8;
        let top = ((total - 1) >> low) + 1;
        let number = self.peek(top);
        self.take(number, number + 1, top);
        (number << low | self.plain(low)).min(total - 1)
    }

    /// Up to 25 plain bits.
    #[inline]
    pub fn plain(&mut self, count: u32) -> u32 {
        while self.window_bits < count {
            self.back += 1;
            let byte = self.data.len().checked_sub(self.back).map_or(0, |at| self.data[at]);
            self.window |= u32::from(byte) << self.window_bits;
            self.window_bits += 8;
        }
        let bits = self.window & ((1 << count) - 1);
        self.window >>= count;
        self.window_bits -= count;
        self.counted += count as i32;
        bits
    }

    /// A number around 0 whose probability falls off on both sides: that of 0 is `zero` of 32,768, and each further one has
    /// `decay` of 16,384 of the one before.
    pub fn laplace(&mut self, zero: u32, decay: u32) -> i32 {
        const TOTAL: u32 = 1 << 15;
        /// At least so many numbers of each sign have a probability, of 1 at the least.
        const TAIL: u32 = 16;
        let at = self.peek(TOTAL);
        let (mut low, mut width, mut value) = (0, zero, 0);
        if at >= zero {
            value = 1;
            low = zero;
            width = (((TOTAL - 2 * TAIL - zero) * (16_384 - decay)) >> 15) + 1;
            while width > 1 && at >= low + 2 * width {
                low += 2 * width;
                width = (((2 * width - 2) * decay) >> 15) + 1;
                value += 1;
            }
            if width <= 1 {
                let further = (at - low) >> 1;
                value += further as i32;
                low += 2 * further;
            }
            if at < low + width {
                value = -value;
            } else {
                low += width;
            }
        }
        self.take(low, (low + width).min(TOTAL), TOTAL);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoder of the specification (RFC 6716, section 5.1), as far as the tests need it, in arithmetic without bounds.
    struct Encoder {
        low: u128,
        range: u128,
        /// How many bytes `low` has been moved by.
        bytes: Vec<u8>,
        plain: Vec<bool>,
    }

    impl Encoder {
        fn new() -> Encoder {
            Encoder { low: 0, range: 1 << 31, bytes: Vec::new(), plain: Vec::new() }
        }

        fn put(&mut self, low: u32, high: u32, total: u32) {
            let unit = self.range / u128::from(total);
            if low > 0 {
                self.low += self.range - unit * u128::from(total - low);
                self.range = unit * u128::from(high - low);
            } else {
                self.range -= unit * u128::from(total - high);
            }
            while self.range <= 1 << 23 {
                self.flush();
                self.range <<= 8;
            }
        }

        /// Moves the highest byte out, and a carry into those before.
        fn flush(&mut self) {
            let mut carry = (self.low >> 31) as u8;
            for byte in self.bytes.iter_mut().rev() {
                let (sum, over) = byte.overflowing_add(carry);
                *byte = sum;
                carry = u8::from(over);
            }
            self.bytes.push(((self.low >> 23) & 0xff) as u8);
            self.low = (self.low & 0x7f_ffff) << 8;
        }

        fn number(&mut self, number: u32, total: u32) {
            let length = 32 - (total - 1).leading_zeros();
            let low = length.saturating_sub(8);
            let top = ((total - 1) >> low) + 1;
            self.put(number >> low, (number >> low) + 1, top);
            self.plain.extend((0..low).map(|bit| number >> bit & 1 == 1));
        }

        fn end(mut self) -> Vec<u8> {
            // A value in the middle of the range, and plain bits from the end.
            self.low += self.range / 2;
            for _ in 0..5 {
                self.flush();
            }
            let plain = self.plain.chunks(8).map(|bits| {
                bits.iter().enumerate().map(|(bit, &is_set)| u8::from(is_set) << bit).sum::<u8>()
            });
            let plain: Vec<u8> = plain.collect();
            self.bytes.extend(plain.iter().rev());

            self.bytes
        }
    }

    #[test]
    fn what_an_encoder_wrote_is_read() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut symbols = Vec::new();
            let mut encoder = Encoder::new();
            for _ in 0..random.usize(1..150) {
                let total = 1 << random.u32(1..20);
                let total = random.u32(2..=total.max(2));
                let number = random.u32(..total);
                encoder.number(number, total);
                symbols.push((number, total));
            }
            let data = encoder.end();
            let mut range = Range::new(&data);
            let mut before = range.used_eighths();
            for (number, total) in symbols {
                assert_eq!(range.number(total), number, "of {total}");
                let after = range.used_eighths();
                let cost = f64::from(after - before) / 8.0;
                assert!((cost - f64::from(total).log2()).abs() < 0.6, "{cost} bits for one of {total}");
                assert_eq!(range.used(), (after + 7) >> 3);
                before = after;
            }
        }
    }

    #[test]
    fn bits_symbols_and_numbers_around_zero() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..100 {
            let bits: Vec<bool> = (0..20).map(|_| random.bool()).collect();
            let numbers: Vec<i32> = (0..20).map(|_| random.i32(-15..=15)).collect();
            let mut encoder = Encoder::new();
            for (&bit, &number) in bits.iter().zip(&numbers) {
                // The bit that is set lies at the top.
                let bounds = if bit { (7, 8) } else { (0, 7) };
                encoder.put(bounds.0, bounds.1, 8);
                let (low, width) = slow_laplace(number, 9_000, 10_000);
                encoder.put(low, low + width, 1 << 15);
            }
            let data = encoder.end();
            let mut range = Range::new(&data);
            for (&bit, &number) in bits.iter().zip(&numbers) {
                assert_eq!(range.bit(3), bit);
                assert_eq!(range.laplace(9_000, 10_000), number);
            }
        }
    }

    /// The part of 32,768 that a number has, counted outwards from 0.
    fn slow_laplace(number: i32, zero: u32, decay: u32) -> (u32, u32) {
        let (mut low, mut width) = (0, zero);
        let mut next = ((32_768 - 32 - zero) * (16_384 - decay)) >> 15;
        for _ in 0..number.unsigned_abs() {
            low += if width == zero && low == 0 { zero } else { 2 * width };
            width = next + 1;
            next = (2 * next * decay) >> 15;
        }
        (if number > 0 { low + width } else { low }, width)
    }

    #[test]
    fn any_bytes_are_read_and_zeros_behind_them() {
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..500 {
            let data: Vec<u8> = (0..random.usize(..40)).map(|_| random.u8(..)).collect();
            let mut range = Range::new(&data);
            for _ in 0..200 {
                match random.u8(..5) {
                    0 => assert!(range.plain(25) < 1 << 25),
                    1 => drop(range.bit(random.u32(1..16))),
                    2 => assert!(range.symbol(&[25, 23, 2, 0], 5) < 4),
                    3 => drop(range.laplace(random.u32(1..255) << 7, random.u32(1..255) << 6)),
                    _ => {
                        let total = random.u32(1..);
                        assert!(range.number(total) < total);
                    }
                }
                assert!(range.state() > CODE_BOTTOM);
            }
        }
    }
}
