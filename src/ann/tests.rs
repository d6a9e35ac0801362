//! The index as a whole, against plain code.
use std::sync::{Arc, Weak};

use proptest::prelude::*;

use super::{
    Built, Options, Route, SearchCache, Searcher,
    fixture::{DIMS, Library, dot, fingerprint, go_on, options},
    generation::{Generation, usable_index},
    maintain, nearest_exact,
};
use crate::store::{Store, TrackId};

fn index_of(library: &mut Library, centroids: usize) {
    maintain(&mut library.store, &options(centroids).force(true), &go_on()).unwrap();
}

/// The rows of a list: track and position of each window, and its vector.
fn list(store: &Store, list: u32) -> Vec<((u32, u32), Vec<i8>)> {
    let mut windows = Vec::new();
    store
        .postings(list, |block| {
            let vectors = block.vectors().chunks_exact(DIMS).enumerate();
            windows.extend(vectors.map(|(i, v)| ((block.track(i), block.position(i)), v.to_vec())));
            Ok(())
        })
        .unwrap();
    windows
}

#[test]
fn every_window_is_in_the_list_of_its_nearest_centroid_in_order() {
    let mut library = Library::new(9, 70);
    index_of(&mut library, 12);
    for added in [0, 9] {
        library.add(9..9 + added, 50);
        maintain(&mut library.store, &options(12).max_unindexed(1), &go_on()).unwrap();
        let centroids = library.store.centroids(12).unwrap();
        let nearest = |window: &[i8]| {
            let dots = centroids.chunks_exact(DIMS).map(|centroid| dot(centroid, window));
            let best = dots.clone().max().unwrap();
            dots.clone().position(|dot| dot == best).unwrap() as u32
        };
        let mut all = Vec::new();
        for number in 0..12 {
            let windows = list(&library.store, number);
            assert!(windows.is_sorted_by_key(|(place, _)| *place), "list {number} is in order");
            assert!(windows.iter().all(|(_, vector)| nearest(vector) == number), "list {number}");
            all.extend(windows);
        }
        all.sort();
        let stored = library.windows();
        let stored: Vec<_> = stored.into_iter().map(|(at, v)| ((at.track.0, at.position.0), v)).collect();
        assert_eq!(all, stored);
    }
}

#[test]
fn lists_that_fit_in_memory_are_written_in_one_pass() {
    let mut library = Library::new(400, 1);
    let mut steps = |centroids| {
        let before = library.store.steps_taken();
        index_of(&mut library, centroids);
        library.store.steps_taken() - before
    };
    let (few, many) = (steps(4), steps(64));
    assert!(many < 3 * few, "{many} steps, {few} for fewer lists");
}

#[test]
fn the_index_is_retrained_when_the_library_has_shrunk() {
    let mut library = Library::new(60, 80);
    let options = Options::default().min_windows(1);
    let build = |library: &mut Library| maintain(&mut library.store, &options, &go_on()).unwrap();
    assert_eq!(build(&mut library), Built::New { centroids: 512, windows: 4800 });
    (3..60).for_each(|track| library.remove(&format!("/{track}")));
    assert_eq!(build(&mut library), Built::Updated { added: 0, dropped: 57 * 80 });
    assert_eq!(build(&mut library), Built::New { centroids: 128, windows: 240 });
    assert_eq!(build(&mut library), Built::Fresh);
    library.store.verify(&go_on()).unwrap();
}

#[test]
fn removed_tracks_are_taken_out_once_they_are_a_fifth() {
    let mut library = Library::new(20, 10);
    index_of(&mut library, 4);
    let build = |library: &mut Library| maintain(&mut library.store, &options(4), &go_on()).unwrap();
    (0..3).for_each(|track| library.remove(&format!("/{track}")));
    assert_eq!(build(&mut library), Built::Fresh);
    library.remove("/3");
    assert_eq!(build(&mut library), Built::Updated { added: 0, dropped: 40 });
    assert!((0..4).all(|n| list(&library.store, n).iter().all(|((track, _), _)| *track > 4)));
}

