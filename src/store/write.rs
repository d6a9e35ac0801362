//! Writing tracks.
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{Store, TrackId, WindowBlock, fault, path};
use crate::{
    Result,
    fingerprint::Fingerprint,
    units::{SampleRate, Seconds},
};

/// Blocks of one track, rows of one list: the lower bits of an id.
pub(super) const BLOCK_BITS: u32 = 20;
/// Bytes of a tag or a reason that are kept.
const LONGEST_TEXT: usize = 4096;

/// What is known of a recording besides its fingerprint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackRecord {
    /// Its file. One track a path.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// When the file was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// How long it plays. Not a number counts as 0.
    pub duration: Seconds,
    /// Tag. Each is cut at 4,096 bytes.
    pub title: Option<String>,
    /// Tag.
    pub artist: Option<String>,
    /// Tag.
    pub album: Option<String>,
    /// As the file has it.
    pub sample_rate: Option<SampleRate>,
    /// As the file has them.
    pub channels: Option<u16>,
}

/// Changes that are committed together.
#[derive(Debug)]
pub struct Batch<'s> {
    pub(super) store: &'s Store,
}

impl Store {
    /// Runs `work` within one transaction and commits it; nothing of it is kept where it fails. Keep it short: no
    /// other process can write meanwhile.
    ///
    /// # Errors
    /// Those of `work`; [`IndexError::Busy`](crate::error::IndexError::Busy) where another writer holds the file for
    /// too long, [`IndexError::DiskFull`](crate::error::IndexError::DiskFull),
    /// [`IndexError::ReadOnly`](crate::error::IndexError::ReadOnly) for a store that was opened for reading.
    pub fn write<T>(&mut self, work: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
        let of = |error| fault::of(&self.path, error);
        let transaction =
            rusqlite::Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).map_err(of)?;
        let done = work(&Batch { store: self })?;
        transaction.commit().map_err(of)?;
        Ok(done)
    }
}

impl Batch<'_> {
    fn db(&self) -> &Connection {
        &self.store.db
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.db()
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(|error| fault::of(&self.store.path, error))
    }

    /// Adds a recording under a new id; a track or a failure of the same path is replaced.
    ///
    /// # Errors
    /// What SQLite says; [`IndexError::Damaged`](crate::error::IndexError::Damaged) where ids have run out.
    ///
    /// # Panics
    /// Where the lengths within `fingerprint` disagree with each other or with the store's parameters.
    pub fn add_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<TrackId> {
        let layout = self.store.layout;
        let (frames, windows) = (&fingerprint.frames, &fingerprint.windows);
        assert_eq!(frames.len() % layout.frame_bytes, 0, "frames of {} bytes", layout.frame_bytes);
        assert_eq!(windows.len(), fingerprint.positions.len() * layout.dims, "a vector for each position");
        self.remove_track_at(&record.path)?;
        self.run("DELETE FROM failure WHERE path = ?1", [path::to_sql(&record.path)])?;
        let duration = if record.duration.0.is_finite() { record.duration.0 } else { 0.0 };
        self.run(
            "INSERT INTO track (path, size, mtime_ns, duration, title, artist, album, sample_rate, channels, \
             frame_count, window_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            rusqlite::params![
                path::to_sql(&record.path),
                stored_size(record.size),
                record.mtime_ns,
                duration,
                record.title.as_deref().map(short),
                record.artist.as_deref().map(short),
                record.album.as_deref().map(short),
                record.sample_rate.map(|rate| rate.0),
                record.channels,
                (frames.len() / layout.frame_bytes) as i64,
                fingerprint.positions.len() as i64,
            ],
        )?;
        let row = self.db().last_insert_rowid();
        let id =
            u32::try_from(row).map_err(|_| fault::damaged(&self.store.path, format!("track id {row}")))?;
        let first = i64::from(id) << BLOCK_BITS;
        let blocks = frames.chunks(layout.frames_per_block * layout.frame_bytes);
        assert!(blocks.len() < 1 << BLOCK_BITS, "a recording of months");
        for (row, block) in (first..).zip(blocks) {
            self.run("INSERT INTO frame_block (id, data) VALUES (?1, ?2)", (row, block))?;
        }
        let blocks = fingerprint
            .positions
            .chunks(layout.windows_per_block)
            .zip(windows.chunks(layout.windows_per_block * layout.dims));
        assert!(blocks.len() < 1 << BLOCK_BITS, "a recording of months");
        for (row, (positions, vectors)) in (first..).zip(blocks) {
            let data = WindowBlock::encode(positions, vectors);
            self.run("INSERT INTO window_block (id, data) VALUES (?1, ?2)", (row, data))?;
        }
        Ok(TrackId(id))
    }

    /// Notes that the file at `path` gave no fingerprint; a track of the same path is removed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn add_failure(&self, path: &Path, size: u64, mtime_ns: i64, reason: &str) -> Result<()> {
        self.remove_track_at(path)?;
        self.run(
            "INSERT OR REPLACE INTO failure (path, size, mtime_ns, reason) VALUES (?1, ?2, ?3, ?4)",
            (path::to_sql(path), stored_size(size), mtime_ns, short(reason)),
        )?;
        Ok(())
    }

    /// Forgets the track or the failure of `path`. False where there is neither.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn remove(&self, path: &Path) -> Result<bool> {
        let failures = self.run("DELETE FROM failure WHERE path = ?1", [path::to_sql(path)])?;
        Ok(self.remove_track_at(path)? | (failures > 0))
    }

    fn remove_track_at(&self, path: &Path) -> Result<bool> {
        let Some(id) = self.store.track_at(path)? else { return Ok(false) };
        let (first, last) = rows_of(id);
        self.run("DELETE FROM frame_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM window_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM track WHERE id = ?1", [id.0])?;
        self.run(
            "INSERT OR IGNORE INTO removed (track) \
             SELECT ?1 WHERE EXISTS (SELECT 1 FROM neighbour_index WHERE last_track >= ?1)",
            [id.0],
        )?;
        Ok(true)
    }

    /// One statement on the tables of the neighbour index.
    pub(super) fn neighbour_row(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        self.run(sql, values).map(|_| ())
    }
}

/// The first and the last row that a track's blocks can have.
pub(super) fn rows_of(id: TrackId) -> (i64, i64) {
    let first = i64::from(id.0) << BLOCK_BITS;
    (first, first | ((1 << BLOCK_BITS) - 1))
}

fn stored_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn short(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
