//! The description of a track, as MP4 and Matroska have it (AudioSpecificConfig; ISO/IEC 14496-3, 1.6.2.1).
use super::bands::RATES;
use super::bits::{Bits, Packet};
use super::layout::Layout;

/// The core of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(super) rate: u32,
    /// None if the first frame says it.
    pub(super) layout: Option<Layout>,
}

impl Config {
    /// Reads a description. Returns `None` unless this decoder can decode the core: AAC-LC with frames of 1,024 samples.
    pub(crate) fn read(description: &[u8]) -> Option<Config> {
        let mut packet = Packet::default();
        packet.fill(description.get(..description.len().min(512))?);
        let mut bits = packet.bits();
        let mut object = bits.take(5);
        let read_rate = |bits: &mut Bits| match bits.size(4) {
            15 => bits.take(24),
            index => RATES.get(index).copied().unwrap_or(0),
        };
        let rate = read_rate(&mut bits);
        let channels = bits.take(4);
        // The rate of the whole sound is said before the core.
        if object == 5 || object == 29 {
            read_rate(&mut bits);
            object = bits.take(5);
        }
        let short_frames = bits.flag();
        if bits.flag() {
            bits.skip(14);
        }
        let _extension = bits.flag();
        bits.check().ok()?;
        let layout = match channels {
            0 => Layout::read(&mut bits).ok(),
            number => Some(Layout::of_configuration(number)?),
        };
        (object == 2 && !short_frames && rate > 0).then_some(Config { rate, layout })
    }

    /// The rate of the core.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_cores() {
        let stereo = |rate| Some(Config { rate, layout: Layout::of_configuration(2) });
        assert_eq!(Config::read(&[0x12, 0x10]), stereo(44_100));
        assert_eq!(Config::read(&[0x12, 0x10, 0x56, 0xe5, 0x00]), stereo(44_100));
        // HE-AAC said before the core.
        assert_eq!(Config::read(&[0x2b, 0x92, 0x08, 0x00]), stereo(22_050));
        // A rate as a number.
        assert_eq!(Config::read(&[0x17, 0x80, 0x56, 0x22, 0x10]), stereo(44_100));
        // AAC Main, frames of 960 samples, a reserved rate, too short.
        for other in [&[0x0a, 0x10][..], &[0x12, 0x14], &[0x16, 0x90], &[0x12], &[]] {
            assert_eq!(Config::read(other), None);
        }
    }
}
