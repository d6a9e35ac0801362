//! Ranges of the query that agree with a range of a track, and how places of neighbouring chunks are joined.
use super::variants::Variant;
use crate::{
    align::{Alignment, Traits, is_steady},
    store::TrackId,
};

/// How far the offsets of two neighbouring ranges of one match may differ, in half frames.
const SAME_OFFSET: f64 = 4.0;

/// How many half frames without agreement a match may contain.
pub(crate) const GAP: usize = 64;

/// Two anchors whose offsets differ by less do not show a tempo: 0.3 half frames, 28 ms.
const NO_DRIFT: f64 = 0.3;

/// A range of the query that agrees with a range of a track.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub track: TrackId,
    /// Where the first and the last of its chunks were aligned.
    pub first: Anchor,
    pub last: Anchor,
    pub from: usize,
    pub to: usize,
    pub evidence: f32,
    pub similarity: f32,
    /// What tells the recording from another rendering. `None` where that was not measured.
    pub traits: Option<Traits>,
    /// Frame pairs in the range.
    pub pairs: f64,
    /// The query's speed over the track's, measured in a single chunk.
    pub tempo: f64,
    /// How much higher the query is, in constant-Q bins.
    pub pitch: f64,
    /// How many variants of the query were tried when the place was found.
    pub variants: u32,
    /// The most evidence for another track, unless that track has the same sound there.
    pub runner_up: f32,
    /// Places of one chunk with the same number hold the same sound.
    pub sound: usize,
    /// Offsets in the track at which the same sound comes again, in half frames; negative if it comes before.
    pub repeats: Vec<f64>,
    /// How the place was found; of the first of its chunks. A play of a timeline has none.
    pub origin: Option<Origin>,
    /// Whether the clip fits the track better when it is turned round. Then the runner-up is the place itself.
    pub is_backwards: bool,
}

/// How a place was found in its chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Origin {
    pub variant: Variant,
    /// The offset near which the variant was aligned, in half frames.
    pub proposed: i32,
    pub alignment: Alignment,
}

/// A point of the query and its counterpart in the track: half frames `at` and `at + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Anchor {
    pub at: f64,
    pub offset: f64,
}

impl Place {
    /// A place of `track` at `range` of the query.
    #[cfg(test)]
    pub fn for_test(track: TrackId, anchor: Anchor, range: std::ops::Range<usize>) -> Self {
        Self {
            track,
            first: anchor,
            last: anchor,
            from: range.start,
            to: range.end,
            evidence: 10.0,
            similarity: 0.8,
            traits: None,
            pairs: range.len() as f64 / 2.0,
            tempo: 1.0,
            pitch: 0.0,
            variants: 1,
            runner_up: 2.0,
            sound: 0,
            repeats: Vec::new(),
            origin: None,
            is_backwards: false,
        }
    }

    /// The query's speed over the track's.
    pub fn tempo(&self) -> f64 {
        let (length, drift) = (self.last.at - self.first.at, self.last.offset - self.first.offset);
        // Several chunks measure the tempo better than one, unless the first found none and they hardly drift
        // apart.
        let none = self.tempo == 1.0 && drift.abs() < NO_DRIFT;
        if length > 0.0 && !none { 1.0 + drift / length } else { self.tempo }
    }

    /// Whether no notes change in that part of the query, as far as that was measured.
    pub fn is_steady(&self) -> bool {
        self.traits.is_some_and(|traits| is_steady(traits.steadiness))
    }

    /// The half frame of the track that corresponds to half frame `at` of the query.
    pub fn in_track(&self, at: f64) -> f64 {
        self.first.at + self.first.offset + (at - self.first.at) * self.tempo()
    }
}

