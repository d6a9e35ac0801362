use super::{
    super::{link::compared_with, moved::moved, relation::Relation, seed::DIAGONALS},
    *,
};
use crate::{
    ann::{Options, maintain},
    duplicates::fixture::{Music, VALUES, higher, packed, print, seed},
    error::Error,
    fingerprint::{Fingerprint, FrameCode},
    params::CURRENT,
    store::TrackRecord,
};

fn weighted(one: u32, two: u32, weight: f32) -> Seed {
    Seed { weight, ..seed(one, two) }
}

#[test]
fn a_distance_sums_squares_and_keeps_its_nearest_windows() {
    let mut diagonals = Diagonals::default();
    for (one, two, cosine) in [(4, 10, 0.6), (8, 14, 0.8), (40, 46, 0.7), (4, 14, 0.9)] {
        diagonals.add(weighted(one, two, cosine));
    }
    // The same distance at another pitch is another one.
    diagonals.add(Seed { semitones: 1, ..weighted(20, 26, 0.5) });
    let seeds = diagonals.into_seeds();
    let places: Vec<(u32, u32, i8)> = seeds.iter().map(|s| (s.one, s.two, s.semitones)).collect();
    assert_eq!(places, [(8, 14, 0), (4, 14, 0), (20, 26, 1)]);
    for (seed, weight) in seeds.iter().zip([0.36 + 0.64 + 0.49, 0.81, 0.25]) {
        assert!((seed.weight - weight).abs() < 1e-5, "{seed:?}");
    }
}

#[test]
fn the_heaviest_distances_stay() {
    let mut diagonals = Diagonals::default();
    // A distance with as many near windows as its number, each of them added before many single ones.
    for distance in 2..12 {
        for n in 0..distance {
            diagonals.add(weighted(100 * n, 100 * n + 7 * distance, 0.8));
        }
    }
    for n in 0..200 {
        diagonals.add(weighted(3, 1000 + 5 * n, 0.51 + 0.001 * n as f32));
    }
    let seeds = diagonals.into_seeds();
    assert_eq!(seeds.len(), DIAGONALS);
    assert!(seeds.is_sorted_by(|a, b| a.weight >= b.weight));
    let heaviest: Vec<u32> = seeds[..10].iter().map(|seed| seed.two - seed.one).collect();
    assert_eq!(heaviest, (2..12).rev().map(|distance| 7 * distance).collect::<Vec<u32>>());
}

#[test]
fn a_seed_turned_twice_is_the_same() {
    let seed = Seed { one: 3, two: 90, semitones: -2, weight: 0.7 };
    assert_eq!(seed.turned(), Seed { one: 90, two: 3, semitones: 2, weight: 0.7 });
    assert_eq!(seed.turned().turned(), seed);
}

fn unpacked(packed: &[u8]) -> Vec<f32> {
    let mut frames = vec![0.0; 2 * packed.len()];
    FrameCode::new(&CURRENT).unpack(packed, &mut frames);
    frames
}

fn moved_window(packed: &[u8], position: usize, semitones: i8) -> Option<Vec<f32>> {
    let mut window = vec![9.0; CURRENT.window_values()];
    let code = FrameCode::new(&CURRENT);
    moved(packed, position, semitones, &CURRENT, &code, &mut window).then_some(window)
}

#[test]
fn a_window_that_is_moved_by_nothing_is_its_frames() {
    let packed = packed(&Music(1).frames(0.0, 1.0, 40));
    let frames = unpacked(&packed);
    for position in [0, 3, 24] {
        let window = moved_window(&packed, position, 0).unwrap();
        assert_eq!(window, &frames[position * VALUES..][..CURRENT.window_values()]);
    }
    for semitones in -1..=1 {
        assert!(moved_window(&packed, 24, semitones).is_some());
        assert_eq!(moved_window(&packed, 25, semitones), None, "it does not fit");
    }
    let silence = vec![packed_silence(); 40].concat();
    assert_eq!(moved_window(&silence, 3, 0), None);
}

fn packed_silence() -> Vec<u8> {
    packed(&[[0.0; VALUES]])
}

/// What is moved up by a semitone is near the same window of the track that sounds so.
#[test]
fn a_moved_window_is_that_of_the_track_that_sounds_higher() {
    let speed = (1.0f64 / 12.0).exp2();
    let plain = packed(&Music(1).frames(0.0, 1.0, 200));
    for (semitones, moved_up) in [
        (1, packed(&higher(&Music(1).frames(100.0, speed, 16)))),
        (-1, {
            let lower = Music(1).frames(100.0, 1.0 / speed, 16);
            let down = |f: &[f32; VALUES]| std::array::from_fn(|i| f.get(i + 1).copied().unwrap_or(0.0));
            packed(&lower.iter().map(down).collect::<Vec<_>>())
        }),
    ] {
        let (a, b) = (moved_window(&plain, 100, semitones).unwrap(), unpacked(&moved_up));
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = |b: &[f32]| dot(&a, b) / (dot(&a, &a) * dot(b, b)).sqrt();
        assert!(cosine(&b) > 0.9, "{semitones}: {}", cosine(&b));
        let unmoved = moved_window(&plain, 100, 0).unwrap();
        assert!(cosine(&unmoved) < 0.5, "{semitones}: {}", cosine(&unmoved));
    }
}

