//! Votes of the nearest windows on (track, offset).
//!
//! Offsets are in half frames: the reference position, in half frames, of the query's first frame.
use crate::{ann::Hit, params::ProjectionMatrix, store::TrackId};

/// Votes for an offset count for its neighbours too, as the true offset lies between two half frames.
const NEIGHBOUR_SHARE: f32 = 0.7;

/// Offsets that are no further apart are one place.
const SAME_PLACE: i32 = 2;

/// Windows further on, some three years into a track, are those of a damaged index: half frames, with room to
/// reckon, must fit an `i32`.
const LAST_POSITION: u32 = 1 << 29;

/// The nearest library windows of one query window.
#[derive(Clone, Debug)]
pub struct WindowHits {
    /// The query window's first frame, in half frames; negative where the window begins before the query.
    pub start: i32,
    /// Its nearest library windows.
    pub hits: Vec<Hit>,
}

/// A place that is worth a closer look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The track.
    pub track: TrackId,
    /// Where the query begins in it, in half frames; may be negative.
    pub offset: i32,
    /// How strongly the windows speak for it.
    pub votes: f32,
}

impl Candidate {
    /// Whether two are one place.
    pub fn is_at(&self, other: &Self) -> bool {
        self.track == other.track && (self.offset - other.offset).abs() <= SAME_PLACE
    }
}

/// The `most` places with most votes, best first. A window's vote for a place is the squared cosine, so that
/// near windows outweigh many that are hardly nearer than chance.
pub fn candidates(windows: &[WindowHits], most: usize, projection: &ProjectionMatrix) -> Vec<Candidate> {
    let mut ballots: Vec<Candidate> = windows
        .iter()
        .flat_map(|w| {
            w.hits.iter().filter(|hit| hit.position.0 <= LAST_POSITION).map(|hit| {
                let cosine = projection.cosine(hit.dot).max(0.0);
                let offset = 2 * hit.position.0 as i32 - w.start;
                Candidate { track: hit.track, offset, votes: cosine * cosine }
            })
        })
        .collect();
    ballots.sort_by_key(|b| (b.track.0, b.offset));
    let mut places: Vec<Candidate> = Vec::new();
    for ballot in ballots {
        match places.last_mut() {
            Some(p) if (p.track, p.offset) == (ballot.track, ballot.offset) => p.votes += ballot.votes,
            _ => places.push(ballot),
        }
    }
    let adjacent = |a: &Candidate, b: &Candidate| a.track == b.track && b.offset == a.offset + 1;
    let mut spread: Vec<f32> = places.iter().map(|p| p.votes).collect();
    for (i, pair) in places.windows(2).enumerate() {
        if adjacent(&pair[0], &pair[1]) {
            spread[i] += NEIGHBOUR_SHARE * pair[1].votes;
            spread[i + 1] += NEIGHBOUR_SHARE * pair[0].votes;
        }
    }
    for (place, votes) in places.iter_mut().zip(spread) {
        place.votes = votes;
    }
    places
        .sort_by(|a, b| b.votes.total_cmp(&a.votes).then((a.track.0, a.offset).cmp(&(b.track.0, b.offset))));
    let mut best: Vec<Candidate> = Vec::with_capacity(most);
    for place in places {
        if best.len() == most {
            break;
        }
        if !best.iter().any(|b| b.is_at(&place)) {
            best.push(place);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{params::CURRENT, units::Frames};

    fn hit(track: u32, position: u32, dot: i32) -> Hit {
        Hit::new(TrackId(track), Frames(position), dot)
    }

    fn candidates(windows: &[WindowHits], most: usize) -> Vec<Candidate> {
        super::candidates(windows, most, &CURRENT.projection)
    }

    #[test]
    fn windows_that_agree_beat_a_single_near_one() {
        let near = 254 * 254;
        let windows = vec![
            WindowHits { start: 0, hits: vec![hit(7, 100, near / 2), hit(3, 10, near)] },
            WindowHits { start: 8, hits: vec![hit(7, 104, near / 2), hit(4, 90, near / 3)] },
            WindowHits { start: 17, hits: vec![hit(7, 108, near / 2), hit(7, 300, near / 2)] },
            WindowHits { start: 24, hits: vec![hit(7, 112, near / 2)] },
            WindowHits { start: 32, hits: vec![hit(7, 116, near / 2)] },
        ];
        let best = candidates(&windows, 3);
        assert_eq!((best[0].track.0, best[0].offset), (7, 200));
        assert!((best[0].votes - (4.0 + 0.7) * 0.25).abs() < 1e-3);
        assert_eq!((best[1].track.0, best[1].offset), (3, 20));
        assert_eq!(best.len(), 3);
        assert!(best.iter().all(|c| c.offset != 199), "neighbours are one place");
    }

    #[test]
    fn positions_that_no_track_has_do_not_vote() {
        let hits =
            vec![hit(1, u32::MAX, 9), hit(1, 1 << 30, 9), hit(1, (1 << 29) + 1, 9), hit(2, 1 << 29, 9)];
        let best = candidates(&[WindowHits { start: -16, hits }], 5);
        assert_eq!(best.len(), 1);
        assert_eq!((best[0].track.0, best[0].offset), (2, (1 << 30) + 16));
    }

    #[test]
    fn no_hits_give_no_candidates() {
        assert!(candidates(&[], 5).is_empty());
        assert!(candidates(&[WindowHits { start: 0, hits: vec![] }], 5).is_empty());
    }
}
