//! Blocks of a program's own source: checked while they are read, and kept where they are needed twice.
use std::path::{Path, PathBuf};
#[cfg(feature = "analyze")]
use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
};

use super::block_source::BlockSource;
#[cfg(feature = "acoustid")]
use super::frame_source::FrameSource;
use super::sample_limits::{RATES, sane};
#[cfg(feature = "acoustid")]
use super::sound::Sound;
use super::warning::Warning;
use crate::error::{AudioError, Error, Result};
use crate::tags::Tags;
use crate::units::SampleRate;
#[cfg(feature = "acoustid")]
use crate::units::{Samples, Seconds};

/// A program's own source under the name of its audio. Whatever the source does, blocks have samples, rates are supported
/// ones, samples are finite, and the end stays the end.
pub(super) struct Blocks<'a> {
    /// What errors show.
    pub(super) name: PathBuf,
    source: Box<dyn BlockSource + Send + 'a>,
    first_rate: Option<SampleRate>,
    samples: u64,
    #[cfg(feature = "acoustid")]
    seconds: f64,
    ended: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(source: Box<dyn BlockSource + Send + 'a>) -> Self {
        Blocks {
            name: PathBuf::new(),
            source,
            first_rate: None,
            samples: 0,
            #[cfg(feature = "acoustid")]
            seconds: 0.0,
            ended: false,
        }
    }

    pub(super) fn named(self, name: PathBuf) -> Self {
        Blocks { name, ..self }
    }

    fn read(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        let Some(rate) = self.source.next_block(mono)? else {
            mono.clear();
            return Ok(None);
        };
        if !RATES.contains(&rate.0) {
            mono.clear();
            return Err(Error::Audio { path: self.name.clone(), reason: AudioError::SampleRate(rate.0) });
        }
        mono.iter_mut().for_each(|x| *x = sane(*x));
        Ok(Some(rate))
    }
}

impl BlockSource for Blocks<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        while !self.ended {
            let read = self.read(mono);
            self.ended = !matches!(read, Ok(Some(_)));
            let Some(rate) = read? else { break };
            if !mono.is_empty() {
                self.first_rate.get_or_insert(rate);
                self.samples += mono.len() as u64;
                #[cfg(feature = "acoustid")]
                {
                    self.seconds += Samples(mono.len() as u64).at(rate).0;
                }
                return Ok(Some(rate));
            }
        }
        Ok(None)
    }

    fn path(&self) -> &Path {
        &self.name
    }

    /// The source's own count, or that of its samples if it counts nothing.
    fn bytes(&self) -> u64 {
        match self.source.bytes() {
            0 => self.samples * size_of::<f32>() as u64,
            bytes => bytes,
        }
    }

    fn tags(&self) -> Tags {
        self.source.tags()
    }

    /// What the source says, or one channel at the first rate.
    fn spec(&self) -> Option<(SampleRate, u16)> {
        self.source.spec().or(self.first_rate.map(|rate| (rate, 1)))
    }

    fn warnings(&self) -> Vec<Warning> {
        self.source.warnings()
    }
}

#[cfg(feature = "acoustid")]
impl FrameSource for Blocks<'_> {
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        let rate = self.next_block(frames)?;
        Ok(rate.map(|rate| Sound { rate, channels: 1, fine: true }))
    }

    fn duration(&mut self) -> Result<Seconds> {
        let mut rest = Vec::new();
        while self.next_block(&mut rest)?.is_some() {}
        Ok(Seconds(self.seconds))
    }

    fn warnings(&self) -> Vec<Warning> {
        BlockSource::warnings(self)
    }
}

/// The blocks of a source in a temporary file, so that they can be read any number of times.
#[cfg(feature = "analyze")]
pub(super) struct Kept {
    /// Of each block its rate and its number of samples, then the samples; all little-endian and 4 bytes long.
    file: File,
    tags: Tags,
    spec: Option<(SampleRate, u16)>,
    warnings: Vec<Warning>,
}

#[cfg(feature = "analyze")]
impl Kept {
    /// Reads `source` to its end.
    ///
    /// # Errors
    /// What the source returns; [`Error::Io`] if the temporary folder is full.
    pub(super) fn read(source: &mut dyn BlockSource) -> Result<Kept> {
        let io = |path: &Path, source| Error::Io { path: path.to_owned(), source };
        let file = tempfile::tempfile().map_err(|e| io(source.path(), e))?;
        let mut writer = BufWriter::new(file);
        let mut mono = Vec::new();
        while let Some(rate) = source.next_block(&mut mono)? {
            // Longer blocks become several.
            for block in mono.chunks(1 << 16) {
                let head = [rate.0, block.len() as u32].map(u32::to_le_bytes);
                let samples = block.iter().map(|x| x.to_le_bytes());
                let written = head.into_iter().chain(samples).try_for_each(|bytes| writer.write_all(&bytes));
                written.map_err(|e| io(source.path(), e))?;
            }
        }
        let file = writer.into_inner().map_err(|e| io(source.path(), e.into_error()))?;
        Ok(Kept { file, tags: source.tags(), spec: source.spec(), warnings: source.warnings() })
    }

