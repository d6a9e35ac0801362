//! The library's errors as exceptions. The classes are written in Python, in `refrain/errors.py`.
use std::path::Path;

use pyo3::{call::PyCallArgs, exceptions::PyOSError, prelude::*};
use refrain::{
    Error,
    analysis::AnalysisError,
    error::{AudioError, IndexError},
};

/// An instance of a class of `refrain.errors`, or the exception that making it raised.
fn made<'py>(py: Python<'py>, class: &str, args: impl PyCallArgs<'py>) -> PyErr {
    let class = py.import("refrain.errors").and_then(|module| module.getattr(class));
    match class.and_then(|class| class.call1(args)) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// A parameter that cannot be used.
pub fn parameter(py: Python<'_>, message: &str) -> PyErr {
    made(py, "ParameterError", (message,))
}

/// A call that would wait for the call that it was made from.
pub fn busy(py: Python<'_>, reason: &str) -> PyErr {
    made(py, "IndexBusyError", ("", reason))
}

/// A path as text. In Python, bytes that are not UTF-8 become surrogates.
pub fn text(path: &Path) -> &std::ffi::OsStr {
    path.as_os_str()
}

/// librosa's name of a parameter of the library.
fn usual(name: &str) -> &str {
    match name {
        "rate" => "sr",
        "hop" => "hop_length",
        "bins" => "n_bins",
        "threshold" => "trough_threshold",
        "harmonic_kernel" | "percussive_kernel" => "kernel_size",
        "harmonic_margin" | "percussive_margin" => "margin",
        other => other,
    }
}

/// An error of a transform.
pub fn of_analysis(py: Python<'_>, error: &AnalysisError) -> PyErr {
    match error {
        AnalysisError::Parameter { name, got, expected, .. } => {
            parameter(py, &format!("{} is {got}, must be {expected}", usual(name)))
        }
        other => parameter(py, &other.to_string()),
    }
}

/// Why an index was refused. Where the library's text has no way out, or has that of the command, the way out is in Python's
/// words.
fn index_reason(path: &Path, reason: &IndexError) -> String {
    match reason {
        IndexError::Missing => {
            format!("no index here; refrain.Index({:?}, \"a\") makes one", path.to_string_lossy())
        }
        IndexError::IsFolder => "is a folder; an index is a file".to_owned(),
        IndexError::NotSqlite => "is not an SQLite file, and so no index".to_owned(),
        IndexError::Foreign { found, expected, .. } => format!(
            "is an SQLite file of another program (application_id {found:#010x}, expected {expected:#010x})"
        ),
        IndexError::Newer { found, newest, .. } => format!(
            "was made by a newer refrain (format {found}, this one reads up to {newest}); install a newer version of the package"
        ),
        IndexError::Parameters { found, expected, .. } => format!(
            "holds fingerprints of parameter set {found}, this refrain works with {expected}; build a new index from the audio files"
        ),
        IndexError::Neighbours(what) => {
            format!(
                "its neighbour index is damaged ({what}), nothing else is; Index.rebuild() makes it again"
            )
        }
        IndexError::Occupied(path) => {
            format!("already holds {}; Index.remove() takes it out", path.display())
        }
        IndexError::DiskFull => {
            "the disk is full; what was committed is safe, make room and make the same call again".to_owned()
        }
        other => other.to_string(),
    }
}

/// An error of the library.
pub fn of_library(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Io { path, source } => match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, error.reason(), text(path).to_owned())),
            None => {
                // The class that goes with the kind.
                std::io::Error::new(source.kind(), format!("{}: {}", path.display(), error.reason())).into()
            }
        },
        Error::Audio { path, reason } => {
            let class = match reason {
                AudioError::TooShort { .. } | AudioError::NoFingerprint => "NoFingerprintError",
                _ => "AudioError",
            };
            made(py, class, (text(path), reason.to_string()))
        }
        Error::Index { path, reason } => {
            let class = match reason {
                IndexError::Missing => "IndexNotFoundError",
                IndexError::Damaged(_) | IndexError::Neighbours(_) => "IndexDamagedError",
                IndexError::Busy { .. } | IndexError::AtWork => "IndexBusyError",
                IndexError::ReadOnly(_) => "IndexReadOnlyError",
                _ => "IndexFileError",
            };
            made(py, class, (text(path), index_reason(path, reason)))
        }
        other => made(py, "RefrainError", (other.to_string(),)),
    }
}
