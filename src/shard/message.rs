//! Requests to a shard and its replies, as bytes.
use super::wire::{Reader, Writer, signed, unsigned};
use crate::{
    ann::Hit,
    library::Held,
    store::{FileEntry, Track, TrackId, TrackRecord},
    tags::Tags,
    units::{Frames, Seconds},
};

/// What one shard asks another.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    /// The nearest windows.
    Nearest(Nearest),
    /// Frames of tracks: the track's id in the shard, the first frame, and the one after the last.
    Frames(Vec<(TrackId, u32, u32)>),
    /// What is known of tracks.
    Tracks(Vec<TrackId>),
}

/// Which windows are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nearest {
    /// The vectors that are looked up.
    pub vectors: Vec<i8>,
    /// How many windows are wanted for each.
    pub k: u32,
    /// A hash of the centroids that the lists belong to; `None` if there are none.
    pub centroids: Option<[u8; 32]>,
    /// The lists of each vector.
    pub lists: Vec<Vec<u32>>,
    /// Whether windows that are in no list are compared too.
    pub unlisted: bool,
    /// The track that is left out.
    pub excluded: Option<u32>,
}

impl Request {
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Nearest(wanted) => {
                out.u8(0);
                out.bytes(&unsigned(&wanted.vectors));
                out.u32(wanted.k);
                out.u8(wanted.centroids.is_some().into());
                out.0.extend(wanted.centroids.unwrap_or_default());
                out.u32(wanted.lists.len() as u32);
                for lists in &wanted.lists {
                    // In order, what lies between two of them is small. The order of the lists decides nothing.
                    let mut lists = lists.clone();
                    lists.sort_unstable();
                    out.u32(lists.len() as u32);
                    let mut last = 0;
                    for list in lists {
                        out.small(list - last);
                        last = list;
                    }
                }
                out.u8(wanted.unlisted.into());
                out.number(wanted.excluded);
            }
            Self::Frames(wanted) => {
                out.u8(1);
                out.u32(wanted.len() as u32);
                for (track, from, to) in wanted {
                    [track.0, *from, *to].into_iter().for_each(|value| out.u32(value));
                }
            }
            Self::Tracks(wanted) => {
                out.u8(2);
                out.u32(wanted.len() as u32);
                wanted.iter().for_each(|track| out.u32(track.0));
            }
        }
        out.0
    }

    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut read = Reader(bytes);
        let request = match read.u8()? {
            0 => Self::Nearest(Nearest {
                vectors: signed(read.bytes()?),
                k: read.u32()?,
                centroids: {
                    let is_some = read.u8()? != 0;
                    let mut hash = [0; 32];
                    for byte in &mut hash {
                        *byte = read.u8()?;
                    }
                    is_some.then_some(hash)
                },
                lists: read.list(4, |read| {
                    let mut last = 0_u32;
                    read.list(1, |read| {
                        last = last.checked_add(read.small()?)?;
                        Some(last)
                    })
                })?,
                unlisted: read.u8()? != 0,
                excluded: read.number()?,
            }),
            1 => Self::Frames(read.list(12, |read| Some((TrackId(read.u32()?), read.u32()?, read.u32()?)))?),
            2 => Self::Tracks(read.list(4, |read| read.u32().map(TrackId))?),
            _ => return None,
        };
        read.0.is_empty().then_some(request)
    }
}

/// The reply to [`Request::Nearest`].
pub(super) fn hits_bytes(hits: &[Vec<Hit>]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(hits.len() as u32);
    for hits in hits {
        out.u32(hits.len() as u32);
        for hit in hits {
            out.small(hit.track.0);
            out.small(hit.position.0);
            out.u32(hit.dot.cast_unsigned());
        }
    }
    out.0
}

pub(super) fn hits_of(bytes: &[u8]) -> Option<Vec<Vec<Hit>>> {
    Reader(bytes).list(4, |read| {
        read.list(6, |read| {
            let (track, position) = (TrackId(read.small()?), Frames(read.small()?));
            Some(Hit::new(track, position, read.u32()?.cast_signed()))
        })
    })
}

/// The reply to [`Request::Frames`].
pub(super) fn frames_bytes(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(frames.len() as u32);
    frames.iter().for_each(|frames| out.bytes(frames));
    out.0
}

pub(super) fn frames_of(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    Reader(bytes).list(4, |read| read.bytes().map(<[u8]>::to_vec))
}

