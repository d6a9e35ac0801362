//! What an index holds, in figures.
use std::path::PathBuf;

use super::handle::Index;
#[cfg(doc)]
use crate::error::Error;
use crate::{
    error::Result,
    params::ParameterSet,
    store::{Totals, sqlite_version},
};

/// What [`Index::info`] returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub totals: Totals,
    /// The parameters of its fingerprints.
    pub params: ParameterSet,
    /// The version of its format.
    pub format: u32,
    /// The folders that it was built from.
    pub roots: Vec<PathBuf>,
    /// Its neighbour index, where it has one: lists, and windows that are in them.
    pub neighbours: Option<(u32, u64)>,
    /// The version of the SQLite that reads it.
    pub sqlite: &'static str,
}

impl Index {
    /// Counts, sizes, parameters and versions.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn info(&self) -> Result<Info> {
        let store = self.connections.reader()?;
        let _snapshot = store.snapshot()?;
        Ok(Info {
            path: store.path().to_owned(),
            totals: store.totals()?,
            params: *store.params(),
            format: store.format(),
            roots: store.roots()?.into_iter().map(|root| root.path).collect(),
            neighbours: store.neighbour_index()?.map(|n| (n.centroid_count, n.window_count)),
            sqlite: sqlite_version(),
        })
    }
}
