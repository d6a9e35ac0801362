//! Damages index files at random, thousands of them on demand. Each is refused, gives the right answer, or fails
//! `verify`. Runs in a child process with 1 GiB of memory and a time limit.
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use refrain::{
    Answer, BuildOptions, CancelToken, Error, Index, MaintainOptions, QueryOptions, Status,
    ann::{self, Route, Searcher},
    error::IndexError,
    store::Store,
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::run::{clip, dump, fixture};

/// How many cases there are; 240 unless this is set.
const CASES: &str = "REFRAIN_CORRUPTIONS";
/// Gives a child its cases, `from..to`, and the folder of the files.
const CHILD: &str = "REFRAIN_CORRUPTIONS_CHILD";

/// The most KiB of address space, and of memory, that a child may take.
const MOST_ROOM: u64 = 1 << 20;
/// The longest time that a case may take on a busy machine.
const LONGEST: Duration = Duration::from_secs(120);
/// How many cases one child runs.
const TOGETHER: u64 = 250;

const KINDS: [&str; 4] = ["plain", "neighbours", "format_1", "format_1_neighbours"];

/// Columns that nothing else in the file confirms. An answer is right or wrong by the other ones.
const NOT_HELD: &[&str] = &["path", "title", "artist", "album", "duration", "size", "mtime_ns", "hash"];

/// Makes the files that are damaged, one of each kind.
fn files(folder: &Path) {
    let lists = ann::Options::default().min_windows(1).centroids(Some(12)).force(true);
    let songs = ["second-orbit.flac", "copper-rain.m4a", "paper-lanterns.mp3", "quiet-engines.wav"]
        .map(|song| fixture("audio/songs").join(song));
    let make = |name: &str, from: Option<&Path>| -> PathBuf {
        let file = folder.join(name);
        if let Some(from) = from {
            fs::copy(from, &file).unwrap();
        }
        file
    };
    let plain = make("plain", None);
    let index = Index::open_or_create(&plain).unwrap();
    index.build_with(songs, BuildOptions::default()).unwrap();
    index.close().unwrap();
    let neighbours = make("neighbours", Some(&plain));
    let index = Index::open_to_write(&neighbours).unwrap();
    assert!(matches!(
        index.rebuild_with(MaintainOptions::default().neighbours(lists)).unwrap(),
        ann::Built::New { centroids: 12, .. }
    ));
    index.close().unwrap();
    let old = make("format_1", Some(&fixture("index/format_1.refrain")));
    // A writer migrates the file. So copies the rows of its neighbour index into the old one; they are the same there.
    let new = make("new", Some(&old));
    let index = Index::open_to_write(&new).unwrap();
    index.rebuild_with(MaintainOptions::default().neighbours(lists)).unwrap();
    index.close().unwrap();
    let old_neighbours = make("format_1_neighbours", Some(&old));
    let db = Connection::open(&old_neighbours).unwrap();
    db.execute("ATTACH ?1 AS new", [new.to_str()]).unwrap();
    for table in ["neighbour_index", "centroid_block", "centroid_link", "posting"] {
        db.execute(&format!("INSERT INTO main.{table} SELECT * FROM new.{table}"), []).unwrap();
    }
}

/// The bytes of a page of this file, as its header says.
fn page_bytes(file: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([file[16], file[17]]))
}

