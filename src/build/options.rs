//! How to build.
use super::events::BuildEvent;
use crate::{ann, callback::Callback, cancel::CancelToken, decode::Ffmpeg, scan::files::ScanOptions};

/// How to build or update an index from files: the files of [`ScanOptions::default`], on all cores, unless set otherwise.
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
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions<'a> {
    pub(crate) scan: ScanOptions,
    pub(crate) threads: Option<usize>,
    pub(crate) neighbours: ann::Options,
    pub(crate) cancel: CancelToken,
    pub(crate) ffmpeg: Ffmpeg,
    pub(crate) on_event: Callback<'a, BuildEvent>,
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
    #[cfg(any(test, feature = "unstable"))]
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

    /// Lets an installed ffmpeg decode files that refrain's own decoders do not know. Files that were refused without it are
    /// tried again.
    #[cfg(feature = "ffmpeg")]
    #[must_use]
    pub fn ffmpeg(mut self, ffmpeg: &Ffmpeg) -> Self {
        self.ffmpeg = ffmpeg.clone();
        self
    }

    /// Receives events on the calling thread.
    #[must_use]
    pub fn on_event(mut self, on_event: impl FnMut(BuildEvent) + 'a) -> Self {
        self.on_event = Callback::new(on_event);
        self
    }
}
