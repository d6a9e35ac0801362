//! Paths in the database: text where they are UTF-8, else the raw bytes as a blob.
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// `path` as it is stored.
pub(super) fn to_sql(path: &Path) -> ToSqlOutput<'_> {
    match path.to_str() {
        Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        None => ToSqlOutput::Owned(Value::Blob(path.as_os_str().as_encoded_bytes().to_vec())),
    }
}

/// The ranges of stored values, both ends excluded, that hold the paths below `folder`: a range of text if the folder
/// is UTF-8, and a range of blobs for paths that are not.
pub(super) fn below(folder: &Path) -> Vec<[Value; 2]> {
    let separator = MAIN_SEPARATOR as u8;
    let mut first = folder.as_os_str().as_encoded_bytes().to_vec();
    if first.last() != Some(&separator) {
        first.push(separator);
    }
    let mut end = first.clone();
    // A separator is ASCII, so the character after it is, too.
    end.pop();
    end.push(separator + 1);
    let text = String::from_utf8(first.clone()).ok().zip(String::from_utf8(end.clone()).ok());
    let text = text.map(|(first, end)| [Value::Text(first), Value::Text(end)]);
    text.into_iter().chain([[Value::Blob(first), Value::Blob(end)]]).collect()
}

/// The path that is stored as `value`, or `None` if it is neither text nor a blob.
pub(super) fn from_sql(value: ValueRef<'_>) -> Option<PathBuf> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(from_bytes(bytes)),
        _ => None,
    }
}

#[cfg(unix)]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
