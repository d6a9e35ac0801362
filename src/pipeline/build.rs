//! Adding files to an index: analysed in parallel, committed in order by one writer.
use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::{
    analyse::{self, Analysis},
    find::{self, FindOptions, FoundFile},
};
use crate::{
    Error, Result, ann,
    decode::{Decoder, Warning},
    params::Params,
    store::{Known, Store, TrackRecord},
    units::Seconds,
};

/// Files that may be analysed ahead of the one that is to be written next. Bounds what waits in memory.
const AHEAD: usize = 64;

/// A transaction holds at most so many files…
const BATCH: usize = 32;

/// … and is committed after so long at the latest, so that little is lost when the process dies.
const COMMIT_EVERY: Duration = Duration::from_secs(2);

/// How often the writer looks whether it shall stop, and so do those who wait for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How to build.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// Which files to take.
    pub find: FindOptions,
    /// Files analysed at a time; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// When to build the neighbour index.
    pub neighbours: ann::Options,
}

/// What a build tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildEvent {
    /// The folders have been looked through.
    Found {
        /// Files that may be audio.
        files: usize,
        /// How many of them are new or changed, and so will be analysed.
        new: usize,
        /// Bytes of those.
        new_bytes: u64,
    },
    /// A file was analysed and will be in the index with the next commit.
    Added {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// How long it plays.
        duration: Seconds,
        /// What was wrong with it and could be got over.
        warnings: Vec<Warning>,
    },
    /// A file gave no fingerprint.
    Failed {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// Why.
        reason: String,
    },
    /// The neighbour index is being brought up to date.
    Neighbours,
}

/// What a build did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BuildSummary {
    /// Files that may be audio.
    pub found: usize,
    /// Files that are in the index and have not changed.
    pub unchanged: usize,
    /// Files that had given no fingerprint before and have not changed.
    pub still_bad: usize,
    /// Files added.
    pub added: usize,
    /// How long the added ones play.
    pub added_duration: Seconds,
    /// Files and folders that could not be used, with the reason.
    pub failed: Vec<(PathBuf, String)>,
}

/// Adds one file, whether it is known or not; see `Index::add`.
pub(super) fn add_one(store: &mut Store, path: &Path) -> Result<()> {
    let file = find::one(path)?;
    let analysis = analyse_file(&file, store.params(), &AtomicBool::new(false))?;
    store.write(|batch| batch.add_track(&record(&file, &analysis), &analysis.fingerprint))?;
    Ok(())
}

/// The outcome of one file.
struct Done {
    number: usize,
    outcome: Result<Analysis>,
}

/// Lets workers run ahead of the writer by a bounded number of files.
struct Turnstile {
    written: Mutex<usize>,
    moved: Condvar,
}

impl Turnstile {
    /// Waits until `number` is near enough to what is written. False where `stop` was set meanwhile.
    fn enter(&self, number: usize, stop: &AtomicBool) -> bool {
        let mut written = self.written.lock().expect("no holder of this lock panics");
        while number >= *written + AHEAD && !stop.load(Ordering::Relaxed) {
            let waited = self.moved.wait_timeout(written, LOOK_EVERY);
            written = waited.expect("no holder of this lock panics").0;
        }
        !stop.load(Ordering::Relaxed)
    }

    fn advance(&self) {
        *self.written.lock().expect("no holder of this lock panics") += 1;
        self.moved.notify_all();
    }
}

/// Ends the work of all threads when dropped, also where the writer panics.
struct Ending<'a> {
    stop: &'a AtomicBool,
    turnstile: &'a Turnstile,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.turnstile.moved.notify_all();
    }
}

/// Brings `store` up to date with `roots`: what is new or changed is analysed and added; nothing is removed.
///
/// The same files give the same content, however many threads there are. What was committed before an
/// interruption or an error stays, and the next build goes on from there.
///
/// # Errors
/// [`Error::Io`] for a root that does not exist, [`Error::Index`] where the index cannot be written,
/// [`Error::Interrupted`] once `cancel` is set. A bad file is no error: it is in the summary.
pub fn build(
    store: &mut Store,
    roots: &[PathBuf],
    options: &BuildOptions,
    cancel: &AtomicBool,
    mut on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let found = find::find(roots, &options.find, cancel)?;
    let mut known: HashMap<PathBuf, Known> = HashMap::new();
    store.all_known(|path, k| {
        known.insert(path, k);
        Ok(())
    })?;
    let mut summary =
        BuildSummary { found: found.files.len(), failed: found.unreadable, ..Default::default() };
    let mut new: Vec<FoundFile> = Vec::new();
    for file in found.files {
        match known.get(&file.path).filter(|k| (k.size, k.mtime_ns) == (file.size, file.mtime_ns)) {
            Some(k) if k.failed => summary.still_bad += 1,
            Some(_) => summary.unchanged += 1,
            None => new.push(file),
        }
    }
    on(BuildEvent::Found {
        files: summary.found,
        new: new.len(),
        new_bytes: new.iter().map(|f| f.size).sum(),
    });
    let in_index = |file: &FoundFile| known.get(&file.path).is_some_and(|k| !k.failed);
    add(store, &new, options.threads, cancel, &in_index, &mut summary, &mut on)?;
    on(BuildEvent::Neighbours);
    ann::build(store, &options.neighbours, cancel)?;
    Ok(summary)
}

