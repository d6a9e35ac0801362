//! From a file to its fingerprint, or to the chroma of a query.
use std::collections::VecDeque;

use super::samples;
use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    chroma::OctaveChroma,
    decode::{BlockSource, Tags, Warning},
    error::AudioError,
    fingerprint::{Fingerprint, Fingerprinter},
    params::ParameterSet,
    spectrum::Spectrum,
    units::{SampleRate, Seconds},
};

/// The least audio that is worth a fingerprint.
const LEAST: Seconds = Seconds(0.5);

/// What is found out about a track.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Its fingerprint, with at least one window.
    pub fingerprint: Fingerprint,
    /// The length of its audio.
    pub duration: Seconds,
    /// What the file says of itself.
    pub tags: Tags,
    /// Rate and channels of its audio.
    pub spec: Option<(SampleRate, u16)>,
    /// What was wrong with the file, and could be got over.
    pub warnings: Vec<Warning>,
}

/// Fingerprints a track.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] as the decoder gives them; [`AudioError::TooShort`] and
/// [`AudioError::NoFingerprint`] where there is nothing that could be found again; [`Error::Interrupted`].
pub fn track(decoder: &mut dyn BlockSource, params: &ParameterSet, cancel: &CancelToken) -> Result<Analysis> {
    let mut fingerprinter = Fingerprinter::new(params);
    let duration = chroma(decoder, params, cancel, |frame| fingerprinter.push(frame))?;
    let fingerprint = fingerprinter.finish();
    let refuse = |reason| Err(Error::Audio { path: decoder.path().to_owned(), reason });
    if duration.0 < LEAST.0 {
        return refuse(too_short(duration));
    }
    if fingerprint.is_empty() {
        return refuse(AudioError::NoFingerprint);
    }
    let (tags, spec, warnings) = (decoder.tags().clone(), decoder.spec(), decoder.warnings());
    Ok(Analysis { fingerprint, duration, tags, spec, warnings })
}

/// Calls `each` with the chroma of every frame that a fingerprint is made of, before it is packed:
/// [`ParameterSet::frame_values`] values, [`ParameterSet::hop`] samples apart. Gives the length of the audio.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] as the decoder gives them; [`Error::Interrupted`].
pub fn chroma(
    decoder: &mut dyn BlockSource,
    params: &ParameterSet,
    cancel: &CancelToken,
    mut each: impl FnMut(&[f32]),
) -> Result<Seconds> {
    let mut spectrum = Spectrum::new(params, params.hop, 0);
    let mut chroma = OctaveChroma::new(params, params.hop);
    let samples = samples::stream(decoder, params.sample_rate, cancel, |samples, _| {
        spectrum.push(samples, |m| chroma.push(m, &mut each));
        Ok(())
    })?;
    spectrum.finish(|m| chroma.push(m, &mut each));
    chroma.finish(&mut each);
    Ok(samples.at(params.sample_rate))
}

fn too_short(duration: Seconds) -> AudioError {
    let milliseconds = |s: Seconds| (s.0 * 1000.0) as u64;
    AudioError::TooShort { milliseconds: milliseconds(duration), least_milliseconds: milliseconds(LEAST) }
}

/// A stretch of a query, at twice the library's frame rate.
#[derive(Clone, Debug, Default)]
pub struct QueryStretch {
    /// Chroma as it is, frame after frame of `ParameterSet::frame_values()` values.
    pub chroma: Vec<f32>,
    /// Constant-Q magnitudes, frame after frame of `ParameterSet::bins(query_margin)` values.
    pub magnitudes: Vec<f32>,
    /// Whether the query begins with it. Chroma as it is knows of the stretches beside it.
    pub begins: bool,
    /// Whether the query ends with it.
    pub ends: bool,
}

impl QueryStretch {
    /// The chroma of the stretch read `shift` constant-Q bins higher (at most `ParameterSet::max_shift()` up or down), as if it had been
    /// sung as much lower; values are within 1e-4 of the exact ones.
    ///
    /// # Panics
    /// If `shift` is outside its range.
    pub fn transposed(&self, params: &ParameterSet, shift: i32) -> Vec<f32> {
        assert!(shift.abs() <= params.max_shift(), "a shift of {shift} bins");
        let from = (params.max_shift() + shift) as usize;
        let mut chroma = OctaveChroma::quick(params, params.query_hop());
        let mut frames = Vec::with_capacity(self.chroma.len());
        for m in self.magnitudes.chunks_exact(params.bins(params.query_margin)) {
            chroma.push(&m[from..from + params.bins(0)], |f| frames.extend_from_slice(f));
        }
        chroma.finish(|f| frames.extend_from_slice(f));
        frames
    }
}

/// Analyses a query and calls `each` with stretches of it of about `longest` frames (of half a hop) or less, so that
/// memory does not grow with its length. Gives the query's length.
///
/// # Errors
/// As `track`, [`AudioError::NoFingerprint`] aside, and whatever `each` gives.
pub fn query(
    decoder: &mut dyn BlockSource,
    params: &ParameterSet,
    longest: usize,
    cancel: &CancelToken,
    mut each: impl FnMut(&QueryStretch) -> Result<()>,
) -> Result<Seconds> {
    let (hop, bins, margin) = (params.query_hop(), params.bins(0), params.query_margin);
    let mut spectrum = Spectrum::new(params, hop, margin);
    let mut chroma = OctaveChroma::new(params, hop);
    let mut stretch = QueryStretch { begins: true, ..QueryStretch::default() };
    // Chroma comes some seconds after its magnitudes: those of the next stretches.
    let mut ahead: VecDeque<f32> = VecDeque::new();
    let mut failed = None;
    let mut push =
        |stretch: &mut QueryStretch, chroma: &mut OctaveChroma, ahead: &mut VecDeque<f32>, m: &[f32]| {
            ahead.extend(m);
            chroma.push(&m[margin..margin + bins], |f| {
                stretch.chroma.extend_from_slice(f);
                stretch.magnitudes.extend(ahead.drain(..m.len()));
            });
            if stretch.chroma.len() >= longest * params.frame_values() && failed.is_none() {
                failed = each(stretch).err();
                stretch.chroma.clear();
                stretch.magnitudes.clear();
                stretch.begins = false;
            }
        };
    let samples = samples::stream(decoder, params.sample_rate, cancel, |samples, _| {
        spectrum.push(samples, |m| push(&mut stretch, &mut chroma, &mut ahead, m));
        Ok(())
    })?;
    spectrum.finish(|m| push(&mut stretch, &mut chroma, &mut ahead, m));
    chroma.finish(|f| stretch.chroma.extend_from_slice(f));
    stretch.magnitudes.extend(ahead);
    if let Some(error) = failed {
        return Err(error);
    }
    stretch.ends = true;
    each(&stretch)?;
    let duration = samples.at(params.sample_rate);
    if duration.0 < LEAST.0 {
        return Err(Error::Audio { path: decoder.path().to_owned(), reason: too_short(duration) });
    }
    Ok(duration)
}
