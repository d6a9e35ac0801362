//! Files are hashed and analysed in parallel, and committed in order by one writer.
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::{
    analyse::Analysis,
    build::{BuildEvent, BuildSummary, reason},
    content,
    find::{self, FoundFile},
    upkeep::is_gone,
};
use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    decode::{Decoder, Tags},
    failpoint,
    store::{Batch, ContentHash, Put, Recognised, Store, TrackRecord},
    units::SampleRate,
};

/// Files that may be analysed ahead of the one that is to be written next. Bounds what waits in memory.
const AHEAD: usize = 64;

/// A transaction holds at most so many files…
const BATCH: usize = 32;

/// … and is committed after so long at the latest, so that little is lost when the process dies.
const COMMIT_EVERY: Duration = Duration::from_secs(2);

/// How often the writer looks whether it shall stop, and so do those who wait for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Turns a file into its fingerprint.
pub(super) type Analyse<'a> = &'a (dyn Fn(&FoundFile, &CancelToken) -> Result<Analysis> + Sync);

/// A file that is to be looked into.
pub(super) struct Job {
    pub file: FoundFile,
    /// Whether the index has a track of it, which stays where the file cannot be read.
    pub in_index: bool,
    /// Whether it is as it was, and only its hash and tags are to be found out.
    pub only_complete: bool,
}

/// What came of a file.
enum Outcome {
    /// It could not be read.
    Unread(Error),
    /// Its content; and the analysis, unless the content is known or another file's analysis stands for it.
    Content(ContentHash, Option<Box<Result<Analysis>>>),
    /// What was missing.
    Completed(ContentHash, Box<Tags>, Option<(SampleRate, u16)>),
}

struct Done {
    number: usize,
    outcome: Outcome,
}

/// What is known in this run of a content that the index did not know.
enum Content {
    /// Waits for the first of its files to be written.
    Ready(Box<Result<Analysis>>),
    /// Stands, or will with this batch, in the index.
    Written,
    /// Gave no fingerprint.
    Bad(String),
    /// Could not be read to its end.
    Unread(String),
}

/// A change that is to be committed.
enum Change {
    Known(ContentHash),
    New(ContentHash, Box<Analysis>),
    Bad(String),
    Unread(String),
    Completed(ContentHash, Box<Tags>, Option<(SampleRate, u16)>),
}

/// Lets workers run ahead of the writer by a bounded number of files.
struct Turnstile {
    written: Mutex<usize>,
    moved: Condvar,
}

impl Turnstile {
    /// Waits until `number` is near enough to what is written. False where `stop` was set meanwhile.
    fn enter(&self, number: usize, stop: &CancelToken) -> bool {
        let mut written = self.written.lock().expect("no holder of this lock panics");
        while number >= *written + AHEAD && !stop.is_cancelled() {
            let waited = self.moved.wait_timeout(written, LOOK_EVERY);
            written = waited.expect("no holder of this lock panics").0;
        }
        !stop.is_cancelled()
    }

    fn advance(&self) {
        *self.written.lock().expect("no holder of this lock panics") += 1;
        self.moved.notify_all();
    }
}

/// Ends the work of all threads when dropped, also where the writer panics.
struct Ending<'a> {
    stop: &'a CancelToken,
    turnstile: &'a Turnstile,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.stop.cancel();
        self.turnstile.moved.notify_all();
    }
}

/// Looks into `jobs` and writes what comes of them, in their order.
pub(super) fn run(
    store: &mut Store,
    jobs: &[Job],
    threads: Option<usize>,
    analyse: Analyse<'_>,
    cancel: &CancelToken,
    summary: &mut BuildSummary,
    on: &mut dyn FnMut(BuildEvent),
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let threads = threads.unwrap_or_else(rayon::current_num_threads).clamp(1, jobs.len());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("analyse-{n}"))
        .build()
        .map_err(|e| Error::Io { path: PathBuf::from("threads"), source: std::io::Error::other(e) })?;
    let mut known = HashSet::new();
    store.hashes(|hash| {
        known.insert(hash);
        Ok(())
    })?;
    let claimed = Mutex::new(HashSet::new());
    let next = AtomicUsize::new(0);
    // Set once nothing more is to be written: by `cancel`, or because the index cannot be written. Whoever is in the
    // middle of a file of hours then drops it.
    let stop = CancelToken::new();
    let turnstile = Turnstile { written: Mutex::new(0), moved: Condvar::new() };
    let (sender, receiver) = mpsc::sync_channel::<Done>(threads);
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, stop, turnstile, known, claimed) = (&next, &stop, &turnstile, &known, &claimed);
            scope.spawn(move |_| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { break };
                    if !turnstile.enter(number, stop) {
                        break;
                    }
                    let mine = |hash: &ContentHash| {
                        let mut claimed = claimed.lock().expect("no holder of this lock panics");
                        !known.contains(hash) && claimed.insert(*hash)
                    };
                    let outcome = look(job, analyse, &mine, stop);
                    failpoint::reach("analysed");
                    if sender.send(Done { number, outcome }).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let _ending = Ending { stop: &stop, turnstile: &turnstile };
        let mut writer = Writer {
            store,
            jobs,
            analyse,
            cancel,
            summary,
            on,
            known: &known,
            contents: HashMap::new(),
            batch: Vec::new(),
            since: Instant::now(),
        };
        writer.run(receiver, &turnstile)
    })
}

