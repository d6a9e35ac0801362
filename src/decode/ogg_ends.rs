//! Where the streams of an Ogg file end.
//!
//! A page says how many samples there are up to its end. On the last page, packets with more than that are cut. The demuxer
//! cuts on every page; encoders whose count is off by a little (ffmpeg's) would lose some milliseconds at each. libvorbis,
//! opusfile and ffmpeg decode such packets whole.
use std::collections::VecDeque;

use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::{
    Attachment, FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track,
};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{ChapterGroup, Metadata};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

/// No page has more packets. Of more in a row, not all can lie behind the end.
const MOST_ON_A_PAGE: usize = 255;

/// An Ogg demuxer that cuts packets at the end of a stream only.
pub(super) struct OggEnds {
    inner: Box<dyn FormatReader>,
    /// Packets of one stream that are cut: the last ones, if no others follow.
    cut: VecDeque<Packet>,
    /// Packets to hand out before any others.
    ready: VecDeque<Packet>,
    /// What ended the stream.
    outcome: Option<Result<Option<Packet>>>,
}

impl OggEnds {
    pub fn of(inner: Box<dyn FormatReader>) -> Box<dyn FormatReader> {
        Box::new(OggEnds { inner, cut: VecDeque::new(), ready: VecDeque::new(), outcome: None })
    }

    /// Takes back what was cut, because more follows.
    fn make_whole(&mut self) {
        for mut packet in self.cut.drain(..) {
            packet.dur = packet.dur.saturating_add(packet.trim_end);
            packet.trim_end = Duration::ZERO;
            self.ready.push_back(packet);
        }
    }

    /// Puts a packet behind those before it.
    fn take(&mut self, packet: Packet) {
        let is_other = self.cut.front().is_some_and(|cut| cut.track_id != packet.track_id);
        if is_other {
            // Another stream, whose packets lie between those of this one.
            self.ready.push_back(packet);
            return;
        }
        if packet.dur > Duration::ZERO || self.cut.len() >= MOST_ON_A_PAGE {
            self.make_whole();
        }
        if packet.trim_end > Duration::ZERO || !self.cut.is_empty() {
            self.cut.push_back(packet);
        } else {
            self.ready.push_back(packet);
        }
    }
}

impl FormatReader for OggEnds {
    fn next_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            if let Some(packet) = self.ready.pop_front() {
                return Ok(Some(packet));
            }
            if let Some(outcome) = self.outcome.take() {
                return outcome;
            }
            match self.inner.next_packet() {
                Ok(Some(packet)) => self.take(packet),
                // The stream may go on behind damage.
                Err(Error::DecodeError(what)) => return Err(Error::DecodeError(what)),
                outcome => {
                    self.ready.append(&mut self.cut);
                    self.outcome = Some(outcome);
                }
            }
        }
    }

    fn seek(&mut self, mode: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        self.cut.clear();
        self.ready.clear();
        self.outcome = None;
        self.inner.seek(mode, to)
    }

    fn format_info(&self) -> &FormatInfo {
        self.inner.format_info()
    }

    fn media_info(&self) -> &MediaInfo {
        self.inner.media_info()
    }

    fn attachments(&self) -> &[Attachment] {
        self.inner.attachments()
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.inner.metadata()
    }

    fn chapters(&self) -> Option<&ChapterGroup> {
        self.inner.chapters()
    }

    fn tracks(&self) -> &[Track] {
        self.inner.tracks()
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.inner.into_inner()
    }
}
