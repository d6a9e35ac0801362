//! Fingerprints, the chroma that they are made of, and figures about the harmony of files.
use std::{ffi::OsString, path::PathBuf, sync::Arc};

use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use refrain::{AnalyzeEvent, AnalyzeOptions, Audio, extract::track, fingerprint::FrameCode, params::CURRENT};

use crate::{
    arrays::{frames, line, plane, rows},
    audio::with_audio,
    errors,
    interrupt::{Caller, run},
    records::FiguresRecord,
};

/// A fingerprint's parts: packed frames, first frames of the windows, windows, seconds.
type Parts<'py> = (Bound<'py, PyArray2<u8>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<i8>>, f64);

/// The fingerprint of audio.
#[pyfunction]
pub fn fingerprint<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: u32,
) -> PyResult<Parts<'py>> {
    let found = with_audio(py, kind, source, sr, None, |audio, caller| {
        track::track(&mut *audio.open()?, &CURRENT, caller.cancel())
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
    let values = with_audio(py, kind, source, sr, None, |audio, caller| {
        let mut values = Vec::new();
        let keep = |frame: &[f32]| values.extend_from_slice(frame);
        track::chroma(&mut *audio.open()?, &CURRENT, caller.cancel(), keep)?;
        Ok(values)
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
    let code = FrameCode::new(&CURRENT);
    let mut out = vec![0.0; packed.len() / bytes * values];
    packed
        .chunks_exact(bytes)
        .zip(out.chunks_exact_mut(values))
        .for_each(|(packed, out)| code.unpack(packed, out));
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

impl Outputs {
    fn options<'a>(self, threads: Option<usize>, caller: &Caller) -> AnalyzeOptions<'a> {
        let mut options = AnalyzeOptions::default().threads(threads).cancel(caller.cancel());
        if let Some(frames) = self.frames {
            options = options.frames(frames);
        }
        if let Some(harmonic) = self.harmonic {
            options = options.harmonic(harmonic);
        }
        if let Some(percussive) = self.percussive {
            options = options.percussive(percussive);
        }
        if let Some(plot) = self.plot {
            options = options.plot(plot);
        }
        options
    }
}

/// Analyzes files and folders. Calls `done` with the path of each file, its figures and the reason why there are none, one of
/// which is None.
#[pyfunction]
pub fn analyze(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    threads: Option<usize>,
    outputs: Outputs,
    done: Py<PyAny>,
) -> PyResult<()> {
    let done = Arc::new(done);
    let result = run(py, |caller| {
        let options = outputs.options(threads, caller).on_event(|event| {
            if let AnalyzeEvent::Done { path, outcome, .. } = event {
                let (figures, reason) = match outcome {
                    Ok(figures) => (Some(FiguresRecord::from(*figures)), None),
                    Err(error) => (None, Some(error.reason())),
                };
                let (path, done) = (path.into_os_string(), Arc::clone(&done));
                caller.tell(move |py| done.call1(py, (path, figures, reason)).map(|_| ()));
            }
        });
        refrain::analyze_all(paths.into_iter().map(Audio::file), options)
    });
    result?.map(|_| ()).map_err(|error| errors::of_library(py, &error))
}

/// Analyzes one file or other audio: its name and its figures.
#[pyfunction]
pub fn analyze_audio<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: u32,
    name: Option<PathBuf>,
    threads: Option<usize>,
    outputs: Outputs,
) -> PyResult<(OsString, FiguresRecord)> {
    with_audio(py, kind, source, sr, name, |audio, caller| {
        let name = audio.name().as_os_str().to_owned();
        let figures = refrain::analyze_with(audio, outputs.options(threads, caller))?;
        Ok((name, FiguresRecord::from(figures)))
    })
}
