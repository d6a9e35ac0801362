//! Timelines of recordings that are put together from made-up tunes.
use std::{
    f64::consts::TAU,
    sync::{Arc, Mutex},
};

use super::options::TimelineOptions;
use crate::{
    Index,
    cancel::CancelToken,
    decode::{Audio, BlockSource},
    error::Error,
    params::CURRENT,
    report::{Moment, Play, Timeline},
    units::{SampleRate, Seconds},
};

const RATE: u32 = CURRENT.sample_rate.0;

/// `seconds` seconds of a tune from second `from` on: a note and its fifth, four a second, `speed` times as fast.
fn tune(seed: u64, from: f64, seconds: f64, speed: f64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed).fork();
    let notes: Vec<f64> = (0..400).map(|_| 220.0 * (random.i32(0..24) as f64 / 12.0).exp2()).collect();
    let sound = |i: usize| {
        let time = from + speed * i as f64 / f64::from(RATE);
        let phase = time * TAU * notes[(4.0 * time) as usize];
        (0.25 * phase.sin() + 0.125 * (1.5 * phase).sin()) as f32
    };
    (0..(seconds * f64::from(RATE)) as usize).map(sound).collect()
}

fn silence(seconds: f64) -> Vec<f32> {
    vec![0.0; (seconds * f64::from(RATE)) as usize]
}

/// Sound without any tone.
fn noise(seconds: f64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(77);
    (0..(seconds * f64::from(RATE)) as usize).map(|_| 0.3 * (random.f32() - 0.5)).collect()
}

/// An index of `tracks` tunes of 60 s: "0", "1" and so on.
fn index(folder: &tempfile::TempDir, tracks: u64) -> Index {
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    for track in 0..tracks {
        let tune = tune(track, 0.0, 60.0, 1.0);
        index.add_audio(Audio::samples(&tune, RATE), track.to_string()).unwrap();
    }
    index
}

fn timeline(index: &Index, samples: &[f32]) -> Timeline {
    index.timeline(Audio::samples(samples, RATE).named("show")).unwrap()
}

fn name(play: &Play) -> &str {
    play.path.file_name().unwrap().to_str().unwrap()
}

#[track_caller]
fn assert_near(one: Seconds, other: f64, what: &str) {
    // A second on either side counts for the mean of a frame, and a tune of few notes resembles much.
    assert!((one.0 - other).abs() < 3.0, "{what}: {one} for {other}");
}

#[test]
fn each_play_has_its_start_its_end_and_its_place_in_the_track() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    let show = [
        tune(1, 10.0, 25.0, 1.0),
        silence(6.0),
        noise(20.0),
        tune(2, 5.0, 20.0, 1.0),
        tune(1, 40.0, 15.0, 1.0),
    ]
    .concat();
    let timeline = timeline(&index, &show);
    let expected = [("1", 0.0, 25.0, 10.0), ("2", 51.0, 71.0, 5.0), ("1", 71.0, 86.0, 40.0)];
    assert_eq!(timeline.plays.len(), 3, "{:#?}", timeline.plays);
    for (play, (track, start, end, ref_start)) in timeline.plays.iter().zip(expected) {
        assert_eq!(name(play), track);
        assert_near(play.start, start, "start");
        assert_near(play.end, end, "end");
        assert_near(play.ref_start, ref_start, "place in the track");
        assert_near(play.ref_end, ref_start + end - start, "place in the track");
        assert_eq!((play.tempo, play.pitch), (1.0, 0.0));
        assert!(play.score > 0.9 && play.score <= 1.0);
    }
    let [unknown] = &timeline.unknown[..] else { panic!("{:?}", timeline.unknown) };
    assert_near(unknown.0, 31.0, "unknown from");
    assert_near(unknown.1, 51.0, "unknown to");
    let [silent] = &timeline.silent[..] else { panic!("{:?}", timeline.silent) };
    assert_near(silent.0, 25.0, "silent from");
    assert_near(silent.1, 31.0, "silent to");
    assert_eq!(timeline.duration, Seconds(86.0));
}

