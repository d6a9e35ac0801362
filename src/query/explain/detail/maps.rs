//! Chroma of the clip and of the track, and how similar they are.
use super::{Clock, Part};
use crate::{
    error::Result,
    query::{engine::Query, place::Place, variant_frames::VariantFrames},
    report::{ChromaMap, Explanation, SimilarityMap},
};

/// The most columns of a chroma. Neighbours are merged if there would be more.
const COLUMNS: usize = 480;

/// Half frames of the clip in a similarity map: half a minute. A longer one would show no frames any more.
const ROWS: usize = 324;

/// Frames of the track on either side of the place: 3 s.
const BESIDE: i64 = 16;

/// Columns of `values` values each, at most [`COLUMNS`] of them, and how many frames each is the mean of.
fn merged(frames: &[f32], values: usize) -> (Vec<Vec<f32>>, usize) {
    let count = frames.len() / values;
    let per = count.div_ceil(COLUMNS).max(1);
    let mean = |rows: &[f32]| {
        let many = (rows.len() / values) as f32;
        let at = |v: usize| rows.iter().skip(v).step_by(values).sum::<f32>() / many;
        (0..values).map(|v| thousandths(at(v))).collect::<Vec<f32>>()
    };
    (frames.chunks(per * values).map(mean).collect(), per)
}

fn thousandths(v: f32) -> f32 {
    (v * 1e3).round() / 1e3
}

impl Query<'_> {
    /// The chroma of the clip alone, if there is no track to compare.
    pub(in crate::query::explain) fn clip_alone(&self, parts: &[Part], explained: &mut Explanation) {
        let frames: Vec<f32> = parts.iter().flat_map(|part| part.chunk.chroma.iter().copied()).collect();
        explained.clip_chroma = self.clip_map(&frames, self.clock());
    }

    fn clip_map(&self, frames: &[f32], clock: Clock) -> Option<ChromaMap> {
        if frames.is_empty() {
            return None;
        }
        let (values, per) = merged(frames, self.params.frame_values());
        Some(ChromaMap { start: clock.time(-0.5), step: clock.half * per as f64, values })
    }

    /// The chroma of the whole clip at the pitch of the track, and that of the track over the same seconds.
    pub(super) fn chroma_maps(
        &self,
        parts: &[Part],
        place: &Place,
        explained: &mut Explanation,
    ) -> Result<()> {
        let (clock, values) = (self.clock(), self.params.frame_values());
        let shift = place.pitch.round() as i32;
        let mut frames = Vec::new();
        for part in parts {
            let variants = VariantFrames::new(&part.chunk, &self.params);
            let shift = if variants.can_be_transposed() { shift } else { 0 };
            frames.extend_from_slice(&variants.transposed(shift));
        }
        explained.clip_chroma = self.clip_map(&frames, clock);
        let halves = (frames.len() / values) as f64;
        let middle = (place.from + place.to) as f64 / 2.0;
        let begin = place.in_track(middle) - middle;
        let first = ((begin / 2.0).floor() as i64 - 1).max(0);
        let last = ((begin + halves) / 2.0).ceil() as i64 + 2;
        let stored = self.stored(place.track, first, last.max(first))?;
        if !stored.frames.is_empty() {
            let (columns, per) = merged(&stored.frames, values);
            let start = clock.time(2.0 * f64::from(stored.first) - 1.0);
            explained.track_chroma =
                Some(ChromaMap { start, step: 2.0 * clock.half * per as f64, values: columns });
        }
        Ok(())
    }

    /// The similarity around the middle of a place of a chunk.
    pub(super) fn similarity_map(&self, part: &Part, place: &Place) -> Result<SimilarityMap> {
        let (clock, values) = (self.clock(), self.params.frame_values());
        let variants = VariantFrames::new(&part.chunk, &self.params);
        let shift = if variants.can_be_transposed() { place.pitch.round() as i32 } else { 0 };
        let frames = variants.transposed(shift);
        let halves = frames.len() / values;
        let middle = usize::midpoint(place.from, place.to);
        let from = middle.saturating_sub(ROWS / 2).min(halves.saturating_sub(ROWS));
        let to = (from + ROWS).min(halves);
        let frame = |half: usize| (place.in_track(half as f64) / 2.0).floor() as i64;
        let stored = self.stored(place.track, frame(from) - BESIDE, frame(to) + BESIDE)?;
        let norm = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
        let cosine = |a: &[f32], b: &[f32]| {
            let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            thousandths(product / (norm(a) * norm(b)).max(1e-6))
        };
        let rows = frames[from * values..to * values].chunks_exact(values);
        let map = rows
            .map(|row| stored.frames.chunks_exact(values).map(|of_track| cosine(row, of_track)).collect());
        Ok(SimilarityMap {
            clip_start: clock.time((part.first + from) as f64 - 0.5),
            clip_step: clock.half,
            track_start: clock.time(2.0 * f64::from(stored.first) - 1.0),
            track_step: 2.0 * clock.half,
            values: map.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chroma_is_merged_into_means() {
        let frames: Vec<f32> = (0..3 * COLUMNS).flat_map(|n| [n as f32, 0.5]).collect();
        let (columns, per) = merged(&frames, 2);
        assert_eq!((columns.len(), per), (COLUMNS, 3));
        assert_eq!((&columns[0][..], &columns[1][..]), (&[1.0, 0.5][..], &[4.0, 0.5][..]));
        let (columns, per) = merged(&frames[..2 * 5], 2);
        assert_eq!((columns.len(), per, columns[4][0]), (5, 1, 4.0));
        assert_eq!(merged(&[], 2), (vec![], 1));
    }
}
