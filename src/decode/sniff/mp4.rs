//! MP4 and its kin: which audio codec a file has, and whether it is protected.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::foreign::{Foreign, Helper, printable};

/// Boxes that are looked at, at most.
const MAX_BOXES: usize = 4_000;

/// Boxes that lead to the descriptions of samples.
const INNER: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];

/// Names the audio codec of the first audio track. A protected track comes before all others.
pub(super) fn audio(file: &mut File) -> io::Result<Option<Foreign>> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut look = Look { file, left: MAX_BOXES, is_audio: false, entries: Vec::new() };
    let looked = look.boxes(0, len, 0);
    let entries = std::mem::take(&mut look.entries);
    look.file.rewind()?;
    looked?;
    let named: Vec<Foreign> = entries.iter().map(|&code| codec(code)).collect();
    let protected = named.iter().find(|foreign| foreign.use_of == Helper::Protected);
    Ok(protected.or(named.first()).cloned())
}

struct Look<'a> {
    file: &'a mut File,
    left: usize,
    /// Whether the last handler was that of audio.
    is_audio: bool,
    /// The codes of the audio tracks' codecs.
    entries: Vec<[u8; 4]>,
}

impl Look<'_> {
    /// Looks at the boxes from one offset to another.
    fn boxes(&mut self, mut at: u64, end: u64, depth: usize) -> io::Result<()> {
        while at.saturating_add(8) <= end && self.left > 0 {
            self.left -= 1;
            let Some(head) = self.bytes::<8>(at)? else { return Ok(()) };
            let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
            let (header, len) = match short {
                0 => (8, end - at),
                1 => match self.bytes::<8>(at + 8)? {
                    Some(long) => (16, u64::from_be_bytes(long)),
                    None => return Ok(()),
                },
                short => (8, short),
            };
            let kind: [u8; 4] = [head[4], head[5], head[6], head[7]];
            let content = at + header;
            let next = at.saturating_add(len.max(header));
            match &kind {
                inner if INNER.contains(&inner) && depth < INNER.len() => {
                    self.boxes(content, next.min(end), depth + 1)?;
                }
                // Version and flags, a number, then the kind of track. Deeper ones are those of its data.
                b"hdlr" if depth == 3 => self.is_audio = self.bytes(content + 8)? == Some(*b"soun"),
                // Version and flags, how many there are, then the first one's length and code.
                b"stsd" if self.is_audio => {
                    let entry = self.bytes::<4>(content + 12)?;
                    self.entries.extend(entry);
                }
                _ => {}
            }
            at = next;
        }
        Ok(())
    }

    /// The bytes at an offset, if the file has so many.
    fn bytes<const LEN: usize>(&mut self, at: u64) -> io::Result<Option<[u8; LEN]>> {
        let mut bytes = [0; LEN];
        self.file.seek(SeekFrom::Start(at))?;
        match self.file.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// The codec of this code, which ffmpeg may know.
fn codec(code: [u8; 4]) -> Foreign {
    let mov = Helper::Demuxer("mov");
    let (name, helper) = match &code {
        b"drms" | b"enca" | b"drmi" | b"aavd" => ("MP4", Helper::Protected),
        b"ac-3" => ("AC-3", mov),
        b"ec-3" => ("E-AC-3", mov),
        b"ac-4" => ("AC-4", Helper::Nobody),
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" => ("DTS", mov),
        b"mlpa" => ("TrueHD", mov),
        b"samr" | b"sawb" | b"sawp" => ("AMR", mov),
        b"QDM2" | b"QDMC" => ("QDesign Music", mov),
        b"Qclp" | b"sqcp" => ("QCELP", mov),
        b"sevc" => ("EVRC", mov),
        b"mha1" | b"mhm1" | b"mha2" | b"mhm2" => ("MPEG-H", Helper::Nobody),
        _ => {
            let name = String::from_utf8_lossy(&code);
            return Foreign::new(format!("codec {}", printable(name.trim())), mov);
        }
    };
    Foreign::new(name, helper)
}
