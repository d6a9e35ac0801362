//! Which room may use which other rooms, and no circles among files.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The shared vocabulary, which every room may use.
const VOCABULARY: &[&str] = &["callback", "cancel", "error", "failpoint", "params", "tags", "units"];

/// The rooms of the library, in the order of the data, and what each may use besides the vocabulary and itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("callback", &[]),
    ("cancel", &[]),
    ("error", &[]),
    ("failpoint", &[]),
    ("params", &[]),
    ("tags", &[]),
    ("units", &[]),
    ("analysis", &[]),
    ("ordered", &[]),
    ("decode", &[]),
    ("draw", &[]),
    ("resample", &[]),
    ("spectrum", &[]),
    ("chroma", &[]),
    ("fingerprint", &[]),
    ("extract", &["decode", "resample", "spectrum", "chroma", "fingerprint"]),
    ("quality", &["decode", "spectrum"]),
    ("store", &["fingerprint"]),
    ("ann", &["fingerprint", "store"]),
    ("align", &["chroma", "fingerprint", "store", "ann"]),
    ("duplicates", &["fingerprint", "quality", "store", "ann", "align"]),
    ("version", &["fingerprint", "ordered", "store", "ann"]),
    ("report", &["draw", "quality", "store", "analysis", "duplicates"]),
    ("library", &["store", "ann"]),
    ("query", &["decode", "extract", "fingerprint", "store", "ann", "align", "library", "report"]),
    (
        "timeline",
        &["decode", "extract", "fingerprint", "store", "ann", "align", "library", "query", "report"],
    ),
    ("scan", &["decode", "store"]),
    ("build", &["decode", "extract", "ordered", "store", "ann", "scan"]),
    (
        "index",
        &[
            "decode",
            "extract",
            "fingerprint",
            "ordered",
            "quality",
            "store",
            "ann",
            "duplicates",
            "library",
            "query",
            "timeline",
            "version",
            "report",
            "scan",
            "build",
        ],
    ),
    ("shard", &["decode", "extract", "store", "ann", "library", "query", "timeline", "report", "index"]),
    ("acoustid", &["decode"]),
    ("analyze", &["analysis", "decode", "draw", "extract", "ordered", "report", "scan"]),
];

/// Crates whose files must not lead to each other in a circle: their sources and the file of the root.
const CRATES: &[(&str, &str)] = &[
    ("src", "lib.rs"),
    ("src/bin/refrain", "main.rs"),
    ("crates/analysis/src", "lib.rs"),
    ("bindings/c/src", "lib.rs"),
    ("bindings/python/src", "lib.rs"),
    ("fuzz/src", "lib.rs"),
];

/// The most lines that a file may have, without its tests.
const MAX_LINES: usize = 500;

/// Files of the crate by their module path; `""` is the root.
type Files = BTreeMap<String, PathBuf>;

fn files(root: &Path, main: &str) -> Files {
    fn walk(folder: &Path, module: &str, main: &str, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let inner = if module.is_empty() { name.clone() } else { format!("{module}::{name}") };
            if path.is_dir() {
                // The binary is a crate of its own.
                if !(module.is_empty() && name == "bin") {
                    walk(&path, &inner, main, files);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let at = if path.file_name().is_some_and(|n| n == "mod.rs" || n == main) {
                    module.to_owned()
                } else {
                    inner
                };
                files.insert(at, path);
            }
        }
    }
    let mut all = Files::new();
    walk(root, "", main, &mut all);
    let tests: Vec<String> = all.iter().flat_map(|(module, path)| test_modules(module, path)).collect();
    all.retain(|module, _| {
        !tests.iter().any(|test| module == test || module.starts_with(&format!("{test}::")))
    });
    all
}

/// The modules that a file declares for tests only.
fn test_modules(module: &str, path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = |pair: &[&str]| {
        let for_tests = pair[0] == "#[cfg(test)]" || pair[0].starts_with("#[cfg(all(test");
        let name = pair[1].trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let name = name.strip_prefix("mod ")?.strip_suffix(';')?;
        for_tests.then(|| if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") })
    };
    lines.windows(2).filter_map(declared).collect()
}

/// The file without comments and without its test module.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let text = text.split("\n#[cfg(all(test").next().unwrap();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    without_inline_modules(&code.join("\n"))
}

