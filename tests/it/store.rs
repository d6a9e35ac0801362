//! The index file: what it keeps, what it refuses, and what it survives.
use std::{
    fs,
    path::{Path, PathBuf},
};

use refrain::{
    Error,
    error::IndexError,
    fingerprint::Fingerprint,
    params,
    store::{APPLICATION_ID, ContentHash, FORMAT, Known, Store, TrackId, TrackRecord},
    units::{Frames, Seconds},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::run::dump;

pub fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("music.refrain");
    (folder, file)
}

pub fn record(path: impl AsRef<Path>) -> TrackRecord {
    let mut record = TrackRecord::new(path.as_ref());
    (record.size, record.mtime_ns, record.duration) = (5, 7, Seconds(60.5));
    record
}

/// A fingerprint of `frames` frames with a window at every fourth. Another `seed` gives other values.
pub fn fingerprint(frames: u32, seed: u64) -> Fingerprint {
    let mut random = fastrand::Rng::with_seed(seed);
    let positions: Vec<u32> = (0..frames).step_by(4).collect();
    Fingerprint {
        frames: (0..frames as usize * params::CURRENT.frame_bytes()).map(|_| random.u8(..)).collect(),
        windows: (0..positions.len() * params::CURRENT.window_dims).map(|_| random.i8(..)).collect(),
        positions,
        ..Fingerprint::default()
    }
}

fn small(file: &Path) {
    let mut store = Store::open_write(file).unwrap();
    store.write(|batch| batch.add_track(&record("/a.flac"), &fingerprint(300, 1))).unwrap();
    store.close().unwrap();
}

