//! Reading tracks, frames and windows.
use std::ops::{Range, RangeInclusive};

use rusqlite::Row;

use super::{
    artists,
    blob::WindowBlock,
    check,
    database::Store,
    error,
    ids::{ContentHash, TrackId},
    layout::{BLOCK_BITS, track_rows},
    records::{Totals, Track, TrackRecord},
};
use crate::{
    error::{IndexError, Result},
    fingerprint::{Fingerprint, SECTION_DIMS},
    tags::Tags,
    units::{Frames, Seconds},
};

const TRACK: &str = "SELECT t.id, f.path, f.size, f.mtime_ns, f.missing, t.hash, t.duration, t.title, t.artist, \
                     t.album, t.track_number, t.disc_number, t.recording_mbid, t.release_mbid, t.acoustid, \
                     t.sample_rate, t.channels, t.frame_count, t.window_count, t.ffmpeg, t.other_artists FROM track AS t JOIN \
                     file AS f ON f.path = (SELECT path FROM file WHERE track = t.id ORDER BY missing, path LIMIT 1)";

impl Store {
    /// The track with this id, if there is one and it has a file.
    ///
    /// # Errors
    /// What SQLite reports; [`IndexError::Damaged`](crate::error::IndexError::Damaged) if its row makes no sense.
    pub fn track(&self, id: TrackId) -> Result<Option<Track>> {
        self.row(&format!("{TRACK} WHERE t.id = ?1"), [id.0], |row| self.track_of(row))
    }

