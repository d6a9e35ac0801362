//! The index file: one SQLite database that holds tracks, chroma frames, fingerprint windows and the neighbour index
//! derived from them. Its tables and blobs are described byte by byte in `schema/FORMAT.md`.
//!
//! ```
//! use refrain::fingerprint::Fingerprint;
//! use refrain::store::{Store, TrackRecord};
//! use refrain::units::Seconds;
//!
//! # fn main() -> refrain::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let file = folder.path().join("music.refrain");
//! let mut store = Store::open_write(&file)?;
//! let song = TrackRecord { path: "song.flac".into(), duration: Seconds(180.0), ..TrackRecord::default() };
//! let id = store.write(|batch| batch.add_track(&song, &Fingerprint::default()))?;
//! store.close()?;
//!
//! let store = Store::open_read(&file)?;
//! assert_eq!(store.track(id)?.map(|t| t.record.path), Some(song.path));
//! # Ok(()) }
//! ```
//!
//! # Conventions
//!
//! - A track is a recording, a file is where it lies: byte-identical files are one track. A track's id is never used
//!   again. It stays when files move, are copied or get other tags; other audio under the same path is another track.
//! - A track without a file is passed over: [`Store::track`] and [`Store::tracks`] do not give it. Builds leave such
//!   tracks until their end, because the content may turn up under another path.
//! - A writer works in write-ahead-log mode, each [`Store::write`] is one `BEGIN IMMEDIATE` transaction, and a clean
//!   [`Store::close`] (or drop) folds the log back, so that a finished index is one file. Two writers take turns
//!   transaction by transaction; one that waits longer than [`BUSY_SECONDS`] gets [`IndexError::Busy`].
//! - Readers work beside a writer, each call on the last committed state; [`Store::snapshot`] holds one state.
//! - The file itself is only ever opened through SQLite: closing another handle to it would drop SQLite's locks.
//!
//! # Limits
//!
//! A file may come from anywhere: its schema must be the expected one, no trigger and no view of the file is run,
//! nothing over 1 MiB is read from a row, ids and lengths are checked before use, and no statement takes more than a file of
//! its length can need. What contradicts itself is [`IndexError::Damaged`].
//! [`Store::open_read`] is cheap and looks at the header and the schema only; [`Store::verify`] reads everything.
//!
//! [`IndexError::Busy`]: crate::error::IndexError::Busy
//! [`IndexError::Damaged`]: crate::error::IndexError::Damaged
mod blob;
mod compact;
mod fault;
mod files;
mod log;
mod neighbours;
mod open;
mod path;
mod read;
mod schema;
mod steps;
mod verify;
mod write;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::{error::Result, params::ParameterSet};

#[cfg(feature = "fuzzing")]
pub(crate) use blob::decode_any;
pub use blob::{Layout, PostingBlock, WindowBlock};
pub(crate) use blob::{encode_centroids, encode_links};
pub use files::{FileEntry, Known, Recognised, Root};
pub(crate) use neighbours::{Census, NeighbourIndex};
pub use read::{Snapshot, Totals, Track};
pub use schema::{APPLICATION_ID, FORMAT};
pub(crate) use write::Put;
pub use write::{Batch, TrackRecord};

/// How long a call waits for another process that holds the file.
pub const BUSY_SECONDS: u32 = 10;

/// A track of one index file. Never used again after the track is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct TrackId(pub u32);

/// The BLAKE3 hash of a file's content; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The version of the SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// An open index file.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
    params: ParameterSet,
    layout: Layout,
    format: u32,
    writes: bool,
    /// Read as if nobody could write to it.
    immutable: bool,
    steps: steps::Steps,
}

impl Store {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The parameters that its fingerprints were made with.
    pub fn params(&self) -> &ParameterSet {
        &self.params
    }

    /// The version of its format: [`FORMAT`], or an older one that is read as it is.
    pub fn format(&self) -> u32 {
        self.format
    }

    /// The version of its format as it is now: a writer may have brought it up to date since it was opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn format_now(&self) -> Result<u32> {
        self.db
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| fault::of(&self.path, error))
    }

    /// Whether it is read as if nobody could write to it, from a folder that cannot be written: what another user changes
    /// meanwhile is not seen.
    pub(crate) fn is_immutable(&self) -> bool {
        self.immutable
    }

    /// How its blobs are cut.
    pub fn layout(&self) -> Layout {
        self.layout
    }
}
