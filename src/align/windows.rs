//! What the windows of an alignment say, besides its frames.
//!
//! A window's vector keeps what distorted and clean music have in common and leaves out what they do not
//! ([`crate::fingerprint`]), so that it tells under noise what single frames no longer do.
use super::segment::{Alignment, Reference, met};
use crate::{fingerprint::Projection, params::ParameterSet};

/// The least share of a window's frames that query and track must have.
const LEAST_SHARE: f32 = 0.5;

/// The evidence of a whole window whose cosine is 1; that of a pair of frames that are the same is nearly 1. Of 0.4, 0.8, 1.6
/// and 3.2 the last two left the rivals of clips of 5 and 10 s under the loudest noise furthest behind; 1.6 hurts clips
/// of 2 s less.
const WEIGHT: f32 = 1.6;

/// Compares windows of queries and tracks.
pub struct WindowEvidence {
    projection: Projection,
    params: ParameterSet,
}

impl WindowEvidence {
    /// For fingerprints of these parameters.
    pub fn new(params: &ParameterSet) -> Self {
        Self { projection: Projection::new(params), params: *params }
    }

    /// The evidence of the windows in the range of `alignment`, which adds to that of its frames: the sum of the squares
    /// of their positive cosines. Windows reach beyond the range by half their length, where both sides count as
    /// silent, and one that does so counts for less, by the square of the share of its frames that is left.
    ///
    /// `query` is in half frames, as it was given to [`super::align`] with `reference`.
    pub fn of(&mut self, query: &[f32], reference: &Reference, alignment: &Alignment) -> f32 {
        let (values, length) = (self.params.frame_values(), self.params.window_frames);
        let Some(sides) = met(query, reference, values, alignment) else { return 0.0 };
        let count = sides[0].len() / values;
        let (mut windows, mut shares) = ([Vec::new(), Vec::new()], Vec::new());
        for end in (length / 2..count + length / 2 + 1).step_by(self.params.window_hop) {
            let (from, to) = (end.saturating_sub(length), end.min(count));
            let share = to.saturating_sub(from) as f32 / length as f32;
            if share < LEAST_SHARE {
                continue;
            }
            shares.push(share);
            let lead = (from + length - end) * values;
            for (windows, side) in windows.iter_mut().zip(&sides) {
                let start = windows.len();
                windows.resize(start + length * values, 0.0);
                let frames = &side[from * values..to * values];
                windows[start + lead..start + lead + frames.len()].copy_from_slice(frames);
            }
        }
        let [query, track] = windows.map(|windows| {
            let mut vectors = Vec::new();
            self.projection.project(&windows, &mut vectors);
            vectors
        });
        let dims = self.params.window_dims;
        let cosine = |q, t| self.params.projection.cosine(dot(q, t));
        let pairs = query.chunks_exact(dims).zip(track.chunks_exact(dims)).zip(shares);
        WEIGHT * pairs.map(|((q, t), share)| (share * cosine(q, t).max(0.0)).powi(2)).sum::<f32>()
    }
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    const VALUES: usize = CURRENT.frame_values();

    fn noise(frames: usize, mut state: u32) -> Vec<f32> {
        (0..frames * VALUES)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.2
            })
            .collect()
    }

    /// Frames as half frames, the odd ones empty.
    fn halves(frames: &[f32]) -> Vec<f32> {
        frames.chunks_exact(VALUES).flat_map(|f| f.iter().copied().chain([0.0; VALUES])).collect()
    }

    fn whole(count: usize, offset: f64) -> Alignment {
        Alignment { offset, from: 0, to: 2 * count, evidence: 0.0, similarity: 0.0 }
    }

    #[test]
    fn the_same_frames_give_all_that_there_is_and_others_little() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(100, 1) };
        let clip = halves(&track.frames[20 * VALUES..60 * VALUES]);
        let same = windows.of(&clip, &track, &whole(40, 40.0));
        // Seven whole windows at 8, 12, ..., 32 before the end; two of 12 frames and two of 8 at each end.
        let ends = 2.0 * (0.5f32.powi(2) + 0.75f32.powi(2));
        assert!((same - WEIGHT * (7.0 + ends)).abs() < 0.15, "{same}");
        let other = windows.of(&clip, &track, &whole(40, 0.0));
        assert!(other < 0.1 * same, "{other}");
    }

    #[test]
    fn windows_that_are_opposite_say_nothing() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 5) };
        let opposite: Vec<f32> = track.frames.iter().map(|v| -v).collect();
        assert_eq!(windows.of(&halves(&opposite), &track, &whole(60, 0.0)), 0.0);
        // Half of each: what agrees counts as if there were no other half.
        let half = [&track.frames[..30 * VALUES], &opposite[30 * VALUES..]].concat();
        let evidence = windows.of(&halves(&half), &track, &whole(60, 0.0));
        let most = windows.of(&halves(&track.frames[..38 * VALUES]), &track, &whole(38, 0.0));
        assert!(evidence > 0.0 && evidence < most, "{evidence} of {most}");
    }

    #[test]
    fn noise_leaves_more_to_windows_than_to_none() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 2) };
        let mut noisy = track.frames.clone();
        noisy.iter_mut().zip(noise(60, 3)).for_each(|(v, n)| *v += n);
        let right = windows.of(&halves(&noisy), &track, &whole(60, 0.0));
        let wrong = windows.of(&halves(&noise(60, 3)), &track, &whole(60, 0.0));
        assert!(right > 3.0 * wrong, "{right} {wrong}");
    }

    #[test]
    fn what_is_shorter_than_half_a_window_has_none() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 4) };
        for count in [0, 1, 7] {
            assert_eq!(windows.of(&halves(&track.frames[..count * VALUES]), &track, &whole(count, 0.0)), 0.0);
        }
        assert_eq!(windows.of(&[], &Reference { first: 3, frames: vec![] }, &whole(4, 0.0)), 0.0);
    }
}
