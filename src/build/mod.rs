//! From files to an index: finds new, changed, moved, missing and returned files.
//!
//! [`update`] compares the files with the index and makes a [`job`] for each file that must be read.
//! [`workers`] hash and analyse in parallel. One [`writer`] commits the results in the order of the files.
pub(crate) mod contents;
pub(crate) mod events;
pub(crate) mod job;
pub(crate) mod options;
pub(crate) mod record;
mod refuser;
pub(crate) mod update;
pub(crate) mod workers;
pub(crate) mod writer;