struct Library {
    store: Store,
    _folder: tempfile::TempDir,
}

fn library(prints: &[Fingerprint]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
    for (n, print) in prints.iter().enumerate() {
        let record = TrackRecord { path: format!("/{n}").into(), ..TrackRecord::default() };
        store.write(|batch| batch.add_track(&record, print)).unwrap();
    }
    Library { store, _folder: folder }
}

/// Tracks 1 to 5: a song, other music, the song from frame 30 on, the song from frame 2 on, the song a semitone higher.
fn songs() -> Library {
    let song = |from: f64| print(&Music(1).frames(from, 1.0, 400));
    let raised = higher(&Music(1).frames(0.0, (1.0f64 / 12.0).exp2(), 370));
    library(&[song(0.0), print(&Music(2).frames(0.0, 1.0, 400)), song(30.0), song(2.0), print(&raised)])
}

#[test]
fn pairs_with_the_same_sound_have_a_seed_where_it_is() {
    let mut library = songs();
    for indexed in [false, true] {
        if indexed {
            let options = Options::default().min_windows(1).centroids(Some(8)).force(true);
            maintain(&mut library.store, &options, &CancelToken::new()).unwrap();
        }
        let pairs = candidates(&library.store, &CancelToken::new()).unwrap();
        assert!(pairs.is_sorted_by_key(|pair| (pair.one, pair.two)));
        assert!(pairs.iter().all(|pair| pair.one < pair.two && !pair.seeds.is_empty()));
        for (one, two, earlier) in [(1, 3, 30i64), (1, 4, 2), (3, 4, -28)] {
            let found = pairs.iter().find(|pair| (pair.one.0, pair.two.0) == (one, two));
            let seeds = &found.unwrap_or_else(|| panic!("no pair {one}, {two}")).seeds;
            let distance = i64::from(seeds[0].one) - i64::from(seeds[0].two);
            assert!((distance - earlier).abs() <= 1, "{one}, {two}: {seeds:?}");
            assert!(seeds.is_sorted_by(|a, b| a.weight >= b.weight));
        }
        let raised = pairs.iter().find(|pair| (pair.one.0, pair.two.0) == (1, 5)).expect("a semitone higher");
        let seed = raised.seeds.iter().find(|seed| seed.semitones == 1).expect("a moved window");
        let expected = f64::from(seed.one) / (1.0f64 / 12.0).exp2();
        assert!((expected - f64::from(seed.two)).abs() < 3.0, "{seed:?}");
    }
}

#[test]
fn each_window_of_two_tracks_is_compared_for_the_seeds_of_a_pair() {
    let library = songs();
    let print = |track| library.store.fingerprint(TrackId(track)).unwrap();
    let seeds = |one, two| seeds_of(&CURRENT, &print(one), &print(two), &|| Ok(())).unwrap();
    for (one, two, earlier) in [(1, 4, 2), (4, 1, -2), (1, 3, 30), (3, 1, -30)] {
        let best = seeds(one, two)[0];
        let distance = i64::from(best.one) - i64::from(best.two);
        assert!((distance - earlier).abs() <= 1, "{one}, {two}: {best:?}");
    }
    assert!(seeds(1, 5).iter().any(|seed| seed.semitones == 1));
    assert!(seeds(5, 1).iter().any(|seed| seed.semitones == -1));
    let same = seeds(1, 1);
    assert_eq!((same[0].one, same[0].semitones), (same[0].two, 0));
    let calls = std::cell::Cell::new(0);
    let go_on = || {
        calls.set(calls.get() + 1);
        if calls.get() == 3 { Err(Error::Interrupted) } else { Ok(()) }
    };
    assert!(matches!(seeds_of(&CURRENT, &print(1), &print(4), &go_on), Err(Error::Interrupted)));
    assert_eq!(calls.get(), 3);
}

#[test]
fn of_a_long_track_only_the_first_frames_are_compared() {
    let song = Music(1).frames(0.0, 1.0, 400);
    let long = [Music(3).frames(0.0, 1.0, 700), song.clone()].concat();
    let library = library(&[print(&long)]);
    let relation =
        |frames| compared_with(&library.store, &print(&song), TrackId(1), frames).unwrap().relation;
    assert_eq!(relation(usize::MAX), Some(Relation::Excerpt));
    assert_eq!(relation(1_100), Some(Relation::Excerpt));
    assert_eq!(relation(700), None);
}

#[test]
fn a_cancelled_search_ends() {
    let library = songs();
    let cancel = CancelToken::new();
    cancel.cancel();
    assert!(matches!(candidates(&library.store, &cancel), Err(Error::Interrupted)));
}
