//! Queries of minutes, pushed sound, stored tracks, and many clips at once.
use super::*;

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
