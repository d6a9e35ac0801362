//! How the frames of a track are stored.
use std::io::Read;

use super::ebml::{children, number};

const ENCODING: u32 = 0x6240;
const ORDER: u32 = 0x5031;
const SCOPE: u32 = 0x5032;
const KIND: u32 = 0x5033;
const COMPRESSION: u32 = 0x5034;
const ALGORITHM: u32 = 0x4254;
const SETTINGS: u32 = 0x4255;

/// Frames are encoded.
const FRAMES: u64 = 1;

/// The header of the codec is encoded.
const PRIVATE: u64 = 2;

/// A frame that becomes longer is damage.
const MAX_FRAME: u64 = 8 << 20;

/// A step from what is stored to a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Unpack it.
    Zlib,
    /// Put these bytes before it, which all frames have in common.
    Header(Vec<u8>),
}

/// The steps that the content of a ContentEncodings element asks for, in their order, or what cannot be undone.
/// `has_private` says whether the codec has a header.
pub(super) fn steps(encodings: &[u8], has_private: bool) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    for (id, encoding) in children(encodings) {
        if id == ENCODING {
            let value = |id, other| children(encoding).find(|c| c.0 == id).map_or(other, |c| number(c.1));
            let (order, scope, kind) = (value(ORDER, 0), value(SCOPE, FRAMES), value(KIND, 0));
            if kind != 0 {
                return Err("encrypted Matroska");
            }
            if scope & PRIVATE != 0 && has_private {
                return Err("Matroska with a compressed codec header");
            }
            // Some programs describe an encoding without a compression, and encode nothing.
            let compression = children(encoding).find(|c| c.0 == COMPRESSION);
            if let Some((_, compression)) = compression.filter(|_| scope & FRAMES != 0) {
                steps.push((order, step(compression)?));
            }
        }
    }
    // What was done last is undone first.
    steps.sort_by_key(|&(order, _)| std::cmp::Reverse(order));
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

fn step(compression: &[u8]) -> Result<Step, &'static str> {
    let child = |id| children(compression).find(|c| c.0 == id).map(|c| c.1);
    match child(ALGORITHM).map_or(0, number) {
        0 => Ok(Step::Zlib),
        1 => Err("Matroska with bzlib compression"),
        2 => Err("Matroska with LZO compression"),
        3 => Ok(Step::Header(child(SETTINGS).unwrap_or_default().to_vec())),
        _ => Err("Matroska with an unknown compression"),
    }
}

/// Undoes the steps. `None` if a frame cannot be unpacked.
pub(super) fn frame(stored: &[u8], steps: &[Step]) -> Option<Box<[u8]>> {
    let mut frame = stored.to_vec();
    for step in steps {
        frame = match step {
            Step::Header(header) => [header, frame.as_slice()].concat(),
            Step::Zlib => {
                let mut plain = Vec::new();
                let unpacked = flate2::read::ZlibDecoder::new(frame.as_slice());
                let n = unpacked.take(MAX_FRAME + 1).read_to_end(&mut plain).ok()?;
                (n as u64 <= MAX_FRAME).then_some(plain)?
            }
        };
    }
    Some(frame.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: u32, content: &[u8]) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
        [&id[..], &[0x80 | content.len() as u8], content].concat()
    }

    fn encoding(fields: &[(u32, &[u8])], compression: &[(u32, &[u8])]) -> Vec<u8> {
        let all = |fields: &[(u32, &[u8])]| fields.iter().flat_map(|f| element(f.0, f.1)).collect::<Vec<_>>();
        element(ENCODING, &[all(fields), element(COMPRESSION, &all(compression))].concat())
    }

    #[test]
    fn what_can_be_undone_is_known_and_the_rest_has_a_name() {
        let of = |fields: &[(u32, &[u8])], compression: &[(u32, &[u8])]| {
            steps(&encoding(fields, compression), true)
        };
        assert_eq!(of(&[], &[]), Ok(vec![Step::Zlib]));
        assert_eq!(of(&[], &[(ALGORITHM, &[0])]), Ok(vec![Step::Zlib]));
        assert_eq!(of(&[], &[(ALGORITHM, &[3]), (SETTINGS, &[7, 8])]), Ok(vec![Step::Header(vec![7, 8])]));
        assert_eq!(of(&[], &[(ALGORITHM, &[1])]), Err("Matroska with bzlib compression"));
        assert_eq!(of(&[], &[(ALGORITHM, &[2])]), Err("Matroska with LZO compression"));
        assert_eq!(of(&[], &[(ALGORITHM, &[9])]), Err("Matroska with an unknown compression"));
        assert_eq!(of(&[(KIND, &[1])], &[]), Err("encrypted Matroska"));
        assert_eq!(of(&[(SCOPE, &[3])], &[]), Err("Matroska with a compressed codec header"));
        assert_eq!(steps(&encoding(&[(SCOPE, &[3])], &[]), false), Ok(vec![Step::Zlib]));
        assert_eq!(of(&[(SCOPE, &[4])], &[]), Ok(vec![]));
        assert_eq!(steps(&element(ENCODING, &[]), true), Ok(vec![]));
        let both = [
            encoding(&[(ORDER, &[0])], &[(ALGORITHM, &[3]), (SETTINGS, &[7])]),
            encoding(&[(ORDER, &[1])], &[]),
        ];
        assert_eq!(steps(&both.concat(), false), Ok(vec![Step::Zlib, Step::Header(vec![7])]));
    }

    #[test]
    fn frames_are_unpacked() {
        // Stored without compression: a header, one last block of five bytes, a checksum.
        let packed = b"\x78\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15";
        let steps = [Step::Zlib, Step::Header(vec![b'>'])];
        assert_eq!(frame(packed, &steps).as_deref(), Some(&b">hello"[..]));
        assert_eq!(frame(b"hello", &steps), None);
        assert_eq!(frame(&packed[..9], &steps), None);
        assert_eq!(frame(b"hello", &[]).as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn a_frame_that_never_ends_is_damage() {
        let bomb = |len: u64| {
            let mut packed = Vec::new();
            let plain = std::io::repeat(0).take(len);
            let mut encoder = flate2::read::ZlibEncoder::new(plain, flate2::Compression::fast());
            encoder.read_to_end(&mut packed).expect("it is in memory");
            packed
        };
        assert_eq!(frame(&bomb(MAX_FRAME), &[Step::Zlib]).map(|frame| frame.len() as u64), Some(MAX_FRAME));
        assert_eq!(frame(&bomb(MAX_FRAME + 1), &[Step::Zlib]), None);
    }
}
