//! An open index, for any number of Python threads.
use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
    thread::{self, ThreadId},
    time::Duration,
};

use pyo3::{exceptions::PyValueError, prelude::*};
use refrain::CancelToken;
use refrain::{BuildEvent, BuildOptions, BuildSummary, FindOptions, QueryOptions, Range, Selector, Tags};

use crate::{
    audio, errors, interrupt,
    records::{AnswerRecord, EventRecord, InfoRecord, SummaryRecord, TrackRecord},
};

/// How often `close` looks whether the other calls are done.
const OFTEN: Duration = Duration::from_millis(5);

/// An index file that is open. What is done to it runs detached from the interpreter.
#[pyclass(frozen, module = "refrain._refrain")]
pub struct Index {
    /// None once it is closed. Calls that run keep it open.
    open: Mutex<Option<Arc<refrain::Index>>>,
    /// The Python threads whose builds run or wait, as their callbacks may not write.
    building: Mutex<Vec<ThreadId>>,
}

/// Which files a build takes, and how.
#[derive(FromPyObject)]
pub struct Take {
    threads: Option<usize>,
    follow_links: bool,
    hidden: bool,
    max_depth: Option<usize>,
}

impl Take {
    fn options(&self) -> BuildOptions {
        let mut find = FindOptions::default();
        (find.follow_links, find.hidden, find.max_depth) = (self.follow_links, self.hidden, self.max_depth);
        let mut options = BuildOptions::default();
        (options.find, options.threads) = (find, self.threads);
        options
    }
}

/// How a query is made.
#[derive(FromPyObject)]
pub struct Ask {
    top: usize,
    min_score: f32,
    explain: bool,
    exact: bool,
    semitones: f64,
    slowest: f64,
    fastest: f64,
}

impl Ask {
    fn options(&self) -> QueryOptions {
        let range = Range { semitones: self.semitones, slowest: self.slowest, fastest: self.fastest };
        QueryOptions::default()
            .top(self.top)
            .least_score(self.min_score)
            .exact(self.exact)
            .explain(self.explain)
            .range(range)
    }
}

/// What audio is called.
#[derive(FromPyObject)]
pub struct Names {
    title: Option<String>,
    artist: Option<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while one of these is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Paths as text.
fn texts(paths: Vec<PathBuf>) -> Vec<OsString> {
    paths.into_iter().map(PathBuf::into_os_string).collect()
}

/// Takes back the claim of a build.
struct Claim<'a>(&'a Mutex<Vec<ThreadId>>);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut building = lock(self.0);
        if let Some(at) = building.iter().position(|id| *id == thread::current().id()) {
            building.swap_remove(at);
        }
    }
}

impl Index {
    fn open(&self) -> PyResult<Arc<refrain::Index>> {
        lock(&self.open).clone().ok_or_else(|| PyValueError::new_err("the index is closed"))
    }

