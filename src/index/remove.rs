//! Removes files from an index.
use std::path::{Path, PathBuf};

use super::{handle::Index, options::MaintainOptions};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// How many files are removed in one transaction.
const REMOVED_TOGETHER: usize = 256;

impl Index {
    /// Removes files from the index, and tracks that have no other file. Returns how many of the files the index
    /// knew. Leaves the files on the disk alone.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be written. Files removed by then stay removed.
    pub fn remove(&self, paths: &[PathBuf]) -> Result<usize> {
        self.remove_with(paths, MaintainOptions::default())
    }

    /// Like [`Index::remove`], with options.
    ///
    /// # Errors
    /// Those of [`Index::remove`]; [`Error::Interrupted`].
    pub fn remove_with(&self, paths: &[PathBuf], mut options: MaintainOptions<'_>) -> Result<usize> {
        self.only()?.write(|store| {
            let _cancellable = store.cancellable(&options.cancel);
            let mut removed = 0;
            for (number, together) in paths.chunks(REMOVED_TOGETHER).enumerate() {
                options.step((number * REMOVED_TOGETHER) as u64, paths.len() as u64)?;
                removed += store.write(|batch| {
                    let mut removed = 0;
                    for path in together {
                        removed += usize::from(batch.remove(path)?);
                    }
                    Ok(removed)
                })?;
            }
            Ok(removed)
        })
    }

    /// Forgets the indexed folders at or below `path`, so that [`Index::update`] does not look into them.
    /// For the command and the bindings.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be written.
    #[doc(hidden)]
    pub fn forget_roots(&self, path: &Path) -> Result<()> {
        let roots = self.roots_below(path)?;
        self.only()?.write(|store| {
            store.write(|batch| roots.iter().try_for_each(|root| batch.remove_root(root).map(|_| ())))
        })
    }
}
