//! What is done to an index besides building it: choosing and removing files, merging, moving, packing, checking.
use std::{
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::index::Index;
use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    ann::{self, Built},
    error::IndexError,
    failpoint,
    fingerprint::Fingerprinter,
    store::{FileEntry, Store, Track, TrackId},
};

/// Files that are removed in one transaction.
const REMOVED_TOGETHER: usize = 256;

/// Tracks that are merged in one transaction.
const MERGED_TOGETHER: usize = 32;

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

/// What [`Index::merge`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeSummary {
    /// Tracks that are new.
    pub added: usize,
    /// Tracks whose content was known, and which have more files now.
    pub known: usize,
    /// Tracks all of whose paths were known, which stay as they were.
    pub skipped: usize,
}

/// What [`Index::relocate`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relocated {
    /// Files that are known under another path now.
    pub files: u64,
    /// Folders that [`Index::update`] looks through under another path now.
    pub roots: u64,
}

impl Index {
    /// Calls `each` with every track and its files, those that are there first; in order of ids.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read; whatever `each` gives.
    pub fn tracks(&self, mut each: impl FnMut(Track, Vec<FileEntry>) -> Result<()>) -> Result<()> {
        let store = self.handles.reader()?;
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
        self.handles.reader()?.track(id)
    }

    /// The paths of the files that are meant, in order.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn select(&self, selector: &Selector) -> Result<Vec<PathBuf>> {
        let store = self.handles.reader()?;
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
        let roots = self.handles.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|path| is_gone(path)).collect())
    }

    /// Forgets files, and tracks that have no other file; gives how many files were known. The files themselves are not
    /// touched.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be written; what was removed by then stays so.
    pub fn remove(&self, paths: &[PathBuf]) -> Result<usize> {
        self.handles.write(|store| {
            let mut removed = 0;
            for together in paths.chunks(REMOVED_TOGETHER) {
                removed += store.write(|batch| {
                    let mut removed = 0;
                    for path in together {
                        removed += usize::from(batch.remove(path)?);
                    }
                    Ok(removed)
                })?;
            }
            Ok(removed)
        })
    }

    /// Forgets that folders at or below `path` were indexed, so that [`Index::update`] does not look into them.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be written.
    pub fn forget_roots(&self, path: &Path) -> Result<()> {
        let roots = self.roots_below(path)?;
        self.handles.write(|store| {
            store.write(|batch| roots.iter().try_for_each(|root| batch.remove_root(root).map(|_| ())))
        })
    }

    /// The folders at or below `path` that were indexed, in order.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn roots_below(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let literal = spellings(path);
        let roots = self.handles.reader()?.roots()?.into_iter().map(|root| root.path);
        Ok(roots.filter(|root| below(root, &literal)).collect())
    }

    /// Takes in the tracks of another index. What both have is one track, by its content; a path that both have stays what
    /// it is here.
    ///
    /// # Errors
    /// [`Error::Index`] where one of them cannot be used; [`Error::Interrupted`] once `cancel` is set. What was merged by
    /// then stays so, and merging again goes on.
    pub fn merge(&self, other: &Index, cancel: &CancelToken) -> Result<MergeSummary> {
        let same =
            |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if same(self.path(), other.path()) {
            return Err(Error::Index { path: other.path().to_owned(), reason: IndexError::Itself });
        }
        let other = other.handles.reader()?;
        let _snapshot = other.snapshot()?;
        self.handles.write(|store| merge(store, &other, cancel))
    }

    /// Moves the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed or a disk
    /// mounted elsewhere; gives how many files and indexed folders. Nothing is looked for: [`Index::update`] does that.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] where a file would come to where another is known, [`Error::Io`] where `to` is empty; nothing
    /// is changed then.
    pub fn relocate(&self, from: &Path, to: &Path) -> Result<Relocated> {
        let Some(new) = spellings(to).into_iter().next() else {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "an empty path");
            return Err(Error::Io { path: to.to_owned(), source });
        };
        self.handles.write(|store| {
            for from in spellings(from) {
                let (files, roots) = store.write(|batch| batch.relocate(&from, &new))?;
                if files + roots > 0 {
                    return Ok(Relocated { files, roots });
                }
            }
            Ok(Relocated::default())
        })
    }

    /// Reads and checks everything: the file as SQLite has it, what rows say of each other, every window against the frames
    /// that it was made of, and the neighbour index against the windows. Names, tags, lengths and dates, and frames that no
    /// window was made of, could be damaged without a trace.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] with the first thing that is wrong, [`IndexError::Neighbours`] where [`Index::rebuild`]
    /// mends it.
    pub fn verify(&self) -> Result<()> {
        let store = self.handles.reader()?;
        let _snapshot = store.snapshot()?;
        let told = store.verify(&CancelToken::new());
        // Nothing is lost with a neighbour index, but for what it is made of.
        if matches!(told, Ok(()) | Err(Error::Index { reason: IndexError::Neighbours(_), .. })) {
            verify_windows(&store)?;
        }
        told
    }

    /// Makes the neighbour index again, where the library is large enough for one. It is made from the fingerprints; no
    /// file is read.
    ///
    /// # Errors
    /// [`Error::Index`] where the fingerprints are damaged or the file cannot be written; [`Error::Interrupted`] once
    /// `cancel` is set.
    pub fn rebuild(&self, options: &ann::Options, cancel: &CancelToken) -> Result<Built> {
        self.handles.write(|store| {
            if store.neighbour_index().is_err() {
                store.write(|batch| batch.clear_neighbours())?;
            }
            ann::build(store, &ann::Options { force: true, ..*options }, cancel)
        })
    }

    /// Brings the neighbour index up to date where it has fallen behind, as after many removals or a merge.
    ///
    /// # Errors
    /// As [`Index::rebuild`].
    pub fn refresh(&self, options: &ann::Options, cancel: &CancelToken) -> Result<Built> {
        self.handles.write(|store| ann::build(store, options, cancel))
    }

    /// Gives the room of what was removed back to the disk; gives how many bytes.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`]: the file is written anew meanwhile, which takes its size once more. It is as it was then.
    pub fn compact(&self) -> Result<u64> {
        self.handles.write(|store| {
            let before = store.totals()?.bytes;
            store.compact(&CancelToken::new())?;
            Ok(before.saturating_sub(store.totals()?.bytes))
        })
    }

    /// Writes the index as it is now to a new file, which needs no log and has no gaps: to be sent elsewhere, or kept.
    ///
    /// # Errors
    /// [`Error::Io`] where there is a file already, or none can be made; [`Error::Index`] where the disk is full.
    pub fn export(&self, to: &Path) -> Result<()> {
        self.handles.reader()?.export(to, &CancelToken::new())
    }
}

