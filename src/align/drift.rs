//! By how much an alignment that was found differs in tempo and pitch.
use super::segment::{Alignment, Reference, parabola_peak};

/// Half frames in a piece whose own offset is looked for.
const PIECE: usize = 24;

/// Half frames on either side that a piece may be off.
const REACH: i32 = 3;

/// The query's speed over the reference's, from how the best offset of short pieces drifts along the
/// range of `alignment`: the slope of the weighted least-squares line. 1.0 where the range is too short to tell.
pub fn tempo(query: &[f32], reference: &Reference, values: usize, alignment: &Alignment) -> f64 {
    let base = alignment.offset.round() as i32;
    let pieces = (alignment.from..).step_by(PIECE / 2).take_while(|from| from + PIECE <= alignment.to);
    // (centre of the piece in query half frames, its offset less the base, weight)
    let points: Vec<[f64; 3]> = pieces
        .filter_map(|from| {
            let agreement: Vec<f32> = (-REACH..=REACH)
                .map(|lag| agreement(query, reference, values, base + lag, from, from + PIECE))
                .collect();
            let peak = (1..agreement.len() - 1).max_by(|&a, &b| agreement[a].total_cmp(&agreement[b]))?;
            let [before, at, after] = [agreement[peak - 1], agreement[peak], agreement[peak + 1]];
            (at > 0.0 && at >= before && at >= after).then(|| {
                let shift = (peak as i32 - REACH) as f64 + parabola_peak(before, at, after);
                [(from + PIECE / 2) as f64, shift, f64::from(at)]
            })
        })
        .collect();
    if points.len() < 3 {
        return 1.0;
    }
    let weight: f64 = points.iter().map(|p| p[2]).sum();
    let mean = |of: usize| points.iter().map(|p| p[of] * p[2]).sum::<f64>() / weight;
    let (x, y) = (mean(0), mean(1));
    let covariance: f64 = points.iter().map(|p| p[2] * (p[0] - x) * (p[1] - y)).sum();
    let variance: f64 = points.iter().map(|p| p[2] * (p[0] - x) * (p[0] - x)).sum();
    1.0 + covariance / variance
}

/// By how many constant-Q bins the query lies above the reference, between -1 and 1: the peak of the parabola
/// through the agreement of the query read -1, 0 and +1 bins higher (`queries`, in this order).
pub fn transposition(
    queries: [&[f32]; 3],
    reference: &Reference,
    values: usize,
    alignment: &Alignment,
) -> f64 {
    let offset = alignment.offset.round() as i32;
    let [below, level, above] =
        queries.map(|q| agreement(q, reference, values, offset, alignment.from, alignment.to));
    if level >= below && level >= above {
        parabola_peak(below, level, above)
    } else if above > below {
        1.0
    } else {
        -1.0
    }
}

/// The sum of products of the frame pairs of a range of the query at an offset, over the root of the
/// query's energy in it.
fn agreement(
    query: &[f32],
    reference: &Reference,
    values: usize,
    offset: i32,
    from: usize,
    to: usize,
) -> f32 {
    let (mut sum, mut energy) = (0.0, 1e-9f32);
    for h in from..to.min(query.len() / values) {
        let at = offset + h as i32;
        let frame = at.div_euclid(2) - reference.first;
        if at % 2 != 0 || frame < 0 {
            continue;
        }
        let frame = frame as usize * values;
        let Some(r) = reference.frames.get(frame..frame + values) else { break };
        let q = &query[h * values..(h + 1) * values];
        sum += q.iter().zip(r).map(|(q, r)| q * r).sum::<f32>();
        energy += q.iter().map(|q| q * q).sum::<f32>();
    }
    sum / energy.sqrt()
}
