//! What a Matroska file says of the audio that its encoders put around the recording.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::units::Seconds;

/// Elements of one file that are looked at: a day has some ten thousand clusters.
const MAX_ELEMENTS: usize = 200_000;

/// The last blocks of all tracks are in so many clusters.
const LAST_CLUSTERS: usize = 4;

/// The silence around recordings, by the number of the track.
#[derive(Debug, Default)]
pub(super) struct MkvTimes {
    /// How long it is before the recording, in nanoseconds.
    delays: BTreeMap<u64, u64>,
    /// How long it is at the end.
    discards: BTreeMap<u64, i64>,
}

impl MkvTimes {
    /// How much audio lies before the recording.
    pub(super) fn delay(&self, track: u32) -> Seconds {
        Seconds(self.delays.get(&track.into()).map_or(0.0, |&ns| ns as f64 * 1e-9))
    }

    /// How much audio lies after the recording.
    pub(super) fn discard(&self, track: u32) -> Seconds {
        Seconds(self.discards.get(&track.into()).map_or(0.0, |&ns| ns as f64 * 1e-9))
    }
}

/// Reads the times of `file`. Finds nothing if it is not Matroska.
pub(super) fn scan(file: &mut File) -> io::Result<MkvTimes> {
    let mut times = MkvTimes::default();
    let len = file.seek(SeekFrom::End(0))?;
    let mut left = MAX_ELEMENTS;
    let mut within = 0..len;
    let mut clusters = Vec::new();
    match next(file, &mut within, &mut left)? {
        Some((EBML, _)) => {}
        _ => return Ok(times),
    }
    while let Some((id, content)) = next(file, &mut within, &mut left)? {
        if id == SEGMENT {
            within = content;
        } else if id == TRACKS {
            times.read_tracks(file, content, &mut left)?;
        } else if id == CLUSTER {
            if clusters.len() == LAST_CLUSTERS {
                clusters.remove(0);
            }
            clusters.push(content);
        }
    }
    for mut cluster in clusters {
        while let Some((id, content)) = next(file, &mut cluster, &mut left)? {
            match id {
                SIMPLE_BLOCK => times.block(file, &content, 0)?,
                BLOCK_GROUP => times.group(file, content, &mut left)?,
                _ => {}
            }
        }
    }
    Ok(times)
}

const EBML: u64 = 0x1a45_dfa3;
const SEGMENT: u64 = 0x1853_8067;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const TRACK_NUMBER: u64 = 0xd7;
const CODEC_DELAY: u64 = 0x56aa;
const CLUSTER: u64 = 0x1f43_b675;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
const DISCARD_PADDING: u64 = 0x75a2;

impl MkvTimes {
    fn read_tracks(&mut self, file: &mut File, mut tracks: Range<u64>, left: &mut usize) -> io::Result<()> {
        while let Some((id, mut track)) = next(file, &mut tracks, left)? {
            let (mut number, mut delay) = (0, 0);
            while let Some((field, content)) =
                (id == TRACK).then(|| next(file, &mut track, left)).transpose()?.flatten()
            {
                match field {
                    TRACK_NUMBER => number = unsigned(file, &content)?,
                    CODEC_DELAY => delay = unsigned(file, &content)?,
                    _ => {}
                }
            }
            self.delays.insert(number, delay);
        }
        Ok(())
    }

    fn group(&mut self, file: &mut File, mut group: Range<u64>, left: &mut usize) -> io::Result<()> {
        let (mut block, mut discard) = (None, 0);
        while let Some((id, content)) = next(file, &mut group, left)? {
            match id {
                BLOCK => block = Some(content),
                DISCARD_PADDING => {
                    let bits = 8 * (content.end - content.start).min(8) as u32;
                    let value = unsigned(file, &content)?;
                    discard = if bits == 0 { 0 } else { value.cast_signed() << (64 - bits) >> (64 - bits) };
                }
                _ => {}
            }
        }
        block.map_or(Ok(()), |block| self.block(file, &block, discard))
    }

    /// Takes the padding of a block. What is dropped of the last blocks adds up; a block without padding begins anew.
    fn block(&mut self, file: &mut File, block: &Range<u64>, discard: i64) -> io::Result<()> {
        if let Some((track, _)) = number(&bytes(file, block, 8)?) {
            let sum = self.discards.entry(track).or_default();
            *sum = if discard > 0 { sum.saturating_add(discard) } else { 0 };
        }
        Ok(())
    }
}