/// Whether no file is to be had at `path`: it is gone, or its folder is.
pub(super) fn is_gone(path: &Path) -> bool {
    let gone = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    std::fs::metadata(path).is_err_and(|error| gone(error.kind()))
}

fn below(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

/// What a path may be called in the index: as links lead, where it or its folder is there; from the root; and as it is
/// written, as audio that is no file is. Nothing for an empty path, which everything would be below.
fn spellings(path: &Path) -> Vec<PathBuf> {
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

/// Takes the tracks of `other` into `store`; see [`Index::merge`].
fn merge(store: &mut Store, other: &Store, cancel: &CancelToken) -> Result<MergeSummary> {
    let _cancellable = (store.cancellable(cancel), other.cancellable(cancel));
    let mut summary = MergeSummary::default();
    let mut ids = Vec::new();
    other.tracks(|track| {
        ids.push(track.id);
        Ok(())
    })?;
    for together in ids.chunks(MERGED_TOGETHER) {
        cancel.check()?;
        store
            .write(|batch| together.iter().try_for_each(|&id| merge_track(batch, other, id, &mut summary)))?;
    }
    let (mut failures, roots) = (Vec::new(), other.roots()?);
    other.failures(|path, reason| {
        failures.push((path, reason));
        Ok(())
    })?;
    store.write(|batch| {
        for (path, reason) in failures {
            if let (None, Some(known)) = (batch.store().known(&path)?, other.known(&path)?) {
                batch.add_failure(&path, known.size, known.mtime_ns, &reason)?;
            }
        }
        let present = batch.store().roots()?;
        let mut new = roots.iter().filter(|root| present.iter().all(|p| p.path != root.path));
        new.try_for_each(|root| batch.put_root(root))
    })?;
    Ok(summary)
}

/// Makes all windows again and compares them.
fn verify_windows(store: &Store) -> Result<()> {
    let params = store.params();
    let mut again = Fingerprinter::new(params);
    store.tracks(|track| {
        let kept = store.fingerprint(track.id)?;
        kept.frames.chunks_exact(params.frame_bytes()).for_each(|frame| again.push_packed(frame));
        if again.finish() == kept {
            return Ok(());
        }
        Err(store.damaged(format!("the windows of track {} are not those of its frames", track.id.0)))
    })
}

fn merge_track(
    batch: &crate::store::Batch<'_>,
    other: &Store,
    id: TrackId,
    summary: &mut MergeSummary,
) -> Result<()> {
    let Some(mut track) = other.track(id)? else { return Ok(()) };
    let mut files = Vec::new();
    for file in other.files(id)? {
        if batch.store().known(&file.path)?.is_none() {
            files.push(file);
        }
    }
    let Some(first) = files.first() else {
        summary.skipped += 1;
        return Ok(());
    };
    let known = track.record.hash.map(|hash| batch.store().track_with(&hash)).transpose()?.flatten();
    let here = match known {
        Some(here) => {
            summary.known += 1;
            here
        }
        None => {
            summary.added += 1;
            (track.record.path, track.record.size) = (first.path.clone(), first.size);
            track.record.mtime_ns = first.mtime_ns;
            batch.add_track(&track.record, &other.fingerprint(id)?)?
        }
    };
    for file in &files {
        batch.list(&file.path, file.size, file.mtime_ns, here)?;
        batch.set_missing(&file.path, file.missing)?;
    }
    failpoint::reach("merge");
    Ok(())
}
