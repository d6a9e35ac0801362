//! Sections of tracks that came into the index before there were any.
use crate::{
    cancel::CancelToken,
    error::Result,
    fingerprint::{SECTION_SECONDS, sections_of},
    params::ParameterSet,
    store::{Store, TrackId},
    units::Frames,
};

/// Tracks whose sections are written in one transaction.
const TOGETHER: usize = 64;

/// The frames of the shortest track with a section.
fn least(params: &ParameterSet) -> usize {
    (SECTION_SECONDS / params.frame_seconds().0).ceil() as usize
}

/// Whether there are tracks without sections that should have some.
///
/// # Errors
/// What reading the index gives.
pub fn lacks(store: &Store) -> Result<bool> {
    Ok(!store.without_sections(None, least(store.params()), 1, false)?.is_empty())
}

/// Computes the sections of all tracks that have none out of their stored frames, and returns how many there were. `anew`
/// computes those of all tracks again.
///
/// # Errors
/// What reading and writing the index gives; [`Error::Interrupted`](crate::error::Error::Interrupted). What was written by then
/// stays, and no track loses the sections that it had.
pub fn fill(store: &mut Store, anew: bool, cancel: &CancelToken) -> Result<u64> {
    let _cancellable = store.cancellable(cancel);
    let params = *store.params();
    let (mut after, mut done): (Option<TrackId>, u64) = (None, 0);
    loop {
        cancel.check()?;
        let tracks = store.without_sections(after, least(&params), TOGETHER, anew)?;
        let Some(&last) = tracks.last() else { break };
        let mut all = Vec::with_capacity(tracks.len());
        let mut packed = Vec::new();
        for &track in &tracks {
            cancel.check()?;
            store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
            all.push((track, sections_of(&packed, &params)));
        }
        store.write(|batch| {
            all.iter().try_for_each(|(track, sections)| batch.put_sections(*track, sections))
        })?;
        (after, done) = (Some(last), done + tracks.len() as u64);
    }
    if anew {
        store.write(|batch| batch.drop_lost_sections())?;
    }
    Ok(done)
}
