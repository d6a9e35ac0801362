//! Which pairs of tracks are worth a comparison, out of all windows near each other.
//!
//! In a large library each window has some near ones by chance. Two tracks that hold the same sound have several, at one
//! distance in time and spread over the track; tracks that share a sound of some seconds have them in one place. So pairs
//! count whose near windows are spread, or many. Of the others, each track keeps the few nearest.
use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::seed::{Diagonals, Pair, Seed};
use crate::{ann::Buckets, cancel::CancelToken, error::Result, store::TrackId};

/// How many buckets of pairs there are, and about how many bytes of them stay in memory.
const BUCKETS: usize = 64;
const HELD: usize = 128 << 20;

/// Near windows belong together if their distances differ by at most so many frames; for tracks at another speed.
const TOLERANCE: i64 = 8;
const TOLERANCE_MOVED: i64 = 96;

/// Two near windows at one distance count if they are this share of the shorter track apart.
const MIN_SPREAD: f32 = 0.1;

/// Near windows count, however they lie, if their weight is this share of the shorter track's windows.
const MIN_SHARE: f32 = 0.05;

/// How many other pairs count for a track: those with the most weight.
const OTHERS: usize = 3;

/// Bytes of a near window in a bucket.
const RECORD: usize = 21;

/// Windows of two tracks near each other, gathered by pair.
pub(super) struct NearPairs {
    buckets: Buckets,
}

/// A pair, with the weight of its near windows and whether it counts by itself.
struct Weighed {
    pair: Pair,
    weight: f32,
    counts: bool,
}

impl NearPairs {
    pub fn new() -> Self {
        Self { buckets: Buckets::new(BUCKETS, HELD) }
    }

    /// Takes in two near windows of tracks `one` and `two`; the weight of `seed` is their cosine.
    pub fn add(&mut self, one: TrackId, two: TrackId, seed: Seed) -> Result<()> {
        let (one, two, seed) = if one < two { (one, two, seed) } else { (two, one, seed.turned()) };
        let mut record = [0; RECORD];
        for (at, number) in [one.0, two.0, seed.one, seed.two, seed.weight.to_bits()].into_iter().enumerate()
        {
            record[4 * at..4 * at + 4].copy_from_slice(&number.to_le_bytes());
        }
        record[RECORD - 1] = seed.semitones as u8;
        self.buckets.push(one.0 as usize % BUCKETS, &record)
    }

    /// The pairs that count, and others that are the nearest of a track, each in order of their ids. `windows` tells how many
    /// windows a track has, `hop` the frames from one to the next, and `keeps` which tracks may keep others.
    ///
    /// # Errors
    /// [`Error::Io`](crate::error::Error::Io) of the temporary files; [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub fn pairs(
        mut self,
        windows: &HashMap<u32, u32>,
        hop: u32,
        keeps: impl Fn(TrackId) -> bool,
        cancel: &CancelToken,
    ) -> Result<(Vec<Pair>, Vec<Pair>)> {
        let (mut pairs, mut others) = (Vec::new(), Others::default());
        for bucket in 0..BUCKETS {
            let bytes = self.buckets.take(bucket)?;
            let mut records: Vec<((u32, u32), Seed)> = bytes.par_chunks_exact(RECORD).map(record).collect();
            drop(bytes);
            let order = |(pair, seed): &((u32, u32), Seed)| (*pair, seed.semitones, distance(seed), seed.one);
            records.par_sort_unstable_by_key(order);
            let of_pairs: Vec<&[((u32, u32), Seed)]> = records.chunk_by(|a, b| a.0 == b.0).collect();
            let weigh = |records: &&[((u32, u32), Seed)]| {
                cancel.check()?;
                let shorter = |(one, two): (u32, u32)| {
                    [one, two].into_iter().filter_map(|track| windows.get(&track)).min().copied()
                };
                Ok(weighed(records, shorter(records[0].0).unwrap_or(0), hop))
            };
            for weighed in of_pairs.par_iter().map(weigh).collect::<Result<Vec<_>>>()? {
                if weighed.counts {
                    pairs.push(weighed.pair);
                } else {
                    others.offer(weighed.weight, weighed.pair, &keeps);
                }
            }
        }
        pairs.sort_unstable_by_key(|pair| (pair.one, pair.two));
        Ok((pairs, others.pairs.into_values().map(|(pair, _)| pair).collect()))
    }
}

