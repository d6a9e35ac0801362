//! The tracks whose sections are most like those of a piece.
use std::ops::RangeInclusive;

use super::asked::Asked;
use crate::{
    ann::{Kernel, LANES, Panel, Queries, Scores},
    error::Result,
    fingerprint::{SECTION_DIMS, section_cosine},
    store::{Store, TrackId},
};

/// How closely sections are compared.
#[derive(Clone, Copy)]
struct Look {
    tempi: usize,
    /// Sections of the piece.
    sections: usize,
    /// Values of the vectors; the first ones tell most.
    dims: usize,
}

/// A first look at every track.
const FIRST: Look = Look { tempi: 6, sections: 8, dims: 96 };
/// A second look at the best tracks.
const SECOND: Look = Look { tempi: 17, sections: 16, dims: SECTION_DIMS };
/// How many tracks get a second look for each that is wanted.
const SECOND_LOOK: usize = 4;
/// Sections of a track of four minutes.
const USUAL_SECTIONS: usize = 57;

/// A track with similar sections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The track.
    pub track: TrackId,
    /// The mean over the piece's sections of the cosine with the track's nearest one.
    pub score: f32,
    /// How many times as long as the track's sections those of the piece are.
    pub ratio: f64,
    /// How many sections the track has.
    pub sections: usize,
}

/// The `count` tracks with the most similar sections, best first, without those that `left_out` names. There are more if they
/// are short: as many as have the sections of `count` tracks of four minutes, because these take no more time.
///
/// # Errors
/// What reading the index gives; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn candidates(
    store: &Store,
    asked: &Asked,
    count: usize,
    left_out: &dyn Fn(TrackId) -> bool,
) -> Result<Vec<Candidate>> {
    let mut first = Search::new(asked, FIRST, count.saturating_mul(SECOND_LOOK));
    first.look(store, Store::ALL_TRACKS, left_out)?;
    let mut second = Search::new(asked, SECOND, count);
    let mut tracks: Vec<TrackId> = first.best().iter().map(|candidate| candidate.track).collect();
    tracks.sort_unstable();
    for track in tracks {
        second.look(store, track..=track, &|_| false)?;
    }
    Ok(second.best())
}

/// A track as a candidate, however similar it is; nothing if it has no sections.
///
/// # Errors
/// Those of [`candidates`].
pub fn candidate(store: &Store, asked: &Asked, track: TrackId) -> Result<Option<Candidate>> {
    let mut search = Search::new(asked, SECOND, 1);
    search.look(store, track..=track, &|_| false)?;
    Ok(search.best().pop())
}

/// A search for some sections.
struct Search {
    dims: usize,
    /// The vectors of a block, without their last values.
    short: Vec<i8>,
    tempi: Vec<(f64, usize)>,
    queries: Queries,
    all: Vec<u32>,
    kernel: Kernel,
    count: usize,
    found: Vec<Candidate>,
    /// Sections of the tracks found.
    sections: usize,
    panel: Panel,
    scores: Vec<(u32, Scores)>,
}

impl Search {
    fn new(asked: &Asked, look: Look, count: usize) -> Self {
        let sought = asked.sought(look.tempi, look.sections);
        let mut vectors = Vec::new();
        shortened(&sought.vectors, look.dims, &mut vectors);
        let queries = Queries::new(&vectors, look.dims);
        Self {
            dims: look.dims,
            short: Vec::new(),
            tempi: sought.tempi,
            all: (0..queries.len() as u32).collect(),
            queries,
            kernel: Kernel::best(),
            count,
            found: Vec::new(),
            sections: 0,
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
        let mut sections = 0;
        store.sections(tracks, |track, vectors| {
            if now != Some(track) {
                if let Some(before) = now {
                    self.offer(before, sections, &mut above);
                }
                store.check_cancelled()?;
                now = (!left_out(track)).then_some(track);
                sections = 0;
            }
            if now.is_some() {
                sections += vectors.len() / SECTION_DIMS;
                self.compare(vectors, &mut above);
            }
            Ok(())
        })?;
        if let Some(last) = now {
            self.offer(last, sections, &mut above);
        }
        Ok(())
    }

    fn compare(&mut self, vectors: &[i8], above: &mut [i32]) {
        shortened(vectors, self.dims, &mut self.short);
        for some in self.short.chunks(LANES * self.dims) {
            self.panel.fill(some, self.dims);
            self.kernel.score(&self.panel, &self.queries, &self.all, above, &mut self.scores);
            for (query, scores) in &self.scores {
                let best = scores.iter().copied().max().unwrap_or(0);
                let above = &mut above[*query as usize];
                *above = (*above).max(best.saturating_add(1));
            }
        }
    }

    /// Takes in a track whose products were compared, and starts anew.
    fn offer(&mut self, track: TrackId, sections: usize, above: &mut [i32]) {
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
        self.found.push(Candidate { track, score, ratio, sections });
        self.sections += sections;
        // Now and then, so that a large library takes neither much memory nor much sorting.
        if self.found.len() > 2 * self.count && self.sections > 2 * self.enough() {
            self.cut();
        }
    }

    /// Sections of the tracks that are wanted.
    fn enough(&self) -> usize {
        self.count.saturating_mul(USUAL_SECTIONS)
    }

    /// Keeps the best tracks only, best first.
    fn cut(&mut self) {
        self.found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.track.cmp(&b.track)));
        let mut sections = 0;
        let enough = self.enough();
        let fit = self.found.iter().take_while(|one| {
            sections += one.sections;
            sections <= enough
        });
        let kept = fit.count().max(self.count);
        self.found.truncate(kept);
        self.sections = self.found.iter().map(|one| one.sections).sum();
    }

    fn best(mut self) -> Vec<Candidate> {
        self.cut();
        self.found
    }
}

/// Vectors without their last values. Clears `short` first.
fn shortened(vectors: &[i8], dims: usize, short: &mut Vec<i8>) {
    short.clear();
    for vector in vectors.chunks_exact(SECTION_DIMS) {
        short.extend_from_slice(&vector[..dims]);
    }
}
