//! The votes of a clip's windows.
use super::Part;
use crate::{
    align::{WindowHits, candidates},
    error::Result,
    query::{
        engine::Query, place::Place, search::hits_of_each, variant_frames::VariantFrames, variants::Variant,
    },
    report::Votes,
    store::TrackId,
};

/// The most places of a track that are shown.
const MOST: usize = 500;

impl Query<'_> {
    /// The votes for the track of a place and for its rival. The windows are read as they were when the place was found.
    pub(super) fn votes(&mut self, part: &Part, place: &Place, rival: Option<&Place>) -> Result<Votes> {
        let params = self.params;
        let variants = VariantFrames::new(&part.chunk, &params);
        let variant = place.origin.map_or(Variant::PLAIN, |origin| origin.variant);
        let windows = self.windows(&variants.frames(&variant), 1);
        if windows.starts.is_empty() {
            return Ok(Votes::default());
        }
        let tempo = variant.tempo;
        let of = |query: &Self, hits: &[WindowHits], place: Option<&Place>| {
            place.map_or_else(Vec::new, |place| query.votes_for(hits, part, (place.track, tempo)))
        };
        let (mut hits, nearest, _) = self.nearest(&windows, hits_of_each(windows.starts.len()), 1)?;
        let mut track = of(self, &hits, Some(place));
        // Of a clip that was looked up more deeply, the first look may know nothing.
        if track.is_empty() && self.effort.deeper {
            let first = hits.iter().map(|window| window.hits.clone()).collect();
            if let Some(deeper) = self.searcher.deeper(&windows.vectors, nearest, first)? {
                hits = windows.with(deeper);
                track = of(self, &hits, Some(place));
            }
        }
        Ok(Votes { track, rival: of(self, &hits, rival) })
    }

    fn votes_for(&self, hits: &[WindowHits], part: &Part, (track, tempo): (TrackId, f64)) -> Vec<(f64, f64)> {
        let of_track: Vec<WindowHits> = hits
            .iter()
            .map(|window| WindowHits {
                start: window.start,
                hits: window.hits.iter().filter(|hit| hit.track == track).cloned().collect(),
            })
            .collect();
        let half = self.params.half_frame_seconds().0;
        let places = candidates(&of_track, MOST, &self.params.projection);
        let mut votes: Vec<(f64, f64)> = places
            .into_iter()
            .map(|place| {
                let offset = f64::from(place.offset) - part.first as f64 * tempo;
                let votes = (f64::from(place.votes) * 1e4).round() / 1e4;
                ((offset * half * 1e3).round() / 1e3, votes)
            })
            .collect();
        votes.sort_by(|a, b| a.0.total_cmp(&b.0));
        votes
    }
}
