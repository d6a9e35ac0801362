//! The places of one chunk: first as it is, then by a deeper look, then those of its variants.
use std::ops::RangeInclusive;

use super::{
    engine::Query,
    place::{Place, overlap},
    variant_frames::VariantFrames,
    variant_places::{self, VariantHits},
    variants::{Group, Variant},
    windows::Windows,
};
use crate::{
    align::{Candidate, WindowHits, candidates},
    error::Result,
    extract::chunks::Chunk,
};

/// Half frames in a chunk: about a minute.
pub(crate) const CHUNK: usize = 640;

/// How many nearest library windows a chunk asks for, shared among its windows. A short clip has few windows,
/// and each of them resembles many others.
const HITS: usize = 4000;
pub(super) const NEAREST: RangeInclusive<usize> = 20..=100;

/// How many places are aligned, times the half frames of the chunk. Places of a short clip are more doubtful,
/// and cost less.
const ALIGNED: usize = 16_000;
pub(super) const PLACES: RangeInclusive<usize> = 64..=400;

/// If the last of the nearest windows still has this cosine, there may be more with the same sound. Then eight times as
/// many are looked for, up to some thousands. The windows of two copies are this near, those of different music seldom.
const CROWDED: f32 = 0.75;
const MAX_NEAREST: usize = 1000;

/// The share of a chunk that matches must cover. Matches that cover less may be at another speed, which
/// agrees only in places; then a variant may do better.
const WHOLE: f64 = 0.6;

/// How far the tempo of such a match may be from 1. Beyond this a variant agrees over a longer range.
const AS_IT_IS: f64 = 0.025;

/// The fewest frames of a query whose variants are tried. A chord or two resemble some place at some pitch.
const MIN_FOR_VARIANTS: f64 = 7.0;

/// A share of `all`, of each of so many `parts`, within limits.
fn share(all: usize, parts: usize, limits: &RangeInclusive<usize>) -> usize {
    (all / parts.max(1)).clamp(*limits.start(), *limits.end())
}

/// How many nearest library windows each of a chunk's windows asks for.
pub(super) fn hits_of_each(windows: usize) -> usize {
    share(HITS, windows, &NEAREST)
}

