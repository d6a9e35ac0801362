//! Answering a query: nearest windows, votes, alignment, score; stretch by stretch, so that a recording of hours
//! takes no more memory than one of a minute.
use std::{collections::BTreeMap, ops::RangeInclusive, path::Path, sync::Arc};

use super::{
    analyse::{self, QueryStretch},
    widen::{self, Range, Readings, Variant},
};
use crate::cancel::CancelToken;
use crate::{
    Result,
    align::{
        Alignment, Candidate, Comparison, Features, LEAST_SCORE, Line, Reference, Repeats, WindowEvidence,
        WindowHits, align, candidates, likeness, probability,
    },
    ann::{Hit, SearchCache, Searcher},
    decode::BlockSource,
    fingerprint::{FrameCode, Projection},
    params::ParameterSet,
    report::{Answer, Match},
    store::{Store, TrackId},
    units::Frames,
};

#[cfg(test)]
mod tests;

/// Half frames in a stretch: about a minute.
const STRETCH: usize = 640;

/// Nearest library windows asked for, shared out among the windows of a stretch: a short clip has few windows, and each is
/// like many others.
const HITS: usize = 4000;
const NEAREST: RangeInclusive<usize> = 20..=100;

/// Places that are aligned, times the half frames of the stretch: those of a short clip are more doubtful, and cost less.
const ALIGNED: usize = 16_000;
const PLACES: RangeInclusive<usize> = 64..=400;

/// Alignments of a stretch whose windows are compared, those with the best frames.
const COMPARED: usize = 64;

/// Alignments of a stretch that are kept, best first.
const KEPT: usize = 16;

/// Of these, at most so many of one track.
const KEPT_OF_TRACK: usize = 6;

/// The same for a query that is transposed or played faster or slower: half frames from one window to the next, lists of
/// the neighbour index and nearest windows of each, places of each variant, and alignments in all. The step has no
/// divisor in common with the library's (8 half frames), so that some windows fall right on one of the library.
const WIDE_STEP: usize = 5;
const WIDE_PROBES: usize = 16;
const WIDE_NEAREST: usize = 8;
const WIDE_PLACES: usize = 3;
const WIDE_ALIGNED: usize = 160;

/// Query windows of a stretch; of a longer one every second is taken.
const MOST_WINDOWS: usize = 256;

/// The share of a stretch that a match has to cover, or else a variant may do better: what is played at another speed
/// agrees in places.
const WHOLE: f64 = 0.6;

/// By how much the tempo of such a match may be another: from here on a variant agrees over a longer range.
const AS_IT_IS: f64 = 0.025;

/// Frames of a query, at least, for its variants to be looked for: a chord or two are like some place at some pitch.
const LEAST_WIDE: f64 = 7.0;

/// Half frames by which the offsets of two neighbouring ranges of one match may differ.
const SAME_OFFSET: f64 = 4.0;

/// Half frames without agreement that do not end a match.
const GAP: usize = 64;

/// Two places of different tracks whose stored frames have this cosine hold the same sound.
const COPY: f32 = 0.6;
/// The same sound elsewhere in the track is as like the query as the best place is, but for this much.
const AS_LIKE: f32 = 0.95;

/// Places of the same sound that are looked at, the likeliest first.
const REPEATS: usize = 256;

/// Half frames between the offsets of two anchors that are as well none: 28 ms.
const NO_DRIFT: f64 = 0.3;

/// Query windows of a stretch, at least, if every third half frame has as many.
const LEAST_WINDOWS: usize = 8;

/// Windows that are projected together.
const TOGETHER: usize = 16;

/// How to query.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct QueryOptions {
    /// The most matches to give.
    pub top: usize,
    /// The least score that counts as a match.
    pub least_score: f32,
    /// Compare with every window, even where there is a neighbour index.
    pub exact: bool,
    /// Transpositions and tempi that are tried where the query as it is has no match.
    pub range: Range,
    /// Also give the best places that did not count as a match.
    pub explain: bool,
}

