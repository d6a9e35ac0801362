//! The calls of an index that read files.
use std::path::{Path, PathBuf};

use super::{
    add::add_file,
    build::{self, BuildEvent, BuildOptions, BuildSummary},
    index::Index,
};
#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::cancel::CancelToken;

impl Index {
    /// Brings the index up to date with folders and files, in parallel: what is new or changed is added, what has moved is
    /// recognised, what is gone is marked as missing. Folders are remembered for [`Index::update`].
    /// `on` is told how it goes; `cancel` ends it early, and what was done stays.
    ///
    /// # Errors
    /// [`Error::Io`] for a root that does not exist, [`Error::Index`] where the file cannot be written,
    /// [`Error::Interrupted`]. A file that is no audio or damaged is no error, it is in the summary.
    pub fn build(
        &self,
        roots: &[PathBuf],
        options: &BuildOptions,
        cancel: &CancelToken,
        on: impl FnMut(BuildEvent),
    ) -> Result<BuildSummary> {
        self.handles.write(|store| build::build(store, roots, options, cancel, on))
    }

    /// Brings the index up to date with the folders that were built from before, and with every other file that it knows.
    /// A folder that is not there is no error: its files are marked as missing.
    ///
    /// # Errors
    /// As [`Index::build`].
    pub fn update(
        &self,
        options: &BuildOptions,
        cancel: &CancelToken,
        on: impl FnMut(BuildEvent),
    ) -> Result<BuildSummary> {
        self.handles.write(|store| build::update(store, options, cancel, on))
    }

    /// Tries the files again that gave no fingerprint; those that are gone are forgotten.
    ///
    /// # Errors
    /// As [`Index::build`].
    pub fn retry(
        &self,
        options: &BuildOptions,
        cancel: &CancelToken,
        on: impl FnMut(BuildEvent),
    ) -> Result<BuildSummary> {
        self.handles.write(|store| build::retry(store, options, cancel, on))
    }

    /// Adds one file, whether it is known or not. Every 350 tracks or so the windows of those that were added go into the
    /// lists of the neighbour index, if there is one; [`Index::refresh`] makes one where the library has become large enough.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] where it is a folder or there is no fingerprint to be had of it, [`Error::Index`] where the
    /// index cannot be written.
    pub fn add(&self, path: impl AsRef<Path>) -> Result<()> {
        add_file(&self.handles, path.as_ref())
    }
}
