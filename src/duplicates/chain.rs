//! Which of several lines two tracks follow where, if they change from one to another.
//!
//! Music that repeats itself agrees with itself a repetition later. So one line may fit all of a track, and two lines still fit
//! better, each where nothing was left out or put in.
use std::ops::Range;

use super::stretch::Stretch;

/// What a change of lines has to win: as much as 4 s that agree perfectly rather than no better than neutral.
pub(super) const CHANGE_COST: f32 = 11.0;

/// Lines that lie nearer to each other, in frames, are one line: 2 s.
const MIN_APART: f64 = 11.0;

/// A part of one of several stretches: its number, and the frames of the first track.
pub(super) type Part = (usize, Range<i64>);

/// The parts of `stretches` that are worth most together, in order of time in both tracks; and what that is, less
/// [`CHANGE_COST`] for each change.
pub(super) fn best(stretches: &[Stretch]) -> (f32, Vec<Part>) {
    let first = stretches.iter().map(|s| s.one.start).min().unwrap_or(0);
    let end = stretches.iter().map(|s| s.one.end).max().unwrap_or(0);
    let mut lines: Vec<Line> = stretches.iter().map(|_| Line::default()).collect();
    for n in first..end {
        for (k, stretch) in stretches.iter().enumerate() {
            let reached = stretch.one.contains(&n).then(|| reach(stretches, &lines, first, (k, n)));
            lines[k].push(reached.map(|(before, came)| (before + stretch.worth_at(n), came)));
        }
    }
    traced(&lines, first)
}

/// What the best way is worth that goes on with frame `n` on line `k`, without that frame, and how it comes there.
fn reach(stretches: &[Stretch], lines: &[Line], first: i64, (k, n): (usize, i64)) -> (f32, Came) {
    let two = stretches[k].in_two(n as f64);
    let mut best = (0.0, Came::Begins);
    if let Some(worth) = lines[k].last().filter(|&worth| worth > best.0) {
        best = (worth, Came::Along);
    }
    for (j, other) in stretches.iter().enumerate() {
        if j == k || (other.in_two(n as f64) - two).abs() < MIN_APART {
            continue;
        }
        // Both tracks go on: the other line is left before frame `n` of the first, and before what meets it in the second.
        let end = (((two - other.offset) / other.tempo).ceil() as i64).min(n) - first;
        if let Some((worth, at)) = lines[j].before(end)
            && worth - CHANGE_COST > best.0
        {
            best = (worth - CHANGE_COST, Came::From(j, at));
        }
    }
    best
}

/// How the best way comes to a frame of a line.
#[derive(Clone, Copy)]
enum Came {
    /// It begins there.
    Begins,
    /// From the frame before.
    Along,
    /// From another line, and a frame of it.
    From(usize, usize),
}

/// The best ways to each frame of one line, from the first frame of any line on.
#[derive(Default)]
struct Line {
    /// What they are worth, where the line is.
    ways: Vec<Option<(f32, Came)>>,
    /// Which frame up to each one is worth most.
    best: Vec<usize>,
}

impl Line {
    fn worth(&self, n: usize) -> Option<f32> {
        self.ways.get(n).copied().flatten().map(|(worth, _)| worth)
    }

    /// What the way to the last frame is worth.
    fn last(&self) -> Option<f32> {
        self.ways.last().copied().flatten().map(|(worth, _)| worth)
    }

    /// What the best way to any frame before `end` is worth, and to which.
    fn before(&self, end: i64) -> Option<(f32, usize)> {
        let last = usize::try_from(end - 1).ok()?.min(self.best.len().checked_sub(1)?);
        let at = self.best[last];
        Some((self.worth(at)?, at))
    }

    fn push(&mut self, way: Option<(f32, Came)>) {
        let n = self.ways.len();
        self.ways.push(way);
        let before = self.best.last().copied().filter(|&before| self.worth(before) >= self.worth(n));
        self.best.push(before.unwrap_or(n));
    }
}