/// In a module within a file, `super` is that file.
fn without_inline_modules(code: &str) -> String {
    let mut out = Vec::new();
    let mut inside: Option<usize> = None;
    for line in code.lines() {
        let indent = line.len() - line.trim_start().len();
        let begins = line.trim_end().ends_with('{')
            && line.trim_start().trim_start_matches("pub ").starts_with("mod ");
        match inside {
            None if begins => inside = Some(indent),
            Some(from) if indent == from && line.trim() == "}" => inside = None,
            _ => {}
        }
        out.push(if inside.is_some() { line.replace("super::", "self::") } else { line.to_owned() });
    }
    out.join("\n")
}

/// All paths of a use tree: `a::{self, b::C}` gives `a` and `a::b::C`.
fn expand(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let join = |rest: &str| if prefix.is_empty() { rest.to_owned() } else { format!("{prefix}::{rest}") };
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap().trim();
        if !name.is_empty() {
            paths.push(if name == "self" { prefix.to_owned() } else { join(name) });
        }
        return;
    };
    let before = tree[..open].trim_end_matches("::").trim();
    let inner = &tree[open + 1..tree.rfind('}').expect("braces are closed")];
    let prefix = if before.is_empty() { prefix.to_owned() } else { join(before) };
    let (mut depth, mut from) = (0, 0);
    for (i, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&inner[from..i], &prefix, paths);
                from = i + 1;
            }
            _ => {}
        }
    }
}

/// The paths that code uses: those of its use declarations, and those that begin with `crate::` or `super::` elsewhere.
fn used(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    let mut left = code;
    while let Some(at) = left.find("use ") {
        let before = left[..at].rsplit('\n').next().unwrap().trim();
        rest.push_str(&left[..at]);
        if !(before.is_empty() || before.starts_with("pub") && !before.contains(' ')) {
            rest.push_str("use ");
            left = &left[at + 4..];
            continue;
        }
        let end = left[at..].find(';').map_or(left.len(), |end| at + end);
        expand(&left[at + 4..end].replace('\n', " "), "", &mut paths);
        left = &left[end..];
    }
    rest.push_str(left);
    for prefix in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(prefix) {
            if rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let path = rest[at..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c));
            paths.push(path.collect::<String>().trim_end_matches(':').to_owned());
        }
    }
    paths
}

/// The module that a path leads to, seen from `module`, or `None` if it leads out of the crate.
fn resolve(path: &str, module: &str, files: &Files) -> Option<String> {
    let mut names: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut base: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
    match names[0] {
        "crate" => {
            base.clear();
            names.remove(0);
        }
        "self" => {
            names.remove(0);
        }
        "super" => {
            while names.first() == Some(&"super") {
                base.pop();
                names.remove(0);
            }
        }
        // A child of this module, or another crate.
        _ => {}
    }
    let own = base.join("::");
    for length in (1..=names.len()).rev() {
        let inner = names[..length].join("::");
        let whole = if own.is_empty() { inner } else { format!("{own}::{inner}") };
        if files.contains_key(&whole) {
            return Some(whole);
        }
    }
    ["crate", "super", "self"].contains(&path.split("::").next().unwrap().trim()).then_some(own)
}

/// Which file uses which.
fn graph(files: &Files) -> BTreeMap<String, BTreeSet<String>> {
    let edges = |(module, path): (&String, &PathBuf)| {
        let used = used(&code(path));
        let to = used.iter().filter_map(|path| resolve(path, module, files)).filter(|to| to != module);
        (module.clone(), to.collect())
    };
    files.iter().map(edges).collect()
}

/// A circle among the files, if there is one.
fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        at: &str,
        graph: &BTreeMap<String, BTreeSet<String>>,
        done: &mut BTreeSet<String>,
        way: &mut Vec<String>,
    ) -> Option<Vec<String>> {
        if let Some(begin) = way.iter().position(|name| name == at) {
            return Some(way[begin..].to_vec());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        way.push(at.to_owned());
        let found = graph.get(at).into_iter().flatten().find_map(|to| {
            // Skips what is done, unless it is on the way.
            (!done.contains(to) || way.contains(to)).then(|| visit(to, graph, done, way)).flatten()
        });
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|at| visit(at, graph, &mut done, &mut Vec::new()))
}

