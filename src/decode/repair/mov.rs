//! QuickTime files of the time before MP4, which do not say their type (`ftyp`).
use std::fs::File;
use std::io;

use crate::decode::bytes::Bytes;

/// Files with more parts are not looked through.
const MAX_PARTS: u32 = 64;

/// The parts that a QuickTime file may begin with.
const FIRST: &[&[u8; 4]] = &[b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];

/// The missing part, if it is all that is missing. It may stand anywhere; at the end it moves no other part.
pub(super) fn missing_type(file: &mut File, base: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Bytes::new(file, base)?;
    let (mut at, mut table) = (0, false);
    for part in 0..MAX_PARTS {
        let Some(header) = bytes.array::<8>(at)? else { break };
        let [a, b, c, d, kind @ ..] = header;
        if kind == *b"ftyp" || part == 0 && !FIRST.contains(&&kind) {
            return Ok(None);
        }
        table |= kind == *b"moov";
        let size = match u64::from(u32::from_be_bytes([a, b, c, d])) {
            1 => bytes.array::<8>(at + 8)?.map_or(0, u64::from_be_bytes),
            size => size,
        };
        // The last part may be said to reach to the end.
        let Some(next) = at.checked_add(size).filter(|_| size >= 8) else { break };
        at = next;
    }
    Ok(table.then(|| b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec()))
}