impl QueryOptions {
    /// With another [`top`](Self::top).
    #[must_use]
    pub fn top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// With another [`least_score`](Self::least_score).
    #[must_use]
    pub fn least_score(mut self, least_score: f32) -> Self {
        self.least_score = least_score;
        self
    }

    /// With another [`exact`](Self::exact).
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// With another [`range`](Self::range).
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// With another [`explain`](Self::explain).
    #[must_use]
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { top: 10, least_score: LEAST_SCORE, exact: false, range: Range::default(), explain: false }
    }
}

/// A range of the query that agrees with a range of a track.
#[derive(Clone, Debug)]
struct Place {
    track: TrackId,
    /// Where the first and the last of the stretches that make it up were aligned.
    first: Anchor,
    last: Anchor,
    from: usize,
    to: usize,
    evidence: f32,
    similarity: f32,
    /// Frame pairs in the range.
    pairs: f64,
    /// Of a single stretch.
    tempo: f64,
    /// In constant-Q bins.
    pitch: f64,
    /// Variants of the query that were looked at when it was found.
    variants: u32,
    /// The most evidence for another track, unless that track holds the same sound there.
    rival: f32,
    /// How much further on in the track the same sound is, in half frames; negative where it comes before.
    repeats: Vec<f64>,
}

/// A place of a track that a variant of the query was aligned with.
struct Aligned {
    variant: Variant,
    track: TrackId,
    alignment: Alignment,
    reference: Reference,
}

impl Aligned {
    /// The evidence of its frames.
    fn evidence(&self) -> f32 {
        self.variant.for_each_of_query(self.alignment.evidence)
    }
}

/// Windows of a query as they are looked up, and their first half frames.
struct Windows {
    vectors: Vec<i8>,
    starts: Vec<i32>,
}

impl Windows {
    fn with(&self, hits: Vec<Vec<Hit>>) -> Vec<WindowHits> {
        self.starts.iter().zip(hits).map(|(&start, hits)| WindowHits { start, hits }).collect()
    }
}

/// A point of the query and the one of the track that it is aligned with: `at` and `at + offset`, in half frames.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Anchor {
    at: f64,
    offset: f64,
}

impl Place {
    /// The query's speed over the track's.
    fn tempo(&self) -> f64 {
        let (length, drift) = (self.last.at - self.first.at, self.last.offset - self.first.offset);
        // Several stretches tell more than one, unless that one says that there is nothing to tell.
        let none = self.tempo == 1.0 && drift.abs() < NO_DRIFT;
        if length > 0.0 && !none { 1.0 + drift / length } else { self.tempo }
    }

    /// The half frame of the track that half frame `at` of the query is aligned with.
    fn in_track(&self, at: f64) -> f64 {
        self.first.at + self.first.offset + (at - self.first.at) * self.tempo()
    }
}

/// Answers queries out of one index.
pub(super) struct Query<'s> {
    store: &'s Store,
    params: ParameterSet,
    options: QueryOptions,
    searcher: Searcher<'s>,
    projection: Projection,
    frame_code: FrameCode,
    window_evidence: WindowEvidence,
    /// Windows of the library, as the score asks for them.
    windows: u64,
}

impl<'s> Query<'s> {
    /// `cache` keeps the centroids for the next query.
    pub(super) fn new(store: &'s Store, options: &QueryOptions, cache: &Arc<SearchCache>) -> Result<Self> {
        let params = *store.params();
        Ok(Self {
            store,
            params,
            options: *options,
            searcher: Searcher::new(store).cache(cache).exact(options.exact),
            projection: Projection::new(&params),
            frame_code: FrameCode::new(&params),
            window_evidence: WindowEvidence::new(&params),
            windows: store.windows_up_to(params.score.many_windows)?,
        })
    }

