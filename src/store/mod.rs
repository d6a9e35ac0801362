//! The index file: one SQLite database that holds tracks, chroma frames, fingerprint windows and the neighbour index
//! derived from them. Its tables and blobs are described byte by byte in `schema/FORMAT.md`.
//!
//! ```
//! # #[cfg(feature = "unstable")] fn example() -> refrain::Result<()> {
//! use refrain::fingerprint::Fingerprint;
//! use refrain::store::{Store, TrackRecord};
//! use refrain::units::Seconds;
//!
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let file = folder.path().join("music.refrain");
//! let mut store = Store::open_write(&file)?;
//! let mut song = TrackRecord::new("song.flac");
//! song.duration = Seconds(180.0);
//! let id = store.write(|batch| batch.add_track(&song, &Fingerprint::default()))?;
//! store.close()?;
//!
//! let store = Store::open_read(&file)?;
//! assert_eq!(store.track(id)?.map(|t| t.record.path), Some(song.path));
//! # Ok(()) }
//! # #[cfg(feature = "unstable")] example().unwrap();
//! ```
//!
//! # Conventions
//!
//! - A track is a recording; a file is a place where it is stored. Byte-identical files are one track. A track's id is
//!   never used again. It stays when files move, are copied or get other tags. Other audio under the same path is
//!   another track.
//! - [`Store::track`] and [`Store::tracks`] skip tracks without a file. Builds keep such tracks until their end,
//!   because the content may turn up under another path.
//! - A writer uses write-ahead-log mode, and each [`Store::write`] is one `BEGIN IMMEDIATE` transaction. A clean
//!   [`Store::close`] (or drop) folds the log back, so that a finished index is one file. Two writers take turns, one
//!   transaction each. A writer that waits longer than [`BUSY_SECONDS`] gets [`IndexError::Busy`].
//! - Readers work beside a writer. Each call reads the last committed state; [`Store::snapshot`] holds one state for
//!   many calls.
//! - Only SQLite opens the file itself: closing another handle to it would drop SQLite's locks.
//!
//! # Limits
//!
//! A file may come from anywhere, so the store trusts nothing in it. Its schema must be the expected one. No trigger
//! and no view of the file runs. No value over 1 MiB is read from a row. Ids and lengths are checked before use. No
//! statement takes more steps than a file of that length can need. [`IndexError::Damaged`] reports a file that
//! contradicts itself. [`Store::open_read`] is cheap and checks the header and the schema only; [`Store::verify`] reads
//! everything.
//!
//! [`IndexError::Busy`]: crate::error::IndexError::Busy
//! [`IndexError::Damaged`]: crate::error::IndexError::Damaged
mod artists;
mod batch;
mod beside;
mod blob;
#[cfg(test)]
mod cancelled;
mod check;
mod compact;
mod database;
mod duplicates;
mod error;
mod files;
mod holder;
mod ids;
mod layout;
mod neighbours;
mod open;
mod pack;
mod path;
mod read;
mod records;
mod schema;
mod sections;
mod step_limit;
mod verify;
mod wal;
mod write;

pub use batch::Batch;
#[cfg(feature = "fuzzing")]
pub(crate) use blob::decode_any;
pub use blob::{PostingBlock, WindowBlock};
pub(crate) use blob::{encode_centroids, encode_links};
pub use database::{BUSY_SECONDS, Snapshot, Store};
pub use duplicates::{ComparedPair, DuplicateRow, StoredQuality, StoredSeed};
pub use ids::{ContentHash, TrackId};
pub use layout::Layout;
pub(crate) use neighbours::{Census, NeighbourIndex, centroids_checksum};
pub use records::{FileEntry, Known, Recognised, Root, Totals, Track, TrackRecord};
pub use schema::{APPLICATION_ID, FORMAT};
pub use step_limit::Cancellable;
pub(crate) use write::Put;

/// The version of the SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
