//! Trains a new index: centroids of a sample, the list of each window, the graph.

use super::{
    graph::{self, Graph},
    kmeans::{self, ASSIGN, Centroids},
    options::{Built, Options},
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    store::{self, Census, NeighbourIndex, Store, TrackId},
};

/// The most centroids there can be: their numbers fit 16 bits.
pub(super) const MAX_CENTROIDS: usize = 1 << 16;
/// Centroids per square root of the number of windows.
const DENSITY: f64 = 8.0;
/// Windows of the sample per centroid.
pub(super) const SAMPLE: usize = 24;
/// Rounds of k-means.
pub(super) const ROUNDS: usize = 5;
/// Bytes of lists that are gathered at a time.
const GATHER: usize = 256 << 20;

/// Makes a new index of all windows. `generation` becomes its number.
pub(super) fn train(
    store: &mut Store,
    options: &Options,
    generation: i64,
    cancel: &CancelToken,
) -> Result<Built> {
    let dims = store.params().window_dims;
    let snapshot = store.snapshot()?;
    let census = all(store)?;
    let n = windows_of(store, &census)?;
    let count = options.centroids.unwrap_or_else(|| centroid_count_for(n)).clamp(1, MAX_CENTROIDS.min(n));
    let sample = sample(store, 0, n as u64, (SAMPLE * count).min(n) as u64, cancel)?;
    if sample.len() < count * dims {
        return Err(store.damaged("fewer windows than its tracks tell"));
    }
    let centroids = kmeans::train(&sample, dims, count, ROUNDS, cancel)?;
    drop(sample);
    cancel.check()?;
    let lists = assign(store, &centroids, n, cancel)?;
    drop(snapshot);
    let graph = graph::build(&centroids, cancel)?;
    cancel.check()?;
    write(store, &census, (&centroids, &graph), &lists, None, generation, cancel)
}

/// Makes a new index of all windows with these centroids. `given` is their checksum if they were given to the file.
pub(super) fn fill(
    store: &mut Store,
    (centroids, graph): (&Centroids, &Graph),
    given: Option<&[u8; 32]>,
    generation: i64,
    cancel: &CancelToken,
) -> Result<Built> {
    let snapshot = store.snapshot()?;
    let census = all(store)?;
    let n = windows_of(store, &census)?;
    let lists = assign(store, centroids, n, cancel)?;
    drop(snapshot);
    write(store, &census, (centroids, graph), &lists, given, generation, cancel)
}

/// A census of all tracks.
fn all(store: &Store) -> Result<Census> {
    store.census(Census::default(), TrackId(u32::MAX), u64::MAX)
}

fn windows_of(store: &Store, census: &Census) -> Result<usize> {
    usize::try_from(census.windows).map_err(|_| store.damaged("more windows than can be"))
}

/// Writes a new index in one transaction, unless the tracks have changed since the `census`.
fn write(
    store: &mut Store,
    census: &Census,
    (centroids, graph): (&Centroids, &Graph),
    lists: &[u16],
    given: Option<&[u8; 32]>,
    generation: i64,
    cancel: &CancelToken,
) -> Result<Built> {
    let (dims, count) = (centroids.dims, centroids.len());
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
        graph_complete: graph.complete,
    };
    store.write(|batch| {
        let store = batch.store();
        if store.census(Census::default(), census.last, u64::MAX)? != *census {
            return Err(Error::Index {
                path: store.path().to_path_buf(),
                reason: IndexError::Busy { holder: None },
            });
        }
        batch.clear_neighbours()?;
        if let Some(checksum) = given {
            batch.put_given_centroids(checksum)?;
        }
        for (row, vectors) in centroids.vectors.chunks(store.layout().centroids_per_block * dims).enumerate()
        {
            batch.put_centroids(row, &store::encode_centroids(vectors))?;
        }
        for (centroid, levels) in graph.links.iter().enumerate() {
            batch.put_links(centroid as u32, &store::encode_links(levels))?;
        }
        write_lists(batch, lists, census.last, count, dims, cancel)?;
        batch.put_neighbour_index(&index)
    })?;
    Ok(Built::New { centroids: index.centroid_count, windows: index.window_count })
}

/// How many centroids suit so many windows: the power of two nearest to [`DENSITY`] times their square root.
pub(super) fn centroid_count_for(windows: usize) -> usize {
    1 << ((DENSITY * (windows as f64).sqrt()).log2().round() as usize).min(16)
}

/// The part of a sample that lies in this file. The sample is `wanted` windows, evenly spread over the `n` windows of a library.
/// `before` of them come before the windows of this file.
pub(super) fn sample(
    store: &Store,
    before: u64,
    n: u64,
    wanted: u64,
    cancel: &CancelToken,
) -> Result<Vec<i8>> {
    let dims = store.params().window_dims;
    let mut sample = Vec::new();
    let (mut seen, mut taken) = (before, taken_before(before, n, wanted));
    store.windows(Store::ALL_TRACKS, |_, block| {
        cancel.check()?;
        for vector in block.vectors().chunks_exact(dims) {
            if taken < wanted && u128::from(seen) * u128::from(wanted) >= u128::from(taken) * u128::from(n) {
                sample.extend_from_slice(vector);
                taken += 1;
            }
            seen += 1;
        }
        Ok(())
    })?;
    Ok(sample)
}

