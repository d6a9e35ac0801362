//! From audio to what an index keeps or a query looks up: one way for builds, additions and queries.
//!
//! `samples` brings decoded blocks to the analysed rate, [`track`] makes a fingerprint of them, [`chunks`] makes the chunks
//! that a query is answered by.
pub mod chunks;
pub(crate) mod samples;
pub mod track;
