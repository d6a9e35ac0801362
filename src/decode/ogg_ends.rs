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
use symphonia::core::units::{Duration, Timestamp};

/// No page has more packets. Of more in a row, not all can lie behind the end.
const MOST_ON_A_PAGE: usize = 255;

/// Streams in one file that are looked after. Those of a file with more are left as the demuxer cuts them.
const MOST_STREAMS: usize = 8;

/// An Ogg demuxer that cuts packets at the end of a stream only.
pub(super) struct OggEnds {
    inner: Box<dyn FormatReader>,
    ends: Ends,
    /// What ended the file.
    outcome: Option<Result<Option<Packet>>>,
}

/// The packets of all streams of a file, as far as read.
#[derive(Default)]
struct Ends {
    streams: Vec<Stream>,
    /// Packets to hand out before any others.
    ready: VecDeque<Packet>,
}

/// One stream of the file.
struct Stream {
    track_id: u32,
    /// Packets that are cut: the last ones, if no others follow.
    cut: VecDeque<Packet>,
    /// Where the last packet ends, uncut. The next page begins where the count of the last one ends: before this, if
    /// that page was cut.
    end: Timestamp,
}

impl Stream {
    fn of(packet: &Packet) -> Stream {
        Stream { track_id: packet.track_id, cut: VecDeque::new(), end: Timestamp::MIN }
    }

    /// Puts a packet behind those before it. Those that can be handed out go to `ready`.
    fn take(&mut self, packet: Packet, ready: &mut VecDeque<Packet>) {
        let is_on_another_page = packet.pts < self.end;
        if is_on_another_page || packet.dur > Duration::ZERO || self.cut.len() >= MOST_ON_A_PAGE {
            ready.extend(self.cut.drain(..).map(whole));
        }
        let dur = packet.trim_start.saturating_add(packet.dur).saturating_add(packet.trim_end);
        self.end = packet.pts.saturating_add(dur);
        if packet.trim_end > Duration::ZERO || !self.cut.is_empty() {
            self.cut.push_back(packet);
        } else {
            ready.push_back(packet);
        }
    }
}

/// Takes back what was cut off the end of a packet.
fn whole(mut packet: Packet) -> Packet {
    packet.dur = packet.dur.saturating_add(packet.trim_end);
    packet.trim_end = Duration::ZERO;
    packet
}

impl Ends {
    /// Puts a packet behind those before it.
    fn take(&mut self, packet: Packet) {
        let known = self.streams.iter().position(|stream| stream.track_id == packet.track_id);
        let at = match known {
            Some(at) => at,
            None if self.streams.len() < MOST_STREAMS => {
                self.streams.push(Stream::of(&packet));
                self.streams.len() - 1
            }
            None => return self.ready.push_back(packet),
        };
        self.streams[at].take(packet, &mut self.ready);
    }

    /// No others follow.
    fn finish(&mut self) {
        for stream in self.streams.drain(..) {
            self.ready.extend(stream.cut);
        }
    }
}

impl OggEnds {
    pub fn of(inner: Box<dyn FormatReader>) -> Box<dyn FormatReader> {
        Box::new(OggEnds { inner, ends: Ends::default(), outcome: None })
    }
}

impl FormatReader for OggEnds {
    fn next_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            if let Some(packet) = self.ends.ready.pop_front() {
                return Ok(Some(packet));
            }
            if let Some(outcome) = self.outcome.take() {
                return outcome;
            }
            match self.inner.next_packet() {
                Ok(Some(packet)) => self.ends.take(packet),
                // The stream may go on behind damage.
                Err(Error::DecodeError(what)) => return Err(Error::DecodeError(what)),
                outcome => {
                    self.ends.finish();
                    self.outcome = Some(outcome);
                }
            }
        }
    }

    fn seek(&mut self, mode: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        self.ends = Ends::default();
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

#[cfg(test)]
mod tests {
    use symphonia::core::packet::PacketBuilder;

    use super::*;

    /// The packets of a page, cut where its count says, as the demuxer does. Each is of so many samples.
    fn page(track_id: u32, begin: u64, packets: &[u64], count: u64) -> Vec<Packet> {
        let mut at = begin;
        let cut = packets.iter().map(|&samples| {
            let over = (at + samples).saturating_sub(count).min(samples);
            let packet = PacketBuilder::new()
                .track_id(track_id)
                .pts(Timestamp::new(at as i64))
                .dur(Duration::new(samples - over))
                .trim_end(Duration::new(over))
                .data(Vec::new())
                .build();
            at += samples;
            packet
        });
        cut.collect()
    }

    /// The samples of each packet of a stream, and how many of them are cut.
    fn samples(packets: impl IntoIterator<Item = Packet>, track_id: u32) -> Vec<(u64, u64)> {
        let ours = packets.into_iter().filter(|packet| packet.track_id == track_id);
        ours.map(|packet| (packet.dur.get(), packet.trim_end.get())).collect()
    }

    /// Pages count any number of samples up to what they have, and less than the pages before.
    #[test]
    fn only_the_last_page_of_each_stream_is_cut() {
        let mut random = fastrand::Rng::with_seed(15);
        for _ in 0..2_000 {
            let streams: u32 = random.u32(1..4);
            let mut pages: Vec<VecDeque<Vec<Packet>>> = Vec::new();
            for track_id in 0..streams {
                let mut before = 0;
                let of_page = |_| {
                    let packets: Vec<u64> = (0..random.usize(1..40)).map(|_| random.u64(1..1_000)).collect();
                    let all = before + packets.iter().sum::<u64>();
                    let count = match random.u8(..4) {
                        // It stands still.
                        0 => before,
                        1 => random.u64(before..=all),
                        _ => all,
                    };
                    page(track_id, std::mem::replace(&mut before, count), &packets, count)
                };
                pages.push((0..6).map(of_page).collect());
            }
            let expected: Vec<Vec<(u64, u64)>> = (0..streams)
                .map(|track_id| {
                    let (last, whole_ones) = pages[track_id as usize].make_contiguous().split_last().unwrap();
                    let whole_ones = whole_ones.iter().flatten().cloned().map(whole);
                    samples(whole_ones.chain(last.iter().cloned()), track_id)
                })
                .collect();
            let mut ends = Ends::default();
            while !pages.iter().all(VecDeque::is_empty) {
                let next = random.usize(..pages.len());
                pages[next].pop_front().into_iter().flatten().for_each(|packet| ends.take(packet));
            }
            ends.finish();
            for (track_id, expected) in (0..).zip(expected) {
                assert_eq!(samples(ends.ready.iter().cloned(), track_id), expected);
            }
        }
    }

    /// Streams beyond the limit are left alone, and all packets come out.
    #[test]
    fn many_streams() {
        let mut ends = Ends::default();
        for track_id in 0..100 {
            page(track_id, 0, &[10, 10], 15).into_iter().for_each(|packet| ends.take(packet));
        }
        ends.finish();
        for track_id in 0..100 {
            assert_eq!(samples(ends.ready.iter().cloned(), track_id), [(10, 0), (5, 5)]);
        }
    }
}
