//! What is remembered about duplicates. `duplicates` knows what it means. All of it can be found again, but for what the user
//! called no duplicates.
use rusqlite::Row;

use super::{batch::Batch, database::Store, ids::TrackId};
use crate::error::Result;

/// Two tracks that were compared, as they are stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedPair {
    /// What the second is to the first, if anything.
    pub relation: Option<String>,
    /// How similar they are where they agree.
    pub similarity: f64,
    /// Frames of the second a frame of the first.
    pub tempo: f64,
    /// Where they agree: start and end in seconds in the first, then in the second.
    pub parts: Vec<[f64; 4]>,
}

/// A track of a group and what it is to the group's reference, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicateRow {
    /// The reference.
    pub reference: TrackId,
    /// The track.
    pub track: TrackId,
    /// What the track is to the reference.
    pub relation: String,
    /// How similar they are where they agree.
    pub similarity: f64,
    /// How many times as fast the track is.
    pub speed: f64,
}

/// How good the files of a track sound, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoredQuality {
    /// The highest frequency with sound, in hertz.
    pub bandwidth: u32,
    /// Whether the sound ends abruptly there.
    pub cut: bool,
    /// The largest magnitude of a sample.
    pub peak: f64,
    /// The share of clipped samples.
    pub clipped: f64,
}

/// A place where two tracks have near windows, as it is stored: frames in both, semitones, weight.
pub type StoredSeed = (u32, u32, i8, f32);

/// A key of a pair that ascends as the pairs do.
const PAIR: &str = "printf('%010d%010d', one, two)";

/// Bytes of a seed and of a part.
const SEED: usize = 13;
const PART: usize = 32;

impl Store {
    /// By which rules, and up to which track, windows were compared.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if the row makes no sense.
    pub fn duplicate_search(&self) -> Result<Option<(u32, TrackId)>> {
        self.row("SELECT rules, last_track FROM duplicate_search WHERE id = 1", [], |row| {
            Ok((self.value(row, 0)?, TrackId(self.value(row, 1)?)))
        })
    }

    /// Calls `each` with the pairs of tracks that have near windows, in order.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a row makes no sense; those of `each`.
    pub fn near_pairs(
        &self,
        mut each: impl FnMut(TrackId, TrackId, Vec<StoredSeed>) -> Result<()>,
    ) -> Result<()> {
        let all = format!("SELECT {PAIR}, one, two, data FROM near_pair ORDER BY one, two");
        self.each_row(&all, [], |row| {
            let (one, two) = (TrackId(self.value(row, 1)?), TrackId(self.value(row, 2)?));
            let data = self.blob(row, 3)?;
            if one >= two || data.is_empty() || data.len() % SEED != 0 {
                return Err(self.damaged(format!("near windows of tracks {} and {}", one.0, two.0)));
            }
            each(one, two, data.chunks_exact(SEED).map(seed).collect())
        })
    }

    /// Calls `each` with the pairs that were compared, in order.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a row makes no sense; those of `each`.
    pub fn compared_pairs(
        &self,
        mut each: impl FnMut(TrackId, TrackId, ComparedPair) -> Result<()>,
    ) -> Result<()> {
        let columns = "one, two, relation, similarity, tempo, data";
        let all = format!("SELECT {PAIR}, {columns} FROM compared_pair ORDER BY one, two");
        self.each_row(&all, [], |row| {
            let (one, two) = (TrackId(self.value(row, 1)?), TrackId(self.value(row, 2)?));
            let data = self.blob(row, 6)?;
            let parts: Vec<[f64; 4]> = data.chunks_exact(PART).map(part).collect();
            let pair = ComparedPair {
                relation: self.value(row, 3)?,
                similarity: self.value(row, 4)?,
                tempo: self.value(row, 5)?,
                parts,
            };
            let numbers = pair.parts.iter().flatten().chain([&pair.similarity, &pair.tempo]);
            if data.len() % PART != 0 || !numbers.copied().all(f64::is_finite) {
                return Err(self.damaged(format!("what tracks {} and {} have in common", one.0, two.0)));
            }
            each(one, two, pair)
        })
    }

    /// The pairs that the user called no duplicates, the lower id first.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a row makes no sense.
    pub fn not_duplicates(&self) -> Result<Vec<(TrackId, TrackId)>> {
        let mut pairs = Vec::new();
        let all = format!("SELECT {PAIR}, one, two FROM not_duplicate ORDER BY one, two");
        self.each_row(&all, [], |row| {
            pairs.push((TrackId(self.value(row, 1)?), TrackId(self.value(row, 2)?)));
            Ok(())
        })?;
        Ok(pairs)
    }

    /// The tracks in groups, as the last search found them, in order.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a row makes no sense.
    pub fn duplicates(&self) -> Result<Vec<DuplicateRow>> {
        let all = "SELECT printf('%010d%010d', reference, track), reference, track, relation, similarity, speed \
                   FROM duplicate ORDER BY reference, track";
        let mut rows = Vec::new();
        self.each_row(all, [], |row| {
            rows.push(DuplicateRow {
                reference: TrackId(self.value(row, 1)?),
                track: TrackId(self.value(row, 2)?),
                relation: self.value(row, 3)?,
                similarity: self.value(row, 4)?,
                speed: self.value(row, 5)?,
            });
            Ok(())
        })?;
        Ok(rows)
    }

