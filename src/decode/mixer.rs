//! Makes one channel of a recording: the mean of all channels, or a single one where the mean loses the sound.
//!
//! Channels that are inverse to each other cancel out in the mean. So the energy of the mean is compared with that of the
//! channels, half a second at a time. The choice depends on the sound alone. So a clip and its track choose alike, and the
//! size of the blocks makes no difference.
use crate::units::SampleRate;

/// The mean loses the sound if its energy is below this share of what it would have if the channels were unrelated.
const LOST: f64 = 0.02;

/// The mean is used again once it reaches this share. The gap keeps the choice steady.
const BACK: f64 = 0.04;

/// A chosen channel stays chosen while it has this share of the loudest channel's energy.
const STAYS: f64 = 0.5;

/// Segments a second.
const PER_SECOND: u32 = 2;

/// A segment has at most this many values, so that many channels at a high rate do not take much memory.
const MAX_VALUES: usize = 1 << 20;

/// Takes blocks with all channels, and returns mono segments of half a second.
#[derive(Default)]
pub(super) struct Mixer {
    waiting: Waiting,
    /// A block of another kind, which follows once the rest of what waits is out.
    following: Option<Waiting>,
    ended: bool,
    /// The channel that is used instead of the mean.
    channel: Option<usize>,
}

/// Audio of one kind.
#[derive(Default)]
struct Waiting {
    /// Its rate and number of channels.
    kind: Option<(SampleRate, usize)>,
    /// All channels, frame after frame.
    frames: Vec<f32>,
    /// Where in `frames` the next segment begins.
    done: usize,
}

impl Waiting {
    fn forget_done(&mut self) {
        self.frames.drain(..self.done);
        self.done = 0;
    }

    fn left(&self) -> usize {
        self.frames.len() - self.done
    }
}

impl Mixer {
    /// Takes the next block, whole frames of all channels. Before that, [`next`](Self::next) has returned `None`.
    pub(super) fn push(&mut self, rate: SampleRate, channels: usize, frames: &[f32]) {
        debug_assert!(frames.len().is_multiple_of(channels));
        let kind = Some((rate, channels));
        self.waiting.forget_done();
        if self.waiting.frames.is_empty() {
            self.waiting.kind = kind;
        }
        if self.waiting.kind == kind {
            self.waiting.frames.extend_from_slice(frames);
        } else {
            self.following = Some(Waiting { kind, frames: frames.to_vec(), done: 0 });
        }
    }

    /// Says that no block follows. What waits is the last segment.
    pub(super) fn finish(&mut self) {
        self.ended = true;
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.left() == 0 && self.following.is_none()
    }

    /// Replaces `mono` by the next segment, if it is complete, and returns its rate.
    pub(super) fn next(&mut self, mono: &mut Vec<f32>) -> Option<SampleRate> {
        if self.waiting.left() == 0
            && let Some(following) = self.following.take()
        {
            self.waiting = following;
        }
        let (rate, channels) = self.waiting.kind?;
        let whole = ((rate.0 / PER_SECOND) as usize).min(MAX_VALUES / channels).max(1) * channels;
        let left = self.waiting.left();
        if left == 0 || left < whole && !self.ended && self.following.is_none() {
            return None;
        }
        let segment = self.waiting.done..self.waiting.done + left.min(whole);
        self.waiting.done = segment.end;
        let frames = &self.waiting.frames[segment];
        mean(frames, channels, mono);
        self.channel = choice(self.channel.filter(|&c| c < channels), channels, mono, frames);
        if let Some(channel) = self.channel {
            mono.clear();
            mono.extend(frames.iter().skip(channel).step_by(channels));
        }
        Some(rate)
    }
}

