//! A stored track as a query: no audio is needed to find what is like it.
use crate::{
    error::Result,
    store::{Store, TrackId},
    units::Frames,
};

/// The windows of a stored track, to be looked up with [`Searcher::nearest`](super::Searcher::nearest). Let the searcher
/// exclude the track, or it finds the same windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackWindows {
    /// The first frame of each window, ascending.
    pub positions: Vec<Frames>,
    /// Their vectors, one after another: the queries.
    pub vectors: Vec<i8>,
}

impl TrackWindows {
    /// Reads the windows of `track`, every `step`th one. None if there is no such track.
    ///
    /// # Errors
    /// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a block makes no sense, and what SQLite reports.
    ///
    /// # Panics
    /// If `step` is 0.
    pub fn read(store: &Store, track: TrackId, step: usize) -> Result<Self> {
        assert!(step > 0, "every 0th window");
        let dims = store.params().window_dims;
        let (mut windows, mut seen) = (Self::default(), 0);
        store.windows(track..=track, |_, block| {
            for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
                if (seen + i) % step == 0 {
                    windows.positions.push(Frames(block.position(i)));
                    windows.vectors.extend_from_slice(vector);
                }
            }
            seen += block.len();
            Ok(())
        })?;
        Ok(windows)
    }
}
