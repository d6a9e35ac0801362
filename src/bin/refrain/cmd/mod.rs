//! One file a command.
pub mod analyze;
pub mod fingerprint;
pub mod index_build;
pub mod index_compact;
pub mod index_errors;
pub mod index_export;
pub mod index_info;
pub mod index_list;
pub mod index_merge;
pub mod index_prune;
pub mod index_rebuild;
pub mod index_relocate;
pub mod index_remove;
pub mod index_update;
pub mod index_verify;
mod progress;
pub mod query;
