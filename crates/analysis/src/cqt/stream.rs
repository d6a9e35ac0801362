//! A constant-Q transform of samples that come piece by piece, in constant memory.
//!
//! Each level is halved in the same parts as a whole signal is, and frames are grouped in the same sixteens, so that blocks
//! have the same values as the whole transform, bit for bit.
use std::ops::Range;

use super::super::{
    decimate::{DecimateScratch, Decimator, PART},
    lanes::GROUP,
    signal::Signal,
};

/// What is kept of the signal at each level.
pub(crate) struct CqtStream {
    pub(super) decimator: Decimator,
    pub(super) levels: Vec<Level>,
    /// The next frame to be given.
    pub(super) next: usize,
    pub(super) scratch: DecimateScratch,
}

/// The signal, halved so many times.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// Samples from one frame to the next, and half the length of a frame; none where no octave is at this level.
    pub(super) frames: Option<(usize, usize)>,
    samples: Vec<f32>,
    /// The number of the first one.
    origin: usize,
}

/// All that some frames are made of, so that another thread can go on with it.
pub(crate) struct CqtBlock {
    /// The frames, which begin with a whole group.
    pub frames: Range<usize>,
    /// Samples of each level and the number of the first one.
    levels: Vec<(Vec<f32>, usize)>,
}

impl CqtBlock {
    pub(in super::super) fn signals(&self) -> Vec<Signal<'_>> {
        let levels = self.levels.iter();
        levels.map(|(samples, origin)| Signal { samples, origin: *origin as isize }).collect()
    }
}

impl Level {
    pub(super) fn of(frames: Option<(usize, usize)>) -> Self {
        Self { frames, ..Self::default() }
    }

    fn end(&self) -> usize {
        self.origin + self.samples.len()
    }

    fn signal(&self) -> Signal<'_> {
        Signal { samples: &self.samples, origin: self.origin as isize }
    }
}

impl CqtStream {
    /// Takes samples, all of which can be worked with, and calls `give` with blocks of `frames` frames, a multiple of
    /// sixteen, that they complete.
    pub fn push(&mut self, samples: &[f32], frames: usize, mut give: impl FnMut(CqtBlock)) {
        assert!(frames > 0 && frames.is_multiple_of(GROUP), "blocks of whole groups");
        self.levels[0].samples.extend_from_slice(samples);
        self.halve(false);
        while self.has(self.next + frames) {
            give(self.block(frames));
        }
        self.forget();
    }

    /// Ends the signal: gives what is left, up to the last of `total` frames.
    pub fn finish(mut self, frames: usize, total: usize, mut give: impl FnMut(CqtBlock)) {
        self.halve(true);
        while self.next < total {
            give(self.block(frames.min(total - self.next)));
        }
    }

    /// Halves what has come, in whole parts unless it is the `last`.
    fn halve(&mut self, last: bool) {
        for level in 1..self.levels.len() {
            let (above, below) = self.levels.split_at_mut(level);
            let (input, output) = (&above[level - 1], &mut below[0]);
            let end = input.end().div_ceil(2);
            loop {
                let first = output.end();
                let count = if input.end() >= Decimator::reach(first) {
                    PART
                } else if last && first < end {
                    PART.min(end - first)
                } else {
                    break;
                };
                let from = output.samples.len();
                output.samples.resize(from + count, 0.0);
                let out = &mut output.samples[from..];
                self.decimator.run(input.signal(), first, out, &mut self.scratch);
            }
        }
    }

    /// Whether all that frames up to `end` are made of is there.
    fn has(&self, end: usize) -> bool {
        self.levels.iter().all(|level| level.frames.is_none_or(|(hop, half)| level.end() >= end * hop + half))
    }

    fn block(&mut self, frames: usize) -> CqtBlock {
        let frames = self.next..self.next + frames;
        // Groups are computed whole.
        let end = frames.end.next_multiple_of(GROUP);
        let copy = |level: &Level| {
            let Some((hop, half)) = level.frames else { return (Vec::new(), 0) };
            let from = (frames.start * hop).saturating_sub(half).clamp(level.origin, level.end());
            let to = (end * hop + half).clamp(from, level.end());
            (level.samples[from - level.origin..to - level.origin].to_vec(), from)
        };
        let levels = self.levels.iter().map(copy).collect();
        self.next = frames.end;
        CqtBlock { frames, levels }
    }

    /// Lets go what neither a frame nor the next level is made of any more.
    fn forget(&mut self) {
        for n in 0..self.levels.len() {
            let below = self.levels.get(n + 1).map_or(usize::MAX, |below| Decimator::begin(below.end()));
            let level = &mut self.levels[n];
            let own = level.frames.map_or(usize::MAX, |(hop, half)| (self.next * hop).saturating_sub(half));
            let unneeded = own.min(below).saturating_sub(level.origin).min(level.samples.len());
            // Moving the rest costs, so not too often.
            if unneeded > level.samples.len() / 2 {
                level.samples.drain(..unneeded);
                level.origin += unneeded;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{ChromaCqt, ChromaOptions, CqtScratch, Spectrogram};

    #[test]
    fn pieces_of_any_size_give_the_bits_of_the_whole() {
        let mut state = 77u32;
        let mut noise = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let samples: Vec<f32> =
            (0..900_000u32).map(|n| (f64::from(n) * 0.011).sin() as f32 * 0.3 + 0.1 * noise()).collect();
        for (rate, hop) in [(22_050.0, 512), (44_100.0, 512), (22_050.0, 96)] {
            let chroma =
                ChromaCqt::new(rate, ChromaOptions { hop, tuning: 0.1, ..ChromaOptions::default() }).unwrap();
            for (len, piece, frames) in
                [(900_000, 70_001, 256), (500_000, 500_000, 16), (40_000, 513, 64), (300, 7, 16), (0, 1, 16)]
            {
                let samples = &samples[..len];
                let raw = chroma.raw(samples, &mut CqtScratch::default()).unwrap();
                let whole = chroma.cqt().magnitudes(samples, &mut CqtScratch::default()).unwrap();
                let (mut got_raw, mut got) = (Vec::new(), Vec::new());
                let mut next = 0;
                let mut give = |block: super::CqtBlock| {
                    assert_eq!(block.frames.start, next);
                    next = block.frames.end;
                    let mut magnitudes = Spectrogram::default();
                    let chroma = chroma.block(&block, &mut Default::default(), Some(&mut magnitudes));
                    got_raw.extend_from_slice(chroma.values());
                    got.extend_from_slice(magnitudes.values());
                };
                let mut stream = chroma.cqt().stream();
                for piece in samples.chunks(piece) {
                    stream.push(piece, frames, &mut give);
                }
                assert!(stream.levels[0].samples.len() < 700_000, "{}", stream.levels[0].samples.len());
                stream.finish(frames, chroma.cqt().frames(len), &mut give);
                assert!(got_raw == raw.values(), "chroma at {rate} Hz, {len} in pieces of {piece}");
                assert!(got == whole.values(), "magnitudes at {rate} Hz, {len} in pieces of {piece}");
            }
        }
    }
}
