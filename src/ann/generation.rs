//! One generation of the index in memory.
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::kmeans::Centroids;
use crate::{
    error::Result,
    store::{NeighbourIndex, Store, centroids_checksum},
};

/// The index of `store`, unless there is none or it was not made for what is stored beside it.
pub(super) fn usable_index(store: &Store) -> Result<Option<NeighbourIndex>> {
    Ok(store.neighbour_index()?.filter(|index| is_usable(index, store.params().id)))
}

/// Whether an index can be used on fingerprints of `parameter_set`.
fn is_usable(index: &NeighbourIndex, parameter_set: u32) -> bool {
    index.parameter_set == parameter_set
        && (1..=1 << 16).contains(&index.centroid_count)
        && index.entry < index.centroid_count
}

/// What all searches of one index share.
#[derive(Debug)]
pub(super) struct Generation {
    pub index: NeighbourIndex,
    pub centroids: Centroids,
    checksum: OnceLock<[u8; 32]>,
}

impl Generation {
    pub fn load(store: &Store, index: NeighbourIndex) -> Result<Self> {
        let centroids = Centroids::new(store.centroids(index.centroid_count)?, store.params().window_dims);
        Ok(Self { index, centroids, checksum: OnceLock::new() })
    }

    /// The hash of the centroids.
    pub fn checksum(&self) -> [u8; 32] {
        *self.checksum.get_or_init(|| centroids_checksum(&self.centroids.vectors))
    }
}

/// Keeps the centroids of one index in memory (at most 65,536 vectors), so that searches need not read them again.
///
/// Share one among all searches of a file, also on several threads and connections. A search that meets another
/// generation of the index loads that one, which then takes the place of the old one.
#[derive(Debug, Default)]
pub struct SearchCache {
    held: Mutex<Option<Arc<Generation>>>,
}

impl SearchCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The generation that `index` of `store` belongs to. Loads it unless it is the one in memory.
    pub(super) fn generation(&self, store: &Store, index: NeighbourIndex) -> Result<Arc<Generation>> {
        let held = self.lock().clone();
        if let Some(held) = held
            && held.index == index
            // Another file may have come under the same path. Its row may be the same by chance, but its centroids are
            // not.
            && held.centroids.vectors.starts_with(&store.first_centroids()?)
        {
            return Ok(held);
        }
        // The lock is free meanwhile, so other searches go on. Two may load the same generation; the last one stays.
        let loaded = Arc::new(Generation::load(store, index)?);
        *self.lock() = Some(loaded.clone());
        Ok(loaded)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Generation>>> {
        // The lock is held for an assignment only, which leaves no half-done state.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
