//! Files that are searched as one.
use std::sync::Arc;

use super::generation::SearchCache;
use crate::store::{Store, TrackId};

/// Tracks that a search leaves out, because an earlier file has the same content. Ascending, by their numbers among all files.
#[derive(Clone, Debug, Default)]
pub struct Hidden {
    /// The tracks.
    pub tracks: Vec<u32>,
    /// How many of their windows are in lists.
    pub windows: u64,
}

/// One of the files that are searched as one.
#[derive(Clone, Debug)]
pub struct Part<'s> {
    /// The file.
    pub store: &'s Store,
    /// Keeps its centroids for the next search.
    pub cache: Option<Arc<SearchCache>>,
    /// The number that its track 0 has among the tracks of all files.
    pub first: u32,
    /// Which of its tracks are left out.
    pub hidden: Arc<Hidden>,
}

impl<'s> Part<'s> {
    /// A file that is searched alone.
    pub fn alone(store: &'s Store, cache: Option<&Arc<SearchCache>>) -> Self {
        Self { store, cache: cache.cloned(), first: 0, hidden: Arc::default() }
    }

    /// The number among all files of track `track` of this file.
    pub(super) fn number(&self, track: u32) -> u32 {
        // A damaged file may name tracks that no file can have. They are no tracks of any file then.
        self.first.saturating_add(track)
    }

    /// Whether a search returns a track with this number among all files.
    pub(super) fn shows(&self, number: u32) -> bool {
        self.hidden.tracks.is_empty() || self.hidden.tracks.binary_search(&number).is_err()
    }

    /// The number of the track `id` of this file.
    pub(super) fn track(&self, id: TrackId) -> TrackId {
        TrackId(self.number(id.0))
    }
}
