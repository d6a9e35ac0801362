use super::*;
use crate::{
    ann::{
        fixture::{DIMS, Library, dot, fingerprint, go_on, options},
        maintain,
    },
    error::Error,
    fingerprint::Fingerprint,
    params::CURRENT,
};

/// Finds everything.
const ALL: SelfJoin = SelfJoin { per_track: u32::MAX, nearest: 10_000, min_dot: i32::MIN };

type Found = Vec<(Asked, Hit)>;

fn run(join: SelfJoin, library: &Library, further: &Further) -> Found {
    let mut all = Vec::new();
    join.run(&library.store, [Ok(further.clone())].into_iter(), &go_on(), |found| {
        all.extend_from_slice(found);
        Ok(())
    })
    .unwrap();
    all
}

fn sorted(mut found: Found) -> Found {
    found.sort_by_key(|(asked, hit)| {
        (asked.track, asked.position, asked.semitones, hit.track, hit.position, hit.dot)
    });
    found
}

/// Every window that `join` asks for, in no list, with the nearest ones of all the library.
fn twin(join: SelfJoin, library: &Library, further: &Further) -> Found {
    let windows = library.windows();
    let mut asked: Vec<(Asked, Vec<i8>)> = Vec::new();
    for (at, vector) in &windows {
        let count = windows.iter().filter(|(other, _)| other.track == at.track).count() as u32;
        let step = count.div_ceil(join.per_track);
        if (at.position.0 / CURRENT.window_hop as u32).is_multiple_of(step) {
            asked.push((Asked { track: at.track, position: at.position, semitones: 0 }, vector.clone()));
        }
    }
    for (&from, vector) in further.asked.iter().zip(further.vectors.chunks_exact(DIMS)) {
        asked.push((from, vector.to_vec()));
    }
    let mut found = Vec::new();
    for (asked, vector) in asked {
        let hits = library.plain(&vector, join.nearest, |_| true).remove(0);
        let hits = hits.into_iter().filter(|hit| hit.track != asked.track && hit.dot >= join.min_dot);
        found.extend(hits.map(|hit| (asked, hit)));
    }
    found
}

/// Some windows of track `/0`, as if a track 2 asked for them.
fn further(library: &Library) -> Further {
    let mut further = Further::default();
    for (semitones, (at, vector)) in (-1..=1).zip(library.windows().into_iter().step_by(3)) {
        further.asked.push(Asked { track: TrackId(2), position: Frames(at.position.0 + 1), semitones });
        further.vectors.extend(vector);
    }
    further
}

/// Ten tracks. `/8` and `/9` hold windows of `/0`.
fn library() -> Library {
    let mut library = Library::new(8, 30);
    let first = fingerprint(30, 0);
    library.put("/8", &first);
    let part = Fingerprint {
        frames: first.frames.clone(),
        positions: (0..12).map(|n| 4 * n).collect(),
        windows: first.windows[9 * DIMS..21 * DIMS].to_vec(),
        ..Fingerprint::default()
    };
    library.put("/9", &part);
    library
}

fn index(library: &mut Library, centroids: usize) {
    maintain(&mut library.store, &options(centroids).force(true), &go_on()).unwrap();
}

/// No hit of the track itself, no window twice for a window that is asked for, and true dot products.
fn check(found: &Found, join: SelfJoin, library: &Library, further: &Further) {
    let all = sorted(twin(SelfJoin { nearest: usize::MAX, ..join }, library, further));
    let found = sorted(found.clone());
    assert!(found.windows(2).all(|pair| pair[0] != pair[1]));
    let mut rest = all.iter();
    for one in &found {
        assert!(rest.any(|other| other == one), "{one:?} is not true");
    }
}

/// Every pair of equal windows of two tracks is found.
fn finds_equal_windows(found: &Found, library: &Library) {
    let windows = library.windows();
    let mut equal = 0;
    for (a, one) in &windows {
        for (b, _) in windows.iter().filter(|(b, two)| b.track != a.track && one == two) {
            equal += 1;
            let hit = Hit::new(b.track, b.position, dot(one, one));
            let asked = Asked { track: a.track, position: a.position, semitones: 0 };
            assert!(found.contains(&(asked, hit)), "{asked:?}, {hit:?}");
        }
    }
    assert!(equal >= 24, "{equal} pairs of equal windows");
}

#[test]
fn with_a_single_list_the_join_is_the_plain_one() {
    let mut library = library();
    index(&mut library, 1);
    let further = further(&library);
    let min_dot = dot(&library.windows()[0].1, &library.windows()[0].1) / 2;
    for (per_track, nearest, min_dot) in [
        (u32::MAX, 10_000, i32::MIN),
        (u32::MAX, 5, i32::MIN),
        (7, 20, 0),
        (29, 10_000, min_dot),
        (1, 1, i32::MIN),
        (u32::MAX, 40, min_dot),
    ] {
        let join = SelfJoin { per_track, nearest, min_dot };
        let found = sorted(run(join, &library, &further));
        assert_eq!(found, sorted(twin(join, &library, &further)), "{join:?}");
    }
}

