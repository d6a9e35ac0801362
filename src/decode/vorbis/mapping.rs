//! Mappings: which floor and residue each channel has, and which channels are coupled (4.2.4).
use super::bits::Bits;
use super::numbers::bits_of;
use crate::decode::damage::{Result, ensure};

/// The setup of a mapping.
pub(super) struct Mapping {
    /// Pairs of channels: magnitude and angle.
    pub couplings: Vec<[usize; 2]>,
    /// The floor of each channel.
    pub floors: Vec<usize>,
    pub submaps: Vec<Submap>,
}

/// Channels with a residue in common.
pub(super) struct Submap {
    pub residue: usize,
    pub channels: Vec<usize>,
}

/// A kind of packet.
pub(super) struct Mode {
    pub long: bool,
    pub mapping: usize,
}

impl Mapping {
    /// For so many channels, floors and residues.
    pub fn read(bits: &mut Bits, [channels, floors, residues]: [usize; 3]) -> Result<Mapping> {
        ensure(bits.take(16) == 0, "Vorbis: an unknown kind of mapping")?;
        let count = if bits.flag() { bits.size(4) + 1 } else { 1 };
        let mut couplings = Vec::new();
        if bits.flag() {
            let width = bits_of(channels as u32 - 1);
            for _ in 0..bits.size(8) + 1 {
                let pair = [bits.size(width), bits.size(width)];
                let known = pair[0] != pair[1] && pair.iter().all(|&channel| channel < channels);
                ensure(known, "Vorbis: channels that cannot be coupled")?;
                couplings.push(pair);
            }
        }
        ensure(bits.take(2) == 0, "Vorbis: a mapping with reserved bits")?;
        let mut numbers = vec![0; channels];
        if count > 1 {
            numbers.iter_mut().for_each(|number| *number = bits.size(4));
        }
        ensure(numbers.iter().all(|&number| number < count), "Vorbis: a channel without its mapping")?;
        let (mut submaps, mut of_submaps) = (Vec::new(), Vec::new());
        for submap in 0..count {
            let _unused = bits.take(8);
            let (floor, residue) = (bits.size(8), bits.size(8));
            ensure(floor < floors && residue < residues, "Vorbis: a mapping without its floor or residue")?;
            let channels = (0..channels).filter(|&channel| numbers[channel] == submap).collect();
            submaps.push(Submap { residue, channels });
            of_submaps.push(floor);
        }
        bits.check()?;
        Ok(Mapping { couplings, floors: numbers.iter().map(|&number| of_submaps[number]).collect(), submaps })
    }
}

impl Mode {
    /// For so many mappings.
    pub fn read(bits: &mut Bits, mappings: usize) -> Result<Mode> {
        let long = bits.flag();
        ensure(bits.take(16) == 0 && bits.take(16) == 0, "Vorbis: an unknown window or transform")?;
        let mapping = bits.size(8);
        ensure(mapping < mappings, "Vorbis: a mode without its mapping")?;
        Ok(Mode { long, mapping })
    }
}
