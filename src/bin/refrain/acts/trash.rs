//! The desktop's trash.
use std::path::Path;

use refrain::error::Said;

use super::why::{Outcome, Why};

/// Moves a file into the trash. After an error it is where it was.
pub fn put(path: &Path) -> Outcome<()> {
    trash::delete(path)
        .map_err(|error| Why::Problem(format!("cannot move the file to the trash: {}", text(&error))))
}

fn text(error: &trash::Error) -> String {
    match error {
        trash::Error::Unknown { description } | trash::Error::Os { description, .. } => description.clone(),
        #[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
        trash::Error::FileSystem { source, .. } => Said(source).to_string(),
        other => other.to_string(),
    }
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
use freedesktop::list;
#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
pub use freedesktop::{Trashed, find, forget, restore};

/// The trash of Linux and BSD, where each file has an entry beside it.
#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod freedesktop {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::{Outcome, Why};
    use crate::acts::{check, disk, relocate::Relocation};

    /// A file in the trash.
    #[derive(Clone, Debug)]
    pub struct Trashed {
        /// The file.
        file: PathBuf,
        /// Its entry.
        entry: PathBuf,
        /// Where it was.
        was: PathBuf,
    }

    /// What is in all trashes of this user.
    pub fn list() -> Outcome<Vec<Trashed>> {
        let items = trash::os_limited::list()
            .map_err(|error| Why::Problem(format!("cannot read the trash: {}", super::text(&error))))?;
        let trashed = |item: trash::TrashItem| {
            let entry = PathBuf::from(&item.id);
            let file = entry.parent()?.parent()?.join("files").join(entry.file_stem()?);
            Some(Trashed { file, entry, was: item.original_path() })
        };
        Ok(items.into_iter().filter_map(trashed).collect())
    }

    /// The file with this content that was at `path`.
    pub fn find<'t>(trash: &'t [Trashed], path: &Path, hash: &str) -> Option<&'t Trashed> {
        of(trash, path).find(|trashed| check::has_content(&trashed.file, hash))
    }

    fn of<'t>(trash: &'t [Trashed], path: &Path) -> impl Iterator<Item = &'t Trashed> {
        let real = disk::real(path);
        trash.iter().filter(move |trashed| trashed.was == real || trashed.was == path)
    }

    /// Puts a file back. `again` if that was interrupted before.
    pub fn restore(trashed: &Trashed, path: &Path, temporary: &Path, hash: &str, again: bool) -> Outcome<()> {
        Relocation { from: &trashed.file, to: path, temporary, hash, again }.run()?;
        refrain::failpoint("trash-restored");
        let _ = fs::remove_file(&trashed.entry);
        Ok(())
    }

    /// Removes what an interrupted [`restore`] left in the trash of a file that is back at `path`.
    pub fn forget(trash: &[Trashed], path: &Path, hash: &str) {
        if let Some(trashed) = find(trash, path, hash) {
            let _ = fs::remove_file(&trashed.file);
        }
        for trashed in of(trash, path).filter(|trashed| !disk::is_there(&trashed.file)) {
            let _ = fs::remove_file(&trashed.entry);
        }
    }
}

#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
use elsewhere::list;
#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
pub use elsewhere::{Trashed, find, forget, restore};

/// What is in the trash, read once it is needed.
#[derive(Default)]
pub struct Bin(Option<Vec<Trashed>>);

impl Bin {
    /// All files in it.
    pub fn list(&mut self) -> Outcome<&[Trashed]> {
        if self.0.is_none() {
            self.0 = Some(list()?);
        }
        Ok(self.0.as_deref().unwrap_or_default())
    }
}

/// A trash that only the desktop itself can look into.
#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
mod elsewhere {
    use std::{convert::Infallible, path::Path};

    use super::{Outcome, Why};

    /// There is none.
    pub struct Trashed(Infallible);

    /// Says that the trash cannot be read.
    pub fn list() -> Outcome<Vec<Trashed>> {
        Err(Why::Problem(
            "refrain cannot read this system's trash; put the file back with the desktop".to_owned(),
        ))
    }

    /// Nothing.
    pub fn find<'t>(_trash: &'t [Trashed], _path: &Path, _hash: &str) -> Option<&'t Trashed> {
        None
    }

    /// Never called.
    pub fn restore(trashed: &Trashed, _: &Path, _: &Path, _hash: &str, _again: bool) -> Outcome<()> {
        match trashed.0 {}
    }

    /// Nothing.
    pub fn forget(_trash: &[Trashed], _path: &Path, _hash: &str) {}
}
