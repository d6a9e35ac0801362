//! The call that explains an answer.
use super::{explained_version, handle::Index};
use crate::{
    decode::Audio,
    error::{Error, IndexError, Result},
    extract::track::contained,
    library::Library,
    query::{Explained, Query, options::QueryOptions},
    report::{Explanation, Status},
    store::TrackId,
};

impl Index {
    /// Explains why a clip matches a track, or does not: its best match, or the place that comes closest if it has none; or
    /// the best place of `track`, whether or not a query would find it.
    ///
    /// The numbers are those of [`Index::query_with`] with the same options, except [`QueryOptions::top`], which has no
    /// effect. A place of `track` that a query does not look at is compared at the clip's own pitch and speed. If there is no match,
    /// the explanation also says which track is another performance of the same piece, if one is.
    ///
    /// ```
    /// # #[cfg(feature = "formats")]
    /// # fn main() -> refrain::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let index = refrain::Index::open_or_create(folder.path().join("i.refrain"))?;
    /// use refrain::{QueryOptions, report::Rule};
    ///
    /// index.build("fixtures/audio/songs")?;
    /// let explained = index.explain("fixtures/audio/clips/clean.wav", None, &QueryOptions::default())?;
    /// assert_eq!(explained.rule, Rule::Match);
    /// println!("{}", explained.reason);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "formats"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`Index::query_with`]; [`IndexError::NoTrack`] if the index has no such track.
    pub fn explain<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        track: impl Into<Option<TrackId>>,
        options: &QueryOptions,
    ) -> Result<Explanation> {
        let (audio, track) = (audio.into(), track.into());
        let name = audio.name().to_owned();
        contained(&name, || {
            // An id says nothing among several files.
            if let Some(id) = track
                && self.only()?.reader()?.track(id)?.is_none()
            {
                return Err(Error::Index { path: self.path().to_owned(), reason: IndexError::NoTrack(id.0) });
            }
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            let readers = self.readers()?;
            let library = readers.library();
            let Explained { mut explanation, frames } =
                Query::new(&library, options)?.explain(&name, &mut *blocks, track)?;
            if explanation.status == Status::NoMatch {
                let given = (library.params(), options);
                explained_version::add(&mut explanation, &frames, readers.stores(), track, given)?;
            }
            Ok(explanation)
        })
    }
}
