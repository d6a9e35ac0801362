//! Cosines and shares of the values of two recordings.

/// A value above this is a note that sounds.
pub(super) const SOUNDS: f32 = 0.15;

/// The cosine of two vectors whose products sum to `product` and whose squares sum to these.
pub(super) fn cosine(product: f64, one: f64, other: f64) -> f64 {
    product / (one * other + 1e-9).sqrt()
}

/// The share of the loud values of `frames` that are nearly silent in `other`: below `faint` of what the other has there on
/// average. Loud values weigh more. 0 if nothing is loud.
pub(super) fn without_counterpart(frames: &[f32], other: &[f32], faint: f64) -> f64 {
    let loud = || {
        let pairs = frames.iter().zip(other).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        pairs.filter(|(a, _)| *a > f64::from(SOUNDS))
    };
    let (mut product, mut energy, mut sum) = (0.0, 0.0, 0.0);
    for (a, b) in loud() {
        (product, energy, sum) = (product + a * b, energy + a * a, sum + a);
    }
    if sum == 0.0 {
        return 0.0;
    }
    let limit = faint * product / energy;
    loud().filter(|(a, b)| *b < limit * a).map(|(a, _)| a).sum::<f64>() / sum
}

/// The cosine of the rises of each value from frame to frame (the half-wave rectified difference, as onset detectors use it):
/// whether notes begin at the same time, and as hard.
pub(super) fn rises(query: &[f32], track: &[f32], values: usize) -> f64 {
    let (mut product, mut of_query, mut of_track) = (0.0f64, 0.0f64, 0.0f64);
    let rise = |rows: &[f32], n: usize| f64::from((rows[n] - rows[n - values]).max(0.0));
    for n in values..query.len().min(track.len()) {
        let (q, r) = (rise(query, n), rise(track, n));
        (product, of_query, of_track) = (product + q * r, of_query + q * q, of_track + r * r);
    }
    cosine(product, of_query, of_track)
}

/// The cosine of some values of all frames.
pub(super) fn similarity_of(
    query: &[f32],
    track: &[f32],
    values: usize,
    which: std::ops::Range<usize>,
) -> f64 {
    let (mut product, mut of_query, mut of_track) = (0.0f64, 0.0f64, 0.0f64);
    for (q, r) in query.chunks_exact(values).zip(track.chunks_exact(values)) {
        for (&q, &r) in q[which.clone()].iter().zip(&r[which.clone()]) {
            product += f64::from(q * r);
            of_query += f64::from(q * q);
            of_track += f64::from(r * r);
        }
    }
    cosine(product, of_query, of_track)
}
