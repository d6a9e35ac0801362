//! The index handle that programs hold.
use std::path::{Path, PathBuf};

use super::{
    connections::Connections,
    several::{Known, Readers},
};
use crate::error::{Error, IndexError, Result};

/// An open index file, or several that are read as one ([`Index::open_all`]).
///
/// Any number of threads can use one handle at once: share it by reference, or in an [`Arc`](std::sync::Arc). Each
/// call that reads sees the last committed state and has a connection of its own, which is kept for later calls.
/// Reading calls never wait. Calls that write take turns, while others read. Other processes may have the same file
/// open, and one of them may write.
///
/// [`Index::open_or_create`] and [`Index::open_to_write`] do not change an existing file. The first call that writes
/// brings a file of an older format up to date, in one transaction.
#[derive(Debug)]
pub struct Index {
    first: Connections,
    /// The other files, if there are several.
    others: Vec<Connections>,
    known: Known,
}

impl Index {
    /// Opens an index for reading.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no index, or if this version cannot read the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open(path.as_ref()).map(Self::of)
    }

    /// Opens an index for reading and writing. Creates it if it does not exist.
    ///
    /// # Errors
    /// Those of [`Index::open`]; also if a new file cannot be created. Whether an existing file can be written shows
    /// in the first call that writes.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_or_create(path.as_ref()).map(Self::of)
    }

    /// Opens an existing index for reading and writing.
    ///
    /// # Errors
    /// Those of [`Index::open`].
    pub fn open_to_write(path: impl AsRef<Path>) -> Result<Self> {
        Connections::open_to_write(path.as_ref()).map(Self::of)
    }

    /// Opens several index files for reading, as if they were merged in this order: one for each disk, or the shards of a
    /// large library. Queries and timelines look into all of them. What only one file can answer is refused with
    /// [`IndexError::Several`](crate::error::IndexError::Several).
    ///
    /// A file of audio whose content is in several index files makes one match: the first index has the track, and
    /// [`also_paths`](crate::Match::also_paths) names the other files. A match says in [`shard`](crate::Match::shard) which
    /// index has its track.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// let index = refrain::Index::open_all(["/disk1/music.refrain", "/disk2/music.refrain"])?;
    /// println!("{:?}", index.query("clip.wav")?.matches);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Index::open`], for any of the files; [`Error::Index`] if `paths` is empty.
    pub fn open_all(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Self> {
        let mut files = paths.into_iter().map(|path| Connections::open(path.as_ref()));
        let Some(first) = files.next() else {
            return Err(Error::Index { path: PathBuf::new(), reason: IndexError::Missing });
        };
        let mut index = Self::of(first?);
        index.others = files.collect::<Result<_>>()?;
        Ok(index)
    }

    fn of(first: Connections) -> Self {
        Self { first, others: Vec::new(), known: Known::default() }
    }

    /// Its only file.
    pub(super) fn only(&self) -> Result<&Connections> {
        if self.others.is_empty() {
            return Ok(&self.first);
        }
        Err(Error::Index { path: self.path().to_owned(), reason: IndexError::Several })
    }

    /// A reader of each file.
    pub(super) fn readers(&self) -> Result<Readers<'_>> {
        let files: Vec<&Connections> = std::iter::once(&self.first).chain(&self.others).collect();
        Readers::of(&files, &self.known)
    }

    /// The path of the file, as it was given; of the first one, if there are several.
    pub fn path(&self) -> &Path {
        self.first.path()
    }

    /// The paths of all its files, as they were given.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.first).chain(&self.others).map(Connections::path)
    }

    /// Whether the index has any tracks. For the command.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    #[doc(hidden)]
    pub fn has_tracks(&self) -> Result<bool> {
        for file in std::iter::once(&self.first).chain(&self.others) {
            if file.reader()?.has_tracks()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls `each` with the path of every file that gave no fingerprint, and the reason.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read; errors of `each`.
    pub fn failures(&self, each: impl FnMut(PathBuf, String) -> Result<()>) -> Result<()> {
        self.only()?.reader()?.failures(each)
    }

    /// Closes the index and leaves one file, without a log beside it. Dropping does the same, but cannot report
    /// errors.
    ///
    /// # Errors
    /// [`Error::Index`] if the disk is full or fails.
    pub fn close(self) -> Result<()> {
        self.others.into_iter().try_for_each(Connections::close)?;
        self.first.close()
    }
}
