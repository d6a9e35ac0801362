//! A file that is to be looked into, and what comes of it.
use std::sync::Arc;

use super::contents::Contents;
use crate::{
    cancel::CancelToken,
    decode::Decoder,
    error::{Error, Result},
    extract::track::Analysis,
    scan::{
        content_hash,
        files::{self, FoundFile},
    },
    store::ContentHash,
    tags::Tags,
    units::SampleRate,
};

/// Turns a file into its fingerprint.
pub(crate) type Analyse<'a> = &'a (dyn Fn(&FoundFile, &CancelToken) -> Result<Analysis> + Sync);

/// A file that is to be looked into.
pub(crate) struct Job {
    pub file: FoundFile,
    /// Whether the index has a track of it, which stays where the file cannot be read.
    pub in_index: bool,
    /// Whether it is as it was, and only its hash and tags are to be found out.
    pub only_complete: bool,
}

impl Job {
    /// A file that must be read.
    pub fn new(file: FoundFile, in_index: bool) -> Self {
        Self { file, in_index, only_complete: false }
    }
}

/// What came of a file.
pub(super) enum Outcome {
    /// It could not be read.
    Unread(Arc<Error>),
    /// Its content; what that gave stands in [`Contents`].
    Content(ContentHash),
    /// What was missing.
    Completed(ContentHash, Box<Tags>, Option<(SampleRate, u16)>),
}

impl Job {
    /// Reads the file. It is analysed only where the index does not know its content and nobody else is at it.
    pub(super) fn look(&self, analyse: Analyse<'_>, contents: &Contents, stop: &CancelToken) -> Outcome {
        let unread = |error| Outcome::Unread(Arc::new(error));
        let hash = match content_hash::hash(&self.file.path, stop) {
            Ok(hash) => hash,
            Err(error) => return unread(error),
        };
        if self.only_complete {
            let first_block = Decoder::open(&self.file.path).and_then(|mut decoder| {
                decoder.next_block(&mut Vec::new())?;
                Ok(decoder)
            });
            // Else it was written to since it was found: the fingerprint that is there is not of what was hashed.
            if self.is_as_found() {
                return match first_block {
                    Ok(decoder) => Outcome::Completed(hash, Box::new(decoder.tags().clone()), decoder.spec()),
                    Err(error) => unread(error),
                };
            }
        }
        if let Some(claim) = contents.claim(hash, self.file.path.clone()) {
            claim.put(analyse(&self.file, stop));
        }
        Outcome::Content(hash)
    }

    /// Whether the file still has the size and the date that it was found with.
    fn is_as_found(&self) -> bool {
        let path = &self.file.path;
        std::fs::metadata(path).is_ok_and(|now| files::describe(path.clone(), &now) == self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, time::Duration};

    use super::*;

    #[test]
    fn a_file_that_is_written_to_meanwhile_is_analysed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, b"text").unwrap();
        let now = files::describe(path.clone(), &std::fs::metadata(&path).unwrap());
        let look_at = |file: FoundFile, contents: &Contents| {
            let analyse = |_: &FoundFile, _: &CancelToken| Err(Error::Interrupted);
            let job = Job { file, in_index: true, only_complete: true };
            job.look(&analyse, contents, &CancelToken::new())
        };
        // It is no audio, but it is what was hashed.
        let contents = Contents::new(HashSet::new());
        assert!(matches!(look_at(now.clone(), &contents), Outcome::Unread(_)));
        let older = FoundFile { mtime_ns: now.mtime_ns - 1, ..now.clone() };
        let shorter = FoundFile { size: 3, ..now };
        for before in [older, shorter] {
            let contents = Contents::new(HashSet::new());
            let Outcome::Content(hash) = look_at(before, &contents) else { panic!("not analysed") };
            assert!(contents.outcome(&hash, Duration::ZERO).is_some());
        }
    }
}
