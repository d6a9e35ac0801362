//! Samples without a container, of which the user says what they are. They are read as they come, so that a stream that
//! never ends is worked on while it runs.
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Sound;
use super::sane;
use crate::error::{Error, Result};
use crate::units::{SampleRate, Samples, Seconds};

/// Bytes that are read at a time, at most.
const CHUNK: usize = 16 << 10;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RawSample {
    U8,
    S8,
    S16Le,
    S16Be,
    S24Le,
    S24Be,
    S32Le,
    S32Be,
    F32Le,
    F32Be,
    F64Le,
    F64Be,
}

impl RawSample {
    /// The kind of FFmpeg's name for it, such as `s16le`.
    pub fn named(name: &str) -> Option<RawSample> {
        Some(match name {
            "u8" => RawSample::U8,
            "s8" => RawSample::S8,
            "s16le" => RawSample::S16Le,
            "s16be" => RawSample::S16Be,
            "s24le" => RawSample::S24Le,
            "s24be" => RawSample::S24Be,
            "s32le" => RawSample::S32Le,
            "s32be" => RawSample::S32Be,
            "f32le" => RawSample::F32Le,
            "f32be" => RawSample::F32Be,
            "f64le" => RawSample::F64Le,
            "f64be" => RawSample::F64Be,
            _ => return None,
        })
    }

    fn is_fine(self) -> bool {
        self.width() > 2
    }

    fn width(self) -> usize {
        match self {
            RawSample::U8 | RawSample::S8 => 1,
            RawSample::S16Le | RawSample::S16Be => 2,
            RawSample::S24Le | RawSample::S24Be => 3,
            RawSample::S32Le | RawSample::S32Be | RawSample::F32Le | RawSample::F32Be => 4,
            RawSample::F64Le | RawSample::F64Be => 8,
        }
    }

    /// Appends whole samples, full scale being -1.0..=1.0.
    fn read(self, bytes: &[u8], out: &mut Vec<f32>) {
        const TOP: f32 = 2_147_483_648.0;
        match self {
            RawSample::U8 => each(bytes, out, |[a]| (f32::from(a) - 128.0) / 128.0),
            RawSample::S8 => each(bytes, out, |[a]| f32::from(a.cast_signed()) / 128.0),
            RawSample::S16Le => each(bytes, out, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
            RawSample::S16Be => each(bytes, out, |b| f32::from(i16::from_be_bytes(b)) / 32_768.0),
            RawSample::S24Le => each(bytes, out, |[a, b, c]| i32::from_le_bytes([0, a, b, c]) as f32 / TOP),
            RawSample::S24Be => each(bytes, out, |[a, b, c]| i32::from_be_bytes([a, b, c, 0]) as f32 / TOP),
            RawSample::S32Le => each(bytes, out, |b| i32::from_le_bytes(b) as f32 / TOP),
            RawSample::S32Be => each(bytes, out, |b| i32::from_be_bytes(b) as f32 / TOP),
            RawSample::F32Le => each(bytes, out, |b| sane(f32::from_le_bytes(b))),
            RawSample::F32Be => each(bytes, out, |b| sane(f32::from_be_bytes(b))),
            RawSample::F64Le => each(bytes, out, |b| sane(f64::from_le_bytes(b) as f32)),
            RawSample::F64Be => each(bytes, out, |b| sane(f64::from_be_bytes(b) as f32)),
        }
    }
}

fn each<const WIDTH: usize>(bytes: &[u8], out: &mut Vec<f32>, value: impl Fn([u8; WIDTH]) -> f32) {
    out.extend(bytes.as_chunks::<WIDTH>().0.iter().map(|&b| value(b)));
}

/// What raw audio is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFormat {
    /// How a sample is written.
    pub sample: RawSample,
    /// The rate, at least 1 Hz.
    pub rate: SampleRate,
    /// Channels, at least one.
    pub channels: u16,
}

impl RawFormat {
    /// How long so many bytes last.
    pub fn duration(self, bytes: u64) -> Seconds {
        let frame = self.sample.width() as u64 * u64::from(self.channels);
        Samples(bytes / frame).at(self.rate)
    }
}

/// Raw audio being read, block by block.
pub struct RawDecoder<'a> {
    path: PathBuf,
    reader: Box<dyn Read + 'a>,
    format: RawFormat,
    /// Bytes that do not fill a frame yet.
    bytes: Vec<u8>,
}

