//! Puts the pages of a copy without gaps in place of an index's own. `VACUUM` does the same in a call that nothing can
//! interrupt, and keeps the copy in memory.
use std::{
    ffi::c_int,
    fs::{self, File},
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{
        Backup,
        StepResult::{Done, More},
    },
    ffi,
    limits::Limit,
    types::{ToSqlOutput, ValueRef},
};
use tempfile::NamedTempFile;

use super::{
    beside, check,
    database::{BUSY, Store, TRY, is_busy, while_busy},
    error,
    step_limit::StepLimit,
};
use crate::{
    error::{Error, Result},
    failpoint,
};

/// Pages that are put back between two looks at the token: well below a millisecond.
const PAGES: c_int = 16;
/// Steps after which the log has to be on the disk. Otherwise folding it would first wait until all of it is.
const STEPS_A_SYNC: u64 = 64;
/// How many copies are made until nobody has written meanwhile.
const MAX_COPIES: usize = 5;

const SYNCHRONOUS: &str = "synchronous";

/// The name of the copy, between these two, is random.
const PREFIX: &str = ".refrain-compact-";
const SUFFIX: &str = ".partial";
/// A copy that has not been written to for so long was left by a process that died.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);

impl Store {
    /// Writes the present state to the empty file at `to`, without gaps, in pages of `page_bytes`. Does not wait until it is on
    /// the disk, which nothing could interrupt.
    pub(super) fn copy_without_gaps(&self, to: &Path, page_bytes: u32) -> Result<()> {
        let name = ToSqlOutput::Borrowed(ValueRef::Text(to.as_os_str().as_encoded_bytes()));
        // SQLite attaches the new file while it writes it.
        let attach =
            |files| self.db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, files).map_err(|error| self.error(error));
        self.without_views(|| {
            let bytes = self.sql(|| check::page_bytes(&self.db))?;
            let synchronous = self.sql(|| self.db.pragma_query_value(None, SYNCHRONOUS, |row| row.get(0)))?;
            let set = |value: i64| {
                self.db.pragma_update(None, SYNCHRONOUS, value).map_err(|error| self.error(error))
            };
            // The new file gets these settings from its source, which is not written.
            self.db.pragma_update(None, "page_size", page_bytes).map_err(|error| self.error(error))?;
            attach(1)?;
            set(0)?;
            let before = StepLimit::before_copy(bytes);
            let done = self.sql_after(before, || self.db.execute("VACUUM INTO ?1", [name]));
            set(synchronous)?;
            attach(0)?;
            done.map(|_| ())
        })
    }

    /// Writes the file anew without gaps, in one transaction. Other processes may write until the pages are put back.
    pub(super) fn pack(&mut self) -> Result<()> {
        let main = beside::name(&self.path, "");
        let folder = main.parent().unwrap_or(Path::new("."));
        remove_left(folder);
        let page_bytes = self.sql(|| self.db.pragma_query_value(None, "page_size", |row| row.get(0)))?;
        for _ in 0..MAX_COPIES {
            let copy = Temporary::new(folder)?;
            // Pages of another size cannot be put back.
            self.copy_without_gaps(copy.path(), page_bytes)?;
            // SAFETY: the handle is used while the connection is open.
            let copied = version(unsafe { self.db.handle() }, &self.path)?;
            failpoint::pass("copied");
            self.db.flush_prepared_statement_cache();
            self.wait_at_most(TRY)?;
            let done = self.put_back(copy.path(), copied);
            self.wait_at_most(BUSY)?;
            if done? {
                return Ok(());
            }
        }
        Err(error::of(&self.path, busy()))
    }

    /// Replaces all pages by those of `copy`, in one transaction. Returns false, and changes nothing, if the file no
    /// longer has the version that was copied.
    fn put_back(&mut self, copy: &Path, copied: u32) -> Result<bool> {
        let Self { db, path, limit, .. } = self;
        let of = |error| error::of(path, error);
        let from = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(of)?;
        // SAFETY: the handle is used while the connection is open, to look at a number of the pager.
        let handle = unsafe { db.handle() };
        let backup = Backup::new(&from, db).map_err(of)?;
        // A step without pages takes the lock, and nothing else.
        let locked = while_busy(|| {
            limit.check()?;
            match backup.step(0) {
                Ok(Done | More) => Ok(true),
                Ok(_) => Err(of(busy())),
                // Somebody has written between SQLite's own two looks. That ends a backup.
                Err(error) if is_busy(&error) => Ok(false),
                Err(error) => Err(of(error)),
            }
        })?;
        if !locked || version(handle, path)? != copied {
            return Ok(false);
        }
        // Closing this file drops none of SQLite's locks, which are on other files.
        let log = File::open(beside::name(path, "-wal")).ok();
        for step in 1_u64.. {
            limit.check()?;
            match backup.step(PAGES).map_err(of)? {
                More => {}
                Done => break,
                _ => return Err(of(busy())),
            }
            failpoint::reach("packing");
            failpoint::pass("packing");
            if step % STEPS_A_SYNC == 0
                && let Some(log) = &log
            {
                // SQLite does it again, and reports what goes wrong.
                let _ = log.sync_data();
            }
        }
        Ok(true)
    }
}

