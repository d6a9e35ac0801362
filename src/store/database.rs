//! An open index file: its connection, its state, and the one way to run statements.
use std::{
    cell::Cell,
    fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use rusqlite::{
    Connection, Row, Transaction, TransactionBehavior,
    types::{FromSql, ValueRef},
};

use super::{
    check::{self, Content, Unfit},
    error,
    layout::Layout,
    path, schema,
    step_limit::{Cancellable, StepLimit},
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    failpoint,
    params::ParameterSet,
};

/// How long a call waits for another process that holds the file.
pub const BUSY_SECONDS: u32 = 10;
pub(super) const BUSY: Duration = Duration::from_secs(BUSY_SECONDS as u64);
/// How long SQLite waits for it at a time.
pub(super) const TRY: Duration = Duration::from_millis(50);

/// An open index file.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) params: ParameterSet,
    pub(super) layout: Layout,
    /// The format of the state that was read last; views make it look like the newest.
    format: Cell<u32>,
    /// Whether closing folds the log.
    pub(super) writes: bool,
    immutable: Option<Stamp>,
    pub(super) limit: StepLimit,
}

/// Changes when the file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    pub fn of(path: &Path) -> Self {
        let meta = fs::metadata(path).ok();
        Self {
            bytes: meta.as_ref().map_or(0, fs::Metadata::len),
            changed: meta.and_then(|m| m.modified().ok()),
        }
    }
}

/// One state of the index, held until this is dropped. Writers go on, but nobody can fold the log meanwhile.
#[derive(Debug)]
pub struct Snapshot<'s> {
    _transaction: Option<Transaction<'s>>,
}

impl Store {
    /// A store over a connection whose file has passed the checks.
    pub(super) fn new(
        (db, limit): (Connection, StepLimit),
        path: &Path,
        params: &ParameterSet,
        format: u32,
        writes: bool,
        immutable: Option<Stamp>,
    ) -> Result<Self> {
        schema::read_as_newest(&db, format).map_err(|error| error::of(path, error))?;
        Ok(Self {
            db,
            path: path.to_path_buf(),
            params: *params,
            layout: Layout::of(params),
            format: Cell::new(format),
            writes,
            immutable,
            limit,
        })
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The parameters of its fingerprints.
    pub fn params(&self) -> &ParameterSet {
        &self.params
    }

    /// How its blobs are cut.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The format of the state that was read last: [`FORMAT`](super::FORMAT), or an older one, which is read as it is.
    pub fn format(&self) -> u32 {
        self.format.get()
    }

    /// Whether the file is read as if nobody could write to it, because its folder cannot be written. Changes by
    /// another user are not seen then.
    pub(crate) fn is_immutable(&self) -> bool {
        self.immutable.is_some()
    }

    /// Lets `cancel` interrupt SQLite's work for this store with [`Error::Interrupted`], as long as the guard lives. An
    /// interrupted transaction leaves nothing.
    pub fn cancellable(&self, cancel: &CancelToken) -> Cancellable {
        self.limit.cancellable(cancel)
    }

    /// Fails once the token of the innermost [`Store::cancellable`] is cancelled. For work between two statements, which
    /// SQLite does not see.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(crate) fn check_cancelled(&self) -> Result<()> {
        self.limit.check()
    }

