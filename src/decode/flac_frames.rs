//! The frames of FLAC without a container, whatever their form.
//!
//! Files that were put together, and recordings of broadcasts, go on at another rate or with other channels. Each frame says
//! in its own header what it is.
use std::io::{self, ErrorKind};

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc, Table};
use memchr::{memchr, memchr3_iter};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::well_known::FORMAT_ID_FLAC;
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, Track};
use symphonia::core::io::{MediaSourceStream, ReadBytes};
use symphonia::core::meta::MetadataLog;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::codec::Codec;
use super::one_track::one_track;

const INFO: FormatInfo = FormatInfo { format: FORMAT_ID_FLAC, short_name: "flac", long_name: "FLAC" };

/// The bytes of the block that describes a stream.
const STREAM_INFO: usize = 34;

/// The longest header of a frame.
const HEADER: usize = 16;

/// In a frame, so many places may look like the header of the next one.
const MAX_LOOKALIKES: usize = 16;

/// The bytes of the checksum that a frame ends with.
const CHECKSUM: usize = 2;

/// In a frame, the checksum may be right so many times before the end.
const MAX_ENDS: usize = 4;

/// So many bytes are read at a time.
const CHUNK: usize = 32 << 10;

/// The checksums of headers and of frames. That of a text with its checksum behind it is 0.
const HEADER_SUM: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
static FRAME_SUM: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// What else may follow a frame: another stream, tags.
const TAGS: [&[u8]; 3] = [b"fLaC", b"ID3", b"TAG"];

/// Reads frame after frame. A change of the form begins a new track.
pub(super) struct FlacFrames {
    source: MediaSourceStream<'static>,
    metadata: MetadataLog,
    media: MediaInfo,
    track: [Track; 1],
    /// What was read ahead, and how much of it was taken.
    ahead: Vec<u8>,
    taken: usize,
    /// The form that the stream describes, which frames may refer to.
    described: Form,
    form: Form,
    /// Samples since the stream began, and those that it should have.
    at: u64,
    announced: u64,
    /// A frame that waits for its new track.
    waiting: Option<Vec<u8>>,
}

/// What must not change as long as the same decoder goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    rate: u32,
    channels: u8,
    bits: u8,
}

/// What the header of a frame says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    form: Form,
    samples: u32,
}

impl FlacFrames {
    /// Goes on from where a reader of FLAC has found the first frame.
    pub(super) fn after(mut reader: Box<dyn FormatReader>) -> Box<dyn FormatReader> {
        let mut metadata = MetadataLog::default();
        let described = reader.tracks().first().and_then(|track| Some((track.clone(), described(track)?)));
        let Some((track, described)) = described else { return reader };
        let mut log = reader.metadata();
        // The newest revision stays in a reader's log until it is replaced.
        while let Some(revision) = log.current().cloned() {
            metadata.push(revision);
            if log.pop().is_none() {
                break;
            }
        }
        Box::new(FlacFrames {
            source: reader.into_inner(),
            metadata,
            media: MediaInfo::from_track(&track),
            announced: track.num_frames.unwrap_or(0),
            track: [track],
            ahead: Vec::new(),
            taken: 0,
            described,
            form: described,
            at: 0,
            waiting: None,
        })
    }

    /// The next frame that is whole, with its header. Skips what is none.
    fn next_frame(&mut self) -> io::Result<Option<(Header, Vec<u8>)>> {
        loop {
            self.read_ahead(HEADER)?;
            let ahead = &self.ahead[self.taken..];
            if ahead.is_empty() {
                return Ok(None);
            }
            if ahead.starts_with(b"fLaC") {
                self.taken += 4;
                self.begin_stream()?;
                continue;
            }
            if let Some(header) = Header::of(ahead, self.described)
                && let Some(len) = self.frame_len(&header)?.or_else(|| self.len_by_samples(&header))
            {
                let frame = self.ahead[self.taken..self.taken + len].to_vec();
                self.taken += len;
                return Ok(Some((header, frame)));
            }
            self.taken += 1;
        }
    }

