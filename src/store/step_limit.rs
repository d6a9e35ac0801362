//! How much SQLite may do for one statement, and when it has to stop. Pages of a file from anywhere may lead to each other
//! so that a table of a few kilobytes has no end. SQLite itself does not notice.
use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;

use super::beside;
use crate::{cancel::CancelToken, error::Result};

/// Instructions of SQLite's machine between two checks: well below a millisecond.
pub(super) const EVERY: u64 = 1_000;
/// The time between two looks at the token while SQLite takes no steps.
const LOOK: Duration = Duration::from_millis(10);
/// Every statement may take this many steps: a second's worth at most.
pub(super) const FREE: u64 = 20_000_000;
/// A statement may take this many steps for each byte of the file. Reading a whole table takes about one.
const EACH_BYTE: u64 = 100;

/// A statement that writes the file anew may take this many for each byte: every row takes about four…
const EACH_BYTE_COPIED: u64 = 10;
/// … and this many if the file is small. What is written grows with every step.
const MIN_COPIED: u64 = 1_000_000;

/// Counts the steps of statements. Interrupts a statement that takes more than its file can need, and every statement once
/// the token is cancelled.
#[derive(Debug)]
pub(super) struct StepLimit(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The steps of the running statement so far.
    steps: AtomicU64,
    cancel: Mutex<CancelToken>,
    /// Whether the token, not the limit, was the reason for an interruption.
    cancelled: AtomicBool,
    /// The steps of all statements, and the step at which the token is cancelled.
    #[cfg(test)]
    test: Arc<test::Counter>,
}

impl Shared {
    fn is_cancelled(&self) -> bool {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).is_cancelled()
    }
}

impl StepLimit {
    /// Limits the statements of `db`, whose file is at `path`. Call it before the first statement: even that one reads
    /// the schema, which is a table like any other.
    pub fn install(db: &Connection, path: &Path) -> rusqlite::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (seen, path) = (Arc::clone(&shared), path.to_owned());
        let mut max = FREE;
        let look = move || {
            let steps = seen.steps.fetch_add(EVERY, Ordering::Relaxed);
            #[cfg(test)]
            seen.test.count(&seen.cancel);
            if seen.is_cancelled() {
                seen.cancelled.store(true, Ordering::Relaxed);
                return true;
            }
            if steps > max {
                // Another process may have made the file longer, so look again.
                let bytes = fs::metadata(&path)
                    .map_or(u64::MAX, |meta| meta.len())
                    .saturating_add(beside::unfinished(&path));
                max = bytes.saturating_mul(EACH_BYTE).max(FREE);
            }
            steps > max
        };
        db.progress_handler(EVERY as i32, Some(look))?;
        Ok(Self(shared))
    }

    /// Starts to count for another statement, from `steps` on. Returns the steps of the last one.
    pub fn switch(&self, steps: u64) -> u64 {
        self.0.steps.swap(steps, Ordering::Relaxed)
    }

    /// The steps from which to count for a statement that writes a file of `bytes` anew, so that few are left to it.
    pub fn before_copy(bytes: u64) -> u64 {
        let max = bytes.saturating_mul(EACH_BYTE).max(FREE);
        max.saturating_sub(bytes.saturating_mul(EACH_BYTE_COPIED).max(MIN_COPIED))
    }

    /// Runs a statement of `db` that takes few steps, but long: SQLite looks for an interruption at each page, not at the
    /// token.
    pub fn interrupting<T>(&self, db: &Connection, run: impl FnOnce() -> T) -> T {
        let (handle, shared) = (db.get_interrupt_handle(), &*self.0);
        let (running, ended) = mpsc::channel::<()>();
        let watch = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK) {
                if shared.is_cancelled() {
                    shared.cancelled.store(true, Ordering::Relaxed);
                    handle.interrupt();
                }
            }
        };
        let done = thread::scope(|scope| {
            // Without a thread nothing interrupts the statement.
            let _ = thread::Builder::new().spawn_scoped(scope, watch);
            let done = run();
            drop(running);
            done
        });
        // The statement may have ended in the same moment.
        self.was_cancelled();
        done
    }

    /// Whether the last interruption was due to the token. Asked once for each interruption.
    pub fn was_cancelled(&self) -> bool {
        self.0.cancelled.swap(false, Ordering::Relaxed)
    }

    /// [`Error::Interrupted`](crate::error::Error::Interrupted) once the token is cancelled.
    pub fn check(&self) -> Result<()> {
        self.0.cancel.lock().unwrap_or_else(PoisonError::into_inner).check()
    }

    /// Lets `cancel` interrupt statements for as long as the guard lives.
    pub fn cancellable(&self, cancel: &CancelToken) -> Cancellable {
        let mut token = self.0.cancel.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *token, cancel.clone());
        Cancellable { shared: Arc::clone(&self.0), before }
    }

    #[cfg(test)]
    pub fn test(&self) -> Arc<test::Counter> {
        Arc::clone(&self.0.test)
    }
}

