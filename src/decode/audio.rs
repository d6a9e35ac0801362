//! What a caller gives as audio: a file, a stream, samples, or blocks of them.
#[cfg(feature = "analyze")]
use std::fs;
#[cfg(any(feature = "acoustid", feature = "analyze"))]
use std::fs::File;
#[cfg(feature = "decode")]
use std::io::Read;
#[cfg(feature = "analyze")]
use std::io::Seek;
use std::path::{Path, PathBuf};

use super::block_source::BlockSource;
use super::blocks::Blocks;
#[cfg(feature = "analyze")]
use super::blocks::Kept;
#[cfg(feature = "decode")]
use super::decoder::Decoder;
#[cfg(feature = "acoustid")]
use super::frame_source::FrameSource;
#[cfg(feature = "decode")]
use super::helper::Ffmpeg;
use super::in_memory::Samples;
use super::limits::Limits;
#[cfg(feature = "decode")]
use super::open::{self, Opened};
#[cfg(feature = "acoustid")]
use super::raw::{RawDecoder, RawFormat};
#[cfg(feature = "analyze")]
use super::source;
#[cfg(feature = "analyze")]
use super::stoppable;
#[cfg(feature = "decode")]
use super::stoppable::Stoppable;
use crate::cancel::CancelToken;
#[cfg(any(feature = "acoustid", feature = "analyze"))]
use crate::error::Error;
use crate::error::Result;
use crate::units::{SampleRate, Seconds};

/// Audio that a call is to look up, add or analyze: a file, a stream, samples in memory, or blocks that a program makes.
///
/// A path stands for the file there:
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// use refrain::{Audio, Index};
///
/// # let (index, bytes, samples) = (Index::open("music.refrain")?, Vec::new(), vec![0.0; 44_100]);
/// index.query("clip.mp3")?;
/// index.query(Audio::reader(std::io::Cursor::new(bytes)))?;
/// index.query(Audio::samples(&samples, 44_100).named("microphone"))?;
/// # Ok(())
/// # }
/// ```
pub struct Audio<'a> {
    name: PathBuf,
    origin: Origin<'a>,
    limits: Limits,
}

