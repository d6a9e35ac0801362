//! Searches by the index, or exact if there is none.
use std::{ops::RangeInclusive, sync::Arc};

use super::{
    exact,
    generation::{Generation, SearchCache, usable_index},
    graph::{MIN_EF, Walk},
    hit::Hit,
    kernel::Queries,
    scan::Scan,
};
use crate::{
    error::Result,
    store::{NeighbourIndex, Store, TrackId},
};

/// About how many windows a search reads, in all its lists together. Reading them takes most of its time. In a noisy
/// query's lists the right window is seldom in the first ones. So a small library, or a search for few queries, reads
/// more lists per query in the same time.
const WINDOWS_READ: u64 = 1_200_000;
/// A deeper search reads this many times as much, besides what was read before. More would find more. But a query that
/// finds nothing may take only three times as long among 100,000 tracks as among 10,000, where it reads all windows.
const DEEPER: usize = 10;
/// How many lists, of all queries together, a deeper search chooses from. Bounds its memory.
const MAX_CHOICE: usize = 400_000;
/// Lists per query, at least and at most.
const NPROBE: RangeInclusive<usize> = 32..=1024;
/// Lists per query, at most, if a walk through the graph finds them.
const MAX_NPROBE_WALKED: usize = 256;

/// How a search finds the lists of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// Whichever is faster for the number of centroids.
    #[default]
    Auto,
    /// By a walk through the graph.
    Graph,
    /// By comparing with all centroids.
    Flat,
}

/// Up to this many centroids, comparing with all of them is faster than the walk, because reading links costs more than
/// some ten thousand dot products; and it misses none.
const MAX_FLAT: usize = 32_768;

/// Queries that are compared with all centroids between two looks at the token. All variants of a chunk make some
/// thousand queries.
const COMPARED: usize = 256;

/// Finds nearest windows. Keeps what it reads of the index, so make many searches with one.
#[derive(Debug)]
pub struct Searcher<'s> {
    store: &'s Store,
    cache: Option<Arc<SearchCache>>,
    nprobe: Option<usize>,
    route: Route,
    exact: bool,
    excluded: Option<TrackId>,
    loaded: Option<Loaded>,
    last: Option<ListsRead>,
}

/// Hits of each query, and the lists that were read for them unless the search was exact.
type Found = (Vec<Vec<Hit>>, Option<ListsRead>);

/// How much a search reads.
#[derive(Debug)]
struct Budget {
    /// About how many windows the lists have together.
    windows: u64,
    /// Lists per query, at least and at most.
    nprobe: RangeInclusive<usize>,
}

/// The lists that a search has read.
#[derive(Debug)]
struct ListsRead {
    index: NeighbourIndex,
    /// The lists of each query.
    lists: Vec<Vec<u32>>,
}

#[derive(Debug)]
struct Loaded {
    generation: Arc<Generation>,
    walk: Walk,
}

impl<'s> Searcher<'s> {
    /// A searcher that uses the index of `store` if it has a usable one.
    pub fn new(store: &'s Store) -> Self {
        Self {
            store,
            cache: None,
            nprobe: None,
            route: Route::Auto,
            exact: false,
            excluded: None,
            loaded: None,
            last: None,
        }
    }

    /// Takes the centroids from `cache`, and leaves them there for other searchers.
    #[must_use]
    pub fn cache(mut self, cache: &Arc<SearchCache>) -> Self {
        self.cache = Some(cache.clone());
        self
    }

    /// Reads this many lists per query, instead of as many as fit the time of a search. More lists find more and take
    /// longer.
    #[must_use]
    pub fn nprobe(mut self, nprobe: usize) -> Self {
        self.nprobe = Some(nprobe.max(1));
        self
    }

    /// Sets how the lists of a query are found.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Compares with every window, even if there is an index.
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// Returns no windows of this track: for queries that are the track's own windows.
    #[must_use]
    pub fn excluding(mut self, track: TrackId) -> Self {
        self.excluded = Some(track);
        self
    }

    /// The `k` nearest windows of each of `queries` (n x dims), all from one state of the store.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if rows make no sense, what SQLite reports, and
    /// [`Error::Interrupted`](crate::error::Error::Interrupted) once the token of [`Store::cancellable`] is cancelled.
    ///
    /// # Panics
    /// If `queries` is not a whole number of vectors.
    pub fn nearest(&mut self, queries: &[i8], k: usize) -> Result<Vec<Vec<Hit>>> {
        let budget = match self.nprobe {
            Some(nprobe) => Budget { windows: 0, nprobe: nprobe..=nprobe },
            None => Budget { windows: WINDOWS_READ, nprobe: NPROBE },
        };
        self.last = None;
        let (hits, last) = self.search(queries, k, &budget, None)?;
        self.last = last;
        Ok(hits)
    }

