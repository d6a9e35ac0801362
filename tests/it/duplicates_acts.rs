//! `refrain duplicates --trash`, `--move`, `--hardlink`, `--reflink`, `--delete` and `undo`, on the real binary: nothing is lost,
//! whatever happens in between.
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use refrain::{CancelToken, store::Store};
use serde_json::Value;

use super::run::{Place, Run, dump, tune, wav};

const RATE: u32 = 11_025;

/// The files of the library that are no copies of each other in the end, and what is spare.
const KEPT: &str = "m/a/song.wav";
const COPY: &str = "m/b/copy.wav";
const QUIETER: &str = "m/b/quieter.wav";
const OTHER: &str = "m/other.wav";

/// A song with a copy of its bytes and a quieter one, another song, and their index.
struct Library {
    place: Place,
    /// What each file has in it.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// The rows of the index.
    rows: Vec<String>,
}

impl Library {
    fn new() -> Self {
        Self::with(&[])
    }

    /// With more copies of the song.
    fn with(more: &[&Path]) -> Self {
        let place = Place::new();
        let song = tune(RATE, 20.0, 3);
        let quieter: Vec<i16> = song.iter().map(|sample| sample / 3).collect();
        let (song, quieter) = (wav(RATE, 1, &song), wav(RATE, 1, &quieter));
        let mut files = vec![
            (KEPT.into(), song.clone()),
            (COPY.into(), song.clone()),
            (QUIETER.into(), quieter),
            (OTHER.into(), wav(RATE, 1, &tune(RATE, 20.0, 4))),
        ];
        files.extend(more.iter().map(|path| (path.to_path_buf(), song.clone())));
        for (n, (path, content)) in files.iter().enumerate() {
            let path = place.write(path, content);
            // The first one is the oldest.
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000 + n as u64);
            File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
        }
        place.line("build -q m -d i.refrain").code(0);
        let rows = rows(&place);
        Self { place, files, rows }
    }

    fn run(&self, args: &str) -> Run {
        self.place.line(&format!("duplicates {args} -d i.refrain"))
    }

    fn has(&self, name: impl AsRef<Path>) -> bool {
        self.place.at(name).exists()
    }

    fn content(&self, name: impl AsRef<Path>) -> &[u8] {
        let name = name.as_ref();
        self.files.iter().find(|(path, _)| path == name).map(|(_, content)| content.as_slice()).unwrap()
    }

    /// Asserts that every file is at its place with its content, and that the index says the same as in the beginning.
    #[track_caller]
    fn is_as_before(&self, what: &str) {
        for (path, content) in &self.files {
            assert!(
                fs::read(self.place.at(path)).unwrap_or_default() == *content,
                "{what}: {}",
                path.display()
            );
        }
        assert_eq!(rows(&self.place), self.rows, "{what}");
        let left: Vec<PathBuf> =
            walk(&self.place.path()).into_iter().filter(|path| is_temporary(path)).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{what}: what should be there for a moment only");
    }

    /// Asserts that no content is lost, that what is not spare is where it was, and that the index is valid.
    #[track_caller]
    fn nothing_is_lost(&self, beside: &[&Path], what: &str) {
        let there: Vec<PathBuf> = [&self.place.path()]
            .into_iter()
            .map(PathBuf::as_path)
            .chain(beside.iter().copied())
            .flat_map(walk)
            .filter(|path| !is_temporary(path))
            .collect();
        for (path, content) in &self.files {
            let has_it = |path: &PathBuf| fs::read(path).is_ok_and(|found| found == *content);
            assert!(there.iter().any(has_it), "{what}: {} is lost", path.display());
        }
        for kept in [KEPT, OTHER] {
            assert!(fs::read(self.place.at(kept)).unwrap() == self.content(kept), "{what}: {kept}");
        }
        Store::open_read(self.place.at("i.refrain")).unwrap().verify(&CancelToken::new()).unwrap();
    }
}

