//! From audio to what an index keeps or a query looks up. Builds, additions and queries all go this way.
//!
//! [`samples`] resamples decoded blocks to the analysed rate. [`track`] computes the fingerprint of a whole track.
//! [`chunks`] computes the chunks of a query.
pub mod chunks;
#[cfg(all(test, feature = "decode"))]
mod golden;
pub(crate) mod samples;
pub mod track;
