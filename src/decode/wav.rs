//! Parts of WAV that the demuxer does not handle: tags, and lengths that were never filled in because a program wrote to a
//! pipe or a recorder lost power.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::read_tags::{self, clean};
use crate::tags::Tags;

/// An offset, and the four bytes that are read there instead of the file's.
pub(super) type Patch = (u64, [u8; 4]);

/// Later chunks are ignored.
const MAX_CHUNKS: usize = 64;

/// Longer lists are not lists of tags.
const MAX_LIST: u64 = 64 << 10;

/// Longer ID3v2 tags, which contain pictures, are ignored.
const MAX_ID3V2: u64 = 16 << 20;

/// What is found in a WAV file's chunks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wav {
    /// The lengths that the header should state, at most `u32::MAX - 1`: that of the whole file, and that of the audio data
    /// if it is stated as 0 or goes beyond the end.
    pub patches: Vec<Patch>,
    /// The tags of its ID3v2 chunk and its INFO list.
    pub tags: Tags,
}

/// Walks over the chunks of `file`. Finds nothing if it is not a WAV.
pub(super) fn scan(file: &mut File) -> io::Result<Wav> {
    let mut wav = Wav::default();
    let len = file.seek(SeekFrom::End(0))?;
    let stated = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).min(u32::MAX - 1).to_le_bytes();
    let mut header = [0; 12];
    file.rewind()?;
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"RIFF") || !header.ends_with(b"WAVE") {
        return Ok(wav);
    }
    wav.patches.push((4, stated(len - 8)));
    let (mut at, mut id3v2) = (12, Tags::default());
    for _ in 0..MAX_CHUNKS {
        let mut chunk = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut chunk).is_err() {
            break;
        }
        let [a, b, c, d, size @ ..] = chunk;
        let mut size = u64::from(u32::from_le_bytes(size));
        // A file that is still being written may have grown since.
        let rest = len.saturating_sub(at + 8);
        match &[a, b, c, d] {
            b"data" if size == 0 || size > rest => {
                wav.patches.push((at + 4, stated(rest)));
                size = rest;
            }
            b"LIST" if size <= MAX_LIST.min(rest) => {
                let mut list = vec![0; size as usize];
                file.read_exact(&mut list)?;
                take_info(&list, &mut wav.tags);
            }
            b"id3 " | b"ID3 " if size <= MAX_ID3V2.min(rest) => {
                let mut tag = vec![0; size as usize];
                file.read_exact(&mut tag)?;
                id3v2 = read_tags::of_id3v2(tag);
            }
            _ => {}
        }
        at += 8 + size + size % 2;
    }
    wav.tags = id3v2.or(wav.tags);
    Ok(wav)
}

