//! Takes the outcomes of the files in order and commits them.
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    contents::{self, Contents},
    events::{BuildEvent, BuildSummary, FailedFile},
    job::{Analyse, Job, Outcome},
    options::BuildOptions,
    record::{described, gone_files, record},
    refuser,
};
use crate::{
    error::{Error, Result},
    extract::track::Analysis,
    failpoint,
    ordered::{Sink, TICK},
    store::{Batch, ContentHash, Put, Recognised, Store, TrackRecord},
    tags::Tags,
    units::SampleRate,
};

/// The most files in a transaction.
const BATCH: usize = 32;

/// The longest time between commits, so that little is lost if the process dies.
const COMMIT_EVERY: Duration = Duration::from_secs(2);

/// A change to commit.
enum Change {
    Known(ContentHash),
    New(ContentHash, Box<Analysis>),
    Bad(Arc<Error>),
    Unread(Arc<Error>),
    Completed(ContentHash, Box<Tags>, Option<(SampleRate, u16)>),
}

/// Commits the outcomes of the files in order.
pub(super) struct Writer<'a, 'o> {
    store: &'a mut Store,
    jobs: &'a [Job],
    analyse: Analyse<'a>,
    contents: &'a Contents,
    options: &'a mut BuildOptions<'o>,
    summary: &'a mut BuildSummary,
    batch: Vec<(usize, Change)>,
    since: Instant,
    /// What refuses files in this run.
    refuser: String,
}

impl Sink<Outcome> for Writer<'_, '_> {
    fn take(&mut self, number: usize, outcome: Outcome) -> Result<()> {
        let change = self.change(outcome)?;
        self.tell(number, &change);
        self.batch.push((number, change));
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        if self.options.cancel.is_cancelled() {
            self.commit()?;
            return Err(Error::Interrupted);
        }
        if self.batch.len() >= BATCH || self.since.elapsed() >= COMMIT_EVERY {
            self.commit()?;
        }
        Ok(())
    }
}

impl<'a, 'o> Writer<'a, 'o> {
    pub fn new(
        store: &'a mut Store,
        jobs: &'a [Job],
        analyse: Analyse<'a>,
        contents: &'a Contents,
        options: &'a mut BuildOptions<'o>,
        summary: &'a mut BuildSummary,
    ) -> Self {
        let (batch, since) = (Vec::new(), Instant::now());
        let refuser = refuser::name(&options.ffmpeg);
        Self { store, jobs, analyse, contents, options, summary, batch, since, refuser }
    }

    /// Turns an outcome into a change. Waits if another file with the same content is still being analysed.
    fn change(&mut self, outcome: Outcome) -> Result<Change> {
        let hash = match outcome {
            Outcome::Unread(error) => return Ok(Change::Unread(error)),
            Outcome::Completed(hash, tags, spec) => return Ok(Change::Completed(hash, tags, spec)),
            Outcome::Content(hash) => hash,
        };
        loop {
            match self.contents.outcome(&hash, TICK) {
                Some(contents::Outcome::Known) => return Ok(Change::Known(hash)),
                Some(contents::Outcome::New(analysis)) => return Ok(Change::New(hash, analysis)),
                Some(contents::Outcome::Bad(error)) => return Ok(Change::Bad(error)),
                Some(contents::Outcome::Unread(error)) => return Ok(Change::Unread(error)),
                None => self.tick()?,
            }
        }
    }

