//! How to query.
use std::{fmt, sync::Arc};

use super::variants::Range;
use crate::{align::MIN_SCORE, cancel::CancelToken, units::Seconds};

/// How to query: limits, variants, threads, progress and cancellation.
///
/// ```
/// use refrain::{QueryOptions, Range};
///
/// let options = QueryOptions::default().top(3).min_score(0.95).range(Range::PLAIN);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct QueryOptions {
    pub(crate) top: usize,
    pub(crate) min_score: f32,
    pub(crate) exact: bool,
    pub(crate) range: Range,
    pub(crate) explain: bool,
    pub(crate) threads: Option<usize>,
    pub(crate) cancel: CancelToken,
    pub(crate) on_progress: Option<Arc<dyn Fn(Seconds) + Send + Sync>>,
    pub(crate) on_deeper: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl QueryOptions {
    /// The lowest score that counts as a match, unless [`min_score`](Self::min_score) sets another one.
    /// For the command.
    #[doc(hidden)]
    pub const MIN_SCORE: f32 = MIN_SCORE;

    /// The most matches to return.
    #[must_use]
    pub fn top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// The lowest score that counts as a match, 0 to 1.
    #[must_use]
    pub fn min_score(mut self, min_score: f32) -> Self {
        self.min_score = min_score;
        self
    }

    /// Compares with every window, even if there is a neighbour index.
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// Transpositions and tempi to try if the query as it is has no match.
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// Also returns the best places, whether or not they count as matches
    /// ([`Answer::candidates`](crate::Answer::candidates)).
    #[must_use]
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// How many clips [`Index::query_all`](crate::Index::query_all) answers at a time; `None` for one per
    /// core.
    #[must_use]
    pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted).
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives how much of a clip was looked up, after each minute or so, on the thread that answers the
    /// clip.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl Fn(Seconds) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Is called before each part of a search that takes long: a deeper look, and variants. It may wait, for example until
    /// there is room for slow work. For the command.
    #[doc(hidden)]
    #[must_use]
    pub fn on_deeper(mut self, on_deeper: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_deeper = Some(Arc::new(on_deeper));
        self
    }

    /// Says that a part of the search begins that takes long.
    pub(super) fn look_deeper(&self) {
        if let Some(on_deeper) = &self.on_deeper {
            on_deeper();
        }
    }

    /// Reports how much was looked up.
    pub(super) fn tell(&self, done: Seconds) {
        if let Some(on_progress) = &self.on_progress {
            on_progress(done);
        }
    }
}

impl Default for QueryOptions {
    /// Returns up to ten matches with a score of 0.9 or more. Tries the pitches and tempi of
    /// [`Range::default`].
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
            on_deeper: None,
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
