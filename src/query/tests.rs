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

#[test]
fn a_deeper_look_finds_more_than_the_first_one() {
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
        // First one list for each window, then ten.
        let library = Files::one(&store, &Arc::default());
        let mut listed = Query::new(&library, &options).unwrap();
        listed.searcher = Box::new(Searcher::new(&store).nprobe(1));
        let library = Files::one(&store, &Arc::default());
        let mut all = Query::new(&library, &QueryOptions { exact: true, ..options.clone() }).unwrap();
        chunks(&mut *Audio::samples(&clip(seed), RATE).open().unwrap(), &CURRENT, CHUNK, &go_on, |chunk| {
            let pairs = (chunk.chroma.len() / CURRENT.frame_values()) as f64 / 2.0;
            let variants = VariantFrames::new(chunk, &CURRENT);
            let windows = listed.windows(&chunk.chroma, 1);
            let hits = windows.with(listed.searcher.nearest(&windows.vectors, *NEAREST.end(), None)?);
            let (places, _) =
                listed.plain(&variants, &candidates(&hits, *PLACES.end(), &CURRENT.projection))?;
            first += u32::from(is_right(&listed, &places, pairs));
            let places = listed.places(chunk)?;
            both += u32::from(is_right(&listed, &places, pairs));
            let places = all.places(chunk)?;
            exact += u32::from(is_right(&all, &places, pairs));
            Ok(())
        })
        .unwrap();
    }
    assert!(first + 2 <= both, "{first} by the first look, {both} by both, {exact} by looking at all");
    assert!(both >= exact, "{first} by the first look, {both} by both, {exact} by looking at all");
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

#[test]
fn a_query_of_minutes_is_one_match() {
    let folder = tempfile::tempdir().unwrap();
    let tunes: Vec<_> = (0..4).map(|seed| tune_of(seed, 200)).collect();
    let index = library(&folder, &tunes);
    let options = QueryOptions::default().range(Range::PLAIN);
    let clip = part(&tunes[1], 12.3, 172.3);
    let answer = index.query_with(Audio::samples(clip, RATE), &options).unwrap();
    assert_eq!(answer.matches.len(), 1, "{:?}", answer.matches);
    near(&answer.matches[0], ("1", 0.0, 160.0, 12.3, 1.0));
    // 1 % faster: hardly measurable within a chunk, but measurable over all of them.
    let fast = faster(part(&tunes[2], 5.0, 165.0), 1.01);
    let answer = index.query_with(Audio::samples(&fast, RATE), &options).unwrap();
    assert_eq!(answer.matches.len(), 1, "{:?}", answer.matches);
    near(&answer.matches[0], ("2", 0.0, 160.0 / 1.01, 5.0, 1.01));
}

#[test]
fn two_parts_of_a_track_that_do_not_follow_each_other_are_two_matches() {
    let folder = tempfile::tempdir().unwrap();
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 20, 200)).collect();
    let index = library(&folder, &tunes);
    // The chunk ends at 59.5 s.
    let clip = [part(&tunes[0], 100.0, 159.5), part(&tunes[0], 20.0, 70.0)].concat();
    let answer = index.query_with(Audio::samples(&clip, RATE), &QueryOptions::default()).unwrap();
    let mut matches = answer.matches;
    matches.sort_by(|a, b| a.query_start.0.total_cmp(&b.query_start.0));
    assert_eq!(matches.len(), 2, "{matches:?}");
    near(&matches[0], ("0", 0.0, 59.5, 100.0, 1.0));
    near(&matches[1], ("0", 59.5, 109.5, 20.0, 1.0));
}

