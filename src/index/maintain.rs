//! Keeping the file in shape: its neighbour index, its room, copies of it.
use std::path::Path;

use super::{handle::Index, options::MaintainOptions};
#[cfg(doc)]
use crate::error::{Error, IndexError};
use crate::{
    ann::{self, Built},
    error::Result,
};

impl Index {
    /// Makes the neighbour index again, where the library is large enough for one. It is made from the fingerprints; no
    /// audio is read.
    ///
    /// # Errors
    /// [`Error::Index`] where the fingerprints are damaged or the file cannot be written.
    pub fn rebuild(&self) -> Result<Built> {
        self.rebuild_with(MaintainOptions::default())
    }

    /// As [`Index::rebuild`], with options.
    ///
    /// # Errors
    /// As [`Index::rebuild`]; [`Error::Interrupted`].
    pub fn rebuild_with(&self, options: MaintainOptions<'_>) -> Result<Built> {
        self.connections.write(|store| {
            if store.neighbour_index().is_err() {
                store.write(|batch| batch.clear_neighbours())?;
            }
            ann::maintain(store, &options.neighbours.force(true), &options.cancel)
        })
    }

    /// Brings the neighbour index up to date where it has fallen behind, as after many removals or a merge.
    ///
    /// # Errors
    /// As [`Index::rebuild`].
    pub fn refresh(&self) -> Result<Built> {
        self.refresh_with(MaintainOptions::default())
    }

    /// As [`Index::refresh`], with options.
    ///
    /// # Errors
    /// As [`Index::rebuild`]; [`Error::Interrupted`].
    pub fn refresh_with(&self, options: MaintainOptions<'_>) -> Result<Built> {
        self.connections.write(|store| ann::maintain(store, &options.neighbours, &options.cancel))
    }

    /// Gives the room of removed tracks back to the disk; returns how many bytes.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`]: SQLite writes the file anew, which takes its size once more meanwhile. The index is as it was
    /// then.
    pub fn compact(&self) -> Result<u64> {
        self.compact_with(MaintainOptions::default())
    }

    /// As [`Index::compact`], with options.
    ///
    /// # Errors
    /// As [`Index::compact`]; [`Error::Interrupted`].
    pub fn compact_with(&self, options: MaintainOptions<'_>) -> Result<u64> {
        self.connections.write(|store| {
            let before = store.totals()?.bytes;
            store.compact(&options.cancel)?;
            Ok(before.saturating_sub(store.totals()?.bytes))
        })
    }

    /// Writes the index as it is now to a new file, which needs no log and has no gaps: to be sent elsewhere, or kept.
    ///
    /// # Errors
    /// [`Error::Io`] where a file is there already or none can be made; [`Error::Index`] where the disk is full.
    pub fn export(&self, to: impl AsRef<Path>) -> Result<()> {
        self.export_with(to, MaintainOptions::default())
    }

    /// As [`Index::export`], with options.
    ///
    /// # Errors
    /// As [`Index::export`]; [`Error::Interrupted`]. No file is left behind then.
    pub fn export_with(&self, to: impl AsRef<Path>, options: MaintainOptions<'_>) -> Result<()> {
        options.cancel.check()?;
        self.connections.reader()?.export(to.as_ref(), &options.cancel)
    }
}
