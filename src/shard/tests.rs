//! Shards, and several files, answer as one file with all tracks does.
use std::{f64::consts::TAU, path::PathBuf};

use super::{
    ask::{Ask, Waiting},
    handle::Shard,
};
use crate::{
    Answer, Audio, CancelToken, Centroids, Index, MaintainOptions, QueryOptions, Range, Status, Timeline,
    TimelineOptions, report,
};

const RATE: u32 = 11_025;

/// Chords that change each half second, with `noise` for the volume of noise.
fn song(seed: u64, seconds: f64, (speed, noise): (f64, f32)) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let notes: Vec<f64> = (0..400).map(|_| 130.0 * (random.i32(0..36) as f64 / 12.0).exp2()).collect();
    let sound = |i: usize| {
        let time = i as f64 / f64::from(RATE) * speed;
        let chord = (time * 2.0) as usize;
        let tone = |n: usize| (time * TAU * notes[n % notes.len()]).sin();
        (0.15 * (tone(chord) + tone(chord + 7) + tone(chord + 31))) as f32
    };
    (0..(seconds * f64::from(RATE)) as usize).map(sound).map(|s| s + noise * (random.f32() - 0.5)).collect()
}

fn part(samples: &[f32], from: f64, seconds: f64) -> Vec<f32> {
    let at = |time: f64| (time * f64::from(RATE)) as usize;
    samples[at(from)..at(from + seconds)].to_vec()
}

/// The library, whole and in parts.
struct Library {
    folder: tempfile::TempDir,
    songs: Vec<Vec<f32>>,
    centroids: Option<Centroids>,
}

impl Library {
    fn new(songs: Vec<Vec<f32>>, with_lists: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Self { folder, songs, centroids: None };
        let one = Index::open_to_write(library.part(0..library.songs.len())).unwrap();
        if with_lists {
            let total = one.info().unwrap().windows;
            let sample = one.sample_windows(0, total, MaintainOptions::default()).unwrap();
            // As many as a large library has for each root of its windows: no search reads all lists.
            library.centroids = Some(Centroids::of(&sample, 128, &CancelToken::new()).unwrap());
            one.set_centroids(library.centroids.as_ref().unwrap(), MaintainOptions::default()).unwrap();
        }
        library
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An index of some of the songs.
    fn part(&self, songs: std::ops::Range<usize>) -> PathBuf {
        let path = self.path(&format!("{}-{}.refrain", songs.start, songs.end));
        if path.exists() {
            return path;
        }
        let index = Index::open_or_create(&path).unwrap();
        for song in songs {
            let audio = Audio::samples(&self.songs[song], RATE);
            index.add_audio(audio, format!("song {song:03}")).unwrap();
        }
        if let Some(centroids) = &self.centroids {
            index.set_centroids(centroids, MaintainOptions::default()).unwrap();
        }
        index.close().unwrap();
        path
    }

    fn parts(&self, count: usize) -> Vec<PathBuf> {
        let at = |n: usize| n * self.songs.len() / count;
        (0..count).map(|n| self.part(at(n)..at(n + 1))).collect()
    }
}

/// Shards of this process.
struct Here<'s>(&'s [Shard]);
struct Replies<'s>(&'s [Shard], Vec<(usize, Vec<u8>)>);

impl Ask for Here<'_> {
    fn send(&self, requests: Vec<(usize, Vec<u8>)>) -> Result<Box<dyn Waiting + '_>, String> {
        Ok(Box::new(Replies(self.0, requests)))
    }
}

impl Waiting for Replies<'_> {
    fn replies(self: Box<Self>) -> Result<Vec<Vec<u8>>, String> {
        let reply = |(shard, request): &(usize, Vec<u8>)| self.0[*shard].reply(request);
        self.1.iter().map(|asked| reply(asked).map_err(|error| error.to_string())).collect()
    }
}

fn shards(paths: &[PathBuf]) -> Vec<Shard> {
    let shards: Vec<Shard> = paths.iter().map(|path| Shard::open(path).unwrap()).collect();
    let facts: Vec<Vec<u8>> = shards.iter().map(|shard| shard.facts().unwrap()).collect();
    shards.iter().enumerate().for_each(|(me, shard)| shard.know(&facts, me).unwrap());
    shards
}

/// The document of an answer without what is a file's own.
fn document(mut answer: Answer) -> String {
    let candidates = answer.candidates.iter_mut().flatten();
    for found in answer.matches.iter_mut().chain(candidates) {
        (found.id, found.shard) = (Default::default(), None);
    }
    report::json("clip".as_ref(), &Ok(answer))
}

fn timeline_document(mut timeline: Timeline) -> String {
    timeline.plays.iter_mut().for_each(|play| (play.id, play.shard) = (Default::default(), None));
    report::json("mix".as_ref(), &Ok(timeline))
}

fn clips(songs: &[Vec<f32>]) -> Vec<(&'static str, Vec<f32>)> {
    let noisy: Vec<f32> = {
        let mut random = fastrand::Rng::with_seed(5);
        part(&songs[4], 10.0, 9.0).iter().map(|s| s + 0.9 * (random.f32() - 0.5)).collect()
    };
    vec![
        ("clean", part(&songs[1], 7.3, 6.0)),
        ("last song", part(songs.last().unwrap(), 3.0, 8.0)),
        ("noisy", noisy),
        ("not there", song(999, 8.0, (1.0, 0.0))),
        ("faster", part(&song(102, 30.0, (1.12, 0.0)), 4.0, 8.0)),
        ("two songs", [part(&songs[0], 5.0, 8.0), part(&songs[5], 12.0, 8.0)].concat()),
        ("over a minute", [&songs[2][..], &songs[3][..], &songs[0][..]].concat()),
        ("silence", vec![0.0; 5 * RATE as usize]),
    ]
}