#[test]
fn pushed_sound_gives_the_same_matches_as_soon_as_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let tunes: Vec<_> = (0..4).map(|seed| tune_of(seed + 40, 100)).collect();
    let index = library(&folder, &tunes);
    let silence = vec![0.0; 30 * RATE as usize];
    let clip = [part(&tunes[3], 10.0, 80.0), &silence, part(&tunes[1], 0.0, 90.0)].concat();
    let options = QueryOptions::default().range(Range::PLAIN);
    let whole = index.query_with(Audio::samples(&clip, RATE), &options).unwrap();
    let mut expected: Vec<_> = whole.matches.iter().map(told).collect();
    expected.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!(expected.iter().map(|found| &*found.0).collect::<Vec<_>>(), ["3", "1"]);

    let mut listener = index.listen(&options).unwrap();
    let (mut heard, mut pushed) = (Vec::new(), 0);
    for samples in clip.chunks(7_777) {
        pushed += samples.len();
        for found in listener.push(samples, RATE).unwrap() {
            // It ended some time before.
            assert!(found.query_end.0 + 5.0 < pushed as f64 / f64::from(RATE), "{found:?}");
            heard.push(told(&found));
        }
    }
    assert_eq!(heard, expected[..1], "the first one ended long ago, the second one may go on");
    heard.extend(listener.finish().unwrap().iter().map(told));
    assert_eq!(heard, expected);
}

#[test]
fn pushed_sound_is_checked_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let tune = tune_of(40, 60);
    let index = library(&folder, std::slice::from_ref(&tune));
    let options = QueryOptions::default().range(Range::PLAIN);
    let mut listener = index.listen(&options).unwrap();
    for rate in [0, 10, 999, 768_001, u32::MAX] {
        let refused = listener.push(&tune, rate);
        assert!(
            matches!(&refused, Err(Error::Audio { reason: AudioError::SampleRate(r), .. }) if *r == rate),
            "{rate}: {refused:?}"
        );
    }
    // What was refused is not part of the sound, and what is no number is silent.
    assert!(
        listener.push(&[f32::NAN, f32::INFINITY, -1e30, f32::NAN].repeat(4000), RATE).unwrap().is_empty()
    );
    assert!(listener.push(part(&tune, 10.0, 40.0), RATE).unwrap().is_empty());
    let heard: Vec<_> = listener.finish().unwrap().iter().map(told).collect();
    let expected = [vec![0.0; 16_000], part(&tune, 10.0, 40.0).to_vec()].concat();
    let whole = index.query_with(Audio::samples(&expected, RATE), &options).unwrap();
    assert_eq!(heard, whole.matches.iter().map(told).collect::<Vec<_>>());
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_stored_track_is_looked_up_without_its_audio() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (tune_of(60, 150), tune_of(61, 100));
    // Half a frame off, where stored frames are least similar.
    let edit = [part(&other, 3.0, 13.0), part(&one, 20.093, 110.0)].concat();
    let index = library(&folder, &[one, other.clone(), edit]);
    let mut ids = Vec::new();
    index
        .tracks(|track, _| {
            ids.push(track.id);
            Ok(())
        })
        .unwrap();
    let answer = index.query_track(ids[0], &QueryOptions::default()).unwrap().unwrap();
    assert_eq!(answer.query.to_str(), Some("0"));
    assert_eq!(answer.matches.len(), 1, "not itself: {:?}", answer.matches);
    near(&answer.matches[0], ("2", 20.093, 110.0, 10.0, 1.0));
    let answer = index.query_track(ids[1], &QueryOptions::default()).unwrap().unwrap();
    assert_eq!(answer.matches.len(), 1, "{:?}", answer.matches);
    // All these tunes have the same notes, so the range may go on beyond the cut.
    let (path, start, _, place, _) = told(&answer.matches[0]);
    assert_eq!(path, "2");
    assert!((start - 3.0).abs() < 0.5 && place < 0.5, "{:?}", answer.matches);
    assert!(index.query_track(TrackId(99), &QueryOptions::default()).unwrap().is_none());
}