/// The element at the beginning of `within`, which then begins after it: its id and where its content lies. `None` at the
/// end, and where an element does not say how long it is.
fn next(file: &mut File, within: &mut Range<u64>, left: &mut usize) -> io::Result<Option<(u64, Range<u64>)>> {
    let head = bytes(file, within, 12)?;
    let Some(&first) = head.first() else { return Ok(None) };
    let id_len = first.leading_zeros() as usize + 1;
    let (Some(id), Some((size, size_len))) = (head.get(..id_len), head.get(id_len..).and_then(number)) else {
        return Ok(None);
    };
    let id = id.iter().fold(0, |id, &byte| id << 8 | u64::from(byte));
    let unknown = size == (1 << (7 * size_len)) - 1;
    // A segment may lack its length if it was streamed. It then lasts to the end.
    if id_len > 4 || *left == 0 || unknown && id != SEGMENT {
        return Ok(None);
    }
    *left -= 1;
    let start = (within.start + (id_len + size_len) as u64).min(within.end);
    let end = if unknown { within.end } else { start.saturating_add(size).min(within.end) };
    within.start = end;
    Ok(Some((id, start..end)))
}

/// A number of variable length, and that length.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let len = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..len)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    (len <= 8).then(|| (all & ((1 << (7 * len)) - 1), len))
}

fn unsigned(file: &mut File, content: &Range<u64>) -> io::Result<u64> {
    Ok(bytes(file, content, 8)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

/// The first bytes of a range of the file, at most `most`.
fn bytes(file: &mut File, range: &Range<u64>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(range.start))?;
    file.by_ref().take((range.end - range.start).min(most)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// An element of an id of any length.
    fn element(id: u64, content: &[u8]) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
        [&id, &[0x10 | (content.len() >> 24) as u8][..], &(content.len() as u32).to_be_bytes()[1..], content]
            .concat()
    }

    fn times(bytes: &[u8]) -> MkvTimes {
        let mut file = tempfile::tempfile().expect("the temporary folder is writable");
        file.write_all(bytes).expect("there is room");
        scan(&mut file).expect("it can be read")
    }

    fn group(track: u8, discard: &[u8]) -> Vec<u8> {
        let block = element(BLOCK, &[0x80 | track, 0, 0, 0, 1, 2, 3]);
        element(BLOCK_GROUP, &[block, element(DISCARD_PADDING, discard)].concat())
    }

    #[test]
    fn delays_and_discards_are_found_by_track() {
        let track = |number: u8, delay: &[u8]| {
            element(TRACK, &[element(TRACK_NUMBER, &[number]), element(CODEC_DELAY, delay)].concat())
        };
        let tracks = element(TRACKS, &[track(1, &[0x63, 0x2e, 0xa0]), track(2, &[])].concat());
        let early = element(CLUSTER, &group(1, &[0x7f, 0xff]));
        let simple = element(SIMPLE_BLOCK, &[0x81, 0, 0, 0, 9]);
        let late = element(
            CLUSTER,
            &[simple, group(2, &[0xff, 0x00]), group(1, &[3]), group(1, &[0x0f, 0x42, 0x40])].concat(),
        );
        let content = [tracks, early, late].concat();
        let known = element(SEGMENT, &content);
        let unknown = [&[0x18, 0x53, 0x80, 0x67, 0xff][..], &content].concat();
        for segment in [known, unknown] {
            let found = times(&[element(EBML, b"head"), segment].concat());
            assert_eq!([1, 2, 3].map(|track| (found.delay(track).0 * 1e9).round()), [6_500_000.0, 0.0, 0.0]);
            assert_eq!(
                [1, 2, 3].map(|track| (found.discard(track).0 * 1e9).round()),
                [1_000_003.0, 0.0, 0.0]
            );
        }
    }

    #[test]
    fn other_files_and_cut_ones_have_none() {
        let whole = [element(EBML, b"head"), element(SEGMENT, &element(CLUSTER, &group(1, &[1])))].concat();
        for cut in 0..whole.len() {
            times(&whole[..cut]);
        }
        assert_eq!(times(b"RIFF....WAVE").discards, BTreeMap::new());
        assert_eq!(times(&[0; 100]).discards, BTreeMap::new());
    }
}