/// The reply to [`Request::Tracks`]: what an answer tells of a track.
pub(super) fn tracks_bytes(tracks: &[Option<Held>]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(tracks.len() as u32);
    for held in tracks {
        out.u8(held.is_some().into());
        let Some(Held { track, files, .. }) = held else { continue };
        out.u32(track.id.0);
        out.u32(track.frames);
        out.f64(track.record.duration.0);
        let tags = &track.record.tags;
        for text in
            [&tags.title, &tags.artist, &tags.album, &tags.recording_mbid, &tags.release_mbid, &tags.acoustid]
        {
            out.text(text.as_deref());
        }
        out.u32(tags.other_artists.len() as u32);
        tags.other_artists.iter().for_each(|artist| out.text(Some(artist)));
        out.number(tags.track_number);
        out.number(tags.disc_number);
        out.u32(files.len() as u32);
        for file in files {
            out.path(&file.path);
            out.u8(file.missing.into());
        }
    }
    out.0
}

pub(super) fn tracks_of(bytes: &[u8]) -> Option<Vec<Option<Held>>> {
    Reader(bytes).list(1, |read| if read.u8()? == 0 { Some(None) } else { held_of(read).map(Some) })
}

fn held_of(read: &mut Reader<'_>) -> Option<Held> {
    let (id, frames, duration) = (TrackId(read.u32()?), read.u32()?, Seconds(read.f64()?));
    let mut tags = Tags {
        title: read.text()?,
        artist: read.text()?,
        album: read.text()?,
        recording_mbid: read.text()?,
        release_mbid: read.text()?,
        acoustid: read.text()?,
        ..Tags::default()
    };
    tags.other_artists = read.list(5, |read| read.text().flatten())?;
    (tags.track_number, tags.disc_number) = (read.number()?, read.number()?);
    let files = read.list(5, |read| {
        let (path, missing) = (read.path()?, read.u8()? != 0);
        Some(FileEntry { path, size: 0, mtime_ns: 0, missing })
    })?;
    let first = files.first()?;
    let record = TrackRecord { duration, tags, ..TrackRecord::new(first.path.clone()) };
    let track = Track { id, record, missing: first.missing, frames, windows: 0 };
    Some(Held { track, files, shard: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> Vec<Request> {
        vec![
            Request::Nearest(Nearest {
                vectors: vec![-128, 0, 127, 5],
                k: 20,
                centroids: Some([7; 32]),
                lists: vec![vec![1, 5, 700], vec![], vec![u32::MAX]],
                unlisted: true,
                excluded: Some(9),
            }),
            Request::Frames(vec![(TrackId(1), 0, u32::MAX), (TrackId(7), 5, 6)]),
            Request::Tracks(vec![TrackId(0), TrackId(9)]),
        ]
    }

    #[test]
    fn requests_come_through() {
        for request in requests() {
            assert_eq!(Request::of(&request.bytes()), Some(request));
        }
    }

    #[test]
    fn a_message_that_is_cut_or_longer_is_none() {
        for request in requests() {
            let mut bytes = request.bytes();
            (0..bytes.len()).for_each(|end| assert_eq!(Request::of(&bytes[..end]), None, "{end}"));
            bytes.push(0);
            assert_eq!(Request::of(&bytes), None);
        }
    }

    #[test]
    fn replies_come_through() {
        let hits = vec![vec![Hit::new(TrackId(300), Frames(7), -5)], vec![]];
        assert_eq!(hits_of(&hits_bytes(&hits)), Some(hits));
        let frames = vec![vec![1, 2, 3], vec![]];
        assert_eq!(frames_of(&frames_bytes(&frames)), Some(frames));
        let tags = Tags {
            title: Some("T".into()),
            other_artists: vec!["a".into(), "b".into()],
            disc_number: Some(2),
            ..Tags::default()
        };
        let record = TrackRecord { duration: Seconds(12.5), tags, ..TrackRecord::new("/a") };
        let file = FileEntry { path: "/a".into(), size: 0, mtime_ns: 0, missing: false };
        let track = Track { id: TrackId(4), record, missing: false, frames: 99, windows: 0 };
        let held = Held { track, files: vec![file], shard: None };
        let back = tracks_of(&tracks_bytes(&[None, Some(held.clone())])).unwrap();
        assert!(back[0].is_none());
        assert_eq!(format!("{:?}", back[1]), format!("{:?}", Some(held)));
    }
}