fn refusal<T>(result: refrain::Result<T>) -> IndexError {
    match result {
        Err(Error::Index { reason, .. }) => reason,
        Err(other) => panic!("not about the index: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn windows(store: &Store, id: TrackId) -> (Vec<u32>, Vec<i8>) {
    let (mut positions, mut vectors) = (Vec::new(), Vec::new());
    store
        .windows(id..=id, |track, block| {
            assert_eq!(track, id);
            positions.extend((0..block.len()).map(|i| block.position(i)));
            vectors.extend_from_slice(block.vectors());
            Ok(())
        })
        .unwrap();
    (positions, vectors)
}

#[test]
fn an_added_track_is_read_back() {
    let (folder, file) = folder();
    let mut full = TrackRecord::new("/music/ü b.flac");
    full.size = u64::from(u32::MAX) * 9;
    full.mtime_ns = -3;
    full.duration = Seconds(1.25);
    full.hash = Some(ContentHash([7; 32]));
    full.tags.title = Some("Title".into());
    full.tags.artist = Some("ü".repeat(5000));
    full.tags.track_number = Some(3);
    full.tags.disc_number = Some(u32::MAX);
    full.tags.recording_mbid = Some("r".into());
    full.tags.release_mbid = Some("l".into());
    full.tags.acoustid = Some("a".into());
    full.sample_rate = Some(44_100);
    full.channels = Some(2);
    let print = fingerprint(1000, 3);
    let mut store = Store::open_write(&file).unwrap();
    let (a, b) = store
        .write(|batch| {
            Ok((batch.add_track(&full, &print)?, batch.add_track(&record("/b"), &Fingerprint::default())?))
        })
        .unwrap();
    store.close().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "one file is left");

    let store = Store::open_read(&file).unwrap();
    let track = store.track(a).unwrap().unwrap();
    assert_eq!(track.record.tags.artist.as_ref().map(String::len), Some(4096));
    let mut expected = full.clone();
    expected.tags.artist = track.record.tags.artist.clone();
    assert_eq!(track.record, expected);
    assert!(!track.missing);
    assert_eq!(store.fingerprint(a).unwrap(), print);
    assert_eq!(store.track_with(&ContentHash([7; 32])).unwrap(), Some(a));
    assert_eq!((track.frames, track.windows), (1000, 250));
    assert_eq!(windows(&store, a), (print.positions.clone(), print.windows.clone()));
    let mut out = Vec::new();
    for (from, to) in
        [(0, 1000), (0, 1), (134, 136), (135, 270), (999, 1000), (999, 5000), (5, 5), (7000, 8000)]
    {
        store.frames(a, Frames(from)..Frames(to), &mut out).unwrap();
        let (from, to) = (from.min(1000) as usize * 30, to.min(1000) as usize * 30);
        assert_eq!(out, print.frames[from..to]);
    }
    assert_eq!(
        store.known(&full.path).unwrap(),
        Some(Known {
            size: full.size,
            mtime_ns: -3,
            failed: false,
            missing: false,
            hashed: true,
            refused_by: None
        })
    );
    assert_eq!(store.known(Path::new("/c")).unwrap(), None);
    let totals = store.totals().unwrap();
    assert_eq!((totals.tracks, totals.frames, totals.windows, totals.failures), (2, 1000, 250, 0));
    assert_eq!(totals.duration, Seconds(61.75));
    assert_eq!(totals.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(store.track(TrackId(b.0 + 1)).unwrap(), None);
    store.verify(&refrain::CancelToken::new()).unwrap();
}

#[test]
fn a_replaced_track_gets_a_new_id_and_leaves_nothing_behind() {
    let (_folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    let add = |store: &mut Store, seed| {
        store.write(|b| b.add_track(&record("/a"), &fingerprint(500, seed))).unwrap()
    };
    let first = add(&mut store, 1);
    let second = add(&mut store, 2);
    assert!(second > first);
    assert!(store.write(|b| b.remove(Path::new("/a"))).unwrap());
    assert!(!store.write(|b| b.remove(Path::new("/a"))).unwrap());
    assert!(add(&mut store, 3) > second, "an id is not used again");
    store.verify(&refrain::CancelToken::new()).unwrap();
    store.write(|b| b.add_failure(Path::new("/a"), 1, 2, "broken", None)).unwrap();
    let bad = Known { size: 1, mtime_ns: 2, failed: true, missing: false, hashed: false, refused_by: None };
    assert_eq!(store.known(Path::new("/a")).unwrap(), Some(bad));
    assert_eq!(store.totals().unwrap().tracks, 0);
    store.verify(&refrain::CancelToken::new()).unwrap();
    add(&mut store, 4);
    assert_eq!(store.totals().unwrap().failures, 0);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_kept_byte_by_byte() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let (_folder, file) = folder();
    let odd = Path::new(OsStr::from_bytes(b"/m\xFF\x80.mp3"));
    let mut store = Store::open_write(&file).unwrap();
    store.write(|b| b.add_track(&record(odd), &Fingerprint::default())).unwrap();
    assert!(store.known(odd).unwrap().is_some());
    let mut paths = Vec::new();
    store
        .all_known(|path, _| {
            paths.push(path);
            Ok(())
        })
        .unwrap();
    assert_eq!(paths, [odd]);
    store.close().unwrap();
    let text: String =
        Connection::open(&file).unwrap().query_row("SELECT path FROM tracks", [], |r| r.get(0)).unwrap();
    assert_eq!(text, "X'2F6DFF802E6D7033'");
}

#[test]
fn other_programs_read_plain_columns() {
    let (_folder, file) = folder();
    small(&file);
    let db = Connection::open(&file).unwrap();
    let row = |sql: &str| -> (String, i64, f64, i64) {
        db.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))).unwrap()
    };
    assert_eq!(row("SELECT path, id, duration, windows FROM tracks"), ("/a.flac".into(), 1, 60.5, 75));
    let (path, start, seconds, bytes) = row(
        "SELECT path, start_frame, start_seconds, length(data) FROM frame_blocks WHERE track_id = 1 AND block = 2",
    );
    assert_eq!((path.as_str(), start, bytes), ("/a.flac", 270, 30 * 30));
    assert!((seconds - 270.0 * 2048.0 / 11025.0).abs() < 1e-9);
    assert_eq!(row("SELECT path, count(*), 0.0, sum(block) FROM window_blocks").1, 2);
}

#[test]
fn the_same_input_gives_the_same_file() {
    let (folder, file) = folder();
    let other = folder.path().join("other.refrain");
    small(&file);
    small(&other);
    assert_eq!(fs::read(file).unwrap(), fs::read(other).unwrap());
}

