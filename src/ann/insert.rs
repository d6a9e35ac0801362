//! Inserting the windows of tracks that were added later into the lists of the present index.

use std::sync::Arc;

use super::{
    generation::usable_index,
    kmeans::{ASSIGN, Centroids},
};
use crate::{
    cancel::CancelToken,
    error::Result,
    failpoint,
    store::{Census, NeighbourIndex, Store, TrackId},
};

/// About how many windows one transaction inserts. The vectors of all of them are in memory.
const WINDOWS_PER_TRANSACTION: u64 = 1 << 20;

/// How many times other processes may change the index first, before the rest is left to them.
const MAX_OVERTAKEN: usize = 3;

/// Inserts the windows of all tracks after the last one of the index into its lists. Returns how many there were. Each
/// part is committed by itself, so a cancelled call keeps what it has inserted.
pub(super) fn insert(store: &mut Store, cancel: &CancelToken) -> Result<u64> {
    let mut centroids = None;
    let (mut added, mut overtaken) = (0, 0);
    while overtaken < MAX_OVERTAKEN {
        cancel.check()?;
        let Some(part) = Part::read(store, WINDOWS_PER_TRANSACTION, &mut centroids, cancel)? else { break };
        failpoint::pass("part");
        let lists = part.lists(cancel)?;
        if part.commit(store, &lists)? { added += part.places.len() as u64 } else { overtaken += 1 }
    }
    Ok(added)
}

/// Centroids, and the generation that they belong to. Later parts of the same generation use them again.
type Loaded = (i64, Arc<Centroids>);

/// Windows that are in no list yet, and the state of the store they were read from.
struct Part {
    index: NeighbourIndex,
    centroids: Arc<Centroids>,
    /// What the index will have been made from.
    census: Census,
    /// Track and first frame of each window.
    places: Vec<(u32, u32)>,
    vectors: Vec<i8>,
}

impl Part {
    /// Reads about `most` windows, whole tracks, and the centroids if `loaded` has not those of this generation. All is
    /// of one state, because another process may train at any moment. `None` if there is nothing to insert, or no index
    /// to insert it into.
    fn read(
        store: &Store,
        most: u64,
        loaded: &mut Option<Loaded>,
        cancel: &CancelToken,
    ) -> Result<Option<Self>> {
        let _snapshot = store.snapshot()?;
        let Some(index) = usable_index(store)? else { return Ok(None) };
        let census = store.census(index.census(), TrackId(u32::MAX), most)?;
        if census.last == index.last_track {
            return Ok(None);
        }
        let (mut places, mut vectors) = (Vec::new(), Vec::new());
        store.windows(TrackId(index.last_track.0 + 1)..=census.last, |track, block| {
            cancel.check()?;
            places.extend((0..block.len()).map(|i| (track.0, block.position(i))));
            vectors.extend_from_slice(block.vectors());
            Ok(())
        })?;
        let windows = census.windows - index.window_count;
        if places.len() as u64 != windows {
            return Err(store.damaged(format!("{} windows, not {windows}", places.len())));
        }
        let (_, centroids) = match loaded.take().filter(|(generation, _)| *generation == index.generation) {
            Some(same) => loaded.insert(same),
            None => {
                let vectors = store.centroids(index.centroid_count)?;
                loaded
                    .insert((index.generation, Arc::new(Centroids::new(vectors, store.params().window_dims))))
            }
        };
        Ok(Some(Self { index, centroids: Arc::clone(centroids), census, places, vectors }))
    }

    /// The list of each window.
    fn lists(&self, cancel: &CancelToken) -> Result<Vec<u32>> {
        let mut lists = Vec::with_capacity(self.places.len());
        for vectors in self.vectors.chunks(ASSIGN * self.centroids.dims) {
            lists.extend(self.centroids.assign(vectors, cancel)?.into_iter().map(|(list, _)| list));
        }
        Ok(lists)
    }

