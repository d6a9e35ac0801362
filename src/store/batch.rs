//! Transactions that write.
use super::database::Store;
use crate::{error::Result, failpoint};

/// Changes that are committed together.
#[derive(Debug)]
pub struct Batch<'s> {
    pub(super) store: &'s Store,
}

impl Store {
    /// Runs `work` within one transaction and commits it; nothing of it is kept where it fails. Keep it short: no
    /// other process can write meanwhile.
    ///
    /// # Errors
    /// Those of `work`; [`IndexError::Busy`](crate::error::IndexError::Busy) where another writer holds the file for
    /// too long, [`IndexError::DiskFull`](crate::error::IndexError::DiskFull),
    /// [`IndexError::ReadOnly`](crate::error::IndexError::ReadOnly) for a store that was opened for reading.
    pub fn write<T>(&mut self, work: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.begin_writing()?;
        let done = work(&Batch { store: self })?;
        failpoint::reach("commit");
        self.commit(transaction)?;
        failpoint::reach("committed");
        // What was committed stays: a fault of the disk is told by the next commit, or at the end.
        let _ = self.trim_log();
        Ok(done)
    }
}

impl<'s> Batch<'s> {
    /// The store within this batch: it sees what the batch has written.
    pub(crate) fn store(&self) -> &'s Store {
        self.store
    }

    /// Runs one statement that writes; returns how many rows it has changed.
    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.store.sql(|| self.store.db.prepare_cached(sql)?.execute(values))
    }
}

/// A size as it is stored.
pub(super) fn stored_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
