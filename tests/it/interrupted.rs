//! Stops builds. The index stays valid, and the next build gives the same result as an undisturbed one.
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use refrain::{Error, error::IndexError, store::Store};

use super::run::{Place, Run, dump, send, tune, wav};

/// Files of the library: more than two commits.
const FILES: usize = 80;

fn library() -> (Place, Vec<String>) {
    let place = Place::new();
    for n in 0..FILES {
        place.write(format!("m/{n:02}.wav"), &wav(8_000, 1, &tune(8_000, 4.0, n as u64)));
    }
    place.write("m/40-text.mp3", b"text");
    place.line("index build -q --db undisturbed.refrain m").code(0);
    let whole = dump(&place.at("undisturbed.refrain"));
    (place, whole)
}

/// A day of silence. Most of it takes no room on the disk.
fn endless(path: &Path) {
    let bytes = 8_000 * 2 * 86_400_u32;
    let mut head = wav(8_000, 1, &[]);
    head[4..8].copy_from_slice(&(36 + bytes).to_le_bytes());
    head[40..44].copy_from_slice(&bytes.to_le_bytes());
    fs::write(path, head).unwrap();
    File::options().write(true).open(path).unwrap().set_len(44 + u64::from(bytes)).unwrap();
}

/// Builds `i.refrain`, and sends `signal` once the build has reported `after` added files.
fn stopped(place: &Place, signal: &str, after: usize) -> Run {
    let mut command = place.command();
    command.args(["index", "build", "--verbose", "--threads", "2", "--db", "i.refrain", "m"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    for _ in 0..after {
        lines.read_line(&mut err).unwrap();
    }
    send(signal, &child);
    lines.read_to_string(&mut err).unwrap();
    let code = child.wait().unwrap().code();
    Run { command: format!("{command:?}"), code, out: String::new(), err }
}

fn tracks(db: &Path) -> u64 {
    let store = Store::open_read(db).unwrap();
    store.verify(&refrain::CancelToken::new()).unwrap();
    store.totals().unwrap().tracks
}

#[test]
fn control_c_keeps_what_was_added_and_the_next_run_goes_on() {
    let (place, whole) = library();
    // This file comes last, so no run below ends before the signal comes.
    endless(&place.at("m/zz.wav"));
    let db = place.at("i.refrain");
    let mut kept = 0;
    for after in [1, 20, 20] {
        let left = FILES - kept as usize;
        let run = stopped(&place, "-INT", after.min(left)).code(2);
        assert!(
            run.err.ends_with(
                "refrain: interrupted; the index keeps the added files; run the same command again to continue\n"
            ),
            "{run:#?}"
        );
        let told = run.err.lines().filter(|line| line.starts_with("added ")).count() as u64;
        kept += told;
        assert_eq!(tracks(&db), kept, "{run:#?}");
        for beside in ["i.refrain-wal", "i.refrain-shm", "i.refrain-journal"] {
            assert!(!place.at(beside).exists());
        }
    }
    fs::remove_file(place.at("m/zz.wav")).unwrap();
    place.line("index build --db i.refrain m").code(0);
    assert!(dump(&db) == whole);
}

#[test]
fn control_c_does_not_wait_for_a_file_of_a_day() {
    let place = Place::new();
    place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    endless(&place.at("m/zz.wav"));
    stopped(&place, "-TERM", 1).code(2);
    assert_eq!(tracks(&place.at("i.refrain")), 1);
}

#[test]
fn control_c_ends_a_stream_that_goes_on_and_on() {
    let place = Place::new();
    place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 20.0, 1)));
    place.line("index build -q --db i.refrain m").code(0);
    for args in ["timeline --json --db i.refrain -", "query --db i.refrain -", "analyze -"] {
        let mut command = place.command();
        command.args(args.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // More than a pipe holds: once it is written, the program reads.
        input.write_all(&wav(8_000, 1, &tune(8_000, 30.0, 1))).unwrap();
        send("-INT", &child);
        // It ends when nobody reads any more.
        let more = std::thread::spawn(move || while input.write_all(&[0; 4096]).is_ok() {});
        let run = Run::of(format!("{command:?}"), child.wait_with_output().unwrap()).code(2);
        assert!(run.err.starts_with("refrain: interrupted; "), "{run:#?}");
        more.join().unwrap();
    }
}

