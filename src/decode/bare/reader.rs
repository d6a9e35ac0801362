//! Finds the frames, and what lies between them.
use std::io::ErrorKind;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::errors::{Error, Result, decode_error, unsupported_error};
use symphonia::core::formats::probe::{
    ProbeDataMatchSpec, ProbeFormatData, ProbeableFormat, Score, Scoreable,
};
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatInfo, FormatOptions, FormatReader, MediaInfo, Track};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadBytes, ScopedStream, SeekBuffered};
use symphonia::core::meta::MetadataLog;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::encoder_tag::EncoderTag;
use super::header::{Form, HEADER, Header, Kind};
use crate::decode::one_track::one_track;

/// A frame and the header after it can be taken back.
const SEEKBACK: usize = 32 << 10;

const LAYER_1: FormatInfo =
    FormatInfo { format: FORMAT_ID_MP1, short_name: "mp1", long_name: "MPEG audio layer 1" };
const LAYER_2: FormatInfo =
    FormatInfo { format: FORMAT_ID_MP2, short_name: "mp2", long_name: "MPEG audio layer 2" };
const LAYER_3: FormatInfo =
    FormatInfo { format: FORMAT_ID_MP3, short_name: "mp3", long_name: "MPEG audio layer 3" };
const ADTS: FormatInfo = FormatInfo { format: FORMAT_ID_ADTS, short_name: "aac", long_name: "AAC in ADTS" };

/// Reads MPEG audio and ADTS. A change of the form and the tag of another encoder begin a new track.
pub(crate) struct BareReader<'s> {
    source: MediaSourceStream<'s>,
    metadata: MetadataLog,
    info: &'static FormatInfo,
    media: MediaInfo,
    track: [Track; 1],
    form: Form,
    /// Samples of the current part so far, with those around the recording.
    at: u64,
    /// The samples of the current part that are the recording, and those that its tag counts.
    recording: (u64, u64),
    counted: u64,
    /// A frame that was read ahead.
    ahead: Option<(Header, Vec<u8>)>,
    /// Whether the last frame ended where the next one should begin.
    synced: bool,
    /// Whether a tag came after the last frame.
    after_tag: bool,
    /// Whether bytes that are no frame came since the last frame.
    damaged: bool,
}

impl<'s> BareReader<'s> {
    fn try_new(source: MediaSourceStream<'s>, options: FormatOptions) -> Result<Self> {
        let form = Form { kind: Kind::Layer(3), rate: 44_100, channels: 2 };
        let mut reader = BareReader {
            source,
            metadata: options.external_data.metadata.unwrap_or_default(),
            info: &LAYER_3,
            media: MediaInfo::new(),
            track: [Track::new(0)],
            form,
            at: 0,
            recording: (0, u64::MAX),
            counted: u64::MAX,
            ahead: None,
            synced: false,
            after_tag: false,
            damaged: false,
        };
        reader.source.ensure_seekback_buffer(SEEKBACK);
        let Some((header, frame)) = reader.next_frame()? else {
            return unsupported_error("core (probe): no frames");
        };
        reader.begin(header, frame);
        Ok(reader)
    }

