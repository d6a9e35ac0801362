//! Fingerprints, the chroma that they are made of, and figures about the harmony of files.
use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use refrain::CancelToken;
use refrain::{AnalyzeEvent, AnalyzeOptions, Audio, fingerprint::unpack, params::CURRENT, pipeline::analyse};

use crate::{
    arrays::{frames, line, plane, rows},
    audio, errors, interrupt,
    records::FiguresRecord,
};

/// What a fingerprint consists of: packed frames, first frames of the windows, windows, seconds.
type Parts<'py> = (Bound<'py, PyArray2<u8>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<i8>>, f64);

/// The fingerprint of audio.
#[pyfunction]
pub fn fingerprint<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: u32,
) -> PyResult<Parts<'py>> {
    let cancel = CancelToken::new();
    let found = audio::with(py, (kind, source, sr), None, |audio| {
        interrupt::interruptible(py, &cancel, || analyse::track(&mut *audio.open()?, &CURRENT, &cancel))
    })?;
    let print = found.fingerprint;
    Ok((
        rows(py, CURRENT.frame_bytes(), print.frames)?,
        line(py, print.positions),
        rows(py, CURRENT.window_dims, print.windows)?,
        found.duration.0,
    ))
}

/// The chroma that a fingerprint is made of, before it is packed: (values, frames).
#[pyfunction]
pub fn chroma_frames<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: u32,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let cancel = CancelToken::new();
    let values = audio::with(py, (kind, source, sr), None, |audio| {
        interrupt::interruptible(py, &cancel, || {
            let mut values = Vec::new();
            analyse::chroma(&mut *audio.open()?, &CURRENT, &cancel, |frame| values.extend_from_slice(frame))?;
            Ok(values)
        })
    })?;
    plane(py, CURRENT.frame_values(), values)
}

/// Packed frames as chroma, (values, frames).
#[pyfunction]
pub fn unpack_frames<'py>(
    py: Python<'py>,
    packed: PyReadonlyArray2<'py, u8>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let (bytes, values) = (CURRENT.frame_bytes(), CURRENT.frame_values());
    let packed = frames(py, &packed)?;
    if !packed.len().is_multiple_of(bytes) {
        return Err(errors::parameter(py, &format!("frames must have {bytes} bytes")));
    }
    let mut out = vec![0.0; packed.len() / bytes * values];
    packed
        .chunks_exact(bytes)
        .zip(out.chunks_exact_mut(values))
        .for_each(|(packed, out)| unpack(packed, out));
    plane(py, values, out)
}

/// Where outputs go.
#[derive(FromPyObject)]
pub struct Outputs {
    frames: Option<PathBuf>,
    harmonic: Option<PathBuf>,
    percussive: Option<PathBuf>,
    plot: Option<PathBuf>,
}

/// Analyses files and folders; calls `done` with the path of each, its figures and the error, one of which is none.
#[pyfunction]
pub fn analyze(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    threads: Option<usize>,
    outputs: Outputs,
    done: Py<PyAny>,
) -> PyResult<()> {
    let inputs = paths.into_iter().map(Audio::file).collect();
    all(py, inputs, threads, outputs, done)?.map_err(|error| errors::of_library(py, &error))
}

/// The same of other audio.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn analyze_audio<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: u32,
    name: Option<PathBuf>,
    threads: Option<usize>,
    outputs: Outputs,
    done: Py<PyAny>,
) -> PyResult<()> {
    audio::with(py, (kind, source, sr), name, |audio| all(py, vec![audio], threads, outputs, done))
}

fn all(
    py: Python<'_>,
    inputs: Vec<Audio<'_>>,
    threads: Option<usize>,
    outputs: Outputs,
    done: Py<PyAny>,
) -> PyResult<refrain::Result<()>> {
    let mut options = AnalyzeOptions::default().threads(threads);
    (options.frames, options.harmonic) = (outputs.frames, outputs.harmonic);
    (options.percussive, options.plot) = (outputs.percussive, outputs.plot);
    let cancel = CancelToken::new();
    let result = interrupt::with_events(
        py,
        &cancel,
        |sender| {
            refrain::analyze_all(inputs, &options, &cancel, |event| {
                if let AnalyzeEvent::Done(analysis) = event {
                    // Whoever listened is gone only where the work is to end anyway.
                    let _ = sender.send(analysis);
                }
            })
        },
        |py, analysis| {
            let path = analysis.path.into_os_string();
            let figures = analysis.figures.map(FiguresRecord::from);
            done.call1(py, (path, figures, analysis.error)).map(|_| ())
        },
    )?;
    Ok(result.map(|_| ()))
}
