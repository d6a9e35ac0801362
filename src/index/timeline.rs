//! Calls that tell what was played when.
use super::handle::Index;
use crate::{
    decode::Audio,
    error::Result,
    extract::track::contained,
    report::{Play, Timeline},
    timeline::{self, options::TimelineOptions},
};

impl Index {
    /// Tells what was played when in a recording of any length. Memory does not grow with the length.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// let timeline = refrain::Index::open("music.refrain")?.timeline("show.mp3")?;
    /// for play in &timeline.plays {
    ///     println!("{} to {}: {}", play.start, play.end, play.path.display());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Audio`](crate::Error::Audio) if the audio cannot be used;
    /// [`Error::Index`](crate::Error::Index) if the index cannot be used.
    pub fn timeline<'a>(&self, audio: impl Into<Audio<'a>>) -> Result<Timeline> {
        self.timeline_with(audio, &TimelineOptions::default(), |_| {})
    }

    /// Like [`Index::timeline`], with options. Passes each play to `on_play` as soon as nothing later can change it, in
    /// order of the starts.
    ///
    /// # Errors
    /// Those of [`Index::timeline`]; [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn timeline_with<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        options: &TimelineOptions,
        mut on_play: impl FnMut(&Play),
    ) -> Result<Timeline> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        contained(&name, || {
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            let readers = self.readers()?;
            timeline::timeline(&readers.library(), options, &name, &mut *blocks, &mut on_play)
        })
    }
}
