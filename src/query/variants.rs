//! Variants of a query: transposed, and played faster or slower.
use std::cmp::Ordering;

use crate::extract::chunks::MARGIN;

/// Transpositions and tempi to try.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
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

/// Constant-Q bins from one transposition to the next that is tried: two thirds of a semitone.
const SHIFT_STEP: usize = 2;

/// The ratio of a tempo to the next one that is tried.
const TEMPO_STEP: f64 = 1.05;

/// Tempi whose windows are looked up once: those of the middle one. A window of 3 s is hardly another one at a tempo 5 %
/// off; where its hits place the whole query is.
const TEMPI_TOGETHER: i32 = 3;

/// Steps in which a variant that was found is refined: bins, and ratio of tempi.
pub(crate) const REFINEMENTS: [(i32, f64); 4] = [(1, 1.025), (1, 1.012), (1, 1.006), (0, 1.003)];

/// How a query is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variant {
    /// Read so many constant-Q bins higher.
    pub shift: i32,
    /// Taken to be played at this speed over the track's.
    pub tempo: f64,
}

/// Variants of one transposition whose tempi are near each other.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The one whose windows are looked up.
    pub searched: Variant,
    /// Those that the hits are for.
    pub members: Vec<Variant>,
}

impl Group {
    /// The first half frame, in the time of `member`, of a window that begins at half frame `start` in the time of what
    /// was looked up; `half` is half its length. Its centre is the same point of the query.
    pub(crate) fn start_in(&self, member: &Variant, start: i32, half: usize) -> i32 {
        let (ratio, half) = (member.tempo / self.searched.tempo, half as f64);
        ((f64::from(start) + half) * ratio - half).round() as i32
    }
}

impl Range {
    /// Sets [`semitones`](Self::semitones).
    #[must_use]
    pub fn semitones(mut self, semitones: f64) -> Self {
        self.semitones = semitones;
        self
    }

    /// Sets [`slowest`](Self::slowest) and [`fastest`](Self::fastest).
    #[must_use]
    pub fn tempo(mut self, slowest: f64, fastest: f64) -> Self {
        (self.slowest, self.fastest) = (slowest, fastest);
        self
    }

    /// The query as it is alone.
    pub const PLAIN: Range = Range { semitones: 0.0, slowest: 1.0, fastest: 1.0 };

    pub(crate) fn is_plain(&self) -> bool {
        self.variants().is_empty()
    }

    /// All variants but the query as it is.
    pub(crate) fn variants(&self) -> Vec<Variant> {
        self.groups().into_iter().flat_map(|group| group.members).collect()
    }

    /// All variants but the query as it is, by what is looked up for them.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let most = ((self.semitones * 3.0).round() as i32).clamp(0, MARGIN - 2);
        let steps = |ratio: f64| (ratio.ln() / TEMPO_STEP.ln()).round() as i32;
        let tempi: Vec<i32> =
            (steps(self.slowest.clamp(0.5, 1.0))..=steps(self.fastest.clamp(1.0, 2.0))).collect();
        let middle = |t: i32| (t + TEMPI_TOGETHER / 2).div_euclid(TEMPI_TOGETHER) * TEMPI_TOGETHER;
        let shifts = (0..=most).step_by(SHIFT_STEP).flat_map(|s| if s == 0 { vec![0] } else { vec![-s, s] });
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

    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.shift.cmp(&other.shift).then(self.tempo.total_cmp(&other.tempo))
    }

    /// `evidence` of this variant counted for each frame of the query: what is stretched has more frames, but says no
    /// more.
    pub(crate) fn for_each_of_query(&self, evidence: f32) -> f32 {
        evidence / self.tempo as f32
    }

    /// The variants one step away.
    pub(crate) fn neighbours(&self, (bins, ratio): (i32, f64)) -> Vec<Variant> {
        let mut near = Vec::new();
        for shift in [-bins, 0, bins] {
            for tempo in [1.0 / ratio, 1.0, ratio] {
                let shift = (self.shift + shift).clamp(-MARGIN, MARGIN);
                let variant = Variant { shift, tempo: self.tempo * tempo };
                if variant != *self && !near.contains(&variant) {
                    near.push(variant);
                }
            }
        }
        near
    }
}