#[test]
fn a_cache_keeps_one_generation_that_all_searches_share() {
    let mut library = Library::new(10, 40);
    index_of(&mut library, 8);
    let cache = SearchCache::new();
    let reader = Store::open_read(&library.file).unwrap();
    let held = |store: &Store| cache.generation(store, usable_index(store).unwrap().unwrap()).unwrap();
    let first = held(&reader);
    assert!(Arc::ptr_eq(&first, &held(&library.store)));
    // Another handle of the file makes a new generation.
    index_of(&mut library, 16);
    let old: Weak<Generation> = Arc::downgrade(&first);
    drop(first);
    let second = held(&reader);
    assert_eq!(second.centroids.len(), 16);
    assert!(old.upgrade().is_none(), "the old one is not kept");
    assert!(Arc::ptr_eq(&second, &held(&library.store)));
}

#[test]
fn a_cache_is_not_deceived_by_another_file_with_the_same_row() {
    let mut libraries = [Library::new(10, 40), Library::new(0, 0)];
    libraries[1].add(100..110, 40);
    libraries.iter_mut().for_each(|library| index_of(library, 8));
    let cache = SearchCache::new();
    let index = usable_index(&libraries[0].store).unwrap().unwrap();
    for library in &libraries {
        let held = cache.generation(&library.store, index).unwrap();
        assert_eq!(held.centroids.vectors, library.store.centroids(8).unwrap());
    }
}

#[test]
fn searches_with_a_cache_find_what_others_do_while_the_index_changes() {
    let mut library = Library::new(12, 40);
    let cache = Arc::new(SearchCache::new());
    let reader = Store::open_read(&library.file).unwrap();
    let queries = fingerprint(6, 3).windows;
    let check = |library: &Library, gone: &[u32]| {
        for nprobe in [1, 3, 100] {
            let found = Searcher::new(&reader).cache(&cache).nprobe(nprobe).nearest(&queries, 30).unwrap();
            let fresh = Searcher::new(&library.store).nprobe(nprobe).nearest(&queries, 30).unwrap();
            assert_eq!(found, fresh);
            assert!(found.iter().flatten().all(|hit| !gone.contains(&hit.track.0)));
        }
    };
    check(&library, &[]);
    index_of(&mut library, 8);
    check(&library, &[]);
    library.remove("/3");
    check(&library, &[4]);
    index_of(&mut library, 8);
    check(&library, &[4]);
    library.add(20..24, 40);
    check(&library, &[4]);
    maintain(&mut library.store, &options(8).max_unindexed(1), &go_on()).unwrap();
    check(&library, &[4]);
    // There is no index, and then one with a number that was there before.
    let none = options(8).min_windows(u64::MAX);
    assert_eq!(maintain(&mut library.store, &none, &go_on()).unwrap(), Built::TooFew);
    check(&library, &[4]);
    index_of(&mut library, 5);
    check(&library, &[4]);
}