/// Damages a file in one of seven ways, and returns the way.
fn damage(bytes: &mut Vec<u8>, case: u64) -> &'static str {
    // Neighbouring seeds give similar numbers; those of a fork are unrelated.
    let mut random = fastrand::Rng::with_seed(case).fork();
    let size = page_bytes(bytes);
    let pages = bytes.len() / size;
    let kinds = case / KINDS.len() as u64 % 7;
    match kinds {
        0 => {
            for _ in 0..random.u8(1..=16) {
                let at = random.usize(..bytes.len());
                bytes[at] ^= 1 << random.u8(..8);
            }
            "bits"
        }
        1 => {
            bytes.truncate(random.usize(..bytes.len()));
            "cut"
        }
        2 => {
            let (a, b) = (random.usize(..pages), random.usize(..pages));
            for i in 0..size {
                bytes.swap(a * size + i, b * size + i);
            }
            "swapped pages"
        }
        3 => {
            // These are varints and counts, at the beginning of a page, of its cells, and of blobs.
            for _ in 0..random.u8(1..=4) {
                let page = random.usize(..pages) * size;
                let room = if random.bool() { 32 } else { size };
                let head = random.usize(..room);
                let new = [0, 1, 0x7f, 0x80, 0xff, random.u8(..)][random.usize(..6)];
                bytes[page + head] = new;
            }
            "lengths"
        }
        4 => {
            let (at, count) = (random.usize(..bytes.len()), random.usize(1..=2 * size));
            let end = bytes.len().min(at + count);
            bytes[at..end].iter_mut().for_each(|byte| *byte = random.u8(..));
            "noise"
        }
        5 => {
            let (at, count) = (random.usize(..bytes.len()), random.usize(1..=2 * size));
            let end = bytes.len().min(at + count);
            bytes[at..end].fill(0);
            "zeros"
        }
        _ => {
            let (from, to) = (random.usize(..pages) * size, random.usize(..pages) * size);
            bytes.copy_within(from..from + size, to);
            "a page twice"
        }
    }
}

/// The outcome of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The query is an error.
    Refused,
    /// The answer is that of the undamaged file.
    Right,
    /// The answer is wrong, and `verify` reports the damage.
    Told,
    /// The answer is wrong because of columns that nothing else confirms.
    Unprotected,
}

/// The value, or `None` if the file was refused.
fn refused<T>(result: refrain::Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::Index { .. } | Error::Io { .. }) => None,
        Err(other) => panic!("not about the index: {other}"),
    }
}

fn ask(index: &Index, exact: bool) -> refrain::Result<Answer> {
    index.query_with(clip("clean.wav"), &QueryOptions::default().exact(exact))
}

/// Whether both name the same track and the same place in it.
fn same(a: &Answer, b: &Answer) -> bool {
    let (Some(one), Some(other)) = (a.matches.first(), b.matches.first()) else { return false };
    let near = |a: f64, b: f64| (a - b).abs() < 0.1;
    (one.id, &one.path, &one.tags) == (other.id, &other.path, &other.tags)
        && near((one.ref_start - one.query_start).0, (other.ref_start - other.query_start).0)
        && near(one.tempo, other.tempo)
        && near(one.pitch, other.pitch)
}

fn outcome(file: &Path, whole: &Path, right: &Answer, exact: bool) -> Outcome {
    let Some(index) = refused(Index::open(file)) else { return Outcome::Refused };
    let verified = refused(index.verify()).is_some();
    let listed = refused(index.info()).is_some() & refused(index.tracks(|_, _| Ok(()))).is_some();
    let searched = refused(Store::open_read(file).and_then(|store| {
        let queries: Vec<i8> = (0..2 * store.params().window_dims).map(|i| (i * 37 % 201) as i8).collect();
        Searcher::new(&store).route(Route::Graph).nearest(&queries, 5)
    }));
    let answer = refused(ask(&index, exact));
    if verified {
        assert!(listed && searched.is_some() && answer.is_some(), "verified, and yet not to be used");
    }
    match answer {
        None => Outcome::Refused,
        Some(answer) if same(&answer, right) => Outcome::Right,
        Some(_) if !verified => Outcome::Told,
        Some(answer) => {
            let (now, then) = (held(file), held(whole));
            let other = now
                .iter()
                .filter(|row| !then.contains(row))
                .chain(then.iter().filter(|row| !now.contains(row)));
            let other: Vec<String> = other.map(|row| row.chars().take(100).collect()).collect();
            assert!(
                other.is_empty(),
                "verified, and yet {}: {other:#?}",
                refrain::report::json(&answer.query, &Ok(answer.clone()))
            );
            Outcome::Unprotected
        }
    }
}

/// Every row of every table, without the columns that nothing else confirms.
fn held(file: &Path) -> Vec<String> {
    let copy = tempfile::NamedTempFile::new().unwrap();
    fs::copy(file, copy.path()).unwrap();
    let db = Connection::open(copy.path()).unwrap();
    for table in ["track", "file", "failure"] {
        let columns: Vec<String> = db
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .and_then(|mut s| s.query_map([table], |row| row.get(0))?.collect())
            .unwrap();
        for column in columns.iter().filter(|column| NOT_HELD.contains(&column.as_str())) {
            // Where that fails, two rows are the same already.
            let _ = db.execute(&format!("UPDATE {table} SET {column} = rowid"), []);
        }
    }
    drop(db);
    dump(copy.path())
}