fn record(bytes: &[u8]) -> ((u32, u32), Seed) {
    let number = |i: usize| u32::from_le_bytes(std::array::from_fn(|n| bytes[4 * i + n]));
    let seed = Seed {
        one: number(2),
        two: number(3),
        semitones: bytes[RECORD - 1] as i8,
        weight: f32::from_bits(number(4)),
    };
    ((number(0), number(1)), seed)
}

fn distance(seed: &Seed) -> i64 {
    i64::from(seed.two) - i64::from(seed.one)
}

/// Weighs a pair by its near windows, which are in order of pitch and distance. The shorter track has so many windows.
fn weighed(records: &[((u32, u32), Seed)], windows: u32, hop: u32) -> Weighed {
    let (one, two) = records[0].0;
    let mut diagonals = Diagonals::default();
    let mut weight = 0.0;
    for (_, seed) in records {
        diagonals.add(*seed);
        weight += seed.weight * seed.weight;
    }
    let counts =
        weight >= MIN_SHARE * windows as f32 || is_spread(records, MIN_SPREAD * (windows * hop) as f32);
    let pair = Pair { one: TrackId(one), two: TrackId(two), seeds: diagonals.into_seeds() };
    Weighed { pair, weight, counts }
}

/// Whether two near windows at about one distance are at least `apart` frames from each other.
fn is_spread(records: &[((u32, u32), Seed)], apart: f32) -> bool {
    records.iter().enumerate().any(|(n, (_, first))| {
        let tolerance = if first.semitones == 0 { TOLERANCE } else { TOLERANCE_MOVED };
        records[n + 1..]
            .iter()
            .map(|(_, seed)| seed)
            .take_while(|seed| {
                seed.semitones == first.semitones && distance(seed) - distance(first) <= tolerance
            })
            .any(|seed| seed.one.abs_diff(first.one) as f32 >= apart.max(1.0))
    })
}

/// The weight of a pair, and its tracks.
type Weight = (f32, (u32, u32));

/// Pairs that do not count by themselves: for each track those with the most weight.
#[derive(Default)]
struct Others {
    /// For each track, the pairs that it keeps, the most weight first.
    kept: HashMap<u32, Vec<Weight>>,
    /// Each of these pairs, and how many of its tracks keep it.
    pairs: BTreeMap<(u32, u32), (Pair, u8)>,
}

