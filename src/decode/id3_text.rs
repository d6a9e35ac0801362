//! Text of ID3v2 that claims to be Latin-1 and is not.
//!
//! Latin-1 has no characters from 0x80 to 0x9f. Text with such bytes was written in Windows' own code page, or in UTF-8. The
//! reader of tags gives up these bytes. So the tag is written anew, with such text in UTF-8.
use super::code_page::text_of;

/// The bytes of the header of a tag.
const HEADER: usize = 10;

/// The codes of the ways to write text.
const LATIN_1: u8 = 0;
const UTF_8: u8 = 3;

/// A flag of a tag: zeros were put in where a decoder of audio might see a frame.
const UNSYNCHRONISED: u8 = 0x80;

/// A flag of a tag: more about it stands before its frames.
const EXTENDED: u8 = 0x40;

/// The tag with all text in UTF-8 that cannot be Latin-1. `None` if there is no such text.
pub(super) fn recoded(tag: &[u8]) -> Option<Vec<u8>> {
    let (&[b'I', b'D', b'3', version @ 2..=4, _, flags, ref size @ ..], rest) =
        tag.split_first_chunk::<HEADER>()?
    else {
        return None;
    };
    let mut rest = rest.get(..seven_bits(size))?;
    let synchronised;
    if version < 4 && flags & UNSYNCHRONISED != 0 {
        synchronised = without_zeros(rest);
        rest = &synchronised;
    }
    if flags & EXTENDED != 0 {
        let (len, _) = rest.split_first_chunk()?;
        rest = match version {
            3 => rest.get(4..)?.get(u32::from_be_bytes(*len) as usize..)?,
            4 => rest.get(seven_bits(len)..)?,
            // Compressed in a way that was never agreed on.
            _ => return None,
        };
    }
    let (mut frames, mut found) = (Vec::new(), false);
    while let Some(frame) = Frame::first_of(rest, version) {
        let (whole, after) = rest.split_at(frame.header + frame.content.len());
        rest = after;
        match frame.in_utf_8() {
            Some(text) => {
                found = true;
                frames.extend(frame.header_for(text.len(), version));
                frames.extend(text);
            }
            None => frames.extend(whole),
        }
    }
    // Padding, or what is no frame.
    frames.extend(rest);
    if !found || frames.len() >> 28 > 0 {
        return None;
    }
    Some([&[b'I', b'D', b'3', version, 0, 0][..], &with_seven_bits(frames.len()), &frames].concat())
}

/// Takes out the zeros that were put in after bytes of 0xff.
fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    let zero = |i: usize| bytes[i] == 0 && i > 0 && bytes[i - 1] == 0xff;
    (0..bytes.len()).filter(|&i| !zero(i)).map(|i| bytes[i]).collect()
}

struct Frame<'a> {
    name: &'a [u8],
    /// The bytes of its header.
    header: usize,
    flags: [u8; 2],
    content: &'a [u8],
}

impl<'a> Frame<'a> {
    fn first_of(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (name, len, flags, header): (_, _, _, usize) = match (version, bytes) {
            (2, [_, _, _, a, b, c, ..]) => (3, u32::from_be_bytes([0, *a, *b, *c]) as usize, [0, 0], 6),
            (3, [_, _, _, _, a, b, c, d, x, y, ..]) => {
                (4, u32::from_be_bytes([*a, *b, *c, *d]) as usize, [*x, *y], 10)
            }
            (4, [_, _, _, _, a, b, c, d, x, y, ..]) => (4, seven_bits(&[*a, *b, *c, *d]), [*x, *y], 10),
            _ => return None,
        };
        let name = &bytes[..name];
        let valid = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let content = bytes.get(header..header.checked_add(len)?)?;
        valid.then_some(Frame { name, header, flags, content })
    }

    /// Its content in UTF-8, if it is text that is not Latin-1. Frames that are packed in some way stay as they are.
    fn in_utf_8(&self) -> Option<Vec<u8>> {
        let (&LATIN_1, text) = self.content.split_first()? else { return None };
        let is_other =
            self.name[0] == b'T' && self.flags[1] == 0 && text.iter().any(|byte| matches!(byte, 0x80..=0x9f));
        is_other.then(|| {
            let values: Vec<String> = text.split(|&byte| byte == 0).map(text_of).collect();
            [&[UTF_8], values.join("\0").as_bytes()].concat()
        })
    }

    /// Its header, for content of another length.
    fn header_for(&self, len: usize, version: u8) -> Vec<u8> {
        let plain = (len as u32).to_be_bytes();
        match version {
            2 => [self.name, &plain[1..]].concat(),
            3 => [self.name, &plain, &self.flags].concat(),
            _ => [self.name, &with_seven_bits(len), &self.flags].concat(),
        }
    }
}

/// A number of seven bits a byte.
fn seven_bits(bytes: &[u8; 4]) -> usize {
    bytes.iter().fold(0, |sum, &byte| sum << 7 | usize::from(byte & 0x7f))
}

fn with_seven_bits(number: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (number >> shift & 0x7f) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag of these frames and some padding.
    fn tag(version: u8, frames: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut all: Vec<u8> = frames
            .iter()
            .flat_map(|(name, content)| {
                let frame = Frame { name, header: 0, flags: [0, 0], content };
                [frame.header_for(content.len(), version), content.to_vec()].concat()
            })
            .collect();
        all.extend([0; 20]);
        [&[b'I', b'D', b'3', version, 0, 0][..], &with_seven_bits(all.len()), &all].concat()
    }

    #[test]
    fn text_that_is_not_latin_1_is_written_in_utf_8() {
        for (version, title, extra) in
            [(2, &b"TT2"[..], &b"PIC"[..]), (3, b"TIT2", b"APIC"), (4, b"TIT2", b"APIC")]
        {
            let picture = (extra, &b"\0\x80\x81"[..]);
            let usual = tag(version, &[(title, b"\0Caf\xe9"), picture]);
            assert_eq!(recoded(&usual), None);
            let other = tag(version, &[(title, b"\0Don\x92t \x80 \xe9\0\x9coil"), picture]);
            let expected = tag(version, &[(title, "\x03Don’t € é\0œoil".as_bytes()), picture]);
            assert_eq!(recoded(&other), Some(expected));
            let long = "é’".repeat(100);
            let other = tag(version, &[(title, &[&[0], long.as_bytes()].concat())]);
            assert_eq!(recoded(&other), Some(tag(version, &[(title, &[&[3], long.as_bytes()].concat())])));
            for cut in 0..other.len() {
                let _ = recoded(&other[..cut]);
            }
        }
        // With zeros put in, and with more about the tag.
        let expected = recoded(&tag(3, &[(b"TIT2", b"\0\xff\x92")]));
        assert!(expected.is_some());
        let mut other = tag(3, &[(b"TIT2", b"\0\xff\x92")]);
        (other[5], other[9], other[17]) = (UNSYNCHRONISED, other[9] + 1, 3);
        other.insert(22, 0);
        assert_eq!(recoded(&other), expected);
        let mut other = tag(3, &[(b"TIT2", b"\0\xff\x92")]);
        (other[5], other[9]) = (EXTENDED, other[9] + 10);
        other.splice(10..10, [0, 0, 0, 6, 0, 0, 0, 0, 0, 0]);
        assert_eq!(recoded(&other), expected);
        assert_eq!(recoded(&tag(3, &[(b"TIT2", b"\x01\xff\xfe\x80\0")])), None, "UTF-16");
    }
}
