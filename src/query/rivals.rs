//! What other tracks reach where a place is: chance, likeness, or a copy.
use super::{
    engine::Query,
    place::{Place, overlap},
};
use crate::{align::likeness, error::Result};

/// Two places of different tracks whose stored frames have this cosine hold the same sound.
const COPY: f32 = 0.6;

impl Query<'_> {
    /// Finds the rival of each place: the best one of another track that is not a copy. A place that is right stands
    /// out from all others; one that is best by chance hardly does. What only a variant of the query reaches is no
    /// rival of what the query reaches as it is.
    ///
    /// `left` is the most evidence that the query as it is has for a track without a place: the rival of a place that has
    /// none here. That track may hold a copy too; but to leave it out where there are copies gave a sample that 17 tracks
    /// share a score of 1.
    pub(crate) fn find_rivals(&self, places: &mut [Place], left: f32) -> Result<()> {
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        for i in 0..places.len() {
            let place = &places[i];
            let mut rival = left;
            for other in places.iter() {
                if other.track == place.track || other.variants > place.variants || !overlap(other, place) {
                    continue;
                }
                if !self.copies(place, other)? {
                    rival = other.evidence;
                    break;
                }
            }
            places[i].rival = rival;
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
        Ok(likeness(&frames(one)?, &frames(other)?, self.params.frame_values(), -semitones) >= COPY)
    }
}
