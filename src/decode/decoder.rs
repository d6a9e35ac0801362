//! A file decoded block by block, whatever is in it.
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_OGG,
};
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::audio::BlockSource;
use super::contain::contained;
use super::probe::{self, Choice, Codec, Refusal};
use super::source::{self, Watch};
use super::{RATES, Tags, Warning, downmix};
use crate::error::{AudioError, Error, Result};
use crate::units::{SampleRate, Samples, Seconds};

/// The most bytes that a demuxer may read to find one packet: video frames between two audio packets, garbage.
const LARGEST_PACKET: u64 = 64 << 20;

/// The longest block handed out; a packet that decodes to more is damage. A second at the highest rate.
const LONGEST_BLOCK: usize = 768_000;

/// After so many packets in a row without audio the rest of the file is given up.
const MOST_BARREN: u32 = 5_000;

/// After so many panics the codec is given up.
const MOST_PANICS: u32 = 8;

/// A recording being decoded, block by block.
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
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
    /// How much of what comes next lies before the beginning of the recording.
    skip: Seconds,
    /// The audio bytes of the file, at most.
    len: u64,
    /// What the last block was made of.
    sound: Option<Sound>,
    /// Whether blocks have all channels instead of their mean.
    every_channel: bool,
    /// Rate and channels of the first block.
    first_spec: Option<(SampleRate, u16)>,
    progress: Progress,
    ended: bool,
}

/// What decoded samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Their rate.
    pub rate: SampleRate,
    /// Channels that the file has.
    pub channels: u16,
    /// Whether they are finer than 16 bits, as all floating-point numbers are.
    pub fine: bool,
}

/// What has been seen so far.
#[derive(Default)]
struct Progress {
    /// Bytes of all packets of the track.
    bytes: u64,
    /// Bytes of the packets that decoded.
    good_bytes: u64,
    /// How long the decoded audio is.
    seconds: f64,
    /// Packets that decoded.
    good: u64,
    /// Changes of the rate from one packet to the next.
    rate_changes: u64,
    /// Packets that did not decode.
    damaged: u64,
    /// What was wrong with the first of them.
    first_damage: Option<String>,
    /// Packets without audio since the last with some.
    barren: u32,
    panics: u32,
    /// What the last panic said.
    panic: Option<String>,
    /// Why the end came before the end of the file.
    cut: Option<String>,
    /// The file ended in the middle of a packet.
    out_of_bytes: bool,
    truncated: Option<Warning>,
}

impl Progress {
    fn damage(&mut self, what: String) {
        self.damaged += 1;
        self.barren += 1;
        self.first_damage.get_or_insert(what);
    }
}

