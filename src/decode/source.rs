//! The bytes that a demuxer reads: a file, or a temporary file that a stream was copied to.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

/// An offset, and the bytes that are read there instead of the file's.
pub(super) type Patch = (u64, Vec<u8>);

/// The most bytes that are kept of a stream: two days of CD audio.
const MAX_SPOOL: u64 = 32 << 30;

/// A file as the demuxer sees it, which limits how much is read.
pub(super) struct Source {
    file: File,
    /// Bytes that seem to stand before the file's.
    before: Vec<u8>,
    /// The offset in the file at which the demuxer begins.
    base: u64,
    /// Bytes that seem to stand behind the file's.
    after: Vec<u8>,
    /// The bytes of the file from `base` on.
    len: u64,
    /// Whether the demuxer may seek and may know where the end is.
    seekable: bool,
    /// Bytes that are read instead of the file's.
    patches: Vec<Patch>,
    /// The offset of the next read, as the demuxer counts.
    at: u64,
    watch: Arc<Watch>,
}

/// Watches what a demuxer does with its source. Demuxers may swallow or reword a failed read. The error is kept here, so that
/// a failing disk is not taken for a damaged file.
#[derive(Debug, Default)]
pub(super) struct Watch {
    failure: Mutex<Option<io::Error>>,
    allowance: AtomicU64,
}

impl Watch {
    /// Takes the first error of the system since the last call.
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Allows the next `bytes` to be read and no more. A demuxer holds at most twice as much in memory as it has read since,
    /// so that a length field in a file cannot claim gigabytes.
    pub(super) fn allow(&self, bytes: u64) {
        self.allowance.store(bytes, Ordering::Relaxed);
    }

    /// How many bytes may be read into a buffer of `room` bytes.
    pub(super) fn most(&self, room: usize) -> io::Result<usize> {
        let allowance = self.allowance.load(Ordering::Relaxed);
        if allowance == 0 && room > 0 {
            return Err(io::Error::other("a single piece of it is too large"));
        }
        Ok(usize::try_from(allowance).unwrap_or(usize::MAX).min(room))
    }

    /// Counts bytes that were read.
    pub(super) fn took(&self, bytes: usize) {
        let allowance = self.allowance.load(Ordering::Relaxed);
        self.allowance.store(allowance.saturating_sub(bytes as u64), Ordering::Relaxed);
    }

    /// Keeps an error of the system, and returns a copy.
    pub(super) fn note(&self, error: io::Error) -> io::Error {
        let copy = io::Error::new(error.kind(), error.to_string());
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        copy
    }
}

impl Source {
    /// The file from the offset `base` on. Demuxers refuse a file outright if its header announces more than there is. If
    /// the file does not seem `seekable`, they do not know where it ends and read as far as it goes.
    pub(super) fn new(mut file: File, base: u64, seekable: bool, watch: Arc<Watch>) -> io::Result<Source> {
        let len = file.seek(SeekFrom::End(0))?.saturating_sub(base);
        let (before, after, patches) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Source { file, before, base, after, len, seekable, patches, at: 0, watch })
    }

    /// Reads these bytes instead of the file's.
    pub(super) fn patched(self, patches: Vec<Patch>) -> Source {
        Source { patches, ..self }
    }

    /// Reads these bytes before the file's.
    pub(super) fn behind(self, before: Vec<u8>) -> Source {
        Source { before, ..self }
    }

    /// Reads these bytes after the file's.
    pub(super) fn followed_by(self, after: Vec<u8>) -> Source {
        Source { after, ..self }
    }

    /// Patches bytes that were read at the offset `at` in the file.
    fn patch(&self, at: u64, read: &mut [u8]) {
        for (start, bytes) in &self.patches {
            for (place, &byte) in (*start..).zip(bytes) {
                let within = place.checked_sub(at).and_then(|i| usize::try_from(i).ok());
                if let Some(old) = within.and_then(|i| read.get_mut(i)) {
                    *old = byte;
                }
            }
        }
    }

    /// Reads from the file, or from what seems to stand around it.
    fn read_at(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let before = self.before.len() as u64;
        let Some(inside) = self.at.checked_sub(before) else {
            // The offset is less than the length of bytes in memory.
            return Ok(copy(&self.before[self.at as usize..], buf));
        };
        let place = self.base.saturating_add(inside);
        // Copies of the file's handle share its position, and may have moved it.
        let n = match i64::try_from(place) {
            Ok(_) => {
                self.file.seek(SeekFrom::Start(place))?;
                self.file.read(buf)?
            }
            // A length in the file leads further than any file goes. The system would call that a wrong argument.
            Err(_) => 0,
        };
        self.patch(place, &mut buf[..n]);
        if n == 0
            && let Some(rest) = inside.checked_sub(self.len).and_then(|at| usize::try_from(at).ok())
        {
            return Ok(copy(self.after.get(rest..).unwrap_or_default(), buf));
        }
        Ok(n)
    }

    /// How many bytes there seem to be.
    fn whole(&self) -> u64 {
        self.before.len() as u64 + self.len + self.after.len() as u64
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.watch.most(buf.len())?;
        loop {
            match self.read_at(&mut buf[..most]) {
                Ok(n) => {
                    self.at += n as u64;
                    self.watch.took(n);
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.watch.note(e)),
            }
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.whole().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then(|| self.whole())
    }
}

