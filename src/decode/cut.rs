//! Cuts decoded audio to what the container says is the recording: spans of its timeline, and a remainder at the end.
use std::ops::Range;

use symphonia::core::units::TimeBase;

use crate::units::{SampleRate, Seconds};

/// The parts of a track that are the recording. The rest is what its encoder put around, or what an editor removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Ascending and apart from each other, in units of `scale`.
    spans: Vec<Range<u64>>,
    /// Units a second.
    scale: u32,
    /// The sample at which the next block begins if none is missing, and its rate.
    next: (i128, SampleRate),
}

/// Times of packets may be rounded by this part of a second.
const ROUNDED: u32 = 10;

impl Cut {
    /// Keeps these spans, which may overlap. A second has `scale` units. `None` if they are everything, or nothing.
    pub(super) fn to(mut spans: Vec<Range<u64>>, scale: u32) -> Option<Cut> {
        spans.retain(|span| span.start < span.end);
        spans.sort_by_key(|span| span.start);
        let mut apart: Vec<Range<u64>> = Vec::with_capacity(spans.len());
        for span in spans {
            match apart.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => apart.push(span),
            }
        }
        let everything = matches!(apart[..], [Range { start: 0, end: u64::MAX }]);
        (scale > 0 && !apart.is_empty() && !everything).then_some(Cut {
            spans: apart,
            scale,
            next: (0, SampleRate(0)),
        })
    }

    /// How long the recording is in a track that lasts `whole`.
    pub(super) fn length(&self, whole: Seconds) -> Seconds {
        let second = |unit: u64| (unit as f64 / f64::from(self.scale)).min(whole.0);
        Seconds(self.spans.iter().map(|span| second(span.end) - second(span.start)).sum())
    }

    /// Whether the recording begins after the track does.
    pub(super) fn is_late(&self) -> bool {
        self.spans[0].start > 0
    }

    /// The sample at which a block of so many frames begins, whose packet states the time `at` in units of `base`. Blocks
    /// follow one another, unless the packets say that something is missing.
    pub(super) fn place(&mut self, at: i64, base: TimeBase, rate: SampleRate, frames: usize) -> i128 {
        let stated = place(at.into(), base.numer.get().into(), base.denom.get(), rate);
        let (next, before) = self.next;
        let gap = stated.saturating_sub(next);
        let first = if before == rate && gap <= i128::from(rate.0 / ROUNDED) { next } else { stated };
        self.next = (first.saturating_add(frames as i128), rate);
        first
    }

    /// Removes from `samples`, frames of `width` values from the sample `first` on, what is not the recording.
    pub(super) fn apply(&self, first: i128, rate: SampleRate, width: usize, samples: &mut Vec<f32>) {
        let frames = samples.len() / width;
        let within = |unit: u64| {
            let place = if unit == u64::MAX { i128::MAX } else { place(unit.into(), 1, self.scale, rate) };
            usize::try_from((place.saturating_sub(first)).clamp(0, frames as i128)).unwrap_or(frames)
        };
        let mut kept = 0;
        // The spans before the block end at its beginning and keep nothing.
        for span in &self.spans {
            let (start, end) = (within(span.start), within(span.end));
            samples.copy_within(start * width..end * width, kept * width);
            kept += end - start;
        }
        samples.truncate(kept * width);
    }
}

/// The sample at a time of so many units of `numer / denom` seconds.
fn place(units: i128, numer: i128, denom: u32, rate: SampleRate) -> i128 {
    let (denom, scaled) = (i128::from(denom), units.saturating_mul(numer).saturating_mul(rate.0.into()));
    (scaled.saturating_add(denom / 2)).div_euclid(denom)
}

/// Holds back the end of the audio, which the container says is not part of the recording.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lasts: Seconds,
    held: Vec<f32>,
}

impl Tail {
    /// Holds back so much, a second at most.
    pub(super) fn of(lasts: Seconds) -> Tail {
        Tail { lasts: Seconds(lasts.0.clamp(0.0, 1.0)), held: Vec::new() }
    }

    /// Replaces a block of frames of `width` values by the frames that are certain not to be the end.
    pub(super) fn pass(&mut self, rate: SampleRate, width: usize, samples: &mut Vec<f32>) {
        let hold = (self.lasts.0 * f64::from(rate.0)).round() as usize * width;
        if hold == 0 && self.held.is_empty() {
            return;
        }
        self.held.append(samples);
        let certain = self.held.len().saturating_sub(hold);
        samples.extend(self.held.drain(..certain));
    }
}

