//! What the numbers of a place consist of.
mod curve;
mod maps;
mod votes;

use crate::{
    error::Result,
    extract::chunks::Chunk,
    params::ParameterSet,
    query::{engine::Query, place::Place},
    report::Explanation,
};

/// How far the line of a chunk's place may be from that of the whole place, in half frames.
const SAME_LINE: f64 = 8.0;

/// A chunk of the clip and its places, counted from its beginning.
pub(super) struct Part {
    pub chunk: Chunk,
    /// Half frames of the clip before the chunk.
    pub first: usize,
    pub places: Vec<Place>,
}

impl Part {
    pub fn half_frames(&self, params: &ParameterSet) -> usize {
        self.chunk.half_frames(params)
    }

    /// The place of this chunk that is part of `whole`.
    fn own(&self, whole: &Place) -> Option<&Place> {
        let first = self.first as f64;
        let distance = |place: &Place| {
            let at = place.first.at + first;
            (whole.in_track(at) - (place.first.at + place.first.offset)).abs()
        };
        let own = self.places.iter().filter(|place| {
            place.track == whole.track
                && place.from + self.first >= whole.from
                && place.to + self.first <= whole.to
                && distance(place) <= SAME_LINE
        });
        own.max_by(|a, b| a.evidence.total_cmp(&b.evidence))
    }
}

/// A place of a chunk, counted from the beginning of the clip.
fn moved(place: &Place, first: usize) -> Place {
    let mut place = place.clone();
    place.from += first;
    place.to += first;
    place.first.at += first as f64;
    place.first.offset -= first as f64;
    place.last = place.first;
    place
}

/// Times in seconds of what is counted in half frames. A frame lies where its middle is.
#[derive(Clone, Copy)]
struct Clock {
    half: f64,
    middle: f64,
}

impl Clock {
    fn time(self, half_frame: f64) -> f64 {
        half_frame * self.half + self.middle
    }
}

impl Query<'_> {
    fn clock(&self) -> Clock {
        let frame = self.params.frame_length as f64 / f64::from(self.params.sample_rate.0);
        Clock { half: self.params.half_frame_seconds().0, middle: frame / 2.0 }
    }

    /// Adds to an explanation what the numbers of `place` consist of, for a clip of `duration` seconds.
    pub(super) fn detail(
        &mut self,
        parts: &[Part],
        place: &Place,
        duration: f64,
        explained: &mut Explanation,
    ) -> Result<()> {
        let own: Vec<(&Part, &Place)> =
            parts.iter().filter_map(|part| Some((part, part.own(place)?))).collect();
        let Some((part, strongest)) =
            own.iter().copied().max_by(|a, b| a.1.evidence.total_cmp(&b.1.evidence))
        else {
            return Ok(());
        };
        explained.path = self.path(&own);
        // The runner-up has exactly this evidence. If no place of that track was kept, its name is unknown.
        let rival = part.places.iter().find(|other| {
            other.track != place.track && other.evidence == strongest.runner_up && !strongest.is_backwards
        });
        if let Some(rival) = rival {
            let described = self.describe(&moved(rival, part.first), duration)?;
            explained.rival = described.map(|(described, _)| described);
            // Of a long clip, each minute may have another rival.
            if own.len() == 1 {
                explained.rival_evidence = self.curve(&[(part, rival)])?;
            }
        }
        explained.evidence = self.curve(&own)?;
        explained.votes = Some(self.votes(part, strongest, rival)?);
        self.chroma_maps(parts, place, explained)?;
        explained.similarity = Some(self.similarity_map(part, strongest)?);
        Ok(())
    }

    /// The ends of the places: seconds of the clip and of the track.
    fn path(&self, own: &[(&Part, &Place)]) -> Vec<(f64, f64)> {
        let clock = self.clock();
        let mut path = Vec::new();
        for (part, place) in own {
            for at in [place.from as f64, place.to as f64 - 1.0] {
                path.push((clock.time(at + part.first as f64), clock.time(place.in_track(at))));
            }
        }
        path
    }
}
