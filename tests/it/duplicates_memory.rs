//! What `refrain duplicates` remembers in the index, and what a build says of files that are there already.
use std::fs;

use super::run::{Place, Run, finish, tune, wav};

const RATE: u32 = 11_025;

/// A folder with two songs, indexed.
fn library() -> (Place, tempfile::TempDir) {
    let (place, music) = (Place::new(), tempfile::tempdir().unwrap());
    for (name, seed) in [("one.wav", 3), ("two.wav", 4)] {
        fs::write(music.path().join(name), wav(RATE, 1, &tune(RATE, 40.0, seed))).unwrap();
    }
    let built = build(&place, &music);
    assert!(!built.err.contains("already"), "{built:?}");
    (place, music)
}

fn build(place: &Place, music: &tempfile::TempDir) -> Run {
    finish(place.command().args(["build", "--db", "i.refrain"]).arg(music.path())).code(0)
}

/// Half as loud, and a second shorter.
fn copy(place: &Place, music: &tempfile::TempDir, name: &str) -> Run {
    let song: Vec<i16> = tune(RATE, 40.0, 3).iter().skip(RATE as usize).map(|sample| sample / 2).collect();
    fs::write(music.path().join(name), wav(RATE, 1, &song)).unwrap();
    build(place, music)
}

#[test]
fn a_build_tells_how_many_new_files_the_library_had_already() {
    let (place, music) = library();
    let built = copy(&place, &music, "copy.wav");
    let told = "1 new file holds a recording that the library had already; `refrain duplicates --db i.refrain` lists the copies";
    assert!(built.err.contains(told), "{built:?}");
    fs::write(music.path().join("three.wav"), wav(RATE, 1, &tune(RATE, 40.0, 5))).unwrap();
    assert!(!build(&place, &music).err.contains("already"));
    assert!(!build(&place, &music).err.contains("already"), "nothing is new");
    assert!(
        finish(place.command().args(["build", "--quiet", "--db", "i.refrain"]).arg(music.path()))
            .code(0)
            .err
            .is_empty()
    );
}

#[test]
fn what_was_compared_is_in_the_index_and_a_view_shows_it() {
    let (place, music) = library();
    copy(&place, &music, "copy.wav");
    let run = |args: &[&str]| finish(place.command().args(["duplicates", "--db", "i.refrain"]).args(args));
    let first = run(&["--json"]).code(0);
    let db = rusqlite::Connection::open(place.at("i.refrain")).unwrap();
    let rows: Vec<(String, String, String)> = db
        .prepare("SELECT path, relation, reference_path FROM duplicates")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let path = |name: &str| music.path().canonicalize().unwrap().join(name).to_str().unwrap().to_owned();
    let mut both = [rows[0].0.clone(), rows[0].2.clone()];
    both.sort();
    assert_eq!(
        (rows.len(), rows[0].1.as_str(), both),
        (1, "same_audio", [path("copy.wav"), path("one.wav")])
    );
    drop(db);
    assert_eq!(run(&["--json"]).code(0).out, first.out);
    // All of it can be found again.
    let db = rusqlite::Connection::open(place.at("i.refrain")).unwrap();
    for table in ["duplicate_search", "near_pair", "compared_pair", "duplicate"] {
        assert!(db.execute(&format!("DELETE FROM {table}"), []).unwrap() > 0, "{table}");
    }
    drop(db);
    assert_eq!(run(&["--json"]).code(0).out, first.out);
    finish(place.command().args(["index", "verify", "--db", "i.refrain"])).code(0);
}

#[test]
fn files_that_are_no_duplicates_for_the_user_are_not_listed() {
    let (place, music) = library();
    copy(&place, &music, "copy.wav");
    let run = |args: &[&str]| finish(place.command().args(["duplicates", "--db", "i.refrain"]).args(args));
    let [one, two, copy] = ["one.wav", "two.wav", "copy.wav"]
        .map(|name| music.path().canonicalize().unwrap().join(name).to_str().unwrap().to_owned());
    run(&[]).code(0);
    let said = run(&["--ignore", &copy, &one]).code(0);
    assert!(said.err.contains("count as different recordings"), "{said:?}");
    assert!(run(&[]).code(1).err.contains("no recording is in the library more than once"));
    run(&["--ignore", &copy, &two]).code(0);
    run(&["--unignore", &one, &copy]).code(0);
    run(&[]).code(0);
    assert!(run(&["--ignore", &one, &one]).code(2).err.contains("have the same bytes"));
    assert!(run(&["--ignore", &one, "/nowhere.wav"]).code(2).err.contains("/nowhere.wav"));
    assert!(run(&["--ignore", &one]).code(2).err.contains("--ignore"));
}
