//! Giving room back, and a copy of the file to be sent elsewhere.
use std::{fs, io, path::Path};

use rusqlite::{
    limits::Limit,
    types::{ToSqlOutput, ValueRef},
};

use super::{Batch, Store, blob::encode_posting, fault, write::BLOCK_BITS};
use crate::{Result, error::Error, failpoint};

impl Store {
    /// Takes what is gone out of the neighbour index and gives the room of everything that was removed back to the disk.
    /// The file is written anew meanwhile, which takes its size once more.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`](crate::error::IndexError::DiskFull), and what SQLite says; the file is then as it was.
    pub fn compact(&mut self) -> Result<()> {
        self.write(|batch| batch.drop_tombstones())?;
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
    /// [`Error::Io`] where there is a file already, or none can be made; what SQLite says.
    pub fn export(&self, to: &Path) -> Result<()> {
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
        let of = |error| fault::of(&self.path, error);
        // The new file is attached for as long as it is written.
        self.db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1).map_err(of)?;
        let done = self.db.execute(sql, values).map_err(of);
        self.db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(of)?;
        done.map(|_| ())
    }
}

impl Batch<'_> {
    /// Takes the windows of tracks that are gone out of the lists that have some.
    fn drop_tombstones(&self) -> Result<()> {
        let store = self.store;
        let gone = store.removed()?;
        if gone.is_empty() {
            return Ok(());
        }
        if let Some(mut index) = store.neighbour_index()? {
            let dims = store.layout.dims;
            for centroid in 0..index.centroid_count {
                let (mut tracks, mut positions, mut vectors) = (Vec::new(), Vec::new(), Vec::new());
                let mut any = false;
                store.postings(centroid, |block| {
                    for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                        if gone.binary_search(&block.track(i)).is_ok() {
                            any = true;
                        } else {
                            tracks.push(block.track(i));
                            positions.push(block.position(i));
                            vectors.extend_from_slice(vector);
                        }
                    }
                    Ok(())
                })?;
                if !any {
                    continue;
                }
                failpoint::reach("tombstones");
                let first = i64::from(centroid) << BLOCK_BITS;
                let last = first | ((1 << BLOCK_BITS) - 1);
                self.run("DELETE FROM posting WHERE id BETWEEN ?1 AND ?2", (first, last))?;
                let per_row = store.layout.windows_per_posting;
                for (row, from) in (0..tracks.len()).step_by(per_row).enumerate() {
                    let to = (from + per_row).min(tracks.len());
                    let vectors = &vectors[from * dims..to * dims];
                    let data = encode_posting(&tracks[from..to], &positions[from..to], vectors);
                    self.put_posting(centroid, row, &data)?;
                }
            }
            let census = store.census(index.last_track)?;
            (index.track_count, index.window_count) = (census.tracks, census.windows);
            index.stamp = census.stamp;
            self.put_neighbour_index(&index)?;
        }
        self.run("DELETE FROM removed", []).map(|_| ())
    }
}