impl Query<'_> {
    /// Finds the places of one chunk, counted in half frames from its beginning. Looks up the query as it is.
    /// If that gives no match, looks deeper into the neighbour index, and then also tries the query
    /// transposed and at other speeds.
    pub(crate) fn places(&mut self, chunk: &Chunk) -> Result<Vec<Place>> {
        let params = self.params;
        let variants = VariantFrames::new(chunk, &params);
        let windows = self.windows(&chunk.chroma, 1);
        let halves = chunk.half_frames(&params);
        let nearest = hits_of_each(windows.starts.len());
        let most = share(ALIGNED, halves, &PLACES);
        let (hits, nearest, most) = self.nearest(&windows, nearest, most)?;
        let mut proposed = candidates(&hits, most, &params.projection);
        let (mut places, mut left) = self.plain(&variants, &proposed)?;
        let query = halves as f64 / 2.0;
        if self.effort.deeper && !self.is_sure(&places, query) {
            self.options.look_deeper();
            let hits = hits.into_iter().map(|window| window.hits).collect();
            if let Some(hits) = self.searcher.deeper(&windows.vectors, nearest, hits)? {
                // More hits may outvote the places that few hits proposed, so those stay candidates.
                for new in candidates(&windows.with(hits), most, &params.projection) {
                    if !proposed.iter().any(|old| old.is_same_place(&new)) {
                        proposed.push(new);
                    }
                }
                (places, left) = self.plain(&variants, &proposed)?;
            }
        }
        self.add_variants(&variants, &mut places, left, |query, groups| {
            query.variant_hits(groups, |query, variant| {
                Ok(query.windows(&variants.frames(variant), variant_places::STEP))
            })
        })?;
        let least = f64::from(self.options.min_score);
        for at in 0..places.len() {
            let place = &places[at];
            let best = !places
                .iter()
                .any(|p| p.track == place.track && p.evidence > place.evidence && overlap(p, place));
            if best && self.score(place, query) >= least {
                if self.is_backwards(&variants, place)? {
                    // What it reaches in this track is what chance reaches.
                    places[at].runner_up = place.evidence;
                    places[at].is_backwards = true;
                } else {
                    places[at].repeats = self.repeats(&variants, place)?;
                }
            }
        }
        Ok(places)
    }

    /// Finds the places of a chunk whose windows were looked up before. Aligns `most` places at most. Calls `look_up` for what
    /// was found for groups of variants if the chunk as it is gives no match.
    pub(crate) fn places_of(
        &mut self,
        chunk: &Chunk,
        (found, most): (&[WindowHits], usize),
        look_up: impl FnOnce(&mut Self, &[Group]) -> Result<Vec<Vec<VariantHits>>>,
    ) -> Result<Vec<Place>> {
        let params = self.params;
        let variants = VariantFrames::new(chunk, &params);
        let proposed = candidates(found, most, &params.projection);
        let (mut places, left) = self.plain(&variants, &proposed)?;
        self.add_variants(&variants, &mut places, left, look_up)?;
        Ok(places)
    }

    /// Adds the places of the variants of a chunk, if the chunk as it is gives no match. `left` is the most evidence of a
    /// track without a place.
    fn add_variants(
        &mut self,
        variants: &VariantFrames<'_>,
        places: &mut Vec<Place>,
        left: f32,
        look_up: impl FnOnce(&mut Self, &[Group]) -> Result<Vec<Vec<VariantHits>>>,
    ) -> Result<()> {
        let query = variants.half_frames() as f64 / 2.0;
        if query < MIN_FOR_VARIANTS
            || self.options.range.is_plain(&self.params)
            || self.is_sure(places, query)
        {
            return Ok(());
        }
        self.options.look_deeper();
        let groups = self.options.range.groups(&self.params);
        let hits = look_up(self, &groups)?;
        let plain = places.iter().map(|p| p.sound + 1).max().unwrap_or(0);
        let of_variants = self.places_of_variants(variants, &groups, &hits)?;
        places.extend(of_variants.into_iter().map(|p| Place { sound: plain + p.sound, ..p }));
        self.find_runners_up(places, left)
    }

    /// The nearest library windows of a chunk's windows, `nearest` of each: or more, if all that were found are so near
    /// that they hold the same sound. Then there may be more tracks with it. Also returns how many were looked for, and
    /// how many places to align, which is `places` or more.
    pub(crate) fn nearest(
        &mut self,
        windows: &Windows,
        mut nearest: usize,
        mut places: usize,
    ) -> Result<(Vec<WindowHits>, usize, usize)> {
        loop {
            let hits = self.searcher.nearest(&windows.vectors, nearest, self.effort.nprobe)?;
            let crowded = hits.iter().filter(|hits| {
                let last = hits.get(nearest - 1);
                last.is_some_and(|hit| self.params.projection.cosine(hit.dot) >= CROWDED)
            });
            // Of the query's windows between two stored ones, one or two lie so near to either that copies crowd there. Half of
            // that is enough: noise may spoil some, and windows at the edges of a clip are partly silent.
            let each = 4 * self.params.window_hop;
            if each * crowded.count() < windows.starts.len() || nearest >= MAX_NEAREST {
                return Ok((windows.with(hits), nearest, places));
            }
            (nearest, places) = (8 * nearest, 4 * places);
        }
    }

    /// Whether the matches among `places` cover most of a chunk of `query` frames at the track's speed.
    pub(super) fn is_sure(&self, places: &[Place], query: f64) -> bool {
        let min_score = f64::from(self.options.min_score);
        let sure =
            places.iter().filter(|p| (p.tempo - 1.0).abs() <= AS_IT_IS && self.score(p, query) >= min_score);
        let mut ranges: Vec<(usize, usize)> = sure.map(|p| (p.from, p.to)).collect();
        ranges.sort_unstable();
        let (mut covered, mut end) = (0.0, 0);
        for (from, to) in ranges {
            if to > end {
                covered += ((to - from.max(end)) as f64 + 1.0) / 2.0;
                end = to;
            }
        }
        covered >= WHOLE * query
    }

    /// Aligns the proposed places of a chunk as it is. Also returns the most evidence of a track without a
    /// place.
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
}
