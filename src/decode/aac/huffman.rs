//! Codewords to symbols: one look at the next bits for short codewords, a count through the lengths for long ones.
use std::sync::LazyLock;

use super::bits::Bits;
use super::codewords::{Codewords, SCALE_FACTORS, SPECTRUM};

/// Codewords up to this length are found by one look.
const SHORT: u32 = 10;

/// The codebooks of the spectrum, from 1 on.
pub(super) static BOOKS: LazyLock<[Book; 11]> = LazyLock::new(|| std::array::from_fn(|i| Book::new(i + 1)));

/// The codebook of scale factors.
pub(super) static SCALES: LazyLock<Prefixes> = LazyLock::new(|| Prefixes::new(&SCALE_FACTORS));

/// Finds the codeword that bits begin with.
pub(super) struct Prefixes {
    /// By the next [`SHORT`] bits: the symbol times 16 plus the length of its codeword, or 0 for a longer one.
    short: [u16; 1 << SHORT],
    /// For each length from 1 on: one more than its last codeword, at the top of a word, and how far its symbols lie
    /// behind the codeword's number.
    long: Vec<(u64, u64)>,
    symbols: &'static [u16],
}

impl Prefixes {
    fn new(words: &Codewords) -> Prefixes {
        let mut short = [0; 1 << SHORT];
        let (mut long, mut code, mut index) = (Vec::new(), 0u64, 0u64);
        for (length, &count) in (1u32..).zip(words.counts) {
            code <<= 1;
            // Wraps around where the codewords' numbers are greater than their places.
            let behind = index.wrapping_sub(code);
            for _ in 0..count {
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    let entry = words.symbols[index as usize] << 4 | length as u16;
                    short[first..first + (1 << (SHORT - length))].fill(entry);
                }
                (code, index) = (code + 1, index + 1);
            }
            // The codebooks are complete: the last codeword's successor is 2 to the power of its length.
            let end = if code >> length == 1 { u64::MAX } else { code << (64 - length) };
            long.push((end, behind));
        }
        Prefixes { short, long, symbols: words.symbols }
    }

    /// The symbol of the codeword at the top of `next`, and the codeword's length.
    #[inline(always)]
    pub fn find(&self, next: u64) -> (usize, u32) {
        let entry = self.short[(next >> (64 - SHORT)) as usize];
        if entry != 0 {
            return (usize::from(entry >> 4), u32::from(entry & 15));
        }
        self.find_long(next)
    }

    #[cold]
    fn find_long(&self, next: u64) -> (usize, u32) {
        for (length, &(end, behind)) in (1u32..).zip(&self.long).skip(SHORT as usize) {
            if next < end {
                let index = (next >> (64 - length)).wrapping_add(behind);
                return (self.symbols.get(index as usize).map_or(0, |&s| s.into()), length);
            }
        }
        // Only reached by 64 ones, which are the last codeword.
        (self.symbols.last().map_or(0, |&s| s.into()), self.long.len() as u32)
    }

    /// Reads one codeword.
    #[inline(always)]
    pub fn read(&self, bits: &mut Bits) -> usize {
        let (symbol, length) = self.find(bits.peek());
        bits.skip(length);
        symbol
    }
}

/// A codebook of the spectrum: each codeword stands for two or four values.
pub(super) struct Book {
    pub prefixes: Prefixes,
    /// The values of each symbol, to the power of 4/3. A pair has two zeros behind it.
    pub values: Vec<[f32; 4]>,
    /// The number of bits that each symbol's signs take, which follow the codeword. None if the values have signs already.
    pub signs: Vec<u8>,
    /// By the next [`SHORT`] bits: the length of the codeword with its signs, or 0 where that takes a longer look.
    skip: [u8; 1 << SHORT],
    /// How many values a codeword has.
    pub width: usize,
}

