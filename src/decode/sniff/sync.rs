//! Formats without a signature: frames or packets that follow one another. One that looks right proves little, so that
//! several must.
use super::aac::aac_profile;
use super::foreign::{Foreign, Helper};

/// Recognises transport streams, AC-3, E-AC-3, DTS, AAC in LATM, and bare AAC of another profile than LC.
pub(super) fn sniff(head: &[u8]) -> Option<Foreign> {
    let by = |name: &'static str, demuxer| Some(Foreign::new(name, Helper::Demuxer(demuxer)));
    match head {
        [0x0b, 0x77, ..] => match ac3(head)? {
            false => by("AC-3", "ac3"),
            true => by("E-AC-3", "eac3"),
        },
        [0xff, second, ..] if second & 0xf6 == 0xf0 => by(adts(head)?, "aac"),
        [0x56, second, ..] if second & 0xe0 == 0xe0 && is_latm(head) => by("AAC in LATM", "loas"),
        _ if is_dts(head) => by("DTS", "dts"),
        _ if is_transport_stream(head) => by("MPEG transport stream", "mpegts"),
        _ => None,
    }
}

/// The profile of bare AAC, if it is not LC. Three frames in a row must have it.
fn adts(head: &[u8]) -> Option<&'static str> {
    let frame = |head: &[u8]| match head {
        &[0xff, b1, b2, b3, b4, b5, ..] if b1 & 0xf6 == 0xf0 => {
            let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
            (len > 7).then_some((b2 >> 6, len))
        }
        _ => None,
    };
    let (profile, mut at) = frame(head)?;
    for _ in 0..2 {
        let (same, len) = frame(head.get(at..)?)?;
        at += len;
        if same != profile {
            return None;
        }
    }
    aac_profile(u32::from(profile) + 1)
}

/// Whether `head` has three frames of AC-3 in a row, and whether it is E-AC-3.
fn ac3(head: &[u8]) -> Option<bool> {
    let (first, enhanced) = ac3_frame(head)?;
    let second = head.get(first..).and_then(ac3_frame)?.0;
    head.get(first + second..).and_then(ac3_frame)?;
    Some(enhanced)
}

/// The length of the frame that begins here, and whether it is E-AC-3.
fn ac3_frame(head: &[u8]) -> Option<(usize, bool)> {
    const KBPS: [usize; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let &[0x0b, 0x77, b2, b3, b4, b5, ..] = head else { return None };
    match b5 >> 3 {
        ..=10 => {
            let code = usize::from(b4 & 0x3f);
            let kbps = KBPS.get(code / 2)?;
            let bytes = match b4 >> 6 {
                0 => kbps * 4,
                1 => 2 * (kbps * 96_000 / 44_100 + code % 2),
                2 => kbps * 6,
                _ => return None,
            };
            // Frames of half and quarter rates have as many bytes.
            Some((bytes, false))
        }
        11..=16 => Some((2 * (usize::from(b2 & 7) << 8 | usize::from(b3)) + 2, true)),
        _ => None,
    }
}

/// Whether DTS begins here, in one of its four spellings, and comes again.
fn is_dts(head: &[u8]) -> bool {
    const SYNC: [&[u8]; 4] =
        [b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\x00", b"\xff\x1f\x00\xe8"];
    /// The shortest frame.
    const SHORTEST: usize = 96;
    SYNC.iter().any(|sync| {
        head.starts_with(sync)
            && head.get(SHORTEST..).is_some_and(|rest| rest.windows(4).any(|bytes| bytes == *sync))
    })
}

/// Whether four frames of LATM's stream follow one another.
fn is_latm(head: &[u8]) -> bool {
    let mut rest = head;
    (0..4).all(|_| match rest {
        &[0x56, b1, b2, ..] if b1 & 0xe0 == 0xe0 => {
            let len = 3 + (usize::from(b1 & 0x1f) << 8 | usize::from(b2));
            let next = rest.get(len..);
            rest = next.unwrap_or_default();
            len > 3 && next.is_some()
        }
        _ => false,
    })
}

/// Whether packets of 188, 192 or 204 bytes follow one another. A recording may begin within one.
fn is_transport_stream(head: &[u8]) -> bool {
    const PACKETS: usize = 5;
    let packet = |at: usize| match head.get(at..at + 4) {
        // No error, and a payload or an adaptation field.
        Some(&[0x47, b1, _, b3]) => b1 & 0x80 == 0 && b3 & 0x30 != 0,
        _ => false,
    };
    [188, 192, 204]
        .iter()
        .any(|&len| (0..len).any(|first| (0..PACKETS).all(|number| packet(first + number * len))))
}
