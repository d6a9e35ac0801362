//! An open index, for any number of Python threads.
use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::Duration,
};

use pyo3::{exceptions::PyValueError, prelude::*};
use refrain::{
    AddOptions, Added, Audio, BuildSummary, Error, Seconds, Selector, TimelineOptions, TrackId,
    VersionOptions,
};

use crate::{
    audio::with_audio,
    duplicates::{Alike, DuplicateGroupRecord},
    errors,
    inside::{Inside, is_in_call, is_writing},
    interrupt::{Caller, run},
    listener::{self, Listener},
    options::{self, Ask, Names, Take, maintain},
    records::{AnswerRecord, InfoRecord, PlayRecord, SummaryRecord, TimelineRecord, TrackRecord},
    versions::{SimilarRecord, VersionsRecord, Wanted},
};

/// How often `close` checks whether the calls of other threads are done.
const OFTEN: Duration = Duration::from_millis(5);

/// An index file that is open. What is done to it runs detached from the interpreter.
#[pyclass(frozen, module = "refrain._refrain")]
pub struct Index {
    /// None once it is closed. Calls that run keep it open.
    open: Mutex<Option<Arc<refrain::Index>>>,
    /// Listeners keep it open too, and end when it is closed.
    listeners: Mutex<Vec<Weak<Mutex<listener::State>>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one of these is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Paths as text.
fn texts(paths: Vec<PathBuf>) -> Vec<OsString> {
    paths.into_iter().map(PathBuf::into_os_string).collect()
}

impl Index {
    fn of(py: Python<'_>, opened: refrain::Result<refrain::Index>) -> PyResult<Self> {
        let index = opened.map_err(|error| errors::of_library(py, &error))?;
        Ok(Self { open: Mutex::new(Some(Arc::new(index))), listeners: Mutex::default() })
    }

    pub(crate) fn open(&self) -> PyResult<Arc<refrain::Index>> {
        lock(&self.open).clone().ok_or_else(|| PyValueError::new_err("the index is closed"))
    }

    /// Which index this is, for [`Inside`].
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Does something short with the index, detached.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        let index = self.open()?;
        // Dropped there too: the last one closes the file.
        py.detach(move || work(&index)).map_err(|error| errors::of_library(py, &error))
    }

    /// Does something that may take long, until Ctrl-C or a callback ends it.
    pub(crate) fn reading<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index, &Caller) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        let (index, _inside) = (self.open()?, Inside::new(self.address(), false));
        run(py, move |caller| work(&index, caller))?.map_err(|error| errors::of_library(py, &error))
    }

    /// The same where it writes.
    pub(crate) fn writing<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index, &Caller) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        self.not_while_writing(py)?;
        let (index, _inside) = (self.open()?, Inside::new(self.address(), true));
        run(py, move |caller| work(&index, caller))?.map_err(|error| errors::of_library(py, &error))
    }

    /// A call that writes would wait for the end of the call that it was made from.
    fn not_while_writing(&self, py: Python<'_>) -> PyResult<()> {
        if is_writing(self.address()) {
            return Err(errors::busy(py, "a callback of a call that writes cannot write to the same index"));
        }
        Ok(())
    }
}

#[pymethods]
impl Index {
    /// Opens a file: `r` to read, `r+` to write as well, `a` to make it where there is none.
    #[new]
    fn new(py: Python<'_>, path: PathBuf, mode: &str) -> PyResult<Self> {
        let opened = match mode {
            "r" => py.detach(|| refrain::Index::open(path)),
            "r+" => py.detach(|| refrain::Index::open_to_write(path)),
            "a" => py.detach(|| refrain::Index::open_or_create(path)),
            _ => return Err(errors::parameter(py, &format!("mode must be 'r', 'r+' or 'a', not '{mode}'"))),
        };
        Self::of(py, opened)
    }

