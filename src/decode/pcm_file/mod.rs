//! Containers of plain samples: WAV with its 64-bit forms RF64 and BW64, Wave64, AU, AIFF and CAF.
//!
//! Their headers say how the samples are laid out and how many there are. The lengths are often wrong: programs that write
//! to a pipe cannot fill them in, recorders lose power, 32 bits do not suffice. So the lengths are checked against the file,
//! and the samples that are there are used. Of a container with other codecs than PCM and ADPCM nothing is made here.
mod aiff;
mod au;
mod caf;
mod chunks;
mod container;
mod info;
mod reader;
mod samples;
mod wav;
mod wave64;
mod wave_format;

use std::fs::File;
use std::io;

use self::container::{Found, MAX_ID3V2};
use super::bytes::Bytes;
use super::read_tags;
use crate::error::AudioError;

pub(super) use self::container::{Content, PcmFile};
pub(super) use self::reader::PcmReader;

/// Looks for one of the containers at the offset `base`.
pub(super) fn find(file: &mut File, base: u64) -> io::Result<Found> {
    let mut bytes = Bytes::new(file, base)?;
    let Some(magic) = bytes.array::<16>(0)? else { return Ok(None) };
    let mut found = match &magic {
        [b'R', b'I', b'F', b'F' | b'X', ..] | [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..]
            if cfg!(feature = "wav") && magic[8..12] == *b"WAVE" =>
        {
            wav::read(&mut bytes, &magic)?
        }
        [b'r', b'i', b'f', b'f', ..] if cfg!(feature = "wav") && magic == wave64::RIFF => {
            wave64::read(&mut bytes)?
        }
        [b'.', b's', b'n', b'd', ..] | [b'd', b'n', b's', b'.', ..] if cfg!(feature = "wav") => {
            au::read(&mut bytes)?
        }
        [b'F', b'O', b'R', b'M', ..] if cfg!(feature = "aiff") && magic[8..11] == *b"AIF" => {
            aiff::read(&mut bytes, magic[11] == b'C')?
        }
        [b'c', b'a', b'f', b'f', ..] if cfg!(feature = "caf") => caf::read(&mut bytes)?,
        _ => None,
    };
    if let Some(Ok(PcmFile { content, tags })) = &mut found {
        if let Content::Blocks(samples, extent) = content {
            if samples.is_pcm_of_16_bits()
                && let Some(codec) = disguised(&mut bytes, extent.start)?
            {
                return Ok(Some(Err(AudioError::UnknownCodec(codec.to_owned()))));
            }
            extent.start += base;
        }
        if let Content::Mpeg(start) = content {
            *start += base;
        }
        if (1..=MAX_ID3V2).contains(&base) {
            let mut whole = Bytes::new(file, 0)?;
            if let Some(tag) = whole.vec(0, base)? {
                *tags = read_tags::of_id3v2(tag).or(std::mem::take(tags));
            }
        }
    }
    Ok(found)
}

/// The codec of a bit stream that is written as if it were samples, so that it fits on a CD or through a digital plug. It
/// would play as noise.
fn disguised(bytes: &mut Bytes<'_>, start: u64) -> io::Result<Option<&'static str>> {
    /// Longer silence before the stream is not looked through.
    const LOOK: u64 = 64 << 10;
    let head = bytes.up_to(start, LOOK)?;
    let stream = head.iter().position(|&byte| byte != 0).map_or(&[][..], |at| &head[at..]);
    Ok(match stream {
        [0x72, 0xf8, 0x1f, 0x4e, ..] | [0xf8, 0x72, 0x4e, 0x1f, ..] => Some("AC-3 or DTS in S/PDIF frames"),
        [0xfe, 0x7f, 0x01, 0x80, ..] | [0x7f, 0xfe, 0x80, 0x01, ..] => Some("DTS"),
        [0xff, 0x1f, 0x00, 0xe8, _, 0x07, ..] | [0x1f, 0xff, 0xe8, 0x00, 0x07, ..] => Some("DTS"),
        _ => None,
    })
}
