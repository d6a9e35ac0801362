//! Computes the fingerprint of a track.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use super::samples;
#[cfg(feature = "decode")]
use crate::decode::{self, Ffmpeg};
use crate::{
    cancel::CancelToken,
    chroma::OctaveChroma,
    decode::{BlockSource, Warning},
    error::{AudioError, Error, Result},
    fingerprint::{Fingerprint, Fingerprinter, Levels},
    params::ParameterSet,
    spectrum::Spectrum,
    tags::Tags,
    units::{SampleRate, Seconds},
};

/// The fingerprint of a track, and what else is known of its audio.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Its fingerprint, with at least one window.
    pub fingerprint: Fingerprint,
    /// The length of its audio.
    pub duration: Seconds,
    /// The tags of the file.
    pub tags: Tags,
    /// Sample rate and number of channels, if known.
    pub spec: Option<(SampleRate, u16)>,
    /// Problems of the file that did not prevent its use.
    pub warnings: Vec<Warning>,
    /// Whether an installed ffmpeg decoded it.
    pub through_ffmpeg: bool,
}

/// Fingerprints a track.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] of the decoder; [`AudioError::TooShort`]; [`AudioError::NoFingerprint`] if the
/// audio has nothing that could be found again; [`Error::Interrupted`].
pub fn track(decoder: &mut dyn BlockSource, params: &ParameterSet, cancel: &CancelToken) -> Result<Analysis> {
    let mut fingerprinter = Fingerprinter::new(params);
    let mut levels = Levels::new(params);
    let duration = frames(decoder, params, cancel, |m| levels.push(m), |frame| fingerprinter.push(frame))?;
    let fingerprint = Fingerprint { levels: levels.finish(), ..fingerprinter.finish() };
    let cut_off = decoder.warnings().iter().any(|warning| matches!(warning, Warning::Truncated { .. }));
    let refuse = |reason| {
        // The remedy is another copy of the file.
        let reason = if cut_off { AudioError::CutOff(Box::new(reason)) } else { reason };
        Err(Error::Audio { path: decoder.path().to_owned(), reason })
    };
    if let Err(reason) = samples::check_duration(duration) {
        return refuse(reason);
    }
    if fingerprint.is_empty() {
        return refuse(AudioError::NoFingerprint);
    }
    let (tags, spec, warnings) = (decoder.tags(), decoder.spec(), decoder.warnings());
    let through_ffmpeg = decoder.is_through_ffmpeg();
    Ok(Analysis { fingerprint, duration, tags, spec, warnings, through_ffmpeg })
}

/// Calls `each` with the chroma of every frame of a fingerprint, before it is packed: [`ParameterSet::frame_values`]
/// values, [`ParameterSet::hop`] samples apart. Returns the length of the audio.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] of the decoder; [`Error::Interrupted`].
pub fn chroma(
    decoder: &mut dyn BlockSource,
    params: &ParameterSet,
    cancel: &CancelToken,
    each: impl FnMut(&[f32]),
) -> Result<Seconds> {
    frames(decoder, params, cancel, |_| {}, each)
}

/// Calls `magnitudes` with the constant-Q magnitudes of every frame, and `each` with its chroma some frames later.
fn frames(
    decoder: &mut dyn BlockSource,
    params: &ParameterSet,
    cancel: &CancelToken,
    mut magnitudes: impl FnMut(&[f32]),
    mut each: impl FnMut(&[f32]),
) -> Result<Seconds> {
    let mut spectrum = Spectrum::new(params, params.hop, 0);
    let mut chroma = OctaveChroma::new(params, params.hop);
    let samples = samples::stream(decoder, params.sample_rate, cancel, |samples, _| {
        spectrum.push(samples, |m| {
            magnitudes(m);
            chroma.push(m, &mut each);
        });
        Ok(())
    })?;
    spectrum.finish(|m| {
        magnitudes(m);
        chroma.push(m, &mut each);
    });
    chroma.finish(&mut each);
    Ok(samples.at(params.sample_rate))
}

/// Fingerprints the file at `path`, which `ffmpeg` may help to decode. A panic in the analysis becomes an error of the file.
///
/// # Errors
/// Those of [`track`]; [`AudioError::DecoderPanic`].
#[cfg(feature = "decode")]
pub(crate) fn file(
    path: &Path,
    ffmpeg: &Ffmpeg,
    params: &ParameterSet,
    cancel: &CancelToken,
) -> Result<Analysis> {
    contained(path, || track(&mut *decode::blocks_of_file(path, ffmpeg, cancel)?, params, cancel))
}

/// Turns a panic of `work` into an error of the audio called `name`, so that one file cannot bring down the program.
pub(crate) fn contained<T>(name: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let reason = AudioError::DecoderPanic("a fault in the analysis".into());
        Err(Error::Audio { path: name.to_owned(), reason })
    })
}