    /// How good the files of a track sound, if that was measured.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if the row makes no sense.
    pub fn quality(&self, track: TrackId) -> Result<Option<StoredQuality>> {
        let sql = "SELECT bandwidth, cut, peak, clipped FROM quality WHERE track = ?1";
        self.row(sql, [track.0], |row| quality(self, row, 0))
    }

    /// Reads everything that is remembered about duplicates.
    pub(super) fn verify_duplicates(&self) -> Result<()> {
        self.duplicate_search()?;
        self.near_pairs(|_, _, _| Ok(()))?;
        self.compared_pairs(|_, _, _| Ok(()))?;
        self.not_duplicates()?;
        self.each_row(
            "SELECT track, bandwidth, cut, peak, clipped FROM quality ORDER BY track",
            [],
            |row| {
                self.value::<u32>(row, 0)?;
                quality(self, row, 1)?;
                Ok(())
            },
        )?;
        self.duplicates().map(|_| ())
    }
}

/// A quality, whose columns begin with this one.
fn quality(store: &Store, row: &Row<'_>, first: usize) -> Result<StoredQuality> {
    Ok(StoredQuality {
        bandwidth: store.value(row, first)?,
        cut: store.value(row, first + 1)?,
        peak: store.value(row, first + 2)?,
        clipped: store.value(row, first + 3)?,
    })
}

fn seed(bytes: &[u8]) -> StoredSeed {
    let word = |at: usize| std::array::from_fn(|n| bytes[at + n]);
    (u32::from_le_bytes(word(0)), u32::from_le_bytes(word(4)), bytes[8] as i8, f32::from_le_bytes(word(9)))
}

fn part(bytes: &[u8]) -> [f64; 4] {
    std::array::from_fn(|i| f64::from_le_bytes(std::array::from_fn(|n| bytes[8 * i + n])))
}

