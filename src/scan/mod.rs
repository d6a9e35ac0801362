//! Scans folders: which files may be audio, what their content is, whether they still exist.
#[cfg(feature = "decode")]
pub(crate) mod content_hash;
#[cfg(feature = "decode")]
pub(crate) mod files;
pub(crate) mod presence;