/// A file that is gone once this is dropped. Freeing its pages takes a fraction of a second, so a thread does it.
struct Temporary(Option<NamedTempFile>);

impl Temporary {
    fn new(folder: &Path) -> Result<Self> {
        let made = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder);
        made.map(|file| Self(Some(file))).map_err(|source| Error::Io { path: folder.to_path_buf(), source })
    }

    fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), NamedTempFile::path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some((file, path)) = self.0.take().map(NamedTempFile::into_parts) {
            // The system frees the pages when the last handle is closed.
            drop(path);
            // Without a thread the handle is closed here.
            let _ = thread::Builder::new().spawn(move || drop(file));
        }
    }
}

/// A number that another one replaces when somebody commits, as of the last transaction of this connection. Unlike
/// `PRAGMA data_version`, this needs no transaction of its own.
fn version(db: *mut ffi::sqlite3, path: &Path) -> Result<u32> {
    let mut version = 0_u32;
    // SAFETY: the callers' connection is open, the name ends with 0, and SQLite writes one `unsigned int`.
    let code = unsafe {
        let to = (&raw mut version).cast();
        ffi::sqlite3_file_control(db, c"main".as_ptr(), ffi::SQLITE_FCNTL_DATA_VERSION, to)
    };
    match code {
        ffi::SQLITE_OK => Ok(version),
        code => Err(error::of(path, rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))),
    }
}

fn busy() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)
}

