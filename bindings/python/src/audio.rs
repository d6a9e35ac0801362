//! What Python calls audio, as the library's [`Audio`]: a path, bytes, an object with `read`, or an array with its rate.
use std::{
    io::{Cursor, Error, Read},
    path::PathBuf,
    sync::Arc,
};

use numpy::PyReadonlyArray1;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
};
use refrain::Audio;

use crate::{
    errors,
    interrupt::{Caller, run, run_apart},
};

/// Bytes asked of a reader at a time: each time its thread and the interpreter's lock have to be waited for.
const AT_ONCE: usize = 1 << 18;

/// Calls `work` with audio, called `name` unless it is a file. `kind` says what `source` is; the modules in `python/refrain`
/// have looked at its type. What a reader raises is raised again, whatever `work` made of it.
pub fn with_audio<'py, T: Send>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    rate: u32,
    name: Option<PathBuf>,
    work: impl FnOnce(Audio<'_>, &Caller) -> refrain::Result<T> + Send,
) -> PyResult<T> {
    let result = match kind {
        "path" => {
            let path: PathBuf = source.extract()?;
            run(py, |caller| work(Audio::file(path), caller))
        }
        "bytes" => {
            let bytes: PyBackedBytes = source.extract()?;
            run(py, |caller| work(named(Audio::reader(Cursor::new(bytes)).named("bytes"), name), caller))
        }
        "reader" => {
            let object = Arc::new(source.clone().unbind());
            run_apart(py, |caller| {
                let reader = PyReader { object, caller: caller.clone(), held: Cursor::default() };
                work(named(Audio::reader(reader), name), caller)
            })
        }
        "samples" => {
            let array: PyReadonlyArray1<'py, f32> = source.extract()?;
            let samples = array.as_slice();
            let samples = samples.map_err(|_| errors::parameter(py, "samples must be contiguous"))?;
            run(py, |caller| work(named(Audio::samples(samples, rate), name), caller))
        }
        other => return Err(PyValueError::new_err(format!("no kind of audio: {other}"))),
    };
    result?.map_err(|error| errors::of_library(py, &error))
}

fn named(audio: Audio<'_>, name: Option<PathBuf>) -> Audio<'_> {
    match name {
        Some(name) => audio.named(name),
        None => audio,
    }
}

/// An object with `read`, which runs on the thread that called.
struct PyReader {
    object: Arc<Py<PyAny>>,
    caller: Caller,
    /// Bytes that were read and not passed on yet.
    held: Cursor<Vec<u8>>,
}

fn more(py: Python<'_>, object: &Py<PyAny>) -> PyResult<Vec<u8>> {
    let read = object.bind(py).call_method1("read", (AT_ONCE,))?;
    match read.extract::<PyBackedBytes>() {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(_) => {
            let kind = read.get_type().name()?.to_string();
            Err(PyTypeError::new_err(format!("read() gave {kind}, not bytes; open the file in binary mode")))
        }
    }
}

impl Read for PyReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.held.position() == self.held.get_ref().len() as u64 {
            let object = Arc::clone(&self.object);
            let more = self.caller.ask(move |py| more(py, &object));
            self.held = Cursor::new(more.ok_or_else(|| Error::other("reading failed"))?);
        }
        self.held.read(into)
    }
}