/// What the index knows of files and their sound. What it remembers of comparisons is another matter.
fn rows(place: &Place) -> Vec<String> {
    let mut rows = dump(&place.at("i.refrain"));
    let tables = ["file: ", "track: ", "root: ", "frame_block: ", "window_block: "];
    rows.retain(|row| tables.iter().any(|table| row.starts_with(table)));
    assert!(rows.len() > 10);
    rows
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".refrain-"))
}

/// All files in a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Where a file is that was moved to `out`.
fn moved(library: &Library, name: impl AsRef<Path>) -> PathBuf {
    let path = library.place.at(name);
    library.place.at("out").join(path.strip_prefix("/").unwrap_or(&path))
}

fn names(library: &Library, documents: &[Value]) -> BTreeSet<String> {
    let short = |document: &Value| {
        let path = Path::new(document["path"].as_str().unwrap()).to_owned();
        path.strip_prefix(library.place.path()).unwrap().to_str().unwrap().to_owned()
    };
    documents.iter().map(short).collect()
}

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
    assert!(run.err.contains("`refrain duplicates undo --db i.refrain` takes it back"), "{run:#?}");
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
        run.err.contains("quieter.wav: ") && run.err.contains("exists already; it was not replaced"),
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
    assert!(refused.err.contains("has changed since; it was left there"), "{refused:#?}");
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

