//! Processes that work on one index at the same time.
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use refrain::store::Store;
use rusqlite::{Connection, TransactionBehavior};

use super::run::{Place, Run, clip, dump, tune, wav};

const FILES: usize = 70;

fn tracks(place: &Place) -> u64 {
    place.line("index info --json --db i.refrain").code(0).json()[0]["tracks"].as_u64().unwrap()
}

/// The content of the file alone, without the log beside it.
fn alone(db: &Path) -> Vec<String> {
    let copy = db.with_extension("alone");
    // Another process copies it: reading it as a file here would drop the locks of the stores that have it open here.
    assert!(Command::new("cp").args([db, &copy]).status().unwrap().success());
    dump(&copy)
}

#[test]
fn four_readers_beside_a_build_see_no_error_and_miss_nothing() {
    let place = Place::new();
    place.song("second-orbit.flac", "m/song.flac");
    place.line("index build -q --db i.refrain m").code(0);
    for n in 0..FILES {
        place.write(format!("m/{n:02}.wav"), &wav(8_000, 1, &tune(8_000, 8.0, n as u64)));
    }
    let (ended, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let clip = clip("clean.wav");
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let (place, clip, ended, asked) = (&place, clip.to_str().unwrap(), &ended, &asked);
            scope.spawn(move || {
                let mut known = 1;
                while !ended.load(Ordering::Relaxed) {
                    let found = place.run(["query", "--json", "--fast", "--db", "i.refrain", clip]).code(0);
                    let path = found.json()[0]["matches"][0]["path"].as_str().unwrap().to_owned();
                    assert!(path.ends_with("m/song.flac"), "{found:#?}");
                    if reader == 0 {
                        let now = tracks(place);
                        assert!(now >= known, "{now} tracks, {known} before");
                        known = now;
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // It is set even if something below fails.
        struct Ends<'a>(&'a AtomicBool);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let _ends = Ends(&ended);
        while asked.load(Ordering::Relaxed) < 4 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let idle = Store::open_read(place.at("i.refrain")).unwrap();
        // Tries again if a reader held its state for longer than a writer waits, as on a busy machine.
        let whole = (0..20).any(|_| {
            place.line("index build -q --db i.refrain m").code(0);
            alone(&place.at("i.refrain")) == dump(&place.at("i.refrain"))
        });
        assert!(whole, "the log holds what is not in the file");
        assert_eq!(idle.totals().unwrap().tracks, 1 + FILES as u64);
    });
    assert_eq!(tracks(&place), 1 + FILES as u64);
    place.line("index verify --db i.refrain").code(0);
    let whole = dump(&place.at("i.refrain"));
    place.line("index build -q --db undisturbed.refrain m/song.flac").code(0);
    place.line("index build -q --db undisturbed.refrain m").code(0);
    let but_roots = |rows: Vec<String>| -> Vec<String> {
        rows.into_iter().filter(|row| !row.starts_with("root: ")).collect()
    };
    assert!(but_roots(whole) == but_roots(dump(&place.at("undisturbed.refrain"))));
}

/// An index of two files, and a command that writes to it.
fn place() -> (Place, Command) {
    let place = Place::new();
    for (seed, name) in ["a", "b"].iter().enumerate() {
        place.write(format!("m/{name}.wav"), &wav(8_000, 1, &tune(8_000, 4.0, seed as u64)));
    }
    place.line("index build -q --db i.refrain m").code(0);
    let mut command = place.command();
    command.args(["index", "remove", "--db", "i.refrain", "m/a.wav"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    (place, command)
}

fn ended(child: Child) -> Run {
    Run::of("index remove".to_owned(), child.wait_with_output().unwrap())
}

#[test]
fn a_second_writer_waits_for_the_first() {
    let (place, mut command) = place();
    let mut first = Store::open_write(place.at("i.refrain")).unwrap();
    let child = first
        .write(|batch| {
            batch.remove(&place.at("m/b.wav"))?;
            let mut child = command.spawn().unwrap();
            // The child may not end during this time.
            for _ in 0..30 {
                std::thread::sleep(Duration::from_millis(10));
                assert!(child.try_wait().unwrap().is_none(), "it did not wait");
            }
            Ok(child)
        })
        .unwrap();
    ended(child).code(0);
    assert_eq!(first.totals().unwrap().files, 0);
    first.close().unwrap();
}

#[test]
fn a_writer_that_waits_too_long_says_so() {
    let (place, mut command) = place();
    let db = place.at("i.refrain");
    let before = dump(&db);
    let mut other = Connection::open(&db).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let run = ended(command.spawn().unwrap()).code(2);
    let said = if cfg!(target_os = "linux") {
        let name = std::fs::read_to_string("/proc/self/comm").unwrap();
        format!("process {} ({})", std::process::id(), name.trim_end())
    } else {
        "another process".to_owned()
    };
    assert_eq!(
        run.err,
        format!(
            "refrain: i.refrain: {said} is writing to this index; try again when the other process has finished\n"
        )
    );
    // Readers do not block it, and it does not block readers.
    assert_eq!(tracks(&place), 2);
    drop(held);
    drop(other);
    assert!(dump(&db) == before);
    ended(command.spawn().unwrap()).code(0);
}

#[test]
fn a_writer_that_waits_for_a_long_read_blocks_no_reader() {
    let (place, _) = place();
    let db = place.at("i.refrain");
    let long = Store::open_read(&db).unwrap();
    let snapshot = long.snapshot().unwrap();
    assert_eq!(long.totals().unwrap().tracks, 2);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| Store::open_write(&db));
        // By then the writer waits.
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..3 {
            assert_eq!(Store::open_read(&db).unwrap().totals().unwrap().tracks, 2);
        }
        assert!(!writer.is_finished(), "it did not wait");
        drop(snapshot);
        writer.join().unwrap().unwrap().close().unwrap();
    });
}
