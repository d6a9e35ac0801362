//! A demuxer whose packets are unpacked.
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::{
    Attachment, FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track, TrackFlags,
};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{ChapterGroup, Metadata};
use symphonia::core::packet::Packet;

use super::encoding::{Step, frame};
use super::tracks::About;

/// Matroska, with its tracks as the file describes them.
pub(crate) struct Unpacked {
    inner: Box<dyn FormatReader>,
    tracks: Vec<Track>,
    /// The steps for the frames of tracks that need any.
    steps: Vec<(u32, Vec<Step>)>,
}

/// What is said about a track. The last description counts, as for the demuxer.
fn of<'a>(track: &Track, about: &'a [About]) -> Option<&'a About> {
    about.iter().rfind(|about| about.number == u64::from(track.id))
}

impl Unpacked {
    /// Shows the tracks of `inner` as the file describes them. A track whose frames cannot be read is of no codec.
    pub(crate) fn new(inner: Box<dyn FormatReader>, about: &[About]) -> Self {
        let mut tracks = inner.tracks().to_vec();
        let mut steps = Vec::new();
        for track in &mut tracks {
            let Some(about) = of(track, about) else { continue };
            track.flags.set(TrackFlags::DEFAULT, about.default);
            match &about.steps {
                Ok(needed) if needed.is_empty() => {}
                Ok(needed) => steps.push((track.id, needed.clone())),
                Err(_) => track.codec_params = None,
            }
        }
        Self { inner, tracks, steps }
    }

    /// What keeps the audio from being read, if nothing of it can be.
    pub(crate) fn refusal(&self, about: &[About]) -> Option<&'static str> {
        let audio = |track: &Track| track.codec_params.as_ref().is_some_and(|params| params.is_audio());
        let was_audio = self.inner.tracks().iter().filter(|track| audio(track));
        let mut refused = was_audio.filter_map(|track| of(track, about)?.steps.clone().err());
        if self.tracks.iter().any(audio) { None } else { refused.next_back() }
    }

    /// Unpacks a packet. One that cannot be unpacked is damage.
    pub(crate) fn unpack(&self, mut packet: Packet) -> Result<Packet> {
        if let Some((_, steps)) = self.steps.iter().find(|(track, _)| *track == packet.track_id) {
            packet.data =
                frame(&packet.data, steps).ok_or(Error::DecodeError("a frame cannot be unpacked"))?;
        }
        Ok(packet)
    }

    /// Whether packets may become much longer than they are in the file.
    pub(crate) fn grows(&self) -> bool {
        self.steps.iter().any(|(_, steps)| steps.contains(&Step::Zlib))
    }
}

impl FormatReader for Unpacked {
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

    fn seek(&mut self, mode: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        self.inner.seek(mode, to)
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        self.inner.next_packet()?.map(|packet| self.unpack(packet)).transpose()
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.inner.into_inner()
    }
}
