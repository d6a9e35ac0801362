//! Transactions that write.
use super::database::Store;
use crate::{error::Result, failpoint};

/// Changes that are committed together.
#[derive(Debug)]
pub struct Batch<'s> {
    pub(super) store: &'s Store,
}

impl Store {
    /// Runs `work` in one transaction and commits it. If `work` fails, nothing of it stays. Keep it short: no other
    /// process can write meanwhile.
    ///
    /// # Errors
    /// Those of `work`; [`IndexError::Busy`](crate::error::IndexError::Busy) if another writer holds the file for too
    /// long; [`IndexError::DiskFull`](crate::error::IndexError::DiskFull);
    /// [`IndexError::ReadOnly`](crate::error::IndexError::ReadOnly) for a store that was opened for reading.
    pub fn write<T>(&mut self, work: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.begin_writing()?;
        let done = work(&Batch { store: self })?;
        failpoint::reach("commit");
        self.commit(transaction)?;
        self.writes = true;
        failpoint::reach("committed");
        // What was committed stays. If the disk fails here, the next commit reports it, or closing does.
        let _ = self.trim_log();
        Ok(done)
    }
}

impl<'s> Batch<'s> {
    /// The store. It sees what the batch has written.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fingerprint::Fingerprint, store::TrackRecord};

    #[test]
    fn sizes_come_back_as_they_were_as_far_as_sqlite_has_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        for (size, expected) in [(0, 0), (12_345, 12_345), (1 << 40, 1 << 40), (u64::MAX, i64::MAX as u64)] {
            let record = TrackRecord { size, ..TrackRecord::new("/a") };
            let id = store.write(|batch| batch.add_track(&record, &Fingerprint::default())).unwrap();
            assert_eq!(store.files(id).unwrap()[0].size, expected);
        }
    }
}
