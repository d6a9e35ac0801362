//! MPEG audio of layer 3 for the fingerprint alone: at a quarter or half of the rate.
//!
//! The analysis ends at 5.2 kHz, and most of what a decoder does is above. So this one reads the lines of the kept subbands
//! only, and computes every fourth sample, or every second one. Up to 5.1 kHz these samples are those of a full decode, at
//! the same times: the first one is the first of the recording, whatever its encoder put before it.
//!
//! It follows ISO/IEC 11172-3 and 13818-3. What it has no use for it declines: rates of 16 kHz and below.
mod bands;
mod bits;
mod block;
mod frame;
mod huffman;
mod hybrid;
mod leaves;
mod polyphase;
mod reservoir;
mod scales;
mod side_info;
mod stereo;
mod window;

use std::ops::Range;

use self::frame::Frames;

/// A decoder for frames of one rate and one number of channels.
pub(super) struct Layer3 {
    channels: usize,
    /// One sample is made of so many.
    step: usize,
    /// The samples of the recording so far, at the full rate.
    at: u64,
    kept: Kept,
    /// The last frame's channels, at the lower rate.
    audio: [Vec<f32>; 2],
}

/// How many subbands there are.
enum Kept {
    Quarter(Box<Frames<8>>),
    Half(Box<Frames<16>>),
}

impl Layer3 {
    /// A decoder for this rate, if it is of use there.
    pub(super) fn new(rate: u32, channels: usize) -> Option<Layer3> {
        // The kept subbands reach up to 5.5 kHz at least.
        let (step, kept) = match rate {
            44_100 => (4, Kept::Quarter(Box::new(Frames::new(0)))),
            48_000 => (4, Kept::Quarter(Box::new(Frames::new(1)))),
            32_000 => (2, Kept::Half(Box::new(Frames::new(2)))),
            22_050 => (2, Kept::Half(Box::new(Frames::new(3)))),
            24_000 => (2, Kept::Half(Box::new(Frames::new(4)))),
            _ => return None,
        };
        let of_use = channels == 1 || channels == 2;
        of_use.then(|| Layer3 { channels, step, at: 0, kept, audio: Default::default() })
    }

    /// One sample is made of so many of the full rate.
    pub(super) fn step(&self) -> usize {
        self.step
    }

    /// Decodes a frame. The first `before` of its samples and the last `after`, at the full rate, are not the recording.
    /// Returns the channels, of equal length.
    ///
    /// # Errors
    /// What is wrong with the frame. Its time has passed nevertheless.
    pub(super) fn decode(
        &mut self,
        frame: &[u8],
        before: usize,
        after: usize,
    ) -> Result<[&[f32]; 2], &'static str> {
        let samples = match &self.kept {
            Kept::Quarter(frames) => frames.samples(),
            Kept::Half(frames) => frames.samples(),
        };
        let recording = before.min(samples)..samples.saturating_sub(after).max(before.min(samples));
        // The recording's samples 0, `step`, 2 `step` and so on are wanted.
        let step = self.step as u64;
        let phase = ((recording.start as u64 % step + step - self.at % step) % step) as usize;
        self.at += recording.len() as u64;
        for channel in &mut self.audio {
            channel.clear();
        }
        let phase = (!recording.is_empty()).then_some(phase);
        match &mut self.kept {
            Kept::Quarter(frames) => frames.decode(frame, self.channels, phase, &mut self.audio)?,
            Kept::Half(frames) => frames.decode(frame, self.channels, phase, &mut self.audio)?,
        }
        let range = self.range(&recording, phase.unwrap_or(0));
        let [left, right] = &self.audio;
        Ok([&left[range.clone()], if self.channels == 2 { &right[range] } else { &[] }])
    }

    /// Which of a frame's computed samples lie in this part of it.
    fn range(&self, recording: &Range<usize>, phase: usize) -> Range<usize> {
        if recording.is_empty() {
            return 0..0;
        }
        let upto = |end: usize| end.saturating_sub(phase).div_ceil(self.step).min(self.audio[0].len());
        upto(recording.start)..upto(recording.end)
    }
}