#[test]
fn a_stored_track_is_a_query_that_finds_its_copy() {
    let mut library = Library::new(8, 40);
    let print = fingerprint(300, 500);
    library.put("/long", &print);
    library.put("/again", &print);
    index_of(&mut library, 8);
    let windows = print.windows.chunks(DIMS).zip(&print.positions).step_by(7);
    let queries: Vec<i8> = windows.clone().flat_map(|(window, _)| window).copied().collect();
    for exact in [false, true] {
        let searcher = || Searcher::new(&library.store).exact(exact);
        let found = searcher().excluding(TrackId(9)).nearest(&queries, 1).unwrap();
        for (hits, (_, at)) in found.iter().zip(windows.clone()) {
            assert_eq!((hits[0].track, hits[0].position.0), (TrackId(10), *at));
        }
        assert_eq!(searcher().nearest(&queries, 1).unwrap()[0][0].track, TrackId(9));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// If all lists are read, a search is exact, whatever was added and removed since. If fewer are read, it returns
    /// real windows in order, and a longer search never finds worse ones.
    #[test]
    fn a_search_is_exact_or_a_part_of_it(
        tracks in 1u64..9,
        windows in 1u32..40,
        centroids in 1usize..12,
        added in 0u64..4,
        removed in proptest::collection::vec(0u64..12, 0..4),
        excluded in proptest::option::of(1u32..12),
        (k, seed) in (0usize..60, any::<u64>()),
    ) {
        let mut library = Library::new(tracks, windows);
        maintain(&mut library.store, &options(centroids), &go_on()).unwrap();
        library.add(tracks..tracks + added, windows);
        removed.iter().filter(|&&t| t < tracks + added).for_each(|t| library.remove(&format!("/{t}")));
        let queries = fingerprint(5, seed).windows;
        let expected = library.plain(&queries, k, |track| Some(track.0) != excluded);
        let searcher = |exact, route, nprobe| {
            let searcher = Searcher::new(&library.store).exact(exact).route(route).nprobe(nprobe);
            excluded.map_or(searcher.nprobe(nprobe), |track| {
                Searcher::new(&library.store).exact(exact).route(route).nprobe(nprobe).excluding(TrackId(track))
            })
        };
        prop_assert_eq!(&searcher(true, Route::Auto, 1).nearest(&queries, k).unwrap(), &expected);
        prop_assert_eq!(&searcher(false, Route::Flat, 12).nearest(&queries, k).unwrap(), &expected);
        if excluded.is_none() {
            prop_assert_eq!(&nearest_exact(&library.store, &queries, k).unwrap(), &expected);
        }
        let all = library.plain(&queries, usize::MAX, |track| Some(track.0) != excluded);
        let mut last: Option<Vec<Vec<super::Hit>>> = None;
        for nprobe in 1..=centroids {
            let found = searcher(false, Route::Flat, nprobe).nearest(&queries, k).unwrap();
            for (q, (hits, all)) in found.iter().zip(&all).enumerate() {
                // A part of all windows, in the same order.
                let mut rest = all.iter();
                prop_assert!(hits.iter().all(|hit| rest.any(|other| other == hit)));
                let before = last.as_ref().map_or(&[][..], |last| &last[q]);
                prop_assert!(hits.len() >= before.len());
                prop_assert!(hits.iter().zip(before).all(|(now, before)| now.dot >= before.dot));
            }
            last = Some(found);
        }
    }
}

/// A library in several files, and in one.
fn shards(cuts: &[std::ops::Range<u64>]) -> (Library, Vec<Library>) {
    let all = cuts.last().map_or(0, |cut| cut.end);
    let mut parts = Vec::new();
    for cut in cuts {
        let mut part = Library::new(0, 0);
        part.add(cut.clone(), 60);
        parts.push(part);
    }
    (Library::new(all, 60), parts)
}

fn sampled(parts: &[Library], total: u64) -> Vec<i8> {
    let (mut sample, mut before) = (Vec::new(), 0);
    for part in parts {
        sample.extend(super::sample_windows(&part.store, before, total, &go_on()).unwrap());
        before += part.windows().len() as u64;
    }
    assert_eq!(before, total);
    sample
}

fn trained(parts: &[Library], total: u64) -> super::Centroids {
    super::Centroids::of(&sampled(parts, total), 256, &go_on()).unwrap()
}

#[test]
fn of_a_small_library_every_search_reads_all_lists() {
    let (mut whole, parts) = shards(&[0..30, 30..50]);
    let centroids = super::Centroids::train(&sampled(&parts, 3000), 3000, &go_on()).unwrap().unwrap();
    let queries = fingerprint(20, 999).windows;
    let without = Searcher::new(&whole.store).nearest(&queries, 30).unwrap();
    super::set_centroids(&mut whole.store, &centroids, &go_on()).unwrap();
    // The fewest lists that a query reads, those of a variant of a fast query. A list has more windows than are compared at
    // a time.
    let with_lists = Searcher::new(&whole.store).nearest_probing(&queries, 30, 6).unwrap();
    assert_eq!(with_lists, without);
}

#[test]
fn the_lists_of_shards_are_the_parts_of_the_lists_of_one_file() {
    let (mut whole, mut parts) = shards(&[0..5, 5..6, 6..6, 6..12]);
    // What one file trains by itself.
    maintain(&mut whole.store, &Options::default().min_windows(1), &go_on()).unwrap();
    let centroids = trained(&parts, 720);
    assert_eq!(centroids.checksum(), super::centroids(&whole.store).unwrap().unwrap().checksum());
    for part in &mut parts {
        super::set_centroids(&mut part.store, &centroids, &go_on()).unwrap();
        part.store.verify(&go_on()).unwrap();
        let own = super::centroids(&part.store).unwrap().unwrap();
        assert_eq!((own.checksum(), own.len()), (centroids.checksum(), 256));
    }
    let graph = |store: &Store, centroid| store.links(centroid).unwrap();
    for number in 0..256 {
        let expected = list(&whole.store, number);
        let (mut joined, mut before) = (Vec::new(), 0);
        for part in &parts {
            let moved = |((track, at), vector)| ((track + before, at), vector);
            joined.extend(list(&part.store, number).into_iter().map(moved));
            before += part.store.totals().unwrap().tracks as u32;
            assert_eq!(graph(&part.store, number), graph(&whole.store, number));
        }
        assert_eq!(joined, expected, "list {number}");
    }
}

#[test]
fn given_centroids_stay_when_the_library_grows_or_shrinks_or_is_built_again() {
    let (_, mut parts) = shards(&[0..8, 8..9]);
    let centroids = trained(&parts, 540);
    let small = &mut parts[1];
    let set = |library: &mut Library| super::set_centroids(&mut library.store, &centroids, &go_on()).unwrap();
    assert_eq!(set(small), Built::New { centroids: 256, windows: 60 });
    assert_eq!(set(small), Built::Fresh);
    let is_whole = |library: &Library, windows: u64| {
        library.store.verify(&go_on()).unwrap();
        let index = usable_index(&library.store).unwrap().unwrap();
        assert_eq!((index.centroid_count, index.window_count), (256, windows));
        assert_eq!(super::centroids(&library.store).unwrap().unwrap().checksum(), centroids.checksum());
    };
    // Grown sixtyfold. With the default options, an index of its own would be dropped as too small.
    small.add(9..68, 60);
    let build = |library: &mut Library| maintain(&mut library.store, &Options::default(), &go_on()).unwrap();
    assert_eq!(build(small), Built::Updated { added: 3540, dropped: 0 });
    is_whole(small, 3600);
    // A track that is added by itself goes into the lists at once.
    small.add(68..69, 60);
    super::catch_up(&mut small.store, &Options::default(), &go_on()).unwrap();
    is_whole(small, 3660);
    (9..69).for_each(|track| small.remove(&format!("/{track}")));
    assert_eq!(build(small), Built::Updated { added: 0, dropped: 3600 });
    is_whole(small, 60);
    let forced = maintain(&mut small.store, &options(4).force(true), &go_on()).unwrap();
    assert_eq!(forced, Built::New { centroids: 256, windows: 60 });
    is_whole(small, 60);
    small.remove("/8");
    build(small);
    is_whole(small, 0);
}

#[test]
fn other_centroids_than_the_given_ones_are_an_error() {
    let (_, mut parts) = shards(&[0..6, 6..12]);
    let centroids = trained(&parts, 720);
    let part = &mut parts[0];
    super::set_centroids(&mut part.store, &centroids, &go_on()).unwrap();
    let other = rusqlite::Connection::open(&part.file).unwrap();
    other.execute("UPDATE meta SET value = zeroblob(32) WHERE key = 'given_centroids'", []).unwrap();
    let force = Options::default().force(true);
    assert!(super::centroids(&part.store).is_err());
    assert!(maintain(&mut part.store, &force, &go_on()).is_err());
    assert!(part.store.verify(&go_on()).is_err());
    // The remedy.
    super::set_centroids(&mut part.store, &centroids, &go_on()).unwrap();
    part.store.verify(&go_on()).unwrap();
    // A damaged row is made anew from the centroids, which are there.
    other.execute("DELETE FROM neighbour_index", []).unwrap();
    assert!(super::centroids(&part.store).unwrap().is_none());
    maintain(&mut part.store, &Options::default(), &go_on()).unwrap();
    assert_eq!(super::centroids(&part.store).unwrap().unwrap().checksum(), centroids.checksum());
    part.store.verify(&go_on()).unwrap();
}