fn add(
    store: &mut Store,
    files: &[FoundFile],
    threads: Option<usize>,
    cancel: &AtomicBool,
    in_index: &dyn Fn(&FoundFile) -> bool,
    summary: &mut BuildSummary,
    on: &mut dyn FnMut(BuildEvent),
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let threads = threads.unwrap_or_else(rayon::current_num_threads).clamp(1, files.len());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("analyse-{n}"))
        .build()
        .map_err(|e| Error::Io { path: PathBuf::from("threads"), source: std::io::Error::other(e) })?;
    let params = *store.params();
    let next = AtomicUsize::new(0);
    // Set once nothing more is to be written: by `cancel`, or because the index cannot be written. Whoever is in the
    // middle of a file of hours then drops it.
    let stop = AtomicBool::new(false);
    let turnstile = Turnstile { written: Mutex::new(0), moved: Condvar::new() };
    let (sender, receiver) = mpsc::sync_channel::<Done>(threads);
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, stop, turnstile) = (&next, &stop, &turnstile);
            scope.spawn(move |_| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(number) else { break };
                    if !turnstile.enter(number, stop) {
                        break;
                    }
                    let outcome = analyse_file(file, &params, stop);
                    if sender.send(Done { number, outcome }).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let _ending = Ending { stop: &stop, turnstile: &turnstile };
        let mut writer =
            Writer { store, files, in_index, summary, on, batch: Vec::new(), since: Instant::now() };
        writer.run(receiver, &turnstile, cancel)
    })
}

/// Analyses one file; a fault of ours is contained like a fault of the file.
fn analyse_file(file: &FoundFile, params: &Params, cancel: &AtomicBool) -> Result<Analysis> {
    let analysis =
        catch_unwind(AssertUnwindSafe(|| analyse::track(Decoder::open(&file.path)?, params, cancel)));
    analysis.unwrap_or_else(|_| {
        let reason = crate::error::AudioError::DecoderPanic("a fault in the analysis".into());
        Err(Error::Audio { path: file.path.clone(), reason })
    })
}

/// Takes outcomes in any order and writes them in the order of the files.
struct Writer<'a> {
    store: &'a mut Store,
    files: &'a [FoundFile],
    in_index: &'a dyn Fn(&FoundFile) -> bool,
    summary: &'a mut BuildSummary,
    on: &'a mut dyn FnMut(BuildEvent),
    batch: Vec<Done>,
    since: Instant,
}

impl Writer<'_> {
    fn run(
        &mut self,
        outcomes: mpsc::Receiver<Done>,
        turnstile: &Turnstile,
        cancel: &AtomicBool,
    ) -> Result<()> {
        let mut waiting: BTreeMap<usize, Done> = BTreeMap::new();
        let mut next = 0;
        let mut result = Ok(());
        while next < self.files.len() {
            match outcomes.recv_timeout(LOOK_EVERY) {
                Ok(done) => {
                    waiting.insert(done.number, done);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            while let Some(done) = waiting.remove(&next) {
                self.tell(&done);
                self.batch.push(done);
                next += 1;
                turnstile.advance();
            }
            if cancel.load(Ordering::Relaxed) {
                result = Err(Error::Interrupted);
                break;
            }
            if self.batch.len() >= BATCH || self.since.elapsed() >= COMMIT_EVERY {
                self.commit()?;
            }
        }
        self.commit()?;
        result
    }

    /// Tells of an outcome and counts it.
    fn tell(&mut self, done: &Done) {
        let file = &self.files[done.number];
        let (path, bytes) = (file.path.clone(), file.size);
        match &done.outcome {
            Ok(analysis) => {
                self.summary.added += 1;
                self.summary.added_duration.0 += analysis.duration.0;
                let (duration, warnings) = (analysis.duration, analysis.warnings.clone());
                (self.on)(BuildEvent::Added { path, bytes, duration, warnings });
            }
            Err(error) => {
                let reason = reason(error);
                self.summary.failed.push((path.clone(), reason.clone()));
                (self.on)(BuildEvent::Failed { path, bytes, reason });
            }
        }
    }

    fn commit(&mut self) -> Result<()> {
        self.since = Instant::now();
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        let (files, in_index) = (self.files, self.in_index);
        self.store.write(|transaction| {
            for Done { number, outcome } in &batch {
                let file = &files[*number];
                match outcome {
                    Ok(analysis) => {
                        transaction.add_track(&record(file, analysis), &analysis.fingerprint)?;
                    }
                    // What could not be read now may be read again: it is not noted as known to be bad, and
                    // what the index has of it stays.
                    Err(Error::Io { .. }) if in_index(file) => {}
                    Err(error @ Error::Io { .. }) => {
                        transaction.add_failure(&file.path, 0, 0, &reason(error))?
                    }
                    Err(error) => {
                        transaction.add_failure(&file.path, file.size, file.mtime_ns, &reason(error))?;
                    }
                }
            }
            Ok(())
        })
    }
}

fn record(file: &FoundFile, analysis: &Analysis) -> TrackRecord {
    TrackRecord {
        path: file.path.clone(),
        size: file.size,
        mtime_ns: file.mtime_ns,
        duration: analysis.duration,
        title: analysis.tags.title.clone(),
        artist: analysis.tags.artist.clone(),
        album: analysis.tags.album.clone(),
        ..TrackRecord::default()
    }
}

/// The reason without the path, which is told beside it.
fn reason(error: &Error) -> String {
    match error {
        Error::Io { source, .. } => source.to_string(),
        Error::Audio { reason, .. } => reason.to_string(),
        other => other.to_string(),
    }
}
