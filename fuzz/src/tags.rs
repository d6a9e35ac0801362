//! Any bytes as a tag of each kind, in a file that is whole otherwise.
use std::path::Path;

use super::decode::opened;

const MP3: &[u8] = include_bytes!("../../fixtures/formats/layer2.mp2");
const FLAC: &[u8] = include_bytes!("../../fixtures/formats/s16.flac");
const M4A: &[u8] = include_bytes!("../../fixtures/formats/aac.m4a");

/// Values are cut to so many characters.
const LONGEST: usize = 4096;

/// The first byte says what the others are.
pub fn run(data: &[u8]) {
    let Some((&kind, tag)) = data.split_first() else { return };
    let Some(decoder) = opened(&file(kind, tag), Path::new("-")) else { return };
    let tags = decoder.tags();
    let texts =
        [&tags.title, &tags.artist, &tags.album, &tags.recording_mbid, &tags.release_mbid, &tags.acoustid];
    for text in texts.into_iter().flatten() {
        assert!(!text.is_empty() && text.trim() == text && text.chars().count() <= LONGEST, "{text:?}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!([tags.track_number, tags.disc_number].into_iter().flatten().all(|n| n > 0));
}

/// An audio file with this tag in it.
fn file(kind: u8, tag: &[u8]) -> Vec<u8> {
    let id3 = |version: u8| {
        let size = [21, 14, 7, 0].map(|shift| (tag.len() >> shift) as u8 & 0x7f);
        [b"ID3", &[version, 0, 0], &size[..], tag].concat()
    };
    match kind % 12 {
        0 => [tag, MP3].concat(),
        1 => [&id3(4), MP3].concat(),
        2 => [&id3(3), MP3].concat(),
        3 => [&id3(2), MP3].concat(),
        4 => [MP3, tag].concat(),
        5 => [MP3, b"TAG", tag, &[0; 128]].concat(),
        6 => wav(b"id3 ", &id3(4)),
        7 => wav(b"LIST", &[b"INFO", tag].concat()),
        8 => flac(4, tag),
        9 => flac(6, tag),
        10 => aiff(&id3(3)),
        _ => m4a(tag),
    }
}

fn wav(name: &[u8; 4], chunk: &[u8]) -> Vec<u8> {
    let mut chunks = b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0".to_vec();
    for (name, content) in [(name, chunk), (b"data", &[1; 200])] {
        chunks.extend_from_slice(name);
        chunks.extend((content.len() as u32).to_le_bytes());
        chunks.extend_from_slice(content);
        chunks.resize(chunks.len().next_multiple_of(2), 0);
    }
    [b"RIFF", &(chunks.len() as u32).to_le_bytes()[..], &chunks].concat()
}

fn aiff(chunk: &[u8]) -> Vec<u8> {
    let common = b"\0\x01\0\0\0\x64\0\x10\x40\x0b\xfa\0\0\0\0\0\0\0".as_slice();
    let mut chunks = b"AIFF".to_vec();
    for (name, content) in [(b"COMM", common), (b"ID3 ", chunk), (b"SSND", &[0; 208])] {
        chunks.extend_from_slice(name);
        chunks.extend((content.len() as u32).to_be_bytes());
        chunks.extend_from_slice(content);
        chunks.resize(chunks.len().next_multiple_of(2), 0);
    }
    [b"FORM", &(chunks.len() as u32).to_be_bytes()[..], &chunks].concat()
}

/// The first metadata block of the fixture, one with these bytes, and the first frames.
fn flac(block: u8, content: &[u8]) -> Vec<u8> {
    const INFO: usize = 4 + 4 + 34;
    const FRAMES: usize = 8311;
    let size = &(content.len() as u32).to_be_bytes()[1..];
    [&FLAC[..INFO], &[0x80 | block], size, content, &FLAC[FRAMES..]].concat()
}

/// The fixture with these bytes for its list of tags, which is the last thing in it.
fn m4a(items: &[u8]) -> Vec<u8> {
    let mut file = M4A.to_vec();
    let mut from = 0;
    let mut sizes = Vec::new();
    for name in [b"moov", b"udta", b"meta", b"ilst"] {
        let found = file[from..].windows(4).position(|w| w == name);
        from += found.expect("the fixture has tags");
        sizes.push(from - 4);
    }
    file.truncate(from + 4);
    file.extend_from_slice(items);
    let end = file.len();
    for at in sizes {
        file[at..at + 4].copy_from_slice(&((end - at) as u32).to_be_bytes());
    }
    file
}
