//! What a search returns.
use std::cmp::Ordering;

use crate::{store::TrackId, units::Frames};

/// A stored window that is near a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hit {
    /// Its track.
    pub track: TrackId,
    /// Its first frame.
    pub position: Frames,
    /// Its dot product with the query.
    pub dot: i32,
}

impl Hit {
    /// The window of `track` that begins at `position`, whose dot product with the query is `dot`.
    pub fn new(track: TrackId, position: Frames, dot: i32) -> Self {
        Self { track, position, dot }
    }

    /// Best first: the greater dot product; of equal ones the lower track, then the lower position.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        other.dot.cmp(&self.dot).then(self.track.cmp(&other.track)).then(self.position.cmp(&other.position))
    }
}
