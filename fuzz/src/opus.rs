//! Any bytes as the packets of an Opus track in an Ogg file that is whole otherwise.
use super::{decode, input::Input};

/// The most packets of an input.
const MOST: usize = 200;

/// The first byte is the number of channels. The mapping family, the gain, the numbers of streams and of stereo streams, and
/// the table of channels follow. The others are packets, each after its length.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let channels = input.byte() % 9;
    let family = input.byte() % 2;
    let mut head = [b"OpusHead\x01", &[channels][..], &[0x38, 1, 0x80, 0xbb, 0, 0]].concat();
    head.extend_from_slice(input.bytes(2));
    head.push(family);
    if family > 0 {
        head.extend_from_slice(input.bytes(2 + usize::from(channels)));
    }
    let mut file = page(&head, 0, 0, 2);
    file.extend(page(b"OpusTags\x04\0\0\0none\0\0\0\0", 1, 0, 0));
    for number in 0..MOST as u32 {
        if input.is_empty() {
            break;
        }
        let len = input.number::<2>() as usize % 4_000;
        file.extend(page(input.bytes(len), number + 2, 960 * u64::from(number + 1), 0));
    }
    decode::run(&file);
}

/// An Ogg page with one packet of less than 65,025 bytes.
pub(super) fn page(packet: &[u8], number: u32, position: u64, kind: u8) -> Vec<u8> {
    let mut lengths = vec![255; packet.len() / 255];
    lengths.push((packet.len() % 255) as u8);
    let mut page = b"OggS\0".to_vec();
    page.push(kind);
    page.extend(position.to_le_bytes());
    page.extend(7_u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(lengths.len() as u8);
    page.extend(lengths);
    page.extend_from_slice(packet);
    let check = crc(&page, 0x04c1_1db7, 32);
    page[22..26].copy_from_slice(&check.to_le_bytes());
    page
}

/// The remainder of these bytes by a polynomial of so many bits.
pub(super) fn crc(bytes: &[u8], polynomial: u32, bits: u32) -> u32 {
    let whole = bytes.iter().fold(0_u32, |check, &byte| {
        (0..8).fold(check ^ u32::from(byte) << 24, |check, _| {
            check << 1 ^ if check >> 31 == 1 { polynomial << (32 - bits) } else { 0 }
        })
    });
    whole >> (32 - bits)
}