    /// Begins a part of the file with this frame.
    fn begin(&mut self, header: Header, frame: Vec<u8>) {
        self.form = header.form;
        self.info = match header.form.kind {
            Kind::Layer(1) => &LAYER_1,
            Kind::Layer(2) => &LAYER_2,
            Kind::Layer(_) => &LAYER_3,
            Kind::Adts(_) => &ADTS,
        };
        (self.at, self.recording, self.counted) = (0, (0, u64::MAX), u64::MAX);
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(header.form.params()));
        if let Some(base) = TimeBase::try_from_recip(header.form.rate) {
            track.with_time_base(base);
        }
        let tag = EncoderTag::of(&header, &frame);
        let frames = match tag {
            Some(tag) => tag.frames.map(u64::from),
            // A guess, as the next frames may be longer or shorter.
            None => self
                .source
                .byte_len()
                .map(|len| len.saturating_sub(self.source.pos()) / header.len.max(1) as u64 + 1),
        };
        let around = tag.and_then(|tag| tag.around);
        if let Some((before, after)) = around {
            track.with_delay(before).with_padding(after);
            self.recording.0 = before.into();
        }
        if let Some(frames) = frames {
            let (before, after) = around.unwrap_or_default();
            let counted = frames.saturating_mul(header.samples.into());
            let recorded = counted.saturating_sub(u64::from(before) + u64::from(after));
            track.with_num_frames(recorded).with_duration(Duration::new(recorded));
            if around.is_some() {
                self.counted = counted;
                self.recording.1 = counted.saturating_sub(after.into());
            }
        }
        self.media = MediaInfo::from_track(&track);
        self.track = [track];
        self.ahead = tag.is_none().then_some((header, frame));
    }

    /// The next frame that is certainly one.
    fn next_frame(&mut self) -> Result<Option<(Header, Vec<u8>)>> {
        loop {
            let head = self.peek(10)?;
            if head.is_empty() {
                return Ok(None);
            }
            if let Some(len) = tag_len(&head) {
                self.skip(len)?;
                self.after_tag = true;
                continue;
            }
            if let Some(header) = Header::of(&head) {
                let familiar = self.synced && header.form == self.form;
                if familiar || self.confirmed(&header)? {
                    let mut frame = vec![0; header.len];
                    let have = self.fill(&mut frame)?;
                    if have == frame.len() {
                        (self.synced, self.after_tag) = (true, false);
                        return Ok(Some((header, frame)));
                    }
                    // MPEG audio often ends like this where a broadcast was cut.
                    if matches!(header.form.kind, Kind::Adts(_)) {
                        return Err(Error::IoError(ErrorKind::UnexpectedEof.into()));
                    }
                    self.source.seek_buffered_rev(have);
                }
            }
            // What follows a tag belongs to it.
            self.damaged |= self.synced && !self.after_tag && self.at > 0;
            self.synced = false;
            self.skip(1)?;
        }
    }

    /// Whether the frame of the next header is followed by another one of its form, by a tag or by the end. Bytes of any kind
    /// look like a header here and there.
    fn confirmed(&mut self, header: &Header) -> Result<bool> {
        let start = self.source.pos();
        self.skip(header.len as u64)?;
        let passed = (self.source.pos() - start) as usize;
        let head = self.peek(10)?;
        self.source.seek_buffered_rev(passed);
        let next = Header::of(&head).is_some_and(|next| next.form == header.form);
        let last = self.synced && head.len() < 4 || tag_len(&head).is_some();
        Ok(passed == header.len && (next || last))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let mut have = 0;
        while have < bytes.len() {
            match self.source.read_buf(&mut bytes[have..]) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => break,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(have)
    }

    /// The next bytes, fewer at the end. They are read again.
    fn peek(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let have = self.fill(&mut bytes)?;
        bytes.truncate(have);
        self.source.seek_buffered_rev(have);
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        match self.source.ignore_bytes(bytes) {
            Err(e) if e.kind() != ErrorKind::UnexpectedEof => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Makes a packet of a frame. What is not the recording is cut off by its decoder.
    fn packet(&mut self, header: &Header, frame: Vec<u8>) -> Packet {
        let (start, samples) = (self.at, u64::from(header.samples));
        self.at = start.saturating_add(samples);
        let pts = Timestamp::try_from(start).unwrap_or(Timestamp::MAX);
        let data = if header.skip == 0 { frame } else { frame[header.skip..].to_vec() };
        let mut packet = Packet::new(0, pts, Duration::new(samples), data);
        let before = self.recording.0.saturating_sub(start).min(samples);
        // A file may go on after what its tag counts: another one was put behind it.
        let after = if start < self.counted {
            self.at.saturating_sub(self.recording.1).min(samples - before)
        } else {
            0
        };
        packet.trim_start = Duration::new(before);
        packet.trim_end = Duration::new(after);
        packet.dur = Duration::new(samples - before - after);
        packet
    }
}

/// The length of a tag that begins with `head`. A reader of tags has taken those at the beginning and the end.
fn tag_len(head: &[u8]) -> Option<u64> {
    match head {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if (a | b | c | d) & 0x80 == 0 => {
            let size = [a, b, c, d].iter().fold(0, |sum, &&byte| sum << 7 | u64::from(byte));
            Some(10 + size + if flags & 0x10 == 0 { 0 } else { 10 })
        }
        [b'T', b'A', b'G', ..] => Some(128),
        // Its length does not matter: nothing in it looks like two frames.
        _ => head.starts_with(b"APETAGEX").then_some(32),
    }
}

impl Scoreable for BareReader<'_> {
    fn score(mut source: ScopedStream<&mut MediaSourceStream<'_>>) -> Result<Score> {
        let mut form = None;
        // Three frames of a form are no chance. A file may be shorter, but a frame must be whole.
        for frames in 0..3 {
            let mut head = Vec::new();
            while head.len() < HEADER
                && let Ok(byte) = source.read_u8()
            {
                head.push(byte);
            }
            if frames > 0 && head.is_empty() {
                break;
            }
            let Some(header) = Header::of(&head) else { return Ok(Score::Unsupported) };
            if form.is_some_and(|form| form != header.form) {
                return Ok(Score::Unsupported);
            }
            // No more than some kilobytes may be looked at, which two frames of many channels fill.
            if source.ignore_bytes(header.len.saturating_sub(head.len()) as u64).is_err() {
                return Ok(if frames == 0 { Score::Unsupported } else { Score::Supported(255) });
            }
            form = Some(header.form);
        }
        Ok(Score::Supported(255))
    }
}

/// How files of a format begin.
const fn probed(
    info: &'static FormatInfo,
    extensions: &'static [&'static str],
    markers: &'static [&'static [u8]],
) -> ProbeFormatData {
    ProbeFormatData { spec: ProbeDataMatchSpec { extensions, mime_types: &[], markers }, info: *info }
}

