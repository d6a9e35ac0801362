//! Options of harmonic-percussive separation.
use crate::{error::AnalysisError, median::FAST};

/// Options of [`crate::Hpss`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HpssOptions {
    pub(crate) harmonic_kernel: usize,
    pub(crate) percussive_kernel: usize,
    pub(crate) power: f32,
    pub(crate) harmonic_margin: f32,
    pub(crate) percussive_margin: f32,
}

impl Default for HpssOptions {
    /// Windows of 31, power 2, no margins.
    fn default() -> Self {
        Self {
            harmonic_kernel: FAST,
            percussive_kernel: FAST,
            power: 2.0,
            harmonic_margin: 1.0,
            percussive_margin: 1.0,
        }
    }
}

impl HpssOptions {
    /// Frames in the window of the harmonic median: odd, 1 to 255.
    #[must_use]
    pub fn harmonic_kernel(mut self, harmonic_kernel: usize) -> Self {
        self.harmonic_kernel = harmonic_kernel;
        self
    }

    /// Bins in the window of the percussive median: odd, 1 to 255.
    #[must_use]
    pub fn percussive_kernel(mut self, percussive_kernel: usize) -> Self {
        self.percussive_kernel = percussive_kernel;
        self
    }

    /// The exponent of the medians, above 0: larger ones split more sharply. Infinite for masks of 0 and 1.
    #[must_use]
    pub fn power(mut self, power: f32) -> Self {
        self.power = power;
        self
    }

    /// The harmonic median counts if it is at least this many times the percussive one, 1 to 1,000,000. Above 1, a part of the
    /// sound is neither harmonic nor percussive.
    #[must_use]
    pub fn harmonic_margin(mut self, harmonic_margin: f32) -> Self {
        self.harmonic_margin = harmonic_margin;
        self
    }

    /// The percussive median counts if it is at least this many times the harmonic one, 1 to 1,000,000.
    #[must_use]
    pub fn percussive_margin(mut self, percussive_margin: f32) -> Self {
        self.percussive_margin = percussive_margin;
        self
    }

    /// Checks the range of every option.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] for the first option out of range.
    pub(super) fn check(&self) -> Result<(), AnalysisError> {
        let must = AnalysisError::ensure;
        for (name, kernel) in
            [("harmonic_kernel", self.harmonic_kernel), ("percussive_kernel", self.percussive_kernel)]
        {
            let odd = kernel % 2 == 1 && kernel <= 255;
            must(odd, name, kernel as f64, "odd, 1 to 255")?;
        }
        must(self.power > 0.0, "power", self.power.into(), "above 0")?;
        for (name, margin) in
            [("harmonic_margin", self.harmonic_margin), ("percussive_margin", self.percussive_margin)]
        {
            must((1.0..=1e6).contains(&margin), name, margin.into(), "1 to 1,000,000")?;
        }
        Ok(())
    }
}
