//! Under which paths an index may know a file.
use std::path::{Path, PathBuf};

/// Whether `path` is one of `folders` or lies below one.
pub(super) fn below(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

/// What a path may be called in the index: as links lead, where it or its folder is there; from the root; and as it is
/// written, as audio that is no file is. Nothing for an empty path, which everything would be below.
pub(super) fn spellings(path: &Path) -> Vec<PathBuf> {
    if path.as_os_str().is_empty() {
        return Vec::new();
    }
    let written = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let of_folder = || Some(written.parent()?.canonicalize().ok()?.join(written.file_name()?));
    let mut spellings: Vec<PathBuf> = path.canonicalize().ok().or_else(of_folder).into_iter().collect();
    for other in [written, path.to_owned()] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}
