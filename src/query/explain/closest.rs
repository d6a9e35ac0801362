//! The place of a track that fits a clip best, even if the search did not propose it.
use crate::{
    align::{Candidate, align},
    error::Result,
    query::{engine::Query, place::Place, variant_frames::VariantFrames, variants::Variant},
    store::TrackId,
};

/// Offsets that [`align`] tries together.
const TOGETHER: usize = 5;

/// Frames of a track that are compared at a time, so that memory does not grow with its length: 12 minutes.
const BLOCK: i64 = 4096;

impl Query<'_> {
    /// The best place of `track` for a chunk at its own pitch and speed: every offset is tried. `places` are those of other
    /// tracks.
    pub(super) fn closest(
        &mut self,
        variants: &VariantFrames<'_>,
        track: TrackId,
        places: &[Place],
    ) -> Result<Vec<Place>> {
        let values = self.params.frame_values();
        let frames = variants.frames(&Variant::PLAIN);
        let count = variants.half_frames() as i32;
        let mut best: Option<(f32, i32)> = None;
        for first in (0..).step_by(BLOCK as usize) {
            let block = self.stored(track, first, first + BLOCK + i64::from(count))?;
            let held = (block.frames.len() / values) as i64;
            if held == 0 {
                break;
            }
            let from = if first == 0 { -count } else { 2 * first as i32 };
            let to = 2 * (first + held.min(BLOCK)) as i32;
            for offset in (from..to).step_by(TOGETHER) {
                self.options.cancel.check()?;
                let Some(found) = align(&frames, &block, values, offset) else { continue };
                if best.is_none_or(|(evidence, _)| found.evidence > evidence) {
                    best = Some((found.evidence, found.offset.round() as i32));
                }
            }
            if held < BLOCK {
                break;
            }
        }
        let Some((_, offset)) = best else { return Ok(Vec::new()) };
        let proposed = vec![(Variant::PLAIN, Candidate { track, offset, votes: 0.0 })];
        let (own, _) = self.best(variants, proposed)?;
        let mut all = [places.to_vec(), own].concat();
        self.find_runners_up(&mut all, 0.0)?;
        all.retain(|place| place.track == track);
        Ok(all)
    }
}
