//! From a file to its fingerprint, or to the chroma of a query.
use std::sync::atomic::AtomicBool;

use super::samples;
use crate::{
    Error, Result,
    chroma::OctaveChroma,
    decode::{Decoder, Tags, Warning},
    error::AudioError,
    fingerprint::{Fingerprint, Fingerprinter},
    params::Params,
    spectrum::Spectrum,
    units::Seconds,
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
    /// What was wrong with the file, and could be got over.
    pub warnings: Vec<Warning>,
}

/// Fingerprints a track.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] as the decoder gives them; [`AudioError::TooShort`] and
/// [`AudioError::NoFingerprint`] where there is nothing that could be found again; [`Error::Interrupted`].
pub fn track(mut decoder: Decoder, params: &Params, cancel: &AtomicBool) -> Result<Analysis> {
    let mut spectrum = Spectrum::new(params, params.hop, 0);
    let mut chroma = OctaveChroma::new(params, params.hop);
    let mut fingerprinter = Fingerprinter::new(params);
    let samples = samples::stream(&mut decoder, params.sample_rate, cancel, |samples| {
        spectrum.push(samples, |m| chroma.push(m, |f| fingerprinter.push(f)));
    })?;
    spectrum.finish(|m| chroma.push(m, |f| fingerprinter.push(f)));
    chroma.finish(|f| fingerprinter.push(f));
    let (fingerprint, duration) = (fingerprinter.finish(), samples.at(params.sample_rate));
    let refuse = |reason| Err(Error::Audio { path: decoder.path().to_owned(), reason });
    if duration.0 < LEAST.0 {
        return refuse(too_short(duration));
    }
    if fingerprint.is_empty() {
        return refuse(AudioError::NoFingerprint);
    }
    Ok(Analysis { fingerprint, duration, tags: decoder.tags().clone(), warnings: decoder.warnings() })
}

fn too_short(duration: Seconds) -> AudioError {
    let milliseconds = |s: Seconds| (s.0 * 1000.0) as u64;
    AudioError::TooShort { milliseconds: milliseconds(duration), least_milliseconds: milliseconds(LEAST) }
}

/// The chroma of a stretch of a query, at twice the library's frame rate, in several transpositions.
#[derive(Clone, Debug, Default)]
pub struct QueryChroma {
    /// For each transposition asked for, frame after frame of `Params::frame_values()` values.
    pub frames: Vec<Vec<f32>>,
}

/// Analyses a query and calls `stretch` with its chroma in stretches of at most `longest` frames (of half a
/// hop), so that memory does not grow with its length. `shifts` are transpositions in constant-Q bins: with
/// +1 the query is read one bin higher, as if it had been sung one bin lower. Gives the query's length.
///
/// # Errors
/// As `track`, [`AudioError::NoFingerprint`] aside, and whatever `stretch` gives.
pub fn query(
    mut decoder: Decoder,
    params: &Params,
    shifts: &[i32],
    longest: usize,
    cancel: &AtomicBool,
    mut stretch: impl FnMut(&QueryChroma) -> Result<()>,
) -> Result<Seconds> {
    let (hop, bins) = (params.hop / 2, params.bins(0));
    let margin = shifts.iter().map(|s| s.unsigned_abs() as usize).max().unwrap_or(0);
    let mut spectrum = Spectrum::new(params, hop, margin);
    let mut chromas: Vec<OctaveChroma> = shifts.iter().map(|_| OctaveChroma::new(params, hop)).collect();
    let mut collected = QueryChroma { frames: vec![Vec::new(); shifts.len()] };
    let mut failed = None;
    let full = longest * params.frame_values();
    let mut push = |collected: &mut QueryChroma, chromas: &mut [OctaveChroma], m: &[f32]| {
        for ((chroma, frames), shift) in chromas.iter_mut().zip(&mut collected.frames).zip(shifts) {
            let from = (margin as i32 + shift) as usize;
            chroma.push(&m[from..from + bins], |f| frames.extend_from_slice(f));
        }
        if collected.frames.first().is_some_and(|f| f.len() >= full) && failed.is_none() {
            failed = stretch(collected).err();
            collected.frames.iter_mut().for_each(Vec::clear);
        }
    };
    let samples = samples::stream(&mut decoder, params.sample_rate, cancel, |samples| {
        spectrum.push(samples, |m| push(&mut collected, &mut chromas, m));
    })?;
    spectrum.finish(|m| push(&mut collected, &mut chromas, m));
    for (chroma, frames) in chromas.iter_mut().zip(&mut collected.frames) {
        chroma.finish(|f| frames.extend_from_slice(f));
    }
    if let Some(error) = failed {
        return Err(error);
    }
    stretch(&collected)?;
    let duration = samples.at(params.sample_rate);
    if duration.0 < LEAST.0 {
        return Err(Error::Audio { path: decoder.path().to_owned(), reason: too_short(duration) });
    }
    Ok(duration)
}
