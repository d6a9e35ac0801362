//! The separation of samples that come piece by piece.
use super::separator::{Hpss, HpssScratch};
use crate::{
    error::AnalysisError,
    signal::{Signal, check},
    simd::GROUP,
};

impl Hpss {
    /// Begins a separation of samples that come piece by piece.
    #[doc(hidden)]
    pub fn stream(&self) -> HpssStream {
        let mut scratch = HpssScratch::default();
        self.begin(&mut scratch, 0);
        HpssStream { hpss: self.clone(), scratch, pending: Vec::new(), origin: 0, next: 0 }
    }
}

/// A separation of samples that come piece by piece, in constant memory.
///
/// The result equals that of [`Hpss::separate`], bit for bit, whatever the size of the pieces. Samples come out with a delay
/// of at most 16 frames, half the harmonic kernel and one frame's length, because the medians look ahead.
#[doc(hidden)]
pub struct HpssStream {
    hpss: Hpss,
    scratch: HpssScratch,
    /// Samples that are still needed.
    pending: Vec<f32>,
    /// The number of the first pending sample.
    origin: usize,
    /// The first frame of the next block.
    next: usize,
}

impl HpssStream {
    /// Adds a piece of any size. Calls `put` with the harmonic and the percussive samples that it completes, in order.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large. None of `samples` is added then.
    pub fn push(
        &mut self,
        samples: &[f32],
        mut put: impl FnMut(&[f32], &[f32]),
    ) -> Result<(), AnalysisError> {
        check(samples, self.origin + self.pending.len())?;
        self.pending.extend_from_slice(samples);
        let (length, hop) = (self.hpss.stft.frame_length(), self.hpss.stft.hop());
        let known = self.origin + self.pending.len();
        // Frames whose samples have all come, an even number because pairs are transformed together.
        let frames = if known < length / 2 { 0 } else { ((known - length / 2) / hop + 1) & !1 };
        while self.next + GROUP + self.hpss.half() < frames {
            self.block(frames, &mut put);
        }
        // Frames to be transformed and samples to be put out are still needed.
        let needed = self.next.min(self.scratch.next_pair) * hop;
        let unneeded = needed.saturating_sub(length / 2 + self.origin).min(self.pending.len());
        // Moving the rest is costly, so wait until half can go.
        if unneeded > self.pending.len() / 2 {
            self.pending.drain(..unneeded);
            self.origin += unneeded;
        }
        Ok(())
    }

    /// Ends the signal: passes the remaining samples to `put`. The stream can then take another signal.
    pub fn finish(&mut self, mut put: impl FnMut(&[f32], &[f32])) {
        let len = self.origin + self.pending.len();
        let frames = self.hpss.stft.frames(len);
        while self.next < frames {
            self.block(frames, &mut put);
        }
        if frames > 0 {
            let mut put = within(len, &mut put);
            self.hpss.end(&mut self.scratch, frames, len, &mut put);
        }
        self.pending.clear();
        (self.origin, self.next) = (0, 0);
        self.hpss.begin(&mut self.scratch, 0);
    }

    /// Separates the next block of a signal of `frames` frames.
    fn block(&mut self, frames: usize, put: &mut impl FnMut(&[f32], &[f32])) {
        let len = self.origin + self.pending.len();
        let signal = Signal { samples: &self.pending, origin: self.origin as isize };
        let mut put = within(len, put);
        self.hpss.block(&mut self.scratch, signal, self.next, frames, &mut put);
        self.next += GROUP;
    }
}

/// Drops samples before the first or after the last one of a signal of `len` samples.
fn within(len: usize, put: &mut impl FnMut(&[f32], &[f32])) -> impl FnMut(isize, &[f32], &[f32]) {
    move |at, h, p| {
        let from = (-at).clamp(0, h.len() as isize) as usize;
        let to = (len as isize - at).clamp(from as isize, h.len() as isize) as usize;
        if from < to {
            put(&h[from..to], &p[from..to]);
        }
    }
}
