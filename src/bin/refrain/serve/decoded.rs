//! Tracks that no browser plays, decoded to WAV. A few are kept, because a player asks for one part after the other.
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use tempfile::NamedTempFile;
use tokio::sync::OnceCell;

/// How many decoded tracks are kept on the disk.
const KEPT: usize = 4;

/// What is decoded: a file, and when it was written.
pub type Key = (PathBuf, u64, Option<SystemTime>);

/// The decoded track, once there is one.
pub type Cell = Arc<OnceCell<Arc<NamedTempFile>>>;

/// The tracks that were decoded last, the latest at the end.
#[derive(Default)]
pub struct DecodedFiles(Mutex<Vec<(Key, Cell)>>);

impl DecodedFiles {
    /// The entry of a file. The oldest one goes if there are too many.
    pub fn cell(&self, key: Key) -> Cell {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| *known == key);
        let entry = at.map_or_else(|| (key, Cell::default()), |at| kept.remove(at));
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        let cell = Arc::clone(&entry.1);
        kept.push(entry);
        cell
    }

    /// Decoding has failed.
    pub fn forget(&self, cell: &Cell) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, kept)| !Arc::ptr_eq(kept, cell));
    }
}
