//! Calls that maintain the file: rebuild the neighbour index, compact, export.
use std::path::Path;

use super::{handle::Index, options::MaintainOptions};
#[cfg(doc)]
use crate::error::{Error, IndexError};
use crate::{
    ann::{self, Built},
    error::Result,
    version,
};

impl Index {
    /// Builds the neighbour index again, if the library is large enough for one, and what [`Index::versions`] compares. Reads the
    /// stored fingerprints, no audio. Keeps centroids that were given by [`Index::set_centroids`].
    ///
    /// # Errors
    /// [`Error::Index`] if fingerprints are damaged or the file cannot be written.
    pub fn rebuild(&self) -> Result<Built> {
        self.rebuild_with(MaintainOptions::default())
    }

    /// Like [`Index::rebuild`], with options. The progress counts the tracks for which it makes what [`Index::versions`] compares.
    /// The neighbour index comes after them.
    ///
    /// # Errors
    /// Those of [`Index::rebuild`]; [`Error::Interrupted`]. Then the next call begins with the tracks that were left.
    pub fn rebuild_with(&self, mut options: MaintainOptions<'_>) -> Result<Built> {
        self.only()?.write(|store| {
            // Given centroids are not trained again, so they must stay.
            if store.neighbour_index().is_err() && store.given_centroids()?.is_none() {
                store.write(|batch| batch.clear_neighbours())?;
            }
            let cancel = options.cancel.clone();
            version::fill(store, true, &cancel, |done, total| options.step(done, total))?;
            ann::maintain(store, &options.neighbours.force(true), &options.cancel)
        })
    }

    /// Brings the neighbour index up to date if it needs it, as after many removals or a merge.
    ///
    /// # Errors
    /// Those of [`Index::rebuild`].
    pub fn refresh(&self) -> Result<Built> {
        self.refresh_with(MaintainOptions::default())
    }

    /// Like [`Index::refresh`], with options.
    ///
    /// # Errors
    /// Those of [`Index::rebuild`]; [`Error::Interrupted`].
    pub fn refresh_with(&self, options: MaintainOptions<'_>) -> Result<Built> {
        self.only()?.write(|store| ann::maintain(store, &options.neighbours, &options.cancel))
    }

    /// Gives the space of removed tracks back to the disk. Returns how many bytes that was.
    ///
    /// This writes a copy without gaps beside the index, puts its pages back in one transaction, and removes it. It needs
    /// twice the size of the index in free space meanwhile. Queries go on. If another process writes to the index before
    /// the pages are put back, the copy is made again.
    ///
    /// A call that is cancelled before the transaction ends changes nothing in the index; later, the index is smaller. Either
    /// way, the `-wal` file beside the index may be as large as the index until the next process writes.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`]; [`IndexError::Busy`] if other processes keep writing. The index stays as it was.
    pub fn compact(&self) -> Result<u64> {
        self.compact_with(MaintainOptions::default())
    }

    /// Like [`Index::compact`], with options.
    ///
    /// # Errors
    /// Those of [`Index::compact`]; [`Error::Interrupted`].
    pub fn compact_with(&self, options: MaintainOptions<'_>) -> Result<u64> {
        self.only()?.write(|store| {
            let before = store.totals()?.bytes;
            store.compact(&options.cancel)?;
            Ok(before.saturating_sub(store.totals()?.bytes))
        })
    }

    /// Writes a snapshot of the index to a new file, without a log or gaps, as a backup or to send elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`] if `to` exists or cannot be created; [`Error::Index`] if the disk is full.
    pub fn export(&self, to: impl AsRef<Path>) -> Result<()> {
        self.export_with(to, MaintainOptions::default())
    }

    /// Like [`Index::export`], with options.
    ///
    /// # Errors
    /// Those of [`Index::export`]; [`Error::Interrupted`], and then no file is left.
    pub fn export_with(&self, to: impl AsRef<Path>, options: MaintainOptions<'_>) -> Result<()> {
        options.cancel.check()?;
        self.only()?.reader()?.export(to.as_ref(), &options.cancel)
    }
}