#[test]
fn equal_windows_are_found_with_an_index_without_one_and_outside_of_it() {
    let mut library = library();
    let further = further(&library);
    let mid = dot(&library.windows()[0].1, &library.windows()[0].1) / 3;
    let check = |library: &Library, gone: Option<u32>| {
        for join in [ALL, SelfJoin { min_dot: mid, ..ALL }] {
            let found = run(join, library, &further);
            check(&found, join, library, &further);
            finds_equal_windows(&found, library);
            assert!(found.iter().all(|(asked, hit)| asked.track != hit.track && hit.dot >= join.min_dot));
            let is_gone = |track: TrackId| Some(track.0) == gone;
            assert!(found.iter().all(|(asked, hit)| !is_gone(hit.track) && !is_gone(asked.track)));
            // A moved window is where it comes from, and in the copy.
            for from in &further.asked {
                let hits = found.iter().filter(|(asked, _)| asked == from).map(|(_, hit)| hit);
                let place = |hit: &Hit| (hit.track.0, hit.position.0);
                let places: Vec<(u32, u32)> = hits.map(place).collect();
                for track in [1, 9] {
                    assert!(places.contains(&(track, from.position.0 - 1)), "{from:?} in {track}");
                }
            }
        }
    };
    check(&library, None);
    index(&mut library, 12);
    check(&library, None);
    // Both outside of the index: a copy of what is in it, and two copies of each other.
    library.put("/10", &fingerprint(30, 3));
    library.put("/11", &fingerprint(25, 300));
    library.put("/12", &fingerprint(25, 300));
    check(&library, None);
    library.remove("/3");
    check(&library, Some(4));
    library.remove("/11");
    check(&library, Some(12));
    index(&mut library, 5);
    check(&library, Some(4));
}

#[test]
fn a_moved_window_is_found_in_a_list_of_one_window() {
    let library = Library::new(3, 1);
    let windows = library.windows();
    let asked = Asked { track: TrackId(2), position: Frames(2), semitones: -1 };
    let further = Further { asked: vec![asked], vectors: windows[0].1.clone() };
    let expected = Hit::new(TrackId(1), Frames(0), dot(&windows[0].1, &windows[0].1));
    assert!(run(ALL, &library, &further).contains(&(asked, expected)));
}

#[test]
fn no_more_windows_of_a_track_are_asked_for_than_wanted() {
    let mut library = library();
    for centroids in [None, Some(6)] {
        if let Some(centroids) = centroids {
            index(&mut library, centroids);
        }
        for per_track in [1, 4, 11, 29, 30, 31] {
            let mut asked: HashMap<u32, Vec<u32>> = HashMap::new();
            for (from, _) in run(SelfJoin { per_track, ..ALL }, &library, &Further::default()) {
                asked.entry(from.track.0).or_default().push(from.position.0);
            }
            for (track, mut positions) in asked {
                positions.sort_unstable();
                positions.dedup();
                assert!(positions.len() <= per_track as usize, "{positions:?} of track {track}");
            }
        }
    }
}

#[test]
fn any_number_of_threads_finds_the_same_in_the_same_order() {
    let mut library = library();
    let further = further(&library);
    let join = SelfJoin { nearest: 30, ..ALL };
    for centroids in [None, Some(9)] {
        if let Some(centroids) = centroids {
            index(&mut library, centroids);
        }
        let plain = run(join, &library, &further);
        assert!(!plain.is_empty());
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let library = &mut library;
            let further = &further;
            // The store may be moved to another thread, but not shared.
            let found = pool.install(move || {
                let library: &mut Library = library;
                run(join, library, further)
            });
            assert_eq!(found, plain, "{threads} threads");
        }
    }
}

#[test]
fn an_empty_library_has_no_pairs() {
    let mut library = Library::new(0, 0);
    assert_eq!(run(ALL, &library, &Further::default()), []);
    library.add(0..1, 20);
    assert_eq!(run(ALL, &library, &Further::default()), []);
}

#[test]
fn a_cancelled_token_and_an_error_of_the_caller_end_it() {
    let mut library = library();
    for centroids in [None, Some(6)] {
        if let Some(centroids) = centroids {
            index(&mut library, centroids);
        }
        let cancel = CancelToken::new();
        cancel.cancel();
        let result = ALL.run(&library.store, std::iter::empty(), &cancel, |_| panic!("nothing is found"));
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        let mut calls = 0;
        let result = ALL.run(&library.store, std::iter::empty(), &go_on(), |_| {
            calls += 1;
            Err(Error::Interrupted)
        });
        assert!(matches!(result, Err(Error::Interrupted)) && calls == 1);
    }
}

#[test]
fn a_token_that_is_cancelled_midway_ends_it_before_the_next_list() {
    let mut library = library();
    index(&mut library, 6);
    let (cancel, mut calls) = (CancelToken::new(), 0);
    let result = ALL.run(&library.store, std::iter::empty(), &cancel, |_| {
        calls += 1;
        cancel.cancel();
        Ok(())
    });
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert_eq!(calls, 1);
}

#[test]
fn lists_are_spread_over_all_buckets_in_order() {
    let by_list = ByList::new(1000);
    let mut used: Vec<usize> = (0..1000).map(|list| by_list.bucket_of(list)).collect();
    assert!(used.is_sorted());
    used.dedup();
    assert_eq!(used, (0..BUCKETS).collect::<Vec<_>>());
}
