//! Why a clip matches a track, or does not.
//!
//! A query runs as ever. Then [`detail`] computes again what the numbers of one place consist of, from the same frames, and
//! [`judge`] finds the rule that decided: the one without which there would be a match.
mod closest;
mod detail;
mod judge;
#[cfg(test)]
mod tests;

use std::path::Path;

use self::detail::Part;
use super::{
    answer::{Measured, SILENT},
    engine::Query,
    found::Found,
    place::Place,
    rank::apart,
    search::CHUNK,
    variant_frames::VariantFrames,
};
use crate::{
    decode::BlockSource,
    error::Result,
    extract::chunks::chunks,
    fingerprint::FrameCode,
    params::ParameterSet,
    report::{Answer, Explanation, Match, Rule, Status, sentence},
    store::TrackId,
    units::Seconds,
};

/// How many chunks are kept for the picture: some ten minutes.
const KEPT: usize = 10;

/// An explanation, and what it is about.
pub(crate) struct Explained {
    pub explanation: Explanation,
    /// The clip's chroma as a library keeps it: packed frames, of the first ten minutes.
    pub frames: Vec<u8>,
}

/// What was found in a clip.
struct Looked {
    /// The chunks that the picture may show, with their places.
    parts: Vec<Part>,
    found: Found,
    /// The places of the wanted track if the search did not propose it.
    closest: Found,
    /// Whether any window of the clip has a fingerprint.
    has_windows: bool,
    is_silent: bool,
    duration: f64,
    warnings: Vec<String>,
}

