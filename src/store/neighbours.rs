//! The rows of the neighbour index. `ann` knows what they mean.
use super::{
    batch::Batch,
    blob::{PostingBlock, decode_centroids, decode_links, encode_posting},
    database::Store,
    ids::TrackId,
    layout::{BLOCK_BITS, Layout, list_rows},
};
use crate::{error::Result, failpoint};

/// The most centroids there can be.
const MAX_CENTROIDS: usize = 1 << 16;

/// The BLAKE3 hash of the vectors of centroids, one after another.
pub(crate) fn centroids_checksum(vectors: &[i8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::with_capacity(1 << 16);
    for part in vectors.chunks(1 << 16) {
        bytes.clear();
        bytes.extend(part.iter().map(|value| value.cast_unsigned()));
        hasher.update(&bytes);
    }
    *hasher.finalize().as_bytes()
}

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

/// A summary of the tracks up to some id. Two summaries are equal if the tracks are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub tracks: u64,
    pub last: TrackId,
    pub windows: u64,
    pub stamp: i64,
}

impl NeighbourIndex {
    /// The tracks that it was built from, including those that were removed since.
    pub(crate) fn census(&self) -> Census {
        Census {
            tracks: self.track_count,
            last: self.last_track,
            windows: self.window_count,
            stamp: self.stamp,
        }
    }
}

impl Store {
    pub(crate) fn neighbour_index(&self) -> Result<Option<NeighbourIndex>> {
        self.row(
            "SELECT generation, parameter_set, track_count, last_track, window_count, stamp, centroid_count, \
             entry, entry_level, graph_complete FROM neighbour_index WHERE id = 1",
            [],
            |row| {
                Ok(NeighbourIndex {
                    generation: self.value(row, 0)?,
                    parameter_set: self.value(row, 1)?,
                    track_count: self.integer(row, 2)?.max(0) as u64,
                    last_track: TrackId(self.value(row, 3)?),
                    window_count: self.integer(row, 4)?.max(0) as u64,
                    stamp: self.value(row, 5)?,
                    centroid_count: self.value(row, 6)?,
                    entry: self.value(row, 7)?,
                    entry_level: self.value(row, 8)?,
                    graph_complete: self.value(row, 9)?,
                })
            },
        )
    }

    /// Continues a census after the last track of `start`. Stops at `last`, or at the track with which `max` windows
    /// are counted.
    pub(crate) fn census(&self, start: Census, last: TrackId, max: u64) -> Result<Census> {
        let mut census = start;
        self.each_row_while(
            "SELECT id, window_count FROM track WHERE id > ?1 AND id <= ?2 ORDER BY id",
            [start.last.0, last.0],
            |row| {
                let (id, windows): (u32, u32) = (self.value(row, 0)?, self.value(row, 1)?);
                census.tracks += 1;
                census.last = TrackId(id);
                census.windows = census.windows.saturating_add(windows.into());
                // FNV-1a over id and count, eight bytes at a time.
                let word = u64::from(id) << 32 | u64::from(windows);
                census.stamp = ((census.stamp as u64 ^ word).wrapping_mul(0x0000_0100_0000_01B3)) as i64;
                Ok(census.windows - start.windows < max)
            },
        )?;
        Ok(census)
    }

    /// The removed tracks that still have postings, ascending.
    pub(crate) fn removed(&self) -> Result<Vec<u32>> {
        let mut gone = Vec::new();
        self.each_row("SELECT track FROM removed ORDER BY track", [], |row| {
            gone.push(self.value(row, 0)?);
            Ok(())
        })?;
        Ok(gone)
    }

    /// The checksum of the centroids that this file was given, if it was given some. It keeps them.
    pub(crate) fn given_centroids(&self) -> Result<Option<[u8; 32]>> {
        self.row("SELECT value FROM meta WHERE key = 'given_centroids'", [], |row| self.value(row, 0))
    }

    /// All centroids' vectors, `count x dims`.
    pub(crate) fn centroids(&self, count: u32) -> Result<Vec<i8>> {
        let wanted = count as usize * self.layout.dims;
        let all = self.centroids_up_to(wanted)?;
        if all.len() != wanted {
            return Err(self.damaged(format!("the centroids have {} values instead of {wanted}", all.len())));
        }
        Ok(all)
    }

    /// All centroids' vectors, however many there are.
    pub(crate) fn all_centroids(&self) -> Result<Vec<i8>> {
        self.centroids_up_to(MAX_CENTROIDS * self.layout.dims)
    }

    fn centroids_up_to(&self, wanted: usize) -> Result<Vec<i8>> {
        let mut all = Vec::new();
        self.each_row("SELECT id, data FROM centroid_block ORDER BY id", [], |row| {
            let block =
                decode_centroids(self.blob(row, 1)?).filter(|block| all.len() + block.len() <= wanted);
            all.extend_from_slice(block.ok_or_else(|| self.damaged("centroids"))?);
            Ok(())
        })?;
        Ok(all)
    }

    /// The vectors in the first block of centroids: enough to tell one set of centroids from another.
    pub(crate) fn first_centroids(&self) -> Result<Vec<i8>> {
        let mut first = Vec::new();
        self.each_row("SELECT data FROM centroid_block ORDER BY id LIMIT 1", [], |row| {
            let block = decode_centroids(self.blob(row, 0)?);
            first.extend_from_slice(block.ok_or_else(|| self.damaged("centroids"))?);
            Ok(())
        })?;
        if first.is_empty() { Err(self.damaged("no centroids")) } else { Ok(first) }
    }

