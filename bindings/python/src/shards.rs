//! What `refrain.cluster` needs to spread a library over several files.
use std::{collections::HashMap, ffi::OsString, path::PathBuf};

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use refrain::{Centroids, MaintainOptions, ScanOptions};

use crate::{
    arrays, errors,
    index::Index,
    interrupt::{Caller, run},
    options::{Take, maintain},
};

/// A path, its size and its date in nanoseconds.
type Found = (OsString, u64, i64);

/// A path that could not be read, and the reason.
type Refused = (OsString, String);

/// The files that a build of `roots` finds, in its order; then files and folders that could not be read, with the reason.
#[pyfunction]
pub fn scan(py: Python<'_>, roots: Vec<PathBuf>, take: Take) -> PyResult<(Vec<Found>, Vec<Refused>)> {
    let found = run(py, |caller| take.scan().found(&roots, caller.cancel()))?;
    let (files, unreadable) = found.map_err(|error| errors::of_library(py, &error))?;
    let files = files.into_iter().map(|(path, size, date)| (path.into_os_string(), size, date)).collect();
    let unreadable = unreadable.into_iter().map(|error| {
        let path = match &error {
            refrain::Error::Io { path, .. } => path.clone().into_os_string(),
            _ => OsString::new(),
        };
        (path, error.reason())
    });
    Ok((files, unreadable.collect()))
}

/// The extensions of files that count as audio by their names.
#[pyfunction]
pub fn extensions() -> Vec<&'static str> {
    ScanOptions::extensions().collect()
}

/// Each file of a track, with the hash of its content. The files of one track come together, tracks in order.
#[pyfunction]
pub fn contents(py: Python<'_>, index: &Index) -> PyResult<Vec<(OsString, Option<[u8; 32]>)>> {
    index.reading(py, |index, _| {
        let mut contents = Vec::new();
        index.tracks(|track, files| {
            let hash = track.record.hash.map(|hash| hash.0);
            contents.extend(files.into_iter().map(|file| (file.path.into_os_string(), hash)));
            Ok(())
        })?;
        Ok(contents)
    })
}

/// Adds the files of another index that `names` has, under the names that it has for them.
#[pyfunction]
pub fn merge_as(
    py: Python<'_>,
    index: &Index,
    other: &Bound<'_, Index>,
    names: HashMap<PathBuf, PathBuf>,
) -> PyResult<()> {
    let other = other.get().open()?;
    index.writing(py, move |index, caller| {
        index.merge_as(&other, &|path| names.get(path).cloned(), maintain(caller, None)).map(|_| ())
    })
}

/// The part that an index has of the sample of a larger library.
#[pyfunction]
pub fn sample_windows<'py>(
    py: Python<'py>,
    index: &Index,
    before: u64,
    total: u64,
) -> PyResult<Bound<'py, PyArray1<i8>>> {
    let sample = index.reading(py, |index, caller| {
        index.sample_windows(before, total, MaintainOptions::default().cancel(caller.cancel()))
    })?;
    Ok(arrays::line(py, sample))
}

/// Trains centroids on a sample of a library of `total` windows, and gives them to the index.
#[pyfunction]
pub fn train_centroids(
    py: Python<'_>,
    index: &Index,
    sample: PyReadonlyArray1<'_, i8>,
    total: u64,
) -> PyResult<()> {
    let sample = sample.as_slice().map_err(|_| errors::parameter(py, "the sample must be contiguous"))?;
    index.writing(py, |index, caller: &Caller| {
        if let Some(centroids) = Centroids::train(sample, total, caller.cancel())? {
            index.set_centroids(&centroids, maintain(caller, None))?;
        }
        Ok(())
    })
}

/// The checksum of the centroids of an index.
#[pyfunction]
pub fn centroids(py: Python<'_>, index: &Index) -> PyResult<Option<[u8; 32]>> {
    index.reading(py, |index, _| Ok(index.centroids()?.map(|centroids| centroids.checksum())))
}

/// Gives an index the centroids of another. False if the other has none.
#[pyfunction]
pub fn set_centroids(py: Python<'_>, index: &Index, other: &Bound<'_, Index>) -> PyResult<bool> {
    let other = other.get().open()?;
    index.writing(py, move |index, caller| match other.centroids()? {
        Some(centroids) => index.set_centroids(&centroids, maintain(caller, None)).map(|_| true),
        None => Ok(false),
    })
}
