//! An index of format 1: readers read it as it is, and a writer migrates it.
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use insta::assert_snapshot;
use serde_json::Value;

use super::{
    run::{Place, clip, dump, fixture, tune, wav},
    small_library::{index, listed, update},
};

/// A file of format 1, as the first refrain wrote it.
fn old(place: &Place) -> Vec<u8> {
    let bytes = fs::read(fixture("index/format_1.refrain")).unwrap();
    place.write("i.refrain", &bytes);
    bytes
}

#[test]
fn an_index_of_format_1_is_read_as_it_is() {
    let place = Place::new();
    let bytes = old(&place);
    let clean = clip("clean.wav");
    let query = ["query", "--json", "--db", "i.refrain", clean.to_str().unwrap()];
    let found = place.run(query).code(0).json().remove(0);
    assert_eq!(found["matches"][0]["path"], "/music/second-orbit.flac");
    assert_eq!(found["matches"][0]["album"], "Refrain Fixtures");
    assert_eq!(index(&place, "info --json").code(0).json()[0]["format"], 1);
    assert_eq!(index(&place, "list --json").code(0).json().len(), 2);
    assert_eq!(
        index(&place, "errors").code(0).out,
        "/music/broken.mp3: not an audio file of a known format\n"
    );
    index(&place, "verify").code(0);
    index(&place, "remove --dry-run /music").code(0);
    index(&place, "export --file copy.refrain").code(0);
    assert_eq!(place.line("index list --json --db copy.refrain").code(0).json().len(), 2);
    // Another index can take it in.
    place.line("index merge --db new.refrain i.refrain").code(0);
    assert_eq!(place.line("index info --json --db new.refrain").json()[0]["format"], 5);
    assert_eq!(fs::read(place.at("i.refrain")).unwrap(), bytes, "readers change nothing");
}

#[test]
fn a_writer_migrates_an_index_of_format_1() {
    let place = Place::new();
    old(&place);
    let date = |name: &str, seconds| {
        let file = File::options().append(true).open(place.at(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    };
    place.song("paper-lanterns.mp3", "m/paper-lanterns.mp3");
    place.song("second-orbit.flac", "m/second-orbit.flac");
    date("m/paper-lanterns.mp3", 2);
    let frames = |file: &str| {
        let rows = dump(&place.at(file)).into_iter();
        rows.filter(|row| row.starts_with("frame_block") || row.starts_with("window_block"))
            .collect::<Vec<_>>()
    };
    let before = frames("i.refrain");
    index(&place, "relocate /music m").code(0);
    assert_eq!(index(&place, "info --json").json()[0]["format"], 5);
    index(&place, "verify").code(0);
    assert_eq!(frames("i.refrain"), before);
    assert_eq!(listed(&place), ["2 m/paper-lanterns.mp3", "3 m/second-orbit.flac"]);
    let track = |n: usize| index(&place, "list --json").json().remove(n);
    assert_eq!(track(0)["hash"], Value::Null);
    // One file has its old date, so only its hash is computed. The other is analysed, and its sound is the same.
    assert_snapshot!(update(&place, ""), @r"
    0 files added, 1 with new tags (31 s of audio in TIME), 1 unchanged
    i.refrain: 2 tracks, 1 min 06 s
    ");
    assert_eq!(listed(&place), ["2 m/paper-lanterns.mp3", "3 m/second-orbit.flac"]);
    assert!(track(0)["hash"].is_string() && track(1)["hash"].is_string());
    assert_eq!((&track(0)["sample_rate"], &track(0)["title"]), (&44100.into(), &"Paper Lanterns".into()));
    assert_eq!(frames("i.refrain"), before);
    // Id 1 belonged to a track that was removed before; 2 and 3 are in use.
    place.write("m/new.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    index(&place, "build -q m").code(0);
    assert_eq!(listed(&place)[2], "4 m/new.wav");
    assert!(Path::new(&place.at("i.refrain")).exists());
}
