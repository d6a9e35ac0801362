//! When the index is made or changed, and what was done to it.

/// An index is made from this many windows on. Below, comparing with every window is as fast.
pub const MIN_WINDOWS: u64 = 300_000;
/// This many windows, some 350 tracks, may be outside of the lists before they are inserted. Searches scan them.
pub const MAX_UNINDEXED: u64 = 100_000;

/// When to make, update or retrain the index.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// A library with fewer windows has no index.
    pub min_windows: u64,
    /// Windows that may be outside of the lists before they are inserted.
    pub max_unindexed: u64,
    /// The number of centroids; `None` chooses it by the number of windows.
    pub centroids: Option<usize>,
    /// Train a new index even if the present one is good enough.
    pub force: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { min_windows: MIN_WINDOWS, max_unindexed: MAX_UNINDEXED, centroids: None, force: false }
    }
}

impl Options {
    /// Sets [`min_windows`](Self::min_windows).
    #[must_use]
    pub fn min_windows(mut self, min_windows: u64) -> Self {
        self.min_windows = min_windows;
        self
    }

    /// Sets [`max_unindexed`](Self::max_unindexed).
    #[must_use]
    pub fn max_unindexed(mut self, max_unindexed: u64) -> Self {
        self.max_unindexed = max_unindexed;
        self
    }

    /// Sets [`centroids`](Self::centroids).
    #[must_use]
    pub fn centroids(mut self, centroids: Option<usize>) -> Self {
        self.centroids = centroids;
        self
    }

    /// Sets [`force`](Self::force).
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }
}

/// What was done to the neighbour index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Built {
    /// Nothing: the library is too small for an index. An old one was dropped.
    TooFew,
    /// Nothing: the present index is good enough.
    Fresh,
    /// The present index was updated.
    Updated {
        /// Windows that were inserted into its lists.
        added: u64,
        /// Windows of removed tracks that were taken out of its lists.
        dropped: u64,
    },
    /// A new index was trained.
    New {
        /// Its centroids.
        centroids: u32,
        /// The windows in its lists.
        windows: u64,
    },
}