/// The first look at it hears nothing but the loop.
#[test]
fn a_track_that_begins_with_a_loop_is_told_at_the_turn_that_fits_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 4);
    let (turn, turns) = (9.0, 6);
    let song = looping_song(turns);
    index.add_audio(Audio::samples(&song, RATE), "song").unwrap();
    for skipped in 0..turns {
        let from = skipped as f64 * turn;
        let show = [&tune(2, 5.0, 14.0, 1.0)[..], &song[(from * f64::from(RATE)) as usize..]].concat();
        let timeline = timeline(&index, &show);
        assert_eq!(timeline.plays.iter().map(name).collect::<Vec<_>>(), ["2", "song"], "turn {skipped}");
        assert_near(timeline.plays[1].start, 14.0, "start");
        assert_near(timeline.plays[1].ref_start, from, "place in the track");
        assert_near(timeline.plays[1].end, 38.0 + (turns - skipped) as f64 * turn, "end");
    }
}

/// A song that begins with `turns` turns of a loop of 9 s.
fn looping_song(turns: usize) -> Vec<f32> {
    [tune(60, 0.0, 9.0, 1.0).repeat(turns), tune(61, 0.0, 24.0, 1.0)].concat()
}

/// Who listens hears of the song while only its loop was heard, and of its end when the place is known.
#[test]
fn live_sound_tells_the_end_of_a_song_with_a_loop_at_its_right_place() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 4);
    let song = looping_song(4);
    index.add_audio(Audio::samples(&song, RATE), "song").unwrap();
    for skipped in 0..3 {
        let from = 9.0 * skipped as f64;
        let show = [&tune(2, 5.0, 14.0, 1.0)[..], &song[(from * f64::from(RATE)) as usize..]].concat();
        let mut live = index.live(&TimelineOptions::default()).unwrap();
        let mut told = Vec::new();
        for block in show.chunks(RATE as usize) {
            told.extend(live.push(block, 1, RATE).unwrap());
        }
        told.extend(live.finish().unwrap());
        let of_song: Vec<_> = told.iter().filter(|told| name(&told.play) == "song").collect();
        let [start, end] = &of_song[..] else { panic!("turn {skipped}: {of_song:#?}") };
        assert_eq!((start.moment, end.moment), (Moment::Start, Moment::End));
        assert_near(end.play.ref_end, 60.0, "end in the track");
    }
}

/// What follows a play is like neither turn of its loop, and must not decide between them.
#[test]
fn a_song_that_is_cut_after_a_turn_of_its_loop_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 4);
    let song = [tune(61, 0.0, 20.0, 1.0), tune(60, 0.0, 9.0, 1.0).repeat(2)].concat();
    index.add_audio(Audio::samples(&song, RATE), "song").unwrap();
    let cut = 29 * RATE as usize;
    for after in [noise(30.0), tune(77, 0.0, 30.0, 1.0), tune(3, 0.0, 30.0, 1.0)] {
        let timeline = timeline(&index, &[&song[..cut], &after].concat());
        let play = &timeline.plays[0];
        assert_eq!((name(play), play.tempo), ("song", 1.0));
        assert_near(play.ref_start, 0.0, "place in the track");
        assert_near(play.end, 29.0, "end");
        assert!(timeline.plays[1..].iter().all(|play| name(play) != "song"), "{:#?}", timeline.plays);
    }
}

