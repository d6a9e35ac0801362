use super::{
    alignment::{best, distinct, places, repeats},
    candidates::Candidate,
    fixture::{Library, Performance, performed},
    voice::{STACK, Voice},
    *,
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError},
    fingerprint::{MelodyFrame, SECTION_DIMS, Sections, Sums, computed_here, melody, section_cosine},
    params::CURRENT,
    store::{Store, TrackId},
};

const PLAIN: Performance = Performance { seed: 1, semitones: 0, note: 3.0 };

fn voice(tune: u64, notes: usize, as_played: Performance, ratio: f64) -> Voice {
    Voice::new(&Sums::of(&melody(&performed(tune, notes, as_played).frames, &CURRENT)), ratio)
}

/// The best sum as its definition says, over whole matrices.
fn plainly(query: &Voice, track: &Voice) -> f64 {
    let (n, m) = (query.stacks(), track.stacks());
    let dot =
        |a: &MelodyFrame, b: &MelodyFrame| -> f64 { a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum() };
    let energy = |voice: &Voice, at: usize| -> f64 {
        voice.frames[at..at + STACK].iter().map(|frame| dot(frame, frame)).sum()
    };
    let mut s = vec![vec![0.0; m]; n];
    for (i, row) in s.iter_mut().enumerate() {
        for (j, s) in row.iter_mut().enumerate() {
            let sum: f64 = (0..STACK).map(|k| dot(&query.frames[i + k], &track.frames[j + k])).sum();
            *s = sum / (energy(query, i).max(1e-6) * energy(track, j).max(1e-6)).sqrt();
        }
    }
    let all = s.iter().flatten().sum::<f64>() / (n * m) as f64;
    let rows: Vec<f64> = s.iter().map(|row| row.iter().sum::<f64>() / m as f64).collect();
    let columns: Vec<f64> = (0..m).map(|j| s.iter().map(|row| row[j]).sum::<f64>() / n as f64).collect();
    let left = |i: usize, j: usize| s[i][j] - rows[i] - columns[j] + all;
    let squares: f64 =
        (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| left(i, j).powi(2)).sum();
    let deviation = (squares / (n * m) as f64).sqrt().max(1e-6);
    let mut d = vec![vec![0.0f64; m]; n];
    let mut most = 0.0f64;
    for i in 0..n {
        for j in 0..m {
            let mut before = 0.0f64;
            for (rows, columns, price) in [(1, 1, 0.0), (2, 1, 0.2), (1, 2, 0.2)] {
                if i >= rows && j >= columns {
                    before = before.max(d[i - rows][j - columns] - price);
                }
            }
            d[i][j] = (before + (left(i, j) / deviation - 2.0).max(-2.0)).max(0.0);
            most = most.max(d[i][j]);
        }
    }
    most
}

#[test]
fn the_best_path_is_that_of_whole_matrices() {
    for (tune, other, notes, ratio) in
        [(1, 1, 40, 1.0), (1, 2, 33, 0.9), (3, 3, 21, 1.3), (4, 5, 4, 1.0), (6, 6, 5, 1.1)]
    {
        let query = voice(tune, notes, PLAIN, ratio);
        let track = voice(other, notes + 10, Performance { seed: 2, note: 3.3, ..PLAIN }, 1.0);
        let fast = f64::from(best(&query, &track).unwrap().evidence);
        let plain = plainly(&query, &track);
        assert!((fast - plain).abs() < 1e-3 * plain.max(1.0), "{fast} for {plain}");
    }
    assert_eq!(best(&voice(1, 3, PLAIN, 1.0), &voice(1, 40, PLAIN, 1.0)), None, "shorter than a stack");
}

