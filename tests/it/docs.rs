//! Compares the documents with the code.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use refrain::{BuildOptions, Index, params::CURRENT, store::Store};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn refrain(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refrain"));
    command.current_dir(root()).env_remove("REFRAIN_DB").args(args).output().expect("the program starts")
}

fn stdout(args: &[&str]) -> String {
    String::from_utf8(refrain(args).stdout).expect("UTF-8")
}

/// An index of two of the fixtures' songs, of a copy of each, and of a file that is no audio.
fn index() -> &'static Path {
    static INDEX: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = INDEX.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docs.refrain");
        let bad = folder.path().join("bad.mp3");
        fs::write(&bad, "not audio").unwrap();
        let song = |name: &str| root().join("fixtures/audio/songs").join(name);
        // A copy, and the same recording in another file: the same tags, other bytes.
        let copy = folder.path().join("copy.flac");
        fs::copy(song("second-orbit.flac"), &copy).unwrap();
        let other = folder.path().join("other.wav");
        fs::write(&other, [fs::read(song("quiet-engines.wav")).unwrap(), vec![0; 4]].concat()).unwrap();
        let roots = [song("second-orbit.flac"), song("quiet-engines.wav"), bad, copy, other];
        let index = Index::open_or_create(&file).unwrap();
        index.build_with(roots, BuildOptions::default()).unwrap();
        index.close().unwrap();
        (folder, file)
    });
    file
}

/// A WAV file of `samples` samples of silence at 8 kHz.
fn silent_wav(samples: u32) -> Vec<u8> {
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + 2 * samples).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000u32.to_le_bytes());
    wav.extend(16_000u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((2 * samples).to_le_bytes());
    wav.resize(wav.len() + 2 * samples as usize, 0);
    wav
}

/// The section of a document below a heading. It ends at the next heading of the same level or above.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let level = heading.bytes().take_while(|&b| b == b'#').count();
    let (_, rest) = document.split_once(&format!("\n{heading}\n")).expect(heading);
    let ends = |line: &str| {
        let hashes = line.bytes().take_while(|&b| b == b'#').count();
        hashes > 0 && hashes <= level
    };
    let mut end = 0;
    let mut fenced = false;
    for line in rest.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        if !fenced && ends(line) {
            break;
        }
        end += line.len();
    }
    &rest[..end]
}

/// What stands between backticks.
fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The first cells of a table's rows, backticked words only.
fn first_cells(text: &str) -> BTreeSet<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.flat_map(|row| quoted(row.split(" |").next().unwrap_or(row))).collect()
}

#[test]
fn the_exit_statuses_are_as_documented() {
    let manual = text("docs/command-line.md");
    let table = section(&manual, "## Exit status");
    let documented: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|s| s.chars().all(|c| c.is_ascii_digit()))
        .collect();
    assert_eq!(documented, ["0", "1", "2", "130"]);
    assert!(
        stdout(&["--help"])
            .contains("Exit status: 0 after success, 1 if refrain found nothing, 2 after an error.")
    );
    let db = index().to_str().unwrap();
    let status = |args: &[&str]| refrain(args).status.code();
    assert_eq!(status(&["query", "--db", db, "fixtures/audio/clips/clean.wav"]), Some(0));
    let silence = index().with_file_name("silence.wav");
    fs::write(&silence, silent_wav(16_000)).unwrap();
    assert_eq!(status(&["query", "--db", db, silence.to_str().unwrap()]), Some(1));
    let one_is_missing = ["query", "--db", db, "fixtures/audio/clips/clean.wav", "no-such-clip"];
    assert_eq!(status(&one_is_missing), Some(2));
    assert_eq!(status(&["query", "--db", "no-such-index", "fixtures/audio/clips/clean.wav"]), Some(2));
    assert_eq!(status(&["query", "--no-such-flag"]), Some(2));
    assert_eq!(status(&["analyze", "fixtures/audio/clips/clean.wav"]), Some(0));
    assert_eq!(status(&["analyze", "fixtures/audio/clips/clean.wav", "no-such-file"]), Some(2));
}

