//! The nearest windows vote on (track, offset).
//!
//! An offset is where the query's first frame lies in the track, in half frames.
use crate::{ann::Hit, params::ProjectionMatrix, store::TrackId};

/// This share of the votes for an offset also counts for its two neighbours, because the true offset lies between two
/// half frames.
const NEIGHBOUR_SHARE: f32 = 0.7;

/// Two offsets that are at most so many half frames apart are one place.
const SAME_PLACE: i32 = 2;

/// Windows after this frame, some three years into a track, come from a damaged index. The limit keeps all sums of half
/// frames within an `i32`.
const LAST_POSITION: u32 = 1 << 29;

/// The nearest library windows of one query window.
#[derive(Clone, Debug)]
pub struct WindowHits {
    /// The query window's first frame, in half frames. It is negative if the window begins before the query.
    pub start: i32,
    /// Its nearest library windows.
    pub hits: Vec<Hit>,
}

/// A place to align with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The track.
    pub track: TrackId,
    /// Where the query begins in the track, in half frames. May be negative.
    pub offset: i32,
    /// The sum of the windows' votes.
    pub votes: f32,
}

impl Candidate {
    /// Whether the two are one place.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.track == other.track && (self.offset - other.offset).abs() <= SAME_PLACE
    }
}

/// The `max` places with the most votes, best first; ties go to the smaller track id, then the smaller offset. A
/// window's vote is its squared cosine, so one near window outweighs many that are hardly nearer than chance.
pub fn candidates(windows: &[WindowHits], max: usize, projection: &ProjectionMatrix) -> Vec<Candidate> {
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
    let mut best: Vec<Candidate> = Vec::with_capacity(max);
    for place in places {
        if best.len() == max {
            break;
        }
        if !best.iter().any(|b| b.is_same_place(&place)) {
            best.push(place);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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

    /// The same by trying every pair, with a map for the votes.
    fn plain(windows: &[WindowHits], max: usize) -> Vec<(u32, i32, f32)> {
        let mut votes: BTreeMap<(u32, i32), f64> = BTreeMap::new();
        for window in windows {
            for hit in &window.hits {
                let cosine = (f64::from(hit.dot) / (254.0 * 254.0)).max(0.0);
                let offset = 2 * hit.position.0 as i32 - window.start;
                *votes.entry((hit.track.0, offset)).or_default() += cosine * cosine;
            }
        }
        let at = |track: u32, offset: i32| votes.get(&(track, offset)).copied().unwrap_or(0.0);
        let mut all: Vec<(u32, i32, f32)> = votes
            .keys()
            .map(|&(t, o)| (t, o, (at(t, o) + 0.7 * (at(t, o - 1) + at(t, o + 1))) as f32))
            .collect();
        let mut best: Vec<(u32, i32, f32)> = Vec::new();
        while best.len() < max && !all.is_empty() {
            let mut top = 0;
            for i in 0..all.len() {
                // The first of equal ones has the smaller track and offset, as the map is in order.
                if all[i].2 > all[top].2 {
                    top = i;
                }
            }
            let taken = all[top];
            best.push(taken);
            all.retain(|p| p.0 != taken.0 || (p.1 - taken.1).abs() > 2);
        }
        best
    }

    #[test]
    fn candidates_are_those_of_the_slow_way() {
        let mut random = fastrand::Rng::with_seed(3);
        for round in 0..300 {
            let windows: Vec<WindowHits> = (0..random.usize(1..12))
                .map(|_| WindowHits {
                    start: random.i32(-16..40),
                    hits: (0..random.usize(0..12))
                        .map(|_| hit(random.u32(1..4), random.u32(0..20), random.i32(-4_000..16_000)))
                        .collect(),
                })
                .collect();
            for max in [0, 1, 3, 100] {
                let (found, expected) = (candidates(&windows, max), plain(&windows, max));
                assert_eq!(found.len(), expected.len(), "round {round}");
                for (f, e) in found.iter().zip(expected) {
                    assert_eq!((f.track.0, f.offset), (e.0, e.1), "round {round}");
                    assert!((f.votes - e.2).abs() < 1e-4, "{f:?} for {e:?}");
                }
            }
        }
    }

    fn one_window(hits: Vec<Hit>, max: usize) -> Vec<(u32, i32)> {
        let windows = [WindowHits { start: 0, hits }];
        candidates(&windows, max).iter().map(|c| (c.track.0, c.offset)).collect()
    }

    /// The order must not depend on the order of the hits.
    #[test]
    fn ties_go_to_the_smaller_track_and_the_smaller_offset() {
        let hits = vec![hit(5, 9, 8000), hit(2, 70, 8000), hit(2, 30, 8000), hit(9, 1, 8000)];
        let expected = [(2, 60), (2, 140), (5, 18), (9, 2)];
        assert_eq!(one_window(hits.clone(), 9), expected);
        assert_eq!(one_window(hits.iter().rev().copied().collect(), 9), expected);
        assert_eq!(one_window(hits, 2), expected[..2]);
    }

    #[test]
    fn offsets_two_half_frames_apart_are_one_place_and_three_are_two() {
        assert_eq!(one_window(vec![hit(1, 50, 9000), hit(1, 51, 8000)], 9), [(1, 100)]);
        let windows = [
            WindowHits { start: 0, hits: vec![hit(1, 50, 9000)] },
            WindowHits { start: 1, hits: vec![hit(1, 52, 8000)] },
        ];
        assert_eq!(candidates(&windows, 9).len(), 2);
        let place = |track, offset| Candidate { track: TrackId(track), offset, votes: 1.0 };
        for (other, same) in [(98, true), (102, true), (97, false), (103, false)] {
            assert_eq!(place(1, 100).is_same_place(&place(1, other)), same, "{other}");
            assert!(!place(1, 100).is_same_place(&place(2, other)));
        }
    }

    /// A square would make a vote of what points the other way.
    #[test]
    fn a_negative_cosine_is_no_vote() {
        let windows = [WindowHits { start: 0, hits: vec![hit(1, 50, -16_000), hit(2, 50, 160)] }];
        let found = candidates(&windows, 9);
        assert_eq!((found[0].track.0, found[1].votes), (2, 0.0));
    }
}