#[test]
fn many_clips_are_answered_in_order_by_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let tunes: Vec<_> = (0..5).map(|seed| tune_of(seed + 80, 30)).collect();
    let index = library(&folder, &tunes);
    for threads in [1, 3] {
        let clips =
            (0..9).map(|n| Audio::samples(part(&tunes[n % 5], 3.0, 9.0), RATE).named(format!("clip {n}")));
        let clips = clips.chain([Audio::samples(&[], 7).named("bad")]);
        let mut answers = Vec::new();
        let options = QueryOptions::default().threads(threads);
        index
            .query_all(clips, &options, |name, answer| {
                let best = answer.map(|answer| answer.matches[0].path.to_string_lossy().into_owned());
                answers.push((name.to_string_lossy().into_owned(), best.ok()));
                Ok(())
            })
            .unwrap();
        let mut expected: Vec<_> =
            (0..9).map(|n| (format!("clip {n}"), Some(format!("{}", n % 5)))).collect();
        expected.push(("bad".into(), None));
        assert_eq!(answers, expected);
        // An error of the caller's iterator ends the call.
        let clips = (0..9).map(|_| Audio::samples(part(&tunes[0], 3.0, 9.0), RATE));
        let mut count = 0;
        let ended = index.query_all(clips, &options, |_, _| {
            count += 1;
            if count == 2 { Err(Error::Interrupted) } else { Ok(()) }
        });
        assert!(matches!(ended, Err(Error::Interrupted)));
        assert_eq!(count, 2);
    }
}

#[test]
fn a_cancelled_query_ends_within_a_chunk_and_reports_its_progress() {
    let folder = tempfile::tempdir().unwrap();
    let tune = tune_of(90, 300);
    let index = library(&folder, std::slice::from_ref(&tune));
    let token = CancelToken::new();
    let done = Arc::new(Mutex::new(Vec::new()));
    let (told, stop) = (Arc::clone(&done), token.clone());
    let options = QueryOptions::default().cancel(&token).on_progress(move |at| {
        told.lock().unwrap().push(at.0);
        stop.cancel();
    });
    let ended = index.query_with(Audio::samples(&tune, RATE), &options);
    assert!(matches!(ended, Err(Error::Interrupted)));
    let done = done.lock().unwrap();
    assert_eq!(done.len(), 1);
    assert!((done[0] - 59.4).abs() < 0.1, "{done:?}");
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

#[test]
fn the_runner_up_is_the_best_of_another_track_that_claims_the_same_range() {
    let folder = tempfile::tempdir().unwrap();
    // The second track is a copy of the first.
    let (store, ids) = store_of(&folder, &[1, 1, 2, 3].map(fingerprint));
    let library = Files::one(&store, &Arc::default());
    let query = Query::new(&library, &QueryOptions::default()).unwrap();
    let runners_up = |places: &[Place], left: f32| {
        // Each is a sound of its own, as long as nothing has compared them.
        let numbered = places.iter().enumerate().map(|(sound, place)| Place { sound, ..place.clone() });
        let mut places: Vec<Place> = numbered.collect();
        query.find_runners_up(&mut places, left).unwrap();
        places.iter().map(|place| (place.evidence, place.runner_up)).collect::<Vec<_>>()
    };
    let (range, beside) = (0..100, 60..160);
    let right = place(ids[0], range.clone(), 40.0, 9.0, 1);
    let of = |track: usize, evidence: f32| place(ids[track], range.clone(), 40.0, evidence, 1);
    // The best counts, whatever the order.
    let two = [of(3, 2.0), right.clone(), of(2, 4.0)];
    assert_eq!(runners_up(&two, 1.0), [(9.0, 4.0), (4.0, 9.0), (2.0, 9.0)]);
    // Another place of the same track is no runner-up, nor is a place that shares less than half of the
    // range, nor a copy.
    let own = place(ids[0], range.clone(), 80.0, 8.0, 1);
    assert_eq!(runners_up(&[right.clone(), own], 1.5), [(9.0, 1.5), (8.0, 1.5)]);
    let aside = place(ids[2], beside, 40.0, 8.0, 1);
    assert_eq!(runners_up(&[right.clone(), aside], 1.5), [(9.0, 1.5), (8.0, 1.5)]);
    assert_eq!(
        runners_up(&[right.clone(), of(1, 8.0), of(2, 3.0)], 1.5),
        [(9.0, 3.0), (8.0, 3.0), (3.0, 9.0)]
    );
    // The same sound at another place of the copy is one.
    let elsewhere = place(ids[1], range.clone(), 64.0, 8.0, 1);
    assert_eq!(runners_up(&[right.clone(), elsewhere], 1.5), [(9.0, 8.0), (8.0, 9.0)]);
    // So is one where the copy has ended.
    let beyond = place(ids[1], range.clone(), 400.0, 8.0, 1);
    assert_eq!(runners_up(&[right.clone(), beyond], 1.5), [(9.0, 8.0), (8.0, 9.0)]);
    // A place that took variants is no runner-up of one that took none. The other way round it is.
    let variant = place(ids[2], range, 40.0, 8.0, 246);
    assert_eq!(runners_up(&[right, variant], 1.5), [(9.0, 1.5), (8.0, 9.0)]);
}

#[test]
fn windows_reach_beyond_the_ends_and_a_long_query_uses_every_second_one() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_of(&folder, &[]);
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default()).unwrap();
    let values = CURRENT.frame_values();
    let mut random = fastrand::Rng::with_seed(5);
    let mut frames = |count: usize| (0..count * values).map(|_| random.f32() - 0.5).collect::<Vec<_>>();
    let window = CURRENT.window_frames as i32;
    for (count, wanted, expected) in
        [(10, 1, 1), (40, 1, 3), (107, 1, 1), (107, 5, 5), (640, 1, 2), (640, 5, 10), (20, 5, 3)]
    {
        let frames = frames(count);
        let windows = query.windows(&frames, wanted);
        let steps: Vec<i32> = windows.starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(windows.starts[0], -window, "half of the first one is silence");
        let last = count as i32 - 2 * (window - 1) + window;
        assert!(
            last - *windows.starts.last().unwrap() <= expected.max(1)
                && *windows.starts.last().unwrap() < last.max(1)
        );
        if count != 40 {
            assert!(steps.iter().all(|step| *step == expected), "{count} half frames: {steps:?}");
        }
        // Each window has every second half frame from its start, as the library's windows do.
        let mut expected = Vec::new();
        for start in &windows.starts {
            let input: Vec<f32> = (0..window)
                .map(|n| start + 2 * n)
                .flat_map(|at| match usize::try_from(at).ok().filter(|at| *at < count) {
                    Some(at) => frames[at * values..(at + 1) * values].to_vec(),
                    None => vec![0.0; values],
                })
                .collect();
            query.projection.project(&input, &mut expected);
        }
        assert_eq!(windows.vectors, expected);
    }
    // Windows that hardly change have no vector.
    let mut quiet = frames(200);
    quiet[..100 * values].iter_mut().for_each(|v| *v *= 0.01);
    let starts = query.windows(&quiet, 1).starts;
    let energy = |start: i32| -> f32 {
        let at = (0..window).map(|n| start + 2 * n).filter(|at| (0..200).contains(at));
        at.flat_map(|at| &quiet[at as usize * values..(at as usize + 1) * values]).map(|v| v * v).sum()
    };
    let least = CURRENT.min_window_energy * window as f32 / 2.0;
    let all = -window..200 - 2 * (window - 1) + window;
    assert_eq!(starts, all.filter(|start| energy(*start) >= least).collect::<Vec<_>>());
    assert!(starts[0] > 50, "{starts:?}");
}

