//! Decides whether a file is gone.
use std::{io::ErrorKind, path::Path};

/// Whether the file at `path` is gone, or its folder. A file that cannot be read for another reason, such as missing
/// permission, is not gone.
pub(crate) fn is_gone(path: &Path) -> bool {
    let gone = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    std::fs::metadata(path).is_err_and(|error| gone(error.kind()))
}
