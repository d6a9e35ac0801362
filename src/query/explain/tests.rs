use std::{f64::consts::TAU, sync::Arc};

use super::*;
use crate::{
    Index,
    align::Traits,
    decode::Audio,
    library::Files,
    params::CURRENT,
    query::{options::QueryOptions, place::Anchor},
    store::Store,
};

const RATE: u32 = CURRENT.sample_rate.0;

/// Three voices that change their notes at different times.
fn song(seed: u64, seconds: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed).fork();
    let notes: Vec<f64> =
        (0..12 * seconds).map(|_| 220.0 * (random.i32(0..30) as f64 / 12.0).exp2()).collect();
    let sound = |i: usize| {
        let time = i as f64 / f64::from(RATE);
        let voice = |n: usize, rate: f64| (time * TAU * notes[3 * (time * rate) as usize + n]).sin();
        (0.2 * (voice(0, 2.0) + voice(1, 3.0) + voice(2, 1.3))) as f32
    };
    (0..seconds * RATE as usize).map(sound).collect()
}

/// An index with these songs, in a folder.
fn index(songs: &[(&str, &[f32])]) -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    for (name, samples) in songs {
        index.add_audio(Audio::samples(samples, RATE), *name).unwrap();
    }
    (folder, index)
}

fn part(song: &[f32], from: f64, to: f64) -> &[f32] {
    let at = |seconds: f64| (seconds * f64::from(RATE)) as usize;
    &song[at(from)..at(to)]
}

fn explained(index: &Index, clip: &[f32], track: Option<TrackId>) -> Explanation {
    index.explain(Audio::samples(clip, RATE), track, &QueryOptions::default()).unwrap()
}

/// What a query says of the same clip.
fn answered(index: &Index, clip: &[f32]) -> Answer {
    index.query_with(Audio::samples(clip, RATE), &QueryOptions::default().explain(true)).unwrap()
}

/// The parts add up to the evidence of the place.
#[track_caller]
fn adds_up(explained: &Explanation) {
    let (place, curve) = (explained.place.as_ref().unwrap(), explained.evidence.as_ref().unwrap());
    let sum = curve.sum.last().unwrap().1;
    assert!((sum - place.evidence).abs() < 2e-3 * place.evidence.max(1.0), "{sum} for {}", place.evidence);
    let rising = curve.sum.windows(2).all(|pair| pair[0].0 <= pair[1].0);
    assert!(rising && curve.sum[0].1 == 0.0, "{:?}", curve.sum);
}

#[test]
fn a_match_has_the_numbers_of_the_answer_and_they_add_up() {
    let (one, two) = (song(1, 60), song(2, 60));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    let clip = part(&one, 20.0, 30.0);
    let (explained, answer) = (explained(&index, clip, None), answered(&index, clip));
    assert_eq!((explained.rule, explained.status), (Rule::Match, Status::Match));
    assert_eq!(explained.place.as_ref(), answer.matches.first());
    adds_up(&explained);
    let (clip_time, track_time) = explained.path[0];
    assert!((track_time - clip_time - 20.0).abs() < 0.1, "{:?}", explained.path);
    let votes = explained.votes.as_ref().unwrap();
    let most = votes.track.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((most.0 - 20.0).abs() < 0.2, "{most:?}");
    assert!(explained.reason.starts_with("match: evidence "), "{}", explained.reason);
    let needed = explained.needed_evidence.unwrap();
    assert!(needed > 0.0 && needed < explained.place.as_ref().unwrap().evidence);
}

#[test]
fn the_maps_show_what_the_clip_meets_and_a_little_of_the_track_beside_it() {
    let (one, two) = (song(1, 60), song(2, 60));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    let explained = explained(&index, part(&one, 20.0, 30.0), None);
    let near =
        |time: f64, expected: f64| assert!((time - expected).abs() < 0.5, "{time} s, not {expected} s");
    let of_track = explained.track_chroma.unwrap();
    let end = of_track.start + of_track.step * of_track.values.len() as f64;
    assert!(of_track.start < 20.0 && end > 30.0, "{} to {end}", of_track.start);
    near(of_track.start, 20.0);
    near(end, 30.0);
    // Sixteen frames on either side.
    let map = explained.similarity.unwrap();
    near(map.track_start, 17.0);
    near(map.track_start + map.track_step * map.values[0].len() as f64, 33.0);
    near(map.clip_start, 0.0);
    near(map.clip_start + map.clip_step * map.values.len() as f64, 10.0);
}

