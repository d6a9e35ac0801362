//! The connections behind one open index: a reader for each concurrent call, and one writer.
use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use crate::{
    ann::SearchCache,
    error::{Error, IndexError, Result},
    store::Store,
};

/// The most idle readers that are kept for later calls.
const MAX_IDLE: usize = 16;

/// The connections of one index file. Until the first call that writes, nothing is written to the file, and an older
/// format stays as it is.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Dropped before the writer, so that the writer can leave one file if nobody else has it open.
    idle: Mutex<Vec<Store>>,
    writer: Mutex<Option<Store>>,
    /// The thread whose call is writing.
    at_work: Mutex<Option<ThreadId>>,
    /// Data that the searches of all readers share.
    search_cache: Arc<SearchCache>,
    writes: bool,
    /// The path as the caller gave it…
    path: PathBuf,
    /// … and as an absolute path, in case the process changes its working folder.
    file: PathBuf,
}

impl Connections {
    /// Opens an index for reading only.
    pub fn open(path: &Path) -> Result<Self> {
        let (first, path, file) = (Store::open_read(path)?, path.to_owned(), absolute(path)?);
        Ok(Self {
            path,
            file,
            idle: Mutex::new(vec![first]),
            writer: Mutex::default(),
            at_work: Mutex::default(),
            search_cache: Arc::default(),
            writes: false,
        })
    }

    /// Opens an index for reading and writing.
    pub fn open_to_write(path: &Path) -> Result<Self> {
        Ok(Self { writes: true, ..Self::open(path)? })
    }

    /// Opens an index for reading and writing, and creates it if it does not exist.
    pub fn open_or_create(path: &Path) -> Result<Self> {
        match Self::open_to_write(path) {
            Err(Error::Index { reason: IndexError::Missing, .. }) => {
                let (writer, path, file) = (Store::open_write(path)?, path.to_owned(), absolute(path)?);
                Ok(Self {
                    path,
                    file,
                    idle: Mutex::default(),
                    writer: Mutex::new(Some(writer)),
                    at_work: Mutex::default(),
                    search_cache: Arc::default(),
                    writes: true,
                })
            }
            other => other,
        }
    }

    /// The path of the file, as the caller gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path that leads to the file: the caller's, if it still does.
    fn leads_there(&self) -> &Path {
        if std::path::absolute(&self.path).is_ok_and(|now| now == self.file) {
            &self.path
        } else {
            &self.file
        }
    }

    /// A reader for the caller alone, until it is dropped.
    pub fn reader(&self) -> Result<Reader<'_>> {
        let idle = lock(&self.idle).pop();
        let store = idle.map_or_else(|| Store::open_read(self.leads_there()), Ok)?;
        Ok(Reader { connections: self, store: Some(store) })
    }

    /// The part of the neighbour index that all readers keep in memory.
    pub fn search_cache(&self) -> &Arc<SearchCache> {
        &self.search_cache
    }

    /// Fails unless the index was opened for writing.
    pub fn may_write(&self) -> Result<()> {
        if self.writes {
            return Ok(());
        }
        let reason = IndexError::ReadOnly("it was opened for reading".to_owned());
        Err(Error::Index { path: self.path.clone(), reason })
    }

    /// Runs `work` with the writer. Other calls that write wait until it is done.
    pub fn write<T>(&self, work: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        self.may_write()?;
        let me = thread::current().id();
        if *lock(&self.at_work) == Some(me) {
            return Err(Error::Index { path: self.path.clone(), reason: IndexError::AtWork });
        }
        let mut writer = self.writer.lock().unwrap_or_else(|poisoned| {
            // A callback panicked. Its uncommitted changes are gone with the connection.
            self.writer.clear_poison();
            let mut writer = poisoned.into_inner();
            *writer = None;
            writer
        });
        *lock(&self.at_work) = Some(me);
        let _done = Done(&self.at_work);
        if writer.is_none() {
            *writer = Some(Store::open_write(self.leads_there())?);
        }
        work(writer.as_mut().expect("opened just now"))
    }

    /// Closes all connections. The writer leaves one file.
    pub fn close(self) -> Result<()> {
        let Self { idle, writer, .. } = self;
        drop(idle);
        match writer.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(writer) => writer.close(),
            None => Ok(()),
        }
    }
}

/// Withdraws the claim of a writing call when dropped, even after a panic.
struct Done<'a>(&'a Mutex<Option<ThreadId>>);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// A borrowed reader.
pub(crate) struct Reader<'h> {
    connections: &'h Connections,
    store: Option<Store>,
}

impl Deref for Reader<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store.as_ref().expect("given back when dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = lock(&self.connections.idle);
        // Not after a panic, which may leave it in any state. Nor if it sees no changes: such a reader serves one
        // call only.
        if idle.len() < MAX_IDLE && !thread::panicking() {
            idle.extend(self.store.take().filter(|store| !store.is_immutable()));
        }
    }
}