    /// Begins to read the blocks once more. One reader is used at a time, because all share the file's position.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn again(&self, name: &Path) -> Result<Again> {
        let file = self.file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
        let file = file.map_err(|source| Error::Io { path: name.to_owned(), source })?;
        Ok(Again {
            name: name.to_owned(),
            reader: BufReader::new(file),
            bytes: 0,
            tags: self.tags.clone(),
            spec: self.spec,
            warnings: self.warnings.clone(),
        })
    }
}

/// Kept blocks being read.
#[cfg(feature = "analyze")]
pub(super) struct Again {
    name: PathBuf,
    reader: BufReader<File>,
    bytes: u64,
    tags: Tags,
    spec: Option<(SampleRate, u16)>,
    warnings: Vec<Warning>,
}

#[cfg(feature = "analyze")]
impl Again {
    fn read(&mut self, mono: &mut Vec<f32>) -> io::Result<Option<SampleRate>> {
        let mut head = [0; 8];
        match self.reader.read_exact(&mut head) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(e),
        }
        let [a, b, c, d, count @ ..] = head;
        let mut bytes = vec![0; u32::from_le_bytes(count) as usize * size_of::<f32>()];
        self.reader.read_exact(&mut bytes)?;
        mono.extend(bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)));
        self.bytes += bytes.len() as u64;
        Ok(Some(SampleRate(u32::from_le_bytes([a, b, c, d]))))
    }
}

#[cfg(feature = "analyze")]
impl BlockSource for Again {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        self.read(mono).map_err(|source| Error::Io { path: self.name.clone(), source })
    }

    fn path(&self) -> &Path {
        &self.name
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn tags(&self) -> Tags {
        self.tags.clone()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        self.spec
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of a list, then an end that is none.
    struct List(Vec<(u32, Vec<f32>)>);

    impl BlockSource for List {
        fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
            mono.push(9.0);
            if self.0.is_empty() {
                self.0.push((8_000, vec![7.0]));
                return Ok(None);
            }
            let (rate, block) = self.0.remove(0);
            *mono = block;
            Ok(Some(SampleRate(rate)))
        }
    }

    fn source(blocks: &[(u32, &[f32])]) -> Blocks<'static> {
        let list = blocks.iter().map(|&(rate, block)| (rate, block.to_vec())).collect();
        Blocks::new(Box::new(List(list))).named("a".into())
    }

    fn all(source: &mut dyn BlockSource) -> Vec<(u32, Vec<f32>)> {
        let (mut all, mut mono) = (Vec::new(), Vec::new());
        while let Some(rate) = source.next_block(&mut mono).unwrap() {
            all.push((rate.0, mono.clone()));
        }
        assert!(mono.is_empty());
        assert!(source.next_block(&mut mono).unwrap().is_none() && mono.is_empty(), "the end stays the end");
        all
    }

    const BLOCKS: &[(u32, &[f32])] =
        &[(8_000, &[]), (8_000, &[0.5, f32::NAN]), (16_000, &[]), (16_000, &[f32::INFINITY, 0.25, 1.0])];

    #[test]
    fn whatever_a_source_does_blocks_are_sound() {
        let mut source = source(BLOCKS);
        assert_eq!(source.spec(), None);
        assert_eq!(all(&mut source), [(8_000, vec![0.5, 0.0]), (16_000, vec![0.0, 0.25, 1.0])]);
        assert_eq!(source.spec(), Some((SampleRate(8_000), 1)));
        assert_eq!((source.bytes(), source.path()), (20, Path::new("a")));
        for rate in [0, 999, 768_001] {
            let (mut source, mut mono) = (self::source(&[(rate, &[0.5])]), Vec::new());
            let refused = source.next_block(&mut mono);
            assert!(matches!(&refused, Err(Error::Audio { path, reason: AudioError::SampleRate(r) })
                    if path == Path::new("a") && *r == rate));
            assert!(source.next_block(&mut mono).unwrap().is_none() && mono.is_empty());
        }
    }

    #[cfg(feature = "acoustid")]
    #[test]
    fn the_length_is_that_of_all_blocks() {
        let (mut source, mut frames) = (source(BLOCKS), Vec::new());
        let sound = source.next_frames(&mut frames).unwrap();
        assert_eq!(sound, Some(Sound { rate: SampleRate(8_000), channels: 1, fine: true }));
        assert_eq!(source.duration().unwrap(), Seconds(2.0 / 8_000.0 + 3.0 / 16_000.0));
    }

    #[cfg(feature = "analyze")]
    #[test]
    fn kept_blocks_are_read_again_and_again() {
        let long: Vec<f32> = (0..70_000).map(|i| i as f32 * 1e-5).collect();
        let kept = Kept::read(&mut source(&[BLOCKS[1], (48_000, &long), BLOCKS[3]])).unwrap();
        let expected = [
            (8_000, vec![0.5, 0.0]),
            (48_000, long[..65_536].to_vec()),
            (48_000, long[65_536..].to_vec()),
            (16_000, vec![0.0, 0.25, 1.0]),
        ];
        for _ in 0..2 {
            let mut again = kept.again("b".as_ref()).unwrap();
            assert_eq!(again.spec(), Some((SampleRate(8_000), 1)));
            assert!(all(&mut again) == expected);
            assert_eq!((again.bytes(), again.path()), (4 * 70_005, Path::new("b")));
        }
    }
}