fn songs(count: u64) -> Vec<Vec<f32>> {
    let mut songs: Vec<Vec<f32>> = (0..count).map(|n| song(100 + n, 28.0, (1.0, 0.0))).collect();
    // A copy that is quieter and shifted, and one at another speed, in other files than their songs.
    songs.push(part(&songs[1], 0.37, 26.0).iter().map(|s| 0.5 * s).collect());
    songs.push(song(100, 27.0, (1.01, 0.0)));
    songs
}

#[test]
fn several_files_and_shards_answer_as_one_file() {
    for with_lists in [false, true] {
        let library = Library::new(songs(9), with_lists);
        let one = Index::open(library.part(0..library.songs.len())).unwrap();
        let options = QueryOptions::default().explain(true);
        let mix = [part(&library.songs[3], 2.0, 20.0), part(&library.songs[7], 1.0, 20.0)].concat();
        let timeline = |index: &Index| timeline_document(index.timeline(Audio::samples(&mix, RATE)).unwrap());
        let expected: Vec<(&str, Vec<f32>, String)> = clips(&library.songs)
            .into_iter()
            .map(|(name, clip)| {
                let answer = one.query_with(Audio::samples(&clip, RATE), &options).unwrap();
                (name, clip, document(answer))
            })
            .collect();
        let matched = expected.iter().filter(|(.., answer)| answer.contains(r#""status":"match""#)).count();
        assert!(matched >= 6, "{matched} clips matched");
        let played = timeline(&one);
        assert!(played.contains("song 003") && played.contains("song 007"), "{played}");
        for count in [1, 2, 3, 5] {
            let paths = library.parts(count);
            let all = Index::open_all(&paths).unwrap();
            let shards = shards(&paths);
            for (n, (name, clip, expected)) in expected.iter().enumerate() {
                let asked = || Audio::samples(clip, RATE);
                // One file and several take the same way but for a few clips.
                if count == 3 || n % 4 == count % 4 {
                    let several = document(all.query_with(asked(), &options).unwrap());
                    assert_eq!(several, *expected, "{name} over {count} files, lists: {with_lists}");
                }
                let answer = shards[n % count].query(asked(), &options, &Here(&shards), &[]).unwrap();
                assert_eq!(document(answer), *expected, "{name} over {count} shards, lists: {with_lists}");
            }
            if count == 3 {
                assert_eq!(timeline(&all), played, "{count} files");
                let (audio, options) = (Audio::samples(&mix, RATE), TimelineOptions::default());
                let told = shards[1].timeline(audio, &options, &Here(&shards), &[], |_| {}).unwrap();
                assert_eq!(timeline_document(told), played, "{count} shards");
            }
        }
    }
}

/// A library that is too small for lists in one file has lists in its shards. They answer as the one file does.
#[test]
fn shards_of_a_small_library_answer_as_one_file_without_lists() {
    let mut library = Library::new(songs(9), false);
    let one = Index::open(library.part(0..library.songs.len())).unwrap();
    let total = one.info().unwrap().windows;
    let sample = one.sample_windows(0, total, MaintainOptions::default()).unwrap();
    library.centroids = Centroids::train(&sample, total, &CancelToken::new()).unwrap();
    assert!(library.centroids.as_ref().is_some_and(|centroids| centroids.len() > 1));
    let shards = shards(&library.parts(3));
    for (range, exact) in [(Range::default(), false), (Range::PLAIN, false), (Range::default(), true)] {
        let options = QueryOptions::default().explain(true).range(range).exact(exact);
        for (name, clip) in clips(&library.songs) {
            let expected = document(one.query_with(Audio::samples(&clip, RATE), &options).unwrap());
            let answer = shards[0].query(Audio::samples(&clip, RATE), &options, &Here(&shards), &[]).unwrap();
            assert_eq!(document(answer), expected, "{name}, {range:?}, exact: {exact}");
        }
    }
}

#[test]
fn without_a_shard_the_rest_answers_and_a_broken_way_is_an_error() {
    struct Broken;
    impl Ask for Broken {
        fn send(&self, _: Vec<(usize, Vec<u8>)>) -> Result<Box<dyn Waiting + '_>, String> {
            Err("the line is dead".into())
        }
    }
    let library = Library::new(songs(4), true);
    let shards = shards(&library.parts(3));
    let clip = part(&library.songs[0], 7.0, 8.0);
    let ask = |left_out: &[usize], ask: &dyn Ask| {
        shards[2].query(Audio::samples(&clip, RATE), &QueryOptions::default(), ask, left_out)
    };
    assert_eq!(ask(&[], &Here(&shards)).unwrap().status, Status::Match);
    assert!(ask(&[0], &Here(&shards)).unwrap().matches.iter().all(|found| !found.path.ends_with("song 000")));
    assert!(ask(&[0, 1], &Broken).is_ok(), "nobody else is asked");
    let error = ask(&[], &Broken).unwrap_err().to_string();
    assert!(error.contains("the line is dead"), "{error}");
}

#[test]
fn a_shard_that_knows_nothing_of_the_others_refuses() {
    let library = Library::new(songs(2), false);
    let shard = Shard::open(library.part(0..2)).unwrap();
    assert!(shard.reply(&[1, 0, 0, 0, 0]).is_err());
    shard.know(&[shard.facts().unwrap()], 0).unwrap();
    assert_eq!(shard.reply(&[1, 0, 0, 0, 0]).unwrap(), [0, 0, 0, 0]);
    assert!(shard.reply(b"what?").is_err() && shard.know(&[b"what?"], 0).is_err());
}
