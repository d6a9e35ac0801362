//! The versions of a piece in a library.
use rayon::prelude::*;

#[cfg(feature = "explain")]
use super::map::Map;
use super::{
    alignment::{self, Path, Place},
    asked::{Asked, profile},
    candidates::{Candidate, candidate, candidates},
    chance::Evidence,
    voice::{STACK, Voice},
};
use crate::{
    error::Result,
    fingerprint::{PITCHES, Sums, melody},
    store::{Store, TrackId},
    units::{Frames, Seconds},
};

/// Tracks that are aligned with the piece; more of those that are shorter than four minutes.
const ALIGNED: usize = 100;
/// The most tracks that a search returns.
const LISTED: usize = 100;
/// A path that is less than this above the median is chance.
const PROMISING: f64 = 1.5;
/// Transpositions that are tried: those at which both have the most similar pitch classes.
const TRANSPOSITIONS: usize = 2;
/// Tracks whose frames are in memory at a time.
const TOGETHER: usize = 8;
/// Frames of a longer track that are aligned: two hours.
const MAX_FRAMES: u32 = 38_760;
/// Seconds from one point of a path to the next.
const POINTS: f64 = 2.0;

/// A track that may be a version of the piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The track.
    pub track: TrackId,
    /// The probability that it is a version.
    pub probability: f64,
    /// What speaks for it.
    pub evidence: Evidence,
    /// How much higher the piece is than the track, in semitones, -5 to 6.
    pub transposition: i32,
    /// The piece's speed over the track's.
    pub tempo: f64,
    /// Where the path goes: a time in the piece, and one in the track.
    pub path: Vec<[Seconds; 2]>,
}

/// An aligned candidate.
struct Aligned {
    track: TrackId,
    query: Voice,
    voice: Voice,
    semitones: usize,
    path: Path,
}

/// The tracks that may be versions of the piece, most probable first, at most 100. `left_out` says which tracks are not looked at,
/// such as the piece itself.
///
/// # Errors
/// What reading the index gives; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn versions(store: &Store, asked: &Asked, left_out: &dyn Fn(TrackId) -> bool) -> Result<Vec<Found>> {
    let candidates = candidates(store, asked, ALIGNED, left_out)?;
    let mut aligned = Vec::new();
    for some in candidates.chunks(TOGETHER) {
        store.check_cancelled()?;
        let mut frames = Vec::new();
        for candidate in some {
            let mut packed = Vec::new();
            store.frames(candidate.track, Frames(0)..Frames(MAX_FRAMES), &mut packed)?;
            frames.push((candidate, packed));
        }
        let some: Vec<Option<Aligned>> =
            frames.par_iter().map(|(candidate, packed)| align(asked, candidate, packed)).collect();
        aligned.extend(some.into_iter().flatten());
    }
    // Of the most similar ones. Fewer tracks may all be versions.
    let mut similar: Vec<f32> = aligned.iter().take(ALIGNED).map(|one| one.path.evidence).collect();
    similar.sort_by(f32::total_cmp);
    let median = if similar.len() == ALIGNED { f64::from(similar[(ALIGNED - 1) / 2]) } else { 0.0 };
    let frame = asked.params().frame_seconds().0;
    aligned.retain(|one| f64::from(one.path.evidence) >= PROMISING * median);
    aligned.sort_by(|a, b| b.path.evidence.total_cmp(&a.path.evidence).then(a.track.cmp(&b.track)));
    aligned.truncate(LISTED);
    let mut found: Vec<Found> = Vec::with_capacity(aligned.len());
    for some in aligned.chunks(TOGETHER) {
        store.check_cancelled()?;
        found.par_extend(some.par_iter().map(|one| told(one, median, frame)));
    }
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.track.cmp(&b.track)));
    Ok(found)
}

