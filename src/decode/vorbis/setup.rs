//! The headers of a track (4.2).
use super::bits::{Bits, Packet};
use super::book::{Allowance, Book};
use super::floor::{Floor, read_floor};
use super::mapping::{Mapping, Mode};
use super::residue::Residue;
use crate::decode::damage::{Damage, Result, ensure};

/// Block sizes are from 64 to 8192.
const BLOCKS: std::ops::RangeInclusive<u32> = 6..=13;

/// What the headers say.
pub(super) struct Setup {
    pub channels: usize,
    pub rate: u32,
    /// Half of the size of short and long blocks, which is how many lines they have.
    pub lines: [usize; 2],
    pub books: Vec<Book>,
    pub floors: Vec<Floor>,
    pub residues: Vec<Residue>,
    pub mappings: Vec<Mapping>,
    pub modes: Vec<Mode>,
}

impl Setup {
    /// Reads the description that containers have: the first header and the third, or all three with their lengths.
    pub fn read(description: &[u8]) -> Result<Setup> {
        let [first, third] = match description.split_first() {
            Some((2, laced)) => unlaced(laced).ok_or(Damage("Vorbis: its headers are cut off"))?,
            _ => {
                let middle = description.len().min(FIRST);
                let (first, third) = description.split_at(middle);
                [first, third]
            }
        };
        let mut packet = Packet::default();
        packet.fill(first);
        let mut bits = packet.bits();
        let (channels, rate, lines) = identification(&mut bits)?;
        packet.fill(third);
        let mut bits = packet.bits();
        begins(&mut bits, 5)?;
        let mut left = Allowance::default();
        let books =
            (0..=bits.take(8)).map(|_| Book::read(&mut bits, &mut left)).collect::<Result<Vec<_>>>()?;
        for _ in 0..=bits.take(6) {
            ensure(bits.take(16) == 0, "Vorbis: an unknown transform of time")?;
        }
        let floors = (0..=bits.take(6)).map(|_| read_floor(&mut bits, &books)).collect::<Result<Vec<_>>>()?;
        let residues =
            (0..=bits.take(6)).map(|_| Residue::read(&mut bits, &books)).collect::<Result<Vec<_>>>()?;
        let counts = [channels, floors.len(), residues.len()];
        let mappings =
            (0..=bits.take(6)).map(|_| Mapping::read(&mut bits, counts)).collect::<Result<Vec<_>>>()?;
        let modes =
            (0..=bits.take(6)).map(|_| Mode::read(&mut bits, mappings.len())).collect::<Result<Vec<_>>>()?;
        ensure(bits.flag(), "Vorbis: its headers are cut off")?;
        bits.check()?;
        Ok(Setup { channels, rate, lines, books, floors, residues, mappings, modes })
    }
}

/// The length of the first header.
const FIRST: usize = 30;

/// The first and the third of three packets. The lengths of two come first, each a sum of bytes up to one below 255.
fn unlaced(mut laced: &[u8]) -> Option<[&[u8]; 2]> {
    let mut length = || {
        let mut sum = 0;
        loop {
            let (&byte, rest) = laced.split_first()?;
            (sum, laced) = (sum + usize::from(byte), rest);
            if byte < 255 {
                return Some(sum);
            }
        }
    };
    let (first, second) = (length()?, length()?);
    let (first, rest) = laced.split_at_checked(first)?;
    Some([first, rest.get(second..)?])
}

/// Passes over the beginning that each header has.
fn begins(bits: &mut Bits, kind: u32) -> Result<()> {
    let known = bits.take(8) == kind && b"vorbis".iter().all(|&letter| bits.take(8) == u32::from(letter));
    ensure(known, "Vorbis: a header does not begin as one")
}

/// Channels, rate, and the lines of both kinds of blocks.
fn identification(bits: &mut Bits) -> Result<(usize, u32, [usize; 2])> {
    begins(bits, 1)?;
    ensure(bits.take(32) == 0, "Vorbis: an unknown version")?;
    let (channels, rate) = (bits.size(8), bits.take(32));
    for _bit_rate in 0..3 {
        bits.take(32);
    }
    let blocks = [bits.take(4), bits.take(4)];
    let sensible = blocks[0] <= blocks[1] && blocks.iter().all(|block| BLOCKS.contains(block));
    ensure(channels > 0 && rate > 0 && sensible, "Vorbis: no channels, rate or sensible blocks")?;
    ensure(bits.flag(), "Vorbis: its headers are cut off")?;
    bits.check()?;
    Ok((channels, rate, blocks.map(|block| 1 << (block - 1))))
}
