//! Searching with the index, or without where there is none.
use std::ops::RangeInclusive;

use super::{Hit, dot::Queries, exact, graph::Walk, kmeans::Centroids, scan::Scan};
use crate::{
    Result,
    store::{NeighbourIndex, Store, TrackId},
};

/// Windows in the lists that a search reads, about: reading them is what it costs. A right window is seldom in the first
/// lists where there is noise in the query, so that in a library that is not large, or for few queries, more lists of each
/// are looked at for the same time.
const LISTED: u64 = 1_200_000;
/// A deeper look reads so many times as many, beside those that were read before: as many as it can without a query that finds
/// nothing taking more than three times as long among 100,000 tracks as among 10,000, all windows of which it reads.
const DEEPER: usize = 10;
/// Lists of all queries together, at most, that a deeper look chooses from: what bounds its memory.
const CHOICE: usize = 400_000;
/// Lists for each query, at least and at most.
const PROBES: RangeInclusive<usize> = 32..=1024;
/// The same where a walk through the graph finds them.
const MOST_WALKED: usize = 256;

/// How the lists of a query are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Whichever is faster for the number of centroids.
    #[default]
    Auto,
    /// By walking the graph.
    Graph,
    /// By looking at all centroids.
    Flat,
}

/// Up to so many centroids all are looked at, which is faster than the walk and misses none: reading links costs more
/// than some ten thousand dot products.
const FLAT: usize = 32_768;

/// Candidates that a walk keeps, at least.
pub(super) const EF: usize = 48;

/// Finds nearest windows. Keeps the centroids of the index in memory (at most 65,536 vectors), so that many searches
/// are best made with one.
#[derive(Debug)]
pub struct Searcher<'s> {
    store: &'s Store,
    probes: Option<usize>,
    route: Route,
    exact: bool,
    loaded: Option<Loaded>,
    looked: Option<Looked>,
}

/// What was found, and what was read for it: nothing that is worth remembering without an index.
type Found = (Vec<Vec<Hit>>, Option<Looked>);

/// How much a search reads.
#[derive(Debug)]
struct Look {
    /// Windows in all lists that are read, about.
    windows: u64,
    /// Lists for each query, at least and at most.
    probes: RangeInclusive<usize>,
}

/// What the last search has read.
#[derive(Debug)]
struct Looked {
    index: NeighbourIndex,
    /// Lists of each query.
    lists: Vec<Vec<u32>>,
}

#[derive(Debug)]
struct Loaded {
    index: NeighbourIndex,
    centroids: Centroids,
    walk: Walk,
}

impl<'s> Searcher<'s> {
    /// A searcher that uses the index of `store` where it has a usable one.
    pub fn new(store: &'s Store) -> Self {
        Self { store, probes: None, route: Route::Auto, exact: false, loaded: None, looked: None }
    }

    /// Looks at so many lists for each query, instead of as many as fit the time that a search should take; more find more
    /// and take longer.
    pub fn probes(mut self, probes: usize) -> Self {
        self.probes = Some(probes.max(1));
        self
    }

