//! Counts, sizes and versions of an index.
use std::path::PathBuf;

use super::handle::Index;
#[cfg(doc)]
use crate::error::Error;
use crate::{
    error::Result,
    params::ParameterSet,
    store::{Totals, sqlite_version},
    units::Seconds,
};

/// What [`Index::info`] returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The path of the file, as it was given.
    pub path: PathBuf,
    /// How many tracks there are.
    pub tracks: u64,
    /// How long they play.
    pub duration: Seconds,
    /// How many chroma frames there are.
    pub frames: u64,
    /// How many fingerprint windows there are.
    pub windows: u64,
    /// Files that gave no fingerprint.
    pub failures: u64,
    /// Tracks that an installed ffmpeg decoded.
    pub through_ffmpeg: u64,
    /// Files of tracks.
    pub files: u64,
    /// Files of tracks that are missing.
    pub missing: u64,
    /// Bytes of the file once its log is folded.
    pub bytes: u64,
    /// The number of the parameter set of the fingerprints.
    pub parameter_set: u32,
    /// The parameters in words, to be shown.
    pub parameters: String,
    /// The version of the file format.
    pub format: u32,
    /// The folders that the index was built from.
    pub roots: Vec<PathBuf>,
    /// The neighbour index, if there is one: number of lists, and number of windows in them.
    pub neighbours: Option<(u32, u64)>,
    /// The version of SQLite that reads the file.
    pub sqlite: &'static str,
}

impl Index {
    /// Returns counts, sizes, parameters and versions.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn info(&self) -> Result<Info> {
        let store = self.only()?.reader()?;
        let _snapshot = store.snapshot()?;
        let Totals { tracks, duration, frames, windows, failures, through_ffmpeg, files, missing, bytes } =
            store.totals()?;
        Ok(Info {
            path: store.path().to_owned(),
            tracks,
            duration,
            frames,
            windows,
            failures,
            through_ffmpeg,
            files,
            missing,
            bytes,
            parameter_set: store.params().id,
            parameters: in_words(store.params()),
            format: store.format(),
            roots: store.roots()?.into_iter().map(|root| root.path).collect(),
            neighbours: store.neighbour_index()?.map(|n| (n.centroid_count, n.window_count)),
            sqlite: sqlite_version(),
        })
    }
}

/// The parameters that a user may want to know.
fn in_words(params: &ParameterSet) -> String {
    format!(
        "{}, {} octaves from {} Hz, a frame every {:.0} ms, {} values a window",
        params.sample_rate,
        params.octaves,
        params.fmin,
        params.frame_seconds().0 * 1e3,
        params.window_dims
    )
}
