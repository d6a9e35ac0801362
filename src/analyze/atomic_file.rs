//! Files that appear whole or not at all.
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::{Error, Result};

/// A file that gets its name once it is complete. If dropped before, it leaves nothing.
pub struct AtomicFile {
    path: TempPath,
    target: PathBuf,
}

impl AtomicFile {
    /// Creates a temporary file beside `target`. Creates the folder if it does not exist.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be written to.
    pub fn new(target: &Path) -> Result<(Self, File)> {
        let staged = || -> io::Result<NamedTempFile> {
            let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut builder = Builder::new();
            builder.prefix(".refrain-");
            #[cfg(unix)]
            {
                use std::{fs::Permissions, os::unix::fs::PermissionsExt};
                // The permissions of any new file, less the user's umask.
                builder.permissions(Permissions::from_mode(0o666));
            }
            builder.tempfile_in(folder)
        };
        let (file, path) = staged().map_err(io_error(target))?.into_parts();
        Ok((Self { path, target: target.to_owned() }, file))
    }

    /// Gives the file its name, and replaces a file of that name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn commit(self) -> Result<()> {
        let target = self.target;
        self.path.persist(&target).map_err(|e| io_error(&target)(e.error))
    }

    /// The name it will have.
    pub fn target(&self) -> &Path {
        &self.target
    }
}

/// Turns an I/O error into the error of a file.
pub fn io_error(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { path: path.to_owned(), source }
}