impl ProbeableFormat<'_> for BareReader<'_> {
    fn try_probe_new(
        source: MediaSourceStream<'_>,
        options: FormatOptions,
    ) -> Result<Box<dyn FormatReader + '_>> {
        Ok(Box::new(BareReader::try_new(source, options)?))
    }

    fn probe_data() -> &'static [ProbeFormatData] {
        const PROBED: [ProbeFormatData; 4] = [
            probed(
                &LAYER_3,
                &["mp3"],
                &[&[0xff, 0xfa], &[0xff, 0xfb], &[0xff, 0xf2], &[0xff, 0xf3], &[0xff, 0xe2], &[0xff, 0xe3]],
            ),
            probed(
                &LAYER_2,
                &["mp2"],
                &[&[0xff, 0xfc], &[0xff, 0xfd], &[0xff, 0xf4], &[0xff, 0xf5], &[0xff, 0xe4], &[0xff, 0xe5]],
            ),
            probed(
                &LAYER_1,
                &["mp1"],
                &[&[0xff, 0xfe], &[0xff, 0xff], &[0xff, 0xf6], &[0xff, 0xf7], &[0xff, 0xe6], &[0xff, 0xe7]],
            ),
            probed(&ADTS, &["aac"], &[&[0xff, 0xf0], &[0xff, 0xf1], &[0xff, 0xf8], &[0xff, 0xf9]]),
        ];
        &PROBED
    }
}

impl FormatReader for BareReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        self.info
    }

    one_track!();

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let next = match self.ahead.take() {
            Some(ahead) => Some(ahead),
            None => self.next_frame()?,
        };
        let Some((header, frame)) = next else { return Ok(None) };
        let is_next_file = self.at > 0 && EncoderTag::of(&header, &frame).is_some();
        // What lies behind the last frame of a file is no damage.
        let damaged = std::mem::take(&mut self.damaged);
        if header.form != self.form || is_next_file {
            self.begin(header, frame);
            return Err(Error::ResetRequired);
        }
        if damaged {
            self.ahead = Some((header, frame));
            return decode_error("bytes between frames that are no frame");
        }
        Ok(Some(self.packet(&header, frame)))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}