    /// Whether there is a track.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn has_tracks(&self) -> Result<bool> {
        self.exists("SELECT 1 FROM track LIMIT 1", [])
    }

    /// Calls `each` with every track that has a file, in order of ids.
    ///
    /// # Errors
    /// Those of `each` and of [`Store::track`].
    pub fn tracks(&self, mut each: impl FnMut(Track) -> Result<()>) -> Result<()> {
        self.each_row(&format!("{TRACK} ORDER BY t.id"), [], |row| each(self.track_of(row)?))
    }

    /// How much the index holds.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn totals(&self) -> Result<Totals> {
        let _snapshot = self.snapshot()?;
        let totals = self.row(
            "SELECT count(*), total(duration), total(frame_count), total(window_count), \
             (SELECT count(*) FROM file WHERE track IS NULL), (SELECT count(*) FROM file WHERE track IS NOT NULL), \
             (SELECT count(*) FROM file WHERE missing), total(ffmpeg) FROM track",
            [],
            |row| {
                let get = |i| self.value::<f64>(row, i);
                Ok(Totals {
                    tracks: get(0)? as u64,
                    duration: Seconds(get(1)?),
                    frames: get(2)? as u64,
                    windows: get(3)? as u64,
                    failures: get(4)? as u64,
                    files: get(5)? as u64,
                    missing: get(6)? as u64,
                    through_ffmpeg: get(7)? as u64,
                    bytes: 0,
                })
            },
        )?;
        let bytes = self.sql(|| check::page_bytes(&self.db))?;
        Ok(Totals { bytes, ..totals.unwrap_or_default() })
    }

    /// The number of windows of the tracks that count, or `max` if there are more. Stops counting at `max`.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn windows_up_to(&self, max: u64, counts: impl Fn(TrackId) -> bool) -> Result<u64> {
        let mut windows = 0;
        self.each_row_while("SELECT id, window_count FROM track ORDER BY id", [], |row| {
            if counts(TrackId(self.value(row, 0)?)) {
                windows += u64::try_from(self.integer(row, 1)?).unwrap_or(0).min(max);
            }
            Ok(windows < max)
        })?;
        Ok(windows.min(max))
    }

    /// Calls `each` with every track and the number of its windows, in order of ids.
    ///
    /// # Errors
    /// Those of `each`; what SQLite reports.
    pub fn window_counts(&self, mut each: impl FnMut(TrackId, u32) -> Result<()>) -> Result<()> {
        self.each_row("SELECT id, window_count FROM track ORDER BY id", [], |row| {
            each(TrackId(self.value(row, 0)?), self.value(row, 1)?)
        })
    }

    /// Reads the frames `range` of a track into `out`, `frame_bytes` each. Clears `out` first. Ignores what lies past
    /// the track's end, and reads only the blocks that hold these frames.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if the track or a block does not exist.
    pub fn frames(&self, id: TrackId, range: Range<Frames>, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let count =
            self.row("SELECT frame_count FROM track WHERE id = ?1", [id.0], |row| self.value::<u32>(row, 0))?;
        let count = count.ok_or_else(|| self.damaged(format!("no track {}", id.0)))?;
        let (start, end) = (range.start.0.min(count) as usize, range.end.0.min(count) as usize);
        if start >= end {
            return Ok(());
        }
        let (per_block, bytes) = (self.layout.frames_per_block, self.layout.frame_bytes);
        let first = track_rows(id).0;
        let mut next = (start / per_block) as i64;
        let last = ((end - 1) / per_block) as i64;
        self.each_row(
            "SELECT id, data FROM frame_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (first + next, first + last),
            |row| {
                let base = next as usize * per_block;
                let damaged =
                    || self.damaged(format!("the fingerprint of track {} is damaged in block {next}", id.0));
                // Damaged pages can return rows in any order, and more rows than the statement asks for.
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
            return Err(self.damaged(format!("the fingerprint of track {} has no block {next}", id.0)));
        }
        Ok(())
    }

    /// Calls `each` with the blocks of windows of the `tracks`, in order of track and time. A block is borrowed from
    /// SQLite, so it lives for the call only.
    ///
    /// # Errors
    /// Those of `each`; [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a block makes no sense.
    pub fn windows(
        &self,
        tracks: RangeInclusive<TrackId>,
        mut each: impl FnMut(TrackId, WindowBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        self.each_row(
            "SELECT id, data FROM window_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (track_rows(*tracks.start()).0, track_rows(*tracks.end()).1),
            |row| {
                let id = self.integer(row, 0)?;
                let block = WindowBlock::decode(self.blob(row, 1)?, self.layout.dims)
                    .filter(|block| block.len() <= self.layout.windows_per_block)
                    .ok_or_else(|| self.damaged(format!("window block {id}")))?;
                // The id is one of those that the statement asks for, so it fits.
                each(TrackId((id >> BLOCK_BITS) as u32), block)
            },
        )
    }

    /// The whole fingerprint of a track.
    ///
    /// # Errors
    /// Those of [`Store::frames`] and [`Store::windows`].
    pub fn fingerprint(&self, id: TrackId) -> Result<Fingerprint> {
        let mut fingerprint = Fingerprint::default();
        self.frames(id, Frames(0)..Frames(u32::MAX), &mut fingerprint.frames)?;
        self.windows(id..=id, |_, block| {
            fingerprint.positions.extend((0..block.len()).map(|i| block.position(i)));
            fingerprint.windows.extend_from_slice(block.vectors());
            Ok(())
        })?;
        fingerprint.levels = self.levels(id)?;
        self.sections(id..=id, |_, vectors| {
            fingerprint.sections.extend_from_slice(vectors);
            Ok(())
        })?;
        Ok(fingerprint)
    }

    /// The levels of a track; none if they are not known.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a block makes no sense.
    pub fn levels(&self, id: TrackId) -> Result<Vec<u8>> {
        let (first, last) = track_rows(id);
        let (bytes, full) = (self.layout.level_bytes, self.layout.levels_per_block * self.layout.level_bytes);
        let mut levels = Vec::new();
        self.each_row(
            "SELECT id, data FROM level_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            [first, last],
            |row| {
                let (at, data) = (self.integer(row, 0)?, self.blob(row, 1)?);
                // Every block but the last is full, and none is missing.
                let expected = levels.len() as i64 == (at - first) * full as i64;
                if !expected || data.is_empty() || data.len() % bytes != 0 || data.len() > full {
                    return Err(self.damaged(format!("the levels of track {}", id.0)));
                }
                levels.extend_from_slice(data);
                Ok(())
            },
        )?;
        Ok(levels)
    }

    /// Calls `each` with the vectors of sections of the `tracks`, block by block, in order of track and time: at most
    /// [`Layout::sections_per_block`](super::layout::Layout::sections_per_block) of [`SECTION_DIMS`] values. Old tracks have none.
    ///
    /// # Errors
    /// Those of `each`; [`IndexError::Neighbours`], which a rebuild repairs, if a block makes no sense.
    pub fn sections(
        &self,
        tracks: RangeInclusive<TrackId>,
        mut each: impl FnMut(TrackId, &[i8]) -> Result<()>,
    ) -> Result<()> {
        let full = self.layout.sections_per_block * SECTION_DIMS;
        let mut vectors = Vec::with_capacity(full);
        // The row that comes next in the same track, unless the last block was not full.
        let mut next = None;
        self.each_row(
            "SELECT id, data FROM section_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (track_rows(*tracks.start()).0, track_rows(*tracks.end()).1),
            |row| {
                let (at, data) = (self.integer(row, 0)?, self.blob(row, 1)?);
                let begins = at & ((1 << BLOCK_BITS) - 1) == 0;
                let track = TrackId((at >> BLOCK_BITS) as u32);
                if !(begins || next == Some(at))
                    || data.is_empty()
                    || data.len() % SECTION_DIMS != 0
                    || data.len() > full
                {
                    let what = format!("the sections of track {} make no sense", track.0);
                    return Err(error::index(&self.path, IndexError::Neighbours(what)));
                }
                next = (data.len() == full).then_some(at + 1);
                vectors.clear();
                vectors.extend(data.iter().map(|&byte| byte.cast_signed()));
                each(track, &vectors)
            },
        )
    }

    /// Every id that a track can have.
    pub const ALL_TRACKS: RangeInclusive<TrackId> = TrackId(0)..=TrackId(u32::MAX);

    fn hash_of(&self, row: &Row<'_>, column: usize) -> Result<Option<ContentHash>> {
        Ok(self.value::<Option<[u8; 32]>>(row, column)?.map(ContentHash))
    }

    fn track_of(&self, row: &Row<'_>) -> Result<Track> {
        Ok(Track {
            id: TrackId(self.value(row, 0)?),
            record: TrackRecord {
                path: self.path_of(row, 1)?,
                size: self.integer(row, 2)?.max(0) as u64,
                mtime_ns: self.integer(row, 3)?,
                hash: self.hash_of(row, 5)?,
                duration: Seconds(self.value::<f64>(row, 6)?.max(0.0)),
                tags: Tags {
                    title: self.text(row, 7)?,
                    artist: self.text(row, 8)?,
                    other_artists: artists::read(self.text(row, 20)?),
                    album: self.text(row, 9)?,
                    track_number: self.value(row, 10)?,
                    disc_number: self.value(row, 11)?,
                    recording_mbid: self.text(row, 12)?,
                    release_mbid: self.text(row, 13)?,
                    acoustid: self.text(row, 14)?,
                },
                sample_rate: self.value(row, 15)?,
                channels: self.value(row, 16)?,
                through_ffmpeg: self.integer(row, 19)? != 0,
            },
            missing: self.integer(row, 4)? != 0,
            frames: self.value(row, 17)?,
            windows: self.value(row, 18)?,
        })
    }
}
