//! Which of the tracks that came last are in the library already.
use rayon::prelude::*;

use super::{
    candidates::of_tracks,
    link::{Compared, Link},
    relation::Relation,
    seed::Pair,
    sound::Sound,
};
use crate::{
    cancel::CancelToken,
    error::Result,
    store::{Store, TrackId},
};

/// Pairs that are compared in one go. Bounds the memory.
const TOGETHER: usize = 128;

/// For each track after `since` that holds a recording of an earlier track: the nearest of the links to these, from the earlier
/// track to the new one, in order of the new ones.
///
/// # Errors
/// Those of the index; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn newcomers(store: &Store, since: TrackId, cancel: &CancelToken) -> Result<Vec<Link>> {
    let _cancellable = store.cancellable(cancel);
    let _snapshot = store.snapshot()?;
    let mut new = Vec::new();
    store.window_counts(|track, _| {
        new.extend((track > since).then_some(track));
        Ok(())
    })?;
    let mut pairs = of_tracks(store, &new, cancel)?;
    pairs.retain(|pair| pair.one <= since);
    let mut links: Vec<Link> = Vec::new();
    for some in pairs.chunks(TOGETHER) {
        cancel.check()?;
        let read = |pair: &Pair| Ok((Sound::read(store, pair.one)?, Sound::read(store, pair.two)?));
        let sounds: Vec<(Sound, Sound)> = some.iter().map(read).collect::<Result<_>>()?;
        let link = |(pair, (one, two)): (&Pair, &(Sound, Sound))| {
            Compared::new(one, two, &pair.seeds).into_link(pair.one, pair.two)
        };
        let found: Vec<Option<Link>> = some.par_iter().zip(&sounds).map(link).collect();
        links.extend(found.into_iter().flatten());
    }
    links.retain(|link| link.relation != Relation::SharedBacking);
    links.sort_by_key(|link| (link.two, link.relation, link.one));
    links.dedup_by_key(|link| link.two);
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        duplicates::fixture::{Music, print},
        store::TrackRecord,
    };

    #[test]
    fn a_new_copy_is_told_with_what_it_is_a_copy_of() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        for (n, (number, from)) in
            [(1, 0.0), (2, 0.0), (1, 0.4), (3, 0.0), (2, 0.3), (3, 0.3)].into_iter().enumerate()
        {
            let print = print(&Music(number).frames(from, 1.0, 300));
            store.write(|batch| batch.add_track(&TrackRecord::new(format!("/{n}")), &print)).unwrap();
        }
        let told = |since: u32| -> Vec<(u32, u32)> {
            let links = newcomers(&store, TrackId(since), &CancelToken::new()).unwrap();
            links.iter().map(|link| (link.two.0, link.one.0)).collect()
        };
        assert_eq!(told(0), []);
        assert_eq!(told(2), [(3, 1), (5, 2)], "tracks 4 and 6 are new, both");
        assert_eq!(told(4), [(5, 2), (6, 4)]);
        assert_eq!(told(6), []);
        let cancel = CancelToken::new();
        cancel.cancel();
        assert!(newcomers(&store, TrackId(2), &cancel).is_err());
    }
}
