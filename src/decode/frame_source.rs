//! Blocks of all channels, which AcoustID's fingerprints are made from.
use super::sound::Sound;
use super::warning::Warning;
use crate::error::Result;
use crate::units::Seconds;

/// A recording that is read block by block, with all of its channels.
pub(crate) trait FrameSource {
    /// Replaces the content of `frames` with the next block, frame after frame, and returns the kind of its samples.
    /// Returns `None` at the end.
    ///
    /// # Errors
    /// Whatever keeps the rest from being read.
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>>;

    /// The length of the whole recording. Nothing can be read after this call.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the rest must be read for it and cannot be.
    fn duration(&mut self) -> Result<Seconds>;

    /// What was wrong so far without keeping the recording from being used.
    fn warnings(&self) -> Vec<Warning>;
}
