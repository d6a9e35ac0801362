//! A stream of samples, cut into blocks of frames with all the samples around them that they are made of, so that blocks can
//! be worked on in any order and by any thread.
use std::ops::Range;

use refrain_analysis::{
    Hpss,
    blocks::{Extent, Signal},
};

/// Frames of a block, a multiple of sixteen: 12 s. Smaller ones would compute too many of their neighbours' frames again.
pub const FRAMES: usize = 512;

/// Some frames and what they are made of.
pub struct Block {
    /// The frames.
    pub frames: Range<usize>,
    /// How long the signal is; [`Extent::UNKNOWN`] but for the last block.
    pub extent: Extent,
    samples: Vec<f32>,
    origin: usize,
}

impl Block {
    /// The samples, to be looked at.
    pub fn signal(&self) -> Signal<'_> {
        Signal { samples: &self.samples, origin: self.origin as isize }
    }
}

/// Gathers samples. What a block needs is what separation needs, which reaches furthest.
pub struct Blocks<'a> {
    hpss: &'a Hpss,
    samples: Vec<f32>,
    origin: usize,
    /// The first frame that was not given yet.
    next: usize,
}

impl<'a> Blocks<'a> {
    /// Blocks for the frames of `hpss`.
    pub fn new(hpss: &'a Hpss) -> Self {
        Self { hpss, samples: Vec::new(), origin: 0, next: 0 }
    }

    /// How many samples have come.
    pub fn len(&self) -> usize {
        self.origin + self.samples.len()
    }

    /// Takes samples and gives a block if one is complete. `samples` must be shorter than a block.
    pub fn push(&mut self, samples: &[f32]) -> Option<Block> {
        self.samples.extend_from_slice(samples);
        let frames = self.next..self.next + FRAMES;
        // One more, so that the block is known not to be the last one.
        (self.hpss.reach_of(frames.clone()).end < self.len()).then(|| self.block(frames, Extent::UNKNOWN))
    }

    /// The last block, if there is anything in it; has up to half as many frames more than the others.
    pub fn finish(mut self) -> Option<Block> {
        let extent = Extent::of(self.hpss.stft(), self.len());
        (self.next < extent.frames).then(|| self.block(self.next..extent.frames, extent))
    }

    fn block(&mut self, frames: Range<usize>, extent: Extent) -> Block {
        let reach = self.hpss.reach_of(frames.clone());
        let kept = |at: usize| at.clamp(self.origin, self.origin + self.samples.len()) - self.origin;
        let samples = self.samples[kept(reach.start)..kept(reach.end)].to_vec();
        let origin = reach.start.max(self.origin);
        self.next = frames.end;
        let unneeded = kept(self.hpss.reach_of(self.next..self.next).start);
        self.samples.drain(..unneeded);
        self.origin += unneeded;
        Block { frames, extent, samples, origin }
    }
}