#[test]
fn a_second_control_c_ends_at_once() {
    let place = Place::new();
    place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 20.0, 1)));
    place.line("index build -q --db i.refrain m").code(0);
    // More than a pipe holds: once it is written, the program reads. It gets no more, and so cannot end by itself.
    let mut head = wav(8_000, 1, &tune(8_000, 30.0, 2));
    head[40..44].copy_from_slice(&(u32::MAX - 36).to_le_bytes());
    // While it still computes, the first one ends it. How long that takes depends on the machine.
    let mut statuses = [300, 3_000, 30_000].into_iter().map(|until_it_waits| {
        let mut command = place.command();
        command.args(["timeline", "--db", "i.refrain", "-"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&head).unwrap();
        std::thread::sleep(Duration::from_millis(until_it_waits));
        send("-INT", &child);
        std::thread::sleep(Duration::from_millis(300));
        send("-INT", &child);
        let status = child.wait().unwrap().code();
        drop(input);
        status
    });
    assert_eq!(statuses.find(|status| *status != Some(2)), Some(Some(130)));
}

#[test]
fn a_killed_build_leaves_a_valid_index_and_the_next_run_completes_it() {
    let (place, whole) = library();
    endless(&place.at("m/zz.wav"));
    let db = place.at("i.refrain");
    for after in [0, 1, 2, 31, 32, 33, 50, FILES] {
        for beside in ["i.refrain", "i.refrain-wal", "i.refrain-shm", "i.refrain-journal"] {
            let _ = fs::remove_file(place.at(beside));
        }
        assert_eq!(stopped(&place, "-KILL", after).code, None);
        // If the build was killed before it made the tables, there is no index, even if there is a file.
        let kept = match Store::open_read(&db) {
            Err(Error::Index { reason: IndexError::Missing, .. }) => 0,
            _ => tracks(&db) as usize,
        };
        assert!(kept <= FILES);
        // It is killed a second time half-way, then left alone.
        stopped(&place, "-KILL", (FILES - kept) / 2);
        fs::rename(place.at("m/zz.wav"), place.at("later.wav")).unwrap();
        place.line("index build -q --db i.refrain m").code(0);
        assert!(dump(&db) == whole, "killed after {after}");
        fs::rename(place.at("later.wav"), place.at("m/zz.wav")).unwrap();
    }
}

/// A library that was indexed and then changed in every way. Also returns the rows that an update and a new build
/// should give, and how long each took.
fn changed_library() -> (Place, [(Vec<String>, Duration); 2]) {
    let place = Place::new();
    let write = |name: String, seed: u64| {
        place.write(name, &wav(8_000, 1, &tune(8_000, 2.0, seed)));
    };
    (0..FILES).for_each(|n| write(format!("m/{n:02}.wav"), n as u64));
    place.write("m/text.mp3", b"text");
    place.line("index build -q --db old.refrain m").code(0);
    let rename =
        |from: usize, to: String| fs::rename(place.at(format!("m/{from:02}.wav")), place.at(to)).unwrap();
    // A tenth each is changed, moved, shifted to the next name, removed, copied, or made bad.
    for n in (0..FILES).step_by(10) {
        write(format!("m/{n:02}.wav"), 1000 + n as u64);
        rename(n + 1, format!("m/x{n:02}.wav"));
        rename(n + 3, format!("m/{:02}-aside", n + 3));
        rename(n + 2, format!("m/{:02}.wav", n + 3));
        fs::rename(place.at(format!("m/{:02}-aside", n + 3)), place.at(format!("m/{:02}.wav", n + 2)))
            .unwrap();
        fs::remove_file(place.at(format!("m/{:02}.wav", n + 4))).unwrap();
        fs::copy(place.at(format!("m/{:02}.wav", n + 5)), place.at(format!("m/copy-{n}.wav"))).unwrap();
        place.write(format!("m/{:02}.wav", n + 6), b"text");
        write(format!("m/new-{n}.wav"), 2000 + n as u64);
    }
    let whole = |first: &str, args: &str| {
        let db = place.at("undisturbed.refrain");
        if !first.is_empty() {
            fs::copy(place.at(first), &db).unwrap();
        }
        let began = Instant::now();
        place.line(&format!("index {args} -q --db undisturbed.refrain")).code(0);
        let took = began.elapsed();
        let whole = dump(&db);
        fs::remove_file(db).unwrap();
        (whole, took)
    };
    let whole = [whole("old.refrain", "update"), whole("", "build m")];
    (place, whole)
}

