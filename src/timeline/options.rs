//! How to make a timeline.
use std::{fmt, sync::Arc};

use crate::{cancel::CancelToken, units::Seconds};

/// How to make a timeline: limits, progress and cancellation.
///
/// ```
/// use refrain::{Seconds, TimelineOptions};
///
/// let options = TimelineOptions::default().min_length(Seconds(20.0)).min_score(0.95);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct TimelineOptions {
    pub(crate) min_length: Seconds,
    pub(crate) min_score: f32,
    pub(crate) cancel: CancelToken,
    pub(crate) on_progress: Option<Arc<dyn Fn(Seconds) + Send + Sync>>,
}

impl TimelineOptions {
    /// The lowest score of a play, unless [`min_score`](Self::min_score) sets another one.
    pub const MIN_SCORE: f32 = 0.99;

    /// Leaves out plays that are shorter.
    #[must_use]
    pub fn min_length(mut self, min_length: Seconds) -> Self {
        self.min_length = min_length;
        self
    }

    /// The lowest score of a play, 0 to 1: that of the look that saw it best.
    #[must_use]
    pub fn min_score(mut self, min_score: f32) -> Self {
        self.min_score = min_score;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted).
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives how much of the recording was looked up, every few seconds of it.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl Fn(Seconds) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Reports how much was looked up.
    pub(super) fn tell(&self, done: Seconds) {
        if let Some(on_progress) = &self.on_progress {
            on_progress(done);
        }
    }
}

impl Default for TimelineOptions {
    /// Plays of 3 s or more with a score of 0.99 or more. A recording is looked at ten times a minute, so a play has to be surer
    /// than the match of a clip.
    fn default() -> Self {
        Self {
            min_length: Seconds(3.0),
            min_score: Self::MIN_SCORE,
            cancel: CancelToken::new(),
            on_progress: None,
        }
    }
}

impl fmt::Debug for TimelineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimelineOptions")
            .field("min_length", &self.min_length)
            .field("min_score", &self.min_score)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}
