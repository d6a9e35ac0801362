//! How to query.
use std::{fmt, sync::Arc};

use super::variants::Range;
use crate::{align::MIN_SCORE, cancel::CancelToken, units::Seconds};

/// How to query.
///
/// ```
/// use refrain::{QueryOptions, Range};
///
/// let options = QueryOptions::default().top(3).range(Range::PLAIN);
/// assert_eq!(options.top, 3);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct QueryOptions {
    /// How many matches to return at most.
    pub top: usize,
    /// The least score that counts as a match, 0 to 1.
    pub min_score: f32,
    /// Compare with every window, even where there is a neighbour index.
    pub exact: bool,
    /// Transpositions and tempi to try where the query as it is has no match.
    pub range: Range,
    /// Also return the best places that did not count as a match.
    pub explain: bool,
    /// Clips answered at a time by [`Index::query_all`](crate::Index::query_all); `None` for one a core.
    pub threads: Option<usize>,
    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted).
    pub cancel: CancelToken,
    /// Gets how much of a clip was looked up, after each minute or so, on the thread that answers it.
    pub on_progress: Option<Arc<dyn Fn(Seconds) + Send + Sync>>,
}

impl QueryOptions {
    /// Sets [`top`](Self::top).
    #[must_use]
    pub fn top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// Sets [`min_score`](Self::min_score).
    #[must_use]
    pub fn min_score(mut self, min_score: f32) -> Self {
        self.min_score = min_score;
        self
    }

    /// Sets [`exact`](Self::exact).
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// Sets [`range`](Self::range).
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// Sets [`explain`](Self::explain).
    #[must_use]
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// Sets [`threads`](Self::threads).
    #[must_use]
    pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Sets [`cancel`](Self::cancel) to a clone of `token`.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Sets [`on_progress`](Self::on_progress).
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl Fn(Seconds) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Says how much was looked up.
    pub(super) fn tell(&self, done: Seconds) {
        if let Some(on_progress) = &self.on_progress {
            on_progress(done);
        }
    }
}

impl Default for QueryOptions {
    /// Returns up to ten matches of a score of 0.9 or more, and tries other pitches and tempi as [`Range::default`] says.
    fn default() -> Self {
        Self {
            top: 10,
            min_score: MIN_SCORE,
            exact: false,
            range: Range::default(),
            explain: false,
            threads: None,
            cancel: CancelToken::new(),
            on_progress: None,
        }
    }
}

impl fmt::Debug for QueryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryOptions")
            .field("top", &self.top)
            .field("min_score", &self.min_score)
            .field("exact", &self.exact)
            .field("range", &self.range)
            .field("explain", &self.explain)
            .field("threads", &self.threads)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}
