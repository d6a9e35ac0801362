//! Kills the process, or fills the disk, at every moment that matters. The index stays valid. Running the same command
//! again gives the same result as an undisturbed run.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use refrain::MaintainOptions;
use refrain::{Error, Index, ann, error::IndexError, store::Store};
use rusqlite::Connection;

use super::run::{Place, Run, dump, finish, fixture, tune, wav};

/// A change of an index.
struct Work {
    name: &'static str,
    /// The index that it changes; `None` if it creates one.
    start: Option<&'static str>,
    /// The arguments of `refrain`. `DB` stands for the index, `OUT` for a file that it creates. `None` if [`child`]
    /// does the work.
    args: Option<&'static str>,
    /// The failpoints where it dies, with the number of the visit.
    dies_at: &'static [&'static str],
}

const WORKS: &[Work] = &[
    Work {
        name: "build",
        start: None,
        args: Some("index build -q --db DB m"),
        dies_at: &[
            "open",
            "migrate",
            "migrated",
            "analysed",
            "analysed=40",
            "track",
            "track=33",
            "batch",
            "batch=40",
            "commit",
            "commit=2",
            "committed",
            "committed=2",
            "fold",
            "folded",
        ],
    },
    Work {
        name: "update",
        start: Some("old.refrain"),
        args: Some("index update -q --db DB"),
        dies_at: &[
            "open",
            "analysed=3",
            "batch=2",
            "batch=12",
            "commit",
            "committed",
            "commit=2",
            "committed=2",
            "commit=3",
            "fold",
            "folded",
        ],
    },
    Work {
        name: "migration",
        start: Some("format_1.refrain"),
        args: Some("index build -q --db DB m"),
        dies_at: &["open", "migrate", "migrated", "track=2", "committed"],
    },
    Work {
        name: "remove",
        start: Some("many.refrain"),
        args: Some("index remove --db DB m"),
        dies_at: &["remove", "remove=200", "remove=300", "commit=2", "committed", "committed=2", "fold"],
    },
    Work {
        name: "prune",
        start: Some("pruned.refrain"),
        args: Some("index prune --db DB"),
        dies_at: &["remove=260", "committed", "commit=2", "folded"],
    },
    Work {
        name: "relocate",
        start: Some("old.refrain"),
        args: Some("index relocate --db DB m elsewhere"),
        dies_at: &["commit", "committed", "fold"],
    },
    Work {
        name: "merge",
        start: Some("small.refrain"),
        args: Some("index merge --db DB old.refrain"),
        dies_at: &[
            "merge",
            "merge=33",
            "track=20",
            "commit",
            "committed",
            "commit=3",
            "committed=3",
            "folded",
        ],
    },
    Work {
        name: "compact",
        start: Some("gone.refrain"),
        args: Some("index compact --db DB"),
        dies_at: &[
            "tombstones",
            "tombstones=2",
            "commit",
            "committed",
            "compact",
            "packing",
            "compacted",
            "folded",
        ],
    },
    Work {
        name: "export",
        start: Some("old.refrain"),
        args: Some("index export --db DB --file OUT"),
        dies_at: &["export"],
    },
    Work {
        name: "neighbours",
        start: Some("old.refrain"),
        args: None,
        dies_at: &["neighbours", "posting", "posting=8", "commit", "committed", "fold", "folded"],
    },
    Work {
        name: "other neighbours",
        start: Some("indexed.refrain"),
        args: None,
        dies_at: &["neighbours", "posting=5", "commit", "committed"],
    },
];

/// There are more files than one transaction takes.
const FILES: usize = 44;
/// Copies of one file. With the other files, these are more than one transaction removes.
const COPIES: usize = 280;

/// The indexes before the work, and the files after it was prepared.
struct Library {
    place: Place,
}

