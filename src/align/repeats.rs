//! Finds where the same sound comes again in a track. Many tracks are made of loops, and a clip of a loop fits all of its
//! places.
use std::ops::Range;

/// Stored frames with a smaller cosine are not the same sound. A repeat that lies halfway between two frames comes down
/// to .62. A repeat with another voice reaches .9.
const MIN_REPEAT_SIMILARITY: f32 = 0.6;

/// The most frames to compare. Of a longer range, this takes the part with the most sound.
const PROBE: usize = 64;

/// A place at most so many frames from the range is the range itself.
const SAME_PLACE: usize = 2;

/// A place holds the same sound as the best place if its similarity to the query is at least this share of the best one.
const MIN_SHARE_OF_BEST: f32 = 0.95;

/// Whether a place sounds the same as the best place, given how similar each of them is to the query.
pub fn sounds_the_same(similarity: f32, best: f32) -> bool {
    similarity >= MIN_SHARE_OF_BEST * best
}

/// Searches a whole track for one of its ranges, piece by piece.
#[derive(Clone, Debug)]
pub struct Repeats {
    probe: Vec<f32>,
    values: usize,
    /// The number of the probe's first frame in the track.
    start: usize,
    /// How many frames of the range come before the probe.
    before: usize,
}

impl Repeats {
    /// Takes the range to search for: the track's `frames`, `values` values each, from frame number `start` on. Returns
    /// `None` if there are none, or only silence.
    pub fn new(frames: &[f32], values: usize, start: usize) -> Option<Self> {
        let count = frames.len() / values;
        let parts = (0..count).step_by(PROBE).map(|p| p..(p + PROBE).min(count));
        let of = |p: &Range<usize>| &frames[p.start * values..p.end * values];
        let part = parts.max_by(|a, b| square(of(a)).total_cmp(&square(of(b))))?;
        (square(of(&part)) > 0.0).then(|| Self {
            probe: of(&part).to_vec(),
            values,
            start: start + part.start,
            before: part.start,
        })
    }

    /// How many frames two pieces must share, so that no place is missed or found twice.
    pub fn overlap(&self) -> usize {
        self.probe.len() / self.values - 1
    }

    /// The cosine of the range and the track at each place of one piece of the track.
    pub fn similarities(&self, piece: &[f32]) -> Vec<f32> {
        let (values, energy) = (self.values, square(&self.probe));
        let places = (piece.len() / values).saturating_sub(self.overlap());
        (0..places)
            .map(|at| cosine(&self.probe, energy, &piece[at * values..at * values + self.probe.len()]))
            .collect()
    }

    /// The frame numbers at which the range may begin again, most similar first. `similarities` are those of the whole
    /// track. Leaves out the range itself. A place may lie partly outside the track.
    pub fn places(&self, similarities: &[f32]) -> Vec<i64> {
        let of = |at: usize| similarities.get(at).copied().unwrap_or(f32::MIN);
        let mut places: Vec<usize> = (0..similarities.len())
            .filter(|&at| {
                of(at) >= MIN_REPEAT_SIMILARITY && of(at) >= of(at.wrapping_sub(1)) && of(at) > of(at + 1)
            })
            .filter(|at| at.abs_diff(self.start) > SAME_PLACE)
            .collect();
        places.sort_by(|&a, &b| of(b).total_cmp(&of(a)));
        places.into_iter().map(|at| at as i64 - self.before as i64).collect()
    }
}

fn square(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}

