//! The evidence along a line, frame by frame: where a track goes on in a recording, and where it ends.
use super::{
    refine::Line,
    segment::{Reference, products},
};

/// The evidence of the track's frames of `reference` on `line`, in order of time: the half frame of the recording, and the
/// evidence there. `query` holds half frames of the recording, `values` values each. `first` is the number of its first half
/// frame. Frames of the track that meet none of them are left out. The recording is read between its half frames.
pub fn evidence_along(
    query: &[f32],
    first: usize,
    reference: &Reference,
    values: usize,
    line: &Line,
) -> Vec<(f64, f32)> {
    let count = query.len() / values;
    let mut between = vec![0.0; values];
    let mut along = Vec::new();
    for (n, stored) in reference.frames.chunks_exact(values).enumerate() {
        let position = 2.0 * (f64::from(reference.first) + n as f64);
        let half = line.at + (position - line.in_track) / line.tempo;
        let at = half - first as f64;
        if at < 0.0 || at > count.saturating_sub(1) as f64 {
            continue;
        }
        let (before, share) = (at as usize, at.fract() as f32);
        let after = (before + 1).min(count - 1);
        let row = |n: usize| &query[n * values..(n + 1) * values];
        for ((out, a), b) in between.iter_mut().zip(row(before)).zip(row(after)) {
            *out = a + share * (b - a);
        }
        along.push((half, products((&between, stored))[0]));
    }
    along
}