/// What speaks for one track being a version of the piece. Nothing if that cannot be told: one of them is too short or silent.
///
/// # Errors
/// Those of [`versions`].
pub fn version(store: &Store, asked: &Asked, track: TrackId) -> Result<Option<Found>> {
    let one = aligned(store, asked, track)?;
    Ok(one.map(|one| told(&one, 0.0, asked.params().frame_seconds().0)))
}

/// Like [`version`], with what its alignment went through.
///
/// # Errors
/// Those of [`versions`].
#[cfg(feature = "explain")]
pub fn drawn(store: &Store, asked: &Asked, track: TrackId) -> Result<Option<(Found, Map)>> {
    let frame = asked.params().frame_seconds().0;
    let one = aligned(store, asked, track)?;
    Ok(one.map(|one| (told(&one, 0.0, frame), Map::of(&one.query, &one.voice, frame))))
}

fn aligned(store: &Store, asked: &Asked, track: TrackId) -> Result<Option<Aligned>> {
    let Some(candidate) = candidate(store, asked, track)? else { return Ok(None) };
    let mut packed = Vec::new();
    store.frames(track, Frames(0)..Frames(MAX_FRAMES), &mut packed)?;
    Ok(align(asked, &candidate, &packed))
}

/// Aligns a candidate at the transpositions that fit best, and keeps the best of them.
fn align(asked: &Asked, candidate: &Candidate, packed: &[u8]) -> Option<Aligned> {
    let voice = Voice::new(&Sums::of(&melody(packed, asked.params())), 1.0);
    let query = Voice::new(asked.melody(), candidate.ratio);
    let of_track = profile(packed, asked.params());
    let mut fits: Vec<(f32, usize)> = (0..PITCHES)
        .map(|semitones| {
            let mut own = *asked.profile();
            own.rotate_right(semitones);
            (own.iter().zip(of_track).map(|(a, b)| a * b).sum(), semitones)
        })
        .collect();
    fits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Option<(usize, Path)> = None;
    for &(_, semitones) in &fits[..TRANSPOSITIONS] {
        let path = alignment::best(&query.raised(semitones), &voice)?;
        if best.as_ref().is_none_or(|(_, best)| path.evidence > best.evidence) {
            best = Some((semitones, path));
        }
    }
    let (semitones, path) = best?;
    Some(Aligned { track: candidate.track, query: query.raised(semitones), voice, semitones, path })
}

fn told(one: &Aligned, median: f64, frame: f64) -> Found {
    let places = alignment::places(&one.query, &one.voice, &one.path);
    let (of_query, of_track) = (alignment::repeats(&one.query), alignment::repeats(&one.voice));
    let evidence = Evidence {
        path: one.path.evidence.into(),
        distinct: alignment::distinct(&places, &of_query, &of_track),
        backwards: alignment::best(&one.query, &one.voice.backwards())
            .map_or(0.0, |path| path.evidence.into()),
        median,
        places: (one.query.stacks() * one.voice.stacks()) as f64,
    };
    let time = |place: Place| {
        // The middle of a stack.
        let at = |stack: usize, step: f64| (stack + STACK / 2) as f64 * step * frame;
        [at(place.query, one.query.step), at(place.track, one.voice.step)]
    };
    let (first, last) = (time(places[0]), time(places[places.len() - 1]));
    let length = [last[0] - first[0], last[1] - first[1]];
    let tempo = if length[0] > 0.0 && length[1] > 0.0 { length[1] / length[0] } else { 1.0 };
    let mut path = vec![first];
    for place in places.into_iter().map(time) {
        if place[0] >= path[path.len() - 1][0] + POINTS {
            path.push(place);
        }
    }
    if path[path.len() - 1] != last {
        path.push(last);
    }
    let transposition = (PITCHES - one.semitones) % PITCHES;
    Found {
        track: one.track,
        probability: evidence.probability(),
        evidence,
        transposition: if transposition > 6 {
            transposition as i32 - PITCHES as i32
        } else {
            transposition as i32
        },
        tempo,
        path: path.into_iter().map(|place| place.map(Seconds)).collect(),
    }
}
