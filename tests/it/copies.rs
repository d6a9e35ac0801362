//! A recording that is in the library twice: it is one match, and neither copy makes the other doubtful.
use std::fs;

use serde_json::Value;

use super::run::{Place, noisy, tune, wav};

const RATE: u32 = 11_025;

/// A folder with a song, a quieter copy of it that begins a fraction of a frame later, and other songs, all indexed. A
/// noisy clip of the song.
fn place() -> Place {
    let place = Place::new();
    let song = tune(RATE, 30.0, 1);
    let quieter: Vec<i16> = song[7_000..].iter().map(|s| s / 3).collect();
    place.write("music/song.wav", &wav(RATE, 1, &song));
    place.write("music/copy.wav", &wav(RATE, 1, &quieter));
    for other in 2..6 {
        place.write(format!("music/other-{other}.wav"), &wav(RATE, 1, &tune(RATE, 30.0, other)));
    }
    place.line("index build -q --db i.refrain music").code(0);
    // The noise makes the match less than certain.
    place.write("clip.wav", &wav(RATE, 1, &noisy(&song[RATE as usize * 7..RATE as usize * 14], 6000)));
    place
}

fn names(paths: &Value) -> Vec<&str> {
    paths.as_array().unwrap().iter().map(|path| path.as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[test]
fn copies_of_a_recording_are_no_rivals_and_one_match() {
    let place = place();
    let answer = place.line("query --json --db i.refrain clip.wav").code(0).json()[0].clone();
    let matches = answer["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 1, "{answer}");
    let found = &matches[0];
    let number = |name: &str| found[name].as_f64().unwrap();
    assert!(number("rival") < 0.7 * number("evidence"), "{answer}");
    let is_song = found["path"].as_str().unwrap().ends_with("/song.wav");
    assert_eq!(names(&found["copies"]), [if is_song { "copy.wav" } else { "song.wav" }]);
    let begins = if is_song { 7.0 } else { 7.0 - 7_000.0 / f64::from(RATE) };
    assert!((number("ref_start") - number("query_start") - begins).abs() < 0.1, "{answer}");
    assert_eq!(found["also_paths"], Value::Array(vec![]));
}

#[test]
fn the_table_lists_copies_below_their_match() {
    let place = place();
    place.write("music/twin.wav", &fs::read(place.at("music/song.wav")).unwrap());
    place.line("index update -q --db i.refrain").code(0);
    let table = place.line("query --db i.refrain clip.wav").code(0).out;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5, "{table}");
    let also: Vec<&str> = lines[3..].iter().map(|line| line.trim()).collect();
    assert!(also.iter().all(|line| line.starts_with("also as music/")), "{table}");
}

/// A recording is listed by a file that exists.
#[test]
fn a_copy_that_exists_stands_for_a_missing_one() {
    let place = place();
    for (gone, stays) in [("song.wav", "copy.wav"), ("copy.wav", "song.wav")] {
        let (here, away) = (place.at("music").join(gone), place.at("away.wav"));
        fs::rename(&here, &away).unwrap();
        place.line("index update -q --db i.refrain").code(0);
        let answer = place.line("query --json --db i.refrain clip.wav").code(0).json()[0].clone();
        let found = &answer["matches"][0];
        assert_eq!((&found["missing"], names(&found["copies"])), (&Value::Bool(false), vec![gone]));
        assert!(found["path"].as_str().unwrap().ends_with(stays), "{answer}");
        fs::rename(&away, &here).unwrap();
        place.line("index update -q --db i.refrain").code(0);
    }
}
