//! The index as a whole: what programs that embed it hold.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use super::{
    add::add_audio,
    handles::Handles,
    query::{Query, QueryOptions},
};
use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    decode::{Audio, Tags},
    error::AudioError,
    params::ParameterSet,
    report::Answer,
    store::Totals,
};

/// An index file that is open.
///
/// A handle is for any number of threads at once: share it by reference, or in an [`Arc`](std::sync::Arc). Each call that
/// reads works on the last committed state, with a connection of its own that is kept for the next call; reading calls
/// never wait for anything. Calls that write take turns, and others read meanwhile. Other processes may have the
/// same file open, one of them writing.
///
/// Calls may be tasks of the program's rayon pool: none waits for rayon while it holds the writer. A callback of a call that
/// writes must not wait for tasks of a pool in which other tasks write.
///
/// Whatever is given to [`Index::open_or_create`] or [`Index::open_to_write`], nothing is written to a file that is there
/// before the first call that writes: one of an older format is then brought up to date, in one transaction.
#[derive(Debug)]
pub struct Index {
    pub(super) handles: Handles,
}

/// What [`Index::info`] tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub totals: Totals,
    /// The parameters of its fingerprints.
    pub params: ParameterSet,
    /// The version of its format.
    pub format: u32,
    /// The folders that were indexed.
    pub roots: Vec<PathBuf>,
    /// Its neighbour index, where it has one: lists, and windows that are in them.
    pub neighbours: Option<(u32, u64)>,
    /// The version of the SQLite that reads it.
    pub sqlite: &'static str,
}

impl Index {
    /// Opens an index for reading.
    ///
    /// # Errors
    /// [`Error::Index`] where there is none, or where the file is not one that this version can read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Handles::open(path.as_ref()).map(|handles| Self { handles })
    }

    /// Opens an index for reading and writing, and makes it where there is none.
    ///
    /// # Errors
    /// As [`Index::open`]; and where a new file cannot be made. Whether one that is there can be written shows when it is.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        Handles::open_or_create(path.as_ref()).map(|handles| Self { handles })
    }

    /// Opens an index for reading and writing that is there already.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_to_write(path: impl AsRef<Path>) -> Result<Self> {
        Handles::open_to_write(path.as_ref()).map(|handles| Self { handles })
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        self.handles.path()
    }

    /// Adds audio that is not a file here: a stream, or samples. It is known by `name`, as a file is by its path: the name
    /// is the `path` of its matches, and what was added under the same name before is replaced. `tags` go before those
    /// that the audio has itself.
    ///
    /// It stays until it is removed: no file of that name is looked for.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] where there is no fingerprint to be had of it or the name is empty,
    /// [`Error::Index`] where the index cannot be written.
    pub fn add_audio<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        name: impl AsRef<Path>,
        tags: Tags,
    ) -> Result<()> {
        let name = name.as_ref();
        add_audio(&self.handles, audio.into(), name, tags)
    }

    /// Answers what recording a file comes from, or is; or what a stream or samples come from.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] where the audio cannot be used, [`Error::Index`] where the index cannot.
    /// Silence is no error: it matches nothing.
    pub fn query<'a>(&self, audio: impl Into<Audio<'a>>, options: &QueryOptions) -> Result<Answer> {
        self.query_until(audio, options, &CancelToken::new())
    }

    /// As [`Index::query`], until `cancel` is set: it is looked at after every few seconds of the audio.
    ///
    /// # Errors
    /// As [`Index::query`]; [`Error::Interrupted`].
    pub fn query_until<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        options: &QueryOptions,
        cancel: &CancelToken,
    ) -> Result<Answer> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        // Contained like a fault of the file: a program that embeds this does not go down with one clip.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let mut blocks = audio.open()?;
            let store = self.handles.reader()?;
            Query::new(&store, options, self.handles.search_cache())?.answer(&name, &mut *blocks, cancel)
        }));
        answer.unwrap_or_else(|_| {
            let reason = AudioError::DecoderPanic("a fault in the analysis".into());
            Err(Error::Audio { path: name.clone(), reason })
        })
    }

    /// Counts, sizes, parameters and versions.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn info(&self) -> Result<Info> {
        let store = self.handles.reader()?;
        let _snapshot = store.snapshot()?;
        Ok(Info {
            path: store.path().to_owned(),
            totals: store.totals()?,
            params: *store.params(),
            format: store.format(),
            roots: store.roots()?.into_iter().map(|root| root.path).collect(),
            neighbours: store.neighbour_index()?.map(|n| (n.centroid_count, n.window_count)),
            sqlite: crate::store::sqlite_version(),
        })
    }

    /// Whether there is anything to be found.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read.
    pub fn has_tracks(&self) -> Result<bool> {
        self.handles.reader()?.has_tracks()
    }

    /// Calls `each` with every file that gave no fingerprint and the reason.
    ///
    /// # Errors
    /// [`Error::Index`] where the file cannot be read; whatever `each` gives.
    pub fn failures(&self, each: impl FnMut(PathBuf, String) -> Result<()>) -> Result<()> {
        self.handles.reader()?.failures(each)
    }

    /// Leaves one file behind, without a log beside it, and closes it. Dropping does the same, but cannot say
    /// what went wrong.
    ///
    /// # Errors
    /// [`Error::Index`] where the disk is full or fails.
    pub fn close(self) -> Result<()> {
        self.handles.close()
    }
}