/// What comes of one file. It is analysed only where `mine` says that nobody else does it and that it is not known.
fn look(job: &Job, analyse: Analyse<'_>, mine: &dyn Fn(&ContentHash) -> bool, stop: &CancelToken) -> Outcome {
    let hash = match content::hash(&job.file.path, stop) {
        Ok(hash) => hash,
        Err(error) => return Outcome::Unread(error),
    };
    if job.only_complete {
        let first_block = Decoder::open(&job.file.path).and_then(|mut decoder| {
            decoder.next_block(&mut Vec::new())?;
            Ok(decoder)
        });
        // Else it was written to since it was found: the fingerprint that is there is not of what was hashed.
        if is_as_found(&job.file) {
            return match first_block {
                Ok(decoder) => Outcome::Completed(hash, Box::new(decoder.tags().clone()), decoder.spec()),
                Err(error) => Outcome::Unread(error),
            };
        }
    }
    Outcome::Content(hash, mine(&hash).then(|| Box::new(analyse(&job.file, stop))))
}

/// Whether a file still has the size and the date that it was found with.
fn is_as_found(file: &FoundFile) -> bool {
    std::fs::metadata(&file.path).is_ok_and(|now| find::describe(file.path.clone(), &now) == *file)
}

/// Takes outcomes in any order and writes them in the order of the files.
struct Writer<'a> {
    store: &'a mut Store,
    jobs: &'a [Job],
    analyse: Analyse<'a>,
    cancel: &'a CancelToken,
    summary: &'a mut BuildSummary,
    on: &'a mut dyn FnMut(BuildEvent),
    /// What the index knew in the beginning.
    known: &'a HashSet<ContentHash>,
    contents: HashMap<ContentHash, Content>,
    batch: Vec<(usize, Change)>,
    since: Instant,
}