impl Others {
    fn offer(&mut self, weight: f32, pair: Pair, keeps: impl Fn(TrackId) -> bool) {
        let ids = (pair.one.0, pair.two.0);
        let mut keepers = 0;
        for track in [ids.0, ids.1].into_iter().filter(|&track| keeps(TrackId(track))) {
            let kept = self.kept.entry(track).or_default();
            let before = |other: &Weight| other.0 > weight || other.0 == weight && other.1 < ids;
            let place = kept.partition_point(before);
            if place == OTHERS {
                continue;
            }
            keepers += 1;
            let lost = (kept.len() == OTHERS).then(|| kept.pop()).flatten();
            kept.insert(place, (weight, ids));
            if let Some((_, lost)) = lost
                && let Some((_, keepers)) = self.pairs.get_mut(&lost)
            {
                *keepers -= 1;
                if *keepers == 0 {
                    self.pairs.remove(&lost);
                }
            }
        }
        if keepers > 0 {
            self.pairs.insert(ids, (pair, keepers));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(one: u32, two: u32, semitones: i8, weight: f32) -> Seed {
        Seed { one, two, semitones, weight }
    }

    /// Pairs of a hundred tracks with 200 windows each.
    fn pairs(near: &[(u32, u32, Seed)]) -> Vec<(u32, u32)> {
        let mut all = NearPairs::new();
        for &(one, two, seed) in near {
            all.add(TrackId(one), TrackId(two), seed).unwrap();
        }
        let windows = (1..=100).map(|track| (track, 200)).collect();
        let (pairs, others) = all.pairs(&windows, 4, |_| true, &CancelToken::new()).unwrap();
        let mut pairs = [pairs, others].concat();
        pairs.sort_by_key(|pair| (pair.one, pair.two));
        pairs.iter().map(|pair| (pair.one.0, pair.two.0)).collect()
    }

    /// Near windows that would win each place that is kept for other pairs.
    fn rivals(track: u32) -> Vec<(u32, u32, Seed)> {
        let near =
            |n: u32| [(track, 90 + n, seed(100, 300, 0, 0.9)), (track, 90 + n, seed(110, 310, 0, 0.9))];
        (0..OTHERS as u32).flat_map(near).collect()
    }

    #[test]
    fn near_windows_at_one_distance_count_if_they_are_spread() {
        // Ten percent of 800 frames.
        for (second, counts) in [(80, true), (79, false)] {
            let near = [(1, 2, seed(0, 50, 0, 0.6)), (1, 2, seed(second, second + 50, 0, 0.6))];
            let all = [near.to_vec(), rivals(1), rivals(2)].concat();
            assert_eq!(pairs(&all).contains(&(1, 2)), counts, "{second} frames");
        }
        for (distance, semitones, counts) in
            [(58, 0, true), (59, 0, false), (42, 0, true), (41, 0, false), (146, 1, true), (147, -1, false)]
        {
            let near =
                [(2, 1, seed(0, 50, semitones, 0.6)), (2, 1, seed(400, 400 + distance, semitones, 0.6))];
            let all = [near.to_vec(), rivals(1), rivals(2)].concat();
            assert_eq!(pairs(&all).contains(&(1, 2)), counts, "{distance}, {semitones}");
        }
        // Two pitches do not go together.
        let near = [(1, 2, seed(0, 50, 0, 0.6)), (1, 2, seed(400, 450, 1, 0.6))];
        assert!(!pairs(&[near.to_vec(), rivals(1), rivals(2)].concat()).contains(&(1, 2)));
    }

    #[test]
    fn many_near_windows_count_however_they_lie() {
        // Five percent of 200 windows, at a square of .64 each.
        for (count, counts) in [(16, true), (15, false)] {
            let near = (0..count).map(|n| (1, 2, seed(n, 1000 + 40 * n, 0, 0.8)));
            let mut all: Vec<_> = near.collect();
            for track in [1, 2] {
                let rival = |n: u32| (0..15).map(move |m| (track, 90 + n, seed(m, 1000 + 40 * m, 0, 0.81)));
                all.extend((0..OTHERS as u32).flat_map(rival));
            }
            assert_eq!(pairs(&all).contains(&(1, 2)), counts, "{count} windows");
        }
    }

    #[test]
    fn a_track_that_may_not_keep_others_does_not() {
        let mut all = NearPairs::new();
        for other in 2..40 {
            all.add(TrackId(1), TrackId(other), seed(8, 40, 0, 0.6 + 0.001 * other as f32)).unwrap();
        }
        let windows = (1..=100).map(|track| (track, 200)).collect();
        let (pairs, others) =
            all.pairs(&windows, 4, |track| track == TrackId(1), &CancelToken::new()).unwrap();
        let kept: Vec<u32> = others.iter().map(|pair| pair.two.0).collect();
        assert_eq!((pairs.len(), kept), (0, vec![37, 38, 39]));
    }

    #[test]
    fn a_cancelled_token_ends_it() {
        let mut all = NearPairs::new();
        all.add(TrackId(1), TrackId(2), seed(8, 40, 0, 0.6)).unwrap();
        let cancel = CancelToken::new();
        cancel.cancel();
        let ended = all.pairs(&HashMap::new(), 4, |_| true, &cancel);
        assert!(matches!(ended, Err(crate::error::Error::Interrupted)));
    }

    /// The plain way: of all pairs, those that are among the heaviest of one of their tracks.
    #[test]
    fn each_track_keeps_its_nearest_others_in_any_order() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..30 {
            let mut near: BTreeMap<(u32, u32), f32> = BTreeMap::new();
            for _ in 0..random.usize(1..120) {
                let (a, b) = (random.u32(1..12), random.u32(1..12));
                if a != b {
                    near.insert((a.min(b), a.max(b)), random.u32(60..70) as f32 / 100.0);
                }
            }
            let mut expected: Vec<(u32, u32)> = Vec::new();
            for track in 1..12 {
                let mut of: Vec<_> = near.iter().filter(|((a, b), _)| *a == track || *b == track).collect();
                of.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
                expected.extend(of.iter().take(OTHERS).map(|(pair, _)| **pair));
            }
            expected.sort_unstable();
            expected.dedup();
            let mut offered: Vec<(u32, u32, Seed)> =
                near.iter().map(|(&(a, b), &weight)| (a, b, seed(8, 40, 0, weight))).collect();
            random.shuffle(&mut offered);
            assert_eq!(pairs(&offered), expected);
        }
    }
}
