//! The evidence of an alignment's windows, which adds to that of its frames.
//!
//! A window's vector keeps what distorted and clean music have in common and drops the rest ([`crate::fingerprint`]).
//! Under noise it still finds agreement where single frames do not.
use super::segment::{Alignment, Reference, paired_frames};
use crate::{fingerprint::Projection, params::ParameterSet};

/// A window counts only if query and track have at least this share of its frames.
const MIN_SHARE: f32 = 0.5;

/// The evidence of a whole window with the cosine 1. (The evidence of two equal frames is nearly 1.) Of 0.4, 0.8, 1.6 and
/// 3.2, the last two left the runners-up of clips of 5 and 10 s under the loudest noise furthest behind. 1.6 hurts clips
/// of 2 s less than 3.2.
const WEIGHT: f32 = 1.6;

/// Compares windows of queries and tracks.
pub struct WindowEvidence {
    projection: Projection,
    params: ParameterSet,
}

impl WindowEvidence {
    /// Prepares the projection for fingerprints with these parameters.
    pub fn new(params: &ParameterSet) -> Self {
        Self { projection: Projection::new(params), params: *params }
    }

    /// The evidence of the windows in the range of `alignment`: the sum of the squares of their positive cosines. Windows
    /// may reach beyond the range by half their length, and both sides are silent there. Such a window counts less, by the
    /// square of the share of its frames inside the range.
    ///
    /// `query` and `reference` are the same as for [`super::segment::align`].
    pub fn evidence(&mut self, query: &[f32], reference: &Reference, alignment: &Alignment) -> f32 {
        WEIGHT * self.squares(query, reference, alignment).into_iter().map(|(_, square)| square).sum::<f32>()
    }

    /// The middle of each of these windows, in half frames of the query, and its evidence.
    pub fn each(
        &mut self,
        query: &[f32],
        reference: &Reference,
        alignment: &Alignment,
    ) -> impl Iterator<Item = (f64, f32)> {
        let half = self.params.window_frames as f64 / 2.0;
        let windows = self.squares(query, reference, alignment).into_iter();
        let middle = move |end: usize| alignment.from as f64 + 2.0 * (end as f64 - half);
        windows.map(move |(end, square)| (middle(end), WEIGHT * square))
    }