fn root(crate_: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_)
}

#[test]
fn no_files_of_a_crate_lead_to_each_other_in_a_circle() {
    for (sources, main) in CRATES {
        let files = files(&root(sources), main);
        assert!(files.len() > 5, "{sources} has moved");
        let graph = graph(&files);
        let edges: usize = graph.values().map(BTreeSet::len).sum();
        assert!(
            edges >= files.len() / 2,
            "only {edges} uses found in {sources}: is this still how they are written?"
        );
        if let Some(circle) = circle(&graph) {
            panic!("{sources}: {} -> {}", circle.join(" -> "), circle[0]);
        }
    }
}

#[test]
fn rooms_use_what_they_may() {
    let files = files(&root("src"), "lib.rs");
    let room = |module: &str| module.split("::").next().unwrap().to_owned();
    let mut seen = 0;
    for (module, to) in graph(&files) {
        let own = room(&module);
        if own.is_empty() {
            continue;
        }
        let (_, may) = ROOMS
            .iter()
            .find(|(name, _)| *name == own)
            .unwrap_or_else(|| panic!("{own} has no place among the rooms"));
        for other in to {
            let other_room = room(&other);
            let allowed =
                other_room == own || VOCABULARY.contains(&&*other_room) || may.contains(&&*other_room);
            let other = if other.is_empty() { "the crate's root" } else { &other };
            assert!(
                allowed,
                "{module} uses {other}: import names from where they are defined, one way through"
            );
            seen += 1;
        }
    }
    assert!(seen > 150, "only {seen} uses found: is this still how they are written?");
    // Each room uses earlier ones only.
    for (at, (name, may)) in ROOMS.iter().enumerate() {
        for other in *may {
            let before = ROOMS[..at].iter().any(|(earlier, _)| earlier == other);
            assert!(before, "{name} may use {other}, which comes later");
        }
    }
}

#[test]
fn files_are_short() {
    for (sources, main) in CRATES {
        for (module, path) in files(&root(sources), main) {
            let lines = code_lines(&path);
            assert!(lines <= MAX_LINES, "{sources}: {module} has {lines} lines");
        }
    }
}

/// The number of lines without the test module.
fn code_lines(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    text.split("\n#[cfg(test)]\nmod ").next().unwrap().lines().count()
}

#[test]
fn the_binary_sees_what_any_program_sees() {
    let bin = files(&root("src/bin/refrain"), "main.rs");
    for path in bin.values() {
        let code = code(path);
        for hidden in ["rusqlite", "symphonia", "rayon", "rubato", "rustfft", "walkdir", "#[path"] {
            assert!(!code.contains(hidden), "{} uses {hidden} itself", path.display());
        }
    }
    assert!(bin.values().any(|path| code(path).contains("use refrain::")));
}

#[test]
fn uses_are_found_in_every_form() {
    let code = "use crate::{\n    Error, Result,\n    a::{self, B, c::D},\n    e as f,\n};\npub(crate) use crate::g::H;\ncrate::i::j();\nuse super::super::k;\nmy_crate::x; reuse crate::y; \"in use {}: {}\";";
    let mut found = used(code);
    found.sort();
    let mut expected = [
        "crate::Error",
        "crate::Result",
        "crate::a",
        "crate::a::B",
        "crate::a::c::D",
        "crate::e",
        "crate::g::H",
        "crate::i::j",
        "super::super::k",
        "crate::y",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_circle_is_seen() {
    let edges = |list: &[(&str, &[&str])]| {
        list.iter()
            .map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
            .collect()
    };
    assert_eq!(circle(&edges(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&edges(&[("a", &["b"]), ("b", &["c", "d"]), ("c", &[]), ("d", &["b"])]));
    assert_eq!(found, Some(vec!["b".to_owned(), "d".to_owned()]));
}
