//! What Python calls audio: a path, bytes, an object with `read`, or an array with its rate.
use std::{
    io::{Cursor, Error, Read},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use numpy::PyReadonlyArray1;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
};
use refrain::Audio;

use crate::errors;

/// Bytes asked of a reader at a time: each time the interpreter has to be waited for.
const AT_ONCE: usize = 1 << 18;

/// Calls `work` with audio from Python, called `name` unless it is a file. `kind` says what `source` is; the modules in
/// `python/refrain` have looked at its type. An exception that a reader raised is raised again, whatever `work` made of it.
pub fn with<'py, T>(
    py: Python<'py>,
    (kind, source, rate): (&str, &Bound<'py, PyAny>, u32),
    name: Option<PathBuf>,
    work: impl FnOnce(Audio<'_>) -> PyResult<refrain::Result<T>>,
) -> PyResult<T> {
    let failure = Failure::default();
    let result = match kind {
        "path" => work(Audio::file(source.extract::<PathBuf>()?)),
        "bytes" => {
            let bytes = Cursor::new(source.extract::<PyBackedBytes>()?);
            work(named(Audio::reader(bytes).named("bytes"), name))
        }
        "reader" => {
            let (object, failure) = (source.clone().unbind(), failure.clone());
            work(named(Audio::reader(PyReader { object, failure, held: Cursor::default() }), name))
        }
        "samples" => {
            // Borrowed from NumPy until `work` is done.
            let array = source.extract::<PyReadonlyArray1<'py, f32>>()?;
            let samples = array.as_slice();
            let samples = samples.map_err(|_| errors::parameter(py, "samples must be contiguous"))?;
            work(named(Audio::samples(samples, rate), name))
        }
        other => return Err(PyValueError::new_err(format!("no kind of audio: {other}"))),
    };
    let result = result?;
    match failure.take() {
        Some(raised) => Err(raised),
        None => result.map_err(|error| errors::of_library(py, &error)),
    }
}

fn named(audio: Audio<'_>, name: Option<PathBuf>) -> Audio<'_> {
    match name {
        Some(name) => audio.named(name),
        None => audio,
    }
}

/// What a reader raised.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<PyErr>>>);

impl Failure {
    fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// An object with `read`, on any thread.
struct PyReader {
    object: Py<PyAny>,
    failure: Failure,
    /// What was read and not given yet.
    held: Cursor<Vec<u8>>,
}

impl PyReader {
    fn more(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let read = self.object.bind(py).call_method1("read", (AT_ONCE,))?;
        match read.extract::<PyBackedBytes>() {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(_) => {
                let kind = read.get_type().name()?.to_string();
                Err(PyTypeError::new_err(format!(
                    "read() gave {kind}, not bytes; open the file in binary mode"
                )))
            }
        }
    }
}

impl Read for PyReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.held.position() == self.held.get_ref().len() as u64 {
            let more = Python::attach(|py| self.more(py));
            self.held = Cursor::new(more.map_err(|error| {
                self.failure.put(error);
                Error::other("reading failed")
            })?);
        }
        self.held.read(into)
    }
}
