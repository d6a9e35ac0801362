//! Nearest windows: compares the neighbour index with looking at all windows.
use std::{fs, path::Path, sync::LazyLock};

use refrain::{
    CancelToken, Error,
    ann::{self, Built, Hit, Options, Route, Searcher},
    error::IndexError,
    fingerprint::Fingerprint,
    params,
    store::Store,
    units::Frames,
};
use rusqlite::Connection;

use super::store::{folder, record};

const DIMS: usize = params::CURRENT.window_dims;
static GO_ON: LazyLock<CancelToken> = LazyLock::new(CancelToken::new);

/// Windows in clusters: a theme that changes now and then, and its variations.
fn clustered(windows: u32, seed: u64) -> Fingerprint {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut themes = fastrand::Rng::with_seed(99);
    let themes: Vec<i32> = (0..200 * DIMS).map(|_| themes.i32(-50..=50)).collect();
    let mut out = Fingerprint { positions: (0..windows).map(|w| 4 * w).collect(), ..Default::default() };
    let mut theme = 0;
    for w in 0..windows {
        if w % 5 == 0 {
            theme = random.usize(..200);
        }
        let vector = &themes[theme * DIMS..][..DIMS];
        out.windows.extend(vector.iter().map(|&v| (v + random.i32(-40..=40)) as i8));
    }
    out.frames = vec![0; windows as usize * 4 * params::CURRENT.frame_bytes()];
    out
}

fn library(file: &Path, tracks: u64, windows: u32) -> Store {
    let mut store = Store::open_write(file).unwrap();
    add(&mut store, 0..tracks, windows);
    store
}

fn add(store: &mut Store, tracks: std::ops::Range<u64>, windows: u32) {
    store
        .write(|batch| {
            for t in tracks {
                batch.add_track(&record(format!("/{t}")), &clustered(windows, t))?;
            }
            Ok(())
        })
        .unwrap();
}

fn small(centroids: usize) -> Options {
    Options::default().min_windows(1).centroids(Some(centroids))
}

fn queries(n: u32) -> Vec<i8> {
    clustered(n, 12_345).windows
}

/// Opens and uses `rounds` broken copies of `file`; each must be fine or a typed error.
pub fn never_panics_on_corruption(file: &Path, rounds: u64, work: impl Fn(&Store) -> refrain::Result<()>) {
    let whole = fs::read(file).unwrap();
    let broken = file.with_extension("broken");
    for round in 0..rounds {
        let mut random = fastrand::Rng::with_seed(round);
        let mut bytes = whole.clone();
        if round % 5 == 4 {
            bytes.truncate(random.usize(..whole.len()));
        }
        for _ in 0..random.u32(1..=8) {
            // Half of the changes hit the structures of SQLite itself.
            let at = random.usize(..bytes.len().max(1));
            let at = if round % 2 == 0 { at } else { at / 4096 * 4096 + at % 120 };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.u8(..);
            }
        }
        fs::write(&broken, &bytes).unwrap();
        let done = Store::open_read(&broken).and_then(|store| work(&store));
        assert!(
            matches!(done, Ok(()) | Err(Error::Index { .. } | Error::Io { .. })),
            "round {round}: {done:?}"
        );
        let _ = Store::open_write(&broken).map(Store::close);
        for suffix in ["-wal", "-shm", "-journal"] {
            let mut beside = broken.clone().into_os_string();
            beside.push(suffix);
            let _ = fs::remove_file(beside);
        }
    }
}

/// Compares with every window, without any of the fast code.
fn plain(store: &Store, queries: &[i8], k: usize) -> Vec<Vec<Hit>> {
    queries
        .chunks_exact(DIMS)
        .map(|query| {
            let mut hits = Vec::new();
            store
                .windows(Store::ALL_TRACKS, |track, block| {
                    for (i, vector) in block.vectors().chunks_exact(DIMS).enumerate() {
                        let dot = query.iter().zip(vector).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
                        hits.push(Hit::new(track, Frames(block.position(i)), dot));
                    }
                    Ok(())
                })
                .unwrap();
            hits.sort_by_key(|hit| (-hit.dot, hit.track, hit.position));
            hits.truncate(k);
            hits
        })
        .collect()
}

#[test]
fn exact_search_agrees_with_plain_code() {
    let (_folder, file) = folder();
    let mut store = library(&file, 7, 143);
    // The same recording twice: the dot products are equal, so the lower track comes first.
    store.write(|batch| batch.add_track(&record("/again"), &clustered(143, 3))).unwrap();
    for (n, k) in [(1, 1), (3, 20), (17, 5), (2, 5000), (4, 0)] {
        let queries = clustered(n, 3).windows;
        assert_eq!(ann::nearest_exact(&store, &queries, k).unwrap(), plain(&store, &queries, k));
    }
    assert!(ann::nearest_exact(&store, &[], 3).unwrap().is_empty());
}

