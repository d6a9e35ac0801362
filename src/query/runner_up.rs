//! The runner-up of a place: the evidence that chance, or similarity, reaches in another track.
use std::collections::BTreeSet;

use super::{
    engine::Query,
    place::{Place, overlap},
};
use crate::{
    align::{Line, Side, is_same_sound},
    error::Result,
    store::TrackId,
};

impl Query<'_> {
    /// Finds the runner-up of each place: the best place of another track that holds another sound. A right place
    /// stands out from all others; a place that is best by chance hardly does. A place that took more
    /// variants of the query is no runner-up of one that took fewer.
    ///
    /// `left` is the most evidence of a track without a place. It is the runner-up if no place is one.
    pub(crate) fn find_runners_up(&self, places: &mut [Place], left: f32) -> Result<()> {
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        for i in 0..places.len() {
            let place = &places[i];
            // Another place of a track with the same sound is no rival either: the track itself has it too.
            let mut same: BTreeSet<TrackId> =
                places.iter().filter(|other| other.sound == place.sound).map(|other| other.track).collect();
            same.insert(place.track);
            let mut runner_up = left;
            for other in places.iter() {
                if same.contains(&other.track) || other.variants > place.variants || !overlap(other, place) {
                    continue;
                }
                if !self.is_same_sound(place, other)? {
                    runner_up = other.evidence;
                    break;
                }
                same.insert(other.track);
            }
            places[i].runner_up = runner_up;
        }
        Ok(())
    }

    /// Whether two places hold the same sound where both agree with the query, judged by the stored frames.
    fn is_same_sound(&self, one: &Place, two: &Place) -> Result<bool> {
        let halves = one.from.max(two.from)..one.to.min(two.to);
        let stored = |place: &Place| {
            let frame = |half: usize| (place.in_track(half as f64) / 2.0).floor() as i64;
            self.stored(place.track, frame(halves.start) - 2, frame(halves.end) + 4)
        };
        let (first, second) = (stored(one)?, stored(two)?);
        let line = |place: &Place| Line {
            at: place.first.at,
            in_track: place.first.at + place.first.offset,
            tempo: place.tempo(),
        };
        let [one_side, two_side] =
            [(&first, one), (&second, two)].map(|(reference, place)| Side { reference, line: line(place) });
        let semitones = ((two.pitch - one.pitch) / self.params.bins_per_semitone() as f64).round() as i32;
        Ok(is_same_sound(&one_side, &two_side, self.params.frame_values(), halves, semitones))
    }
}
