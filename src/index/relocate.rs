//! Changes the paths of files that lie elsewhere now.
use std::{io, path::Path};

use super::{handle::Index, paths::spellings};
#[cfg(doc)]
use crate::error::IndexError;
use crate::error::{Error, Result};

/// What [`Index::relocate`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relocated {
    /// Files whose path changed.
    pub files: u64,
    /// Folders whose path changed, in which [`Index::update`] will look.
    pub roots: u64,
}

impl Index {
    /// Replaces the folder `from` by `to` in the paths of all files and indexed folders, as after a folder was
    /// renamed or a disk mounted elsewhere. Returns how many files and folders changed. Does not look at the disk;
    /// [`Index::update`] does that.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] if a new path is already known for another file; [`Error::Io`] if `to` is empty.
    /// Nothing is changed then.
    pub fn relocate(&self, from: &Path, to: &Path) -> Result<Relocated> {
        let Some(new) = spellings(to).into_iter().next() else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty path");
            return Err(Error::Io { path: to.to_owned(), source });
        };
        self.only()?.write(|store| {
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
