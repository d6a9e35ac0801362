//! Files that hold the same recording: what Python asks for, and what it gets.
use std::{
    ffi::OsString,
    path::{self, PathBuf},
    str::FromStr,
    sync::Arc,
};

use pyo3::prelude::*;
use refrain::{DuplicateFile, DuplicateGroup, DuplicateOptions, KeepRule, Quality, Relation};

use crate::{errors, interrupt::Caller};

/// Which groups to list, and which of their files to keep.
#[derive(FromPyObject)]
pub struct Alike {
    relations: Option<Vec<String>>,
    keep: Option<Vec<String>>,
    prefer: Vec<PathBuf>,
    only: Vec<String>,
    below: Vec<PathBuf>,
    min_free: u64,
    measure: bool,
}

/// The same, checked.
pub struct Checked {
    relations: Option<Vec<Relation>>,
    rules: Option<Vec<KeepRule>>,
    prefer: Vec<PathBuf>,
    only: Vec<Relation>,
    below: Vec<PathBuf>,
    min_free: u64,
    measure: bool,
}

/// What names stand for; none if there are no names.
fn parsed<T: FromStr<Err = String>>(py: Python<'_>, names: Option<Vec<String>>) -> PyResult<Option<Vec<T>>> {
    let one = |name: &String| name.parse().map_err(|message: String| errors::parameter(py, &message));
    names.map(|names| names.iter().map(one).collect()).transpose()
}

fn absolute(paths: &[PathBuf]) -> PyResult<Vec<PathBuf>> {
    paths.iter().map(|path| path::absolute(path).map_err(PyErr::from)).collect()
}

impl Alike {
    /// Checks names and paths.
    ///
    /// # Errors
    /// `ParameterError` for a relation or a rule that there is not.
    pub fn checked(self, py: Python<'_>) -> PyResult<Checked> {
        let relations: Option<Vec<Relation>> = parsed(py, self.relations)?;
        if relations.as_ref().is_some_and(|relations| relations.contains(&Relation::SharedBacking)) {
            return Err(errors::parameter(py, "a file that only shares its backing is never spare"));
        }
        Ok(Checked {
            relations,
            rules: parsed(py, self.keep)?,
            prefer: absolute(&self.prefer)?,
            only: parsed(py, Some(self.only))?.unwrap_or_default(),
            below: absolute(&self.below)?,
            min_free: self.min_free,
            measure: self.measure,
        })
    }
}

impl Checked {
    /// The library's options. Passes how far the call has come, of how much, to `callback`.
    pub fn options(self, caller: &Caller, callback: Option<Arc<Py<PyAny>>>) -> DuplicateOptions<'_> {
        let mut options = DuplicateOptions::default()
            .prefer(self.prefer)
            .only(self.only)
            .below(self.below)
            .min_free(self.min_free)
            .cancel(caller.cancel());
        if let Some(relations) = self.relations {
            options = options.relations(relations);
        }
        if let Some(rules) = self.rules {
            options = options.keep(rules);
        }
        if self.measure {
            options = options.measure();
        }
        let Some(callback) = callback else { return options };
        options.on_progress(move |progress| {
            let callback = Arc::clone(&callback);
            caller.tell(move |py| callback.call1(py, (progress.done, progress.total)).map(|_| ()));
        })
    }
}

#[derive(IntoPyObject)]
pub struct QualityRecord {
    bandwidth: u32,
    cut: bool,
    peak: f32,
    clipped: f32,
}

impl From<Quality> for QualityRecord {
    fn from(quality: Quality) -> Self {
        let Quality { bandwidth, cut, peak, clipped, .. } = quality;
        Self { bandwidth, cut, peak, clipped }
    }
}

#[derive(IntoPyObject)]
pub struct DuplicateFileRecord {
    path: OsString,
    relation: String,
    same_bytes_as: Option<OsString>,
    keep: bool,
    why: String,
    score: f64,
    agrees: Vec<(f64, f64, f64)>,
    speed: f64,
    id: u32,
    duration: f64,
    size: u64,
    sample_rate: Option<u32>,
    channels: Option<u16>,
    quality: Option<QualityRecord>,
    title: Option<String>,
    artist: Option<String>,
    other_artists: Vec<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
}

impl From<DuplicateFile> for DuplicateFileRecord {
    fn from(file: DuplicateFile) -> Self {
        Self {
            path: file.path.into_os_string(),
            relation: file.relation.to_string(),
            same_bytes_as: file.same_bytes_as.map(PathBuf::into_os_string),
            keep: file.keep,
            why: file.why,
            score: file.score,
            agrees: file.agrees.into_iter().map(|[start, end, first]| (start.0, end.0, first.0)).collect(),
            speed: file.speed,
            id: file.id.0,
            duration: file.duration.0,
            size: file.size,
            sample_rate: file.sample_rate,
            channels: file.channels,
            quality: file.quality.map(QualityRecord::from),
            title: file.tags.title,
            artist: file.tags.artist,
            other_artists: file.tags.other_artists,
            album: file.tags.album,
            track_number: file.tags.track_number,
            disc_number: file.tags.disc_number,
            recording_mbid: file.tags.recording_mbid,
            release_mbid: file.tags.release_mbid,
            acoustid: file.tags.acoustid,
        }
    }
}

#[derive(IntoPyObject)]
pub struct DuplicateGroupRecord {
    files: Vec<DuplicateFileRecord>,
    bytes: u64,
}

impl From<DuplicateGroup> for DuplicateGroupRecord {
    fn from(group: DuplicateGroup) -> Self {
        Self { files: group.files.into_iter().map(DuplicateFileRecord::from).collect(), bytes: group.bytes }
    }
}
