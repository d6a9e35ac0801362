//! `refrain duplicates` on the real binary.
use std::{fs, path::Path, sync::OnceLock};

use serde_json::Value;
use tempfile::TempDir;

use super::run::{Place, Run, finish, tune, wav};

const RATE: u32 = 11_025;

fn at(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// The samples of a sound that runs `speed` times as fast.
fn faster(samples: &[i16], speed: f64) -> Vec<i16> {
    let count = (samples.len() as f64 / speed) as usize - 1;
    let sample = |n: usize| {
        let place = n as f64 * speed;
        let (a, b) = (
            f64::from(samples[place as usize]),
            f64::from(samples[(place as usize + 1).min(samples.len() - 1)]),
        );
        (a + (b - a) * place.fract()) as i16
    };
    (0..count).map(sample).collect()
}

/// A messy folder and its index.
struct Messy {
    folder: TempDir,
    place: Place,
}

impl Messy {
    fn get() -> &'static Self {
        static MESSY: OnceLock<Messy> = OnceLock::new();
        MESSY.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let song = tune(RATE, 60.0, 3);
            let write = |name: &str, samples: &[i16]| {
                fs::write(folder.path().join(name), wav(RATE, 1, samples)).unwrap()
            };
            write("song.wav", &song);
            fs::copy(folder.path().join("song.wav"), folder.path().join("song copy.wav")).unwrap();
            write("quieter.wav", &song[at(1.03)..at(58.2)].iter().map(|s| s / 3).collect::<Vec<_>>());
            write("faster.wav", &faster(&song, 1.02));
            write("excerpt.wav", &song[at(20.3)..at(42.0)]);
            write("edit.wav", &[&song[..at(22.0)], &song[at(37.0)..]].concat());
            write("other.wav", &tune(RATE, 60.0, 4));
            write("another.wav", &tune(RATE, 50.0, 5));
            let place = Place::new();
            finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
            Self { folder, place }
        })
    }

    fn run(&self, args: &[&str]) -> Run {
        finish(self.place.command().arg("duplicates").args(args))
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn name(file: &Value) -> &str {
    Path::new(file["path"].as_str().unwrap()).file_name().unwrap().to_str().unwrap()
}

#[test]
fn each_file_is_told_with_what_it_is_to_the_first_one() {
    let groups = Messy::get().run(&["--json"]).code(0).json();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    let mut relations: Vec<(&str, &str, bool)> = groups[0]["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (name(file), file["relation"].as_str().unwrap(), file["keep"].as_bool().unwrap()))
        .collect();
    relations[1..].sort_unstable();
    assert_eq!(
        relations,
        [
            ("song.wav", "reference", true),
            ("edit.wav", "edit", true),
            ("excerpt.wav", "excerpt", true),
            ("faster.wav", "other_speed", true),
            ("quieter.wav", "same_audio", false),
            ("song copy.wav", "same_bytes", false),
        ]
    );
    let files = groups[0]["files"].as_array().unwrap();
    let spare: u64 = files.iter().filter(|f| f["keep"] == false).map(|f| f["size"].as_u64().unwrap()).sum();
    assert_eq!(groups[0]["bytes"], spare);
    let of = |wanted: &str| files.iter().find(|file| name(file) == wanted).unwrap();
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() < 0.4, "{value} for {expected}");
    };
    assert!((of("faster.wav")["speed"].as_f64().unwrap() - 1.02).abs() < 0.002);
    near(&of("excerpt.wav")["agrees"][0][2], 20.3);
    let edit = &of("edit.wav")["agrees"];
    near(&edit[0][1], 22.0);
    near(&edit[1][0], 22.0);
    near(&edit[1][2], 37.0);
}

#[test]
fn relations_and_rules_choose_what_is_kept() {
    let messy = Messy::get();
    let kept = |args: &[&str]| {
        let groups = messy.run(&[args, &["--json"]].concat()).code(0).json();
        let files = groups[0]["files"].as_array().unwrap().clone();
        let mut kept: Vec<String> =
            files.iter().filter(|file| file["keep"] == true).map(|file| name(file).to_owned()).collect();
        kept.sort();
        kept
    };
    assert_eq!(kept(&["--relation", "same_bytes"]).len(), 5);
    assert_eq!(
        kept(&["--relation", "same_bytes,same_audio,excerpt"]),
        ["edit.wav", "faster.wav", "song.wav"]
    );
    // A rule that would keep a part does not: it is not the whole song.
    let newest = kept(&["--relation", "same_bytes,same_audio,excerpt,edit", "--keep", "newest"]);
    assert!(newest.iter().all(|file| !["excerpt.wav", "edit.wav"].contains(&file.as_str())), "{newest:?}");
    assert_eq!(kept(&["--keep", "path"]), ["edit.wav", "excerpt.wav", "faster.wav", "song.wav"]);
    let everything = messy.folder.path().to_str().unwrap().to_owned();
    assert_eq!(kept(&["--prefer", &everything]).len(), 6, "what is preferred is always kept");
    let refused = messy.run(&["--keep", "size"]).code(2);
    assert!(refused.err.contains("the rules are lossless, quality"), "{}", refused.err);
    messy.run(&["--relation", "shared_backing"]).code(2);
    messy.run(&[&messy.path("nowhere")]).code(1);
    messy.run(&[&everything]).code(0);
}

