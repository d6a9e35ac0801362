//! Searches by the index, or exact if there is none.
use std::sync::Arc;

use super::{
    budget::{Budget, Depth, Group},
    exact,
    generation::{Generation, SearchCache, usable_index},
    graph::{MIN_EF, Walk},
    hit::Hit,
    kernel::Queries,
    lists::{self, Wanted},
    part::Part,
    scan::Scan,
};
use crate::{
    error::Result,
    store::{NeighbourIndex, Store, TrackId},
};

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

/// Finds nearest windows in one file, or in several as if they were one. Keeps what it reads of the index, so make many
/// searches with one.
#[derive(Debug)]
pub struct Searcher<'s> {
    parts: Vec<Part<'s>>,
    nprobe: Option<usize>,
    route: Route,
    exact: bool,
    excluded: Option<TrackId>,
    /// The index of each file that has one.
    loaded: Vec<Option<Loaded>>,
    last: Option<ListsRead>,
}

/// Hits of each query, and the lists that were read for them unless the search was exact.
type Found = (Vec<Vec<Hit>>, Option<ListsRead>);

/// The lists that a search has read.
#[derive(Debug)]
struct ListsRead {
    /// The index of each file.
    indexes: Vec<Option<NeighbourIndex>>,
    /// For each group of files with the same centroids, the lists of each query.
    lists: Vec<Vec<Vec<u32>>>,
}

#[derive(Debug)]
struct Loaded {
    generation: Arc<Generation>,
    walk: Walk,
}

impl<'s> Searcher<'s> {
    /// A searcher that uses the index of `store` if it has a usable one.
    pub fn new(store: &'s Store) -> Self {
        Self::over(vec![Part::alone(store, None)])
    }

    /// A searcher over several files of one parameter set. Their tracks are numbered as the parts say.
    ///
    /// # Panics
    /// If there is no part.
    pub fn over(parts: Vec<Part<'s>>) -> Self {
        assert!(!parts.is_empty(), "a search needs a file");
        let loaded = parts.iter().map(|_| None).collect();
        Self { parts, nprobe: None, route: Route::Auto, exact: false, excluded: None, loaded, last: None }
    }

    /// Takes the centroids of its only file from `cache`, and leaves them there for other searchers.
    #[must_use]
    pub fn cache(mut self, cache: &Arc<SearchCache>) -> Self {
        self.parts[0].cache = Some(cache.clone());
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

    /// Returns no windows of this track, by its number among all files: for queries that are the track's own windows.
    #[must_use]
    pub fn excluding(mut self, track: TrackId) -> Self {
        self.set_excluded(track);
        self
    }

    /// As [`Searcher::excluding`], for a searcher that is in use.
    pub(crate) fn set_excluded(&mut self, track: TrackId) {
        self.excluded = Some(track);
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
        let budget = Budget::usual(self.nprobe);
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
        let budget = Budget::deeper(self.nprobe, queries.len() / self.parts[0].store.params().window_dims);
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
        let dims = self.parts[0].store.params().window_dims;
        assert_eq!(queries.len() % dims, 0, "queries of {dims} values");
        if queries.is_empty() {
            // The query is silence: there is nothing to read for it.
            return Ok((Vec::new(), None));
        }
        let _snapshots = self.parts.iter().map(|part| part.store.snapshot()).collect::<Result<Vec<_>>>()?;
        let mut scan = Scan::new(queries, dims, k);
        let indexes = self.load()?;
        let before = before.filter(|(_, read)| read.indexes == indexes);
        // What is in no list is scanned, but once only.
        let goes_on = before.is_some();
        let (hits, read) = before.map_or((None, None), |(hits, read)| (Some(hits), Some(read.lists)));
        hits.into_iter().for_each(|hits| scan.go_on_from(hits));
        let groups = self.groups(&indexes);
        let all: u64 = groups.iter().map(|group| group.windows).sum();
        let mut read = read.into_iter().flatten();
        let mut lists_read = Vec::with_capacity(groups.len());
        for group in &groups {
            let leader = group.parts[0];
            let loaded = self.loaded[leader].as_mut().expect("files of a group have an index");
            let store = self.parts[leader].store;
            let mut lists = loaded.nearest_lists(store, queries, *budget.nprobe.end(), self.route)?;
            leave_out(&mut lists, read.next().unwrap_or_default());
            let depth = budget.of(group, all).depth(&lists, group);
            lists.iter_mut().for_each(|lists| lists.truncate(depth));
            self.read_lists(group, &lists, &mut scan)?;
            lists_read.push(lists);
        }
        if !goes_on {
            self.scan_unlisted(&indexes, &mut scan)?;
        }
        let last = (!groups.is_empty()).then_some(ListsRead { indexes, lists: lists_read });
        Ok((scan.into_hits(), last))
    }

    /// Chooses the lists of each query for a search in several files with the same centroids, whose lists have `windows`
    /// windows together. `None` if this file has no lists.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    pub(crate) fn choose(
        &mut self,
        queries: &[i8],
        depth: Depth<'_>,
        windows: u64,
    ) -> Result<Option<Vec<Vec<u32>>>> {
        let store = self.parts[0].store;
        let _snapshot = store.snapshot()?;
        if self.load()?[0].is_none() {
            return Ok(None);
        }
        let loaded = self.loaded[0].as_mut().expect("loaded just now");
        let count = queries.len() / store.params().window_dims;
        let (budget, read) = match depth {
            Depth::Usual => (Budget::usual(None), &[][..]),
            Depth::Probing(nprobe) => (Budget::usual(Some(nprobe)), &[][..]),
            Depth::Deeper(read) => (Budget::deeper(None, count), read),
        };
        let group = Group { parts: vec![0], windows, lists: loaded.generation.centroids.len() };
        let mut lists = loaded.nearest_lists(store, queries, *budget.nprobe.end(), self.route)?;
        leave_out(&mut lists, read.to_vec());
        let depth = budget.depth(&lists, &group);
        lists.iter_mut().for_each(|lists| lists.truncate(depth));
        Ok(Some(lists))
    }