    /// Opens several files to read, as if they were one.
    #[staticmethod]
    fn of_several(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Self> {
        let opened = py.detach(|| refrain::Index::open_all(paths));
        Self::of(py, opened)
    }

    fn is_open(&self) -> bool {
        lock(&self.open).is_some()
    }

    fn build(
        &self,
        py: Python<'_>,
        roots: Vec<PathBuf>,
        take: Take,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<SummaryRecord> {
        let callback = callback.map(Arc::new);
        let build = |index: &refrain::Index, caller: &Caller| -> refrain::Result<BuildSummary> {
            index.build_with(&roots, take.options(caller, callback))
        };
        self.writing(py, build).map(SummaryRecord::from)
    }

    fn update(&self, py: Python<'_>, take: Take, callback: Option<Py<PyAny>>) -> PyResult<SummaryRecord> {
        let callback = callback.map(Arc::new);
        let update =
            |index: &refrain::Index, caller: &Caller| index.update_with(take.options(caller, callback));
        self.writing(py, update).map(SummaryRecord::from)
    }

    fn retry(&self, py: Python<'_>, take: Take, callback: Option<Py<PyAny>>) -> PyResult<SummaryRecord> {
        let callback = callback.map(Arc::new);
        let retry =
            |index: &refrain::Index, caller: &Caller| index.retry_with(take.options(caller, callback));
        self.writing(py, retry).map(SummaryRecord::from)
    }

    /// Adds a file: the id of its track, and whether the track is new.
    fn add(&self, py: Python<'_>, path: PathBuf) -> PyResult<(u32, bool)> {
        self.not_while_writing(py)?;
        let add = |index: &refrain::Index, caller: &Caller| {
            index.add_with(path, &AddOptions::default().cancel(caller.cancel()))
        };
        self.reading(py, add).map(added)
    }

    fn add_audio<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: PathBuf,
        tags: Names,
    ) -> PyResult<(u32, bool)> {
        self.not_while_writing(py)?;
        let (index, _inside) = (self.open()?, Inside::new(self.address(), false));
        with_audio(py, kind, source, sr, Some(name.clone()), move |audio, caller| {
            let options = AddOptions::default().tags(tags.into()).cancel(caller.cancel());
            index.add_audio_with(audio, name, &options)
        })
        .map(added)
    }

    /// Answers a clip. `callback` gets how many seconds of it were looked up.
    #[allow(clippy::too_many_arguments)]
    fn query<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        ask: Ask,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<AnswerRecord> {
        let (index, _inside) = (self.open()?, Inside::new(self.address(), false));
        let callback = callback.map(Arc::new);
        let answer = with_audio(py, kind, source, sr, name, move |audio, caller| {
            let mut options = ask.options(caller);
            if let Some(callback) = callback {
                let caller = caller.clone();
                options = options.on_progress(move |done| {
                    let callback = Arc::clone(&callback);
                    caller.tell(move |py| callback.call1(py, (done.0,)).map(|_| ()));
                });
            }
            index.query_with(audio.ffmpeg(&ask.ffmpeg()), &options)
        });
        answer.map(AnswerRecord::from)
    }

    /// Answers many clips. Calls `done` for each clip in the order of the paths, with the path, the answer, and
    /// the reason for no answer. Either the answer or the reason is None.
    fn query_many(
        &self,
        py: Python<'_>,
        paths: Vec<PathBuf>,
        threads: Option<usize>,
        ask: Ask,
        done: Py<PyAny>,
    ) -> PyResult<()> {
        let done = Arc::new(done);
        self.reading(py, |index, caller| {
            let ffmpeg = ask.ffmpeg();
            let clips = paths.into_iter().map(|path| Audio::file(path).ffmpeg(&ffmpeg));
            index.query_all(clips, &ask.options(caller).threads(threads), |path, answer| {
                let (answer, reason) = match answer {
                    Ok(answer) => (Some(AnswerRecord::from(answer)), None),
                    // The same for all clips.
                    Err(error @ Error::Index { .. }) => return Err(error),
                    Err(error) => (None, Some(error.reason())),
                };
                let (path, done) = (path.as_os_str().to_owned(), Arc::clone(&done));
                caller.tell(move |py| done.call1(py, (path, answer, reason)).map(|_| ()));
                Ok(())
            })
        })
    }

    /// Tells what was played when. `done` gets each play once it is final, `callback` how many seconds were looked up.
    #[allow(clippy::too_many_arguments)]
    fn timeline<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        limits: (f64, f32),
        ffmpeg: Option<PathBuf>,
        done: Option<Py<PyAny>>,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<TimelineRecord> {
        let (index, _inside) = (self.open()?, Inside::new(self.address(), false));
        let (done, callback) = (done.map(Arc::new), callback.map(Arc::new));
        let (min_length, min_score) = limits;
        let timeline = with_audio(py, kind, source, sr, name, move |audio, caller| {
            let mut options = TimelineOptions::default()
                .min_length(Seconds(min_length))
                .min_score(min_score)
                .cancel(caller.cancel());
            if let Some(callback) = callback {
                let caller = caller.clone();
                options = options.on_progress(move |done| {
                    let callback = Arc::clone(&callback);
                    caller.tell(move |py| callback.call1(py, (done.0,)).map(|_| ()));
                });
            }
            let audio = audio.ffmpeg(&options::ffmpeg(ffmpeg.as_deref()));
            index.timeline_with(audio, &options, |play| {
                if let Some(done) = done.clone() {
                    let play = PlayRecord::from(play.clone());
                    caller.tell(move |py| done.call1(py, (play,)).map(|_| ()));
                }
            })
        });
        timeline.map(TimelineRecord::from)
    }

    /// Answers which other tracks sound like one of the index. None where there is no track of this id.
    fn query_track(&self, py: Python<'_>, id: u32, ask: Ask) -> PyResult<Option<AnswerRecord>> {
        let answer =
            self.reading(py, |index, caller| index.query_track(TrackId(id), &ask.options(caller)))?;
        Ok(answer.map(AnswerRecord::from))
    }

    /// Finds other performances of the piece that a recording holds.
    fn versions<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        wanted: Wanted,
    ) -> PyResult<VersionsRecord> {
        let (index, _inside) = (self.open()?, Inside::new(self.address(), false));
        let found = with_audio(py, kind, source, sr, name, move |audio, caller| {
            index.versions_with(audio.ffmpeg(&wanted.ffmpeg()), &wanted.options(caller))
        });
        found.map(VersionsRecord::from)
    }