impl Writer<'_> {
    fn run(&mut self, outcomes: mpsc::Receiver<Done>, turnstile: &Turnstile) -> Result<()> {
        let mut waiting: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut next = 0;
        let mut result = Ok(());
        while next < self.jobs.len() {
            match outcomes.recv_timeout(LOOK_EVERY) {
                Ok(Done { number, outcome: Outcome::Content(hash, analysis) }) => {
                    if let Some(analysis) = analysis {
                        self.contents.insert(hash, Content::Ready(analysis));
                    }
                    waiting.insert(number, Outcome::Content(hash, None));
                }
                Ok(Done { number, outcome }) => {
                    waiting.insert(number, outcome);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            while let Some(outcome) = waiting.remove(&next) {
                match self.change(outcome) {
                    Ok(change) => {
                        self.tell(next, &change);
                        self.batch.push((next, change));
                    }
                    // Another file has the same content and is being analysed for both.
                    Err(outcome) => {
                        waiting.insert(next, outcome);
                        break;
                    }
                }
                next += 1;
                turnstile.advance();
            }
            if self.cancel.is_cancelled() {
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

    /// What is to be written of an outcome, or the outcome where that cannot be told yet.
    fn change(&mut self, outcome: Outcome) -> Result<Change, Outcome> {
        let hash = match outcome {
            Outcome::Unread(error) => return Ok(Change::Unread(reason(&error))),
            Outcome::Completed(hash, tags, spec) => {
                return Ok(Change::Completed(hash, tags, spec));
            }
            Outcome::Content(hash, _) => hash,
        };
        if self.known.contains(&hash) {
            return Ok(Change::Known(hash));
        }
        let Some(content) = self.contents.get_mut(&hash) else { return Err(Outcome::Content(hash, None)) };
        Ok(match content {
            Content::Written => Change::Known(hash),
            Content::Bad(reason) => Change::Bad(reason.clone()),
            Content::Unread(reason) => Change::Unread(reason.clone()),
            Content::Ready(analysis) => match std::mem::replace(&mut **analysis, Err(Error::Interrupted)) {
                Ok(analysis) => {
                    *content = Content::Written;
                    Change::New(hash, Box::new(analysis))
                }
                Err(error @ Error::Io { .. }) => {
                    let why = reason(&error);
                    *content = Content::Unread(why.clone());
                    Change::Unread(why)
                }
                Err(error) => {
                    let why = reason(&error);
                    *content = Content::Bad(why.clone());
                    Change::Bad(why)
                }
            },
        })
    }

    /// Tells of a file and counts it; what the index makes of a known one is counted when it is written.
    fn tell(&mut self, number: usize, change: &Change) {
        let file = &self.jobs[number].file;
        let (path, bytes) = (file.path.clone(), file.size);
        match change {
            Change::New(_, analysis) => {
                self.summary.added += 1;
                self.summary.added_duration.0 += analysis.duration.0;
                let (duration, warnings) = (analysis.duration, analysis.warnings.clone());
                (self.on)(BuildEvent::Added { path, bytes, duration, warnings });
            }
            Change::Bad(reason) | Change::Unread(reason) => {
                self.summary.failed.push((path.clone(), reason.clone()));
                (self.on)(BuildEvent::Failed { path, bytes, reason: reason.clone() });
            }
            Change::Completed(..) => {
                self.summary.unchanged += 1;
                (self.on)(BuildEvent::Recognised { path, bytes });
            }
            Change::Known(_) => (self.on)(BuildEvent::Recognised { path, bytes }),
        }
    }

    fn commit(&mut self) -> Result<()> {
        self.since = Instant::now();
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            rest = self.commit_some(rest)?;
        }
        Ok(())
    }

    /// Writes changes in their order as far as what they need is known; gives the others.
    fn commit_some<'b>(&mut self, batch: &'b [(usize, Change)]) -> Result<&'b [(usize, Change)]> {
        let jobs = self.jobs;
        let mut gone = Vec::new();
        for (number, change) in batch {
            if let Change::Known(hash) = change {
                gone.extend(gone_files(self.store, hash, &jobs[*number].file.path)?);
            }
        }
        let written = self.store.write(|transaction| {
            for path in &gone {
                transaction.set_missing(path, true)?;
            }
            let mut written = Vec::with_capacity(batch.len());
            for (number, change) in batch {
                match write(transaction, &jobs[*number], change)? {
                    Some(done) => {
                        failpoint::reach("batch");
                        written.push(done);
                    }
                    None => break,
                }
            }
            Ok(written)
        })?;
        let done = written.len();
        for ((number, _), written) in batch.iter().zip(written) {
            match written {
                Written::Recognised(how) => self.recognised(*number, how),
                Written::Described => self.summary.retagged += 1,
                Written::Added => {}
            }
        }
        match &batch[done..] {
            [(number, Change::Known(hash)), rest @ ..] => self.again(*number, *hash).map(|()| rest),
            rest => Ok(rest),
        }
    }

    fn recognised(&mut self, number: usize, how: Recognised) {
        let path = self.jobs[number].file.path.clone();
        match how {
            Recognised::Same(_) => self.summary.unchanged += 1,
            Recognised::Copy(_) => self.summary.copies += 1,
            Recognised::Moved(_, from) => {
                self.summary.moved += 1;
                (self.on)(BuildEvent::Moved { from, to: path });
            }
        }
    }

    /// A content that the index knew when the run began, and no longer does: another process has removed it, or an earlier
    /// file of it has other tags now.
    fn again(&mut self, number: usize, hash: ContentHash) -> Result<()> {
        let job = &self.jobs[number];
        let change = match (self.analyse)(&job.file, self.cancel) {
            Ok(analysis) => Change::New(hash, Box::new(analysis)),
            Err(error @ (Error::Interrupted | Error::Index { .. })) => return Err(error),
            Err(error @ Error::Io { .. }) => Change::Unread(reason(&error)),
            Err(error) => Change::Bad(reason(&error)),
        };
        self.tell(number, &change);
        self.store.write(|transaction| write(transaction, job, &change)).map(|_| ())
    }
}

/// The files of the track with this content that are not there any more, though nobody has looked for them: they may lie
/// beyond the folders of this run.
pub(super) fn gone_files(store: &Store, hash: &ContentHash, except: &Path) -> Result<Vec<PathBuf>> {
    let Some(id) = store.track_with(hash)? else { return Ok(Vec::new()) };
    let others = store.files(id)?.into_iter().filter(|file| !file.missing && file.path != except);
    Ok(others.map(|file| file.path).filter(|path| is_gone(path)).collect())
}

/// What became of a change.
enum Written {
    Recognised(Recognised),
    /// The track stays, with other tags.
    Described,
    Added,
}

/// Writes one change; none where it relies on a content that is no longer known.
fn write(batch: &Batch<'_>, job: &Job, change: &Change) -> Result<Option<Written>> {
    let before = batch.store().track_at(&job.file.path)?;
    let written = put(batch, job, change)?;
    if let Some(before) = before
        && batch.store().files(before)?.is_empty()
    {
        batch.note_orphans()?;
    }
    Ok(written)
}

fn put(batch: &Batch<'_>, job: &Job, change: &Change) -> Result<Option<Written>> {
    let file = &job.file;
    let recognise = |hash| batch.recognise(&file.path, file.size, file.mtime_ns, hash);
    match change {
        Change::Known(hash) => return Ok(recognise(hash)?.map(Written::Recognised)),
        Change::New(hash, analysis) => {
            // Another process may have been faster.
            if recognise(hash)?.is_none() {
                let put = batch.put_track(&record(file, *hash, analysis), &analysis.fingerprint)?;
                if let Put::Described(_) = put {
                    return Ok(Some(Written::Described));
                }
            }
        }
        // What could not be read now may be read again: it is not noted as known to be bad, and what the index has of
        // it stays.
        Change::Unread(_) if job.in_index => {}
        Change::Unread(reason) => batch.put_failure(&file.path, 0, 0, reason)?,
        Change::Bad(reason) => batch.put_failure(&file.path, file.size, file.mtime_ns, reason)?,
        Change::Completed(hash, tags, spec) => {
            let tags = Tags::clone(tags);
            batch.complete(&TrackRecord { tags, ..described(file, *hash, *spec) })?;
        }
    }
    Ok(Some(Written::Added))
}

/// What the index shall hold of a file that was analysed.
pub(super) fn record(file: &FoundFile, hash: ContentHash, analysis: &Analysis) -> TrackRecord {
    TrackRecord {
        duration: analysis.duration,
        tags: analysis.tags.clone(),
        ..described(file, hash, analysis.spec)
    }
}

fn described(file: &FoundFile, hash: ContentHash, spec: Option<(SampleRate, u16)>) -> TrackRecord {
    TrackRecord {
        path: file.path.clone(),
        size: file.size,
        mtime_ns: file.mtime_ns,
        hash: Some(hash),
        sample_rate: spec.map(|(rate, _)| rate),
        channels: spec.map(|(_, channels)| channels),
        ..TrackRecord::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::build, *};

    #[test]
    fn a_file_that_is_written_to_meanwhile_is_analysed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, b"text").unwrap();
        let now = find::describe(path.clone(), &std::fs::metadata(&path).unwrap());
        let look_at = |file: FoundFile| {
            let analyse = |_: &FoundFile, _: &CancelToken| Err(Error::Interrupted);
            let job = Job { file, in_index: true, only_complete: true };
            look(&job, &analyse, &|_| true, &CancelToken::new())
        };
        // It is no audio, but it is what was hashed.
        assert!(matches!(look_at(now.clone()), Outcome::Unread(_)));
        let older = FoundFile { mtime_ns: now.mtime_ns - 1, ..now.clone() };
        let shorter = FoundFile { size: 3, ..now };
        for before in [older, shorter] {
            assert!(matches!(look_at(before), Outcome::Content(_, Some(_))));
        }
    }

    #[test]
    fn a_new_file_that_grows_while_it_is_analysed_is_right_after_the_next_update() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        let whole = std::fs::read(song).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let options = build::BuildOptions::default();
        let params = *store.params();
        let analyse = |file: &FoundFile, stop: &CancelToken| {
            // Its second half comes after its hash.
            std::fs::write(&file.path, &whole).unwrap();
            super::super::analyse::track(&mut Decoder::open(&file.path)?, &params, stop)
        };
        let go_on = CancelToken::new();
        let roots = [folder.path().to_owned()];
        let built = build::build_with(&analyse, &mut store, &roots, &options, &go_on, |_| {}).unwrap();
        assert_eq!(built.added, 1);
        let updated = build::update_with(&analyse, &mut store, &options, &go_on, |_| {}).unwrap();
        assert_eq!((updated.added, updated.retagged), (1, 1), "the sound was that of the whole file already");
        let hash = content::hash(&path, &go_on).unwrap();
        assert!(store.track_with(&hash).unwrap().is_some());
        let again = build::update_with(&analyse, &mut store, &options, &go_on, |_| {}).unwrap();
        // Written anew by no one but the analysis, which is not asked again.
        assert_eq!((again.unchanged, again.added), (1, 0));
        store.verify(&CancelToken::new()).unwrap();
    }
}
