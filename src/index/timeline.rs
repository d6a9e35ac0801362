//! Calls that tell what was played when.
use super::handle::Index;
use crate::{
    decode::Audio,
    error::Result,
    extract::track::contained,
    library::Library,
    report::{LivePlay, Play, Timeline},
    timeline::{self, options::TimelineOptions},
    units::{SampleRate, Seconds},
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

    /// Starts a timeline of live sound: the caller pushes samples in as they come, and learns which track begins and which
    /// one ends.
    ///
    /// # Errors
    /// [`Error::Index`](crate::Error::Index) if the index cannot be used.
    pub fn live(&self, options: &TimelineOptions) -> Result<Live<'_>> {
        let params = *self.readers()?.library().params();
        Ok(Live { index: self, live: timeline::live::Live::new(&params, options) })
    }
}

/// A timeline of live sound, from [`Index::live`].
///
/// A track that begins is told as soon as it is sure: after some 5 s of clean sound, later under noise. It is told once, and
/// never taken back. Its end is told about 13 s after it. Other files with the same sound, and other places of the same track,
/// count as the track that was told until none of them is heard. Memory does not grow.
///
/// ```
/// # #[cfg(feature = "formats")]
/// # fn main() -> refrain::Result<()> {
/// use refrain::{Moment, TimelineOptions};
/// # let folder = tempfile::tempdir().unwrap();
/// # let index = refrain::Index::open_or_create(folder.path().join("i.refrain"))?;
/// index.build("fixtures/audio/songs")?;
/// # let microphone = vec![vec![0.0_f32; 8_000]; 4];
/// let mut live = index.live(&TimelineOptions::default())?;
/// for samples in microphone {
///     for told in live.push(&samples, 1, 16_000)? {
///         match told.moment {
///             Moment::Start => println!("{} begins", told.play.path.display()),
///             Moment::End => println!("{} ends", told.play.path.display()),
///         }
///     }
/// }
/// let rest = live.finish()?;
/// # assert!(rest.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "formats"))]
/// # fn main() {}
/// ```
pub struct Live<'i> {
    index: &'i Index,
    live: timeline::live::Live,
}

impl Live<'_> {
    /// Takes the next samples, `rate` a second (1,000 to 768,000) of each of `channels` channels, all channels of one frame after
    /// the other. Full scale is -1.0..=1.0. Samples that are not a number or above a million count as silence.
    ///
    /// Looks into the index every 1.5 s of sound.
    ///
    /// # Errors
    /// [`Error::Index`](crate::Error::Index) if the index cannot be used; [`Error::Audio`](crate::Error::Audio) if `rate` is out
    /// of range or there is no channel; [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn push(&mut self, samples: &[f32], channels: u16, rate: u32) -> Result<Vec<LivePlay>> {
        self.live.push(&self.index.readers()?.library(), samples, (channels, SampleRate(rate)))
    }

    /// How much sound was pushed.
    pub fn position(&self) -> Seconds {
        self.live.position()
    }

    /// Ends the sound. Returns what is still to be told: the end of each play that goes on.
    ///
    /// # Errors
    /// Those of [`Live::push`].
    pub fn finish(self) -> Result<Vec<LivePlay>> {
        self.live.finish(&self.index.readers()?.library())
    }
}
