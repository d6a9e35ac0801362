//! Pairs of tracks that may hold the same sound: those with windows near each other.
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{
    moved::Moved,
    near_pairs::NearPairs,
    probe,
    seed::{Diagonals, Pair, Seed},
};
use crate::{
    ann::{Asked, Further, Hit, Searcher, SelfJoin},
    cancel::CancelToken,
    error::Result,
    fingerprint::Fingerprint,
    params::ParameterSet,
    store::{Store, TrackId},
    units::Frames,
};

/// The most stored windows of a track that are looked up.
const PER_TRACK: u32 = 100;

/// How many windows near each one count: those of copies, and the track's own repeats.
const NEAREST: usize = 128;

/// The least cosine of two windows of the same sound: in a library, and between two tracks.
const MIN_COSINE: f32 = 0.6;
const MIN_COSINE_OF_TWO: f32 = 0.5;

/// Lists of the neighbour index in which each window of a new track is looked up.
const LISTS: usize = 2;

/// Tracks whose further windows are made in one go. Bounds the memory.
const TOGETHER: usize = 256;

/// The pairs of tracks in `store` that are worth a comparison, in order of their ids.
///
/// # Errors
/// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if rows make no sense; what SQLite reports;
/// [`Error::Io`](crate::error::Error::Io) if there is no room for temporary files;
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn candidates(store: &Store, cancel: &CancelToken) -> Result<Vec<Pair>> {
    let _snapshot = store.snapshot()?;
    let params = store.params();
    let mut windows: HashMap<u32, u32> = HashMap::new();
    let mut tracks = Vec::new();
    store.window_counts(|track, count| {
        windows.insert(track.0, count);
        tracks.push(track);
        Ok(())
    })?;
    let unit = params.projection.scale * params.projection.scale;
    let join = SelfJoin { per_track: PER_TRACK, nearest: NEAREST, min_dot: (MIN_COSINE * unit) as i32 };
    let further = tracks.chunks(TOGETHER).map(|some| {
        cancel.check()?;
        further(store, some)
    });
    let mut pairs = NearPairs::new();
    join.run(store, further, cancel, |found| {
        nearest_of_each(found)
            .try_for_each(|(asked, hit)| pairs.add(asked.track, hit.track, seed(params, asked, hit)))
    })?;
    worth_comparing(store, pairs, &windows, |_| true, cancel)
}

/// For each window that was looked up and each track near it, the nearest window. A track that repeats itself has more, but
/// the same sound is nearer than its repeats.
fn nearest_of_each(found: &[(Asked, Hit)]) -> impl Iterator<Item = &(Asked, Hit)> {
    found.chunk_by(|a, b| a.0 == b.0).flat_map(|hits| {
        // Hits come nearest first.
        let is_first = |n: usize| hits[..n].iter().all(|(_, before)| before.track != hits[n].1.track);
        hits.iter().enumerate().filter(move |&(n, _)| is_first(n)).map(|(_, hit)| hit)
    })
}

/// Pairs that are worth a comparison of these `tracks` with any other ones. Each is looked up in the lists of the neighbour
/// index.
///
/// # Errors
/// Those of [`candidates`].
pub(super) fn of_tracks(store: &Store, tracks: &[TrackId], cancel: &CancelToken) -> Result<Vec<Pair>> {
    if tracks.is_empty() {
        return Ok(Vec::new());
    }
    let params = store.params();
    let mut windows: HashMap<u32, u32> = HashMap::new();
    store.window_counts(|track, count| {
        windows.insert(track.0, count);
        Ok(())
    })?;
    let mut searcher = Searcher::new(store).nprobe(LISTS);
    let mut pairs = NearPairs::new();
    for &track in tracks {
        cancel.check()?;
        let print = store.fingerprint(track)?;
        let step = print.positions.len().div_ceil(PER_TRACK as usize).max(1);
        let mut asked = further(store, &[track])?;
        for (&position, vector) in
            print.positions.iter().zip(print.windows.chunks_exact(params.window_dims)).step_by(step)
        {
            asked.asked.push(Asked { track, position: Frames(position), semitones: 0 });
            asked.vectors.extend_from_slice(vector);
        }
        let hits = searcher.nearest(&asked.vectors, NEAREST)?;
        for (&asked, hits) in asked.asked.iter().zip(hits) {
            let near: Vec<(Asked, Hit)> = hits
                .into_iter()
                .filter(|hit| hit.track != track && params.projection.cosine(hit.dot) >= MIN_COSINE)
                .map(|hit| (asked, hit))
                .collect();
            for (asked, hit) in nearest_of_each(&near) {
                pairs.add(track, hit.track, seed(params, asked, hit))?;
            }
        }
    }
    // The other tracks have kept theirs already.
    let new: HashSet<TrackId> = tracks.iter().copied().collect();
    worth_comparing(store, pairs, &windows, |track| new.contains(&track), cancel)
}

