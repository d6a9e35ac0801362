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
    panel: Panel,
    scores: Vec<Scores>,
    pub everyone: Vec<u32>,
}

impl Scan {
    pub fn new(queries: &[i8], dims: usize, k: usize) -> Self {
        let queries = Queries::new(queries, dims);
        let n = queries.len();
        Self {
            kernel: Kernel::best(),
            dims,
            queries,
            tops: vec![Top::new(k); n],
            panel: Panel::default(),
            scores: vec![[0; LANES]; n],
            everyone: (0..n as u32).collect(),
        }
    }

    /// Offers `vectors` to the `picked` queries; `place` names the track and the position of the i-th vector, or none
    /// for one that does not count.
    pub fn block(&mut self, vectors: &[i8], picked: &[u32], place: impl Fn(usize) -> Option<(u32, u32)>) {
        let scores = &mut self.scores[..picked.len()];
        for (panel, vectors) in vectors.chunks(LANES * self.dims).enumerate() {
            self.panel.fill(vectors, self.dims);
            self.kernel.score(&self.panel, &self.queries, picked, scores);
            let lanes = vectors.len() / self.dims;
            for (&q, scores) in picked.iter().zip(scores.iter()) {
                let top = &mut self.tops[q as usize];
                // One pass without branches first: hardly any panel has a candidate.
                if scores.iter().fold(i32::MIN, |most, &score| most.max(score)) < top.least() {
                    continue;
                }
                for (lane, &dot) in scores[..lanes].iter().enumerate() {
                    if dot >= top.least()
                        && let Some((track, position)) = place(panel * LANES + lane)
                    {
                        top.offer(Hit { track: TrackId(track), position: Frames(position), dot });
                    }
                }
            }
        }
    }

    pub fn into_hits(self) -> Vec<Vec<Hit>> {
        self.tops.into_iter().map(Top::into_hits).collect()
    }
}