    /// As [`Searcher::nearest`], with another number of lists per query.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    ///
    /// # Panics
    /// As [`Searcher::nearest`].
    pub fn nearest_probing(&mut self, queries: &[i8], k: usize, nprobe: usize) -> Result<Vec<Vec<Hit>>> {
        Ok(self.search(queries, k, &Budget { windows: 0, nprobe: nprobe..=nprobe }, None)?.0)
    }

    /// Searches on for the `queries` of the last call of [`Searcher::nearest`], which returned `hits`, in ten times as many
    /// lists. Reads only those that were not read yet. Call it on the same snapshot of the store; if the index has
    /// changed, the search begins anew. `None` if the last search was exact.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    ///
    /// # Panics
    /// As [`Searcher::nearest`].
    pub fn deeper(&mut self, queries: &[i8], k: usize, hits: Vec<Vec<Hit>>) -> Result<Option<Vec<Vec<Hit>>>> {
        let Some(last) = self.last.take() else { return Ok(None) };
        let budget = match self.nprobe {
            Some(nprobe) => Budget { windows: 0, nprobe: DEEPER * nprobe..=DEEPER * nprobe },
            None => {
                let max = MAX_CHOICE / last.lists.len().max(1);
                let max = max.clamp(*NPROBE.end(), DEEPER * NPROBE.end());
                Budget { windows: DEEPER as u64 * WINDOWS_READ, nprobe: *NPROBE.start()..=max }
            }
        };
        Ok(Some(self.search(queries, k, &budget, Some((hits, last)))?.0))
    }

    /// Searches within `budget`. Goes on from `before`, what an earlier search found and read, if there is one.
    fn search(
        &mut self,
        queries: &[i8],
        k: usize,
        budget: &Budget,
        before: Option<(Vec<Vec<Hit>>, ListsRead)>,
    ) -> Result<Found> {
        let store = self.store;
        let dims = store.params().window_dims;
        assert_eq!(queries.len() % dims, 0, "queries of {dims} values");
        if queries.is_empty() {
            // The query is silence: there is nothing to read for it.
            return Ok((Vec::new(), None));
        }
        let _snapshot = store.snapshot()?;
        let mut scan = Scan::new(queries, dims, k);
        let excluded = self.excluded;
        let index = if self.exact { None } else { usable_index(store)? };
        let Some(index) = index else {
            exact::scan_tracks(store, Store::ALL_TRACKS, excluded, &mut scan)?;
            return Ok((scan.into_hits(), None));
        };
        let loaded = match self.loaded.take().filter(|loaded| loaded.generation.index == index) {
            Some(loaded) => loaded,
            None => Loaded::new(match &self.cache {
                Some(cache) => cache.generation(store, index)?,
                None => Arc::new(Generation::load(store, index)?),
            }),
        };
        let loaded = self.loaded.insert(loaded);
        let removed = store.removed()?;
        let mut lists = loaded.nearest_lists(store, queries, *budget.nprobe.end(), self.route)?;
        // Tracks that were added since the index was made are scanned, but once only.
        let mut unindexed = index.last_track.0.checked_add(1);
        if let Some((hits, read)) = before.filter(|(_, read)| read.index == index) {
            scan.go_on_from(hits);
            unindexed = None;
            for (lists, mut read) in lists.iter_mut().zip(read.lists) {
                read.sort_unstable();
                lists.retain(|list| read.binary_search(list).is_err());
            }
        }
        let depth = budget.depth(&lists, &index);
        lists.iter_mut().for_each(|lists| lists.truncate(depth));
        // Every (list, query), in order of lists: each list is read once, for all queries that want it.
        let mut wanted: Vec<(u32, u32)> = Vec::new();
        for (q, lists) in (0..).zip(&lists) {
            wanted.extend(lists.iter().map(|&list| (list, q)));
        }
        wanted.sort_unstable();
        let counts = |track: u32| removed.binary_search(&track).is_err() && excluded != Some(TrackId(track));
        let mut picked = Vec::new();
        for same in wanted.chunk_by(|a, b| a.0 == b.0) {
            store.check_cancelled()?;
            picked.clear();
            picked.extend(same.iter().map(|&(_, q)| q));
            store.postings(same[0].0, |block| {
                scan.gather(block.vectors(), |i| (block.track(i), block.position(i)));
                if scan.is_full() {
                    scan.offer(&picked, counts);
                }
                Ok(())
            })?;
            scan.offer(&picked, counts);
        }
        if let Some(next) = unindexed {
            exact::scan_tracks(store, TrackId(next)..=TrackId(u32::MAX), excluded, &mut scan)?;
        }
        Ok((scan.into_hits(), Some(ListsRead { index, lists })))
    }
}

