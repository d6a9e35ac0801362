//! Finds MPEG audio and ADTS where nothing says that they are there: behind zeros or other junk, or in a file without a
//! name. A single frame's header may be chance; several that lead to each other are not.
use std::fs::File;
use std::io;

use super::bytes::Bytes;

/// So many frames in a row are no chance.
const FRAMES: u32 = 4;

/// The longest frame: layer 2 at 384 kbit/s and 32 kHz.
const LONGEST: usize = 1_728;

/// Junk is looked through up to this length. Zeros do not count.
const MAX_JUNK: u64 = 16 << 20;

/// Zeros are passed over up to this length.
const MAX_ZEROS: u64 = 1 << 30;

/// The bytes that are looked through at a time.
const STEP: u64 = 1 << 20;

/// The first bytes of a file that [`begins_with_frames`] looks at.
pub(crate) const HEAD: usize = 8 << 10;

/// Whether frames begin within the first bytes of a file. `head` has [`HEAD`] bytes of it, or all.
pub(crate) fn begins_with_frames(head: &[u8]) -> bool {
    first(head, head.len()).is_some()
}

/// The offset of the first frame at or behind the offset `from`, if it is not too far.
pub(super) fn find(file: &mut File, from: u64) -> io::Result<Option<u64>> {
    let mut bytes = Bytes::new(file, 0)?;
    // As many bytes more as the frames may take that begin at the end.
    let ahead = u64::from(FRAMES) * LONGEST as u64 + 8;
    let (mut at, mut junk, mut zeros) = (from, 0, 0);
    while junk < MAX_JUNK && zeros < MAX_ZEROS {
        let step = bytes.up_to(at, STEP + ahead)?;
        if step.is_empty() {
            break;
        }
        let look = step.len().min(STEP as usize);
        if step.iter().all(|&byte| byte == 0) {
            zeros += look as u64;
        } else if let Some(found) = first(&step, look) {
            return Ok(Some(at + found as u64));
        } else {
            junk += look as u64;
        }
        at += look as u64;
    }
    Ok(None)
}

/// The offset of the first frame in `data` that begins before `end` and leads to others.
fn first(data: &[u8], end: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = data.get(at..end)?.iter().position(|&byte| byte == 0xff) {
        at += next;
        if leads_on(data, at) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether enough frames follow each other from `at` on.
fn leads_on(data: &[u8], mut at: usize) -> bool {
    let mut kind = None;
    for _ in 0..FRAMES {
        let Some(frame) = data.get(at..).and_then(Frame::read) else { return false };
        if *kind.get_or_insert(frame.kind) != frame.kind {
            return false;
        }
        at += frame.len;
    }
    true
}

/// A frame's header.
struct Frame {
    /// What frames of one stream have in common: the kind of stream, and the rate.
    kind: [u8; 2],
    /// How many bytes from this header to the next.
    len: usize,
}

/// Bit rates in kbit/s by version (MPEG-1, MPEG-2), layer (1 to 3), and index (from 1).
const BIT_RATES: [[[u16; 14]; 3]; 2] = [
    [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ],
    [
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ],
];

impl Frame {
    fn read(data: &[u8]) -> Option<Frame> {
        let [sync, b, c, d, e, f, ..] = *data else { return None };
        if sync != 0xff {
            return None;
        }
        if b & 0xf6 == 0xf0 {
            // ADTS: no layer, 13 rates, and the length in 13 bits.
            let len = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
            return (c >> 2 & 15 < 13 && len > 7).then_some(Frame { kind: [b & 0xfe, c & 0xfc], len });
        }
        let (version, layer) = (b >> 3 & 3, 4 - usize::from(b >> 1 & 3));
        let (index, rate) = (usize::from(c >> 4), usize::from(c >> 2 & 3));
        if b & 0xe0 != 0xe0 || version == 1 || layer == 4 || !(1..=14).contains(&index) || rate == 3 {
            return None;
        }
        let lower = usize::from(version != 3);
        let bits = 1_000 * usize::from(BIT_RATES[lower][layer - 1][index - 1]);
        let rate = [44_100, 48_000, 32_000][rate] >> [2, 0, 1, 0][usize::from(version)];
        let padding = usize::from(c >> 1 & 1);
        let len = match layer {
            1 => (12 * bits / rate + padding) * 4,
            3 if lower == 1 => 72 * bits / rate + padding,
            _ => 144 * bits / rate + padding,
        };
        Some(Frame { kind: [b & 0xfe, c & 0x0c], len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 128 kbit/s at 44.1 kHz, with every third padded.
    fn frames(n: usize) -> Vec<u8> {
        let frame = |i: usize| {
            let padded = i.is_multiple_of(3);
            let mut frame = vec![0x55; 417 + usize::from(padded)];
            frame[..4].copy_from_slice(&[0xff, 0xfb, if padded { 0x92 } else { 0x90 }, 0x44]);
            frame
        };
        (0..n).flat_map(frame).collect()
    }

    fn found(content: &[u8]) -> Option<u64> {
        let mut file = tempfile::tempfile().expect("the temporary folder is writable");
        io::Write::write_all(&mut file, content).expect("there is room");
        find(&mut file, 0).expect("it can be read")
    }

    #[test]
    fn frames_are_found_behind_anything() {
        let frames = frames(6);
        assert_eq!(found(&frames), Some(0));
        for len in [1, 5_000, STEP as usize - 3, 3 * STEP as usize + 1] {
            for junk in [0, 0x7f, 0xff] {
                assert_eq!(
                    found(&[vec![junk; len], frames.clone()].concat()),
                    Some(len as u64),
                    "{len} {junk}"
                );
            }
        }
        assert_eq!(found(&frames[..3 * 418]), None, "too few");
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn only_frames_count() {
        assert!(begins_with_frames(&frames(5)));
        assert!(begins_with_frames(&[b"cut within a frame".to_vec(), frames(5)].concat()));
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let noise: Vec<u8> =
                (0..HEAD).map(|_| if random.u8(..16) == 0 { 0xff } else { random.u8(..) }).collect();
            assert!(!begins_with_frames(&noise));
        }
        for byte in 0..=255 {
            assert!(!begins_with_frames(&[byte; HEAD]));
        }
        let mut other = frames(5);
        other[2 * 418 + 417 - 1 + 2] ^= 0x0c;
        assert!(!begins_with_frames(&other[..1_900]));
    }

    #[test]
    fn adts_is_recognised() {
        let frame: Vec<u8> = [&[0xff, 0xf1, 0x50, 0x80, 0x0c, 0x9f, 0xfc][..], &[7; 93]].concat();
        assert!(begins_with_frames(&frame.repeat(5)));
    }
}