#[test]
fn a_track_that_repeats_itself_does_not_crowd_out_the_others() {
    let folder = tempfile::tempdir().unwrap();
    // Two seconds over and over, and tunes of the same notes in another order.
    let riff = tune_of(7, 2);
    let looped: Vec<f32> = std::iter::repeat_n(&riff, 12).flatten().copied().collect();
    let tunes = [looped.clone()].into_iter().chain((100..112).map(|seed| tune_of(seed, 30)));
    let fingerprints: Vec<_> = tunes.map(|tune| fingerprint_of(&tune)).collect();
    let (store, ids) = store_of(&folder, &fingerprints);
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default().range(Range::PLAIN)).unwrap();
    let clip = part(&looped, 9.0, 15.0);
    let mut blocks = Audio::samples(clip, RATE).open().unwrap();
    chunks(&mut *blocks, &CURRENT, CHUNK, &CancelToken::new(), |chunk| {
        let places = query.places(chunk)?;
        let own = places.iter().filter(|place| place.track == ids[0]).count();
        assert_eq!(own, 6, "{places:#?}");
        let sounds: BTreeSet<usize> = places.iter().map(|place| place.sound).collect();
        assert!(places.len() > own && sounds.len() <= 16, "{}", sounds.len());
        // The others show what chance reaches.
        assert!(places.iter().all(|place| place.runner_up > 0.0), "{places:#?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn places_are_ranked_by_score_and_overlaps_in_a_track_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (store, ids) = store_of(&folder, &[1, 2, 3].map(fingerprint));
    let options = QueryOptions::default().top(2).explain(true);
    let library = Files::one(&store, &Arc::default());
    let query = Query::new(&library, &options).unwrap();
    // 10 s of query: 107 half frames.
    let range = 0..107;
    let mut places = vec![
        place(ids[0], range.clone(), 10.0, 3.0, 1),
        place(ids[1], range.clone(), 10.0, 30.0, 1),
        place(ids[1], 0..90, 30.0, 29.0, 1),
        place(ids[2], range, 10.0, 28.0, 1),
    ];
    // It leads by less than the third track does.
    (places[0].runner_up, places[1].runner_up) = (20.0, 27.0);
    places[3].runner_up = 1.0;
    let answer = query.rank(Path::new("clip"), places.clone(), 10.0).unwrap();
    let all: Vec<_> = answer.candidates.unwrap().iter().map(|m| (m.id, m.query_end.0)).collect();
    assert_eq!(
        all,
        [(ids[2], 10.0), (ids[1], 10.0), (ids[0], 10.0)],
        "the second place of a track is left out"
    );
    assert_eq!(answer.matches.iter().map(|m| m.id).collect::<Vec<_>>(), [ids[2]]);
    assert!(answer.matches[0].score > 0.99);
    let library = Files::one(&store, &Arc::default());
    let lenient = Query::new(&library, &options.clone().min_score(0.0)).unwrap();
    let answer = lenient.rank(Path::new("clip"), places, 10.0).unwrap();
    assert_eq!(answer.matches.iter().map(|m| m.id).collect::<Vec<_>>(), [ids[2], ids[1]], "two at most");
    assert!(answer.matches[0].score > answer.matches[1].score);
}

#[test]
fn the_offset_of_a_slower_clip_is_right_to_30_ms() {
    let folder = tempfile::tempdir().unwrap();
    let tunes: Vec<_> = (0..4).map(|seed| tune_of(seed + 120, 60)).collect();
    let index = library(&folder, &tunes);
    for (speed, from) in [(0.8, 11.3), (1.2, 7.7)] {
        let length = 10.0 * speed;
        let clip = faster(part(&tunes[2], from, from + length + 0.01), speed);
        let answer = index.query(Audio::samples(&clip, RATE)).unwrap();
        let best = &answer.matches[0];
        near(best, ("2", 0.0, 10.0, from, speed));
        let semitones = 12.0 * speed.log2();
        assert!((best.pitch - semitones).abs() < 0.1, "{best:?}");
    }
}

/// The places of a clip in a library of these tunes.
fn places_in(tunes: &[Vec<f32>], clip: &[f32], min_score: f32) -> Vec<Place> {
    let folder = tempfile::tempdir().unwrap();
    let fingerprints: Vec<_> = tunes.iter().map(|tune| fingerprint_of(tune)).collect();
    let (store, _) = store_of(&folder, &fingerprints);
    let options = QueryOptions::default().min_score(min_score);
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &options).unwrap();
    let mut places = Vec::new();
    chunks(&mut *Audio::samples(clip, RATE).open().unwrap(), &CURRENT, CHUNK, &CancelToken::new(), |chunk| {
        places.extend(query.places(chunk)?);
        Ok(())
    })
    .unwrap();
    places
}

#[test]
fn variants_are_tried_only_for_a_query_without_a_match_that_is_long_enough() {
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 140, 30)).collect();
    let has_variants = |clip: &[f32], min_score: f32| {
        let places = places_in(&tunes, clip, min_score);
        assert!(!places.is_empty());
        places.iter().any(|place| place.variants > 1)
    };
    let strange = tune_of(150, 8);
    assert!(has_variants(&strange, 1.0));
    assert!(!has_variants(part(&strange, 0.0, 1.0), 1.0), "too short");
    assert!(!has_variants(part(&tunes[1], 5.0, 13.0), 0.5), "there is a match");
}

