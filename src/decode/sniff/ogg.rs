//! Ogg files without a codec that refrain decodes.
use super::foreign::{Foreign, Helper};

/// What the first packet of a stream begins with that refrain decodes.
const OURS: [&[u8]; 4] = [b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"fLaC"];

/// Names the codec if it is a known one, and no other stream of the file is refrain's.
pub(super) fn sniff(head: &[u8]) -> Option<Foreign> {
    let (mut found, mut rest) = (None, head);
    // Each stream has a page at the beginning of the file, whose flags say so.
    while rest.starts_with(b"OggS") && rest.get(5).is_some_and(|flags| flags & 2 != 0) {
        let segments = rest.get(27..27 + usize::from(*rest.get(26)?))?;
        let len = segments.iter().map(|&n| usize::from(n)).sum::<usize>();
        let packet = rest.get(27 + segments.len()..)?;
        if OURS.iter().any(|ours| packet.starts_with(ours)) {
            return None;
        }
        let name = match packet {
            _ if packet.starts_with(b"Speex   ") => Some(("Speex", Helper::Demuxer("ogg"))),
            _ if packet.starts_with(b"CELT    ") => Some(("CELT", Helper::Nobody)),
            _ if packet.starts_with(b"PCM     ") => Some(("PCM in Ogg", Helper::Nobody)),
            _ => None,
        };
        found = found.or(name);
        rest = packet.get(len..)?;
    }
    found.map(|(name, helper)| Foreign::new(name, helper))
}
