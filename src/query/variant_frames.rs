//! The frames of a chunk as its variants read them.
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    rc::Rc,
};

use super::variants::{Variant, stretched, stretched_count};
use crate::{extract::chunks::Chunk, params::ParameterSet};

/// A chunk of a query as all variants read it. Computes each transposition once.
pub(crate) struct VariantFrames<'a> {
    chunk: &'a Chunk,
    params: &'a ParameterSet,
    transposed: RefCell<BTreeMap<i32, Rc<[f32]>>>,
}

impl<'a> VariantFrames<'a> {
    pub(crate) fn new(chunk: &'a Chunk, params: &'a ParameterSet) -> Self {
        Self { chunk, params, transposed: RefCell::default() }
    }

    /// Whether the chunk has the magnitudes that transposing needs. A stored track has none.
    pub(crate) fn can_be_transposed(&self) -> bool {
        !self.chunk.magnitudes.is_empty()
    }

    /// The magnitudes of half frames `range` of the chunk within the range of the library's bins, of every second one.
    pub(crate) fn magnitudes(&self, range: Range<usize>) -> Vec<f32> {
        let margin = self.params.query_margin;
        let rows = self.chunk.magnitudes.chunks_exact(self.params.bins(margin));
        let within = rows.skip(range.start).take(range.len()).step_by(2);
        within.flat_map(|row| row[margin..margin + self.params.bins(0)].iter().copied()).collect()
    }

    /// Half frames `range` of the chunk without the silence at either end. Silence agrees with anything, so that it would
    /// stretch a match over the gap between two passages.
    pub(crate) fn without_silence(&self, range: Range<usize>) -> Range<usize> {
        let floor = self.params.level_floor;
        let rows = self.chunk.magnitudes.chunks_exact(self.params.bins(self.params.query_margin));
        let sounds: Vec<bool> =
            rows.skip(range.start).take(range.len()).map(|row| row.iter().any(|m| *m >= floor)).collect();
        match (sounds.iter().position(|sounds| *sounds), sounds.iter().rposition(|sounds| *sounds)) {
            (Some(first), Some(last)) if sounds.len() == range.len() => {
                range.start + first..range.start + last + 1
            }
            _ => range,
        }
    }

    /// Half frames of the chunk.
    pub(crate) fn half_frames(&self) -> usize {
        self.chunk.half_frames(self.params)
    }

    /// The chunk's frames as `variant` reads them.
    pub(crate) fn frames(&self, variant: &Variant) -> Cow<'a, [f32]> {
        if *variant == Variant::PLAIN {
            return Cow::Borrowed(&self.chunk.chroma);
        }
        let mut transposed = self.transposed.borrow_mut();
        let shifted = transposed
            .entry(variant.shift)
            .or_insert_with(|| self.chunk.transposed(self.params, variant.shift).into());
        Cow::Owned(stretched(shifted, self.params.frame_values(), variant.tempo))
    }

    /// How many frames the chunk has as `variant` reads it.
    pub(crate) fn count(&self, variant: &Variant) -> usize {
        if *variant == Variant::PLAIN {
            self.half_frames()
        } else {
            stretched_count(self.half_frames(), variant.tempo)
        }
    }

    /// Which frames of the track a variant of `count` frames has heard when aligned at `offset`, in half
    /// frames, and how far its moving mean reaches on either side. Transposed chroma knows its own chunk
    /// only.
    pub(crate) fn heard(&self, variant: &Variant, count: i32, offset: i32) -> (RangeInclusive<i32>, i32) {
        let half = self.params.mean_span.0 / self.params.frame_seconds().0 * variant.tempo;
        let half = half.round() as i32;
        let plain = *variant == Variant::PLAIN;
        let before = if plain && !self.chunk.begins { half } else { 0 };
        let after = if plain && !self.chunk.ends { half } else { 0 };
        (offset - before..=offset + count - 1 + after, half)
    }

    /// The chunk's frames read `shift` bins higher, at the query's own speed. Clamps `shift` to the bins
    /// beyond the ends.
    pub(crate) fn transposed(&self, shift: i32) -> Cow<'a, [f32]> {
        let max_shift = self.params.max_shift();
        self.frames(&Variant { shift: shift.clamp(-max_shift, max_shift), tempo: 1.0 })
    }
}

/// Frames of `values` values, last first.
pub(super) fn turned_round(frames: &[f32], values: usize) -> Vec<f32> {
    frames.chunks_exact(values).rev().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    /// The mean of a frame reaches into the neighbouring chunks of the query, but only in the query as it is.
    #[test]
    fn a_chunk_has_heard_its_frames_and_the_reach_of_the_mean_where_the_query_goes_on() {
        let reach = |tempo: f64| (CURRENT.mean_span.0 / CURRENT.frame_seconds().0 * tempo).round() as i32;
        let mean = reach(1.0);
        let variant = Variant { shift: 2, tempo: 1.25 };
        for (begins, ends, before, after) in
            [(true, true, 0, 0), (false, true, mean, 0), (true, false, 0, mean), (false, false, mean, mean)]
        {
            let chunk = Chunk { begins, ends, ..Chunk::default() };
            let frames = VariantFrames::new(&chunk, &CURRENT);
            assert_eq!(frames.heard(&Variant::PLAIN, 30, 100), (100 - before..=129 + after, mean));
            assert_eq!(frames.heard(&variant, 30, 100), (100..=129, reach(1.25)));
        }
        assert!(mean > 0 && reach(1.25) > mean);
    }
}