/// Removes the copies that killed processes left.
fn remove_left(folder: &Path) {
    let is_left = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let changed = entry.metadata().and_then(|meta| meta.modified()).ok();
        let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
        name.starts_with(PREFIX) && name.ends_with(SUFFIX) && age.is_some_and(|age| age > LEFT)
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(is_left) {
        // If it cannot be removed, it stays.
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cancel::CancelToken,
        error::IndexError,
        fingerprint::Fingerprint,
        store::{TrackRecord, layout::Layout, open::PAGE_BYTES},
    };
    use std::{cell::Cell, path::PathBuf, rc::Rc};

    /// An index whose content is half of its pages, and its rows.
    struct Sparse {
        folder: tempfile::TempDir,
        file: PathBuf,
        rows: Vec<String>,
    }

    fn print(seed: u8, layout: Layout) -> Fingerprint {
        Fingerprint { frames: vec![seed; 20_000 * layout.frame_bytes], ..Fingerprint::default() }
    }

    fn add(store: &mut Store, name: &str, seed: u8) {
        let print = print(seed, store.layout());
        store.write(|batch| batch.add_track(&TrackRecord::new(name), &print)).unwrap();
    }

    impl Sparse {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("i.refrain");
            let mut store = Store::open_write(&file).unwrap();
            for n in 0..8 {
                add(&mut store, &format!("/{n}"), n);
            }
            for n in (0..8).step_by(2) {
                store.write(|batch| batch.remove(Path::new(&format!("/{n}")))).unwrap();
            }
            // Everything that the first transaction of compacting does is done.
            store.write(|batch| batch.drop_tombstones(&|| Ok(()))).unwrap();
            store.close().unwrap();
            let rows = rows(&file);
            Self { folder, file, rows }
        }

        fn bytes(&self) -> u64 {
            fs::metadata(&self.file).unwrap().len()
        }

        /// Nothing but the index, and its log if `log`.
        fn is_alone(&self, log: bool) -> bool {
            let names: Vec<_> =
                fs::read_dir(self.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            let ours =
                |name: &str| name == "i.refrain" || log && ["i.refrain-wal", "i.refrain-shm"].contains(&name);
            names.iter().all(|name| ours(name.to_str().unwrap()))
        }
    }

    /// Every row of every table, and what the header says.
    fn rows(file: &Path) -> Vec<String> {
        let db = Connection::open(file).unwrap();
        let texts = |sql: &str| -> Vec<String> {
            let mut statement = db.prepare(sql).unwrap();
            let columns = statement.column_count();
            let row = statement.query_map([], |row| {
                let values = (0..columns).map(|i| row.get::<_, rusqlite::types::Value>(i));
                values.map(|value| value.map(|value| format!("{value:?}"))).collect::<Result<Vec<_>, _>>()
            });
            row.unwrap().map(|row| row.unwrap().join(" ")).collect()
        };
        let mut all = texts("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
        for name in ["user_version", "application_id", "page_size", "encoding"] {
            all.extend(texts(&format!("PRAGMA {name}")));
        }
        let names: Vec<String> = db
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(names.len() > 5);
        for name in names {
            all.push(name.clone());
            all.extend(texts(&format!("SELECT * FROM {name} ORDER BY 1")));
        }
        all
    }

    /// Cancels `token` when this thread comes to `pass(name)` for the `nth` time. Counts the visits.
    fn cancel_at(name: &'static str, nth: usize, token: &CancelToken, visits: &Rc<Cell<usize>>) {
        let (token, visits) = (token.clone(), Rc::clone(visits));
        failpoint::test::on(name, move || {
            visits.set(visits.get() + 1);
            if nth == visits.get() {
                token.cancel();
            } else {
                cancel_at(name, nth, &token, &visits);
            }
        });
    }

    #[test]
    fn the_content_stays_and_the_file_shrinks() {
        let sparse = Sparse::new();
        let before = sparse.bytes();
        let reader = Store::open_read(&sparse.file).unwrap();
        let mut store = Store::open_write(&sparse.file).unwrap();
        let old_state = reader.snapshot().unwrap();
        let size = |store: &Store| store.totals().unwrap().bytes;
        store.compact(&CancelToken::new()).unwrap();
        assert_eq!(size(&reader), before, "a reader keeps its state");
        drop(old_state);
        assert!(size(&reader) < before * 3 / 4, "{} of {before} bytes", size(&reader));
        assert_eq!(tracks(&reader), 4);
        drop(reader);
        assert!(sparse.is_alone(true));
        add(&mut store, "/later", 9);
        assert_eq!(tracks(&store), 5);
        store.write(|batch| batch.remove(Path::new("/later"))).unwrap();
        store.compact(&CancelToken::new()).unwrap();
        let mode =
            |db: &Connection| db.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        assert_eq!(mode(&store.db).unwrap(), "wal");
        assert_eq!(beside::bytes(&sparse.file, "-wal"), 0, "it is folded at once");
        assert!(sparse.bytes() < before * 3 / 4);
        store.close().unwrap();
        assert!(sparse.is_alone(false));
    }

    fn tracks(store: &Store) -> u64 {
        store.totals().unwrap().tracks
    }

    #[test]
    fn pages_stay_as_large_as_they_were_but_a_copy_has_those_of_new_files() {
        let sparse = Sparse::new();
        let page_bytes = |file: &Path| {
            let bytes = fs::read(file).unwrap();
            u32::from(u16::from_be_bytes([bytes[16], bytes[17]]))
        };
        assert_eq!(page_bytes(&sparse.file), PAGE_BYTES);
        // As files are that were made before.
        let old = sparse.folder.path().join("old.refrain");
        let db = Connection::open(&sparse.file).unwrap();
        db.pragma_update(None, "page_size", 4096).unwrap();
        db.execute("VACUUM INTO ?1", [old.to_str().unwrap()]).unwrap();
        drop(db);
        let mut store = Store::open_write(&old).unwrap();
        store.compact(&CancelToken::new()).unwrap();
        let (first, second) =
            (sparse.folder.path().join("1.refrain"), sparse.folder.path().join("2.refrain"));
        store.export(&first, &CancelToken::new()).unwrap();
        // What a copy was made with does not stay with the connection.
        store.compact(&CancelToken::new()).unwrap();
        store.export(&second, &CancelToken::new()).unwrap();
        store.close().unwrap();
        assert_eq!(page_bytes(&old), 4096);
        for copy in [first, second] {
            assert_eq!(page_bytes(&copy), PAGE_BYTES);
            Store::open_read(&copy).unwrap().verify(&CancelToken::new()).unwrap();
            let but_pages = |rows: Vec<String>| {
                rows.into_iter()
                    .filter(|row| row != "Integer(4096)" && row != "Integer(16384)")
                    .collect::<Vec<_>>()
            };
            assert!(but_pages(rows(&copy)) == but_pages(sparse.rows.clone()));
        }
    }

    #[test]
    fn every_row_stays_as_it_was() {
        let sparse = Sparse::new();
        let mut store = Store::open_write(&sparse.file).unwrap();
        store.compact(&CancelToken::new()).unwrap();
        store.verify(&CancelToken::new()).unwrap();
        store.close().unwrap();
        assert!(rows(&sparse.file) == sparse.rows);
    }

    #[test]
    fn who_cancels_while_pages_are_put_back_changes_nothing() {
        let steps = {
            let (sparse, visits) = (Sparse::new(), Rc::default());
            cancel_at("packing", usize::MAX, &CancelToken::new(), &visits);
            Store::open_write(&sparse.file).unwrap().compact(&CancelToken::new()).unwrap();
            visits.get()
        };
        assert!(steps > 5, "{steps}");
        for nth in [1, 2, steps / 2, steps] {
            let (sparse, token, visits) = (Sparse::new(), CancelToken::new(), Rc::default());
            let before = sparse.bytes();
            let mut store = Store::open_write(&sparse.file).unwrap();
            cancel_at("packing", nth, &token, &visits);
            assert!(matches!(store.compact(&token), Err(Error::Interrupted)));
            assert_eq!(visits.get(), nth, "no step after it");
            assert!(sparse.is_alone(true));
            assert_eq!(store.totals().unwrap().bytes, before);
            store.verify(&CancelToken::new()).unwrap();
            store.compact(&CancelToken::new()).unwrap();
            store.close().unwrap();
            assert!(rows(&sparse.file) == sparse.rows);
            assert!(sparse.bytes() < before && sparse.is_alone(false));
        }
    }

    #[test]
    fn who_cancels_after_the_commit_leaves_the_log_to_the_next_writer() {
        let (sparse, token) = (Sparse::new(), CancelToken::new());
        let before = sparse.bytes();
        let mut store = Store::open_write(&sparse.file).unwrap();
        let canceller = token.clone();
        failpoint::test::on("packed", move || canceller.cancel());
        assert!(matches!(store.compact(&token), Err(Error::Interrupted)));
        store.close().unwrap();
        assert_eq!(sparse.bytes(), before);
        assert!(beside::bytes(&sparse.file, "-wal") > 0);
        assert!(sparse.is_alone(true));
        let reader = Store::open_read(&sparse.file).unwrap();
        assert!(reader.totals().unwrap().bytes < before, "it was committed");
        reader.verify(&CancelToken::new()).unwrap();
        drop(reader);
        assert!(beside::bytes(&sparse.file, "-wal") > 0);
        Store::open_write(&sparse.file).unwrap().close().unwrap();
        assert!(sparse.bytes() < before && sparse.is_alone(false));
        assert!(rows(&sparse.file) == sparse.rows);
    }

    #[test]
    fn what_others_commit_after_the_copy_is_not_lost() {
        let sparse = Sparse::new();
        let before = sparse.bytes();
        let mut store = Store::open_write(&sparse.file).unwrap();
        let mut other = Store::open_write(&sparse.file).unwrap();
        failpoint::test::on("copied", move || add(&mut other, "/other", 9));
        store.compact(&CancelToken::new()).unwrap();
        assert!(!failpoint::test::is_waiting());
        assert_eq!(tracks(&store), 5);
        assert!(store.totals().unwrap().bytes < before);
        store.write(|batch| batch.remove(Path::new("/other"))).unwrap();
        store.close().unwrap();
        assert!(sparse.is_alone(false));
    }

    #[test]
    fn who_comes_between_each_time_keeps_the_file_busy() {
        fn write_each_time(file: PathBuf, n: usize) {
            failpoint::test::on("copied", move || {
                let mut other = Store::open_write(&file).unwrap();
                add(&mut other, &format!("/other {n}"), 9);
                write_each_time(file, n + 1);
            });
        }
        let sparse = Sparse::new();
        let mut store = Store::open_write(&sparse.file).unwrap();
        write_each_time(sparse.file.clone(), 0);
        let done = store.compact(&CancelToken::new());
        assert!(matches!(done, Err(Error::Index { reason: IndexError::Busy { .. }, .. })), "{done:?}");
        assert_eq!(tracks(&store), 4 + MAX_COPIES as u64);
        store.verify(&CancelToken::new()).unwrap();
        failpoint::test::on("none", || ());
        store.compact(&CancelToken::new()).unwrap();
        assert!(sparse.is_alone(true));
    }

    #[test]
    fn who_waits_for_another_writer_to_put_pages_back_can_be_cancelled() {
        let (sparse, token) = (Sparse::new(), CancelToken::new());
        let mut store = Store::open_write(&sparse.file).unwrap();
        let other = Rc::new(Connection::open(&sparse.file).unwrap());
        let (canceller, holder) = (token.clone(), Rc::clone(&other));
        failpoint::test::on("copied", move || {
            holder.execute_batch("BEGIN IMMEDIATE").unwrap();
            failpoint::test::on("waiting", move || canceller.cancel());
        });
        assert!(matches!(store.compact(&token), Err(Error::Interrupted)));
        assert!(!failpoint::test::is_waiting());
        other.execute_batch("COMMIT").unwrap();
        store.compact(&CancelToken::new()).unwrap();
    }

    /// Readers that hold the file when a writer comes keep it without a log.
    #[test]
    fn a_file_without_a_log_is_packed_too() {
        let sparse = Sparse::new();
        let before = sparse.bytes();
        let mut store = Store::open_write(&sparse.file).unwrap();
        store.db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
        let other = sparse.file.clone();
        failpoint::test::on("copied", move || {
            let db = Connection::open(other).unwrap();
            db.execute_batch("INSERT INTO root VALUES (x'2f61', 0, 0, NULL)").unwrap();
        });
        store.compact(&CancelToken::new()).unwrap();
        assert!(!failpoint::test::is_waiting());
        assert_eq!(store.roots().unwrap().len(), 1);
        assert!(sparse.bytes() < before);
        store.verify(&CancelToken::new()).unwrap();
    }

    #[test]
    fn copies_of_processes_that_died_are_removed_after_a_day() {
        let sparse = Sparse::new();
        let make = |name: &str, age: u64| {
            let path = sparse.folder.path().join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
            path
        };
        let day = LEFT.as_secs();
        let left = make(".refrain-compact-a.partial", day + 60);
        let kept = [make(".refrain-compact-b.partial", day - 60), make(".refrain-b.partial", 2 * day)];
        Store::open_write(&sparse.file).unwrap().compact(&CancelToken::new()).unwrap();
        assert!(!left.exists());
        assert!(kept.iter().all(|path| path.exists()));
    }
}
