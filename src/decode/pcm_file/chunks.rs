//! Chunks of RIFF and AIFF: a name of four letters, a length of 32 bits, and the content.
use std::io;

use crate::decode::bytes::Bytes;

/// Later chunks are ignored.
const MAX_CHUNKS: u32 = 1_000;

/// Names that are common enough to recognise a chunk that does not stand where it should.
const NAMES: &[&[u8; 4]] = &[
    b"data", b"fmt ", b"LIST", b"fact", b"bext", b"id3 ", b"ID3 ", b"PEAK", b"cue ", b"smpl", b"inst",
    b"JUNK", b"junk", b"PAD ", b"FLLR", b"iXML", b"_PMX", b"cart", b"chna", b"axml", b"DISP", b"ds64",
    b"COMM", b"SSND", b"FVER", b"NAME", b"AUTH", b"ANNO", b"MARK", b"INST", b"COMT", b"APPL", b"(c) ",
];

/// A chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub name: [u8; 4],
    /// The length that it states.
    pub size: u32,
    /// The offset of its content.
    pub at: u64,
}

/// Walks over chunks.
pub(super) struct Chunks {
    at: u64,
    big: bool,
    left: u32,
}

impl Chunks {
    /// Begins at the offset `at`. `big` says the order of the bytes of lengths.
    pub(super) fn from(at: u64, big: bool) -> Self {
        Self { at, big, left: MAX_CHUNKS }
    }

    /// The next chunk, if there is one. The walk is over the chunk only once [`Chunks::leave`] was called.
    pub(super) fn next(&mut self, bytes: &mut Bytes<'_>) -> io::Result<Option<Chunk>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let Some([a, b, c, d, size @ ..]) = bytes.array::<8>(self.at)? else { return Ok(None) };
        let size = if self.big { u32::from_be_bytes(size) } else { u32::from_le_bytes(size) };
        self.at += 8;
        Ok(Some(Chunk { name: [a, b, c, d], size, at: self.at }))
    }

    /// Goes on behind the content of a chunk, which is `len` bytes long. An odd length is followed by a byte that belongs
    /// to no chunk; some programs forget it.
    pub(super) fn leave(&mut self, bytes: &mut Bytes<'_>, len: u64) -> io::Result<()> {
        self.at = self.at.saturating_add(len);
        if len % 2 == 1 {
            let forgotten = is_name(bytes, self.at)? && !is_name(bytes, self.at.saturating_add(1))?;
            self.at = self.at.saturating_add(u64::from(!forgotten));
        }
        Ok(())
    }
}

/// Whether a chunk of a common name begins at the offset `at`.
pub(super) fn is_name(bytes: &mut Bytes<'_>, at: u64) -> io::Result<bool> {
    Ok(bytes.array::<4>(at)?.is_some_and(|name| NAMES.contains(&&name)))
}
