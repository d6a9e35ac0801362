//! An index file that was whole once. The input is a list of changes to one of four small files: to bytes and pages,
//! which damage what SQLite keeps, and to values, which leave that whole and contradict each other.
use std::{fs, path::Path};

use refrain::{
    Audio, Error, Index, MaintainOptions, QueryOptions, Range, Result,
    ann::{self, Route, Searcher},
    store::Store,
};
use rusqlite::{Connection, types::Value};

use super::{answer, input::Input};

const FORMAT_1: &[u8] = include_bytes!("../../fixtures/index/format_1.refrain");
const FORMAT_2: &[u8] = include_bytes!("../../fixtures/index/format_2.refrain");
const PLAIN: &[u8] = include_bytes!("../base/plain.refrain");
const NEIGHBOURS: &[u8] = include_bytes!("../base/neighbours.refrain");
/// A second and a half of a song that all three hold, and the beginning of one that none does.
const CLIP: &[u8] = include_bytes!("../base/clip.wav");

const PAGE: usize = 4096;

/// What can be given other values, and the column that tells the rows apart.
const CELLS: &[(&str, &str, &str)] = &[
    ("meta", "key", "value"),
    ("track", "id", "id"),
    ("track", "id", "frame_count"),
    ("track", "id", "window_count"),
    ("track", "id", "duration"),
    ("track", "id", "hash"),
    ("track", "id", "title"),
    ("track", "id", "track_number"),
    ("track", "id", "sample_rate"),
    ("track", "id", "path"),
    ("file", "path", "path"),
    ("file", "path", "track"),
    ("file", "path", "missing"),
    ("file", "path", "size"),
    ("file", "path", "reason"),
    ("root", "path", "path"),
    ("root", "path", "max_depth"),
    ("frame_block", "id", "id"),
    ("frame_block", "id", "data"),
    ("window_block", "id", "id"),
    ("window_block", "id", "data"),
    ("neighbour_index", "id", "parameter_set"),
    ("neighbour_index", "id", "last_track"),
    ("neighbour_index", "id", "window_count"),
    ("neighbour_index", "id", "stamp"),
    ("neighbour_index", "id", "centroid_count"),
    ("neighbour_index", "id", "entry"),
    ("neighbour_index", "id", "entry_level"),
    ("neighbour_index", "id", "graph_complete"),
    ("centroid_block", "id", "id"),
    ("centroid_block", "id", "data"),
    ("centroid_link", "id", "id"),
    ("centroid_link", "id", "data"),
    ("posting", "id", "id"),
    ("posting", "id", "data"),
    ("removed", "track", "track"),
    ("track", "id", "ffmpeg"),
    ("track", "id", "other_artists"),
    ("file", "path", "refused_by"),
];

/// Which file and what to do with it, then the changes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (which, how) = (input.byte(), input.byte());
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let file = folder.path().join("i.refrain");
    let mut bytes = [FORMAT_1, PLAIN, NEIGHBOURS, FORMAT_2][usize::from(which % 4)].to_vec();
    for _ in 0..24 {
        if input.is_empty() {
            break;
        }
        change(&mut bytes, &file, &mut input);
    }
    fs::write(&file, &bytes).expect("the temporary folder has room");
    read(&file, how);
    if how & 4 == 4 {
        write(&file);
    }
    if how & 8 == 8 {
        let merged = || {
            let new = Index::open_or_create(folder.path().join("new.refrain"))?;
            new.merge(&Index::open(&file)?)?;
            new.verify()
        };
        expected(merged());
    }
}

/// Everything that readers do.
fn read(file: &Path, how: u8) {
    let Some(index) = expected(Index::open(file)) else { return };
    let whole = expected(index.verify()).is_some();
    let info = expected(index.info());
    let tracks = expected(index.tracks(|_, _| Ok(())));
    let failures = expected(index.failures(|_, _| Ok(())));
    let range = if how & 2 == 0 { Range::PLAIN } else { Range::default() };
    let options = QueryOptions::default().explain(true).exact(how & 1 == 1).range(range);
    let answer = expected(index.query_with(Audio::reader(CLIP), &options));
    if let Some(answer) = &answer {
        answer::makes_sense(answer);
    }
    let searched = expected(searched(file));
    // What was read from one end to the other and found right is right wherever it is read.
    let read =
        info.is_some() && tracks.is_some() && failures.is_some() && answer.is_some() && searched.is_some();
    assert!(read || !whole, "verified, and yet not to be used");
}

