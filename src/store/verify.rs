//! Reads everything, to see whether a file is whole.
use super::{
    database::Store,
    error,
    ids::TrackId,
    layout::BLOCK_BITS,
    neighbours::{Census, centroids_checksum},
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    fingerprint::sections_of,
    units::Frames,
};

impl Store {
    /// Checks the whole file: runs SQLite's own check, compares the frames and windows of every track with its counts,
    /// looks for blocks and files that belong to no track, and checks the rows of the neighbour index.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] with the first problem; [`IndexError::Neighbours`] if that is in the neighbour index,
    /// which can be rebuilt; [`Error::Interrupted`] once `cancel` is cancelled.
    pub fn verify(&self, cancel: &CancelToken) -> Result<()> {
        let _cancellable = self.cancellable(cancel);
        let _snapshot = self.snapshot()?;
        self.row("PRAGMA integrity_check(1)", [], |row| match self.value::<String>(row, 0)? {
            answer if answer == "ok" => Ok(()),
            answer => Err(self.damaged(answer)),
        })?;
        let mut frames = Vec::new();
        let mut blocks = (0, 0);
        self.each_row("SELECT id, frame_count, window_count, hash FROM track ORDER BY id", [], |row| {
            let number = |i| self.value::<u32>(row, i);
            let (id, count, window_count) = (TrackId(number(0)?), Frames(number(1)?), number(2)?);
            self.value::<Option<[u8; 32]>>(row, 3)?;
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
            self.levels(id)?;
            let mut sections = Vec::new();
            self.sections(id..=id, |_, vectors| {
                sections.extend_from_slice(vectors);
                Ok(())
            })?;
            // Processors round sines differently, which may change a value by one.
            let of_frames = sections_of(&frames, &self.params);
            let near = sections.iter().zip(&of_frames).all(|(a, b)| a.abs_diff(*b) <= 2);
            let is_theirs = near && sections.len() == of_frames.len();
            if !sections.is_empty() && !is_theirs {
                let what = format!("the sections of track {} are those of other frames", id.0);
                return Err(error::index(&self.path, IndexError::Neighbours(what)));
            }
            if windows != u64::from(window_count) {
                return Err(self.damaged(format!("track {} has {windows} windows, not {window_count}", id.0)));
            }
            let frame_rows = (count.0 as usize).div_ceil(self.layout.frames_per_block) as i64;
            blocks = (blocks.0 + frame_rows, blocks.1 + rows);
            Ok(())
        })?;
        for (table, expected) in [("frame_block", blocks.0), ("window_block", blocks.1)] {
            // Not `count(*)`, which is one step of SQLite's machine, however large the table.
            self.row(&format!("SELECT coalesce(sum(1), 0) FROM {table}"), [], |row| {
                match self.integer(row, 0)? {
                    found if found == expected => Ok(()),
                    found => {
                        Err(self.damaged(format!("{found} rows in {table}, {expected} belong to tracks")))
                    }
                }
            })?;
        }
        self.row(
            "SELECT id >> 20 FROM level_block WHERE id >> 20 NOT IN (SELECT id FROM track) LIMIT 1",
            [],
            |row| -> Result<()> {
                Err(self.damaged(format!("levels of track {}, which is not there", self.integer(row, 0)?)))
            },
        )?;
        self.row(
            "SELECT id >> 20 FROM section_block WHERE id >> 20 NOT IN (SELECT id FROM track) LIMIT 1",
            [],
            |row| -> Result<()> {
                let what = format!("sections of track {}, which is not there", self.integer(row, 0)?);
                Err(error::index(&self.path, IndexError::Neighbours(what)))
            },
        )?;
        if self.says_all_have_sections()? && self.has_track_without_sections()? {
            let what = "a track has no sections".to_owned();
            return Err(error::index(&self.path, IndexError::Neighbours(what)));
        }
        self.verify_duplicates()?;
        self.row(
            "SELECT track FROM file WHERE track IS NOT NULL AND track NOT IN (SELECT id FROM track) LIMIT 1",
            [],
            |row| -> Result<()> {
                Err(self.damaged(format!("a file of track {}, which is not there", self.integer(row, 0)?)))
            },
        )?;
        self.verify_file_index()?;
        self.all_known(|_, _| Ok(()))?;
        self.tracks(|_| Ok(()))?;
        self.roots()?;
        self.verify_neighbours().map_err(|error| match error {
            Error::Index { reason: IndexError::Damaged(what), .. } => {
                error::index(&self.path, IndexError::Neighbours(what))
            }
            other => other,
        })
    }

