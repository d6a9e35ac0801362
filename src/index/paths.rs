//! The paths under which an index may know a file.
use std::path::{Path, PathBuf};

/// Whether `path` is one of `folders` or is in one of them.
pub(super) fn below(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

/// The paths under which an index may know `path`: with links resolved, if the file or its folder exists; as an
/// absolute path; and as it was written, which is how audio that is not a file is known. Empty for an empty path,
/// which would contain everything.
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
