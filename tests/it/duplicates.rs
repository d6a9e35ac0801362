//! `refrain duplicates` on the real binary.
use std::{
    fs,
    path::Path,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

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
    assert!(why("song.wav", "faster.wav", 0).contains("the second file is 1.020 times as fast"));
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
    assert_eq!(rows.headers().unwrap().len(), 20);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().filter(|row| &row[0] == "1").count(), 6);
    for row in &rows {
        // Copies are measured, as one of them is to be chosen.
        let is_copy = ["reference", "same_bytes", "same_audio"].contains(&&row[2]);
        let bandwidth: Option<u32> = row[16].parse().ok();
        assert_eq!(bandwidth.is_some_and(|hertz| (1_000..5_600).contains(&hertz)), is_copy, "{row:?}");
        let figures =
            (row[17].parse::<bool>().is_ok(), row[18].parse::<f32>().is_ok(), row[19].parse::<f32>().is_ok());
        assert_eq!(figures, (is_copy, is_copy, is_copy), "{row:?}");
        assert_eq!(&row[2] == "same_bytes", !row[15].is_empty(), "{row:?}");
    }
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

/// A song, and the same 25 s of it in three files.
fn parts() -> (TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let song = tune(RATE, 60.0, 3);
    let part = wav(RATE, 1, &song[at(20.0)..at(45.0)]);
    fs::write(folder.path().join("song.wav"), wav(RATE, 1, &song)).unwrap();
    for (n, name) in ["part.wav", "part 2.wav", "part 3.wav"].iter().enumerate() {
        let path = folder.path().join(name);
        fs::write(&path, &part).unwrap();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000 + n as u64);
        fs::File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
    }
    let place = Place::new();
    finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
    (folder, place)
}

/// Two excerpts with the same bytes are one excerpt too many, although neither is a copy of the first file.
#[test]
fn copies_of_an_excerpt_are_spare() {
    let (folder, place) = parts();
    let run = |args: &[&str]| finish(place.command().arg("duplicates").args(args));
    let part = fs::metadata(folder.path().join("part.wav")).unwrap().len();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for only in [&["--json"][..], &["--json", "--only", "same_bytes"], &["--json", "--only", "excerpt"]] {
        let group = run(only).code(0).json().pop().unwrap();
        assert_eq!(group["bytes"], 2 * part, "{only:?}: {group:#}");
        for file in group["files"].as_array().unwrap() {
            let expected = match name(file) {
                "song.wav" => ("reference", true, Value::Null),
                "part.wav" => ("excerpt", true, Value::Null),
                _ => ("excerpt", false, path("part.wav").into()),
            };
            let relation = file["relation"].as_str().unwrap();
            assert_eq!((relation, file["keep"] == true, file["same_bytes_as"].clone()), expected);
        }
    }
    assert!(run(&[]).code(0).out.contains("spare: newer than the kept file\n  same bytes as "));
    // Who does not ask for the same bytes keeps all of them.
    let audio = run(&["--json", "--relation", "same_audio"]).code(0).json().pop().unwrap();
    assert_eq!(audio["bytes"], 0);
    let script = folder.path().join("rest.sh");
    run(&["--script", script.to_str().unwrap()]).code(0);
    let script = fs::read_to_string(script).unwrap();
    let kept = format!("'{}' {part}\n", path("part.wav"));
    assert_eq!(script.matches(&kept).count(), 2, "the excerpt stays, not the song: {script}");
}

#[test]
fn actions_take_copies_of_an_excerpt_and_leave_one() {
    let (folder, place) = parts();
    let run = |args: &[&str]| finish(place.command().arg("duplicates").args(args));
    let told = run(&["--move", "out", "--yes", "--json"]).code(0).json();
    assert_eq!(told.len(), 2, "{told:?}");
    for document in &told {
        assert_eq!((document["relation"].as_str(), name(document)), (Some("same_bytes"), name(document)));
        assert!(document["kept"].as_str().unwrap().ends_with("/part.wav"), "{document}");
    }
    let names = || {
        let all = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut all: Vec<String> = all.map(|name| name.into_string().unwrap()).collect();
        all.sort();
        all
    };
    assert_eq!(names(), ["part.wav", "song.wav"]);
    run(&["undo", "--yes"]).code(0);
    assert_eq!(names().len(), 4);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let linked = run(&["--hardlink", "--yes", "--json"]).code(0).json();
        let inode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().ino();
        assert_eq!((linked.len(), inode("part 2.wav")), (2, inode("part.wav")));
        assert_eq!(inode("part 3.wav"), inode("part.wav"));
    }
}

/// Two names of a file that is worse than the kept one: without one of them nothing is free.
#[cfg(unix)]
#[test]
fn a_file_whose_hard_link_stays_frees_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let song = tune(RATE, 30.0, 9);
    let quieter: Vec<i16> = song[at(3.0)..].iter().map(|sample| sample / 3).collect();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("song.wav"), wav(RATE, 1, &song)).unwrap();
    fs::write(path("copy.wav"), wav(RATE, 1, &song)).unwrap();
    fs::write(path("quieter.wav"), wav(RATE, 1, &quieter)).unwrap();
    let place = Place::new();
    finish(place.command().args(["build", "--quiet"]).arg(folder.path())).code(0);
    let group = || {
        let group =
            finish(place.command().args(["duplicates", "--keep", "longest", "--json"])).code(0).json();
        let why = group[0]["files"].as_array().unwrap().iter().find(|file| name(file) == "quieter.wav");
        (group[0]["bytes"].as_u64().unwrap(), why.unwrap()["why"].as_str().unwrap().to_owned())
    };
    let size = |name: &str| fs::metadata(path(name)).unwrap().len();
    assert_eq!(group().0, size("copy.wav") + size("quieter.wav"));
    let outside = tempfile::tempdir_in(folder.path().parent().unwrap()).unwrap();
    fs::hard_link(path("quieter.wav"), outside.path().join("name.wav")).unwrap();
    let (bytes, why) = group();
    assert_eq!(bytes, size("copy.wav"));
    assert!(why.contains("several names (hard links)"), "{why}");
    // A name that only leads to another one.
    fs::rename(path("quieter.wav"), outside.path().join("quieter.wav")).unwrap();
    fs::remove_file(outside.path().join("name.wav")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("quieter.wav"), path("quieter.wav")).unwrap();
    let (bytes, why) = group();
    assert_eq!((bytes, why.as_str()), (size("copy.wav"), "a symbolic link; it takes no room"));
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
