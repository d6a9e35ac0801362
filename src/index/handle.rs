//! The handle that programs hold.
use std::path::{Path, PathBuf};

use super::connections::Connections;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// An index file that is open.
///
/// A handle is for any number of threads at once: share it by reference, or in an [`Arc`](std::sync::Arc). Each call that
/// reads works on the last committed state, with a connection of its own that is kept for the next call; reading calls
/// never wait for anything. Calls that write take turns, and others read meanwhile. Other processes may have the
/// same file open, one of them writing.
///
/// Whatever is given to [`Index::open_or_create`] or [`Index::open_to_write`], nothing is written to a file that is there
/// before the first call that writes: one of an older format is then brought up to date, in one transaction.
#[derive(Debug)]
pub struct Index {
    pub(super) connections: Connections,
}

impl Index {
    /// Opens an index for reading.
    ///
    /// # Errors
    /// [`Error::Index`] where there is none, or where the file is not one that this version can read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open(path.as_ref()).map(|connections| Self { connections })
    }

    /// Opens an index for reading and writing, and makes it where there is none.
    ///
    /// # Errors
    /// As [`Index::open`]; and where a new file cannot be made. Whether one that is there can be written shows when it is.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_or_create(path.as_ref()).map(|connections| Self { connections })
    }

    /// Opens an index for reading and writing that is there already.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_to_write(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_to_write(path.as_ref()).map(|connections| Self { connections })
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        self.connections.path()
    }

    /// Whether there is anything to be found.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn has_tracks(&self) -> Result<bool> {
        self.connections.reader()?.has_tracks()
    }

    /// Calls `each` with every file that gave no fingerprint and the reason.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read; whatever `each` gives.
    pub fn failures(&self, each: impl FnMut(PathBuf, String) -> Result<()>) -> Result<()> {
        self.connections.reader()?.failures(each)
    }

    /// Leaves one file behind, without a log beside it, and closes it. Dropping does the same, but cannot say
    /// what went wrong.
    ///
    /// # Errors
    /// [`Error::Index`] where the disk is full or fails.
    pub fn close(self) -> Result<()> {
        self.connections.close()
    }
}