    /// Finds other performances of the piece that a track holds. None where there is no track of this id.
    fn versions_of_track(&self, py: Python<'_>, id: u32, wanted: Wanted) -> PyResult<Option<VersionsRecord>> {
        let find = |index: &refrain::Index, caller: &Caller| {
            index.versions_of_track(TrackId(id), &wanted.options(caller))
        };
        Ok(self.reading(py, find)?.map(VersionsRecord::from))
    }

    /// Finds tracks of similar harmony. None where there is no track of this id.
    fn similar(&self, py: Python<'_>, id: u32, top: usize) -> PyResult<Option<SimilarRecord>> {
        let find = |index: &refrain::Index, caller: &Caller| {
            let options = VersionOptions::default().top(top).cancel(caller.cancel());
            index.similar_to_track(TrackId(id), &options)
        };
        Ok(self.reading(py, find)?.map(SimilarRecord::from))
    }

    /// Finds the files that hold the same recording. `callback` gets how many tracks were compared, and of how many.
    fn duplicates(
        &self,
        py: Python<'_>,
        alike: Alike,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<Vec<DuplicateGroupRecord>> {
        let (checked, callback) = (alike.checked(py)?, callback.map(Arc::new));
        let find = |index: &refrain::Index, caller: &Caller| {
            index.duplicates_with(checked.options(caller, callback))
        };
        let groups = self.reading(py, find)?;
        Ok(groups.into_iter().map(DuplicateGroupRecord::from).collect())
    }

    /// Begins to listen.
    fn listen(&self, py: Python<'_>, ask: Ask) -> PyResult<Listener> {
        let listener = Listener::new(py, self.open()?, self.address(), |caller| ask.options(caller))?;
        let mut listeners = lock(&self.listeners);
        listeners.retain(|known| known.strong_count() > 0);
        listeners.push(listener.downgrade());
        drop(listeners);
        // The index was closed meanwhile. `close` waits until this listener has ended.
        if !self.is_open() {
            listener.end();
        }
        Ok(listener)
    }

    fn info(&self, py: Python<'_>) -> PyResult<InfoRecord> {
        self.with(py, |index| index.info()).map(InfoRecord::from)
    }

    fn tracks(&self, py: Python<'_>) -> PyResult<Vec<TrackRecord>> {
        self.with(py, |index| {
            let mut tracks = Vec::new();
            index.tracks(|track, files| {
                tracks.push(TrackRecord::new(track, files));
                Ok(())
            })?;
            Ok(tracks)
        })
    }

    fn failures(&self, py: Python<'_>) -> PyResult<Vec<(OsString, String)>> {
        self.with(py, |index| {
            let mut failures = Vec::new();
            index.failures(|path, reason| {
                failures.push((path.into_os_string(), reason));
                Ok(())
            })?;
            Ok(failures)
        })
    }

    fn select(&self, py: Python<'_>, chosen: OsString) -> PyResult<Vec<OsString>> {
        self.with(py, |index| index.select(&Selector::from(chosen.as_os_str()))).map(texts)
    }

    /// Removes the chosen files and returns their paths, then those of the chosen that mean nothing in the index. Removes
    /// nothing on a `dry_run`, or if one of the chosen means nothing.
    fn remove(
        &self,
        py: Python<'_>,
        chosen: Vec<OsString>,
        dry_run: bool,
    ) -> PyResult<(Vec<OsString>, Vec<OsString>)> {
        let work = |index: &refrain::Index, caller: &Caller| {
            let (mut paths, mut folders, mut unknown) = (BTreeSet::new(), Vec::new(), Vec::new());
            for text in &chosen {
                let selector = Selector::from(text.as_os_str());
                let found = index.select(&selector)?;
                let roots = match &selector {
                    // A folder may be one to be updated and have no files.
                    Selector::Path(path) | Selector::Pattern(path) => index.roots_below(path)?,
                    _ => Vec::new(),
                };
                if found.is_empty() && roots.is_empty() {
                    unknown.push(text.clone());
                }
                paths.extend(found);
                folders.extend(roots);
            }
            let paths: Vec<PathBuf> = paths.into_iter().collect();
            if unknown.is_empty() && !dry_run {
                index.remove_with(&paths, maintain(caller, None))?;
                // Last: files that stayed because of an interruption are still looked after by updates.
                folders.iter().try_for_each(|folder| index.forget_roots(folder))?;
            }
            Ok((texts(paths), unknown))
        };
        if dry_run { self.reading(py, work) } else { self.writing(py, work) }
    }

    /// Removes missing files and returns their paths.
    fn prune(&self, py: Python<'_>, dry_run: bool) -> PyResult<Vec<OsString>> {
        let work = |index: &refrain::Index, caller: &Caller| {
            let gone = index.prunable()?;
            if !dry_run {
                index.remove_with(&gone, maintain(caller, None))?;
            }
            Ok(texts(gone))
        };
        if dry_run { self.reading(py, work) } else { self.writing(py, work) }
    }

    fn relocate(&self, py: Python<'_>, old: PathBuf, new: PathBuf) -> PyResult<(u64, u64)> {
        let relocated = self.writing(py, |index, _| index.relocate(&old, &new))?;
        Ok((relocated.files, relocated.roots))
    }

    fn merge(
        &self,
        py: Python<'_>,
        other: &Bound<'_, Index>,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<(usize, usize, usize)> {
        let _inside = Inside::new(other.get().address(), false);
        let (other, callback) = (other.get().open()?, callback.map(Arc::new));
        let summary =
            self.writing(py, move |index, caller| index.merge_with(&other, maintain(caller, callback)))?;
        Ok((summary.added, summary.known, summary.skipped))
    }

    fn verify(&self, py: Python<'_>, callback: Option<Py<PyAny>>) -> PyResult<()> {
        let callback = callback.map(Arc::new);
        self.reading(py, |index, caller| index.verify_with(maintain(caller, callback)))
    }

    fn rebuild(&self, py: Python<'_>) -> PyResult<()> {
        self.writing(py, |index, caller| index.rebuild_with(maintain(caller, None)).map(|_| ()))
    }

    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        self.writing(py, |index, caller| index.refresh_with(maintain(caller, None)).map(|_| ()))
    }

    fn compact(&self, py: Python<'_>) -> PyResult<u64> {
        self.writing(py, |index, caller| index.compact_with(maintain(caller, None)))
    }

    fn export(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.reading(py, |index, caller| index.export_with(&path, maintain(caller, None)))
    }

    /// Closes the file once the calls that other threads have begun are done.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if is_in_call(self.address()) {
            return Err(errors::busy(py, "a call on the index cannot close it before it has ended"));
        }
        let Some(mut index) = lock(&self.open).take() else { return Ok(()) };
        let listeners = std::mem::take(&mut *lock(&self.listeners));
        py.detach(|| listeners.iter().filter_map(Weak::upgrade).for_each(|state| listener::end(&state)));
        loop {
            match Arc::try_unwrap(index) {
                Ok(index) => {
                    return py.detach(|| index.close()).map_err(|error| errors::of_library(py, &error));
                }
                Err(shared) => index = shared,
            }
            py.detach(|| thread::sleep(OFTEN));
            py.check_signals()?;
        }
    }
}

/// A track as Python has it: its id, and whether it is new.
fn added(added: Added) -> (u32, bool) {
    (added.track.0, added.new)
}
