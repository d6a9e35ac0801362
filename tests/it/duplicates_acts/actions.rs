//! What each action does, and what `undo` takes back.
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use super::library::*;

#[cfg(target_os = "linux")]
#[test]
fn the_trash_takes_what_is_spare_and_gives_it_back() {
    let library = Library::new();
    let run = library.run("--trash --yes --json").code(0);
    let documents = run.json();
    assert_eq!(names(&library, &documents), BTreeSet::from([COPY, QUIETER].map(str::to_owned)));
    let copy = documents.iter().find(|d| d["path"].as_str().unwrap().ends_with("copy.wav")).unwrap();
    assert_eq!((copy["action"].as_str(), copy["relation"].as_str()), (Some("trash"), Some("same_bytes")));
    assert!(copy["kept"].as_str().unwrap().ends_with(KEPT) && copy["to"].is_null(), "{copy}");
    assert_eq!(copy["bytes"], library.content(COPY).len());
    assert!(
        run.err.contains("2 files moved to the trash; 882 kB are free once you empty the trash"),
        "{run:#?}"
    );
    assert!(run.err.contains("`refrain duplicates undo --db i.refrain` undoes this"), "{run:#?}");
    assert!(!library.has(COPY) && !library.has(QUIETER) && library.has(KEPT));
    assert!(library.has(".local/share/Trash/files/copy.wav"), "HOME is the place");
    let missing = library.place.line("list missing -d i.refrain --json").code(0).json();
    let all_gone: Vec<bool> = missing.iter().map(|track| track["missing"].as_bool().unwrap()).collect();
    assert_eq!(all_gone, [false, true], "the copy's track has another file");
    library.nothing_is_lost(&[], "trash");
    library.run("--trash --yes").code(1);
    let back = library.run("undo --yes --json").code(0);
    assert_eq!(names(&library, &back.json()), BTreeSet::from([COPY, QUIETER].map(str::to_owned)));
    assert_eq!(back.json()[0]["undone"], "trash");
    library.is_as_before("after the trash");
    assert_eq!(walk(&library.place.at(".local/share/Trash")), Vec::<PathBuf>::new());
    assert!(library.run("undo --yes").code(1).err.contains("nothing to undo"));
}

#[test]
fn a_moved_file_keeps_its_path_and_replaces_nothing() {
    let library = Library::new();
    let taken = moved(&library, QUIETER);
    fs::create_dir_all(taken.parent().unwrap()).unwrap();
    fs::write(&taken, b"mine").unwrap();
    let run = library.run("--move out --yes --json").code(2);
    assert!(
        run.err.contains("quieter.wav: ")
            && run.err.contains("exists already; refrain did not replace the file"),
        "{run:#?}"
    );
    let documents = run.json();
    assert_eq!(names(&library, &documents), BTreeSet::from([COPY.to_owned()]));
    assert_eq!(documents[0]["to"], moved(&library, COPY).to_str().unwrap());
    assert!(fs::read(moved(&library, COPY)).unwrap() == library.content(COPY) && !library.has(COPY));
    assert_eq!((fs::read(&taken).unwrap().as_slice(), library.has(QUIETER)), (b"mine".as_slice(), true));
    // An undo replaces nothing either.
    library.place.write(COPY, b"new");
    let refused = library.run("undo --yes").code(2);
    assert!(refused.err.contains("another file is there now"), "{refused:#?}");
    assert_eq!(fs::read(library.place.at(COPY)).unwrap(), b"new");
    fs::remove_file(library.place.at(COPY)).unwrap();
    // What was moved and then changed stays where it is.
    let date = fs::metadata(moved(&library, COPY)).unwrap().modified().unwrap();
    fs::write(moved(&library, COPY), b"changed").unwrap();
    let refused = library.run("undo --yes").code(2);
    assert!(refused.err.contains("has changed since; refrain left the file there"), "{refused:#?}");
    fs::write(moved(&library, COPY), library.content(COPY)).unwrap();
    File::options().write(true).open(moved(&library, COPY)).unwrap().set_modified(date).unwrap();
    library.run("undo --yes").code(0);
    library.is_as_before("after the move");
}

#[test]
fn a_file_that_moves_within_the_library_moves_in_the_index() {
    let mut library = Library::new();
    // The folder of the test is a hidden one.
    library.place.line("build -q m --hidden -d i.refrain").code(0);
    library.rows = rows(&library.place);
    let run = library.run("--move m/spare --yes --relation same_audio").code(0);
    assert!(run.err.contains("1 file moved, "), "{run:#?}");
    let listed = library.place.line("list quieter -d i.refrain --json").code(0).json();
    let (path, spare) = (listed[0]["path"].as_str().unwrap(), library.place.at("m/spare"));
    assert!(Path::new(path).starts_with(&spare) && path.ends_with(QUIETER), "{path}");
    // What was moved there is not moved again.
    library.run("--move m/spare --yes --relation same_audio").code(1);
    let before = rows(&library.place);
    library.place.line("update -q -d i.refrain").code(0);
    assert_eq!(rows(&library.place), before, "as an update would have it");
    library.run("undo --yes").code(0);
    library.is_as_before("after the move");
}

#[cfg(unix)]
#[test]
fn a_hard_link_is_made_of_the_same_bytes_only() {
    let library = Library::new();
    let run = library.run("--hardlink --yes --json").code(0);
    assert_eq!(names(&library, &run.json()), BTreeSet::from([COPY.to_owned()]));
    assert_eq!(inode(&library, COPY), inode(&library, KEPT));
    assert!(library.has(QUIETER));
    let before = rows(&library.place);
    library.place.line("update -q -d i.refrain").code(0);
    assert_eq!(rows(&library.place), before, "as an update would have it");
    // Two names of one file: there is nothing to link, and nothing to free.
    library.run("--hardlink --yes").code(1);
    let left = library.run("--delete --yes --relation same_bytes").code(1);
    assert!(library.has(COPY), "{left:#?}");
    library.run("undo --yes").code(0);
    assert_ne!(inode(&library, COPY), inode(&library, KEPT));
    library.is_as_before("after the link");
}

#[test]
fn a_reflink_is_made_or_the_reason_told() {
    let library = Library::new();
    let run = library.run("--reflink --yes --json");
    if run.code == Some(2) {
        assert!(
            run.err.contains(
                "copy.wav: the file system cannot make a reflink (a copy that shares disk space): "
            ),
            "{run:#?}"
        );
        assert_eq!(run.out, "");
        library.is_as_before("a file system without reflinks");
        library.run("undo --yes").code(1);
        return;
    }
    assert_eq!(names(&library, &run.code(0).json()), BTreeSet::from([COPY.to_owned()]));
    library.is_as_before("a reflink changes no content and no date");
    library.run("undo --yes").code(0);
    library.is_as_before("after the reflink");
}

#[test]
fn what_is_deleted_cannot_be_put_back_and_that_is_said() {
    let library = Library::new();
    let run = library.run("--delete --yes").code(0);
    assert_eq!(run.out.lines().count(), 2, "{run:#?}");
    assert!(run.err.contains("2 files deleted; 882 kB are free") && !run.err.contains("undo"), "{run:#?}");
    assert!(!library.has(COPY) && !library.has(QUIETER) && library.has(KEPT) && library.has(OTHER));
    let undo = library.run("undo --yes").code(1);
    assert!(undo.err.contains("2 files deleted by refrain cannot be put back"), "{undo:#?}");
}
