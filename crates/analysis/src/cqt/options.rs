//! Options of the constant-Q transform.

/// The frequency of the note C1 in hertz, where A4 is 440 Hz.
pub const C1: f64 = 32.703_195_662_574_83;

/// Options of [`crate::Cqt`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CqtOptions {
    pub(crate) fmin: f64,
    pub(crate) bins: usize,
    pub(crate) bins_per_octave: usize,
    pub(crate) hop: usize,
    pub(crate) tuning: f64,
}

impl Default for CqtOptions {
    /// Seven octaves of twelve bins from C1, a hop of 512.
    fn default() -> Self {
        Self { fmin: C1, bins: 84, bins_per_octave: 12, hop: 512, tuning: 0.0 }
    }
}

impl CqtOptions {
    /// The lowest bin in hertz, before tuning.
    #[must_use]
    pub fn fmin(mut self, fmin: f64) -> Self {
        self.fmin = fmin;
        self
    }

    /// The number of bins, 1 to 1,200.
    #[must_use]
    pub fn bins(mut self, bins: usize) -> Self {
        self.bins = bins;
        self
    }

    /// Bins in an octave, 1 to 240.
    #[must_use]
    pub fn bins_per_octave(mut self, bins_per_octave: usize) -> Self {
        self.bins_per_octave = bins_per_octave;
        self
    }

    /// Samples from one frame to the next, 1 to 2^20.
    #[must_use]
    pub fn hop(mut self, hop: usize) -> Self {
        self.hop = hop;
        self
    }

    /// Raises all frequencies by this many bins, -0.5 to 0.5.
    #[must_use]
    pub fn tuning(mut self, tuning: f64) -> Self {
        self.tuning = tuning;
        self
    }
}
