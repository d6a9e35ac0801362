//! The reference: every query against every window.
use std::ops::RangeInclusive;

use super::{hit::Hit, scan::Scan};
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
    scan_tracks(store, Store::ALL_TRACKS, None, &mut scan)?;
    Ok(scan.into_hits())
}

/// Compares all queries with the windows of `tracks`, except those of the `excluded` track.
pub(super) fn scan_tracks(
    store: &Store,
    tracks: RangeInclusive<TrackId>,
    excluded: Option<TrackId>,
    scan: &mut Scan,
) -> Result<()> {
    store.windows(tracks, |track, block| {
        if excluded == Some(track) {
            return Ok(());
        }
        scan.gather(block.vectors(), |i| (track.0, block.position(i)));
        if scan.is_full() {
            store.check_cancelled()?;
            scan.offer_to_all();
        }
        Ok(())
    })?;
    store.check_cancelled()?;
    scan.offer_to_all();
    Ok(())
}
