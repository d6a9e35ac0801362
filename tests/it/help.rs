//! Help texts and manual pages: the examples run, and every command has what it should.
use std::{collections::BTreeSet, fs, process::Command};

use super::run::{Place, clip, finish};

/// Every command as words after `refrain`, from what each help text lists; and its help.
fn helps(place: &Place) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(words) = open.pop() {
        let help = place.line(&format!("{words} --help")).code(0).out;
        if let Some((_, list)) = help.split_once("Commands:\n") {
            let lines = list.lines().take_while(|line| line.starts_with("  "));
            let names =
                lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
            open.extend(names.map(|name| format!("{words} {name}").trim_start().to_owned()));
        }
        found.push((words, help));
    }
    found
}

/// The example lines at the end of a help text.
fn examples(help: &str) -> Vec<&str> {
    let (_, examples) = help.split_once("\nExamples:\n").expect(help);
    let lines = examples.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn every_help_ends_with_examples_and_fits() {
    let place = Place::new();
    let helps = helps(&place);
    assert!(helps.len() > 20);
    for (words, help) in &helps {
        let lines = examples(help);
        assert!((1..=3).contains(&lines.len()), "{words}: {lines:?}");
        assert!(help.ends_with(&format!("{}\n", lines.last().unwrap())), "{words} ends otherwise");
        for line in &lines {
            assert!(
                line.contains(format!("refrain {words}").trim_end()) || words.is_empty(),
                "{words}: {line}"
            );
        }
        assert!(help.contains("-d, --db <FILE>") && help.contains("--color <WHEN>"), "{words}");
    }
}

/// Each example in a place where everything that it names exists. None is an error.
#[cfg(unix)]
#[test]
fn the_examples_run() {
    let place = Place::new();
    let helps = helps(&place);
    let lines: BTreeSet<String> =
        helps.iter().flat_map(|(_, help)| examples(help)).map(str::to_owned).collect();
    assert!(lines.len() > 25);
    // A server runs until it is asked to end, and no test has a network or a microphone. Other tests run these commands.
    let runs = |line: &String| !line.contains("refrain listen") && !line.starts_with("refrain serve");
    let place = Place::new();
    place.song("second-orbit.flac", "Music/live/orbit.flac");
    place.song("second-orbit.flac", "Music/copied.flac");
    place.song("copper-rain.m4a", "disk/rain.m4a");
    for song in ["song.flac", "set.flac"] {
        place.song("second-orbit.flac", song);
    }
    let heard = fs::read(clip("clean.wav")).unwrap();
    for name in ["clip.wav", "unknown/a.wav", "broadcasts/b.wav"] {
        place.write(name, &heard);
    }
    place.write("show.mp3", &fs::read(clip("noisy.mp3")).unwrap());
    place.line("build -q Music").code(0);
    place.line("build -q disk -d other.refrain").code(0);
    place.line("build -q song.flac -d third.refrain").code(0);
    // An index knows paths and times of files, so each example gets all of it back in the same place.
    let saved = Place::new();
    let copy = |from: &Place, to: &Place| {
        let done = Command::new("cp").arg("-a").arg(from.at(".")).arg(to.path()).status().unwrap();
        assert!(done.success());
    };
    copy(&place, &saved);
    for line in lines.into_iter().filter(runs) {
        for entry in fs::read_dir(place.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        copy(&saved, &place);
        // The last part shows a page, for which a machine needs more than refrain.
        let line = line.split(" && man ").next().unwrap();
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_refrain")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(bin.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(place.path()).env("HOME", place.path()).env("PATH", path);
        shell.env_remove("REFRAIN_DB").env_remove("XDG_DATA_HOME").env("REFRAIN_FFMPEG", "never");
        let run = finish(&mut shell);
        // The show has no song of this library, nothing is missing, and nothing was done that could be undone.
        // Nor is there another performance.
        let none = ["show.mp3", "list missing", "duplicates undo", "refrain versions", "refrain similar"]
            .iter()
            .any(|words| line.contains(words));
        assert_eq!(run.code, Some(i32::from(none)), "{line}: {run:#?}");
        assert!(!run.err.lines().any(|line| line.starts_with("refrain: ")), "{line}: {run:#?}");
    }
}

#[test]
fn manual_pages_have_all_sections() {
    let place = Place::new();
    place.line("man man1").code(0);
    for entry in fs::read_dir(place.at("man1")).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"]
        {
            assert!(page.contains(&format!(".SH {section}\n")), "{}: {section}", path.display());
        }
        assert_eq!(page.matches(".SH EXAMPLES").count(), 1);
    }
    let query = fs::read_to_string(place.at("man1/refrain-query.1")).unwrap();
    assert!(query.contains("refrain query clip.wav\n") && query.contains("NO_COLOR"), "{query}");
}

#[test]
fn short_forms_are_the_long_ones() {
    let place = Place::new();
    place.song("second-orbit.flac", "m/a.flac");
    place.line("build -q m -d i.refrain").code(0);
    for (short, long) in [
        ("list -d i.refrain", "index list --db i.refrain"),
        ("--db i.refrain info", "index -d i.refrain info"),
        ("-d i.refrain update", "index update -d i.refrain"),
        ("build m -d i.refrain", "index build m -d i.refrain"),
    ] {
        let (short, long) = (place.line(short).code(0), place.line(long).code(0));
        assert_eq!((short.out, place.told(&short.err)), (long.out, place.told(&long.err)));
    }
    // Options of fpcalc have one dash, also after global ones.
    for line in [
        "-d x fingerprint -json m/a.flac",
        "--color never fingerprint -json m/a.flac",
        "fingerprint -json m/a.flac",
    ] {
        assert!(place.line(line).code(0).out.starts_with("{\"duration\""), "{line}");
    }
}
