//! The best hits of each query.
use std::cmp::Ordering;

use super::Hit;

/// The `k` best hits so far, best first.
#[derive(Clone, Debug)]
pub(super) struct Top {
    hits: Vec<Hit>,
    k: usize,
    /// A lower dot product cannot get in.
    least: i32,
}

/// The best first; of two equal ones the lower track, then the lower position.
pub(super) fn order(a: &Hit, b: &Hit) -> Ordering {
    b.dot.cmp(&a.dot).then(a.track.cmp(&b.track)).then(a.position.cmp(&b.position))
}

impl Top {
    pub fn new(k: usize) -> Self {
        // The caller's `k` may be far more than there are windows, so memory is taken as hits come.
        Self { hits: Vec::new(), k, least: if k == 0 { i32::MAX } else { i32::MIN } }
    }

    /// What a dot product must reach to have a chance.
    #[inline]
    pub fn least(&self) -> i32 {
        self.least
    }

    pub fn offer(&mut self, hit: Hit) {
        if self.k == 0 {
            return;
        }
        let place = self.hits.partition_point(|other| order(other, &hit) == Ordering::Less);
        if place == self.k {
            return;
        }
        self.hits.truncate(self.k - 1);
        self.hits.insert(place, hit);
        if self.hits.len() == self.k {
            self.least = self.hits[self.k - 1].dot;
        }
    }

    pub fn into_hits(self) -> Vec<Hit> {
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::TrackId, units::Frames};

    #[test]
    fn keeps_the_best_in_order_whatever_the_order_of_offers() {
        let mut random = super::super::random(3);
        let all: Vec<Hit> = (0..200)
            .map(|i| Hit { track: TrackId(i % 7), position: Frames(i), dot: (random() % 20) as i32 - 10 })
            .collect();
        let mut sorted = all.clone();
        sorted.sort_by(order);
        for k in [0, 1, 20, 300] {
            let (mut forth, mut back) = (Top::new(k), Top::new(k));
            all.iter().for_each(|&hit| forth.offer(hit));
            all.iter().rev().for_each(|&hit| back.offer(hit));
            assert_eq!(forth.into_hits(), sorted[..k.min(200)]);
            assert_eq!(back.into_hits(), sorted[..k.min(200)]);
        }
    }
}