#[test]
fn a_clip_of_two_chunks_adds_up_over_both() {
    let (one, two) = (song(3, 150), song(4, 60));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    let clip = part(&one, 10.0, 120.0);
    let (explained, answer) = (explained(&index, clip, None), answered(&index, clip));
    assert_eq!(explained.place.as_ref(), answer.matches.first());
    assert!(explained.path.len() >= 4, "{:?}", explained.path);
    adds_up(&explained);
}

#[test]
fn a_clip_at_another_speed_adds_up() {
    let (one, two) = (song(5, 60), song(6, 60));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    // Played a tenth faster, and higher by as much.
    let clip = part(&one, 15.0, 30.0);
    let rate = (f64::from(RATE) * 1.1) as u32;
    let explained = index.explain(Audio::samples(clip, rate), None, &QueryOptions::default()).unwrap();
    let answer = index.query(Audio::samples(clip, rate)).unwrap();
    assert_eq!(explained.place.as_ref(), answer.matches.first());
    assert!(explained.place.as_ref().unwrap().variants > 1, "{:?}", explained.place);
    adds_up(&explained);
    let [first, last] = [explained.path[0], *explained.path.last().unwrap()];
    let tempo = (last.1 - first.1) / (last.0 - first.0);
    assert!((tempo - 1.1).abs() < 0.01, "{tempo}");
}

#[test]
fn the_best_place_is_explained_if_there_is_no_match() {
    let (one, two, other) = (song(7, 60), song(8, 60), song(9, 10));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    let (explained, answer) = (explained(&index, &other, None), answered(&index, &other));
    assert_eq!((answer.status, explained.status), (Status::NoMatch, Status::NoMatch));
    let candidates = answer.candidates.unwrap();
    assert_eq!(explained.place.as_ref(), candidates.first());
    assert!(matches!(explained.rule, Rule::Evidence | Rule::Rival | Rule::Variants), "{:?}", explained.rule);
    assert!(explained.reason.starts_with("refused: "), "{}", explained.reason);
    adds_up(&explained);
}

#[test]
fn a_track_is_explained_though_another_matches() {
    let (one, two) = (song(10, 60), song(11, 60));
    let (_folder, index) = index(&[("one", &one), ("two", &two)]);
    let clip = part(&one, 20.0, 30.0);
    let [first, second] = [TrackId(1), TrackId(2)].map(|id| explained(&index, clip, Some(id)));
    assert_eq!((first.rule, first.place.as_ref().unwrap().id), (Rule::Match, TrackId(1)));
    assert_eq!((second.status, second.place.as_ref().unwrap().id), (Status::NoMatch, TrackId(2)));
    assert_eq!(second.rival.as_ref().map(|rival| rival.id), Some(TrackId(1)), "{:?}", second.reason);
    adds_up(&second);
    let unknown = index.explain(Audio::samples(clip, RATE), TrackId(9), &QueryOptions::default());
    assert!(unknown.unwrap_err().to_string().ends_with("has no track with the id 9"));
}

/// The search proposes no place of the track; every offset is tried.
#[test]
fn a_track_that_the_search_does_not_propose_has_a_place() {
    let (one, two) = (song(12, 40), song(13, 400));
    let (folder, index) = index(&[("one", &one), ("two", &two)]);
    drop(index);
    let store = Store::open_read(folder.path().join("i.refrain")).unwrap();
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default()).unwrap();
    let mut whole = crate::extract::chunks::Chunk::default();
    let clip = part(&two, 303.0, 311.0);
    let token = crate::CancelToken::new();
    chunks(&mut *Audio::samples(clip, RATE).open().unwrap(), &CURRENT, CHUNK, &token, |chunk| {
        whole = chunk.clone();
        Ok(())
    })
    .unwrap();
    let places = query.closest(&VariantFrames::new(&whole, &CURRENT), TrackId(2), &[]).unwrap();
    let [place] = &places[..] else { panic!("{places:?}") };
    let at = place.in_track(0.0) * CURRENT.half_frame_seconds().0;
    assert!(place.track == TrackId(2) && (at - 303.0).abs() < 0.2, "{at}");
}