#[test]
fn a_path_goes_where_the_tune_is() {
    let query = voice(1, 40, PLAIN, 1.0);
    // The same tune after 20 notes of another one, at two thirds of the speed.
    let mut frames = melody(&performed(2, 20, PLAIN).frames, &CURRENT);
    let before = frames.len();
    frames.extend(melody(&performed(1, 40, Performance { seed: 2, note: 4.5, ..PLAIN }).frames, &CURRENT));
    let track = Voice::new(&Sums::of(&frames), 1.0);
    let path = best(&query, &track).unwrap();
    let found = places(&query, &track, &path);
    let gained: f32 = found.iter().map(|place| place.gain).sum();
    assert!((gained - path.evidence).abs() < 0.01, "{gained} of {}", path.evidence);
    assert!(found.windows(2).all(|two| two[0].query < two[1].query && two[0].track < two[1].track));
    assert!(found.len() > 25, "{} places", found.len());
    for place in &found {
        let expected = before as f64 / 2.0 + place.query as f64 * 1.5;
        assert!((place.track as f64 - expected).abs() < 4.0, "{place:?}, not {expected}");
    }
}

#[test]
fn a_passage_that_comes_back_counts_once() {
    let once = voice(1, 40, PLAIN, 1.0);
    let frames = melody(&performed(1, 40, PLAIN).frames, &CURRENT);
    let four = Voice::new(&Sums::of(&[&frames[..]; 4].concat()), 1.0);
    let mean = |voice: &Voice| {
        let repeats = repeats(voice);
        repeats.iter().sum::<f32>() / repeats.len() as f32
    };
    assert!(mean(&once) < 1.2, "{}", mean(&once));
    assert!((3.5..4.6).contains(&mean(&four)), "{}", mean(&four));
    let found = |query: &Voice, track: &Voice| {
        let path = best(query, track).unwrap();
        let counted = distinct(&places(query, track, &path), &repeats(query), &repeats(track));
        (f64::from(path.evidence), counted)
    };
    let (of_one, counted_once) = found(&once, &once);
    let (of_four, counted) = found(&four, &four);
    assert!(of_four > 3.0 * of_one, "{of_four} for {of_one}");
    assert!(counted < 1.4 * counted_once, "{counted} for {counted_once}");
}

#[test]
fn many_performances_of_one_tune_are_all_versions() {
    let mut library = Library::new();
    for n in 1..=12 {
        library.put(
            format!("/{n}"),
            &performed(7, 60, Performance { seed: n, semitones: n as usize, note: 3.0 }),
        );
    }
    let found = versions(&library.store, &asked(7, Performance { seed: 50, ..PLAIN }), &|_| false).unwrap();
    assert_eq!(found.iter().filter(|found| found.probability > 0.8).count(), 12, "{found:?}");
}

fn asked(tune: u64, as_played: Performance) -> Asked {
    Asked::of(&performed(tune, 60, as_played).frames, &CURRENT).unwrap()
}

/// Thirty tunes of 60 notes.
fn library() -> Library {
    let mut library = Library::new();
    for tune in 1..=30 {
        let as_played =
            Performance { seed: tune, semitones: tune as usize % 12, note: 2.5 + tune as f64 / 30.0 };
        library.put(format!("/{tune}"), &performed(tune, 60, as_played));
    }
    library
}

#[test]
fn another_performance_is_found_with_its_key_and_tempo() {
    let library = library();
    for tune in [3, 17, 28] {
        // Five semitones above the track, and a note takes a fifth more time.
        let note = 1.2 * (2.5 + tune as f64 / 30.0);
        let query = asked(tune, Performance { seed: 99, semitones: tune as usize % 12 + 5, note });
        let found = versions(&library.store, &query, &|_| false).unwrap();
        let first = &found[0];
        assert_eq!((first.track.0, first.transposition), (tune as u32, 5));
        assert!((first.tempo - 1.0 / 1.2).abs() < 0.02, "{}", first.tempo);
        assert!(first.probability > 0.9, "{first:?}");
        assert!(found[1..].iter().all(|other| other.probability < 0.5), "{found:?}");
        assert!(first.path.windows(2).all(|two| two[0][0].0 < two[1][0].0 && two[0][1].0 < two[1][1].0));
        assert!(found.iter().all(|other| (0.0..=1.0).contains(&other.probability)));
        let without = versions(&library.store, &query, &|track| track.0 == tune as u32).unwrap();
        assert!(without.iter().all(|other| other.track.0 != tune as u32 && other.probability < 0.5));
    }
    let unknown = asked(77, PLAIN);
    let found = versions(&library.store, &unknown, &|_| false).unwrap();
    assert!(found.iter().all(|found| found.probability < 0.5), "{found:?}");
}

