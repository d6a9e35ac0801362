//! Answering a query: nearest windows, votes, alignment, score; stretch by stretch, so that a recording of hours
//! takes no more memory than one of a minute.
use std::{path::Path, sync::atomic::AtomicBool};

use super::analyse::{self, QueryChroma};
use crate::{
    Result,
    align::{
        Alignment, Candidate, Features, LEAST_SCORE, Reference, WindowHits, align, candidates, probability,
        tempo, transposition,
    },
    ann::Searcher,
    decode::Decoder,
    fingerprint::{Projection, unpack},
    params::Params,
    report::{Answer, Match},
    store::{Store, Track, TrackId},
    units::Frames,
};

/// Half frames in a stretch: about a minute.
const STRETCH: usize = 640;

/// Nearest library windows asked for each query window.
const NEAREST: usize = 20;

/// Places that are aligned.
const PLACES: usize = 64;

/// Alignments of a stretch that are kept, best first.
const KEPT: usize = 16;

/// Query windows of a stretch; of a longer one every second is taken.
const MOST_WINDOWS: usize = 256;

/// Transpositions that the query is analysed at, in constant-Q bins: to tell by how much it is off pitch.
const SHIFTS: [i32; 3] = [-1, 0, 1];

/// Half frames by which the offsets of two neighbouring ranges of one match may differ.
const SAME_OFFSET: f64 = 4.0;

/// Half frames without agreement that do not end a match.
const GAP: usize = 64;

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
    /// Also give the best places that did not count as a match.
    pub explain: bool,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { top: 10, least_score: LEAST_SCORE, exact: false, explain: false }
    }
}

/// A range of the query that agrees with a range of a track.
#[derive(Clone, Copy, Debug)]
struct Place {
    track: TrackId,
    /// Where the first and the last of the stretches that make it up were aligned.
    first: Anchor,
    last: Anchor,
    from: usize,
    to: usize,
    evidence: f32,
    similarity: f32,
    /// Of a single stretch.
    tempo: f64,
    /// In constant-Q bins.
    pitch: f64,
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
        let length = self.last.at - self.first.at;
        if length > 0.0 { 1.0 + (self.last.offset - self.first.offset) / length } else { self.tempo }
    }

    /// The half frame of the track that half frame `at` of the query is aligned with.
    fn in_track(&self, at: f64) -> f64 {
        self.first.at + self.first.offset + (at - self.first.at) * self.tempo()
    }
}

/// Answers queries out of one index.
pub(super) struct Query<'s> {
    store: &'s Store,
    params: Params,
    options: QueryOptions,
    searcher: Searcher<'s>,
    projection: Projection,
    windows_in_library: u64,
}

impl<'s> Query<'s> {
    pub(super) fn new(store: &'s Store, options: &QueryOptions) -> Result<Self> {
        let params = *store.params();
        Ok(Self {
            store,
            params,
            options: *options,
            searcher: Searcher::new(store).exact(options.exact),
            projection: Projection::new(&params),
            windows_in_library: store.totals()?.windows,
        })
    }

