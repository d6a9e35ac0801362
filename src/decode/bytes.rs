//! Bytes of a file by their offset, for headers.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A file from an offset on.
pub(super) struct Bytes<'a> {
    file: &'a mut File,
    base: u64,
    len: u64,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(file: &'a mut File, base: u64) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?.saturating_sub(base);
        Ok(Self { file, base, len })
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// `N` bytes from the offset `at` on, if there are so many.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        let mut array = [0; N];
        Ok(self.read(at, &mut array)?.then_some(array))
    }

    /// `len` bytes from the offset `at` on, if there are so many. The caller limits `len`.
    pub(super) fn vec(&mut self, at: u64, len: u64) -> io::Result<Option<Vec<u8>>> {
        if len > self.len.saturating_sub(at) {
            return Ok(None);
        }
        let mut vec = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        Ok(self.read(at, &mut vec)?.then_some(vec))
    }

    /// As many bytes from the offset `at` on as there are, `most` at most.
    pub(super) fn up_to(&mut self, at: u64, most: u64) -> io::Result<Vec<u8>> {
        let len = most.min(self.len.saturating_sub(at));
        Ok(self.vec(at, len)?.unwrap_or_default())
    }

    fn read(&mut self, at: u64, out: &mut [u8]) -> io::Result<bool> {
        let Some(place) = self.base.checked_add(at).filter(|_| at < self.len || out.is_empty()) else {
            return Ok(false);
        };
        self.file.seek(SeekFrom::Start(place))?;
        match self.file.read_exact(out) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// The two bytes at `at`, in either order.
pub(super) fn u16_at(data: &[u8], at: usize, big: bool) -> Option<u16> {
    let bytes = *data.get(at..)?.first_chunk()?;
    Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

/// The four bytes at `at`, in either order.
pub(super) fn u32_at(data: &[u8], at: usize, big: bool) -> Option<u32> {
    let bytes = *data.get(at..)?.first_chunk()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

/// The eight bytes at `at`, the lowest first.
pub(super) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}
