//! The index handle that programs hold.
use std::path::{Path, PathBuf};

use super::connections::Connections;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// An open index file.
///
/// Any number of threads can use one handle at once: share it by reference, or in an [`Arc`](std::sync::Arc). Each
/// call that reads sees the last committed state and has a connection of its own, which is kept for later calls.
/// Reading calls never wait. Calls that write take turns, while others read. Other processes may have the same file
/// open, and one of them may write.
///
/// [`Index::open_or_create`] and [`Index::open_to_write`] do not change an existing file. The first call that writes
/// brings a file of an older format up to date, in one transaction.
#[derive(Debug)]
pub struct Index {
    pub(super) connections: Connections,
}

impl Index {
    /// Opens an index for reading.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no index, or if this version cannot read the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open(path.as_ref()).map(|connections| Self { connections })
    }

    /// Opens an index for reading and writing. Creates it if it does not exist.
    ///
    /// # Errors
    /// Those of [`Index::open`]; also if a new file cannot be created. Whether an existing file can be written shows
    /// in the first call that writes.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_or_create(path.as_ref()).map(|connections| Self { connections })
    }

    /// Opens an existing index for reading and writing.
    ///
    /// # Errors
    /// Those of [`Index::open`].
    pub fn open_to_write(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_to_write(path.as_ref()).map(|connections| Self { connections })
    }

    /// The path of the file, as it was given.
    pub fn path(&self) -> &Path {
        self.connections.path()
    }

    /// Whether the index has any tracks. For the command.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    #[doc(hidden)]
    pub fn has_tracks(&self) -> Result<bool> {
        self.connections.reader()?.has_tracks()
    }

    /// Calls `each` with the path of every file that gave no fingerprint, and the reason.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read; errors of `each`.
    pub fn failures(&self, each: impl FnMut(PathBuf, String) -> Result<()>) -> Result<()> {
        self.connections.reader()?.failures(each)
    }

    /// Closes the index and leaves one file, without a log beside it. Dropping does the same, but cannot report
    /// errors.
    ///
    /// # Errors
    /// [`Error::Index`] if the disk is full or fails.
    pub fn close(self) -> Result<()> {
        self.connections.close()
    }
}
