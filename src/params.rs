//! The frozen, numbered analysis parameters. A fingerprint is only comparable with one of the same number,
//! so a number's values never change: another value is another number.
use crate::units::SampleRate;

/// One set of analysis parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Params {
    /// The number under which the set is stored in an index.
    pub id: u32,
    /// Every recording is brought to this rate, mono.
    pub sample_rate: SampleRate,
}

/// The set in use.
pub const CURRENT: Params = Params { id: 1, sample_rate: SampleRate(11_025) };
