//! Where blocks of mono samples come from.
use std::path::Path;

use super::warning::Warning;
use crate::error::Result;
use crate::tags::Tags;
use crate::units::SampleRate;

/// A recording that is read block by block: a decoded file, samples in memory, or what a program makes itself.
///
/// Programs implement this trait for audio that is neither a file nor whole in memory: a microphone, a decoder of their
/// own, an hour that another thread pushes piece by piece. [`Audio::blocks`](crate::Audio::blocks) takes it wherever audio
/// is wanted. Only [`next_block`](Self::next_block) is required. Every other method returns "nothing known" unless it is
/// overridden, and so will methods that later versions add.
///
/// ```
/// # #[cfg(feature = "unstable")] fn example() -> refrain::Result<()> {
/// use std::sync::mpsc;
///
/// use refrain::{Audio, decode::BlockSource, units::SampleRate};
///
/// /// Blocks that another thread pushes. The recording ends when that thread drops its sender.
/// struct Pushed(mpsc::Receiver<Vec<f32>>);
///
/// impl BlockSource for Pushed {
///     fn next_block(&mut self, mono: &mut Vec<f32>) -> refrain::Result<Option<SampleRate>> {
///         let Ok(block) = self.0.recv() else { return Ok(None) };
///         mono.clear();
///         mono.extend(block);
///         Ok(Some(SampleRate(44_100)))
///     }
/// }
///
/// let (sender, receiver) = mpsc::sync_channel(4);
/// let microphone = std::thread::spawn(move || {
///     for _ in 0..10 {
///         sender.send(vec![0.0; 44_100]).expect("the recording is read to its end");
///     }
/// });
/// let mut source = Audio::blocks(Pushed(receiver)).named("microphone").open()?;
/// let (mut mono, mut samples) = (Vec::new(), 0);
/// while source.next_block(&mut mono)?.is_some() {
///     samples += mono.len();
/// }
/// assert_eq!(samples, 441_000);
/// # microphone.join().unwrap();
/// # Ok(())
/// # }
/// # #[cfg(feature = "unstable")] example().unwrap();
/// ```
pub trait BlockSource {
    /// Replaces the content of `mono` with the next block, full scale being -1.0..=1.0, and returns the block's sample
    /// rate, 1,000 to 768,000 Hz. Returns `None` at the end. The rate may change from one block to the next.
    ///
    /// A block should have between a few hundred samples and a few seconds of them: one is in memory at a time, and a call
    /// is cancelled between two blocks.
    ///
    /// # Errors
    /// Whatever keeps the rest from being read. The recording is then not used at all.
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>>;

    /// The name that errors and answers show. [`Audio`](crate::Audio) replaces it by its own.
    fn path(&self) -> &Path {
        Path::new("samples")
    }

    /// How many bytes of the audio were read so far, for progress.
    fn bytes(&self) -> u64 {
        0
    }

    /// What the recording says about itself.
    fn tags(&self) -> Tags {
        Tags::default()
    }

    /// The rate and the number of channels of the original, once the first block was read.
    fn spec(&self) -> Option<(SampleRate, u16)> {
        None
    }

    /// What was wrong so far without keeping the recording from being used.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    /// Whether an installed ffmpeg decodes it.
    fn is_through_ffmpeg(&self) -> bool {
        false
    }
}