/// Makes audio come later by some silence, as another decoder has it; as much is left out at the end.
#[derive(Debug, Default)]
pub(super) struct Delay {
    held: Vec<f32>,
    filled: bool,
}

impl Delay {
    /// Replaces a block of frames of `width` values by as many frames, `frames` later.
    pub(super) fn pass(&mut self, frames: usize, width: usize, samples: &mut Vec<f32>) {
        if !self.filled {
            self.held.resize(frames * width, 0.0);
            self.filled = true;
        }
        if !self.held.is_empty() {
            let count = samples.len();
            self.held.append(samples);
            samples.extend(self.held.drain(..count));
        }
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a list of ranges may have one")]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(1_000);

    fn base(denom: u32) -> TimeBase {
        TimeBase::try_new(1, denom).expect("not zero")
    }

    /// What is left of a hundred samples that count up from 0, in blocks of ten.
    fn left(cut: &Cut, width: usize) -> Vec<f32> {
        let mut cut = cut.clone();
        (0..10)
            .flat_map(|block| {
                let mut samples: Vec<f32> =
                    (block * 10..block * 10 + 10).flat_map(|x| vec![x as f32; width]).collect();
                let first = cut.place(block * 20, base(2_000), RATE, 10);
                cut.apply(first, RATE, width, &mut samples);
                samples
            })
            .collect()
    }

    #[test]
    fn spans_are_kept_to_the_sample() {
        let cut = Cut::to(vec![5..12, 40..61, 90..u64::MAX], 1_000).expect("a cut");
        let expected: Vec<f32> = (5..12).chain(40..61).chain(90..100).map(|x| x as f32).collect();
        assert_eq!(left(&cut, 1), expected);
        let stereo: Vec<f32> = expected.iter().flat_map(|&x| [x, x]).collect();
        assert_eq!(left(&cut, 2), stereo);
        // Twice the units, the same time.
        let finer = Cut::to(vec![10..24, 80..122, 180..u64::MAX], 2_000).expect("a cut");
        assert_eq!(left(&finer, 1), expected);
    }

    #[test]
    fn what_keeps_all_or_nothing_is_no_cut() {
        assert_eq!(Cut::to(vec![], 1_000), None);
        assert_eq!(Cut::to(vec![5..5], 1_000), None);
        assert_eq!(Cut::to(vec![0..u64::MAX], 1_000), None);
        assert_eq!(Cut::to(vec![50..u64::MAX, 0..50], 1_000), None);
        assert_eq!(Cut::to(vec![1..2], 0), None);
        let merged = Cut::to(vec![30..40, 0..10, 5..20], 1_000).expect("a cut");
        assert_eq!(merged.spans, [0..20, 30..40]);
    }

    #[test]
    fn absurd_times_do_no_harm() {
        let mut cut = Cut::to(vec![u64::MAX - 5..u64::MAX - 1], u32::MAX).expect("a cut");
        for at in [i64::MIN, -1, 0, i64::MAX] {
            let mut samples = vec![1.0; 10];
            let first = cut.place(at, base(1), SampleRate(768_000), 10);
            cut.apply(first, SampleRate(768_000), 1, &mut samples);
            assert!(samples.len() <= 10);
        }
    }

    #[test]
    fn packets_that_overlap_follow_one_another_and_gaps_stay() {
        let mut cut = Cut::to(vec![5..2_000], 1_000).expect("a cut");
        let mut place = |at| cut.place(at, base(1_000), RATE, 100);
        assert_eq!([0, 100, 173, 300].map(&mut place), [0, 100, 200, 300]);
        assert_eq!([700, 800].map(&mut place), [700, 800]);
    }

    #[test]
    fn a_delay_moves_all() {
        let mut delay = Delay::default();
        let mut out = Vec::new();
        for block in [vec![1.0, 2.0], vec![3.0; 8], vec![4.0, 4.0]] {
            let mut samples = block.clone();
            delay.pass(2, 2, &mut samples);
            assert_eq!(samples.len(), block.len());
            out.append(&mut samples);
        }
        assert_eq!(out, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn the_tail_never_comes() {
        for lasts in [0, 3, 10, 25, 200] {
            let mut tail = Tail::of(Seconds(f64::from(lasts) / 1_000.0));
            let mut out = Vec::new();
            for block in 0..10 {
                let mut samples: Vec<f32> = (block * 20..block * 20 + 20).map(|x| x as f32).collect();
                tail.pass(RATE, 2, &mut samples);
                out.append(&mut samples);
            }
            let expected: Vec<f32> = (0..(200 - 2 * lasts).max(0)).map(|x| x as f32).collect();
            assert_eq!(out, expected, "{lasts}");
        }
    }
}
