//! What shards tell about themselves, and what follows for all of them.
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::wire::{Reader, Writer};
use crate::{
    ann::{Hidden, Part, Searcher},
    error::{Error, IndexError, Result},
    library::{numbers::Numbers, same_content::Contents},
    store::{ContentHash, Store, TrackId},
};

/// What one shard holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    /// The version of refrain. Messages of another version may mean something else.
    pub version: String,
    pub parameter_set: u32,
    /// A hash of the centroids; `None` if there are none.
    pub centroids: Option<[u8; 32]>,
    /// The path of the file.
    pub path: PathBuf,
    /// Windows in lists, and all windows.
    pub listed: u64,
    pub windows: u64,
    /// For each track with a known content: the hash, the track, its windows, and whether they are in lists.
    pub contents: Vec<(ContentHash, TrackId, u32, bool)>,
}

impl Facts {
    /// What `part` holds.
    pub fn of(part: &Part<'_>) -> Result<Self> {
        let store: &Store = part.store;
        let _snapshot = store.snapshot()?;
        let index = store.neighbour_index()?;
        let mut counts = BTreeMap::new();
        store.window_counts(|track, windows| {
            counts.insert(track, windows);
            Ok(())
        })?;
        let mut contents = Vec::new();
        store.contents(|hash, track| {
            let windows = counts.get(&track).copied().unwrap_or(0);
            contents.push((hash, track, windows, index.is_some_and(|index| track <= index.last_track)));
            Ok(())
        })?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parameter_set: store.params().id,
            centroids: Searcher::over(vec![part.clone()]).centroids()?,
            path: store.path().to_owned(),
            listed: index.map_or(0, |index| index.window_count),
            windows: counts.values().map(|&windows| u64::from(windows)).sum(),
            contents,
        })
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(Some(&self.version));
        out.u32(self.parameter_set);
        out.u8(self.centroids.is_some().into());
        out.0.extend(self.centroids.unwrap_or_default());
        out.path(&self.path);
        out.u64(self.listed);
        out.u64(self.windows);
        out.u32(self.contents.len() as u32);
        for (hash, track, windows, listed) in &self.contents {
            out.0.extend(hash.0);
            out.u32(track.0);
            out.u32(*windows);
            out.u8((*listed).into());
        }
        out.0
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        fn hash(read: &mut Reader<'_>) -> Option<[u8; 32]> {
            let mut hash = [0; 32];
            for byte in &mut hash {
                *byte = read.u8()?;
            }
            Some(hash)
        }
        let mut read = Reader(bytes);
        let facts = Self {
            version: read.text()??,
            parameter_set: read.u32()?,
            centroids: {
                let is_some = read.u8()? != 0;
                hash(&mut read).map(|hash| is_some.then_some(hash))?
            },
            path: read.path()?,
            listed: read.u64()?,
            windows: read.u64()?,
            contents: read.list(41, |read| {
                Some((ContentHash(hash(read)?), TrackId(read.u32()?), read.u32()?, read.u8()? != 0))
            })?,
        };
        read.0.is_empty().then_some(facts)
    }
}

/// What a shard has to know of all shards.
#[derive(Debug)]
pub(super) struct All {
    pub numbers: Numbers,
    pub paths: Vec<PathBuf>,
    /// For each shard, its tracks that an earlier shard stands for, by their ids in the shard.
    pub hidden: Vec<Arc<Hidden>>,
    /// The numbers of the tracks that a track stands for.
    pub others: BTreeMap<u32, Vec<u32>>,
    /// Windows in lists, and all windows, of the tracks that are not hidden.
    pub listed: u64,
    pub windows: u64,
}

impl All {
    /// Refuses shards that do not go together.
    pub fn of(facts: &[Facts]) -> Result<Self> {
        let numbers = Numbers::of(facts.len());
        let mut contents = Contents::default();
        let (mut hidden, mut listed, mut windows) = (Vec::new(), 0, 0);
        for (shard, one) in facts.iter().enumerate() {
            let refuse =
                |why: String| Error::Index { path: one.path.clone(), reason: IndexError::Shard(why) };
            let first = &facts[0];
            if one.version != first.version {
                return Err(refuse(format!(
                    "refrain {} serves it, but {} the others",
                    one.version, first.version
                )));
            }
            if one.parameter_set != first.parameter_set {
                let (own, other) = (one.parameter_set, first.parameter_set);
                return Err(refuse(format!(
                    "it has parameter set {own}, but {} has {other}",
                    first.path.display()
                )));
            }
            if one.centroids != first.centroids {
                return Err(refuse(format!("its centroids are not those of {}", first.path.display())));
            }
            let mut of_shard = Hidden::default();
            let mut hidden_windows = 0;
            for (hash, track, count, is_listed) in &one.contents {
                if !numbers.has(*track) {
                    return Err(refuse(format!("track {} has too high a number", track.0)));
                }
                if contents.is_known(*hash, numbers.first(shard) + track.0) {
                    of_shard.tracks.push(track.0);
                    hidden_windows += u64::from(*count);
                    of_shard.windows += if *is_listed { u64::from(*count) } else { 0 };
                }
            }
            of_shard.tracks.sort_unstable();
            listed += one.listed.saturating_sub(of_shard.windows);
            windows += one.windows.saturating_sub(hidden_windows);
            hidden.push(Arc::new(of_shard));
        }
        let paths = facts.iter().map(|one| one.path.clone()).collect();
        Ok(Self { numbers, paths, hidden, others: contents.others, listed, windows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(contents: &[(u8, u32)]) -> Facts {
        let content = |&(hash, track): &(u8, u32)| (ContentHash([hash; 32]), TrackId(track), 10, track < 5);
        Facts {
            version: "1".into(),
            parameter_set: 1,
            centroids: Some([3; 32]),
            path: "/a".into(),
            listed: 100,
            windows: 120,
            contents: contents.iter().map(content).collect(),
        }
    }

    #[test]
    fn facts_come_through() {
        let one = facts(&[(1, 2), (3, 9)]);
        assert_eq!(Facts::read(&one.bytes()), Some(one.clone()));
        let bytes = one.bytes();
        (0..bytes.len()).for_each(|end| assert_eq!(Facts::read(&bytes[..end]), None));
    }

    #[test]
    fn the_first_shard_stands_for_the_same_content() {
        let all = All::of(&[facts(&[(1, 2), (2, 3)]), facts(&[(1, 4), (5, 6)]), facts(&[(1, 7)])]).unwrap();
        let hidden: Vec<_> =
            all.hidden.iter().map(|hidden| (hidden.tracks.clone(), hidden.windows)).collect();
        assert_eq!(hidden, [(vec![], 0), (vec![4], 10), (vec![7], 0)]);
        let number = |shard, id| all.numbers.first(shard) + id;
        assert_eq!(all.others, [(2, vec![number(1, 4), number(2, 7)])].into());
        assert_eq!((all.listed, all.windows), (290, 340));
    }

    #[test]
    fn shards_that_do_not_go_together_are_refused() {
        let one = facts(&[]);
        for (other, why) in [
            (Facts { version: "2".into(), ..one.clone() }, "refrain 2"),
            (Facts { parameter_set: 2, ..one.clone() }, "parameter set 2"),
            (Facts { centroids: None, ..one.clone() }, "centroids"),
        ] {
            let error = All::of(&[one.clone(), other]).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