impl Book {
    fn new(number: usize) -> Book {
        let (width, least, most) = match number {
            1 | 2 => (4, -1, 1),
            3 | 4 => (4, 0, 2),
            5 | 6 => (2, -4, 4),
            7 | 8 => (2, 0, 7),
            9 | 10 => (2, 0, 12),
            _ => (2, 0, i32::from(ESCAPE)),
        };
        let words = &SPECTRUM[number - 1];
        let range = most - least + 1;
        let digits = |symbol: usize| {
            let mut values = [0i32; 4];
            let mut rest = symbol as i32;
            for value in values[..width].iter_mut().rev() {
                *value = rest % range + least;
                rest /= range;
            }
            values
        };
        let all: Vec<[i32; 4]> = (0..words.symbols.len()).map(digits).collect();
        let sign_bits =
            |v: &[i32; 4]| if least < 0 { 0 } else { v.iter().filter(|&&v| v != 0).count() as u8 };
        let signs: Vec<u8> = all.iter().map(sign_bits).collect();
        let prefixes = Prefixes::new(words);
        let skip = std::array::from_fn(|next| {
            let entry = prefixes.short[next];
            let symbol = usize::from(entry >> 4);
            let escapes = number == 11 && all[symbol].contains(&i32::from(ESCAPE));
            if entry == 0 || escapes { 0 } else { (entry & 15) as u8 + signs[symbol] }
        });
        let values = all.iter().map(|v| v.map(|v| power(v.unsigned_abs()).copysign(v as f32))).collect();
        Book { prefixes, values, signs, skip, width }
    }

    /// The length of the codeword at the top of `next` with its signs, if one look is enough.
    #[inline(always)]
    pub fn whole(&self, next: u64) -> u32 {
        self.skip[(next >> (64 - SHORT)) as usize].into()
    }
}

/// The value that stands for a larger one, which follows.
pub(super) const ESCAPE: u8 = 16;

/// One more than the largest value.
const LARGEST: usize = 8192;

static POWERS: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..LARGEST).map(|i| (i as f64).powf(4.0 / 3.0) as f32).collect());

/// `value` to the power of 4/3.
#[inline]
pub(super) fn power(value: u32) -> f32 {
    match POWERS.get(value as usize) {
        Some(&power) => power,
        None => (value as f32).powf(4.0 / 3.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each codeword of `words` with its length, counted up as the standard's tables are.
    fn codewords(words: &Codewords) -> Vec<(u64, u32, usize)> {
        let (mut code, mut all) = (0u64, Vec::new());
        let mut symbols = words.symbols.iter();
        for (length, &count) in (1u32..).zip(words.counts) {
            code *= 2;
            for _ in 0..count {
                all.push((code, length, usize::from(*symbols.next().expect("a symbol for each codeword"))));
                code += 1;
            }
        }
        assert!(symbols.next().is_none());
        all
    }

    #[test]
    fn every_codebook_is_complete_and_has_every_symbol_once() {
        for words in SPECTRUM.iter().chain([&SCALE_FACTORS]) {
            let all = codewords(words);
            let sum: f64 = all.iter().map(|&(_, length, _)| 0.5f64.powi(length as i32)).sum();
            assert_eq!(sum, 1.0);
            let mut symbols: Vec<usize> = all.iter().map(|&(_, _, symbol)| symbol).collect();
            symbols.sort_unstable();
            assert!(symbols.iter().copied().eq(0..words.symbols.len()));
        }
    }

    #[test]
    fn every_codeword_is_found_whatever_follows() {
        for words in SPECTRUM.iter().chain([&SCALE_FACTORS]) {
            let prefixes = Prefixes::new(words);
            for (code, length, symbol) in codewords(words) {
                for rest in [0, u64::MAX >> length, 0x5555_5555_5555_5555 >> length] {
                    assert_eq!(prefixes.find(code << (64 - length) | rest), (symbol, length));
                }
            }
        }
    }

    #[test]
    fn values_and_signs_of_some_symbols() {
        let book = |number: usize| &BOOKS[number - 1];
        assert_eq!(book(1).values[0], [-1.0; 4]);
        assert_eq!(book(1).values[41], [0.0, 0.0, 0.0, 1.0]);
        assert_eq!((book(3).values[80], book(3).signs[80]), ([power(2); 4], 4));
        assert_eq!(book(5).values[9 + 1], [-power(3), -power(3), 0.0, 0.0]);
        assert_eq!((book(9).values[13 * 12 + 1], book(9).signs[13 * 12]), ([power(12), 1.0, 0.0, 0.0], 1));
        assert_eq!(power(8), 16.0);
        assert!((power(1_000_000) / 1e8 - 1.0).abs() < 1e-6);
    }
}