#[test]
fn the_tracks_with_the_most_similar_sections_are_candidates() {
    let library = library();
    let query = asked(5, Performance { seed: 50, semitones: 3, note: 3.0 });
    let found = candidates(&library.store, &query, 4, &|track| track.0 == 9).unwrap();
    // These tracks are short, so that more than four take no more time than four of the usual length.
    assert_eq!((found.len(), found[0].track.0), (29, 5));
    // Its score as its definition says, at the tempo that it has.
    let melody = Sums::of(&melody(
        &performed(5, 60, Performance { seed: 50, semitones: 3, note: 3.0 }).frames,
        &CURRENT,
    ));
    let sections = Sections::new(&melody, &CURRENT);
    let seconds = 12.0 * found[0].ratio;
    let stored = library.store.fingerprint(TrackId(5)).unwrap().sections;
    let cosine = |a: &[i8], b: &[i8]| {
        section_cosine(a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum())
    };
    let of_each = (0..sections.count(seconds, 8.0)).map(|n| {
        let own = sections.vector(n as f64 * 8.0, seconds);
        stored.chunks(SECTION_DIMS).map(|other| cosine(&own, other)).fold(0.0, f32::max)
    });
    let of_each: Vec<f32> = of_each.collect();
    let mean = of_each.iter().sum::<f32>() / of_each.len() as f32;
    assert!((mean - found[0].score).abs() < 1e-5, "{mean}, {}", found[0].score);
    assert!(found.windows(2).all(|two| two[0].score >= two[1].score));
    let all = candidates(&library.store, &query, 100, &|_| false).unwrap();
    assert_eq!(all.len(), 30);
    // As many as have the sections of one track of four minutes, 57.
    let few = candidates(&library.store, &query, 1, &|_| false).unwrap();
    let sections = |found: &[Candidate]| found.iter().map(|one| one.sections).sum::<usize>();
    assert!((5..15).contains(&few.len()) && sections(&few) <= 57, "{few:?}");
    assert!(sections(&all[..=few.len()]) > 57);
    assert_eq!(few[0].sections, stored.len() / SECTION_DIMS);
}

#[test]
fn what_is_short_or_silent_has_no_versions() {
    let library = library();
    let print = performed(5, 60, PLAIN);
    let bytes = CURRENT.frame_bytes();
    assert!(Asked::of(&print.frames[..105 * bytes], &CURRENT).is_none());
    assert!(Asked::of(&print.frames[..106 * bytes], &CURRENT).is_some());
    // Level 8 is nearly 0.
    let silence = Asked::of(&vec![0x88; 200 * bytes], &CURRENT).unwrap();
    assert!(candidates(&library.store, &silence, 4, &|_| false).unwrap().is_empty());
    assert!(versions(&library.store, &silence, &|_| false).unwrap().is_empty());
    assert!(versions(&Library::new().store, &asked(1, PLAIN), &|_| false).unwrap().is_empty());
}

fn all_sections(store: &Store) -> Vec<(TrackId, Vec<i8>)> {
    let mut all = Vec::new();
    store
        .sections(Store::ALL_TRACKS, |track, vectors| {
            all.push((track, vectors.to_vec()));
            Ok(())
        })
        .unwrap();
    all
}