/// Each lock is held for a moment, and nothing panics meanwhile.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::Barrier,
        time::Duration,
    };

    use super::*;
    use crate::{
        fingerprint::Fingerprint,
        store::{FORMAT, TrackRecord},
    };

    fn song(name: &str) -> TrackRecord {
        TrackRecord::new(name)
    }

    fn add(store: &mut Store, name: &str) -> Result<()> {
        store.write(|batch| batch.add_track(&song(name), &Fingerprint::default())).map(|_| ())
    }

    #[test]
    fn readers_are_reused_and_see_new_commits() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::open_or_create(&folder.path().join("i.refrain")).unwrap();
        for n in 0..3 {
            connections.write(|store| add(store, &format!("/{n}"))).unwrap();
            let (a, b) = (connections.reader().unwrap(), connections.reader().unwrap());
            assert_eq!((a.totals().unwrap().tracks, b.totals().unwrap().tracks), (n + 1, n + 1));
        }
        assert_eq!(lock(&connections.idle).len(), 2);
        connections.close().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn writers_take_turns_and_a_callback_may_not_write() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::open_or_create(&folder.path().join("i.refrain")).unwrap();
        let begun = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                connections
                    .write(|store| {
                        begun.wait();
                        let again = connections.write(|_| Ok(()));
                        assert!(matches!(again, Err(Error::Index { reason: IndexError::AtWork, .. })));
                        // Gives the other thread time to come while this one writes.
                        thread::sleep(Duration::from_millis(100));
                        add(store, "/first")
                    })
                    .unwrap();
            });
            begun.wait();
            let seen = connections.write(|store| store.totals()).unwrap();
            assert_eq!(seen.tracks, 1);
        });
    }

    #[test]
    fn a_panic_in_a_callback_loses_only_its_own_changes() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::open_or_create(&folder.path().join("i.refrain")).unwrap();
        connections.write(|store| add(store, "/a")).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            connections.write(|store| {
                store.write(|batch| -> Result<()> {
                    batch.add_track(&song("/b"), &Fingerprint::default())?;
                    panic!("on purpose");
                })
            })
        }));
        assert!(panicked.is_err());
        connections.write(|store| add(store, "/c")).unwrap();
        assert_eq!(connections.reader().unwrap().totals().unwrap().tracks, 2);
    }

    #[test]
    fn only_writing_migrates_an_older_format() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/index/format_1.refrain"), &file).unwrap();
        let before = fs::read(&file).unwrap();
        let connections = Connections::open_to_write(&file).unwrap();
        let tracks = connections.reader().unwrap().totals().unwrap().tracks;
        assert_eq!(connections.reader().unwrap().format(), 1);
        assert_eq!(lock(&connections.idle).len(), 1);
        assert_eq!(fs::read(&file).unwrap(), before);
        connections.write(|store| add(store, "/new")).unwrap();
        // The idle reader was made for the old format.
        let reader = connections.reader().unwrap();
        assert_eq!((reader.totals().unwrap().tracks, reader.format()), (tracks + 1, FORMAT));
    }

    /// Without a log a reader takes the file for one that never changes, as on a disk that cannot be written.
    #[cfg(unix)]
    #[test]
    fn a_reader_that_sees_no_changes_serves_one_call() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        // A file in log mode: bytes 18 and 19 of the header say so.
        let put = |tracks: u64| {
            let made = folder.path().join("made.refrain");
            let connections = Connections::open_or_create(&made).unwrap();
            (0..tracks).for_each(|n| connections.write(|store| add(store, &format!("/{n}"))).unwrap());
            connections.close().unwrap();
            let mut bytes = fs::read(&made).unwrap();
            bytes[18..20].fill(2);
            fs::write(&file, bytes).unwrap();
        };
        // SQLite follows no link to what it keeps beside a file, so no log can be made.
        std::os::unix::fs::symlink("nowhere", folder.path().join("i.refrain-shm")).unwrap();
        put(1);
        let connections = Connections::open(&file).unwrap();
        let reader = connections.reader().unwrap();
        assert!(reader.is_immutable());
        assert_eq!(reader.totals().unwrap().tracks, 1);
        drop(reader);
        put(30);
        assert_eq!(connections.reader().unwrap().totals().unwrap().tracks, 30);
    }

    #[test]
    fn an_index_opened_for_reading_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        Connections::open_or_create(&file).unwrap().close().unwrap();
        let refused = Connections::open(&file).unwrap().write(|_| Ok(()));
        assert!(matches!(refused, Err(Error::Index { reason: IndexError::ReadOnly(_), .. })));
    }
}