/// How many of the first `before` windows a sample takes. It takes window `w` as its number `t` if `w` is the first one with
/// `w * wanted >= t * n`.
fn taken_before(before: u64, n: u64, wanted: u64) -> u64 {
    let Some(last) = before.checked_sub(1) else { return 0 };
    let taken = u128::from(last) * u128::from(wanted) / u128::from(n.max(1)) + 1;
    taken.min(u128::from(wanted)) as u64
}

/// The list of each window, in order of track and time.
fn assign(store: &Store, centroids: &Centroids, n: usize, cancel: &CancelToken) -> Result<Vec<u16>> {
    let mut lists: Vec<u16> = Vec::with_capacity(n);
    let mut pending: Vec<i8> = Vec::with_capacity(2 * ASSIGN * centroids.dims);
    let flush = |pending: &mut Vec<i8>, lists: &mut Vec<u16>| {
        // At most 65,536 centroids, so the cast loses nothing.
        lists.extend(centroids.assign(pending, cancel)?.into_iter().map(|(c, _)| c as u16));
        pending.clear();
        Ok::<_, Error>(())
    };
    store.windows(Store::ALL_TRACKS, |_, block| {
        pending.extend_from_slice(block.vectors());
        if pending.len() >= ASSIGN * centroids.dims {
            flush(&mut pending, &mut lists)?;
        }
        if lists.len() > n {
            return Err(store.damaged("more windows than its tracks tell"));
        }
        Ok(())
    })?;
    flush(&mut pending, &mut lists)?;
    if lists.len() == n { Ok(lists) } else { Err(store.damaged(format!("{} windows, not {n}", lists.len()))) }
}

/// Writes all lists in order. Each pass over the windows gathers as many lists as fit the memory set aside.
fn write_lists(
    batch: &store::Batch<'_>,
    lists: &[u16],
    last: TrackId,
    count: usize,
    dims: usize,
    cancel: &CancelToken,
) -> Result<()> {
    let store = batch.store();
    let mut sizes = vec![0usize; count];
    lists.iter().for_each(|&list| sizes[usize::from(list)] += 1);
    let max_gathered = (GATHER / (dims + 8)).max(1);
    let mut first = 0;
    while first < count {
        let mut end = first;
        let mut starts = Vec::new();
        let mut total = 0;
        while end < count && (end == first || total + sizes[end] <= max_gathered) {
            starts.push(total);
            total += sizes[end];
            end += 1;
        }
        let mut next = starts.clone();
        let mut places = vec![(0u32, 0u32); total];
        let mut vectors = vec![0i8; total * dims];
        let mut window = 0;
        store.windows(TrackId(0)..=last, |track, block| {
            cancel.check()?;
            for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                let list = lists.get(window).map(|&list| usize::from(list));
                window += 1;
                // Its list is not in this pass, or more windows than were assigned have come; the count below notices
                // that.
                let Some(list) = list.filter(|list| (first..end).contains(list)) else { continue };
                let place = &mut next[list - first];
                places[*place] = (track.0, block.position(i));
                vectors[*place * dims..(*place + 1) * dims].copy_from_slice(vector);
                *place += 1;
            }
            Ok(())
        })?;
        if window != lists.len() {
            return Err(store.damaged("windows changed within a transaction"));
        }
        for list in first..end {
            let part = starts[list - first]..starts[list - first] + sizes[list];
            batch.put_postings(
                list as u32,
                0,
                &places[part.clone()],
                &vectors[part.start * dims..part.end * dims],
            )?;
        }
        first = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::fixture, *};

    /// Windows are assigned some thousands at a time; here the last ones of all fill such a part.
    #[test]
    fn a_part_that_ends_with_the_library_is_no_window_too_many() {
        let mut library = fixture::Library::new(1, ASSIGN as u32);
        let built = train(&mut library.store, &fixture::options(4), 1, &fixture::go_on()).unwrap();
        assert_eq!(built, Built::New { centroids: 4, windows: ASSIGN as u64 });
    }

    #[test]
    fn the_samples_of_parts_are_the_sample_of_the_whole() {
        for (n, wanted) in [(1, 1), (7, 7), (10, 3), (100, 37), (1000, 999), (1000, 1)] {
            let takes = |from: u64, to: u64| {
                let mut taken = taken_before(from, n, wanted);
                let mut windows = Vec::new();
                for seen in from..to {
                    if taken < wanted && seen * wanted >= taken * n {
                        windows.push(seen);
                        taken += 1;
                    }
                }
                windows
            };
            let whole = takes(0, n);
            assert_eq!(whole.len() as u64, wanted);
            for cut in 0..=n {
                assert_eq!([takes(0, cut), takes(cut, n)].concat(), whole, "{wanted} of {n}, cut at {cut}");
            }
        }
    }

    #[test]
    fn eight_centroids_suit_each_root_of_a_window() {
        for (windows, centroids) in [
            (1, 8),
            (4, 16),
            (100, 64),
            (1000, 256),
            (10_000, 1024),
            (1_000_000, 8192),
            (usize::MAX, MAX_CENTROIDS),
        ] {
            assert_eq!(centroid_count_for(windows), centroids, "{windows} windows");
        }
    }
}