/// Fills empty fields from an INFO list: its kind, then pairs of a name and a text.
fn take_info(list: &[u8], tags: &mut Tags) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
    while let Some(([a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
        let size = (u32::from_le_bytes(*size) as usize).min(after.len());
        let field = match &[*a, *b, *c, *d] {
            b"INAM" => Some(&mut tags.title),
            b"IART" => Some(&mut tags.artist),
            b"IPRD" => Some(&mut tags.album),
            _ => None,
        };
        if let Some(field @ None) = field {
            *field = clean(&String::from_utf8_lossy(&after[..size]));
        }
        rest = &after[(size + size % 2).min(after.len())..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn mended(content: &[u8]) -> Vec<Patch> {
        let mut file = tempfile::tempfile().expect("the temporary folder is writable");
        file.write_all(content).expect("there is room");
        scan(&mut file).expect("it can be read").patches
    }

    #[test]
    fn lengths_are_those_of_the_file() {
        let wav = |riff: u32, data: u32| {
            let (riff, data) = (riff.to_le_bytes(), data.to_le_bytes());
            [b"RIFF".as_slice(), &riff, b"WAVEfmt \x03\0\0\0abc\0data", &data, b"123456"].concat()
        };
        assert_eq!(mended(&wav(0, 6)), [(4, 30_u32.to_le_bytes())]);
        for wrong in [0, 7, u32::MAX] {
            assert_eq!(mended(&wav(0, wrong)), [(4, 30_u32.to_le_bytes()), (28, 6_u32.to_le_bytes())]);
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        assert_eq!(mended(b""), []);
        assert_eq!(mended(b"RIFF\0\0\0\0AVI LIST"), []);
        assert_eq!(mended(b"RIFF\0\0\0\0WAVE"), [(4, 4_u32.to_le_bytes())]);
    }

    #[test]
    fn info_is_read() {
        let mut tags = Tags::default();
        take_info(b"INFOINAM\x04\0\0\0abc\0IPRD\x03\0\0\0xyz\0ISFT\x01\0\0\0q\0IART\xff\0\0\0cut", &mut tags);
        assert_eq!(tags.title.as_deref(), Some("abc"));
        assert_eq!(tags.album.as_deref(), Some("xyz"));
        assert_eq!(tags.artist.as_deref(), Some("cut"));
        let before = tags.clone();
        take_info(b"INFOINAM\x04\0\0\0", &mut tags);
        take_info(b"adtl", &mut tags);
        assert_eq!(tags, before);
    }

    fn scanned(chunks: &[(&[u8; 4], &[u8])]) -> Wav {
        let mut content = b"RIFF\0\0\0\0WAVE".to_vec();
        for (name, chunk) in chunks {
            content.extend(*name);
            content.extend((chunk.len() as u32).to_le_bytes());
            content.extend(*chunk);
            content.resize(content.len().next_multiple_of(2), 0);
        }
        let mut file = tempfile::tempfile().expect("the temporary folder is writable");
        file.write_all(&content).expect("there is room");
        scan(&mut file).expect("it can be read")
    }

    fn info(title: &str) -> Vec<u8> {
        [b"INFOINAM", &(title.len() as u32).to_le_bytes()[..], title.as_bytes()].concat()
    }

    fn id3(title: &str) -> Vec<u8> {
        let frame =
            [b"TIT2", &(title.len() as u32 + 1).to_be_bytes()[..], &[0, 0, 0], title.as_bytes()].concat();
        [b"ID3\x03\0\0\0\0\0", &[frame.len() as u8][..], &frame].concat()
    }

    #[test]
    fn tags_are_found_in_every_chunk_and_id3_goes_first() {
        let title = |chunks: &[(&[u8; 4], &[u8])]| scanned(chunks).tags.title;
        // Chunks of an odd length are followed by a byte that belongs to none.
        let odd: (&[u8; 4], &[u8]) = (b"junk", b"abc");
        assert_eq!(title(&[odd, odd, (b"LIST", &info("list"))]).as_deref(), Some("list"));
        for name in [b"id3 ", b"ID3 "] {
            assert_eq!(title(&[(name, &id3("id3")), odd]).as_deref(), Some("id3"));
            let both: [(&[u8; 4], &[u8]); 2] = [(b"LIST", &info("list")), (name, &id3("id3"))];
            assert_eq!(title(&both).as_deref(), Some("id3"));
        }
        assert_eq!(title(&[(b"LIST", &id3("id3"))]), None);
    }

    #[test]
    fn audio_data_between_the_chunks_is_passed_over_by_its_length() {
        let data = info("not a chunk");
        let wav = scanned(&[(b"data", &data), (b"LIST", &info("list"))]);
        assert_eq!(wav.tags.title.as_deref(), Some("list"));
        assert_eq!(wav.patches.len(), 1, "the length of the data is right: {:?}", wav.patches);
    }

    #[test]
    fn what_is_too_large_or_too_far_is_left_alone() {
        let padded = |mut chunk: Vec<u8>, len: usize| {
            chunk.resize(len, 0);
            chunk
        };
        let title = |chunk: &[u8]| scanned(&[(b"LIST", chunk)]).tags.title;
        assert!(title(&padded(info("list"), MAX_LIST as usize)).is_some());
        assert!(title(&padded(info("list"), MAX_LIST as usize + 1)).is_none());
        let far = |before: usize| {
            let list = info("list");
            let mut chunks: Vec<(&[u8; 4], &[u8])> = vec![(b"junk", b""); before];
            chunks.push((b"LIST", &list));
            scanned(&chunks).tags.title
        };
        assert!(far(MAX_CHUNKS - 1).is_some());
        assert!(far(MAX_CHUNKS).is_none());
    }
}