#[test]
fn a_place_that_the_query_as_it_is_found_took_no_variants_whatever_its_tempo() {
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 160, 60)).collect();
    let fast = faster(part(&tunes[1], 5.0, 45.0), 1.01);
    let places = places_in(&tunes, &fast, 0.5);
    let best = places.iter().max_by(|a, b| a.evidence.total_cmp(&b.evidence)).unwrap();
    assert!((best.tempo - 1.01).abs() < 2e-3, "{best:?}");
    assert_eq!(best.variants, 1);
}

#[test]
fn a_variant_is_refined_until_it_agrees_as_well_as_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let tune = tune_of(170, 40);
    let (store, ids) = store_of(&folder, &[fingerprint_of(&tune)]);
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default()).unwrap();
    // Half way between two of the tempi that are tried, and nearly three semitones higher.
    let speed = 1.05f64.powf(3.5);
    let clip = faster(part(&tune, 5.0, 5.0 + 12.0 * speed), speed);
    let offset = (5.0 / CURRENT.half_frame_seconds().0).round() as i32;
    chunks(
        &mut *Audio::samples(&clip, RATE).open().unwrap(),
        &CURRENT,
        CHUNK,
        &CancelToken::new(),
        |chunk| {
            let variants = VariantFrames::new(chunk, &CURRENT);
            let mut evidence = |shift, tempo| {
                let candidate = Candidate { track: ids[0], offset, votes: 1.0 };
                let (places, _) = query.best(&variants, vec![(Variant { shift, tempo }, candidate)])?;
                Result::Ok(places[0].evidence)
            };
            let right = evidence(9, speed)?;
            for (shift, steps) in [(8, 3), (8, 4), (10, 3), (10, 4)] {
                let refined = evidence(shift, 1.05f64.powi(steps))?;
                assert!(refined > 0.97 * right, "{refined} of {right} from shift {shift} and {steps} steps");
            }
            Ok(())
        },
    )
    .unwrap();
}

