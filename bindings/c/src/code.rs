//! Codes and messages of what goes wrong.
use std::{
    cell::RefCell,
    ffi::{CStr, CString, c_char},
};

use refrain::{Error, analysis::AnalysisError, error::IndexError};

use crate::{guard::guard_or, strings::c_string};

/// What a call came to. Codes may be added; treat one that you do not know as an error.
// The names that C sees are these.
#[allow(clippy::enum_variant_names)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
/// cbindgen:rename-all=ScreamingSnakeCase
pub enum RefrainCode {
    /// It was done.
    RefrainOk = 0,
    /// An argument is NULL that must not be, or outside its range.
    RefrainErrorArgument = 1,
    /// A text is not UTF-8.
    RefrainErrorUtf8 = 2,
    /// A file could not be read or written.
    RefrainErrorIo = 3,
    /// Audio cannot be used: not a known format, damaged, too short, or nothing in it to be told from anything else.
    RefrainErrorAudio = 4,
    /// There is no index at that path.
    RefrainErrorMissing = 5,
    /// The file is not an index that can be used: a folder, another kind of file, made by a newer refrain, or whatever
    /// else the message says.
    RefrainErrorIndex = 6,
    /// The index is damaged; restore a copy, or build it again.
    RefrainErrorDamaged = 7,
    /// The index's neighbour index is damaged, nothing is lost: refrain_rebuild makes it again.
    RefrainErrorNeighbours = 8,
    /// Another process is writing to the index; try again later.
    RefrainErrorBusy = 9,
    /// The index cannot be written: it was opened for reading, or the system does not let.
    RefrainErrorReadOnly = 10,
    /// The disk is full; what was committed is safe.
    RefrainErrorDiskFull = 11,
    /// A callback of a call that writes tried to write.
    RefrainErrorAtWork = 12,
    /// The call was ended by its RefrainCancel.
    RefrainErrorInterrupted = 13,
    /// A buffer is too small; the message says how large it must be.
    RefrainErrorBuffer = 14,
    /// A fault of the library itself, contained; please report it with the message.
    RefrainErrorInternal = 15,
}

use RefrainCode::*;

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

    /// Keeps the message for [`refrain_last_error`] and gives the code.
    pub fn keep(self) -> RefrainCode {
        // While a thread ends there is no message any more.
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
            // Kinds that are added to the library later.
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

/// Why the last call on this thread that failed did so, with the path or argument at fault; UTF-8, for people. Empty
/// before the first failure; calls that succeed leave it as it is. Never NULL.
///
/// The text belongs to the library, and is there until the next call on this thread fails or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_last_error() -> *const c_char {
    let empty = c"".as_ptr();
    guard_or(empty, || Ok(LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(empty)))
}

/// The name of a code, "REFRAIN_ERROR_IO"; of one that there is not, "unknown". The text is there for ever.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_code_name(code: i32) -> *const c_char {
    let names: [&CStr; 16] = [
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
    let name = usize::try_from(code).ok().and_then(|code| names.get(code));
    name.map_or(c"unknown".as_ptr(), |name| name.as_ptr())
}

/// The version of the library, "0.1.0". The text is there for ever.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last() -> String {
        unsafe { CStr::from_ptr(refrain_last_error()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn each_thread_has_its_own_message() {
        assert_eq!(last(), "");
        assert_eq!(Failure::argument("one\0two").keep(), RefrainErrorArgument);
        assert_eq!(last(), "one\u{fffd}two");
        std::thread::spawn(|| assert_eq!(last(), "")).join().unwrap();
    }

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

    #[test]
    fn names_are_those_of_the_codes() {
        let name = |code| unsafe { CStr::from_ptr(refrain_code_name(code)) }.to_str().unwrap();
        assert_eq!(name(RefrainErrorAtWork as i32), "REFRAIN_ERROR_AT_WORK");
        assert_eq!(name(RefrainErrorInternal as i32), "REFRAIN_ERROR_INTERNAL");
        assert_eq!((name(-1), name(16)), ("unknown", "unknown"));
    }
}