#[test]
fn the_json_has_exactly_the_documented_fields() {
    let manual = text("docs/output.md");
    let json = section(&manual, "## JSON");
    let part = |name: &str| section(json, &format!("### {name}"));
    let (answer, found) = (part("query"), part("A match"));
    let (timeline, play) = (part("timeline"), part("A play"));
    let (info, list) = (part("index info"), part("index list"));
    let (analysis, fingerprint) = (part("analyze"), part("fingerprint"));
    let db = index().to_str().unwrap();
    let query = |clip: &str| -> serde_json::Value {
        serde_json::from_str(&stdout(&["query", "--json", "--explain", "--db", db, clip])).expect("JSON")
    };
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let owned =
        |cells: BTreeSet<&str>| -> BTreeSet<String> { cells.into_iter().map(str::to_owned).collect() };
    let good = query("fixtures/audio/clips/clean.wav");
    let bad = query("no-such-clip");
    assert_eq!(&keys(&good) | &keys(&bad), owned(first_cells(answer)));
    assert!(!keys(&good).contains("error") && !keys(&bad).contains("duration"));
    // Only where several indexes were asked, documents name them.
    let of_one = |documented: &str| -> BTreeSet<String> {
        let mut fields = owned(first_cells(documented));
        assert!(fields.remove("shard"));
        fields
    };
    assert_eq!(keys(&good["matches"][0]), of_one(found));
    let clip = "fixtures/audio/clips/clean.wav";
    let twice = stdout(&["query", "--json", "--db", db, "--db", db, clip]);
    let twice: serde_json::Value = serde_json::from_str(&twice).expect("JSON");
    assert_eq!(keys(&twice["matches"][0]), owned(first_cells(found)));
    for status in ["match", "no_match", "error"] {
        assert!(quoted(answer).contains(status), "{status}");
    }
    assert_eq!((good["status"].as_str(), bad["status"].as_str()), (Some("match"), Some("error")));
    let timeline_of = |file: &str| -> serde_json::Value {
        serde_json::from_str(&stdout(&["timeline", "--json", "--db", db, file])).expect("JSON")
    };
    let (good, bad) = (timeline_of("fixtures/audio/clips/clean.wav"), timeline_of("no-such-file"));
    assert_eq!(&keys(&good) | &keys(&bad), owned(first_cells(timeline)));
    assert_eq!(keys(&good["plays"][0]), of_one(play));
    let told = stdout(&["index", "info", "--json", "--errors", "--db", db]);
    assert_eq!(keys(&serde_json::from_str(&told).expect("JSON")), owned(first_cells(info)));
    let listed = stdout(&["index", "list", "--json", "--db", db]);
    let track: serde_json::Value =
        serde_json::from_str(listed.lines().next().expect("a track")).expect("JSON");
    assert_eq!(keys(&track), of_one(list));
    for field in keys(&track["files"][0]) {
        assert!(list.contains(&format!("`{field}`")), "{field}");
    }
    let analyze = |file: &str| -> BTreeSet<String> {
        keys(&serde_json::from_str(&stdout(&["analyze", "--json", file])).expect("JSON"))
    };
    let (good, bad) = (analyze("fixtures/audio/clips/clean.wav"), analyze("no-such-file"));
    assert_eq!(&good | &bad, owned(first_cells(analysis)));
    assert_eq!(&good & &bad, ["path", "status"].map(str::to_owned).into());
    let song = "fixtures/audio/songs/second-orbit.flac";
    let of_versions = text("docs/versions.md");
    let of_versions =
        |name: &str| section(section(&of_versions, "## JSON"), &format!("### {name}")).to_owned();
    let versions = |piece: &str| -> serde_json::Value {
        let args = ["versions", "--json", "--min-score", "0", "--db", db, piece];
        serde_json::from_str(&stdout(&args)).expect("JSON")
    };
    let (good, bad) = (versions(song), versions("no-such-file"));
    assert_eq!(&keys(&good) | &keys(&bad), owned(first_cells(&of_versions("versions"))));
    assert_eq!(keys(&good["versions"][0]), owned(first_cells(&of_versions("A version"))));
    let similar = stdout(&["similar", "--json", "--db", db, song]);
    let similar: serde_json::Value = serde_json::from_str(&similar).expect("JSON");
    assert_eq!(keys(&similar), owned(first_cells(&of_versions("similar"))));
    assert_eq!(keys(&similar["similar"][0]), owned(first_cells(&of_versions("A similar track"))));
    let clip = "fixtures/audio/clips/clean.wav";
    let printed = stdout(&["fingerprint", "--json", "--chunk", "5", clip, clip]);
    let printed: serde_json::Value =
        serde_json::from_str(printed.lines().next().expect("a fingerprint")).expect("JSON");
    assert_eq!(keys(&printed), owned(first_cells(fingerprint)));
}

#[test]
fn the_sql_of_the_documents_runs() {
    let db = rusqlite::Connection::open(index()).unwrap();
    let mut ran = 0;
    for document in ["README.md", "docs/sql.md", "schema/FORMAT.md"] {
        for block in text(document).split("```sql\n").skip(1) {
            let block = block.split("```").next().unwrap_or(block);
            for statement in block.split(';').map(str::trim).filter(|s| !s.is_empty()) {
                let rows = db
                    .prepare(statement)
                    .and_then(|mut s| s.query_map([], |_| Ok(()))?.collect::<Result<Vec<_>, _>>());
                assert!(!rows.unwrap_or_else(|e| panic!("{statement}: {e}")).is_empty(), "{statement}");
                ran += 1;
            }
        }
    }
    assert!(ran >= 3);
}

