//! The atoms of MP4 and QuickTime: parts with a length and a name, one behind another, or one within another.
use std::io;
use std::ops::Range;

use super::bytes::Bytes;

/// Atoms of one file that are looked at. A list of tags may have hundreds.
const MAX_ATOMS: usize = 10_000;

/// An atom's header.
pub(super) struct Atom {
    pub name: [u8; 4],
    /// Where its header begins.
    pub start: u64,
    /// Where its content lies.
    pub content: Range<u64>,
}

/// Reads atoms, so many of them at most that no file takes long.
pub(super) struct Atoms<'a, 'b> {
    bytes: &'a mut Bytes<'b>,
    left: usize,
}

impl<'a, 'b> Atoms<'a, 'b> {
    pub(super) fn new(bytes: &'a mut Bytes<'b>) -> Self {
        Self { bytes, left: MAX_ATOMS }
    }

    /// The atom at the beginning of `within`, which then begins after it.
    pub(super) fn next(&mut self, within: &mut Range<u64>) -> io::Result<Option<Atom>> {
        let head = self.read(within, 16)?;
        let Some((&[a, b, c, d, name @ ..], long)) = head.split_first_chunk::<8>() else { return Ok(None) };
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        let (header, size) = match (size, long.first_chunk::<8>()) {
            (0, _) => (8, within.end - within.start),
            (1, Some(&long)) => (16, u64::from_be_bytes(long)),
            _ => (8, size),
        };
        if size < header || self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let start = within.start;
        let end = start.saturating_add(size).min(within.end);
        within.start = end;
        Ok(Some(Atom { name, start, content: (start + header).min(end)..end }))
    }

    /// The first bytes of a range of the file, at most `most`.
    pub(super) fn read(&mut self, range: &Range<u64>, most: u64) -> io::Result<Vec<u8>> {
        self.bytes.up_to(range.start, range.end.saturating_sub(range.start).min(most))
    }
}

/// Whether a file begins as MP4 and QuickTime do.
pub(super) fn begins(bytes: &mut Bytes<'_>) -> io::Result<bool> {
    let known = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
    Ok(bytes.array::<8>(0)?.is_some_and(|head| known.iter().any(|name| head.ends_with(*name))))
}