impl Query<'_> {
    /// Explains the best match of the query in `decoder`, or the best place if there is none; or the best place of `track`.
    /// The explanation calls the query `name`.
    pub(crate) fn explain(
        &mut self,
        name: &Path,
        decoder: &mut dyn BlockSource,
        track: Option<TrackId>,
    ) -> Result<Explained> {
        // A match beyond the first ones is a match too.
        (self.options.top, self.options.explain) = (usize::MAX, false);
        let library = self.library;
        let _cancellable = library.cancellable(&self.options.cancel);
        let looked = self.look(decoder, track)?;
        let _snapshot = library.hold()?;
        let places = looked.found.places().to_vec();
        let answer = self.rank(name, places.clone(), looked.duration)?;
        let chosen = self.chosen(&answer, apart(places), &looked, track)?;
        let mut explained = self.judged(name, &answer, chosen.as_ref(), &looked)?;
        self.clip_alone(&looked.parts, &mut explained);
        if let Some((place, _)) = &chosen {
            self.detail(&looked.parts, place, looked.duration, &mut explained)?;
        }
        let seconds = |half_frames: usize| half_frames as f64 * self.params.half_frame_seconds().0;
        let kept =
            looked.parts.last().map_or(0.0, |part| seconds(part.first + part.half_frames(&self.params)));
        if looked.parts.len() == KEPT && looked.duration > kept + 1.0 {
            explained
                .warnings
                .push(format!("the picture shows the first {} of the clip", Seconds(kept.round())));
        }
        let copy_of = answer.matches.first().map(|found| found.path.to_string_lossy().into_owned());
        explained.reason = sentence(&explained, copy_of.as_deref());
        Ok(Explained { explanation: explained, frames: packed(&looked.parts, &self.params) })
    }

    /// Looks up all chunks, and keeps the first ones.
    fn look(&mut self, decoder: &mut dyn BlockSource, track: Option<TrackId>) -> Result<Looked> {
        let (params, library, cancel) = (self.params, self.library, self.options.cancel.clone());
        let mut decoder = Measured { source: decoder, loudest: 0.0 };
        let (mut parts, mut found, mut closest) = (Vec::new(), Found::default(), Found::default());
        let (mut has_windows, mut first) = (false, 0);
        let duration = chunks(&mut decoder, &params, CHUNK, &cancel, |chunk| {
            let _snapshot = library.hold()?;
            let half_frames = chunk.half_frames(&params);
            let places = self.places(chunk)?;
            has_windows |= !self.windows(&chunk.chroma, 1).starts.is_empty();
            let of_track: Vec<Place> = match track {
                Some(track) if places.iter().any(|place| place.track == track) => {
                    places.iter().filter(|place| place.track == track).cloned().collect()
                }
                Some(track) => self.closest(&VariantFrames::new(chunk, &params), track, &places)?,
                None => Vec::new(),
            };
            found.add(places.clone(), half_frames);
            closest.add(of_track.clone(), half_frames);
            if parts.len() < KEPT {
                parts.push(Part { chunk: chunk.clone(), first, places: [places, of_track].concat() });
            }
            first += half_frames;
            self.options.tell(Seconds(first as f64 * params.half_frame_seconds().0));
            Ok(())
        })?;
        let warnings = decoder.warnings().iter().map(ToString::to_string).collect();
        let is_silent = decoder.loudest <= SILENT;
        Ok(Looked { parts, found, closest, has_windows, is_silent, duration: duration.0, warnings })
    }

    /// The place to explain, and its description.
    fn chosen(
        &self,
        answer: &Answer,
        mut places: Vec<Place>,
        looked: &Looked,
        track: Option<TrackId>,
    ) -> Result<Option<(Place, Match)>> {
        if let Some(track) = track {
            places.retain(|place| place.track == track);
            if places.is_empty() {
                places = apart(looked.closest.places().to_vec());
            }
        }
        let best = answer.matches.first().filter(|_| track.is_none());
        let mut chosen: Option<(Place, Match)> = None;
        for place in places {
            let Some((described, _)) = self.describe(&place, looked.duration)? else { continue };
            if let Some(best) = best {
                if best.id == described.id && best.evidence == described.evidence {
                    // What the answer says of it, with its copies.
                    return Ok(Some((place, best.clone())));
                }
                continue;
            }
            let better = |(_, other): &(Place, Match)| {
                described
                    .score
                    .total_cmp(&other.score)
                    .then(described.evidence.total_cmp(&other.evidence))
                    .is_gt()
            };
            if chosen.as_ref().is_none_or(better) {
                chosen = Some((place, described));
            }
        }
        Ok(chosen)
    }

    /// The explanation without what a picture shows.
    fn judged(
        &self,
        name: &Path,
        answer: &Answer,
        chosen: Option<&(Place, Match)>,
        looked: &Looked,
    ) -> Result<Explanation> {
        let min_score = f64::from(self.options.min_score);
        let mut explained = Explanation {
            query: name.to_owned(),
            status: Status::NoMatch,
            rule: Rule::NothingNear,
            reason: String::new(),
            // As it is written: 0.9, not the longer number that an `f32` of .9 is.
            min_score: self.options.min_score.to_string().parse().unwrap_or(min_score),
            place: chosen.map(|(_, described)| described.clone()),
            rival: None,
            needed_evidence: None,
            other_rendering: 0.0,
            duration: Seconds(looked.duration),
            track_duration: None,
            path: Vec::new(),
            evidence: None,
            rival_evidence: None,
            votes: None,
            clip_chroma: None,
            track_chroma: None,
            similarity: None,
            version: None,
            version_similarity: None,
            warnings: looked.warnings.clone(),
        };
        let Some((place, described)) = chosen else {
            explained.rule = if looked.is_silent {
                Rule::Silence
            } else if !self.library.has_tracks()? {
                Rule::EmptyIndex
            } else if !looked.has_windows {
                Rule::Steady
            } else {
                Rule::NothingNear
            };
            return Ok(explained);
        };
        explained.track_duration = self.library.track(place.track)?.map(|held| held.track.record.duration);
        let judgement = self.judge(place, looked.duration);
        explained.needed_evidence = judgement.needed_evidence;
        explained.other_rendering = judgement.other_rendering;
        explained.rule = judgement.rule;
        if described.score >= min_score {
            explained.status = Status::Match;
            let is_named = answer.matches.iter().any(|found| found.id == place.track);
            // All that match and are not named are copies of what is named.
            explained.rule = if is_named { Rule::Match } else { Rule::Copy };
        }
        Ok(explained)
    }
}

/// The chroma of the chunks at a library's frame rate.
fn packed(parts: &[Part], params: &ParameterSet) -> Vec<u8> {
    let code = FrameCode::new(params);
    let mut frames = Vec::new();
    for part in parts {
        // A library has every second frame.
        let odd = part.first % 2;
        for frame in part.chunk.chroma.chunks_exact(params.frame_values()).skip(odd).step_by(2) {
            code.pack(frame, &mut frames);
        }
    }
    frames
}
