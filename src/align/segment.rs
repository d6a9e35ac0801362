//! How well a query and part of a track agree at an offset, and over which range.
//!
//! Each pair of frames adds evidence and costs a penalty. A pair of unrelated frames loses about a tenth, so the best
//! range is the maximal segment (Karlin and Altschul, "Methods for assessing the statistical significance of molecular
//! sequence features", PNAS 1990, section 2; Bentley, "Programming Pearls", column 8). Where either side is silent, a
//! pair counts nothing.

/// The penalty for an octave of a frame pair. It lies between the evidence of unrelated music, about 0.05, and that of
/// music under noise as loud as itself. Of .2, .11, .07 and .05, the lower values found more under noise. .05 found
/// hardly more than .07, and its ranges ended too early.
const PENALTY: f32 = 0.07;

/// Values in an octave.
const OCTAVE: usize = 12;

/// An octave with a smaller norm counts for less. In a frame of five equally loud octaves, each has a norm of 0.45.
const NORM_FLOOR: f32 = 0.15;

/// Half frames on either side of the proposed offset that are tried.
const SLACK: i32 = 2;

/// The frames of a track around a place.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The number of the first frame in the track.
    pub first: i32,
    /// Chroma, frame after frame.
    pub frames: Vec<f32>,
}

/// The best agreement of a query with a track near an offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Where the query begins in the track, in half frames. It may lie between two of them.
    pub offset: f64,
    /// The first half frame of the query that agrees.
    pub from: usize,
    /// The half frame of the query after the last one that agrees.
    pub to: usize,
    /// The sum of the evidence of all frame pairs in the range. It grows with length and similarity.
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
    /// Query half frame `h` meets the track at half frame `offset + h`, which is a stored frame if it is even.
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

/// The evidence of one pair of frames, then the products q . r, q . q and r . r.
///
/// The evidence is the mean over the octaves. Every octave that is not nearly silent counts the same, because noise and
/// speech fill some octaves and leave others alone. An octave with the cosine c adds (c + c^2) / 2, because one good
/// agreement says more than two fair ones. The penalty applies where both sides have sound.
#[inline(always)]
pub(super) fn products((q, r): (&[f32], &[f32])) -> [f32; 4] {
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
        let norm = q.max(NORM_FLOOR) * r.max(NORM_FLOOR);
        let c = qr / norm;
        all[0] += (0.5 * (c + c * c) - PENALTY * q * r / norm) / octaves;
        all[1] += qr;
        all[2] += qq;
        all[3] += rr;
    }
    all
}

/// The evidence of each pair of frames at one offset.
#[derive(Clone, Debug)]
pub struct Curve {
    offset: f64,
    /// The first query half frame that has a partner.
    first: usize,
    /// The half frames of the query.
    halves: usize,
    pairs: Vec<[f32; 4]>,
}

impl Curve {
    /// The pairs of `query` and `reference` at the offset of `alignment`.
    pub fn new(query: &[f32], reference: &Reference, values: usize, alignment: &Alignment) -> Option<Self> {
        let pairs = Pairs::new(query, reference, values, alignment.offset.round() as i32)?;
        Some(Self {
            offset: alignment.offset,
            first: pairs.first,
            halves: query.len() / values,
            pairs: (0..pairs.count).map(|k| products(pairs.get(k))).collect(),
        })
    }

    /// The half frame and the evidence of each pair.
    pub fn evidence(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.pairs.iter().enumerate().map(|(k, pair)| (self.first + 2 * k, pair[0]))
    }

    /// The maximal segment, if a pair at a half frame costs `cost` more. Its evidence is what is left after the cost.
    pub fn best(&self, cost: impl Fn(usize) -> f32) -> Option<Alignment> {
        let mut best: Option<(f32, usize, usize)> = None;
        let (mut sum, mut start) = (0.0f32, 0);
        for (k, pair) in self.pairs.iter().enumerate() {
            if sum <= 0.0 {
                (sum, start) = (0.0, k);
            }
            sum += pair[0] - cost(self.first + 2 * k);
            if best.is_none_or(|b| sum > b.0) {
                best = Some((sum, start, k + 1));
            }
        }
        let (evidence, start, end) = best?;
        Some(Alignment { evidence, ..self.within(start, end) })
    }

    /// The alignment over the half frames that `part` takes, which lie one after the other.
    pub fn over(&self, part: impl Fn(usize) -> bool) -> Alignment {
        let mut within = (0..self.pairs.len()).filter(|k| part(self.first + 2 * k));
        within
            .next()
            .map_or_else(|| self.within(0, 0), |start| self.within(start, start + 1 + within.count()))
    }

    fn within(&self, start: usize, end: usize) -> Alignment {
        let mut sums = [0.0f32; 4];
        for pair in &self.pairs[start..end] {
            sums.iter_mut().zip(pair).for_each(|(sum, p)| *sum += p);
        }
        let [evidence, qr, qq, rr] = sums;
        Alignment {
            offset: self.offset,
            from: self.first + 2 * start,
            to: (self.first + 2 * end).min(self.halves),
            evidence,
            similarity: qr / (qq * rr).sqrt().max(1e-9),
        }
    }
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

/// Aligns `query` (half frames of `values` values) with `reference` at the best offset within two half frames of
/// `offset`. A parabola through the evidence refines the offset. Returns `None` if the two do not overlap.
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

/// The frames of query and track that meet in the range of `alignment`: two lists with the same number of rows.
pub(super) fn paired_frames(
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

/// The peak of the parabola through three values, as a distance of -1/2 to 1/2 from the middle value. The middle value
/// has to be the largest.
pub(super) fn parabola_peak(before: f32, peak: f32, after: f32) -> f64 {
    let curvature = before - 2.0 * peak + after;
    if curvature >= 0.0 { 0.0 } else { f64::from(0.5 * (before - after) / curvature).clamp(-0.5, 0.5) }
}

#[cfg(test)]
mod tests;
