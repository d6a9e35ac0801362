//! Wave64 of Sony: chunks with a GUID for a name and a length of 64 bits, which includes both.
use std::io;

use super::container::{Content, Found, PcmFile};
use super::samples::Extent;
use super::wave_format::{self, WaveFormat};
use crate::decode::bytes::{Bytes, u64_at};
use crate::decode::found_tags::FoundTags;
use crate::error::AudioError;

/// The name of the whole file.
pub(super) const RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";

/// The second half of the names of all other chunks. They begin with four letters.
const REST: [u8; 12] = *b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";

/// The name and the length of a chunk.
const HEADER: u64 = 24;

/// Later chunks are ignored.
const MAX_CHUNKS: u32 = 1_000;

pub(super) fn read(bytes: &mut Bytes<'_>) -> io::Result<Found> {
    if bytes.array::<16>(HEADER)?.is_none_or(|name| !name.starts_with(b"wave") || name[4..] != REST) {
        return Ok(None);
    }
    let (mut at, mut format, mut extent) = (HEADER + 16, None, None);
    for _ in 0..MAX_CHUNKS {
        let Some(header) = bytes.array::<24>(at)? else { break };
        let (name, start) = (&header[..16], at + HEADER);
        let size = u64_at(&header, 16).unwrap_or(0).saturating_sub(HEADER);
        if name.starts_with(b"fmt ") && format.is_none() {
            format = Some(wave_format::read(&bytes.up_to(start, size.min(64))?, false));
        } else if name.starts_with(b"data") && extent.is_none() {
            let known = (1..i64::MAX.unsigned_abs()).contains(&size);
            let whole = bytes.len();
            extent =
                Some(if known { Extent::stated(start, size, whole) } else { Extent::rest(start, whole) });
        }
        // Chunks begin at multiples of eight bytes.
        let Some(next) = start.checked_add(size).and_then(|end| end.checked_next_multiple_of(8)) else {
            break;
        };
        at = next;
    }
    let content = match (format, extent) {
        (Some(Err(reason)), _) => return Ok(Some(Err(reason))),
        (Some(Ok(WaveFormat::Blocks(samples))), Some(extent)) => Content::Blocks(samples, extent),
        (Some(Ok(WaveFormat::Mpeg)), Some(extent)) => Content::Mpeg(extent.start),
        (None, _) | (_, None) => {
            let what = "its format or its audio data is missing".to_owned();
            return Ok(Some(Err(AudioError::Damaged(what))));
        }
    };
    Ok(Some(Ok(PcmFile { content, tags: FoundTags::default() })))
}
