//! Which windows of the library are near each other: the windows of each list against each other.
//!
//! A window of a copy lies near the window it is a copy of, so both are mostly in the same list. One that is not does no
//! harm, because a track has hundreds. So no window is looked up: each list is read once, and its windows are compared
//! with each other. If there is no neighbour index, or tracks are not in it yet, their windows are put into lists for
//! the time of the call, around windows that are taken as centroids.
use std::collections::HashMap;

use rayon::prelude::*;

use super::{
    buckets::Buckets,
    generation::{Generation, usable_index},
    hit::Hit,
    kmeans::{ASSIGN, Centroids},
    scan::{Gathered, Scan},
};
use crate::{
    cancel::CancelToken,
    error::Result,
    store::{Store, TrackId},
    units::Frames,
};

/// Windows that are compared in one go. Bounds the memory.
const TOGETHER: usize = 1 << 17;

/// A window that is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its track.
    pub track: TrackId,
    /// Its first frame.
    pub position: Frames,
    /// By how many semitones it was moved up before it was projected; 0 for a stored window.
    pub semitones: i8,
}

/// Windows that are looked up besides the stored ones.
#[derive(Clone, Debug, Default)]
pub struct Further {
    /// Where each comes from.
    pub asked: Vec<Asked>,
    /// Their vectors, one after the other.
    pub vectors: Vec<i8>,
}

/// What a self-join looks up and returns.
#[derive(Clone, Copy, Debug)]
pub struct SelfJoin {
    /// The most stored windows of a track that are looked up, evenly spread.
    pub per_track: u32,
    /// The most windows near each one, those of its own track included.
    pub nearest: usize,
    /// The least dot product.
    pub min_dot: i32,
}

/// A list: places (track, frame) and vectors of windows, and the further windows that are looked up in it.
#[derive(Default)]
struct List {
    places: Vec<(u32, u32)>,
    vectors: Vec<i8>,
    further: Further,
}

/// Further windows by list, in buckets of lists that follow each other.
struct ByList {
    buckets: Buckets,
    lists: usize,
    /// The bucket that is being read, and its windows by list.
    bucket: Option<usize>,
    windows: HashMap<u32, Further>,
}

/// How many buckets there are, and about how many bytes of them stay in memory.
const BUCKETS: usize = 64;
const HELD: usize = 96 << 20;

/// Windows outside of the neighbour index, and their lists.
struct Outside {
    places: Vec<(u32, u32)>,
    vectors: Vec<i8>,
    /// Windows by list: (list, window), ascending.
    by_list: Vec<(u32, u32)>,
}

impl SelfJoin {
    /// Calls `each` with windows that are near a window of another track: all that were found for some lists. All are of
    /// one state of the store. The `further` windows come in parts, so that they need not fit into the memory.
    ///
    /// # Errors
    /// Those of `each` and `further`; [`Error::Io`](crate::error::Error::Io) if there is no room for a temporary file; [`IndexError::Damaged`](crate::error::IndexError::Damaged) if rows make no sense;
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub fn run(
        &self,
        store: &Store,
        further: impl Iterator<Item = Result<Further>>,
        cancel: &CancelToken,
        mut each: impl FnMut(&[(Asked, Hit)]) -> Result<()>,
    ) -> Result<()> {
        let _snapshot = store.snapshot()?;
        let dims = store.params().window_dims;
        let mut steps: HashMap<u32, u32> = HashMap::new();
        store.window_counts(|track, windows| {
            steps.insert(track.0, windows.div_ceil(self.per_track).max(1));
            Ok(())
        })?;
        let generation = match usable_index(store)? {
            Some(index) => Some(Generation::load(store, index)?),
            None => None,
        };
        let next = generation.as_ref().map_or(0, |g| g.index.last_track.0.saturating_add(1));
        let mut outside = Outside::read(store, TrackId(next), cancel)?;
        let own;
        let centroids = match &generation {
            Some(generation) => &generation.centroids,
            None => {
                own = Centroids::new(outside.some(dims), dims);
                &own
            }
        };
        if centroids.len() == 0 {
            return Ok(());
        }
        outside.assign(centroids, cancel)?;
        let mut by_list = ByList::new(centroids.len());
        for part in further {
            by_list.add(&part?, centroids, cancel)?;
        }
        let removed = store.removed()?;
        let (mut lists, mut gathered): (Vec<List>, usize) = (Vec::new(), 0);
        for number in 0..centroids.len() as u32 {
            cancel.check()?;
            let mut list = List::default();
            if generation.is_some() {
                store.postings(number, |block| {
                    for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                        if removed.binary_search(&block.track(i)).is_err() {
                            list.places.push((block.track(i), block.position(i)));
                            list.vectors.extend_from_slice(vector);
                        }
                    }
                    Ok(())
                })?;
            }
            outside.add_to(number, &mut list, dims);
            list.further = by_list.take(number, dims)?;
            gathered += list.places.len();
            lists.push(list);
            if gathered >= TOGETHER {
                self.join(&std::mem::take(&mut lists), &steps, store, cancel, &mut each)?;
                gathered = 0;
            }
        }
        self.join(&lists, &steps, store, cancel, &mut each)
    }

    fn join(
        &self,
        lists: &[List],
        steps: &HashMap<u32, u32>,
        store: &Store,
        cancel: &CancelToken,
        each: &mut impl FnMut(&[(Asked, Hit)]) -> Result<()>,
    ) -> Result<()> {
        let params = store.params();
        let (dims, hop) = (params.window_dims, params.window_hop as u32);
        // All lists that are compared in one go take seconds.
        let join = |list| {
            cancel.check()?;
            Ok(self.join_list(list, steps, dims, hop))
        };
        let found: Vec<Vec<(Asked, Hit)>> = lists.par_iter().map(join).collect::<Result<_>>()?;
        found.iter().filter(|found| !found.is_empty()).try_for_each(|found| {
            cancel.check()?;
            each(found)
        })
    }

    fn join_list(&self, list: &List, steps: &HashMap<u32, u32>, dims: usize, hop: u32) -> Vec<(Asked, Hit)> {
        let (mut asked, mut vectors) = (Vec::new(), Vec::new());
        for (&(track, position), vector) in list.places.iter().zip(list.vectors.chunks_exact(dims)) {
            let step = steps.get(&track).copied().unwrap_or(1);
            if (position / hop).is_multiple_of(step) {
                asked.push(Asked { track: TrackId(track), position: Frames(position), semitones: 0 });
                vectors.extend_from_slice(vector);
            }
        }
        asked.extend_from_slice(&list.further.asked);
        vectors.extend_from_slice(&list.further.vectors);
        if asked.is_empty() || list.places.is_empty() {
            return Vec::new();
        }
        let mut scan = Scan::new(&vectors, dims, self.nearest).at_least(self.min_dot);
        let mut gathered = Gathered::default();
        gathered.gather(&list.vectors, list.places.iter().copied());
        scan.offer_to_all(&mut gathered);
        let hits = asked.into_iter().zip(scan.into_hits());
        hits.flat_map(|(asked, hits)| hits.into_iter().map(move |hit| (asked, hit)))
            .filter(|(asked, hit)| hit.dot >= self.min_dot && hit.track != asked.track)
            .collect()
    }
}

