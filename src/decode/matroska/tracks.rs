//! The tracks that a Matroska file describes.
use std::fs::File;
use std::io;

use super::ebml::{children, header, number};
use super::encoding::{Step, steps};
use crate::decode::bytes::Bytes;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
const TRACK: u32 = 0xae;
const NUMBER: u32 = 0xd7;
const FLAG_DEFAULT: u32 = 0x88;
const FLAG_ENABLED: u32 = 0xb9;
const PRIVATE: u32 = 0x63a2;
const ENCODINGS: u32 = 0x6d80;

/// The longest header of an element.
const HEADER: u64 = 12;

/// More elements before the audio are not looked through.
const MAX_ELEMENTS: u32 = 10_000;

/// The bytes that are looked through at a time, and at most, for the beginning.
const STEP: u64 = 64 << 10;
const MAX_BEFORE: u64 = 66 << 20;

/// The most beginnings that are followed.
const MAX_MARKS: usize = 16;

/// The longest description of the tracks.
const MAX_TRACKS: u64 = 16 << 20;

/// The longest table of places.
const MAX_SEEK_HEAD: u64 = 1 << 20;

/// What is said about a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub number: u64,
    /// Whether it is meant to be played.
    pub default: bool,
    /// How its frames are read, or what cannot be undone.
    pub(super) steps: Result<Vec<Step>, &'static str>,
}

/// What a file says about its tracks, from the offset `base` on. `None` if it describes none.
pub(crate) fn find(file: &mut File, base: u64) -> io::Result<Option<Vec<About>>> {
    let mut bytes = Bytes::new(file, base)?;
    // Other bytes may stand before it, such as an ID3v2 tag.
    let (mut at, mut left) = (0, MAX_MARKS);
    while at < MAX_BEFORE {
        let step = bytes.up_to(at, STEP)?;
        let marks = step.windows(4).enumerate().filter(|(_, window)| *window == EBML.to_be_bytes());
        for (i, _) in marks {
            if left == 0 {
                return Ok(None);
            }
            left -= 1;
            if let Some(tracks) = tracks_at(&mut bytes, at + i as u64)? {
                return Ok(Some(tracks));
            }
        }
        if (step.len() as u64) < STEP {
            break;
        }
        // A mark may lie across the end of the step.
        at += STEP - 3;
    }
    Ok(None)
}

/// The tracks of a file that begins at `at`.
fn tracks_at(bytes: &mut Bytes<'_>, at: u64) -> io::Result<Option<Vec<About>>> {
    let Some((EBML, Some(size), len)) = header(&bytes.up_to(at, HEADER)?) else { return Ok(None) };
    let Some(at) = at.checked_add(size).and_then(|at| at.checked_add(len as u64)) else { return Ok(None) };
    let Some((SEGMENT, _, len)) = header(&bytes.up_to(at, HEADER)?) else { return Ok(None) };
    let segment = at + len as u64;
    let (mut at, mut places, mut tracks) = (segment, Vec::new(), Vec::new());
    for _ in 0..MAX_ELEMENTS {
        let Some((id, size, len)) = header(&bytes.up_to(at, HEADER)?) else { break };
        let content = at + len as u64;
        match (id, size) {
            (CLUSTER, _) | (_, None) => break,
            (TRACKS, Some(size)) => tracks.extend(described(&bytes.up_to(content, size.min(MAX_TRACKS))?)),
            (SEEK_HEAD, Some(size)) => {
                places.extend(places_in(&bytes.up_to(content, size.min(MAX_SEEK_HEAD))?));
            }
            _ => {}
        }
        let Some(next) = size.and_then(|size| content.checked_add(size)) else { break };
        at = next;
    }
    // Rarely they stand behind the audio.
    for place in
        places.into_iter().filter_map(|place| segment.checked_add(place)).filter(|&place| place >= at)
    {
        if let Some((TRACKS, Some(size), len)) = header(&bytes.up_to(place, HEADER)?) {
            tracks.extend(described(&bytes.up_to(place + len as u64, size.min(MAX_TRACKS))?));
        }
    }
    Ok((!tracks.is_empty()).then_some(tracks))
}

/// The places of descriptions of tracks in a SeekHead element, at most eight.
fn places_in(seek_head: &[u8]) -> Vec<u64> {
    let place = |(id, seek): (u32, &[u8])| {
        let child = |id| children(seek).find(|c| c.0 == id).map(|c| c.1);
        let is_tracks = id == SEEK && child(SEEK_ID)? == TRACKS.to_be_bytes();
        is_tracks.then(|| child(SEEK_POSITION).map(number)).flatten()
    };
    children(seek_head).filter_map(place).take(8).collect()
}

fn described(tracks: &[u8]) -> Vec<About> {
    children(tracks).filter(|c| c.0 == TRACK).map(|c| about(c.1)).collect()
}

fn about(track: &[u8]) -> About {
    let child = |id| children(track).find(|c| c.0 == id).map(|c| c.1);
    // Flags that are left out are set.
    let flag = |id| child(id).is_none_or(|flag| number(flag) != 0);
    let encodings = child(ENCODINGS).unwrap_or_default();
    About {
        number: child(NUMBER).map_or(0, number),
        default: flag(FLAG_DEFAULT) && flag(FLAG_ENABLED),
        steps: steps(encodings, child(PRIVATE).is_some()),
    }
}
