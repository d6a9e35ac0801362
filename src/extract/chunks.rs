//! Turns a query's audio into the chunks that are looked up.
use std::collections::VecDeque;

use super::samples;
use crate::{
    cancel::CancelToken,
    chroma::OctaveChroma,
    decode::BlockSource,
    error::{Error, Result},
    params::ParameterSet,
    spectrum::Spectrum,
    units::Seconds,
};

/// A part of a query, about a minute long, at twice the library's frame rate.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// Chroma at the query's own pitch: frame after frame of `ParameterSet::frame_values()` values.
    pub chroma: Vec<f32>,
    /// Constant-Q magnitudes, frame after frame of `ParameterSet::bins(query_margin)` values. Empty if the
    /// query cannot be transposed.
    pub magnitudes: Vec<f32>,
    /// Whether this is the first chunk of the query. Chroma depends on the neighbouring chunks.
    pub begins: bool,
    /// Whether this is the last chunk of the query.
    pub ends: bool,
}

impl Chunk {
    /// The chroma of the chunk read `shift` constant-Q bins higher (-`MARGIN`..=`MARGIN`), as if it had been sung
    /// that much lower. Values are within 1e-4 of the exact ones.
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

    /// The number of half frames.
    pub fn half_frames(&self, params: &ParameterSet) -> usize {
        self.chroma.len() / params.frame_values()
    }
}

/// Cuts a query into chunks as its samples come. Memory does not grow with the length of the query.
pub struct Chunker {
    params: ParameterSet,
    max_half_frames: usize,
    spectrum: Spectrum,
    chroma: OctaveChroma,
    chunk: Chunk,
    /// Magnitudes of the next chunks: chroma comes some seconds later than its magnitudes.
    ahead: VecDeque<f32>,
}

impl Chunker {
    /// Makes chunks of about `max_half_frames` frames (of half a hop).
    pub fn new(params: &ParameterSet, max_half_frames: usize) -> Self {
        let hop = params.query_hop();
        Self {
            params: *params,
            max_half_frames,
            spectrum: Spectrum::new(params, hop, params.query_margin),
            chroma: OctaveChroma::new(params, hop),
            chunk: Chunk { begins: true, ..Chunk::default() },
            ahead: VecDeque::new(),
        }
    }

    /// Takes mono samples at the analysed rate, and calls `each` with every chunk they complete.
    ///
    /// # Errors
    /// Errors of `each`; after one, push no more samples.
    pub fn push(&mut self, samples: &[f32], mut each: impl FnMut(&Chunk) -> Result<()>) -> Result<()> {
        self.push_ahead(samples, |chunk, _| each(chunk))
    }

    /// Like [`push`](Self::push). `each` also gets the magnitudes that came after the chunk, whose chroma is not final yet.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn push_ahead(
        &mut self,
        samples: &[f32],
        mut each: impl FnMut(&Chunk, &VecDeque<f32>) -> Result<()>,
    ) -> Result<()> {
        let Self { params, max_half_frames, spectrum, chroma, chunk, ahead } = self;
        let mut failed = None;
        spectrum.push(samples, |m| {
            frame(params, *max_half_frames, chroma, chunk, ahead, m, |chunk, ahead| {
                if failed.is_none() {
                    failed = each(chunk, ahead).err();
                }
            });
        });
        failed.map_or(Ok(()), Err)
    }

    /// Ends the query and calls `each` with the last chunks.
    ///
    /// # Errors
    /// Errors of `each`.
    pub fn finish(&mut self, mut each: impl FnMut(&Chunk) -> Result<()>) -> Result<()> {
        let Self { params, max_half_frames, spectrum, chroma, chunk, ahead } = self;
        let mut failed = None;
        spectrum.finish(|m| {
            frame(params, *max_half_frames, chroma, chunk, ahead, m, |chunk, _| {
                if failed.is_none() {
                    failed = each(chunk).err();
                }
            });
        });
        if let Some(error) = failed {
            return Err(error);
        }
        chroma.finish(|f| chunk.chroma.extend_from_slice(f));
        chunk.magnitudes.extend(ahead.drain(..));
        chunk.ends = true;
        each(chunk)
    }
}

/// Takes the magnitudes of the next half frame.
fn frame(
    params: &ParameterSet,
    max_half_frames: usize,
    chroma: &mut OctaveChroma,
    chunk: &mut Chunk,
    ahead: &mut VecDeque<f32>,
    magnitudes: &[f32],
    mut each: impl FnMut(&Chunk, &VecDeque<f32>),
) {
    let (bins, margin) = (params.bins(0), params.query_margin);
    ahead.extend(magnitudes);
    chroma.push(&magnitudes[margin..margin + bins], |f| {
        chunk.chroma.extend_from_slice(f);
        chunk.magnitudes.extend(ahead.drain(..magnitudes.len()));
    });
    if chunk.chroma.len() >= max_half_frames * params.frame_values() {
        each(chunk, ahead);
        chunk.chroma.clear();
        chunk.magnitudes.clear();
        chunk.begins = false;
    }
}

/// Analyses a query and calls `each` with its chunks, of at most about `max_half_frames` frames (of half a hop).
/// Returns the length of the query.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] of the decoder; [`AudioError::TooShort`](crate::error::AudioError::TooShort);
/// [`Error::Interrupted`]; errors of `each`.
pub fn chunks(
    decoder: &mut dyn BlockSource,
    params: &ParameterSet,
    max_half_frames: usize,
    cancel: &CancelToken,
    mut each: impl FnMut(&Chunk) -> Result<()>,
) -> Result<Seconds> {
    let mut chunker = Chunker::new(params, max_half_frames);
    let samples =
        samples::stream(decoder, params.sample_rate, cancel, |samples, _| chunker.push(samples, &mut each))?;
    chunker.finish(each)?;
    let duration = samples.at(params.sample_rate);
    samples::check_duration(duration)
        .map_err(|reason| Error::Audio { path: decoder.path().to_owned(), reason })?;
    Ok(duration)
}
