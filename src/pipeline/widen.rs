//! Variants of a query: transposed, and played faster or slower.
use std::{borrow::Cow, cell::RefCell, cmp::Ordering, collections::BTreeMap, ops::RangeInclusive, rc::Rc};

use super::analyse::QueryStretch;
use crate::params::ParameterSet;

/// Transpositions and tempi to try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The most semitones up or down, 0 to 6.
    pub semitones: f64,
    /// The query's least speed over the track's, at least 0.5 and at most 1.
    pub slowest: f64,
    /// The query's greatest speed over the track's, at least 1 and at most 2.
    pub fastest: f64,
}

impl Default for Range {
    /// Six semitones up or down; three quarters to four thirds of the speed.
    fn default() -> Self {
        Self { semitones: 6.0, slowest: 0.75, fastest: 4.0 / 3.0 }
    }
}

/// The ratio of a tempo to the next one that is tried.
const TEMPO_STEP: f64 = 1.05;

/// Tempi whose windows are looked up once: those of the middle one. A window of 3 s is hardly another one at a tempo 5 %
/// off; where its hits place the whole query is.
const TEMPI_TOGETHER: i32 = 3;

/// Steps in which a variant that was found is refined: bins, and ratio of tempi.
pub(super) const REFINEMENTS: [(i32, f64); 4] = [(1, 1.025), (1, 1.012), (1, 1.006), (0, 1.003)];

/// How a query is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Variant {
    /// Read so many constant-Q bins higher.
    pub shift: i32,
    /// Taken to be played at this speed over the track's.
    pub tempo: f64,
}

/// Variants of one transposition whose tempi are near each other.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The one whose windows are looked up.
    pub searched: Variant,
    /// Those that the hits are for.
    pub members: Vec<Variant>,
}

impl Group {
    /// The first half frame, in the time of `member`, of a window that begins at half frame `start` in the time of what
    /// was looked up; `half` is half its length. Its centre is the same point of the query.
    pub(super) fn start_in(&self, member: &Variant, start: i32, half: usize) -> i32 {
        let (ratio, half) = (member.tempo / self.searched.tempo, half as f64);
        ((f64::from(start) + half) * ratio - half).round() as i32
    }
}

impl Range {
    /// The query as it is alone.
    pub const PLAIN: Range = Range { semitones: 0.0, slowest: 1.0, fastest: 1.0 };

    pub(super) fn is_plain(&self, params: &ParameterSet) -> bool {
        self.variants(params).is_empty()
    }

    /// All variants but the query as it is.
    pub(super) fn variants(&self, params: &ParameterSet) -> Vec<Variant> {
        self.groups(params).into_iter().flat_map(|group| group.members).collect()
    }

    /// All variants but the query as it is, by what is looked up for them.
    pub(super) fn groups(&self, params: &ParameterSet) -> Vec<Group> {
        let bins = self.semitones * params.bins_per_semitone() as f64;
        let most = (bins.round() as i32).clamp(0, params.max_shift() - 2);
        let steps = |ratio: f64| (ratio.ln() / TEMPO_STEP.ln()).round() as i32;
        let tempi: Vec<i32> =
            (steps(self.slowest.clamp(0.5, 1.0))..=steps(self.fastest.clamp(1.0, 2.0))).collect();
        let middle = |t: i32| (t + TEMPI_TOGETHER / 2).div_euclid(TEMPI_TOGETHER) * TEMPI_TOGETHER;
        let shifts =
            (0..=most).step_by(params.shift_step).flat_map(|s| if s == 0 { vec![0] } else { vec![-s, s] });
        let variant = |shift, t| Variant { shift, tempo: TEMPO_STEP.powi(t) };
        shifts
            .flat_map(|shift| {
                tempi.chunk_by(|&a, &b| middle(a) == middle(b)).map(move |together| Group {
                    searched: variant(shift, middle(together[0])),
                    members: together
                        .iter()
                        .map(|&t| variant(shift, t))
                        .filter(|v| *v != Variant::PLAIN)
                        .collect(),
                })
            })
            .filter(|group| !group.members.is_empty())
            .collect()
    }
}

impl Variant {
    /// The query as it is.
    pub(super) const PLAIN: Variant = Variant { shift: 0, tempo: 1.0 };

    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.shift.cmp(&other.shift).then(self.tempo.total_cmp(&other.tempo))
    }

    /// `evidence` of this variant counted for each frame of the query: what is stretched has more frames, but says no
    /// more.
    pub(super) fn for_each_of_query(&self, evidence: f32) -> f32 {
        evidence / self.tempo as f32
    }

    /// The variants one step away.
    pub(super) fn neighbours(&self, (bins, ratio): (i32, f64), max_shift: i32) -> Vec<Variant> {
        let mut near = Vec::new();
        for shift in [-bins, 0, bins] {
            for tempo in [1.0 / ratio, 1.0, ratio] {
                let shift = (self.shift + shift).clamp(-max_shift, max_shift);
                let variant = Variant { shift, tempo: self.tempo * tempo };
                if variant != *self && !near.contains(&variant) {
                    near.push(variant);
                }
            }
        }
        near
    }
}

/// A stretch of a query as all variants read it. Each transposition is made once.
pub(super) struct Readings<'a> {
    stretch: &'a QueryStretch,
    params: &'a ParameterSet,
    transposed: RefCell<BTreeMap<i32, Rc<[f32]>>>,
}

impl<'a> Readings<'a> {
    pub(super) fn new(stretch: &'a QueryStretch, params: &'a ParameterSet) -> Self {
        Self { stretch, params, transposed: RefCell::default() }
    }

