//! MPEG audio of free format: its frames state no bit rate, and their length shows only in the distance to the next frame.
//! Symphonia refuses it. The frames are decoded here, and go on as samples.
use std::fs::File;
use std::io;

use nanomp3::{Channels as Layout, Options, Reader};
use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_PCM_F32LE;
use symphonia::core::errors::{Error, Result, unsupported_error};
use symphonia::core::formats::well_known::FORMAT_ID_WAVE;
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, Track};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataLog;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::bytes::Bytes;
use super::one_track::one_track;
use super::source::Source;

/// So many frames at the same distance are no chance.
const FRAMES: usize = 8;

/// The shortest and the longest distance of two frames.
const DISTANCES: std::ops::RangeInclusive<usize> = 48..=2_304;

/// Decoded samples are so many times as long as their frames, at most.
pub(super) const GROWTH: u64 = 96;

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_WAVE, short_name: "free", long_name: "MPEG audio of free format" };

/// Whether frames of free format begin at the offset `base`.
pub(super) fn begins(file: &mut File, base: u64) -> io::Result<bool> {
    let mut bytes = Bytes::new(file, base)?;
    let Some(head) = bytes.array::<4>(0)? else { return Ok(false) };
    if kind(&head).is_none() {
        return Ok(false);
    }
    let data = bytes.up_to(0, ((FRAMES + 1) * DISTANCES.end()) as u64)?;
    Ok(DISTANCES.into_iter().any(|distance| leads_on(&data, distance)))
}

/// Whether frames follow each other at this distance, less the padding of the first.
fn leads_on(data: &[u8], distance: usize) -> bool {
    let first = data.get(..4).and_then(kind);
    let mut at = 0;
    for _ in 0..FRAMES {
        let Some(found) = data.get(at..).and_then(kind).filter(|found| Some(found.0) == first.map(|f| f.0))
        else {
            return false;
        };
        at += distance + found.1;
    }
    true
}

/// What all frames of a stream have in common, and the padding of this one. `None` if it is no frame of free format.
fn kind(data: &[u8]) -> Option<([u8; 2], usize)> {
    let [sync, b, c, d, ..] = *data else { return None };
    let (version, layer, rate) = (b >> 3 & 3, b >> 1 & 3, c >> 2 & 3);
    let possible = sync == 0xff && b & 0xe0 == 0xe0 && version != 1 && layer != 0 && rate != 3 && d & 3 != 2;
    // Slots of layer 1 have four bytes.
    let padding = usize::from(c >> 1 & 1) * if layer == 3 { 4 } else { 1 };
    (possible && c >> 4 == 0).then_some(([b & 0xfe, c & 0x0c], padding))
}

/// A demuxer whose packets are samples.
pub(super) struct FreeFormat {
    reader: Reader<Source>,
    media: MediaInfo,
    track: [Track; 1],
    metadata: MetadataLog,
    channels: usize,
    /// The frame that comes next.
    at: i64,
}

impl FreeFormat {
    pub(super) fn new(source: Source) -> Result<Self> {
        let options = Options::default().skip_scan(true).allow_mono_stereo_transition(false);
        let reader = Reader::with_options(source, options).map_err(error)?;
        let channels: u16 = match reader.channels() {
            Some(Layout::Mono) => 1,
            Some(_) => 2,
            None => return unsupported_error("free-format MPEG audio without a frame"),
        };
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(CODEC_ID_PCM_F32LE)
            .with_sample_rate(reader.sample_rate())
            .with_channels(Channels::Discrete(channels));
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(params));
        let (media, metadata) = (MediaInfo::default(), MetadataLog::default());
        Ok(Self { reader, media, track: [track], metadata, channels: channels.into(), at: 0 })
    }
}

fn error(error: nanomp3::Error) -> Error {
    match error {
        nanomp3::Error::Io(error) => Error::IoError(error),
        _ => Error::DecodeError("the last frame is cut off, or other frames follow"),
    }
}

impl FormatReader for FreeFormat {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    one_track!();

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let Some(samples) = self.reader.read_frame().map_err(error)? else { return Ok(None) };
        let frames = samples.len() / self.channels;
        let data: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        let at = Timestamp::new(self.at);
        self.at = self.at.saturating_add(frames as i64);
        Ok(Some(Packet::new(0, at, Duration::new(frames as u64), data)))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        MediaSourceStream::new(Box::new(self.reader.into_inner()), MediaSourceStreamOptions::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins_with(content: &[u8]) -> bool {
        let mut file = tempfile::tempfile().expect("the temporary folder is writable");
        io::Write::write_all(&mut file, content).expect("there is room");
        begins(&mut file, 0).expect("it can be read")
    }

    #[test]
    fn frames_at_a_distance_are_recognised() {
        let frames = |n: usize, third: u8| -> Vec<u8> {
            let frame = |i: usize| {
                let padded = i.is_multiple_of(3);
                let mut frame = vec![0x55; 1_077 + usize::from(padded)];
                frame[..4].copy_from_slice(&[0xff, 0xfb, third | u8::from(padded) << 1, 0x64]);
                frame
            };
            (0..n).flat_map(frame).collect()
        };
        assert!(begins_with(&frames(9, 0)));
        assert!(!begins_with(&frames(7, 0)), "too few");
        assert!(!begins_with(&frames(9, 0x90)), "it states a bit rate");
        assert!(!begins_with(&frames(9, 0x0c)), "no rate");
        assert!(!begins_with(&[b"x".to_vec(), frames(9, 0)].concat()));
        assert!(!begins_with(b"\xff\xfb\x00\x64"));
        assert!(!begins_with(b""));
    }
}
