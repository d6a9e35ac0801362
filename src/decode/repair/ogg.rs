//! Ogg with a cover of many megabytes. The demuxer holds a packet of 16 MiB at most, and the tags are one packet.
use std::fs::File;
use std::io::{self, Read};

use crate::decode::bytes::Bytes;

/// Tags up to this length are left to the demuxer.
const LARGE: u64 = 8 << 20;

/// Longer tags are given up.
const MAX_TAGS: u64 = 200 << 20;

/// Longer comments are pictures.
const MAX_COMMENT: u32 = 32 << 10;

/// The most bytes of all comments that are kept.
const MAX_KEPT: usize = 1 << 20;

/// The longest set-up of Vorbis.
const MAX_SETUP: usize = 4 << 20;

/// Flag of a page: its first packet began on the page before.
const CONTINUED: u8 = 1;

/// A page's header before its table of segments.
const HEADER: usize = 27;

/// The offset of the first page of audio, and the pages that stand before it, without the cover. `None` if the file is no
/// such file, or its tags are of bearable length.
pub(super) fn without_cover(file: &mut File, base: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    let mut bytes = Bytes::new(file, base)?;
    let Some(first) = Page::read(&mut bytes, 0)? else { return Ok(None) };
    let head = bytes.up_to(first.body, first.len())?;
    // What the tags begin with, and how many packets follow until the audio begins.
    let (tags, further) = match head.as_slice() {
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => (&b"\x03vorbis"[..], 1),
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => (&b"OpusTags"[..], 0),
        _ => return Ok(None),
    };
    let mut packet =
        Packets { bytes: &mut bytes, at: first.end(), serial: first.serial, page: None, ended: false };
    let mut start = vec![0; tags.len()];
    if packet.read(&mut start)? < start.len() || start != tags || !packet.is_long()? {
        return Ok(None);
    }
    let Some(comments) = kept(&mut packet)? else { return Ok(None) };
    packet.skip()?;
    let mut packets = vec![[tags, &comments].concat()];
    for _ in 0..further {
        let mut setup = Vec::new();
        packet.ended = false;
        packet.by_ref().take(MAX_SETUP as u64).read_to_end(&mut setup)?;
        if !packet.ended {
            return Ok(None);
        }
        packets.push(setup);
    }
    // The audio begins on a page of its own.
    let audio = packet.at;
    let mut before = bytes.up_to(0, first.end())?;
    before.extend(pages(&packets, first.serial));
    Ok(Some((base + audio, before)))
}

/// The vendor and the comments that are no pictures.
fn kept(packet: &mut Packets<'_, '_>) -> io::Result<Option<Vec<u8>>> {
    let Some(vendor) = packet.text()? else { return Ok(None) };
    let Some(count) = packet.number()? else { return Ok(None) };
    let (mut comments, mut kept) = (Vec::new(), 0_u32);
    for _ in 0..count {
        let Some(comment) = packet.text()? else { break };
        if !comment.is_empty() && comments.len() + comment.len() < MAX_KEPT {
            comments.extend((comment.len() as u32).to_le_bytes());
            comments.extend(comment);
            kept += 1;
        }
    }
    let mut all = (vendor.len() as u32).to_le_bytes().to_vec();
    all.extend(vendor);
    all.extend(kept.to_le_bytes());
    all.extend(comments);
    // The framing bit of Vorbis.
    all.push(1);
    Ok(Some(all))
}

/// A page.
struct Page {
    serial: [u8; 4],
    /// The lengths of its segments.
    segments: Vec<u8>,
    /// The offset of its content.
    body: u64,
}

impl Page {
    fn read(bytes: &mut Bytes<'_>, at: u64) -> io::Result<Option<Page>> {
        let Some(header) = bytes.array::<HEADER>(at)? else { return Ok(None) };
        if !header.starts_with(b"OggS\0") {
            return Ok(None);
        }
        let count = u64::from(header[26]);
        let Some(segments) = bytes.vec(at + HEADER as u64, count)? else { return Ok(None) };
        let serial = [header[14], header[15], header[16], header[17]];
        Ok(Some(Page { serial, segments, body: at + HEADER as u64 + count }))
    }

    fn len(&self) -> u64 {
        self.segments.iter().copied().map(u64::from).sum()
    }

    fn end(&self) -> u64 {
        self.body + self.len()
    }
}

/// Reads the packets of a stream, one after the other: each ends like a file.
struct Packets<'a, 'b> {
    bytes: &'a mut Bytes<'b>,
    /// The offset of the next page.
    at: u64,
    serial: [u8; 4],
    /// The page at hand, with the segment that comes next and what is left of the one before it.
    page: Option<(Page, usize, u64)>,
    /// Whether the packet has ended.
    ended: bool,
}

