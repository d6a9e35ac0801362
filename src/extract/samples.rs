//! Resamples decoded audio to the analysed rate.
use crate::{
    cancel::CancelToken,
    decode::BlockSource,
    error::{AudioError, Error, Result},
    resample::Resampler,
    units::{SampleRate, Samples, Seconds},
};

/// The longest audio that is accepted, in hours: a week. Silence compresses so well that a file of some megabytes can
/// hold months of it, whose frames would fill the memory.
const MAX_HOURS: u64 = 7 * 24;

/// The shortest audio that can be recognised.
const MIN_DURATION: Seconds = Seconds(0.5);

/// Resamples blocks of mono samples, whose rate may change, to one rate.
pub(crate) struct Feed {
    rate: SampleRate,
    resampler: Option<(SampleRate, Resampler)>,
    resampled: Vec<f32>,
    total: u64,
    max_hours: u64,
}

impl Feed {
    /// Resamples to `rate`.
    pub fn new(rate: SampleRate) -> Self {
        Self::up_to(MAX_HOURS, rate)
    }

    /// Resamples to `rate`, however long the audio is.
    pub fn endless(rate: SampleRate) -> Self {
        Self::up_to(u64::MAX, rate)
    }

    fn up_to(max_hours: u64, rate: SampleRate) -> Self {
        Self { rate, resampler: None, resampled: Vec::new(), total: 0, max_hours }
    }

    /// Takes a block at the rate `from`, and calls `sink` with the resampled samples.
    ///
    /// # Errors
    /// [`AudioError::TooLong`]; errors of `sink`.
    pub fn push(
        &mut self,
        block: &[f32],
        from: SampleRate,
        mut sink: impl FnMut(&[f32]) -> Result<(), FeedError>,
    ) -> Result<(), FeedError> {
        if self.resampler.as_ref().is_some_and(|(old, _)| *old != from) {
            self.flush(&mut sink)?;
        }
        let rate = self.rate;
        let (_, resampler) = self.resampler.get_or_insert_with(|| (from, Resampler::new(from, rate)));
        resampler.push(block, &mut self.resampled);
        self.give(&mut sink)?;
        let max = self.max_hours.saturating_mul(3600 * u64::from(rate.0));
        if self.total > max {
            return Err(FeedError::Audio(AudioError::TooLong { hours: self.max_hours }));
        }
        Ok(())
    }

    /// Ends the audio: `sink` gets the samples that the resampler holds back. Returns the number of samples.
    ///
    /// # Errors
    /// Errors of `sink`.
    pub fn finish(
        &mut self,
        mut sink: impl FnMut(&[f32]) -> Result<(), FeedError>,
    ) -> Result<Samples, FeedError> {
        self.flush(&mut sink)?;
        Ok(Samples(self.total))
    }

    fn flush(&mut self, sink: &mut impl FnMut(&[f32]) -> Result<(), FeedError>) -> Result<(), FeedError> {
        let Some((_, mut resampler)) = self.resampler.take() else { return Ok(()) };
        resampler.finish(&mut self.resampled);
        self.give(sink)
    }

    fn give(&mut self, sink: &mut impl FnMut(&[f32]) -> Result<(), FeedError>) -> Result<(), FeedError> {
        self.total += self.resampled.len() as u64;
        sink(&self.resampled)?;
        self.resampled.clear();
        Ok(())
    }
}

/// Why a [`Feed`] failed.
pub(crate) enum FeedError {
    /// The audio is at fault; the caller knows its name.
    Audio(AudioError),
    /// The sink failed.
    Sink(Error),
}

impl From<Error> for FeedError {
    fn from(error: Error) -> Self {
        Self::Sink(error)
    }
}

impl FeedError {
    /// The error, for audio called `name`.
    pub fn of(self, name: &std::path::Path) -> Error {
        match self {
            Self::Audio(reason) => Error::Audio { path: name.to_owned(), reason },
            Self::Sink(error) => error,
        }
    }
}

/// Decodes to the end, and calls `sink` with mono samples at `rate` and the number of bytes decoded so far. Returns
/// the number of samples.
///
/// # Errors
/// Those of [`BlockSource::next_block`]; errors of `sink`; [`AudioError::TooLong`]; [`Error::Interrupted`] once
/// `cancel` is cancelled.
pub(crate) fn stream(
    decoder: &mut dyn BlockSource,
    rate: SampleRate,
    cancel: &CancelToken,
    sink: impl FnMut(&[f32], u64) -> Result<()>,
) -> Result<Samples> {
    stream_into(Feed::new(rate), decoder, cancel, sink)
}

fn stream_into(
    mut feed: Feed,
    decoder: &mut dyn BlockSource,
    cancel: &CancelToken,
    mut sink: impl FnMut(&[f32], u64) -> Result<()>,
) -> Result<Samples> {
    let mut block = Vec::new();
    while let Some(from) = decoder.next_block(&mut block)? {
        cancel.check()?;
        let bytes = decoder.bytes();
        feed.push(&block, from, |samples| Ok(sink(samples, bytes)?)).map_err(|e| e.of(decoder.path()))?;
    }
    let bytes = decoder.bytes();
    feed.finish(|samples| Ok(sink(samples, bytes)?)).map_err(|e| e.of(decoder.path()))
}

/// Refuses audio that is too short to be recognised.
///
/// # Errors
/// [`AudioError::TooShort`].
pub(crate) fn check_duration(duration: Seconds) -> Result<(), AudioError> {
    if duration.0 >= MIN_DURATION.0 {
        return Ok(());
    }
    let milliseconds = |s: Seconds| (s.0 * 1000.0) as u64;
    Err(AudioError::TooShort {
        milliseconds: milliseconds(duration),
        min_milliseconds: milliseconds(MIN_DURATION),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode::Decoder, params::CURRENT};

    #[test]
    fn endless_audio_is_refused() {
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        let stream = |hours| {
            let mut decoder = Decoder::open(song.as_ref()).unwrap();
            let feed = Feed::up_to(hours, CURRENT.sample_rate);
            stream_into(feed, &mut decoder, &CancelToken::new(), |_, _| Ok(()))
        };
        assert!(stream(1).is_ok());
        assert!(matches!(stream(0), Err(Error::Audio { reason: AudioError::TooLong { hours: 0 }, .. })));
    }
}
