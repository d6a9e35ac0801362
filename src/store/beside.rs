//! The files that SQLite keeps beside an index. This looks at their names and sizes only: opening the index here and
//! closing it again would drop SQLite's locks.
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Bytes of an unfinished log or journal beside `path`.
pub(super) fn unfinished(path: &Path) -> u64 {
    bytes(path, "-wal") + bytes(path, "-journal")
}

/// Bytes of the file beside `path` with this `suffix`; 0 if there is none.
pub(super) fn bytes(path: &Path, suffix: &str) -> u64 {
    fs::metadata(name(path, suffix)).map_or(0, |meta| meta.len())
}

/// The name of the file beside `path` with this `suffix`. If `path` is a link, that file is beside the target of the
/// link.
pub(super) fn name(path: &Path, suffix: &str) -> PathBuf {
    let mut name = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()).into_os_string();
    name.push(suffix);
    name.into()
}