#[test]
fn sections_are_filled_in_where_there_are_none() {
    let mut library = library();
    let before = all_sections(&library.store);
    assert!(before.len() >= 30 && !library.store.lacks_sections().unwrap());
    let token = CancelToken::new();
    let fill = |store: &mut Store, anew, token: &CancelToken| fill(store, anew, token, |_, _| Ok(()));
    assert_eq!(fill(&mut library.store, false, &token).unwrap(), 0);
    library.store.write(|batch| batch.clear_sections()).unwrap();
    assert!(library.store.lacks_sections().unwrap());
    library.store.verify(&token).unwrap();
    assert_eq!(fill(&mut library.store, false, &token).unwrap(), 30);
    assert!(!library.store.lacks_sections().unwrap());
    assert_eq!(all_sections(&library.store), before);
    assert_eq!(fill(&mut library.store, true, &token).unwrap(), 30);
    assert_eq!(all_sections(&library.store), before);
    library.store.verify(&token).unwrap();
    token.cancel();
    assert!(matches!(fill(&mut library.store, true, &token), Err(Error::Interrupted)));
    assert_eq!(all_sections(&library.store), before);
    // Rows of a track that is not there are the file's damage, which computing them again repairs.
    let token = CancelToken::new();
    library.store.write(|batch| batch.put_sections(TrackId(99), &before[0].1)).unwrap();
    let damaged = library.store.verify(&token);
    assert!(matches!(damaged, Err(Error::Index { reason: IndexError::Neighbours(_), .. })), "{damaged:?}");
    fill(&mut library.store, true, &token).unwrap();
    library.store.verify(&token).unwrap();
}

#[test]
fn an_interrupted_fill_goes_on_where_it_stopped() {
    let mut library = Library::new();
    let print = performed(1, 60, PLAIN);
    let tracks: Vec<TrackId> = (0..150).map(|n| library.put(format!("/{n}"), &print)).collect();
    let before = all_sections(&library.store);
    library.store.write(|batch| batch.clear_sections()).unwrap();
    let (token, here) = (CancelToken::new(), computed_here());
    let mut told = Vec::new();
    let done = fill(&mut library.store, true, &token, |done, total| {
        told.push((done, total));
        if done > 0 {
            token.cancel();
        }
        token.check()
    });
    assert!(matches!(done, Err(Error::Interrupted)), "{done:?}");
    assert_eq!(told, [(0, 150), (64, 150)]);
    assert_eq!(computed_here(), here, "other threads compute them");
    library.store.verify(&CancelToken::new()).unwrap();
    assert_eq!(library.store.tracks_for_sections(false).unwrap(), tracks[64..]);
    assert!(library.store.lacks_sections().unwrap());
    // Tracks without sections come first.
    let (token, mut calls) = (CancelToken::new(), 0);
    let again = fill(&mut library.store, true, &token, |done, total| {
        assert_eq!(total, 150);
        calls += 1;
        if done == 128 { Err(Error::Interrupted) } else { Ok(()) }
    });
    assert!(again.is_err() && calls == 3, "{calls}");
    assert!(library.store.tracks_for_sections(false).unwrap().is_empty());
    assert_eq!(all_sections(&library.store), before);
    // A call that is cancelled while threads compute writes nothing.
    library.store.write(|batch| batch.clear_sections()).unwrap();
    let done = fill(&mut library.store, false, &token, |_, _| {
        token.cancel();
        Ok(())
    });
    assert!(matches!(done, Err(Error::Interrupted)));
    assert!(all_sections(&library.store).is_empty());
}

#[test]
fn a_cancelled_search_ends() {
    let library = library();
    let token = CancelToken::new();
    let _cancellable = library.store.cancellable(&token);
    let looked_at = std::cell::Cell::new(0);
    let cancels = |_| {
        looked_at.set(looked_at.get() + 1);
        if looked_at.get() == 5 {
            token.cancel();
        }
        false
    };
    let done = versions(&library.store, &asked(1, PLAIN), &cancels);
    assert!(looked_at.get() < 30, "{looked_at:?}");
    assert!(matches!(done, Err(Error::Interrupted)));
}