    /// Writes the windows into `lists`. False, and nothing is written, if the index or the tracks have changed since they
    /// were read.
    fn commit(&self, store: &mut Store, lists: &[u32]) -> Result<bool> {
        let dims = store.params().window_dims;
        let mut order: Vec<u32> = (0..lists.len() as u32).collect();
        order.sort_by_key(|&window| lists[window as usize]);
        store.write(|batch| {
            let store = batch.store();
            let same = store.neighbour_index()? == Some(self.index)
                && store.census(self.index.census(), self.census.last, u64::MAX)? == self.census;
            if !same {
                return Ok(false);
            }
            for of_list in order.chunk_by(|&a, &b| lists[a as usize] == lists[b as usize]) {
                let (mut places, mut vectors) = (Vec::new(), Vec::new());
                for &window in of_list {
                    places.push(self.places[window as usize]);
                    vectors.extend_from_slice(&self.vectors[window as usize * dims..][..dims]);
                }
                batch.extend_list(lists[of_list[0] as usize], &places, &vectors)?;
            }
            batch.put_neighbour_index(&NeighbourIndex {
                track_count: self.census.tracks,
                last_track: self.census.last,
                window_count: self.census.windows,
                stamp: self.census.stamp,
                ..self.index
            })?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, path::Path, rc::Rc};

    use super::{
        super::{fixture, search::Searcher, train::train},
        *,
    };
    use crate::store::TrackRecord;

    /// A library with an index of eight lists and three tracks that are in none.
    fn library() -> fixture::Library {
        let mut library = fixture::Library::new(6, 40);
        train(&mut library.store, &fixture::options(8), 1, &fixture::go_on()).unwrap();
        library.add(6..9, 40);
        library
    }

    fn part(library: &fixture::Library, most: u64) -> (Part, Vec<u32>) {
        let go_on = fixture::go_on();
        let part = Part::read(&library.store, most, &mut None, &go_on).unwrap().unwrap();
        let lists = part.lists(&go_on).unwrap();
        (part, lists)
    }

    fn is_exact(library: &fixture::Library) {
        library.store.verify(&CancelToken::new()).unwrap();
        let queries = fixture::fingerprint(6, 7).windows;
        let found = Searcher::new(&library.store).nprobe(8).nearest(&queries, 50).unwrap();
        assert_eq!(found, library.plain(&queries, 50, |_| true));
    }

    #[test]
    fn a_part_is_whole_tracks_up_to_the_one_with_which_there_are_enough_windows() {
        let library = library();
        for (most, tracks) in [(1, 1), (40, 1), (41, 2), (80, 2), (u64::MAX, 3)] {
            let (part, lists) = part(&library, most);
            assert_eq!((part.places.len(), lists.len()), (40 * tracks, 40 * tracks));
            assert_eq!(part.census.last, TrackId(6 + tracks as u32));
        }
    }

    #[test]
    fn a_track_that_is_removed_meanwhile_is_not_inserted() {
        let mut library = library();
        let (part, lists) = part(&library, u64::MAX);
        let mut other = Store::open_write(&library.file).unwrap();
        other.write(|batch| batch.remove(Path::new("/7"))).unwrap();
        assert!(!part.commit(&mut library.store, &lists).unwrap());
        is_exact(&library);
        // The next try reads again.
        assert_eq!(insert(&mut library.store, &fixture::go_on()).unwrap(), 80);
        assert_eq!(insert(&mut library.store, &fixture::go_on()).unwrap(), 0);
        is_exact(&library);
    }

    #[test]
    fn what_another_process_inserted_first_is_not_inserted_twice() {
        let mut library = library();
        let (part, lists) = part(&library, u64::MAX);
        let mut other = Store::open_write(&library.file).unwrap();
        assert_eq!(insert(&mut other, &fixture::go_on()).unwrap(), 120);
        assert!(!part.commit(&mut library.store, &lists).unwrap());
        is_exact(&library);
        // Nothing is inserted into the lists of another generation either.
        library.add(9..10, 40);
        let (part, lists) = self::part(&library, u64::MAX);
        train(&mut other, &fixture::options(8), 2, &fixture::go_on()).unwrap();
        assert!(!part.commit(&mut library.store, &lists).unwrap());
        is_exact(&library);
    }

    #[test]
    fn lists_are_those_of_the_generation_that_they_are_written_to() {
        let mut library = library();
        let other = Rc::new(RefCell::new(Store::open_write(&library.file).unwrap()));
        let trains = Rc::clone(&other);
        // Another process trains and adds after the first part was read.
        failpoint::test::on("part", move || {
            let mut other = trains.borrow_mut();
            train(&mut other, &fixture::options(2), 2, &fixture::go_on()).unwrap();
            let (record, print) = (TrackRecord::new("/late"), fixture::fingerprint(40, 50));
            other.write(|batch| batch.add_track(&record, &print)).unwrap();
        });
        assert_eq!(insert(&mut library.store, &fixture::go_on()).unwrap(), 40);
        assert!(!failpoint::test::is_waiting());
        is_exact(&library);
    }

    /// Removes `/9`, `/10` and so on up to `/17`, one whenever this thread looks at the store.
    fn remove_meanwhile(other: Rc<RefCell<Store>>, track: u32) {
        if track < 18 {
            failpoint::test::on("snapshot", move || {
                other.borrow_mut().write(|batch| batch.remove(Path::new(&format!("/{track}")))).unwrap();
                remove_meanwhile(other, track + 1);
            });
        }
    }

    #[test]
    fn who_is_overtaken_again_and_again_leaves_the_rest_to_others() {
        let mut library = library();
        library.add(9..20, 40);
        let other = Rc::new(RefCell::new(Store::open_write(&library.file).unwrap()));
        remove_meanwhile(other, 9);
        assert_eq!(insert(&mut library.store, &fixture::go_on()).unwrap(), 0);
        assert!(failpoint::test::is_waiting(), "not until nobody is in the way");
        failpoint::test::on("none", || {});
        assert!(insert(&mut library.store, &fixture::go_on()).unwrap() > 0);
        is_exact(&library);
    }

    #[test]
    fn a_cancelled_insertion_changes_nothing() {
        let mut library = library();
        let cancelled = CancelToken::new();
        cancelled.cancel();
        assert!(insert(&mut library.store, &cancelled).is_err());
        assert_eq!(part(&library, u64::MAX).0.places.len(), 120);
        is_exact(&library);
    }
}
