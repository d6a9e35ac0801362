//! Selects and lists the files and tracks of an index.
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    handle::Index,
    paths::{below, spellings},
};
#[cfg(doc)]
use crate::error::Error;
use crate::{
    error::Result,
    scan::presence::is_gone,
    store::{FileEntry, Track, TrackId},
};

/// Selects files of an index.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Selector {
    /// A file, or everything in a folder.
    Path(PathBuf),
    /// Files whose path matches. `*` and `?` match within a name, `**` matches any number of folders. A pattern that
    /// does not begin at the root may begin in any folder. A file or folder that has exactly this path wins over the
    /// pattern. Text that is no pattern, such as one with a bracket that is not closed, selects the path alone.
    Pattern(PathBuf),
    /// All files of the track with this id.
    Id(TrackId),
    /// Files that did not exist when an update last looked for them.
    Missing,
}

/// The pattern as one for absolute paths; `None` if the text is no pattern.
fn glob_of(text: &Path) -> Option<glob::Pattern> {
    let text = text.to_str()?;
    let from_root = if Path::new(text).is_absolute() { text.to_owned() } else { format!("/**/{text}") };
    glob::Pattern::new(&from_root).ok()
}

impl From<&OsStr> for Selector {
    /// `missing` selects missing files. A number is an id, unless a file or folder has that name. Text with `*`, `?`
    /// or `[` is a pattern. Everything else is a path. To select a file called `missing`, write `./missing`.
    fn from(chosen: &OsStr) -> Self {
        let path = Self::Path(chosen.into());
        let Some(text) = chosen.to_str() else { return path };
        if text == "missing" {
            return Self::Missing;
        }
        // People name folders after years.
        if let (Ok(id), false) = (text.parse(), Path::new(text).exists()) {
            return Self::Id(TrackId(id));
        }
        if !text.contains(['*', '?', '[']) {
            return path;
        }
        // A bracket that is not closed makes no pattern.
        if glob_of(text.as_ref()).is_some() { Self::Pattern(text.into()) } else { path }
    }
}

impl Index {
    /// The tracks of the selected files, in order of their ids.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn selected_tracks(&self, selector: &Selector) -> Result<Vec<TrackId>> {
        let files = self.select(selector)?;
        let store = self.only()?.reader()?;
        let mut tracks = Vec::new();
        for file in files {
            tracks.extend(store.track_at(&file)?);
        }
        tracks.sort_unstable();
        tracks.dedup();
        Ok(tracks)
    }

    /// Calls `each` with every track and its files, in order of ids. Existing files come before missing ones.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read; errors of `each`.
    pub fn tracks(&self, mut each: impl FnMut(Track, Vec<FileEntry>) -> Result<()>) -> Result<()> {
        let store = self.only()?.reader()?;
        let _snapshot = store.snapshot()?;
        store.tracks(|track| {
            let files = store.files(track.id)?;
            each(track, files)
        })
    }

    /// The track with this id, if it exists and has a file.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn track(&self, id: TrackId) -> Result<Option<Track>> {
        self.only()?.reader()?.track(id)
    }

    /// The files of a track: first those that exist, then those that are missing, each in order of paths.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn files(&self, id: TrackId) -> Result<Vec<FileEntry>> {
        self.only()?.reader()?.files(id)
    }

    /// The paths of the selected files, in order.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn select(&self, selector: &Selector) -> Result<Vec<PathBuf>> {
        let store = self.only()?.reader()?;
        let mut chosen = Vec::new();
        if let Selector::Id(id) = selector {
            chosen.extend(store.files(*id)?.into_iter().map(|file| file.path));
            return Ok(chosen);
        }
        if let Selector::Path(path) | Selector::Pattern(path) = selector {
            for path in spellings(path) {
                store.known_below(&path, |path, _| {
                    chosen.push(path);
                    Ok(())
                })?;
            }
            chosen.sort_unstable();
            chosen.dedup();
        }
        // Reads all files only if the exact path selects none.
        if !chosen.is_empty() || matches!(selector, Selector::Path(_)) {
            return Ok(chosen);
        }
        let pattern = if let Selector::Pattern(text) = selector { glob_of(text) } else { None };
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
        store.all_known(|path, known| {
            let meant = match selector {
                Selector::Missing => known.missing,
                Selector::Pattern(_) => {
                    pattern.as_ref().is_some_and(|p| p.matches_with(&path.to_string_lossy(), options))
                }
                Selector::Path(_) | Selector::Id(_) => false,
            };
            if meant {
                chosen.push(path);
            }
            Ok(())
        })?;
        Ok(chosen)
    }

    /// The files that are marked as missing and still do not exist. Leaves out files in
    /// an indexed folder that is itself gone, such as one on an unplugged disk.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn prunable(&self) -> Result<Vec<PathBuf>> {
        let mut missing = self.select(&Selector::Missing)?;
        let absent = self.absent_roots()?;
        missing.retain(|path| !below(path, &absent) && is_gone(path));
        Ok(missing)
    }

    /// The indexed folders that do not exist, such as those on an unplugged disk, in order. For the command.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    #[doc(hidden)]
    pub fn absent_roots(&self) -> Result<Vec<PathBuf>> {
        let roots = self.only()?.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|path| is_gone(path)).collect())
    }

    /// The indexed folders at or below `path`, in order. For the command.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    #[doc(hidden)]
    pub fn roots_below(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let literal = spellings(path);
        let roots = self.only()?.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|root| below(root, &literal)).collect())
    }
}