fn seed(params: &ParameterSet, asked: &Asked, hit: &Hit) -> Seed {
    let weight = params.projection.cosine(hit.dot);
    Seed { one: asked.position.0, two: hit.position.0, semitones: asked.semitones, weight }
}

fn worth_comparing(
    store: &Store,
    pairs: NearPairs,
    windows: &HashMap<u32, u32>,
    keeps: impl Fn(TrackId) -> bool,
    cancel: &CancelToken,
) -> Result<Vec<Pair>> {
    let (mut pairs, others) = pairs.pairs(windows, store.params().window_hop as u32, keeps, cancel)?;
    pairs.extend(probe::agreeing(store, others, cancel)?);
    pairs.sort_unstable_by_key(|pair| (pair.one, pair.two));
    Ok(pairs)
}

/// Where two recordings have near windows: each window of one against each of the other. Calls `go_on` before each window of the
/// one.
///
/// # Errors
/// Those of `go_on`.
pub fn seeds_of(
    params: &ParameterSet,
    a: &Fingerprint,
    b: &Fingerprint,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<Vec<Seed>> {
    /// Whose windows are asked for does not matter here.
    const ONE: TrackId = TrackId(0);
    let dims = params.window_dims;
    let mut asked = Further::default();
    for (&position, window) in a.positions.iter().zip(a.windows.chunks_exact(dims)) {
        asked.asked.push(Asked { track: ONE, position: Frames(position), semitones: 0 });
        asked.vectors.extend_from_slice(window);
    }
    Moved::new(params).add(ONE, &a.frames, &mut asked);
    let mut diagonals = Diagonals::default();
    for (asked, vector) in asked.asked.iter().zip(asked.vectors.chunks_exact(dims)) {
        go_on()?;
        for (&position, window) in b.positions.iter().zip(b.windows.chunks_exact(dims)) {
            let dot = vector.iter().zip(window).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum();
            let cosine = params.projection.cosine(dot);
            if cosine >= MIN_COSINE_OF_TWO {
                let seed =
                    Seed { one: asked.position.0, two: position, semitones: asked.semitones, weight: cosine };
                diagonals.add(seed);
            }
        }
    }
    Ok(diagonals.into_seeds())
}

/// Some windows of each of these tracks, moved by some semitones or frames.
fn further(store: &Store, tracks: &[TrackId]) -> Result<Further> {
    let packed = |&track: &TrackId| {
        let mut packed = Vec::new();
        store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
        Ok((track, packed))
    };
    let packed: Vec<(TrackId, Vec<u8>)> = tracks.iter().map(packed).collect::<Result<_>>()?;
    let params = store.params();
    let moved = |moved: &mut Moved<'_>, (track, packed): &(TrackId, Vec<u8>)| {
        let mut further = Further::default();
        moved.add(*track, packed, &mut further);
        further
    };
    let parts: Vec<Further> = packed.par_iter().map_init(|| Moved::new(params), moved).collect();
    let mut further = Further::default();
    for part in parts {
        further.asked.extend(part.asked);
        further.vectors.extend(part.vectors);
    }
    Ok(further)
}

#[cfg(test)]
mod tests;
