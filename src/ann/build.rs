//! Keeping the neighbour index up to date: which of it has to be made, and how much.

use super::{append::append, train};
use crate::cancel::CancelToken;
use crate::{
    Result,
    error::{Error, IndexError},
    store::{Census, NeighbourIndex, Store, TrackId},
};

/// From so many windows on an index is worth its room; below, looking at all of them is as fast.
pub const LEAST_WINDOWS: u64 = 300_000;
/// So many windows that are in no list yet are looked at one by one: some 350 tracks.
pub const MOST_UNLISTED: u64 = 100_000;

/// How to build.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Nothing is built for fewer windows.
    pub least_windows: u64,
    /// Windows that may be in no list before they are put into those that there are.
    pub most_unlisted: u64,
    /// How many centroids, instead of as many as suit the number of windows.
    pub centroids: Option<usize>,
    /// Build even where the present index is good enough.
    pub force: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { least_windows: LEAST_WINDOWS, most_unlisted: MOST_UNLISTED, centroids: None, force: false }
    }
}

/// What `build` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Built {
    /// Too few windows for an index; an old one was dropped.
    TooFew,
    /// The present index is good enough.
    Fresh,
    /// The present index was brought up to date.
    Updated {
        /// Windows that were put into its lists.
        added: u64,
        /// Windows of tracks that are gone, which were taken out.
        dropped: u64,
    },
    /// A new one, with so many centroids over so many windows.
    New {
        /// Centroids.
        centroids: u32,
        /// Windows.
        windows: u64,
    },
}

/// Brings the neighbour index up to date where the library is large enough for one. What was added since goes into its
/// lists once it is more than [`Options::most_unlisted`] windows; tracks that are gone are taken out once they are a
/// fifth of all. There is a new one, with new centroids, where there is none, where the lists are damaged, and each time the
/// library has grown fourfold or shrunk to a tenth or so. Readers keep the old one until the new one is committed. The same
/// steps give the same index.
///
/// Where nothing is to be done that is found out from the rows of what was added: what else is wrong with the index
/// [`Store::verify`] tells. `cancel` is looked at often; memory stays within some 300 MiB plus 2 bytes a window.
///
/// # Errors
/// [`Error::Interrupted`], [`IndexError::Busy`] where tracks were removed meanwhile, and what SQLite says.
pub fn build(store: &mut Store, options: &Options, cancel: &CancelToken) -> Result<Built> {
    let old = store.neighbour_index()?;
    let least = options.least_windows.max(1);
    if store.windows_up_to(least)? < least {
        if old.is_some() {
            store.write(|batch| batch.clear_neighbours())?;
        }
        return Ok(Built::TooFew);
    }
    if let Some(index) = old.filter(|index| !options.force && super::usable(store, index))
        && !outgrown(store, &index, options)?
        && let Some(built) = update(store, index, options.most_unlisted, true, cancel)?
    {
        return Ok(built);
    }
    train::train(store, options, old.map_or(0, |index| index.generation).wrapping_add(1), cancel)
}

/// Puts what was added into the lists where that is due, and does nothing else: for who adds track by track.
///
/// # Errors
/// As [`build`].
pub fn catch_up(store: &mut Store, options: &Options, cancel: &CancelToken) -> Result<()> {
    match store.neighbour_index()?.filter(|index| super::usable(store, index)) {
        Some(index) => update(store, index, options.most_unlisted, false, cancel).map(|_| ()),
        None => Ok(()),
    }
}

/// Whether other centroids are due: twice as many as there are, or a quarter.
fn outgrown(store: &Store, index: &NeighbourIndex, options: &Options) -> Result<bool> {
    let count = index.centroid_count as usize;
    if let Some(wanted) = options.centroids {
        return Ok(wanted != count);
    }
    let now = store.census(index.census(), TrackId(u32::MAX), u64::MAX)?;
    let suited = train::suited(usize::try_from(now.windows).unwrap_or(usize::MAX));
    Ok(suited > count || 4 * suited <= count)
}

/// Brings the index up to date as it is, of what was removed too if `thins`; nothing where it cannot be.
fn update(
    store: &mut Store,
    index: NeighbourIndex,
    most_unlisted: u64,
    thins: bool,
    cancel: &CancelToken,
) -> Result<Option<Built>> {
    let gone = store.removed()?.len() as u64;
    let now = store.census(index.census(), TrackId(u32::MAX), u64::MAX)?;
    let full = now.windows - index.window_count > most_unlisted;
    let thin = thins && gone > 0 && 5 * gone >= now.tracks;
    if !full && !thin {
        return Ok(Some(Built::Fresh));
    }
    // Without removals the tracks must be the very ones it was built from.
    if gone == 0 && store.census(Census::default(), index.last_track, u64::MAX)?.stamp != index.stamp {
        return Ok(None);
    }
    let go_on = super::go_on(cancel);
    let drop = |store: &mut Store| store.write(|batch| batch.drop_tombstones(&go_on));
    let done = if thin { drop(store) } else { Ok(0) }.and_then(|dropped| {
        Ok(Built::Updated { added: if full { append(store, cancel)? } else { 0 }, dropped })
    });
    match done {
        // Lists can be made anew; what they are made of is read again for it.
        Err(Error::Index { reason: IndexError::Damaged(_), .. }) => Ok(None),
        done => done.map(Some),
    }
}