    /// Finds the lists in this way.
    pub fn route(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Looks at every window, whether there is an index or not.
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// The `k` nearest windows of each of `queries` (n x dims), all on one state of the store.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) where rows make no sense, and what SQLite says.
    ///
    /// # Panics
    /// Where `queries` is not a whole number of vectors.
    pub fn nearest(&mut self, queries: &[i8], k: usize) -> Result<Vec<Vec<Hit>>> {
        let look = match self.probes {
            Some(probes) => Look { windows: 0, probes: probes..=probes },
            None => Look { windows: LISTED, probes: PROBES },
        };
        self.looked = None;
        let (hits, looked) = self.search(queries, k, &look, None)?;
        self.looked = looked;
        Ok(hits)
    }

    /// The same with another number of lists for each query.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    ///
    /// # Panics
    /// As [`Searcher::nearest`].
    pub fn nearest_probing(&mut self, queries: &[i8], k: usize, probes: usize) -> Result<Vec<Vec<Hit>>> {
        Ok(self.search(queries, k, &Look { windows: 0, probes: probes..=probes }, None)?.0)
    }

    /// Looks further for the same `queries` that [`Searcher::nearest`] was just asked for, which found `hits`: in ten times as
    /// many lists, of which those are read that were not yet. To be called on the same snapshot of the store; where
    /// there is another index meanwhile, it is searched from the start. `None` where everything was looked at before.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    ///
    /// # Panics
    /// As [`Searcher::nearest`].
    pub fn deeper(&mut self, queries: &[i8], k: usize, hits: Vec<Vec<Hit>>) -> Result<Option<Vec<Vec<Hit>>>> {
        let Some(looked) = self.looked.take() else { return Ok(None) };
        let look = match self.probes {
            Some(probes) => Look { windows: 0, probes: DEEPER * probes..=DEEPER * probes },
            None => {
                let most = CHOICE / looked.lists.len().max(1);
                let most = most.clamp(*PROBES.end(), DEEPER * PROBES.end());
                Look { windows: DEEPER as u64 * LISTED, probes: *PROBES.start()..=most }
            }
        };
        Ok(Some(self.search(queries, k, &look, Some((hits, looked)))?.0))
    }

    /// Searches as `look` says, or goes on from what was found `before` with what was not read for it.
    fn search(
        &mut self,
        queries: &[i8],
        k: usize,
        look: &Look,
        before: Option<(Vec<Vec<Hit>>, Looked)>,
    ) -> Result<Found> {
        let store = self.store;
        let dims = store.params().window_dims;
        assert_eq!(queries.len() % dims, 0, "queries of {dims} values");
        if queries.is_empty() {
            // Silence: nothing is read for it.
            return Ok((Vec::new(), None));
        }
        let _snapshot = store.snapshot()?;
        let index = if self.exact { None } else { store.neighbour_index()? };
        let Some(index) = index.filter(|index| super::usable(store, index)) else {
            return Ok((exact::nearest(store, queries, k)?, None));
        };
        let loaded = match self.loaded.take().filter(|loaded| loaded.index == index) {
            Some(loaded) => loaded,
            None => {
                let centroids = Centroids::new(store.centroids(index.centroid_count)?, dims);
                let walk = Walk::new(index.entry, index.entry_level, centroids.len());
                Loaded { index, centroids, walk }
            }
        };
        let loaded = self.loaded.insert(loaded);
        let removed = store.removed()?;
        let mut lists = loaded.lists(store, queries, *look.probes.end(), self.route)?;
        let mut scan = Scan::new(queries, dims, k);
        // Those that were added since are looked at once.
        let mut unlisted = index.last_track.0.checked_add(1);
        if let Some((hits, looked)) = before.filter(|(_, looked)| looked.index == index) {
            scan.go_on_from(hits);
            unlisted = None;
            for (lists, mut read) in lists.iter_mut().zip(looked.lists) {
                read.sort_unstable();
                lists.retain(|list| read.binary_search(list).is_err());
            }
        }
        let depth = loaded.affordable(&lists, look);
        lists.iter_mut().for_each(|lists| lists.truncate(depth));
        // Every (list, query), in order of lists: each list is read once, for all queries that want it.
        let mut wanted: Vec<(u32, u32)> = Vec::new();
        for (q, lists) in (0..).zip(&lists) {
            wanted.extend(lists.iter().map(|&list| (list, q)));
        }
        wanted.sort_unstable();
        let stands = |track: u32| removed.binary_search(&track).is_err();
        let mut picked = Vec::new();
        for same in wanted.chunk_by(|a, b| a.0 == b.0) {
            picked.clear();
            picked.extend(same.iter().map(|&(_, q)| q));
            store.postings(same[0].0, |block| {
                scan.gather(block.vectors(), |i| (block.track(i), block.position(i)));
                if scan.is_full() {
                    scan.offer(&picked, stands);
                }
                Ok(())
            })?;
            scan.offer(&picked, stands);
        }
        if let Some(next) = unlisted {
            exact::windows(store, TrackId(next)..=TrackId(u32::MAX), &mut scan)?;
        }
        Ok((scan.into_hits(), Some(Looked { index, lists })))
    }
}

impl Loaded {
    /// How many of its best `lists` each query can have.
    fn affordable(&self, lists: &[Vec<u32>], look: &Look) -> usize {
        let a_list = (self.index.window_count / u64::from(self.index.centroid_count)).max(1);
        let mut read = vec![false; self.centroids.len()];
        let mut windows = 0;
        for depth in 0..*look.probes.end() {
            for &list in lists.iter().filter_map(|lists| lists.get(depth)) {
                if !std::mem::replace(&mut read[list as usize], true) {
                    windows += a_list;
                }
            }
            if windows >= look.windows && depth + 1 >= *look.probes.start() {
                return depth + 1;
            }
        }
        *look.probes.end()
    }

    fn lists(&mut self, store: &Store, queries: &[i8], probes: usize, route: Route) -> Result<Vec<Vec<u32>>> {
        let (centroids, walk) = (&self.centroids, &mut self.walk);
        let probes = probes.min(centroids.len());
        let flat = match route {
            Route::Auto => centroids.len() <= FLAT || !self.index.graph_complete,
            Route::Flat => true,
            Route::Graph => false,
        };
        if flat {
            return Ok(centroids.nearest(&Queries::new(queries, centroids.dims), probes));
        }
        let queries = queries.chunks_exact(centroids.dims);
        // A walk that keeps few candidates goes astray.
        let probes = probes.min(MOST_WALKED);
        let ef = probes.max(EF).min(centroids.len());
        queries
            .map(|query| {
                let mut lists = walk.nearest(centroids, query, ef, |at| store.links(at))?;
                lists.truncate(probes);
                Ok(lists)
            })
            .collect()
    }
}
