//! Reading tracks, frames and windows.
use std::{
    ops::{Range, RangeInclusive},
    path::PathBuf,
};

use rusqlite::{Row, types::ValueRef};

use super::{
    ContentHash, Store, TrackId, TrackRecord, WindowBlock, fault, path,
    write::{BLOCK_BITS, rows_of},
};
use crate::{
    decode::Tags,
    error::{Error, Result},
    fingerprint::Fingerprint,
    units::{Frames, SampleRate, Seconds},
};

/// A stored track.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Track {
    /// Its id.
    pub id: TrackId,
    /// Its first file, those that are there before those that are missing, in order of paths; and its tags.
    pub record: TrackRecord,
    /// Whether none of its files is there.
    pub missing: bool,
    /// How many chroma frames it has.
    pub frames: Frames,
    /// How many fingerprint windows it has.
    pub windows: u32,
}

/// What an index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// Tracks.
    pub tracks: u64,
    /// How long they play.
    pub duration: Seconds,
    /// Chroma frames.
    pub frames: u64,
    /// Fingerprint windows.
    pub windows: u64,
    /// Files that gave no fingerprint.
    pub failures: u64,
    /// Files of tracks.
    pub files: u64,
    /// Of these, files that are missing.
    pub missing: u64,
    /// Bytes of the file once its log is folded.
    pub bytes: u64,
}

/// One state of the index, held until it is dropped; writers go on, a log cannot be folded meanwhile.
#[derive(Debug)]
pub struct Snapshot<'s> {
    _transaction: Option<rusqlite::Transaction<'s>>,
}

const TRACK: &str = "SELECT t.id, f.path, f.size, f.mtime_ns, f.missing, t.hash, t.duration, t.title, t.artist, \
                     t.album, t.track_number, t.disc_number, t.recording_mbid, t.release_mbid, t.acoustid, \
                     t.sample_rate, t.channels, t.frame_count, t.window_count FROM track AS t JOIN file AS f ON \
                     f.path = (SELECT path FROM file WHERE track = t.id ORDER BY missing, path LIMIT 1)";

impl Store {
    pub(super) fn fault(&self, error: rusqlite::Error) -> Error {
        fault::of(&self.path, error)
    }

    pub(crate) fn damaged(&self, what: impl Into<String>) -> Error {
        fault::damaged(&self.path, what)
    }

