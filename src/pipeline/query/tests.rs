//! The deeper look: what the first few lists of a small neighbour index do not bring is found, as by looking at all windows.
use std::f64::consts::TAU;

use super::*;
use crate::cancel::CancelToken;
use crate::{ann, decode::Audio, fingerprint::Fingerprint, params::CURRENT, store::TrackRecord};

const RATE: u32 = CURRENT.sample_rate.0;
const TRACKS: u64 = 24;

/// Numbers from -1 to 1, the same each time.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_add(1);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1 << 30) - 1.0
    }
}

/// A tune of 20 s: a note and its fifth, four a second.
fn tune(seed: u64) -> Vec<f32> {
    let mut random = random(seed);
    let notes: Vec<f64> =
        (0..80).map(|_| 220.0 * f64::powf(2.0, (12.0 + 12.0 * random()).floor() / 12.0)).collect();
    let sound = |i: u32| {
        let phase = f64::from(i) / f64::from(RATE) * TAU * notes[(i * 4 / RATE) as usize];
        (0.25 * phase.sin() + 0.125 * (1.5 * phase).sin()) as f32
    };
    (0..20 * RATE).map(sound).collect()
}

fn fingerprint(seed: u64) -> Fingerprint {
    let tune = tune(seed);
    let mut blocks = Audio::samples(&tune, RATE).open().unwrap();
    analyse::track(&mut *blocks, &CURRENT, &CancelToken::new()).unwrap().fingerprint
}

/// A second and a half of a tune under noise.
fn clip(seed: u64) -> Vec<f32> {
    let mut noise = random(seed + 1000);
    let (from, length) = (7 * RATE as usize, 3 * RATE as usize / 2);
    tune(seed)[from..from + length].iter().map(|s| 0.5 * s + 0.275 * noise() as f32).collect()
}

#[test]
fn a_deeper_look_finds_what_the_first_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
    store
        .write(|batch| {
            for seed in 0..TRACKS {
                let record = TrackRecord { path: format!("/{seed}").into(), ..TrackRecord::default() };
                batch.add_track(&record, &fingerprint(seed))?;
            }
            Ok(())
        })
        .unwrap();
    let go_on = CancelToken::new();
    let options = ann::Options::default().min_windows(1).centroids(Some(256));
    ann::maintain(&mut store, &options, &go_on).unwrap();
    let mut ids = Vec::new();
    let each = |track: crate::store::Track| {
        ids.push(track.id);
        Ok(())
    };
    store.tracks(each).unwrap();
    let options = QueryOptions { range: Range::PLAIN, ..QueryOptions::default() };
    let (mut first, mut both, mut exact) = (0, 0, 0);
    for seed in 0..TRACKS {
        let is_right = |query: &Query<'_>, places: &[Place], pairs: f64| {
            query.is_sure(places, pairs) && places[0].track == ids[seed as usize]
        };
        // One list for each window, then ten.
        let mut listed = Query::new(&store, &options, &Arc::default()).unwrap();
        listed.searcher = Searcher::new(&store).nprobe(1);
        let mut all = Query::new(&store, &QueryOptions { exact: true, ..options }, &Arc::default()).unwrap();
        analyse::query(
            &mut *Audio::samples(&clip(seed), RATE).open().unwrap(),
            &CURRENT,
            STRETCH,
            &go_on,
            |stretch| {
                let pairs = (stretch.chroma.len() / CURRENT.frame_values()) as f64 / 2.0;
                let readings = Readings::new(stretch, &CURRENT);
                let windows = listed.windows(&stretch.chroma, 1);
                let hits = windows.with(listed.searcher.nearest(&windows.vectors, *NEAREST.end())?);
                let (places, _) =
                    listed.plain(&readings, &candidates(&hits, *PLACES.end(), &CURRENT.projection))?;
                first += u32::from(is_right(&listed, &places, pairs));
                let places = listed.stretch(stretch)?;
                both += u32::from(is_right(&listed, &places, pairs));
                let places = all.stretch(stretch)?;
                exact += u32::from(is_right(&all, &places, pairs));
                Ok(())
            },
        )
        .unwrap();
    }
    assert!(first + 2 <= both, "{first} by the first look, {both} by both, {exact} by looking at all");
    assert!(both >= exact, "{first} by the first look, {both} by both, {exact} by looking at all");
}
