//! Which files a browser plays as they are.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// How many bytes of a file are looked at.
const HEAD: u64 = 4096;

/// How much of the end of an MP4 file is looked at, where its tables may be.
const TAIL: u64 = 1 << 20;

/// How many tags may come one after another. Files seldom have more than one.
const MAX_TAGS: usize = 4;

/// The type of a file that browsers play, by its first bytes. `None` for all others, whatever their name.
pub fn kind(file: &mut File) -> io::Result<Option<&'static str>> {
    let mut seen = Vec::new();
    (&*file).take(HEAD).read_to_end(&mut seen)?;
    // What follows tags decides: they are before FLAC and AAC, too.
    let mut tags = 0;
    for _ in 0..MAX_TAGS {
        let Some(bytes) = tag_bytes(&seen) else { break };
        tags += bytes;
        file.seek(SeekFrom::Start(tags))?;
        seen.clear();
        (&*file).take(HEAD).read_to_end(&mut seen)?;
    }
    if tags > 0 {
        file.rewind()?;
        // No browser plays FLAC behind such tags.
        return Ok(of(&seen).filter(|kind| ["audio/mpeg", "audio/aac"].contains(kind)));
    }
    if seen.get(4..).is_some_and(|rest| rest.starts_with(b"ftypM4A")) {
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(TAIL).max(HEAD)))?;
        file.take(TAIL).read_to_end(&mut seen)?;
    }
    file.rewind()?;
    Ok(of(&seen))
}

/// The bytes of an ID3v2 tag at the start (id3.org/id3v2.4.0-structure, section 3.1).
fn tag_bytes(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = head else { return None };
    let size = size.first_chunk::<4>()?.iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
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

    #[test]
    fn what_follows_a_tag_decides() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        // A tag of 5,000 bytes, which is longer than what is looked at.
        let tag = [&b"ID3\x04\0\0\0\0\x27\x08"[..], &[0; 5000]].concat();
        for (name, expected) in [
            ("mono.mp3", Some("audio/mpeg")),
            ("adts.aac", Some("audio/aac")),
            ("s16.flac", None),
            ("s16.aiff", None),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            let song = std::fs::read(root.join(name)).unwrap();
            // The song may begin with a tag of its own.
            std::io::Write::write_all(&mut file, &[tag.clone(), song].concat()).unwrap();
            file.rewind().unwrap();
            assert_eq!(kind(&mut file).unwrap(), expected, "{name}");
            assert_eq!(file.stream_position().unwrap(), 0);
        }
    }
}
