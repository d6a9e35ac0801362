//! Completions and manual pages.
use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};

use super::run::{Place, finish};

/// Whether a program can be started here.
fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Every command as users call it, from what each help text lists. `refrain` itself comes first.
fn commands(place: &Place) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["refrain".to_owned()]);
    let mut open = vec![Vec::<String>::new()];
    while let Some(words) = open.pop() {
        let help = place.run(words.iter().map(String::as_str).chain(["--help"])).code(0).out;
        let Some((_, list)) = help.split_once("Commands:\n") else { continue };
        let lines = list.lines().take_while(|line| line.starts_with("  "));
        for name in lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
            let words = [&words[..], &[name.to_owned()]].concat();
            found.insert(format!("refrain-{}", words.join("-")));
            open.push(words);
        }
    }
    found
}

#[test]
fn completions_are_made_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.line(&format!("completions {shell}")).code(0).out;
        for word in ["index", "relocate", "min-score", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let refused = place.line("completions csh").code(2);
    assert!(refused.err.contains("possible values"), "{refused:#?}");
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_values() {
    if !is_there("bash") {
        return;
    }
    let place = Place::new();
    let script = place.write("refrain.bash", place.line("completions bash").code(0).out.as_bytes());
    finish(Command::new("bash").arg("-n").arg(&script)).code(0);
    let completed = |words: &[&str]| -> BTreeSet<String> {
        // Calls the function as bash does: with the command, the word, and the word before.
        let code = r#"
            source "$1" && shift
            function=$(complete -p refrain | sed 's/.*-F \([^ ]*\).*/\1/')
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            "$function" refrain "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-c", code, "bash"]).arg(&script).arg("refrain").args(words);
        let run = finish(&mut bash).code(0);
        assert_eq!(run.err, "");
        run.out.lines().map(str::to_owned).collect()
    };
    let set = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    assert_eq!(completed(&["in"]), set(&["index", "info"]));
    assert_eq!(completed(&["index", "re"]), set(&["rebuild", "relocate", "remove"]));
    assert_eq!(completed(&["query", "--ex"]), set(&["--exact", "--explain"]));
    assert_eq!(completed(&["index", "list", "--m"]), set(&["--m3u"]));
    assert_eq!(completed(&["completions", "f"]), set(&["fish"]));
    // An option that takes a file is completed with files.
    let beside = place.path().join("refr");
    assert_eq!(completed(&["query", "--db", beside.to_str().unwrap()]), set(&[script.to_str().unwrap()]));
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let place = Place::new();
    let told = place.line("man new/man1").code(0);
    let pages: BTreeSet<String> = fs::read_dir(place.at("new/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().strip_suffix(".1").unwrap().to_owned())
        .collect();
    assert_eq!(pages, commands(&place));
    assert!(pages.len() > 15 && pages.contains("refrain-index-build"));
    assert_eq!(told.err, format!("wrote {} pages to new/man1\n", pages.len()));
    let page = |name: &str| fs::read_to_string(place.at(format!("new/man1/{name}.1"))).unwrap();
    let query = page("refrain-query");
    let foot = format!("refrain {}", env!("CARGO_PKG_VERSION"));
    for part in ["min\\-score", "REFRAIN_DB", &foot] {
        assert!(query.contains(part), "{part}: {query}");
    }
    assert!(page("refrain-index-build").contains("refrain index build"));
    // The pages are written again over the old ones.
    let before = page("refrain");
    place.line("man new/man1").code(0);
    assert_eq!(page("refrain"), before);
    assert_eq!(fs::read_dir(place.at("new/man1")).unwrap().count(), pages.len());
    place.write("file", b"");
    let refused = place.line("man file/man1").code(2);
    assert!(refused.err.starts_with("refrain: cannot make the folder file/man1: "), "{refused:#?}");
}

#[cfg(unix)]
#[test]
fn groff_accepts_the_pages() {
    if !is_there("groff") {
        return;
    }
    let place = Place::new();
    place.line("man man1").code(0);
    for entry in fs::read_dir(place.at("man1")).unwrap() {
        let page = entry.unwrap().path();
        let shown = finish(Command::new("groff").args(["-man", "-Tascii", "-ww", "-b"]).arg(&page)).code(0);
        assert!(shown.err.is_empty() && !shown.out.is_empty(), "{}: {}", page.display(), shown.err);
    }
}
