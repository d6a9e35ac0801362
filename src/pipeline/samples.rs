//! A file's samples at the rate that is analysed.

use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    decode::BlockSource,
    error::AudioError,
    resample::Resampler,
    units::{SampleRate, Samples},
};

/// The longest audio that is taken, in hours: a week. Silence packs so well that a file of some megabytes can hold
/// months of it, whose frames would fill the memory.
const MOST_HOURS: u64 = 7 * 24;

/// Decodes to the end and calls `sink` with stretches of mono samples at `rate` and the bytes of audio that were
/// decoded so far; gives the number of samples.
///
/// # Errors
/// As `BlockSource::next_block`; what `sink` gives; `AudioError::TooLong`; `Error::Interrupted` where `cancel` was set.
pub(super) fn stream(
    decoder: &mut dyn BlockSource,
    rate: SampleRate,
    cancel: &CancelToken,
    sink: impl FnMut(&[f32], u64) -> Result<()>,
) -> Result<Samples> {
    stream_up_to(MOST_HOURS, decoder, rate, cancel, sink)
}

fn stream_up_to(
    hours: u64,
    decoder: &mut dyn BlockSource,
    rate: SampleRate,
    cancel: &CancelToken,
    mut sink: impl FnMut(&[f32], u64) -> Result<()>,
) -> Result<Samples> {
    let most = hours * 3600 * u64::from(rate.0);
    let (mut block, mut resampled) = (Vec::new(), Vec::new());
    let mut resampler: Option<(SampleRate, Resampler)> = None;
    let mut total = 0;
    let mut give = |samples: &mut Vec<f32>, bytes: u64| {
        total += samples.len() as u64;
        sink(samples, bytes)?;
        samples.clear();
        Ok(total <= most)
    };
    let too_long = |decoder: &dyn BlockSource| {
        Err(Error::Audio { path: decoder.path().to_owned(), reason: AudioError::TooLong { hours } })
    };
    while let Some(from) = decoder.next_block(&mut block)? {
        cancel.check()?;
        if let Some((_, mut resampler)) = resampler.take_if(|(old, _)| *old != from) {
            resampler.finish(&mut resampled);
            give(&mut resampled, decoder.bytes())?;
        }
        let (_, resampler) = resampler.get_or_insert_with(|| (from, Resampler::new(from, rate)));
        resampler.push(&block, &mut resampled);
        if !give(&mut resampled, decoder.bytes())? {
            return too_long(decoder);
        }
    }
    if let Some((_, mut resampler)) = resampler {
        resampler.finish(&mut resampled);
        give(&mut resampled, decoder.bytes())?;
    }
    Ok(Samples(total))
}

#[cfg(all(test, feature = "decode"))]
mod tests {
    use super::*;
    use crate::{decode::Decoder, params::CURRENT};

    #[test]
    fn what_goes_on_and_on_is_given_up() {
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        let stream = |hours| {
            let mut decoder = Decoder::open(song.as_ref()).unwrap();
            stream_up_to(hours, &mut decoder, CURRENT.sample_rate, &CancelToken::new(), |_, _| Ok(()))
        };
        assert!(stream(1).is_ok());
        assert!(matches!(stream(0), Err(Error::Audio { reason: AudioError::TooLong { hours: 0 }, .. })));
    }
}
