//! `refrain duplicates` with the measured quality of files, on the real binary.
use std::{fs, path::PathBuf};

use serde_json::Value;

use super::run::{Place, finish, fixture, tune, wav};

const GOOD: &str = "good.mp3";
const POOR: &str = "poor.mp3";
const FAKE: &str = "made-of-poor.flac";

/// An index of files with these names, copied from `fixtures/quality`.
fn library(files: &[(&str, &str)]) -> Place {
    let place = Place::new();
    fs::create_dir(place.at("music")).unwrap();
    for (from, to) in files {
        fs::copy(fixture("quality").join(from), music(&place, to)).unwrap();
    }
    finish(place.command().args(["build", "--quiet"]).arg(place.at("music"))).code(0);
    place
}

fn music(place: &Place, name: &str) -> PathBuf {
    place.at("music").join(name)
}

/// The files of the only group by name: whether each is kept, why, and what was measured.
fn group(place: &Place, args: &[&str]) -> Vec<(String, bool, String, Value)> {
    let groups = finish(place.command().args(["duplicates", "--json"]).args(args)).code(0).json();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    let files = groups[0]["files"].as_array().unwrap();
    let of = |file: &Value| {
        let path = file["path"].as_str().unwrap();
        let name = path.rsplit(['/', '\\']).next().unwrap().to_owned();
        let why = file["why"].as_str().unwrap().to_owned();
        (name, file["keep"].as_bool().unwrap(), why, file["quality"].clone())
    };
    let mut files: Vec<_> = files.iter().map(of).collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

const SAME: [&str; 2] = ["--relation", "same_audio,remaster"];

#[test]
fn a_flac_made_of_a_poor_mp3_does_not_beat_a_good_mp3() {
    let place = library(&[(GOOD, GOOD), (POOR, POOR), (FAKE, FAKE)]);
    let files = group(&place, &SAME);
    let kept: Vec<(&str, bool)> = files.iter().map(|(name, keep, ..)| (name.as_str(), *keep)).collect();
    assert_eq!(kept, [(GOOD, true), (FAKE, false), (POOR, false)]);
    assert_eq!(files[1].2, "nothing above 8.3 kHz: made from a lossy file; the kept file reaches 20.0 kHz");
    assert_eq!(files[2].2, "nothing above 8.3 kHz; the kept file reaches 20.0 kHz");
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 300.0;
    assert!(near(&files[0].3["bandwidth"], 20_000.0) && near(&files[1].3["bandwidth"], 8_300.0));
    assert_eq!((&files[0].3["cut"], &files[1].3["cut"]), (&false.into(), &true.into()));

    // Without a measurement the FLAC file counts as lossless.
    for args in [&["--no-measure"][..], &["--keep", "bitrate,path"]] {
        let files = group(&place, &[&SAME, args].concat());
        assert!(files.iter().all(|(.., quality)| quality.is_null()), "{args:?}");
    }
    let files = group(&place, &[&SAME[..], &["--no-measure"]].concat());
    assert!(files[1].1 && !files[0].1, "{files:?}");
}

#[test]
fn a_fake_that_is_kept_is_noted() {
    let place = library(&[(POOR, POOR), (FAKE, "a.flac")]);
    let told = finish(place.command().args(["duplicates", "--keep", "lossless,path"])).code(0).out;
    assert!(
        told.contains("keep: the best of the copies, but nothing above 8.3 kHz: made from a lossy file"),
        "{told}"
    );
}

#[test]
fn what_can_no_longer_be_decoded_is_not_measured() {
    let place = library(&[(GOOD, GOOD), (FAKE, FAKE)]);
    let path = music(&place, FAKE);
    fs::write(&path, b"no FLAC").unwrap();
    let files = group(&place, &SAME);
    assert_eq!(files[0].0, GOOD);
    assert!(files[1].3.is_null() && !files[0].3.is_null(), "{files:?}");
    fs::remove_file(&path).unwrap();
    assert!(group(&place, &SAME)[1].3.is_null());
}

#[test]
fn what_was_measured_is_remembered() {
    let place = library(&[(GOOD, GOOD), (FAKE, FAKE)]);
    let before = group(&place, &SAME);
    assert!(before.iter().all(|(.., quality)| quality["bandwidth"].is_u64()), "{before:?}");
    for name in [GOOD, FAKE] {
        fs::write(music(&place, name), b"no audio").unwrap();
    }
    assert_eq!(group(&place, &SAME), before);
}

#[test]
fn of_two_lossless_files_the_clipped_one_is_spare() {
    let song = tune(44_100, 12.0, 3);
    let louder: Vec<i16> = song.iter().map(|s| s.saturating_mul(4)).collect();
    let place = Place::new();
    fs::create_dir(place.at("music")).unwrap();
    fs::write(music(&place, "a.wav"), wav(44_100, 1, &louder)).unwrap();
    fs::write(music(&place, "longer name.wav"), wav(44_100, 1, &song)).unwrap();
    finish(place.command().args(["build", "--quiet"]).arg(place.at("music"))).code(0);
    let files = group(&place, &["--relation", "same_audio,remaster", "--keep", "quality,path"]);
    assert!(!files[0].1 && files[1].1, "{files:?}");
    assert!(files[0].2.ends_with(" % of it is clipped; 0.00 % of the kept file"), "{}", files[0].2);
}