#[test]
fn an_empty_index_has_no_neighbours() {
    let (_folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    assert_eq!(ann::nearest_exact(&store, &queries(2), 3).unwrap(), [vec![], vec![]]);
    assert_eq!(ann::maintain(&mut store, &small(4), &GO_ON).unwrap(), Built::TooFew);
}

#[test]
fn with_every_list_probed_the_index_is_exact() {
    let (_folder, file) = folder();
    let mut store = library(&file, 30, 100);
    assert_eq!(
        ann::maintain(&mut store, &small(64), &GO_ON).unwrap(),
        Built::New { centroids: 64, windows: 3000 }
    );
    store.verify(&refrain::CancelToken::new()).unwrap();
    let queries = queries(20);
    let exact = ann::nearest_exact(&store, &queries, 20).unwrap();
    for route in [Route::Auto, Route::Flat, Route::Graph] {
        let found = Searcher::new(&store).nprobe(64).route(route).nearest(&queries, 20).unwrap();
        assert_eq!(found, exact, "{route:?}");
    }
}

#[test]
fn recall_with_the_defaults() {
    let (_folder, file) = folder();
    let mut store = library(&file, 100, 300);
    let options = Options::default().min_windows(1);
    assert!(matches!(
        ann::maintain(&mut store, &options, &GO_ON).unwrap(),
        Built::New { centroids: 1024, .. }
    ));
    let queries = queries(50);
    let exact = ann::nearest_exact(&store, &queries, 20).unwrap();
    for route in [Route::Flat, Route::Graph] {
        let found = Searcher::new(&store).route(route).nearest(&queries, 20).unwrap();
        let same: usize =
            exact.iter().zip(&found).map(|(e, f)| e.iter().filter(|hit| f.contains(hit)).count()).sum();
        assert!(same >= 900, "{route:?}: recall@20 {}", same as f64 / 1000.0);
    }
}

/// A deeper search continues. Its obvious twin is a new search of as many lists.
#[test]
fn a_deeper_search_finds_what_a_new_search_of_as_many_lists_finds() {
    let (_folder, file) = folder();
    let mut store = library(&file, 30, 100);
    ann::maintain(&mut store, &small(64), &GO_ON).unwrap();
    // Windows outside of the lists are scanned once, and windows of removed tracks never.
    add(&mut store, 30..33, 100);
    store.write(|batch| batch.remove(Path::new("/5"))).unwrap();
    let queries = clustered(20, 31).windows;
    let exact = plain(&store, &queries, 20);
    for route in [Route::Flat, Route::Graph] {
        let searcher = |probes| Searcher::new(&store).route(route).nprobe(probes);
        for probes in [1, 2, 3] {
            let mut looking = searcher(probes);
            let first = looking.nearest(&queries, 20).unwrap();
            assert_ne!(first, exact);
            let deeper = looking.deeper(&queries, 20, first.clone()).unwrap().unwrap();
            assert_eq!(deeper, searcher(10 * probes).nearest(&queries, 20).unwrap(), "{route:?}, {probes}");
            assert_ne!(deeper, first);
            assert_eq!(looking.deeper(&queries, 20, deeper).unwrap(), None);
        }
        let mut looking = searcher(10);
        let first = looking.nearest(&queries, 20).unwrap();
        assert_eq!(looking.deeper(&queries, 20, first).unwrap().unwrap(), exact);
    }
    // After a search of everything nothing is left to search.
    let mut all = Searcher::new(&store).exact(true);
    let found = all.nearest(&queries, 20).unwrap();
    assert_eq!(all.deeper(&queries, 20, found).unwrap(), None);
}

#[test]
fn a_deeper_search_in_another_index_begins_anew() {
    let (_folder, file) = folder();
    let mut writer = library(&file, 10, 100);
    ann::maintain(&mut writer, &small(16), &GO_ON).unwrap();
    let reader = Store::open_read(&file).unwrap();
    let mut searcher = Searcher::new(&reader).nprobe(3);
    let queries = queries(5);
    let first = searcher.nearest(&queries, 20).unwrap();
    add(&mut writer, 10..20, 100);
    ann::maintain(&mut writer, &small(16).force(true), &GO_ON).unwrap();
    let found = searcher.deeper(&queries, 20, first).unwrap().unwrap();
    assert_eq!(found, plain(&reader, &queries, 20));
}

#[test]
fn added_and_removed_tracks_count_at_once() {
    let (_folder, file) = folder();
    let mut store = library(&file, 20, 100);
    ann::maintain(&mut store, &small(32), &GO_ON).unwrap();
    let queries = clustered(10, 5).windows;
    store
        .write(|batch| {
            batch.remove(Path::new("/5"))?;
            batch.add_track(&record("/6"), &clustered(100, 5))?;
            batch.add_track(&record("/new"), &clustered(100, 77))
        })
        .unwrap();
    let found = Searcher::new(&store).nprobe(32).nearest(&queries, 20).unwrap();
    assert_eq!(found, plain(&store, &queries, 20));
    assert_eq!(found[0][0].track.0, 21);
    store.verify(&refrain::CancelToken::new()).unwrap();
    // Three of twenty are added, so the index is good enough.
    assert_eq!(ann::maintain(&mut store, &small(32), &GO_ON).unwrap(), Built::Fresh);
}

/// Added windows go into the lists part by part, and removed windows are taken out. Searches find the same windows all
/// the while.
#[test]
fn the_lists_are_brought_up_to_date() {
    let (_folder, file) = folder();
    let mut store = library(&file, 20, 100);
    let options = small(32).max_unindexed(350);
    ann::maintain(&mut store, &options, &GO_ON).unwrap();
    let queries = clustered(10, 5).windows;
    let check = |store: &Store| {
        store.verify(&refrain::CancelToken::new()).unwrap();
        let mut searcher = Searcher::new(store).nprobe(64);
        assert!(searcher.nearest(&queries, 20).unwrap() == plain(store, &queries, 20));
    };
    // Lists of about 60 windows: the last rows of some have room, those of others have none.
    for (tracks, windows) in [(100..103, 100), (103..104, 60), (104..108, 95), (108..150, 9)] {
        add(&mut store, tracks.clone(), windows);
        let added = (tracks.end - tracks.start) * u64::from(windows);
        let built = ann::maintain(&mut store, &options, &GO_ON).unwrap();
        match added {
            300 => assert_eq!(built, Built::Fresh),
            60 => assert_eq!(built, Built::Updated { added: 360, dropped: 0 }),
            _ => assert_eq!(built, Built::Updated { added, dropped: 0 }),
        }
        check(&store);
    }
    for t in 0..20 {
        store.write(|batch| batch.remove(Path::new(&format!("/{t}")))).unwrap();
    }
    check(&store);
    let built = ann::maintain(&mut store, &options, &GO_ON).unwrap();
    assert_eq!(built, Built::Updated { added: 0, dropped: 2000 });
    check(&store);
    assert_eq!(ann::maintain(&mut store, &options, &GO_ON).unwrap(), Built::Fresh);
    // Another number of lists is wanted now.
    let more = options.centroids(Some(64));
    assert_eq!(
        ann::maintain(&mut store, &more, &GO_ON).unwrap(),
        Built::New { centroids: 64, windows: 1118 }
    );
    check(&store);
}

#[test]
fn a_library_that_outgrew_its_centroids_gets_new_ones() {
    let (_folder, file) = folder();
    let mut store = library(&file, 10, 100);
    let options = Options::default().min_windows(1).max_unindexed(1);
    let built = ann::maintain(&mut store, &options, &GO_ON).unwrap();
    assert_eq!(built, Built::New { centroids: 256, windows: 1000 });
    add(&mut store, 10..15, 100);
    let built = ann::maintain(&mut store, &options, &GO_ON).unwrap();
    assert_eq!(built, Built::Updated { added: 500, dropped: 0 });
    add(&mut store, 15..50, 100);
    let built = ann::maintain(&mut store, &options, &GO_ON).unwrap();
    assert_eq!(built, Built::New { centroids: 512, windows: 5000 });
}

#[test]
fn a_searcher_follows_a_new_index() {
    let (_folder, file) = folder();
    let mut writer = library(&file, 10, 100);
    let reader = Store::open_read(&file).unwrap();
    let mut searcher = Searcher::new(&reader).nprobe(100);
    let queries = queries(5);
    for (centroids, tracks) in [(8, 10..11), (16, 11..20), (0, 20..21), (5, 21..40)] {
        if centroids > 0 {
            ann::maintain(&mut writer, &small(centroids).force(true), &GO_ON).unwrap();
        } else {
            let none = small(1).min_windows(u64::MAX);
            assert_eq!(ann::maintain(&mut writer, &none, &GO_ON).unwrap(), Built::TooFew);
        }
        add(&mut writer, tracks, 100);
        assert_eq!(searcher.nearest(&queries, 20).unwrap(), plain(&reader, &queries, 20));
    }
}

#[test]
fn the_same_library_gives_the_same_index() {
    let (folder, file) = folder();
    let other = folder.path().join("other.refrain");
    for (file, threads) in [(&file, 1), (&other, 3)] {
        let mut store = library(file, 30, 100);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| ann::maintain(&mut store, &small(128), &GO_ON)).unwrap();
        store.close().unwrap();
    }
    assert!(fs::read(file).unwrap() == fs::read(other).unwrap());
}