/// Adds `new` to `places`: joins it to the place it continues, or adds it as a new place. Only a place of an
/// earlier chunk, which ends by half frame `done`, is continued. Two ranges of one chunk stay apart, because
/// each has a score of its own.
pub(crate) fn join(places: &mut Vec<Place>, new: Place, done: usize) {
    let continued = places.iter_mut().find(|p| {
        p.track == new.track
            && p.to <= done
            && new.from >= p.to
            && new.from - p.to <= GAP
            && (p.in_track(new.first.at) - new.first.at - new.first.offset).abs() <= SAME_OFFSET
    });
    let Some(place) = continued else { return places.push(new) };
    let (a, b) = ((place.to - place.from) as f32, (new.to - new.from) as f32);
    let mean = |x: f64, y: f64| (x * f64::from(a) + y * f64::from(b)) / f64::from(a + b);
    place.similarity = mean(f64::from(place.similarity), f64::from(new.similarity)) as f32;
    place.pitch = mean(place.pitch, new.pitch);
    place.traits = match (place.traits, new.traits) {
        (Some(one), Some(other)) => Some(one.mean(f64::from(a), &other, f64::from(b))),
        (one, other) => one.or(other),
    };
    place.evidence += new.evidence;
    place.runner_up += new.runner_up;
    place.pairs += new.pairs;
    place.is_backwards |= new.is_backwards;
    place.last = new.first;
    place.to = new.to;
    place.repeats.retain(|by| new.repeats.iter().any(|other| (by - other).abs() <= SAME_OFFSET));
}

