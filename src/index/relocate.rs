//! Files that lie elsewhere now.
use std::{io, path::Path};

use super::{handle::Index, paths::spellings};
#[cfg(doc)]
use crate::error::IndexError;
use crate::error::{Error, Result};

/// What [`Index::relocate`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relocated {
    /// Files that are known under another path now.
    pub files: u64,
    /// Folders that [`Index::update`] looks through under another path now.
    pub roots: u64,
}

impl Index {
    /// Moves the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed or a disk
    /// mounted elsewhere; gives how many files and indexed folders. Nothing is looked for: [`Index::update`] does that.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] where a file would come to where another is known, [`Error::Io`] where `to` is empty; nothing
    /// is changed then.
    pub fn relocate(&self, from: &Path, to: &Path) -> Result<Relocated> {
        let Some(new) = spellings(to).into_iter().next() else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty path");
            return Err(Error::Io { path: to.to_owned(), source });
        };
        self.connections.write(|store| {
            for from in spellings(from) {
                let (files, roots) = store.write(|batch| batch.relocate(&from, &new))?;
                if files + roots > 0 {
                    return Ok(Relocated { files, roots });
                }
            }
            Ok(Relocated::default())
        })
    }
}
