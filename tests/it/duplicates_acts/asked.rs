//! Nothing is done before somebody has agreed.
use std::fs::File;

use super::library::*;

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let library = Library::new();
    for args in ["--trash", "--move out", "--hardlink", "--reflink", "--delete"] {
        let run = library.run(args).code(2);
        assert!(run.err.contains("but there is no terminal; add --yes"), "{run:#?}");
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