#[test]
fn a_file_that_is_no_index_is_refused_and_left_alone() {
    let (folder, file) = folder();
    assert!(matches!(refusal(Store::open_read(&file)), IndexError::Missing));
    assert!(!file.exists());
    assert!(matches!(refusal(Store::open_read(folder.path())), IndexError::IsFolder));
    assert!(matches!(refusal(Store::open_write(folder.path())), IndexError::IsFolder));
    for content in [&b"\xFF\xD8\xFF\xE0\x00\x10JFIF"[..], b"x", &[0; 5000], &b"RIFF".repeat(3000)] {
        fs::write(&file, content).unwrap();
        let reason = refusal(Store::open_read(&file));
        assert!(matches!(reason, IndexError::NotSqlite), "{} bytes: {reason:?}", content.len());
        assert!(matches!(refusal(Store::open_write(&file)), IndexError::NotSqlite));
        assert_eq!(fs::read(&file).unwrap(), content);
    }
    for sql in
        ["CREATE TABLE t (x)", "PRAGMA user_version = 3", "PRAGMA application_id = 77; CREATE TABLE t (x)"]
    {
        fs::remove_file(&file).unwrap();
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&file).unwrap();
        assert!(matches!(
            refusal(Store::open_read(&file)),
            IndexError::Foreign { expected: APPLICATION_ID, .. }
        ));
        assert!(matches!(refusal(Store::open_write(&file)), IndexError::Foreign { .. }));
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}

#[test]
fn an_empty_file_is_new_to_a_writer() {
    let (_folder, file) = folder();
    fs::write(&file, b"").unwrap();
    assert!(matches!(refusal(Store::open_read(&file)), IndexError::Missing));
    small(&file);
    Store::open_read(&file).unwrap().verify(&refrain::CancelToken::new()).unwrap();
    // A database without any table: the writer was killed before its first transaction.
    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("PRAGMA page_size = 4096; VACUUM").unwrap();
    small(&file);
    Store::open_read(&file).unwrap().verify(&refrain::CancelToken::new()).unwrap();
}

#[test]
fn an_index_of_another_kind_is_refused() {
    let (_folder, file) = folder();
    let changed = |sql: &str| {
        let _ = fs::remove_file(&file);
        small(&file);
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        (refusal(Store::open_read(&file)), refusal(Store::open_write(&file)))
    };
    assert!(matches!(
        changed("PRAGMA user_version = 99"),
        (IndexError::Newer { found: 99, newest: FORMAT, .. }, IndexError::Newer { .. })
    ));
    assert!(matches!(
        changed("UPDATE meta SET value = 2 WHERE key = 'parameter_set'"),
        (IndexError::Parameters { found: 2, expected: 1, .. }, IndexError::Parameters { .. })
    ));
    for sql in [
        "UPDATE meta SET value = 65 WHERE key = 'window_dims'",
        "UPDATE meta SET value = 'x' WHERE key = 'frame_bytes'",
        "DELETE FROM meta",
        "CREATE TRIGGER t AFTER INSERT ON track BEGIN DELETE FROM file; END",
        "CREATE TABLE extra (x)",
        "CREATE INDEX extra ON track (title)",
        "DROP TABLE removed",
        "ALTER TABLE track ADD COLUMN extra TEXT",
        "DROP TABLE posting; CREATE VIEW posting AS SELECT 1 AS id, x'00' AS data",
    ] {
        assert!(matches!(changed(sql), (IndexError::Damaged(_), IndexError::Damaged(_))), "{sql}");
    }
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let (_folder, file) = folder();
    small(&file);
    let whole = fs::read(&file).unwrap();
    for keep in [100, 511, 512, 4095, 4096, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&file, &whole[..keep]).unwrap();
        let opened = Store::open_read(&file).and_then(|store| store.verify(&refrain::CancelToken::new()));
        assert!(matches!(refusal(opened), IndexError::Damaged(_) | IndexError::NotSqlite), "{keep} bytes");
        assert!(Store::open_write(&file).is_err(), "{keep} bytes");
    }
}

