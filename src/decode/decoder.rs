//! A file decoded block by block, whatever is in it.
mod coarse;
mod frames;
mod length;
mod live;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;

use super::block_source::BlockSource;
use super::catch_panic::catch_panic;
use super::codec::{self, Choice, Codec};
use super::cut::{Cut, Delay, Tail};
use super::mixer::Mixer;
use super::probe::{self, Refusal};
use super::progress::Progress;
use super::read_tags;
use super::sample_limits::RATES;
use super::sniff;
use super::sound::Sound;
use super::source::{self, Watch};
use super::stoppable;
use super::warning::Warning;
use crate::error::{AudioError, Error, Result};
use crate::tags::Tags;
use crate::units::{SampleRate, Samples, Seconds};

/// The most bytes that a demuxer may read to find one packet: video frames between two audio packets, garbage.
const MAX_PACKET: u64 = 64 << 20;

/// The same for a stream that comes once.
const MAX_LIVE_PACKET: u64 = 2 << 20;

/// After so many packets in a row without audio the rest of the file is given up.
const MAX_BARREN: u32 = 5_000;

/// After so many panics the codec is given up.
const MAX_PANICS: u32 = 8;

/// A recording being decoded, block by block.
///
/// ```no_run
/// # #[cfg(feature = "unstable")] fn example() -> refrain::Result<()> {
/// let mut decoder = refrain::decode::Decoder::open("song.mp3".as_ref())?;
/// let mut mono = Vec::new();
/// while let Some(rate) = decoder.next_block(&mut mono)? {
///     println!("{} samples at {rate}", mono.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Decoder {
    path: PathBuf,
    watch: Arc<Watch>,
    reader: Box<dyn FormatReader>,
    /// A packet read ahead.
    first: Option<Packet>,
    codec: Codec,
    track: Track,
    tags: Tags,
    /// How much of the coming audio lies before the beginning of the recording.
    skip: Seconds,
    /// What of the track's time is the recording, if not all of it.
    cut: Option<Cut>,
    /// How many frames later than the codec another decoder is, and what comes later.
    late: usize,
    delay: Delay,
    /// Holds back what follows the recording.
    tail: Tail,
    /// The bytes of the file that may be audio; 0 for a stream that comes once.
    len: u64,
    /// Whether it is a stream that comes once.
    is_live: bool,
    /// The kind of the last block's samples.
    sound: Option<Sound>,
    /// Whether blocks have all channels instead of one.
    every_channel: bool,
    /// Whether a codec may leave out what the fingerprint does not need.
    coarse: bool,
    mixer: Mixer,
    /// Rate and channels of the first block.
    first_spec: Option<(SampleRate, u16)>,
    progress: Progress,
    ended: bool,
}

