//! What can be wrong with what the transforms are given.

/// Why a transform was not made, or not done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A parameter is outside its range, by itself or beside the others.
    #[error("{name} is {got}, must be {expected}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// Its value.
        got: f64,
        /// What it must be.
        expected: String,
    },
    /// A sample is NaN, infinite, or so large that squares of sums of samples would not be finite.
    #[error("sample {at} is {value}; samples must be finite and at most {limit} in magnitude, where full scale is 1", limit = super::LOUDEST)]
    Sample {
        /// Its number, from 0.
        at: usize,
        /// Its value.
        value: f32,
    },
}

impl AnalysisError {
    /// `Ok` where `holds`, else that parameter's error.
    pub(super) fn unless(holds: bool, name: &'static str, got: f64, expected: &str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Parameter { name, got, expected: expected.to_owned() }) }
    }
}
