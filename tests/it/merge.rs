//! An index takes in others, or is copied to a file of its own.
use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::{
    run::{dump, tune, wav},
    small_library::{index, listed, place},
};

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
    assert_eq!(
        merged.err,
        "other.refrain: 1 track added, 1 with new paths, 1 skipped because this index already has files at the same paths\n"
    );
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav n/c-again.wav", "4 n/d.wav"]);
    assert_eq!(fs::read(place.at("other.refrain")).unwrap(), other);
    assert_eq!(index(&place, "errors").out.lines().count(), 2);
    assert!(index(&place, "update").code(0).err.starts_with("0 files added, 5 unchanged, 2 earlier errors"));
    let before = dump(&place.at("i.refrain"));
    assert_eq!(
        index(&place, "merge other.refrain").code(0).err,
        "other.refrain: 0 tracks added, 3 skipped because this index already has files at the same paths\n"
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    place.line("query --db i.refrain n/d.wav").code(0);
    // Several indexes are merged into a new one.
    place.line("index merge --db all.refrain i.refrain other.refrain").code(0);
    place.line("index verify --db all.refrain").code(0);
    assert_snapshot!(index(&place, "merge ./i.refrain").code(2).err, @"refrain: ./i.refrain: this is the index itself; choose another index to merge");
    assert_snapshot!(place.line("index merge --db new.refrain gone.refrain").code(2).err, @"refrain: gone.refrain: no index here; check the path");
    assert!(!place.at("new.refrain").exists());
    // What is wrong with the other index is not repaired in this one.
    fs::write(place.at("text"), "no index, though it has the bytes of a header. ".repeat(9)).unwrap();
    assert_snapshot!(index(&place, "merge text").code(2).err, @"refrain: text: this is not an SQLite file; choose another index to merge");
    assert_snapshot!(index(&place, "merge m").code(2).err, @"refrain: m: this is a folder; choose another index to merge");
    assert_snapshot!(place.line("index merge other.refrain --db text").code(2).err, @"refrain: text: this is not an SQLite file; choose another file with --db");
}

#[test]
fn an_index_is_exported_as_lines_and_as_a_file() {
    let place = place();
    let lines = index(&place, "export").code(0);
    let kinds: Vec<Value> = lines.json().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["root", "track", "track", "track", "failure"]);
    assert_eq!(index(&place, "export --json").code(0).out, lines.out);
    index(&place, "export --json --file out.refrain").code(2);
    assert_eq!(lines.json()[1]["path"], place.at("m/a.wav").to_str().unwrap());
    assert_eq!(index(&place, "export --file out.refrain").code(0).err, "copied 3 tracks to out.refrain\n");
    assert_eq!(dump(&place.at("out.refrain")), dump(&place.at("i.refrain")));
    place.line("index verify --db out.refrain").code(0);
    let refused = index(&place, "export --file out.refrain").code(2);
    assert_eq!(refused.err, "refrain: cannot write out.refrain: it exists already; name a new file\n");
    let nowhere = index(&place, "export --file m/a.wav/out.refrain").code(2);
    assert_eq!(nowhere.err, "refrain: cannot make the folder m/a.wav: File exists\n");
    // In this folder no file can be made. The name of the temporary one says nothing.
    #[cfg(target_os = "linux")]
    for (args, says) in [
        ("index export --db i.refrain --file /proc/out.refrain", "refrain: /proc/out.refrain: "),
        ("analyze m/a.wav --frames /proc/out.npz", "refrain: cannot write /proc/out.npz: "),
        ("man /proc", "refrain: cannot write /proc/refrain.1: "),
    ] {
        assert_eq!(place.line(args).code(2).err, format!("{says}No such file or directory\n"));
    }
    let mut names: Vec<_> =
        fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["i.refrain", "m", "out.refrain"], "no part of a file is left");
}

#[cfg(unix)]
#[test]
fn an_exported_index_is_readable_in_a_read_only_folder() {
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
