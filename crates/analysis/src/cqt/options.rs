//! Options of the constant-Q transform.

/// The frequency of the note C1 in hertz, where A4 is 440 Hz.
pub const C1: f64 = 32.703_195_662_574_83;

/// Options of [`crate::Cqt`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CqtOptions {
    /// The lowest bin in hertz, before tuning.
    pub fmin: f64,
    /// The number of bins, 1 to 1,200.
    pub bins: usize,
    /// Bins in an octave, 1 to 240.
    pub bins_per_octave: usize,
    /// Samples from one frame to the next, 1 to 2^20.
    pub hop: usize,
    /// Raises all frequencies by this many bins, -0.5 to 0.5.
    pub tuning: f64,
}

impl Default for CqtOptions {
    /// Seven octaves of twelve bins from C1, a hop of 512.
    fn default() -> Self {
        Self { fmin: C1, bins: 84, bins_per_octave: 12, hop: 512, tuning: 0.0 }
    }
}

impl CqtOptions {
    /// Sets [`fmin`](Self::fmin).
    #[must_use]
    pub fn fmin(mut self, fmin: f64) -> Self {
        self.fmin = fmin;
        self
    }

    /// Sets [`bins`](Self::bins).
    #[must_use]
    pub fn bins(mut self, bins: usize) -> Self {
        self.bins = bins;
        self
    }

    /// Sets [`bins_per_octave`](Self::bins_per_octave).
    #[must_use]
    pub fn bins_per_octave(mut self, bins_per_octave: usize) -> Self {
        self.bins_per_octave = bins_per_octave;
        self
    }

    /// Sets [`hop`](Self::hop).
    #[must_use]
    pub fn hop(mut self, hop: usize) -> Self {
        self.hop = hop;
        self
    }

    /// Sets [`tuning`](Self::tuning).
    #[must_use]
    pub fn tuning(mut self, tuning: f64) -> Self {
        self.tuning = tuning;
        self
    }
}
