//! Turns places into matches, best first.
use std::path::Path;

use super::{
    engine::{Effort, Query},
    place::{Place, overlap},
};
use crate::{
    error::Result,
    report::{Answer, Match},
    units::Seconds,
};

impl Query<'_> {
    /// The answer to a query called `name`, of `duration` seconds, from all its places.
    pub(super) fn rank(&self, name: &Path, places: Vec<Place>, duration: f64) -> Result<Answer> {
        let max = self.options.top.max(Effort::CLIP.kept);
        let mut ranked = self.described(places, max, duration)?;
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.evidence.total_cmp(&a.evidence)));
        let candidates = self.options.explain.then(|| ranked.clone());
        ranked.retain(|m| m.score >= f64::from(self.options.min_score));
        ranked.truncate(self.options.top);
        Ok(Answer::of(name, ranked, candidates, Seconds(duration)))
    }

    /// Describes the best `max` places, in order of their evidence. Where places of one track overlap in the
    /// query, only the best is returned.
    pub(super) fn described(&self, mut places: Vec<Place>, max: usize, duration: f64) -> Result<Vec<Match>> {
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        let mut matches: Vec<Match> = Vec::new();
        let mut taken: Vec<Place> = Vec::new();
        for place in places {
            if matches.len() == max {
                break;
            }
            if taken.iter().any(|t| t.track == place.track && overlap(t, &place)) {
                continue;
            }
            // While files move, a track may have no file for a moment.
            let Some(described) = self.describe(&place, duration)? else { continue };
            matches.push(described);
            taken.push(place);
        }
        Ok(matches)
    }

    fn describe(&self, place: &Place, duration: f64) -> Result<Option<Match>> {
        let half = self.params.half_frame_seconds().0;
        let frame = self.params.frame_length as f64 / f64::from(self.params.sample_rate.0);
        let score = self.score(place, (duration - frame) / self.params.frame_seconds().0 + 1.0);
        let Some(track) = self.store.track(place.track)? else { return Ok(None) };
        let files = self.store.files(place.track)?.into_iter().skip(1).filter(|file| !file.missing);
        let query_start = place.from as f64 * half;
        let query_end = ((place.to.max(place.from + 1) - 1) as f64 * half + frame).min(duration);
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
        Ok(Some(Match {
            path: track.record.path,
            also_paths: files.map(|file| file.path).collect(),
            missing: track.missing,
            id: place.track,
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
        }))
    }
}
