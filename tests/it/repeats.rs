//! Tracks that repeat themselves exactly: a match returns the first place and lists the others.
use std::path::PathBuf;

use serde_json::Value;

use super::run::{Place, Run, noisy, tune, wav};

const RATE: u32 = 11_025;

/// Two tunes by turns. The first one begins at 0, 16.3 and 28 s. The other one begins at 8 s, and again at 24.3 s,
/// where it is cut short.
fn song() -> Vec<i16> {
    let (one, other) = (tune(RATE, 8.0, 1), tune(RATE, 8.3, 2));
    let part = &other[..RATE as usize * 37 / 10];
    [one.as_slice(), &other, &one, part, &one, &tune(RATE, 6.0, 3)].concat()
}

fn seconds(samples: &[i16], from: f64, to: f64) -> &[i16] {
    &samples[(from * f64::from(RATE)) as usize..(to * f64::from(RATE)) as usize]
}

struct Library(Place);

impl Library {
    fn new() -> Self {
        let place = Place::new();
        place.write("music/loops.wav", &wav(RATE, 1, &song()));
        place.write("music/other.wav", &wav(RATE, 1, &tune(RATE, 30.0, 9)));
        place.line("index build -q --db i.refrain music").code(0);
        Self(place)
    }

    fn clip(&self, samples: &[i16]) -> PathBuf {
        self.0.write("clip.wav", &wav(RATE, 1, samples))
    }

    fn ask(&self, args: &str, samples: &[i16]) -> Run {
        self.clip(samples);
        self.0.line(&format!("query --db i.refrain {args} clip.wav")).code(0)
    }

    fn best(&self, samples: &[i16]) -> Value {
        self.ask("--json", samples).json()[0]["matches"][0].clone()
    }
}

#[track_caller]
fn places(found: &Value) -> Vec<f64> {
    let first = found["ref_start"].as_f64().unwrap() - found["query_start"].as_f64().unwrap();
    let others = found["also_at"].as_array().unwrap().iter();
    let by = found["query_start"].as_f64().unwrap();
    [first].into_iter().chain(others.map(|at| at.as_f64().unwrap() - by)).collect()
}

#[track_caller]
fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?} for {expected:?}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() < 0.06, "{found:?} for {expected:?}");
    }
}

#[test]
fn every_place_of_the_same_sound_is_listed() {
    let (library, song) = (Library::new(), song());
    for start in [0.0, 16.3, 28.0] {
        let clip = seconds(&song, start + 1.5, start + 7.5);
        near(&places(&library.best(clip)), &[1.5, 17.8, 29.5]);
    }
    // The beginning of the other tune comes twice, its end once.
    near(&places(&library.best(seconds(&song, 8.2, 11.5))), &[8.2, 24.5]);
    near(&places(&library.best(seconds(&song, 9.0, 16.0))), &[9.0]);
}

#[test]
fn a_clip_under_noise_has_the_same_places() {
    let (library, song) = (Library::new(), song());
    let clip = noisy(seconds(&song, 17.8, 23.8), 4096);
    near(&places(&library.best(&clip)), &[1.5, 17.8, 29.5]);
}

#[test]
fn a_clip_at_another_speed_has_the_same_places() {
    let (library, song) = (Library::new(), song());
    let clip = library.0.write("clip.wav", &wav(RATE * 105 / 100, 1, seconds(&song, 17.0, 23.5)));
    let run = library.0.run(["query", "--json", "--db", "i.refrain", clip.to_str().unwrap()]).code(0);
    let found = &run.json()[0]["matches"][0];
    assert_eq!(found["also_at"].as_array().unwrap().len(), 2, "{found:#}");
    assert!((found["tempo"].as_f64().unwrap() - 1.05).abs() < 0.005, "{found:#}");
}

#[test]
fn the_places_are_printed() {
    let (library, song) = (Library::new(), song());
    let told = library.ask("", seconds(&song, 17.8, 23.8)).out;
    assert!(told.contains("\n    also at 0:"), "{told}");
    let told = library.ask("", seconds(&song, 9.0, 16.0)).out;
    assert!(!told.contains("also at"), "{told}");
}
