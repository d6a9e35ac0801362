//! The runner-up of a place: what chance, or likeness, reaches there in another track.
use super::{
    engine::Query,
    place::{Place, overlap},
};
use crate::{
    align::{are_copies, similarity},
    error::Result,
};

impl Query<'_> {
    /// Finds the runner-up of each place: the best place of another track that is not a copy. A right place stands out from
    /// all others; one that is best by chance hardly does. A place that took more variants of the query is no runner-up of
    /// one that took fewer.
    ///
    /// `left` is the most evidence for a track without a place: the runner-up where no place is one. That track may hold a
    /// copy too. Leaving it out where there are copies gave a score of 1 to a sample that 17 tracks share.
    pub(crate) fn find_runners_up(&self, places: &mut [Place], left: f32) -> Result<()> {
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        for i in 0..places.len() {
            let place = &places[i];
            let mut runner_up = left;
            for other in places.iter() {
                if other.track == place.track || other.variants > place.variants || !overlap(other, place) {
                    continue;
                }
                if !self.copies(place, other)? {
                    runner_up = other.evidence;
                    break;
                }
            }
            places[i].runner_up = runner_up;
        }
        Ok(())
    }

    /// Whether two places hold the same sound, as far as the stored frames tell.
    fn copies(&self, one: &Place, other: &Place) -> Result<bool> {
        let halves = one.from.max(other.from)..one.to.min(other.to);
        if halves.len() < 2 {
            return Ok(false);
        }
        let frames = |place: &Place| -> Result<Vec<f32>> {
            let values = self.params.frame_values();
            let at = |half: usize| (place.in_track(half as f64) / 2.0).round().max(0.0) as i64;
            let first = at(halves.start);
            let stored = self.stored(place.track, first, at(halves.end) + 1)?.frames;
            let mut read = Vec::new();
            for half in halves.clone().step_by(2) {
                let from = (at(half) - first) as usize * values;
                match stored.get(from..from + values) {
                    Some(frame) => read.extend_from_slice(frame),
                    None => read.resize(read.len() + values, 0.0),
                }
            }
            Ok(read)
        };
        let bins_per_semitone = self.params.bins_per_octave as f64 / 12.0;
        let semitones = ((one.pitch - other.pitch) / bins_per_semitone).round() as i32;
        Ok(are_copies(similarity(&frames(one)?, &frames(other)?, self.params.frame_values(), -semitones)))
    }
}
