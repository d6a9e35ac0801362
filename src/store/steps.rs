//! How much SQLite may do for one statement. Pages of a file from anywhere may lead to each other in such a way that a table
//! of a few kilobytes has no end, which SQLite itself does not notice.
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rusqlite::Connection;

use super::log;

/// Instructions of SQLite's machine from one look to the next.
const EVERY: u64 = 10_000;
/// So many are free, a second's worth at most.
const FREE: u64 = 20_000_000;
/// And so many for each byte of the file. Reading a whole table takes about one.
const EACH_BYTE: u64 = 100;

/// Counts what statements take, and interrupts one that takes more than its file can need.
#[derive(Debug)]
pub(super) struct Steps(Arc<Taken>);

#[derive(Debug, Default)]
struct Taken {
    counts: AtomicBool,
    steps: AtomicU64,
}

impl Steps {
    /// Watches over the statements of `db`, whose file is at `path`.
    pub fn watch(db: &Connection, path: &Path) -> rusqlite::Result<Self> {
        let taken = Arc::new(Taken::default());
        let (seen, path) = (Arc::clone(&taken), path.to_owned());
        let mut most = FREE;
        let look = move || {
            if !seen.counts.load(Ordering::Relaxed) {
                return false;
            }
            let steps = seen.steps.fetch_add(EVERY, Ordering::Relaxed);
            if steps > most {
                // Asked anew, as another process may have made it longer.
                let bytes = fs::metadata(&path)
                    .map_or(u64::MAX, |meta| meta.len())
                    .saturating_add(log::unfinished(&path));
                most = bytes.saturating_mul(EACH_BYTE).max(FREE);
            }
            steps > most
        };
        db.progress_handler(EVERY as i32, Some(look))?;
        Ok(Self(taken))
    }

    /// Counts from here on what a statement takes that took `steps` before.
    pub fn go_on(&self, steps: u64) {
        self.0.steps.store(steps, Ordering::Relaxed);
        self.0.counts.store(true, Ordering::Relaxed);
    }

    /// Counts no further. Gives what the statement has taken.
    pub fn pause(&self) -> u64 {
        self.0.counts.store(false, Ordering::Relaxed);
        self.0.steps.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_more_than_the_file_can_need_is_interrupted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let db = Connection::open(file.path()).unwrap();
        let steps = Steps::watch(&db, file.path()).unwrap();
        let count = |to: u64| {
            let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1) SELECT count(*) FROM n";
            db.query_row(sql, [to as i64], |row| row.get::<_, i64>(0)).map(|n| n as u64)
        };
        steps.go_on(0);
        assert_eq!(count(1000), Ok(1000));
        assert_eq!(
            count(FREE).unwrap_err().sqlite_error_code(),
            Some(rusqlite::ErrorCode::OperationInterrupted)
        );
        assert!(steps.pause() > FREE);
        steps.go_on(0);
        assert_eq!(count(FREE / 100), Ok(FREE / 100), "counted anew");
        steps.pause();
        assert_eq!(count(FREE / 4), Ok(FREE / 4), "not counted");
    }
}
