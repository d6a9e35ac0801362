//! Building the neighbour index.
use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    graph,
    kmeans::{self, ASSIGN, Centroids},
};
use crate::{
    Result,
    error::{Error, IndexError},
    store::{self, NeighbourIndex, Store, TrackId},
};

/// From so many windows on an index is worth its room; below, looking at all of them is as fast.
pub const LEAST_WINDOWS: u64 = 300_000;
/// Centroids, at most: their numbers fit 16 bits.
const MOST_CENTROIDS: usize = 1 << 16;
/// Centroids for each square root of a window.
const DENSITY: f64 = 8.0;
/// Windows of the sample for each centroid.
const SAMPLE: usize = 24;
/// Rounds of k-means.
const ROUNDS: usize = 5;
/// Bytes of lists that are gathered at a time.
const GATHER: usize = 256 << 20;

/// How to build.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Nothing is built for fewer windows.
    pub least_windows: u64,
    /// How many centroids, instead of as many as suit the number of windows.
    pub centroids: Option<usize>,
    /// Build even where the present index is good enough.
    pub force: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { least_windows: LEAST_WINDOWS, centroids: None, force: false }
    }
}

/// What [`build`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// Too few windows for an index; an old one was dropped.
    TooFew,
    /// The present index is good enough.
    Fresh,
    /// A new one, with so many centroids over so many windows.
    New {
        /// Centroids.
        centroids: u32,
        /// Windows.
        windows: u64,
    },
}

/// Builds the neighbour index where the library is large enough and has no index or one that has fallen behind: more
/// than a quarter of its windows were added since, or belong to tracks that are gone. Readers keep the old one until
/// the new one is committed. The same library gives the same index.
///
/// `cancel` is looked at often; memory stays within some 300 MiB plus 2 bytes a window.
///
/// # Errors
/// [`Error::Interrupted`], [`IndexError::Busy`] where tracks were removed meanwhile, and what SQLite says.
pub fn build(store: &mut Store, options: &Options, cancel: &AtomicBool) -> Result<Built> {
    let go_on = || if cancel.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) };
    let dims = store.params().window_dims;
    let old = store.neighbour_index()?;
    let generation = old.map_or(0, |index| index.generation).wrapping_add(1);
    let snapshot = store.snapshot()?;
    let census = store.census(TrackId(u32::MAX))?;
    if census.windows < options.least_windows.max(1) {
        drop(snapshot);
        if old.is_some() {
            store.write(|batch| batch.clear_neighbours())?;
        }
        return Ok(Built::TooFew);
    }
    if let Some(index) = old.filter(|index| !options.force && super::usable(store, index)) {
        let then = store.census(index.last_track)?;
        let behind = (census.windows - then.windows).max(index.window_count.saturating_sub(then.windows));
        // Without removals the tracks must be the very ones it was built from.
        let same = !store.removed()?.is_empty() || then.stamp == index.stamp;
        if same && behind <= index.window_count / 4 {
            return Ok(Built::Fresh);
        }
    }
    let n = usize::try_from(census.windows).map_err(|_| store.damaged("more windows than can be"))?;
    let count = options.centroids.unwrap_or_else(|| suited(n)).clamp(1, MOST_CENTROIDS.min(n));
    let sample = sample(store, n, (SAMPLE * count).min(n), dims, &go_on)?;
    if sample.len() < count * dims {
        return Err(store.damaged("fewer windows than its tracks tell"));
    }
    let centroids = kmeans::train(&sample, dims, count, ROUNDS, &go_on)?;
    drop(sample);
    go_on()?;
    let lists = assign(store, &centroids, n, &go_on)?;
    drop(snapshot);
    let mut graph = graph::build(&centroids, &go_on)?;
    let graph_complete = graph::repair(&mut graph, &centroids, super::PROBES)?;
    go_on()?;
    let index = NeighbourIndex {
        generation,
        parameter_set: store.params().id,
        track_count: census.tracks,
        last_track: census.last,
        window_count: census.windows,
        stamp: census.stamp,
        centroid_count: count as u32,
        entry: graph.entry,
        entry_level: graph.entry_level,
        graph_complete,
    };
    store.write(|batch| {
        let store = batch.store();
        if store.census(census.last)? != census {
            return Err(Error::Index { path: store.path().to_path_buf(), reason: IndexError::Busy });
        }
        batch.clear_neighbours()?;
        for (row, vectors) in centroids.vectors.chunks(store.layout().centroids_per_block * dims).enumerate()
        {
            batch.put_centroids(row, &store::encode_centroids(vectors))?;
        }
        for (centroid, levels) in graph.links.iter().enumerate() {
            batch.put_links(centroid as u32, &store::encode_links(levels))?;
        }
        write_lists(batch, &lists, census.last, count, dims, &go_on)?;
        batch.put_neighbour_index(&index)
    })?;
    Ok(Built::New { centroids: index.centroid_count, windows: index.window_count })
}