    /// Answers the query in `decoder`, which is called `name` in the answer.
    pub(super) fn answer(&mut self, name: &Path, decoder: Decoder, cancel: &AtomicBool) -> Result<Answer> {
        let mut places: Vec<Place> = Vec::new();
        let mut done = 0;
        let params = self.params;
        let duration = analyse::query(decoder, &params, &SHIFTS, STRETCH, cancel, |chroma| {
            for mut place in self.stretch(chroma)? {
                place.from += done;
                place.to += done;
                place.first.at += done as f64;
                place.first.offset -= done as f64;
                place.last = place.first;
                join(&mut places, place);
            }
            done += chroma.frames[0].len() / params.frame_values();
            Ok(())
        })?;
        places.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        let mut ranked: Vec<Match> = Vec::new();
        let mut taken: Vec<Place> = Vec::new();
        let most = self.options.top.max(if self.options.explain { KEPT } else { 0 });
        for place in places {
            if ranked.len() == most {
                break;
            }
            // Of a track that repeats itself the best place is given for a range of the query.
            if taken.iter().any(|t| t.track == place.track && overlap(t, &place)) {
                continue;
            }
            taken.push(place);
            ranked.push(self.describe(&place, duration.0)?);
        }
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.evidence.total_cmp(&a.evidence)));
        let candidates = self.options.explain.then(|| ranked.clone());
        ranked.retain(|m| m.score >= f64::from(self.options.least_score));
        ranked.truncate(self.options.top);
        Ok(Answer::of(name, ranked, candidates, duration.0))
    }

    /// The places of one stretch, best first, in half frames of the stretch.
    fn stretch(&mut self, chroma: &QueryChroma) -> Result<Vec<Place>> {
        let values = self.params.frame_values();
        let frames = &chroma.frames[1];
        let hits = self.nearest(frames)?;
        let mut places = Vec::new();
        for candidate in candidates(&hits, PLACES) {
            let Some((alignment, reference)) = self.align(frames, &candidate)? else { continue };
            places.push((alignment, reference, candidate.track));
        }
        places.sort_by(|a, b| b.0.evidence.total_cmp(&a.0.evidence));
        places.truncate(KEPT);
        let place = |(alignment, reference, track): (Alignment, Reference, TrackId)| {
            let centre = (alignment.from + alignment.to) as f64 / 2.0;
            let anchor = Anchor { at: centre, offset: alignment.offset };
            let transposed = [&chroma.frames[0][..], frames, &chroma.frames[2]];
            Place {
                track,
                first: anchor,
                last: anchor,
                from: alignment.from,
                to: alignment.to,
                evidence: alignment.evidence,
                similarity: alignment.similarity,
                tempo: tempo(frames, &reference, values, &alignment),
                pitch: transposition(transposed, &reference, values, &alignment),
            }
        };
        Ok(places.into_iter().map(place).collect())
    }

    /// The nearest library windows of every window of the query. Windows may reach beyond its ends by half
    /// their length: what is missing counts as silence.
    fn nearest(&mut self, frames: &[f32]) -> Result<Vec<WindowHits>> {
        let (values, window) = (self.params.frame_values(), self.params.window_frames);
        let count = (frames.len() / values) as i32;
        let beyond = window as i32;
        let last = count - 2 * (window as i32 - 1) + beyond;
        let starts = -beyond..last.max(1 - beyond);
        let step = if starts.len() > MOST_WINDOWS { 2 } else { 1 };
        let least = self.params.window_least_energy * window as f32 / 2.0;
        let (mut vectors, mut kept) = (Vec::new(), Vec::new());
        let mut input = vec![0.0; self.params.window_values()];
        for start in starts.step_by(step) {
            input.fill(0.0);
            for (k, frame) in input.chunks_exact_mut(values).enumerate() {
                let at = start + 2 * k as i32;
                if (0..count).contains(&at) {
                    frame.copy_from_slice(&frames[at as usize * values..(at as usize + 1) * values]);
                }
            }
            if input.iter().map(|v| v * v).sum::<f32>() >= least {
                self.projection.project(&input, &mut vectors);
                kept.push(start);
            }
        }
        let hits = self.searcher.nearest(&vectors, NEAREST)?;
        Ok(kept.into_iter().zip(hits).map(|(start, hits)| WindowHits { start, hits }).collect())
    }

    /// Aligns the query with the stored frames around a candidate.
    fn align(&self, frames: &[f32], candidate: &Candidate) -> Result<Option<(Alignment, Reference)>> {
        const MARGIN: i32 = 8;
        let values = self.params.frame_values();
        let count = (frames.len() / values) as i32;
        let first = ((candidate.offset - MARGIN) / 2).max(0);
        let last = ((candidate.offset + count + MARGIN) / 2).max(first);
        let mut packed = Vec::new();
        self.store.frames(candidate.track, Frames(first as u32)..Frames(last as u32), &mut packed)?;
        let mut reference = Reference { first, frames: vec![0.0; 2 * packed.len()] };
        unpack(&packed, &mut reference.frames);
        Ok(align(frames, &reference, values, candidate.offset).map(|a| (a, reference)))
    }

    fn describe(&self, place: &Place, duration: f64) -> Result<Match> {
        let half = self.params.frame_seconds().0 / 2.0;
        let frame = self.params.frame_length as f64 / f64::from(self.params.sample_rate.0);
        let score = probability(&Features {
            evidence: place.evidence,
            similarity: place.similarity,
            pairs: ((place.to - place.from) as f64 + 1.0) / 2.0,
            query_pairs: (duration - frame) / self.params.frame_seconds().0 + 1.0,
            windows: self.windows_in_library,
        });
        let track = self.track(place.track)?;
        let query_start = place.from as f64 * half;
        let query_end = ((place.to.max(place.from + 1) - 1) as f64 * half + frame).min(duration);
        let length = track.record.duration.0;
        let ref_start = (place.in_track(place.from as f64) * half).clamp(0.0, length);
        let ref_end = (ref_start + (query_end - query_start) * place.tempo()).clamp(ref_start, length);
        Ok(Match {
            path: track.record.path,
            score: f64::from(score),
            query_start,
            query_end,
            ref_start,
            ref_end,
            tempo: place.tempo(),
            pitch: place.pitch * 12.0 / self.params.bins_per_octave as f64,
            title: track.record.title,
            artist: track.record.artist,
            evidence: f64::from(place.evidence),
            similarity: f64::from(place.similarity),
        })
    }

    fn track(&self, id: TrackId) -> Result<Track> {
        self.store.track(id)?.ok_or_else(|| self.store.damaged(format!("no track {}", id.0)))
    }
}

/// Adds `new` to `places`: to one that it continues, or as one of its own.
fn join(places: &mut Vec<Place>, new: Place) {
    let continued = places.iter_mut().find(|p| {
        p.track == new.track
            && new.from >= p.to
            && new.from - p.to <= GAP
            && (p.last.offset - new.first.offset).abs() <= SAME_OFFSET
    });
    let Some(place) = continued else { return places.push(new) };
    let (a, b) = ((place.to - place.from) as f32, (new.to - new.from) as f32);
    let mean = |x: f64, y: f64| (x * f64::from(a) + y * f64::from(b)) / f64::from(a + b);
    place.similarity = mean(f64::from(place.similarity), f64::from(new.similarity)) as f32;
    place.pitch = mean(place.pitch, new.pitch);
    place.evidence += new.evidence;
    place.last = new.first;
    place.to = new.to;
}

/// Whether two places share more than half of the shorter one's range of the query.
fn overlap(a: &Place, b: &Place) -> bool {
    let shared = a.to.min(b.to).saturating_sub(a.from.max(b.from));
    2 * shared > (a.to - a.from).min(b.to - b.from)
}
