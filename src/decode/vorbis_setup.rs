//! The setup header of Vorbis, changed where Symphonia decodes several channels wrongly.
//!
//! - Where a channel is coupled twice, as in surround sound, the last coupling must be undone first. Symphonia undoes the
//!   first one first. So it is shown the couplings in reverse.
//! - A residue classifies its partitions in groups. In the last group, Symphonia takes the classes of partitions that do not
//!   exist for those of the next channel's first partitions. So it is shown a residue of whole groups. Encoders write class
//!   0 there, which takes no bits.

/// What each header begins with, after its kind.
const NAME: &[u8] = b"vorbis";

/// The length of the first header.
const FIRST_HEADER: usize = 30;

/// Matroska's headers are preceded by their number, less one, and their lengths.
const LACED: u8 = 2;

/// The headers as Symphonia should see them. `None` if they stay as they are, or cannot be read.
pub(super) fn changed(headers: &[u8]) -> Option<Box<[u8]>> {
    let (first, setup) = places(headers)?;
    let channels = *headers.get(first + 11)?;
    let content = setup + 1 + NAME.len();
    if headers.get(setup..content)?.split_first()? != (&5, NAME) {
        return None;
    }
    let changes = changes(&mut Bits { bytes: headers.get(content..)?, at: 0 }, channels)?;
    let mut out = Vec::from(headers);
    for change in &changes {
        change.write(&mut out[content..]);
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

/// A number in the setup that becomes another one.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    /// The bit that it begins at.
    at: usize,
    /// How many bits it has.
    width: usize,
    value: u32,
}

impl Change {
    fn write(&self, out: &mut [u8]) {
        for i in 0..self.width {
            let (byte, bit) = ((self.at + i) / 8, (self.at + i) % 8);
            out[byte] = out[byte] & !(1 << bit) | ((self.value >> i & 1) as u8) << bit;
        }
    }
}

/// Reads the setup as far as its mappings.
fn changes(bits: &mut Bits<'_>, channels: u8) -> Option<Vec<Change>> {
    let books = (0..=bits.take(8)?).map(|_| codebook(bits)).collect::<Option<Vec<_>>>()?;
    for _ in 0..=bits.take(6)? {
        bits.skip(16)?;
    }
    for _ in 0..=bits.take(6)? {
        floor(bits)?;
    }
    let mut changes = Vec::new();
    for _ in 0..=bits.take(6)? {
        changes.extend(residue(bits, &books)?);
    }
    for _ in 0..=bits.take(6)? {
        changes.extend(mapping(bits, channels)?);
    }
    Some(changes)
}

/// Returns how many numbers an entry stands for.
fn codebook(bits: &mut Bits<'_>) -> Option<u32> {
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
        0 => return Some(dimensions),
        1 => lattice(entries, dimensions)?,
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return None,
    };
    bits.skip(64)?;
    let each = bits.take(4)? + 1;
    bits.skip(1)?;
    bits.skip(usize::try_from(values * u64::from(each)).ok()?)?;
    Some(dimensions)
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

/// Returns the end that makes all groups whole, if another one does not.
fn residue(bits: &mut Bits<'_>, books: &[u32]) -> Option<Option<Change>> {
    let (kind, begin) = (bits.take(16)?, bits.take(24)?);
    let at = bits.at;
    let (end, size) = (bits.take(24)?, bits.take(24)? + 1);
    let classes = bits.take(6)? + 1;
    let group = *books.get(bits.take(8)? as usize)?;
    let (mut used, mut empty) = (0, false);
    for class in 0..classes {
        let mut books = bits.take(3)?.count_ones();
        if bits.take(1)? == 1 {
            books += bits.take(5)?.count_ones();
        }
        empty |= class == 0 && books == 0;
        used += books;
    }
    bits.skip(8 * used as usize)?;
    let partitions = end.checked_sub(begin)? / size;
    let whole = partitions.checked_next_multiple_of(group)?;
    // The channels of the third kind are one.
    let wrong = kind < 2 && empty && whole != partitions;
    let value = whole.checked_mul(size)?.checked_add(begin).filter(|&end| wrong && end < 1 << 24);
    Some(value.map(|value| Change { at, width: 24, value }))
}

/// Returns its couplings in reverse if the order makes a difference.
fn mapping(bits: &mut Bits<'_>, channels: u8) -> Option<Vec<Change>> {
    if bits.take(16)? != 0 {
        return None;
    }
    let submaps = if bits.take(1)? == 1 { bits.take(4)? + 1 } else { 1 };
    let count = if bits.take(1)? == 1 { bits.take(8)? + 1 } else { 0 };
    let width = width(u32::from(channels.checked_sub(1)?));
    let start = bits.at;
    let pairs =
        (0..count).map(|_| Some([bits.take(width)?, bits.take(width)?])).collect::<Option<Vec<_>>>()?;
    bits.skip(2)?;
    if submaps > 1 {
        bits.skip(4 * usize::from(channels))?;
    }
    bits.skip(24 * submaps as usize)?;
    Some(if repeats(&pairs) { reversed(&pairs, start, width) } else { Vec::new() })
}

/// Whether a channel is coupled more than once.
fn repeats(pairs: &[[u32; 2]]) -> bool {
    let mut channels = pairs.concat();
    channels.sort_unstable();
    channels.windows(2).any(|two| two[0] == two[1])
}

fn reversed(pairs: &[[u32; 2]], start: usize, width: usize) -> Vec<Change> {
    let channels = pairs.iter().rev().flatten().enumerate();
    channels.map(|(i, &value)| Change { at: start + i * width, width, value }).collect()
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

    /// Writes numbers of so many bits.
    fn written(numbers: &[(u32, usize)]) -> Vec<u8> {
        let mut out = vec![0; numbers.iter().map(|(_, width)| width).sum::<usize>().div_ceil(8)];
        let mut at = 0;
        for &(value, width) in numbers {
            Change { at, width, value }.write(&mut out);
            at += width;
        }
        out
    }

    #[test]
    fn couplings_are_shown_in_reverse_if_a_channel_is_coupled_twice() {
        let mapping_of = |pairs: &[[u32; 2]]| {
            let mut numbers = vec![(0, 16), (0, 1), (1, 1), (pairs.len() as u32 - 1, 8)];
            numbers.extend(pairs.as_flattened().iter().map(|&channel| (channel, 3)));
            numbers.extend([(0, 2), (0, 24)]);
            let (bytes, mut out) = (written(&numbers), written(&numbers));
            let mut bits = Bits { bytes: &bytes, at: 0 };
            mapping(&mut bits, 6).expect("it is whole").iter().for_each(|change| change.write(&mut out));
            assert_eq!(bits.at.div_ceil(8), bytes.len());
            let mut bits = Bits { bytes: &out, at: 26 };
            let found = (0..2 * pairs.len()).map(|_| bits.take(3).expect("a channel")).collect::<Vec<_>>();
            assert_eq!(bits.take(26), Some(0));
            found
        };
        assert_eq!(mapping_of(&[[0, 2], [3, 4], [0, 1], [0, 3]]), [0, 3, 0, 1, 3, 4, 0, 2]);
        assert_eq!(mapping_of(&[[0, 1], [2, 3]]), [0, 1, 2, 3]);
    }

    #[test]
    fn residues_are_shown_with_whole_groups() {
        let end = |kind, begin, end, class_0| {
            let classes = [(class_0, 3), (0, 1), (1, 3), (0, 1)];
            let numbers = [(kind, 16), (begin, 24), (end, 24), (31, 24), (1, 6), (1, 8)];
            let bytes = written(&[&numbers[..], &classes, &[(9, 8), (9, 8)]].concat());
            residue(&mut Bits { bytes: &bytes, at: 0 }, &[5, 2])
                .expect("it is whole")
                .map(|change| change.value)
        };
        assert_eq!(end(1, 0, 800, 0), Some(832));
        assert_eq!(end(0, 32, 800, 0), None, "it has 24 partitions");
        assert_eq!(end(0, 64, 830, 0), Some(832));
        assert_eq!(end(2, 0, 800, 0), None, "all channels are one");
        assert_eq!(end(1, 0, 800, 1), None, "class 0 takes bits");
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
            assert_eq!(changed(&[&headers, more].concat()), None);
        }
        assert_eq!(changed(b""), None);
        assert_eq!(changed(&[LACED, 255]), None);
    }
}
