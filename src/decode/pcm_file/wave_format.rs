//! The description of samples in WAV and Wave64, which is WAVEFORMATEX of Windows.
use symphonia::core::codecs::audio::well_known as id;

use super::samples::{Samples, float, integer};
use crate::decode::bytes::{u16_at, u32_at};
use crate::error::AudioError;

/// What a `fmt ` chunk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaveFormat {
    Blocks(Samples),
    Mpeg,
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// Reads the content of a `fmt ` chunk, which may be longer or shorter than usual. The mask of speakers is of no interest.
pub(super) fn read(fmt: &[u8], big: bool) -> Result<WaveFormat, AudioError> {
    let number = |at| u16_at(fmt, at, big);
    let (Some(mut tag), Some(channels), Some(rate)) = (number(0), number(2), u32_at(fmt, 4, big)) else {
        return Err(AudioError::Damaged("its format chunk is too short".to_owned()));
    };
    let bytes_per_second = u32_at(fmt, 8, big).unwrap_or(0);
    let (align, bits) = (number(12).unwrap_or(0), number(14).unwrap_or(0));
    if tag == EXTENSIBLE {
        // The first two bytes of a GUID are the older number of the codec.
        tag = number(24).unwrap_or(PCM);
    }
    let per_channel = align.checked_div(channels).unwrap_or(0);
    let samples = match tag {
        PCM => {
            let width = width(bits, per_channel, bytes_per_second == rate.saturating_mul(align.into()));
            // Samples of up to eight bits have no sign here.
            let codec = if width == 1 { Some(id::CODEC_ID_PCM_U8) } else { integer(width, big) };
            let codec = codec.ok_or_else(|| AudioError::Unsupported(format!("PCM of {bits} bits")))?;
            Samples::pcm(codec, width, rate, channels)
        }
        FLOAT => {
            let width = if bits == 0 { per_channel } else { bits.div_ceil(8) };
            let codec = float(width, big);
            let codec =
                codec.ok_or_else(|| AudioError::Unsupported(format!("floating-point PCM of {bits} bits")))?;
            Samples::pcm(codec, width, rate, channels)
        }
        6 => Samples::pcm(id::CODEC_ID_PCM_ALAW, 1, rate, channels),
        7 => Samples::pcm(id::CODEC_ID_PCM_MULAW, 1, rate, channels),
        2 => adpcm(id::CODEC_ID_ADPCM_MS, rate, channels, align, 7, 2),
        0x11 => adpcm(id::CODEC_ID_ADPCM_IMA_WAV, rate, channels, align, 4, 1),
        0x50 | 0x55 => return Ok(WaveFormat::Mpeg),
        other => return Err(AudioError::UnknownCodec(name(other))),
    };
    samples
        .map(WaveFormat::Blocks)
        .ok_or_else(|| AudioError::Damaged("its format chunk states no channel or no rate".to_owned()))
}

/// The bytes of an integer sample. Samples whose bits do not fill them are in the upper bits.
fn width(bits: u16, per_channel: u16, consistent: bool) -> u16 {
    let least = bits.div_ceil(8);
    match (least, per_channel) {
        (0, 1..=4) => per_channel,
        (0, _) => 2,
        // 20 or 24 bits in four bytes.
        (3, 4) if consistent => 4,
        _ => least,
    }
}

/// ADPCM of four bits: each block has a header of `head` bytes for each channel, which holds `first` frames.
fn adpcm(
    codec: symphonia::core::codecs::audio::AudioCodecId,
    rate: u32,
    channels: u16,
    align: u16,
    head: u32,
    first: u32,
) -> Option<Samples> {
    let channels_wide = u32::from(channels).max(1);
    let coded = u32::from(align).checked_sub(head * channels_wide)?;
    Samples::blocks(codec, rate, channels, align.into(), coded * 2 / channels_wide + first)
}

/// The name that people know the codec by.
fn name(tag: u16) -> String {
    let name = match tag {
        0x31 => "GSM 6.10",
        0x40 | 0x45 | 0x64 => "G.721 or G.726 ADPCM",
        0xff | 0x1600 | 0x1610 | 0x706d => "AAC in WAV",
        0x160..=0x163 => "WMA",
        0x270 => "ATRAC3",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0x566f | 0x674f..=0x6771 => "Vorbis in WAV",
        0xf1ac => "FLAC in WAV",
        other => return format!("WAV format {other:#06x}"),
    };
    name.to_owned()
}
