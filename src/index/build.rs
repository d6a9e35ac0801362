//! The calls of an index that bring it up to date with files.
use std::path::{Path, PathBuf};

use super::handle::Index;
#[cfg(doc)]
use crate::error::Error;
use crate::{
    build::{events::BuildSummary, options::BuildOptions, update},
    error::Result,
};

impl Index {
    /// Brings the index up to date with the files below a folder, or with one file.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// let index = refrain::Index::open_or_create("music.refrain")?;
    /// println!("{} files added", index.build("music")?.added);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Index::build_with`].
    pub fn build(&self, root: impl AsRef<Path>) -> Result<BuildSummary> {
        self.build_with([root], BuildOptions::default())
    }

    /// Brings the index up to date with folders and files, in parallel. New and changed files are added, moved ones are
    /// recognised, and those that are gone are marked as missing. [`Index::update`] remembers the folders.
    ///
    /// # Errors
    /// [`Error::Io`] for a root that does not exist, [`Error::Index`] where the index cannot be written,
    /// [`Error::Interrupted`]. A file that is no audio or damaged is no error: it is in the summary.
    pub fn build_with(
        &self,
        roots: impl IntoIterator<Item = impl AsRef<Path>>,
        options: BuildOptions<'_>,
    ) -> Result<BuildSummary> {
        let roots: Vec<PathBuf> = roots.into_iter().map(|root| root.as_ref().to_owned()).collect();
        self.connections.write(|store| update::build(store, &roots, options))
    }

    /// Brings the index up to date with the folders that it was built from, and with every other file that it knows.
    ///
    /// # Errors
    /// As [`Index::update_with`].
    pub fn update(&self) -> Result<BuildSummary> {
        self.update_with(BuildOptions::default())
    }

    /// As [`Index::update`], with options; folders are scanned as they were when they were built from. A folder that is gone
    /// is no error: its files are marked as missing.
    ///
    /// # Errors
    /// As [`Index::build_with`].
    pub fn update_with(&self, options: BuildOptions<'_>) -> Result<BuildSummary> {
        self.connections.write(|store| update::update(store, options))
    }

    /// Tries the files again that gave no fingerprint, and forgets those that are gone.
    ///
    /// # Errors
    /// As [`Index::build_with`].
    pub fn retry_with(&self, options: BuildOptions<'_>) -> Result<BuildSummary> {
        self.connections.write(|store| update::retry(store, options))
    }
}
