//! How to build.
use std::fmt;

use super::events::BuildEvent;
use crate::{ann, cancel::CancelToken, scan::files::ScanOptions};

/// How to build or update an index from files.
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// use refrain::{BuildEvent, BuildOptions, CancelToken, Index};
///
/// let (index, token) = (Index::open_or_create("music.refrain")?, CancelToken::new());
/// let options = BuildOptions::default().threads(2).cancel(&token).on_event(|event| {
///     if let BuildEvent::Added { path, .. } = event {
///         println!("{}", path.display());
///     }
/// });
/// index.build_with(["music"], options)?;
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct BuildOptions<'a> {
    pub(crate) scan: ScanOptions,
    pub(crate) threads: Option<usize>,
    pub(crate) neighbours: ann::Options,
    pub(crate) cancel: CancelToken,
    pub(crate) on_event: Option<Box<dyn FnMut(BuildEvent) + 'a>>,
}

impl<'a> BuildOptions<'a> {
    /// Which files in a folder to index.
    #[must_use]
    pub fn scan(mut self, scan: ScanOptions) -> Self {
        self.scan = scan;
        self
    }

    /// How many files are analysed at a time; `None` for one per core.
    #[must_use]
    pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.threads = threads.into();
        self
    }

    /// When to build the neighbour index.
    #[cfg(feature = "unstable")]
    #[must_use]
    pub fn neighbours(mut self, neighbours: ann::Options) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`](crate::Error::Interrupted). What was committed stays,
    /// and the next build goes on from there.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives events on the calling thread.
    #[must_use]
    pub fn on_event(mut self, on_event: impl FnMut(BuildEvent) + 'a) -> Self {
        self.on_event = Some(Box::new(on_event));
        self
    }

    /// Passes an event on.
    pub(super) fn tell(&mut self, event: BuildEvent) {
        if let Some(on_event) = &mut self.on_event {
            on_event(event);
        }
    }
}

impl Default for BuildOptions<'_> {
    /// Takes the files of [`ScanOptions::default`], on all cores.
    fn default() -> Self {
        Self {
            scan: ScanOptions::default(),
            threads: None,
            neighbours: ann::Options::default(),
            cancel: CancelToken::new(),
            on_event: None,
        }
    }
}

impl fmt::Debug for BuildOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildOptions")
            .field("scan", &self.scan)
            .field("threads", &self.threads)
            .field("neighbours", &self.neighbours)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}
