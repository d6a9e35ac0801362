//! Reads blocks of samples as packets.
use std::io::{self, Seek, SeekFrom};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::well_known::FORMAT_ID_WAVE;
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, Track};
use symphonia::core::io::{MediaSourceStream, ReadBytes};
use symphonia::core::meta::MetadataLog;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::samples::{Extent, Samples};
use crate::decode::one_track::one_track;

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_WAVE, short_name: "pcm", long_name: "a container of samples" };

/// The frames of a packet, unless a block has more.
const FRAMES: u32 = 1_152;

/// The most bytes of a packet, unless a single block has more.
const BYTES: u32 = 1 << 20;

/// A demuxer of one track.
pub(crate) struct PcmReader<'s> {
    source: MediaSourceStream<'s>,
    media: MediaInfo,
    track: [Track; 1],
    metadata: MetadataLog,
    samples: Samples,
    /// The most blocks of a packet.
    most: u64,
    /// Whole blocks that are still to come.
    left: u64,
    /// The frame that comes next.
    at: u64,
    /// Whether the file has less than it announces, and that is still to be said.
    cut: bool,
}

impl<'s> PcmReader<'s> {
    pub(crate) fn new(
        mut source: MediaSourceStream<'s>,
        samples: Samples,
        extent: Extent,
    ) -> io::Result<Self> {
        source.seek(SeekFrom::Start(extent.start))?;
        let block = u64::from(samples.block);
        let most = (FRAMES / samples.frames).min(BYTES / samples.block).max(1);
        let announced = (extent.cut_from.unwrap_or(extent.len) / block).saturating_mul(samples.frames.into());
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(samples.codec)
            .with_sample_rate(samples.rate)
            .with_channels(Channels::Discrete(samples.channels))
            .with_max_frames_per_packet((most * samples.frames).into())
            .with_frames_per_block(samples.frames.into());
        let mut track = Track::new(0);
        track
            .with_codec_params(CodecParameters::Audio(params))
            .with_num_frames(announced)
            .with_duration(Duration::from(announced));
        Ok(Self {
            source,
            media: MediaInfo::default(),
            track: [track],
            metadata: MetadataLog::default(),
            samples,
            most: most.into(),
            left: extent.len / block,
            at: 0,
            cut: extent.cut_from.is_some(),
        })
    }
}

impl FormatReader for PcmReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    one_track!();

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let blocks = self.left.min(self.most);
        let Ok(begins) = i64::try_from(self.at) else { return Ok(None) };
        if blocks == 0 {
            return match std::mem::take(&mut self.cut) {
                true => Err(Error::IoError(io::ErrorKind::UnexpectedEof.into())),
                false => Ok(None),
            };
        }
        self.left -= blocks;
        let frames = blocks * u64::from(self.samples.frames);
        self.at = self.at.saturating_add(frames);
        let bytes = blocks * u64::from(self.samples.block);
        let data = self.source.read_boxed_slice_exact(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        Ok(Some(Packet::new(0, Timestamp::new(begins), Duration::new(frames), data)))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}
