//! Writing tracks.
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{ContentHash, Store, TrackId, WindowBlock, fault, path};
use crate::{
    decode::Tags,
    error::Result,
    failpoint,
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
    /// A file of it.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// When the file was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The hash of its content, by which it is recognised elsewhere.
    pub hash: Option<ContentHash>,
    /// How long it plays. Not a number counts as 0.
    pub duration: Seconds,
    /// What the file says of itself. Each text is cut at 4,096 bytes.
    pub tags: Tags,
    /// As the file is decoded.
    pub sample_rate: Option<SampleRate>,
    /// As the file has them.
    pub channels: Option<u16>,
}

/// How a file came into the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// As a new track.
    New(TrackId),
    /// To a track that has its content.
    Known(TrackId),
    /// To the track that it was, with the same sound and something else that has changed: its tags.
    Described(TrackId),
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
        failpoint::reach("commit");
        transaction.commit().map_err(of)?;
        failpoint::reach("committed");
        // What was committed stays: a fault of the disk is told by the next commit, or at the end.
        let _ = self.trim_log();
        Ok(done)
    }
}

impl Batch<'_> {
    fn db(&self) -> &Connection {
        &self.store.db
    }

    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.db()
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(|error| fault::of(&self.store.path, error))
    }

    /// Adds a recording. Where its content is known, its file is put to that track; where the file is known as the only
    /// one of a track of the same sound, that track's tags are replaced; else there is a new track, and one that the file
    /// was before is removed if it has no other file.
    ///
    /// # Errors
    /// What SQLite says; [`IndexError::Damaged`](crate::error::IndexError::Damaged) where ids have run out.
    ///
    /// # Panics
    /// Where the lengths within `fingerprint` disagree with each other or with the store's parameters.
    pub fn add_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<TrackId> {
        let before = self.store.track_at(&record.path)?;
        let (Put::New(id) | Put::Known(id) | Put::Described(id)) = self.put_track(record, fingerprint)?;
        before.map(|before| self.drop_unlisted_track(before)).transpose()?;
        Ok(id)
    }

    /// As [`Batch::add_track`], but a track that has lost its last file stays until [`Batch::drop_unlisted`].
    pub(crate) fn put_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<Put> {
        if let Some(known) = record.hash.map(|hash| self.store.track_with(&hash)).transpose()?.flatten() {
            self.list(&record.path, record.size, record.mtime_ns, known)?;
            return Ok(Put::Known(known));
        }
        if let Some(id) = self.store.track_at(&record.path)?
            && self.store.files(id)?.len() == 1
            && self.store.fingerprint(id)? == *fingerprint
        {
            self.describe(id, record)?;
            self.list(&record.path, record.size, record.mtime_ns, id)?;
            return Ok(Put::Described(id));
        }
        let id = self.insert_track(record, fingerprint)?;
        self.list(&record.path, record.size, record.mtime_ns, id)?;
        Ok(Put::New(id))
    }

    /// Notes what was found out of a file of a track besides its sound. Where its content turns out to be that of another
    /// track, the file goes to that one.
    pub(crate) fn complete(&self, record: &TrackRecord) -> Result<()> {
        let Some(id) = self.store.track_at(&record.path)? else { return Ok(()) };
        let known = record.hash.map(|hash| self.store.track_with(&hash)).transpose()?.flatten();
        if let Some(other) = known.filter(|other| *other != id) {
            self.list(&record.path, record.size, record.mtime_ns, other)?;
            return self.drop_unlisted_track(id);
        }
        self.describe(id, record)
    }

    fn describe(&self, id: TrackId, record: &TrackRecord) -> Result<()> {
        let tags = &record.tags;
        self.run(
            "UPDATE track SET hash = ?2, title = ?3, artist = ?4, album = ?5, track_number = ?6, disc_number = ?7, \
             recording_mbid = ?8, release_mbid = ?9, acoustid = ?10, sample_rate = ?11, channels = ?12 WHERE id = ?1",
            rusqlite::params![
                id.0,
                record.hash.map(|hash| hash.0),
                tags.title.as_deref().map(short),
                tags.artist.as_deref().map(short),
                tags.album.as_deref().map(short),
                tags.track_number,
                tags.disc_number,
                tags.recording_mbid.as_deref().map(short),
                tags.release_mbid.as_deref().map(short),
                tags.acoustid.as_deref().map(short),
                record.sample_rate.map(|rate| rate.0),
                record.channels,
            ],
        )
        .map(|_| ())
    }

    fn insert_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<TrackId> {
        let layout = self.store.layout;
        let (frames, windows) = (&fingerprint.frames, &fingerprint.windows);
        assert_eq!(frames.len() % layout.frame_bytes, 0, "frames of {} bytes", layout.frame_bytes);
        assert_eq!(windows.len(), fingerprint.positions.len() * layout.dims, "a vector for each position");
        let duration = if record.duration.0.is_finite() { record.duration.0 } else { 0.0 };
        self.run(
            "INSERT INTO track (duration, frame_count, window_count) VALUES (?1, ?2, ?3)",
            (duration, (frames.len() / layout.frame_bytes) as i64, fingerprint.positions.len() as i64),
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
        failpoint::reach("track");
        let blocks = fingerprint
            .positions
            .chunks(layout.windows_per_block)
            .zip(windows.chunks(layout.windows_per_block * layout.dims));
        assert!(blocks.len() < 1 << BLOCK_BITS, "a recording of months");
        for (row, (positions, vectors)) in (first..).zip(blocks) {
            let data = WindowBlock::encode(positions, vectors);
            self.run("INSERT INTO window_block (id, data) VALUES (?1, ?2)", (row, data))?;
        }
        self.describe(TrackId(id), record)?;
        Ok(TrackId(id))
    }

    /// Notes that the file at `path` gave no fingerprint; a track that it was before is removed if it has no other file.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn add_failure(&self, path: &Path, size: u64, mtime_ns: i64, reason: &str) -> Result<()> {
        let before = self.store.track_at(path)?;
        self.put_failure(path, size, mtime_ns, reason)?;
        before.map_or(Ok(()), |before| self.drop_unlisted_track(before))
    }

    /// As [`Batch::add_failure`], but a track that has lost its last file stays until [`Batch::drop_unlisted`].
    pub(crate) fn put_failure(&self, path: &Path, size: u64, mtime_ns: i64, reason: &str) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO file (path, size, mtime_ns, track, missing, reason) \
             VALUES (?1, ?2, ?3, NULL, 0, ?4)",
            (path::to_sql(path), stored_size(size), mtime_ns, short(reason)),
        )
        .map(|_| ())
    }

    /// Forgets the file at `path`, and its track with it if it was the only file. False where it is not known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn remove(&self, path: &Path) -> Result<bool> {
        let track = self.store.track_at(path)?;
        let known = self.forget(path)?;
        failpoint::reach("remove");
        track.map(|track| self.drop_unlisted_track(track)).transpose()?;
        Ok(known)
    }

    /// Notes that there may be tracks without a file, for [`Batch::drop_unlisted`].
    pub(crate) fn note_unlisted(&self) -> Result<()> {
        self.run("INSERT OR IGNORE INTO meta (key, value) VALUES ('unlisted', 1)", []).map(|_| ())
    }

    /// Removes every track that builds have left without a file; gives how many. They are looked for only where a build
    /// has noted that there are some.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn drop_unlisted(&self) -> Result<u64> {
        if self.run("DELETE FROM meta WHERE key = 'unlisted'", [])? == 0 {
            return Ok(0);
        }
        let mut unlisted = Vec::new();
        self.store.each_row(
            "SELECT id FROM track WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.track = track.id)",
            [],
            |row| {
                unlisted.push(TrackId(row.get(0).map_err(|e| self.store.fault(e))?));
                Ok(())
            },
        )?;
        unlisted.iter().try_for_each(|&id| self.drop_track(id))?;
        Ok(unlisted.len() as u64)
    }

    /// Removes a track if it has no file.
    pub(crate) fn drop_unlisted_track(&self, id: TrackId) -> Result<()> {
        if self.store.files(id)?.is_empty() { self.drop_track(id) } else { Ok(()) }
    }

    fn drop_track(&self, id: TrackId) -> Result<()> {
        let (first, last) = rows_of(id);
        self.run("DELETE FROM frame_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM window_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM track WHERE id = ?1", [id.0])?;
        self.run(
            "INSERT OR IGNORE INTO removed (track) \
             SELECT ?1 WHERE EXISTS (SELECT 1 FROM neighbour_index WHERE last_track >= ?1)",
            [id.0],
        )?;
        Ok(())
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

pub(super) fn stored_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn short(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
