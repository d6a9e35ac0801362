//! Decides what has to be done to the index, and has it done.

use super::{
    generation::usable_index,
    graph,
    insert::insert,
    kmeans::Centroids,
    options::{Built, Options},
    train::{centroid_count_for, fill, train},
};
use crate::{
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    store::{Census, NeighbourIndex, Store, TrackId, centroids_checksum},
};

/// Brings the index up to date if the library is large enough for one:
///
/// - Inserts the windows of new tracks into the lists once there are more than [`Options::max_unindexed`].
/// - Takes removed tracks out of the lists once they are a fifth of all tracks.
/// - Trains a new index, with new centroids, if there is none, if the lists are damaged, or if the library has grown
///   fourfold or shrunk to about a tenth since the last training.
///
/// A file with given centroids keeps them, whatever its size, and has all windows in lists.
///
/// Readers use the old index until the new one is committed. The same steps give the same index.
///
/// To find out that there is nothing to do, this reads the rows of added tracks only. [`Store::verify`] finds damage in
/// the rest. `cancel` is checked often. Memory stays within about 300 MiB plus 2 bytes a window. k-means runs on threads of
/// its own, as many as the current rayon pool has, and never on that pool: a call may hold a lock that a task of the pool
/// waits for.
///
/// # Errors
/// [`Error::Interrupted`], [`IndexError::Busy`] if tracks were removed meanwhile, and what SQLite reports.
pub fn maintain(store: &mut Store, options: &Options, cancel: &CancelToken) -> Result<Built> {
    let _cancellable = store.cancellable(cancel);
    if store.given_centroids()?.is_some() {
        return keep(store, options.force, cancel);
    }
    let old = store.neighbour_index()?;
    let least = options.min_windows.max(1);
    if store.windows_up_to(least, |_| true)? < least {
        if old.is_some() {
            store.write(|batch| batch.clear_neighbours())?;
        }
        return Ok(Built::TooFew);
    }
    if !options.force
        && let Some(index) = usable_index(store)?
        && !needs_retraining(&index, &counted_with_new(store, &index)?, options)
        && let Some(built) = update(store, index, options.max_unindexed, true, cancel)?
    {
        return Ok(built);
    }
    train(store, options, old.map_or(0, |index| index.generation).wrapping_add(1), cancel)
}

/// Inserts new tracks into the lists if there are enough of them, and does nothing else. For callers that add track by
/// track.
///
/// # Errors
/// As [`maintain`].
pub fn catch_up(store: &mut Store, options: &Options, cancel: &CancelToken) -> Result<()> {
    let _cancellable = store.cancellable(cancel);
    let max_unindexed = if store.given_centroids()?.is_some() { 0 } else { options.max_unindexed };
    match usable_index(store)? {
        Some(index) => update(store, index, max_unindexed, false, cancel).map(|_| ()),
        None => Ok(()),
    }
}

/// What is wrong with a file that has other centroids than it was given.
pub(super) const OTHERS: &str = "its centroids are not those that it was given";

/// Brings the lists of a file with given centroids up to date. Makes them anew if `force`, or if they cannot be updated.
pub(super) fn keep(store: &mut Store, force: bool, cancel: &CancelToken) -> Result<Built> {
    if !force
        && let Some(index) = usable_index(store)?
        // No window may be outside of the lists: another file would have it in a list.
        && let Some(built) = update(store, index, 0, true, cancel)?
    {
        return Ok(built);
    }
    // A damaged row does not matter: the vectors say how many there are.
    let centroids = Centroids::new(store.all_centroids()?, store.params().window_dims);
    let given = store.given_centroids()?;
    if centroids.len() == 0 || given != Some(centroids_checksum(&centroids.vectors)) {
        return Err(store.damaged(OTHERS));
    }
    let graph = graph::build(&centroids, cancel)?;
    let generation = next_generation(store).unwrap_or(1);
    fill(store, (&centroids, &graph), given.as_ref(), generation, cancel)
}

/// The number of the next generation.
pub(super) fn next_generation(store: &Store) -> Result<i64> {
    Ok(store.neighbour_index()?.map_or(0, |index| index.generation).wrapping_add(1))
}

/// The tracks of the index and those that were added since.
fn counted_with_new(store: &Store, index: &NeighbourIndex) -> Result<Census> {
    store.census(index.census(), TrackId(u32::MAX), u64::MAX)
}

/// Whether the centroids must be retrained: `now` suits at least twice as many as there are, or at most a quarter. So the
/// library has grown fourfold or shrunk to about a tenth.
fn needs_retraining(index: &NeighbourIndex, now: &Census, options: &Options) -> bool {
    let count = index.centroid_count as usize;
    if let Some(wanted) = options.centroids {
        return wanted != count;
    }
    let suitable = centroid_count_for(usize::try_from(now.windows).unwrap_or(usize::MAX));
    suitable > count || 4 * suitable <= count
}

/// Updates the index with the centroids that it has. Takes out removed tracks only if `thins`. `None` if that cannot be
/// done and the index must be made anew.
fn update(
    store: &mut Store,
    index: NeighbourIndex,
    max_unindexed: u64,
    thins: bool,
    cancel: &CancelToken,
) -> Result<Option<Built>> {
    let gone = store.removed()?.len() as u64;
    let now = counted_with_new(store, &index)?;
    let full = now.windows - index.window_count > max_unindexed;
    let thin = thins && gone > 0 && 5 * gone >= now.tracks;
    if !full && !thin {
        return Ok(Some(Built::Fresh));
    }
    // Without removals the tracks must be the very ones that the index was made from.
    if gone == 0 && store.census(Census::default(), index.last_track, u64::MAX)?.stamp != index.stamp {
        return Ok(None);
    }
    let drop = |store: &mut Store| store.write(|batch| batch.drop_tombstones(&|| cancel.check()));
    let done = if thin { drop(store) } else { Ok(0) }.and_then(|dropped| {
        Ok(Built::Updated { added: if full { insert(store, cancel)? } else { 0 }, dropped })
    });
    match done {
        // Damaged lists can be made anew, because training reads all windows again.
        Err(Error::Index { reason: IndexError::Damaged(_), .. }) => Ok(None),
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centroids_are_retrained_at_twice_or_a_quarter_of_what_suits() {
        let index = |centroid_count| NeighbourIndex {
            generation: 1,
            parameter_set: 1,
            track_count: 1,
            last_track: TrackId(1),
            window_count: 1,
            stamp: 0,
            centroid_count,
            entry: 0,
            entry_level: 0,
            graph_complete: true,
        };
        let needs = |count, windows, options| {
            needs_retraining(&index(count), &Census { windows, ..Census::default() }, &options)
        };
        // 8 times the root of the windows is nearest to 512 from 2,048 (excluded) to 8,192 windows.
        for (count, windows, expected) in [
            (512, 4000, false),
            (512, 8100, false),
            (512, 8300, true),
            (512, 2100, false),
            // 256 suit: half of the present number will do.
            (512, 600, false),
            // 128 suit.
            (512, 500, true),
            (1 << 16, u64::MAX, false),
        ] {
            assert_eq!(needs(count, windows, Options::default()), expected, "{count} for {windows}");
        }
        let wanted = |count| Options::default().centroids(Some(count));
        assert!(
            !needs(512, 1, wanted(512)) && needs(512, 4000, wanted(511)) && needs(512, 4000, wanted(513))
        );
    }
}