#[test]
fn the_examples_run_where_they_are_built() {
    let folder = Path::new(env!("CARGO_BIN_EXE_refrain")).parent().unwrap().join("examples");
    let run = |name: &str, args: &[&Path]| {
        let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        // `cargo test` builds examples, `cargo test --test it` does not.
        if program.exists() {
            let output = Command::new(&program).args(args).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    };
    run(
        "index_and_query",
        &[&root().join("fixtures/audio/songs"), &root().join("fixtures/audio/clips/clean.wav")],
    );
    run("read_with_sql", &[index()]);
    let examples: BTreeSet<String> = fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        examples,
        ["index_and_query.rs", "read_with_sql.rs", "research.ipynb", "sql"].map(str::to_owned).into()
    );
}

#[test]
fn every_dependency_and_module_is_in_the_architecture() {
    let architecture = text("ARCHITECTURE.md");
    let named = first_cells(section(&architecture, "## Dependencies"));
    let mut crates = BTreeSet::new();
    let manifest = text("Cargo.toml");
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            crates.insert(name.trim());
        }
    }
    assert_eq!(named, crates);

    // In the table of src/, the first cell has names, and the last one has files of that folder.
    let table = section(&architecture, "## Layout");
    let ticked = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut modules = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let names = ticked(cells[0]);
        for file in ticked(cells.last().expect("cells")) {
            let path = root().join("src").join(&names[0]).join(&file);
            assert!(path.exists(), "ARCHITECTURE.md names {}", path.display());
        }
        modules.extend(names);
    }
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let mut name = entry.file_name().into_string().unwrap();
        match name.as_str() {
            "bin" => name = "bin/refrain/".to_owned(),
            _ if entry.path().is_dir() => name.push('/'),
            _ => {}
        }
        // A folder beside a file of the same name belongs to it.
        let beside = root().join("src").join(format!("{}.rs", name.trim_end_matches('/'))).exists();
        assert!(modules.contains(&name) || beside, "src/{name} is not in ARCHITECTURE.md");
    }
    for module in &modules {
        assert!(root().join("src").join(module).exists(), "ARCHITECTURE.md names src/{module}");
    }
    for entry in fs::read_dir(root().join("docs/decisions")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            architecture.contains(&format!("(docs/decisions/{name})")),
            "{name} is not among the decisions"
        );
    }
}

#[test]
fn format_md_names_every_table_view_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.refrain");
    Store::open_write(&file).unwrap().close().unwrap();
    let db = rusqlite::Connection::open(&file).unwrap();
    let format = text("schema/FORMAT.md");
    let names: Vec<(String, String)> = db
        .prepare("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(names.len() > 10);
    for (kind, name) in names {
        let told = match kind.as_str() {
            "view" => {
                let row = format.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
                row.unwrap_or_else(|| panic!("no row for the view {name}")).to_owned()
            }
            // Three tables of blobs share their columns' description.
            _ => {
                let heading = ["##", "###"].map(|level| format!("{level} {name}"));
                let heading = heading.iter().find(|h| format.contains(&format!("\n{h}\n")));
                let own = section(&format, heading.unwrap_or_else(|| panic!("no heading for {name}")));
                format!(
                    "{own}{}",
                    if own.contains("`key`") { "" } else { section(&format, "## Blocks and their ids") }
                )
            }
        };
        let columns: Vec<String> = db
            .prepare(&format!("SELECT name FROM pragma_table_info('{name}')"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for column in columns {
            let as_word = |c: char| !(c.is_alphanumeric() || c == '_');
            assert!(told.split(as_word).any(|word| word == column), "{name}.{column} is not in FORMAT.md");
        }
    }
    let mut keys = db.prepare("SELECT key FROM meta").unwrap();
    for key in keys.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        let key = key.unwrap();
        assert!(format.contains(&format!("`{key}`")), "meta key {key}");
    }
}

#[test]
fn format_md_has_the_levels_of_the_frame_code() {
    let format = text("schema/FORMAT.md");
    let frames = section(&format, "### frame_block");
    let levels: Vec<f32> = frames
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('.'))
        .flat_map(|line| line.split('|').filter_map(|cell| cell.trim().parse().ok()))
        .collect();
    assert_eq!(levels, CURRENT.levels);
    let examples = ["read_with_sql.rs", "sql/python/refrain_index.py", "sql/node/refrain_index.js"]
        .map(|name| text(&format!("examples/{name}")));
    for (example, level) in examples.iter().flat_map(|example| CURRENT.levels.map(|level| (example, level))) {
        assert!(example.contains(&format!("{level:.3}")), "{level} in {example}");
    }
}
