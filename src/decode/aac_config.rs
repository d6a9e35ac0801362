//! The description of AAC in MP4 and Matroska, and what of it a decoder of the core needs.
//!
//! HE-AAC is AAC-LC at half of the rate, the core, from which a decoder computes the upper half of the spectrum (SBR) and,
//! in its second version, a second channel (PS). The analysis ends at 3.5 kHz, below the lowest upper half. So the core is
//! enough.
use crate::error::AudioError;

/// AAC-LC, which most files contain.
const LC: u32 = 2;

/// A decoder of all of HE-AAC is late by so many samples of the core.
pub(super) const HE_DELAY: usize = 481;

/// Whether `config` says that there is more than the core.
pub(super) fn is_he(config: &[u8]) -> bool {
    let mut bits = Bits { bytes: config, at: 0 };
    let Some(first) = object(&mut bits) else { return false };
    if first == 5 || first == 29 {
        return true;
    }
    // After the description of the core: a word to know it by, SBR, and whether there is any.
    let mut bits = Bits { bytes: config, at: 0 };
    let after = Config::read(&mut bits).filter(|config| config.object == LC).and_then(|_| bits.take(2));
    after == Some(0) && bits.take(11) == Some(0x2b7) && bits.take(5) == Some(5) && bits.take(1) == Some(1)
}

/// Describes the core of what `config` describes. Returns `None` if `config` does not say what it is.
///
/// # Errors
/// [`AudioError::Unsupported`] if that is another kind than AAC-LC.
pub(super) fn core(config: &[u8]) -> Result<Option<Box<[u8]>>, AudioError> {
    match Config::read(&mut Bits { bytes: config, at: 0 }) {
        None => Ok(None),
        Some(config) if config.object != LC => Err(AudioError::Unsupported(name(config.object))),
        Some(config) => Ok(Some(config.write())),
    }
}

/// What is read of a description.
struct Config {
    object: u32,
    rate_index: u32,
    /// The rate, if the index does not say it.
    rate: u32,
    channels: u32,
    short_frames: u32,
}

impl Config {
    fn read(bits: &mut Bits) -> Option<Config> {
        let mut object = object(bits)?;
        let (rate_index, rate) = rate(bits)?;
        let channels = bits.take(4)?;
        // SBR, or SBR with PS, said before the core.
        if object == 5 || object == 29 {
            rate_of_output(bits)?;
            object = self::object(bits)?;
        }
        let short_frames = bits.take(1)?;
        Some(Config { object, rate_index, rate, channels, short_frames })
    }

    fn write(&self) -> Box<[u8]> {
        let mut all = u64::from(self.object << 4 | self.rate_index);
        let mut count = 9;
        if self.rate_index == 15 {
            all = all << 24 | u64::from(self.rate);
            count += 24;
        }
        all = all << 7 | u64::from(self.channels << 3 | self.short_frames << 2);
        count += 7;
        all.wrapping_shl(64 - count).to_be_bytes()[..count.div_ceil(8) as usize].into()
    }
}

fn object(bits: &mut Bits) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        object => Some(object),
    }
}

fn rate(bits: &mut Bits) -> Option<(u32, u32)> {
    let index = bits.take(4)?;
    Some((index, if index == 15 { bits.take(24)? } else { 0 }))
}

fn rate_of_output(bits: &mut Bits) -> Option<()> {
    rate(bits).map(drop)
}

/// Bits from the highest of the first byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bytes.get(self.at / 8)? >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

/// What people call this kind of AAC.
fn name(object: u32) -> String {
    match object {
        1 => "AAC Main profile".into(),
        3 => "AAC SSR profile".into(),
        4 => "AAC LTP profile".into(),
        6 | 20 => "scalable AAC".into(),
        17 | 19 => "error-resilient AAC".into(),
        23 => "AAC-LD".into(),
        39 => "AAC-ELD".into(),
        42 => "xHE-AAC".into(),
        other => format!("MPEG-4 audio of type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_of_every_kind_of_he_aac() {
        let core = |config: &[u8]| core(config).map(|found| found.map(Vec::from));
        let stereo_22050 = Ok(Some(vec![0x13, 0x90]));
        // As it is, with SBR said before, with SBR said after it.
        assert_eq!(core(&[0x13, 0x90]), stereo_22050);
        assert_eq!(core(&[0x2b, 0x92, 0x08, 0x00]), stereo_22050);
        assert_eq!(core(&[0x13, 0x90, 0x56, 0xe5, 0xa0]), stereo_22050);
        // SBR and PS: one channel at 24,000 Hz.
        assert_eq!(core(&[0xeb, 0x09, 0x88, 0x00]), Ok(Some(vec![0x13, 0x08])));
        // 44,100 Hz as a number.
        assert_eq!(core(&[0x17, 0x80, 0x56, 0x22, 0x10]), Ok(Some(vec![0x17, 0x80, 0x56, 0x22, 0x10])));
        assert_eq!(core(&[0x13]), Ok(None));
        assert_eq!(core(&[]), Ok(None));
    }

    #[test]
    fn he_aac_is_known_by_its_description() {
        for (config, he) in [
            (&[0x13, 0x90][..], false),
            (&[0x2b, 0x92, 0x08, 0x00], true),
            (&[0x13, 0x90, 0x56, 0xe5, 0xa0], true),
            (&[0x13, 0x90, 0x56, 0xe5, 0x00], false),
            (&[0xeb, 0x09, 0x88, 0x00], true),
            (&[], false),
        ] {
            assert_eq!(is_he(config), he, "{config:?}");
        }
    }

    #[test]
    fn other_kinds_have_names() {
        assert_eq!(core(&[0x0a, 0x10]), Err(AudioError::Unsupported("AAC Main profile".into())));
        assert_eq!(core(&[0x22, 0x10]), Err(AudioError::Unsupported("AAC LTP profile".into())));
        assert_eq!(core(&[0xf9, 0x48, 0x40, 0x00]), Err(AudioError::Unsupported("xHE-AAC".into())));
    }
}
