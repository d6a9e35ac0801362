//! Which part of an MP4 track is the recording: its edit list, or the tag that iTunes writes instead.
use std::fs::File;
use std::io;
use std::ops::Range;

use symphonia::core::formats::Track;

use super::bytes::Bytes;
use super::cut::Cut;
use super::mp4_atoms::{self, Atoms};

/// An edit list or a tag is not longer than this.
const MAX_ATOM: u64 = 64 << 10;

/// Atoms within atoms, down to those of a tag: `moov`, `udta`, `meta`, `ilst`.
const MAX_DEPTH: usize = 4;

/// The longest stretch of silence that an encoder puts in front, in samples.
const MAX_PRIMING: u64 = 16_384;

/// What an MP4 file says of the times of its tracks.
#[derive(Debug, Default)]
pub(super) struct Mp4Times {
    /// The movie's units a second, in which edits last.
    movie_scale: u32,
    tracks: Vec<TrackTimes>,
    /// Where the recording begins and ends by iTunes, in samples.
    itunes: Option<Range<u64>>,
    /// Whether the track's tables do not list all of its packets.
    fragmented: bool,
}

#[derive(Debug, Default)]
struct TrackTimes {
    id: u32,
    /// Whether it says that it is not for playing.
    disabled: bool,
    edits: Vec<Edit>,
}

/// A part of a track.
#[derive(Debug, PartialEq, Eq)]
struct Edit {
    /// How long it is, in the movie's units.
    lasts: u64,
    /// Where it begins, in the track's units. Negative for a pause.
    begins: i64,
}

/// Reads the times of `file`. Finds nothing if it is not an MP4.
pub(super) fn scan(file: &mut File) -> io::Result<Mp4Times> {
    let mut times = Mp4Times::default();
    let mut bytes = Bytes::new(file, 0)?;
    if mp4_atoms::begins(&mut bytes)? {
        let all = 0..bytes.len();
        times.walk(&mut Atoms::new(&mut bytes), all, 0)?;
    }
    Ok(times)
}

