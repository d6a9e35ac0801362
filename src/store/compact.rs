//! Giving room back, and a copy of the file to be sent elsewhere.
use std::{fs, io, path::Path};

use rusqlite::{
    limits::Limit,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    batch::Batch, check, database::Store, layout::list_rows, neighbours::Census, step_limit::StepLimit,
};
use crate::{
    cancel::CancelToken,
    error::{Error, Result},
    failpoint,
};

impl Store {
    /// Takes what is gone out of the neighbour index and gives the room of everything that was removed back to the disk.
    /// The file is written anew meanwhile, which takes its size once more.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`](crate::error::IndexError::DiskFull), [`Error::Interrupted`] once `cancel` is cancelled, and what
    /// SQLite says. The file holds what it held.
    pub fn compact(&mut self, cancel: &CancelToken) -> Result<()> {
        let _cancellable = self.cancellable(cancel);
        self.write(|batch| {
            // Looked for here whether or not a build has noted that there are some.
            batch.note_orphans()?;
            batch.drop_orphans()?;
            batch.drop_tombstones(&|| cancel.check())
        })?;
        self.db.flush_prepared_statement_cache();
        failpoint::reach("compact");
        self.vacuum("VACUUM", [])?;
        failpoint::reach("compacted");
        Ok(())
    }

    /// Writes the present state to a new file at `to`, a whole one without a log and without gaps. Readers and writers go
    /// on. A file of an older format stays one.
    ///
    /// # Errors
    /// [`Error::Io`] where there is a file already, or none can be made; [`Error::Interrupted`] once `cancel` is cancelled; what
    /// SQLite says. No file is left then.
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
            // As any new file: what the user's mask leaves of it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let part = builder.tempfile_in(folder).map_err(io)?;
        let name = ToSqlOutput::Borrowed(ValueRef::Text(part.path().as_os_str().as_encoded_bytes()));
        self.vacuum("VACUUM INTO ?1", [name])?;
        part.as_file().sync_all().map_err(io)?;
        failpoint::reach("export");
        part.persist_noclobber(to).map_err(|e| io(e.error))?;
        Ok(())
    }

    fn vacuum(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        // The new file is attached for as long as it is written.
        let attach =
            |files| self.db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, files).map_err(|error| self.error(error));
        let bytes = self.sql(|| check::page_bytes(&self.db))?;
        attach(1)?;
        let done = self.sql_after(StepLimit::before_copy(bytes), || self.db.execute(sql, values));
        attach(0)?;
        done.map(|_| ())
    }
}

impl Batch<'_> {
    /// Takes the windows of tracks that are gone out of the lists that have some, and gives how many. `go_on` is asked
    /// before each list and ends it with its error.
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
