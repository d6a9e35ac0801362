//! Samples without a container, whose format the user states. They are read as they come, so that a stream that never ends
//! is worked on while it runs.
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::frame_source::FrameSource;
use super::sample_limits::{RATES, sane};
use super::sound::Sound;
use super::stoppable;
use super::warning::Warning;
use crate::error::{AudioError, Error, Result};
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
    /// Looks up FFmpeg's name, such as `s16le`.
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

/// The format of samples without a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFormat {
    /// How a sample is written.
    pub sample: RawSample,
    /// The rate, 1,000 to 768,000 Hz.
    pub rate: u32,
    /// Channels, at least one.
    pub channels: u16,
}

impl RawFormat {
    /// How long so many bytes last.
    fn duration(self, bytes: u64) -> Seconds {
        let frame = self.sample.width() as u64 * u64::from(self.channels);
        Samples(bytes / frame).at(SampleRate(self.rate))
    }

    /// Why audio of this format cannot be worked with, if it cannot.
    pub(super) fn refusal(self) -> Option<AudioError> {
        match self.channels {
            0 => Some(AudioError::Empty),
            _ => (!RATES.contains(&self.rate)).then_some(AudioError::SampleRate(self.rate)),
        }
    }
}

/// Raw audio being read, block by block.
pub(super) struct RawDecoder<'a> {
    path: PathBuf,
    reader: Box<dyn Read + 'a>,
    format: RawFormat,
    /// Bytes that do not fill a frame yet.
    bytes: Vec<u8>,
    /// How long the blocks so far were.
    seconds: f64,
    /// How long a file is. A stream may go on for ever.
    whole: Option<Seconds>,
}

impl<'a> RawDecoder<'a> {
    /// Reads `reader`; errors show `name`.
    pub(super) fn new(reader: Box<dyn Read + 'a>, name: &Path, format: RawFormat) -> Self {
        RawDecoder { path: name.to_owned(), reader, format, bytes: Vec::new(), seconds: 0.0, whole: None }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn open(path: &Path, format: RawFormat) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let whole = metadata.is_file().then(|| format.duration(metadata.len()));
        Ok(RawDecoder { whole, ..Self::new(Box::new(file), path, format) })
    }

    fn sound(&self) -> Sound {
        let RawFormat { sample, rate, channels } = self.format;
        Sound { rate: SampleRate(rate), channels, fine: sample.is_fine() }
    }
}

impl FrameSource for RawDecoder<'_> {
    /// A last frame that lacks some of its bytes is left out.
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
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
            let read = read.map_err(|source| stoppable::failed(&self.path, source))?;
            self.bytes.truncate(have + read);
            if read == 0 {
                return Ok(None);
            }
            let whole = self.bytes.len() / width * width;
            self.format.sample.read(&self.bytes[..whole], frames);
            self.bytes.drain(..whole);
        }
        self.seconds += self.format.duration((frames.len() * self.format.sample.width()) as u64).0;
        Ok(Some(self.sound()))
    }

    /// The length of a file; of a stream what was read so far.
    fn duration(&mut self) -> Result<Seconds> {
        Ok(self.whole.unwrap_or(Seconds(self.seconds)))
    }

    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
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
        let format = RawFormat { sample, rate: 8_000, channels };
        let mut decoder = RawDecoder::new(Box::new(Drops(bytes.to_vec(), 0)), "-".as_ref(), format);
        let (mut block, mut all) = (Vec::new(), Vec::new());
        while let Some(sound) = decoder.next_frames(&mut block).unwrap() {
            assert_eq!((sound.channels, sound.fine), (channels, !matches!(sample.width(), 1 | 2)));
            assert!(block.len().is_multiple_of(channels.into()));
            all.extend_from_slice(&block);
        }
        let length = (all.len() / usize::from(channels)) as f64 / 8_000.0;
        assert!((decoder.duration().unwrap().0 - length).abs() < 1e-12);
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
