//! Windows Media: which codec an ASF file has, and whether it is protected.
use super::foreign::{Foreign, Helper};

const HEADER: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
const STREAM: &[u8] = b"\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65";
const AUDIO: &[u8] = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b";

/// Objects that only protected files have.
const ENCRYPTION: [&[u8]; 3] = [
    b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e",
    b"\x14\xe6\x8a\x29\x22\x26\x17\x4c\xb9\x35\xda\xe0\x7e\xe9\x28\x9c",
    b"\x33\x85\x05\x43\x81\x69\xe6\x49\x9b\x74\xad\x12\xcb\x86\xd5\x8c",
];

/// What the header says as far as it is in `head`.
pub(super) fn sniff(head: &[u8]) -> Option<Foreign> {
    if !head.starts_with(HEADER) {
        return None;
    }
    let mut tag = None;
    // After the header's own identifier: its length, the number of objects, two bytes.
    let mut rest = head.get(30..).unwrap_or_default();
    while rest.len() >= 24 {
        let (id, content) = (&rest[..16], &rest[24..]);
        let len = u64::from_le_bytes(rest[16..24].try_into().expect("eight bytes"));
        let encrypted_stream = || content.get(49).is_some_and(|flags| flags & 0x80 != 0);
        let is_audio = id == STREAM && content.starts_with(AUDIO);
        if ENCRYPTION.contains(&id) || is_audio && encrypted_stream() {
            return Some(Foreign::new("Windows Media", Helper::Protected));
        }
        if is_audio && tag.is_none() {
            tag = content.get(54..56).map(|tag| u16::from_le_bytes([tag[0], tag[1]]));
        }
        // An object has at least its identifier and its length, so that this ends.
        let Some(next) = usize::try_from(len.max(24)).ok().and_then(|len| rest.get(len..)) else { break };
        rest = next;
    }
    let name = match tag {
        Some(0x0a) => "WMA Voice",
        Some(0x162) => "WMA Pro",
        Some(0x163) => "WMA Lossless",
        Some(_) => "WMA",
        None => "Windows Media",
    };
    Some(Foreign::new(name, Helper::Demuxer("asf")))
}
