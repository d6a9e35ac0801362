//! Options of calls that read or rewrite a whole index.
use crate::{ann, callback::Callback, cancel::CancelToken, error::Result};

/// How far a call has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Tracks or files that are done.
    pub done: u64,
    /// How many there are in all.
    pub total: u64,
}

/// Options of the calls that maintain an index: [`verify_with`](crate::Index::verify_with),
/// [`merge_with`](crate::Index::merge_with), [`rebuild_with`](crate::Index::rebuild_with) and others.
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// use refrain::{CancelToken, Index, MaintainOptions};
///
/// let (index, token) = (Index::open("music.refrain")?, CancelToken::new());
/// let options = MaintainOptions::default()
///     .cancel(&token)
///     .on_progress(|at| eprintln!("{} of {}", at.done, at.total));
/// index.verify_with(options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct MaintainOptions<'a> {
    pub(crate) neighbours: ann::Options,
    pub(crate) cancel: CancelToken,
    pub(crate) on_progress: Callback<'a, Progress>,
}

impl<'a> MaintainOptions<'a> {
    /// When and how to build the neighbour index, in calls that build it.
    #[cfg(any(test, feature = "unstable"))]
    #[must_use]
    pub fn neighbours(mut self, neighbours: ann::Options) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted). The file stays valid.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives the progress, on the calling thread. [`Index::verify_with`], [`Index::rebuild_with`], [`Index::merge_with`] and
    /// [`Index::remove_with`] report it; the other calls do not.
    ///
    /// [`Index::verify_with`]: crate::Index::verify_with
    /// [`Index::rebuild_with`]: crate::Index::rebuild_with
    /// [`Index::merge_with`]: crate::Index::merge_with
    /// [`Index::remove_with`]: crate::Index::remove_with
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(Progress) + 'a) -> Self {
        self.on_progress = Callback::new(on_progress);
        self
    }

    /// Reports progress, and fails once the call is cancelled.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    pub(super) fn step(&mut self, done: u64, total: u64) -> Result<()> {
        self.on_progress.call(Progress { done, total });
        self.cancel.check()
    }
}