#[test]
fn two_tracks_at_once_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    let (mut one, other) = (tune(3, 0.0, 30.0, 1.0), tune(4, 20.0, 30.0, 1.0));
    let fade = 5 * RATE as usize;
    let from = one.len() - fade;
    for (n, (a, b)) in one[from..].iter_mut().zip(&other).enumerate() {
        let share = n as f32 / fade as f32;
        *a = (1.0 - share) * *a + share * b;
    }
    one.extend_from_slice(&other[fade..]);
    let timeline = timeline(&index, &one);
    assert_eq!(timeline.plays.iter().map(name).collect::<Vec<_>>(), ["3", "4"]);
    let (first, second) = (&timeline.plays[0], &timeline.plays[1]);
    assert!((25.0..=30.5).contains(&first.end.0) && (24.5..=30.0).contains(&second.start.0), "{timeline:#?}");
    assert_near(second.end, 55.0, "end");
    if first.end > second.start {
        assert_eq!(timeline.overlap, [(second.start, first.end)]);
    }
}

#[test]
fn a_play_at_another_speed_has_a_tempo_and_a_pitch() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    let show = [tune(88, 0.0, 15.0, 1.0), tune(5, 3.0, 40.0, 1.05), tune(99, 0.0, 15.0, 1.0)].concat();
    let timeline = timeline(&index, &show);
    let [play] = &timeline.plays[..] else { panic!("{:#?}", timeline.plays) };
    assert_eq!(name(play), "5");
    assert_near(play.start, 15.0, "start");
    assert_near(play.end, 55.0, "end");
    assert!((play.tempo - 1.05).abs() < 0.002, "{}", play.tempo);
    assert!((play.pitch - 0.845).abs() < 0.2, "{}", play.pitch);
}

#[test]
fn what_is_not_in_the_index_and_silence_are_no_plays() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    for show in [tune(123, 0.0, 70.0, 1.0), silence(70.0)] {
        assert!(timeline(&index, &show).plays.is_empty());
    }
    let silent = timeline(&index, &silence(70.0));
    assert_eq!(silent.unknown, []);
    assert_eq!(silent.silent.len(), 1);
    let unknown = timeline(&index, &tune(123, 0.0, 70.0, 1.0));
    assert_eq!(unknown.unknown, [(Seconds(0.0), Seconds(70.0))]);
}

/// Plays come as soon as they are final, are never taken back, and are those of the whole.
#[test]
fn plays_are_passed_on_in_order_of_their_starts() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    let show = [tune(1, 0.0, 30.0, 1.0), tune(2, 0.0, 30.0, 1.0), tune(3, 0.0, 30.0, 1.0)].concat();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (told, done) = (Arc::clone(&heard), Arc::new(Mutex::new(Seconds(0.0))));
    let now = Arc::clone(&done);
    let options = TimelineOptions::default().on_progress(move |done| *now.lock().unwrap() = done);
    let timeline = index
        .timeline_with(Audio::samples(&show, RATE).named("show"), &options, |play| {
            told.lock().unwrap().push((play.clone(), *done.lock().unwrap()));
        })
        .unwrap();
    let heard = heard.lock().unwrap();
    assert_eq!(heard.iter().map(|(play, _)| play.clone()).collect::<Vec<_>>(), timeline.plays);
    assert!(timeline.plays.is_sorted_by(|a, b| a.start <= b.start));
    // The first play was told while the second or the third went on.
    assert!(heard[0].1.0 < 60.0, "told after {}", heard[0].1);
}

/// A recording as it runs: blocks of a tenth of a second, and how much of it was taken.
struct Live<'a> {
    rest: &'a [f32],
    taken: Arc<Mutex<f64>>,
}

impl BlockSource for Live<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> crate::Result<Option<SampleRate>> {
        let (block, rest) = self.rest.split_at(self.rest.len().min(RATE as usize / 10));
        self.rest = rest;
        *self.taken.lock().unwrap() += block.len() as f64 / f64::from(RATE);
        mono.clear();
        mono.extend_from_slice(block);
        Ok((!block.is_empty()).then_some(SampleRate(RATE)))
    }
}