    /// The stretch's frames as `variant` reads them.
    pub(super) fn frames(&self, variant: &Variant) -> Cow<'a, [f32]> {
        if *variant == Variant::PLAIN {
            return Cow::Borrowed(&self.stretch.chroma);
        }
        let mut transposed = self.transposed.borrow_mut();
        let shifted = transposed
            .entry(variant.shift)
            .or_insert_with(|| self.stretch.transposed(self.params, variant.shift).into());
        Cow::Owned(stretched(shifted, self.params.frame_values(), variant.tempo))
    }

    /// The frames of the track that `frames` of a variant have heard where they are aligned at `offset`, in half frames, and
    /// how far their moving mean reaches on either side. Transposed chroma knows of its own stretch only.
    pub(super) fn heard(&self, variant: &Variant, count: i32, offset: i32) -> (RangeInclusive<i32>, i32) {
        let half = self.params.mean_span.0 / self.params.frame_seconds().0 * variant.tempo;
        let half = half.round() as i32;
        let plain = *variant == Variant::PLAIN;
        let before = if plain && !self.stretch.begins { half } else { 0 };
        let after = if plain && !self.stretch.ends { half } else { 0 };
        (offset - before..=offset + count - 1 + after, half)
    }

    /// The stretch's frames read so many bins higher, or as many as there are beyond the ends, at the query's own speed.
    pub(super) fn transposed(&self, shift: i32) -> Cow<'a, [f32]> {
        let max_shift = self.params.max_shift();
        self.frames(&Variant { shift: shift.clamp(-max_shift, max_shift), tempo: 1.0 })
    }
}

/// Frames of `values` values as they would have come at the track's speed, if the query's is `tempo` over it:
/// linear interpolation over time.
pub(super) fn stretched(frames: &[f32], values: usize, tempo: f64) -> Vec<f32> {
    let count = frames.len() / values;
    if count == 0 {
        return Vec::new();
    }
    let length = ((count - 1) as f64 * tempo) as usize + 1;
    let mut out = Vec::with_capacity(length * values);
    for n in 0..length {
        let at = n as f64 / tempo;
        let before = (at as usize).min(count - 1);
        let after = (before + 1).min(count - 1);
        let share = (at - before as f64) as f32;
        let row = |n: usize| &frames[n * values..(n + 1) * values];
        out.extend(row(before).iter().zip(row(after)).map(|(a, b)| a + share * (b - a)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    #[test]
    fn the_plain_range_has_no_variants_and_the_default_one_covers_its_ends() {
        assert!(Range::PLAIN.is_plain(&CURRENT));
        let variants = Range::default().variants(&CURRENT);
        let shift = |v: &Variant| v.shift;
        assert_eq!(variants.iter().map(shift).min(), Some(-18));
        assert_eq!(variants.iter().map(shift).max(), Some(18));
        assert!(variants.iter().any(|v| v.tempo < 0.77) && variants.iter().any(|v| v.tempo > 1.31));
        assert!(!variants.contains(&Variant::PLAIN));
    }

    #[test]
    fn every_variant_is_near_to_what_is_looked_up_for_it() {
        assert_eq!(Range::default().variants(&CURRENT).len(), 246);
        for range in [
            Range::default(),
            Range { semitones: 0.0, ..Range::default() },
            Range { semitones: 2.0, slowest: 1.0, fastest: 1.0 },
            Range { semitones: 0.0, slowest: 0.5, fastest: 2.0 },
        ] {
            for group in range.groups(&CURRENT) {
                for member in &group.members {
                    assert_eq!(member.shift, group.searched.shift);
                    assert!((member.tempo / group.searched.tempo).ln().abs() < 1.01 * TEMPO_STEP.ln());
                }
            }
        }
    }

    #[test]
    fn transpositions_are_the_parameter_sets() {
        let mut other = CURRENT;
        (other.query_margin, other.shift_step) = (11, 3);
        let range = Range { semitones: 6.0, slowest: 1.0, fastest: 1.0 };
        let mut shifts: Vec<i32> = range.variants(&other).iter().map(|v| v.shift).collect();
        shifts.sort_unstable();
        assert_eq!(shifts, [-9, -6, -3, 3, 6, 9]);
        let near = Variant { shift: 11, tempo: 1.0 }.neighbours((1, 1.02), other.max_shift());
        assert_eq!(near.iter().map(|v| v.shift).max(), Some(11));
        assert_eq!(near.iter().map(|v| v.shift).min(), Some(10));
    }

    #[test]
    fn a_window_keeps_its_centre_in_the_query() {
        let [searched, member] = [1.0, 1.25].map(|tempo| Variant { shift: 0, tempo });
        let group = Group { searched, members: vec![member] };
        assert_eq!(group.start_in(&searched, 7, 16), 7);
        // The centre is at half frame 40 of the query, which is 50 where it is played 1.25 times as long.
        assert_eq!(group.start_in(&member, 24, 16), 34);
        assert_eq!(group.start_in(&member, -16, 16), -16);
    }

    #[test]
    fn stretching_keeps_the_ends_and_interpolates_between() {
        let frames: Vec<f32> = (0..11).flat_map(|n| [n as f32, -(n as f32)]).collect();
        assert_eq!(stretched(&frames, 2, 1.0), frames);
        let slow = stretched(&frames, 2, 2.0);
        assert_eq!(slow.len(), 2 * 21);
        assert_eq!(&slow[2..4], &[0.5, -0.5]);
        let fast = stretched(&frames, 2, 0.5);
        assert_eq!(fast, [0.0, 0.0, 2.0, -2.0, 4.0, -4.0, 6.0, -6.0, 8.0, -8.0, 10.0, -10.0]);
        assert!(stretched(&[], 2, 0.7).is_empty());
    }
}