    /// Holds the present state: all reads until the snapshot is dropped see the same.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn snapshot(&self) -> Result<Snapshot<'_>> {
        let fresh = self.db.is_autocommit();
        let transaction =
            fresh.then(|| self.db.unchecked_transaction()).transpose().map_err(|e| self.fault(e))?;
        Ok(Snapshot { _transaction: transaction })
    }

    /// The track with this id, if there is one that has a file.
    ///
    /// # Errors
    /// What SQLite says; [`IndexError::Damaged`](crate::error::IndexError::Damaged) where its row makes no sense.
    pub fn track(&self, id: TrackId) -> Result<Option<Track>> {
        let mut found = None;
        self.each_row(&format!("{TRACK} WHERE t.id = ?1"), [id.0], |row| {
            found = Some(self.track_of(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Whether there is a track.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn has_tracks(&self) -> Result<bool> {
        self.db
            .prepare_cached("SELECT 1 FROM track LIMIT 1")
            .and_then(|mut statement| statement.exists([]))
            .map_err(|e| self.fault(e))
    }

    /// Calls `each` with every track that has a file, in order of ids.
    ///
    /// # Errors
    /// Those of `each`; as [`Store::track`].
    pub fn tracks(&self, mut each: impl FnMut(Track) -> Result<()>) -> Result<()> {
        let mut last = None;
        self.each_row(&format!("{TRACK} ORDER BY t.id"), [], |row| {
            let track = self.track_of(row)?;
            self.ascends(&mut last, i64::from(track.id.0))?;
            each(track)
        })
    }

    /// How much there is.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn totals(&self) -> Result<Totals> {
        let mut totals = Totals::default();
        self.each_row(
            "SELECT count(*), total(duration), total(frame_count), total(window_count), \
             (SELECT count(*) FROM file WHERE track IS NULL), (SELECT count(*) FROM file WHERE track IS NOT NULL), \
             (SELECT count(*) FROM file WHERE missing) FROM track",
            [],
            |row| {
                let get = |i| row.get::<_, f64>(i).map_err(|e| self.fault(e));
                totals = Totals {
                    tracks: get(0)? as u64,
                    duration: Seconds(get(1)?),
                    frames: get(2)? as u64,
                    windows: get(3)? as u64,
                    failures: get(4)? as u64,
                    files: get(5)? as u64,
                    missing: get(6)? as u64,
                    bytes: 0,
                };
                Ok(())
            },
        )?;
        totals.bytes = super::open::page_bytes(&self.db).map_err(|e| self.fault(e))?;
        Ok(totals)
    }

    /// How many windows there are, or `most` where there are more: counts no further than that.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn windows_up_to(&self, most: u64) -> Result<u64> {
        let mut windows = 0;
        self.each_row_while("SELECT window_count FROM track", [], |row| {
            windows += u64::try_from(self.integer(row, 0)?).unwrap_or(0).min(most);
            Ok(windows < most)
        })?;
        Ok(windows.min(most))
    }

    /// Puts the frames `range` of a track into `out` (cleared first), `frame_bytes` each; only the blocks that hold
    /// them are read. What lies past the track's end is left out.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) where the track or a block is not there.
    pub fn frames(&self, id: TrackId, range: Range<Frames>, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let count: u32 = self
            .db
            .prepare_cached("SELECT frame_count FROM track WHERE id = ?1")
            .and_then(|mut s| s.query_row([id.0], |row| row.get(0)))
            .map_err(|e| self.fault(e))?;
        let (start, end) = (range.start.0.min(count) as usize, range.end.0.min(count) as usize);
        if start >= end {
            return Ok(());
        }
        let (per_block, bytes) = (self.layout.frames_per_block, self.layout.frame_bytes);
        let first = rows_of(id).0;
        let mut next = (start / per_block) as i64;
        let last = ((end - 1) / per_block) as i64;
        self.each_row(
            "SELECT id, data FROM frame_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (first + next, first + last),
            |row| {
                let base = next as usize * per_block;
                let damaged = || self.damaged(format!("frame block {next} of track {}", id.0));
                // Rows of damaged pages come in any order, and more of them than were asked for.
                if next > last || self.integer(row, 0)? != first + next {
                    return Err(damaged());
                }
                let expected = (count as usize - base).min(per_block) * bytes;
                let data = self.blob(row, 1)?;
                if data.len() != expected {
                    return Err(damaged());
                }
                let (from, to) = (start.max(base) - base, (end - base).min(per_block));
                out.extend_from_slice(&data[from * bytes..to * bytes]);
                next += 1;
                Ok(())
            },
        )?;
        if next <= last {
            return Err(self.damaged(format!("no frame block {next} of track {}", id.0)));
        }
        Ok(())
    }

    /// Calls `each` with the blocks of windows of the `tracks`, in order of track and time. A block is read in place
    /// and lives for the call only.
    ///
    /// # Errors
    /// Those of `each`; [`IndexError::Damaged`](crate::error::IndexError::Damaged) where a block makes no sense.
    pub fn windows(
        &self,
        tracks: RangeInclusive<TrackId>,
        mut each: impl FnMut(TrackId, WindowBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut last = None;
        self.each_row(
            "SELECT id, data FROM window_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (rows_of(*tracks.start()).0, rows_of(*tracks.end()).1),
            |row| {
                let id = self.integer(row, 0)?;
                self.ascends(&mut last, id)?;
                let block = WindowBlock::decode(self.blob(row, 1)?, self.layout.dims)
                    .filter(|block| block.len() <= self.layout.windows_per_block)
                    .ok_or_else(|| self.damaged(format!("window block {id}")))?;
                // Within the ids asked for, so it fits.
                each(TrackId((id >> BLOCK_BITS) as u32), block)
            },
        )
    }

    /// Everything that is kept of a track's sound.
    ///
    /// # Errors
    /// As [`Store::frames`] and [`Store::windows`].
    pub fn fingerprint(&self, id: TrackId) -> Result<Fingerprint> {
        let mut fingerprint = Fingerprint::default();
        self.frames(id, Frames(0)..Frames(u32::MAX), &mut fingerprint.frames)?;
        self.windows(id..=id, |_, block| {
            fingerprint.positions.extend((0..block.len()).map(|i| block.position(i)));
            fingerprint.windows.extend_from_slice(block.vectors());
            Ok(())
        })?;
        Ok(fingerprint)
    }

    /// Every id that a track can have.
    pub const ALL_TRACKS: RangeInclusive<TrackId> = TrackId(0)..=TrackId(u32::MAX);

    pub(super) fn each_row(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.each_row_while(sql, values, |row| each(row).map(|()| true))
    }

    /// Calls `each` with the rows of a statement until it says that it has seen enough.
    fn each_row_while(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut statement = self.db.prepare_cached(sql).map_err(|e| self.fault(e))?;
        let mut rows = statement.query(values).map_err(|e| self.fault(e))?;
        let mut steps = 0;
        loop {
            self.steps.go_on(steps);
            let row = rows.next();
            // What `each` does is not the statement's.
            steps = self.steps.pause();
            match row.map_err(|e| self.fault(e))? {
                Some(row) if each(row)? => {}
                _ => return Ok(()),
            }
        }
    }

    /// Holds that the rows of a table come in order, whatever its pages say: each comes once then.
    fn ascends(&self, last: &mut Option<i64>, id: i64) -> Result<()> {
        if last.replace(id).is_some_and(|last| last >= id) {
            return Err(self.damaged(format!("row {id} comes again")));
        }
        Ok(())
    }

    pub(super) fn blob<'r>(&self, row: &'r Row<'_>, column: usize) -> Result<&'r [u8]> {
        match row.get_ref(column).map_err(|e| self.fault(e))? {
            ValueRef::Blob(data) => Ok(data),
            _ => Err(self.damaged("not a blob")),
        }
    }

    pub(super) fn integer(&self, row: &Row<'_>, column: usize) -> Result<i64> {
        row.get(column).map_err(|e| self.fault(e))
    }

    /// A tag; bytes that are not UTF-8 are replaced.
    pub(super) fn text(&self, row: &Row<'_>, column: usize) -> Result<Option<String>> {
        Ok(match row.get_ref(column).map_err(|e| self.fault(e))? {
            ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        })
    }

    pub(super) fn path_of(&self, row: &Row<'_>, column: usize) -> Result<PathBuf> {
        let value = row.get_ref(column).map_err(|e| self.fault(e))?;
        path::from_sql(value).ok_or_else(|| self.damaged("a path that is none"))
    }

    fn hash_of(&self, row: &Row<'_>, column: usize) -> Result<Option<ContentHash>> {
        let bytes: Option<[u8; 32]> = row.get(column).map_err(|e| self.fault(e))?;
        Ok(bytes.map(ContentHash))
    }

    fn track_of(&self, row: &Row<'_>) -> Result<Track> {
        let fault = |e| self.fault(e);
        Ok(Track {
            id: TrackId(row.get(0).map_err(fault)?),
            record: TrackRecord {
                path: self.path_of(row, 1)?,
                size: self.integer(row, 2)?.max(0) as u64,
                mtime_ns: self.integer(row, 3)?,
                hash: self.hash_of(row, 5)?,
                duration: Seconds(row.get::<_, f64>(6).map_err(fault)?.max(0.0)),
                tags: Tags {
                    title: self.text(row, 7)?,
                    artist: self.text(row, 8)?,
                    album: self.text(row, 9)?,
                    track_number: row.get(10).map_err(fault)?,
                    disc_number: row.get(11).map_err(fault)?,
                    recording_mbid: self.text(row, 12)?,
                    release_mbid: self.text(row, 13)?,
                    acoustid: self.text(row, 14)?,
                },
                sample_rate: row.get::<_, Option<u32>>(15).map_err(fault)?.map(SampleRate),
                channels: row.get(16).map_err(fault)?,
            },
            missing: self.integer(row, 4)? != 0,
            frames: Frames(row.get(17).map_err(fault)?),
            windows: row.get(18).map_err(fault)?,
        })
    }
}
