//! Apple's Core Audio Format, if it has PCM or its ADPCM. Other codecs need a table of packets, which Symphonia reads.
use std::io;

use symphonia::core::codecs::audio::well_known as id;

use super::aiff::ima4;
use super::container::{Content, Found, PcmFile};
use super::info;
use super::samples::{Extent, Samples, float, integer};
use crate::decode::bytes::{Bytes, u32_at};
use crate::error::AudioError;
use crate::tags::Tags;

/// The name and the length of a chunk.
const HEADER: u64 = 12;

/// Later chunks are ignored.
const MAX_CHUNKS: u32 = 1_000;

/// Longer texts are no tags.
const MAX_TEXTS: u64 = 64 << 10;

pub(super) fn read(bytes: &mut Bytes<'_>) -> io::Result<Found> {
    let (mut at, mut samples, mut extent, mut tags) = (8, None, None, Tags::default());
    for _ in 0..MAX_CHUNKS {
        let Some(header) = bytes.array::<12>(at)? else { break };
        let [a, b, c, d, size @ ..] = header;
        let (start, size) = (at + HEADER, i64::from_be_bytes(size));
        let rest = bytes.len().saturating_sub(start);
        // -1 for the last chunk means: to the end of the file.
        let len = u64::try_from(size).unwrap_or(rest);
        match &[a, b, c, d] {
            b"desc" if samples.is_none() => {
                let Some(desc) = bytes.array::<32>(start)? else { break };
                match described(&desc) {
                    Some(found) => samples = Some(found),
                    None => return Ok(None),
                }
            }
            b"data" if extent.is_none() => {
                // A count of edits comes first.
                let (audio, whole) = (start + 4, bytes.len());
                extent = Some(match u64::try_from(size).ok().and_then(|size| size.checked_sub(4)) {
                    Some(0) | None => Extent::rest(audio, whole),
                    Some(stated) => Extent::stated(audio, stated, whole),
                });
            }
            b"info" if len <= MAX_TEXTS => texts(&bytes.up_to(start, len)?, &mut tags),
            _ => {}
        }
        let Some(next) = start.checked_add(len) else { break };
        at = next;
    }
    let (Some(samples), Some(extent)) = (samples, extent) else {
        let what = "its description or its audio data is missing".to_owned();
        return Ok(Some(Err(AudioError::Damaged(what))));
    };
    Ok(Some(samples.map(|samples| PcmFile { content: Content::Blocks(samples, extent), tags: tags.into() })))
}

/// The samples that `desc` describes, if their blocks have one size.
fn described(desc: &[u8; 32]) -> Option<Result<Samples, AudioError>> {
    let rate = desc.first_chunk().map_or(0.0, |rate| f64::from_be_bytes(*rate));
    // Whatever is no rate becomes 0 and is refused.
    let rate = rate.round() as u32;
    let number = |at| u32_at(desc, at, true).unwrap_or(0);
    let [flags, per_packet, _, channels, bits] = [12, 16, 20, 24, 28].map(number);
    let channels = u16::try_from(channels).unwrap_or(0);
    let samples = match &desc[8..12] {
        b"lpcm" => {
            let big = flags & 2 == 0;
            let packed = per_packet.checked_div(channels.into()).filter(|&width| width > 0);
            let width = u16::try_from(packed.unwrap_or(bits.div_ceil(8))).unwrap_or(0);
            let codec = if flags & 1 == 0 { integer(width, big) } else { float(width, big) };
            let Some(codec) = codec else {
                return Some(Err(AudioError::Unsupported(format!("PCM of {bits} bits"))));
            };
            Samples::pcm(codec, width, rate, channels)
        }
        b"ulaw" => Samples::pcm(id::CODEC_ID_PCM_MULAW, 1, rate, channels),
        b"alaw" => Samples::pcm(id::CODEC_ID_PCM_ALAW, 1, rate, channels),
        b"ima4" => ima4(rate, channels),
        _ => return None,
    };
    let damaged = || AudioError::Damaged("its description states no channel or no rate".to_owned());
    Some(samples.ok_or_else(damaged))
}

/// Takes the tags of an `info` chunk: their number, then names and values that end with a zero.
fn texts(chunk: &[u8], tags: &mut Tags) {
    let mut texts = chunk.get(4..).unwrap_or_default().split(|&byte| byte == 0);
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        match name.to_ascii_lowercase().as_slice() {
            b"title" => info::set(&mut tags.title, value),
            b"artist" => info::set(&mut tags.artist, value),
            b"album" => info::set(&mut tags.album, value),
            _ => {}
        }
    }
}