    /// Compares the partial index over `file` with the table. SQLite's own check counts the entries of whole indexes
    /// only.
    fn verify_file_index(&self) -> Result<()> {
        if self.format() == 1 {
            return Ok(());
        }
        // The index lacks rows without a track, so the first count does not use it. A view of an older format has no index.
        self.row(
            "SELECT (SELECT count(track) FROM main.file), \
             (SELECT count(*) FROM main.file INDEXED BY file_track WHERE track IS NOT NULL)",
            [],
            |row| {
                let (files, listed) = (self.integer(row, 0)?, self.integer(row, 1)?);
                if files == listed {
                    return Ok(());
                }
                Err(self.damaged(format!("{files} files of tracks, {listed} in their index")))
            },
        )
        .map(|_| ())
    }

    fn verify_neighbours(&self) -> Result<()> {
        let Some(index) = self.neighbour_index()? else { return Ok(()) };
        let centroids = self.centroids(index.centroid_count)?;
        if self.given_centroids()?.is_some_and(|given| given != centroids_checksum(&centroids)) {
            return Err(self.damaged("the centroids are not those that the file was given"));
        }
        let (gone, dims) = (self.removed()?, self.layout.dims);
        if gone.is_empty() && self.census(Census::default(), index.last_track, u64::MAX)?.stamp != index.stamp
        {
            return Err(self.damaged("the neighbour index was built from other tracks"));
        }
        let (mut windows, mut listed) = (0, 0);
        for centroid in 0..index.centroid_count {
            if self.links(centroid)?.iter().flatten().any(|&other| other >= index.centroid_count) {
                return Err(self.damaged(format!("links of centroid {centroid}")));
            }
            self.postings(centroid, |block| {
                windows += block.len() as u64;
                for i in 0..block.len() {
                    let track = block.track(i);
                    if gone.binary_search(&track).is_ok() {
                        continue;
                    }
                    if track > index.last_track.0 || !self.has_track(TrackId(track))? {
                        return Err(self.damaged(format!("centroid {centroid} lists track {track}")));
                    }
                    let vector = &block.vectors()[i * dims..(i + 1) * dims];
                    listed = mixed(track, block.position(i), vector).wrapping_add(listed);
                }
                Ok(())
            })?;
        }
        if windows != index.window_count {
            return Err(self.damaged(format!("{windows} windows listed, not {}", index.window_count)));
        }
        let mut kept = 0;
        self.windows(TrackId(0)..=index.last_track, |track, block| {
            for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                kept = mixed(track.0, block.position(i), vector).wrapping_add(kept);
            }
            Ok(())
        })?;
        if listed != kept {
            return Err(self.damaged("the windows listed are not those of the tracks"));
        }
        let end = i64::from(index.centroid_count) << BLOCK_BITS;
        if self.exists("SELECT 1 FROM posting WHERE id < 0 OR id >= ?1 LIMIT 1", [end])? {
            return Err(self.damaged("a list of no centroid"));
        }
        Ok(())
    }

    fn has_track(&self, id: TrackId) -> Result<bool> {
        self.exists("SELECT 1 FROM track WHERE id = ?1", [id.0])
    }
}

/// A number for a window. The sum over the same windows is the same in any order.
fn mixed(track: u32, position: u32, vector: &[i8]) -> u64 {
    // FNV-1a, eight bytes at a time. Then each bit spreads over the whole number: otherwise windows could swap parts
    // and keep the sum.
    let start = (u64::from(track) << 32 | u64::from(position)) ^ 0xcbf2_9ce4_8422_2325;
    let mut hash = vector.chunks(8).fold(start, |hash, part| {
        let word = part.iter().fold(0, |word, &byte| word << 8 | u64::from(byte.cast_unsigned()));
        (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3)
    });
    for shift in [33, 29, 32] {
        hash = (hash ^ hash >> shift).wrapping_mul(0xff51_afd7_ed55_8ccd);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_of_a_window_changes_any_bit_of_its_number() {
        const DIMS: usize = 16;
        let mut random = fastrand::Rng::with_seed(1);
        for bit in 0..64 + 8 * DIMS {
            let mut changed = 0;
            for _ in 0..64 {
                let (place, vector) = (random.u64(..), [0; DIMS].map(|_: i8| random.i8(..)));
                let (mut other_place, mut other_vector) = (place, vector);
                match bit.checked_sub(64) {
                    None => other_place ^= 1 << bit,
                    Some(bit) => other_vector[bit / 8] ^= (1_u8 << (bit % 8)).cast_signed(),
                }
                let number = |place: u64, vector: &[i8]| mixed((place >> 32) as u32, place as u32, vector);
                changed |= number(place, &vector) ^ number(other_place, &other_vector);
            }
            assert_eq!(changed, u64::MAX, "bit {bit}");
        }
    }
}
