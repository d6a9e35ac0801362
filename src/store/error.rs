//! SQLite's errors in the library's words.
use std::path::Path;

use rusqlite::ffi;

use super::holder;
use crate::error::{Error, IndexError};

/// An error about the index file at `path`.
pub(super) fn index(path: &Path, reason: IndexError) -> Error {
    Error::Index { path: path.to_path_buf(), reason }
}

/// The content of the file at `path` contradicts itself.
pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Error {
    index(path, IndexError::Damaged(what.into()))
}

/// What an error of SQLite means for the file at `path`.
pub(super) fn of(path: &Path, error: rusqlite::Error) -> Error {
    let reason = match reason(error) {
        IndexError::Busy { holder: None } => IndexError::Busy { holder: holder::writer(path) },
        other => other,
    };
    index(path, reason)
}

fn reason(error: rusqlite::Error) -> IndexError {
    use rusqlite::Error as E;
    match error {
        E::SqliteFailure(code, message) => {
            let message = message.unwrap_or_else(|| ffi::code_to_str(code.extended_code).to_owned());
            match (code.extended_code, code.extended_code & 0xFF) {
                (_, ffi::SQLITE_FULL) | (ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE, _) => {
                    IndexError::DiskFull
                }
                (_, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED) => IndexError::Busy { holder: None },
                (ffi::SQLITE_IOERR_SHORT_READ, _) => IndexError::Damaged("cut short".to_owned()),
                (_, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB | ffi::SQLITE_TOOBIG | ffi::SQLITE_MISMATCH) => {
                    IndexError::Damaged(message)
                }
                // Only rows that contradict each other violate a constraint, for example in a migration.
                (_, ffi::SQLITE_CONSTRAINT) => IndexError::Damaged(message),
                // This is the step limit: callers handle a cancelled token before.
                (_, ffi::SQLITE_INTERRUPT) => IndexError::Damaged("a table has no end".to_owned()),
                (_, ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH) => {
                    IndexError::ReadOnly(message)
                }
                _ => IndexError::Sqlite(message),
            }
        }
        E::InvalidColumnType(..)
        | E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..)
        | E::QueryReturnedNoRows => IndexError::Damaged(error.to_string()),
        _ => IndexError::Sqlite(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> IndexError {
        reason(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn codes_are_named_after_what_the_user_can_do() {
        assert!(matches!(failure(ffi::SQLITE_FULL), IndexError::DiskFull));
        assert!(matches!(failure(ffi::SQLITE_IOERR_WRITE), IndexError::DiskFull));
        assert!(matches!(failure(ffi::SQLITE_IOERR_SHMSIZE), IndexError::DiskFull));
        assert!(matches!(failure(ffi::SQLITE_BUSY), IndexError::Busy { .. }));
        assert!(matches!(failure(ffi::SQLITE_BUSY_SNAPSHOT), IndexError::Busy { .. }));
        assert!(matches!(failure(ffi::SQLITE_CORRUPT_INDEX), IndexError::Damaged(_)));
        assert!(matches!(failure(ffi::SQLITE_READONLY_DBMOVED), IndexError::ReadOnly(_)));
        assert!(matches!(failure(ffi::SQLITE_INTERRUPT), IndexError::Damaged(_)));
        assert!(matches!(failure(ffi::SQLITE_NOMEM), IndexError::Sqlite(_)));
    }
}
