//! The write-ahead log of a writer: brought into the file, so that it neither stays beside it nor slows readers.
use std::{fs, path::Path, time::Duration};

use rusqlite::ErrorCode;

use super::{BUSY_SECONDS, Store, fault};
use crate::{error::Result, failpoint};

/// How long a writer waits for readers of an older state before it leaves the rest of the log to its next transaction…
const WAIT: Duration = Duration::from_millis(300);
/// … or, at its end, to the next writer.
const LAST_WAIT: Duration = Duration::from_secs(2);
/// A log of so many bytes is brought into the file at once, not at the end: readers look for every page in it, and cannot
/// do it themselves. SQLite tries it every 4 MB, but gives up where there is a reader.
const LONG: u64 = 64 << 20;

impl Store {
    /// Brings the log into the file where it has grown long, as after a transaction that wrote most of the file.
    pub(super) fn trim_log(&self) -> Result<()> {
        if bytes(&self.path, "-wal") < LONG { Ok(()) } else { self.empty_log(WAIT) }
    }

    /// Folds the log into the file, so that one file is left. Where readers have the file open the log stays beside it, and
    /// is empty unless one of them has looked at the same state all the while.
    pub(super) fn fold(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.writes) {
            return Ok(());
        }
        self.db.flush_prepared_statement_cache();
        // First, because the change of mode does nothing at all where a reader has the file open.
        failpoint::reach("fold");
        self.empty_log(LAST_WAIT)?;
        failpoint::reach("folded");
        match self.db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            other => other.map_err(|error| fault::of(&self.path, error)),
        }
    }

    /// Brings into the file what no reader of an older state needs to be kept out of it, and cuts the log off where that is
    /// everything and no reader is in the middle of it.
    fn empty_log(&self, wait: Duration) -> Result<()> {
        let of = |error| fault::of(&self.path, error);
        self.db.busy_timeout(wait).map_err(of)?;
        let done = match self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            // Another process is at it.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            other => other,
        };
        self.db.busy_timeout(Duration::from_secs(BUSY_SECONDS.into())).map_err(of)?;
        done.map_err(of)
    }
}

/// Bytes of an unfinished log or journal beside `path`.
pub(super) fn unfinished(path: &Path) -> u64 {
    bytes(path, "-wal") + bytes(path, "-journal")
}

/// Bytes of what stands beside `path` under the name with this `suffix`; it is not opened.
fn bytes(path: &Path, suffix: &str) -> u64 {
    // Where `path` is a link they stand beside what it leads to.
    let mut name = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()).into_os_string();
    name.push(suffix);
    fs::metadata(name).map_or(0, |meta| meta.len())
}
