//! The kind of decoded samples.
use crate::units::SampleRate;

/// The kind of decoded samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Their rate.
    pub rate: SampleRate,
    /// How many channels the file has.
    pub channels: u16,
    #[cfg_attr(not(feature = "acoustid"), allow(dead_code))]
    /// Whether they are finer than 16 bits, as all floating-point numbers are.
    pub fine: bool,
}
