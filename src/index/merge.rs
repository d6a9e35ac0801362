//! Merges another index into this one.
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{handle::Index, options::MaintainOptions};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    failpoint,
    fingerprint::{Fingerprint, sections_of},
    store::{Batch, Store, TrackId},
};

/// How many tracks are merged in one transaction.
const MERGED_TOGETHER: usize = 32;

/// What [`Index::merge`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeSummary {
    /// New tracks.
    pub added: usize,
    /// Tracks whose content was known; they have more files now.
    pub known: usize,
    /// Tracks that stayed as they were, because all their paths were known.
    pub skipped: usize,
}

impl Index {
    /// Adds the tracks of another index. Tracks with the same content become one. If both indexes have a path, it
    /// keeps its content in this index.
    ///
    /// # Errors
    /// [`Error::Index`] if one of the indexes cannot be used.
    pub fn merge(&self, other: &Index) -> Result<MergeSummary> {
        self.merge_with(other, MaintainOptions::default())
    }

    /// Like [`Index::merge`], with options.
    ///
    /// # Errors
    /// Those of [`Index::merge`]; [`Error::Interrupted`]. Tracks merged by then stay, and merging again goes on from
    /// there.
    pub fn merge_with(&self, other: &Index, options: MaintainOptions<'_>) -> Result<MergeSummary> {
        self.merge_as(other, &|path| Some(path.to_owned()), options)
    }

    /// Like [`Index::merge_with`]. `name` returns what a file of the other index is called in this one; it leaves out files for
    /// which it returns `None`. For the bindings, which put shards together.
    ///
    /// # Errors
    /// Those of [`Index::merge_with`].
    #[doc(hidden)]
    pub fn merge_as(
        &self,
        other: &Index,
        name: &dyn Fn(&Path) -> Option<PathBuf>,
        mut options: MaintainOptions<'_>,
    ) -> Result<MergeSummary> {
        let same =
            |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if same(self.path(), other.path()) {
            return Err(Error::Index { path: other.path().to_owned(), reason: IndexError::Itself });
        }
        let other = other.only()?.reader()?;
        let _snapshot = other.snapshot()?;
        self.only()?.write(|store| merge(store, &other, name, &mut options))
    }

    /// All files of this index merged into one, in a temporary folder.
    pub(super) fn merged(&self, cancel: &CancelToken) -> Result<Merged> {
        let failed = |source| Error::Io { path: std::env::temp_dir(), source };
        let folder = tempfile::Builder::new().prefix("refrain-").tempdir().map_err(failed)?;
        let index = Index::open_or_create(folder.path().join("merged.refrain"))?;
        for path in self.paths() {
            index.merge_with(&Index::open(path)?, MaintainOptions::default().cancel(cancel))?;
        }
        index.refresh_with(MaintainOptions::default().cancel(cancel))?;
        Ok(Merged { index, _folder: folder })
    }
}

/// Several files merged into one, which is removed with this.
pub(super) struct Merged {
    pub index: Index,
    _folder: tempfile::TempDir,
}

/// What a file of the other index is called in this one.
type Name<'a> = &'a dyn Fn(&Path) -> Option<PathBuf>;

/// Adds the tracks of `other` to `store`; see [`Index::merge`].
fn merge(
    store: &mut Store,
    other: &Store,
    name: Name<'_>,
    options: &mut MaintainOptions<'_>,
) -> Result<MergeSummary> {
    let _cancellable = (store.cancellable(&options.cancel), other.cancellable(&options.cancel));
    let mut summary = MergeSummary::default();
    let mut ids = Vec::new();
    let mut here_of = BTreeMap::new();
    other.tracks(|track| {
        ids.push(track.id);
        Ok(())
    })?;
    for (number, together) in ids.chunks(MERGED_TOGETHER).enumerate() {
        options.step((number * MERGED_TOGETHER) as u64, ids.len() as u64)?;
        store.write(|batch| {
            for &id in together {
                if let Some(here) = merge_track(batch, other, id, name, &mut summary)? {
                    here_of.insert(id, here);
                }
            }
            Ok(())
        })?;
    }
    let apart = other.not_duplicates()?;
    store.write(|batch| {
        for (one, two) in apart {
            if let (Some(&one), Some(&two)) = (here_of.get(&one), here_of.get(&two))
                && one != two
            {
                batch.set_not_duplicates(one, two, true)?;
            }
        }
        Ok(())
    })?;
    let (mut failures, roots) = (Vec::new(), other.roots()?);
    other.failures(|path, reason| {
        failures.push((path, reason));
        Ok(())
    })?;
    store.write(|batch| {
        for (path, reason) in failures {
            let Some(here) = name(&path) else { continue };
            if let (None, Some(known)) = (batch.store().known(&here)?, other.known(&path)?) {
                let by = known.refused_by.as_deref();
                batch.add_failure(&here, known.size, known.mtime_ns, &reason, by)?;
            }
        }
        let present = batch.store().roots()?;
        let mut new = roots.iter().filter(|root| present.iter().all(|p| p.path != root.path));
        new.try_for_each(|root| batch.put_root(root))
    })?;
    Ok(summary)
}

/// Adds a track, and returns its id here; `None` if it has no file that is new here.
fn merge_track(
    batch: &Batch<'_>,
    other: &Store,
    id: TrackId,
    name: Name<'_>,
    summary: &mut MergeSummary,
) -> Result<Option<TrackId>> {
    let Some(mut track) = other.track(id)? else { return Ok(None) };
    let mut files = Vec::new();
    for mut file in other.files(id)? {
        let Some(here) = name(&file.path) else { continue };
        file.path = here;
        if batch.store().known(&file.path)?.is_none() {
            files.push(file);
        }
    }
    let Some(first) = files.first() else {
        summary.skipped += 1;
        return Ok(None);
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
            batch.add_track(&track.record, &with_sections(other.fingerprint(id)?, other))?
        }
    };
    for file in &files {
        batch.list(&file.path, file.size, file.mtime_ns, here)?;
        batch.set_missing(&file.path, file.missing)?;
    }
    failpoint::reach("merge");
    Ok(Some(here))
}

/// The same with sections of its frames: an index of an older format has none, and others are not trusted.
fn with_sections(fingerprint: Fingerprint, of: &Store) -> Fingerprint {
    Fingerprint { sections: sections_of(&fingerprint.frames, of.params()), ..fingerprint }
}
