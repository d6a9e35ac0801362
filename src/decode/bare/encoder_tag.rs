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

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of MPEG-1, 44,100 Hz, with this at `at`.
    fn frame(at: usize, tag: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x64]);
        frame[at..at + tag.len()].copy_from_slice(tag);
        frame
    }

    fn tag(frame: &[u8]) -> Option<EncoderTag> {
        EncoderTag::of(&Header::of(frame).expect("a header"), frame)
    }

    #[test]
    fn tags_of_encoders() {
        let lame = [
            b"Info\0\0\0\x0f\0\0\x01\0\0\0\x10\0".as_slice(),
            &[0; 104],
            b"LAME3.100",
            &[0; 12],
            &[0x24, 0x04, 0xd2],
        ];
        let around = Some((0x240 + 529, 0x4d2 - 529));
        assert_eq!(tag(&frame(36, &lame.concat())), Some(EncoderTag { frames: Some(256), around }));
        // Nothing but the number of frames; an encoder whose numbers mean something else; no flags.
        let short = b"Xing\0\0\0\x01\0\0\0\x05Gogo12345";
        assert_eq!(tag(&frame(36, short)), Some(EncoderTag { frames: Some(5), around: None }));
        assert_eq!(tag(&frame(36, b"Xing")), Some(EncoderTag::default()));
        let vbri = b"VBRI\0\x01\0\0\0\0\0\0\0\0\0\0\0\x09";
        assert_eq!(tag(&frame(36, vbri)), Some(EncoderTag { frames: Some(9), around: None }));
    }

    #[test]
    fn audio_is_no_tag() {
        let mut audio = frame(36, b"Info");
        audio[20] = 1;
        assert_eq!(tag(&audio), None);
        assert_eq!(tag(&frame(40, b"Info")), None);
        let mut layer_2 = frame(36, b"Info");
        layer_2[1] = 0xfd;
        assert_eq!(tag(&layer_2), None);
    }
}