#[test]
fn a_match_tells_where_else_in_its_track_the_same_sound_is() {
    let folder = tempfile::tempdir().unwrap();
    // Verse, chorus, verse, chorus of another tune: only the verse comes again.
    let tracks: Vec<_> = (0..3)
        .map(|seed| {
            let [verse, one, other] =
                [(200, 15), (210, 30), (220, 20)].map(|(first, seconds)| tune_of(first + seed, seconds));
            [&verse[..], &one, &verse, &other].concat()
        })
        .collect();
    let index = library(&folder, &tracks);
    for (n, track) in tracks.iter().enumerate() {
        let answer = index.query(Audio::samples(part(track, 3.0, 13.0), RATE)).unwrap();
        let best = &answer.matches[0];
        near(best, (&n.to_string(), 0.0, 10.0, 3.0, 1.0));
        let later: Vec<f64> = best.also_at.iter().map(|at| at.0 - best.ref_start.0).collect();
        assert!(later.len() == 1 && (later[0] - 45.0).abs() < 0.1, "{later:?}");
    }
}

/// Path and copies of each match.
fn recordings(index: &Index, clip: &[f32], options: &QueryOptions) -> (Vec<(String, Vec<String>)>, bool) {
    let answer = index.query_with(Audio::samples(clip, RATE), options).unwrap();
    let text = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
    let of = |found: &Match| (text(&found.path), found.copies.iter().map(text).collect::<Vec<_>>());
    (answer.matches.iter().map(of).collect(), answer.more)
}

