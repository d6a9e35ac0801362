//! A library in use: files are added, changed, moved, copied, go missing and come back.
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use insta::assert_snapshot;
use rusqlite::Connection;
use serde_json::Value;

#[cfg(target_os = "linux")]
use super::run::finish;
use super::run::{Place, Run, clip, dump, fixture, tune, wav};

/// A place with three tunes and a file that is no audio below `m`, all indexed.
fn place() -> Place {
    let place = Place::new();
    for (name, seed) in [("m/a.wav", 1), ("m/b.wav", 2), ("m/deep/c.wav", 3)] {
        place.write(name, &wav(8_000, 1, &tune(8_000, 4.0, seed)));
    }
    place.write("m/text.mp3", b"text");
    index(&place, "build --quiet m").code(0);
    place
}

fn index(place: &Place, args: &str) -> Run {
    place.line(&format!("index {args} --db i.refrain"))
}

/// What `index update` says, line by line.
fn update(place: &Place, args: &str) -> String {
    place.told(&index(place, &format!("update {args}")).code(0).err)
}

/// Of every track its id, paths without the folder, and those of them that are missing with a `?`.
fn listed(place: &Place) -> Vec<String> {
    let folder = format!("{}/", place.path().display());
    let of = |track: &Value| {
        let files = track["files"].as_array().unwrap().iter().map(|file| {
            let path = file["path"].as_str().unwrap().replace(&folder, "");
            format!(" {path}{}", if file["missing"] == true { "?" } else { "" })
        });
        format!("{}{}", track["id"], files.collect::<String>())
    };
    index(place, "list --json").code(0).json().iter().map(of).collect()
}