#[cfg(all(test, feature = "decode"))]
mod tests {
    use std::{fs, sync::mpsc, time::Duration};

    use super::*;
    use crate::{
        decode::Decoder,
        pipeline::{BuildEvent, BuildOptions, analyse},
        report::Status,
        store::{Store, TrackRecord},
    };

    const SONGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs");
    const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/clips/clean.wav");

    #[test]
    fn one_file_is_added_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
        assert!(matches!(index.add(SONGS), Err(Error::Io { .. })));
        assert_eq!(index.info().unwrap().totals.tracks, 0);
        for _ in 0..2 {
            index.add(Path::new(SONGS).join("second-orbit.flac")).unwrap();
            assert_eq!(index.info().unwrap().totals.tracks, 1);
        }
    }

    #[test]
    fn a_file_that_is_added_again_leaves_nothing_of_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
        let file = |name: &str| folder.path().join(name);
        for (song, name) in
            [("second-orbit.flac", "a"), ("quiet-engines.wav", "b"), ("quiet-engines.wav", "a")]
        {
            fs::copy(Path::new(SONGS).join(song), file(name)).unwrap();
            index.add(file(name)).unwrap();
        }
        let totals = index.info().unwrap().totals;
        assert_eq!((totals.tracks, totals.files), (1, 2));
        index.verify().unwrap();
    }

    #[test]
    fn a_track_that_is_replaced_during_a_query_is_no_damage() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let mut store = Store::open_write(&file).unwrap();
        let song = Path::new(SONGS).join("second-orbit.flac");
        let go_on = CancelToken::new();
        let analysis = analyse::track(&mut Decoder::open(&song).unwrap(), store.params(), &go_on).unwrap();
        let record = TrackRecord { path: song, duration: analysis.duration, ..TrackRecord::default() };
        store.write(|batch| batch.add_track(&record, &analysis.fingerprint)).unwrap();
        let done = CancelToken::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Of the same length and yet another, so that it is another track each time.
                let mut other = analysis.fingerprint.clone();
                other.frames[0] ^= 1;
                for n in 0_usize.. {
                    if done.is_cancelled() {
                        break;
                    }
                    let print = if n % 2 == 0 { &other } else { &analysis.fingerprint };
                    store.write(|batch| batch.add_track(&record, print)).unwrap();
                }
            });
            let index = Index::open(&file).unwrap();
            let answers: Vec<Result<Answer>> =
                (0..10).map(|_| index.query(CLIP, &QueryOptions::default())).collect();
            done.cancel();
            for answer in answers {
                assert_eq!(answer.unwrap().status, Status::Match);
            }
        });
    }

    #[test]
    fn a_callback_that_panics_ends_the_build() {
        let folder = tempfile::tempdir().unwrap();
        // The second thread runs ahead of the first file as far as it may, and waits there.
        fs::copy(Path::new(SONGS).join("quiet-engines.wav"), folder.path().join("a.wav")).unwrap();
        for n in 0..100 {
            fs::write(folder.path().join(format!("b{n}.wav")), b"text").unwrap();
        }
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
            let options = BuildOptions { threads: Some(2), ..BuildOptions::default() };
            let built = catch_unwind(AssertUnwindSafe(|| {
                index.build(&[folder.path().into()], &options, &CancelToken::new(), |event| {
                    assert!(!matches!(event, BuildEvent::Added { .. }), "on purpose");
                })
            }));
            sender.send(built.is_err()).unwrap();
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Ok(true));
    }
}