/// Frames of `values` values as they would have come at the track's speed, if the query's is `tempo` over it:
/// linear interpolation over time.
pub(crate) fn stretched(frames: &[f32], values: usize, tempo: f64) -> Vec<f32> {
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

    #[test]
    fn the_plain_range_has_no_variants_and_the_default_one_covers_its_ends() {
        assert!(Range::PLAIN.is_plain());
        let variants = Range::default().variants();
        let shift = |v: &Variant| v.shift;
        assert_eq!(variants.iter().map(shift).min(), Some(-18));
        assert_eq!(variants.iter().map(shift).max(), Some(18));
        assert!(variants.iter().any(|v| v.tempo < 0.77) && variants.iter().any(|v| v.tempo > 1.31));
        assert!(!variants.contains(&Variant::PLAIN));
    }

    #[test]
    fn every_variant_is_near_to_what_is_looked_up_for_it() {
        assert_eq!(Range::default().variants().len(), 246);
        for range in [
            Range::default(),
            Range { semitones: 0.0, ..Range::default() },
            Range { semitones: 2.0, slowest: 1.0, fastest: 1.0 },
            Range { semitones: 0.0, slowest: 0.5, fastest: 2.0 },
        ] {
            for group in range.groups() {
                for member in &group.members {
                    assert_eq!(member.shift, group.searched.shift);
                    assert!((member.tempo / group.searched.tempo).ln().abs() < 1.01 * TEMPO_STEP.ln());
                }
            }
        }
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
    fn evidence_counts_for_each_frame_of_the_query() {
        let at = |tempo| Variant { shift: 3, tempo }.for_each_of_query(12.0);
        assert_eq!((at(1.0), at(1.5), at(0.75)), (12.0, 8.0, 16.0));
    }

    #[test]
    fn neighbours_lie_a_step_up_and_down_in_pitch_and_tempo_and_no_further_than_the_margin() {
        let near = Variant { shift: 4, tempo: 1.1 }.neighbours((1, 1.025));
        assert_eq!(near.len(), 8);
        for shift in [3, 4, 5] {
            for tempo in [1.1 / 1.025, 1.1, 1.1 * 1.025] {
                let found = near.iter().any(|v| v.shift == shift && (v.tempo - tempo).abs() < 1e-9);
                assert_eq!(found, (shift, tempo) != (4, 1.1), "{shift} {tempo}");
            }
        }
        let only_tempo = Variant { shift: 4, tempo: 1.0 }.neighbours((0, 1.003));
        assert_eq!(only_tempo.len(), 2);
        let edge = Variant { shift: MARGIN, tempo: 1.0 }.neighbours((1, 1.025));
        assert!(edge.iter().all(|v| v.shift.abs() <= MARGIN) && edge.len() == 5, "{edge:?}");
    }

    #[test]
    fn ranges_are_kept_within_what_can_be_tried() {
        let range = Range::default().semitones(99.0).tempo(0.01, 99.0);
        let variants = range.variants();
        let tempi = || variants.iter().map(|v| v.tempo);
        assert_eq!(variants.iter().map(|v| v.shift).max(), Some(MARGIN - 2));
        assert_eq!(variants.iter().map(|v| v.shift).min(), Some(2 - MARGIN));
        assert!(tempi().fold(f64::MAX, f64::min) > 0.49 && tempi().fold(0.0, f64::max) < 2.04);
        assert!(Range::default().semitones(0.3).tempo(1.0, 1.0).is_plain());
        let shifts = Range::default().semitones(0.67).tempo(1.0, 1.0).variants();
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
