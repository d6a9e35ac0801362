//! Links in the documents lead somewhere, and pages are short.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file of the repository, but for what is built or fetched.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                if !name.starts_with('.')
                    && !["target", "node_modules", "corpus", "artifacts"].contains(&&*name)
                {
                    folders.push(path);
                }
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}

/// The text outside blocks of code, with its line numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// A line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The targets of the links and pictures in a line.
fn targets(line: &str) -> Vec<String> {
    let line = without_code(line);
    let mut found = Vec::new();
    for (at, _) in line.match_indices("](") {
        let target = &line[at + 2..];
        found.extend(target.find(')').map(|end| target[..end].to_owned()));
    }
    found
}

/// The anchors of a page's headings, as forges and mdBook make them.
fn anchors(text: &str) -> Vec<String> {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text) {
        let level = line.bytes().take_while(|&b| b == b'#').count();
        let Some(heading) = line[level..].strip_prefix(' ').filter(|_| (1..=6).contains(&level)) else {
            continue;
        };
        let anchor: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            })
            .collect();
        let count = used.entry(anchor.clone()).or_default();
        found.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    found
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for (number, line) in prose(&text) {
            for target in targets(line) {
                let at = format!("{}:{number}: {target}", document.display());
                if target.contains("://") {
                    assert!(target.starts_with("https://"), "{at}");
                    continue;
                }
                let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let path =
                    if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
                assert!(path.exists(), "{at}: there is no such file");
                if !anchor.is_empty() {
                    let linked = fs::read_to_string(&path).unwrap();
                    assert!(
                        anchors(&linked).iter().any(|known| known == anchor),
                        "{at}: there is no such heading"
                    );
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn headings_have_the_anchors_of_forges() {
    let text = "# A `b_c` d\n## Is it? Yes, 2.5 %\n```\n# no\n```\n## A `b_c` d\n####### no\n#no\n";
    assert_eq!(anchors(text), ["a-b_c-d", "is-it-yes-25-", "a-b_c-d-1"]);
    assert_eq!(targets("[a](b.md) and `[c](d)` and ![e](f.svg)"), ["b.md", "f.svg"]);
}

#[test]
fn the_book_has_every_page_once() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut listed: Vec<String> = summary.lines().flat_map(targets).collect();
    listed.sort();
    let pages_in = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect()
    };
    let mut pages = pages_in("docs");
    let decisions = pages_in("docs/decisions").into_iter().map(|name| format!("decisions/{name}"));
    let mut all: Vec<String> = pages.iter().cloned().chain(decisions).collect();
    all.sort();
    assert_eq!(listed, all, "docs/SUMMARY.md");
    pages.retain(|page| page != "README.md");
    let manual = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in pages {
        assert!(manual.contains(&format!("({page})")), "docs/README.md leads nowhere to {page}");
    }
}

/// A reader knows after a minute what refrain does, so the README is a page. Output is as wide as the program prints it.
#[test]
fn the_readme_and_the_pages_are_short() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 200, "{} lines", readme.lines().count());
    assert!(readme.split_whitespace().count() <= 1_800, "{} words", readme.split_whitespace().count());
    for (number, line) in prose(&readme) {
        assert!(line.chars().count() <= 120, "README.md:{number} has {} characters", line.chars().count());
    }
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "md") {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 300, "{} has {lines} lines", path.display());
        }
    }
}
