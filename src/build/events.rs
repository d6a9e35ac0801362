//! What a build reports while it runs, and its summary.
use std::{path::PathBuf, sync::Arc};

use crate::{decode::Warning, error::Error, units::Seconds};

/// What happens during a build.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildEvent {
    /// The folders were scanned.
    #[non_exhaustive]
    Found {
        /// Files that may be audio.
        files: usize,
        /// How many of them are new or changed and will be read.
        new: usize,
        /// Total bytes of the files that will be read.
        new_bytes: u64,
    },
    /// The index knows the content of this file. The next commit stores the file.
    #[non_exhaustive]
    Recognised {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A known file moved.
    #[non_exhaustive]
    Moved {
        /// Its old path.
        from: PathBuf,
        /// Its new path.
        to: PathBuf,
    },
    /// A known file is gone and was marked as missing.
    #[non_exhaustive]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A folder that was indexed is gone. Its files count as missing.
    #[non_exhaustive]
    Unavailable {
        /// The folder.
        path: PathBuf,
    },
    /// A file was analysed. The next commit stores it.
    #[non_exhaustive]
    Added {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// How long it plays.
        duration: Seconds,
        /// Problems that did not prevent its use.
        warnings: Vec<Warning>,
    },
    /// A file gave no fingerprint.
    #[non_exhaustive]
    Failed {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// Why.
        error: Arc<Error>,
    },
    /// The neighbour index is being brought up to date.
    Neighbours,
}

/// A file or folder that could not be used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedFile {
    /// The file.
    pub path: PathBuf,
    /// Why. Files of the same content share one error, which names the first of them.
    pub error: Arc<Error>,
}

/// What a build did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BuildSummary {
    /// Files that may be audio.
    pub found: usize,
    /// Files that are in the index and have not changed.
    pub unchanged: usize,
    /// Files that had already failed before and have not changed.
    pub still_bad: usize,
    /// Files analysed and added.
    pub added: usize,
    /// How many of the added files kept their track and only got new tags.
    pub retagged: usize,
    /// Files that moved: their content is known under a path that no longer exists.
    pub moved: usize,
    /// Copies: files whose content is also known under another, existing path.
    pub copies: usize,
    /// Files that were missing and are back.
    pub returned: usize,
    /// Files that turned out to be missing.
    pub missing: usize,
    /// Files that are still missing.
    pub still_missing: usize,
    /// Total duration of the added files.
    pub added_duration: Seconds,
    /// Files and folders that could not be used.
    pub failed: Vec<FailedFile>,
}
