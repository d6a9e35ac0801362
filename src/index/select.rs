//! Choosing and listing what an index holds.
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

/// Which files of an index are meant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Selector {
    /// A file, or all below a folder.
    Path(PathBuf),
    /// Those whose path is matched. `*` and `?` match within a name, `**` any number of folders. A pattern that does not
    /// begin at the root may begin in any folder. What is known at or below the very path that was given goes first: only
    /// where there is nothing is it a pattern.
    Pattern(Pattern),
    /// Those of the track with this id.
    Id(TrackId),
    /// Those that were not there when they were last looked for.
    Missing,
}

/// A pattern of paths, made by `Selector::from`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What was given, which may be the very path of a file.
    text: PathBuf,
    /// From the root.
    pattern: glob::Pattern,
}

impl Pattern {
    /// What was given.
    pub fn as_path(&self) -> &Path {
        &self.text
    }
}

impl From<&OsStr> for Selector {
    /// `missing`; a number, which is an id unless there is a file or folder of that name; what holds `*`, `?` or `[`,
    /// which is a pattern; else a path. A file of such a name is meant by `./missing`.
    fn from(chosen: &OsStr) -> Self {
        let path = Self::Path(chosen.into());
        let Some(text) = chosen.to_str() else { return path };
        if text == "missing" {
            return Self::Missing;
        }
        // Folders are named after years.
        if let (Ok(id), false) = (text.parse(), Path::new(text).exists()) {
            return Self::Id(TrackId(id));
        }
        if !text.contains(['*', '?', '[']) {
            return path;
        }
        let from_root = if Path::new(text).is_absolute() { text.to_owned() } else { format!("/**/{text}") };
        match glob::Pattern::new(&from_root) {
            Ok(pattern) => Self::Pattern(Pattern { text: text.into(), pattern }),
            // A bracket that is not closed.
            Err(_) => path,
        }
    }
}

impl Index {
    /// Calls `each` with every track and its files, those that are there first; in order of ids.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read; whatever `each` gives.
    pub fn tracks(&self, mut each: impl FnMut(Track, Vec<FileEntry>) -> Result<()>) -> Result<()> {
        let store = self.connections.reader()?;
        let _snapshot = store.snapshot()?;
        store.tracks(|track| {
            let files = store.files(track.id)?;
            each(track, files)
        })
    }

    /// The track with this id, if there is one that has a file.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn track(&self, id: TrackId) -> Result<Option<Track>> {
        self.connections.reader()?.track(id)
    }

    /// The paths of the files that are meant, in order.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn select(&self, selector: &Selector) -> Result<Vec<PathBuf>> {
        let store = self.connections.reader()?;
        let mut chosen = Vec::new();
        if let Selector::Id(id) = selector {
            chosen.extend(store.files(*id)?.into_iter().map(|file| file.path));
            return Ok(chosen);
        }
        if let Selector::Path(path) | Selector::Pattern(Pattern { text: path, .. }) = selector {
            for path in spellings(path) {
                store.known_below(&path, |path, _| {
                    chosen.push(path);
                    Ok(())
                })?;
            }
            chosen.sort_unstable();
            chosen.dedup();
        }
        // Only then are all files looked at.
        if !chosen.is_empty() || matches!(selector, Selector::Path(_)) {
            return Ok(chosen);
        }
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
        store.all_known(|path, known| {
            let meant = match selector {
                Selector::Missing => known.missing,
                Selector::Pattern(Pattern { pattern, .. }) => {
                    pattern.matches_with(&path.to_string_lossy(), options)
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

    /// The files that are marked as missing and are not there now either, but for those below
    /// [`absent_roots`](Self::absent_roots).
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn prunable(&self) -> Result<Vec<PathBuf>> {
        let mut missing = self.select(&Selector::Missing)?;
        let absent = self.absent_roots()?;
        missing.retain(|path| !below(path, &absent) && is_gone(path));
        Ok(missing)
    }

    /// The folders that were indexed and are not there as a whole, as on a disk that is not plugged in; in order.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn absent_roots(&self) -> Result<Vec<PathBuf>> {
        let roots = self.connections.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|path| is_gone(path)).collect())
    }

    /// The folders at or below `path` that were indexed, in order.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn roots_below(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let literal = spellings(path);
        let roots = self.connections.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|root| below(root, &literal)).collect())
    }
}
