//! Calls that bring an index up to date with files.
use std::path::{Path, PathBuf};

use super::handle::Index;
#[cfg(doc)]
use crate::error::Error;
use crate::{
    build::{events::BuildSummary, options::BuildOptions, update},
    error::Result,
};

impl Index {
    /// Brings the index up to date with a folder, or with one file.
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
    /// Those of [`Index::build_with`].
    pub fn build(&self, root: impl AsRef<Path>) -> Result<BuildSummary> {
        self.build_with([root], BuildOptions::default())
    }

    /// Brings the index up to date with folders and files, in parallel. Adds new and changed files, recognises moved
    /// files, and marks missing files. Remembers the folders for [`Index::update`].
    ///
    /// # Errors
    /// [`Error::Io`] if a root does not exist; [`Error::Index`] if the index cannot be written;
    /// [`Error::Interrupted`]. A file that is damaged or not audio is no error: the summary lists it.
    pub fn build_with(
        &self,
        roots: impl IntoIterator<Item = impl AsRef<Path>>,
        options: BuildOptions<'_>,
    ) -> Result<BuildSummary> {
        let roots: Vec<PathBuf> = roots.into_iter().map(|root| root.as_ref().to_owned()).collect();
        self.only()?.write(|store| update::build(store, &roots, options))
    }

    /// Brings the index up to date with the folders it was built from, and with every other file it knows.
    ///
    /// # Errors
    /// Those of [`Index::update_with`].
    pub fn update(&self) -> Result<BuildSummary> {
        self.update_with(BuildOptions::default())
    }

    /// Like [`Index::update`], with options. Scans each folder with the options it was built with. A missing folder
    /// is no error: its files are marked as missing.
    ///
    /// # Errors
    /// Those of [`Index::build_with`].
    pub fn update_with(&self, options: BuildOptions<'_>) -> Result<BuildSummary> {
        self.only()?.write(|store| update::update(store, options))
    }

    /// Brings the index up to date with these files alone, as [`Index::update`] does with all. Marks those that are gone as
    /// missing. Adds those that are new if they lie in an indexed folder, and recognises files that have moved.
    ///
    /// # Errors
    /// Those of [`Index::build_with`].
    pub fn update_files(&self, paths: &[PathBuf], options: BuildOptions<'_>) -> Result<BuildSummary> {
        self.only()?.write(|store| update::files(store, paths, options))
    }

    /// Tries the files again that gave no fingerprint. Forgets those that are gone, unless their indexed folder is.
    ///
    /// # Errors
    /// Those of [`Index::build_with`].
    pub fn retry_with(&self, options: BuildOptions<'_>) -> Result<BuildSummary> {
        self.only()?.write(|store| update::retry(store, options))
    }
}
