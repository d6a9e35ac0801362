//! The places of one chunk: as it is, by a deeper look, and transposed or played faster or slower.
use std::ops::RangeInclusive;

use super::{
    engine::Query,
    place::{Place, overlap},
    variant_frames::VariantFrames,
    variants::Variant,
};
use crate::{
    align::{Candidate, candidates},
    ann::Hit,
    error::Result,
    extract::chunks::Chunk,
};

/// Half frames in a chunk: about a minute.
pub(crate) const CHUNK: usize = 640;

/// Nearest library windows asked for, shared out among the windows of a chunk: a short clip has few windows, and each is
/// like many others.
const HITS: usize = 4000;
pub(super) const NEAREST: RangeInclusive<usize> = 20..=100;

/// Places that are aligned, times the half frames of the chunk: those of a short clip are more doubtful, and cost less.
const ALIGNED: usize = 16_000;
pub(super) const PLACES: RangeInclusive<usize> = 64..=400;

/// For a query that is transposed or played faster or slower: half frames from one window to the next, lists of
/// the neighbour index and nearest windows of each, places of each variant, and alignments in all. The step has no
/// divisor in common with the library's (8 half frames), so that some windows fall right on one of the library.
const WIDE_STEP: usize = 5;
const WIDE_PROBES: usize = 16;
const WIDE_NEAREST: usize = 8;
const WIDE_PLACES: usize = 3;
const WIDE_ALIGNED: usize = 160;

/// The share of a chunk that a match has to cover, or else a variant may do better: what is played at another speed
/// agrees in places.
const WHOLE: f64 = 0.6;

/// By how much the tempo of such a match may be another: from here on a variant agrees over a longer range.
const AS_IT_IS: f64 = 0.025;

/// Frames of a query, at least, for its variants to be looked for: a chord or two are like some place at some pitch.
const MIN_WIDE: f64 = 7.0;

impl Query<'_> {
    /// The places of one chunk, counted in half frames from its beginning: those of the query as it is. Where none of them is
    /// a match, not even by a deeper look into the neighbour index, also those of the query transposed and played faster or
    /// slower.
    pub(super) fn places(&mut self, chunk: &Chunk) -> Result<Vec<Place>> {
        let params = self.params;
        let variants = VariantFrames::new(chunk, &params);
        let windows = self.windows(&chunk.chroma, 1);
        let halves = chunk.half_frames(&params);
        let share = |all: usize, parts: usize, of: &RangeInclusive<usize>| {
            (all / parts.max(1)).clamp(*of.start(), *of.end())
        };
        let nearest = share(HITS, windows.starts.len(), &NEAREST);
        let most = share(ALIGNED, halves, &PLACES);
        let hits = self.searcher.nearest(&windows.vectors, nearest)?;
        let hits = windows.with(self.without_itself(hits));
        let mut proposed = candidates(&hits, most);
        let (mut places, mut left) = self.plain(&variants, &proposed)?;
        let query = halves as f64 / 2.0;
        if !self.is_sure(&places, query) {
            let hits = hits.into_iter().map(|window| window.hits).collect();
            if let Some(hits) = self.searcher.deeper(&windows.vectors, nearest, hits)? {
                // What few hits propose, more of them may outvote: it stays.
                for new in candidates(&windows.with(self.without_itself(hits)), most) {
                    if !proposed.iter().any(|old| old.is_same_place(&new)) {
                        proposed.push(new);
                    }
                }
                (places, left) = self.plain(&variants, &proposed)?;
            }
        }
        if query >= MIN_WIDE && !self.options.range.is_plain() && !self.is_sure(&places, query) {
            places.extend(self.widened(&variants)?);
            self.find_runners_up(&mut places, left)?;
        }
        let least = f64::from(self.options.min_score);
        for at in 0..places.len() {
            let place = &places[at];
            let best = !places
                .iter()
                .any(|p| p.track == place.track && p.evidence > place.evidence && overlap(p, place));
            if best && self.score(place, query) >= least {
                places[at].repeats = self.repeats(&variants, place)?;
            }
        }
        Ok(places)
    }

    /// Hits without those in the track that is the query itself.
    fn without_itself(&self, mut hits: Vec<Vec<Hit>>) -> Vec<Vec<Hit>> {
        if let Some(itself) = self.left_out {
            hits.iter_mut().for_each(|hits| hits.retain(|hit| hit.track != itself));
        }
        hits
    }

    /// Whether one of `places` is a match that covers most of a chunk of so many frames, as it is.
    pub(super) fn is_sure(&self, places: &[Place], query: f64) -> bool {
        places.iter().any(|p| {
            let as_it_is = (p.tempo - 1.0).abs() <= AS_IT_IS;
            let least = f64::from(self.options.min_score);
            as_it_is && p.pairs >= WHOLE * query && self.score(p, query) >= least
        })
    }

    /// The places of a chunk as it is, out of those proposed, and the most evidence for a track without one.
    pub(super) fn plain(
        &mut self,
        variants: &VariantFrames<'_>,
        proposed: &[Candidate],
    ) -> Result<(Vec<Place>, f32)> {
        let proposed = proposed.iter().map(|candidate| (Variant::PLAIN, *candidate)).collect();
        let (mut places, left) = self.best(variants, proposed)?;
        self.find_runners_up(&mut places, left)?;
        Ok((places, left))
    }

    /// The places of all variants of a chunk.
    fn widened(&mut self, variants: &VariantFrames<'_>) -> Result<Vec<Place>> {
        let groups = self.options.range.groups();
        let (mut vectors, mut windows) = (Vec::new(), Vec::new());
        for group in &groups {
            self.options.cancel.check()?;
            let mut of_group = self.windows(&variants.frames(&group.searched), WIDE_STEP);
            vectors.append(&mut of_group.vectors);
            windows.push(of_group);
        }
        let mut hits = self.searcher.nearest_probing(&vectors, WIDE_NEAREST, WIDE_PROBES)?.into_iter();
        let half = self.params.window_frames;
        let mut proposed: Vec<(Variant, Candidate)> = Vec::new();
        for (group, windows) in groups.iter().zip(windows) {
            let starts = windows.starts.clone();
            let mut of_windows = windows.with(hits.by_ref().take(starts.len()).collect());
            self.options.cancel.check()?;
            for member in &group.members {
                for (window, &start) in of_windows.iter_mut().zip(&starts) {
                    window.start = group.start_in(member, start, half);
                }
                proposed.extend(candidates(&of_windows, WIDE_PLACES).into_iter().map(|c| (*member, c)));
            }
        }
        proposed.sort_by(|a, b| b.1.votes.total_cmp(&a.1.votes));
        proposed.truncate(WIDE_ALIGNED);
        Ok(self.best(variants, proposed)?.0)
    }
}
