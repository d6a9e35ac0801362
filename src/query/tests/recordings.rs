//! Copies, jingles and other recordings that share their sound.
use super::*;

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

#[test]
fn tracks_that_are_the_same_for_two_thirds_are_matches_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let song = tune_of(330, 120);
    let other_end = [part(&song, 0.0, 78.0), &tune_of(331, 42)].concat();
    // A copy: its pieces far from the clip are read one by one.
    let quieter: Vec<f32> = song.iter().map(|s| 0.3 * s).collect();
    let index = library(&folder, &[song.clone(), other_end, quieter, tune_of(332, 60)]);
    let options = QueryOptions::default().range(Range::PLAIN);
    let (mut found, _) = recordings(&index, part(&song, 25.0, 35.0), &options);
    found.iter_mut().for_each(|(path, copies)| {
        copies.push(path.clone());
        copies.sort();
    });
    let mut groups: Vec<_> = found.into_iter().map(|(_, copies)| copies).collect();
    groups.sort();
    assert_eq!(groups, [vec!["0", "2"], vec!["1"]]);
}

/// More tracks than the places that are aligned at first, and clips with a little noise that begin on and between two windows
/// of the library.
#[test]
fn a_jingle_of_many_tracks_is_found_in_all_of_them() {
    const TRACKS: usize = 200;
    let jingle = tune_of(320, 12);
    let tracks: Vec<_> = (0..TRACKS as u64).map(|n| [&jingle[..], &tune_of(321 + n, 2)].concat()).collect();
    let mut noise = fastrand::Rng::with_seed(320);
    let clips: Vec<Vec<f32>> = [1.04, 1.14, 1.2, 1.26, 1.32]
        .map(|start| {
            part(&jingle, start, start + 10.0).iter().map(|s| s + 0.4 * (noise.f32() - 0.5)).collect()
        })
        .into();
    let clips: Vec<&[f32]> = clips.iter().map(Vec::as_slice).collect();
    for places in places_of_each(&tracks, &clips, 0.5) {
        let found: BTreeSet<TrackId> = places.iter().filter(|p| p.pairs > 40.0).map(|p| p.track).collect();
        assert_eq!(found.len(), TRACKS);
    }
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