enum Origin<'a> {
    #[cfg(feature = "decode")]
    File(Opening),
    #[cfg(feature = "decode")]
    Reader(Box<dyn Read + Send + 'a>),
    Samples {
        samples: &'a [f32],
        channels: u16,
        rate: SampleRate,
    },
    Blocks(Blocks<'a>),
    /// A stream that was read into a temporary file.
    #[cfg(feature = "analyze")]
    KeptStream(File),
    #[cfg(feature = "analyze")]
    KeptBlocks(Kept),
}

/// How a file is opened.
#[cfg(feature = "decode")]
#[derive(Clone, Default)]
struct Opening {
    ffmpeg: Ffmpeg,
    cancel: CancelToken,
}

#[cfg(feature = "decode")]
impl Opening {
    fn open(&self, path: &Path) -> Result<Opened> {
        open::open(path, &self.ffmpeg, &self.cancel)
    }
}

impl<'a> Audio<'a> {
    /// The audio file at `path`. A pipe is read to its end first.
    #[cfg(feature = "decode")]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(path, Origin::File(Opening::default()))
    }

    /// A stream that contains an audio file of any known format. It is kept in a temporary file while it is needed, which
    /// takes room on the disk and none in memory. Its name is `-`, unless it is [`named`](Audio::named).
    #[cfg(feature = "decode")]
    pub fn reader(reader: impl Read + Send + 'a) -> Self {
        Self::of("-", Origin::Reader(Box::new(reader)))
    }

    /// An open file, which is read from its beginning as a stream is, without a copy of it. For the command.
    #[cfg(feature = "analyze")]
    #[doc(hidden)]
    pub fn opened(file: File) -> Self {
        Self::of("-", Origin::KeptStream(file))
    }

    /// Samples of one channel, `rate` a second (1,000 to 768,000), full scale being -1.0..=1.0. They are read where they
    /// are, without a copy. Samples that are not a number or above a million count as silence. Their name is `samples`,
    /// unless they are [`named`](Audio::named).
    pub fn samples(samples: &'a [f32], rate: u32) -> Self {
        Self::interleaved(samples, 1, rate)
    }

    /// As [`Audio::samples`], of several channels in turn, whose mean is taken.
    pub fn interleaved(samples: &'a [f32], channels: u16, rate: u32) -> Self {
        Self::of("samples", Origin::Samples { samples, channels, rate: SampleRate(rate) })
    }

    /// Blocks of samples that a program makes while they are read: see [`BlockSource`]. Samples that are not a number or
    /// above a million count as silence. Their name is `samples`, unless they are [`named`](Audio::named).
    ///
    /// Harmonic analysis needs the blocks twice, and keeps them in a temporary file.
    #[cfg(any(test, feature = "unstable"))]
    pub fn blocks(source: impl BlockSource + Send + 'a) -> Self {
        Self::of("samples", Origin::Blocks(Blocks::new(Box::new(source))))
    }

    fn of(name: impl Into<PathBuf>, origin: Origin<'a>) -> Self {
        Self { name: name.into(), origin, limits: Limits::default() }
    }

    /// Refuses audio that is longer, once so much of it was read. For audio from strangers: a small file may decode to days.
    #[must_use]
    pub fn max_duration(mut self, duration: Seconds) -> Self {
        self.limits.duration = Some(duration);
        self
    }

    /// Refuses audio with more channels.
    #[must_use]
    pub fn max_channels(mut self, channels: u16) -> Self {
        self.limits.channels = Some(channels);
        self
    }

    /// Sets the name that answers and errors show. A file always has its path for a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<PathBuf>) -> Self {
        if !self.is_file() {
            self.name = name.into();
        }
        self
    }

    /// Lets an installed ffmpeg decode a file that refrain's own decoders do not know. Streams and samples are unaffected.
    #[cfg(feature = "ffmpeg")]
    #[must_use]
    pub fn ffmpeg(mut self, ffmpeg: &Ffmpeg) -> Self {
        if let Origin::File(opening) = &mut self.origin {
            opening.ffmpeg = ffmpeg.clone();
        }
        self
    }

    /// The file at `path`, opened as this one is.
    #[cfg(feature = "analyze")]
    pub(crate) fn beside(&self, path: &Path) -> Audio<'static> {
        let opening = match &self.origin {
            Origin::File(opening) => opening.clone(),
            _ => Opening::default(),
        };
        Audio { limits: self.limits, ..Audio::of(path, Origin::File(opening)) }
    }

    /// Lets `cancel` end a wait for another program that decodes the file, and the reading of a stream.
    #[cfg(feature = "decode")]
    pub(crate) fn cancelled_by(mut self, cancel: &CancelToken) -> Self {
        self.origin = match self.origin {
            Origin::File(opening) => Origin::File(Opening { cancel: cancel.clone(), ..opening }),
            Origin::Reader(reader) => Origin::Reader(Box::new(Stoppable { reader, cancel: cancel.clone() })),
            other => other,
        };
        self
    }

    /// Only files are decoded by other programs, and only streams are waited for.
    #[cfg(not(feature = "decode"))]
    pub(crate) fn cancelled_by(self, _cancel: &CancelToken) -> Self {
        self
    }

    /// The name that answers and errors show. For the bindings.
    #[doc(hidden)]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Whether it is a file, whose name is its path.
    pub(crate) fn is_file(&self) -> bool {
        match self.origin {
            #[cfg(feature = "decode")]
            Origin::File(_) => true,
            _ => false,
        }
    }

    /// How many bytes there are to read, for progress; 0 if that is unknown.
    #[cfg(feature = "analyze")]
    pub(crate) fn size(&self) -> u64 {
        match &self.origin {
            Origin::File(_) => fs::metadata(&self.name).map_or(0, |file| file.len()),
            Origin::Samples { samples, .. } => size_of_val(*samples) as u64,
            _ => 0,
        }
    }

    /// How long the file at `path` seems to be, for progress. For some formats it is a guess. For the command.
    #[cfg(feature = "decode")]
    #[doc(hidden)]
    pub fn about_duration(path: &Path) -> Option<Seconds> {
        // A pipe can be read only once.
        let decoder = path.is_file().then(|| Decoder::open(path))?;
        decoder.ok()?.about()
    }

    /// Begins to read it, block by block.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Audio`](crate::Error::Audio) if it cannot be read or is not audio.
    #[cfg(any(test, feature = "unstable"))]
    pub fn open(self) -> Result<Box<dyn BlockSource + 'a>> {
        self.into_blocks(false)
    }

    /// Begins to read it for a fingerprint, which needs the lower part of the spectrum only. So the blocks of some formats
    /// have a fraction of the file's rate: see [`Decoder::for_fingerprint`].
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Audio`](crate::Error::Audio) if it cannot be read or is not audio.
    pub(crate) fn for_fingerprint(self) -> Result<Box<dyn BlockSource + 'a>> {
        self.into_blocks(true)
    }

    fn into_blocks(self, coarse: bool) -> Result<Box<dyn BlockSource + 'a>> {
        #[cfg(feature = "decode")]
        let decoded = |decoder: Decoder| if coarse { decoder.for_fingerprint() } else { decoder };
        #[cfg(not(feature = "decode"))]
        let _ = coarse;
        let Self { name, origin, limits } = self;
        Ok(limits.blocks(match origin {
            #[cfg(feature = "decode")]
            Origin::File(opening) => {
                let opened = opening.open(&name)?;
                if coarse { opened.for_fingerprint() } else { opened }.blocks()
            }
            #[cfg(feature = "decode")]
            Origin::Reader(reader) => Box::new(decoded(Decoder::from_reader(reader, &name)?)),
            Origin::Samples { samples, channels, rate } => {
                Box::new(Samples::new(name, samples, channels, rate)?)
            }
            Origin::Blocks(blocks) => Box::new(blocks.named(name)),
            #[cfg(feature = "analyze")]
            Origin::KeptStream(file) => Box::new(decoded(Decoder::from_file(file, &name)?)),
            #[cfg(feature = "analyze")]
            Origin::KeptBlocks(kept) => Box::new(kept.again(&name)?),
        }))
    }

    /// Begins to read it from its beginning, any number of times, one after the other. Audio that can be read only once is
    /// kept in a temporary file first.
    ///
    /// # Errors
    /// As [`Audio::for_fingerprint`].
    #[cfg(feature = "analyze")]
    pub(crate) fn reopen(&mut self) -> Result<Box<dyn BlockSource + 'a>> {
        let name = &self.name;
        let io = |source| Error::Io { path: name.clone(), source };
        let kept = match &mut self.origin {
            Origin::File(_) => {
                let kind = fs::metadata(name).map_err(io)?;
                let is_pipe = !kind.is_file() && !kind.is_dir();
                let spool = || source::spool(&mut File::open(name)?);
                is_pipe.then(spool).transpose().map_err(io)?.map(Origin::KeptStream)
            }
            Origin::Reader(reader) => {
                let kept = source::spool(reader).map_err(|source| stoppable::failed(name, source))?;
                Some(Origin::KeptStream(kept))
            }
            Origin::Blocks(blocks) => {
                blocks.name.clone_from(name);
                Some(Origin::KeptBlocks(Kept::read(blocks)?))
            }
            Origin::Samples { .. } | Origin::KeptStream(_) | Origin::KeptBlocks(_) => None,
        };
        if let Some(kept) = kept {
            self.origin = kept;
        }
        Ok(self.limits.blocks(match &self.origin {
            Origin::File(opening) => opening.open(&self.name)?.blocks(),
            &Origin::Samples { samples, channels, rate } => {
                Box::new(Samples::new(self.name.clone(), samples, channels, rate)?)
            }
            Origin::KeptStream(file) => {
                let again = file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
                let again = again.map_err(|source| Error::Io { path: self.name.clone(), source })?;
                Box::new(Decoder::from_file(again, &self.name)?)
            }
            Origin::KeptBlocks(kept) => Box::new(kept.again(&self.name)?),
            Origin::Reader(_) | Origin::Blocks(_) => unreachable!("they were just kept"),
        }))
    }

    /// Begins to read it with all channels. A file or a stream is read as samples without a container if `raw` says which.
    ///
    /// # Errors
    /// As [`Audio::for_fingerprint`].
    #[cfg(feature = "acoustid")]
    pub(crate) fn open_frames(self, raw: Option<RawFormat>) -> Result<Box<dyn FrameSource + 'a>> {
        if let Some(reason) = raw.and_then(RawFormat::refusal) {
            return Err(Error::Audio { path: self.name, reason });
        }
        let Self { name, origin, limits } = self;
        let whose = name.clone();
        let frames: Box<dyn FrameSource + 'a> = match (origin, raw) {
            (Origin::File(opening), None) => opening.open(&name)?.frames(),
            (Origin::File(_), Some(format)) => Box::new(RawDecoder::open(&name, format)?),
            (Origin::Reader(reader), None) => {
                Box::new(Decoder::from_reader(reader, &name)?.with_all_channels())
            }
            (Origin::Reader(reader), Some(format)) => Box::new(RawDecoder::new(reader, &name, format)),
            (Origin::Samples { samples, channels, rate }, _) => {
                Box::new(Samples::new(name, samples, channels, rate)?)
            }
            (Origin::Blocks(blocks), _) => Box::new(blocks.named(name)),
            #[cfg(feature = "analyze")]
            (Origin::KeptStream(file), _) => Box::new(Decoder::from_file(file, &name)?.with_all_channels()),
            #[cfg(feature = "analyze")]
            (Origin::KeptBlocks(_), _) => unreachable!("only an analysis keeps blocks"),
        };
        Ok(limits.frames(frames, &whose))
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

#[cfg(all(test, feature = "decode"))]
mod tests {
    use super::*;

    const RATE: u32 = 8_000;

    /// A file of 16 bits, and its samples.
    fn file() -> (Vec<u8>, Vec<f32>) {
        let samples: Vec<i16> = (0..20_000).map(|i| (9_000.0 * (f64::from(i) * 0.1).sin()) as i16).collect();
        let size = 2 * samples.len() as u32;
        let mut file = [b"RIFF", &(36 + size).to_le_bytes()[..], b"WAVEfmt \x10\0\0\0\x01\0\x01\0"].concat();
        file.extend([RATE, 2 * RATE].map(u32::to_le_bytes).concat());
        file.extend([b"\x02\0\x10\0data", &size.to_le_bytes()[..]].concat());
        file.extend(samples.iter().flat_map(|x| x.to_le_bytes()));
        (file, samples.into_iter().map(|x| f32::from(x) / 32_768.0).collect())
    }

    /// Samples in blocks of a thousand.
    struct Thousands(Vec<f32>);

    impl BlockSource for Thousands {
        fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
            mono.clear();
            mono.extend(self.0.drain(..self.0.len().min(1_000)));
            Ok((!mono.is_empty()).then_some(SampleRate(RATE)))
        }
    }

    /// The same audio in each of the forms that there are.
    fn each_form<'a>(folder: &Path, file: &'a [u8], samples: &'a [f32]) -> Vec<Audio<'a>> {
        let path = folder.join("a.wav");
        std::fs::write(&path, file).unwrap();
        vec![
            Audio::file(path),
            Audio::reader(file),
            Audio::samples(samples, RATE),
            Audio::blocks(Thousands(samples.to_vec())),
        ]
    }

    fn read(source: &mut dyn BlockSource) -> Vec<f32> {
        let (mut all, mut mono) = (Vec::new(), Vec::new());
        while let Some(rate) = source.next_block(&mut mono).unwrap() {
            assert_eq!(rate, SampleRate(RATE));
            all.append(&mut mono);
        }
        assert_eq!(source.spec(), Some((SampleRate(RATE), 1)));
        all
    }

    #[test]
    fn every_form_gives_the_same_samples_under_its_name() {
        let ((file, samples), folder) = (file(), tempfile::tempdir().unwrap());
        let names = ["a.wav", "-", "samples", "samples"].map(PathBuf::from);
        for (audio, name) in each_form(folder.path(), &file, &samples).into_iter().zip(names) {
            assert!(audio.name().ends_with(&name), "{}", audio.name().display());
            let is_file = audio.is_file();
            let audio = audio.named("other");
            assert_eq!(audio.name() == Path::new("other"), !is_file);
            let name = audio.name().to_owned();
            let mut source = audio.open().unwrap();
            assert!(read(&mut *source) == samples, "{}", name.display());
            assert_eq!(source.path(), name);
        }
    }

    #[cfg(feature = "analyze")]
    #[test]
    fn every_form_is_read_again_and_again() {
        let ((file, samples), folder) = (file(), tempfile::tempdir().unwrap());
        let sizes = [file.len() as u64, 0, 4 * samples.len() as u64, 0];
        for (mut audio, size) in each_form(folder.path(), &file, &samples).into_iter().zip(sizes) {
            assert_eq!(audio.size(), size);
            let name = audio.name().to_owned();
            for _ in 0..3 {
                let mut source = audio.reopen().unwrap();
                assert!(read(&mut *source) == samples, "{}", name.display());
                assert_eq!(source.path(), name);
            }
            assert!(read(&mut *audio.open().unwrap()).ends_with(&samples[samples.len() - 9..]));
        }
    }

    #[cfg(feature = "acoustid")]
    #[test]
    fn every_form_has_frames_and_a_length() {
        use crate::decode::raw::RawSample;

        let ((file, samples), folder) = (file(), tempfile::tempdir().unwrap());
        let raw = RawFormat { sample: RawSample::S16Le, rate: RATE, channels: 1 };
        let bare = &file[44..];
        let mut forms: Vec<_> =
            each_form(folder.path(), &file, &samples).into_iter().map(|a| (a, None)).collect();
        let path = folder.path().join("a.raw");
        std::fs::write(&path, bare).unwrap();
        forms.extend([(Audio::file(&path), Some(raw)), (Audio::reader(bare), Some(raw))]);
        for (i, (audio, raw)) in forms.into_iter().enumerate() {
            let mut source = audio.open_frames(raw).unwrap();
            let (mut all, mut frames) = (Vec::new(), Vec::new());
            while let Some(sound) = source.next_frames(&mut frames).unwrap() {
                assert_eq!((sound.rate, sound.channels), (SampleRate(RATE), 1));
                assert_eq!(sound.fine, matches!(i, 2 | 3), "form {i}");
                all.append(&mut frames);
            }
            assert!(all == samples, "form {i}");
            let Seconds(length) = source.duration().unwrap();
            assert!((length - 2.5).abs() < 1e-9, "form {i}: {length}");
        }
        for (channels, rate) in [(0, RATE), (1, 999), (1, 768_001)] {
            let raw = RawFormat { channels, rate, ..raw };
            assert!(Audio::reader(bare).open_frames(Some(raw)).is_err(), "{channels} channels at {rate} Hz");
        }
    }
}
