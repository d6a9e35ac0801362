//! Files and folders: the files of tracks, files without a fingerprint, missing files, and the folders that were
//! indexed.
use std::path::{Path, PathBuf};

use rusqlite::{Row, types::Value};

use super::{
    batch::{Batch, stored_size},
    database::Store,
    error,
    ids::{ContentHash, TrackId},
    path,
    records::{FileEntry, Known, Recognised, Root},
};
use crate::error::{IndexError, Result};

const KNOWN: &str = "SELECT f.path, f.size, f.mtime_ns, f.track IS NULL, f.missing, t.hash IS NOT NULL, \
                     f.refused_by \
                     FROM file AS f LEFT JOIN track AS t ON t.id = f.track";

impl Store {
    /// The id of the track of this file, if there is one.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn track_at(&self, path: &Path) -> Result<Option<TrackId>> {
        let id = self.row("SELECT track FROM file WHERE path = ?1", [path::to_sql(path)], |row| {
            self.value::<Option<u32>>(row, 0)
        })?;
        Ok(id.flatten().map(TrackId))
    }

    /// The track with this content, if there is one.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn track_with(&self, hash: &ContentHash) -> Result<Option<TrackId>> {
        let id = self.row("SELECT id FROM track WHERE hash = ?1", [hash.0], |row| self.value(row, 0))?;
        Ok(id.map(TrackId))
    }

    /// Calls `each` with the content hash of every track that has one, and the track, in order of hashes.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn contents(&self, mut each: impl FnMut(ContentHash, TrackId) -> Result<()>) -> Result<()> {
        self.each_row("SELECT hash, id FROM track WHERE hash IS NOT NULL ORDER BY hash", [], |row| {
            each(ContentHash(self.value(row, 0)?), TrackId(self.value(row, 1)?))
        })
    }

    /// The files of a track, in order of paths: first those that exist, then those that are missing.
    ///
    /// # Errors
    /// What SQLite reports; [`IndexError::Damaged`] if a row makes no sense.
    pub fn files(&self, id: TrackId) -> Result<Vec<FileEntry>> {
        let mut files = Vec::new();
        self.each_row(
            "SELECT path, size, mtime_ns, missing FROM file WHERE track = ?1 ORDER BY path",
            [id.0],
            |row| {
                files.push(FileEntry {
                    path: self.path_of(row, 0)?,
                    size: self.integer(row, 1)?.max(0) as u64,
                    mtime_ns: self.integer(row, 2)?,
                    missing: self.integer(row, 3)? != 0,
                });
                Ok(())
            },
        )?;
        files.sort_by_key(|file| file.missing);
        Ok(files)
    }

    /// Calls `each` with every track that has several files.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn tracks_with_copies(&self, mut each: impl FnMut(TrackId) -> Result<()>) -> Result<()> {
        self.each_row(
            "SELECT track FROM file WHERE track IS NOT NULL GROUP BY track HAVING count(*) > 1 ORDER BY track",
            [],
            |row| each(TrackId(self.value(row, 0)?)),
        )
    }

    /// What is known of the file at `path`.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn known(&self, path: &Path) -> Result<Option<Known>> {
        self.row(&format!("{KNOWN} WHERE f.path = ?1"), [path::to_sql(path)], |row| self.known_of(row))
    }

    /// Calls `each` with every file that the index knows, in order of paths.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn all_known(&self, mut each: impl FnMut(PathBuf, Known) -> Result<()>) -> Result<()> {
        self.each_row(&format!("{KNOWN} ORDER BY f.path"), [], |row| {
            each(self.path_of(row, 0)?, self.known_of(row)?)
        })
    }

    /// Calls `each` with the files that the index knows at or below `path`.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn known_below(&self, path: &Path, mut each: impl FnMut(PathBuf, Known) -> Result<()>) -> Result<()> {
        if let Some(known) = self.known(path)? {
            each(path.to_owned(), known)?;
        }
        for range in path::below(path) {
            self.each_row(
                &format!("{KNOWN} WHERE f.path > ?1 AND f.path < ?2 ORDER BY f.path"),
                range,
                |row| each(self.path_of(row, 0)?, self.known_of(row)?),
            )?;
        }
        Ok(())
    }

    /// Calls `each` with every file that gave no fingerprint, and the reason. The order is that of the paths.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn failures(&self, mut each: impl FnMut(PathBuf, String) -> Result<()>) -> Result<()> {
        self.each_row("SELECT path, reason FROM file WHERE track IS NULL ORDER BY path", [], |row| {
            let reason = self.text(row, 1)?.unwrap_or_default();
            each(self.path_of(row, 0)?, reason)
        })
    }

    /// The folders that were indexed, in order of paths.
    ///
    /// # Errors
    /// What SQLite reports; [`IndexError::Damaged`] if a row makes no sense.
    pub fn roots(&self) -> Result<Vec<Root>> {
        let mut roots = Vec::new();
        self.each_row("SELECT path, follow_links, hidden, max_depth FROM root ORDER BY path", [], |row| {
            roots.push(Root {
                path: self.path_of(row, 0)?,
                follow_links: self.integer(row, 1)? != 0,
                hidden: self.integer(row, 2)? != 0,
                max_depth: self.value(row, 3)?,
            });
            Ok(())
        })?;
        Ok(roots)
    }

    fn known_of(&self, row: &Row<'_>) -> Result<Known> {
        Ok(Known {
            size: self.integer(row, 1)?.max(0) as u64,
            mtime_ns: self.integer(row, 2)?,
            failed: self.integer(row, 3)? != 0,
            missing: self.integer(row, 4)? != 0,
            hashed: self.integer(row, 5)? != 0,
            refused_by: self.text(row, 6)?,
        })
    }
}

