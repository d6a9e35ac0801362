//! Audio files as arrays of samples.
use numpy::PyArray1;
use pyo3::prelude::*;
use refrain::{Audio, CancelToken, Error, decode::BlockSource, resample::Resampler, units::SampleRate};

use crate::{arrays, audio::with_audio};

/// Decoded audio.
struct Loaded {
    samples: Vec<f32>,
    rate: u32,
    channels: u16,
    warnings: Vec<String>,
}

/// The part of the audio to load, in seconds.
#[derive(Clone, Copy)]
struct Part {
    offset: f64,
    duration: Option<f64>,
}

/// Samples, their rate, how many channels they are the mean of, and warnings.
type Parts<'py> = (Bound<'py, PyArray1<f32>>, u32, u16, Vec<String>);

/// Decodes audio.
#[pyfunction]
#[pyo3(signature = (kind, source, sr, offset, duration))]
pub fn load<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyAny>,
    sr: Option<u32>,
    offset: f64,
    duration: Option<f64>,
) -> PyResult<Parts<'py>> {
    let part = Part { offset, duration };
    let Loaded { samples, rate, channels, warnings } =
        with_audio(py, kind, source, 0, None, |audio, caller| {
            decode(audio, sr.map(SampleRate), part, caller.cancel())
        })?;
    Ok((arrays::line(py, samples), rate, channels, warnings))
}

fn decode(
    audio: Audio<'_>,
    wanted: Option<SampleRate>,
    part: Part,
    cancel: &CancelToken,
) -> refrain::Result<Loaded> {
    let mut decoder = audio.open()?;
    let mut cut = None;
    let mut block = Vec::new();
    let mut samples = Vec::new();
    // The rate of the blocks so far, their samples, and the resampler to the wanted rate.
    let mut stretch: Option<(SampleRate, u64, Resampler)> = None;
    let mut to = wanted;
    while let Some(rate) = decoder.next_block(&mut block)? {
        if cancel.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let cut = cut.get_or_insert_with(|| Cut::new(part, rate));
        if cut.rate != rate {
            cut.at(rate);
        }
        let to = *to.get_or_insert(rate);
        if let Some((from, count, mut resampler)) = stretch.take_if(|(from, ..)| *from != rate) {
            finish(&mut resampler, from, to, count, &mut samples);
        }
        let (_, count, resampler) = stretch.get_or_insert_with(|| (rate, 0, Resampler::new(rate, to)));
        let kept = cut.keep(&block);
        *count += kept.len() as u64;
        resampler.push(kept, &mut samples);
        if cut.is_over() {
            break;
        }
    }
    if let (Some((from, count, mut resampler)), Some(to)) = (stretch, to) {
        finish(&mut resampler, from, to, count, &mut samples);
    }
    samples.shrink_to_fit();
    let (rate, channels) = decoder.spec().unwrap_or((SampleRate(0), 1));
    let rate = to.unwrap_or(rate).0;
    let warnings = warnings(&*decoder);
    Ok(Loaded { samples, rate, channels, warnings })
}

fn warnings(decoder: &dyn BlockSource) -> Vec<String> {
    let path = decoder.path().display().to_string();
    decoder.warnings().iter().map(|warning| format!("{path}: {warning}")).collect()
}

/// Ends a stretch of one rate. Its length is rounded up, as in librosa.
fn finish(resampler: &mut Resampler, from: SampleRate, to: SampleRate, count: u64, samples: &mut Vec<f32>) {
    resampler.finish(samples);
    let exact = (u128::from(count) * u128::from(to.0), u128::from(from.0));
    // The resampler rounds to the nearest sample.
    if exact.0.div_ceil(exact.1) > (exact.0 + exact.1 / 2) / exact.1 {
        samples.push(0.0);
    }
}

/// How many samples are still to be left out, and to be kept.
struct Cut {
    rate: SampleRate,
    skip: u64,
    left: Option<u64>,
}

impl Cut {
    fn new(part: Part, rate: SampleRate) -> Self {
        let samples = |seconds: f64| (seconds * f64::from(rate.0)) as u64;
        Self { rate, skip: samples(part.offset), left: part.duration.map(samples) }
    }

    /// Continues at another rate.
    fn at(&mut self, rate: SampleRate) {
        let scaled = |n: u64| (u128::from(n) * u128::from(rate.0) / u128::from(self.rate.0.max(1))) as u64;
        (self.skip, self.left) = (scaled(self.skip), self.left.map(scaled));
        self.rate = rate;
    }

    /// The wanted part of the next samples.
    fn keep<'a>(&mut self, block: &'a [f32]) -> &'a [f32] {
        let skipped = block.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.skip -= skipped as u64;
        let kept = &block[skipped..];
        let Some(left) = &mut self.left else { return kept };
        let kept = &kept[..kept.len().min(usize::try_from(*left).unwrap_or(usize::MAX))];
        *left -= kept.len() as u64;
        kept
    }

    fn is_over(&self) -> bool {
        self.left == Some(0)
    }
}
