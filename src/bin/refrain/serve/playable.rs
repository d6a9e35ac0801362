//! Which files a browser plays as they are.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// How many bytes of a file are looked at.
const HEAD: u64 = 4096;

/// How much of the end of an MP4 file is looked at, where its tables may be.
const TAIL: u64 = 1 << 20;

/// The type of a file that browsers play, by its first bytes. `None` for all others, whatever their name.
pub fn kind(file: &mut File) -> io::Result<Option<&'static str>> {
    let mut seen = Vec::new();
    file.take(HEAD).read_to_end(&mut seen)?;
    if seen.get(4..).is_some_and(|rest| rest.starts_with(b"ftypM4A")) {
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(TAIL).max(HEAD)))?;
        file.take(TAIL).read_to_end(&mut seen)?;
    }
    file.rewind()?;
    Ok(of(&seen))
}

fn of(head: &[u8]) -> Option<&'static str> {
    let has = |at: usize, bytes: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    let holds = |bytes: &[u8]| head.windows(bytes.len()).any(|window| window == bytes);
    match head {
        _ if has(0, b"fLaC") => Some("audio/flac"),
        _ if has(0, b"OggS") && (holds(b"\x01vorbis") || holds(b"OpusHead") || holds(b"FLAC")) => {
            Some("audio/ogg")
        }
        // PCM or floating point; other codecs in WAV are seldom known.
        _ if has(0, b"RIFF") && has(8, b"WAVEfmt ") => match head.get(20..22) {
            Some([1 | 3, 0] | [0xfe, 0xff]) => Some("audio/wav"),
            _ => None,
        },
        // AAC. No browser but one plays ALAC.
        _ if has(4, b"ftypM4A") && !holds(b"alac") && holds(b"mp4a") => Some("audio/mp4"),
        _ if has(0, b"\x1aE\xdf\xa3") && holds(b"webm") => Some("audio/webm"),
        _ if has(0, b"ID3") => Some("audio/mpeg"),
        // The sync word of MPEG audio, layer 3; that of AAC has layer 0.
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Some("audio/mpeg"),
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        for (name, expected) in [
            ("s16.flac", Some("audio/flac")),
            ("vorbis.ogg", Some("audio/ogg")),
            ("opus.opus", Some("audio/ogg")),
            ("flac.oga", Some("audio/ogg")),
            ("s16.wav", Some("audio/wav")),
            ("f32.wav", Some("audio/wav")),
            ("adpcm.wav", None),
            ("mulaw.wav", None),
            ("lame.mp3", Some("audio/mpeg")),
            ("mono.mp3", Some("audio/mpeg")),
            ("layer2.mp2", None),
            ("adts.aac", Some("audio/aac")),
            ("alac.m4a", None),
            ("aac.m4a", Some("audio/mp4")),
            ("../audio/songs/copper-rain.m4a", Some("audio/mp4")),
            ("opus.webm", Some("audio/webm")),
            ("vorbis.mka", None),
            ("s16.aiff", None),
            ("s16.caf", None),
            ("../README.md", None),
        ] {
            assert_eq!(kind(&mut File::open(root.join(name)).unwrap()).unwrap(), expected, "{name}");
        }
    }
}
