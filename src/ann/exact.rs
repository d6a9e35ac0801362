//! The reference: every query against every window.
use std::ops::RangeInclusive;

use super::{
    hit::Hit,
    part::Part,
    scan::{Gathered, Scan},
};
use crate::{
    error::Result,
    store::{Store, TrackId},
};

/// The `k` nearest windows of each of `queries` (n x dims) among all windows. Passes over the file once, with memory for a
/// few blocks.
///
/// # Errors
/// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if a block makes no sense.
///
/// # Panics
/// If `queries` is not a whole number of vectors.
pub fn nearest(store: &Store, queries: &[i8], k: usize) -> Result<Vec<Vec<Hit>>> {
    let dims = store.params().window_dims;
    assert_eq!(queries.len() % dims, 0, "queries of {dims} values");
    let mut scan = Scan::new(queries, dims, k);
    scan_tracks(&Part::alone(store, None), Store::ALL_TRACKS, None, &mut scan)?;
    Ok(scan.into_hits())
}

/// Compares all queries with the windows of `tracks` of a file, except those of the `excluded` track and of hidden ones.
pub(super) fn scan_tracks(
    part: &Part<'_>,
    tracks: RangeInclusive<TrackId>,
    excluded: Option<TrackId>,
    scan: &mut Scan,
) -> Result<()> {
    let mut gathered = Gathered::default();
    part.store.windows(tracks, |track, block| {
        let track = part.track(track);
        if excluded == Some(track) || !part.shows(track.0) {
            return Ok(());
        }
        gathered.gather(block.vectors(), (0..block.len()).map(|i| (track.0, block.position(i))));
        if gathered.is_full() {
            part.store.check_cancelled()?;
            scan.offer_to_all(&mut gathered);
        }
        Ok(())
    })?;
    part.store.check_cancelled()?;
    scan.offer_to_all(&mut gathered);
    Ok(())
}
