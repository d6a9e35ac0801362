//! The setup header of Vorbis, and the order in which it couples channels.
//!
//! Where a channel is coupled twice, as in surround sound, the last coupling must be undone first. Symphonia undoes the first
//! one first. So it is shown the couplings in reverse.

/// What each header begins with, after its kind.
const NAME: &[u8] = b"vorbis";

/// The length of the first header.
const FIRST_HEADER: usize = 30;

/// Matroska's headers are preceded by their number, less one, and their lengths.
const LACED: u8 = 2;

/// The same headers with all couplings in reverse. `None` if that makes no difference, or if they cannot be read.
pub(super) fn with_couplings_in_reverse(headers: &[u8]) -> Option<Box<[u8]>> {
    let (first, setup) = places(headers)?;
    let channels = *headers.get(first + 11)?;
    let content = setup + 1 + NAME.len();
    if headers.get(setup..content)?.split_first()? != (&5, NAME) {
        return None;
    }
    let mut bits = Bits { bytes: headers.get(content..)?, at: 0 };
    let mut out = Vec::from(headers);
    for list in couplings(&mut bits, channels)?.into_iter().filter(|list| list.repeats()) {
        list.write_reversed(&mut out[content..]);
    }
    (out != headers).then(|| out.into())
}

/// Where the first and the last header begin.
fn places(headers: &[u8]) -> Option<(usize, usize)> {
    if *headers.first()? != LACED {
        return Some((0, FIRST_HEADER));
    }
    // Two lengths, in bytes that are to be added up until one is not full.
    let (mut at, mut sum, mut lengths) = (1, 0, 0);
    while lengths < 2 {
        let byte = *headers.get(at)?;
        at += 1;
        sum += usize::from(byte);
        lengths += i32::from(byte < 255);
    }
    Some((at, at + sum))
}

/// The couplings of a mapping.
struct Couplings {
    /// The bit that they begin at.
    start: usize,
    /// How many bits a channel has.
    width: usize,
    pairs: Vec<[u32; 2]>,
}

impl Couplings {
    /// Whether a channel is coupled more than once. Otherwise the order makes no difference.
    fn repeats(&self) -> bool {
        let mut channels = self.pairs.concat();
        channels.sort_unstable();
        channels.windows(2).any(|two| two[0] == two[1])
    }

    fn write_reversed(&self, out: &mut [u8]) {
        let channels = self.pairs.iter().rev().flatten();
        for (bit, set) in
            channels.flat_map(|channel| (0..self.width).map(move |i| channel >> i & 1)).enumerate()
        {
            let at = self.start + bit;
            out[at / 8] = out[at / 8] & !(1 << (at % 8)) | (set as u8) << (at % 8);
        }
    }
}

/// Reads the setup as far as its mappings, and their couplings.
fn couplings(bits: &mut Bits<'_>, channels: u8) -> Option<Vec<Couplings>> {
    for _ in 0..=bits.take(8)? {
        codebook(bits)?;
    }
    for _ in 0..=bits.take(6)? {
        bits.skip(16)?;
    }
    for _ in 0..=bits.take(6)? {
        floor(bits)?;
    }
    for _ in 0..=bits.take(6)? {
        residue(bits)?;
    }
    (0..=bits.take(6)?).map(|_| mapping(bits, channels)).collect()
}

fn codebook(bits: &mut Bits<'_>) -> Option<()> {
    bits.skip(24)?;
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    if bits.take(1)? == 1 {
        bits.skip(5)?;
        let mut left = entries;
        while left > 0 {
            left = left.checked_sub(bits.take(width(left))?)?;
        }
    } else if bits.take(1)? == 1 {
        for _ in 0..entries {
            if bits.take(1)? == 1 {
                bits.skip(5)?;
            }
        }
    } else {
        bits.skip(5 * entries as usize)?;
    }
    let values = match bits.take(4)? {
        0 => return Some(()),
        1 => lattice(entries, dimensions)?,
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return None,
    };
    bits.skip(64)?;
    let each = bits.take(4)? + 1;
    bits.skip(1)?;
    bits.skip(usize::try_from(values * u64::from(each)).ok()?)
}

/// The largest number whose power is no more than `entries`.
fn lattice(entries: u32, power: u32) -> Option<u64> {
    let fits = |n: u64| n.checked_pow(power).is_some_and(|all| all <= u64::from(entries));
    if power == 0 {
        return None;
    }
    let (mut low, mut high) = (0, u64::from(entries) + 1);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    Some(low)
}

