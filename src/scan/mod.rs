//! Folders to files: which may be audio, what they hold, whether they are still there.
pub(crate) mod content_hash;
pub(crate) mod files;
pub(crate) mod presence;
