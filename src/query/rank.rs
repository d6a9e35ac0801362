//! Turns places into matches, best first.
use std::{collections::BTreeMap, path::Path};

use super::{
    engine::{Effort, Query},
    place::{Place, overlap},
};
use crate::{
    error::Result,
    report::{Answer, Match},
    units::Seconds,
};

/// What a place has found, less what the best of so many variants finds by chance. A track that shares only a part with the
/// clip has that part as it is; at some other speed what follows may add a little.
fn worth(place: &Place) -> f32 {
    place.evidence - (place.variants as f32).ln()
}

/// The places, best first by their worth. Where places of one track overlap in the query, only the best is kept.
pub(super) fn apart(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let mut kept: Vec<Place> = Vec::new();
    let mut of_track: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for place in places {
        let own = of_track.entry(place.track.0).or_default();
        if !own.iter().any(|&n| overlap(&kept[n], &place)) {
            own.push(kept.len());
            kept.push(place);
        }
    }
    kept
}

impl Query<'_> {
    /// The answer to a query called `name`, of `duration` seconds, from all its places.
    pub(super) fn rank(&self, name: &Path, places: Vec<Place>, duration: f64) -> Result<Answer> {
        let places = apart(places);
        let candidates = if self.options.explain { Some(self.candidates(&places, duration)?) } else { None };
        let ranked = self.recordings(places, self.options.top, duration)?;
        Ok(Answer::of(name, ranked.matches, candidates, Seconds(duration), ranked.more))
    }

    /// The matches among places, one for each recording.
    pub(super) fn matches(&self, places: Vec<Place>, duration: f64) -> Result<Vec<Match>> {
        Ok(self.recordings(apart(places), usize::MAX, duration)?.matches)
    }

    /// The best places, matches or not, in order of their score.
    fn candidates(&self, places: &[Place], duration: f64) -> Result<Vec<Match>> {
        let max = self.options.top.max(Effort::CLIP.kept);
        let mut candidates: Vec<Match> = Vec::new();
        for place in places {
            if candidates.len() == max {
                break;
            }
            candidates.extend(self.describe(place, duration)?.map(|(described, _)| described));
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.evidence.total_cmp(&a.evidence)));
        Ok(candidates)
    }

    /// The probability that a place is right, for a query of `duration` seconds.
    pub(super) fn score_in(&self, place: &Place, duration: f64) -> f64 {
        let frame = self.frame_seconds();
        self.score(place, (duration - frame) / self.params.frame_seconds().0 + 1.0)
    }

    /// The length of a frame, which overlaps its neighbours.
    fn frame_seconds(&self) -> f64 {
        self.params.frame_length as f64 / f64::from(self.params.sample_rate.0)
    }

    /// The match that a place makes, and how many frames its track has. `None` if the track has no file.
    pub(super) fn describe(&self, place: &Place, duration: f64) -> Result<Option<(Match, u32)>> {
        let half = self.params.half_frame_seconds().0;
        let frame = self.frame_seconds();
        let score = self.score_in(place, duration);
        let Some(held) = self.library.track(place.track)? else { return Ok(None) };
        let query_start = place.from as f64 * half;
        let query_end = ((place.to.max(place.from + 1) - 1) as f64 * half + frame).min(duration);
        let also_paths = held.other_paths();
        let track = held.track;
        let length = track.record.duration.0;
        // A frame lies where its middle is, so the line of the tempo passes through the middles.
        let middle = frame / 2.0;
        let in_track = |time: f64| place.in_track((time - middle) / half) * half + middle;
        let span = (query_end - query_start) * place.tempo();
        let mut starts = vec![in_track(query_start)];
        starts.extend(place.repeats.iter().map(|by| in_track(query_start) + by * half));
        starts.sort_by(f64::total_cmp);
        let ref_start = starts.remove(0).clamp(0.0, length);
        let ref_end = (ref_start + span).clamp(ref_start, length);
        let found = Match {
            path: track.record.path,
            also_paths,
            copies: Vec::new(),
            missing: track.missing,
            id: track.id,
            shard: held.shard,
            score,
            query_start: Seconds(query_start),
            query_end: Seconds(query_end),
            ref_start: Seconds(ref_start),
            ref_end: Seconds(ref_end),
            also_at: starts.into_iter().map(Seconds).collect(),
            tempo: place.tempo(),
            pitch: place.pitch * 12.0 / self.params.bins_per_octave as f64,
            tags: track.record.tags,
            evidence: f64::from(place.evidence),
            similarity: f64::from(place.similarity),
            variants: place.variants,
            runner_up: f64::from(place.runner_up),
        };
        Ok(Some((found, track.frames)))
    }
}
