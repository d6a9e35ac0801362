//! Whatever interrupts an action, no file is lost.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::library::*;
use crate::run::{Run, send};

#[cfg(unix)]
#[test]
fn control_c_ends_it_between_two_files() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };
    let paths: Vec<PathBuf> = (0..120).map(|n| format!("m/c/{n:03}.wav").into()).collect();
    let library = Library::with(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let mut command = library.place.command();
    command.args(["duplicates", "--move", "out", "--yes", "-d", "i.refrain"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    send("-INT", &child);
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
    let here = concat!(include_str!("killed.rs"), include_str!("disks.rs"));
    assert!(all.len() > 10, "{all:?}");
    let untried: Vec<&String> = all.iter().filter(|name| !here.contains(&format!("\"{name}\""))).collect();
    assert_eq!(untried, [""; 0]);
}
