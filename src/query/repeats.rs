//! Where else in a track the same sound is.
use super::{engine::Query, place::Place, variant_frames::VariantFrames};
use crate::{
    align::{Comparison, Line, Repeats, sounds_the_same},
    error::Result,
};

/// Places of the same sound that are looked at, the likeliest first.
const REPEATS: usize = 256;

impl Query<'_> {
    /// Where else in its track a place of a chunk sounds the same: as like the query as the place itself. Stored
    /// frames alone cannot tell, because the same sound lies differently between them each time.
    pub(crate) fn repeats(&self, variants: &VariantFrames<'_>, place: &Place) -> Result<Vec<f64>> {
        /// Frames that are read at once.
        const PIECE: usize = 4096;
        let values = self.params.frame_values();
        let line =
            Line { at: place.first.at, in_track: place.first.at + place.first.offset, tempo: place.tempo };
        let frame = |h: usize| (place.in_track(h as f64) / 2.0).round().max(0.0) as i64;
        let (start, length) = (frame(place.from), frame(place.to) - frame(place.from));
        let found = self.stored(place.track, start, start + length)?;
        let Some(repeats) = Repeats::new(&found.frames, values, start as usize) else {
            return Ok(Vec::new());
        };
        let mut alike = Vec::new();
        for first in (0..).step_by(PIECE) {
            let piece = self.stored(place.track, first, first + (PIECE + repeats.overlap()) as i64)?;
            let places = repeats.similarities(&piece.frames);
            alike.extend_from_slice(&places);
            if places.len() < PIECE {
                break;
            }
        }
        let count = (alike.len() + repeats.overlap()) as i64;
        let query = variants.transposed(place.pitch.round() as i32);
        // How like the query the track is from frame `at` on, and which half frame meets the middle of the query's range.
        let compare = |at: i64| -> Result<(f32, f64)> {
            let reference = self.stored(place.track, at - 2, at + length + 2)?;
            let line = Line { in_track: line.in_track + 2.0 * (at - start) as f64, ..line };
            let comparison = Comparison::new(&query, &reference, values, &line, place.from..place.to);
            let line = comparison.climb(line, false);
            Ok((comparison.similarity(&line), line.in_track))
        };
        let (least, here) = compare(start)?;
        let mut same = Vec::new();
        let places = repeats.places(&alike).into_iter().filter(|at| (0..=count - length).contains(at));
        for at in places.take(REPEATS) {
            let (similarity, there) = compare(at)?;
            if sounds_the_same(similarity, least) {
                same.push(there - here);
            }
        }
        same.sort_by(f64::total_cmp);
        Ok(same)
    }
}