impl Batch<'_> {
    /// Stores by which rules, and up to which track, windows were compared.
    pub(crate) fn set_duplicate_search(&self, rules: u32, last: TrackId) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO duplicate_search (id, rules, last_track) VALUES (1, ?1, ?2)",
            (rules, last.0),
        )
        .map(|_| ())
    }

    /// Forgets all pairs, or those with a track that is gone.
    pub(crate) fn forget_pairs(&self, all: bool) -> Result<()> {
        for table in ["near_pair", "compared_pair", "not_duplicate"] {
            if all && table != "not_duplicate" {
                self.run(&format!("DELETE FROM {table}"), [])?;
            } else {
                let gone = "NOT IN (SELECT id FROM track)";
                self.run(&format!("DELETE FROM {table} WHERE one {gone} OR two {gone}"), [])?;
            }
        }
        Ok(())
    }

    /// Forgets which pairs have near windows.
    pub(crate) fn forget_near_pairs(&self) -> Result<()> {
        self.run("DELETE FROM near_pair", []).map(|_| ())
    }

    /// Stores a pair of tracks with near windows.
    pub(crate) fn put_near_pair(
        &self,
        one: TrackId,
        two: TrackId,
        seeds: impl Iterator<Item = StoredSeed>,
    ) -> Result<()> {
        let mut data = Vec::new();
        for (one, two, semitones, weight) in seeds {
            data.extend_from_slice(&one.to_le_bytes());
            data.extend_from_slice(&two.to_le_bytes());
            data.push(semitones as u8);
            data.extend_from_slice(&weight.to_le_bytes());
        }
        self.run(
            "INSERT OR REPLACE INTO near_pair (one, two, data) VALUES (?1, ?2, ?3)",
            (one.0, two.0, data),
        )
        .map(|_| ())
    }

    /// Stores a pair that was compared.
    pub(crate) fn put_compared_pair(&self, one: TrackId, two: TrackId, pair: &ComparedPair) -> Result<()> {
        let data: Vec<u8> = pair.parts.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        self.run(
            "INSERT OR REPLACE INTO compared_pair (one, two, relation, similarity, tempo, data) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (one.0, two.0, pair.relation.as_deref(), pair.similarity, pair.tempo, data),
        )
        .map(|_| ())
    }

    /// Stores what a search found, instead of what an earlier one did.
    pub(crate) fn set_duplicates(&self, rows: &[DuplicateRow]) -> Result<()> {
        self.run("DELETE FROM duplicate", [])?;
        for row in rows {
            self.run(
                "INSERT OR REPLACE INTO duplicate (reference, track, relation, similarity, speed) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (row.reference.0, row.track.0, &row.relation, row.similarity, row.speed),
            )?;
        }
        Ok(())
    }

    /// Stores that two tracks are no duplicates for the user, or that they may be.
    pub(crate) fn set_not_duplicates(&self, one: TrackId, two: TrackId, not: bool) -> Result<()> {
        let pair = (one.0.min(two.0), one.0.max(two.0));
        let sql = if not {
            "INSERT OR IGNORE INTO not_duplicate (one, two) VALUES (?1, ?2)"
        } else {
            "DELETE FROM not_duplicate WHERE one = ?1 AND two = ?2"
        };
        self.run(sql, pair).map(|_| ())
    }

    /// Stores how good the files of a track sound.
    pub(crate) fn set_quality(&self, track: TrackId, quality: &StoredQuality) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO quality (track, bandwidth, cut, peak, clipped) VALUES (?1, ?2, ?3, ?4, ?5)",
            (track.0, quality.bandwidth, quality.cut, quality.peak, quality.clipped),
        )
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fingerprint::Fingerprint, store::TrackRecord};

    #[test]
    fn what_is_remembered_comes_back_and_goes_with_its_tracks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("i.refrain");
        let mut store = Store::open_write(&path).unwrap();
        let ids: Vec<TrackId> = (0..3)
            .map(|n| {
                let levels = vec![n; 5 * 900];
                let print = Fingerprint { levels, ..Fingerprint::default() };
                store.write(|b| b.add_track(&TrackRecord::new(format!("/{n}")), &print)).unwrap()
            })
            .collect();
        assert_eq!(store.duplicate_search().unwrap(), None);
        let seeds = [(3, 70_000, -1, 0.25f32), (u32::MAX, 0, 1, 17.5)];
        let related = ComparedPair {
            relation: Some("edit".to_owned()),
            similarity: 0.9,
            tempo: 1.06,
            parts: vec![[0.0, 10.5, 3.0, 13.5], [20.0, 30.0, 13.5, 23.5]],
        };
        let rows = [ids[1], ids[2]].map(|track| DuplicateRow {
            reference: ids[0],
            track,
            relation: "edit".to_owned(),
            similarity: 0.9,
            speed: 1.06,
        });
        let quality = StoredQuality { bandwidth: 16_000, cut: true, peak: 0.5, clipped: 0.25 };
        store
            .write(|b| {
                b.set_duplicate_search(7, ids[2])?;
                b.put_near_pair(ids[0], ids[1], seeds.into_iter())?;
                b.put_near_pair(ids[0], ids[2], seeds.into_iter())?;
                b.put_near_pair(ids[1], ids[2], seeds.into_iter())?;
                b.put_compared_pair(ids[1], ids[0], &related)?;
                b.put_compared_pair(ids[1], ids[2], &ComparedPair::default())?;
                b.set_duplicates(&rows)?;
                b.set_not_duplicates(ids[2], ids[0], true)?;
                b.set_not_duplicates(ids[2], ids[1], true)?;
                b.set_quality(ids[2], &quality)?;
                b.set_quality(ids[1], &quality)
            })
            .unwrap();
        assert_eq!(store.duplicate_search().unwrap(), Some((7, ids[2])));
        let near = |store: &Store| {
            let mut all = Vec::new();
            store
                .near_pairs(|one, two, seeds| {
                    all.push((one, two, seeds));
                    Ok(())
                })
                .unwrap();
            all
        };
        let compared = |store: &Store| {
            let mut all = Vec::new();
            store
                .compared_pairs(|one, two, pair| {
                    all.push((one, two, pair));
                    Ok(())
                })
                .unwrap();
            all
        };
        assert_eq!(near(&store)[0], (ids[0], ids[1], seeds.to_vec()));
        assert_eq!(
            compared(&store),
            [(ids[1], ids[0], related.clone()), (ids[1], ids[2], ComparedPair::default())]
        );
        assert_eq!(store.duplicates().unwrap(), rows);
        assert_eq!(store.not_duplicates().unwrap(), [(ids[0], ids[2]), (ids[1], ids[2])]);
        assert_eq!((store.quality(ids[1]).unwrap(), store.quality(ids[0]).unwrap()), (Some(quality), None));
        assert_eq!(store.levels(ids[2]).unwrap(), vec![2; 5 * 900]);
        store.verify(&crate::cancel::CancelToken::new()).unwrap();
        store.write(|b| b.set_not_duplicates(ids[1], ids[2], false)).unwrap();
        assert_eq!(store.not_duplicates().unwrap(), [(ids[0], ids[2])]);
        // The second track goes: its levels and quality at once, its pairs with the next search.
        store.write(|b| b.remove(std::path::Path::new("/1"))).unwrap();
        store.verify(&crate::cancel::CancelToken::new()).unwrap();
        assert_eq!((store.quality(ids[1]).unwrap(), store.levels(ids[1]).unwrap()), (None, Vec::new()));
        store.write(|b| b.forget_pairs(false)).unwrap();
        assert_eq!((near(&store).len(), compared(&store).len()), (1, 0));
        store.write(|b| b.forget_pairs(true)).unwrap();
        assert_eq!(store.not_duplicates().unwrap().len(), 1, "what the user said stays");
    }
}