fn floor(bits: &mut Bits<'_>) -> Option<()> {
    match bits.take(16)? {
        0 => {
            bits.skip(8 + 16 + 16 + 6 + 8)?;
            let books = bits.take(4)? as usize + 1;
            bits.skip(8 * books)
        }
        1 => {
            let partitions = bits.take(5)?;
            let kinds = (0..partitions).map(|_| bits.take(4)).collect::<Option<Vec<_>>>()?;
            let mut dimensions = Vec::new();
            for _ in 0..kinds.iter().max().map_or(0, |most| most + 1) {
                dimensions.push(bits.take(3)? as usize + 1);
                let subclasses = bits.take(2)?;
                bits.skip(if subclasses > 0 { 8 } else { 0 } + (8 << subclasses))?;
            }
            bits.skip(2)?;
            let each = bits.take(4)? as usize;
            bits.skip(each * kinds.iter().map(|&kind| dimensions[kind as usize]).sum::<usize>())
        }
        _ => None,
    }
}

fn residue(bits: &mut Bits<'_>) -> Option<()> {
    bits.skip(16 + 3 * 24)?;
    let classes = bits.take(6)? + 1;
    bits.skip(8)?;
    let mut books = 0;
    for _ in 0..classes {
        books += bits.take(3)?.count_ones();
        if bits.take(1)? == 1 {
            books += bits.take(5)?.count_ones();
        }
    }
    bits.skip(8 * books as usize)
}

fn mapping(bits: &mut Bits<'_>, channels: u8) -> Option<Couplings> {
    if bits.take(16)? != 0 {
        return None;
    }
    let submaps = if bits.take(1)? == 1 { bits.take(4)? + 1 } else { 1 };
    let count = if bits.take(1)? == 1 { bits.take(8)? + 1 } else { 0 };
    let width = width(u32::from(channels.checked_sub(1)?));
    let start = bits.at;
    let pairs = (0..count).map(|_| Some([bits.take(width)?, bits.take(width)?])).collect::<Option<_>>()?;
    bits.skip(2)?;
    if submaps > 1 {
        bits.skip(4 * usize::from(channels))?;
    }
    bits.skip(24 * submaps as usize)?;
    Some(Couplings { start, width, pairs })
}

/// How many bits a number takes.
fn width(number: u32) -> usize {
    (u32::BITS - number.leading_zeros()) as usize
}

/// Bits from the lowest of the first byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for i in 0..count {
            value |= u32::from(self.bytes.get(self.at / 8)? >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count).filter(|&at| at <= 8 * self.bytes.len())?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn couplings_are_written_in_reverse() {
        let pairs = vec![[0, 2], [3, 4], [0, 1], [0, 3]];
        let list = Couplings { start: 5, width: 3, pairs };
        assert!(list.repeats());
        let mut out = [0xff; 5];
        list.write_reversed(&mut out);
        let mut bits = Bits { bytes: &out, at: 5 };
        let found: Vec<_> = (0..8).map(|_| bits.take(3).expect("24 bits")).collect();
        assert_eq!(found, [0, 3, 0, 1, 3, 4, 0, 2]);
        // What lies around them stays.
        assert_eq!((out[0] & 0x1f, out[3] >> 5, out[4]), (0x1f, 7, 0xff));
        assert!(!Couplings { start: 0, width: 2, pairs: vec![[0, 1], [2, 3]] }.repeats());
    }

    #[test]
    fn lattices() {
        for (entries, power, root) in
            [(243, 5, 3), (242, 5, 2), (1, 8, 1), (0, 2, 0), (u32::MAX, 1, u32::MAX.into())]
        {
            assert_eq!(lattice(entries, power), Some(root));
        }
        assert_eq!(lattice(5, 0), None);
    }

    #[test]
    fn headers_that_end_early_are_left_alone() {
        let mut headers = vec![1];
        headers.extend(NAME);
        headers.extend([0, 0, 0, 0, 6]);
        headers.resize(FIRST_HEADER, 0);
        headers.extend(b"\x05vorbis");
        for more in [&b""[..], &[0; 40], &[0xff; 40], b"\x00BCV\x01\x00\x00\x00\x00\x80"] {
            assert_eq!(with_couplings_in_reverse(&[&headers, more].concat()), None);
        }
        assert_eq!(with_couplings_in_reverse(b""), None);
        assert_eq!(with_couplings_in_reverse(&[LACED, 255]), None);
    }
}