#[test]
fn rows_that_contradict_each_other_are_damage() {
    let (_folder, file) = folder();
    for sql in [
        "UPDATE track SET frame_count = 5000",
        "UPDATE track SET frame_count = -1",
        "UPDATE track SET window_count = 9",
        "DELETE FROM frame_block WHERE id = (1 << 20) + 1",
        "UPDATE frame_block SET data = CAST(substr(data, 2) AS BLOB) WHERE id = 1 << 20",
        "UPDATE window_block SET data = x'0100000000000000' WHERE id = 1 << 20",
        "UPDATE window_block SET data = CAST(x'FFFFFFFFFFFFFFFF' || data AS BLOB)",
        "UPDATE window_block SET data = zeroblob(2000000)",
        "INSERT INTO frame_block VALUES (9 << 20, x'00')",
        "INSERT INTO window_block VALUES (-5, x'00')",
        "UPDATE track SET id = 1 << 40",
        "PRAGMA ignore_check_constraints = 1; UPDATE file SET path = 5",
    ] {
        let _ = fs::remove_file(&file);
        small(&file);
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let store = Store::open_read(&file).unwrap();
        assert!(
            matches!(refusal(store.verify(&refrain::CancelToken::new())), IndexError::Damaged(_)),
            "{sql}"
        );
    }
}

