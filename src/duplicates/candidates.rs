//! Pairs of tracks that may hold the same sound: those with windows near each other.
use std::collections::HashMap;

use crate::{
    ann::{Asked, Further, SelfJoin},
    cancel::CancelToken,
    error::Result,
    fingerprint::{FrameCode, Projection},
    params::ParameterSet,
    store::{Store, TrackId},
    units::Frames,
};

/// The most stored windows of a track that are looked up.
const PER_TRACK: u32 = 100;

/// How many windows near each one count: as many as a recording has copies, and its own repeats.
const NEAREST: usize = 48;

/// The least cosine of two windows of the same sound.
const MIN_COSINE: f32 = 0.5;

/// Windows of a track that are looked up besides the stored ones, for each of the [`FURTHER`].
const MORE: usize = 12;

/// What they are: moved by some semitones, and by some frames. Those between two stored windows are near windows of copies
/// that begin between the stored ones. A track that sounds a semitone higher runs 6 % faster.
const FURTHER: [(i8, usize); 3] = [(0, 2), (-1, 0), (1, 0)];

/// The diagonals that are kept for a pair: those with the most near windows.
const DIAGONALS: usize = 32;

/// A place where two tracks seem to agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seed {
    /// The frame of the first track.
    pub one: u32,
    /// The frame of the second track.
    pub two: u32,
    /// By how many semitones the second sounds higher.
    pub semitones: i8,
    /// The squared cosines of all near windows at this distance, summed.
    pub weight: f32,
}

impl Seed {
    /// The same, with the tracks in the other order.
    pub(super) fn turned(&self) -> Self {
        Self { one: self.two, two: self.one, semitones: -self.semitones, ..*self }
    }
}

/// Two tracks with near windows; the first has the lower id.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The first track.
    pub one: TrackId,
    /// The second track.
    pub two: TrackId,
    /// Where they are: the nearest windows at each distance of the two, the distances with the most weight first.
    pub seeds: Vec<Seed>,
}

/// The near windows of a pair, by how far the second lies after the first.
#[derive(Default)]
struct Diagonals(Vec<Diagonal>);

struct Diagonal {
    nearest: Seed,
    weight: f32,
}

impl Diagonals {
    /// Takes in a pair of windows; `weight` is their cosine.
    fn add(&mut self, seed: Seed) {
        let key = |seed: &Seed| (i64::from(seed.two) - i64::from(seed.one), seed.semitones);
        let square = seed.weight * seed.weight;
        if let Some(same) = self.0.iter_mut().find(|other| key(&other.nearest) == key(&seed)) {
            same.weight += square;
            if seed.weight > same.nearest.weight {
                same.nearest = seed;
            }
        } else {
            if self.0.len() == DIAGONALS {
                let lightest = (0..DIAGONALS).min_by(|&a, &b| self.0[a].weight.total_cmp(&self.0[b].weight));
                self.0.swap_remove(lightest.unwrap_or(0));
            }
            self.0.push(Diagonal { nearest: seed, weight: square });
        }
    }

    fn into_seeds(mut self) -> Vec<Seed> {
        self.0.sort_by(|a, b| {
            let place = |d: &Diagonal| (d.nearest.one, d.nearest.two, d.nearest.semitones);
            b.weight.total_cmp(&a.weight).then(place(a).cmp(&place(b)))
        });
        self.0.into_iter().map(|d| Seed { weight: d.weight, ..d.nearest }).collect()
    }
}

/// The pairs of tracks in `store` with near windows, in order of their ids.
///
/// # Errors
/// [`IndexError::Damaged`](crate::error::IndexError::Damaged) if rows make no sense; what SQLite reports;
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn candidates(store: &Store, cancel: &CancelToken) -> Result<Vec<Pair>> {
    let _snapshot = store.snapshot()?;
    let further = further(store, cancel)?;
    let params = store.params();
    let unit = params.projection.scale * params.projection.scale;
    let join = SelfJoin { per_track: PER_TRACK, nearest: NEAREST, min_dot: (MIN_COSINE * unit) as i32 };
    let mut pairs: HashMap<(u32, u32), Diagonals> = HashMap::new();
    join.run(store, &further, cancel, |found| {
        for (asked, hit) in found {
            let (a, b) = (asked.track.0, hit.track.0);
            let cosine = params.projection.cosine(hit.dot);
            let seed = if a < b {
                Seed {
                    one: asked.position.0,
                    two: hit.position.0,
                    semitones: asked.semitones,
                    weight: cosine,
                }
            } else {
                Seed {
                    one: hit.position.0,
                    two: asked.position.0,
                    semitones: -asked.semitones,
                    weight: cosine,
                }
            };
            pairs.entry((a.min(b), a.max(b))).or_default().add(seed);
        }
        Ok(())
    })?;
    let mut pairs: Vec<Pair> = pairs
        .into_iter()
        .map(|((one, two), diagonals)| Pair {
            one: TrackId(one),
            two: TrackId(two),
            seeds: diagonals.into_seeds(),
        })
        .collect();
    pairs.sort_unstable_by_key(|pair| (pair.one, pair.two));
    Ok(pairs)
}