/// While this lives, a token interrupts SQLite's work for a store with
/// [`Error::Interrupted`](crate::error::Error::Interrupted). Dropping it brings back the token before it.
#[derive(Debug)]
#[must_use = "cancels only as long as it lives"]
pub struct Cancellable {
    shared: Arc<Shared>,
    before: CancelToken,
}

impl Drop for Cancellable {
    fn drop(&mut self) {
        let mut token = self.shared.cancel.lock().unwrap_or_else(PoisonError::into_inner);
        *token = std::mem::take(&mut self.before);
    }
}

#[cfg(test)]
pub(super) mod test {
    use super::*;

    /// Cancels after a number of steps, so that tests need no clock.
    #[derive(Debug)]
    pub struct Counter {
        taken: AtomicU64,
        cancel_at: AtomicU64,
    }

    impl Default for Counter {
        fn default() -> Self {
            Self { taken: AtomicU64::new(0), cancel_at: AtomicU64::new(u64::MAX) }
        }
    }

    impl Counter {
        pub(super) fn count(&self, cancel: &Mutex<CancelToken>) {
            let taken = self.taken.fetch_add(EVERY, Ordering::Relaxed) + EVERY;
            if taken >= self.cancel_at.load(Ordering::Relaxed) {
                cancel.lock().unwrap().cancel();
            }
        }

        /// The steps of all statements so far.
        pub fn taken(&self) -> u64 {
            self.taken.load(Ordering::Relaxed)
        }

        /// Cancels the token of that moment, `steps` from now on.
        pub fn cancel_after(&self, steps: u64) {
            self.cancel_at.store(self.taken().saturating_add(steps), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(db: &Connection, to: u64) -> rusqlite::Result<u64> {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1) SELECT count(*) FROM n";
        db.query_row(sql, [to as i64], |row| row.get::<_, i64>(0)).map(|n| n as u64)
    }

    fn interrupted(result: rusqlite::Result<u64>) -> bool {
        result.unwrap_err().sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
    }

    #[test]
    fn a_statement_that_takes_more_than_its_file_can_need_is_interrupted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let db = Connection::open(file.path()).unwrap();
        let limit = StepLimit::install(&db, file.path()).unwrap();
        assert_eq!(count(&db, 1000), Ok(1000));
        assert!(interrupted(count(&db, FREE)));
        assert!(!limit.was_cancelled());
        assert!(limit.switch(0) > FREE);
        assert_eq!(count(&db, FREE / 100), Ok(FREE / 100), "counted anew");
        let taken = limit.switch(7);
        assert!((FREE / 100..FREE).contains(&taken), "{taken}");
        assert_eq!(limit.switch(taken), 7, "counted on");
    }

    #[test]
    fn a_token_interrupts_while_its_guard_lives() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let db = Connection::open(file.path()).unwrap();
        let limit = StepLimit::install(&db, file.path()).unwrap();
        let (outer, inner) = (CancelToken::new(), CancelToken::new());
        let _outer = limit.cancellable(&outer);
        {
            let _inner = limit.cancellable(&inner);
            outer.cancel();
            assert_eq!(count(&db, 10_000), Ok(10_000), "the inner token counts");
            inner.cancel();
            assert!(interrupted(count(&db, 10_000)));
            assert!(limit.was_cancelled() && !limit.was_cancelled());
            assert!(limit.check().is_err());
        }
        assert!(interrupted(count(&db, 10_000)), "the outer one again");
        limit.switch(0);
    }
}
