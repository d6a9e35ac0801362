//! Nearest fingerprint windows: approximate by an inverted file ([`Searcher`]), or exact ([`nearest_exact`]).
//!
//! The index is an inverted file (IVF). k-means gives some thousand centroids. Each has a posting list: the windows that
//! are nearest to it. A search compares each query with the centroids and reads the lists of the nearest ones; their
//! number is what the literature calls `nprobe`. A graph over the centroids (HNSW) finds the nearest of very many.
//!
//! Vectors are i8 and all about equally long, so that the greatest dot product is the nearest by cosine. Hits come best
//! first; of equal ones the lower track and position comes first. They are the same on every machine.
//!
//! The index is derived from the windows and records which tracks it was made from. A search scans the windows of tracks
//! that were added later, skips tracks that were removed, and does not use an index of other parameters. [`maintain()`]
//! keeps all this small: it inserts what was added into the lists, takes out what was removed, and trains new centroids
//! when the library has grown or shrunk too much for the old ones.
//!
//! | file | |
//! |---|---|
//! | `options`, `hit` | what callers give and get |
//! | `maintain` | decides what has to be done to an index |
//! | `train`, `kmeans`, `graph` | make a new one |
//! | `common` | gives several files the same centroids |
//! | `insert` | adds windows to its lists |
//! | `generation` | the index in memory, shared by searches |
//! | `search`, `lists`, `scan`, `exact`, `top_k`, `kernel` | find the nearest windows |
//! | `part`, `budget` | several files that are searched as one; how many of their lists are read |
//! | `self_join`, `buckets` | find which windows of the library are near each other |
mod buckets;
mod budget;
mod common;
mod exact;
#[cfg(test)]
mod fixture;
mod generation;
mod graph;
mod hit;
mod insert;
mod kernel;
mod kmeans;
mod lists;
mod maintain;
mod options;
mod part;
mod scan;
mod search;
mod self_join;
#[cfg(test)]
mod tests;
mod top_k;
mod train;

pub use buckets::Buckets;
pub(crate) use budget::Depth;
pub use common::{Centroids, centroids, sample as sample_windows, set as set_centroids};
pub use exact::nearest as nearest_exact;
pub use generation::SearchCache;
pub use hit::Hit;
pub(crate) use kernel::{Kernel, LANES, Panel, Queries, Scores};
pub use maintain::{catch_up, maintain};
pub use options::{Built, MAX_UNINDEXED, MIN_WINDOWS, Options};
pub use part::{Hidden, Part};
pub use search::{Route, Searcher};
pub use self_join::{Asked, Further, SelfJoin};
pub(crate) use top_k::merged;
