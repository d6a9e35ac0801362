//! What a shard replies to a request.
use std::sync::Arc;

use super::message::{Nearest, Request, frames_bytes, hits_bytes, tracks_bytes};
use crate::{
    ann::{Hidden, Hit, Part, SearchCache, Searcher},
    error::{Error, IndexError, Result},
    library::{Files, Library, Stretch},
    store::{Store, TrackId},
    units::Frames,
};

/// A shard's file while it replies.
pub(super) struct Replying<'s> {
    pub store: &'s Store,
    pub cache: &'s Arc<SearchCache>,
    /// The tracks that an earlier shard stands for.
    pub hidden: Arc<Hidden>,
}

impl Replying<'_> {
    pub fn reply(&self, request: &Request) -> Result<Vec<u8>> {
        Ok(match request {
            Request::Nearest(wanted) => hits_bytes(&self.nearest(wanted)?),
            Request::Frames(wanted) => frames_bytes(&self.frames(wanted)?),
            Request::Tracks(wanted) => {
                let files = Files::one(self.store, self.cache);
                let held = wanted.iter().map(|track| files.track(*track)).collect::<Result<Vec<_>>>()?;
                tracks_bytes(&held)
            }
        })
    }

    pub fn nearest(&self, wanted: &Nearest) -> Result<Vec<Vec<Hit>>> {
        let dims = self.store.params().window_dims;
        let part = Part {
            store: self.store,
            cache: Some(self.cache.clone()),
            first: 0,
            hidden: self.hidden.clone(),
        };
        let mut searcher = Searcher::over(vec![part]).exact(wanted.centroids.is_none());
        if let Some(excluded) = wanted.excluded {
            searcher = searcher.excluding(TrackId(excluded));
        }
        let fits = wanted.vectors.len().is_multiple_of(dims)
            && (wanted.centroids.is_none() || wanted.lists.len() == wanted.vectors.len() / dims);
        if !fits || searcher.centroids()? != wanted.centroids {
            return Err(self.refuse("it was asked for lists that it does not have"));
        }
        searcher.nearest_in(&wanted.vectors, wanted.k as usize, &wanted.lists, wanted.unlisted)
    }

    pub fn frames(&self, wanted: &[(TrackId, u32, u32)]) -> Result<Vec<Vec<u8>>> {
        let files = Files::one(self.store, self.cache);
        let read = |&(track, from, to): &(TrackId, u32, u32)| {
            let mut packed = Vec::new();
            files.frames(&Stretch { track, frames: Frames(from)..Frames(to) }, &mut packed)?;
            Ok(packed)
        };
        wanted.iter().map(read).collect()
    }

    pub fn refuse(&self, why: &str) -> Error {
        Error::Index { path: self.store.path().to_owned(), reason: IndexError::Shard(why.to_owned()) }
    }
}
