//! Files to an index: what is new, changed, moved, missing or there again.
//!
//! [`update`] compares the files with what the index knows and makes [`job`]s of what must be read. [`workers`] hash and
//! analyse in parallel, one [`writer`] commits in the order of the files.
pub(crate) mod contents;
pub(crate) mod events;
pub(crate) mod job;
pub(crate) mod options;
pub(crate) mod record;
pub(crate) mod update;
pub(crate) mod workers;
pub(crate) mod writer;
