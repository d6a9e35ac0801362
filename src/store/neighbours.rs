//! The rows of the neighbour index. What they mean is the business of `ann`.
use rusqlite::OptionalExtension;

use super::{
    Batch, PostingBlock, Store, TrackId,
    blob::{decode_centroids, decode_links},
    write::BLOCK_BITS,
};
use crate::{Result, failpoint};

/// What a neighbour index was built from, and where its graph is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeighbourIndex {
    pub generation: i64,
    pub parameter_set: u32,
    pub track_count: u64,
    pub last_track: TrackId,
    pub window_count: u64,
    pub stamp: i64,
    pub centroid_count: u32,
    pub entry: u32,
    pub entry_level: u32,
    pub graph_complete: bool,
}

/// What the tracks up to some id come to; two equal ones have the same tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub tracks: u64,
    pub last: TrackId,
    pub windows: u64,
    pub stamp: i64,
}

impl Store {
    pub(crate) fn neighbour_index(&self) -> Result<Option<NeighbourIndex>> {
        self.db
            .prepare_cached(
                "SELECT generation, parameter_set, track_count, last_track, window_count, stamp, centroid_count, \
                 entry, entry_level, graph_complete FROM neighbour_index WHERE id = 1",
            )
            .and_then(|mut s| {
                s.query_row([], |row| {
                    Ok(NeighbourIndex {
                        generation: row.get(0)?,
                        parameter_set: row.get(1)?,
                        track_count: row.get::<_, i64>(2)?.max(0) as u64,
                        last_track: TrackId(row.get(3)?),
                        window_count: row.get::<_, i64>(4)?.max(0) as u64,
                        stamp: row.get(5)?,
                        centroid_count: row.get(6)?,
                        entry: row.get(7)?,
                        entry_level: row.get(8)?,
                        graph_complete: row.get(9)?,
                    })
                })
                .optional()
            })
            .map_err(|e| self.fault(e))
    }

    /// Counts the tracks up to `last`.
    pub(crate) fn census(&self, last: TrackId) -> Result<Census> {
        let mut census = Census::default();
        self.each_row("SELECT id, window_count FROM track WHERE id <= ?1 ORDER BY id", [last.0], |row| {
            let (id, windows): (u32, u32) =
                row.get(0).and_then(|id| Ok((id, row.get(1)?))).map_err(|e| self.fault(e))?;
            census.tracks += 1;
            census.last = TrackId(id);
            census.windows += u64::from(windows);
            // FNV-1a over id and count, eight bytes at a time.
            let word = u64::from(id) << 32 | u64::from(windows);
            census.stamp = ((census.stamp as u64 ^ word).wrapping_mul(0x0000_0100_0000_01B3)) as i64;
            Ok(())
        })?;
        Ok(census)
    }

    /// The tracks that are gone and still stand in postings, ascending.
    pub(crate) fn removed(&self) -> Result<Vec<u32>> {
        let mut gone = Vec::new();
        self.each_row("SELECT track FROM removed ORDER BY track", [], |row| {
            gone.push(row.get(0).map_err(|e| self.fault(e))?);
            Ok(())
        })?;
        Ok(gone)
    }

    /// All centroids' vectors, `count x dims`.
    pub(crate) fn centroids(&self, count: u32) -> Result<Vec<i8>> {
        let wanted = count as usize * self.layout.dims;
        let mut all = Vec::new();
        self.each_row("SELECT data FROM centroid_block ORDER BY id", [], |row| {
            let block =
                decode_centroids(self.blob(row, 0)?).filter(|block| all.len() + block.len() <= wanted);
            all.extend_from_slice(block.ok_or_else(|| self.damaged("centroids"))?);
            Ok(())
        })?;
        if all.len() != wanted {
            return Err(self.damaged(format!("{} values of centroids, not {wanted}", all.len())));
        }
        Ok(all)
    }

    /// The neighbours of a centroid, level by level from the lowest.
    pub(crate) fn links(&self, centroid: u32) -> Result<Vec<Vec<u32>>> {
        let mut levels = None;
        self.each_row("SELECT data FROM centroid_link WHERE id = ?1", [centroid], |row| {
            levels = decode_links(self.blob(row, 0)?);
            Ok(())
        })?;
        levels.ok_or_else(|| self.damaged(format!("no links of centroid {centroid}")))
    }

    /// Calls `each` with the rows of a centroid's list. A row is read in place and lives for the call only.
    pub(crate) fn postings(
        &self,
        centroid: u32,
        mut each: impl FnMut(PostingBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        let first = i64::from(centroid) << BLOCK_BITS;
        self.each_row(
            "SELECT data FROM posting WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (first, first | ((1 << BLOCK_BITS) - 1)),
            |row| {
                let block = PostingBlock::decode(self.blob(row, 0)?, self.layout.dims)
                    .filter(|block| block.len() <= self.layout.windows_per_posting)
                    .ok_or_else(|| self.damaged(format!("postings of centroid {centroid}")))?;
                each(block)
            },
        )
    }
}

impl Batch<'_> {
    /// The store within this batch: it sees what the batch has written.
    pub(crate) fn store(&self) -> &Store {
        self.store
    }

    pub(crate) fn clear_neighbours(&self) -> Result<()> {
        for table in ["neighbour_index", "centroid_block", "centroid_link", "posting", "removed"] {
            self.neighbour_row(&format!("DELETE FROM {table}"), [])?;
        }
        failpoint::reach("neighbours");
        Ok(())
    }

    pub(crate) fn put_neighbour_index(&self, index: &NeighbourIndex) -> Result<()> {
        self.neighbour_row(
            "INSERT OR REPLACE INTO neighbour_index VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                index.generation,
                index.parameter_set,
                index.track_count as i64,
                index.last_track.0,
                index.window_count as i64,
                index.stamp,
                index.centroid_count,
                index.entry,
                index.entry_level,
                index.graph_complete,
            ),
        )
    }

    pub(crate) fn put_centroids(&self, block: usize, data: &[u8]) -> Result<()> {
        self.neighbour_row("INSERT INTO centroid_block (id, data) VALUES (?1, ?2)", (block as i64, data))
    }

    pub(crate) fn put_links(&self, centroid: u32, data: &[u8]) -> Result<()> {
        self.neighbour_row("INSERT INTO centroid_link (id, data) VALUES (?1, ?2)", (centroid, data))
    }

    pub(crate) fn put_posting(&self, centroid: u32, row: usize, data: &[u8]) -> Result<()> {
        let id = i64::from(centroid) << BLOCK_BITS | row as i64;
        failpoint::reach("posting");
        self.neighbour_row("INSERT INTO posting (id, data) VALUES (?1, ?2)", (id, data))
    }
}
