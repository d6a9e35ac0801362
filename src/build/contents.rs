//! The contents of one run: what the index knows of them, who analyses them, and what the analysis gave.
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    error::{AudioError, Error, Result},
    extract::track::Analysis,
    store::ContentHash,
};

/// What is known of a content that was new when the run began.
enum Content {
    /// Analysed; waits until its first file is written.
    Ready(Box<Result<Analysis>>),
    /// In the index, or in the batch that is being committed.
    Written,
    /// It gave no fingerprint.
    Bad(Arc<Error>),
    /// A file with it could not be read to the end.
    Unread(Arc<Error>),
}

/// What the writer learns about a content.
pub(super) enum Outcome {
    /// It is in the index, or in the batch that is being committed.
    Known,
    /// It is new. The first caller gets the analysis.
    New(Box<Analysis>),
    /// It gave no fingerprint.
    Bad(Arc<Error>),
    /// It could not be read to the end.
    Unread(Arc<Error>),
}

/// The contents of one run.
pub(super) struct Contents {
    /// The contents that the index knew at the start.
    known: HashSet<ContentHash>,
    claimed: Mutex<HashSet<ContentHash>>,
    found: Mutex<HashMap<ContentHash, Content>>,
    /// Signals that something was added to `found`.
    came: Condvar,
}

impl Contents {
    /// Starts a run on an index that knows the contents `known`.
    pub fn new(known: HashSet<ContentHash>) -> Self {
        Self { known, claimed: Mutex::default(), found: Mutex::default(), came: Condvar::new() }
    }

    /// Claims a content for analysis. Returns `None` if the index knows it or somebody else claimed it.
    pub fn claim(&self, hash: ContentHash, path: PathBuf) -> Option<Claim<'_>> {
        let mine = !self.known.contains(&hash) && lock(&self.claimed).insert(hash);
        mine.then(|| Claim { contents: self, hash, path, put: false })
    }

    /// What became of a content. Waits up to `timeout` for the analysis of another file with this content.
    pub fn outcome(&self, hash: &ContentHash, timeout: Duration) -> Option<Outcome> {
        if self.known.contains(hash) {
            return Some(Outcome::Known);
        }
        let mut found = lock(&self.found);
        if !found.contains_key(hash) {
            found = self.came.wait_timeout(found, timeout).unwrap_or_else(PoisonError::into_inner).0;
        }
        let content = found.get_mut(hash)?;
        Some(match content {
            Content::Written => Outcome::Known,
            Content::Bad(error) => Outcome::Bad(Arc::clone(error)),
            Content::Unread(error) => Outcome::Unread(Arc::clone(error)),
            Content::Ready(analysis) => match std::mem::replace(&mut **analysis, Err(Error::Interrupted)) {
                Ok(analysis) => {
                    *content = Content::Written;
                    Outcome::New(Box::new(analysis))
                }
                Err(error @ Error::Io { .. }) => {
                    let error = Arc::new(error);
                    *content = Content::Unread(Arc::clone(&error));
                    Outcome::Unread(error)
                }
                Err(error) => {
                    let error = Arc::new(error);
                    *content = Content::Bad(Arc::clone(&error));
                    Outcome::Bad(error)
                }
            },
        })
    }
}

/// The duty to publish the analysis of a content, because others may wait for it.
pub(super) struct Claim<'a> {
    contents: &'a Contents,
    hash: ContentHash,
    path: PathBuf,
    put: bool,
}

impl Claim<'_> {
    /// Publishes the analysis.
    pub fn put(mut self, analysis: Result<Analysis>) {
        self.publish(analysis);
    }

    fn publish(&mut self, analysis: Result<Analysis>) {
        self.put = true;
        lock(&self.contents.found).insert(self.hash, Content::Ready(Box::new(analysis)));
        self.contents.came.notify_all();
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.put {
            // The analysis panicked.
            let reason = AudioError::DecoderPanic("a fault in the analysis".into());
            let path = std::mem::take(&mut self.path);
            self.publish(Err(Error::Audio { path, reason }));
        }
    }
}

/// Each lock is held for a moment, and nothing panics meanwhile.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ContentHash = ContentHash([1; 32]);
    const B: ContentHash = ContentHash([2; 32]);

    #[test]
    fn a_content_is_analysed_once_and_its_first_file_gets_the_analysis() {
        let contents = Contents::new(HashSet::from([B]));
        assert!(contents.claim(B, "/b".into()).is_none(), "the index knows it");
        let claim = contents.claim(A, "/a".into()).unwrap();
        assert!(contents.claim(A, "/copy".into()).is_none(), "somebody is at it");
        let now = Duration::ZERO;
        assert!(contents.outcome(&A, now).is_none());
        assert!(matches!(contents.outcome(&B, now), Some(Outcome::Known)));
        let reason = AudioError::NoFingerprint;
        claim.put(Err(Error::Audio { path: "/a".into(), reason }));
        for _ in 0..2 {
            assert!(matches!(contents.outcome(&A, now), Some(Outcome::Bad(_))));
        }
    }

    #[test]
    fn who_asks_waits_for_what_is_not_there_and_for_nothing_else() {
        const LONG: Duration = Duration::from_secs(3600);
        let contents = Contents::new(HashSet::new());
        let claim = contents.claim(A, "/a".into()).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| contents.outcome(&A, LONG));
            claim.put(Err(Error::Interrupted));
            assert!(waits.join().unwrap().is_some());
        });
        assert!(contents.outcome(&A, LONG).is_some(), "it is there");
    }

    #[test]
    fn an_analysis_that_panics_leaves_nobody_waiting() {
        let contents = Contents::new(HashSet::new());
        drop(contents.claim(A, "/a".into()));
        let Some(Outcome::Bad(error)) = contents.outcome(&A, Duration::ZERO) else { panic!("not told") };
        assert!(error.to_string().starts_with("/a: "));
    }
}