impl Budget {
    /// How many of its nearest `lists` each query can have.
    fn depth(&self, lists: &[Vec<u32>], index: &NeighbourIndex) -> usize {
        let per_list = (index.window_count / u64::from(index.centroid_count)).max(1);
        let mut read = vec![false; index.centroid_count as usize];
        let mut windows = 0;
        for depth in 0..*self.nprobe.end() {
            for &list in lists.iter().filter_map(|lists| lists.get(depth)) {
                if !std::mem::replace(&mut read[list as usize], true) {
                    windows += per_list;
                }
            }
            if windows >= self.windows && depth + 1 >= *self.nprobe.start() {
                return depth + 1;
            }
        }
        *self.nprobe.end()
    }
}

impl Loaded {
    fn new(generation: Arc<Generation>) -> Self {
        let index = &generation.index;
        let walk = Walk::new(index.entry, index.entry_level, generation.centroids.len());
        Self { generation, walk }
    }

    /// The `nprobe` nearest lists of each query, best first.
    fn nearest_lists(
        &mut self,
        store: &Store,
        queries: &[i8],
        nprobe: usize,
        route: Route,
    ) -> Result<Vec<Vec<u32>>> {
        let Generation { index, centroids } = &*self.generation;
        let nprobe = nprobe.min(centroids.len());
        let flat = match route {
            Route::Auto => centroids.len() <= MAX_FLAT || !index.graph_complete,
            Route::Flat => true,
            Route::Graph => false,
        };
        if flat {
            let mut lists = Vec::with_capacity(queries.len() / centroids.dims);
            for part in queries.chunks(COMPARED * centroids.dims) {
                store.check_cancelled()?;
                lists.append(&mut centroids.nearest(&Queries::new(part, centroids.dims), nprobe));
            }
            return Ok(lists);
        }
        // A walk that keeps few candidates goes astray.
        let nprobe = nprobe.min(MAX_NPROBE_WALKED);
        let ef = nprobe.max(MIN_EF).min(centroids.len());
        queries
            .chunks_exact(centroids.dims)
            .map(|query| {
                let mut lists = self.walk.nearest(centroids, query, ef, |at| store.links(at))?;
                lists.truncate(nprobe);
                Ok(lists)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{fixture, train::train},
        *,
    };
    use crate::{cancel::CancelToken, error::Error};

    /// So few rows that SQLite takes fewer steps than it takes between two looks.
    #[test]
    fn a_search_looks_at_the_token_besides_sqlite() {
        let mut library = fixture::Library::new(3, 40);
        train(&mut library.store, &fixture::options(4), 1, &CancelToken::new()).unwrap();
        let queries = fixture::fingerprint(1, 7).windows;
        let cancelled = CancelToken::new();
        cancelled.cancel();
        for (exact, route) in [(true, Route::Auto), (false, Route::Flat), (false, Route::Graph)] {
            let mut searcher = Searcher::new(&library.store).exact(exact).route(route);
            // Loads the centroids.
            searcher.nearest(&queries, 5).unwrap();
            let _cancellable = library.store.cancellable(&cancelled);
            let ended = searcher.nearest(&queries, 5);
            assert!(matches!(ended, Err(Error::Interrupted)), "exact: {exact}, {route:?}");
        }
    }

    #[test]
    fn each_query_gets_lists_until_they_have_enough_windows_together() {
        let index = NeighbourIndex {
            generation: 1,
            parameter_set: 1,
            track_count: 1,
            last_track: TrackId(1),
            window_count: 1000,
            stamp: 0,
            centroid_count: 10,
            entry: 0,
            entry_level: 0,
            graph_complete: true,
        };
        let depth = |lists: &[&[u32]], windows, nprobe| {
            let lists: Vec<Vec<u32>> = lists.iter().map(|lists| lists.to_vec()).collect();
            Budget { windows, nprobe }.depth(&lists, &index)
        };
        // Lists have 100 windows each; the first one is the same for both queries and counts once.
        let two: [&[u32]; 2] = [&[0, 1, 2], &[0, 3, 4]];
        for (windows, expected) in [(0, 1), (100, 1), (101, 2), (300, 2), (301, 3), (500, 3), (501, 4)] {
            assert_eq!(depth(&two, windows, 1..=4), expected, "{windows} windows");
        }
        assert_eq!(depth(&two, 0, 2..=3), 2, "no fewer than asked for");
        assert_eq!(depth(&two, 10_000, 1..=2), 2, "no more than allowed");
        // One query that has fewer lists left than the other.
        assert_eq!(depth(&[&[0], &[1, 2, 3]], 400, 1..=9), 3);
        // Even a list that is shorter than one window on average counts as read.
        let empty = NeighbourIndex { window_count: 0, ..index };
        assert_eq!(Budget { windows: 2, nprobe: 1..=9 }.depth(&[vec![0, 1, 2]], &empty), 2);
    }
}