/// Runs the cases of a child. Does nothing if no other test has started it.
#[test]
fn some_cases() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (cases, folder) = told.split_once(' ').unwrap();
    let (from, to) = cases.split_once("..").unwrap();
    let folder = Path::new(folder);
    let whole: Vec<(PathBuf, Vec<u8>, Answer)> = KINDS
        .iter()
        .map(|kind| {
            let file = folder.join(kind);
            let index = Index::open(&file).unwrap();
            index.verify().unwrap();
            let right = ask(&index, false).unwrap();
            assert_eq!(right.status, Status::Match, "{kind}");
            assert!(right.matches[0].path.ends_with("second-orbit.flac"), "{kind}");
            assert!(
                ((right.matches[0].ref_start - right.matches[0].query_start).0 - 12.0).abs() < 0.1,
                "{kind}"
            );
            (file.clone(), fs::read(file).unwrap(), right)
        })
        .collect();
    let damaged = tempfile::tempdir().unwrap();
    for case in from.parse().unwrap()..to.parse::<u64>().unwrap() {
        println!("case {case}");
        let kind = case as usize % KINDS.len();
        let (file, bytes, right) = &whole[kind];
        let mut bytes = bytes.clone();
        let how = damage(&mut bytes, case);
        let copy = damaged.path().join("i.refrain");
        fs::write(&copy, &bytes).unwrap();
        let outcome = outcome(&copy, file, right, case % 8 > 3);
        println!("outcome {how} {outcome:?}");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak {}", peak.trim().trim_end_matches(" kB"));
}