impl Decoder {
    /// Opens a file and finds its audio track. A pipe is read to its end first, as by [`Decoder::from_reader`].
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read or is no file; [`Error::Audio`] where it is empty, of no known format,
    /// or has no audio track that can be decoded.
    pub fn open(path: &Path) -> Result<Decoder> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(io)?.file_type();
        if kind.is_dir() {
            return Err(io(io::ErrorKind::IsADirectory.into()));
        }
        let file = File::open(path).map_err(io)?;
        if kind.is_file() { Decoder::from_file(file, path) } else { Decoder::from_reader(file, path) }
    }

    /// Decodes what a stream that cannot seek holds. It is kept in a temporary file, which takes room on the disk and
    /// none in memory. Errors name `name`, `-` for standard input.
    ///
    /// # Errors
    /// As [`Decoder::open`]; and [`Error::Io`] where the stream is longer than 32 GiB or the temporary folder is full.
    pub fn from_reader(mut reader: impl Read, name: &Path) -> Result<Decoder> {
        match source::spool(&mut reader) {
            Ok(file) => Decoder::from_file(file, name),
            Err(source) => Err(Error::Io { path: name.to_owned(), source }),
        }
    }

    /// Decodes an open file from its beginning. Errors name `name`.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn from_file(file: File, name: &Path) -> Result<Decoder> {
        Decoder::new(file, name).map_err(|refusal| match refusal {
            Refusal::Io(source) => Error::Io { path: name.to_owned(), source },
            Refusal::Audio(reason) => Error::Audio { path: name.to_owned(), reason },
        })
    }

    fn new(file: File, name: &Path) -> Result<Decoder, Refusal> {
        let watch = Arc::new(Watch::default());
        let probe::Container { mut reader, first, tags, len } = probe::container(file, &watch)?;
        let Choice { codec, track, skip } = probe::choose(&*reader).map_err(Refusal::Audio)?;
        let tags = contained(|| Tags::read(&mut *reader, track.id)).unwrap_or_default().or(tags);
        Ok(Decoder {
            path: name.to_owned(),
            watch,
            reader,
            first,
            codec,
            track,
            tags,
            skip,
            len,
            sound: None,
            every_channel: false,
            first_spec: None,
            progress: Progress::default(),
            ended: false,
        })
    }

    /// Replaces the content of `mono` with the next block: the mean of all channels, full scale being -1.0..=1.0, every
    /// sample finite. Gives the block's rate, which may change from one block to the next, or `None` at the end, where
    /// `mono` is left empty. A block has at least one and at most 768,000 samples.
    ///
    /// # Errors
    /// [`Error::Io`] where the file can no longer be read. [`Error::Audio`] where the rate is outside of 1,000..=768,000
    /// Hz; and in place of the end where the whole file gave nothing but damage, even if blocks were decoded from what
    /// turned out not to be audio at all: blocks of a file that ends in an error are to be thrown away.
    pub fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        mono.clear();
        while !self.ended {
            match self.step(mono) {
                Ok(Some(rate)) => return Ok(Some(rate)),
                Ok(None) => mono.clear(),
                Err(reason) => {
                    self.ended = true;
                    mono.clear();
                    return Err(Error::Audio { path: self.path.clone(), reason });
                }
            }
            if let Some(source) = self.watch.take_failure() {
                self.ended = true;
                return Err(Error::Io { path: self.path.clone(), source });
            }
            if self.ended {
                self.verdict().map_err(|reason| Error::Audio { path: self.path.clone(), reason })?;
            }
        }
        Ok(None)
    }

    /// Makes blocks hold all channels, frame after frame, instead of their mean; [`Decoder::sound`] tells how many there
    /// are. A block then has up to 768,000 frames.
    pub fn keep_channels(&mut self) {
        self.every_channel = true;
    }

    /// What the last block was made of.
    pub fn sound(&self) -> Option<Sound> {
        self.sound
    }

    /// How long the file says that it is, what its encoder put around the recording included; nothing where it does not
    /// say, or only by a guess.
    pub fn stated_duration(&self) -> Option<Seconds> {
        let around = match self.sound {
            // The demuxer has taken these off.
            Some(sound) if self.is_raw() => {
                let samples = self.track.delay.unwrap_or(0) + self.track.padding.unwrap_or(0);
                Samples(samples.into()).at(sound.rate)
            }
            _ => Seconds(0.0),
        };
        self.announced().map(|length| Seconds(length.0 + around.0))
    }

    /// How long the whole recording is by its packets, of which those that are left are read and not decoded; after that
    /// nothing is left to decode. Takes about as long as reading the file.
    ///
    /// # Errors
    /// [`Error::Io`] where the file can no longer be read.
    pub fn measure_rest(&mut self) -> Result<Seconds> {
        let mut seconds = self.progress.seconds;
        while !self.ended {
            self.watch.allow(LARGEST_PACKET);
            let packet = match self.first.take() {
                Some(first) => Ok(Ok(Some(first))),
                None => contained(|| self.reader.next_packet()),
            };
            match packet {
                Ok(Ok(Some(packet))) if packet.track_id == self.track.id => {
                    self.progress.bytes += packet.data.len() as u64;
                    self.ended |= self.progress.bytes / 4 > self.len.saturating_add(1 << 20);
                    let lasts = self.track.time_base.and_then(|base| base.calc_duration(packet.dur));
                    seconds += lasts.map_or(0.0, |lasts| lasts.as_secs_f64().clamp(0.0, 60.0));
                    self.progress.barren = if packet.data.is_empty() { self.progress.barren + 1 } else { 0 };
                    self.ended |= self.progress.barren >= MOST_BARREN;
                }
                Ok(Ok(Some(_))) => {}
                Ok(Err(SymphoniaError::DecodeError(_))) => {
                    self.progress.barren += 1;
                    self.ended |= self.progress.barren >= MOST_BARREN;
                }
                _ => self.ended = true,
            }
            if let Some(source) = self.watch.take_failure() {
                self.ended = true;
                return Err(Error::Io { path: self.path.clone(), source });
            }
        }
        Ok(Seconds(seconds))
    }

    /// The name that errors give.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says about itself.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The rate at which the audio is decoded and how many channels it has, once a block was: those of the first one.
    pub fn spec(&self) -> Option<(SampleRate, u16)> {
        self.first_spec
    }

    /// What was wrong so far; complete once [`Decoder::next_block`] gave `None`.
    pub fn warnings(&self) -> Vec<Warning> {
        let p = &self.progress;
        let damage = p
            .first_damage
            .as_ref()
            .map(|first| Warning::DamagedPackets { count: p.damaged, first: first.clone() });
        let cut = p.cut.as_ref().map(|reason| Warning::CutShort { reason: reason.clone() });
        damage.into_iter().chain(cut).chain(p.truncated.clone()).collect()
    }

    /// One packet: its audio into `mono`, or nothing where it gave none.
    fn step(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>, AudioError> {
        if self.progress.barren >= MOST_BARREN {
            self.cut_short(format!("{MOST_BARREN} packets in a row without audio"));
            return Ok(None);
        }
        self.watch.allow(LARGEST_PACKET);
        let packet = match self.first.take() {
            Some(first) => Ok(Ok(Some(first))),
            None => contained(|| self.reader.next_packet()),
        };
        match packet {
            Ok(Ok(Some(mut packet))) if packet.track_id == self.track.id && !packet.data.is_empty() => {
                if self.is_raw() && self.beyond_announced(&packet) {
                    packet.trim_end = Duration::ZERO;
                }
                self.packet(&packet, mono)
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
                self.cut_short(probe::describe(&error));
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
    fn packet(&mut self, packet: &Packet, mono: &mut Vec<f32>) -> Result<Option<SampleRate>, AudioError> {
        self.progress.bytes += packet.data.len() as u64;
        // Tables may point to the same bytes over and over: hours of audio out of a small file.
        if self.progress.bytes / 4 > self.len.saturating_add(1 << 20) {
            self.cut_short("its packets overlap".to_owned());
            return Ok(None);
        }
        let every_channel = self.every_channel;
        let decoded = contained(|| decode(&mut self.codec, packet, every_channel, mono));
        match decoded {
            Ok(Ok(_)) if mono.is_empty() => {
                self.progress.barren += 1;
                Ok(None)
            }
            Ok(Ok(sound)) => {
                self.good(packet, sound, mono.len())?;
                self.first_spec.get_or_insert((sound.rate, sound.channels));
                self.trim(sound.rate, mono);
                Ok((!mono.is_empty()).then_some(sound.rate))
            }
            Ok(Err(SymphoniaError::ResetRequired)) => {
                self.progress.barren += 1;
                self.renew().map(|()| None)
            }
            Ok(Err(error)) => {
                self.progress.damage(probe::describe(&error));
                Ok(self.stand_in(packet, mono))
            }
            Err(panic) => {
                self.progress.panics += 1;
                self.progress.damage(panic.clone());
                self.progress.panic = Some(panic);
                if self.progress.panics >= MOST_PANICS {
                    self.cut_short("the decoder keeps failing".to_owned());
                    return Ok(None);
                }
                // The codec's state cannot be trusted any more.
                self.renew()?;
                Ok(self.stand_in(packet, mono))
            }
        }
    }

    /// Whether an MPEG packet lies where its file, by its own account, has no audio left. The demuxer would have all of it
    /// cut off: but without an encoder's tag that account is a guess from the first frames, and with one it is that of the
    /// first of several files written one after the other.
    fn beyond_announced(&self, packet: &Packet) -> bool {
        let (Some(frames), Some(_)) = (self.track.num_frames, self.track.delay) else { return true };
        let end = frames.saturating_add(self.track.padding.unwrap_or(0).into());
        u64::try_from(packet.pts.get()).is_ok_and(|place| place >= end)
    }

    /// Whether this is bare MPEG audio, frame after frame without a container.
    fn is_raw(&self) -> bool {
        [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS]
            .contains(&self.reader.format_info().format)
    }

    /// Takes what is left of `skip` off the block.
    fn trim(&mut self, rate: SampleRate, mono: &mut Vec<f32>) {
        if self.skip.0 > 0.0 {
            let wanted = (self.skip.0 * f64::from(rate.0)).round() as usize;
            let width = self.width();
            let cut = wanted.min(mono.len() / width);
            mono.drain(..cut * width);
            self.skip = Samples((wanted - cut) as u64).at(rate);
        }
    }

    /// How many values a block has for each moment.
    fn width(&self) -> usize {
        self.sound.filter(|_| self.every_channel).map_or(1, |sound| usize::from(sound.channels).max(1))
    }

    /// Counts a packet that decoded.
    fn good(&mut self, packet: &Packet, sound: Sound, values: usize) -> Result<(), AudioError> {
        let rate = sound.rate;
        if !RATES.contains(&rate.0) {
            return Err(AudioError::SampleRate(rate.0));
        }
        self.progress.rate_changes += u64::from(self.sound.is_some_and(|before| before.rate != rate));
        self.sound = Some(sound);
        let samples = values / self.width();
        self.progress.barren = 0;
        self.progress.good += 1;
        self.progress.good_bytes += packet.data.len() as u64;
        self.progress.seconds += Samples(samples as u64).at(rate).0;
        Ok(())
    }

    /// Silence in place of a packet that did not decode, so that what follows keeps its place. None before the first
    /// audio, where the rate is not known.
    fn stand_in(&self, packet: &Packet, mono: &mut Vec<f32>) -> Option<SampleRate> {
        let rate = self.sound?.rate;
        let lasts = self.track.time_base?.calc_duration(packet.dur)?.as_secs_f64().clamp(0.0, 1.0);
        mono.clear();
        mono.resize((lasts * f64::from(rate.0)).round() as usize * self.width(), 0.0);
        (!mono.is_empty()).then_some(rate)
    }

    /// Goes on with the next of several streams that follow one another in a file.
    fn next_stream(&mut self) -> Result<(), AudioError> {
        self.progress.barren += 1;
        match probe::choose(&*self.reader) {
            Ok(Choice { codec, track, skip }) => {
                (self.codec, self.track, self.skip) = (codec, track, skip);
                Ok(())
            }
            Err(error) => self.give_up(error),
        }
    }

    /// A fresh codec for the same track.
    fn renew(&mut self) -> Result<(), AudioError> {
        let params = self.track.codec_params.as_ref().and_then(|p| p.audio());
        match params.map(probe::codec) {
            Some(Ok(codec)) => {
                self.codec = codec;
                Ok(())
            }
            Some(Err(error)) => self.give_up(error),
            None => self.give_up(AudioError::NoAudioTrack),
        }
    }

    /// The end where there is audio already, an error where there is none.
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

    /// At the end: whether this was audio.
    fn verdict(&mut self) -> Result<(), AudioError> {
        let (p, raw) = (&self.progress, self.is_raw());
        if p.good == 0 {
            return match (&p.panic, &p.first_damage, &p.cut) {
                (Some(panic), _, _) => Err(AudioError::DecoderPanic(panic.clone())),
                _ if raw => Err(AudioError::UnknownFormat),
                (_, Some(what), _) | (_, _, Some(what)) => Err(AudioError::Damaged(what.clone())),
                _ if p.out_of_bytes || self.announced().is_some_and(|length| length.0 > 0.0) => {
                    Err(AudioError::Damaged("no audio is left of it".to_owned()))
                }
                (None, None, None) => Ok(()),
            };
        }
        // MPEG audio has no header but its frames', and the bits of any file look like a frame here and there.
        let sparse = p.good_bytes < self.len / 8 && p.seconds < 30.0;
        let erratic = p.rate_changes * 8 > p.good;
        if raw && (sparse || erratic) {
            return Err(AudioError::UnknownFormat);
        }
        self.progress.truncated = self.shortfall();
        Ok(())
    }

    /// Whether there was clearly less audio than there should be.
    fn shortfall(&self) -> Option<Warning> {
        let found = Seconds(self.progress.seconds);
        match self.announced() {
            Some(announced) if found.0 < announced.0 * 0.98 - 0.5 => {
                Some(Warning::Truncated { found, announced: Some(announced) })
            }
            _ => self.progress.out_of_bytes.then_some(Warning::Truncated { found, announced: None }),
        }
    }

    /// How long the file says it is, where it can know.
    fn announced(&self) -> Option<Seconds> {
        // Without an encoder's tag the length of MPEG audio is a guess; of chained Ogg streams only the last is known.
        if self.reader.format_info().format == FORMAT_ID_OGG || self.is_raw() && self.track.delay.is_none() {
            return None;
        }
        Some(Seconds(self.track.time_base?.calc_duration(self.track.duration?)?.as_secs_f64()))
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

    fn tags(&self) -> &Tags {
        Decoder::tags(self)
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        Decoder::spec(self)
    }

    fn warnings(&self) -> Vec<Warning> {
        Decoder::warnings(self)
    }
}

/// A packet to samples, mono unless `every_channel`; gives what they are.
fn decode(
    codec: &mut Codec,
    packet: &Packet,
    every_channel: bool,
    samples: &mut Vec<f32>,
) -> Result<Sound, SymphoniaError> {
    let sound = match codec {
        Codec::Pcm(pcm) => {
            if every_channel {
                pcm.to_interleaved(&packet.data, samples);
            } else {
                pcm.to_mono(&packet.data, samples);
            }
            Sound { rate: pcm.rate, channels: narrow(pcm.channels), fine: pcm.is_fine() }
        }
        Codec::Other(codec) => {
            let bits = codec.codec_params().bits_per_sample.unwrap_or(u32::MAX);
            let buffer = codec.decode(packet)?;
            if every_channel {
                downmix::to_interleaved(&buffer, samples);
            } else {
                downmix::to_mono(&buffer, samples);
            }
            let channels = narrow(buffer.spec().channels().count());
            let fine = downmix::is_float(&buffer) || downmix::is_wide(&buffer) && bits > 16;
            Sound { rate: SampleRate(buffer.spec().rate()), channels, fine }
        }
    };
    let width = if every_channel { usize::from(sound.channels).max(1) } else { 1 };
    if samples.len() / width > LONGEST_BLOCK {
        Err(SymphoniaError::LimitError("a packet is too long"))
    } else {
        Ok(sound)
    }
}

fn narrow(channels: usize) -> u16 {
    u16::try_from(channels).unwrap_or(u16::MAX)
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("path", &self.path).field("tags", &self.tags).finish_non_exhaustive()
    }
}
