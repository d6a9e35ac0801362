//! Calls that answer queries.
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::handle::Index;
use crate::{
    cancel::CancelToken,
    decode::Audio,
    error::{Error, Result},
    extract::track::contained,
    library::Library,
    ordered::{Sink, in_order},
    query::{Query, listen::Hearing, options::QueryOptions},
    report::{Answer, Match},
    store::TrackId,
    units::SampleRate,
};

/// How many clips may be answered ahead of the one that is returned next.
const AHEAD: usize = 64;

impl Index {
    /// Finds the recordings that a file, a stream or samples come from.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// let answer = refrain::Index::open("music.refrain")?.query("clip.wav")?;
    /// if let Some(best) = answer.matches.first() {
    ///     println!("{} at {}", best.path.display(), best.ref_start);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] if the audio cannot be used; [`Error::Index`] if the index cannot be used.
    /// Silence is no error: it matches nothing.
    pub fn query<'a>(&self, audio: impl Into<Audio<'a>>) -> Result<Answer> {
        self.query_with(audio, &QueryOptions::default())
    }

    /// Like [`Index::query`], with options.
    ///
    /// # Errors
    /// Those of [`Index::query`]; [`Error::Interrupted`].
    pub fn query_with<'a>(&self, audio: impl Into<Audio<'a>>, options: &QueryOptions) -> Result<Answer> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        contained(&name, || {
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            let readers = self.readers()?;
            Query::new(&readers.library(), options)?.answer(&name, &mut *blocks)
        })
    }

    /// Answers many clips on several threads. Calls `each` with the name and the answer of each clip, in the order of
    /// the clips, on the calling thread.
    ///
    /// # Errors
    /// Errors of `each`; [`Error::Io`] if no threads can be started; [`Error::Interrupted`].
    pub fn query_all<'a>(
        &self,
        clips: impl IntoIterator<Item = impl Into<Audio<'a>>>,
        options: &QueryOptions,
        each: impl FnMut(&Path, Result<Answer>) -> Result<()>,
    ) -> Result<()> {
        let clips: Vec<Clip<'a>> = clips.into_iter().map(|clip| Clip::new(clip.into())).collect();
        let mut answers = Answers { clips: &clips, each, cancel: &options.cancel };
        let threads = options.threads.unwrap_or_else(rayon::current_num_threads).min(clips.len());
        if threads <= 1 {
            for (number, clip) in clips.iter().enumerate() {
                answers.tick()?;
                answers.take(number, self.query_with(clip.take(), options))?;
            }
            return Ok(());
        }
        let work = |number: usize, _: &CancelToken| self.query_with(clips[number].take(), options);
        in_order((threads, "query"), clips.len(), AHEAD, work, &mut answers)
    }

    /// Finds which other tracks of the index sound like track `id`, and where: copies, edits, tracks that sample it.
    /// Reads no audio. Looks up the track at its own pitch and speed, and leaves out the track itself.
    ///
    /// Returns `None` if there is no such track.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be used; [`Error::Interrupted`].
    pub fn query_track(&self, id: TrackId, options: &QueryOptions) -> Result<Option<Answer>> {
        // An id says nothing among several files.
        self.only()?;
        let readers = self.readers()?;
        Query::new(&readers.library(), options)?.excluding(id).stored_track(id)
    }

    /// Starts to listen: the caller pushes samples in as they come, and gets matches as they end.
    pub fn listen(&self, options: &QueryOptions) -> Result<Listener<'_>> {
        let params = *self.readers()?.library().params();
        Ok(Listener { index: self, hearing: Hearing::new(&params, options, Path::new("samples")) })
    }
}

/// A query whose audio comes bit by bit, from [`Index::listen`].
///
/// ```
/// # #[cfg(feature = "formats")]
/// # fn main() -> refrain::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let index = refrain::Index::open_or_create(folder.path().join("i.refrain"))?;
/// index.build("fixtures/audio/songs")?;
/// # let microphone = vec![vec![0.0_f32; 8_000]; 4];
/// let mut listener = index.listen(&refrain::QueryOptions::default())?;
/// for samples in microphone {
///     for heard in listener.push(&samples, 16_000)? {
///         println!("{} {}", heard.query_start, heard.path.display());
///     }
/// }
/// let rest = listener.finish()?;
/// # assert!(rest.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "formats"))]
/// # fn main() {}
/// ```
pub struct Listener<'i> {
    index: &'i Index,
    hearing: Hearing,
}

impl Listener<'_> {
    /// Takes the next mono samples, at `rate` hertz (1,000 to 768,000), full scale -1.0..=1.0. Samples that are not a
    /// number or above a million count as silence. Returns the matches that no later sound can change, with times from
    /// the first sample.
    ///
    /// Looks into the index after each minute or so. Returns a match once 6 s passed without it.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be used; [`Error::Audio`] if `rate` is out of range or a week of audio has
    /// passed; [`Error::Interrupted`].
    pub fn push(&mut self, samples: &[f32], rate: u32) -> Result<Vec<Match>> {
        self.hearing.push(&self.index.readers()?.library(), samples, SampleRate(rate))
    }

    /// Ends the sound and returns the remaining matches.
    ///
    /// # Errors
    /// Those of [`Listener::push`].
    pub fn finish(self) -> Result<Vec<Match>> {
        self.hearing.finish(&self.index.readers()?.library())
    }
}

/// A clip that the first free thread takes.
struct Clip<'a> {
    name: PathBuf,
    audio: Mutex<Option<Audio<'a>>>,
}

impl<'a> Clip<'a> {
    fn new(audio: Audio<'a>) -> Self {
        Self { name: audio.name().to_owned(), audio: Mutex::new(Some(audio)) }
    }

    fn take(&self) -> Audio<'a> {
        let audio = self.audio.lock().unwrap_or_else(PoisonError::into_inner).take();
        audio.expect("each clip is answered once")
    }
}

/// Passes the answers to the caller.
struct Answers<'c, 'a, F> {
    clips: &'c [Clip<'a>],
    each: F,
    cancel: &'c CancelToken,
}

impl<F: FnMut(&Path, Result<Answer>) -> Result<()>> Sink<Result<Answer>> for Answers<'_, '_, F> {
    fn take(&mut self, number: usize, answer: Result<Answer>) -> Result<()> {
        if matches!(answer, Err(Error::Interrupted)) {
            return Err(Error::Interrupted);
        }
        (self.each)(&self.clips[number].name, answer)
    }

    fn tick(&mut self) -> Result<()> {
        self.cancel.check()
    }
}
