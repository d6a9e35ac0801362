//! Files that go to another disk.
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::library::*;
use crate::run::Place;

/// A folder on another disk than the place, if this machine has one.
fn on_another_disk(place: &Place) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    let disk = |path: &Path| fs::metadata(path).unwrap().dev();
    (disk(other.path()) != disk(&place.path())).then_some(other)
}

#[test]
fn files_go_to_another_disk_and_come_back() {
    let library = Library::new();
    let Some(other) = on_another_disk(&library.place) else { return };
    let args = format!("--move {}", other.path().display());
    library.run(&format!("{args} --yes")).code(0);
    let there = other.path().join(library.place.at(COPY).strip_prefix("/").unwrap());
    assert!(fs::read(&there).unwrap() == library.content(COPY) && !library.has(COPY));
    library.run("undo --yes").code(0);
    library.is_as_before("there and back");
    assert_eq!(walk(other.path()), Vec::<PathBuf>::new());
    #[cfg(debug_assertions)]
    for failpoint in ["act-begun", "move-copied", "move-placed-copy", "move-moved", "move-copied=2"] {
        library.dies(&args, failpoint);
        library.nothing_is_lost(&[other.path()], failpoint);
        let undone = library.run("undo --yes");
        assert!([Some(0), Some(1)].contains(&undone.code), "{failpoint}: {undone:#?}");
        library.is_as_before(failpoint);
        library.run(&format!("{args} --yes")).code(0);
        library.dies("undo", failpoint.strip_prefix("act-").map_or(failpoint, |_| "undo-begun"));
        library.nothing_is_lost(&[other.path()], failpoint);
        let again = library.run("undo --yes");
        assert!([Some(0), Some(1)].contains(&again.code), "{failpoint}: {again:#?}");
        library.is_as_before(failpoint);
        assert_eq!(walk(other.path()), Vec::<PathBuf>::new(), "{failpoint}");
    }
}

#[test]
fn a_link_to_another_disk_is_refused_with_the_reason() {
    let library = Library::new();
    let Some(other) = on_another_disk(&library.place) else { return };
    let far = other.path().join("far.wav");
    fs::write(&far, library.content(KEPT)).unwrap();
    library.place.run(["build", "-q", "-d", "i.refrain", other.path().to_str().unwrap()]).code(0);
    let run = library.run("--hardlink --yes").code(2);
    assert!(run.err.contains("far.wav: the kept file is on another file system"), "{run:#?}");
    assert_eq!(inode(&library, COPY), inode(&library, KEPT), "the others go on");
    assert!(fs::read(&far).unwrap() == library.content(KEPT));
    assert_eq!(walk(other.path()), [far]);
}
