//! What a caller gives as audio: a file, a stream, or samples.
#[cfg(feature = "decode")]
use std::io::Read;
use std::path::{Path, PathBuf};

#[cfg(feature = "decode")]
use super::Decoder;
use super::{Tags, Warning, samples::Samples};
use crate::{Result, units::SampleRate};

/// Audio to be looked up, or to be added: a file, a stream, or samples in memory.
///
/// A path stands for the file there:
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// use refrain::{Audio, Index, QueryOptions};
///
/// # let (index, bytes, samples) = (Index::open("music.refrain")?, Vec::new(), vec![0.0; 44_100]);
/// # let options = QueryOptions::default();
/// index.query("clip.mp3", &options)?;
/// index.query(Audio::reader(std::io::Cursor::new(bytes)), &options)?;
/// index.query(Audio::samples(&samples, 44_100).named("microphone"), &options)?;
/// # Ok(())
/// # }
/// ```
pub struct Audio<'a> {
    pub(crate) name: PathBuf,
    pub(crate) source: Source<'a>,
}

/// Where it comes from.
pub(crate) enum Source<'a> {
    #[cfg(feature = "decode")]
    File,
    #[cfg(feature = "decode")]
    Reader(Box<dyn Read + Send + 'a>),
    Samples {
        samples: &'a [f32],
        channels: u16,
        rate: SampleRate,
    },
}

impl<'a> Audio<'a> {
    /// The audio file at `path`. A pipe is read to its end first.
    #[cfg(feature = "decode")]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { name: path.into(), source: Source::File }
    }

    /// What a stream holds: an audio file of any format that is known. It is kept in a temporary file while it is
    /// needed, which takes room on the disk and none in memory. It is called `-`, unless it is [`named`](Audio::named).
    #[cfg(feature = "decode")]
    pub fn reader(reader: impl Read + Send + 'a) -> Self {
        Self { name: "-".into(), source: Source::Reader(Box::new(reader)) }
    }

    /// Samples of one channel, `rate` a second (1,000 to 768,000), full scale being -1.0..=1.0. They are read as
    /// they are, without a copy; what is no number, or over a million, counts as silence. They are called `samples`, unless
    /// they are [`named`](Audio::named).
    pub fn samples(samples: &'a [f32], rate: u32) -> Self {
        Self::interleaved(samples, 1, rate)
    }

    /// As [`Audio::samples`], of several channels in turn, whose mean is taken.
    pub fn interleaved(samples: &'a [f32], channels: u16, rate: u32) -> Self {
        Self { name: "samples".into(), source: Source::Samples { samples, channels, rate: SampleRate(rate) } }
    }

    /// What a stream or samples are called in answers and errors. A file is always called by its path.
    #[must_use]
    pub fn named(mut self, name: impl Into<PathBuf>) -> Self {
        match self.source {
            #[cfg(feature = "decode")]
            Source::File => {}
            _ => self.name = name.into(),
        }
        self
    }

    /// What it is called.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Begins to read it, block by block.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Audio`](crate::Error::Audio) where it cannot be read or is no audio.
    pub fn open(self) -> Result<Box<dyn BlockSource + 'a>> {
        let Self { name, source } = self;
        match source {
            #[cfg(feature = "decode")]
            Source::File => Ok(Box::new(Decoder::open(&name)?)),
            #[cfg(feature = "decode")]
            Source::Reader(reader) => Ok(Box::new(Decoder::from_reader(reader, &name)?)),
            Source::Samples { samples, channels, rate } => {
                Ok(Box::new(Samples::new(name, samples, channels, rate)?))
            }
        }
    }
}

#[cfg(feature = "decode")]
impl From<&Path> for Audio<'_> {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

#[cfg(feature = "decode")]
impl From<PathBuf> for Audio<'_> {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

#[cfg(feature = "decode")]
impl From<&PathBuf> for Audio<'_> {
    fn from(path: &PathBuf) -> Self {
        Self::file(path)
    }
}

#[cfg(feature = "decode")]
impl From<&str> for Audio<'_> {
    fn from(path: &str) -> Self {
        Self::file(path)
    }
}

#[cfg(feature = "decode")]
impl From<String> for Audio<'_> {
    fn from(path: String) -> Self {
        Self::file(path)
    }
}

/// Where blocks of mono samples come from.
pub trait BlockSource {
    /// Replaces the content of `mono` with the next block and gives its rate; `None` at the end.
    ///
    /// # Errors
    /// What keeps the rest from being read.
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>>;
    /// The name that errors give.
    fn path(&self) -> &Path;
    /// Bytes of the audio that was gone through so far.
    fn bytes(&self) -> u64;
    /// What it says about itself.
    fn tags(&self) -> &Tags;
    /// Rate and channels of the first block, once there was one.
    fn spec(&self) -> Option<(SampleRate, u16)>;
    /// What was wrong so far.
    fn warnings(&self) -> Vec<Warning>;
}