    /// The length of the frame that begins here: it ends with a checksum, and another frame, another stream, a tag or the
    /// end follows. `None` if it has no end.
    fn frame_len(&mut self, header: &Header) -> io::Result<Option<usize>> {
        let longest = header.longest_frame();
        let (mut sum, mut summed, mut lookalikes, mut from) = (FRAME_SUM.digest(), 0, 0, 1);
        while from <= longest {
            if self.ahead.len() - self.taken < from + HEADER {
                self.read_ahead(from + CHUNK)?;
            }
            let ahead = &self.ahead[self.taken..];
            // Places with a whole header behind them, or all up to the end.
            let ended = ahead.len() < from + HEADER;
            let places = if ended { ahead.len() } else { ahead.len() - HEADER + 1 };
            let at = match mark(&ahead[from..places]) {
                Some(step) => from + step,
                None if ended => ahead.len(),
                None => {
                    from = places;
                    continue;
                }
            };
            from = at + 1;
            let rest = &ahead[at..];
            let next = Header::of(rest, self.described).is_some();
            if at <= longest && (next || rest.is_empty() || TAGS.iter().any(|tag| rest.starts_with(tag))) {
                sum.update(&ahead[summed..at]);
                summed = at;
                if sum.clone().finalize() == 0 {
                    return Ok(Some(at));
                }
                lookalikes += usize::from(next);
                if rest.is_empty() || lookalikes > MAX_LOOKALIKES {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// The length of the frame that begins here, whatever follows it: its samples fill it up to a checksum. They can be decoded
    /// from all bytes before the checksum, and from no fewer.
    fn len_by_samples(&self, header: &Header) -> Option<usize> {
        let mut codec = Codec::of(&header.form.track()).ok()?;
        let ahead = &self.ahead[self.taken..];
        let ahead = &ahead[..ahead.len().min(header.longest_frame())];
        let mut decodes = |len: usize| {
            let lasts = Duration::new(header.samples.into());
            let packet = Packet::new(0, Timestamp::default(), lasts, ahead[..len].to_vec());
            codec.decode(&packet, &mut Vec::new()).is_ok()
        };
        let mut sum = FRAME_SUM.digest();
        let ends = (1..=ahead.len()).filter(|&len| {
            sum.update(&ahead[len - 1..len]);
            len > CHECKSUM && sum.clone().finalize() == 0
        });
        ends.take(MAX_ENDS).find(|len| decodes(len - CHECKSUM) && !decodes(len - CHECKSUM - 1))
    }

    /// Reads until so many bytes are there, if there are.
    fn read_ahead(&mut self, count: usize) -> io::Result<()> {
        if self.ahead.len() - self.taken >= count {
            return Ok(());
        }
        self.ahead.drain(..self.taken);
        self.taken = 0;
        while self.ahead.len() < count {
            let have = self.ahead.len();
            self.ahead.resize(have + CHUNK, 0);
            let read = match self.source.read_buf(&mut self.ahead[have..]) {
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            };
            self.ahead.truncate(have + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Passes over the blocks before the frames of another stream, and takes its description.
    fn begin_stream(&mut self) -> io::Result<()> {
        loop {
            self.read_ahead(4 + STREAM_INFO)?;
            let Some((&[kind, a, b, c], rest)) = self.ahead[self.taken..].split_first_chunk::<4>() else {
                return Ok(());
            };
            let len = u32::from_be_bytes([0, a, b, c]) as usize;
            if kind & 0x7f > 6 {
                return Ok(());
            }
            if let (0, Some(info)) = (kind & 0x7f, rest.first_chunk::<STREAM_INFO>())
                && let Some(form) = Form::of_stream(info)
            {
                self.described = form;
                self.announced = 0;
                self.media = MediaInfo::new();
            }
            self.taken += 4;
            // Pictures may be long.
            let mut left = len;
            while left > 0 {
                self.read_ahead(1)?;
                let step = left.min(self.ahead.len() - self.taken);
                if step == 0 {
                    return Ok(());
                }
                self.taken += step;
                left -= step;
            }
            if kind & 0x80 != 0 {
                return Ok(());
            }
        }
    }

    fn packet(&mut self, samples: u32, frame: Vec<u8>) -> Packet {
        let pts = Timestamp::try_from(self.at).unwrap_or(Timestamp::MAX);
        self.at = self.at.saturating_add(samples.into());
        Packet::new(self.track[0].id, pts, Duration::new(samples.into()), frame)
    }
}

impl Form {
    /// What the description of a stream says: after the sizes of blocks and frames, 20 bits of the rate, 3 of the channels,
    /// 5 of the bits.
    fn of_stream(info: &[u8]) -> Option<Form> {
        let &[a, b, c, d] = info.get(10..)?.first_chunk()?;
        let packed = u32::from_be_bytes([a, b, c, d]);
        let form = Form {
            rate: packed >> 12,
            channels: (packed >> 9 & 7) as u8 + 1,
            bits: (packed >> 4 & 31) as u8 + 1,
        };
        (form.rate > 0).then_some(form)
    }

    /// Describes a stream of this form, of unknown length.
    fn track(self) -> Track {
        let mut info = vec![0; STREAM_INFO];
        info[..4].copy_from_slice(&[0, 16, 0xff, 0xff]);
        let packed = self.rate << 12 | u32::from(self.channels - 1) << 9 | u32::from(self.bits - 1) << 4;
        info[10..14].copy_from_slice(&packed.to_be_bytes());
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_FLAC).with_sample_rate(self.rate).with_extra_data(info.into());
        params.with_bits_per_sample(self.bits.into());
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(params));
        if let Some(base) = TimeBase::try_from_recip(self.rate) {
            track.with_time_base(base);
        }
        track
    }
}

/// The form of a track that a reader of FLAC has described.
fn described(track: &Track) -> Option<Form> {
    Form::of_stream(track.codec_params.as_ref()?.audio()?.extra_data.as_deref()?)
}

impl Header {
    /// No encoder writes more than the samples as they are, with one more bit for differences of channels.
    fn longest_frame(&self) -> usize {
        let bits = u64::from(self.samples) * u64::from(self.form.channels) * u64::from(self.form.bits + 1);
        (bits / 8) as usize + 64
    }

    /// Reads the header at the beginning of `bytes`. What it leaves out is as `described`.
    fn of(bytes: &[u8], described: Form) -> Option<Header> {
        let &[0xff, 0xf8 | 0xf9, sizes, rest, number, ..] = bytes else { return None };
        // A number of up to seven bytes, coded as in UTF-8.
        let ones = number.leading_ones() as usize;
        if ones == 1 || ones > 7 || rest & 1 != 0 {
            return None;
        }
        let mut at = 4 + ones.max(1);
        let mut take = |count: usize| {
            let found = bytes.get(at..at + count)?.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte));
            at += count;
            Some(found)
        };
        let samples = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => take(1)? + 1,
            7 => take(2)? + 1,
            code => 256 << (code - 8),
        };
        let rate = match sizes & 15 {
            0 => described.rate,
            code @ 1..=11 => {
                [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
                    [usize::from(code) - 1]
            }
            12 => 1_000 * take(1)?,
            13 => take(2)?,
            14 => 10 * take(2)?,
            _ => return None,
        };
        let channels = match rest >> 4 {
            count @ 0..=7 => count + 1,
            8..=10 => 2,
            _ => return None,
        };
        let bits = match rest >> 1 & 7 {
            0 => described.bits,
            3 => return None,
            code => [8, 12, 0, 16, 20, 24, 32][usize::from(code) - 1],
        };
        let checked = bytes.get(..=at)?;
        (HEADER_SUM.checksum(checked) == 0 && rate > 0)
            .then_some(Header { form: Form { rate, channels, bits }, samples })
    }
}

/// The next place where a frame, another stream or a tag may begin.
fn mark(bytes: &[u8]) -> Option<usize> {
    let sync = memchr(0xff, bytes);
    let before = &bytes[..sync.unwrap_or(bytes.len())];
    memchr3_iter(b'f', b'I', b'T', before)
        .find(|&at| matches!(bytes[at..], [b'f', b'L', ..] | [b'I', b'D', ..] | [b'T', b'A', ..]))
        .or(sync)
}

impl FormatReader for FlacFrames {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    one_track!();

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        if let Some(frame) = self.waiting.take()
            && let Some(header) = Header::of(&frame, self.form)
        {
            return Ok(Some(self.packet(header.samples, frame)));
        }
        match self.next_frame()? {
            Some((header, frame)) if header.form == self.form => Ok(Some(self.packet(header.samples, frame))),
            Some((header, frame)) => {
                self.form = header.form;
                self.track = [header.form.track()];
                (self.at, self.announced, self.waiting) = (0, 0, Some(frame));
                Err(Error::ResetRequired)
            }
            // Fewer samples than the stream said.
            None if self.at < self.announced => {
                self.announced = 0;
                Err(Error::IoError(ErrorKind::UnexpectedEof.into()))
            }
            None => Ok(None),
        }
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}
