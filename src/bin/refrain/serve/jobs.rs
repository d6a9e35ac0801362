//! Builds as jobs: one runs at a time, and the last ones are remembered.
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use axum::http::StatusCode;
use refrain::{BuildEvent, BuildOptions, BuildSummary, CancelToken, Error, Ffmpeg, Index};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::failure::Failure;

/// How many builds are remembered.
const REMEMBERED: usize = 20;

/// How many files that could not be used a build names.
const NAMED: usize = 100;

/// What a build does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It looks for files.
    Scanning,
    /// It reads files.
    Reading,
    /// It brings the neighbour index up to date.
    Neighbours,
    /// It has ended.
    Done,
    /// It was cancelled. What it had added stays.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl Stage {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// A build, and how far it has got.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BuildDocument {
    /// Its number.
    id: u32,
    /// What it does.
    pub state: Stage,
    /// Files that were found.
    found: u64,
    /// Files to read.
    files: u64,
    /// Files that were read.
    files_done: u64,
    /// Bytes to read.
    bytes: u64,
    /// Bytes that were read.
    bytes_done: u64,
    /// Files that were added.
    added: u64,
    /// Files that moved.
    moved: u64,
    /// Files that are missing.
    missing: u64,
    /// Files that have not changed; known at the end.
    unchanged: Option<u64>,
    /// How many files could not be used.
    errors: u64,
    /// The first of them.
    failed: Vec<FailedDocument>,
    /// Why the build could not go on.
    pub error: Option<String>,
}

/// A file that could not be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FailedDocument {
    /// The file.
    path: String,
    /// Why.
    reason: String,
}

/// One build.
pub struct Build {
    pub id: u32,
    pub cancel: CancelToken,
    pub progress: watch::Sender<BuildDocument>,
}

/// All builds, the latest last.
#[derive(Default)]
pub struct Builds {
    all: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    last: u32,
    /// The server ends: no build begins any more.
    closed: bool,
    builds: VecDeque<Arc<Build>>,
}

impl Builds {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The build with this number.
    pub fn get(&self, id: u32) -> Result<Arc<Build>, Failure> {
        let kept = self.kept();
        let found = kept.builds.iter().find(|build| build.id == id).cloned();
        found.ok_or_else(|| Failure::not_found(format!("there is no build {id}")))
    }

    /// Adds a build, unless one is running or the server ends.
    pub fn add(&self) -> Result<Arc<Build>, Failure> {
        let mut kept = self.kept();
        if kept.closed {
            return Err(Failure::ending());
        }
        if let Some(running) = kept.builds.iter().find(|build| !build.progress.borrow().state.is_over()) {
            let text = format!("build {} is running; wait for its end, or cancel it", running.id);
            return Err(Failure::new(StatusCode::CONFLICT, text));
        }
        kept.last += 1;
        let build = Arc::new(Build::new(kept.last));
        kept.builds.push_back(Arc::clone(&build));
        if kept.builds.len() > REMEMBERED {
            kept.builds.pop_front();
        }
        Ok(build)
    }

    /// How far all builds have got, the latest last.
    pub fn documents(&self) -> Vec<BuildDocument> {
        self.kept().builds.iter().map(|build| build.document()).collect()
    }

    /// Forgets a build.
    pub fn forget(&self, id: u32) {
        self.kept().builds.retain(|kept| kept.id != id);
    }

    /// Cancels what is running, and waits until it has ended. No build begins after this.
    pub async fn end(&self) {
        let all: Vec<_> = {
            let mut kept = self.kept();
            kept.closed = true;
            kept.builds.iter().cloned().collect()
        };
        for build in all {
            build.cancel.cancel();
            let mut progress = build.progress.subscribe();
            let _ = progress.wait_for(|at| at.state.is_over()).await;
        }
    }
}

impl Build {
    fn new(id: u32) -> Self {
        let progress = BuildDocument {
            id,
            state: Stage::Scanning,
            found: 0,
            files: 0,
            files_done: 0,
            bytes: 0,
            bytes_done: 0,
            added: 0,
            moved: 0,
            missing: 0,
            unchanged: None,
            errors: 0,
            failed: Vec::new(),
            error: None,
        };
        Self { id, cancel: CancelToken::new(), progress: watch::Sender::new(progress) }
    }

    pub fn document(&self) -> BuildDocument {
        self.progress.borrow().clone()
    }

    /// Builds, to the end.
    pub fn run(&self, index: &Index, ffmpeg: &Ffmpeg, paths: &[PathBuf]) {
        let threads = thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let options = BuildOptions::default()
            .threads(threads)
            .ffmpeg(ffmpeg)
            .cancel(&self.cancel)
            .on_event(|event| self.progress.send_modify(|at| at.on(&event)));
        let done = build(index, paths, options);
        self.progress.send_modify(|at| at.end(done));
    }
}

fn build(index: &Index, paths: &[PathBuf], options: BuildOptions<'_>) -> refrain::Result<BuildSummary> {
    if paths.is_empty() { index.update_with(options) } else { index.build_with(paths, options) }
}

impl BuildDocument {
    fn on(&mut self, event: &BuildEvent) {
        match event {
            BuildEvent::Found { files, new, new_bytes, .. } => {
                self.state = Stage::Reading;
                (self.found, self.files, self.bytes) = (*files as u64, *new as u64, *new_bytes);
            }
            BuildEvent::Added { bytes, .. } => {
                self.added += 1;
                self.file(*bytes);
            }
            BuildEvent::Recognised { bytes, .. } => self.file(*bytes),
            BuildEvent::Failed { path, bytes, error, .. } => {
                self.fail(path, error);
                self.file(*bytes);
            }
            BuildEvent::Moved { .. } => self.moved += 1,
            BuildEvent::Missing { .. } => self.missing += 1,
            BuildEvent::Neighbours => self.state = Stage::Neighbours,
            _ => {}
        }
    }

    fn file(&mut self, bytes: u64) {
        self.files_done += 1;
        self.bytes_done += bytes;
    }

    fn fail(&mut self, path: &Path, error: &Error) {
        self.errors += 1;
        if self.failed.len() < NAMED {
            let path = path.to_string_lossy().into_owned();
            self.failed.push(FailedDocument { path, reason: error.reason() });
        }
    }

    fn end(&mut self, done: refrain::Result<BuildSummary>) {
        match done {
            Ok(summary) => {
                self.state = Stage::Done;
                self.unchanged = Some(summary.unchanged as u64);
                // A folder that cannot be read is known at the end only.
                (self.errors, self.failed) = (0, Vec::new());
                summary.failed.iter().for_each(|failed| self.fail(&failed.path, &failed.error));
            }
            Err(Error::Interrupted) => self.state = Stage::Cancelled,
            Err(error) => {
                self.state = Stage::Failed;
                self.error = Some(error.reason());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_build_begins_once_the_server_ends() {
        let builds = Builds::default();
        let first = builds.add().unwrap();
        first.progress.send_modify(|at| at.state = Stage::Done);
        let second = builds.add().unwrap();
        second.progress.send_modify(|at| at.state = Stage::Cancelled);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(builds.end());
        assert!(second.cancel.is_cancelled());
        // Before, only a build that ran kept another one from beginning.
        assert!(builds.add().is_err());
        assert_eq!(builds.documents().len(), 2);
    }
}
