//! Tracks with the same content in several files. The first one stands for all, as in one file.
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use super::numbers::Numbers;
use crate::{
    ann::Hidden,
    error::Result,
    store::{ContentHash, Store, TrackId},
};

/// The contents of the tracks of several files, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    first: BTreeMap<ContentHash, u32>,
    /// The numbers of the tracks that a track stands for.
    pub others: BTreeMap<u32, Vec<u32>>,
}

impl Contents {
    /// Takes in the content of the track with this number. True if an earlier track has it.
    pub fn is_known(&mut self, hash: ContentHash, number: u32) -> bool {
        match self.first.entry(hash) {
            Entry::Vacant(entry) => {
                entry.insert(number);
                false
            }
            Entry::Occupied(entry) => {
                self.others.entry(*entry.get()).or_default().push(number);
                true
            }
        }
    }
}

/// Which tracks of several files have the same content.
#[derive(Debug, Default)]
pub(crate) struct SameContent {
    /// For each file, the tracks that an earlier one stands for.
    pub(super) hidden: Vec<Arc<Hidden>>,
    /// The numbers of the tracks that a track stands for.
    pub(super) others: BTreeMap<u32, Vec<u32>>,
}

impl SameContent {
    /// Compares the content of all tracks of several files.
    pub fn of(stores: &[&Store]) -> Result<Self> {
        let numbers = Numbers::of(stores.len());
        let mut contents = Contents::default();
        let mut hidden = Vec::with_capacity(stores.len());
        for (file, store) in stores.iter().enumerate() {
            let _snapshot = store.snapshot()?;
            let indexed = store.neighbour_index()?.map(|index| index.last_track);
            let mut of_file = Hidden::default();
            // No file has the same content twice.
            let mut again: Vec<TrackId> = Vec::new();
            store.contents(|hash, id| {
                if !numbers.has(id) {
                    return Err(store.damaged(format!("track {} has too high a number", id.0)));
                }
                if contents.is_known(hash, numbers.first(file) + id.0) {
                    again.push(id);
                }
                Ok(())
            })?;
            again.sort_unstable();
            for id in again {
                of_file.tracks.push(numbers.first(file) + id.0);
                if indexed.is_some_and(|last| id <= last) {
                    of_file.windows += store.track(id)?.map_or(0, |track| u64::from(track.windows));
                }
            }
            hidden.push(Arc::new(of_file));
        }
        Ok(Self { hidden, others: contents.others })
    }
}
