//! What answering a query needs: the index, the search in it, the score.
use super::{options::QueryOptions, place::Place};
use crate::{
    align::{Features, MANY_WINDOWS, Reference, WindowEvidence, probability},
    ann::Searcher,
    error::Result,
    fingerprint::{Projection, unpack},
    params::Params,
    store::{Store, TrackId},
    units::Frames,
};

/// Answers queries out of one index.
pub(crate) struct Query<'s> {
    pub store: &'s Store,
    pub params: Params,
    pub options: QueryOptions,
    pub searcher: Searcher<'s>,
    pub projection: Projection,
    pub window_evidence: WindowEvidence,
    /// Windows of the library, as the score asks for them.
    pub windows: u64,
    /// A track that is not to be found: the query itself.
    pub left_out: Option<TrackId>,
}

impl<'s> Query<'s> {
    pub(crate) fn new(store: &'s Store, options: &QueryOptions) -> Result<Self> {
        let params = *store.params();
        Ok(Self {
            store,
            params,
            options: options.clone(),
            searcher: Searcher::new(store).exact(options.exact),
            projection: Projection::new(&params),
            window_evidence: WindowEvidence::new(&params),
            windows: store.windows_up_to(MANY_WINDOWS)?,
            left_out: None,
        })
    }

    /// How sure a place is, of a query or chunk of `query_pairs` frames.
    pub(crate) fn score(&self, place: &Place, query_pairs: f64) -> f64 {
        f64::from(probability(&Features {
            evidence: place.evidence,
            similarity: place.similarity,
            pairs: place.pairs,
            query_pairs,
            variants: place.variants,
            runner_up: place.runner_up,
            windows: self.windows,
        }))
    }

    /// The track's frames `from..to`, as far as there are any.
    pub(crate) fn stored(&self, track: TrackId, from: i64, to: i64) -> Result<Reference> {
        let clamp = |n: i64| n.clamp(0, i64::from(i32::MAX)) as u32;
        let mut packed = Vec::new();
        self.store.frames(track, Frames(clamp(from))..Frames(clamp(to)), &mut packed)?;
        let mut reference = Reference { first: clamp(from) as i32, frames: vec![0.0; 2 * packed.len()] };
        unpack(&packed, &mut reference.frames);
        Ok(reference)
    }
}
