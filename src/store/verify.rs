//! Reading everything, to tell whether a file is whole.
use super::{Census, Store, TrackId, fault, write::BLOCK_BITS};
use crate::{
    Result,
    error::{Error, IndexError},
    units::Frames,
};

impl Store {
    /// Reads the whole file: SQLite's own check, every track's frames and windows against its counts, blocks of no
    /// track, files of no track, and the rows of the neighbour index.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] with the first thing that is wrong; [`IndexError::Neighbours`] where that is in the part
    /// that can be made again.
    pub fn verify(&self) -> Result<()> {
        let _snapshot = self.snapshot()?;
        self.each_row("PRAGMA integrity_check(1)", [], |row| match row.get::<_, String>(0) {
            Ok(answer) if answer == "ok" => Ok(()),
            Ok(answer) => Err(self.damaged(answer)),
            Err(error) => Err(self.fault(error)),
        })?;
        let mut frames = Vec::new();
        let mut blocks = (0, 0);
        self.each_row("SELECT id, frame_count, window_count, hash FROM track ORDER BY id", [], |row| {
            let number = |i| row.get::<_, u32>(i).map_err(|e| self.fault(e));
            let (id, count, window_count) = (TrackId(number(0)?), Frames(number(1)?), number(2)?);
            row.get::<_, Option<[u8; 32]>>(3).map_err(|e| self.fault(e))?;
            self.frames(id, Frames(0)..count, &mut frames)?;
            let (mut windows, mut rows, mut last) = (0u64, 0i64, None);
            self.windows(id..=id, |_, block| {
                rows += 1;
                for i in 0..block.len() {
                    let position = block.position(i);
                    if last.is_some_and(|last| last >= position) || position >= count.0 {
                        return Err(self.damaged(format!("a window of track {} at frame {position}", id.0)));
                    }
                    last = Some(position);
                }
                windows += block.len() as u64;
                Ok(())
            })?;
            if windows != u64::from(window_count) {
                return Err(self.damaged(format!("track {} has {windows} windows, not {window_count}", id.0)));
            }
            let frame_rows = (count.0 as usize).div_ceil(self.layout.frames_per_block) as i64;
            blocks = (blocks.0 + frame_rows, blocks.1 + rows);
            Ok(())
        })?;
        for (table, expected) in [("frame_block", blocks.0), ("window_block", blocks.1)] {
            self.each_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                match self.integer(row, 0)? {
                    found if found == expected => Ok(()),
                    found => {
                        Err(self.damaged(format!("{found} rows in {table}, {expected} belong to tracks")))
                    }
                }
            })?;
        }
        self.each_row(
            "SELECT track FROM file WHERE track IS NOT NULL AND track NOT IN (SELECT id FROM track) LIMIT 1",
            [],
            |row| Err(self.damaged(format!("a file of track {}, which is not there", self.integer(row, 0)?))),
        )?;
        self.all_known(|_, _| Ok(()))?;
        self.tracks(|_| Ok(()))?;
        self.roots()?;
        self.verify_neighbours().map_err(|error| match error {
            Error::Index { reason: IndexError::Damaged(what), .. } => {
                fault::index(&self.path, IndexError::Neighbours(what))
            }
            other => other,
        })
    }

    fn verify_neighbours(&self) -> Result<()> {
        let Some(index) = self.neighbour_index()? else { return Ok(()) };
        self.centroids(index.centroid_count)?;
        let gone = self.removed()?;
        if gone.is_empty() && self.census(Census::default(), index.last_track, u64::MAX)?.stamp != index.stamp
        {
            return Err(self.damaged("the neighbour index was built from other tracks"));
        }
        let mut windows = 0;
        for centroid in 0..index.centroid_count {
            if self.links(centroid)?.iter().flatten().any(|&other| other >= index.centroid_count) {
                return Err(self.damaged(format!("links of centroid {centroid}")));
            }
            self.postings(centroid, |block| {
                windows += block.len() as u64;
                for i in 0..block.len() {
                    let track = block.track(i);
                    if track > index.last_track.0
                        || (gone.binary_search(&track).is_err() && !self.has_track(TrackId(track))?)
                    {
                        return Err(self.damaged(format!("centroid {centroid} lists track {track}")));
                    }
                }
                Ok(())
            })?;
        }
        if windows != index.window_count {
            return Err(self.damaged(format!("{windows} windows listed, not {}", index.window_count)));
        }
        let end = i64::from(index.centroid_count) << BLOCK_BITS;
        self.each_row("SELECT 1 FROM posting WHERE id < 0 OR id >= ?1 LIMIT 1", [end], |_| {
            Err(self.damaged("a list of no centroid"))
        })
    }

    fn has_track(&self, id: TrackId) -> Result<bool> {
        self.db
            .prepare_cached("SELECT 1 FROM track WHERE id = ?1")
            .and_then(|mut s| s.exists([id.0]))
            .map_err(|e| self.fault(e))
    }
}