#[test]
fn a_failed_batch_leaves_nothing() {
    let (_folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    let failed: refrain::Result<()> = store.write(|batch| {
        batch.add_track(&record("/a"), &fingerprint(300, 1))?;
        Err(Error::Interrupted)
    });
    assert!(matches!(failed, Err(Error::Interrupted)));
    assert_eq!(store.totals().unwrap().tracks, 0);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write(|batch| -> refrain::Result<()> {
            batch.add_track(&record("/a"), &fingerprint(300, 1))?;
            panic!("within a batch");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.totals().unwrap().tracks, 0);
    store.write(|batch| batch.add_track(&record("/b"), &fingerprint(30, 1))).unwrap();
    store.verify(&refrain::CancelToken::new()).unwrap();
}

/// A killed writer leaves the file and its log. This copies both while the writer still has them open.
#[test]
fn the_log_of_a_killed_writer_is_recovered() {
    let (folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    store.write(|batch| batch.add_track(&record("/a"), &fingerprint(300, 1))).unwrap();
    let left = |name: &str, cut: u64| {
        let copy = folder.path().join(name);
        fs::copy(&file, &copy).unwrap();
        let wal = folder.path().join(format!("{name}-wal"));
        fs::copy(folder.path().join("music.refrain-wal"), &wal).unwrap();
        let log = fs::OpenOptions::new().write(true).open(&wal).unwrap();
        log.set_len(log.metadata().unwrap().len() - cut).unwrap();
        copy
    };
    let reader = Store::open_read(left("by-reader", 0)).unwrap();
    assert_eq!(reader.totals().unwrap().tracks, 1);
    reader.verify(&refrain::CancelToken::new()).unwrap();
    let copy = left("by-writer", 0);
    Store::open_write(&copy).unwrap().close().unwrap();
    assert_eq!(Store::open_read(&copy).unwrap().totals().unwrap().tracks, 1);
    assert!(!folder.path().join("by-writer-wal").exists());
    // The log is cut within its last transaction, so that transaction never happened.
    let torn = Store::open_read(left("torn", 100)).unwrap();
    assert_eq!(torn.totals().unwrap().tracks, 0);
    torn.verify(&refrain::CancelToken::new()).unwrap();
}

/// A writer leaves a journal if it was killed while it made or ended its log, or if the disk can hold no log.
#[test]
fn the_journal_of_a_killed_writer_is_played_back() {
    let (folder, file) = folder();
    small(&file);
    let before = fs::read(&file).unwrap();
    let db = Connection::open(&file).unwrap();
    db.execute_batch("PRAGMA cache_size = 1; PRAGMA synchronous = off; BEGIN; DELETE FROM window_block; DELETE FROM track;")
        .unwrap();
    db.execute_batch(
        "CREATE TABLE spill (x); INSERT INTO spill SELECT zeroblob(3000) FROM frame_block, frame_block",
    )
    .unwrap();
    db.cache_flush().unwrap();
    let copy = folder.path().join("copy");
    fs::copy(&file, &copy).unwrap();
    fs::copy(folder.path().join("music.refrain-journal"), folder.path().join("copy-journal")).unwrap();
    drop(db);
    assert_ne!(fs::read(&copy).unwrap(), before, "half done");
    let store = Store::open_read(&copy).unwrap();
    assert_eq!(store.totals().unwrap().tracks, 1);
    store.verify(&refrain::CancelToken::new()).unwrap();
    assert!(!folder.path().join("copy-journal").exists());
}

#[test]
fn readers_work_beside_a_writer() {
    let (folder, file) = folder();
    small(&file);
    let before = Store::open_read(&file).unwrap();
    assert_eq!(before.totals().unwrap().tracks, 1);
    let mut writer = Store::open_write(&file).unwrap();
    writer.write(|batch| batch.add_track(&record("/b"), &fingerprint(300, 2))).unwrap();
    assert_eq!(before.totals().unwrap().tracks, 2);
    let held = before.snapshot().unwrap();
    assert_eq!(before.totals().unwrap().tracks, 2);
    writer
        .write(|batch| {
            batch.add_track(&record("/c"), &fingerprint(300, 3))?;
            assert_eq!(Store::open_read(&file)?.totals()?.tracks, 2, "not committed yet");
            Ok(())
        })
        .unwrap();
    assert_eq!(before.totals().unwrap().tracks, 2, "the snapshot holds");
    drop(held);
    assert_eq!(before.totals().unwrap().tracks, 3);
    writer.close().unwrap();
    assert_eq!(before.totals().unwrap().tracks, 3);
    drop(before);
    Store::open_write(&file).unwrap().close().unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "the next writer folds what a reader kept open"
    );
}

/// The content of the file alone, without the log beside it.
fn alone(file: &Path) -> Vec<String> {
    let copy = file.with_extension("alone");
    fs::copy(file, &copy).unwrap();
    let rows = dump(&copy);
    fs::remove_file(copy).unwrap();
    rows
}

#[test]
fn the_log_is_folded_while_readers_have_the_file_open() {
    let (_folder, file) = folder();
    small(&file);
    // One reader holds nothing at the moment. Another holds an older state, and lets it go while the writer waits.
    let idle = Store::open_read(&file).unwrap();
    let mut writer = Store::open_write(&file).unwrap();
    assert_eq!(idle.totals().unwrap().tracks, 1);
    writer.write(|batch| batch.add_track(&record("/b"), &fingerprint(300, 2))).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let reader = std::thread::spawn({
        let file = file.clone();
        move || {
            let store = Store::open_read(&file).unwrap();
            let held = store.snapshot().unwrap();
            assert_eq!(store.totals().unwrap().tracks, 2);
            sender.send(()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
            drop(held);
            store
        }
    });
    receiver.recv().unwrap();
    writer.write(|batch| batch.add_track(&record("/c"), &fingerprint(30_000, 3))).unwrap();
    writer.close().unwrap();
    let log = fs::metadata(file.with_extension("refrain-wal")).unwrap().len();
    assert_eq!(log, 0, "the log is cut off");
    let late = reader.join().unwrap();
    assert_eq!((idle.totals().unwrap().tracks, late.totals().unwrap().tracks), (3, 3));
    drop((idle, late));
    // Nothing here has the file open any more. Otherwise, reading it as a file would drop SQLite's locks.
    let whole = dump(&file);
    assert!(alone(&file) == whole);
}

#[test]
fn a_reader_of_an_older_state_keeps_the_log_and_nothing_is_lost() {
    let (_folder, file) = folder();
    small(&file);
    let mut writer = Store::open_write(&file).unwrap();
    writer.write(|batch| batch.add_track(&record("/b"), &fingerprint(300, 2))).unwrap();
    let reader = Store::open_read(&file).unwrap();
    let held = reader.snapshot().unwrap();
    assert_eq!(reader.totals().unwrap().tracks, 2);
    writer.write(|batch| batch.add_track(&record("/c"), &fingerprint(300, 3))).unwrap();
    writer.close().unwrap();
    assert!(fs::metadata(file.with_extension("refrain-wal")).unwrap().len() > 0);
    assert_eq!(reader.totals().unwrap().tracks, 2, "the snapshot holds");
    drop(held);
    assert_eq!(reader.totals().unwrap().tracks, 3);
    drop(reader);
    assert_eq!(Store::open_read(&file).unwrap().totals().unwrap().tracks, 3);
}

#[test]
fn a_long_log_is_folded_at_once() {
    let (_folder, file) = folder();
    small(&file);
    let reader = Store::open_read(&file).unwrap();
    assert_eq!(reader.totals().unwrap().tracks, 1);
    let mut writer = Store::open_write(&file).unwrap();
    let add = |writer: &mut Store, name: &str, frames| {
        writer.write(|batch| batch.add_track(&record(name), &fingerprint(frames, 2))).unwrap();
        fs::metadata(file.with_extension("refrain-wal")).unwrap().len()
    };
    assert!(add(&mut writer, "/b", 3_000) > 0);
    assert_eq!(add(&mut writer, "/c", 1_500_000), 0);
    assert_eq!(reader.totals().unwrap().tracks, 3);
}

#[test]
fn two_writers_take_turns() {
    let (_folder, file) = folder();
    let mut a = Store::open_write(&file).unwrap();
    let mut b = Store::open_write(&file).unwrap();
    for i in 0..5 {
        a.write(|batch| batch.add_track(&record(format!("/a{i}")), &fingerprint(50, i))).unwrap();
        b.write(|batch| batch.add_track(&record(format!("/b{i}")), &fingerprint(50, i))).unwrap();
    }
    a.close().unwrap();
    assert_eq!(b.totals().unwrap().tracks, 10);
    b.close().unwrap();
    Store::open_read(&file).unwrap().verify(&refrain::CancelToken::new()).unwrap();
}

#[test]
fn a_reader_cannot_write() {
    let (_folder, file) = folder();
    small(&file);
    let mut store = Store::open_read(&file).unwrap();
    assert!(matches!(
        refusal(store.write(|batch| batch.remove(Path::new("/a.flac")))),
        IndexError::ReadOnly(_)
    ));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = folder();
    let odd = folder.path().join("odd ?%#name.refrain");
    small(&file);
    small(&odd);
    // The file is left in log mode, without a log.
    Connection::open(&odd).unwrap().pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    let permit = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    let read = [&file, &odd].map(|file| {
        Store::open_read(file)
            .and_then(|store| Ok((store.verify(&refrain::CancelToken::new())?, store.totals()?)))
    });
    let root = fs::write(folder.path().join("x"), b"").is_ok();
    let write = (!root).then(|| Store::open_write(&odd).map(drop));
    permit(0o755);
    for read in read {
        assert_eq!(read.unwrap().1.tracks, 1);
    }
    if let Some(write) = write {
        assert!(matches!(refusal(write), IndexError::ReadOnly(_)));
    }
}

#[test]
fn flipped_and_cut_bytes_never_panic() {
    let (_folder, file) = folder();
    small(&file);
    super::ann::never_panics_on_corruption(&file, 120, |store| {
        let mut out = Vec::new();
        store.verify(&refrain::CancelToken::new())?;
        store.tracks(|track| store.frames(track.id, Frames(0)..Frames(track.frames), &mut out))?;
        store.all_known(|_, _| Ok(()))
    });
}

#[cfg(unix)]
#[test]
fn files_below_a_folder_are_those_whose_paths_start_with_it() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let (_folder, file) = folder();
    let mut store = Store::open_write(&file).unwrap();
    let names: [&[u8]; 10] = [
        b"/a",
        b"/a/b",
        b"/a/b/c",
        b"/a/\xff",
        b"/a\xff/b",
        b"/a-b",
        b"/a0",
        b"/ab/c",
        b"/\xff/a",
        b"/a/b/\xfe/d",
    ];
    let paths = names.map(|name| Path::new(OsStr::from_bytes(name)).to_path_buf());
    store
        .write(|batch| paths.iter().try_for_each(|path| batch.add_failure(path, 1, 2, "no audio", None)))
        .unwrap();
    let more = [b"/".as_slice(), b"/\xff", b"/nothing"].map(|name| Path::new(OsStr::from_bytes(name)));
    for folder in paths.iter().map(|path| path.as_path()).chain(more) {
        let mut found = Vec::new();
        store
            .known_below(folder, |path, known| {
                assert!(known.failed);
                found.push(path);
                Ok(())
            })
            .unwrap();
        found.sort();
        let mut expected: Vec<_> = paths.iter().filter(|path| path.starts_with(folder)).cloned().collect();
        expected.sort();
        assert_eq!(found, expected, "{}", folder.display());
    }
}
