//! By how much an alignment that was found differs in tempo and pitch.
use super::segment::{Alignment, Reference, parabola_peak};

/// Half frames in a piece whose own offset is looked for.
const PIECE: usize = 24;

/// Half frames on either side that a piece may be off.
const REACH: i32 = 3;

/// A drift of fewer standard errors is none: most queries play at the speed of the track.
const LEAST_ERRORS: f64 = 3.0;

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
    let slope = covariance / variance;
    let residual: f64 = points.iter().map(|p| p[2] * (p[1] - y - slope * (p[0] - x)).powi(2)).sum();
    let error = (residual / (points.len() - 2) as f64 / variance).sqrt();
    if slope.abs() < LEAST_ERRORS * error { 1.0 } else { 1.0 + slope }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::align;

    const VALUES: usize = 60;

    /// A stream of chroma that changes smoothly, sampled at half frame `at` of the track.
    fn sampled(at: f64) -> Vec<f32> {
        let row: Vec<f32> = (0..VALUES)
            .map(|v| {
                let v = v as f64;
                let phase = |k: f64| at * (0.31 + 0.13 * ((v * 12.9898 + k).sin() * 43758.5453).fract());
                (phase(0.0) + v).sin() as f32 + (phase(7.0) * 1.7 + 2.0 * v).sin() as f32
            })
            .collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter().map(|v| v / norm).collect()
    }

    #[test]
    fn the_tempo_of_a_query_is_found_and_none_is_made_up() {
        let frames = (0..300).flat_map(|n| sampled(2.0 * f64::from(n))).collect();
        let reference = Reference { first: 0, frames };
        for tempo_played in [0.97, 0.99, 1.0, 1.005, 1.02] {
            let query: Vec<f32> =
                (0..100).flat_map(|h| sampled(150.3 + tempo_played * f64::from(h))).collect();
            let alignment = align(&query, &reference, VALUES, 150).unwrap();
            let found = tempo(&query, &reference, VALUES, &alignment);
            assert!((found - tempo_played).abs() < 0.002, "{found} for {tempo_played}");
        }
    }

    #[test]
    fn a_short_range_has_no_tempo_of_its_own() {
        let reference =
            Reference { first: 0, frames: (0..300).flat_map(|n| sampled(2.0 * f64::from(n))).collect() };
        let query: Vec<f32> = (0..20).flat_map(|h| sampled(150.0 + 1.05 * f64::from(h))).collect();
        let alignment = align(&query, &reference, VALUES, 150).unwrap();
        assert_eq!(tempo(&query, &reference, VALUES, &alignment), 1.0);
    }

    #[test]
    fn the_transposition_is_where_the_agreement_peaks() {
        let reference =
            Reference { first: 0, frames: (0..100).flat_map(|n| sampled(2.0 * f64::from(n))).collect() };
        let query: Vec<f32> = (0..60).flat_map(|h| sampled(f64::from(h))).collect();
        let other: Vec<f32> = (0..60).flat_map(|h| sampled(1000.0 + 3.0 * f64::from(h))).collect();
        let alignment = align(&query, &reference, VALUES, 0).unwrap();
        let bins = |queries: [&[f32]; 3]| transposition(queries, &reference, VALUES, &alignment);
        assert!(bins([&other, &query, &other]).abs() < 0.2);
        assert_eq!(bins([&query, &other, &other]), -1.0);
        assert_eq!(bins([&other, &other, &query]), 1.0);
    }
}
