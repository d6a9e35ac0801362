//! Sections of tracks that came into the index before there were any.
use crate::{
    cancel::CancelToken,
    error::Result,
    fingerprint::sections_of,
    ordered::{Sink, in_order},
    store::{Store, TrackId},
    units::Frames,
};

/// Tracks whose sections are computed beside each other and written in one transaction; fewer if their frames take more than
/// so many bytes: ten tracks of an hour.
const TOGETHER: usize = 64;
const MAX_BYTES: usize = 6 << 20;

/// Computes the sections of all tracks that have none out of their stored frames, then with `anew` those of all others again.
/// Returns how many tracks that were. Calls `progress` with how many are done and how many there are, before each batch and at
/// the end.
///
/// # Errors
/// What reading and writing the index gives; those of `progress`; [`Error::Interrupted`](crate::error::Error::Interrupted). What
/// was written by then stays, and no track loses the sections that it had. So the next call goes on with the tracks that have none.
pub fn fill(
    store: &mut Store,
    anew: bool,
    cancel: &CancelToken,
    mut progress: impl FnMut(u64, u64) -> Result<()>,
) -> Result<u64> {
    let _cancellable = store.cancellable(cancel);
    let mut tracks = store.tracks_for_sections(false)?;
    if anew {
        tracks.extend(store.tracks_for_sections(true)?);
    }
    let total = tracks.len() as u64;
    let mut left = &tracks[..];
    while !left.is_empty() {
        progress(total - left.len() as u64, total)?;
        left = &left[batch(store, left, cancel)?..];
    }
    progress(total, total)?;
    store.write(|batch| {
        if anew {
            batch.drop_lost_sections()?;
        }
        batch.note_sections()
    })?;
    Ok(total)
}

/// Computes and writes the sections of the first of these tracks, and returns of how many.
fn batch(store: &mut Store, tracks: &[TrackId], cancel: &CancelToken) -> Result<usize> {
    let (mut frames, mut bytes) = (Vec::new(), 0);
    for &track in tracks.iter().take(TOGETHER) {
        if bytes >= MAX_BYTES {
            break;
        }
        cancel.check()?;
        let mut packed = Vec::new();
        store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
        bytes += packed.len();
        frames.push(packed);
    }
    let params = *store.params();
    let mut computed = Computed { all: Vec::with_capacity(frames.len()), cancel };
    let threads = (rayon::current_num_threads(), "sections");
    let work = |number: usize, _: &CancelToken| sections_of(&frames[number], &params);
    in_order(threads, frames.len(), frames.len(), work, &mut computed)?;
    store.write(|batch| {
        let mut of_each = tracks.iter().zip(&computed.all);
        of_each.try_for_each(|(&track, sections)| batch.put_sections(track, sections))
    })?;
    Ok(frames.len())
}

/// The sections of the tracks of a batch.
struct Computed<'a> {
    all: Vec<Vec<i8>>,
    cancel: &'a CancelToken,
}

impl Sink<Vec<i8>> for Computed<'_> {
    fn take(&mut self, _: usize, sections: Vec<i8>) -> Result<()> {
        self.all.push(sections);
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        self.cancel.check()
    }
}
