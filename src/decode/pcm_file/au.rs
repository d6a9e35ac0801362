//! AU of Sun and NeXT, with the highest byte first, or with the lowest as DEC wrote it.
use std::io;

use symphonia::core::codecs::audio::well_known as id;

use super::container::{Content, Found, PcmFile};
use super::samples::{Extent, Samples, float, integer};
use crate::decode::bytes::{Bytes, u32_at};
use crate::decode::found_tags::FoundTags;
use crate::error::AudioError;

/// The shortest header.
const HEADER: u32 = 24;

pub(super) fn read(bytes: &mut Bytes<'_>) -> io::Result<Found> {
    let Some(header) = bytes.array::<24>(0)? else { return Ok(None) };
    let big = header.starts_with(b".snd");
    let number = |at| u32_at(&header, at, big).unwrap_or(0);
    let [start, stated, encoding, rate, channels] = [4, 8, 12, 16, 20].map(number);
    let Ok(channels) = u16::try_from(channels) else { return Ok(None) };
    if start < HEADER {
        return Ok(None);
    }
    let (codec, width) = match encoding {
        1 => (Some(id::CODEC_ID_PCM_MULAW), 1),
        27 => (Some(id::CODEC_ID_PCM_ALAW), 1),
        2..=5 => (integer(encoding as u16 - 1, big), encoding as u16 - 1),
        6 => (float(4, big), 4),
        7 => (float(8, big), 8),
        _ => (None, 0),
    };
    let Some(codec) = codec else {
        let name = match encoding {
            23..=26 => "G.721, G.722 or G.723 ADPCM".to_owned(),
            other => format!("AU encoding {other}"),
        };
        return Ok(Some(Err(AudioError::UnknownCodec(name))));
    };
    let (start, whole) = (u64::from(start), bytes.len());
    let extent = match stated {
        // The program could not know the length.
        0 | u32::MAX => Extent::rest(start, whole),
        _ => Extent::stated(start, stated.into(), whole),
    };
    let damaged = || AudioError::Damaged("its header states no channel or no rate".to_owned());
    let samples = Samples::pcm(codec, width, rate, channels).ok_or_else(damaged);
    Ok(Some(
        samples
            .map(|samples| PcmFile { content: Content::Blocks(samples, extent), tags: FoundTags::default() }),
    ))
}
