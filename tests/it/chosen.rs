//! Which files a command means: by path, pattern or id.
use std::{fs, path::Path};

use serde_json::Value;

use super::{
    run::{Place, dump, tune, wav},
    small_library::{index, listed, place, update},
};

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
        let told = place.told(&run.out).replace("m/", "");
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
        let told = format!(
            "refrain: no file for {wrong} in i.refrain; `refrain index list --db i.refrain` lists all tracks\n"
        );
        assert_eq!(refused.err, told);
    }
    assert_eq!(dump(&place.at("i.refrain")), all, "nothing is removed where one is wrong");
    let removed = index(&place, "remove m/a.wav b.w*").code(0);
    assert_eq!(place.told(&removed.out), "m/a.wav\nm/b.wav");
    assert_eq!(removed.err, "2 files removed\n");
    assert!(place.at("m/a.wav").exists(), "the files themselves are not touched");
    let left = listed(&place);
    assert!(left.iter().any(|track| track == "1 m/deep/also-a.wav"), "{left:?}");
    index(&place, "remove 1").code(0);
    assert_eq!(listed(&place).len(), left.len() - 1);
    index(&place, "verify").code(0);
    // An update adds removed files again if they are in a folder that was indexed.
    assert!(update(&place, "").starts_with("2 files added "));
}

#[test]
fn an_empty_choice_does_not_mean_everything() {
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
    // The same holds for programs.
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
fn an_existing_path_wins_over_a_pattern() {
    let place = Place::new();
    for (name, seed) in [("m/live [ab].wav", 1), ("m/live a.wav", 2), ("[n]/c.wav", 3), ("n/d.wav", 4)] {
        place.write(name, &wav(8_000, 1, &tune(8_000, 4.0, seed)));
    }
    index(&place, "build --quiet m n [n]").code(0);
    let remove = |chosen: &str| {
        let run = place.run(["index", "remove", "--db", "i.refrain", chosen]).code(0);
        place.told(&run.out)
    };
    assert_eq!(remove("m/live [ab].wav"), "m/live [ab].wav");
    assert_eq!(remove("m/live [ab].wav"), "m/live a.wav", "nothing is called so any more");
    assert_eq!(remove("[n]"), "[n]/c.wav");
    // Removing the files forgets their folder, and no other folder.
    let info = index(&place, "info --json").json().remove(0);
    let roots = [place.at("m"), place.at("n")].map(|root| root.to_str().unwrap().to_owned());
    assert_eq!(info["roots"], Value::from(roots.to_vec()));
}
