//! Several tracks in one clip: each keeps the part that it explains better than the others.
//!
//! The maximal segment of a track runs past the point where the clip goes on with another track, because pairs of
//! unrelated frames now and then agree. So a track pays for each pair that another track explains: half of what the
//! other one gains there. Where one follows the other, that ends the segment at the cut. Where they are heard together,
//! both still gain, so both keep the transition.
use std::ops::Range;

use super::segment::{Alignment, Curve};

/// The share of another track's evidence that a pair costs.
const COST: f32 = 0.5;

/// The evidence of another track is averaged over so many pairs on either side: half a second.
const REACH: usize = 3;

/// A part of its own has at least this evidence, in sum and for each of its pairs.
const MIN_EVIDENCE: f32 = 5.0;
const MIN_DENSITY: f32 = 0.15;

/// How often the ends of all parts are found again, each beside the others.
const ROUNDS: usize = 2;

/// A place in a clip: the evidence of its frame pairs, and how many half frames of the clip's own time one of its half
/// frames takes.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The pairs along the place.
    pub curve: Curve,
    /// The clip's own half frames for each of the curve's.
    pub scale: f64,
}

impl Claim {
    fn in_query(&self, half: usize) -> usize {
        (half as f64 * self.scale).round() as usize
    }

    /// The averaged evidence of each half frame of the clip, within `part` only.
    fn gains(&self, part: &Range<usize>, halves: usize) -> Vec<f32> {
        let pairs = self.curve.evidence().map(|(half, e)| (self.in_query(half)..self.in_query(half + 2), e));
        let within: Vec<(Range<usize>, f32)> = pairs.filter(|(at, _)| part.contains(&at.start)).collect();
        let mut gains = vec![0.0; halves];
        for (at, (range, _)) in within.iter().enumerate() {
            let near = &within[at.saturating_sub(REACH)..(at + REACH + 1).min(within.len())];
            let mean = near.iter().map(|(_, e)| e).sum::<f32>() / near.len() as f32;
            gains[range.start.min(halves)..range.end.min(halves)].fill(mean.max(0.0));
        }
        gains
    }

    /// The maximal segment beside tracks that gain `others` in each half frame of the clip, if it is a part of its own.
    fn beside(&self, others: &[f32]) -> Option<Range<usize>> {
        let part = self.curve.best(|half| COST * others.get(self.in_query(half)).copied().unwrap_or(0.0))?;
        let pairs = (part.to - part.from) as f32 / 2.0;
        let enough = part.evidence >= MIN_EVIDENCE.max(MIN_DENSITY * pairs);
        enough.then(|| self.in_query(part.from)..self.in_query(part.to))
    }

    /// The alignment over a part of the clip, agreeing or not.
    pub fn over(&self, part: &Range<usize>) -> Alignment {
        self.curve.over(|half| part.contains(&self.in_query(half)))
    }

    /// The best alignment within a part of the clip.
    pub fn best_within(&self, part: &Range<usize>) -> Alignment {
        let outside = |half| if part.contains(&self.in_query(half)) { 0.0 } else { f32::INFINITY };
        self.curve.best(outside).filter(|best| best.evidence > 0.0).unwrap_or_else(|| self.over(&(0..0)))
    }
}

/// The parts of a clip of `halves` half frames. `claims` are places, best first, each of another sound or elsewhere in its
/// track. Returns the part of each claim in the clip's half frames; `None` for a claim that only has what a better one
/// explains as well. Returns nothing if there are less than two parts: the clip has a single song then.
pub fn parts(claims: &[Claim], halves: usize) -> Option<Vec<Option<Range<usize>>>> {
    let mut parts: Vec<Option<Range<usize>>> = vec![None; claims.len()];
    let mut gains: Vec<Vec<f32>> = vec![Vec::new(); claims.len()];
    // The first round finds who has a part; the others find its ends again, beside those that came later.
    for round in 0..=ROUNDS {
        for at in 0..claims.len() {
            if round > 0 && parts[at].is_none() {
                continue;
            }
            let mut others = vec![0.0f32; halves];
            for gains in gains.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, gains)| gains) {
                others.iter_mut().zip(gains).for_each(|(most, gain)| *most = most.max(*gain));
            }
            parts[at] = claims[at].beside(&others);
            gains[at] = parts[at].as_ref().map_or(Vec::new(), |part| claims[at].gains(part, halves));
        }
        if parts.iter().flatten().count() < 2 {
            return None;
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests;
