//! Cuts a stream of samples into blocks of frames, each with all the samples around it that its frames need. So any
//! thread can work on any block, in any order.
use std::ops::Range;

use refrain_analysis::{
    Hpss,
    blocks::{Extent, Signal},
};

/// Frames of a block, a multiple of sixteen: 12 s. Smaller blocks would compute too many of their neighbours' frames
/// again.
pub const FRAMES: usize = 512;

/// Some frames, and the samples they are computed from.
pub struct Block {
    /// The frames.
    pub frames: Range<usize>,
    /// The length of the signal; [`Extent::UNKNOWN`] for all blocks but the last.
    pub extent: Extent,
    samples: Vec<f32>,
    origin: usize,
}

impl Block {
    /// The samples as a signal.
    pub fn signal(&self) -> Signal<'_> {
        Signal { samples: &self.samples, origin: self.origin as isize }
    }
}

/// Collects samples into blocks. A block has as many samples around it as separation needs, which reaches furthest.
pub struct Blocks<'a> {
    hpss: &'a Hpss,
    samples: Vec<f32>,
    origin: usize,
    /// The first frame that was not returned yet.
    next: usize,
}

impl<'a> Blocks<'a> {
    /// Makes blocks for the frames of `hpss`.
    pub fn new(hpss: &'a Hpss) -> Self {
        Self { hpss, samples: Vec::new(), origin: 0, next: 0 }
    }

    /// How many samples have come.
    pub fn len(&self) -> usize {
        self.origin + self.samples.len()
    }

    /// Takes samples and returns a block once one is complete. `samples` must be shorter than a block.
    pub fn push(&mut self, samples: &[f32]) -> Option<Block> {
        self.samples.extend_from_slice(samples);
        let frames = self.next..self.next + FRAMES;
        // One more, to know that the block is not the last one.
        (self.hpss.reach_of(frames.clone()).end < self.len()).then(|| self.block(frames, Extent::UNKNOWN))
    }

    /// The last block, if it has any frames. It may have up to half as many frames more than the others.
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
