//! Variants of a query: transposed, and played faster or slower.
use std::cmp::Ordering;

use super::analyse::MARGIN;

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

/// Constant-Q bins from one transposition to the next that is tried: two thirds of a semitone.
const SHIFT_STEP: usize = 2;

/// The ratio of a tempo to the next one that is tried.
const TEMPO_STEP: f64 = 1.05;

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

impl Range {
    /// The query as it is alone.
    pub const PLAIN: Range = Range { semitones: 0.0, slowest: 1.0, fastest: 1.0 };

    pub(super) fn is_plain(&self) -> bool {
        self.variants().is_empty()
    }

    /// All variants but the query as it is.
    pub(super) fn variants(&self) -> Vec<Variant> {
        let most = ((self.semitones * 3.0).round() as i32).clamp(0, MARGIN - 2);
        let steps = |ratio: f64| (ratio.ln() / TEMPO_STEP.ln()).round() as i32;
        let tempi = steps(self.slowest.clamp(0.5, 1.0))..=steps(self.fastest.clamp(1.0, 2.0));
        let shifts = (0..=most).step_by(SHIFT_STEP).flat_map(|s| if s == 0 { vec![0] } else { vec![-s, s] });
        shifts
            .flat_map(|shift| tempi.clone().map(move |t| Variant { shift, tempo: TEMPO_STEP.powi(t) }))
            .filter(|v| *v != Variant::PLAIN)
            .collect()
    }
}

impl Variant {
    /// The query as it is.
    pub(super) const PLAIN: Variant = Variant { shift: 0, tempo: 1.0 };

    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.shift.cmp(&other.shift).then(self.tempo.total_cmp(&other.tempo))
    }

    /// The variants one step away.
    pub(super) fn neighbours(&self, (bins, ratio): (i32, f64)) -> Vec<Variant> {
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
