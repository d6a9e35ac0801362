//! A second parameter set runs through all stages, because it is another value, not other code.
use std::{path::Path, sync::Arc};

use super::{engine::Query, options::QueryOptions};
use crate::{
    ann::{self, Built, Options},
    cancel::CancelToken,
    decode::Audio,
    error::{Error, IndexError},
    extract::track,
    library::Files,
    params::{CURRENT, ParameterSet},
    report::{Answer, Status},
    store::{Store, TrackRecord},
    units::Seconds,
};

const RATE: u32 = 22_050;

/// Other levels, octaves, windows, vectors and hops. The matrix is random, which keeps distances well enough.
fn other() -> ParameterSet {
    let mut other = CURRENT;
    other.id = 2;
    other.hop = 1536;
    other.octaves = 4;
    other.fmin = 220.0;
    other.window_frames = 12;
    other.window_hop = 3;
    other.window_dims = 64;
    other.min_window_energy = 0.1;
    other.levels = std::array::from_fn(|i| (i as f32 - 7.5) / 15.0);
    other.query_margin = 14;
    other.shift_step = 3;
    other.projection.scale = 200.0;
    other.score.many_windows = 100;
    let mut random = fastrand::Rng::with_seed(4);
    let mut rows = Vec::new();
    for _ in 0..other.window_dims {
        rows.extend(0.01f32.to_le_bytes());
        rows.extend((0..other.window_values()).map(|_| random.u8(..)));
    }
    other.projection.rows = rows.leak();
    other
}

/// Notes of a random tune, each with three harmonics.
fn tune(seconds: f64, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let note = RATE as usize / 5;
    let mut samples = Vec::new();
    while samples.len() < (seconds * f64::from(RATE)) as usize {
        let chord: [f64; 2] = std::array::from_fn(|_| 220.0 * f64::powf(2.0, random.f64() * 3.0));
        for n in 0..note {
            let time = n as f64 / f64::from(RATE);
            let fade = 1.0 - n as f64 / note as f64;
            let tone = |f: f64| {
                (1..4)
                    .map(|h| (std::f64::consts::TAU * f * f64::from(h) * time).sin() / f64::from(h))
                    .sum::<f64>()
            };
            samples.push((chord.iter().map(|&f| tone(f)).sum::<f64>() * fade * 0.15) as f32);
        }
    }
    samples
}

fn ask(store: &Store, samples: &[f32], options: QueryOptions) -> Answer {
    let audio = Audio::samples(samples, RATE);
    let mut blocks = audio.open().unwrap();
    let library = Files::one(store, &Arc::default());
    let mut query = Query::new(&library, &options).unwrap();
    query.answer(Path::new("clip"), &mut *blocks).unwrap()
}

#[test]
fn a_second_set_is_fingerprinted_stored_and_found() {
    let (other, go_on) = (other(), CancelToken::new());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = Store::open_write_with(&file, &other).unwrap();
    for seed in 0..6 {
        let samples = tune(40.0, seed);
        let audio = Audio::samples(&samples, RATE);
        let analysis = track::track(&mut *audio.open().unwrap(), &other, &go_on).unwrap();
        let print = &analysis.fingerprint;
        assert_eq!(print.frames.len() / other.frame_bytes(), print.frame_count(&other));
        assert!(print.positions.windows(2).all(|pair| pair[1] - pair[0] >= 3));
        assert_eq!(print.windows.len(), print.positions.len() * 64);
        let record = TrackRecord {
            path: format!("/{seed}").into(),
            duration: Seconds(analysis.duration.0),
            ..TrackRecord::default()
        };
        store.write(|batch| batch.add_track(&record, print)).unwrap();
    }
    store.verify(&CancelToken::new()).unwrap();
    let clip = &tune(40.0, 3)[10 * RATE as usize..18 * RATE as usize];
    let right = |store: &Store, options| {
        let answer = ask(store, clip, options);
        assert_eq!(answer.status, Status::Match);
        let best = &answer.matches[0];
        assert_eq!(best.path, Path::new("/3"));
        assert!(
            ((best.ref_start - best.query_start).0 - 10.0).abs() < 0.05,
            "{} {}",
            best.ref_start,
            best.query_start
        );
        best.score
    };
    let options = QueryOptions::default();
    let exact = right(&store, options.clone().exact(true));
    let lists = Options::default().min_windows(1).centroids(Some(16));
    assert!(matches!(ann::maintain(&mut store, &lists, &go_on).unwrap(), Built::New { centroids: 16, .. }));
    store.verify(&CancelToken::new()).unwrap();
    assert!((right(&store, options.clone()) - exact).abs() < 0.05);
    // The score belongs to the set, and so does the range of transpositions.
    let mut doubtful = other;
    doubtful.score.intercept = [-1000.0, -1000.0];
    store.close().unwrap();
    let store = Store::open_read_with(&file, &doubtful).unwrap();
    assert_eq!(ask(&store, clip, options).status, Status::NoMatch);
    // Neither set reads the other's files.
    let refused = Store::open_read(&file).map(drop);
    assert!(matches!(
        refused,
        Err(Error::Index { reason: IndexError::Parameters { found: 2, expected: 1 }, .. })
    ));
}
