//! The frame in which an encoder of layer 3 says what is in the file, instead of audio.
use super::header::{Header, Kind};

/// A decoder is late by so many samples. Encoders do not count them as theirs.
const DECODER_DELAY: u32 = 528 + 1;

/// What the tag says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EncoderTag {
    /// The frames that follow.
    pub frames: Option<u32>,
    /// The samples before and after the recording.
    pub around: Option<(u32, u32)>,
}

impl EncoderTag {
    /// Reads the tag in a frame, if there is one.
    pub(super) fn of(header: &Header, frame: &[u8]) -> Option<EncoderTag> {
        if header.form.kind != Kind::Layer(3) {
            return None;
        }
        // Frames with audio have something there.
        let silent = |upto: usize| frame.get(6..upto).is_some_and(|side| side.iter().all(|&byte| byte == 0));
        let xing =
            frame.get(header.side_info..).filter(|tag| tag.starts_with(b"Xing") || tag.starts_with(b"Info"));
        let vbri = frame.get(36..).filter(|tag| tag.starts_with(b"VBRI\0\x01"));
        match (xing, vbri) {
            (Some(tag), _) if silent(header.side_info) => Some(of_xing(tag)),
            (_, Some(tag)) if silent(36) => Some(EncoderTag { frames: number(tag, 14), around: None }),
            _ => None,
        }
    }
}

/// Bit by bit of the flags: the number of frames, that of bytes, a table for seeking, the quality. LAME's part follows.
fn of_xing(tag: &[u8]) -> EncoderTag {
    let flags = number(tag, 4).unwrap_or(0);
    let frames = if flags & 1 == 0 { None } else { number(tag, 8) };
    let sizes = [4, 4, 100, 4];
    let lame = 8 + sizes
        .iter()
        .enumerate()
        .filter(|(bit, _)| flags >> bit & 1 == 1)
        .map(|(_, size)| size)
        .sum::<usize>();
    let name = tag.get(lame..lame + 4);
    let known = [b"LAME", b"Lavf", b"Lavc"].iter().any(|known| name == Some(&known[..]));
    let around = number(tag, lame + 20).filter(|_| known).map(|numbers| numbers & 0x00ff_ffff);
    EncoderTag {
        frames,
        around: around
            .map(|both| ((both >> 12) + DECODER_DELAY, (both & 0xfff).saturating_sub(DECODER_DELAY))),
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&four| u32::from_be_bytes(four))
}
