//! Comparing blocks of windows with queries, for the exact search and for posting lists.
use super::{
    hit::Hit,
    kernel::{Kernel, LANES, Panel, Queries, Scores},
    top_k::TopK,
};
use crate::{store::TrackId, units::Frames};

/// Queries, their best hits so far, and the room to work in.
#[derive(Debug)]
pub(super) struct Scan {
    kernel: Kernel,
    dims: usize,
    queries: Queries,
    tops: Vec<TopK>,
    /// The present [`TopK::min_dot`] of each query.
    min: Vec<i32>,
    /// No lower dot product gets in.
    least: i32,
    panel: Panel,
    reached: Vec<(u32, Scores)>,
    everyone: Vec<u32>,
}

/// Windows that wait to be compared: their vectors, and the track and position of each.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    vectors: Vec<i8>,
    places: Vec<(u32, u32)>,
}

/// How many windows are gathered before they are compared. A panel with one vector takes as long as a full one.
const GATHERED: usize = 32 * LANES;

impl Gathered {
    /// Takes in windows: their `vectors`, and the track and position of each.
    pub fn gather(&mut self, vectors: &[i8], places: impl Iterator<Item = (u32, u32)>) {
        self.vectors.extend_from_slice(vectors);
        self.places.extend(places);
    }

    /// Whether enough windows are gathered.
    pub fn is_full(&self) -> bool {
        self.places.len() >= GATHERED
    }
}

impl Scan {
    pub fn new(queries: &[i8], dims: usize, k: usize) -> Self {
        let queries = Queries::new(queries, dims);
        let n = queries.len();
        Self {
            kernel: Kernel::best(),
            dims,
            queries,
            tops: vec![TopK::new(k); n],
            min: vec![TopK::new(k).min_dot(); n],
            least: TopK::new(k).min_dot(),
            panel: Panel::default(),
            reached: Vec::new(),
            everyone: (0..n as u32).collect(),
        }
    }

    /// Takes in only hits with this dot product or more.
    pub fn at_least(mut self, min_dot: i32) -> Self {
        self.min.fill(min_dot);
        self.least = min_dot;
        self
    }

    /// Starts with the hits of an earlier search, whose windows are not offered again.
    pub fn go_on_from(&mut self, hits: Vec<Vec<Hit>>) {
        for ((top, min), hits) in self.tops.iter_mut().zip(&mut self.min).zip(hits) {
            hits.into_iter().for_each(|hit| top.offer(hit));
            *min = top.min_dot().max(self.least);
        }
    }

    /// Offers the `gathered` windows to all queries, and takes them out.
    pub fn offer_to_all(&mut self, gathered: &mut Gathered) {
        let everyone = std::mem::take(&mut self.everyone);
        self.offer(gathered, &everyone, |_| true);
        self.everyone = everyone;
    }

    /// Offers the `gathered` windows to the `picked` queries, except windows of tracks that do not count, and takes them out.
    pub fn offer(&mut self, gathered: &mut Gathered, picked: &[u32], counts: impl Fn(u32) -> bool) {
        let Gathered { vectors, places } = gathered;
        for (vectors, places) in vectors.chunks(LANES * self.dims).zip(places.chunks(LANES)) {
            self.panel.fill(vectors, self.dims);
            self.kernel.score(&self.panel, &self.queries, picked, &self.min, &mut self.reached);
            for (q, scores) in &self.reached {
                let top = &mut self.tops[*q as usize];
                for (&(track, position), &dot) in places.iter().zip(scores) {
                    if dot >= top.min_dot().max(self.least) && counts(track) {
                        top.offer(Hit::new(TrackId(track), Frames(position), dot));
                    }
                }
                self.min[*q as usize] = top.min_dot().max(self.least);
            }
        }
        vectors.clear();
        places.clear();
    }

    pub fn into_hits(self) -> Vec<Vec<Hit>> {
        self.tops.into_iter().map(TopK::into_hits).collect()
    }
}