/// The cosine of `a` and `b`, which have the same length. `energy` is the square of `a`.
fn cosine(a: &[f32], energy: f32, b: &[f32]) -> f32 {
    let mut sums = [[0.0f32; 4]; 2];
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for lane in 0..4 {
            sums[0][lane] += a[lane] * b[lane];
            sums[1][lane] += b[lane] * b[lane];
        }
    }
    let [product, other] = sums.map(|s| s.iter().sum::<f32>());
    product / (energy * other).sqrt().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: usize = 60;

    /// Smooth chroma of a tune, at any time in frames.
    fn at(time: f64, tune: f64) -> Vec<f32> {
        (0..VALUES)
            .map(|v| {
                let v = v as f64 + 100.0 * tune;
                let rate = 0.6 + 0.5 * ((v * 12.9898).sin() * 43758.5453).fract();
                (time * rate + v).sin() as f32 * 0.2
            })
            .collect()
    }

    fn frames(range: Range<i32>, tune: f64, by: f64) -> Vec<f32> {
        range.flat_map(|t| at(f64::from(t) + by, tune)).collect()
    }

    /// A verse, another one, and the first one again, part of the time between two frames later.
    fn track(by: f64) -> Vec<f32> {
        [frames(0..50, 1.0, 0.0), frames(0..40, 2.0, 0.0), frames(0..50, 1.0, -by), frames(0..30, 3.0, 0.0)]
            .concat()
    }

    fn range(track: &[f32], from: usize, to: usize) -> Repeats {
        Repeats::new(&track[from * VALUES..to * VALUES], VALUES, from).unwrap()
    }

    fn places(repeats: &Repeats, track: &[f32]) -> Vec<i64> {
        repeats.places(&repeats.similarities(track))
    }

    #[test]
    fn what_comes_again_is_found_from_either_place() {
        for by in [0.0, 0.2, 0.45, -0.4] {
            let track = track(by);
            for (from, other) in [(10, 100), (100, 10)] {
                assert_eq!(places(&range(&track, from, from + 30), &track), [other], "of {from}, {by}");
            }
        }
    }

    #[test]
    fn places_reach_to_both_ends_of_the_track() {
        let verse = frames(0..30, 1.0, 0.0);
        let track =
            [verse.clone(), frames(0..20, 2.0, 0.0), verse.clone(), frames(0..20, 3.0, 0.0), verse].concat();
        let mut found = places(&range(&track, 50, 80), &track);
        found.sort();
        assert_eq!(found, [0, 100]);
    }

    #[test]
    fn of_a_long_range_a_part_is_looked_for() {
        let verse = frames(0..150, 1.0, 0.0);
        let track = [frames(0..20, 2.0, 0.0), verse.clone(), frames(0..20, 3.0, 0.0), verse].concat();
        assert_eq!(places(&range(&track, 22, 168), &track), [192]);
        assert_eq!(places(&range(&track, 192, 338), &track), [22]);
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let track = track(0.3);
        let repeats = range(&track, 10, 40);
        let whole = repeats.similarities(&track);
        let frames = track.len() / VALUES;
        for step in [1, 7, 33, 90] {
            let mut found = Vec::new();
            for first in (0..frames).step_by(step) {
                let end = (first + step + repeats.overlap()).min(frames);
                found.extend(repeats.similarities(&track[first * VALUES..end * VALUES]));
            }
            assert_eq!(found, whole, "in steps of {step}");
        }
    }

    #[test]
    fn what_comes_but_once_is_not_found_again() {
        let track = track(0.0);
        assert!(places(&range(&track, 55, 85), &track).is_empty());
    }

    #[test]
    fn silence_is_not_looked_for() {
        assert!(Repeats::new(&vec![0.0; 10 * VALUES], VALUES, 0).is_none());
        assert!(Repeats::new(&[], VALUES, 0).is_none());
        let repeats = Repeats::new(&frames(0..5, 1.0, 0.0), VALUES, 0).unwrap();
        assert!(repeats.places(&repeats.similarities(&[])).is_empty());
    }

    fn noise(frames: usize, seed: u64) -> Vec<f32> {
        // Neighbouring seeds give similar numbers; those of a fork are unrelated.
        let mut random = fastrand::Rng::with_seed(seed).fork();
        (0..frames * VALUES).map(|_| 2.0 * random.f32() - 1.0).collect()
    }

    /// Each similarity is the cosine of the range and as many frames of the track.
    #[test]
    fn similarities_are_cosines() {
        let track = noise(90, 1);
        let repeats = range(&track, 20, 50);
        let found = repeats.similarities(&track);
        assert_eq!(found.len(), 61);
        let dot =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let probe = &track[20 * VALUES..50 * VALUES];
        for (at, similarity) in found.iter().enumerate() {
            let here = &track[at * VALUES..(at + 30) * VALUES];
            let expected = dot(probe, here) / (dot(probe, probe) * dot(here, here)).sqrt();
            assert!((f64::from(*similarity) - expected).abs() < 1e-5, "{similarity} for {expected}");
        }
    }

    /// The part of 64 frames with the most sound, which may be the short last one.
    #[test]
    fn the_probe_is_the_loudest_part_of_the_range() {
        for (loud, start, length) in [(10, 0, 64), (70, 64, 64), (140, 128, 22)] {
            let mut frames = noise(150, 2);
            frames[loud * VALUES..(loud + 10) * VALUES].iter_mut().for_each(|v| *v *= 20.0);
            let repeats = Repeats::new(&frames, VALUES, 1000).unwrap();
            assert!(repeats.probe == frames[start * VALUES..(start + length) * VALUES]);
            assert_eq!((repeats.start, repeats.before), (1000 + start, start));
            assert_eq!(repeats.overlap(), length - 1);
            // Places are told for the range, not for the part that was searched for.
            let mut similarities = vec![0.0; 3000];
            similarities[2000] = 0.9;
            assert_eq!(repeats.places(&similarities), [2000 - start as i64]);
        }
        let exactly = Repeats::new(&noise(64, 3), VALUES, 0).unwrap();
        assert_eq!(exactly.overlap(), 63);
    }

    /// The places that these similarities give to a range of ten frames at frame 50.
    fn places_of(values: &[(usize, f32)]) -> Vec<i64> {
        let mut similarities = vec![0.1; 100];
        values.iter().for_each(|&(at, v)| similarities[at] = v);
        range(&noise(100, 4), 50, 60).places(&similarities)
    }

    #[test]
    fn a_place_is_a_peak_of_enough_similarity() {
        assert_eq!(places_of(&[(10, 0.61), (30, 0.59), (80, 0.95)]), [80, 10]);
        // Of a slope only the top; of a plateau the last frame.
        assert_eq!(places_of(&[(9, 0.7), (10, 0.8), (11, 0.75), (20, 0.8), (21, 0.8)]), [10, 21]);
        // Both ends of the track.
        assert_eq!(places_of(&[(0, 0.8), (99, 0.9)]), [99, 0]);
        assert_eq!(places_of(&[(0, 0.8), (1, 0.9), (98, 0.9), (99, 0.8)]), [1, 98]);
    }

    #[test]
    fn the_range_itself_is_no_repeat() {
        for at in [48, 50, 52] {
            assert!(places_of(&[(at, 1.0)]).is_empty(), "{at}");
        }
        for at in [47, 53] {
            assert_eq!(places_of(&[(at, 1.0)]), [at as i64]);
        }
    }

    /// A repeat with a quiet voice more has .9 of the similarity that the best place has.
    #[test]
    fn another_place_has_to_be_about_as_similar() {
        for best in [0.4, 0.8, 1.0] {
            assert!(sounds_the_same(best, best) && sounds_the_same(0.96 * best, best));
            assert!(!sounds_the_same(0.94 * best, best) && !sounds_the_same(-best, best));
        }
    }
}