/// The number of the file that a name leads to.
#[cfg(unix)]
fn inode(library: &Library, name: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(library.place.at(name)).unwrap().ino()
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
        assert!(run.err.contains("copy.wav: this file system makes no reflink of it: "), "{run:#?}");
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

/// Replaces a file by one of the same size and date.
fn forge(library: &Library, name: &str) {
    let path = library.place.at(name);
    let date = fs::metadata(&path).unwrap().modified().unwrap();
    let mut content = library.content(name).to_vec();
    *content.last_mut().unwrap() ^= 1;
    fs::write(&path, content).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
}

#[test]
fn a_file_that_changed_since_is_left_alone_and_the_others_go_on() {
    let library = Library::new();
    forge(&library, COPY);
    for (args, gone) in [("--hardlink", false), ("--delete", true)] {
        let run = library.run(&format!("{args} --yes")).code(2);
        assert!(
            run.err.contains(
                "left alone m/b/copy.wav: it has changed since it was indexed; run `refrain update`"
            ),
            "{run:#?}"
        );
        assert_eq!((library.has(COPY), library.has(QUIETER)), (true, !gone));
    }
}

#[test]
fn nothing_is_done_if_the_kept_file_changed_or_is_gone() {
    let library = Library::new();
    forge(&library, KEPT);
    for args in ["--trash", "--delete", "--move out", "--hardlink"] {
        let run = library.run(&format!("{args} --yes")).code(2);
        assert!(run.err.contains("the kept file m/a/song.wav: it has changed since"), "{run:#?}");
        assert_eq!(run.out, "");
    }
    fs::remove_file(library.place.at(KEPT)).unwrap();
    let run = library.run("--delete --yes").code(2);
    assert!(run.err.contains("the kept file m/a/song.wav: it is gone"), "{run:#?}");
    assert!(library.has(COPY) && library.has(QUIETER));
    // Another date is a change, too.
    library.place.write(KEPT, library.content(KEPT));
    library.run("--delete --yes").code(2);
    assert!(library.has(COPY) && library.has(QUIETER));
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let library = Library::new();
    for args in ["--trash", "--move out", "--hardlink", "--reflink", "--delete"] {
        let run = library.run(args).code(2);
        assert!(run.err.contains("there is no terminal to ask on; add --yes"), "{run:#?}");
    }
    library.run("--trash --delete --yes").code(2);
    library.run("--move out --hardlink --yes").code(2);
    library.run("--yes").code(2);
    library.run("--trash --yes --csv").code(2);
    library.run("--trash undo").code(2);
    library.run("--trash --yes --relation shared_backing").code(2);
    library.is_as_before("nothing was done");
    assert!(!library.has("out"));
    library.run("--move out --yes").code(0);
    let undo = library.run("undo").code(2);
    assert!(undo.err.contains("add --yes to put 2 files back"), "{undo:#?}");
    assert!(!library.has(COPY));
}

/// Runs `duplicates` in a terminal in which `typed` is typed once it asks.
#[cfg(unix)]
fn typed(library: &Library, args: &str, typed: &[u8]) -> (Option<i32>, String) {
    use std::{
        io::{Read, Write},
        process::Stdio,
    };

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = library.place.command();
    command.arg("duplicates").args(args.split(' ')).args(["-d", "i.refrain"]);
    command.stdin(slave.try_clone().unwrap()).stderr(slave).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut master = File::from(master);
    let (mut all, mut some, mut is_typed) = (Vec::new(), [0; 4096], false);
    while let Ok(n @ 1..) = master.read(&mut some) {
        all.extend(&some[..n]);
        if !is_typed && (all.ends_with(b"[y/N] ") || all.ends_with(b"word delete: ")) {
            master.write_all(typed).unwrap();
            is_typed = true;
        }
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&all).into_owned())
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks() {
    let library = Library::new();
    for (args, answer) in [
        ("--move out", "n\n"),
        ("--move out", "\n"),
        ("--delete", "y\n"),
        ("--delete", "yes\n"),
        ("--hardlink", "delete\n"),
        ("--trash", "\u{4}"),
    ] {
        let (code, said) = typed(&library, args, answer.as_bytes());
        assert_eq!(code, Some(1), "{args} {answer:?}: {said}");
        assert!(said.contains("nothing was done"), "{args} {answer:?}: {said}");
    }
    library.is_as_before("every answer was no");
    let (code, said) = typed(&library, "--move out", b"Y\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("move 2 files (882 kB) to out? [y/N]"), "{said}");
    let (code, said) = typed(&library, "undo", b"yes\n");
    assert_eq!(code, Some(0), "{said}");
    library.is_as_before("there and back");
    let (code, said) = typed(&library, "--delete", b"delete\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("This cannot be undone"), "{said}");
    assert!(!library.has(COPY) && library.has(KEPT));
}

#[cfg(unix)]
#[test]
fn what_is_preferred_or_another_name_of_a_kept_file_is_never_touched() {
    use std::os::unix::fs::symlink;
    let library = Library::new();
    // The folder is named through a link, as a home folder may be.
    symlink(library.place.at("m/b"), library.place.at("liked")).unwrap();
    library.run("--delete --yes --prefer liked --keep path").code(0);
    assert!(
        library.has(COPY) && library.has(QUIETER) && !library.has(KEPT),
        "one is kept in the preferred folder"
    );

    // Another name of a spare file: to remove one of both frees nothing.
    let library = Library::new();
    fs::hard_link(library.place.at(QUIETER), library.place.at("elsewhere.wav")).unwrap();
    let run = library.run("--trash --yes --relation same_audio").code(1);
    assert!(run.err.contains("other names (hard links), so that nothing would be free"), "{run:#?}");
    library.is_as_before("a hard link");

    // A link to a file, and a folder that has two names.
    let library = Library::new();
    fs::rename(library.place.at(QUIETER), library.place.at("quieter.wav")).unwrap();
    symlink(library.place.at("quieter.wav"), library.place.at(QUIETER)).unwrap();
    symlink(library.place.at("m/a"), library.place.at("m/z")).unwrap();
    library.place.line("update -q -d i.refrain").code(0);
    let run = library.run("--delete --yes").code(0);
    assert!(run.err.contains("quieter.wav: it is a symbolic link"), "{run:#?}");
    assert!(library.has(KEPT) && library.has(QUIETER) && library.has("m/z/song.wav") && !library.has(COPY));
}

#[test]
fn a_part_does_not_replace_the_whole() {
    let place = Place::new();
    let song = tune(RATE, 60.0, 3);
    place.write("m/song.wav", &wav(RATE, 1, &song));
    let at = |seconds: u32| (seconds * RATE) as usize;
    place.write("m/part.wav", &wav(RATE, 1, &song[at(20)..at(45)]));
    // Six seconds are left out.
    place.write("m/edit.wav", &wav(RATE, 1, &[&song[..at(30)], &song[at(36)..]].concat()));
    for (name, seconds) in [("m/part.wav", 200), ("m/edit.wav", 100)] {
        let date = SystemTime::now() + Duration::from_secs(seconds);
        File::options().write(true).open(place.at(name)).unwrap().set_modified(date).unwrap();
    }
    place.line("build -q m -d i.refrain").code(0);
    let cut = |relations: &str| {
        let options = "--keep newest --yes -d i.refrain";
        place.line(&format!("duplicates --delete --relation same_bytes,same_audio,{relations} {options}"))
    };
    let run = cut("edit").code(1);
    assert!(run.err.contains("left alone m/song.wav: it is longer than the kept file"), "{run:#?}");
    cut("excerpt").code(0);
    assert!(place.at("m/song.wav").exists() && !place.at("m/part.wav").exists());
}

#[test]
fn a_library_where_nothing_is_double_has_nothing_to_do() {
    let place = Place::new();
    for seed in 6..8 {
        place.write(format!("m/{seed}.wav"), &wav(RATE, 1, &tune(RATE, 20.0, seed)));
    }
    place.line("build -q m -d i.refrain").code(0);
    let run = place.line("duplicates --trash --yes -d i.refrain").code(1);
    assert!(run.err.contains("no recording is in the library more than once"), "{run:#?}");
    assert!(place.line("duplicates undo -d i.refrain").code(1).err.contains("nothing to undo"));
    place.line("duplicates --trash --yes -d nowhere.refrain").code(2);
}

#[test]
fn playlists_that_name_a_removed_file_are_told_and_not_changed() {
    let library = Library::new();
    let list = library.place.write("m/lists/mine.m3u", b"../b/copy.wav\n../other.wav\n");
    library.place.write("m/b/sheet.cue", b"FILE \"quieter.wav\" WAVE\n");
    library.place.write("m/lists/other.m3u8", b"../other.wav\n../a/song.wav\n");
    let run = library.run("--move out --yes").code(0);
    assert!(run.err.contains("m/lists/mine.m3u still names m/b/copy.wav\n"), "{run:#?}");
    assert!(run.err.contains("m/b/sheet.cue still names m/b/quieter.wav\n"), "{run:#?}");
    assert_eq!(run.err.matches("still names").count(), 2, "{run:#?}");
    assert_eq!(fs::read(list).unwrap(), b"../b/copy.wav\n../other.wav\n");
    library.run("undo --yes").code(0);
    let linked = library.run("--hardlink --yes").code(0);
    assert!(!linked.err.contains("still names"), "the file is still there: {linked:#?}");
}

#[test]
fn runs_are_undone_one_after_the_other_or_all_at_once() {
    let library = Library::new();
    let acts = || {
        library.run("--move out --yes --relation same_audio").code(0);
        library.run("--move out --yes --relation same_bytes").code(0);
        assert!(!library.has(COPY) && !library.has(QUIETER));
    };
    acts();
    library.run("undo --yes").code(0);
    assert!(library.has(COPY) && !library.has(QUIETER));
    library.run("undo --yes").code(0);
    library.is_as_before("one after the other");
    acts();
    assert!(library.run("undo --yes --all").code(0).err.contains("2 files put back"));
    library.is_as_before("all at once");
    assert_eq!(fs::read(library.place.at("i.refrain.undo")).unwrap(), b"", "nothing is left to be told");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_go_and_come_back() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let name = Path::new(OsStr::from_bytes(b"m/b/\xff\xfe \n.wav"));
    let library = Library::with(&[name]);
    for args in ["--trash", "--move out", "--hardlink"] {
        let run = library.run(&format!("{args} --yes --relation same_bytes")).code(0);
        assert_eq!(library.has(name), args == "--hardlink", "{run:#?}");
        library.nothing_is_lost(&[], args);
        library.run("undo --yes").code(0);
        library.is_as_before(args);
    }
    let mut command = library.place.command();
    command
        .args(["duplicates", "--trash", "--yes", "-d", "i.refrain"])
        .env("REFRAIN_FAILPOINT", "trash-moved=2");
    if cfg!(debug_assertions) {
        assert_eq!(super::run::finish(&mut command).code, None);
        library.nothing_is_lost(&[], "killed");
        library.run("undo --yes").code(0);
        library.is_as_before("killed");
    }
}

#[cfg(unix)]
#[test]
fn control_c_ends_it_between_two_files() {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };
    let paths: Vec<PathBuf> = (0..120).map(|n| format!("m/c/{n:03}.wav").into()).collect();
    let library = Library::with(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let mut command = library.place.command();
    command.args(["duplicates", "--move", "out", "--yes", "-d", "i.refrain"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let done = 1 + out.lines().count();
    let run = Run::of(format!("{command:?}"), child.wait_with_output().unwrap()).code(2);
    assert!(run.err.contains("interrupted; run the same command again to continue"), "{run:#?}");
    let gone = library.files.iter().filter(|(path, _)| !library.has(path)).count();
    assert!(done < 122 && gone == done, "{done} told, {gone} gone");
    library.run("--move out --yes").code(0);
    library.run("undo --yes --all").code(0);
    library.is_as_before("interrupted, continued and undone");
}

/// An action, and where it and its undo may die.
struct Deadly {
    args: &'static str,
    dies_at: &'static [&'static str],
    undo_dies_at: &'static [&'static str],
}

#[cfg(target_os = "linux")]
const DEADLY: &[Deadly] = &[
    Deadly {
        args: "--trash",
        dies_at: &[
            "act-begun",
            "trash-moved",
            "act-done",
            "act-begun=2",
            "trash-moved=2",
            "acts-ended",
            "commit",
            "folded",
        ],
        undo_dies_at: &[
            "undo-begun",
            "move-linked",
            "move-moved",
            "trash-restored",
            "undo-done",
            "move-linked=2",
            "trash-restored=2",
        ],
    },
    Deadly {
        args: "--move out",
        dies_at: &[
            "act-begun",
            "move-linked",
            "move-moved",
            "act-done",
            "move-linked=2",
            "move-moved=2",
            "acts-ended",
        ],
        undo_dies_at: &["undo-begun", "move-linked", "move-moved", "undo-done", "move-linked=2"],
    },
    Deadly {
        args: "--hardlink",
        dies_at: &["act-begun", "link-made", "link-replaced", "act-done", "acts-ended"],
        undo_dies_at: &["undo-begun", "link-made", "link-replaced", "undo-done"],
    },
    Deadly {
        args: "--reflink",
        dies_at: &["act-begun", "link-made", "link-replaced", "act-done", "acts-ended"],
        undo_dies_at: &["undo-begun", "link-made", "link-replaced", "undo-done"],
    },
];

#[cfg(all(target_os = "linux", debug_assertions))]
impl Library {
    /// Runs a command that dies.
    #[track_caller]
    fn dies(&self, args: &str, failpoint: &str) {
        let mut command = self.place.command();
        command.arg("duplicates").args(args.split(' ')).args(["--yes", "-d", "i.refrain"]);
        let run = super::run::finish(command.env("REFRAIN_FAILPOINT", failpoint));
        let told = format!("died at {}\n", failpoint.split('=').next().unwrap());
        assert!(run.code.is_none() && run.err.ends_with(&told), "{args} at {failpoint}: {run:#?}");
    }
}

#[cfg(all(target_os = "linux", debug_assertions))]
#[test]
fn killed_at_any_step_no_file_is_lost_and_undo_works() {
    for Deadly { args, dies_at, undo_dies_at } in DEADLY {
        let library = Library::new();
        let can = library.run(&format!("{args} --yes")).code == Some(0);
        library.run("undo --yes --all");
        assert!(can || *args == "--reflink");
        let (dies_at, undo_dies_at) = if can { (*dies_at, *undo_dies_at) } else { (&dies_at[..1], &[][..]) };
        for failpoint in dies_at {
            let what = format!("{args} dies at {failpoint}");
            library.dies(args, failpoint);
            library.nothing_is_lost(&[], &what);
            // Nothing was done yet if it died in the first step.
            let undone = library.run("undo --yes --all");
            assert!([Some(0), Some(1)].contains(&undone.code), "{what}: {undone:#?}");
            library.is_as_before(&what);
            // The same again, and now the rest is done before all is undone.
            library.dies(args, failpoint);
            let rest = library.run(&format!("{args} --yes"));
            assert!(!can || [Some(0), Some(1)].contains(&rest.code), "{what}: {rest:#?}");
            library.nothing_is_lost(&[], &what);
            if can && !args.contains("link") {
                assert!(!library.has(COPY) && !library.has(QUIETER), "{what}: {rest:#?}");
            }
            library.run("undo --yes --all");
            library.is_as_before(&what);
        }
        for failpoint in undo_dies_at {
            let what = format!("undo of {args} dies at {failpoint}");
            library.run(&format!("{args} --yes")).code(0);
            library.dies("undo", failpoint);
            library.nothing_is_lost(&[], &what);
            let again = library.run("undo --yes");
            assert!([Some(0), Some(1)].contains(&again.code), "{what}: {again:#?}");
            library.place.line("update -q -d i.refrain").code(0);
            library.is_as_before(&what);
        }
        let trash = walk(&library.place.at(".local/share/Trash"));
        assert_eq!(trash, Vec::<PathBuf>::new(), "{args}");
    }
}

#[cfg(all(target_os = "linux", debug_assertions))]
#[test]
fn killed_while_it_deletes_only_spare_files_are_gone() {
    for failpoint in
        ["act-begun", "delete-removed", "act-done", "act-begun=2", "delete-removed=2", "acts-ended"]
    {
        let library = Library::new();
        library.dies("--delete", failpoint);
        for kept in [KEPT, OTHER] {
            assert!(
                fs::read(library.place.at(kept)).unwrap() == library.content(kept),
                "{failpoint}: {kept}"
            );
        }
        let gone = u64::from(!library.has(COPY)) + u64::from(!library.has(QUIETER));
        let undo = library.run("undo --yes").code(1);
        let said = undo.err.contains("deleted by refrain cannot be put back");
        assert_eq!(said, gone > 0, "{failpoint}: {undo:#?}");
        library.place.line("update -q -d i.refrain").code(0);
        let rest = library.run("--delete --yes");
        assert_eq!(rest.code, Some(i32::from(gone == 2)), "{failpoint}: {rest:#?}");
        assert!(!library.has(COPY) && !library.has(QUIETER) && library.has(KEPT));
    }
}

/// A folder on another disk than the place, if this machine has one.
#[cfg(target_os = "linux")]
fn on_another_disk(place: &Place) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    let disk = |path: &Path| fs::metadata(path).unwrap().dev();
    (disk(other.path()) != disk(&place.path())).then_some(other)
}

#[cfg(target_os = "linux")]
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

#[cfg(target_os = "linux")]
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

/// The names of all places where a test lets the command die.
#[test]
fn every_step_is_one_at_which_it_dies_in_a_test() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/refrain");
    let mut all = BTreeSet::new();
    for path in walk(&source) {
        let text = fs::read_to_string(path).unwrap();
        for rest in text.split("refrain::failpoint(").skip(1) {
            let call = rest.split(')').next().unwrap();
            all.extend(call.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    // Those of `match` in one call stand in its arms.
    all.extend(["undo-begun", "undo-done", "act-done"].map(str::to_owned));
    let here = include_str!("duplicates_acts.rs");
    assert!(all.len() > 10, "{all:?}");
    let untried: Vec<&String> = all.iter().filter(|name| !here.contains(&format!("\"{name}\""))).collect();
    assert_eq!(untried, [""; 0]);
}
