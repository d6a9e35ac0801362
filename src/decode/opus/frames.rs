//! Takes packets apart into frames (RFC 6716, section 3.2). In a packet of several streams, the packets of all streams but
//! the last state how long they are (appendix B).
use opus_pure::MAX_PACKET_SAMPLES;
use opus_pure::packet::samples_per_frame;

/// The longest frame, in bytes.
const MAX_FRAME: usize = 1_275;

/// The packet of one stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// The first byte: mode, bandwidth, channels and the length of a frame.
    pub kind: u8,
    /// The length of each frame, in samples at 48 kHz.
    pub frame_samples: usize,
    pub frames: Vec<&'a [u8]>,
    /// What follows.
    pub rest: &'a [u8],
}

impl Packet<'_> {
    /// How long it is, in samples at 48 kHz.
    pub(super) fn samples(&self) -> usize {
        self.frames.len() * self.frame_samples
    }
}

/// Takes the packet at the beginning of `data` apart. It reaches to the end unless it is one of several, which state how
/// long they are. Returns `None` if it is damaged.
pub(super) fn parse(data: &[u8], one_of_several: bool) -> Option<Packet<'_>> {
    let (&kind, mut rest) = data.split_first()?;
    let frame_samples = samples_per_frame(data, 48_000).ok()?;
    // The lengths that are stated. The other frames, of which there is at least one, are all of one length.
    let (mut stated, mut alike, mut padding) = (Vec::new(), 1, 0);
    match kind & 3 {
        0 => {}
        1 => alike = 2,
        2 => stated.push(length(&mut rest)?),
        _ => {
            let flags = byte(&mut rest)?;
            let count = usize::from(flags & 0x3f);
            if count == 0 || count * frame_samples > MAX_PACKET_SAMPLES {
                return None;
            }
            if flags & 0x40 != 0 {
                loop {
                    let more = byte(&mut rest)?;
                    padding += usize::from(more.min(254));
                    if more != 255 {
                        break;
                    }
                }
            }
            if flags & 0x80 == 0 {
                alike = count;
            } else {
                for _ in 1..count {
                    stated.push(length(&mut rest)?);
                }
            }
        }
    }
    let last = if one_of_several {
        length(&mut rest)?
    } else {
        let left = rest.len().checked_sub(padding + stated.iter().sum::<usize>())?;
        left.is_multiple_of(alike).then_some(left / alike).filter(|&last| last <= MAX_FRAME)?
    };
    stated.resize(stated.len() + alike, last);
    let mut frames = Vec::with_capacity(stated.len());
    for len in stated {
        let (frame, after) = rest.split_at_checked(len)?;
        frames.push(frame);
        rest = after;
    }
    let (_, rest) = rest.split_at_checked(padding)?;
    Some(Packet { kind, frame_samples, frames, rest })
}

fn byte(data: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = data.split_first()?;
    *data = rest;
    Some(first)
}

/// Reads the length of a frame: one byte, or two from 252 on.
fn length(data: &mut &[u8]) -> Option<usize> {
    let first = usize::from(byte(data)?);
    if first < 252 { Some(first) } else { Some(first + 4 * usize::from(byte(data)?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of packet of 20 ms frames: as one of several, by itself, and its frames.
    #[allow(clippy::type_complexity)]
    const PACKETS: &[(&[u8], &[u8], &[&[u8]])] = &[
        // One frame: of three bytes, of none.
        (&[0x08, 3, 1, 2, 3], &[0x08, 1, 2, 3], &[&[1, 2, 3]]),
        (&[0x08, 0], &[0x08], &[&[]]),
        // Two of the same length, and of different ones.
        (&[0x09, 2, 1, 2, 3, 4], &[0x09, 1, 2, 3, 4], &[&[1, 2], &[3, 4]]),
        (&[0x0a, 1, 2, 9, 8, 7], &[0x0a, 1, 9, 8, 7], &[&[9], &[8, 7]]),
        // Three alike; three with their lengths; both with padding.
        (&[0x0b, 3, 1, 5, 6, 7], &[0x0b, 3, 5, 6, 7], &[&[5], &[6], &[7]]),
        (&[0x0b, 0x83, 1, 0, 2, 5, 6, 7], &[0x0b, 0x83, 1, 0, 5, 6, 7], &[&[5], &[], &[6, 7]]),
        (&[0x0b, 0x43, 2, 1, 5, 6, 7, 0, 0], &[0x0b, 0x43, 2, 5, 6, 7, 0, 0], &[&[5], &[6], &[7]]),
        (&[0x0b, 0xc2, 1, 1, 2, 5, 6, 7, 0], &[0x0b, 0xc2, 1, 1, 5, 6, 7, 0], &[&[5], &[6, 7]]),
    ];

    #[test]
    fn a_packet_is_taken_apart() {
        for &(one_of_several, alone, frames) in PACKETS {
            let packet = parse(alone, false).unwrap_or_else(|| panic!("{alone:x?}"));
            assert_eq!((&packet.frames[..], packet.rest), (frames, &[][..]), "{alone:x?}");
            assert_eq!((packet.kind, packet.samples()), (alone[0], 960 * frames.len()));
            let data = [one_of_several, &[0xaa, 0xbb]].concat();
            let packet = parse(&data, true).unwrap_or_else(|| panic!("{data:x?}"));
            assert_eq!((&packet.frames[..], packet.rest), (frames, &[0xaa, 0xbb][..]), "{data:x?}");
        }
    }

    #[test]
    fn long_frames_and_long_padding() {
        let frame = [7; 1_275];
        assert_eq!(parse(&[&[0x08], &frame[..]].concat(), false).unwrap().frames, [&frame]);
        assert_eq!(parse(&[&[0x08, 255, 255], &frame[..], &[1]].concat(), true).unwrap().frames, [&frame]);
        assert_eq!(parse(&[&[0x08, 0], &frame[..]].concat(), false), None, "too long");
        // 255 stands for 254 bytes and another length.
        let data = [&[0x0b, 0x41, 255, 3, 1, 7][..], &[0; 257], &[1]].concat();
        let packet = parse(&data, true).unwrap();
        assert_eq!((&packet.frames[..], packet.rest), (&[&[7][..]][..], &[1][..]));
    }

    #[test]
    fn packets_of_at_most_120_ms() {
        assert_eq!(parse(&[0x0b, 6], false).unwrap().samples(), 5_760);
        assert_eq!(parse(&[0x0b, 7], false), None);
        // 48 frames of 2.5 ms.
        assert_eq!(parse(&[0x83, 48], false).unwrap().samples(), 5_760);
        assert_eq!(parse(&[0x83, 49], false), None);
    }

    #[test]
    fn a_packet_that_is_cut_is_none() {
        for &(one_of_several, ..) in PACKETS {
            for len in 0..one_of_several.len() {
                assert_eq!(parse(&one_of_several[..len], true), None, "{one_of_several:x?} of {len}");
            }
        }
        // Without data, of an odd length, without a frame, a frame or padding that is longer than the packet.
        let damaged: [&[u8]; 6] =
            [&[], &[0x09, 1], &[0x0b, 0, 0], &[0x0a, 2, 1], &[0x0b, 0x41, 9, 1], &[0x0b, 0x41, 255, 255]];
        for data in damaged {
            assert_eq!(parse(data, false), None, "{data:x?}");
        }
    }
}