impl Library {
    fn new() -> Self {
        let place = Place::new();
        let write = |name: String, seed: u64| place.write(name, &wav(8_000, 1, &tune(8_000, 2.0, seed)));
        (0..FILES).for_each(|n| drop(write(format!("m/{n:02}.wav"), n as u64)));
        place.write("m/text.mp3", b"text");
        place.line("index build -q --db old.refrain m").code(0);
        neighbours(&copy(&place, "old.refrain", "indexed.refrain"), 4).unwrap();
        neighbours(&copy(&place, "old.refrain", "gone.refrain"), 8).unwrap();
        place.line("index remove --db gone.refrain */*5.wav */*6.wav").code(0);
        // Adds a quarter of the windows, so that the neighbour index has fallen behind.
        (0..FILES / 2).for_each(|n| drop(write(format!("n/{n:02}.wav"), 500 + n as u64)));
        place.line("index build -q --db indexed.refrain n").code(0);
        place.line("index build -q --db small.refrain n m/01.wav m/02.wav").code(0);
        let first = fs::read(place.at("m/00.wav")).unwrap();
        (0..COPIES).for_each(|n| drop(place.write(format!("m/copies/{n:03}.wav"), &first)));
        place.line("index build -q --db many.refrain m").code(0);
        fs::remove_dir_all(place.at("m/copies")).unwrap();
        copy(&place, "many.refrain", "pruned.refrain");
        place.line("index update -q --db pruned.refrain").code(0);
        place.write("format_1.refrain", &fs::read(fixture("index/format_1.refrain")).unwrap());
        // Some files change, move or disappear, one becomes bad, and some are new.
        for n in (0..FILES).step_by(6) {
            write(format!("m/{n:02}.wav"), 1000 + n as u64);
            fs::rename(place.at(format!("m/{:02}.wav", n + 1)), place.at(format!("m/x{n:02}.wav"))).unwrap();
            let _ = fs::remove_file(place.at(format!("m/{:02}.wav", n + 2)));
            write(format!("m/new-{n}.wav"), 2000 + n as u64);
        }
        place.write("m/03.wav", b"text");
        Self { place }
    }

    /// Copies the index of `work` in its first state.
    fn begin(&self, work: &Work) -> PathBuf {
        let db = self.place.at(format!("{}.db", work.name));
        for suffix in ["", "-wal", "-shm", "-journal", ".out"] {
            let _ = fs::remove_file(beside(&db, suffix));
        }
        if let Some(start) = work.start {
            fs::copy(self.place.at(start), &db).unwrap();
        }
        db
    }

    fn command(&self, work: &Work, db: &Path) -> Command {
        match work.args {
            Some(args) => {
                let mut command = self.place.command();
                command.args(args.split(' ').map(|arg| match arg {
                    "DB" => db.to_owned(),
                    "OUT" => beside(db, ".out"),
                    other => other.into(),
                }));
                command
            }
            None => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["--exact", "crash::child", "--ignored", "--nocapture"]).env(CHILD, db);
                command
            }
        }
    }

    /// The rows of the result.
    fn rows(&self, work: &Work, db: &Path) -> Vec<String> {
        let out = beside(db, ".out");
        assert_eq!(out.exists(), work.name == "export");
        dump(if out.exists() { &out } else { db })
    }

    fn undisturbed(&self, work: &Work) -> Vec<String> {
        let db = self.begin(work);
        let run = finish(&mut self.command(work, &db));
        assert_eq!(run.code, Some(0), "{run:#?}");
        self.rows(work, &db)
    }

    /// Asserts that a disturbed run leaves a valid index, and that the next run makes `whole` of it.
    fn holds(&self, work: &Work, db: &Path, whole: &[String], what: &str) {
        match Store::open_read(db) {
            Err(Error::Index { reason: IndexError::Missing, .. }) if work.start.is_none() => {}
            store => {
                store
                    .unwrap_or_else(|error| panic!("{what}: {error}"))
                    .verify(&refrain::CancelToken::new())
                    .unwrap();
                let check: String = Connection::open(db)
                    .unwrap()
                    .pragma_query_value(None, "quick_check", |row| row.get(0))
                    .unwrap();
                assert_eq!(check, "ok", "{what}");
            }
        }
        let out = beside(db, ".out");
        if !out.exists() || dump(&out) != whole {
            assert!(!out.exists(), "{what}: half an export");
            let again = finish(&mut self.command(work, db));
            // Exit code 1 means that the work was done already.
            let done = ["remove", "relocate"].contains(&work.name) && again.code == Some(1);
            assert!(again.code == Some(0) || done, "{what}: {again:#?}");
            let left = ["-wal", "-journal"].map(|suffix| beside(db, suffix).exists());
            assert!(done || left == [false; 2], "{what}: {left:?}");
        }
        assert!(self.rows(work, db) == whole, "{what}: not what an undisturbed run gives");
    }
}

