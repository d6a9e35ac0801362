//! Writing tracks.
use std::path::Path;

use super::{
    artists,
    batch::{Batch, stored_size},
    blob::WindowBlock,
    ids::TrackId,
    layout::{BLOCK_BITS, track_rows},
    path,
    records::TrackRecord,
};
use crate::{
    error::Result,
    failpoint,
    fingerprint::{Fingerprint, SECTION_DIMS},
};

/// The most bytes of a tag or a reason that are stored.
const MAX_TEXT_BYTES: usize = 4096;

/// How a file came into the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// As a new track.
    New(TrackId),
    /// As a file of a track with the same content.
    Known(TrackId),
    /// As the track that it was before: the sound is the same, and the tags are new.
    Described(TrackId),
}

impl Batch<'_> {
    /// Adds a recording.
    ///
    /// - If a track has the same content, the file becomes one of its files.
    /// - If the file is the only one of a track with the same sound, that track gets the new tags.
    /// - Otherwise there is a new track. If the file was the only one of another track, that track is removed.
    ///
    /// # Errors
    /// What SQLite reports; [`IndexError::Damaged`](crate::error::IndexError::Damaged) if ids have run out.
    ///
    /// # Panics
    /// If the lengths within `fingerprint` contradict each other or the store's parameters.
    pub fn add_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<TrackId> {
        let before = self.store.track_at(&record.path)?;
        let (Put::New(id) | Put::Known(id) | Put::Described(id)) = self.put_track(record, fingerprint)?;
        before.map(|before| self.drop_orphan(before)).transpose()?;
        Ok(id)
    }

    /// Like [`Batch::add_track`], but a track that has lost its last file stays until [`Batch::drop_orphans`].
    pub(crate) fn put_track(&self, record: &TrackRecord, fingerprint: &Fingerprint) -> Result<Put> {
        if let Some(known) = record.hash.map(|hash| self.store.track_with(&hash)).transpose()?.flatten() {
            self.list(&record.path, record.size, record.mtime_ns, known)?;
            return Ok(Put::Known(known));
        }
        if let Some(id) = self.store.track_at(&record.path)?
            && self.store.files(id)?.len() == 1
            && self.store.fingerprint(id)?.is_same_sound(fingerprint)
        {
            self.describe(id, record)?;
            self.put_levels(id, &fingerprint.levels)?;
            self.put_sections(id, &fingerprint.sections)?;
            self.list(&record.path, record.size, record.mtime_ns, id)?;
            return Ok(Put::Described(id));
        }
        let id = self.insert_track(record, fingerprint)?;
        self.list(&record.path, record.size, record.mtime_ns, id)?;
        Ok(Put::New(id))
    }

    /// Stores what was found out about a track's file besides its sound. If another track has the same content, the
    /// file moves to that track.
    pub(crate) fn complete(&self, record: &TrackRecord) -> Result<()> {
        let Some(id) = self.store.track_at(&record.path)? else { return Ok(()) };
        let known = record.hash.map(|hash| self.store.track_with(&hash)).transpose()?.flatten();
        if let Some(other) = known.filter(|other| *other != id) {
            self.list(&record.path, record.size, record.mtime_ns, other)?;
            return self.drop_orphan(id);
        }
        self.describe(id, record)
    }

    fn describe(&self, id: TrackId, record: &TrackRecord) -> Result<()> {
        let tags = &record.tags;
        self.run(
            "UPDATE track SET hash = ?2, title = ?3, artist = ?4, album = ?5, track_number = ?6, disc_number = ?7, \
             recording_mbid = ?8, release_mbid = ?9, acoustid = ?10, sample_rate = ?11, channels = ?12, ffmpeg = ?13, \
             other_artists = ?14 \
             WHERE id = ?1",
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
                record.sample_rate,
                record.channels,
                record.through_ffmpeg,
                artists::stored(&tags.other_artists).as_deref().map(short),
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
        let row = self.store.db.last_insert_rowid();
        let id = u32::try_from(row).map_err(|_| self.store.damaged(format!("track id {row}")))?;
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
        self.put_levels(TrackId(id), &fingerprint.levels)?;
        self.put_sections(TrackId(id), &fingerprint.sections)?;
        if fingerprint.sections.is_empty()
            && frames.len() / layout.frame_bytes >= self.store.frames_of_a_section()
        {
            self.note_lack_of_sections()?;
        }
        self.describe(TrackId(id), record)?;
        Ok(TrackId(id))
    }

    /// Stores the levels of a track, unless there are none.
    fn put_levels(&self, id: TrackId, levels: &[u8]) -> Result<()> {
        let layout = self.store.layout;
        assert_eq!(levels.len() % layout.level_bytes, 0, "levels of {} bytes", layout.level_bytes);
        let blocks = levels.chunks(layout.levels_per_block * layout.level_bytes);
        for (row, block) in (i64::from(id.0) << BLOCK_BITS..).zip(blocks) {
            self.run("INSERT OR REPLACE INTO level_block (id, data) VALUES (?1, ?2)", (row, block))?;
        }
        Ok(())
    }

    /// Stores the vectors of a track's sections instead of those that it had, unless there are none.
    pub(crate) fn put_sections(&self, id: TrackId, sections: &[i8]) -> Result<()> {
        assert_eq!(sections.len() % SECTION_DIMS, 0, "vectors of {SECTION_DIMS} values");
        let blocks = sections.chunks(self.store.layout.sections_per_block * SECTION_DIMS);
        if sections.is_empty() {
            return Ok(());
        }
        self.run("DELETE FROM section_block WHERE id BETWEEN ?1 AND ?2", track_rows(id))?;
        for (row, block) in (i64::from(id.0) << BLOCK_BITS..).zip(blocks) {
            let data: Vec<u8> = block.iter().map(|value| value.cast_unsigned()).collect();
            self.run("INSERT INTO section_block (id, data) VALUES (?1, ?2)", (row, data))?;
        }
        Ok(())
    }

    /// Removes the sections of tracks that are not there, which only a damaged file has.
    pub(crate) fn drop_lost_sections(&self) -> Result<()> {
        self.run("DELETE FROM section_block WHERE id >> 20 NOT IN (SELECT id FROM track)", []).map(|_| ())
    }

    /// Removes all sections, as of an older refrain.
    #[cfg(test)]
    pub(crate) fn clear_sections(&self) -> Result<()> {
        self.note_lack_of_sections()?;
        self.run("DELETE FROM section_block", []).map(|_| ())
    }

    /// Stores that the file at `path` gave no fingerprint. `refused_by` says what refused it, if that is known. If it was the only file of a track, that track is removed.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn add_failure(
        &self,
        path: &Path,
        size: u64,
        mtime_ns: i64,
        reason: &str,
        refused_by: Option<&str>,
    ) -> Result<()> {
        let before = self.store.track_at(path)?;
        self.put_failure(path, size, mtime_ns, reason, refused_by)?;
        before.map_or(Ok(()), |before| self.drop_orphan(before))
    }

    /// Like [`Batch::add_failure`], but a track that has lost its last file stays until [`Batch::drop_orphans`].
    pub(crate) fn put_failure(
        &self,
        path: &Path,
        size: u64,
        mtime_ns: i64,
        reason: &str,
        refused_by: Option<&str>,
    ) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO file (path, size, mtime_ns, track, missing, reason, refused_by) \
             VALUES (?1, ?2, ?3, NULL, 0, ?4, ?5)",
            (path::to_sql(path), stored_size(size), mtime_ns, short(reason), refused_by.map(short)),
        )
        .map(|_| ())
    }

    /// Removes the file at `path`, and its track if it was the only file. Returns false if the index does not know the
    /// file.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn remove(&self, path: &Path) -> Result<bool> {
        let track = self.store.track_at(path)?;
        let known = self.forget(path)?;
        failpoint::reach("remove");
        track.map(|track| self.drop_orphan(track)).transpose()?;
        Ok(known)
    }

    /// Stores that there may be tracks without a file, for [`Batch::drop_orphans`].
    pub(crate) fn note_orphans(&self) -> Result<()> {
        self.run("INSERT OR IGNORE INTO meta (key, value) VALUES ('unlisted', 1)", []).map(|_| ())
    }

    /// Removes every track that builds left without a file, and returns how many. Looks for such tracks only if a build
    /// stored that there may be some.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn drop_orphans(&self) -> Result<u64> {
        if self.run("DELETE FROM meta WHERE key = 'unlisted'", [])? == 0 {
            return Ok(0);
        }
        let mut orphans = Vec::new();
        self.store.each_row(
            "SELECT id FROM track WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.track = track.id) ORDER BY id",
            [],
            |row| {
                orphans.push(TrackId(self.store.value(row, 0)?));
                Ok(())
            },
        )?;
        orphans.iter().try_for_each(|&id| self.drop_track(id))?;
        Ok(orphans.len() as u64)
    }

    /// Removes a track if it has no file.
    pub(crate) fn drop_orphan(&self, id: TrackId) -> Result<()> {
        if self.store.files(id)?.is_empty() { self.drop_track(id) } else { Ok(()) }
    }

    fn drop_track(&self, id: TrackId) -> Result<()> {
        let (first, last) = track_rows(id);
        self.run("DELETE FROM frame_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM window_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM level_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM section_block WHERE id BETWEEN ?1 AND ?2", (first, last))?;
        self.run("DELETE FROM quality WHERE track = ?1", [id.0])?;
        self.run("DELETE FROM track WHERE id = ?1", [id.0])?;
        self.run(
            "INSERT OR IGNORE INTO removed (track) \
             SELECT ?1 WHERE EXISTS (SELECT 1 FROM neighbour_index WHERE last_track >= ?1)",
            [id.0],
        )?;
        Ok(())
    }
}

fn short(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
