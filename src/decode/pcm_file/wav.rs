//! WAV, also with the highest byte first (RIFX) and with lengths of 64 bits (RF64, BW64).
use std::io;

use super::chunks::{Chunk, Chunks, is_name};
use super::container::{Content, Found, MAX_ID3V2, PcmFile};
use super::info;
use super::samples::Extent;
use super::wave_format::{self, WaveFormat};
use crate::decode::bytes::{Bytes, u32_at, u64_at};
use crate::decode::found_tags::FoundTags;
use crate::decode::read_tags;
use crate::error::AudioError;
use crate::tags::Tags;

/// Longer lists are not lists of tags.
const MAX_LIST: u64 = 64 << 10;

/// The most of a `fmt ` chunk that says anything.
const MAX_FORMAT: u64 = 64;

/// From here on a length that goes beyond the end of the file is a placeholder of a program that could not know it.
const PLACEHOLDER: u64 = 0x7fff_0000;

/// The length that stands where one of 64 bits counts.
const IN_DS64: u32 = u32::MAX;

/// Reads the chunks of a file that begins with `magic`.
pub(super) fn read(bytes: &mut Bytes<'_>, magic: &[u8; 16]) -> io::Result<Found> {
    let big = magic.starts_with(b"RIFX");
    let wide = !magic.starts_with(b"RIF");
    let (mut format, mut extent, mut ds64) = (None, None, None);
    let (mut list, mut id3v2) = (Tags::default(), FoundTags::default());
    let mut chunks = Chunks::from(12, big);
    while let Some(chunk) = chunks.next(bytes)? {
        let rest = bytes.len().saturating_sub(chunk.at);
        let mut size = u64::from(chunk.size);
        match &chunk.name {
            b"fmt " if format.is_none() => {
                format = Some(wave_format::read(&bytes.up_to(chunk.at, size.min(MAX_FORMAT))?, big));
            }
            b"ds64" if wide && ds64.is_none() => {
                ds64 = Some(Ds64(bytes.up_to(chunk.at, size.min(MAX_LIST))?));
            }
            b"data" if extent.is_none() => {
                let stated = ds64.as_ref().filter(|_| chunk.size == IN_DS64).and_then(Ds64::data);
                let found = data(bytes, chunk, stated)?;
                size = found.len;
                extent = Some(found);
            }
            b"LIST" if size <= MAX_LIST => info::take(&bytes.up_to(chunk.at, size)?, big, &mut list),
            b"id3 " | b"ID3 " if size <= MAX_ID3V2.min(rest) => {
                id3v2 = read_tags::of_id3v2(bytes.up_to(chunk.at, size)?);
            }
            name if chunk.size == IN_DS64 => {
                size = ds64.as_ref().and_then(|table| table.of(name)).unwrap_or(size);
            }
            _ => {}
        }
        chunks.leave(bytes, size)?;
    }
    let tags = id3v2.or(list.into());
    let content = match (format, extent) {
        (Some(Err(reason)), _) => return Ok(Some(Err(reason))),
        (Some(Ok(WaveFormat::Blocks(samples))), Some(extent)) => Content::Blocks(samples, extent),
        (Some(Ok(WaveFormat::Mpeg)), Some(extent)) => Content::Mpeg(extent.start),
        (None, _) => return Ok(Some(Err(damaged("its format chunk is missing")))),
        (_, None) => return Ok(Some(Err(damaged("its audio data is missing")))),
    };
    Ok(Some(Ok(PcmFile { content, tags })))
}

fn damaged(what: &str) -> AudioError {
    AudioError::Damaged(what.to_owned())
}

/// The audio data of a `data` chunk whose length of 64 bits is `wide`, if it has one.
fn data(bytes: &mut Bytes<'_>, chunk: Chunk, wide: Option<u64>) -> io::Result<Extent> {
    let whole = bytes.len();
    let rest = Extent::rest(chunk.at, whole);
    let stated = wide.unwrap_or(chunk.size.into());
    Ok(match stated {
        // Either there is none, or the length was never filled in.
        0 if is_name(bytes, chunk.at)? => Extent { len: 0, ..rest },
        0 => rest,
        PLACEHOLDER.. if stated > rest.len && (wide.is_none() || stated >= i64::MAX.unsigned_abs()) => rest,
        // 32 bits do not hold the length, and the chunk seems to end within the audio.
        _ if wide.is_none() && rest.len > u32::MAX.into() && !is_name(bytes, chunk.at + stated)? => rest,
        _ => Extent::stated(chunk.at, stated, whole),
    })
}

/// The chunk with the lengths of 64 bits: of the file, of `data`, the number of frames, and a table for other chunks.
struct Ds64(Vec<u8>);

impl Ds64 {
    /// The length of `data`, unless it was never filled in.
    fn data(&self) -> Option<u64> {
        u64_at(&self.0, 8).filter(|&len| len > 0)
    }

    /// The length of another chunk.
    fn of(&self, name: &[u8; 4]) -> Option<u64> {
        let rows = u32_at(&self.0, 24, false)? as usize;
        let table = self.0.get(28..)?;
        let row = table.chunks_exact(12).take(rows).find(|row| row.starts_with(name))?;
        u64_at(row, 4)
    }
}
