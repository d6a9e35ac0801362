//! Scans folders: which files may be audio, what their content is, whether they still exist.
pub(crate) mod content_hash;
pub(crate) mod files;
pub(crate) mod presence;
