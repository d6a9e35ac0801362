//! AIFF and AIFF-C.
use std::io;

use symphonia::core::codecs::audio::well_known as id;

use super::chunks::Chunks;
use super::container::{Content, Found, MAX_ID3V2, PcmFile};
use super::info;
use super::samples::{Extent, Samples, float, integer};
use crate::decode::bytes::{Bytes, u16_at, u32_at};
use crate::decode::found_tags::FoundTags;
use crate::decode::read_tags;
use crate::error::AudioError;
use crate::tags::Tags;

/// Longer texts are no tags.
const MAX_TEXT: u64 = 64 << 10;

/// The most of a COMM chunk that says anything.
const MAX_COMMON: u64 = 64;

/// Reads the chunks. `compressed` says whether COMM names a codec.
pub(super) fn read(bytes: &mut Bytes<'_>, compressed: bool) -> io::Result<Found> {
    let (mut common, mut sound) = (None, None);
    let (mut texts, mut id3v2) = (Tags::default(), FoundTags::default());
    let mut chunks = Chunks::from(12, true);
    while let Some(chunk) = chunks.next(bytes)? {
        let size = u64::from(chunk.size);
        match &chunk.name {
            b"COMM" if common.is_none() => {
                common = Some(Common::read(&bytes.up_to(chunk.at, size.min(MAX_COMMON))?, compressed));
            }
            b"SSND" if sound.is_none() => {
                let offset = bytes.array::<4>(chunk.at)?.map_or(0, u32::from_be_bytes);
                sound = Some((chunk.at + 8 + u64::from(offset), size.checked_sub(8 + u64::from(offset))));
            }
            b"NAME" if size <= MAX_TEXT => info::set(&mut texts.title, &bytes.up_to(chunk.at, size)?),
            b"AUTH" if size <= MAX_TEXT => info::set(&mut texts.artist, &bytes.up_to(chunk.at, size)?),
            b"ID3 " | b"id3 " if size <= MAX_ID3V2 => {
                id3v2 = read_tags::of_id3v2(bytes.up_to(chunk.at, size)?);
            }
            _ => {}
        }
        chunks.leave(bytes, size)?;
    }
    let damaged = |what: &str| Ok(Some(Err(AudioError::Damaged(what.to_owned()))));
    let (common, (start, stated)) = match (common, sound) {
        (Some(Ok(common)), Some(sound)) => (common, sound),
        (Some(Err(reason)), _) => return Ok(Some(Err(reason))),
        (None, _) => return damaged("its format chunk (COMM) is missing"),
        (_, None) => return damaged("its audio data (SSND) is missing"),
    };
    let extent = common.extent(start, stated, bytes.len());
    Ok(Some(Ok(PcmFile { content: Content::Blocks(common.samples, extent), tags: id3v2.or(texts.into()) })))
}

/// What COMM says.
struct Common {
    samples: Samples,
    /// How many blocks there are, if that was filled in.
    blocks: Option<u64>,
}

impl Common {
    fn read(comm: &[u8], compressed: bool) -> Result<Self, AudioError> {
        let short = || AudioError::Damaged("its format chunk (COMM) is too short".to_owned());
        let channels = u16_at(comm, 0, true).ok_or_else(short)?;
        let blocks = u32_at(comm, 2, true).ok_or_else(short)?;
        let bits = u16_at(comm, 6, true).ok_or_else(short)?;
        let rate = comm.get(8..).and_then(<[u8]>::first_chunk).map(extended).ok_or_else(short)?;
        let codec = comm.get(18..22).filter(|_| compressed).unwrap_or(b"NONE");
        let samples = samples(codec, bits, rate, channels)?;
        let blocks = (1..u32::MAX).contains(&blocks).then_some(blocks.into());
        Ok(Self { samples, blocks })
    }

    /// Which bytes are samples. SSND states how many bytes, COMM how many blocks: either may be wrong.
    fn extent(&self, start: u64, stated: Option<u64>, whole: u64) -> Extent {
        let rest = Extent::rest(start, whole);
        let blocks = self.blocks.map(|blocks| blocks * u64::from(self.samples.block));
        match (stated, blocks) {
            (Some(stated), _) if stated > 0 && stated <= rest.len => Extent::stated(start, stated, whole),
            (_, Some(blocks)) => {
                let cut_from = (blocks > rest.len).then_some(blocks);
                Extent { len: blocks.min(rest.len), cut_from, ..rest }
            }
            _ => rest,
        }
    }
}

/// Samples whose bits do not fill their bytes are in the upper bits.
fn samples(codec: &[u8], bits: u16, rate: u32, channels: u16) -> Result<Samples, AudioError> {
    let width = bits.div_ceil(8);
    let (codec, width) = match codec {
        b"NONE" | b"none" | b"twos" | b"\0\0\0\0" => (integer(width, true), width),
        b"sowt" => (integer(width, false), width),
        b"raw " => (Some(id::CODEC_ID_PCM_U8), 1),
        b"in24" => (integer(3, true), 3),
        b"in32" => (integer(4, true), 4),
        b"42ni" => (integer(3, false), 3),
        b"23ni" => (integer(4, false), 4),
        b"fl32" | b"FL32" => (float(4, true), 4),
        b"fl64" | b"FL64" => (float(8, true), 8),
        b"alaw" | b"ALAW" => (Some(id::CODEC_ID_PCM_ALAW), 1),
        b"ulaw" | b"ULAW" => (Some(id::CODEC_ID_PCM_MULAW), 1),
        b"ima4" => return ima4(rate, channels).ok_or_else(no_channel),
        other => {
            return Err(AudioError::UnknownCodec(format!("{} in AIFF", other.trim_ascii().escape_ascii())));
        }
    };
    let codec = codec.ok_or_else(|| AudioError::Unsupported(format!("PCM of {bits} bits")))?;
    Samples::pcm(codec, width, rate, channels).ok_or_else(no_channel)
}

/// Apple's ADPCM: for each channel 34 bytes with 64 samples.
pub(super) fn ima4(rate: u32, channels: u16) -> Option<Samples> {
    Samples::blocks(id::CODEC_ID_ADPCM_IMA_QT, rate, channels, 34 * u32::from(channels), 64)
}

fn no_channel() -> AudioError {
    AudioError::Damaged("its format chunk (COMM) states no channel or no rate".to_owned())
}

/// A whole number out of a floating-point number of 80 bits: sign and exponent, then the fraction with its leading 1.
fn extended(bytes: &[u8; 10]) -> u32 {
    let [a, b, fraction @ ..] = *bytes;
    let exponent = i32::from(u16::from_be_bytes([a, b])) - 16_383;
    let fraction = u64::from_be_bytes(fraction);
    match exponent {
        0..=31 => {
            let (whole, half) = (fraction >> (63 - exponent), fraction >> (62 - exponent) & 1);
            u32::try_from(whole + half).unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_80_bits() {
        assert_eq!(extended(b"\x40\x0e\xac\x44\0\0\0\0\0\0"), 44_100);
        assert_eq!(extended(b"\x40\x0b\xfa\0\0\0\0\0\0\0"), 8_000);
        assert_eq!(extended(b"\x40\x0d\xac\x44\x80\0\0\0\0\0"), 22_050, "rounded");
        for other in [b"\0\0\0\0\0\0\0\0\0\0", b"\xc0\x0e\xac\x44\0\0\0\0\0\0", b"\x7f\xff\0\0\0\0\0\0\0\0"] {
            assert_eq!(extended(other), 0);
        }
    }
}