/// Looks vectors up in each way.
fn searched(file: &Path) -> Result<()> {
    let store = Store::open_read(file)?;
    let dims = store.params().window_dims;
    let queries: Vec<i8> = (0..3 * dims).map(|i| (i * 37 % 201) as i8).collect();
    for route in [Route::Flat, Route::Graph] {
        Searcher::new(&store).route(route).nearest(&queries, 5)?;
    }
    ann::nearest_exact(&store, &queries, 5).map(drop)
}

/// Brings the file up to date, and makes its neighbour index again.
fn write(file: &Path) {
    let written = || {
        let index = Index::open_to_write(file)?;
        let options = ann::Options::default().min_windows(1).centroids(Some(4)).force(true);
        index.rebuild_with(MaintainOptions::default().neighbours(options))?;
        index.compact()?;
        index.close()
    };
    expected(written());
}

/// The value, or nothing where the index was refused.
fn expected<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::Index { reason, .. }) => {
            assert!(!reason.to_string().is_empty());
            None
        }
        Err(other) => panic!("not about the index: {other}"),
    }
}

/// One change.
fn change(bytes: &mut Vec<u8>, file: &Path, input: &mut Input<'_>) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    let pages = len.div_ceil(PAGE);
    let op = input.byte();
    match op % 10 {
        0 => {
            let at = input.below(len);
            let new = input.bytes(1 + usize::from(op / 10));
            bytes[at..].iter_mut().zip(new).for_each(|(old, new)| *old = *new);
        }
        1 => bytes[input.below(len)] ^= 1 << (op / 10 % 8),
        2 => bytes.truncate(input.below(len)),
        3 => {
            let (from, to) = (input.below(pages) * PAGE, input.below(pages) * PAGE);
            let page = bytes[from..len.min(from + PAGE)].to_vec();
            bytes[to..].iter_mut().zip(page).for_each(|(old, new)| *old = new);
        }
        4 => {
            let (at, count, value) = (input.below(len), 1 + input.below(2 * PAGE), input.byte());
            bytes[at..len.min(at + count)].fill(value);
        }
        // Where SQLite keeps its own structures: the first bytes of a page.
        5 => {
            let at = (input.below(pages) * PAGE + usize::from(input.byte())).min(len - 1);
            bytes[at] = input.byte();
        }
        _ => {
            fs::write(file, &*bytes).expect("the temporary folder has room");
            // A file that SQLite cannot change any more stays as it is.
            if set(file, op / 10, input).is_ok() {
                *bytes = fs::read(file).expect("it was just written");
            }
        }
    }
}

/// Gives a value of a table another one, by `how`.
fn set(file: &Path, how: u8, input: &mut Input<'_>) -> rusqlite::Result<()> {
    let (table, key, column) = CELLS[usize::from(input.byte()) % CELLS.len()];
    let row = i64::from(input.byte());
    let db = Connection::open(file)?;
    db.execute_batch(
        "PRAGMA ignore_check_constraints = 1; PRAGMA journal_mode = memory; PRAGMA synchronous = off",
    )?;
    let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0))?;
    let place = format!("{key} = (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET ?1)");
    let row = row % rows.max(1);
    let old: Value =
        db.query_row(&format!("SELECT {column} FROM {table} WHERE {place}"), [row], |r| r.get(0))?;
    let new = match (how % 8, old) {
        (0..=3, Value::Blob(mut data)) if !data.is_empty() => {
            let at = input.below(data.len());
            let new = input.bytes(1 + usize::from(how / 8));
            data[at..].iter_mut().zip(new).for_each(|(old, new)| *old = *new);
            Value::Blob(data)
        }
        (4, Value::Blob(mut data)) => {
            data.truncate(input.below(data.len().max(1)));
            Value::Blob(data)
        }
        (0..=1, Value::Integer(old)) => Value::Integer(old ^ 1 << (input.byte() % 63)),
        (2, Value::Integer(old)) => Value::Integer(old.wrapping_add(i64::from(input.byte()) - 128)),
        (5, _) => Value::Blob(input.bytes(64).to_vec()),
        (6, _) => Value::Text(String::from_utf8_lossy(input.bytes(16)).into_owned()),
        (7, _) => Value::Real(f64::from_bits(input.number::<8>())),
        _ => Value::Integer(input.number::<8>() as i64),
    };
    if how & 64 == 64 {
        db.execute(&format!("DELETE FROM {table} WHERE {place}"), [row])?;
    } else {
        db.execute(&format!("UPDATE OR REPLACE {table} SET {column} = ?2 WHERE {place}"), (row, new))?;
    }
    Ok(())
}
