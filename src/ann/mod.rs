//! Nearest fingerprint windows: all of them looked at ([`nearest_exact`]), or the lists of the nearest centroids
//! ([`Searcher`] with an index made by [`build`]).
//!
//! Vectors are i8 and all about equally long, so that the greatest dot product is the nearest by cosine. Results are
//! the best first, of equal ones the lower track and position, and the same on every machine.
//!
//! The index is derived from the windows: some thousand centroids, the windows nearest to each in a list, and a graph
//! over the centroids. It carries what it was built from; tracks that were added since are looked at one by one until they
//! are put into the lists, removed ones are passed over, and one of other parameters is not used.
mod append;
mod build;
mod dot;
mod exact;
mod graph;
mod kmeans;
mod scan;
mod search;
mod top;
mod train;

use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    store::{NeighbourIndex, Store, TrackId},
    units::Frames,
};

pub use build::{Built, LEAST_WINDOWS, MOST_UNLISTED, Options, build, catch_up};
pub use exact::nearest as nearest_exact;
pub use search::{Route, Searcher};

/// A window near a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its track.
    pub track: TrackId,
    /// Its first frame.
    pub position: Frames,
    /// Its dot product with the query.
    pub dot: i32,
}

/// Whether an index can be used on what is stored beside it.
fn usable(store: &Store, index: &NeighbourIndex) -> bool {
    index.parameter_set == store.params().id
        && (1..=1 << 16).contains(&index.centroid_count)
        && index.entry < index.centroid_count
}

/// Whether work goes on: [`Error::Interrupted`] once `cancel` is set.
fn go_on(cancel: &CancelToken) -> impl Fn() -> Result<()> {
    || if cancel.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
}

/// Numbers for tests, the same each time.
#[cfg(test)]
fn random(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
}