    /// Answers the query in `decoder`, which is called `name` in the answer.
    pub(super) fn answer(
        &mut self,
        name: &Path,
        decoder: &mut dyn BlockSource,
        cancel: &CancelToken,
    ) -> Result<Answer> {
        let mut places: Vec<Place> = Vec::new();
        let mut done = 0;
        let (params, store) = (self.params, self.store);
        let mut last = None;
        let duration = analyse::query(decoder, &params, STRETCH, cancel, |stretch| {
            // A build may replace a track between its windows being found and its frames being read. No longer than
            // this: a writer may have to wait for it, and hours may lie between two stretches.
            let snapshot = store.snapshot()?;
            for mut place in self.stretch(stretch)? {
                place.from += done;
                place.to += done;
                place.first.at += done as f64;
                place.first.offset -= done as f64;
                place.last = place.first;
                join(&mut places, place, done);
            }
            done += stretch.chroma.len() / params.frame_values();
            if stretch.ends {
                last = Some(snapshot);
            }
            Ok(())
        })?;
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        let mut ranked: Vec<Match> = Vec::new();
        let mut taken: Vec<Place> = Vec::new();
        let most = self.options.top.max(KEPT);
        for place in places {
            if ranked.len() == most {
                break;
            }
            // Of a track that repeats itself the best place is given for a range of the query.
            if taken.iter().any(|t| t.track == place.track && overlap(t, &place)) {
                continue;
            }
            // While files move about there may be a track without one for a moment.
            let Some(described) = self.describe(&place, duration.0)? else { continue };
            ranked.push(described);
            taken.push(place);
        }
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.evidence.total_cmp(&a.evidence)));
        let candidates = self.options.explain.then(|| ranked.clone());
        ranked.retain(|m| m.score >= f64::from(self.options.least_score));
        ranked.truncate(self.options.top);
        Ok(Answer::of(name, ranked, candidates, duration.0))
    }

    /// The places of one stretch, in half frames of the stretch: those of the query as it is, and, where none of
    /// them is a match, not even by a deeper look into the neighbour index, those of the query transposed and played faster
    /// or slower.
    fn stretch(&mut self, stretch: &QueryStretch) -> Result<Vec<Place>> {
        let params = self.params;
        let readings = Readings::new(stretch, &params);
        let windows = self.windows(&stretch.chroma, 1);
        let halves = stretch.chroma.len() / self.params.frame_values();
        let share = |all: usize, parts: usize, of: &RangeInclusive<usize>| {
            (all / parts.max(1)).clamp(*of.start(), *of.end())
        };
        let nearest = share(HITS, windows.starts.len(), &NEAREST);
        let most = share(ALIGNED, halves, &PLACES);
        let hits = windows.with(self.searcher.nearest(&windows.vectors, nearest)?);
        let mut proposed = candidates(&hits, most, &params.projection);
        let (mut places, mut left) = self.plain(&readings, &proposed)?;
        let query = halves as f64 / 2.0;
        if !self.is_sure(&places, query) {
            let hits = hits.into_iter().map(|window| window.hits).collect();
            if let Some(hits) = self.searcher.deeper(&windows.vectors, nearest, hits)? {
                // What few hits propose, more of them may outvote: it stays.
                for new in candidates(&windows.with(hits), most, &params.projection) {
                    if !proposed.iter().any(|old| old.is_at(&new)) {
                        proposed.push(new);
                    }
                }
                (places, left) = self.plain(&readings, &proposed)?;
            }
        }
        if query >= LEAST_WIDE && !self.options.range.is_plain(&params) && !self.is_sure(&places, query) {
            places.extend(self.widened(&readings)?);
            self.find_rivals(&mut places, left)?;
        }
        let least = f64::from(self.options.least_score);
        for at in 0..places.len() {
            let place = &places[at];
            let best = !places
                .iter()
                .any(|p| p.track == place.track && p.evidence > place.evidence && overlap(p, place));
            if best && self.score(place, query) >= least {
                places[at].repeats = self.repeats(&readings, place)?;
            }
        }
        Ok(places)
    }

    /// Whether one of `places` is a match that covers most of a stretch of so many frames, as it is.
    fn is_sure(&self, places: &[Place], query: f64) -> bool {
        places.iter().any(|p| {
            let as_it_is = (p.tempo - 1.0).abs() <= AS_IT_IS;
            let least = f64::from(self.options.least_score);
            as_it_is && p.pairs >= WHOLE * query && self.score(p, query) >= least
        })
    }

    /// The places of a stretch as it is, out of those proposed, and the most evidence for a track without one.
    fn plain(&mut self, readings: &Readings<'_>, proposed: &[Candidate]) -> Result<(Vec<Place>, f32)> {
        let proposed = proposed.iter().map(|candidate| (Variant::PLAIN, *candidate)).collect();
        let (mut places, left) = self.best(readings, proposed)?;
        self.find_rivals(&mut places, left)?;
        Ok((places, left))
    }

    /// The places of all variants of a stretch.
    fn widened(&mut self, readings: &Readings<'_>) -> Result<Vec<Place>> {
        let groups = self.options.range.groups(&self.params);
        let (mut vectors, mut windows) = (Vec::new(), Vec::new());
        for group in &groups {
            let mut of_group = self.windows(&readings.frames(&group.searched), WIDE_STEP);
            vectors.append(&mut of_group.vectors);
            windows.push(of_group);
        }
        let mut hits = self.searcher.nearest_probing(&vectors, WIDE_NEAREST, WIDE_PROBES)?.into_iter();
        let half = self.params.window_frames;
        let mut proposed: Vec<(Variant, Candidate)> = Vec::new();
        for (group, windows) in groups.iter().zip(windows) {
            let starts = windows.starts.clone();
            let mut of_windows = windows.with(hits.by_ref().take(starts.len()).collect());
            for member in &group.members {
                for (window, &start) in of_windows.iter_mut().zip(&starts) {
                    window.start = group.start_in(member, start, half);
                }
                proposed.extend(
                    candidates(&of_windows, WIDE_PLACES, &self.params.projection)
                        .into_iter()
                        .map(|c| (*member, c)),
                );
            }
        }
        proposed.sort_by(|a, b| b.1.votes.total_cmp(&a.1.votes));
        proposed.truncate(WIDE_ALIGNED);
        Ok(self.best(readings, proposed)?.0)
    }

    /// Aligns what was proposed, keeps the best and refines it. Also gives the most evidence for a track that has no place
    /// among these.
    fn best(
        &mut self,
        readings: &Readings<'_>,
        mut proposed: Vec<(Variant, Candidate)>,
    ) -> Result<(Vec<Place>, f32)> {
        proposed.sort_by(|a, b| a.0.order(&b.0));
        let mut aligned: Vec<Aligned> = Vec::new();
        for of_variant in proposed.chunk_by(|a, b| a.0 == b.0) {
            let variant = of_variant[0].0;
            let frames = readings.frames(&variant);
            for (_, candidate) in of_variant {
                aligned.extend(self.align(
                    readings,
                    (variant, &frames),
                    candidate.track,
                    candidate.offset,
                )?);
            }
        }
        aligned.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
        aligned.truncate(COMPARED);
        aligned.sort_by(|a, b| a.variant.order(&b.variant));
        let mut compared = Vec::with_capacity(aligned.len());
        for of_variant in aligned.chunk_by(|a, b| a.variant == b.variant) {
            let frames = readings.frames(&of_variant[0].variant);
            compared.extend(of_variant.iter().map(|a| self.whole_evidence(&frames, a)));
        }
        let mut aligned: Vec<(f32, Aligned)> = compared.into_iter().zip(aligned).collect();
        aligned.sort_by(|a, b| b.0.total_cmp(&a.0));
        // A track that repeats itself must not keep out all others, which tell what chance reaches.
        let mut of_track: BTreeMap<u32, usize> = BTreeMap::new();
        aligned.retain(|(_, a)| {
            let places = of_track.entry(a.track.0).or_default();
            *places += 1;
            *places <= KEPT_OF_TRACK
        });
        let dropped = aligned.split_off(KEPT.min(aligned.len()));
        let left = dropped.iter().find(|(_, a)| aligned.iter().all(|(_, kept)| kept.track != a.track));
        let left = left.map_or(0.0, |(evidence, _)| *evidence);
        let places = aligned.into_iter().map(|found| self.place(readings, found)).collect::<Result<_>>()?;
        Ok((places, left))
    }

    /// The evidence of an alignment's frames and windows.
    fn whole_evidence(&mut self, frames: &[f32], aligned: &Aligned) -> f32 {
        let windows = self.window_evidence.of(frames, &aligned.reference, &aligned.alignment);
        aligned.evidence() + aligned.variant.for_each_of_query(windows)
    }

    /// Finds tempo and transposition of an alignment more closely, and describes it in the query's own time.
    fn place(&mut self, readings: &Readings<'_>, (whole, mut aligned): (f32, Aligned)) -> Result<Place> {
        // What the windows say is asked again where it was moved.
        let mut evidence = Some(whole);
        let values = self.params.frame_values();
        let track = aligned.track;
        if aligned.variant != Variant::PLAIN {
            for step in widen::REFINEMENTS {
                let (variant, alignment) = (aligned.variant, aligned.alignment);
                let centre = (alignment.from + alignment.to) as f64 / 2.0;
                let (in_query, in_track) = (centre / variant.tempo, centre + alignment.offset);
                for near in variant.neighbours(step, self.params.max_shift()) {
                    let offset = (in_track - in_query * near.tempo).round() as i32;
                    let moved = self.align(readings, (near, &readings.frames(&near)), track, offset)?;
                    if let Some(moved) = moved.filter(|moved| moved.evidence() > aligned.evidence()) {
                        (aligned, evidence) = (moved, None);
                    }
                }
            }
        }
        let evidence =
            evidence.unwrap_or_else(|| self.whole_evidence(&readings.frames(&aligned.variant), &aligned));
        let Aligned { variant, alignment, reference, .. } = aligned;
        let centre = (alignment.from + alignment.to) as f64 / 2.0;
        let start =
            Line { at: centre / variant.tempo, in_track: centre + alignment.offset, tempo: variant.tempo };
        let [from, to] = [alignment.from, alignment.to].map(|h| (h as f64 / variant.tempo).round() as usize);
        let to = to.max(from + 1);
        let read = |shift: i32| readings.transposed(shift);
        let level = read(variant.shift);
        let comparison = Comparison::new(&level, &reference, values, &start, from..to);
        let mut line = comparison.line(start, None);
        let bins = comparison.transposition(&line, variant.shift, read);
        if bins != 0.0 {
            // What is played faster is higher by as much: a likely tempo, and one that pitch tells better.
            let faster = f64::powf(2.0, bins / self.params.bins_per_octave as f64);
            line = comparison.of(&read(bins.round() as i32)).line(line, Some(faster));
        }
        let anchor = Anchor { at: line.at, offset: line.in_track - line.at };
        Ok(Place {
            track,
            first: anchor,
            last: anchor,
            from,
            to,
            evidence,
            similarity: alignment.similarity,
            pairs: ((to - from) as f64 + 1.0) / 2.0,
            tempo: line.tempo,
            pitch: bins,
            // What a variant led to and turned out to be the query as it is was there to be found without any.
            variants: if line.tempo == 1.0 && bins == 0.0 || variant == Variant::PLAIN {
                1
            } else {
                self.options.range.variants(&self.params).len() as u32
            },
            rival: 0.0,
            repeats: Vec::new(),
        })
    }

    /// Finds the rival of each place: the best one of another track that is not a copy. A place that is right stands
    /// out from all others; one that is best by chance hardly does. What only a variant of the query reaches is no
    /// rival of what the query reaches as it is.
    ///
    /// `left` is the most evidence that the query as it is has for a track without a place: the rival of a place that has
    /// none here. That track may hold a copy too; but to leave it out where there are copies gave a sample that 17 tracks
    /// share a score of 1.
    fn find_rivals(&self, places: &mut [Place], left: f32) -> Result<()> {
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
        let bins_per_semitone = self.params.bins_per_semitone() as f64;
        let semitones = ((one.pitch - other.pitch) / bins_per_semitone).round() as i32;
        Ok(likeness(&frames(one)?, &frames(other)?, self.params.frame_values(), -semitones) >= COPY)
    }

    /// Where else in its track a place of a stretch sounds the same: as like the query as the place itself. Stored
    /// frames alone cannot tell, because the same sound lies differently between them each time.
    fn repeats(&self, readings: &Readings<'_>, place: &Place) -> Result<Vec<f64>> {
        /// Frames that are read at once.
        const PIECE: usize = 4096;
        let values = self.params.frame_values();
        let line =
            Line { at: place.first.at, in_track: place.first.at + place.first.offset, tempo: place.tempo };
        let frame = |h: usize| (place.in_track(h as f64) / 2.0).round().max(0.0) as i64;
        let (start, length) = (frame(place.from), frame(place.to) - frame(place.from));
        let found = self.stored(place.track, start, start + length)?;
        let Some(repeats) = Repeats::new(&found.frames, values, start as usize) else {
            return Ok(Vec::new());
        };
        let mut alike = Vec::new();
        for first in (0..).step_by(PIECE) {
            let piece = self.stored(place.track, first, first + (PIECE + repeats.overlap()) as i64)?;
            let places = repeats.alike(&piece.frames);
            alike.extend_from_slice(&places);
            if places.len() < PIECE {
                break;
            }
        }
        let count = (alike.len() + repeats.overlap()) as i64;
        let query = readings.transposed(place.pitch.round() as i32);
        // How like the query the track is from frame `at` on, and which half frame meets the middle of the query's range.
        let compare = |at: i64| -> Result<(f32, f64)> {
            let reference = self.stored(place.track, at - 2, at + length + 2)?;
            let line = Line { in_track: line.in_track + 2.0 * (at - start) as f64, ..line };
            let comparison = Comparison::new(&query, &reference, values, &line, place.from..place.to);
            let line = comparison.climb(line, false);
            Ok((comparison.likeness(&line), line.in_track))
        };
        let (least, here) = compare(start)?;
        let mut same = Vec::new();
        let places = repeats.places(&alike).into_iter().filter(|at| (0..=count - length).contains(at));
        for at in places.take(REPEATS) {
            let (likeness, there) = compare(at)?;
            if likeness >= AS_LIKE * least {
                same.push(there - here);
            }
        }
        same.sort_by(f64::total_cmp);
        Ok(same)
    }

    /// The track's frames `from..to`, as far as there are any.
    fn stored(&self, track: TrackId, from: i64, to: i64) -> Result<Reference> {
        let clamp = |n: i64| n.clamp(0, i64::from(i32::MAX)) as u32;
        let mut packed = Vec::new();
        self.store.frames(track, Frames(clamp(from))..Frames(clamp(to)), &mut packed)?;
        let mut reference = Reference { first: clamp(from) as i32, frames: vec![0.0; 2 * packed.len()] };
        self.frame_code.unpack(&packed, &mut reference.frames);
        Ok(reference)
    }

    /// Every `step`th window of the query, more of a short one; `step` is odd. Windows may reach beyond its ends by half
    /// their length: what is missing counts as silence.
    fn windows(&mut self, frames: &[f32], step: usize) -> Windows {
        let (values, window) = (self.params.frame_values(), self.params.window_frames);
        let count = (frames.len() / values) as i32;
        let beyond = window as i32;
        let last = count - 2 * (window as i32 - 1) + beyond;
        let starts = -beyond..last.max(1);
        // Odd, as the library's step is even.
        let step = (starts.len() / LEAST_WINDOWS).clamp(step.min(3), step) | 1;
        let step = if starts.len() > MOST_WINDOWS { 2 * step } else { step };
        let least = self.params.min_window_energy * window as f32 / 2.0;
        let frame = |at: i32| at as usize * values..(at as usize + 1) * values;
        let energies: Vec<f32> =
            frames.chunks_exact(values).map(|f| f.iter().map(|v| v * v).sum::<f32>()).collect();
        let mut windows = Windows { vectors: Vec::new(), starts: Vec::new() };
        let mut inputs = Vec::with_capacity(TOGETHER * self.params.window_values());
        for start in starts.step_by(step) {
            let at = (start..start + 2 * window as i32).step_by(2);
            let within = |at: &i32| (0..count).contains(at);
            if at.clone().filter(within).map(|at| energies[at as usize]).sum::<f32>() < least {
                continue;
            }
            let from = inputs.len();
            inputs.resize(from + self.params.window_values(), 0.0);
            for (at, input) in at.zip(inputs[from..].chunks_exact_mut(values)).filter(|(at, _)| within(at)) {
                input.copy_from_slice(&frames[frame(at)]);
            }
            windows.starts.push(start);
            if inputs.len() == inputs.capacity() {
                self.projection.project(&inputs, &mut windows.vectors);
                inputs.clear();
            }
        }
        self.projection.project(&inputs, &mut windows.vectors);
        windows
    }

    /// Aligns a variant of the query, which reads as `frames`, with the stored frames of a track around an offset.
    fn align(
        &self,
        readings: &Readings<'_>,
        (variant, frames): (Variant, &[f32]),
        track: TrackId,
        offset: i32,
    ) -> Result<Option<Aligned>> {
        /// Half frames of the track on either side: where the query may be moved to, and a moving mean beyond.
        const MARGIN: i32 = 20;
        let values = self.params.frame_values();
        let count = (frames.len() / values) as i32;
        let first = ((offset - MARGIN) / 2).max(0);
        let last = ((offset + count + MARGIN) / 2).max(first);
        let mut reference = self.stored(track, i64::from(first), i64::from(last))?;
        let (heard, half) = readings.heard(&variant, count, offset);
        reference.end_with_query(values, heard, half);
        let alignment = align(frames, &reference, values, offset);
        Ok(alignment.map(|alignment| Aligned { variant, track, alignment, reference }))
    }

    fn score(&self, place: &Place, query_pairs: f64) -> f64 {
        let features = Features {
            evidence: place.evidence,
            similarity: place.similarity,
            pairs: place.pairs,
            query_pairs,
            variants: place.variants,
            rival: place.rival,
            windows: self.windows,
        };
        f64::from(probability(&self.params.score, &features))
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
        // Frames lie where their middles do: what they say of tempo holds from there.
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
            id: place.track.0,
            score,
            query_start,
            query_end,
            ref_start,
            ref_end,
            also_at: starts,
            tempo: place.tempo(),
            pitch: place.pitch * 12.0 / self.params.bins_per_octave as f64,
            tags: track.record.tags,
            evidence: f64::from(place.evidence),
            similarity: f64::from(place.similarity),
            variants: place.variants,
            rival: f64::from(place.rival),
        }))
    }
}

