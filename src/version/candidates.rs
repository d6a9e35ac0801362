//! The tracks whose sections are most like those of a piece.
use std::ops::RangeInclusive;

use super::asked::{Asked, Sought};
use crate::{
    ann::{Kernel, LANES, Panel, Queries, Scores},
    error::Result,
    fingerprint::{SECTION_DIMS, section_cosine},
    store::{Store, TrackId},
};

/// A first look at every track: so many tempi, and so many sections of the piece.
const COARSE: (usize, usize) = (9, 12);
/// A second look at the best tracks.
const FINE: (usize, usize) = (17, 30);
/// How many tracks get a second look for each that is wanted.
const SECOND_LOOK: usize = 4;

/// A track with similar sections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The track.
    pub track: TrackId,
    /// The mean over the piece's sections of the cosine with the track's nearest one.
    pub score: f32,
    /// How many times as long as the track's sections those of the piece are.
    pub ratio: f64,
}

/// The `count` tracks with the most similar sections, best first, without those that `left_out` names. Reads all sections once.
///
/// # Errors
/// What reading the index gives; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn candidates(
    store: &Store,
    asked: &Asked,
    count: usize,
    left_out: &dyn Fn(TrackId) -> bool,
) -> Result<Vec<Candidate>> {
    let mut first = Search::new(asked.sought(COARSE.0, COARSE.1), count.saturating_mul(SECOND_LOOK));
    first.look(store, Store::ALL_TRACKS, left_out)?;
    let mut second = Search::new(asked.sought(FINE.0, FINE.1), count);
    let mut tracks: Vec<TrackId> = first.best.iter().map(|candidate| candidate.track).collect();
    tracks.sort_unstable();
    for track in tracks {
        second.look(store, track..=track, &|_| false)?;
    }
    Ok(second.best)
}

/// A search for some sections.
struct Search {
    tempi: Vec<(f64, usize)>,
    queries: Queries,
    all: Vec<u32>,
    kernel: Kernel,
    count: usize,
    best: Vec<Candidate>,
    panel: Panel,
    scores: Vec<(u32, Scores)>,
}

impl Search {
    fn new(sought: Sought, count: usize) -> Self {
        let queries = Queries::new(&sought.vectors, SECTION_DIMS);
        Self {
            tempi: sought.tempi,
            all: (0..queries.len() as u32).collect(),
            queries,
            kernel: Kernel::best(),
            count,
            best: Vec::new(),
            panel: Panel::default(),
            scores: Vec::new(),
        }
    }

    fn look(
        &mut self,
        store: &Store,
        tracks: RangeInclusive<TrackId>,
        left_out: &dyn Fn(TrackId) -> bool,
    ) -> Result<()> {
        if self.all.is_empty() {
            return Ok(());
        }
        let mut now: Option<TrackId> = None;
        // One more than the best product of each of the query's sections with the track's.
        let mut above = vec![1; self.queries.len()];
        store.sections(tracks, |track, vectors| {
            if now != Some(track) {
                if let Some(before) = now {
                    self.offer(before, &mut above);
                }
                store.check_cancelled()?;
                now = (!left_out(track)).then_some(track);
            }
            if now.is_some() {
                self.compare(vectors, &mut above);
            }
            Ok(())
        })?;
        if let Some(last) = now {
            self.offer(last, &mut above);
        }
        Ok(())
    }

    fn compare(&mut self, vectors: &[i8], above: &mut [i32]) {
        for some in vectors.chunks(LANES * SECTION_DIMS) {
            self.panel.fill(some, SECTION_DIMS);
            self.kernel.score(&self.panel, &self.queries, &self.all, above, &mut self.scores);
            for (query, scores) in &self.scores {
                let best = scores.iter().copied().max().unwrap_or(0);
                let above = &mut above[*query as usize];
                *above = (*above).max(best.saturating_add(1));
            }
        }
    }

    /// Takes in a track whose products were compared, and starts anew.
    fn offer(&mut self, track: TrackId, above: &mut [i32]) {
        let mut rest = &above[..];
        let mut best: Option<(f32, f64)> = None;
        for &(ratio, count) in &self.tempi {
            let (of_tempo, others) = rest.split_at(count);
            rest = others;
            let sum: f32 = of_tempo.iter().map(|&above| section_cosine(above - 1)).sum();
            let score = sum / count as f32;
            if best.is_none_or(|(best, _)| score > best) {
                best = Some((score, ratio));
            }
        }
        above.fill(1);
        let Some((score, ratio)) = best else { return };
        let place = self.best.partition_point(|other| other.score >= score);
        if place < self.count {
            self.best.truncate(self.count - 1);
            self.best.insert(place, Candidate { track, score, ratio });
        }
    }
}
