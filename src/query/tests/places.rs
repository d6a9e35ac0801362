//! Which places are looked at, and how they are ranked.
use super::*;

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
