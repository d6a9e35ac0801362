//! The best hits of a query.
use std::cmp::Ordering;

use super::hit::Hit;

/// The `k` best hits so far, best first.
#[derive(Clone, Debug)]
pub(super) struct TopK {
    hits: Vec<Hit>,
    k: usize,
    /// A lower dot product cannot get in.
    min_dot: i32,
}

impl TopK {
    pub fn new(k: usize) -> Self {
        // `k` may be far more than there are windows, so memory grows as hits come.
        Self { hits: Vec::new(), k, min_dot: if k == 0 { i32::MAX } else { i32::MIN } }
    }

    /// A lower dot product cannot get in.
    #[inline]
    pub fn min_dot(&self) -> i32 {
        self.min_dot
    }

    pub fn offer(&mut self, hit: Hit) {
        if self.k == 0 {
            return;
        }
        let place = self.hits.partition_point(|other| other.order(&hit) == Ordering::Less);
        if place == self.k {
            return;
        }
        self.hits.truncate(self.k - 1);
        self.hits.insert(place, hit);
        if self.hits.len() == self.k {
            self.min_dot = self.hits[self.k - 1].dot;
        }
    }

    pub fn into_hits(self) -> Vec<Hit> {
        self.hits
    }
}

/// The `k` best hits of each query among the hits of several searches for the same queries.
pub(crate) fn merged(searches: Vec<Vec<Vec<Hit>>>, k: usize) -> Vec<Vec<Hit>> {
    let count = searches.iter().map(Vec::len).max().unwrap_or(0);
    let mut tops = vec![TopK::new(k); count];
    for hits in searches {
        for (top, hits) in tops.iter_mut().zip(hits) {
            hits.into_iter().for_each(|hit| top.offer(hit));
        }
    }
    tops.into_iter().map(TopK::into_hits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::TrackId, units::Frames};

    fn hit(track: u32, position: u32, dot: i32) -> Hit {
        Hit::new(TrackId(track), Frames(position), dot)
    }

    #[test]
    fn keeps_the_best_in_order_whatever_the_order_of_offers() {
        let mut random = fastrand::Rng::with_seed(3);
        let all: Vec<Hit> = (0..200).map(|i| hit(i % 7, i, random.i32(-10..10))).collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|hit| (-hit.dot, hit.track, hit.position));
        for k in [0, 1, 20, 300] {
            let (mut forth, mut back) = (TopK::new(k), TopK::new(k));
            all.iter().for_each(|&hit| forth.offer(hit));
            all.iter().rev().for_each(|&hit| back.offer(hit));
            assert_eq!(forth.into_hits(), sorted[..k.min(200)]);
            assert_eq!(back.into_hits(), sorted[..k.min(200)]);
        }
    }

    /// Scans skip what is below the limit: one that is too high loses hits, one that stays low costs time.
    #[test]
    fn the_limit_is_the_last_hit_once_there_are_k() {
        let mut top = TopK::new(2);
        for (offered, limit) in [(5, i32::MIN), (3, 3), (2, 3), (4, 4), (9, 5), (5, 5)] {
            top.offer(hit(1, 0, offered));
            assert_eq!(top.min_dot(), limit, "after {offered}");
        }
        assert_eq!(TopK::new(0).min_dot(), i32::MAX);
    }

    #[test]
    fn of_equal_hits_the_lower_track_and_then_the_lower_position_gets_in() {
        for offers in [[(2, 9), (1, 8), (1, 7)], [(1, 7), (1, 8), (2, 9)], [(1, 8), (2, 9), (1, 7)]] {
            let mut top = TopK::new(2);
            offers.into_iter().for_each(|(track, position)| top.offer(hit(track, position, 4)));
            assert_eq!(top.into_hits(), [hit(1, 7, 4), hit(1, 8, 4)]);
        }
    }
}