#[test]
fn a_copy_stands_behind_the_match_that_the_answer_names() {
    let (one, other) = (song(14, 60), song(15, 60));
    let quiet: Vec<f32> = one.iter().map(|s| 0.5 * s).collect();
    let (_folder, index) = index(&[("a", &one), ("b", &quiet), ("c", &other)]);
    let clip = part(&one, 20.0, 32.0);
    let answer = answered(&index, clip);
    assert_eq!((answer.matches.len(), answer.matches[0].copies.len()), (1, 1), "{answer:?}");
    let named = answer.matches[0].id;
    let copy = if named == TrackId(1) { TrackId(2) } else { TrackId(1) };
    assert_eq!(explained(&index, clip, Some(named)).rule, Rule::Match);
    let copy = explained(&index, clip, Some(copy));
    assert_eq!((copy.rule, copy.status), (Rule::Copy, Status::Match));
    assert!(copy.reason.contains("the same recording as"), "{}", copy.reason);
}

#[test]
fn clips_without_a_place_are_explained_too() {
    let one = song(16, 30);
    let (_folder, with_song) = index(&[("one", &one)]);
    let rule = |index: &Index, clip: &[f32]| {
        let explained = explained(index, clip, None);
        assert_eq!((explained.status, explained.place.is_none()), (Status::NoMatch, true));
        assert!(explained.reason.starts_with("no match: "), "{}", explained.reason);
        assert!(explained.svg(crate::report::Theme::Auto).unwrap().contains("no match: "));
        explained.rule
    };
    assert_eq!(rule(&with_song, &vec![0.0; 5 * RATE as usize]), Rule::Silence);
    let (_folder, empty) = index(&[]);
    assert_eq!(rule(&empty, &one), Rule::EmptyIndex);
    let tone: Vec<f32> =
        (0..5 * RATE).map(|i| (0.3 * (f64::from(i) / f64::from(RATE) * 440.0 * TAU).sin()) as f32).collect();
    let steady = explained(&with_song, &tone, None);
    assert!(matches!(steady.rule, Rule::Steady | Rule::Evidence | Rule::Variants), "{:?}", steady.rule);
}

/// A place for which every rule can be made to decide.
fn judged(change: impl Fn(&mut Place)) -> (Rule, Option<f64>) {
    let one = song(17, 60);
    let (folder, index) = index(&[("one", &one)]);
    drop(index);
    let store = Store::open_read(folder.path().join("i.refrain")).unwrap();
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default()).unwrap();
    // As in a large library.
    query.windows = CURRENT.score.many_windows;
    let mut place = Place::for_test(TrackId(1), Anchor { at: 50.0, offset: 100.0 }, 0..106);
    (place.evidence, place.runner_up) = (30.0, 2.0);
    place.traits = Some(Traits { similarity: 0.8, ..Traits::SAME });
    change(&mut place);
    let judgement = query.judge(&place, 10.0);
    if let Some(needed) = judgement.needed_evidence {
        let score = |evidence: f64| {
            let tried = Place { evidence: evidence as f32, traits: None, ..place.clone() };
            query.score_in(&tried, 10.0)
        };
        assert!(score(needed) >= 0.9 && score(needed - 0.02) < 0.9, "{needed}");
    }
    (judgement.rule, judgement.needed_evidence)
}

#[test]
fn each_rule_can_decide() {
    let (rule, needed) = judged(|_| {});
    let needed = needed.unwrap();
    assert!(rule == Rule::Match && needed > 2.0 && needed < 30.0, "{rule:?} {needed}");
    assert_eq!(judged(|p| p.evidence = 0.3 * needed as f32).0, Rule::Evidence);
    assert_eq!(judged(|p| p.runner_up = 29.0).0, Rule::Rival);
    assert!(judged(|p| p.runner_up = 29.0).1.unwrap() > 30.0);
    let [as_it_is, of_many] =
        [1, 246].map(|variants| judged(|p| (p.runner_up, p.variants) = (0.0, variants)).1.unwrap());
    let between = ((as_it_is + of_many) / 2.0) as f32;
    let alone = judged(|p| (p.runner_up, p.variants, p.evidence) = (0.0, 246, between));
    assert_eq!(alone.0, Rule::Variants);
    let other = Traits {
        similarity: 0.5,
        timbre: 0.15,
        timbre_of_track: 0.15,
        unevenness: 1.0,
        echo: 0.0,
        contrast: 4.0,
        overtones: 0.4,
        rises: 0.4,
        ..Traits::SAME
    };
    assert_eq!(judged(|p| p.traits = Some(other)), (Rule::OtherRendering, Some(needed)));
    assert_eq!(
        judged(|p| p.traits = Some(Traits { steadiness: 0.99, ..Traits::SAME })),
        (Rule::Steady, None)
    );
    let backwards = |p: &mut Place| (p.runner_up, p.is_backwards) = (p.evidence, true);
    assert_eq!(judged(backwards).0, Rule::Backwards);
}
