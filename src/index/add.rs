//! Adds one recording: a file, or audio that is not a file.
use std::{io, path::Path};

use super::{connections::Connections, handle::Index};
use crate::{
    ann,
    cancel::CancelToken,
    decode::Audio,
    error::{Error, Result},
    extract::track::{self, Analysis},
    store::{Store, TrackId, TrackRecord},
    tags::Tags,
};
#[cfg(feature = "decode")]
use crate::{
    build::record::{gone_files, record},
    decode::Ffmpeg,
    scan::{content_hash, files},
};

/// Options of [`Index::add_with`] and [`Index::add_audio_with`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AddOptions {
    pub(crate) tags: Tags,
    pub(crate) cancel: CancelToken,
    #[cfg(feature = "decode")]
    pub(crate) ffmpeg: Ffmpeg,
}

impl AddOptions {
    /// Tags of the recording, used before the tags in the audio itself. [`Index::add_with`] ignores them and uses the
    /// file's own tags.
    #[must_use]
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`]. Nothing is added then.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Lets an installed ffmpeg decode a file that refrain's own decoders do not know. [`Index::add_audio_with`] ignores it:
    /// see [`Audio::ffmpeg`].
    #[cfg(feature = "ffmpeg")]
    #[must_use]
    pub fn ffmpeg(mut self, ffmpeg: &Ffmpeg) -> Self {
        self.ffmpeg = ffmpeg.clone();
        self
    }
}

/// What [`Index::add`] and [`Index::add_audio`] return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Added {
    /// The track of the recording.
    pub track: TrackId,
    /// Whether the track is new. It is not new if the index knew the content of the file, or has a track of the same
    /// name with the same audio.
    pub new: bool,
}

impl Index {
    /// Adds one file, whether or not the index already knows its path.
    ///
    /// Added tracks are scanned by queries until there are some 350 of them. Then their windows go into the neighbour
    /// index, if there is one. [`Index::refresh`] builds a neighbour index once the library is large enough.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] if the path is a folder or the file gives no fingerprint; [`Error::Index`]
    /// if the index cannot be written.
    #[cfg(feature = "decode")]
    pub fn add(&self, path: impl AsRef<Path>) -> Result<Added> {
        self.add_with(path, &AddOptions::default())
    }

    /// Like [`Index::add`], with options.
    ///
    /// # Errors
    /// Those of [`Index::add`]; [`Error::Interrupted`].
    #[cfg(feature = "decode")]
    pub fn add_with(&self, path: impl AsRef<Path>, options: &AddOptions) -> Result<Added> {
        add_file(self.only()?, path.as_ref(), options)
    }

    /// Adds audio that is not a file: a stream, or samples. The index knows it by `name`, as it knows a file by its
    /// path. The name is the `path` of its matches. Audio that was added under the same name before is replaced.
    ///
    /// The track stays until it is removed, because no update looks for a file of that name.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] if the audio gives no fingerprint or the name is empty; [`Error::Index`] if
    /// the index cannot be written.
    pub fn add_audio<'a>(&self, audio: impl Into<Audio<'a>>, name: impl AsRef<Path>) -> Result<Added> {
        self.add_audio_with(audio, name, &AddOptions::default())
    }

    /// Like [`Index::add_audio`], with options.
    ///
    /// # Errors
    /// Those of [`Index::add_audio`]; [`Error::Interrupted`].
    pub fn add_audio_with<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        name: impl AsRef<Path>,
        options: &AddOptions,
    ) -> Result<Added> {
        add_audio(self.only()?, audio.into(), name.as_ref(), options)
    }
}

/// Adds a file. Others may write while the file is read and analysed.
#[cfg(feature = "decode")]
fn add_file(connections: &Connections, path: &Path, options: &AddOptions) -> Result<Added> {
    let cancel = &options.cancel;
    connections.may_write()?;
    let file = files::one(path)?;
    let hash = content_hash::hash(&file.path, cancel)?;
    let known = connections.write(|store| {
        let gone = gone_files(store, &hash, &file.path)?;
        let known = store.write(|batch| {
            gone.iter().try_for_each(|path| batch.set_missing(path, true).map(|_| ()))?;
            let before = batch.store().track_at(&file.path)?;
            let known = batch.recognise(&file.path, file.size, file.mtime_ns, &hash)?;
            if known.is_some() {
                before.map(|before| batch.drop_orphan(before)).transpose()?;
            }
            Ok(known.is_some())
        })?;
        if known { store.track_with(&hash) } else { Ok(None) }
    })?;
    if let Some(track) = known {
        connections.write(|store| catch_up(store, cancel))?;
        return Ok(Added { track, new: false });
    }
    let params = *connections.reader()?.params();
    let analysis = track::file(&file.path, &options.ffmpeg, &params, cancel)?;
    put(connections, &record(&file, hash, &analysis), &analysis, cancel)
}

fn add_audio(
    connections: &Connections,
    audio: Audio<'_>,
    name: &Path,
    options: &AddOptions,
) -> Result<Added> {
    connections.may_write()?;
    if name.as_os_str().is_empty() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty name");
        return Err(Error::Io { path: name.to_owned(), source });
    }
    let (params, cancel) = (*connections.reader()?.params(), &options.cancel);
    let audio = audio.named(name).cancelled_by(cancel);
    let analysis = track::contained(name, || track::track(&mut *audio.for_fingerprint()?, &params, cancel))?;
    let record = TrackRecord {
        path: name.to_owned(),
        duration: analysis.duration,
        tags: options.tags.clone().or(analysis.tags.clone()),
        sample_rate: analysis.spec.map(|(rate, _)| rate.0),
        channels: analysis.spec.map(|(_, channels)| channels),
        through_ffmpeg: analysis.through_ffmpeg,
        ..TrackRecord::default()
    };
    put(connections, &record, &analysis, cancel)
}

fn put(
    connections: &Connections,
    record: &TrackRecord,
    analysis: &Analysis,
    cancel: &CancelToken,
) -> Result<Added> {
    connections.write(|store| {
        let (track, new) = store.write(|batch| {
            let before = batch.store().track_at(&record.path)?;
            let track = batch.add_track(record, &analysis.fingerprint)?;
            Ok((track, before != Some(track)))
        })?;
        catch_up(store, cancel)?;
        Ok(Added { track, new })
    })
}

fn catch_up(store: &mut Store, cancel: &CancelToken) -> Result<()> {
    ann::catch_up(store, &ann::Options::default(), cancel)
}