/// Adds `new` to `places`: to one that it continues, or as one of its own. Only what was found before half frame `done`, in
/// another stretch, is continued: two ranges of one stretch were scored each on its own.
fn join(places: &mut Vec<Place>, new: Place, done: usize) {
    let continued = places.iter_mut().find(|p| {
        p.track == new.track
            && p.to <= done
            && new.from >= p.to
            && new.from - p.to <= GAP
            && (p.in_track(new.first.at) - new.first.at - new.first.offset).abs() <= SAME_OFFSET
    });
    let Some(place) = continued else { return places.push(new) };
    let (a, b) = ((place.to - place.from) as f32, (new.to - new.from) as f32);
    let mean = |x: f64, y: f64| (x * f64::from(a) + y * f64::from(b)) / f64::from(a + b);
    place.similarity = mean(f64::from(place.similarity), f64::from(new.similarity)) as f32;
    place.pitch = mean(place.pitch, new.pitch);
    place.evidence += new.evidence;
    place.rival += new.rival;
    place.pairs += new.pairs;
    place.last = new.first;
    place.to = new.to;
    place.repeats.retain(|by| new.repeats.iter().any(|other| (by - other).abs() <= SAME_OFFSET));
}

/// Whether two places share more than half of the shorter one's range of the query.
fn overlap(a: &Place, b: &Place) -> bool {
    let shared = a.to.min(b.to).saturating_sub(a.from.max(b.from));
    2 * shared > (a.to - a.from).min(b.to - b.from)
}