/// Copies as many bytes as both hold.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    to[..n].copy_from_slice(&from[..n]);
    n
}

/// Copies a stream to a temporary file, which disappears once it is closed, and returns it rewound.
pub(super) fn spool(reader: &mut dyn Read) -> io::Result<File> {
    let kept = |e: io::Error| {
        let place = std::env::temp_dir();
        io::Error::new(e.kind(), format!("cannot be kept in {} while it is read: {e}", place.display()))
    };
    let mut file = tempfile::tempfile().map_err(kept)?;
    let mut buf = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        let n = match reader.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        total += n as u64;
        if total > MAX_SPOOL {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 32 GiB; give a file instead"));
        }
        file.write_all(&buf[..n]).map_err(kept)?;
    }
    file.rewind().map_err(kept)?;
    Ok(file)
}

/// The length in bytes of the ID3v2 tag at the beginning of `file`, with its header. 0 if there is none.
pub(super) fn id3v2_len(file: &mut File) -> io::Result<u64> {
    let mut header = [0; 10];
    file.rewind()?;
    let mut have = 0;
    while have < header.len() {
        match file.read(&mut header[have..]) {
            Ok(0) => return Ok(0),
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    // Four bytes of seven bits each; a footer doubles the header.
    let size = header[6..].iter().fold(0, |size, &byte| size << 7 | u64::from(byte & 0x7f));
    let footer = if header[5] & 0x10 == 0 { 0 } else { 10 };
    Ok(if header.starts_with(b"ID3") { 10 + size + footer } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(content: &[u8]) -> File {
        spool(&mut &content[..]).expect("the temporary folder is writable")
    }

    #[test]
    fn a_base_hides_what_is_before_it() {
        let watch = Arc::new(Watch::default());
        watch.allow(100);
        let mut source = Source::new(file_with(b"0123456789"), 4, true, watch).expect("a fresh file");
        assert_eq!(source.byte_len(), Some(6));
        let mut rest = String::new();
        source.read_to_string(&mut rest).expect("within the allowance");
        assert_eq!(rest, "456789");
        assert_eq!(source.seek(SeekFrom::Start(1)).expect("within"), 1);
        assert_eq!(source.seek(SeekFrom::End(-1)).expect("within"), 5);
        assert_eq!(source.read(&mut [0; 4]).expect("within"), 1);
    }

    #[test]
    fn the_allowance_is_a_limit() {
        let watch = Arc::new(Watch::default());
        watch.allow(3);
        let mut source =
            Source::new(file_with(b"0123456789"), 0, false, watch.clone()).expect("a fresh file");
        assert_eq!(source.read(&mut [0; 8]).expect("three are left"), 3);
        source.read(&mut [0; 8]).expect_err("none is left");
        assert!(watch.take_failure().is_none(), "not the system's failure");
        watch.allow(8);
        assert_eq!(source.read(&mut [0; 8]).expect("allowed again"), 7);
    }

    #[test]
    fn patches_hold_wherever_a_read_begins() {
        let watch = Arc::new(Watch::default());
        watch.allow(1000);
        let source = Source::new(file_with(b"0123456789"), 0, true, watch).expect("a fresh file");
        let mut source = source.patched(vec![(2, b"abcd".to_vec())]);
        for start in 0..10 {
            let mut rest = String::new();
            source.seek(SeekFrom::Start(start as u64)).expect("within");
            source.read_to_string(&mut rest).expect("within the allowance");
            assert_eq!(rest, "01abcd6789"[start..]);
        }
    }

    #[test]
    fn a_file_may_seem_longer_than_it_is() {
        let watch = Arc::new(Watch::default());
        watch.allow(10_000);
        let source = Source::new(file_with(b"0123456789"), 6, true, watch).expect("a fresh file");
        let mut source = source.behind(b"abc".to_vec()).followed_by(b"xy".to_vec());
        assert_eq!(source.byte_len(), Some(9));
        for start in 0..=9 {
            let mut rest = String::new();
            assert_eq!(source.seek(SeekFrom::Start(start as u64)).expect("within"), start as u64);
            source.read_to_string(&mut rest).expect("within the allowance");
            assert_eq!(rest, "abc6789xy"[start..]);
        }
        assert_eq!(source.seek(SeekFrom::End(-3)).expect("within"), 6);
        assert_eq!(source.seek(SeekFrom::Current(-4)).expect("within"), 2);
        source.seek(SeekFrom::Current(-4)).expect_err("before the beginning");
        source.seek(SeekFrom::Start(50)).expect("a seek alone fails nowhere");
        assert_eq!(source.read(&mut [0; 4]).expect("there is nothing"), 0);
        source.seek(SeekFrom::Start(u64::MAX - 20)).expect("a length in a file may lead there");
        assert_eq!(source.read(&mut [0; 4]).expect("no file goes so far"), 0);
    }

    #[test]
    fn id3v2_lengths() {
        let len = |content: &[u8]| id3v2_len(&mut file_with(content)).expect("a fresh file");
        assert_eq!(len(b""), 0);
        assert_eq!(len(b"ID3"), 0);
        assert_eq!(len(b"RIFF....WAVEfmt "), 0);
        assert_eq!(len(b"ID3\x04\0\0\0\0\x01\x02rest"), 10 + 130);
        assert_eq!(len(b"ID3\x04\0\x10\0\0\0\x02rest"), 22);
    }
}