#[test]
fn a_play_is_told_at_most_15_s_after_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    for lead in [0.0, 1.1, 2.3, 3.4, 4.6, 5.7] {
        let parts = [noise(lead), tune(1, 5.0, 20.0, 1.0), tune(2, 0.0, 9.0, 1.0), noise(15.0)];
        let (show, taken) = (parts.concat(), Arc::new(Mutex::new(0.0)));
        let live = Live { rest: &show, taken: Arc::clone(&taken) };
        let mut told = Vec::new();
        let on_play = |play: &Play| told.push((name(play).to_owned(), *taken.lock().unwrap()));
        index.timeline_with(Audio::blocks(live).named("show"), &TimelineOptions::default(), on_play).unwrap();
        let [(one, first), (two, second)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((&one[..], &two[..]), ("1", "2"));
        assert!(*first <= lead + 20.0 + 15.0, "{lead}: {told:?}");
        assert!(*second <= lead + 29.0 + 15.0, "{lead}: {told:?}");
    }
}

/// The last frame of a recording reaches beyond its end; the last play does not, when it is passed on either.
#[test]
fn a_play_ends_with_the_recording_at_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 2);
    for tenths in 0..4 {
        let show = tune(1, 0.0, 20.0 + f64::from(tenths) / 10.0, 1.0);
        let mut heard = Vec::new();
        let (audio, options) = (Audio::samples(&show, RATE).named("show"), TimelineOptions::default());
        let timeline = index.timeline_with(audio, &options, |play| heard.push(play.clone())).unwrap();
        assert_eq!(heard, timeline.plays);
        assert!(heard.len() == 1 && heard[0].end <= timeline.duration, "{heard:#?}");
    }
}

/// A WAV file says how long it is. This one is cut off after its first play.
#[test]
fn damage_of_the_recording_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 2);
    let show = tune(1, 0.0, 30.0, 1.0);
    let bytes = 2 * show.len() as u32;
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav[4..8].copy_from_slice(&(36 + bytes).to_le_bytes());
    wav.extend_from_slice(
        &[RATE.to_le_bytes(), (2 * RATE).to_le_bytes(), *b"\x02\0\x10\0", *b"data"].concat(),
    );
    wav.extend_from_slice(&bytes.to_le_bytes());
    wav.extend(show.iter().flat_map(|sample| ((sample * 20_000.0) as i16).to_le_bytes()));
    let of =
        |wav: &[u8]| index.timeline(Audio::reader(std::io::Cursor::new(wav.to_vec())).named("show")).unwrap();
    assert_eq!(of(&wav).warnings, [""; 0]);
    wav.truncate(wav.len() / 2);
    let cut = of(&wav);
    assert!(cut.plays.len() == 1 && cut.warnings.len() == 1, "{cut:#?}");
}

#[test]
fn a_shortest_length_hides_shorter_plays() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 6);
    let show = [tune(1, 0.0, 10.0, 1.0), tune(66, 0.0, 10.0, 1.0), tune(2, 0.0, 25.0, 1.0)].concat();
    let plays = |min: f64| {
        let options = TimelineOptions::default().min_length(Seconds(min));
        let timeline =
            index.timeline_with(Audio::samples(&show, RATE).named("show"), &options, |_| {}).unwrap();
        timeline.plays.iter().map(|play| name(play).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(plays(3.0), ["1", "2"]);
    assert_eq!(plays(20.0), ["2"]);
    assert_eq!(plays(40.0), [""; 0]);
}

#[test]
fn a_cancelled_timeline_ends() {
    let folder = tempfile::tempdir().unwrap();
    let index = index(&folder, 2);
    let cancel = CancelToken::new();
    cancel.cancel();
    let options = TimelineOptions::default().cancel(&cancel);
    let show = tune(1, 0.0, 30.0, 1.0);
    let outcome = index.timeline_with(Audio::samples(&show, RATE).named("show"), &options, |_| {});
    assert!(matches!(outcome, Err(Error::Interrupted)));
}
