//! Folds a writer's write-ahead log into the file, so that it neither stays beside the file nor slows readers.
use std::time::{Duration, Instant};

use rusqlite::{Row, config::DbConfig};

use super::{
    batch::Batch,
    beside,
    database::{BUSY, Store, TRY, is_busy},
};
use crate::{
    error::{Error, Result},
    failpoint,
};

/// How long a writer waits for readers of an older state before it leaves the rest of the log to its next transaction…
const WAIT: Duration = Duration::from_millis(300);
/// … or, at its end, to the next writer.
const LAST_WAIT: Duration = Duration::from_secs(2);
/// A log of so many bytes is folded at once, not at the end: readers look for every page in it, and cannot fold it
/// themselves. SQLite tries every 1,000 pages, but gives up if there is a reader.
const LONG: u64 = 64 << 20;
/// SQLite folds the log after so many pages, unless it is told something else.
const PAGES_A_FOLD: i64 = 1000;

impl Store {
    /// Folds the log into the file, so that one file is left, and closes it. If readers have the file open, the log
    /// stays beside it until the next writer. It is empty unless a reader has held an older state for longer than a
    /// moment.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`](crate::error::IndexError::DiskFull), and any other error that keeps the last pages out
    /// of the file.
    pub fn close(mut self) -> Result<()> {
        self.fold()
    }

    /// Folds the log if it has grown long, as it has after a transaction that wrote most of the file.
    pub(super) fn trim_log(&self) -> Result<()> {
        if beside::bytes(&self.path, "-wal") < LONG { Ok(()) } else { self.empty_log(WAIT) }
    }

    /// Folds the log into the file, so that one file is left. If readers have the file open, the log stays beside it.
    /// It is empty unless a reader has held the same state all the while.
    pub(super) fn fold(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.writes) {
            return Ok(());
        }
        self.db.flush_prepared_statement_cache();
        // This comes first, because changing the mode does nothing if a reader has the file open.
        failpoint::reach("fold");
        self.empty_log(LAST_WAIT)?;
        failpoint::reach("folded");
        self.sql(|| {
            let done = self.db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()));
            done.or_else(|error| if is_busy(&error) { Ok(()) } else { Err(error) })
        })
    }

    /// Folds the log, so that the file is as short as its content. If the token is cancelled meanwhile, the log stays
    /// beside the file until somebody writes: closing this store would otherwise wait as long.
    pub(super) fn fold_or_leave_log(&mut self) -> Result<()> {
        let done = self.empty_log(WAIT);
        if matches!(done, Err(Error::Interrupted)) {
            self.leave_log()?;
        }
        done
    }

    /// Lets closing this store leave the log beside the file, unless something is written before.
    pub(super) fn leave_log(&mut self) -> Result<()> {
        self.writes = false;
        let config = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        config.map(|_| ()).map_err(|error| self.error(error))
    }

    /// Runs `work` in one transaction. SQLite does not fold the log after it, which nothing could interrupt.
    pub(super) fn write_without_folding<T>(
        &mut self,
        work: impl FnOnce(&Batch<'_>) -> Result<T>,
    ) -> Result<T> {
        let every = |store: &Self, pages| {
            let done = store.db.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(()));
            done.map_err(|error| store.error(error))
        };
        every(self, 0)?;
        let done = self.write(work);
        every(self, PAGES_A_FOLD)?;
        done
    }

    /// Folds as much of the log as readers of older states allow. Truncates the log if that is all of it and no reader
    /// is in the middle of it.
    fn empty_log(&self, wait: Duration) -> Result<()> {
        let began = Instant::now();
        self.wait_at_most(TRY.min(wait))?;
        let checkpoint = || {
            let pages = |row: &Row<'_>| Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?));
            let done = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], pages);
            done.or_else(|error| if is_busy(&error) { Ok((true, -1)) } else { Err(error) })
        };
        let done = loop {
            match self.limit.interrupting(&self.db, || self.sql(checkpoint)) {
                // A negative number of pages means that another process is folding it.
                Ok((true, 0..)) if began.elapsed() < wait => std::thread::sleep(Duration::from_millis(1)),
                other => break other.map(|_| ()),
            }
        };
        self.wait_at_most(BUSY)?;
        done
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nothing is lost if this fails: the next writer folds the log.
        let _ = self.fold();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fingerprint::Fingerprint, store::TrackRecord};

    #[test]
    fn a_short_log_stays_until_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let mut store = Store::open_write(&file).unwrap();
        let mut last = beside::bytes(&file, "-wal");
        for n in 0..3 {
            let record = TrackRecord::new(format!("/{n}"));
            store.write(|batch| batch.add_track(&record, &Fingerprint::default())).unwrap();
            let now = beside::bytes(&file, "-wal");
            assert!(now > last, "{now} bytes after {last}");
            last = now;
        }
        store.close().unwrap();
        assert!(!beside::name(&file, "-wal").exists());
    }
}
