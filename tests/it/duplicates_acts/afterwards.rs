//! Playlists, undo of several runs, and odd names.
use std::{fs, path::Path};

use super::library::*;

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
        assert_eq!(crate::run::finish(&mut command).code, None);
        library.nothing_is_lost(&[], "killed");
        library.run("undo --yes").code(0);
        library.is_as_before("killed");
    }
}