impl Mp4Times {
    fn walk(&mut self, atoms: &mut Atoms<'_, '_>, mut within: Range<u64>, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        while let Some(atom) = atoms.next(&mut within)? {
            match &atom.name {
                b"trak" => {
                    self.tracks.push(TrackTimes::default());
                    self.walk(atoms, atom.content, depth + 1)?;
                }
                b"moov" | b"edts" | b"udta" | b"ilst" => self.walk(atoms, atom.content, depth + 1)?,
                // Four bytes lie before the atoms in it, except in QuickTime's.
                b"meta" => {
                    let start = atom.content.start;
                    let plain = atoms.read(&atom.content, 8)?.get(4..8) == Some(b"hdlr");
                    self.walk(atoms, start + if plain { 0 } else { 4 }..atom.content.end, depth + 1)?;
                }
                b"mvex" => self.fragmented = true,
                b"mvhd" => self.movie_scale = header_field(&atoms.read(&atom.content, 36)?, 12, 20),
                b"tkhd" => {
                    if let Some(track) = self.tracks.last_mut() {
                        let header = atoms.read(&atom.content, 36)?;
                        track.id = header_field(&header, 12, 20);
                        track.disabled = header.get(3).is_some_and(|flags| flags & 1 == 0);
                    }
                }
                b"elst" => {
                    if let Some(track) = self.tracks.last_mut() {
                        track.edits = edits(&atoms.read(&atom.content, MAX_ATOM)?);
                    }
                }
                b"----" => {
                    let tag = atoms.read(&atom.content, 1_024)?;
                    self.itunes = self.itunes.take().or_else(|| itunes(&tag));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether this track says that it is not for playing, such as one of several languages.
    pub(super) fn is_disabled(&self, id: u32) -> bool {
        self.tracks.iter().any(|track| track.id == id && track.disabled)
    }

    /// What of `track` is the recording. `None` if all of it is.
    pub(super) fn cut(&self, track: &Track) -> Option<Cut> {
        let base = track.time_base?;
        let scale = base.denom.get();
        // Symphonia takes the length from the list of all packets, unless the packets lie in fragments.
        let listed = track.duration.map(|duration| duration.get());
        let end = listed.filter(|&units| units > 0 && !self.fragmented).unwrap_or(u64::MAX);
        let edits =
            self.tracks.iter().find(|times| times.id == track.id).map_or(&[][..], |times| &times.edits);
        let spans = edits.iter().filter_map(|edit| {
            let start = u64::try_from(edit.begins).ok()?;
            let units = u128::from(edit.lasts) * u128::from(scale);
            let lasts = units.div_ceil(self.movie_scale.max(1).into());
            let stop = if edit.lasts == 0 {
                u64::MAX
            } else {
                start.saturating_add(u64::try_from(lasts).unwrap_or(u64::MAX))
            };
            Some(start..stop.min(end))
        });
        let spans: Vec<_> = spans.collect();
        let trivial = spans.iter().all(|span| span.start == 0 && span.end >= end);
        match &self.itunes {
            Some(itunes) if trivial => Cut::to(vec![itunes.clone()], scale),
            _ if spans.is_empty() || trivial && end == u64::MAX => None,
            _ => Cut::to(spans, scale),
        }
    }
}

/// A field of four bytes of an atom with a version, which decides where the field is.
fn header_field(atom: &[u8], short: usize, long: usize) -> u32 {
    let at = if atom.first() == Some(&1) { long } else { short };
    atom.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |&bytes| u32::from_be_bytes(bytes))
}

fn edits(list: &[u8]) -> Vec<Edit> {
    let Some((&[version, _, _, _, a, b, c, d], rest)) = list.split_first_chunk::<8>() else {
        return Vec::new();
    };
    let size = if version == 1 { 20 } else { 12 };
    let edit = |entry: &[u8]| match (version, entry) {
        (1, [a, b, c, d, e, f, g, h, begins @ .., _, _, _, _]) => Some(Edit {
            lasts: u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            begins: i64::from_be_bytes(begins.try_into().ok()?),
        }),
        (0, [a, b, c, d, begins @ .., _, _, _, _]) => Some(Edit {
            lasts: u32::from_be_bytes([*a, *b, *c, *d]).into(),
            begins: i32::from_be_bytes(begins.try_into().ok()?).into(),
        }),
        _ => None,
    };
    let count = u32::from_be_bytes([a, b, c, d]) as usize;
    rest.chunks_exact(size).take(count).filter_map(edit).collect()
}

/// The tag iTunSMPB: hexadecimal numbers, of which the second is the silence in front, the third that at the end, the fourth
/// the length.
fn itunes(tag: &[u8]) -> Option<Range<u64>> {
    let after = |name: &[u8]| tag.windows(name.len()).position(|w| w == name).map(|at| at + name.len());
    after(b"iTunSMPB")?;
    // The value lies after its kind and its language.
    let value = std::str::from_utf8(tag.get(after(b"data")? + 8..)?).ok()?;
    let mut numbers = value.split_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16));
    let (priming, _, length) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let end = if length == 0 { u64::MAX } else { priming.checked_add(length)? };
    (priming < MAX_PRIMING).then_some(priming..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_lists_of_both_versions() {
        let short = [
            &[0, 0, 0, 0, 0, 0, 0, 2][..],
            &[0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0],
            &[0, 0, 0, 7, 0, 0, 4, 0, 0, 1, 0, 0],
        ]
        .concat();
        let expected = [Edit { lasts: 9, begins: -1 }, Edit { lasts: 7, begins: 1_024 }];
        assert_eq!(edits(&short), expected);
        assert_eq!(edits(&short[..31]), expected[..1]);
        let long = [
            &[1, 0, 0, 0, 0, 0, 0, 1][..],
            &[0, 0, 0, 1, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0, 0, 4, 0],
            &[0, 1, 0, 0],
        ]
        .concat();
        assert_eq!(edits(&long), [Edit { lasts: 1 << 32, begins: 1_024 }]);
        assert_eq!(edits(&[2, 0, 0, 0, 0, 0, 0, 9]), []);
        assert_eq!(edits(b""), []);
    }

    #[test]
    fn itunes_tags() {
        let tag = |value: &str| {
            [b"....meancom.apple.iTunes....name\0\0\0\0iTunSMPB....data\0\0\0\x01\0\0\0\0", value.as_bytes()]
                .concat()
        };
        assert_eq!(
            itunes(&tag(" 00000000 00000840 000001CA 00000000003F31F6 00000000")),
            Some(0x840..0x840 + 0x3f_31f6)
        );
        assert_eq!(itunes(&tag(" 00000000 00000840 000001CA 0")), Some(0x840..u64::MAX));
        assert_eq!(itunes(&tag(" 00000000 00004000 0 1")), None);
        assert_eq!(itunes(&tag(" 0 x")), None);
        assert_eq!(itunes(b"iTunSMPB"), None);
    }
}
