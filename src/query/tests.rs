//! Queries end to end, on made-up tunes.
use std::{
    collections::BTreeSet,
    f64::consts::TAU,
    path::Path,
    sync::{Arc, Mutex},
};

use super::{
    engine::Query,
    options::QueryOptions,
    place::{Anchor, Place},
    rank::apart,
    search::{CHUNK, NEAREST, PLACES},
    variant_frames::VariantFrames,
    variants::{Range, Variant},
};
use crate::{
    align::{Candidate, candidates},
    ann::{self, Searcher},
    cancel::CancelToken,
    decode::Audio,
    error::{AudioError, Error, Result},
    extract::{chunks::chunks, track},
    fingerprint::Fingerprint,
    index::handle::Index,
    library::Files,
    params::CURRENT,
    report::Match,
    store::{Batch, Store, TrackId, TrackRecord},
};

mod long;
mod places;
mod recordings;
mod variants;

const RATE: u32 = CURRENT.sample_rate.0;
const TRACKS: u64 = 24;

/// A tune of `seconds` seconds: a note and its fifth, four a second.
fn tune_of(seed: u64, seconds: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let notes: Vec<f64> =
        (0..4 * seconds).map(|_| 220.0 * (random.i32(0..24) as f64 / 12.0).exp2()).collect();
    let sound = |i: usize| {
        let phase = i as f64 / f64::from(RATE) * TAU * notes[i * 4 / RATE as usize];
        (0.25 * phase.sin() + 0.125 * (1.5 * phase).sin()) as f32
    };
    (0..seconds * RATE as usize).map(sound).collect()
}

fn tune(seed: u64) -> Vec<f32> {
    tune_of(seed, 20)
}

fn fingerprint(seed: u64) -> Fingerprint {
    fingerprint_of(&tune(seed))
}

fn fingerprint_of(tune: &[f32]) -> Fingerprint {
    let mut blocks = Audio::samples(tune, RATE).open().unwrap();
    track::track(&mut *blocks, &CURRENT, &CancelToken::new()).unwrap().fingerprint
}

/// A second and a half of a tune under noise.
fn clip(seed: u64) -> Vec<f32> {
    let mut noise = fastrand::Rng::with_seed(seed + 1000);
    let (from, length) = (7 * RATE as usize, 3 * RATE as usize / 2);
    tune(seed)[from..from + length].iter().map(|s| 0.5 * s + 0.275 * (2.0 * noise.f32() - 1.0)).collect()
}

/// Samples from second `from` to second `to`.
fn part(samples: &[f32], from: f64, to: f64) -> &[f32] {
    let at = |seconds: f64| (seconds * f64::from(RATE)) as usize;
    &samples[at(from)..at(to)]
}

/// Plays `samples` at `speed` times the speed, with the pitch that goes with it.
fn faster(samples: &[f32], speed: f64) -> Vec<f32> {
    let count = (samples.len() as f64 / speed) as usize - 1;
    let read = |n: usize| {
        let at = n as f64 * speed;
        let (i, share) = (at as usize, (at.fract()) as f32);
        samples[i] + share * (samples[i + 1] - samples[i])
    };
    (0..count).map(read).collect()
}

/// An index of these recordings, in this order.
fn library(folder: &tempfile::TempDir, recordings: &[Vec<f32>]) -> Index {
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    for (n, recording) in recordings.iter().enumerate() {
        index.add_audio(Audio::samples(recording, RATE), format!("{n}")).unwrap();
    }
    index
}

/// Path, range in the query, beginning in the track, and tempo of a match.
fn told(found: &Match) -> (String, f64, f64, f64, f64) {
    let path = found.path.to_string_lossy().into_owned();
    (path, found.query_start.0, found.query_end.0, found.ref_start.0, found.tempo)
}

fn near(found: &Match, expected: (&str, f64, f64, f64, f64)) {
    let (path, start, end, place, tempo) = told(found);
    let (its_path, its_start, its_end, its_place, its_tempo) = expected;
    assert_eq!(path, its_path, "{found:?}");
    assert!((start - its_start).abs() < 1.0 && (end - its_end).abs() < 1.0, "{found:?}");
    // The ranges may begin somewhat earlier or later, but their offset must be exact.
    let off = (place - its_place) - tempo * (start - its_start);
    assert!(off.abs() < 0.03, "{off} s off: {found:?}");
    assert!((tempo - its_tempo).abs() < 2e-3, "{found:?}");
}

/// A handmade place: half frames `from..to` of the query, `offset` half frames later in the track.
fn place(track: TrackId, range: std::ops::Range<usize>, offset: f64, evidence: f32, variants: u32) -> Place {
    let anchor = Anchor { at: range.start as f64, offset };
    Place { evidence, similarity: 0.9, variants, runner_up: 0.0, ..Place::for_test(track, anchor, range) }
}

/// A store with one track for each fingerprint, and the ids of the tracks.
fn store_of(folder: &tempfile::TempDir, fingerprints: &[Fingerprint]) -> (Store, Vec<TrackId>) {
    let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
    let add = |batch: &Batch<'_>| {
        let each = fingerprints.iter().enumerate().map(|(n, fingerprint)| {
            let record = TrackRecord { path: format!("/{n}").into(), ..TrackRecord::default() };
            batch.add_track(&record, fingerprint)
        });
        each.collect::<Result<Vec<_>>>()
    };
    let ids = store.write(add).unwrap();
    (store, ids)
}

/// The places of a clip in a library of these tunes.
fn places_in(tunes: &[Vec<f32>], clip: &[f32], min_score: f32) -> Vec<Place> {
    places_of_each(tunes, &[clip], min_score).pop().unwrap()
}

/// The places of several clips in one library.
fn places_of_each(tunes: &[Vec<f32>], clips: &[&[f32]], min_score: f32) -> Vec<Vec<Place>> {
    let folder = tempfile::tempdir().unwrap();
    let fingerprints: Vec<_> = tunes.iter().map(|tune| fingerprint_of(tune)).collect();
    let (store, _) = store_of(&folder, &fingerprints);
    let options = QueryOptions::default().min_score(min_score);
    let library = Files::one(&store, &Arc::default());
    let ask = |clip: &&[f32]| {
        let mut query = Query::new(&library, &options).unwrap();
        let mut places = Vec::new();
        let mut blocks = Audio::samples(clip, RATE).open().unwrap();
        chunks(&mut *blocks, &CURRENT, CHUNK, &CancelToken::new(), |chunk| {
            places.extend(query.places(chunk)?);
            Ok(())
        })
        .unwrap();
        places
    };
    clips.iter().map(ask).collect()
}
