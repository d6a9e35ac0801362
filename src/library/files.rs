//! Index files that this process has open, as one library.
use std::sync::{Arc, OnceLock};

use super::{
    numbers::Numbers,
    same_content::SameContent,
    source::{Held, Library, Search, Stretch},
};
use crate::{
    ann::{Part, SearchCache, Searcher},
    cancel::CancelToken,
    error::Result,
    params::ParameterSet,
    store::{Cancellable, Snapshot, Store, TrackId},
};

/// An open file, and what its searches keep.
pub(crate) struct Opened<'s> {
    /// The file.
    pub store: &'s Store,
    /// Keeps its centroids.
    pub cache: Arc<SearchCache>,
}

/// The tracks of one file, or of several. At least one.
pub(crate) struct Files<'s> {
    files: Vec<Opened<'s>>,
    numbers: Numbers,
    same: Arc<SameContent>,
}

impl<'s> Files<'s> {
    /// The tracks of one file. They have the ids of the file.
    pub fn one(store: &'s Store, cache: &Arc<SearchCache>) -> Self {
        // Compared with no other file, none of its tracks is hidden.
        static NOTHING: OnceLock<Arc<SameContent>> = OnceLock::new();
        let same = NOTHING.get_or_init(Arc::default).clone();
        let opened = Opened { store, cache: cache.clone() };
        Self { files: vec![opened], numbers: Numbers::of(1), same }
    }

    /// The tracks of several files with one parameter set. `same` is what [`SameContent::of`] returns for them.
    pub fn several(files: Vec<Opened<'s>>, same: Arc<SameContent>) -> Self {
        Self { numbers: Numbers::of(files.len()), files, same }
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let part = |(at, file): (usize, &Opened<'s>)| Part {
            store: file.store,
            cache: Some(file.cache.clone()),
            first: self.numbers.first(at),
            hidden: self.same.hidden.get(at).cloned().unwrap_or_default(),
        };
        self.files.iter().enumerate().map(part).collect()
    }

    fn store_of(&self, track: TrackId) -> (&'s Store, TrackId) {
        let (file, id) = self.numbers.place(track);
        (self.files[file.min(self.files.len() - 1)].store, id)
    }
}

impl Library for Files<'_> {
    fn params(&self) -> &ParameterSet {
        self.files[0].store.params()
    }

    fn searcher(&self, exact: bool) -> Box<dyn Search + '_> {
        Box::new(Searcher::over(self.parts()).exact(exact))
    }

    fn windows_up_to(&self, max: u64) -> Result<u64> {
        let mut windows = 0;
        for part in self.parts() {
            let hidden = |track: u32| part.hidden.tracks.binary_search(&(part.first + track)).is_ok();
            windows += part.store.windows_up_to(max - windows, |track| !hidden(track.0))?;
        }
        Ok(windows)
    }

    fn has_tracks(&self) -> Result<bool> {
        for file in &self.files {
            if file.store.has_tracks()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn frames(&self, stretch: &Stretch, packed: &mut Vec<u8>) -> Result<()> {
        let (store, id) = self.store_of(stretch.track);
        store.frames(id, stretch.frames.clone(), packed)
    }

    fn track(&self, track: TrackId) -> Result<Option<Held>> {
        let (store, id) = self.store_of(track);
        let Some(found) = store.track(id)? else { return Ok(None) };
        let mut held = Held { track: found, files: store.files(id)?, shard: None };
        if self.files.len() > 1 {
            for &other in self.same.others.get(&track.0).into_iter().flatten() {
                let (store, id) = self.store_of(TrackId(other));
                held.files.append(&mut store.files(id)?);
            }
            held.settle();
            held.shard = Some(store.path().to_owned());
        }
        Ok(Some(held))
    }

    fn hold(&self) -> Result<Vec<Snapshot<'_>>> {
        self.files.iter().map(|file| file.store.snapshot()).collect()
    }

    fn cancellable(&self, cancel: &CancelToken) -> Vec<Cancellable> {
        self.files.iter().map(|file| file.store.cancellable(cancel)).collect()
    }
}