#[test]
fn identical_windows_and_silence_make_an_index_too() {
    let (_folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    let same = |value| Fingerprint {
        frames: vec![0; 400 * params::CURRENT.frame_bytes()],
        positions: (0..400).collect(),
        windows: vec![value; 400 * DIMS],
        ..Fingerprint::default()
    };
    store
        .write(|b| Ok((b.add_track(&record("/a"), &same(30))?, b.add_track(&record("/b"), &same(0))?)))
        .unwrap();
    ann::maintain(&mut store, &small(128), &GO_ON).unwrap();
    store.verify(&refrain::CancelToken::new()).unwrap();
    let query = vec![1; DIMS];
    let found = Searcher::new(&store).nprobe(128).nearest(&query, 20).unwrap();
    assert_eq!(found, plain(&store, &query, 20));
}

#[test]
fn a_cancelled_build_changes_nothing() {
    let (_folder, file) = folder();
    let mut store = library(&file, 10, 100);
    ann::maintain(&mut store, &small(8), &GO_ON).unwrap();
    let forced = small(16).force(true);
    let done = ann::maintain(&mut store, &forced, &{
        let t = CancelToken::new();
        t.cancel();
        t
    });
    assert!(matches!(done, Err(Error::Interrupted)));
    store.verify(&refrain::CancelToken::new()).unwrap();
    assert_eq!(ann::maintain(&mut store, &small(8), &GO_ON).unwrap(), Built::Fresh);
}

#[test]
fn an_index_of_other_parameters_is_not_used_but_rebuilt() {
    let (_folder, file) = folder();
    let mut store = library(&file, 10, 100);
    ann::maintain(&mut store, &small(8), &GO_ON).unwrap();
    store.close().unwrap();
    let change = |sql: &str| Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    change("UPDATE neighbour_index SET parameter_set = 9; DELETE FROM posting");
    let mut store = Store::open_write(&file).unwrap();
    let queries = queries(3);
    assert_eq!(Searcher::new(&store).nearest(&queries, 5).unwrap(), plain(&store, &queries, 5));
    assert!(matches!(ann::maintain(&mut store, &small(8), &GO_ON).unwrap(), Built::New { .. }));
    store.close().unwrap();
    change("UPDATE neighbour_index SET stamp = stamp + 1");
    let mut store = Store::open_write(&file).unwrap();
    assert!(store.verify(&refrain::CancelToken::new()).is_err());
    // The change is noticed as soon as there is something to do.
    add(&mut store, 10..11, 100);
    let options = small(8).max_unindexed(1);
    assert!(matches!(ann::maintain(&mut store, &options, &GO_ON).unwrap(), Built::New { .. }));
}

#[test]
fn senseless_rows_of_the_index_are_damage_or_skipped() {
    let (_folder, file) = folder();
    for (sql, fatal) in [
        ("DELETE FROM centroid_block", true),
        ("DELETE FROM centroid_link", true),
        ("UPDATE centroid_block SET data = CAST(x'FFFFFFFFFFFFFF7F' || data AS BLOB)", true),
        ("UPDATE neighbour_index SET centroid_count = 65536", true),
        ("UPDATE neighbour_index SET centroid_count = -1", true),
        ("UPDATE posting SET data = CAST(substr(data, 1, 100) AS BLOB)", true),
        ("UPDATE centroid_link SET data = x'FFFFFFFFFFFFFF7F'", true),
        ("UPDATE centroid_link SET data = x'01000000000000000100000000000000FFFFFFFF'", false),
        ("UPDATE neighbour_index SET entry_level = 4000000000", false),
        ("UPDATE neighbour_index SET entry = 4000000000", false),
    ] {
        let _ = fs::remove_file(&file);
        let mut store = library(&file, 10, 100);
        ann::maintain(&mut store, &small(16), &GO_ON).unwrap();
        store.close().unwrap();
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let store = Store::open_read(&file).unwrap();
        let found = Searcher::new(&store).route(Route::Graph).nearest(&queries(2), 5);
        match found {
            Err(Error::Index { reason: IndexError::Damaged(_), .. }) => assert!(fatal, "{sql}"),
            other => assert!(!fatal && other.is_ok(), "{sql}: {other:?}"),
        }
    }
}

#[test]
fn corrupt_bytes_never_panic_a_search() {
    let (_folder, file) = folder();
    let mut store = library(&file, 6, 100);
    ann::maintain(&mut store, &small(16), &GO_ON).unwrap();
    store.close().unwrap();
    let queries = queries(5);
    never_panics_on_corruption(&file, 200, |store| {
        for route in [Route::Flat, Route::Graph] {
            Searcher::new(store).route(route).nearest(&queries, 5)?;
        }
        ann::nearest_exact(store, &queries, 5)?;
        store.verify(&refrain::CancelToken::new())
    });
}
