//! Data flows one way: a stage uses those before it, `error`, `units` and `params`; `pipeline` alone sees all.
use std::{
    fs,
    path::{Path, PathBuf},
};

const BASE: &[&str] = &["cancel", "error", "failpoint", "units", "params"];
const STAGES: &[&str] = &[
    "decode",
    "resample",
    "spectrum",
    "analysis",
    "chromaprint",
    "chroma",
    "fingerprint",
    "store",
    "ann",
    "align",
    "report",
    "pipeline",
];
/// The binary's own modules.
const BINARY: &[&str] = &["args", "bar", "cmd", "db", "fpcalc", "messages", "remedies", "stop"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The file without its comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The names right after each `prefix`, also those in braces.
fn used(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        // The end of a longer word, as of `symphonia_core::`.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(name(rest));
            continue;
        };
        let (mut depth, mut from) = (0, 0);
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' | ',' if depth == 0 => {
                    names.push(name(&list[from..i]));
                    from = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The module that a name at the crate's root stands for.
fn module(name: &str) -> &str {
    match name {
        "Error" | "Result" => "error",
        other => other,
    }
}

#[test]
fn stages_use_earlier_ones_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let owner = first.strip_suffix(".rs").unwrap_or(first);
        if owner == "bin" || owner == "lib" {
            continue;
        }
        let stage = STAGES.iter().position(|s| *s == owner);
        assert!(stage.is_some() || BASE.contains(&owner), "{owner} has no place in the order of stages");
        let code = code(&file);
        for name in used(&code, "crate::") {
            let other = module(&name);
            let earlier =
                STAGES.iter().position(|s| *s == other).is_some_and(|o| stage.is_some_and(|s| o <= s));
            assert!(earlier || BASE.contains(&other), "{} uses crate::{name}", inside.display());
            seen += 1;
        }
        for name in used(&code, "super::") {
            assert!(!STAGES.contains(&name.as_str()), "{} goes around by super::{name}", inside.display());
        }
    }
    assert!(seen > 40, "only {seen} uses found: is this still how they are written?");
}

#[test]
fn the_binary_sees_what_any_program_sees() {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let mut files = Vec::new();
    sources(&bin, &mut files);
    for file in &files {
        let code = code(file);
        for name in used(&code, "crate::") {
            assert!(BINARY.contains(&name.as_str()), "{}: crate::{name}", file.display());
        }
        for hidden in ["rusqlite", "symphonia", "rayon", "rubato", "rustfft", "walkdir", "#[path"] {
            assert!(!code.contains(hidden), "{} uses {hidden} itself", file.display());
        }
    }
    assert!(files.iter().any(|file| !used(&code(file), "refrain::").is_empty()));
}

#[test]
fn names_are_found_in_every_form() {
    let code = "use crate::{\n    Error, Result,\n    a::{self, B, c::D},\n    e as f,\n};\nuse crate::g::H; crate::i::j()";
    assert_eq!(used(code, "crate::"), ["Error", "Result", "a", "e", "g", "i"]);
    assert_eq!(used("my_crate::x super::super::y", "crate::"), [""; 0]);
}
