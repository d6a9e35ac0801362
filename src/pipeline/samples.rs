//! A file's samples at the rate that is analysed.
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    Error, Result,
    decode::Decoder,
    resample::Resampler,
    units::{SampleRate, Samples},
};

/// Decodes to the end and calls `sink` with stretches of mono samples at `rate`; gives their number.
///
/// # Errors
/// As `Decoder::next_block`; `Error::Interrupted` where `cancel` was set.
pub(super) fn stream(
    decoder: &mut Decoder,
    rate: SampleRate,
    cancel: &AtomicBool,
    mut sink: impl FnMut(&[f32]),
) -> Result<Samples> {
    let (mut block, mut resampled) = (Vec::new(), Vec::new());
    let mut resampler: Option<(SampleRate, Resampler)> = None;
    let mut total = 0;
    let mut give = |samples: &mut Vec<f32>| {
        total += samples.len() as u64;
        sink(samples);
        samples.clear();
    };
    while let Some(from) = decoder.next_block(&mut block)? {
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        if let Some((_, mut resampler)) = resampler.take_if(|(old, _)| *old != from) {
            resampler.finish(&mut resampled);
            give(&mut resampled);
        }
        let (_, resampler) = resampler.get_or_insert_with(|| (from, Resampler::new(from, rate)));
        resampler.push(&block, &mut resampled);
        give(&mut resampled);
    }
    if let Some((_, mut resampler)) = resampler {
        resampler.finish(&mut resampled);
        give(&mut resampled);
    }
    Ok(Samples(total))
}