impl Decoder {
    /// Opens a file and finds its audio track. A pipe is read to its end first, like a stream by [`Decoder::from_reader`].
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read or is a folder. [`Error::Audio`] if it is empty, has no known format, or has
    /// no audio track that can be decoded.
    pub fn open(path: &Path) -> Result<Decoder> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(io)?.file_type();
        if kind.is_dir() {
            return Err(io(io::ErrorKind::IsADirectory.into()));
        }
        let file = File::open(path).map_err(io)?;
        if kind.is_file() { Decoder::from_file(file, path) } else { Decoder::from_reader(file, path) }
    }

    /// Decodes a stream that cannot seek. It is kept in a temporary file, which takes room on the disk and none in memory.
    /// Errors show `name`, such as `-` for standard input.
    ///
    /// # Errors
    /// As [`Decoder::open`]; and [`Error::Io`] if the stream is longer than 32 GiB or the temporary folder is full.
    pub fn from_reader(mut reader: impl Read, name: &Path) -> Result<Decoder> {
        match source::spool(&mut reader) {
            Ok(file) => Decoder::from_file(file, name),
            Err(source) => Err(stoppable::failed(name, source)),
        }
    }

    /// Decodes an open file from its beginning. Errors show `name`.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn from_file(file: File, name: &Path) -> Result<Decoder> {
        Decoder::own(file, name).map_err(|refusal| match refusal {
            Refusal::Io(source) => Error::Io { path: name.to_owned(), source },
            Refusal::Audio(reason) => Error::Audio { path: name.to_owned(), reason },
            Refusal::Foreign(foreign) => Error::Audio { path: name.to_owned(), reason: foreign.refusal() },
        })
    }

    /// Decodes an open file, if refrain has a decoder for it.
    pub(super) fn own(mut file: File, name: &Path) -> Result<Decoder, Refusal> {
        if let Some(foreign) = sniff::file(&mut file)? {
            return Err(Refusal::Foreign(foreign));
        }
        let again = file.try_clone()?;
        Decoder::new(file, name).or_else(|refusal| match refusal {
            Refusal::Audio(reason) => {
                Err(sniff::named(again, reason)?.map_or_else(Refusal::Audio, Refusal::Foreign))
            }
            other => Err(other),
        })
    }

    fn new(file: File, name: &Path) -> Result<Decoder, Refusal> {
        let watch = Arc::new(Watch::default());
        let mut again = file.try_clone()?;
        let probe::Container { mut reader, first, tags, times: (mp4, mkv), len } =
            probe::container(file, &watch)?;
        let Choice { codec, track, skip } =
            codec::choose(&*reader, |id| mp4.is_disabled(id)).map_err(Refusal::Audio)?;
        let cut = mp4.cut(&track);
        // Opus states its delay twice in Matroska and MP4.
        let skip = match &cut {
            Some(cut) if cut.is_late() => Seconds(0.0),
            _ if skip.0 > 0.0 => skip,
            _ => mkv.delay(track.id),
        };
        let tail = Tail::of(mkv.discard(track.id));
        let late = codec::lateness(&track);
        let tags = read_tags::of_file(&mut *reader, track.id, &mut again).or(tags).into_tags();
        let choice = Choice { codec, track, skip };
        Ok(Decoder { tags, cut, late, tail, len, ..Decoder::of(name, (watch, reader, first), choice) })
    }

    /// A decoder at the beginning of a track.
    fn of(
        name: &Path,
        (watch, reader, first): (Arc<Watch>, Box<dyn FormatReader>, Option<Packet>),
        Choice { codec, track, skip }: Choice,
    ) -> Decoder {
        Decoder {
            path: name.to_owned(),
            watch,
            reader,
            first,
            codec,
            track,
            tags: Tags::default(),
            skip,
            cut: None,
            late: 0,
            delay: Delay::default(),
            tail: Tail::of(Seconds(0.0)),
            len: 0,
            is_live: false,
            sound: None,
            every_channel: false,
            coarse: false,
            mixer: Mixer::default(),
            first_spec: None,
            progress: Progress::default(),
            ended: false,
        }
    }

    /// Replaces the content of `mono` with the next block, full scale being -1.0..=1.0, every sample finite. It is the mean of
    /// all channels, or a single channel for half seconds in which the mean loses the sound because channels cancel out.
    /// Returns the block's rate, which may change from one block to the next. Returns `None` at the end and leaves `mono`
    /// empty. A block has 1 to 768,000 samples.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can no longer be read. [`Error::Audio`] if the rate is outside of 1,000..=768,000 Hz, and
    /// in place of the end if the file turns out not to be audio. Blocks may have been returned before: throw away the
    /// blocks of a file that ends in an error.
    pub fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        loop {
            if let Some(rate) = self.mixer.next(mono) {
                return Ok(Some(rate));
            }
            let Some(rate) = self.decoded(mono)? else {
                self.mixer.finish();
                return Ok(self.mixer.next(mono));
            };
            let channels = self.channels();
            if self.every_channel || channels == 1 && self.mixer.is_empty() {
                return Ok(Some(rate));
            }
            self.mixer.push(rate, channels, mono);
        }
    }

    /// Replaces the content of `frames` with the next block, all channels of one frame after the other.
    fn decoded(&mut self, frames: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        frames.clear();
        while !self.ended {
            match self.step(frames) {
                Ok(Some(rate)) => return Ok(Some(rate)),
                Ok(None) => frames.clear(),
                Err(reason) => {
                    self.ended = true;
                    frames.clear();
                    return Err(Error::Audio { path: self.path.clone(), reason });
                }
            }
            if let Some(source) = self.watch.take_failure() {
                self.ended = true;
                return Err(Error::Io { path: self.path.clone(), source });
            }
            if self.ended {
                let verdict = self.progress.verdict(self.is_raw(), self.announced(), self.len);
                verdict.map_err(|reason| Error::Audio { path: self.path.clone(), reason })?;
            }
        }
        Ok(None)
    }

    /// The name that errors show.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says about itself.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The rate and the number of channels of the first block, once it was decoded.
    pub fn spec(&self) -> Option<(SampleRate, u16)> {
        self.first_spec
    }

    /// What was wrong so far. The list is complete once [`Decoder::next_block`] has returned `None`.
    pub fn warnings(&self) -> Vec<Warning> {
        self.progress.warnings()
    }

    /// Decodes one packet into `frames`. Returns `None` if it gave no audio.
    fn step(&mut self, frames: &mut Vec<f32>) -> Result<Option<SampleRate>, AudioError> {
        if self.progress.barren >= MAX_BARREN {
            self.cut_short(format!("{MAX_BARREN} packets in a row without audio"));
            return Ok(None);
        }
        self.watch.allow(if self.is_live { MAX_LIVE_PACKET } else { MAX_PACKET });
        let packet = match self.first.take() {
            Some(first) => Ok(Ok(Some(first))),
            None => catch_panic(|| self.reader.next_packet()),
        };
        match packet {
            Ok(Ok(Some(packet))) if packet.track_id == self.track.id && !packet.data.is_empty() => {
                let rate = self.packet(&packet, frames)?;
                Ok(rate.filter(|&rate| self.trim(&packet, rate, frames)))
            }
            Ok(Ok(Some(packet))) => {
                // A packet of another track brings the end of the file nearer; an empty one may not.
                self.progress.barren += u32::from(packet.data.is_empty());
                Ok(None)
            }
            Ok(Ok(None)) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Err(SymphoniaError::ResetRequired)) => self.next_stream().map(|()| None),
            Ok(Err(SymphoniaError::DecodeError(what))) => {
                self.progress.damage(what.to_owned());
                Ok(None)
            }
            Ok(Err(SymphoniaError::IoError(e))) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.out_of_bytes();
                Ok(None)
            }
            Ok(Err(error)) => {
                self.cut_short(codec::describe(&error));
                Ok(None)
            }
            Err(panic) => {
                self.cut_short(format!("the decoder failed: {panic}"));
                self.progress.panic = Some(panic);
                Ok(None)
            }
        }
    }

    /// Decodes a packet of the track.
    fn packet(&mut self, packet: &Packet, frames: &mut Vec<f32>) -> Result<Option<SampleRate>, AudioError> {
        self.progress.bytes += packet.data.len() as u64;
        // Tables may point to the same bytes over and over: hours of audio out of a small file.
        if !self.is_live && self.progress.bytes / 4 > self.len.saturating_add(1 << 20) {
            self.cut_short("its packets overlap".to_owned());
            return Ok(None);
        }
        let decoded = catch_panic(|| self.codec.decode(packet, frames));
        match decoded {
            Ok(Ok(_)) if frames.is_empty() => {
                self.progress.barren += 1;
                Ok(None)
            }
            Ok(Ok(sound)) => {
                self.good(packet, sound, frames.len())?;
                self.first_spec.get_or_insert((self.codec.original(sound.rate), sound.channels));
                Ok(Some(sound.rate))
            }
            Ok(Err(SymphoniaError::ResetRequired)) => {
                self.progress.barren += 1;
                self.renew().map(|()| None)
            }
            Ok(Err(error)) => {
                self.progress.damage(codec::describe(&error));
                Ok(self.stand_in(packet, frames))
            }
            Err(panic) => {
                self.progress.panics += 1;
                self.progress.damage(panic.clone());
                self.progress.panic = Some(panic);
                if self.progress.panics >= MAX_PANICS {
                    self.cut_short("the decoder keeps failing".to_owned());
                    return Ok(None);
                }
                // The codec's state cannot be trusted any more.
                self.renew()?;
                Ok(self.stand_in(packet, frames))
            }
        }
    }

    /// Whether this is bare MPEG audio, frame after frame without a container.
    fn is_raw(&self) -> bool {
        [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS]
            .contains(&self.reader.format_info().format)
    }

    /// Removes from the block of a packet what is not part of the recording. Returns whether any of it is left.
    fn trim(&mut self, packet: &Packet, rate: SampleRate, frames: &mut Vec<f32>) -> bool {
        let channels = self.channels();
        if self.skip.0 > 0.0 {
            let wanted = (self.skip.0 * f64::from(rate.0)).round() as usize;
            let cut = wanted.min(frames.len() / channels);
            frames.drain(..cut * channels);
            self.skip = Samples((wanted - cut) as u64).at(rate);
        }
        // Counts for the first block, which may be the first to say that it is HE-AAC.
        self.late = self.late.max(self.codec.lateness());
        self.delay.pass(self.late, channels, frames);
        if let (Some(cut), Some(base)) = (&mut self.cut, self.track.time_base) {
            let first = cut.place(packet.pts.get(), base, rate, frames.len() / channels);
            cut.apply(first, rate, channels, frames);
        }
        self.tail.pass(rate, channels, frames);
        !frames.is_empty()
    }

    /// The number of channels of the last block.
    fn channels(&self) -> usize {
        self.sound.map_or(1, |sound| usize::from(sound.channels).max(1))
    }

    /// Counts a packet that decoded.
    fn good(&mut self, packet: &Packet, sound: Sound, values: usize) -> Result<(), AudioError> {
        let rate = sound.rate;
        if !RATES.contains(&rate.0) {
            return Err(AudioError::SampleRate(rate.0));
        }
        self.progress.rate_changes += u64::from(self.sound.is_some_and(|before| before.rate != rate));
        self.sound = Some(sound);
        let samples = values / self.channels();
        self.progress.barren = 0;
        self.progress.good += 1;
        self.progress.good_bytes += packet.data.len() as u64;
        self.progress.seconds += Samples(samples as u64).at(rate).0;
        Ok(())
    }

    /// Puts silence in place of a packet that did not decode, so that the following audio keeps its place. Does nothing
    /// before the first audio, because the rate is not known yet.
    fn stand_in(&mut self, packet: &Packet, frames: &mut Vec<f32>) -> Option<SampleRate> {
        let rate = self.sound?.rate;
        let lasts = self.track.time_base?.calc_duration(packet.dur)?.as_secs_f64().clamp(0.0, 1.0);
        frames.clear();
        frames.resize((lasts * f64::from(rate.0)).round() as usize * self.channels(), 0.0);
        (!frames.is_empty()).then_some(rate)
    }

    /// Goes on with the next of several streams that follow one another in a file.
    fn next_stream(&mut self) -> Result<(), AudioError> {
        self.progress.barren += 1;
        match codec::choose(&*self.reader, |_| false) {
            Ok(Choice { codec, track, skip }) => {
                if self.is_live {
                    self.tags = read_tags::of_stream(&mut *self.reader, track.id);
                }
                (self.codec, self.track, self.skip) = (codec, track, skip);
                self.make_coarse();
                Ok(())
            }
            Err(error) => self.give_up(error),
        }
    }

    /// Makes a fresh codec for the same track.
    fn renew(&mut self) -> Result<(), AudioError> {
        match Codec::of(&self.track) {
            Ok(codec) => {
                self.codec = codec;
                self.make_coarse();
                Ok(())
            }
            Err(error) => self.give_up(error),
        }
    }

    /// Ends the recording if there was audio already, and fails if there was none.
    fn give_up(&mut self, error: AudioError) -> Result<(), AudioError> {
        if self.progress.good == 0 {
            return Err(error);
        }
        self.cut_short(error.to_string());
        Ok(())
    }

    fn cut_short(&mut self, reason: String) {
        self.progress.cut = Some(reason);
        self.ended = true;
    }

    /// The file ended where it should not have.
    fn out_of_bytes(&mut self) {
        self.progress.out_of_bytes = true;
        self.ended = true;
    }
}

impl BlockSource for Decoder {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        Decoder::next_block(self, mono)
    }

    fn path(&self) -> &Path {
        Decoder::path(self)
    }

    fn bytes(&self) -> u64 {
        self.progress.bytes
    }

    fn tags(&self) -> Tags {
        self.tags.clone()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        Decoder::spec(self)
    }

    fn warnings(&self) -> Vec<Warning> {
        Decoder::warnings(self)
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("path", &self.path).field("tags", &self.tags).finish_non_exhaustive()
    }
}
