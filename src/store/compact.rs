//! Makes the file smaller, and copies it to be sent elsewhere.
use std::{fs, io, path::Path};

use super::{batch::Batch, database::Store, layout::list_rows, neighbours::Census, open::PAGE_BYTES};
use crate::{
    cancel::CancelToken,
    error::{Error, Result},
    failpoint,
};

impl Store {
    /// Takes removed tracks out of the neighbour index, and returns the space of everything that was removed to the
    /// disk. Meanwhile this needs twice as much space again: for a copy without gaps, and for the log.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`](crate::error::IndexError::DiskFull); [`IndexError::Busy`](crate::error::IndexError::Busy)
    /// if other processes keep writing; [`Error::Interrupted`] once `cancel` is cancelled; what SQLite reports. The
    /// content of the file stays the same. After a cancellation, the log stays beside the file until somebody writes:
    /// a log as long as the file takes too long to empty.
    pub fn compact(&mut self, cancel: &CancelToken) -> Result<()> {
        let cancellable = self.cancellable(cancel);
        self.write_without_folding(|batch| {
            // This looks for orphans even if no build has noted any.
            batch.note_orphans()?;
            batch.drop_orphans()?;
            batch.drop_tombstones(&|| cancel.check())
        })?;
        self.fold_or_leave_log()?;
        failpoint::reach("compact");
        if let Err(error) = self.pack() {
            drop(cancellable);
            // The log holds what was rolled back. What went wrong first is what the caller needs to know.
            let _ = if matches!(error, Error::Interrupted) { self.leave_log() } else { self.trim_log() };
            return Err(error);
        }
        failpoint::reach("compacted");
        failpoint::pass("packed");
        self.fold_or_leave_log()
    }

    /// Writes the present state to a new file at `to`, without a log and without gaps. Readers and writers go on
    /// meanwhile. A file of an older format keeps its format, but gets pages of the present size.
    ///
    /// # Errors
    /// [`Error::Io`] if there is a file already or none can be made; [`Error::Interrupted`] once `cancel` is cancelled;
    /// what SQLite reports. No file is left then.
    pub fn export(&self, to: &Path, cancel: &CancelToken) -> Result<()> {
        let _cancellable = self.cancellable(cancel);
        let io = |source| Error::Io { path: to.to_path_buf(), source };
        if fs::symlink_metadata(to).is_ok() {
            return Err(io(io::ErrorKind::AlreadyExists.into()));
        }
        let absolute = std::path::absolute(to).map_err(io)?;
        let folder = absolute.parent().ok_or_else(|| io(io::ErrorKind::InvalidInput.into()))?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".refrain-").suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The user's mask reduces these permissions, as for any new file.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let part = builder.tempfile_in(folder).map_err(io)?;
        self.copy_without_gaps(part.path(), PAGE_BYTES)?;
        part.as_file().sync_all().map_err(io)?;
        failpoint::reach("export");
        part.persist_noclobber(to).map_err(|e| io(e.error))?;
        Ok(())
    }
}

impl Batch<'_> {
    /// Takes the windows of removed tracks out of the lists, and returns how many there were. Calls `go_on` before each
    /// list, and ends with its error.
    pub(crate) fn drop_tombstones(&self, go_on: &impl Fn() -> Result<()>) -> Result<u64> {
        let store = self.store;
        let gone = store.removed()?;
        if gone.is_empty() {
            return Ok(0);
        }
        let mut dropped = 0;
        if let Some(mut index) = store.neighbour_index()? {
            let dims = store.layout.dims;
            for centroid in 0..index.centroid_count {
                go_on()?;
                let (mut places, mut vectors) = (Vec::new(), Vec::new());
                let before = dropped;
                store.postings(centroid, |block| {
                    for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                        if gone.binary_search(&block.track(i)).is_ok() {
                            dropped += 1;
                        } else {
                            places.push((block.track(i), block.position(i)));
                            vectors.extend_from_slice(vector);
                        }
                    }
                    Ok(())
                })?;
                if dropped == before {
                    continue;
                }
                self.run("DELETE FROM posting WHERE id BETWEEN ?1 AND ?2", list_rows(centroid))?;
                failpoint::reach("tombstones");
                self.put_postings(centroid, 0, &places, &vectors)?;
            }
            let census = store.census(Census::default(), index.last_track, u64::MAX)?;
            (index.track_count, index.window_count) = (census.tracks, census.windows);
            index.stamp = census.stamp;
            self.put_neighbour_index(&index)?;
        }
        self.run("DELETE FROM removed", [])?;
        Ok(dropped)
    }
}