/// Runs a child and counts the outcomes of its cases. Returns its peak of memory in KiB.
fn run(from: u64, to: u64, folder: &Path, sums: &mut BTreeMap<String, u64>) -> u64 {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v $0 && exec \"$@\"", &MOST_ROOM.to_string()])
        .arg(std::env::current_exe().unwrap())
        .args(["corrupt::some_cases", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{from}..{to} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(std::io::Result::ok).try_for_each(|line| sender.send(line)));
    let (mut case, mut peak) = (String::new(), None);
    loop {
        match receiver.recv_timeout(LONGEST) {
            // The test harness prints to the beginning of the first line.
            Ok(line) => {
                match line.rsplit_once(" ... ").map_or(line.as_str(), |(_, said)| said).split_once(' ') {
                    Some(("case", number)) => case = number.to_owned(),
                    Some(("outcome", what)) => *sums.entry(what.to_owned()).or_default() += 1,
                    Some(("peak", kib)) => peak = Some(kib.parse().unwrap()),
                    _ => {}
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                panic!("case {case} does not end");
            }
        }
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "case {case}: {status}");
    peak.expect("the child came to its end")
}

#[test]
fn a_damaged_index_is_refused_answers_rightly_or_fails_verify() {
    let cases: u64 = std::env::var(CASES).ok().and_then(|n| n.parse().ok()).unwrap_or(240);
    let folder = TempDir::new().unwrap();
    files(folder.path());
    let (mut sums, mut peak) = (BTreeMap::new(), 0);
    for from in (0..cases).step_by(TOGETHER as usize) {
        peak = peak.max(run(from, cases.min(from + TOGETHER), folder.path(), &mut sums));
    }
    println!("at most {} MiB; {sums:#?}", peak >> 10);
    assert_eq!(sums.values().sum::<u64>(), cases);
    assert!(peak < MOST_ROOM);
    if cases >= 240 {
        for outcome in ["Refused", "Right", "Told"] {
            assert!(sums.iter().any(|(what, n)| what.ends_with(outcome) && *n > 0), "{outcome}: {sums:?}");
        }
    }
}

/// Puts six levels of pages over a table of a few rows. Each page leads to the one below 301 times, so there are 7e14
/// times as many rows.
fn endless(file: &Path, table: &str) {
    let db = Connection::open(file).unwrap();
    let root: u32 = db
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
        .unwrap();
    drop(db);
    let mut bytes = fs::read(file).unwrap();
    let size = page_bytes(&bytes);
    let root = (root as usize - 1) * size;
    let leaf = bytes[root..root + size].to_vec();
    let top = levels_over(leaf, &mut bytes);
    bytes[root..root + size].copy_from_slice(&top);
    write_pages(file, bytes);
}

/// Appends `page` and levels of interior pages over it. Each page leads to the one below 301 times. Returns the topmost
/// page.
fn levels_over(page: Vec<u8>, bytes: &mut Vec<u8>) -> Vec<u8> {
    const LEVELS: usize = 6;
    let size = page.len();
    let mut below = page;
    for _ in 0..LEVELS {
        bytes.extend_from_slice(&below);
        let child = (bytes.len() / size) as u32;
        // An interior page of a table has a header, the places of its cells, and the cells at the end: a page and a row
        // in each.
        below = vec![0; size];
        let (cells, mut at) = (300_u16, size);
        for cell in 0..cells {
            at -= 7;
            below[at..at + 4].copy_from_slice(&child.to_be_bytes());
            below[at + 4..at + 7].copy_from_slice(&[0x81, 0x80 | (cell >> 7) as u8, cell as u8 & 0x7f]);
            below[12 + 2 * usize::from(cell)..][..2].copy_from_slice(&(at as u16).to_be_bytes());
        }
        below[0] = 5;
        below[3..5].copy_from_slice(&cells.to_be_bytes());
        below[5..7].copy_from_slice(&(at as u16).to_be_bytes());
        below[8..12].copy_from_slice(&child.to_be_bytes());
    }
    below
}

/// Writes a file whose header says how many pages there are.
fn write_pages(file: &Path, mut bytes: Vec<u8>) {
    let pages = (bytes.len() / page_bytes(&bytes)) as u32;
    bytes[28..32].copy_from_slice(&pages.to_be_bytes());
    fs::write(file, bytes).unwrap();
}

/// The cells of a leaf page of a table, whose header is at `header`.
fn cells(page: &[u8], header: usize) -> Vec<&[u8]> {
    fn varint(bytes: &[u8], at: &mut usize) -> usize {
        let mut value = 0;
        loop {
            let byte = bytes[*at];
            *at += 1;
            value = value << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    let number = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
    let cell = |i: usize| {
        let from = number(header + 8 + 2 * i);
        let mut at = from;
        let length = varint(page, &mut at);
        varint(page, &mut at);
        &page[from..at + length]
    };
    (0..number(header + 3)).map(cell).collect()
}

/// A leaf page of `size` bytes of a table.
fn leaf(size: usize, cells: &[&[u8]]) -> Vec<u8> {
    let (mut page, mut at) = (vec![0; size], size);
    for (i, cell) in cells.iter().enumerate() {
        at -= cell.len();
        page[at..at + cell.len()].copy_from_slice(cell);
        page[8 + 2 * i..10 + 2 * i].copy_from_slice(&(at as u16).to_be_bytes());
    }
    page[0] = 13;
    page[3..5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
    page[5..7].copy_from_slice(&(at as u16).to_be_bytes());
    page
}

/// Makes a file's schema endless, which is on one page. After the real entries, a reader meets one automatic index 7e14
/// times.
fn endless_schema(file: &Path) {
    const HEADER: usize = 100;
    let mut bytes = fs::read(file).unwrap();
    let size = page_bytes(&bytes);
    let first = bytes[..size].to_vec();
    assert_eq!(first[HEADER], 13, "the schema fits its page");
    let objects = cells(&first, HEADER);
    let names = |cell: &[u8], name: &[u8]| cell.windows(name.len()).any(|part| part == name);
    let automatic = objects.iter().find(|cell| names(cell, b"sqlite_autoindex_track_1")).unwrap();
    let whole = leaf(size, &objects);
    bytes.extend_from_slice(&whole);
    let whole = (bytes.len() / size) as u32;
    let top = levels_over(leaf(size, &[automatic]), &mut bytes);
    bytes.extend_from_slice(&top);
    let top = (bytes.len() / size) as u32;
    // This interior page has one cell: the real schema, up to row 100. All later rows are on the right.
    let page = &mut bytes[..size];
    page[HEADER..].fill(0);
    page[HEADER] = 5;
    page[HEADER + 3..HEADER + 5].copy_from_slice(&1_u16.to_be_bytes());
    page[HEADER + 5..HEADER + 7].copy_from_slice(&(size as u16 - 5).to_be_bytes());
    page[HEADER + 8..HEADER + 12].copy_from_slice(&top.to_be_bytes());
    page[HEADER + 12..HEADER + 14].copy_from_slice(&(size as u16 - 5).to_be_bytes());
    page[size - 5..size - 1].copy_from_slice(&whole.to_be_bytes());
    page[size - 1] = 100;
    write_pages(file, bytes);
}

/// Asserts that `work` ends, and returns its result.
fn ends<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(LONGEST).unwrap_or_else(|_| panic!("{what} does not end"))
}

/// Swaps the first two rows of a table's last leaf page: SQLite returns them in the order of the page.
fn swap_rows(file: &Path, table: &str) {
    let db = Connection::open(file).unwrap();
    let root = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let root: u32 = db.query_row(&root, [], |row| row.get(0)).unwrap();
    drop(db);
    let mut bytes = fs::read(file).unwrap();
    let size = page_bytes(&bytes);
    let mut page = (root as usize - 1) * size;
    while bytes[page] == 5 {
        let right = u32::from_be_bytes(bytes[page + 8..page + 12].try_into().unwrap());
        page = (right as usize - 1) * size;
    }
    assert_eq!(bytes[page], 13, "a leaf of {table}");
    assert!(bytes[page + 4] >= 2, "two rows of {table}");
    for i in 0..2 {
        bytes.swap(page + 8 + i, page + 10 + i);
    }
    fs::write(file, bytes).unwrap();
}

/// Rows out of order are damage wherever they are read. They never cause a wrong answer.
#[test]
fn rows_and_blocks_out_of_order_are_damage() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = Store::open_write(&file).unwrap();
    store
        .write(|batch| {
            // Two such blocks fit on one page.
            for n in 0..2 {
                let print = super::store::fingerprint(60, n);
                batch.add_track(&super::store::record(format!("/{n}")), &print)?;
            }
            Ok(())
        })
        .unwrap();
    store.close().unwrap();
    for table in ["track", "frame_block", "window_block"] {
        let copy = folder.path().join(table);
        fs::copy(&file, &copy).unwrap();
        swap_rows(&copy, table);
        let store = Store::open_read(&copy).unwrap();
        let read = match table {
            "track" => store.tracks(|_| Ok(())),
            "window_block" => store.windows(Store::ALL_TRACKS, |_, _| Ok(())),
            _ => store.fingerprint(refrain::TrackId(1)).map(drop),
        };
        let damaged = |done| matches!(done, Err(Error::Index { reason: IndexError::Damaged(_), .. }));
        assert!(damaged(read), "{table}");
        assert!(damaged(store.verify(&CancelToken::new())), "{table}");
    }
}

#[test]
fn an_endless_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let original = folder.path().join("original");
    fs::copy(fixture("index/format_1.refrain"), &original).unwrap();
    endless_schema(&original);
    let bytes = fs::read(&original).unwrap();
    let damaged = |result: refrain::Result<()>| match result {
        Err(Error::Index { reason: IndexError::Damaged(_), .. }) => {}
        other => panic!("{other:?}"),
    };
    type Way = fn(&Path) -> refrain::Result<()>;
    let ways: [(&str, Way); 5] = [
        ("opening for reading", |file| Index::open(file).map(drop)),
        ("opening for writing", |file| Index::open_to_write(file).map(drop)),
        ("opening or making", |file| Index::open_or_create(file).map(drop)),
        ("a writer", |file| Store::open_write(file).map(drop)),
        ("merging", |file| {
            let new = Index::open_or_create(file.with_extension("new"))?;
            new.merge(&Index::open(file)?).map(drop)
        }),
    ];
    for (n, (what, way)) in ways.into_iter().enumerate() {
        let file = folder.path().join(format!("{n}"));
        fs::copy(&original, &file).unwrap();
        let of = file.clone();
        damaged(ends(what, move || way(&of)));
        assert!(fs::read(&file).unwrap() == bytes, "{what} has changed it");
    }
}

/// Tracks are counted before anything is done with the neighbour index.
#[test]
fn endless_tracks_stop_a_writer() {
    let folder = TempDir::new().unwrap();
    files(folder.path());
    let song = fixture("audio/songs").join("quiet-engines.wav");
    type Way = fn(&Index, &Path) -> refrain::Result<()>;
    let ways: [(&str, Way); 6] = [
        ("refresh", |index, _| index.refresh().map(drop)),
        ("rebuild", |index, _| index.rebuild().map(drop)),
        ("update", |index, _| index.update().map(drop)),
        ("build", |index, song| index.build(song).map(drop)),
        ("add", |index, song| index.add(song).map(drop)),
        ("compact", |index, _| index.compact().map(drop)),
    ];
    for kind in KINDS {
        for (what, way) in ways {
            let file = folder.path().join(format!("{kind}_{what}"));
            fs::copy(folder.path().join(kind), &file).unwrap();
            endless(&file, "track");
            let song = song.clone();
            let done = ends(what, move || {
                let index = Index::open_to_write(&file)?;
                let done = way(&index, &song);
                done.and(index.close())
            });
            // Adding one file need not read the other tracks.
            let refused = refused(done).is_none();
            assert!(refused || what == "add" || what == "compact", "{what} in {kind}");
        }
    }
}

#[test]
fn an_endless_table_stops_a_reader() {
    let folder = TempDir::new().unwrap();
    files(folder.path());
    for (kind, table) in
        [("plain", "track"), ("plain", "window_block"), ("neighbours", "posting"), ("format_1", "track")]
    {
        let file = folder.path().join("endless");
        fs::copy(folder.path().join(kind), &file).unwrap();
        endless(&file, table);
        let index = Index::open(&file).unwrap();
        assert!(refused(index.verify()).is_none(), "{table}");
        let everything = [
            index.info().map(drop),
            index.tracks(|_, _| Ok(())),
            // An exact query reads the windows, another one the posting lists.
            ask(&index, table == "window_block").map(drop),
        ];
        let ended = everything.map(|done| refused(done).is_some());
        if table != "posting" {
            assert!(ended.contains(&false), "{table} has no end, and nothing says so");
        }
    }
}

/// SQLite finds nothing wrong with these files.
#[test]
fn verify_finds_content_that_does_not_belong_together() {
    let folder = TempDir::new().unwrap();
    files(folder.path());
    let copy = folder.path().join("copy");
    let told = |kind: &str, change: &dyn Fn(&Path)| {
        fs::copy(folder.path().join(kind), &copy).unwrap();
        change(&copy);
        match Index::open(&copy).unwrap().verify() {
            Err(Error::Index { reason, .. }) => reason,
            other => panic!("{kind}: {other:?}"),
        }
    };
    let flipped = |table: &'static str, at: fn(usize) -> usize| {
        move |file: &Path| {
            let db = Connection::open(file).unwrap();
            let first = format!("SELECT id, data FROM {table} ORDER BY id LIMIT 1");
            let (id, mut data): (i64, Vec<u8>) =
                db.query_row(&first, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let at = at(data.len());
            data[at] ^= 0x55;
            db.execute(&format!("UPDATE {table} SET data = ?1 WHERE id = ?2"), (data, id)).unwrap();
        }
    };
    for kind in KINDS {
        for (table, at) in [
            ("frame_block", (|len| len / 2) as fn(usize) -> usize),
            ("window_block", |len| len - 1),
            ("window_block", |_| 8),
        ] {
            let reason = told(kind, &flipped(table, at));
            assert!(matches!(reason, IndexError::Damaged(_)), "{kind}: {table}: {reason}");
        }
    }
    for kind in ["neighbours", "format_1_neighbours"] {
        for at in [(|len| len - 1) as fn(usize) -> usize, |_| 8] {
            let reason = told(kind, &flipped("posting", at));
            assert!(matches!(reason, IndexError::Neighbours(_)), "{kind}: {reason}");
        }
    }
    // Two tables with rows of the same shape change places: all files are folders now, but the index over the files
    // stays.
    let reason = told("plain", &|file| {
        let db = Connection::open(file).unwrap();
        let mut roots =
            db.prepare("SELECT rootpage FROM sqlite_schema WHERE name IN ('file', 'root')").unwrap();
        let roots: Vec<u32> = roots.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut bytes = fs::read(file).unwrap();
        let size = page_bytes(&bytes);
        let [a, b] = [roots[0], roots[1]].map(|page| (page as usize - 1) * size);
        (0..size).for_each(|i| bytes.swap(a + i, b + i));
        fs::write(file, bytes).unwrap();
    });
    assert!(matches!(reason, IndexError::Damaged(_)), "{reason}");
}