impl<'a> RawDecoder<'a> {
    /// Reads `reader`; errors name `name`.
    pub fn new(reader: Box<dyn Read + 'a>, name: &Path, format: RawFormat) -> Self {
        RawDecoder { path: name.to_owned(), reader, format, bytes: Vec::new() }
    }

    /// What its samples are.
    pub fn sound(&self) -> Sound {
        let RawFormat { sample, rate, channels } = self.format;
        Sound { rate, channels, fine: sample.is_fine() }
    }

    /// Replaces the content of `frames` by the next block: all channels, frame after frame. `false` at the end; a frame of
    /// which a part is missing is left out.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next_block(&mut self, frames: &mut Vec<f32>) -> Result<bool> {
        frames.clear();
        let width = self.format.sample.width() * usize::from(self.format.channels);
        let room = CHUNK.max(width);
        while frames.is_empty() {
            let have = self.bytes.len();
            self.bytes.resize(have + room, 0);
            let read = loop {
                match self.reader.read(&mut self.bytes[have..]) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            let read = read.map_err(|source| Error::Io { path: self.path.clone(), source })?;
            self.bytes.truncate(have + read);
            if read == 0 {
                return Ok(false);
            }
            let whole = self.bytes.len() / width * width;
            self.format.sample.read(&self.bytes[..whole], frames);
            self.bytes.drain(..whole);
        }
        Ok(true)
    }
}

impl std::fmt::Debug for RawDecoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawDecoder")
            .field("path", &self.path)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte or two at a time, as a pipe may.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = (1 + self.1 % 2).min(self.0.len() - self.1);
            buffer[..n].copy_from_slice(&self.0[self.1..][..n]);
            self.1 += n;
            Ok(n)
        }
    }

    fn read(sample: RawSample, channels: u16, bytes: &[u8]) -> Vec<f32> {
        let format = RawFormat { sample, rate: SampleRate(8_000), channels };
        let mut decoder = RawDecoder::new(Box::new(Drops(bytes.to_vec(), 0)), "-".as_ref(), format);
        let (mut block, mut all) = (Vec::new(), Vec::new());
        while decoder.next_block(&mut block).unwrap() {
            assert!(block.len().is_multiple_of(channels.into()));
            all.extend_from_slice(&block);
        }
        all
    }

    #[test]
    fn every_kind_has_the_same_full_scale() {
        let le =
            |width: usize| [i32::MIN, 0, 1 << 30].map(|x| x.to_le_bytes()[4 - width..].to_vec()).concat();
        let be = |width: usize| [i32::MIN, 0, 1 << 30].map(|x| x.to_be_bytes()[..width].to_vec()).concat();
        let expected = [-1.0, 0.0, 0.5];
        assert_eq!(read(RawSample::U8, 1, &[0, 128, 192]), expected);
        assert_eq!(read(RawSample::S8, 1, &le(1)), expected);
        assert_eq!(read(RawSample::S16Le, 1, &le(2)), expected);
        assert_eq!(read(RawSample::S16Be, 1, &be(2)), expected);
        assert_eq!(read(RawSample::S24Le, 1, &le(3)), expected);
        assert_eq!(read(RawSample::S24Be, 1, &be(3)), expected);
        assert_eq!(read(RawSample::S32Le, 1, &le(4)), expected);
        assert_eq!(read(RawSample::S32Be, 1, &be(4)), expected);
        let floats = [-1.0, 0.0, 0.5, f64::NAN];
        let expected = [-1.0, 0.0, 0.5, 0.0];
        assert_eq!(read(RawSample::F64Le, 1, &floats.map(f64::to_le_bytes).concat()), expected);
        assert_eq!(read(RawSample::F64Be, 1, &floats.map(f64::to_be_bytes).concat()), expected);
        let floats = floats.map(|x| x as f32);
        assert_eq!(read(RawSample::F32Le, 1, &floats.map(f32::to_le_bytes).concat()), expected);
        assert_eq!(read(RawSample::F32Be, 1, &floats.map(f32::to_be_bytes).concat()), expected);
    }

    #[test]
    fn frames_come_whole_and_the_rest_is_left() {
        let bytes: Vec<u8> = [1, 2, 3, 4, 5].iter().flat_map(|x: &i16| (x << 8).to_le_bytes()).collect();
        let unit = 1.0 / 128.0;
        assert_eq!(read(RawSample::S16Le, 2, &bytes), [unit, 2.0 * unit, 3.0 * unit, 4.0 * unit]);
        assert!(read(RawSample::S16Le, 3, &bytes[..5]).is_empty());
    }
}