/// Whether two places share more than half of the shorter one's range in the query.
pub(crate) fn overlap(a: &Place, b: &Place) -> bool {
    let shared = a.to.min(b.to).saturating_sub(a.from.max(b.from));
    2 * shared > (a.to - a.from).min(b.to - b.from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Half frames of a chunk in these tests.
    const CHUNK: usize = 640;

    /// A place in the chunk that begins at half frame `done`: its range `from..to` lies on `offset + tempo *
    /// at`.
    fn place(from: usize, to: usize, offset: f64, tempo: f64) -> Place {
        let at = (from + to) as f64 / 2.0;
        let anchor = Anchor { at, offset: offset + (tempo - 1.0) * at };
        Place { tempo, ..Place::for_test(TrackId(1), anchor, from..to) }
    }

    fn joined(one: Place, other: Place, done: usize) -> Vec<Place> {
        let mut places = vec![one];
        join(&mut places, other, done);
        places
    }

    #[test]
    fn a_place_continued_in_the_next_chunk_is_one_place() {
        let (mut one, mut other) = (place(100, 640, 50.0, 1.0), place(650, 1190, 50.0, 1.0));
        (one.similarity, one.pitch) = (0.9, 1.0);
        (other.similarity, other.pitch, other.evidence, other.runner_up) = (0.5, 0.0, 30.0, 5.0);
        (one.repeats, other.repeats) = (vec![-8.0, 100.0, 300.0], vec![103.0, 200.0]);
        let whole = &joined(one, other, 640)[..];
        let [whole] = whole else { panic!("{whole:?}") };
        assert_eq!((whole.from, whole.to, whole.tempo()), (100, 1190, 1.0));
        assert_eq!((whole.evidence, whole.runner_up, whole.pairs), (40.0, 7.0, 540.0));
        // Both have the same length, so each counts half.
        assert!((whole.similarity - 0.7).abs() < 1e-6 && (whole.pitch - 0.5).abs() < 1e-9, "{whole:?}");
        // The whole repeats only where both parts do.
        assert_eq!(whole.repeats, [100.0]);
        assert_eq!(whole.in_track(100.0), 150.0);
        assert_eq!(whole.last.at, 920.0);
    }

    #[test]
    fn longer_parts_weigh_more_in_the_whole() {
        let (one, mut other) = (place(0, 600, 0.0, 1.0), place(640, 840, 0.0, 1.0));
        (other.similarity, other.pitch) = (0.4, 4.0);
        let whole = &joined(one, other, 640)[0];
        assert!((whole.similarity - 0.7).abs() < 1e-6 && (whole.pitch - 1.0).abs() < 1e-9, "{whole:?}");
    }

    #[test]
    fn a_place_elsewhere_is_not_joined() {
        let one = || place(100, 600, 50.0, 1.0);
        let after = |from: usize, offset: f64| place(from, from + 300, offset, 1.0);
        let count = |other: Place, done: usize| joined(one(), other, done).len();
        assert_eq!(count(after(600 + GAP, 50.0), 640), 1);
        assert_eq!(count(after(601 + GAP, 50.0), 640), 2, "too far on");
        assert_eq!(count(after(650, 50.0 + SAME_OFFSET), 640), 1);
        assert_eq!(count(after(650, 50.1 + SAME_OFFSET), 640), 2, "elsewhere in the track");
        assert_eq!(count(after(650, 49.9 - SAME_OFFSET), 640), 2, "elsewhere in the track");
        assert_eq!(count(after(650, 50.0), 599), 2, "of the same chunk");
        assert_eq!(count(after(650, 50.0), 600), 1);
        assert_eq!(count(after(599, 50.0), 640), 2, "it overlaps");
        assert_eq!(count(after(600, 50.0), 640), 1);
        let other = Place { track: TrackId(2), ..after(650, 50.0) };
        assert_eq!(count(other, 640), 2, "another track");
    }

    #[test]
    fn the_tempo_is_measured_over_all_chunks_unless_it_is_1() {
        let moved = |by: f64, tempo: f64| {
            let mut place = place(0, 640, 0.0, tempo);
            place.last = Anchor { at: place.first.at + 600.0, offset: place.first.offset + by };
            place.tempo()
        };
        assert_eq!(moved(0.29, 1.0), 1.0, "next to nothing over a minute");
        assert_eq!(moved(-0.29, 1.0), 1.0);
        assert_eq!(moved(0.3, 1.0), 1.0005);
        assert_eq!(moved(6.0, 1.0), 1.01);
        assert_eq!(
            moved(0.2, 1.02),
            1.0 + 0.2 / 600.0,
            "chunks that have a tempo tell less than all of them"
        );
        assert_eq!(place(0, 640, 0.0, 1.02).tempo(), 1.02, "of a single chunk");
    }

    #[test]
    fn places_overlap_if_they_share_half_of_the_shorter_range() {
        let range = |from, to| place(from, to, 0.0, 1.0);
        for (a, b, expected) in [
            ((0, 100), (49, 400), true),
            ((0, 100), (50, 400), false),
            ((0, 100), (100, 200), false),
            ((0, 100), (300, 400), false),
            ((0, 400), (10, 20), true),
            ((300, 400), (0, 100), false),
        ] {
            let (a, b) = (range(a.0, a.1), range(b.0, b.1));
            assert_eq!((overlap(&a, &b), overlap(&b, &a)), (expected, expected), "{a:?} {b:?}");
        }
    }

    proptest! {
        /// The chunks of a recording that plays through make one place at any speed. If a chunk is left out,
        /// they make two.
        #[test]
        fn a_line_through_all_chunks_is_one_place(
            chunks in 2..12_usize,
            tempo in 0.95..1.05_f64,
            offset in -500.0..5000.0_f64,
            jitter in proptest::collection::vec(-0.5..0.5_f64, 12),
            left_out in 0..12_usize,
        ) {
            let of_chunk = |n: usize| {
                let mut place = place(n * CHUNK, (n + 1) * CHUNK - 1, offset, tempo);
                place.first.offset += jitter[n];
                place.last = place.first;
                place.evidence = n as f32 + 1.0;
                place
            };
            let mut places = Vec::new();
            (0..chunks).for_each(|n| join(&mut places, of_chunk(n), n * CHUNK));
            prop_assert_eq!(places.len(), 1);
            let whole = &places[0];
            prop_assert_eq!((whole.from, whole.to), (0, chunks * CHUNK - 1));
            prop_assert_eq!(whole.evidence, (chunks * (chunks + 1) / 2) as f32);
            prop_assert!((whole.tempo() - tempo).abs() <= 1.01 / (CHUNK as f64 * (chunks - 1) as f64), "{}", whole.tempo());
            for at in [0.0, (chunks * CHUNK) as f64] {
                prop_assert!((whole.in_track(at) - offset - tempo * at).abs() < 2.0);
            }

            let mut places = Vec::new();
            for n in (0..chunks).filter(|n| *n != left_out) {
                join(&mut places, of_chunk(n), n * CHUNK);
            }
            let inner = left_out > 0 && left_out < chunks - 1;
            prop_assert_eq!(places.len(), if inner { 2 } else { 1 });
        }
    }
}
