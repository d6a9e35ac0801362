//! Codes and messages of failures.
use std::{
    cell::RefCell,
    ffi::{CStr, CString, c_char},
};

use refrain::{Error, analysis::AnalysisError, error::IndexError};

use crate::strings::c_string;

/// The result of a call. Later versions may add codes; treat an unknown one as an error.
// These names become the ones in C.
#[allow(clippy::enum_variant_names)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
/// cbindgen:rename-all=ScreamingSnakeCase
pub enum RefrainCode {
    /// Success.
    RefrainOk = 0,
    /// An argument is out of range, or NULL although it must not be.
    RefrainErrorArgument = 1,
    /// A text is not UTF-8.
    RefrainErrorUtf8 = 2,
    /// A file could not be read or written.
    RefrainErrorIo = 3,
    /// The audio cannot be used: unknown format, damaged, too short, or silent.
    RefrainErrorAudio = 4,
    /// There is no index at this path.
    RefrainErrorMissing = 5,
    /// The file cannot be used as an index. It is a folder, another kind of file, or made by a newer refrain; the message
    /// says which.
    RefrainErrorIndex = 6,
    /// The index is damaged. Restore a copy or build it again.
    RefrainErrorDamaged = 7,
    /// The neighbour index inside the index is damaged. No data is lost: refrain_rebuild makes it again.
    RefrainErrorNeighbours = 8,
    /// Another process is writing to the index. Try again later.
    RefrainErrorBusy = 9,
    /// The index cannot be written: it was opened for reading, or the system does not allow it.
    RefrainErrorReadOnly = 10,
    /// The disk is full. Committed data is safe.
    RefrainErrorDiskFull = 11,
    /// A callback of a call that writes tried to write.
    RefrainErrorAtWork = 12,
    /// A RefrainCancel ended the call.
    RefrainErrorInterrupted = 13,
    /// A buffer is too small. The message says how large it must be.
    RefrainErrorBuffer = 14,
    /// A bug in the library, contained. Please report it with the message.
    RefrainErrorInternal = 15,
}

use RefrainCode::*;

/// The names of the codes, by number.
pub(crate) const NAMES: [&CStr; 16] = [
    c"REFRAIN_OK",
    c"REFRAIN_ERROR_ARGUMENT",
    c"REFRAIN_ERROR_UTF8",
    c"REFRAIN_ERROR_IO",
    c"REFRAIN_ERROR_AUDIO",
    c"REFRAIN_ERROR_MISSING",
    c"REFRAIN_ERROR_INDEX",
    c"REFRAIN_ERROR_DAMAGED",
    c"REFRAIN_ERROR_NEIGHBOURS",
    c"REFRAIN_ERROR_BUSY",
    c"REFRAIN_ERROR_READ_ONLY",
    c"REFRAIN_ERROR_DISK_FULL",
    c"REFRAIN_ERROR_AT_WORK",
    c"REFRAIN_ERROR_INTERRUPTED",
    c"REFRAIN_ERROR_BUFFER",
    c"REFRAIN_ERROR_INTERNAL",
];

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub code: RefrainCode,
    pub message: String,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn argument(message: impl Into<String>) -> Self {
        Self { code: RefrainErrorArgument, message: message.into() }
    }

    /// Keeps the message for [`last`] and returns the code.
    pub fn keep(self) -> RefrainCode {
        // A thread that is ending has no message any more.
        let _ = LAST.try_with(|last| *last.borrow_mut() = c_string(self.message));
        self.code
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Io { .. } => RefrainErrorIo,
            Error::Audio { .. } => RefrainErrorAudio,
            Error::Interrupted => RefrainErrorInterrupted,
            Error::Index { reason, .. } => match reason {
                IndexError::Missing => RefrainErrorMissing,
                IndexError::Damaged(_) => RefrainErrorDamaged,
                IndexError::Neighbours(_) => RefrainErrorNeighbours,
                IndexError::Busy { .. } => RefrainErrorBusy,
                IndexError::AtWork => RefrainErrorAtWork,
                IndexError::DiskFull => RefrainErrorDiskFull,
                IndexError::ReadOnly(_) => RefrainErrorReadOnly,
                _ => RefrainErrorIndex,
            },
            // Kinds that the library adds later.
            _ => RefrainErrorInternal,
        };
        Self { code, message: error.to_string() }
    }
}

impl From<AnalysisError> for Failure {
    fn from(error: AnalysisError) -> Self {
        Self::argument(error.to_string())
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// The message of this thread's last failure; valid until the next one.
pub(crate) fn last() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_code() {
        let index = |reason| Failure::from(Error::Index { path: "a.refrain".into(), reason });
        for (reason, code) in [
            (IndexError::Missing, RefrainErrorMissing),
            (IndexError::NotSqlite, RefrainErrorIndex),
            (IndexError::Itself, RefrainErrorIndex),
            (IndexError::Damaged("x".into()), RefrainErrorDamaged),
            (IndexError::Neighbours("x".into()), RefrainErrorNeighbours),
            (IndexError::busy(None), RefrainErrorBusy),
            (IndexError::AtWork, RefrainErrorAtWork),
            (IndexError::DiskFull, RefrainErrorDiskFull),
            (IndexError::ReadOnly("x".into()), RefrainErrorReadOnly),
        ] {
            let message = format!("a.refrain: {reason}");
            let failure = index(reason);
            assert_eq!((failure.code, failure.message), (code, message));
        }
        let audio = Error::Audio { path: "a.mp3".into(), reason: refrain::error::AudioError::Empty };
        assert_eq!(Failure::from(audio).code, RefrainErrorAudio);
        assert_eq!(Failure::from(Error::Interrupted).code, RefrainErrorInterrupted);
    }
}
