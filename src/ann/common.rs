//! Centroids that several index files have in common, so that they answer like one file.
//!
//! A file that is given centroids keeps them, however many windows it has, and all of its windows are in lists. The lists of
//! such a file are the part of the lists of one file that has the same centroids and all tracks.
use super::{
    MIN_WINDOWS,
    generation::usable_index,
    graph::{self, Graph},
    kmeans::{self, Centroids as Vectors},
    maintain::{OTHERS, keep, next_generation},
    options::Built,
    train::{self, MAX_CENTROIDS, ROUNDS, SAMPLE, centroid_count_for, fill},
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    params::CURRENT,
    store::{NeighbourIndex, Store, centroids_checksum},
};

/// Centroids of a library with fewer than [`MIN_WINDOWS`] windows. One index file with all of its tracks has none, and a search
/// compares all windows. So few centroids cost little, and each search reads the lists of all of them.
const FEW: usize = 4;

/// Centroids that several index files have in common: see [`Index::set_centroids`](crate::Index::set_centroids).
#[derive(Debug)]
pub struct Centroids {
    parameter_set: u32,
    vectors: Vectors,
    graph: Graph,
}

impl Centroids {
    /// Trains the centroids that one index with all tracks has. For a library that is so small that one index has none, trains a
    /// few. Then a search finds what it finds in one index.
    ///
    /// `sample` holds the samples of all files, one after another in the order of their tracks, as
    /// [`Index::sample_windows`](crate::Index::sample_windows) returns them. `windows` is how many windows all files have
    /// together. The same sample gives the same centroids on every machine, with any number of threads. `None` if there is no
    /// window.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn train(sample: &[i8], windows: u64, cancel: &CancelToken) -> Result<Option<Self>> {
        let dims = CURRENT.window_dims;
        let sample = &sample[..sample.len() - sample.len() % dims];
        if sample.is_empty() {
            return Ok(None);
        }
        let count = if windows < MIN_WINDOWS { FEW } else { count_for(windows) };
        Self::of(sample, count.min(sample.len() / dims), cancel).map(Some)
    }

    /// Trains so many centroids of the windows of a sample.
    pub(crate) fn of(sample: &[i8], count: usize, cancel: &CancelToken) -> Result<Self> {
        let dims = CURRENT.window_dims;
        let vectors = kmeans::train(sample, dims, count, ROUNDS, cancel)?;
        let graph = graph::build(&vectors, cancel)?;
        Ok(Self { parameter_set: CURRENT.id, vectors, graph })
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// The BLAKE3 hash of all vectors, one after another.
    pub fn checksum(&self) -> [u8; 32] {
        centroids_checksum(&self.vectors.vectors)
    }
}

/// How many centroids suit a library of so many windows.
fn count_for(windows: u64) -> usize {
    let windows = usize::try_from(windows).unwrap_or(usize::MAX).max(1);
    centroid_count_for(windows).clamp(1, MAX_CENTROIDS.min(windows))
}

/// The windows of `store` that belong to the sample of a library of `total` windows, in which `before` windows come first.
pub fn sample(store: &Store, before: u64, total: u64, cancel: &CancelToken) -> Result<Vec<i8>> {
    let _cancellable = store.cancellable(cancel);
    let _snapshot = store.snapshot()?;
    let wanted = ((SAMPLE * count_for(total)) as u64).min(total);
    train::sample(store, before, total, wanted, cancel)
}

/// The centroids of `store`, if it has a usable index.
pub fn centroids(store: &Store) -> Result<Option<Centroids>> {
    let _snapshot = store.snapshot()?;
    let Some(index) = usable_index(store)? else { return Ok(None) };
    let vectors = Vectors::new(store.centroids(index.centroid_count)?, store.params().window_dims);
    if let Some(given) = store.given_centroids()?
        && given != centroids_checksum(&vectors.vectors)
    {
        return Err(store.damaged(OTHERS));
    }
    let links = (0..index.centroid_count).map(|centroid| store.links(centroid)).collect::<Result<_>>()?;
    let NeighbourIndex { entry, entry_level, graph_complete: complete, .. } = index;
    let graph = Graph { links, entry, entry_level, complete };
    Ok(Some(Centroids { parameter_set: index.parameter_set, vectors, graph }))
}

/// Gives `store` these centroids, and makes lists of all windows for them. Does only what is missing if the file has them
/// already.
pub fn set(store: &mut Store, centroids: &Centroids, cancel: &CancelToken) -> Result<Built> {
    let (found, expected) = (centroids.parameter_set, store.params().id);
    if found != expected {
        return Err(Error::Index {
            path: store.path().to_path_buf(),
            reason: IndexError::Parameters { found, expected },
        });
    }
    let _cancellable = store.cancellable(cancel);
    let checksum = centroids.checksum();
    if store.given_centroids()? == Some(checksum) {
        return keep(store, false, cancel);
    }
    let generation = next_generation(store)?;
    fill(store, (&centroids.vectors, &centroids.graph), Some(&checksum), generation, cancel)
}