/// Follows the best way of all back to where it begins.
fn traced(lines: &[Line], first: i64) -> (f32, Vec<Part>) {
    let ends = lines.iter().enumerate().filter_map(|(k, line)| Some((k, line.before(i64::MAX)?)));
    let best = ends.max_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let Some((mut k, (worth, mut n))) = best.filter(|&(_, (worth, _))| worth > 0.0) else {
        return (0.0, Vec::new());
    };
    let (mut parts, mut end) = (Vec::new(), n + 1);
    while let Some((_, came)) = lines[k].ways[n] {
        if let Came::Along = came {
            n -= 1;
            continue;
        }
        parts.push((k, first + n as i64..first + end as i64));
        let Came::From(other, at) = came else { break };
        (k, n, end) = (other, at, at + 1);
    }
    parts.reverse();
    (worth, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of tempo 1 with these similarities from frame `start` of the first track on.
    fn line(start: i64, offset: f64, similarity: Vec<f32>) -> Stretch {
        let one = start..start + similarity.len() as i64;
        Stretch { one, similarity, ..Stretch::line(offset, 1.0) }
    }

    /// What is worth most, by trying every chain of parts.
    fn slow(stretches: &[Stretch], after: Option<(usize, i64)>, end: i64) -> f32 {
        let mut most = 0.0_f32;
        for (k, stretch) in stretches.iter().enumerate() {
            for from in stretch.one.clone() {
                if let Some((j, last)) = after {
                    let (other, two) = (&stretches[j], stretch.in_two(from as f64));
                    let is_near = (other.in_two(from as f64) - two).abs() < MIN_APART;
                    if j == k || is_near || from <= last || two <= other.in_two(last as f64) {
                        continue;
                    }
                }
                let mut worth = if after.is_some() { -CHANGE_COST } else { 0.0 };
                for last in from..stretch.one.end.min(end) {
                    worth += stretch.worth_at(last);
                    most = most.max(worth + slow(stretches, Some((k, last)), end));
                }
            }
        }
        most
    }

    #[test]
    fn it_is_the_best_of_all_chains() {
        let mut random = fastrand::Rng::with_seed(17);
        for _ in 0..60 {
            let stretches: Vec<Stretch> = (0..random.usize(1..4))
                .map(|_| {
                    // Worth much, so that few frames pay for a change.
                    let similarity = (0..random.usize(1..7)).map(|_| 20.0 * random.f32() - 6.0).collect();
                    line(random.i64(0..6), f64::from(random.i32(-2..3) * 12), similarity)
                })
                .collect();
            let (worth, parts) = best(&stretches);
            let expected = slow(&stretches, None, 100);
            assert!((worth - expected).abs() < 1e-3, "{worth}, not {expected}");
            let of_parts: f32 =
                parts.iter().flat_map(|(k, range)| range.clone().map(|n| stretches[*k].worth_at(n))).sum();
            let changes = parts.len().saturating_sub(1) as f32;
            assert!((of_parts - CHANGE_COST * changes - worth).abs() < 1e-3);
            for pair in parts.windows(2) {
                let [(j, before), (k, after)] = pair else { unreachable!() };
                assert!(before.end <= after.start);
                let two = |k: usize, n: i64| stretches[k].in_two(n as f64);
                assert!(two(*j, before.end - 1) < two(*k, after.start));
            }
        }
    }

    #[test]
    fn a_loop_of_which_a_part_is_left_out_is_two_lines() {
        // 20 s are left out after the first minute. What repeats itself agrees nearly as well on both lines.
        let nearly = |from: usize, to: usize| {
            (0..800).map(|n| if (from..to).contains(&n) { 0.99 } else { 0.88 }).collect()
        };
        let (first, later) = (line(0, 0.0, nearly(0, 330)), line(110, -110.0, nearly(330, 800)));
        assert_eq!(best(&[later, first]).1, [(1, 0..330), (0, 440..910)]);
    }

    #[test]
    fn nothing_is_no_part() {
        assert_eq!(best(&[]), (0.0, Vec::new()));
        assert_eq!(best(&[line(3, 0.0, vec![0.1; 40])]).1, []);
    }
}