/// A WAV file with a title.
fn titled(samples: &[i16], title: &str) -> Vec<u8> {
    let mut file = wav(8_000, 1, samples);
    let text = format!("{title}{}", if title.len().is_multiple_of(2) { "\0\0" } else { "\0" });
    let mut info = b"INFOINAM".to_vec();
    info.extend((text.len() as u32).to_le_bytes());
    info.extend(text.as_bytes());
    file.extend(b"LIST");
    file.extend((info.len() as u32).to_le_bytes());
    file.extend(info);
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

#[test]
fn moved_renamed_and_copied_files_are_recognised() {
    let place = place();
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
    let rename = |from: &str, to: &str| fs::rename(place.at(from), place.at(to)).unwrap();
    rename("m/a.wav", "m/deep/z.wav");
    rename("m/b.wav", "m/b2.wav");
    fs::copy(place.at("m/deep/c.wav"), place.at("m/copy.wav")).unwrap();
    assert_snapshot!(update(&place, "--verbose"), @r"
    missing DIR/m/a.wav
    missing DIR/m/b.wav
    moved DIR/m/b.wav to DIR/m/b2.wav
    moved DIR/m/a.wav to DIR/m/deep/z.wav
    0 files added, 1 unchanged, 2 moved, 1 with the content of another, 2 missing, 1 known not to be usable
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/deep/z.wav", "2 m/b2.wav", "3 m/copy.wav m/deep/c.wav"]);
    // Under each other's names, and each under the next one's.
    rename("m/b2.wav", "m/aside");
    rename("m/deep/z.wav", "m/b2.wav");
    rename("m/aside", "m/deep/z.wav");
    assert!(update(&place, "").starts_with("0 files added, "));
    assert_eq!(listed(&place), ["1 m/b2.wav", "2 m/deep/z.wav", "3 m/copy.wav m/deep/c.wav"]);
    rename("m/deep/z.wav", "m/new.wav");
    rename("m/b2.wav", "m/deep/z.wav");
    rename("m/copy.wav", "m/b2.wav");
    assert!(update(&place, "").starts_with("0 files added, "));
    assert_eq!(listed(&place), ["1 m/deep/z.wav", "2 m/new.wav", "3 m/b2.wav m/deep/c.wav"]);
    // Only the date is new.
    let file = File::options().append(true).open(place.at("m/new.wav")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(5)).unwrap();
    assert!(update(&place, "").starts_with("0 files added, 4 unchanged, "));
    let dumped = dump(&place.at("i.refrain"));
    update(&place, "");
    assert_eq!(dump(&place.at("i.refrain")), dumped, "nothing to do changes nothing");
    index(&place, "verify").code(0);
    // A file is named by the first of its paths, and by the others.
    let found = place.line("query --json --db i.refrain m/b2.wav").code(0).json().remove(0);
    let best = &found["matches"][0];
    assert!(best["path"].as_str().unwrap().ends_with("/m/b2.wav"), "{found}");
    assert_eq!(best["also_paths"], Value::from(vec![place.at("m/deep/c.wav").to_str().unwrap()]));
    assert_eq!((&best["id"], &best["missing"]), (&3.into(), &false.into()));
}

#[test]
fn a_file_that_moved_out_of_the_folder_is_found_where_it_is() {
    let place = place();
    fs::create_dir(place.at("other")).unwrap();
    fs::rename(place.at("m/a.wav"), place.at("other/a.wav")).unwrap();
    // Nobody has looked for the old one yet.
    let built = index(&place, "build other").code(0);
    assert!(built.err.starts_with("0 files added, 1 moved\n"), "{built:#?}");
    assert_eq!(listed(&place), ["1 other/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
}

#[test]
fn changed_files_are_analysed_again_and_other_tags_are_no_other_track() {
    let place = Place::new();
    let (one, two) = (tune(8_000, 4.0, 1), tune(8_000, 4.0, 2));
    place.write("m/a.wav", &titled(&one, "First"));
    place.write("m/b.wav", &titled(&two, "Other"));
    index(&place, "build --quiet m").code(0);
    place.write("m/a.wav", &titled(&one, "Second"));
    assert!(
        update(&place, "").contains("1 file added (4 s of audio in TIME), 1 with other tags, 1 unchanged")
    );
    let track = |n: usize| index(&place, "list --json").json().remove(n);
    assert_eq!((&track(0)["id"], &track(0)["title"]), (&1.into(), &"Second".into()));
    // Other audio is another track.
    place.write("m/a.wav", &titled(&tune(8_000, 5.0, 3), "Second"));
    update(&place, "");
    assert_eq!(listed(&place), ["2 m/b.wav", "3 m/a.wav"]);
    assert_eq!((&track(1)["sample_rate"], &track(1)["channels"]), (&8000.into(), &1.into()));
    // One of two copies gets other tags: the other copy stays what it is.
    fs::copy(place.at("m/b.wav"), place.at("m/copy.wav")).unwrap();
    update(&place, "");
    place.write("m/b.wav", &titled(&two, "Changed"));
    update(&place, "");
    assert_eq!(listed(&place), ["2 m/copy.wav", "3 m/a.wav", "4 m/b.wav"]);
    // A file becomes bad, and good again.
    place.write("m/b.wav", b"text");
    assert!(update(&place, "").contains("1 not usable"));
    assert_eq!(listed(&place), ["2 m/copy.wav", "3 m/a.wav"]);
    place.write("m/b.wav", &titled(&two, "Changed"));
    update(&place, "");
    assert_eq!(listed(&place), ["2 m/copy.wav", "3 m/a.wav", "5 m/b.wav"]);
    index(&place, "verify").code(0);
}

#[test]
fn missing_files_are_kept_until_they_are_pruned() {
    let place = place();
    let found =
        |code| place.run(["query", "--json", "--db", "i.refrain", "clip.wav"]).code(code).json().remove(0);
    fs::copy(place.at("m/a.wav"), place.at("clip.wav")).unwrap();
    fs::remove_file(place.at("m/a.wav")).unwrap();
    fs::remove_file(place.at("m/text.mp3")).unwrap();
    assert_snapshot!(update(&place, "--verbose"), @r"
    missing DIR/m/a.wav
    0 files added, 2 unchanged, 1 missing
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/a.wav?", "2 m/b.wav", "3 m/deep/c.wav"]);
    assert_eq!(index(&place, "errors").code(0).out, "", "a bad file that is gone is forgotten");
    assert_eq!(found(0)["matches"][0]["missing"], true);
    assert_eq!(
        place.told(&index(&place, "list missing").code(0).out),
        "      1     0:04.0  DIR/m/a.wav (missing)"
    );
    assert!(update(&place, "").starts_with("0 files added, 2 unchanged, 1 still missing\n"));
    // It comes back as it was.
    fs::copy(place.at("clip.wav"), place.at("m/a.wav")).unwrap();
    assert!(update(&place, "").starts_with("0 files added, 3 unchanged\n"));
    fs::remove_file(place.at("m/a.wav")).unwrap();
    fs::remove_file(place.at("m/b.wav")).unwrap();
    update(&place, "");
    fs::copy(place.at("clip.wav"), place.at("m/a.wav")).unwrap();
    let before = dump(&place.at("i.refrain"));
    let dry = index(&place, "prune --dry-run").code(0);
    assert_eq!(place.told(&dry.out), "DIR/m/b.wav");
    assert_snapshot!(dry.err, @r"
    1 file would be removed
    1 file marked as missing and there again; `refrain index update` looks
    ");
    assert_eq!(dump(&place.at("i.refrain")), before);
    let pruned = index(&place, "prune").code(0);
    assert_eq!(place.told(&pruned.out), "DIR/m/b.wav");
    assert_eq!(listed(&place), ["1 m/a.wav?", "3 m/deep/c.wav"]);
    assert!(update(&place, "").starts_with("0 files added, 2 unchanged\n"));
    assert_eq!(index(&place, "prune").code(0).err, "0 files removed\n");
    index(&place, "verify").code(0);
}

#[test]
fn a_disk_that_is_not_there_loses_nothing() {
    let place = place();
    fs::rename(place.at("m"), place.at("unplugged")).unwrap();
    assert_snapshot!(update(&place, ""), @r"
    DIR/m: not there, its files count as missing
    0 files added, 3 missing
    i.refrain: 3 tracks, 12 s
    ");
    let refused = index(&place, "build m").code(2);
    assert_eq!(refused.err, "refrain: m: No such file or directory (os error 2)\n");
    fs::rename(place.at("unplugged"), place.at("m")).unwrap();
    assert_snapshot!(update(&place, ""), @r"
    cannot use DIR/m/text.mp3: not an audio file of a known format
    0 files added, 3 unchanged, 3 there again, 1 not usable
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
}

#[test]
fn prune_keeps_what_is_below_a_folder_that_is_not_there() {
    let place = place();
    place.write("n/d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    place.write("n/e.wav", &wav(8_000, 1, &tune(8_000, 4.0, 5)));
    index(&place, "build --quiet n").code(0);
    fs::rename(place.at("m"), place.at("unplugged")).unwrap();
    fs::remove_file(place.at("n/d.wav")).unwrap();
    update(&place, "");
    for (args, did) in [("prune --dry-run", "would be removed"), ("prune", "removed")] {
        let pruned = index(&place, args).code(0);
        assert_eq!(place.told(&pruned.out), "DIR/n/d.wav");
        let kept = "DIR/m: not there, 3 files below it kept; `refrain index remove DIR/m` drops them";
        assert_eq!(place.told(&pruned.err), format!("1 file {did}\n{kept}"));
    }
    assert_eq!(listed(&place), ["1 m/a.wav?", "2 m/b.wav?", "3 m/deep/c.wav?", "5 n/e.wav"]);
    index(&place, "remove m").code(0);
    assert_eq!(listed(&place), ["5 n/e.wav"]);
    assert_eq!(update(&place, "").lines().next(), Some("0 files added, 1 unchanged"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_entered_holds_up_no_other() {
    let place = place();
    place.write("n/d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    index(&place, "build --quiet n").code(0);
    place.write("n/e.wav", &wav(8_000, 1, &tune(8_000, 4.0, 5)));
    fs::rename(place.at("m"), place.at("aside")).unwrap();
    // It leads to itself.
    std::os::unix::fs::symlink("m", place.at("m")).unwrap();
    let told = update(&place, "");
    assert!(told.contains("cannot use DIR/m: Too many levels of symbolic links"), "{told}");
    assert!(told.contains("1 file added (4 s of audio in TIME), 1 unchanged"), "{told}");
    // Whether its files are there nobody can tell.
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav", "4 n/d.wav", "5 n/e.wav"]);
}

#[test]
fn update_keeps_to_how_a_folder_was_built() {
    let place = place();
    let tone = wav(8_000, 1, &tune(8_000, 4.0, 9));
    let other = wav(8_000, 1, &tune(8_000, 4.0, 10));
    place.write("n/.h/x.wav", &tone);
    place.write("single.wav", &other);
    index(&place, "build --hidden --max-depth 2 n single.wav").code(0);
    place.write("n/.h/deeper/y.wav", &wav(8_000, 1, &tune(8_000, 4.0, 11)));
    place.write("m/.hidden.wav", &wav(8_000, 1, &tune(8_000, 4.0, 12)));
    // A file that was named itself is looked at too.
    place.write("single.wav", &wav(8_000, 1, &tune(8_000, 5.0, 13)));
    assert!(update(&place, "").starts_with("1 file added (5 s"), "neither the deep nor the hidden one");
    let info = index(&place, "info --json").json().remove(0);
    let roots = [place.at("m"), place.at("n")].map(|root| root.to_str().unwrap().to_owned());
    assert_eq!(info["roots"], Value::from(roots.to_vec()));
    let nothing = place.line("index update --db none.refrain").code(2);
    assert!(nothing.err.contains("no index here"), "{nothing:#?}");
    fs::create_dir(place.at("empty")).unwrap();
    place.line("index build --db e.refrain -q empty").code(2);
    index(&place, "remove m n single.wav").code(0);
    let told = place.told(&index(&place, "update").code(2).err);
    assert_eq!(told, "refrain: i.refrain: no folder was indexed yet; `refrain index build DIR` does that");
}

#[test]
fn files_are_removed_by_path_pattern_and_id() {
    let place = place();
    place.write("m/live [x].wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    place.write("m/deep/12", &wav(8_000, 1, &tune(8_000, 4.0, 5)));
    fs::copy(place.at("m/a.wav"), place.at("m/deep/also-a.wav")).unwrap();
    index(&place, "build --quiet m m/deep/12").code(0);
    let all = dump(&place.at("i.refrain"));
    let would = |chosen: &[&str]| {
        let run =
            place.run([&["index", "remove", "--dry-run", "--db", "i.refrain"], chosen].concat()).code(0);
        let told = place.told(&run.out).replace("DIR/m/", "");
        assert!(run.err.ends_with(" would be removed\n"), "{run:#?}");
        told.lines().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(would(&["m/a.wav"]), "a.wav");
    assert_eq!(would(&["m/./../m/deep"]), "deep/12 deep/also-a.wav deep/c.wav");
    assert_eq!(would(&["*.wav"]), "a.wav b.wav deep/also-a.wav deep/c.wav live [x].wav");
    assert_eq!(would(&["deep/*"]), "deep/12 deep/also-a.wav deep/c.wav");
    assert_eq!(would(&["m/**/c.*", "?.wav"]), "a.wav b.wav deep/c.wav");
    assert_eq!(would(&["m/live [x].wav"]), "live [x].wav");
    assert_eq!(would(&["text.mp?"]), "text.mp3", "a file that could not be used");
    assert_eq!(would(&["1"]), "a.wav deep/also-a.wav");
    assert_eq!(would(&["m/deep/12"]), "deep/12");
    fs::create_dir(place.at("2")).unwrap();
    index(&place, "remove --dry-run 2").code(1);
    fs::remove_dir(place.at("2")).unwrap();
    assert_eq!(dump(&place.at("i.refrain")), all);
    for (wrong, code) in [("m/gone.wav", 1), ("99", 1), ("*.ogg", 1), ("missing", 1), ("m/a", 1)] {
        let refused = place.line(&format!("index remove --db i.refrain m/a.wav {wrong}")).code(code);
        assert_eq!(refused.err, format!("refrain: i.refrain: nothing in the index is meant by {wrong}\n"));
    }
    assert_eq!(dump(&place.at("i.refrain")), all, "nothing is removed where one is wrong");
    let removed = index(&place, "remove m/a.wav b.w*").code(0);
    assert_eq!(place.told(&removed.out), "DIR/m/a.wav\nDIR/m/b.wav");
    assert_eq!(removed.err, "2 files removed\n");
    assert!(place.at("m/a.wav").exists(), "the files themselves are not touched");
    let left = listed(&place);
    assert!(left.iter().any(|track| track == "1 m/deep/also-a.wav"), "{left:?}");
    index(&place, "remove 1").code(0);
    assert_eq!(listed(&place).len(), left.len() - 1);
    index(&place, "verify").code(0);
    // What is below a folder that is built from comes again.
    assert!(update(&place, "").starts_with("2 files added "));
}

#[test]
fn nothing_is_not_everything() {
    let place = place();
    let before = dump(&place.at("i.refrain"));
    for args in [
        &["remove", ""][..],
        &["remove", "m/a.wav", ""],
        &["list", ""],
        &["relocate", "", "x"],
        &["relocate", "m", ""],
    ] {
        let run = place.run([&["index"], args, &["--db", "i.refrain"]].concat()).code(2);
        assert_eq!(run.out, "", "{args:?}");
    }
    assert_eq!(dump(&place.at("i.refrain")), before);
    // Nor for programs.
    let index = refrain::Index::open_to_write(place.at("i.refrain")).unwrap();
    let empty = Path::new("");
    assert!(index.select(&refrain::Selector::Path(empty.into())).unwrap().is_empty());
    index.forget_roots(empty).unwrap();
    assert_eq!(index.relocate(empty, Path::new("x")).unwrap(), refrain::Relocated::default());
    index.relocate(Path::new("m"), empty).unwrap_err();
    index.close().unwrap();
    assert_eq!(dump(&place.at("i.refrain")), before);
}

#[test]
fn a_path_that_looks_like_a_pattern_is_meant_as_it_is() {
    let place = Place::new();
    for (name, seed) in [("m/live [ab].wav", 1), ("m/live a.wav", 2), ("[n]/c.wav", 3), ("n/d.wav", 4)] {
        place.write(name, &wav(8_000, 1, &tune(8_000, 4.0, seed)));
    }
    index(&place, "build --quiet m n [n]").code(0);
    let remove = |chosen: &str| {
        let run = place.run(["index", "remove", "--db", "i.refrain", chosen]).code(0);
        place.told(&run.out)
    };
    assert_eq!(remove("m/live [ab].wav"), "DIR/m/live [ab].wav");
    assert_eq!(remove("m/live [ab].wav"), "DIR/m/live a.wav", "nothing is called so any more");
    assert_eq!(remove("[n]"), "DIR/[n]/c.wav");
    // The folder is forgotten with its files, and no other.
    let info = index(&place, "info --json").json().remove(0);
    let roots = [place.at("m"), place.at("n")].map(|root| root.to_str().unwrap().to_owned());
    assert_eq!(info["roots"], Value::from(roots.to_vec()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_not_utf_8_is_kept_up_too() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let place = place();
    let (odd, odder) = (OsStr::from_bytes(b"m/\xe9.wav"), OsStr::from_bytes(b"m/\xff.wav"));
    place.write(odd, &wav(8_000, 1, &tune(8_000, 4.0, 20)));
    update(&place, "");
    fs::rename(place.at(odd), place.at(odder)).unwrap();
    assert!(update(&place, "").starts_with("0 files added, 3 unchanged, 1 moved, 1 missing"));
    let csv = place.told(&index(&place, "list --csv 4").code(0).out);
    assert!(csv.contains("4,DIR/m/\u{fffd}.wav,false,"), "{csv}");
    let mut command = place.command();
    let removed = finish(command.args(["index", "remove", "--db", "i.refrain"]).arg(odder)).code(0);
    assert_eq!(removed.err, "1 file removed\n");
    assert_eq!(listed(&place).len(), 3);
}

#[test]
fn tracks_are_listed_for_people_and_programs() {
    let place = Place::new();
    place.song("paper-lanterns.mp3", "m/a.mp3");
    place.song("paper-lanterns.mp3", "m/b.mp3");
    place.write("m/c, d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    index(&place, "build --quiet m").code(0);
    fs::remove_file(place.at("m/a.mp3")).unwrap();
    update(&place, "");
    assert_snapshot!(place.told(&index(&place, "list").code(0).out), @r"
          1     0:35.6  Mira Holloway - Paper Lanterns (Refrain Fixtures)
                        DIR/m/b.mp3
                        DIR/m/a.mp3 (missing)
          2     0:04.0  DIR/m/c, d.wav
    ");
    let tracks = index(&place, "list --json").code(0).json();
    let keys: Vec<&str> = tracks[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "acoustid",
            "album",
            "artist",
            "channels",
            "disc_number",
            "duration",
            "files",
            "frames",
            "hash",
            "id",
            "missing",
            "path",
            "recording_mbid",
            "release_mbid",
            "sample_rate",
            "title",
            "track_number",
            "windows"
        ]
    );
    assert_eq!((&tracks[0]["channels"], &tracks[0]["sample_rate"]), (&2.into(), &44100.into()));
    assert_eq!(tracks[0]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(index(&place, "list --json m/a.mp3").json(), tracks[..1]);
    assert_eq!(index(&place, "list --json 2 c,*").json(), tracks[1..]);
    let csv = place.told(&index(&place, "list --csv").code(0).out);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("id,path,missing,size,"), "{csv}");
    assert!(lines[1].starts_with("1,DIR/m/b.mp3,false,356932,"), "{csv}");
    assert!(lines[2].starts_with("1,DIR/m/a.mp3,true,356932,"), "{csv}");
    assert!(lines[3].starts_with("2,\"DIR/m/c, d.wav\",false,"), "{csv}");
    let gone = index(&place, "list x.mp3").code(1);
    assert_eq!(
        (gone.out.as_str(), gone.err.as_str()),
        ("", "refrain: i.refrain: nothing in the index is meant by x.mp3\n")
    );
    index(&place, "list --json --csv").code(2);
}

#[test]
fn errors_are_listed_and_tried_again() {
    let place = place();
    place.write("m/more.ogg", b"OggS and no more");
    index(&place, "build -q m").code(0);
    let errors = index(&place, "errors").code(0);
    assert_eq!(errors.err, "");
    let before = place.told(&errors.out);
    assert_eq!(before.lines().count(), 2);
    assert_eq!(before.lines().last(), Some("DIR/m/text.mp3: not an audio file of a known format"));
    let json = index(&place, "errors --json").code(0).json();
    assert_eq!(json[1]["reason"], "not an audio file of a known format");
    // Mended without a trace: of the same length and date.
    let text = place.at("m/text.mp3");
    let date = fs::metadata(&text).unwrap().modified().unwrap();
    Connection::open(place.at("i.refrain"))
        .unwrap()
        .execute("UPDATE file SET size = 64044 WHERE track IS NULL", [])
        .unwrap();
    place.write("m/text.mp3", &wav(8_000, 1, &tune(8_000, 4.0, 8)));
    File::options().append(true).open(&text).unwrap().set_modified(date).unwrap();
    fs::remove_file(place.at("m/more.ogg")).unwrap();
    assert!(index(&place, "build m").code(0).err.contains("1 known not to be usable"));
    let retried = index(&place, "errors --retry").code(0);
    assert_eq!(retried.out, "");
    assert!(retried.err.starts_with("1 file added (4 s"), "{retried:#?}");
    assert_eq!(listed(&place)[3], "4 m/text.mp3");
}

#[test]
fn verify_names_what_is_wrong_and_the_way_out() {
    let place = place();
    let whole = index(&place, "verify").code(0);
    assert_snapshot!(whole.out, @"i.refrain: whole, 3 tracks, 6 windows");
    let json = |code| index(&place, "verify --json").code(code).json().remove(0);
    assert_eq!(
        json(0),
        serde_json::json!({"file": "i.refrain", "ok": true, "problem": null, "repair": null})
    );
    let sql = |sql: &str| Connection::open(place.at("i.refrain")).unwrap().execute_batch(sql).unwrap();
    sql("INSERT INTO neighbour_index VALUES (1, 1, 1, 3, 3, 9, 5, 4, 0, 0, 1)");
    assert_snapshot!(index(&place, "verify").code(2).err, @"refrain: i.refrain: its neighbour index is damaged (0 values of centroids, not 384), nothing is lost; `refrain index rebuild` makes it again");
    assert_eq!(json(2)["repair"], "rebuild");
    let rebuilt = index(&place, "rebuild").code(0);
    assert_snapshot!(rebuilt.err, @"i.refrain: too small to need a neighbour index; every window is compared");
    index(&place, "verify").code(0);
    sql("UPDATE track SET frame_count = 7000 WHERE id = 2");
    assert_snapshot!(index(&place, "verify").code(2).err, @"refrain: i.refrain: is damaged (frame block 0 of track 2); restore a copy, or delete it and build it again");
    assert_eq!(json(2)["repair"], "restore");
    fs::write(place.at("i.refrain"), b"not SQLite, and longer than the least that any database has").unwrap();
    assert_eq!(json(2)["problem"], "i.refrain: is not an SQLite file; name another with --db");
}

#[test]
fn compact_gives_room_back() {
    let place = Place::new();
    for n in 0..40 {
        place.write(format!("m/{n}.wav"), &wav(8_000, 1, &tune(8_000, 30.0, n)));
    }
    index(&place, "build -q m").code(0);
    let size = || fs::metadata(place.at("i.refrain")).unwrap().len();
    let full = size();
    index(&place, "remove m/1*.wav m/2*.wav m/3*.wav").code(0);
    let (left, asked) = (listed(&place), "query --json --db i.refrain m/5.wav");
    let answer = place.line(asked).code(0).out;
    assert_eq!(size(), full);
    let said = index(&place, "compact").code(0).err;
    assert!(said.starts_with("i.refrain: 0.") && said.ends_with(" MB given back\n"), "{said}");
    assert!(size() < full / 3 * 2, "{} of {full}", size());
    assert_eq!((listed(&place), place.line(asked).code(0).out), (left, answer));
    index(&place, "verify").code(0);
    index(&place, "compact").code(0);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing is left beside it");
}

#[test]
fn indexes_are_merged() {
    let place = place();
    let (c, d) = (wav(8_000, 1, &tune(8_000, 4.0, 3)), wav(8_000, 1, &tune(8_000, 4.0, 4)));
    place.write("n/c-again.wav", &c);
    place.write("n/d.wav", &d);
    place.write("n/bad.mp3", b"text");
    place.line("index build -q --db other.refrain n m/a.wav").code(0);
    let other = fs::read(place.at("other.refrain")).unwrap();
    let merged = index(&place, "merge other.refrain").code(0);
    assert_eq!(merged.err, "other.refrain: 1 track added, 1 with more files, 1 known by their paths\n");
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav n/c-again.wav", "4 n/d.wav"]);
    assert_eq!(fs::read(place.at("other.refrain")).unwrap(), other);
    assert_eq!(index(&place, "errors").out.lines().count(), 2);
    assert!(index(&place, "update").code(0).err.starts_with("0 files added, 5 unchanged, 2 known"));
    let before = dump(&place.at("i.refrain"));
    assert_eq!(
        index(&place, "merge other.refrain").code(0).err,
        "other.refrain: 0 tracks added, 3 known by their paths\n"
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    place.line("query --db i.refrain n/d.wav").code(0);
    // Into a new one, from several.
    place.line("index merge --db all.refrain i.refrain other.refrain").code(0);
    place.line("index verify --db all.refrain").code(0);
    assert_snapshot!(index(&place, "merge ./i.refrain").code(2).err, @"refrain: ./i.refrain: is the index that it shall be merged into");
    assert_snapshot!(place.line("index merge --db new.refrain gone.refrain").code(2).err, @"refrain: gone.refrain: no index here; make one with `refrain index build DIR`");
    assert!(!place.at("new.refrain").exists());
}

#[test]
fn folders_are_relocated() {
    let place = place();
    fs::rename(place.at("m"), place.at("music")).unwrap();
    let moved = index(&place, "relocate m music").code(0);
    assert_eq!(moved.err, "4 files relocated; `refrain index update` looks for them\n");
    assert!(update(&place, "").starts_with("0 files added, 3 unchanged, 1 known not to be usable\n"));
    assert_eq!(listed(&place), ["1 music/a.wav", "2 music/b.wav", "3 music/deep/c.wav"]);
    let nothing = index(&place, "relocate m music").code(1);
    assert_eq!(nothing.err, "refrain: i.refrain: nothing in the index is at or below m\n");
    // A name that only begins alike is another.
    index(&place, "relocate music/dee x").code(1);
    // Folders that were indexed go along, also where one comes to where another was, and where they hold nothing.
    fs::create_dir_all(place.at("e/e/e")).unwrap();
    index(&place, "build --quiet e e/e music").code(0);
    let moved = index(&place, "relocate e e/e").code(0);
    assert_eq!(moved.err, "2 folders relocated; `refrain index update` looks for them\n");
    let roots = index(&place, "info --json").json().remove(0)["roots"].clone();
    let roots: Vec<_> =
        roots.as_array().unwrap().iter().map(|root| root.as_str().unwrap().to_owned()).collect();
    assert_eq!(place.told(&roots.join(" ")), "DIR/e/e DIR/e/e/e DIR/music");
    // One level down, where its own old paths are in the way for a moment.
    index(&place, "relocate music music/deep").code(0);
    assert_eq!(listed(&place), ["1 music/deep/a.wav", "2 music/deep/b.wav", "3 music/deep/deep/c.wav"]);
    let before = dump(&place.at("i.refrain"));
    let refused = index(&place, "relocate music/deep/a.wav music/deep/b.wav").code(2);
    assert_eq!(
        place.told(&refused.err),
        "refrain: i.refrain: already holds DIR/music/deep/b.wav; `refrain index remove` takes it out"
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    index(&place, "verify").code(0);
}

#[test]
fn an_index_is_exported_as_lines_and_as_a_file() {
    let place = place();
    let lines = index(&place, "export").code(0);
    let kinds: Vec<Value> = lines.json().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["root", "track", "track", "track", "failure"]);
    assert_eq!(lines.json()[1]["path"], place.at("m/a.wav").to_str().unwrap());
    assert_eq!(index(&place, "export --file out.refrain").code(0).err, "out.refrain: 3 tracks\n");
    assert_eq!(dump(&place.at("out.refrain")), dump(&place.at("i.refrain")));
    place.line("index verify --db out.refrain").code(0);
    let refused = index(&place, "export --file out.refrain").code(2);
    assert_eq!(refused.err, "refrain: out.refrain: entity already exists\n");
    let nowhere = index(&place, "export --file no/where.refrain").code(2);
    assert!(nowhere.err.starts_with("refrain: no/where.refrain: "), "{nowhere:#?}");
    let mut names: Vec<_> =
        fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["i.refrain", "m", "out.refrain"], "no part of a file is left");
}

#[cfg(unix)]
#[test]
fn an_exported_index_is_read_where_nothing_can_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    fs::create_dir(place.at("sent")).unwrap();
    index(&place, "export --file sent/out.refrain").code(0);
    let mode = fs::metadata(place.at("sent/out.refrain")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, fs::metadata(place.at("i.refrain")).unwrap().permissions().mode() & 0o777);
    fs::set_permissions(place.at("sent"), fs::Permissions::from_mode(0o555)).unwrap();
    let asked = place.line("query --db sent/out.refrain m/a.wav");
    fs::set_permissions(place.at("sent"), fs::Permissions::from_mode(0o755)).unwrap();
    asked.code(0);
    assert_eq!(fs::read_dir(place.at("sent")).unwrap().count(), 1);
}

#[test]
fn commands_for_upkeep_make_no_index() {
    let place = Place::new();
    for args in [
        "update",
        "list",
        "errors",
        "errors --retry",
        "remove x",
        "prune",
        "relocate a b",
        "verify",
        "rebuild",
        "compact",
        "export",
        "export --file out",
    ] {
        let run = index(&place, args).code(2);
        assert_eq!(
            run.err, "refrain: i.refrain: no index here; make one with `refrain index build DIR`\n",
            "{args}"
        );
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "{args}");
    }
}

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
    // Others can take it in.
    place.line("index merge --db new.refrain i.refrain").code(0);
    assert_eq!(place.line("index info --json --db new.refrain").json()[0]["format"], 2);
    assert_eq!(fs::read(place.at("i.refrain")).unwrap(), bytes, "readers change nothing");
}

#[test]
fn an_index_of_format_1_is_brought_up_to_date_when_it_is_written() {
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
    assert_eq!(index(&place, "info --json").json()[0]["format"], 2);
    index(&place, "verify").code(0);
    assert_eq!(frames("i.refrain"), before);
    assert_eq!(listed(&place), ["2 m/paper-lanterns.mp3", "3 m/second-orbit.flac"]);
    let track = |n: usize| index(&place, "list --json").json().remove(n);
    assert_eq!(track(0)["hash"], Value::Null);
    // One has its old date: only its hash is found out. The other one is analysed, and turns out to be the same.
    assert_snapshot!(update(&place, ""), @r"
    1 file added (31 s of audio in TIME), 1 with other tags, 1 unchanged
    i.refrain: 2 tracks, 1 min 06 s
    ");
    assert_eq!(listed(&place), ["2 m/paper-lanterns.mp3", "3 m/second-orbit.flac"]);
    assert!(track(0)["hash"].is_string() && track(1)["hash"].is_string());
    assert_eq!((&track(0)["sample_rate"], &track(0)["title"]), (&44100.into(), &"Paper Lanterns".into()));
    assert_eq!(frames("i.refrain"), before);
    // Id 1 was given to a track that was removed before, 2 and 3 are taken.
    place.write("m/new.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    index(&place, "build -q m").code(0);
    assert_eq!(listed(&place)[2], "4 m/new.wav");
    assert!(Path::new(&place.at("i.refrain")).exists());
}
