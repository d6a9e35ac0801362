//! A library in use: files are added, changed, moved, copied, go missing and come back.
use std::{
    fs::{self, File},
    time::{Duration, UNIX_EPOCH},
};

use insta::assert_snapshot;
use serde_json::Value;

#[cfg(target_os = "linux")]
use super::run::finish;
use super::{
    run::{Place, dump, tune, wav},
    small_library::{index, listed, place, update},
};

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
    missing m/a.wav
    missing m/b.wav
    moved m/b.wav to m/b2.wav
    moved m/a.wav to m/deep/z.wav
    0 files added, 1 unchanged, 2 moved, 1 identical to another, 1 earlier error (`refrain index errors --db i.refrain` lists it)
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/deep/z.wav", "2 m/b2.wav", "3 m/copy.wav m/deep/c.wav"]);
    // Two files swap their names. Then each gets the name of the next one.
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
    // Only the date changes.
    let file = File::options().append(true).open(place.at("m/new.wav")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(5)).unwrap();
    assert!(update(&place, "").starts_with("0 files added, 4 unchanged, "));
    let dumped = dump(&place.at("i.refrain"));
    update(&place, "");
    assert_eq!(dump(&place.at("i.refrain")), dumped, "nothing to do changes nothing");
    index(&place, "verify").code(0);
    // A match names the first path of a track, and lists the others.
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
    // No run has looked for the old file yet.
    let built = index(&place, "build other").code(0);
    assert!(built.err.starts_with("0 files added, 1 moved\n"), "{built:#?}");
    assert_eq!(listed(&place), ["1 other/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
}

#[test]
fn changed_files_are_analysed_again_and_new_tags_keep_the_track() {
    let place = Place::new();
    let (one, two) = (tune(8_000, 4.0, 1), tune(8_000, 4.0, 2));
    place.write("m/a.wav", &titled(&one, "First"));
    place.write("m/b.wav", &titled(&two, "Other"));
    index(&place, "build --quiet m").code(0);
    place.write("m/a.wav", &titled(&one, "Second"));
    assert!(
        update(&place, "").contains("0 files added, 1 with new tags (4 s of audio in TIME), 1 unchanged")
    );
    let track = |n: usize| index(&place, "list --json").json().remove(n);
    assert_eq!((&track(0)["id"], &track(0)["title"]), (&1.into(), &"Second".into()));
    // Other audio is another track.
    place.write("m/a.wav", &titled(&tune(8_000, 5.0, 3), "Second"));
    update(&place, "");
    assert_eq!(listed(&place), ["2 m/b.wav", "3 m/a.wav"]);
    assert_eq!((&track(1)["sample_rate"], &track(1)["channels"]), (&8000.into(), &1.into()));
    // One of two copies gets other tags. The other copy stays as it is.
    fs::copy(place.at("m/b.wav"), place.at("m/copy.wav")).unwrap();
    update(&place, "");
    place.write("m/b.wav", &titled(&two, "Changed"));
    update(&place, "");
    assert_eq!(listed(&place), ["2 m/copy.wav", "3 m/a.wav", "4 m/b.wav"]);
    // A file becomes bad, then good again.
    place.write("m/b.wav", b"text");
    assert!(update(&place, "").contains("1 error"));
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
    missing m/a.wav
    0 files added, 2 unchanged, 1 missing
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/a.wav?", "2 m/b.wav", "3 m/deep/c.wav"]);
    assert_eq!(index(&place, "errors").code(0).out, "", "a bad file that is gone is forgotten");
    assert_eq!(found(0)["matches"][0]["missing"], true);
    // Every table and list for people marks it.
    let table = place.line("query --db i.refrain clip.wav").code(0).out;
    assert!(table.contains("\n  m/a.wav (missing) "), "{table}");
    let timeline = |format: &str| {
        place.line(&format!("timeline --min-length 0 --min-score 0 {format} --db i.refrain clip.wav")).code(0)
    };
    assert!(timeline("").out.contains("  a (missing)"), "{:#?}", timeline(""));
    assert_eq!(timeline("--json").json()[0]["plays"][0]["missing"], true);
    let csv = timeline("--csv").out;
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].ends_with(",missing") && lines[1].ends_with(",true"), "{csv}");
    assert_eq!(
        place.told(&index(&place, "list missing").code(0).out),
        "track              length  id\nm/a.wav (missing)  0:04.0   1"
    );
    assert!(update(&place, "").starts_with("0 files added, 2 unchanged, 1 still missing\n"));
    // The file comes back as it was.
    fs::copy(place.at("clip.wav"), place.at("m/a.wav")).unwrap();
    assert!(update(&place, "").starts_with("0 files added, 3 unchanged\n"));
    fs::remove_file(place.at("m/a.wav")).unwrap();
    fs::remove_file(place.at("m/b.wav")).unwrap();
    update(&place, "");
    fs::copy(place.at("clip.wav"), place.at("m/a.wav")).unwrap();
    let before = dump(&place.at("i.refrain"));
    let dry = index(&place, "prune --dry-run").code(0);
    assert_eq!(place.told(&dry.out), "m/b.wav");
    assert_snapshot!(dry.err, @r"
    1 file would be removed
    1 file marked as missing, but found again; run `refrain index update --db i.refrain`
    ");
    assert_eq!(dump(&place.at("i.refrain")), before);
    let pruned = index(&place, "prune").code(0);
    assert_eq!(place.told(&pruned.out), "m/b.wav");
    assert_eq!(listed(&place), ["1 m/a.wav?", "3 m/deep/c.wav"]);
    assert!(update(&place, "").starts_with("0 files added, 2 unchanged\n"));
    assert_snapshot!(index(&place, "prune").code(0).err, @r"
    0 files removed
    none is marked as missing; first run `refrain index update --db i.refrain`
    ");
    index(&place, "verify").code(0);
}

#[test]
fn a_missing_disk_loses_nothing() {
    let place = place();
    fs::rename(place.at("m"), place.at("unplugged")).unwrap();
    assert_snapshot!(update(&place, ""), @r"
    no folder m; the files of this folder count as missing
    0 files added, 3 missing
    i.refrain: 3 tracks, 12 s
    ");
    let refused = index(&place, "build m").code(2);
    assert_eq!(refused.err, "refrain: cannot read m: No such file or directory\n");
    // The files that could not be read stay known too, whatever is done meanwhile.
    for args in ["prune", "errors --retry", "update"] {
        index(&place, args).code(0);
        let errors = index(&place, "errors").code(0);
        assert_eq!(place.told(&errors.out), "m/text.mp3: not an audio file of a known format", "{args}");
    }
    fs::rename(place.at("unplugged"), place.at("m")).unwrap();
    assert_snapshot!(update(&place, ""), @r"
    0 files added, 3 unchanged, 3 no longer missing, 1 earlier error (`refrain index errors --db i.refrain` lists it)
    i.refrain: 3 tracks, 12 s
    ");
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
}

#[test]
fn prune_keeps_the_files_of_a_missing_folder() {
    let place = place();
    place.write("n/d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    place.write("n/e.wav", &wav(8_000, 1, &tune(8_000, 4.0, 5)));
    index(&place, "build --quiet n").code(0);
    fs::rename(place.at("m"), place.at("unplugged")).unwrap();
    fs::remove_file(place.at("n/d.wav")).unwrap();
    update(&place, "");
    for (args, did) in [("prune --dry-run", "would be removed"), ("prune", "removed")] {
        let pruned = index(&place, args).code(0);
        assert_eq!(place.told(&pruned.out), "n/d.wav");
        let kept = "the folder m is gone; kept 3 files of this folder in the index; `refrain index remove DIR/m --db i.refrain` removes all files of the folder";
        assert_eq!(place.told(&pruned.err), format!("1 file {did}\n{kept}"));
        if did == "removed" {
            let again = index(&place, args).code(0);
            assert_eq!(
                place.told(&again.err),
                format!("0 files removed\n{kept}"),
                "some are marked as missing"
            );
        }
    }
    assert_eq!(listed(&place), ["1 m/a.wav?", "2 m/b.wav?", "3 m/deep/c.wav?", "5 n/e.wav"]);
    index(&place, "remove m").code(0);
    assert_eq!(listed(&place), ["5 n/e.wav"]);
    assert_eq!(update(&place, "").lines().next(), Some("0 files added, 1 unchanged"));
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_does_not_stop_the_others() {
    let place = place();
    place.write("n/d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    index(&place, "build --quiet n").code(0);
    place.write("n/e.wav", &wav(8_000, 1, &tune(8_000, 4.0, 5)));
    fs::rename(place.at("m"), place.at("aside")).unwrap();
    // The folder is a link to itself.
    std::os::unix::fs::symlink("m", place.at("m")).unwrap();
    let told = update(&place, "");
    assert!(told.contains("refrain: cannot read m: Too many levels of symbolic links"), "{told}");
    assert!(told.contains("1 file added (4 s of audio in TIME), 1 unchanged"), "{told}");
    // Nobody can tell whether its files exist, so they are not marked as missing.
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav", "4 n/d.wav", "5 n/e.wav"]);
}

#[test]
fn update_scans_a_folder_as_its_build_did() {
    let place = place();
    let tone = wav(8_000, 1, &tune(8_000, 4.0, 9));
    let other = wav(8_000, 1, &tune(8_000, 4.0, 10));
    place.write("n/.h/x.wav", &tone);
    place.write("single.wav", &other);
    index(&place, "build --hidden --max-depth 2 n single.wav").code(0);
    place.write("n/.h/deeper/y.wav", &wav(8_000, 1, &tune(8_000, 4.0, 11)));
    place.write("m/.hidden.wav", &wav(8_000, 1, &tune(8_000, 4.0, 12)));
    // A file that was named itself is checked, too.
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
    assert_eq!(
        told,
        "refrain: no folder is indexed in i.refrain; add one with `refrain index build DIR --db i.refrain`"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_with_a_name_that_is_not_utf_8_is_kept_up_to_date() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let place = place();
    let (odd, odder) = (OsStr::from_bytes(b"m/\xe9.wav"), OsStr::from_bytes(b"m/\xff.wav"));
    place.write(odd, &wav(8_000, 1, &tune(8_000, 4.0, 20)));
    update(&place, "");
    fs::rename(place.at(odd), place.at(odder)).unwrap();
    let told = update(&place, "");
    assert!(told.starts_with("0 files added, 3 unchanged, 1 moved") && !told.contains("missing"), "{told}");
    let csv = place.told(&index(&place, "list --csv 4").code(0).out);
    assert!(csv.contains("4,DIR/m/\u{fffd}.wav,false,"), "{csv}");
    let mut command = place.command();
    let removed = finish(command.args(["index", "remove", "--db", "i.refrain"]).arg(odder)).code(0);
    assert_eq!(removed.err, "1 file removed\n");
    assert_eq!(listed(&place).len(), 3);
}

#[test]
fn folders_are_relocated() {
    let place = place();
    fs::rename(place.at("m"), place.at("music")).unwrap();
    let moved = index(&place, "relocate m music").code(0);
    assert_eq!(
        moved.err,
        "4 files relocated; run `refrain index update --db i.refrain` to find other changes\n"
    );
    assert!(update(&place, "").starts_with(
        "0 files added, 3 unchanged, 1 earlier error (`refrain index errors --db i.refrain` lists it)\n"
    ));
    assert_eq!(listed(&place), ["1 music/a.wav", "2 music/b.wav", "3 music/deep/c.wav"]);
    let nothing = index(&place, "relocate m music").code(1);
    assert_eq!(
        nothing.err,
        "refrain: no file or folder m in i.refrain; `refrain index list --db i.refrain` lists all tracks\n"
    );
    // A folder whose name only begins like this is another folder.
    index(&place, "relocate music/dee x").code(1);
    // Indexed folders move along, even onto the place of another one, and even if they are empty.
    fs::create_dir_all(place.at("e/e/e")).unwrap();
    index(&place, "build --quiet e e/e music").code(0);
    let moved = index(&place, "relocate e e/e").code(0);
    assert_eq!(
        moved.err,
        "2 folders relocated; run `refrain index update --db i.refrain` to find other changes\n"
    );
    let roots = index(&place, "info --json").json().remove(0)["roots"].clone();
    let roots: Vec<_> =
        roots.as_array().unwrap().iter().map(|root| root.as_str().unwrap().to_owned()).collect();
    assert_eq!(place.told(&roots.join(" ")), "DIR/e/e DIR/e/e/e DIR/music");
    // The folder moves one level down. For a moment its old paths are in the way.
    index(&place, "relocate music music/deep").code(0);
    assert_eq!(listed(&place), ["1 music/deep/a.wav", "2 music/deep/b.wav", "3 music/deep/deep/c.wav"]);
    let before = dump(&place.at("i.refrain"));
    let refused = index(&place, "relocate music/deep/a.wav music/deep/b.wav").code(2);
    assert_eq!(
        place.told(&refused.err),
        "refrain: i.refrain: already holds DIR/music/deep/b.wav; remove it first with `refrain index remove DIR/music/deep/b.wav --db i.refrain`"
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    index(&place, "verify").code(0);
}

#[test]
fn a_folder_that_is_not_there_is_relocated_with_a_warning() {
    let place = place();
    let relocated = "4 files relocated; run `refrain index update --db i.refrain` to find other changes\n";
    let gone = index(&place, "relocate m /no/disk").code(0);
    let warning = "/no/disk does not exist; mount its disk before you update, or undo this with \
                   `refrain index relocate /no/disk m --db i.refrain`\n";
    assert_eq!(gone.err, format!("{relocated}{warning}"));
    // Undone, the files are there.
    assert_eq!(index(&place, "relocate /no/disk m").code(0).err, relocated);
    for to in ["m/deep", "other"] {
        fs::create_dir_all(place.at(to)).unwrap();
        let warned = index(&place, &format!("relocate m {to}")).code(0);
        let warning = format!(
            "none of these files is in {to} yet; move them there, or undo this with \
             `refrain index relocate {to} m --db i.refrain`\n"
        );
        assert_eq!(warned.err, format!("{relocated}{warning}"));
        assert_eq!(index(&place, &format!("relocate {to} m")).code(0).err, relocated);
    }
    assert_eq!(listed(&place), ["1 m/a.wav", "2 m/b.wav", "3 m/deep/c.wav"]);
}

#[test]
fn files_are_not_mixed_with_those_of_another_folder_unless_they_are_there() {
    let place = place();
    place.write("n/d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    index(&place, "build -q n").code(0);
    let before = dump(&place.at("i.refrain"));
    let refused = index(&place, "relocate m n").code(2);
    assert_eq!(
        refused.err,
        "refrain: nothing was relocated: n already has 1 indexed file, and none of the files of m is there; move the \
         files or mount the disk first\n"
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    for name in ["a.wav", "b.wav", "text.mp3", "deep"] {
        fs::rename(place.at("m").join(name), place.at("n").join(name)).unwrap();
    }
    index(&place, "relocate m n").code(0);
    assert_eq!(listed(&place), ["1 n/a.wav", "2 n/b.wav", "3 n/deep/c.wav", "4 n/d.wav"]);
}

#[test]
fn a_build_fails_if_a_file_that_was_named_cannot_be_used() {
    let place = place();
    // In a folder it does not count.
    index(&place, "build m").code(0);
    place.write("new.wav", &wav(8_000, 1, &tune(8_000, 4.0, 4)));
    place.write("bad.mp3", b"no music");
    let named = index(&place, "build new.wav bad.mp3").code(2);
    assert!(
        named.err.contains("refrain: cannot read bad.mp3: not an audio file of a known format\n"),
        "{named:#?}"
    );
    assert!(named.err.contains("1 file added "), "the others are added: {named:#?}");
    // It is not tried again, and still cannot be used.
    index(&place, "build new.wav bad.mp3").code(2);
    index(&place, "build new.wav").code(0);
    index(&place, "update").code(0);
}

#[test]
fn a_retry_names_each_file_once() {
    let place = place();
    place.write("m/other.mp3", b"text too");
    update(&place, "");
    let retried = index(&place, "errors --retry").code(0);
    for name in ["m/other.mp3", "m/text.mp3"] {
        let named = [&retried.out, &retried.err].map(|text| text.matches(name).count());
        assert_eq!(named, [1, 0], "{retried:#?}");
    }
    assert!(retried.err.contains("0 files added, 2 errors\n"), "{retried:#?}");
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
            run.err,
            "refrain: i.refrain: no index here; make one with `refrain index build DIR --db i.refrain`\n",
            "{args}"
        );
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "{args}");
    }
}
