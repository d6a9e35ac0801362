//! How well a query and a stretch of a track agree at an offset, and over which range.
//!
//! The evidence of a range of frames is the sum of what its pairs say less a toll: unrelated frames lose about a tenth
//! each, so the best range is the maximal segment (Karlin and Altschul, "Methods for assessing the statistical
//! significance of molecular sequence features", PNAS 1990, section 2; Bentley, "Programming Pearls", column 8).
//! Silence on either side counts nothing.

/// The toll of an octave of a frame pair: between what unrelated music says, some 0.05, and what music under
/// noise as loud as itself does. Of .2, .11, .07 and .05 the lower ones found more under noise, and the last hardly
/// more than the one before, whose ranges end sooner.
const TOLL: f32 = 0.07;

/// Values of an octave.
const OCTAVE: usize = 12;

/// An octave whose norm is less counts for less: that of a frame of five octaves that are as loud is 0.45.
const FLOOR: f32 = 0.15;

/// Half frames on either side of the proposed offset that are tried.
const SLACK: i32 = 2;

/// The frames of a track around a place.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The track's frame number of the first one.
    pub first: i32,
    /// Chroma, frame after frame.
    pub frames: Vec<f32>,
}

/// The best agreement of a query with a track near an offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Where the query begins in the track, in half frames; finer than whole ones.
    pub offset: f64,
    /// The first half frame of the query that agrees.
    pub from: usize,
    /// The half frame of the query after the last that agrees.
    pub to: usize,
    /// The sum over the range of what its frame pairs say for it; grows with length and likeness.
    pub evidence: f32,
    /// The cosine of query and track over the range, -1..=1.
    pub similarity: f32,
}

/// The pairs of frames at one offset.
struct Pairs<'a> {
    /// The first query half frame that has a partner.
    first: usize,
    query: &'a [f32],
    reference: &'a [f32],
    values: usize,
    count: usize,
}

impl<'a> Pairs<'a> {
    /// Query half frame `h` meets the track at half frame `offset + h`, which is a stored frame where even.
    fn new(query: &'a [f32], reference: &'a Reference, values: usize, offset: i32) -> Option<Self> {
        let (queries, references) = ((query.len() / values) as i32, (reference.frames.len() / values) as i32);
        let start = (2 * reference.first - offset).max(0);
        let first = start + (offset + start).rem_euclid(2);
        let skip = (offset + first) / 2 - reference.first;
        let count = ((queries - first + 1).div_euclid(2)).min(references - skip);
        (count > 0).then(|| Self {
            first: first as usize,
            query,
            reference: &reference.frames[skip as usize * values..],
            values,
            count: count as usize,
        })
    }

    fn get(&self, k: usize) -> (&'a [f32], &'a [f32]) {
        let at = (self.first + 2 * k) * self.values;
        (&self.query[at..at + self.values], &self.reference[k * self.values..(k + 1) * self.values])
    }
}

/// What one pair of frames says: its evidence, and the products q . r, q . q, r . r.
///
/// The evidence is taken octave by octave, and an octave counts as much as any other that is not nearly silent: noise
/// and speech lie in some octaves and leave others alone. With c the cosine of an octave it is (c + c^2) / 2, because
/// one good agreement says more than two fair ones; the toll comes off where both have sound.
fn products((q, r): (&[f32], &[f32])) -> [f32; 4] {
    let mut all = [0.0f32; 4];
    let octaves = (q.len() / OCTAVE).max(1) as f32;
    for (q, r) in q.chunks(OCTAVE).zip(r.chunks(OCTAVE)) {
        let mut sums = [[0.0f32; 4]; 3];
        for (q, r) in q.chunks_exact(4).zip(r.chunks_exact(4)) {
            for lane in 0..4 {
                sums[0][lane] += q[lane] * r[lane];
                sums[1][lane] += q[lane] * q[lane];
                sums[2][lane] += r[lane] * r[lane];
            }
        }
        let [qr, qq, rr] = sums.map(|s| (s[0] + s[1]) + (s[2] + s[3]));
        let (q, r) = (qq.sqrt(), rr.sqrt());
        let norm = q.max(FLOOR) * r.max(FLOOR);
        let c = qr / norm;
        all[0] += (0.5 * (c + c * c) - TOLL * q * r / norm) / octaves;
        all[1] += qr;
        all[2] += qq;
        all[3] += rr;
    }
    all
}

/// The best range at exactly `offset`.
fn best_range(query: &[f32], reference: &Reference, values: usize, offset: i32) -> Option<Alignment> {
    let pairs = Pairs::new(query, reference, values, offset)?;
    let mut best: Option<(f32, usize, usize, [f32; 3])> = None;
    let (mut sum, mut start, mut totals) = (0.0f32, 0, [0.0f32; 3]);
    for k in 0..pairs.count {
        let p = products(pairs.get(k));
        if sum <= 0.0 {
            (sum, start, totals) = (0.0, k, [0.0; 3]);
        }
        sum += p[0];
        for (total, p) in totals.iter_mut().zip(&p[1..]) {
            *total += p;
        }
        if best.is_none_or(|b| sum > b.0) {
            best = Some((sum, start, k + 1, totals));
        }
    }
    let (evidence, start, end, [qr, qq, rr]) = best?;
    Some(Alignment {
        offset: f64::from(offset),
        from: pairs.first + 2 * start,
        to: (pairs.first + 2 * end).min(query.len() / values),
        evidence,
        similarity: qr / (qq * rr).sqrt().max(1e-9),
    })
}