impl Packets<'_, '_> {
    /// Whether the packet at hand goes on for long. Looks at the pages that follow.
    fn is_long(&mut self) -> io::Result<bool> {
        let ends = |segments: &[u8]| segments.iter().any(|&segment| segment < 255);
        if self.ended || self.page.as_ref().is_none_or(|(page, next, _)| ends(&page.segments[*next..])) {
            return Ok(false);
        }
        let (mut at, mut len) = (self.at, 0);
        while len <= MAX_TAGS {
            let Some(page) = Page::read(self.bytes, at)? else { return Ok(false) };
            len += page.len();
            at = page.end();
            if page.serial != self.serial || ends(&page.segments) {
                return Ok(len > LARGE);
            }
        }
        Ok(false)
    }

    /// How many bytes can be read at once, and from where. 0 at the end of the packet.
    fn here(&mut self) -> io::Result<(u64, u64)> {
        loop {
            if self.ended {
                return Ok((0, 0));
            }
            match &mut self.page {
                Some((page, next, left)) if *left == 0 => match page.segments.get(*next) {
                    Some(&segment) => {
                        *left = segment.into();
                        *next += 1;
                        self.ended = segment == 0;
                    }
                    None => self.page = None,
                },
                Some((page, next, left)) => {
                    let before: u64 = page.segments[..*next].iter().copied().map(u64::from).sum();
                    return Ok((page.body + before - *left, *left));
                }
                None => {
                    let Some(page) = Page::read(self.bytes, self.at)? else {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    };
                    // Other streams may lie between.
                    self.at = page.end();
                    if page.serial == self.serial {
                        self.page = Some((page, 0, 0));
                    }
                }
            }
        }
    }

    /// Passes over bytes that [`Self::here`] offered.
    fn pass(&mut self, n: u64) {
        if let Some((page, next, left)) = &mut self.page {
            *left -= n;
            // A segment that is not full is the last of its packet.
            self.ended |= *left == 0 && page.segments[*next - 1] < 255;
        }
    }

    /// Goes to the end of the packet.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            match self.here()? {
                (_, 0) => return Ok(()),
                (_, n) => self.pass(n),
            }
        }
    }

    /// A number of four bytes.
    fn number(&mut self) -> io::Result<Option<u32>> {
        let mut number = [0; 4];
        let mut have = 0;
        while have < 4 {
            match self.read(&mut number[have..])? {
                0 => return Ok(None),
                n => have += n,
            }
        }
        Ok(Some(u32::from_le_bytes(number)))
    }

    /// A text after its length. A picture is passed over and comes out empty.
    fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(len) = self.number()? else { return Ok(None) };
        let mut text = Vec::new();
        if len <= MAX_COMMENT {
            self.by_ref().take(len.into()).read_to_end(&mut text)?;
            return Ok((text.len() == len as usize).then_some(text));
        }
        let mut left = u64::from(len);
        while left > 0 {
            let (_, n) = self.here()?;
            if n == 0 {
                return Ok(None);
            }
            self.pass(n.min(left));
            left -= n.min(left);
        }
        Ok(Some(text))
    }
}

impl Read for Packets<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (at, n) = self.here()?;
        let n = n.min(out.len() as u64);
        let found = self.bytes.up_to(at, n)?;
        out[..found.len()].copy_from_slice(&found);
        if (found.len() as u64) < n {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pass(n);
        Ok(found.len())
    }
}

/// Packets on pages that follow the first.
fn pages(packets: &[Vec<u8>], serial: [u8; 4]) -> Vec<u8> {
    let (mut out, mut sequence) = (Vec::new(), 1_u32);
    for packet in packets {
        // A packet ends with a segment that is not full, if only of length 0.
        let mut segments = vec![255_u8; packet.len() / 255];
        segments.push((packet.len() % 255) as u8);
        let mut rest = packet.as_slice();
        for (i, segments) in segments.chunks(255).enumerate() {
            let len = segments.iter().copied().map(usize::from).sum();
            let (body, after) = rest.split_at(len);
            rest = after;
            let at = out.len();
            out.extend(b"OggS\0");
            out.push(if i == 0 { 0 } else { CONTINUED });
            out.extend([0; 8]);
            out.extend(serial);
            out.extend(sequence.to_le_bytes());
            out.extend([0; 4]);
            out.push(segments.len() as u8);
            out.extend(segments);
            out.extend(body);
            let crc = crc(&out[at..]);
            out[at + 22..at + 26].copy_from_slice(&crc.to_le_bytes());
            sequence += 1;
        }
    }
    out
}

/// The checksum of a page whose own checksum is 0.
fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}