    /// Reports the outcome of a file and counts it. Known files are counted when they are written.
    fn tell(&mut self, number: usize, change: &Change) {
        let file = &self.jobs[number].file;
        let (path, bytes) = (file.path.clone(), file.size);
        match change {
            Change::New(_, analysis) => {
                self.summary.added += 1;
                self.summary.added_duration.0 += analysis.duration.0;
                let (duration, warnings) = (analysis.duration, analysis.warnings.clone());
                self.options.on_event.call(BuildEvent::Added { path, bytes, duration, warnings });
            }
            Change::Bad(error) | Change::Unread(error) => {
                self.summary.failed.push(FailedFile { path: path.clone(), error: Arc::clone(error) });
                self.options.on_event.call(BuildEvent::Failed { path, bytes, error: Arc::clone(error) });
            }
            Change::Completed(..) => {
                self.summary.unchanged += 1;
                self.options.on_event.call(BuildEvent::Recognised { path, bytes });
            }
            Change::Known(_) => self.options.on_event.call(BuildEvent::Recognised { path, bytes }),
        }
    }

    /// Writes the pending changes.
    pub fn commit(&mut self) -> Result<()> {
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

    /// Writes changes in order until one needs a content that is no longer known. Returns the changes not
    /// written.
    fn commit_some<'b>(&mut self, batch: &'b [(usize, Change)]) -> Result<&'b [(usize, Change)]> {
        let (jobs, refuser) = (self.jobs, &self.refuser);
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
                match write(transaction, &jobs[*number], change, refuser)? {
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
                self.options.on_event.call(BuildEvent::Moved { from, to: path });
            }
        }
    }

    /// Analyses a file whose content the index knew when the run began and no longer knows. Another process
    /// removed it, or an earlier file with this content has other tags now.
    fn again(&mut self, number: usize, hash: ContentHash) -> Result<()> {
        let job = &self.jobs[number];
        let change = match (self.analyse)(&job.file, &self.options.cancel) {
            Ok(analysis) => Change::New(hash, Box::new(analysis)),
            Err(error @ (Error::Interrupted | Error::Index { .. })) => return Err(error),
            Err(error @ Error::Io { .. }) => Change::Unread(Arc::new(error)),
            Err(error) => Change::Bad(Arc::new(error)),
        };
        self.tell(number, &change);
        let refuser = &self.refuser;
        self.store.write(|transaction| write(transaction, job, &change, refuser)).map(|_| ())
    }
}

/// What became of a change.
enum Written {
    Recognised(Recognised),
    /// The track stays and has new tags.
    Described,
    Added,
}

/// Writes one change. Returns `None` if it relies on a content that is no longer known.
fn write(batch: &Batch<'_>, job: &Job, change: &Change, refuser: &str) -> Result<Option<Written>> {
    let before = batch.store().track_at(&job.file.path)?;
    let written = put(batch, job, change, refuser)?;
    if let Some(before) = before
        && batch.store().files(before)?.is_empty()
    {
        batch.note_orphans()?;
    }
    Ok(written)
}

fn put(batch: &Batch<'_>, job: &Job, change: &Change, refuser: &str) -> Result<Option<Written>> {
    let file = &job.file;
    let recognise = |hash| batch.recognise(&file.path, file.size, file.mtime_ns, hash);
    match change {
        Change::Known(hash) => return Ok(recognise(hash)?.map(Written::Recognised)),
        Change::New(hash, analysis) => {
            // Another process may have added it first.
            if recognise(hash)?.is_none() {
                let put = batch.put_track(&record(file, *hash, analysis), &analysis.fingerprint)?;
                if let Put::Described(_) = put {
                    return Ok(Some(Written::Described));
                }
            }
        }
        // A file that could not be read now may be readable later. So it is not noted as bad, and its track
        // stays.
        Change::Unread(_) if job.in_index => {}
        Change::Unread(error) => batch.put_failure(&file.path, 0, 0, &error.reason(), Some(refuser))?,
        Change::Bad(error) => {
            batch.put_failure(&file.path, file.size, file.mtime_ns, &error.reason(), Some(refuser))?;
        }
        Change::Completed(hash, tags, spec) => {
            let tags = Tags::clone(tags);
            batch.complete(&TrackRecord { tags, ..described(file, *hash, *spec) })?;
        }
    }
    Ok(Some(Written::Added))
}
