use std::path::PathBuf;

use super::*;
use crate::{
    failpoint,
    fingerprint::Fingerprint,
    store::{TrackRecord, layout::track_rows},
    units::Frames,
};

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/index/format_1.refrain");

/// A file of format 1 in log mode, and a connection of another program that keeps it so.
fn old() -> (tempfile::TempDir, PathBuf, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    fs::copy(OLD, &file).unwrap();
    let other = Connection::open(&file).unwrap();
    other.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    (folder, file, other)
}

/// Migrates the file, as a writer in another process does.
fn migrate(other: &Connection) {
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    schema::migrate(other, 1).unwrap();
    other.execute_batch("COMMIT").unwrap();
}

fn tracks(store: &Store) -> usize {
    let mut tracks = 0;
    store
        .tracks(|_| {
            tracks += 1;
            Ok(())
        })
        .unwrap();
    tracks
}

#[test]
fn a_migration_between_the_header_and_the_schema_is_no_damage() {
    let readers: [fn(&Path) -> Result<Store>; 2] =
        [|file| Store::open_read(file), |file| Store::open_write(file)];
    for open in readers {
        let (_folder, file, other) = old();
        failpoint::test::on("header", move || migrate(&other));
        let store = open(&file).unwrap();
        assert!(!failpoint::test::is_waiting());
        assert!(tracks(&store) > 0);
        assert_eq!(store.format(), schema::FORMAT);
    }
}

#[test]
fn a_migration_between_the_format_and_the_rows_is_not_seen() {
    let (_folder, file, other) = old();
    let store = Store::open_read(&file).unwrap();
    let before = tracks(&store);
    failpoint::test::on("snapshot", move || migrate(&other));
    assert_eq!(tracks(&store), before);
    assert!(!failpoint::test::is_waiting());
    assert_eq!(store.format(), 1);
    assert_eq!(tracks(&store), before);
    assert_eq!(store.format(), schema::FORMAT, "the views of format 1 are gone");
}

/// A store keeps working while another process changes its file: each call sees one state.
#[test]
fn a_store_that_is_used_again_after_the_file_changed_sees_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut writer = Store::open_write(&file).unwrap();
    let reader = Store::open_read(&file).unwrap();
    for n in 1..4 {
        writer
            .write(|batch| batch.add_track(&TrackRecord::new(format!("/{n}")), &Fingerprint::default()))
            .unwrap();
        assert_eq!((tracks(&reader), reader.totals().unwrap().tracks), (n, n as u64));
    }
}

#[test]
fn a_file_of_a_newer_format_is_neither_read_nor_written_by_who_opened_it_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut writer = Store::open_write(&file).unwrap();
    let reader = Store::open_read(&file).unwrap();
    let other = Connection::open(&file).unwrap();
    other.pragma_update(None, "user_version", schema::FORMAT + 1).unwrap();
    let newer =
        |result: Result<()>| matches!(result, Err(Error::Index { reason: IndexError::Newer { .. }, .. }));
    assert!(newer(reader.tracks(|_| Ok(()))));
    assert!(newer(writer.tracks(|_| Ok(()))));
    assert!(newer(writer.write(|_| Ok(()))));
}

/// Nobody sees a new file in an older format, or without its rows in `meta`.
#[test]
fn a_new_file_is_made_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let seen = file.clone();
    failpoint::test::on("made", move || {
        let opened = Store::open_read(&seen).map(|store| store.format());
        assert!(matches!(opened, Err(Error::Index { reason: IndexError::Missing, .. })), "{opened:?}");
    });
    Store::open_write(&file).unwrap();
    assert!(!failpoint::test::is_waiting());
    assert_eq!(Store::open_read(&file).unwrap().format(), schema::FORMAT);
}

#[test]
fn keys_ascend_in_the_order_of_sqlite() {
    let values: [&[ValueRef<'_>]; 3] = [
        &[ValueRef::Integer(-3), ValueRef::Integer(0), ValueRef::Integer(i64::MAX)],
        &[ValueRef::Text(b""), ValueRef::Text(b"a"), ValueRef::Text(b"a\0"), ValueRef::Text(b"b")],
        &[ValueRef::Blob(b""), ValueRef::Blob(b"\xff")],
    ];
    let all: Vec<ValueRef<'_>> = values.concat();
    for (i, &first) in all.iter().enumerate() {
        for (j, &second) in all.iter().enumerate() {
            let mut key = Key::default();
            assert!(key.ascend(first));
            assert_eq!(key.ascend(second), i < j, "{first:?} {second:?}");
        }
    }
    assert!(!Key::default().ascend(ValueRef::Null));
}

/// Changes the keys of rows in the leaves of a file's tables, as in a corrupt or crafted file. Lengths stay.
fn change_keys(file: &Path, change: impl Fn(i64) -> Option<i64>) {
    const LEAF: u8 = 13;
    let mut bytes = fs::read(file).unwrap();
    let page_bytes = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    for page in bytes.chunks_exact_mut(page_bytes).filter(|page| page[0] == LEAF) {
        for cell in 0..usize::from(u16::from_be_bytes([page[3], page[4]])) {
            let mut at = usize::from(u16::from_be_bytes([page[8 + 2 * cell], page[9 + 2 * cell]]));
            // The length of the row comes first, then its key, seven bits a byte.
            let length = |at: usize| page[at..].iter().position(|byte| byte >> 7 == 0).unwrap() + 1;
            at += length(at);
            let key = at..at + length(at);
            let old = page[key.clone()].iter().fold(0, |key, byte| key << 7 | i64::from(byte & 0x7f));
            if let Some(mut new) = change(old) {
                for byte in page[key].iter_mut().rev() {
                    *byte = *byte & 0x80 | (new & 0x7f) as u8;
                    new >>= 7;
                }
                assert_eq!(new, 0, "it fits");
            }
        }
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn blocks_of_frames_that_were_not_asked_for_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = Store::open_write(&file).unwrap();
    let (per_block, bytes) = (store.layout.frames_per_block, store.layout.frame_bytes);
    let frames = (0..5).flat_map(|block| vec![block; per_block * bytes]).collect();
    let print = Fingerprint { frames, ..Fingerprint::default() };
    let id = store.write(|batch| batch.add_track(&TrackRecord::new("/a"), &print)).unwrap();
    store.close().unwrap();
    let read = || {
        let (mut out, range) = (Vec::new(), Frames(per_block as u32)..Frames(4 * per_block as u32));
        Store::open_read(&file).unwrap().frames(id, range, &mut out).map(|()| out)
    };
    assert!(read().unwrap() == print.frames[per_block * bytes..4 * per_block * bytes]);
    // SQLite looks for block 1, does not find it, and takes the first block that is not less. As many blocks come as were
    // asked for.
    let first = track_rows(id).0;
    let keys = [0, 0, 2, 2, 3];
    change_keys(&file, |key| keys.get(usize::try_from(key - first).ok()?).map(|by| first + by));
    assert!(is_damage(&read().unwrap_err()));
}

#[test]
fn a_row_that_comes_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = Store::open_write(&file).unwrap();
    for path in ["/a", "/b", "/c"] {
        store.write(|batch| batch.add_track(&TrackRecord::new(path), &Fingerprint::default())).unwrap();
    }
    store.close().unwrap();
    assert_eq!(tracks(&Store::open_read(&file).unwrap()), 3);
    change_keys(&file, |key| (key == 2).then_some(1));
    assert!(is_damage(&Store::open_read(&file).unwrap().tracks(|_| Ok(())).unwrap_err()));
}
