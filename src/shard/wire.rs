//! Values as bytes: little-endian, lengths as u32.
use std::path::{Path, PathBuf};

/// Bytes that are written.
#[derive(Debug, Default)]
pub(super) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend(bytes);
    }

    pub fn text(&mut self, text: Option<&str>) {
        self.u8(text.is_some().into());
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    pub fn number(&mut self, number: Option<u32>) {
        self.u8(number.is_some().into());
        self.u32(number.unwrap_or_default());
    }

    pub fn path(&mut self, path: &Path) {
        self.bytes(path.as_os_str().as_encoded_bytes());
    }

    /// A number that is often small: seven bits a byte, the lowest first.
    pub fn small(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Bytes that are read. A message that ends too early or makes no sense gives `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()?;
        self.take(count as usize)
    }

    pub fn text(&mut self) -> Option<Option<String>> {
        let is_some = self.u8()? != 0;
        let text = String::from_utf8(self.bytes()?.to_vec()).ok()?;
        Some(is_some.then_some(text))
    }

    pub fn number(&mut self) -> Option<Option<u32>> {
        let is_some = self.u8()? != 0;
        let number = self.u32()?;
        Some(is_some.then_some(number))
    }

    pub fn path(&mut self) -> Option<PathBuf> {
        Some(path_of(self.bytes()?))
    }

    pub fn small(&mut self) -> Option<u32> {
        let mut value = 0_u32;
        for shift in (0..32).step_by(7) {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7F).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// How many items follow, each of at least `bytes` bytes.
    pub fn count(&mut self, bytes: usize) -> Option<usize> {
        let count = self.u32()? as usize;
        (count.checked_mul(bytes)? <= self.0.len()).then_some(count)
    }

    /// Reads `each` as many times as a count before says.
    pub fn list<T>(&mut self, bytes: usize, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.count(bytes)?).map(|_| each(self)).collect()
    }
}

/// Signed bytes as they are written.
pub(super) fn unsigned(values: &[i8]) -> Vec<u8> {
    values.iter().map(|value| value.cast_unsigned()).collect()
}

/// The same read again.
pub(super) fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|value| value.cast_signed()).collect()
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::default();
        writer.u8(7);
        writer.u64(1 << 40);
        writer.f64(-0.25);
        writer.text(Some("ü"));
        writer.text(None);
        writer.number(Some(3));
        writer.number(None);
        writer.path(Path::new("/a b/c.mp3"));
        let smalls = [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX];
        writer.u32(smalls.len() as u32);
        smalls.iter().for_each(|&value| writer.small(value));
        let mut reader = Reader(&writer.0);
        assert_eq!((reader.u8(), reader.u64(), reader.f64()), (Some(7), Some(1 << 40), Some(-0.25)));
        assert_eq!((reader.text(), reader.text()), (Some(Some("ü".into())), Some(None)));
        assert_eq!((reader.number(), reader.number()), (Some(Some(3)), Some(None)));
        assert_eq!(reader.path(), Some("/a b/c.mp3".into()));
        assert_eq!(reader.list(1, Reader::small), Some(smalls.to_vec()));
        assert!(reader.0.is_empty() && reader.u8().is_none());
    }

    #[test]
    fn counts_that_cannot_be_are_refused_before_anything_is_allocated() {
        assert_eq!(Reader(&[255, 255, 255, 255, 1]).count(1), None);
        assert_eq!(Reader(&[2, 0, 0, 0, 1, 1]).list(1, Reader::u8), Some(vec![1, 1]));
        assert_eq!(Reader(&[255; 6]).small(), None);
        assert_eq!(Reader(&[3, 0, 0, 0, 1]).bytes(), None);
    }
}