fn beside(db: &Path, suffix: &str) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn copy(place: &Place, from: &str, to: &str) -> PathBuf {
    fs::copy(place.at(from), place.at(to)).unwrap();
    place.at(to)
}

/// Brings the neighbour index up to date, however few windows there are.
fn neighbours(db: &Path, centroids: usize) -> refrain::Result<()> {
    let options = ann::Options::default().min_windows(1).centroids(Some(centroids));
    let index = Index::open_to_write(db)?;
    index.refresh_with(MaintainOptions::default().neighbours(options))?;
    index.close()
}

/// Names the index to [`child`].
const CHILD: &str = "REFRAIN_TEST_INDEX";

#[test]
#[ignore = "run by other tests in a process of its own"]
fn child() {
    let db = std::env::var_os(CHILD).expect("run by other tests");
    if let Err(error) = neighbours(Path::new(&db), 8) {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

/// Calls `with` for every work, on three threads.
fn each_work(with: impl Fn(&Library, &Work, &[String]) + Sync) {
    let library = Library::new();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(work) = WORKS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    with(&library, work, &library.undisturbed(work));
                }
            });
        }
    });
}

/// The names of all failpoints in the source.
fn names(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("failpoint.rs") {
            let text = fs::read_to_string(path).unwrap();
            let after = text.split("failpoint::reach(").skip(1);
            found.extend(after.map(|rest| rest.split('"').nth(1).expect("a literal").to_owned()));
        }
    }
}

#[cfg(debug_assertions)]
#[test]
fn the_next_run_completes_what_a_crash_interrupted() {
    let mut all = BTreeSet::new();
    names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let tried = WORKS.iter().flat_map(|work| work.dies_at);
    let tried: BTreeSet<String> = tried.map(|name| name.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(tried, all, "every failpoint, and no other");
    each_work(|library, work, whole| {
        for failpoint in work.dies_at {
            let db = library.begin(work);
            let run = finish(library.command(work, &db).env("REFRAIN_FAILPOINT", failpoint));
            let told = format!("died at {}\n", failpoint.split('=').next().unwrap());
            let what = format!("{} dies at {failpoint}", work.name);
            assert!(run.code.is_none() && run.err.ends_with(&told), "{what}: {run:#?}");
            library.holds(work, &db, whole, &what);
        }
    });
}

/// Runs `command` with a limit on the length of files: `blocks` of 512 bytes. A write beyond the limit fails, or kills
/// the process.
#[cfg(unix)]
fn limited(command: &Command, blocks: u64, kills: bool) -> Run {
    let script = format!("{}ulimit -f {blocks} && exec \"$@\"", if kills { "" } else { "trap '' XFSZ; " });
    let mut limited = Command::new("sh");
    limited.args(["-c", &script, "sh"]).arg(command.get_program()).args(command.get_args());
    command.get_current_dir().map(|folder| limited.current_dir(folder));
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    finish(&mut limited)
}

/// Repeats each work `REFRAIN_FULL_DISKS` times with a random limit. By turns the write beyond the limit fails or kills
/// the process: in the middle of a commit, of folding the log, or of writing the file anew.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let times: u64 = std::env::var("REFRAIN_FULL_DISKS").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let (full, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each_work(|library, work, whole| {
        let db = library.place.at(format!("{}.db", work.name));
        // A log has a header for each page, so it may be longer than the file.
        let max = fs::metadata(&db).unwrap().len() * 5 / 4 / 512;
        let mut random = fastrand::Rng::with_seed(work.name.len() as u64);
        for time in 0..times {
            let db = library.begin(work);
            // Low limits are met more often.
            let blocks = (random.f64() * random.f64().sqrt() * max as f64) as u64;
            let kills = time % 2 == 1;
            let run = limited(&library.command(work, &db), blocks, kills);
            let what = format!("{} with {blocks} blocks of {max}", work.name);
            match run.code {
                Some(0) => {}
                None if kills => drop(killed.fetch_add(1, Ordering::Relaxed)),
                Some(2) if !kills && run.err.contains("the disk is full") => {
                    full.fetch_add(1, Ordering::Relaxed);
                }
                _ => panic!("{what}: {run:#?}"),
            }
            library.holds(work, &db, whole, &what);
        }
    });
    let (full, killed) = (full.into_inner(), killed.into_inner());
    eprintln!("the disk was full {full} times, and the process died in a write {killed} times");
    assert!(full > 0 && killed > 0);
}
