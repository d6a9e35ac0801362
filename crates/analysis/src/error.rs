//! Errors of the transforms.

/// The largest magnitude of a sample. Squares of sums of samples must stay finite in single precision.
pub const MAX_AMPLITUDE: f32 = 1e6;

/// Why a transform could not be planned or run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A parameter is out of range, or contradicts another one.
    #[error("{name} is {got}, must be {expected}")]
    #[non_exhaustive]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// Its value.
        got: f64,
        /// The values that are allowed.
        expected: String,
    },
    /// A sample is NaN, infinite or larger than [`MAX_AMPLITUDE`].
    #[error("sample {at} is {value}; samples must be finite and at most {limit} in magnitude, where full scale is 1", limit = MAX_AMPLITUDE)]
    #[non_exhaustive]
    Sample {
        /// The number of the sample, from 0.
        at: usize,
        /// Its value.
        value: f32,
    },
}

impl AnalysisError {
    /// Returns `Ok` if `holds`, else the error for parameter `name`.
    pub(crate) fn ensure(holds: bool, name: &'static str, got: f64, expected: &str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Parameter { name, got, expected: expected.to_owned() }) }
    }
}
