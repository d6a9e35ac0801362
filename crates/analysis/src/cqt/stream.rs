//! The constant-Q transform of samples that come piece by piece, in constant memory.
//!
//! Each level is halved in the same parts as a whole signal, and frames are in the same groups of sixteen. So blocks have the
//! values of the whole transform, bit for bit.
use std::ops::Range;

use super::transform::Cqt;
use crate::{
    decimate::{DecimateScratch, Decimator, PART},
    signal::Signal,
    simd::GROUP,
};

/// Cuts samples that come piece by piece into blocks of frames. [`crate::ChromaCqt::block`] transforms a block, on any thread.
#[doc(hidden)]
pub struct CqtStream {
    decimator: Decimator,
    levels: Vec<Level>,
    /// The first frame of the next block.
    next: usize,
    scratch: DecimateScratch,
}

/// The samples that are kept of the signal at one level.
#[derive(Clone, Debug, Default)]
struct Level {
    /// Samples from one frame to the next, and half the length of a frame. `None` if no octave is at this level.
    frames: Option<(usize, usize)>,
    samples: Vec<f32>,
    /// The number of the first sample.
    origin: usize,
}

/// A block of frames, with all samples that they depend on.
#[doc(hidden)]
pub struct CqtBlock {
    /// The frames. The first one is a multiple of sixteen.
    pub frames: Range<usize>,
    /// The samples of each level, and the number of the first one.
    levels: Vec<(Vec<f32>, usize)>,
}

impl CqtBlock {
    /// The signal at each level.
    pub(crate) fn signals(&self) -> Vec<Signal<'_>> {
        let levels = self.levels.iter();
        levels.map(|(samples, origin)| Signal { samples, origin: *origin as isize }).collect()
    }
}

impl Cqt {
    /// Begins a transform of samples that come piece by piece.
    #[doc(hidden)]
    pub fn stream(&self) -> CqtStream {
        let deepest = self.octaves.last().map_or(0, |o| o.level);
        let mut reaches = vec![None; deepest + 1];
        for octave in &self.octaves {
            reaches[octave.level] = Some((octave.hop, octave.kernels.fft_length / 2));
        }
        CqtStream {
            decimator: self.decimator.clone(),
            levels: reaches.into_iter().map(Level::of).collect(),
            next: 0,
            scratch: DecimateScratch::default(),
        }
    }
}

impl Level {
    fn of(frames: Option<(usize, usize)>) -> Self {
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
    /// Adds samples, which [`crate::blocks::check`] must have passed. Calls `give` with each block that they complete: `frames`
    /// frames, a multiple of sixteen.
    pub fn push(&mut self, samples: &[f32], frames: usize, mut give: impl FnMut(CqtBlock)) {
        assert!(frames > 0 && frames.is_multiple_of(GROUP), "blocks of whole groups");
        self.levels[0].samples.extend_from_slice(samples);
        self.halve(false);
        while self.has(self.next + frames) {
            give(self.block(frames));
        }
        self.forget();
    }

    /// Ends the signal. Calls `give` with the remaining blocks, up to the last of `total` frames.
    pub fn finish(mut self, frames: usize, total: usize, mut give: impl FnMut(CqtBlock)) {
        self.halve(true);
        while self.next < total {
            give(self.block(frames.min(total - self.next)));
        }
    }

    /// Halves the samples of each level. Computes whole parts only, except for the `last` ones of the signal.
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

    /// Whether all samples have come that the frames up to `end` depend on.
    fn has(&self, end: usize) -> bool {
        self.levels.iter().all(|level| level.frames.is_none_or(|(hop, half)| level.end() >= end * hop + half))
    }

    /// Copies the samples of the next block.
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

    /// Drops samples that neither a later frame nor the next level depends on.
    fn forget(&mut self) {
        for n in 0..self.levels.len() {
            let below = self.levels.get(n + 1).map_or(usize::MAX, |below| Decimator::begin(below.end()));
            let level = &mut self.levels[n];
            let own = level.frames.map_or(usize::MAX, |(hop, half)| (self.next * hop).saturating_sub(half));
            let unneeded = own.min(below).saturating_sub(level.origin).min(level.samples.len());
            // Moving the rest is costly, so wait until half can go.
            if unneeded > level.samples.len() / 2 {
                level.samples.drain(..unneeded);
                level.origin += unneeded;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        chroma::{ChromaCqt, ChromaOptions},
        cqt::transform::CqtScratch,
        spectrogram::Spectrogram,
        test_signals::noise,
    };

    #[test]
    fn pieces_of_any_size_give_the_bits_of_the_whole() {
        let noise = noise(900_000, 77);
        let tone = |n: u32| (f64::from(n) * 0.011).sin() as f32 * 0.3;
        let samples: Vec<f32> = (0..).zip(noise).map(|(n, noise)| tone(n) + 0.1 * noise).collect();
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