#[test]
fn copies_of_a_recording_are_one_match() {
    let folder = tempfile::tempdir().unwrap();
    let song = tune_of(300, 60);
    let quieter: Vec<f32> = song[7_171..].iter().map(|s| 0.3 * s).collect();
    // 5 s of another tune in front do not make another recording, and neither does a shorter cut.
    let longer = [&tune_of(301, 5)[..], &song].concat();
    let shorter = part(&song, 8.4, 40.0).to_vec();
    // Over the minute it drifts by two frames.
    let slower = faster(&song, 0.995);
    let index = library(
        &folder,
        &[song.clone(), quieter, longer, shorter, slower, tune_of(302, 60), tune_of(303, 60)],
    );
    let clip = part(&song, 20.0, 28.0);
    let options = QueryOptions::default().range(Range::PLAIN);
    let (found, more) = recordings(&index, clip, &options);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!more);
    let mut all = found[0].1.clone();
    assert!(all.is_sorted());
    all.push(found[0].0.clone());
    all.sort();
    assert_eq!(all, ["0", "1", "2", "3", "4"]);
    // The limit counts recordings.
    assert_eq!(recordings(&index, clip, &options.clone().top(1)), (found, false));
    // A stored track has copies too.
    let mut ids = Vec::new();
    index
        .tracks(|track, _| {
            ids.push(track.id);
            Ok(())
        })
        .unwrap();
    let answer = index.query_track(ids[0], &options).unwrap().unwrap();
    assert_eq!((answer.matches.len(), answer.matches[0].copies.len()), (1, 3), "{:?}", answer.matches);
}

#[test]
fn tracks_that_share_a_jingle_are_matches_of_their_own_and_the_one_that_covers_most_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let jingle = tune_of(310, 12);
    let tracks: Vec<_> = (0..4).map(|n| [&jingle[..], &tune_of(311 + n, 48)].concat()).collect();
    let index = library(&folder, &tracks);
    let options = QueryOptions::default().range(Range::PLAIN);
    let (found, more) = recordings(&index, part(&jingle, 2.0, 11.0), &options);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|(_, copies)| copies.is_empty()) && !more, "{found:?}");
    let (limited, more) = recordings(&index, part(&jingle, 2.0, 11.0), &options.clone().top(2));
    assert_eq!((&limited[..], more), (&found[..2], true));
    for (n, track) in tracks.iter().enumerate() {
        let (found, _) = recordings(&index, part(track, 6.0, 22.0), &options);
        assert_eq!(found[0].0, n.to_string(), "{found:?}");
    }
}

/// More tracks than the places that are aligned at first, and a clip that begins between two windows of the library.
#[test]
fn a_jingle_of_many_tracks_is_found_in_all_of_them() {
    const TRACKS: usize = 200;
    let jingle = tune_of(320, 12);
    let tracks: Vec<_> = (0..TRACKS as u64).map(|n| [&jingle[..], &tune_of(321 + n, 2)].concat()).collect();
    let places = places_in(&tracks, part(&jingle, 1.04, 11.04), 0.5);
    let found: BTreeSet<TrackId> = places.iter().filter(|p| p.pairs > 40.0).map(|p| p.track).collect();
    assert_eq!(found.len(), TRACKS);
}

#[test]
fn silence_between_two_passages_belongs_to_neither() {
    let folder = tempfile::tempdir().unwrap();
    let song = tune_of(330, 60);
    let index = library(&folder, &[song.clone(), tune_of(331, 60), tune_of(332, 60)]);
    let silence = vec![0.0; 10 * RATE as usize];
    let clip = [part(&song, 30.0, 35.0), &silence, part(&song, 38.0, 48.0)].concat();
    let answer = index.query(Audio::samples(&clip, RATE)).unwrap();
    let mut found: Vec<(f64, f64, f64)> =
        answer.matches.iter().map(|m| (m.query_start.0, m.query_end.0, m.ref_start.0)).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(found.len(), 2, "{found:?}");
    for ((start, end, place), expected) in found.into_iter().zip([(0.0, 5.0, 30.0), (15.0, 25.0, 38.0)]) {
        let near = |a: f64, b: f64| (a - b).abs() < 1.5;
        assert!(
            near(start, expected.0) && near(end, expected.1) && near(place - start, expected.2 - expected.0),
            "{start} to {end} at {place}, expected {expected:?}"
        );
    }
}

#[test]
fn a_variant_has_to_find_more_than_chance_adds() {
    let (plain, faster) = (place(TrackId(1), 0..60, 0.0, 33.0, 1), place(TrackId(1), 0..140, 0.0, 34.7, 246));
    let found =
        |places: &[Place]| apart(places.to_vec()).iter().map(|p| (p.variants, p.to)).collect::<Vec<_>>();
    assert_eq!(found(&[plain.clone(), faster.clone()]), [(1, 60)]);
    assert_eq!(found(&[plain, Place { evidence: 45.0, ..faster }]), [(246, 140)]);
}
