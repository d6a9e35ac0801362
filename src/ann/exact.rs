//! The reference: every window against every query.
use std::ops::RangeInclusive;

use super::{Hit, scan::Scan};
use crate::{
    Result,
    store::{Store, TrackId},
};

/// The `k` nearest windows of each of `queries` (n x dims), found by looking at all of them. One pass over the file,
/// memory for a few blocks.
///
/// # Errors
/// [`IndexError::Damaged`](crate::error::IndexError::Damaged) where a block makes no sense.
///
/// # Panics
/// Where `queries` is not a whole number of vectors.
pub fn nearest(store: &Store, queries: &[i8], k: usize) -> Result<Vec<Vec<Hit>>> {
    let dims = store.params().window_dims;
    assert_eq!(queries.len() % dims, 0, "queries of {dims} values");
    let mut scan = Scan::new(queries, dims, k);
    windows(store, Store::ALL_TRACKS, &mut scan)?;
    Ok(scan.into_hits())
}

/// Scans the windows of some tracks for all queries.
pub(super) fn windows(store: &Store, tracks: RangeInclusive<TrackId>, scan: &mut Scan) -> Result<()> {
    store.windows(tracks, |track, block| {
        scan.gather(block.vectors(), |i| (track.0, block.position(i)));
        if scan.is_full() {
            scan.offer_to_all();
        }
        Ok(())
    })?;
    scan.offer_to_all();
    Ok(())
}