    /// Does something with the index, detached.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        let index = self.open()?;
        // Dropped there too: the last one closes the file.
        py.detach(move || work(&index)).map_err(|error| errors::of_library(py, &error))
    }

    /// The same where it writes.
    fn writing<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        self.not_from_a_callback(py)?;
        self.with(py, work)
    }

    /// As it would wait for its own end.
    fn not_from_a_callback(&self, py: Python<'_>) -> PyResult<()> {
        if lock(&self.building).contains(&thread::current().id()) {
            return Err(errors::busy(py, "a build's own callback cannot write to the index"));
        }
        Ok(())
    }

    /// Something that writes, until it is cancelled.
    fn cancellable<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&refrain::Index, &CancelToken) -> refrain::Result<T> + Send,
    ) -> PyResult<T> {
        self.not_from_a_callback(py)?;
        let (index, cancel) = (self.open()?, CancelToken::new());
        interrupt::interruptible(py, &cancel, || work(&index, &cancel))?
            .map_err(|error| errors::of_library(py, &error))
    }

    /// Builds, with the events given to `callback`.
    fn built(
        &self,
        py: Python<'_>,
        callback: Option<Py<PyAny>>,
        work: impl FnOnce(
            &refrain::Index,
            &CancelToken,
            &mut dyn FnMut(BuildEvent),
        ) -> refrain::Result<BuildSummary>
        + Send,
    ) -> PyResult<SummaryRecord> {
        self.not_from_a_callback(py)?;
        let (index, cancel) = (self.open()?, CancelToken::new());
        let _claim = callback.as_ref().map(|_| {
            lock(&self.building).push(thread::current().id());
            Claim(&self.building)
        });
        let listened = callback.is_some();
        let result = interrupt::with_events(
            py,
            &cancel,
            |sender: &SyncSender<EventRecord>| {
                work(&index, &cancel, &mut |event| {
                    if listened && let Some(event) = EventRecord::of(event) {
                        // Whoever listened is gone only where the work is to end anyway.
                        let _ = sender.send(event);
                    }
                })
            },
            |py, event| callback.as_ref().map_or(Ok(()), |callback| callback.call1(py, (event,)).map(|_| ())),
        );
        // The last one closes the file.
        py.detach(move || drop(index));
        result?.map(SummaryRecord::from).map_err(|error| errors::of_library(py, &error))
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
        let index = opened.map_err(|error| errors::of_library(py, &error))?;
        Ok(Self { open: Mutex::new(Some(Arc::new(index))), building: Mutex::default() })
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
        let options = take.options();
        self.built(py, callback, move |index, cancel, on| index.build(&roots, &options, cancel, on))
    }

    fn update(&self, py: Python<'_>, take: Take, callback: Option<Py<PyAny>>) -> PyResult<SummaryRecord> {
        let options = take.options();
        self.built(py, callback, move |index, cancel, on| index.update(&options, cancel, on))
    }

    fn retry(&self, py: Python<'_>, take: Take, callback: Option<Py<PyAny>>) -> PyResult<SummaryRecord> {
        let options = take.options();
        self.built(py, callback, move |index, cancel, on| index.retry(&options, cancel, on))
    }

    fn add(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.cancellable(py, |index, _| index.add(path))
    }

    fn add_audio<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: PathBuf,
        tags: Names,
    ) -> PyResult<()> {
        self.not_from_a_callback(py)?;
        let index = self.open()?;
        let mut all = Tags::default();
        (all.title, all.artist, all.album) = (tags.title, tags.artist, tags.album);
        (all.track_number, all.disc_number) = (tags.track_number, tags.disc_number);
        (all.recording_mbid, all.release_mbid, all.acoustid) =
            (tags.recording_mbid, tags.release_mbid, tags.acoustid);
        audio::with(py, (kind, source, sr), Some(name.clone()), |audio| {
            Ok(py.detach(move || index.add_audio(audio, name, all)))
        })
    }

    fn query<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        ask: Ask,
    ) -> PyResult<AnswerRecord> {
        let (index, cancel) = (self.open()?, CancelToken::new());
        let options = ask.options();
        let answer = audio::with(py, (kind, source, sr), name, |audio| {
            interrupt::interruptible(py, &cancel, || index.query_until(audio, &options, &cancel))
        });
        py.detach(move || drop(index));
        answer.map(AnswerRecord::from)
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

    /// Takes out what is chosen and gives its files. Nothing is taken out on a `dry_run`, nor where one of the chosen is
    /// nothing in the index: those come second.
    fn remove(
        &self,
        py: Python<'_>,
        chosen: Vec<OsString>,
        dry_run: bool,
    ) -> PyResult<(Vec<OsString>, Vec<OsString>)> {
        let work = |index: &refrain::Index| {
            let (mut paths, mut folders, mut unknown) = (BTreeSet::new(), Vec::new(), Vec::new());
            for text in &chosen {
                let selector = Selector::from(text.as_os_str());
                let found = index.select(&selector)?;
                let roots = match &selector {
                    // A folder may be one to be updated and have no files.
                    Selector::Path(path) => index.roots_below(path)?,
                    Selector::Pattern(pattern) => index.roots_below(pattern.as_path())?,
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
                index.remove(&paths)?;
                // Last: files that stayed because of an interruption are still looked after by updates.
                folders.iter().try_for_each(|folder| index.forget_roots(folder))?;
            }
            Ok((texts(paths), unknown))
        };
        if dry_run { self.with(py, work) } else { self.writing(py, work) }
    }

    /// Takes out files that are missing, and gives them.
    fn prune(&self, py: Python<'_>, dry_run: bool) -> PyResult<Vec<OsString>> {
        let work = |index: &refrain::Index| {
            let gone = index.prunable()?;
            if !dry_run {
                index.remove(&gone)?;
            }
            Ok(texts(gone))
        };
        if dry_run { self.with(py, work) } else { self.writing(py, work) }
    }

    fn relocate(&self, py: Python<'_>, old: PathBuf, new: PathBuf) -> PyResult<(u64, u64)> {
        let relocated = self.writing(py, |index| index.relocate(&old, &new))?;
        Ok((relocated.files, relocated.roots))
    }

    fn merge(&self, py: Python<'_>, other: &Bound<'_, Index>) -> PyResult<(usize, usize, usize)> {
        let other = other.get().open()?;
        let summary = self.cancellable(py, |index, cancel| index.merge(&other, cancel));
        py.detach(move || drop(other));
        summary.map(|s| (s.added, s.known, s.skipped))
    }

    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |index| index.verify())
    }

    fn rebuild(&self, py: Python<'_>) -> PyResult<()> {
        self.cancellable(py, |index, cancel| index.rebuild(&Default::default(), cancel).map(|_| ()))
    }

    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        self.cancellable(py, |index, cancel| index.refresh(&Default::default(), cancel).map(|_| ()))
    }

    fn compact(&self, py: Python<'_>) -> PyResult<u64> {
        self.writing(py, |index| index.compact())
    }

    fn export(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.with(py, |index| index.export(&path))
    }

    /// Closes the file once the calls that other threads have begun are done.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.not_from_a_callback(py)?;
        let Some(mut index) = lock(&self.open).take() else { return Ok(()) };
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
