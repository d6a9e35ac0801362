//! Calls that tell which new tracks are in the library already.
use super::handle::Index;
#[cfg(doc)]
use crate::error::Error;
use crate::{
    cancel::CancelToken,
    duplicates::{Relation, newcomers},
    error::Result,
    store::TrackId,
};

/// A new track that the library held already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Newcomer {
    /// The new track.
    pub id: TrackId,
    /// The track that was there.
    pub known: TrackId,
    /// What the new track is to it.
    pub relation: Relation,
}

impl Index {
    /// The id of the track that was added last; 0 if there is none.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read.
    pub fn last_track(&self) -> Result<TrackId> {
        let store = self.only()?.reader()?;
        let mut last = TrackId(0);
        store.window_counts(|track, _| {
            last = last.max(track);
            Ok(())
        })?;
        Ok(last)
    }

    /// Which tracks with an id above `since` hold the recording of an earlier track. A new track takes some hundredths of a
    /// second. Tracks that only share a backing do not count, and neither do files whose bytes were known: they add no track.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read; [`Error::Interrupted`].
    pub fn newcomers(&self, since: TrackId, cancel: &CancelToken) -> Result<Vec<Newcomer>> {
        let links = newcomers(&*self.only()?.reader()?, since, cancel)?;
        let newcomer = |link: crate::duplicates::Link| Newcomer {
            id: link.two,
            known: link.one,
            relation: link.relation,
        };
        Ok(links.into_iter().map(newcomer).collect())
    }

    /// Remembers that two tracks are no duplicates, or with `not` false that they may be. [`Index::duplicates`] then puts
    /// them into no group together.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be written.
    pub fn set_not_duplicates(&self, one: TrackId, two: TrackId, not: bool) -> Result<()> {
        self.only()?.write(|store| store.write(|batch| batch.set_not_duplicates(one, two, not)))
    }
}