/// The power of two nearest to [`DENSITY`] centroids a square root of the windows.
fn suited(windows: usize) -> usize {
    1 << ((DENSITY * (windows as f64).sqrt()).log2().round() as usize).min(16)
}

/// `wanted` of the `n` windows, evenly spread.
fn sample(
    store: &Store,
    n: usize,
    wanted: usize,
    dims: usize,
    go_on: &impl Fn() -> Result<()>,
) -> Result<Vec<i8>> {
    let mut sample = Vec::with_capacity(wanted * dims);
    let (mut seen, mut taken) = (0usize, 0usize);
    store.windows(Store::ALL_TRACKS, |_, block| {
        go_on()?;
        for vector in block.vectors().chunks_exact(dims) {
            if taken < wanted && seen as u128 * wanted as u128 >= taken as u128 * n as u128 {
                sample.extend_from_slice(vector);
                taken += 1;
            }
            seen += 1;
        }
        Ok(())
    })?;
    Ok(sample)
}

/// The list of each window, in order of track and time.
fn assign(
    store: &Store,
    centroids: &Centroids,
    n: usize,
    go_on: &impl Fn() -> Result<()>,
) -> Result<Vec<u16>> {
    let mut lists: Vec<u16> = Vec::with_capacity(n);
    let mut pending: Vec<i8> = Vec::with_capacity(2 * ASSIGN * centroids.dims);
    let flush = |pending: &mut Vec<i8>, lists: &mut Vec<u16>| {
        // At most 65,536 centroids, so the cast loses nothing.
        lists.extend(centroids.assign(pending).into_iter().map(|(c, _)| c as u16));
        pending.clear();
    };
    store.windows(Store::ALL_TRACKS, |_, block| {
        pending.extend_from_slice(block.vectors());
        if pending.len() >= ASSIGN * centroids.dims {
            go_on()?;
            flush(&mut pending, &mut lists);
        }
        if lists.len() > n {
            return Err(store.damaged("more windows than its tracks tell"));
        }
        Ok(())
    })?;
    flush(&mut pending, &mut lists);
    if lists.len() == n { Ok(lists) } else { Err(store.damaged(format!("{} windows, not {n}", lists.len()))) }
}

/// Writes all lists in order: as many at a time as fit the memory set aside, a pass over the windows for each time.
fn write_lists(
    batch: &store::Batch<'_>,
    lists: &[u16],
    last: TrackId,
    count: usize,
    dims: usize,
    go_on: &impl Fn() -> Result<()>,
) -> Result<()> {
    let store = batch.store();
    let mut sizes = vec![0usize; count];
    lists.iter().for_each(|&list| sizes[usize::from(list)] += 1);
    let most = (GATHER / (dims + 8)).max(1);
    let mut first = 0;
    while first < count {
        let mut end = first;
        let mut starts = Vec::new();
        let mut total = 0;
        while end < count && (end == first || total + sizes[end] <= most) {
            starts.push(total);
            total += sizes[end];
            end += 1;
        }
        let mut next = starts.clone();
        let (mut tracks, mut positions) = (vec![0u32; total], vec![0u32; total]);
        let mut vectors = vec![0i8; total * dims];
        let mut window = 0;
        store.windows(TrackId(0)..=last, |track, block| {
            go_on()?;
            for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                let list = lists.get(window).map(|&list| usize::from(list));
                window += 1;
                // Not in this pass, or more windows than were assigned, which the count below tells.
                let Some(list) = list.filter(|list| (first..end).contains(list)) else { continue };
                let place = &mut next[list - first];
                tracks[*place] = track.0;
                positions[*place] = block.position(i);
                vectors[*place * dims..(*place + 1) * dims].copy_from_slice(vector);
                *place += 1;
            }
            Ok(())
        })?;
        if window != lists.len() {
            return Err(store.damaged("windows changed within a transaction"));
        }
        let per_row = store.layout().windows_per_posting;
        for list in first..end {
            let (start, size) = (starts[list - first], sizes[list]);
            for (row, from) in (start..start + size).step_by(per_row).enumerate() {
                let part = from..(from + per_row).min(start + size);
                let data = store::encode_posting(
                    &tracks[part.clone()],
                    &positions[part.clone()],
                    &vectors[part.start * dims..part.end * dims],
                );
                batch.put_posting(list as u32, row, &data)?;
            }
        }
        first = end;
    }
    Ok(())
}
