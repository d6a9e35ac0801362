//! Taking files out of an index.
use std::path::{Path, PathBuf};

use super::{handle::Index, options::MaintainOptions};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// Files that are removed in one transaction.
const REMOVED_TOGETHER: usize = 256;

impl Index {
    /// Forgets files, and tracks that have no other file; returns how many of the files the index knew. The files themselves
    /// stay as they are.
    ///
    /// # Errors
    /// [`Error::Index`] where the index cannot be written; what was removed by then stays so.
    pub fn remove(&self, paths: &[PathBuf]) -> Result<usize> {
        self.remove_with(paths, MaintainOptions::default())
    }

    /// As [`Index::remove`], with options.
    ///
    /// # Errors
    /// As [`Index::remove`]; [`Error::Interrupted`].
    pub fn remove_with(&self, paths: &[PathBuf], mut options: MaintainOptions<'_>) -> Result<usize> {
        self.connections.write(|store| {
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

    /// Forgets that folders at or below `path` were indexed, so that [`Index::update`] does not look into them.
    ///
    /// # Errors
    /// [`Error::Index`] where the index cannot be written.
    pub fn forget_roots(&self, path: &Path) -> Result<()> {
        let roots = self.roots_below(path)?;
        self.connections.write(|store| {
            store.write(|batch| roots.iter().try_for_each(|root| batch.remove_root(root).map(|_| ())))
        })
    }
}