/// Fills `mono` with the mean of all channels. Two channels, which nearly all files have, get a loop of their own that
/// vectorises.
fn mean(frames: &[f32], channels: usize, mono: &mut Vec<f32>) {
    mono.clear();
    if channels == 2 {
        mono.extend(frames.as_chunks::<2>().0.iter().map(|[left, right]| (left + right) * 0.5));
    } else {
        let scale = 1.0 / channels as f32;
        mono.extend(frames.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
    }
}

/// The channel to use instead of the mean, if any. `before` is that of the segment before.
fn choice(before: Option<usize>, channels: usize, mean: &[f32], frames: &[f32]) -> Option<usize> {
    let limit = if before.is_some() { BACK } else { LOST };
    // Unrelated channels have a mean with this share of their energy.
    let unrelated = energy(frames) / (channels * channels) as f64;
    if energy(mean) >= limit * unrelated {
        return None;
    }
    let square = |x: &f32| f64::from(*x).powi(2);
    let of_channel: Vec<f64> =
        (0..channels).map(|c| frames.iter().skip(c).step_by(channels).map(square).sum()).collect();
    // The first of equally loud ones.
    let loudest = (0..channels).rev().max_by(|&a, &b| of_channel[a].total_cmp(&of_channel[b]))?;
    before.filter(|&c| of_channel[c] >= STAYS * of_channel[loudest]).or(Some(loudest))
}

/// The sum of the squares. Eight sums side by side, so that no addition waits for another one.
fn energy(samples: &[f32]) -> f64 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, x)| *sum += x * x);
    }
    sums.iter().copied().chain(rest.iter().map(|x| x * x)).map(f64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(1_000);

    /// What comes out of interleaved `frames` in blocks of the given sizes by turns.
    fn mixed(frames: &[f32], channels: usize, sizes: &[usize]) -> Vec<f32> {
        let (mut mixer, mut out, mut mono) = (Mixer::default(), Vec::new(), Vec::new());
        let (mut left, mut sizes) = (frames, sizes.iter().cycle());
        while !left.is_empty() {
            let (block, rest) = left.split_at(left.len().min(channels * sizes.next().unwrap()));
            left = rest;
            mixer.push(RATE, channels, block);
            while mixer.next(&mut mono).is_some() {
                assert_eq!(mono.len(), 500, "half a second");
                out.append(&mut mono);
            }
            assert!(mixer.waiting.left() < 500 * channels, "no more than a segment waits");
        }
        mixer.finish();
        while mixer.next(&mut mono).is_some() {
            out.append(&mut mono);
        }
        out
    }

    /// The slow twin: frame by frame, in double precision.
    fn mean(frames: &[f32], channels: usize) -> Vec<f32> {
        let mean = |frame: &[f32]| frame.iter().copied().map(f64::from).sum::<f64>() / channels as f64;
        frames.chunks_exact(channels).map(|frame| mean(frame) as f32).collect()
    }

    /// Both are the same but for rounding.
    fn same(found: &[f32], expected: &[f32]) -> bool {
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    /// Frames of noise; the second channel is `right` times the first, and `own` noise of its own.
    fn stereo(count: usize, right: f32, own: f32) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(4);
        let mut noise = move || 2.0 * random.f32() - 1.0;
        (0..count)
            .flat_map(|_| {
                let x = noise();
                [x, right * x + own * noise()]
            })
            .collect()
    }

    fn channel(frames: &[f32], channel: usize) -> Vec<f32> {
        frames.iter().skip(channel).step_by(2).copied().collect()
    }

    #[test]
    fn the_mean_stays_unless_it_loses_the_sound() {
        for (right, own) in [(1.0, 0.0), (0.5, 0.1), (0.0, 0.0), (0.0, 1.0), (-0.5, 0.0), (-1.0, 0.5)] {
            let frames = stereo(3_210, right, own);
            assert!(same(&mixed(&frames, 2, &[77]), &mean(&frames, 2)), "{right} {own}");
        }
        // Inverse, and nearly so: the louder channel, the first of equals.
        for (right, own, expected) in [(-1.0, 0.0, 0), (-0.95, 0.0, 0), (-1.05, 0.0, 1), (-1.2, 0.05, 1)] {
            let frames = stereo(3_210, right, own);
            assert_eq!(mixed(&frames, 2, &[77]), channel(&frames, expected), "{right} {own}");
        }
    }

    #[test]
    fn the_size_of_blocks_makes_no_difference() {
        let frames = [stereo(1_730, 1.0, 0.0), stereo(2_345, -1.0, 0.03), stereo(1_111, 0.5, 0.5)].concat();
        let expected = mixed(&frames, 2, &[1_000_000]);
        for sizes in [&[1][..], &[2, 1, 499], &[500], &[501, 3], &[1_152], &[4_096, 0]] {
            assert_eq!(mixed(&frames, 2, sizes), expected, "{sizes:?}");
        }
        assert_eq!(expected.len(), frames.len() / 2);
        let mean = mean(&frames, 2);
        assert!(same(&expected[..1_500], &mean[..1_500]));
        assert!(same(&expected[4_500..], &mean[4_500..]));
        assert!(!same(&expected[2_000..4_000], &mean[2_000..4_000]));
    }

    #[test]
    fn a_chosen_channel_stays_while_it_is_about_as_loud() {
        let part = |right: f32| stereo(500, right, 0.0);
        // The first of equals, and again although the second is louder.
        let frames = [part(-1.0), part(-1.1), part(-1.3), part(1.0)].concat();
        let found = mixed(&frames, 2, &[300]);
        assert_eq!(found[..1_500], channel(&frames, 0)[..1_500]);
        assert!(same(&found[1_500..], &mean(&frames, 2)[1_500..]));
    }

    /// One of many channels is as quiet in the mean as unrelated ones.
    #[test]
    fn a_single_channel_of_many_is_no_loss() {
        for channels in [3, 8, 200] {
            let noise = stereo(600, 1.0, 0.0);
            let frames: Vec<f32> = (0..600 * channels)
                .map(|i| if i % channels == 2 { noise[i / channels] } else { 0.0 })
                .collect();
            assert!(same(&mixed(&frames, channels, &[64]), &mean(&frames, channels)), "{channels}");
        }
        let silence = vec![0.0; 3_000];
        assert_eq!(mixed(&silence, 3, &[64]), vec![0.0; 1_000]);
    }

    #[test]
    fn another_kind_comes_after_the_rest() {
        let (mut mixer, mut mono) = (Mixer::default(), Vec::new());
        assert!(mixer.is_empty() && mixer.next(&mut mono).is_none());
        mixer.push(RATE, 2, &[0.5; 20]);
        assert!(!mixer.is_empty() && mixer.next(&mut mono).is_none());
        mixer.push(SampleRate(2_000), 3, &[0.25; 12]);
        assert_eq!((mixer.next(&mut mono), &mono), (Some(RATE), &vec![0.5; 10]));
        assert!(!mixer.is_empty() && mixer.next(&mut mono).is_none());
        mixer.finish();
        assert_eq!((mixer.next(&mut mono), &mono), (Some(SampleRate(2_000)), &vec![0.25; 4]));
        assert!(mixer.is_empty() && mixer.next(&mut mono).is_none());
    }
}