impl ByList {
    fn new(lists: usize) -> Self {
        Self { buckets: Buckets::new(BUCKETS.min(lists), HELD), lists, bucket: None, windows: HashMap::new() }
    }

    fn bucket_of(&self, list: u32) -> usize {
        list as usize * self.buckets.count() / self.lists
    }

    fn add(&mut self, part: &Further, centroids: &Centroids, cancel: &CancelToken) -> Result<()> {
        let lists = lists_of(centroids, &part.vectors, cancel)?;
        let mut record = Vec::new();
        for ((list, _), (asked, vector)) in
            lists.into_iter().zip(part.asked.iter().zip(part.vectors.chunks_exact(centroids.dims)))
        {
            record.clear();
            for number in [list, asked.track.0, asked.position.0] {
                record.extend_from_slice(&number.to_le_bytes());
            }
            record.extend([asked.semitones].iter().chain(vector).map(|&value| value as u8));
            self.buckets.push(self.bucket_of(list), &record)?;
        }
        Ok(())
    }

    /// The windows of a list. Lists are taken in ascending order.
    fn take(&mut self, list: u32, dims: usize) -> Result<Further> {
        let bucket = self.bucket_of(list);
        if self.bucket != Some(bucket) {
            self.bucket = Some(bucket);
            self.windows.clear();
            for record in self.buckets.take(bucket)?.chunks_exact(13 + dims) {
                let number = |i: usize| u32::from_le_bytes(std::array::from_fn(|n| record[4 * i + n]));
                let further = self.windows.entry(number(0)).or_default();
                further.asked.push(Asked {
                    track: TrackId(number(1)),
                    position: Frames(number(2)),
                    semitones: record[12] as i8,
                });
                further.vectors.extend(record[13..].iter().map(|&byte| byte as i8));
            }
        }
        Ok(self.windows.remove(&list).unwrap_or_default())
    }
}

impl Outside {
    /// The windows of tracks from `first` on.
    fn read(store: &Store, first: TrackId, cancel: &CancelToken) -> Result<Self> {
        let (mut places, mut vectors) = (Vec::new(), Vec::new());
        store.windows(first..=TrackId(u32::MAX), |track, block| {
            cancel.check()?;
            places.extend((0..block.len()).map(|i| (track.0, block.position(i))));
            vectors.extend_from_slice(block.vectors());
            Ok(())
        })?;
        Ok(Self { places, vectors, by_list: Vec::new() })
    }

    /// Some of the vectors, evenly spread: twice as many as there are in a list then, so that finding lists and comparing
    /// within them take about as long.
    fn some(&self, dims: usize) -> Vec<i8> {
        let count = self.places.len();
        let wanted = (1.5 * (count as f64).sqrt()) as usize;
        let step = count.checked_div(wanted).unwrap_or(1).max(1);
        self.vectors.chunks_exact(dims).step_by(step).flatten().copied().collect()
    }

    fn assign(&mut self, centroids: &Centroids, cancel: &CancelToken) -> Result<()> {
        self.by_list = lists_of(centroids, &self.vectors, cancel)?;
        self.by_list.sort_unstable();
        Ok(())
    }

    fn add_to(&self, number: u32, list: &mut List, dims: usize) {
        for &(_, window) in of_list(&self.by_list, number) {
            list.places.push(self.places[window as usize]);
            list.vectors.extend_from_slice(&self.vectors[window as usize * dims..][..dims]);
        }
    }
}

/// The list of each vector, and its number.
fn lists_of(centroids: &Centroids, vectors: &[i8], cancel: &CancelToken) -> Result<Vec<(u32, u32)>> {
    let mut lists = Vec::with_capacity(vectors.len() / centroids.dims);
    for part in vectors.chunks(ASSIGN * centroids.dims) {
        for (list, _) in centroids.assign(part, cancel)? {
            lists.push((list, lists.len() as u32));
        }
    }
    Ok(lists)
}

fn of_list(by_list: &[(u32, u32)], number: u32) -> &[(u32, u32)] {
    let from = by_list.partition_point(|&(list, _)| list < number);
    let to = by_list.partition_point(|&(list, _)| list <= number);
    &by_list[from..to]
}

#[cfg(test)]
mod tests;