    /// Of each window, the pair of frames after its last one, counted from the start of the range, and the square of its
    /// cosine.
    fn squares(&mut self, query: &[f32], reference: &Reference, alignment: &Alignment) -> Vec<(usize, f32)> {
        let (values, length) = (self.params.frame_values(), self.params.window_frames);
        let Some(sides) = paired_frames(query, reference, values, alignment) else { return Vec::new() };
        let count = sides[0].len() / values;
        let (mut windows, mut ends) = ([Vec::new(), Vec::new()], Vec::new());
        for end in (length / 2..count + length / 2 + 1).step_by(self.params.window_hop) {
            let (from, to) = (end.saturating_sub(length), end.min(count));
            let share = to.saturating_sub(from) as f32 / length as f32;
            if share < MIN_SHARE {
                continue;
            }
            ends.push((end, share));
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
        let pairs = query.chunks_exact(dims).zip(track.chunks_exact(dims)).zip(ends);
        pairs.map(|((q, t), (end, share))| (end, (share * cosine(q, t).max(0.0)).powi(2))).collect()
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

    fn noise(frames: usize, seed: u64) -> Vec<f32> {
        // Neighbouring seeds give similar numbers; those of a fork are unrelated.
        let mut random = fastrand::Rng::with_seed(seed).fork();
        (0..frames * VALUES).map(|_| (2.0 * random.f32() - 1.0) * 0.2).collect()
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
        let same = windows.evidence(&clip, &track, &whole(40, 40.0));
        // Seven whole windows at 8, 12, ..., 32 before the end; two of 12 frames and two of 8 at each end.
        let ends = 2.0 * (0.5f32.powi(2) + 0.75f32.powi(2));
        assert!((same - WEIGHT * (7.0 + ends)).abs() < 0.15, "{same}");
        let other = windows.evidence(&clip, &track, &whole(40, 0.0));
        assert!(other < 0.1 * same, "{other}");
    }

    #[test]
    fn windows_that_are_opposite_say_nothing() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 5) };
        let opposite: Vec<f32> = track.frames.iter().map(|v| -v).collect();
        assert_eq!(windows.evidence(&halves(&opposite), &track, &whole(60, 0.0)), 0.0);
        // Half of each: what agrees counts as if there were no other half.
        let half = [&track.frames[..30 * VALUES], &opposite[30 * VALUES..]].concat();
        let evidence = windows.evidence(&halves(&half), &track, &whole(60, 0.0));
        let most = windows.evidence(&halves(&track.frames[..38 * VALUES]), &track, &whole(38, 0.0));
        assert!(evidence > 0.0 && evidence < most, "{evidence} of {most}");
    }

    #[test]
    fn noise_leaves_more_to_windows_than_to_none() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 2) };
        let mut noisy = track.frames.clone();
        noisy.iter_mut().zip(noise(60, 3)).for_each(|(v, n)| *v += n);
        let right = windows.evidence(&halves(&noisy), &track, &whole(60, 0.0));
        let wrong = windows.evidence(&halves(&noise(60, 3)), &track, &whole(60, 0.0));
        assert!(right > 3.0 * wrong, "{right} {wrong}");
    }

    #[test]
    fn what_is_shorter_than_half_a_window_has_none() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(60, 4) };
        for count in [0, 1, 7] {
            assert_eq!(
                windows.evidence(&halves(&track.frames[..count * VALUES]), &track, &whole(count, 0.0)),
                0.0
            );
        }
        assert_eq!(windows.evidence(&[], &Reference { first: 3, frames: vec![] }, &whole(4, 0.0)), 0.0);
    }

    /// The definition for each window by itself, with whole offsets in frames: row `k` of the query meets row `from + k`.
    fn plain(query: &[f32], track: &[f32], from: usize) -> f64 {
        let count = (query.len() / VALUES) as i32;
        let mut projection = Projection::new(&CURRENT);
        let mut sum = 0.0;
        // Windows of 16 frames begin 8 frames before the first frame, then every 4 frames.
        for start in (-8..=count - 8).step_by(4) {
            let inside = (start..start + 16).filter(|n| (0..count).contains(n)).count();
            if inside < 8 {
                continue;
            }
            let mut window = |frames: &[f32], from: usize| {
                let mut values = Vec::new();
                for n in start..start + 16 {
                    match (0..count).contains(&n) {
                        true => values.extend_from_slice(&frames[(from + n as usize) * VALUES..][..VALUES]),
                        false => values.extend([0.0; VALUES]),
                    }
                }
                let mut vector = Vec::new();
                projection.project(&values, &mut vector);
                vector.into_iter().map(f64::from).collect::<Vec<f64>>()
            };
            let (q, t) = (window(query, 0), window(track, from));
            let cosine = q.iter().zip(&t).map(|(q, t)| q * t).sum::<f64>() / (254.0 * 254.0);
            sum += 1.6 * (inside as f64 / 16.0 * cosine.max(0.0)).powi(2);
        }
        sum
    }

    #[test]
    fn evidence_is_that_of_every_window_by_itself() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(100, 5) };
        for (count, from) in
            [(7, 3), (8, 3), (9, 0), (15, 7), (16, 7), (17, 50), (18, 50), (41, 20), (64, 30)]
        {
            let mut query = track.frames[from * VALUES..(from + count) * VALUES].to_vec();
            query.iter_mut().zip(noise(count, 6)).for_each(|(v, n)| *v = 0.6 * *v + 0.5 * n);
            let found = windows.evidence(&halves(&query), &track, &whole(count, 2.0 * from as f64));
            let expected = plain(&query, &track.frames, from);
            assert!((f64::from(found) - expected).abs() < 1e-3, "{found} for {expected} of {count}");
            assert_eq!(expected > 0.0, count >= 8);
        }
    }

    /// Where query and track are opposed, the square must not count for them.
    #[test]
    fn negative_cosines_are_no_evidence() {
        let mut windows = WindowEvidence::new(&CURRENT);
        let track = Reference { first: 0, frames: noise(40, 7) };
        let opposed: Vec<f32> = track.frames.iter().map(|v| -v).collect();
        let found = windows.evidence(&halves(&opposed), &track, &whole(40, 0.0));
        assert!(found < 1e-6, "{found}");
    }
}