    /// The neighbours of a centroid, level by level from the lowest.
    pub(crate) fn links(&self, centroid: u32) -> Result<Vec<Vec<u32>>> {
        let levels = self.row("SELECT data FROM centroid_link WHERE id = ?1", [centroid], |row| {
            Ok(decode_links(self.blob(row, 0)?))
        })?;
        levels.flatten().ok_or_else(|| self.damaged(format!("no links of centroid {centroid}")))
    }

    /// Calls `each` with the rows of a centroid's list. A row is borrowed from SQLite, so it lives for the call only.
    pub(crate) fn postings(
        &self,
        centroid: u32,
        mut each: impl FnMut(PostingBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        self.postings_of(&[centroid], |_, block| each(block))
    }

    /// Calls `each` with the rows of the lists of these `centroids`, list after list: with the place of the centroid in
    /// `centroids`, and the row. The centroids ascend. One statement reads everything from the first list to the last, so
    /// they should lie side by side.
    pub(crate) fn postings_of(
        &self,
        centroids: &[u32],
        mut each: impl FnMut(usize, PostingBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        let (Some(&first), Some(&last)) = (centroids.first(), centroids.last()) else { return Ok(()) };
        let mut here = 0;
        self.each_row_up_to(
            u64::from(last - first + 1) << BLOCK_BITS,
            "SELECT id, data FROM posting WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            (list_rows(first).0, list_rows(last).1),
            |row| {
                let list = self.integer(row, 0)? >> BLOCK_BITS;
                while centroids.get(here).is_some_and(|&centroid| i64::from(centroid) < list) {
                    here += 1;
                }
                match centroids.get(here) {
                    Some(&centroid) if i64::from(centroid) == list => {
                        let block = PostingBlock::decode(self.blob(row, 1)?, self.layout.dims)
                            .filter(|block| block.len() <= self.layout.windows_per_posting)
                            .ok_or_else(|| self.damaged(format!("postings of centroid {centroid}")))?;
                        each(here, block)
                    }
                    // Of a list that nobody wants; or, in a damaged b-tree, of a list that was passed.
                    _ => Ok(()),
                }
            },
        )
    }
}

impl Batch<'_> {
    /// One statement on the tables of the neighbour index.
    fn neighbour_row(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        self.run(sql, values).map(|_| ())
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

    /// Notes that the centroids with this checksum were given to the file.
    pub(crate) fn put_given_centroids(&self, checksum: &[u8; 32]) -> Result<()> {
        self.neighbour_row(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('given_centroids', ?1)",
            [checksum.as_slice()],
        )
    }

    pub(crate) fn put_centroids(&self, block: usize, data: &[u8]) -> Result<()> {
        self.neighbour_row("INSERT INTO centroid_block (id, data) VALUES (?1, ?2)", (block as i64, data))
    }

    pub(crate) fn put_links(&self, centroid: u32, data: &[u8]) -> Result<()> {
        self.neighbour_row("INSERT INTO centroid_link (id, data) VALUES (?1, ?2)", (centroid, data))
    }

    /// Writes rows of a list, from row `first` on: the windows at `places` (track, frame) and their `vectors`.
    pub(crate) fn put_postings(
        &self,
        centroid: u32,
        first: usize,
        places: &[(u32, u32)],
        vectors: &[i8],
    ) -> Result<()> {
        let Layout { dims, windows_per_posting: per_row, .. } = self.store.layout;
        let parts = places.chunks(per_row).zip(vectors.chunks(per_row * dims));
        for (row, (places, vectors)) in (first..).zip(parts) {
            if row >= 1 << BLOCK_BITS {
                return Err(self.store.damaged(format!("too many windows near centroid {centroid}")));
            }
            let (tracks, positions): (Vec<u32>, Vec<u32>) = places.iter().copied().unzip();
            let data = encode_posting(&tracks, &positions, vectors);
            let id = i64::from(centroid) << BLOCK_BITS | row as i64;
            failpoint::reach("posting");
            self.neighbour_row("INSERT OR REPLACE INTO posting (id, data) VALUES (?1, ?2)", (id, data))?;
        }
        Ok(())
    }

    /// Adds windows to a list: fills its last row, then adds rows.
    pub(crate) fn extend_list(&self, centroid: u32, places: &[(u32, u32)], vectors: &[i8]) -> Result<()> {
        let store = self.store;
        let (mut row, mut of_row, mut of_vectors) = (0, Vec::new(), Vec::new());
        let (first, end) = list_rows(centroid);
        store.row(
            "SELECT id, data FROM posting WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
            (first, end),
            |last| {
                let block = PostingBlock::decode(store.blob(last, 1)?, store.layout.dims)
                    .ok_or_else(|| store.damaged(format!("postings of centroid {centroid}")))?;
                row = (store.integer(last, 0)? - first) as usize;
                if block.len() < store.layout.windows_per_posting {
                    of_row.extend((0..block.len()).map(|i| (block.track(i), block.position(i))));
                    of_vectors.extend_from_slice(block.vectors());
                } else {
                    row += 1;
                }
                Ok(())
            },
        )?;
        of_row.extend_from_slice(places);
        of_vectors.extend_from_slice(vectors);
        self.put_postings(centroid, row, &of_row, &of_vectors)
    }
}
