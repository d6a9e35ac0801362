//! The codecs that a WAV file may have besides PCM.
use super::foreign::{Foreign, Helper};

/// Names the codec of the `fmt ` chunk, if it is in `head`.
pub(super) fn codec(head: &[u8]) -> Option<Foreign> {
    let mut at = 12usize;
    loop {
        let chunk = head.get(at..at.checked_add(10)?)?;
        let len = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]) as usize;
        if chunk.starts_with(b"fmt ") {
            let tag = u16::from_le_bytes([chunk[8], chunk[9]]);
            // The extensible format has the tag at the beginning of its identifier.
            let tag = match (tag, head.get(at + 32..at + 34)) {
                (0xfffe, Some(inner)) => u16::from_le_bytes([inner[0], inner[1]]),
                _ => tag,
            };
            return Some(Foreign::new(name(tag), Helper::Demuxer("wav")));
        }
        at = at.checked_add(8)?.checked_add(len)?.checked_add(len % 2)?;
    }
}

fn name(tag: u16) -> String {
    let known = match tag {
        0x0a => "WMA Voice",
        0x22 => "TrueSpeech",
        0x31 => "GSM 6.10",
        0x40 | 0x45 | 0x64 => "G.726",
        0x42 | 0x59 | 0x111 => "G.723.1",
        0x50 | 0x55 => "MPEG audio in WAV",
        0x83 => "G.729",
        0xff | 0x1600 | 0x1601 | 0x1602 | 0x1610 => "AAC in WAV",
        0x160 | 0x161 => "WMA",
        0x162 => "WMA Pro",
        0x163 => "WMA Lossless",
        0x270 => "ATRAC3",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        _ => return format!("WAV codec {tag:#06x}"),
    };
    known.to_owned()
}