#[test]
fn the_script_deletes_what_is_not_kept_and_nothing_that_has_changed() {
    let messy = Messy::get();
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(messy.folder.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    fs::rename(folder.path().join("quieter.wav"), folder.path().join("it's quieter.wav")).unwrap();
    let place = Place::new();
    finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
    let script = folder.path().join("rest.sh");
    finish(place.command().args(["duplicates", "--keep", "path", "--script"]).arg(&script)).code(0);
    assert!(folder.path().join("song copy.wav").exists(), "nothing is deleted before the script runs");
    fs::write(folder.path().join("song copy.wav"), b"changed").unwrap();
    if cfg!(unix) {
        let done = std::process::Command::new("sh").arg(&script).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(said.contains("changed since") && said.contains("song copy.wav"), "{said}");
        assert!(!folder.path().join("it's quieter.wav").exists());
    }
    for kept in ["song.wav", "song copy.wav", "edit.wav", "excerpt.wav", "faster.wav", "other.wav"] {
        assert!(folder.path().join(kept).exists(), "{kept}");
    }
}

#[test]
fn why_says_what_two_files_are_to_each_other() {
    let messy = Messy::get();
    let why = |one: &str, two: &str, code: i32| {
        let (one, two) = (messy.path(one), messy.path(two));
        messy.run(&["--why", &one, &two]).code(code).out
    };
    assert_eq!(why("song.wav", "song copy.wav", 0), "the same bytes\n");
    assert!(why("song.wav", "faster.wav", 0).contains("the second is 1.020 times as fast"));
    assert!(why("song.wav", "other.wav", 1).contains("not the same recording"));
    let one = messy.path("song.wav");
    let document = &messy.run(&["--json", "--why", &one, &messy.path("excerpt.wav")]).code(0).json()[0];
    assert_eq!(document["relation"], "excerpt");
    assert!(messy.run(&["--why", &one, &messy.path("nowhere.wav")]).code(2).err.contains("no track for"));
}

#[test]
fn csv_has_a_line_for_each_file_and_text_a_block_for_each_group() {
    let messy = Messy::get();
    let table = messy.run(&["--csv"]).code(0).out;
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(rows.headers().unwrap().len(), 15);
    assert_eq!(rows.records().map(Result::unwrap).filter(|row| &row[0] == "1").count(), 6);
    let run = messy.run(&[]).code(0);
    assert!(run.out.contains("same bytes") && run.out.contains("1.020 times as fast as the first"));
    assert!(run.err.contains("1 group; without the 2 files not kept"), "{}", run.err);
}

#[test]
fn a_library_where_nothing_is_double_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 6..9 {
        fs::write(folder.path().join(format!("{seed}.wav")), wav(RATE, 1, &tune(RATE, 30.0, seed))).unwrap();
    }
    let place = Place::new();
    finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
    let run = finish(place.command().arg("duplicates")).code(1);
    assert!(run.err.contains("no recording is in the library more than once"), "{}", run.err);
    assert_eq!(run.out, "");
}

/// A file that is gone is no duplicate, and neither is another name of the same file.
#[cfg(unix)]
#[test]
fn missing_files_are_left_out_and_links_free_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let song = wav(RATE, 1, &tune(RATE, 30.0, 9));
    fs::write(folder.path().join("a.wav"), &song).unwrap();
    fs::hard_link(folder.path().join("a.wav"), folder.path().join("b.wav")).unwrap();
    fs::write(folder.path().join("c.wav"), &song).unwrap();
    let place = Place::new();
    finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
    let group = || finish(place.command().args(["duplicates", "--json"])).json().pop().unwrap_or_default();
    assert_eq!(group()["bytes"], song.len());
    fs::remove_file(folder.path().join("c.wav")).unwrap();
    finish(place.command().args(["update", "--quiet"])).code(0);
    let linked = group();
    assert_eq!((linked["files"].as_array().unwrap().len(), &linked["bytes"]), (2, &Value::from(0)));
    assert!(linked["files"][1]["why"].as_str().unwrap().starts_with("the same file by another name"));
}