/// Where two tracks have near windows: each window of one against each of the other.
///
/// # Errors
/// Those of [`candidates`].
pub fn seeds_of(store: &Store, one: TrackId, two: TrackId) -> Result<Vec<Seed>> {
    let params = store.params();
    let dims = params.window_dims;
    let (a, b) = (store.fingerprint(one)?, store.fingerprint(two)?);
    let mut asked = Further::default();
    for (&position, window) in a.positions.iter().zip(a.windows.chunks_exact(dims)) {
        asked.asked.push(Asked { track: one, position: Frames(position), semitones: 0 });
        asked.vectors.extend_from_slice(window);
    }
    Moved::new(store).add(one, &a.frames, &mut asked);
    let mut diagonals = Diagonals::default();
    for (asked, vector) in asked.asked.iter().zip(asked.vectors.chunks_exact(dims)) {
        for (&position, window) in b.positions.iter().zip(b.windows.chunks_exact(dims)) {
            let dot = vector.iter().zip(window).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum();
            let cosine = params.projection.cosine(dot);
            if cosine >= MIN_COSINE {
                let seed =
                    Seed { one: asked.position.0, two: position, semitones: asked.semitones, weight: cosine };
                diagonals.add(seed);
            }
        }
    }
    Ok(diagonals.into_seeds())
}

/// Some windows of each track, moved by some semitones or frames.
fn further(store: &Store, cancel: &CancelToken) -> Result<Further> {
    let mut moved = Moved::new(store);
    let (mut further, mut tracks, mut packed) = (Further::default(), Vec::new(), Vec::new());
    store.window_counts(|track, _| {
        tracks.push(track);
        Ok(())
    })?;
    for track in tracks {
        cancel.check()?;
        store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
        moved.add(track, &packed, &mut further);
    }
    Ok(further)
}

/// Makes windows that are moved by some semitones or frames.
struct Moved<'s> {
    params: &'s ParameterSet,
    code: FrameCode,
    projection: Projection,
    window: Vec<f32>,
}

impl<'s> Moved<'s> {
    fn new(store: &'s Store) -> Self {
        let params = store.params();
        let window = vec![0.0; params.window_values()];
        Self { params, code: FrameCode::new(params), projection: Projection::new(params), window }
    }

    /// Adds windows of a track with these `packed` frames.
    fn add(&mut self, track: TrackId, packed: &[u8], further: &mut Further) {
        let params = self.params;
        let count = packed.len() / params.frame_bytes();
        let Some(room) = count.checked_sub(params.window_frames) else { return };
        let room = room / params.window_hop;
        let windows = MORE.min(room + 1);
        for n in 0..windows {
            // Beside the stored windows, in the middle of equal parts.
            let position = (2 * n + 1) * room / (2 * windows) * params.window_hop;
            for (semitones, later) in FURTHER {
                let position = position + later;
                if moved(packed, position, semitones, params, &self.code, &mut self.window) {
                    self.projection.project(&self.window, &mut further.vectors);
                    further.asked.push(Asked { track, position: Frames(position as u32), semitones });
                }
            }
        }
    }
}

/// Writes the window at frame `position` as it would be if the track ran as much faster as makes it sound `semitones`
/// higher. False if it does not fit into the track or is silent.
fn moved(
    packed: &[u8],
    position: usize,
    semitones: i8,
    params: &ParameterSet,
    code: &FrameCode,
    window: &mut [f32],
) -> bool {
    let (values, bytes, length) = (params.frame_values(), params.frame_bytes(), params.window_frames);
    let speed = (f32::from(semitones) / 12.0).exp2();
    let read = (length as f32 * speed).ceil() as usize + 1;
    let count = packed.len() / bytes;
    let to = (position + read).min(count);
    if position + length > count {
        return false;
    }
    let mut frames = vec![0.0; (to - position) * values];
    code.unpack(&packed[position * bytes..to * bytes], &mut frames);
    let mut energy = 0.0;
    for (n, out) in window.chunks_exact_mut(values).enumerate() {
        let at = n as f32 * speed;
        let row = |n: usize| &frames[n.min(to - position - 1) * values..][..values];
        let (before, after) = (row(at as usize), row(at as usize + 1));
        for (i, out) in (0..).zip(out.iter_mut()) {
            let from = usize::try_from(i - i32::from(semitones)).ok().filter(|&i| i < values);
            *out = from.map_or(0.0, |i| before[i] + at.fract() * (after[i] - before[i]));
            energy += *out * *out;
        }
    }
    energy >= params.min_window_energy * length as f32
}

#[cfg(test)]
mod tests;
