//! FLAC whose STREAMINFO states lengths that cannot be. Some encoders leave the shortest block at 0.
use std::fs::File;
use std::io;

use crate::decode::bytes::Bytes;
use crate::decode::source::Patch;

/// Blocks are at least so long.
const SHORTEST: u16 = 16;

/// More metadata blocks are not looked through.
const MAX_BLOCKS: u32 = 256;

/// What is to be read in place of the impossible lengths, if there are any.
pub(super) fn patches(file: &mut File, base: u64) -> io::Result<Option<Vec<Patch>>> {
    let mut bytes = Bytes::new(file, base)?;
    // The marker, the header of STREAMINFO, and four lengths: of blocks in frames, and of frames in bytes.
    let Some(head) = bytes.array::<18>(0)? else { return Ok(None) };
    if !head.starts_with(b"fLaC") || head[4] & 0x7f != 0 {
        return Ok(None);
    }
    let blocks = [8, 10].map(|at| u16::from_be_bytes([head[at], head[at + 1]]));
    let frames = [12, 15].map(|at| u32::from_be_bytes([0, head[at], head[at + 1], head[at + 2]]));
    let mut patches = Vec::new();
    if blocks[0] < SHORTEST || blocks[1] < blocks[0] {
        let [shortest, longest] = possible(&mut bytes, blocks)?;
        patches.push((base + 8, [shortest.to_be_bytes(), longest.to_be_bytes()].concat()));
    }
    if frames.iter().all(|&len| len > 0) && frames[1] < frames[0] {
        // Both unknown.
        patches.push((base + 12, vec![0; 6]));
    }
    Ok((!patches.is_empty()).then_some(patches))
}

/// The shortest and the longest block. They are the same if the first frame says that all blocks are of one length.
fn possible(bytes: &mut Bytes<'_>, [_, longest]: [u16; 2]) -> io::Result<[u16; 2]> {
    let anything = [SHORTEST, u16::MAX];
    let mut at = 4;
    for _ in 0..MAX_BLOCKS {
        let Some([kind, size @ ..]) = bytes.array::<4>(at)? else { return Ok(anything) };
        let [a, b, c] = size;
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(match bytes.array::<3>(at)? {
        Some([0xff, 0xf8, coded]) => match (longest, coded >> 4) {
            (SHORTEST.., _) => [longest; 2],
            (_, 1) => [192; 2],
            (_, n @ 2..=5) => [576 << (n - 2); 2],
            (_, n @ 8..=15) => [256 << (n - 8); 2],
            _ => anything,
        },
        _ => anything,
    })
}
