//! Scoring blocks of windows against queries, shared by the exact search and the lists.
use super::{
    Hit,
    dot::{Kernel, LANES, Panel, Queries, Scores},
    top::Top,
};
use crate::{store::TrackId, units::Frames};

/// Queries, their best hits so far, and the room to work in.
#[derive(Debug)]
pub(super) struct Scan {
    kernel: Kernel,
    dims: usize,
    queries: Queries,
    tops: Vec<Top>,
    /// What each top asks for at present.
    least: Vec<i32>,
    panel: Panel,
    reached: Vec<(u32, Scores)>,
    /// Windows that wait to be scored: vectors, and of each the track and the position.
    vectors: Vec<i8>,
    places: Vec<(u32, u32)>,
    everyone: Vec<u32>,
}

/// So many windows are gathered: whole panels are scored as fast as those with one vector.
const GATHERED: usize = 32 * LANES;

impl Scan {
    pub fn new(queries: &[i8], dims: usize, k: usize) -> Self {
        let queries = Queries::new(queries, dims);
        let n = queries.len();
        Self {
            kernel: Kernel::best(),
            dims,
            queries,
            tops: vec![Top::new(k); n],
            least: vec![Top::new(k).least(); n],
            panel: Panel::default(),
            reached: Vec::new(),
            vectors: Vec::new(),
            places: Vec::new(),
            everyone: (0..n as u32).collect(),
        }
    }

    /// Begins with what was found for each query elsewhere, in windows that are not offered again.
    pub fn go_on_from(&mut self, hits: Vec<Vec<Hit>>) {
        for ((top, least), hits) in self.tops.iter_mut().zip(&mut self.least).zip(hits) {
            hits.into_iter().for_each(|hit| top.offer(hit));
            *least = top.least();
        }
    }

    /// Takes windows in: their `vectors`, and the track and the position of the i-th.
    pub fn gather(&mut self, vectors: &[i8], place: impl Fn(usize) -> (u32, u32)) {
        self.vectors.extend_from_slice(vectors);
        self.places.extend((0..vectors.len() / self.dims).map(place));
    }

    /// Whether enough is gathered.
    pub fn is_full(&self) -> bool {
        self.places.len() >= GATHERED
    }

    /// Offers what was gathered to all queries.
    pub fn offer_to_all(&mut self) {
        let everyone = std::mem::take(&mut self.everyone);
        self.offer(&everyone, |_| true);
        self.everyone = everyone;
    }

    /// Offers what was gathered of tracks that `counts` to the `picked` queries.
    pub fn offer(&mut self, picked: &[u32], counts: impl Fn(u32) -> bool) {
        for (vectors, places) in self.vectors.chunks(LANES * self.dims).zip(self.places.chunks(LANES)) {
            self.panel.fill(vectors, self.dims);
            self.kernel.score(&self.panel, &self.queries, picked, &self.least, &mut self.reached);
            for (q, scores) in &self.reached {
                let top = &mut self.tops[*q as usize];
                for (&(track, position), &dot) in places.iter().zip(scores) {
                    if dot >= top.least() && counts(track) {
                        top.offer(Hit { track: TrackId(track), position: Frames(position), dot });
                    }
                }
                self.least[*q as usize] = top.least();
            }
        }
        self.vectors.clear();
        self.places.clear();
    }

    pub fn into_hits(self) -> Vec<Vec<Hit>> {
        self.tops.into_iter().map(Top::into_hits).collect()
    }
}