    /// The `k` nearest windows of each of `queries` in these lists, and among the windows that are in no list if `unlisted`.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    pub(crate) fn nearest_in(
        &mut self,
        queries: &[i8],
        k: usize,
        lists: &[Vec<u32>],
        unlisted: bool,
    ) -> Result<Vec<Vec<Hit>>> {
        let _snapshot = self.parts[0].store.snapshot()?;
        let mut scan = Scan::new(queries, self.parts[0].store.params().window_dims, k);
        let indexes = self.load()?;
        for group in &self.groups(&indexes) {
            self.read_lists(group, lists, &mut scan)?;
        }
        if unlisted {
            self.scan_unlisted(&indexes, &mut scan)?;
        }
        Ok(scan.into_hits())
    }

    /// The hash of the centroids of the first file; `None` if it has none.
    ///
    /// # Errors
    /// As [`Searcher::nearest`].
    pub(crate) fn centroids(&mut self) -> Result<Option<[u8; 32]>> {
        let _snapshot = self.parts[0].store.snapshot()?;
        self.load()?;
        Ok(self.loaded[0].as_ref().map(|loaded| loaded.generation.checksum()))
    }

    /// Compares the windows that are in no list.
    fn scan_unlisted(&self, indexes: &[Option<NeighbourIndex>], scan: &mut Scan) -> Result<()> {
        for (part, index) in self.parts.iter().zip(indexes) {
            let next = index.as_ref().map_or(Some(0), |index| index.last_track.0.checked_add(1));
            if let Some(next) = next {
                let tracks = TrackId(next)..=TrackId(u32::MAX);
                exact::scan_tracks(part, tracks, self.excluded, scan)?;
            }
        }
        Ok(())
    }

    /// Loads the index of each file, and returns the indexes.
    fn load(&mut self) -> Result<Vec<Option<NeighbourIndex>>> {
        let mut indexes = Vec::with_capacity(self.parts.len());
        for (part, loaded) in self.parts.iter().zip(&mut self.loaded) {
            let index = if self.exact { None } else { usable_index(part.store)? };
            match index {
                None => *loaded = None,
                Some(index) if loaded.as_ref().is_some_and(|loaded| loaded.generation.index == index) => {}
                Some(index) => {
                    *loaded = Some(Loaded::new(match &part.cache {
                        Some(cache) => cache.generation(part.store, index)?,
                        None => Arc::new(Generation::load(part.store, index)?),
                    }));
                }
            }
            indexes.push(index);
        }
        Ok(indexes)
    }

    /// Which files have the same centroids.
    fn groups(&self, indexes: &[Option<NeighbourIndex>]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (at, (loaded, index)) in self.loaded.iter().zip(indexes).enumerate() {
            let (Some(loaded), Some(index)) = (loaded, index) else { continue };
            let windows = index.window_count.saturating_sub(self.parts[at].hidden.windows);
            let centroids = &loaded.generation.centroids.vectors;
            let same = groups.iter_mut().find(|group| {
                let leader = self.loaded[group.parts[0]].as_ref();
                leader.is_some_and(|leader| leader.generation.centroids.vectors == *centroids)
            });
            match same {
                Some(group) => {
                    group.parts.push(at);
                    group.windows += windows;
                }
                None => {
                    groups.push(Group { parts: vec![at], windows, lists: index.centroid_count as usize });
                }
            }
        }
        groups
    }

    /// Compares the windows of `lists`, those of each query, with the queries.
    fn read_lists(&self, group: &Group, lists: &[Vec<u32>], scan: &mut Scan) -> Result<()> {
        let mut gone = Vec::new();
        for &at in &group.parts {
            let part = &self.parts[at];
            gone.extend(part.store.removed()?.into_iter().map(|track| part.number(track)));
            gone.extend(part.hidden.tracks.iter().copied());
        }
        gone.sort_unstable();
        let excluded = self.excluded.map(|track| track.0);
        let counts = |track: u32| gone.binary_search(&track).is_err() && excluded != Some(track);
        lists::read(&self.parts, group, &Wanted::of(lists), counts, scan)
    }
}

/// Takes out of the `lists` of each query those that it has `read`.
fn leave_out(lists: &mut [Vec<u32>], read: Vec<Vec<u32>>) {
    for (lists, mut read) in lists.iter_mut().zip(read) {
        read.sort_unstable();
        lists.retain(|list| read.binary_search(list).is_err());
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
        let Generation { index, centroids, .. } = &*self.generation;
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
}
