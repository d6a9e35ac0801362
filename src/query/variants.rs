//! Variants of a query: transposed, and played faster or slower.
use std::cmp::Ordering;

use crate::params::ParameterSet;

/// The transpositions and tempi that a query tries. See [`QueryOptions::range`](crate::QueryOptions::range).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Range {
    pub(crate) semitones: f64,
    pub(crate) slowest: f64,
    pub(crate) fastest: f64,
}

impl Default for Range {
    /// Six semitones up or down; three quarters to four thirds of the speed.
    fn default() -> Self {
        Self { semitones: 6.0, slowest: 0.75, fastest: 4.0 / 3.0 }
    }
}

/// The ratio between neighbouring tempi.
const TEMPO_STEP: f64 = 1.05;

/// How many tempi share one look-up, which uses the middle one. A window of 3 s hardly changes with a tempo 5
/// % off; the place of the whole query does.
const TEMPI_TOGETHER: i32 = 3;

/// Steps that refine a variant once it is found: bins, and ratio of tempi.
pub(crate) const REFINEMENTS: [(i32, f64); 4] = [(1, 1.025), (1, 1.012), (1, 1.006), (0, 1.003)];

/// How a query is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variant {
    /// How many constant-Q bins higher it is read.
    pub shift: i32,
    /// The assumed speed of the query over the track's.
    pub tempo: f64,
}

/// Variants of one transposition with neighbouring tempi.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The variant whose windows are looked up.
    pub searched: Variant,
    /// The variants that the hits count for.
    pub members: Vec<Variant>,
}

impl Range {
    /// The most semitones up or down, 0 to 6.
    #[must_use]
    pub fn semitones(mut self, semitones: f64) -> Self {
        self.semitones = semitones;
        self
    }

    /// The query's lowest speed over the track's, 0.5 to 1.
    #[must_use]
    pub fn slowest(mut self, slowest: f64) -> Self {
        self.slowest = slowest;
        self
    }

    /// The query's highest speed over the track's, 1 to 2.
    #[must_use]
    pub fn fastest(mut self, fastest: f64) -> Self {
        self.fastest = fastest;
        self
    }

    /// The query as it is, without variants.
    pub const PLAIN: Range = Range { semitones: 0.0, slowest: 1.0, fastest: 1.0 };

    pub(crate) fn is_plain(&self, params: &ParameterSet) -> bool {
        self.variants(params).is_empty()
    }

    /// All variants except the query as it is.
    pub(crate) fn variants(&self, params: &ParameterSet) -> Vec<Variant> {
        self.groups(params).into_iter().flat_map(|group| group.members).collect()
    }

    /// All variants except the query as it is, grouped by the variant that is looked up for them.
    pub(crate) fn groups(&self, params: &ParameterSet) -> Vec<Group> {
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
    pub(crate) const PLAIN: Variant = Variant { shift: 0, tempo: 1.0 };

    /// The half frame of the query at the centre of a window that begins at half frame `start` in the time of this
    /// variant. `half` is half the length of a window.
    pub(crate) fn centre(&self, start: i32, half: usize) -> f64 {
        (f64::from(start) + half as f64) / self.tempo
    }

    /// Where a window with that centre begins in the time of this variant.
    pub(crate) fn start(&self, centre: f64, half: usize) -> i32 {
        (centre * self.tempo - half as f64).round() as i32
    }

    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.shift.cmp(&other.shift).then(self.tempo.total_cmp(&other.tempo))
    }

    /// Scales the evidence of this variant to the frames of the query. A stretched variant has more frames,
    /// but they add no information.
    pub(crate) fn for_each_of_query(&self, evidence: f32) -> f32 {
        evidence / self.tempo as f32
    }

    /// The variants one step away.
    pub(crate) fn neighbours(&self, (bins, ratio): (i32, f64), max_shift: i32) -> Vec<Variant> {
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

/// How many frames `count` frames become when they are stretched.
pub(crate) fn stretched_count(count: usize, tempo: f64) -> usize {
    if count == 0 { 0 } else { ((count - 1) as f64 * tempo) as usize + 1 }
}

/// Stretches frames of `values` values to the track's speed, if the query's speed is `tempo` over it.
/// Interpolates linearly over time.
pub(crate) fn stretched(frames: &[f32], values: usize, tempo: f64) -> Vec<f32> {
    let count = frames.len() / values;
    if count == 0 {
        return Vec::new();
    }
    if tempo == 1.0 {
        return frames[..count * values].to_vec();
    }
    let length = stretched_count(count, tempo);
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

    const MAX: i32 = CURRENT.max_shift();

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
        assert_eq!(searched.start(searched.centre(7, 16), 16), 7);
        // The centre is at half frame 40 of the query. Played 1.25 times as long, that is 50.
        assert_eq!(member.start(searched.centre(24, 16), 16), 34);
        assert_eq!(member.start(searched.centre(-16, 16), 16), -16);
        assert_eq!(searched.start(member.centre(34, 16), 16), 24);
    }

    #[test]
    fn evidence_counts_for_each_frame_of_the_query() {
        let at = |tempo| Variant { shift: 3, tempo }.for_each_of_query(12.0);
        assert_eq!((at(1.0), at(1.5), at(0.75)), (12.0, 8.0, 16.0));
    }

    #[test]
    fn neighbours_lie_a_step_up_and_down_in_pitch_and_tempo_and_no_further_than_the_margin() {
        let near = Variant { shift: 4, tempo: 1.1 }.neighbours((1, 1.025), MAX);
        assert_eq!(near.len(), 8);
        for shift in [3, 4, 5] {
            for tempo in [1.1 / 1.025, 1.1, 1.1 * 1.025] {
                let found = near.iter().any(|v| v.shift == shift && (v.tempo - tempo).abs() < 1e-9);
                assert_eq!(found, (shift, tempo) != (4, 1.1), "{shift} {tempo}");
            }
        }
        let only_tempo = Variant { shift: 4, tempo: 1.0 }.neighbours((0, 1.003), MAX);
        assert_eq!(only_tempo.len(), 2);
        let edge = Variant { shift: MAX, tempo: 1.0 }.neighbours((1, 1.025), MAX);
        assert!(edge.iter().all(|v| v.shift.abs() <= MAX) && edge.len() == 5, "{edge:?}");
    }

    #[test]
    fn ranges_are_kept_within_what_can_be_tried() {
        let range = Range::default().semitones(99.0).slowest(0.01).fastest(99.0);
        let variants = range.variants(&CURRENT);
        let tempi = || variants.iter().map(|v| v.tempo);
        assert_eq!(variants.iter().map(|v| v.shift).max(), Some(MAX - 2));
        assert_eq!(variants.iter().map(|v| v.shift).min(), Some(2 - MAX));
        assert!(tempi().fold(f64::MAX, f64::min) > 0.49 && tempi().fold(0.0, f64::max) < 2.04);
        assert!(Range::default().semitones(0.3).slowest(1.0).fastest(1.0).is_plain(&CURRENT));
        let shifts = Range::default().semitones(0.67).slowest(1.0).fastest(1.0).variants(&CURRENT);
        assert_eq!(shifts.iter().map(|v| v.shift).collect::<Vec<_>>(), [-2, 2]);
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
