//! Whether a file is still there.
use std::{io::ErrorKind, path::Path};

/// Whether no file is to be had at `path`: it is gone, or its folder is. A file that cannot be looked at for another reason,
/// such as a lack of permission, is not gone.
pub(crate) fn is_gone(path: &Path) -> bool {
    let gone = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    std::fs::metadata(path).is_err_and(|error| gone(error.kind()))
}
