//! Putting windows that were added since into the lists that there are.

use super::kmeans::{ASSIGN, Centroids};
use crate::cancel::CancelToken;
use crate::{
    Result,
    store::{NeighbourIndex, Store, TrackId},
};

/// Windows that are put into lists in one transaction, about: memory for their vectors is needed at once.
const TOGETHER: u64 = 1 << 20;

/// Times that another process may be quicker before the rest is left to it.
const TRIES: usize = 3;

/// Puts the windows of all later tracks than the index's last into its lists, and gives how many. Each part is committed
/// on its own, so that what was done stays where `cancel` ends it.
pub(super) fn append(store: &mut Store, cancel: &CancelToken) -> Result<u64> {
    let go_on = super::go_on(cancel);
    let dims = store.params().window_dims;
    // Of the generation that they belong to.
    let mut centroids: Option<(i64, Centroids)> = None;
    let (mut added, mut overtaken) = (0, 0);
    while overtaken < TRIES {
        go_on()?;
        let snapshot = store.snapshot()?;
        let Some(index) = store.neighbour_index()? else { return Ok(added) };
        let now = store.census(index.census(), TrackId(u32::MAX), TOGETHER)?;
        if now.last == index.last_track {
            return Ok(added);
        }
        let (_, centroids) = match centroids.take().filter(|(of, _)| *of == index.generation) {
            Some(loaded) => centroids.insert(loaded),
            None => {
                let loaded = Centroids::new(store.centroids(index.centroid_count)?, dims);
                centroids.insert((index.generation, loaded))
            }
        };
        let (mut places, mut vectors) = (Vec::new(), Vec::new());
        store.windows(TrackId(index.last_track.0 + 1)..=now.last, |track, block| {
            go_on()?;
            places.extend((0..block.len()).map(|i| (track.0, block.position(i))));
            vectors.extend_from_slice(block.vectors());
            Ok(())
        })?;
        let windows = now.windows - index.window_count;
        if places.len() as u64 != windows {
            return Err(store.damaged(format!("{} windows, not {windows}", places.len())));
        }
        drop(snapshot);
        let mut lists = Vec::with_capacity(places.len());
        for part in vectors.chunks(ASSIGN * dims) {
            go_on()?;
            lists.extend(centroids.assign(part).into_iter().map(|(list, _)| list));
        }
        let mut order: Vec<u32> = (0..lists.len() as u32).collect();
        order.sort_by_key(|&window| lists[window as usize]);
        let done = store.write(|batch| {
            let store = batch.store();
            let same = store.neighbour_index()? == Some(index)
                && store.census(index.census(), now.last, u64::MAX)? == now;
            if !same {
                return Ok(false);
            }
            for of_list in order.chunk_by(|&a, &b| lists[a as usize] == lists[b as usize]) {
                let (mut at, mut of) = (Vec::new(), Vec::new());
                for &window in of_list {
                    at.push(places[window as usize]);
                    of.extend_from_slice(&vectors[window as usize * dims..][..dims]);
                }
                batch.extend_list(lists[of_list[0] as usize], &at, &of)?;
            }
            batch.put_neighbour_index(&NeighbourIndex {
                track_count: now.tracks,
                last_track: now.last,
                window_count: now.windows,
                stamp: now.stamp,
                ..index
            })?;
            Ok(true)
        })?;
        if done { added += windows } else { overtaken += 1 }
    }
    Ok(added)
}