    /// Holds the present state: all reads see the same one until the snapshot is dropped.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn snapshot(&self) -> Result<Snapshot<'_>> {
        if !self.db.is_autocommit() {
            return Ok(Snapshot { _transaction: None });
        }
        // Another process may migrate the file between two looks. This ends, because there are only so many formats.
        for _ in 0..=schema::FORMAT {
            let state = self.sql(|| self.db.unchecked_transaction())?;
            let found = self.sql(|| self.format_now())?;
            if found == self.format.get() {
                failpoint::pass("snapshot");
                return Ok(Snapshot { _transaction: Some(state) });
            }
            match self.count(|| check::examine(&self.db, &self.path, &self.params)) {
                Ok(Content::Index(_)) => {}
                Ok(Content::Nothing) => return Err(self.damaged("the tables are gone")),
                Err(Unfit::Sqlite(error)) => return Err(self.error(error)),
                Err(other) => return Err(other.of(&self.path)),
            }
            // Rolling back a transaction would also remove the views.
            drop(state);
            self.sql(|| schema::read_as_newest(&self.db, found))?;
            self.format.set(found);
        }
        Err(error::index(&self.path, IndexError::Busy { holder: None }))
    }

    /// Begins a transaction that writes. Waits for another process until [`BUSY_SECONDS`] have passed or the store's token is
    /// cancelled.
    pub(super) fn begin_writing(&self) -> Result<Transaction<'_>> {
        self.wait_at_most(TRY)?;
        let begun =
            while_busy(|| self.sql(|| Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)));
        self.wait_at_most(BUSY)?;
        let transaction = begun?;
        // A newer refrain may have been here since this file was opened.
        match self.sql(|| self.format_now())? {
            found if found > schema::FORMAT => Err(Unfit::Newer(found).of(&self.path)),
            _ => Ok(transaction),
        }
    }

    /// How long SQLite itself waits for a lock.
    pub(super) fn wait_at_most(&self, time: Duration) -> Result<()> {
        self.db.busy_timeout(time).map_err(|error| self.error(error))
    }

    /// Commits, even if the store's token is cancelled.
    pub(super) fn commit(&self, transaction: Transaction<'_>) -> Result<()> {
        self.count(|| transaction.commit()).map_err(|error| self.error(error))
    }

    /// Runs `work` without the views that show an older format as the newest. SQLite copies a file by its definitions, and
    /// would apply those of an SQL index to a view of the same name as the table.
    pub(super) fn without_views<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let found = self.format.replace(schema::FORMAT);
        if found == schema::FORMAT {
            return work();
        }
        self.sql(|| schema::read_as_newest(&self.db, schema::FORMAT))?;
        let done = work();
        // If this fails, the next snapshot makes the views.
        if schema::read_as_newest(&self.db, found).is_ok() {
            self.format.set(found);
        }
        done
    }

    fn format_now(&self) -> rusqlite::Result<u32> {
        self.db.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
    }

    /// Runs something whose steps count from 0.
    fn count<T>(&self, run: impl FnOnce() -> T) -> T {
        self.count_after(0, run)
    }

    fn count_after<T>(&self, steps: u64, run: impl FnOnce() -> T) -> T {
        let outer = self.limit.switch(steps);
        let done = run();
        self.limit.switch(outer);
        done
    }

    /// Runs a statement that returns no rows.
    pub(super) fn sql<T>(&self, run: impl FnOnce() -> rusqlite::Result<T>) -> Result<T> {
        self.sql_after(0, run)
    }

    /// Runs a statement as if it had already taken `steps`.
    pub(super) fn sql_after<T>(&self, steps: u64, run: impl FnOnce() -> rusqlite::Result<T>) -> Result<T> {
        self.limit.check()?;
        self.count_after(steps, run).map_err(|error| self.error(error))
    }

    /// Calls `each` with every row of a table, or of a range of it. The first column is the table's key. Keys must ascend, so
    /// that a corrupt b-tree cannot return a row twice, or for ever.
    pub(super) fn each_row(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.each_row_while(sql, values, |row| each(row).map(|()| true))
    }

    /// As [`Store::each_row`], until `each` returns false.
    pub(super) fn each_row_while(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut last = Key::default();
        self.rows(sql, values, |row| {
            if !last.ascend(row.get_ref(0).map_err(|e| self.error(e))?) {
                return Err(self.damaged(format!("row {last} comes again")));
            }
            each(row)
        })
    }

    /// Calls `each` with every row of a range of a table, which has `max` rows at most. For the inner loop of a search,
    /// where comparing keys would cost more than everything else that is done with a row. `max` also ends a b-tree that
    /// leads back to itself.
    pub(super) fn each_row_up_to(
        &self,
        max: u64,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut left = max;
        self.rows(sql, values, |row| {
            left = left.checked_sub(1).ok_or_else(|| self.damaged("more rows than there can be"))?;
            each(row).map(|()| true)
        })
    }

    /// The first row of a statement, if there is one.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        get: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut found, mut get) = (None, Some(get));
        self.rows(sql, values, |row| {
            found = get.take().map(|get| get(row)).transpose()?;
            Ok(false)
        })?;
        Ok(found)
    }

    /// Whether a statement has a row.
    pub(super) fn exists(&self, sql: &str, values: impl rusqlite::Params) -> Result<bool> {
        self.row(sql, values, |_| Ok(())).map(|found| found.is_some())
    }

    /// Calls `each` with the rows of a statement, until it returns false. All rows of the file are read here: in a
    /// state of a known format, with a limit of steps, and until the token is cancelled.
    fn rows(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        mut each: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let _snapshot = self.snapshot()?;
        self.limit.check()?;
        let outer = self.limit.switch(0);
        let prepared = self.db.prepare_cached(sql);
        let mut steps = self.limit.switch(outer);
        let mut statement = prepared.map_err(|e| self.error(e))?;
        let mut rows = statement.query(values).map_err(|e| self.error(e))?;
        loop {
            let outer = self.limit.switch(steps);
            let row = rows.next();
            // Statements within `each` count their own steps.
            steps = self.limit.switch(outer);
            match row.map_err(|e| self.error(e))? {
                Some(row) if each(row)? => {}
                _ => return Ok(()),
            }
        }
    }

    /// What an error of SQLite means for this file.
    pub(super) fn error(&self, error: rusqlite::Error) -> Error {
        let interrupted = error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted);
        if interrupted && self.limit.was_cancelled() {
            return Error::Interrupted;
        }
        self.unless_changed(error::of(&self.path, error))
    }

    /// The content of the file contradicts itself.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> Error {
        self.unless_changed(error::damaged(&self.path, what))
    }

    /// Without locks, pages of two states may have been read together. That looks like damage, but is none.
    fn unless_changed(&self, error: Error) -> Error {
        match self.immutable {
            Some(stamp) if is_damage(&error) && stamp != Stamp::of(&self.path) => {
                error::index(&self.path, IndexError::Busy { holder: None })
            }
            _ => error,
        }
    }

    pub(super) fn blob<'r>(&self, row: &'r Row<'_>, column: usize) -> Result<&'r [u8]> {
        match row.get_ref(column).map_err(|e| self.error(e))? {
            ValueRef::Blob(data) => Ok(data),
            _ => Err(self.damaged("not a blob")),
        }
    }

    pub(super) fn integer(&self, row: &Row<'_>, column: usize) -> Result<i64> {
        self.value(row, column)
    }

    pub(super) fn value<T: FromSql>(&self, row: &Row<'_>, column: usize) -> Result<T> {
        row.get(column).map_err(|e| self.error(e))
    }

    /// A tag. Bytes that are not UTF-8 are replaced.
    pub(super) fn text(&self, row: &Row<'_>, column: usize) -> Result<Option<String>> {
        Ok(match row.get_ref(column).map_err(|e| self.error(e))? {
            ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        })
    }

    pub(super) fn path_of(&self, row: &Row<'_>, column: usize) -> Result<PathBuf> {
        let value = row.get_ref(column).map_err(|e| self.error(e))?;
        path::from_sql(value).ok_or_else(|| self.damaged("a path that is none"))
    }
}