/// The best alignment of `query` (half frames of `values` values) with `reference` within two half frames
/// of `offset`, its offset refined by a parabola through the evidence. `None` where they do not overlap.
pub fn align(query: &[f32], reference: &Reference, values: usize, offset: i32) -> Option<Alignment> {
    let tried: Vec<Option<Alignment>> =
        (offset - SLACK..=offset + SLACK).map(|o| best_range(query, reference, values, o)).collect();
    let evidence = |i: usize| tried[i].map_or(f32::MIN, |a| a.evidence);
    let at = (0..tried.len()).max_by(|&a, &b| evidence(a).total_cmp(&evidence(b)))?;
    let mut best = tried[at]?;
    if at > 0
        && at + 1 < tried.len()
        && let (Some(before), Some(after)) = (tried[at - 1], tried[at + 1])
    {
        best.offset += parabola_peak(before.evidence, best.evidence, after.evidence);
    }
    Some(best)
}

/// The frames of query and track that meet in the range of `alignment`, row after row, the one as many as the other.
pub(super) fn met(
    query: &[f32],
    reference: &Reference,
    values: usize,
    alignment: &Alignment,
) -> Option<[Vec<f32>; 2]> {
    let pairs = Pairs::new(query, reference, values, alignment.offset.round() as i32)?;
    let index = |half: usize| (half.saturating_sub(pairs.first).div_ceil(2)).min(pairs.count);
    let [mut of_query, mut of_track] = [Vec::new(), Vec::new()];
    for k in index(alignment.from)..index(alignment.to) {
        let (q, r) = pairs.get(k);
        of_query.extend_from_slice(q);
        of_track.extend_from_slice(r);
    }
    Some([of_query, of_track])
}

/// Where between -1/2 and 1/2 the parabola through three values peaks, the middle one being the largest.
pub(super) fn parabola_peak(before: f32, peak: f32, after: f32) -> f64 {
    let curvature = before - 2.0 * peak + after;
    if curvature >= 0.0 { 0.0 } else { f64::from(0.5 * (before - after) / curvature).clamp(-0.5, 0.5) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: usize = 60;

    fn music(frames: usize, mut state: u32) -> Vec<f32> {
        let mut out = Vec::new();
        for _ in 0..frames {
            let row: Vec<f32> = (0..VALUES)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 23) as f32 - 1.0
                })
                .collect();
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            out.extend(row.iter().map(|v| v / norm));
        }
        out
    }

    /// A query in half frames of which the even ones are the track's frames from `first` on.
    fn excerpt(track: &[f32], first: usize, frames: usize, odd: u32) -> Vec<f32> {
        let noise = music(frames, odd);
        let mut query = Vec::new();
        for k in 0..frames {
            query.extend_from_slice(&track[(first + k) * VALUES..(first + k + 1) * VALUES]);
            query.extend_from_slice(&noise[k * VALUES..(k + 1) * VALUES]);
        }
        query
    }

    #[test]
    fn an_excerpt_is_placed_whole() {
        let track = music(200, 1);
        let query = excerpt(&track, 80, 30, 9);
        for first in [0, 70, 85] {
            let reference = Reference { first, frames: track[first as usize * VALUES..].to_vec() };
            for proposed in [158, 160, 161, 162] {
                let a = align(&query, &reference, VALUES, proposed).unwrap();
                assert_eq!(a.offset.round(), 160.0);
                assert_eq!(a.from, if first == 85 { 10 } else { 0 });
                assert!(a.to >= 59 && a.similarity > 0.999, "{a:?}");
            }
        }
    }

    #[test]
    fn only_the_range_that_agrees_is_given() {
        let track = music(200, 1);
        let mut query = music(40, 5);
        query.extend(excerpt(&track, 50, 20, 9));
        query.extend(music(40, 6));
        let reference = Reference { first: 0, frames: track };
        let a = align(&query, &reference, VALUES, 60).unwrap();
        assert_eq!((a.offset.round(), a.from), (60.0, 40));
        assert!((79..=84).contains(&a.to), "{a:?}");
    }

    #[test]
    fn a_query_may_begin_before_the_track_and_end_after_it() {
        let track = music(30, 1);
        let mut query = music(10, 5);
        query.extend(excerpt(&track, 0, 30, 9));
        query.extend(music(10, 6));
        let reference = Reference { first: 0, frames: track };
        let a = align(&query, &reference, VALUES, -10).unwrap();
        assert_eq!((a.offset.round(), a.from), (-10.0, 10));
        assert!(a.to >= 69, "{a:?}");
    }

    #[test]
    fn what_does_not_overlap_has_no_alignment() {
        let reference = Reference { first: 0, frames: music(10, 1) };
        assert_eq!(align(&music(10, 2), &reference, VALUES, 200), None);
        assert_eq!(align(&music(10, 2), &reference, VALUES, -200), None);
    }

    #[test]
    fn silence_neither_helps_nor_hurts() {
        let track = music(60, 1);
        let mut silent = track.clone();
        silent[20 * VALUES..30 * VALUES].fill(0.0);
        let query = excerpt(&silent, 0, 60, 9);
        let with = align(&query, &Reference { first: 0, frames: silent }, VALUES, 0).unwrap();
        assert!((with.evidence - 50.0 * (1.0 - TOLL)).abs() < 0.01, "{with:?}");
    }
}
