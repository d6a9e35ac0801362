//! Folders to files: which may be audio, what they hold, whether they are still there.
#[cfg(feature = "decode")]
pub(crate) mod content_hash;
#[cfg(feature = "decode")]
pub(crate) mod files;
pub(crate) mod presence;