/// Kills updates and builds by turns, at `REFRAIN_KILLS` random moments.
#[test]
fn killed_at_any_moment_the_next_run_completes_it() {
    let kills: u64 = std::env::var("REFRAIN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let (place, whole) = changed_library();
    let db = place.at("i.refrain");
    let mut random = fastrand::Rng::with_seed(7);
    let (mut interrupted, mut within) = (0, 0);
    for kill in 0..kills {
        let kind = (kill % 2) as usize;
        let (whole, took) = &whole[kind];
        for beside in ["i.refrain", "i.refrain-wal", "i.refrain-shm", "i.refrain-journal"] {
            let _ = fs::remove_file(place.at(beside));
        }
        let args =
            if kind == 0 { "index update -q --db i.refrain" } else { "index build -q --db i.refrain m" };
        if kind == 0 {
            fs::copy(place.at("old.refrain"), &db).unwrap();
        }
        let began = Instant::now();
        let mut child = place.command().args(args.split(' ')).stderr(Stdio::null()).spawn().unwrap();
        let after = took.mul_f64(random.f64());
        while began.elapsed() < after && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        interrupted += usize::from(!child.wait().unwrap().success());
        let left = match Store::open_read(&db) {
            Err(Error::Index { reason: IndexError::Missing, .. }) => Vec::new(),
            opened => {
                let store = opened.unwrap();
                store.verify(&refrain::CancelToken::new()).unwrap();
                drop(store);
                dump(&db)
            }
        };
        let tracks = |rows: &[String]| rows.iter().filter(|row| row.starts_with("track: ")).count();
        let old = dump(&place.at("old.refrain"));
        within += usize::from(!left.is_empty() && left != old && left != *whole);
        let next = place.line(&args.replace(" -q", "")).code(0);
        assert!(dump(&db) == *whole, "kill {kill}, {after:?} into {args}");
        if kind == 1 {
            let added = next.err.lines().find_map(|line| line.split_once(" file")?.0.parse::<usize>().ok());
            assert_eq!(added, Some(tracks(whole) - tracks(&left)), "none twice, none again: {next:#?}");
        }
    }
    eprintln!("{interrupted} of {kills} runs were killed, {within} of them with part of the work committed");
    assert!(interrupted > 0);
}

#[test]
fn readers_work_beside_a_build() {
    let place = Place::new();
    let a = place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 6.0, 1)));
    place.line("index build -q --db i.refrain m").code(0);
    place.write("m/b.wav", &wav(8_000, 1, &tune(8_000, 6.0, 2)));
    endless(&place.at("m/zz.wav"));
    let mut command = place.command();
    command.args(["index", "build", "--verbose", "--db", "i.refrain", "m"]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let asked = place.run(["query", "--db", "i.refrain", a.to_str().unwrap()]);
    let info = place.line("index info --db i.refrain");
    child.kill().unwrap();
    child.wait().unwrap();
    asked.code(0);
    info.code(0);
}

#[test]
fn two_builds_at_a_time_take_turns() {
    let (place, _) = library();
    let spawn = || {
        let mut command = place.command();
        command
            .args(["index", "build", "--db", "i.refrain", "m"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        (format!("{command:?}"), command.spawn().unwrap())
    };
    for (command, child) in [spawn(), spawn(), spawn()] {
        Run::of(command, child.wait_with_output().unwrap()).code(0);
    }
    assert_eq!(tracks(&place.at("i.refrain")), FILES as u64);
    assert!(!place.at("i.refrain-wal").exists());
}
