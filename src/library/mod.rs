//! What a query asks of a library: the tracks of one index file, or of several as if they were in one.
//!
//! | file | |
//! |---|---|
//! | `source` | what a library is |
//! | `files` | files that this process has open |
//! | `numbers` | how the tracks of several files are numbered |
//! | `same_content` | tracks with the same content in several files |
mod files;
pub(crate) mod numbers;
pub(crate) mod same_content;
mod source;

pub(crate) use files::{Files, Opened};
pub(crate) use source::{Held, Library, Search, Stretch};
