//! Putting windows that were added since into the lists that there are.

use super::kmeans::{ASSIGN, Centroids};
use crate::cancel::CancelToken;
use crate::{
    Result, failpoint,
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
        failpoint::pass("append");
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        ann::{self, Options},
        failpoint,
        fingerprint::Fingerprint,
        params::CURRENT,
        store::TrackRecord,
    };

    fn add(store: &mut Store, tracks: std::ops::Range<u32>) {
        let mut random = fastrand::Rng::with_seed(tracks.start.into());
        for n in tracks {
            let positions: Vec<u32> = (0..50).collect();
            let windows = std::iter::repeat_with(|| random.i8(..))
                .take(positions.len() * CURRENT.window_dims)
                .collect();
            let frames = vec![0; 50 * CURRENT.frame_bytes()];
            let print = Fingerprint { frames, positions, windows };
            store.write(|batch| batch.add_track(&TrackRecord::new(format!("/{n}")), &print)).unwrap();
        }
    }

    /// Its windows are assigned to lists already when a track goes.
    #[test]
    fn a_track_that_is_removed_during_an_append_is_not_appended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let mut store = Store::open_write(&file).unwrap();
        let go_on = CancelToken::new();
        let options =
            Options { least_windows: 1, most_unlisted: 1, centroids: Some(8), ..Options::default() };
        add(&mut store, 0..20);
        ann::build(&mut store, &options, &go_on).unwrap();
        add(&mut store, 20..25);
        failpoint::test::on("append", move || {
            let mut other = Store::open_write(&file).unwrap();
            other.write(|batch| batch.remove(Path::new("/22"))).unwrap();
        });
        let built = ann::build(&mut store, &options, &go_on).unwrap();
        assert!(!failpoint::test::is_waiting());
        assert_eq!(built, ann::Built::Updated { added: 200, dropped: 0 });
        assert_eq!(store.removed().unwrap(), [0; 0], "it was in no list yet");
        store.verify(&go_on).unwrap();
    }
}