/// Whether an error says that the file is damaged.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Index { reason: IndexError::Damaged(_) | IndexError::Neighbours(_), .. })
}

/// Tries until nobody else holds a lock, or [`BUSY_SECONDS`] have passed.
pub(super) fn while_busy<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        let done = attempt();
        let busy = matches!(done, Err(Error::Index { reason: IndexError::Busy { .. }, .. }));
        if !busy || began.elapsed() >= BUSY {
            return done;
        }
        failpoint::pass("waiting");
        // SQLite does not always wait itself.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether SQLite has waited in vain for another connection.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// The key of a row, in SQLite's order: numbers, then text, then blobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    #[default]
    None,
    Integer(i64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Key {
    /// Takes the next key. False if it does not come after the last one.
    fn ascend(&mut self, next: ValueRef<'_>) -> bool {
        match (&mut *self, next) {
            (Self::Integer(last), ValueRef::Integer(next)) => std::mem::replace(last, next) < next,
            (Self::Text(last), ValueRef::Text(next)) | (Self::Blob(last), ValueRef::Blob(next)) => {
                let ascends = last.as_slice() < next;
                last.clear();
                last.extend_from_slice(next);
                ascends
            }
            (_, next) => {
                let next = match next {
                    ValueRef::Integer(key) => Self::Integer(key),
                    ValueRef::Text(key) => Self::Text(key.to_vec()),
                    ValueRef::Blob(key) => Self::Blob(key.to_vec()),
                    ValueRef::Null | ValueRef::Real(_) => Self::None,
                };
                let last = std::mem::replace(self, next);
                last < *self
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "without a key"),
            Self::Integer(key) => write!(f, "{key}"),
            Self::Text(key) | Self::Blob(key) => write!(f, "{:?}", String::from_utf8_lossy(key)),
        }
    }
}

#[cfg(test)]
impl Store {
    /// The steps that statements of this store have taken so far: a measure of work without a clock.
    pub(crate) fn steps_taken(&self) -> u64 {
        self.limit.test().taken()
    }
}

#[cfg(test)]
mod tests;
