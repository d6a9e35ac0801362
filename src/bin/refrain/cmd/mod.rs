//! One file a command.
pub mod analyze;
pub mod index_build;
pub mod index_info;
pub mod query;