impl Batch<'_> {
    /// Adds a file to the track that has its content, if there is one. If the file is new to that track and another
    /// file of the track is missing, the file has moved: the missing file is removed, the first one in order of paths.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn recognise(
        &self,
        path: &Path,
        size: u64,
        mtime_ns: i64,
        hash: &ContentHash,
    ) -> Result<Option<Recognised>> {
        let Some(id) = self.store.track_with(hash)? else { return Ok(None) };
        let before = self.store.track_at(path)?;
        self.list(path, size, mtime_ns, id)?;
        if before == Some(id) {
            return Ok(Some(Recognised::Same(id)));
        }
        let gone = self.store.files(id)?.into_iter().find(|file| file.missing);
        Ok(Some(match gone {
            Some(gone) => {
                self.forget(&gone.path)?;
                Recognised::Moved(id, gone.path)
            }
            None => Recognised::Copy(id),
        }))
    }

    /// Stores that the file at `path` exists and belongs to track `id`.
    pub(crate) fn list(&self, path: &Path, size: u64, mtime_ns: i64, id: TrackId) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO file (path, size, mtime_ns, track, missing, reason) \
             VALUES (?1, ?2, ?3, ?4, 0, NULL)",
            (path::to_sql(path), stored_size(size), mtime_ns, id.0),
        )
        .map(|_| ())
    }

    pub(super) fn forget(&self, path: &Path) -> Result<bool> {
        Ok(self.run("DELETE FROM file WHERE path = ?1", [path::to_sql(path)])? > 0)
    }

    /// Marks the file at `path` as missing, or as existing. Returns false if the index does not know it, or if it has
    /// that mark already.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn set_missing(&self, path: &Path, missing: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE file SET missing = ?2 WHERE path = ?1 AND missing <> ?2",
            (path::to_sql(path), missing),
        )?;
        Ok(changed > 0)
    }

    /// Stores a folder and how to scan it. Replaces how it was scanned before.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn put_root(&self, root: &Root) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO root (path, follow_links, hidden, max_depth) VALUES (?1, ?2, ?3, ?4)",
            (path::to_sql(&root.path), root.follow_links, root.hidden, root.max_depth),
        )
        .map(|_| ())
    }

    /// Forgets that a folder was indexed, but keeps its files. Returns false if it was not indexed.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn remove_root(&self, path: &Path) -> Result<bool> {
        Ok(self.run("DELETE FROM root WHERE path = ?1", [path::to_sql(path)])? > 0)
    }

    /// Moves every file and root at or below `from` to the same place below `to`. Returns how many files and how many
    /// roots it moved. If the same track has a file at the new path already, the two become one.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] if the index knows another file at the new path.
    pub fn relocate(&self, from: &Path, to: &Path) -> Result<(u64, u64)> {
        let moved = |path: &Path| {
            // Joining an empty path would add a separator.
            path.strip_prefix(from)
                .ok()
                .map(|rest| if rest.as_os_str().is_empty() { to.into() } else { to.join(rest) })
        };
        let mut roots = self.store.roots()?;
        roots.retain(|root| root.path.starts_with(from));
        // The new path of one root may be the old path of another.
        for root in &roots {
            self.remove_root(&root.path)?;
        }
        for root in &mut roots {
            root.path = moved(&root.path).unwrap_or_default();
            self.put_root(root)?;
        }
        let mut rows: Vec<(PathBuf, [Value; 6])> = Vec::new();
        self.store.each_row(
            "SELECT path, size, mtime_ns, track, missing, reason, refused_by FROM file ORDER BY path",
            [],
            |row| {
                let path = self.store.path_of(row, 0)?;
                if path.starts_with(from) {
                    let value = |i| self.store.value::<Value>(row, i);
                    rows.push((path, [value(1)?, value(2)?, value(3)?, value(4)?, value(5)?, value(6)?]));
                }
                Ok(())
            },
        )?;
        for (path, _) in &rows {
            self.forget(path)?;
        }
        for (path, [size, mtime_ns, track, missing, reason, refused_by]) in &rows {
            let Some(new) = moved(path) else { continue };
            if self.store.known(&new)?.is_some() {
                let there = self.store.track_at(&new)?.map_or(Value::Null, |id| Value::Integer(id.0.into()));
                if there == *track {
                    continue;
                }
                return Err(error::index(&self.store.path, IndexError::Occupied(new)));
            }
            self.run(
                "INSERT INTO file (path, size, mtime_ns, track, missing, reason, refused_by) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                rusqlite::params![path::to_sql(&new), size, mtime_ns, track, missing, reason, refused_by],
            )?;
        }
        Ok((rows.len() as u64, roots.len() as u64))
    }
}
