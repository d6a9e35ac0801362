//! The last part of a recording.
use std::collections::VecDeque;

use crate::{extract::chunks::Chunk, params::ParameterSet};

/// The half frames of the last part of a recording, numbered from its beginning.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    params: ParameterSet,
    /// How many half frames are kept.
    span: usize,
    first: usize,
    chroma: Vec<f32>,
    magnitudes: Vec<f32>,
    ends: bool,
}

impl Recent {
    pub fn new(params: &ParameterSet, span: usize) -> Self {
        Self { params: *params, span, first: 0, chroma: Vec::new(), magnitudes: Vec::new(), ends: false }
    }

    /// Adds the next half frames and drops the oldest.
    pub fn push(&mut self, chunk: &Chunk) {
        self.chroma.extend_from_slice(&chunk.chroma);
        self.magnitudes.extend_from_slice(&chunk.magnitudes);
        self.ends = chunk.ends;
        let over = (self.end() - self.first).saturating_sub(self.span);
        self.chroma.drain(..over * self.params.frame_values());
        self.magnitudes.drain(..over * self.bins());
        self.first += over;
    }

    /// The same with the half frames of `ahead`, as if the recording ended after them. Their chroma still changes a little, as
    /// it depends on the seconds after them.
    pub fn with_ahead(&self, ahead: &VecDeque<f32>) -> Self {
        let (bins, values) = (self.bins(), self.params.frame_values());
        let halves = ahead.len() / bins;
        // The level and the mean of a half frame are those of some seconds around it.
        let around = (self.params.level_span.0 + self.params.mean_span.0) / 2.0;
        let before = (around / self.params.half_frame_seconds().0).ceil() as usize + 1;
        let from = self.magnitudes.len().saturating_sub(before * bins);
        let magnitudes = self.magnitudes[from..].iter().chain(ahead).copied().collect();
        let chroma = Chunk { magnitudes, ..Chunk::default() }.transposed(&self.params, 0);
        let mut now = Self { ends: true, ..self.clone() };
        now.chroma.extend_from_slice(&chroma[chroma.len() - halves * values..]);
        now.magnitudes.extend(ahead);
        now
    }

    fn bins(&self) -> usize {
        self.params.bins(self.params.query_margin)
    }

    /// Whether the recording has ended.
    pub fn is_complete(&self) -> bool {
        self.ends
    }

    /// The first half frame that is kept.
    pub fn start(&self) -> usize {
        self.first
    }

    /// The half frame after the last one.
    pub fn end(&self) -> usize {
        self.first + self.chroma.len() / self.params.frame_values()
    }

    /// The last `halves` half frames as a clip, and the number of the first.
    pub fn look(&self, halves: usize) -> (usize, Chunk) {
        let from = self.end().saturating_sub(halves).max(self.first);
        let skip = from - self.first;
        let chunk = Chunk {
            chroma: self.chroma[skip * self.params.frame_values()..].to_vec(),
            magnitudes: self.magnitudes[skip * self.bins()..].to_vec(),
            begins: from == 0,
            ends: self.ends,
        };
        (from, chunk)
    }

    /// The chroma from half frame `from` on, read `shift` bins higher, and the number of its first half frame. It begins
    /// earlier if the parts before are needed for the mean of the first.
    pub fn chroma(&self, from: usize, shift: i32) -> (usize, Vec<f32>) {
        let margin = if shift == 0 { 0 } else { 2 * self.params.mean_half_frames() };
        let from = from.saturating_sub(margin).max(self.first);
        let skip = from - self.first;
        if shift == 0 {
            return (from, self.chroma[skip * self.params.frame_values()..].to_vec());
        }
        let chunk = Chunk { magnitudes: self.magnitudes[skip * self.bins()..].to_vec(), ..Chunk::default() };
        let max = self.params.max_shift();
        (from, chunk.transposed(&self.params, shift.clamp(-max, max)))
    }

    /// The first half frame from `from` on that is not silent.
    pub fn sounds_after(&self, from: usize) -> usize {
        let from = from.clamp(self.first, self.end());
        from + self.silent(from).take_while(|silent| *silent).count()
    }

    /// Whether each half frame from `from` on is silent.
    pub fn silent(&self, from: usize) -> impl Iterator<Item = bool> + '_ {
        let floor = self.params.level_floor;
        let skip = from.max(self.first) - self.first;
        self.magnitudes[skip * self.bins()..]
            .chunks_exact(self.bins())
            .map(move |m| m.iter().all(|m| *m < floor))
    }
}
