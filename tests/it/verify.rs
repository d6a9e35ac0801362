//! Checks an index file, repairs it, and makes it smaller.
use std::fs;

use insta::assert_snapshot;
use rusqlite::Connection;

use super::{
    run::{Place, tune, wav},
    small_library::{index, listed, place},
};

#[test]
fn verify_names_the_problem_and_the_remedy() {
    let place = place();
    let whole = index(&place, "verify").code(0);
    assert_snapshot!(whole.out, @"i.refrain: no damage; 3 tracks, 6 windows");
    let json = |code| index(&place, "verify --json").code(code).json().remove(0);
    assert_eq!(
        json(0),
        serde_json::json!({"file": "i.refrain", "ok": true, "problem": null, "repair": null})
    );
    let sql = |sql: &str| Connection::open(place.at("i.refrain")).unwrap().execute_batch(sql).unwrap();
    sql("INSERT INTO neighbour_index VALUES (1, 1, 1, 3, 3, 9, 5, 4, 0, 0, 1)");
    assert_snapshot!(index(&place, "verify").code(2).err, @"refrain: i.refrain: the neighbour index, which makes searches fast, is damaged; no data is lost; repair the index with `refrain index rebuild --db i.refrain` (problem: the centroids have 0 values instead of 384)");
    assert_eq!(json(2)["repair"], "rebuild");
    let rebuilt = index(&place, "rebuild").code(0);
    assert_snapshot!(rebuilt.err, @r"
    i.refrain: the library is too small to need a neighbour index
    i.refrain: made the data for `refrain versions`
    ");
    index(&place, "verify").code(0);
    sql("UPDATE track SET frame_count = 7000 WHERE id = 2");
    assert_snapshot!(index(&place, "verify").code(2).err, @"refrain: i.refrain: the index is damaged; restore a copy of the index, or delete the index and build a new index (problem: the fingerprint of track 2 is damaged in block 0)");
    assert_eq!(json(2)["repair"], "restore");
    fs::write(place.at("i.refrain"), b"not SQLite, and longer than the least that any database has").unwrap();
    assert_eq!(json(2)["problem"], "i.refrain: this is not an SQLite file; choose another file with --db");
}

#[test]
fn compact_frees_space() {
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
    assert!(said.starts_with("i.refrain: 0.") && said.ends_with(" MB freed\n"), "{said}");
    assert!(size() < full / 3 * 2, "{} of {full}", size());
    assert_eq!((listed(&place), place.line(asked).code(0).out), (left, answer));
    index(&place, "verify").code(0);
    index(&place, "compact").code(0);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing is left beside it");
}
