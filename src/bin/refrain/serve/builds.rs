//! Builds: jobs that bring the index up to date with its folders, one at a time, with progress.
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::{Extension, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use refrain::{BuildEvent, BuildOptions, BuildSummary, CancelToken, Error, Index};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use utoipa::ToSchema;

use super::{
    app::{App, Shared},
    asked::{self, Id},
    body,
    connections::{Busy, Connection},
    failure::{Failure, Problem, json},
    upload,
};

/// How many builds are remembered.
const REMEMBERED: usize = 20;

/// How many files that could not be used a build names.
const NAMED: usize = 100;

/// The shortest time between two events of a stream.
const PACE: Duration = Duration::from_millis(200);

/// How long a stream of events is silent.
const SILENCE: Duration = Duration::from_secs(15);

/// Which folders to build from.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildRequest {
    /// Folders and files to add to the index, by their absolute paths, if the server allows paths. Without any, the build looks
    /// for new, changed and missing files in all indexed folders.
    #[serde(default)]
    paths: Vec<String>,
}

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
    fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// A build, and how far it has got.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BuildDocument {
    /// Its number.
    id: u32,
    /// What it does.
    state: Stage,
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
    error: Option<String>,
}

/// A file that could not be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FailedDocument {
    /// The file.
    path: String,
    /// Why.
    reason: String,
}

/// The builds since the server began.
#[derive(Serialize, ToSchema)]
pub struct BuildList {
    /// The latest last.
    builds: Vec<BuildDocument>,
}

/// One build.
struct Build {
    id: u32,
    cancel: CancelToken,
    progress: watch::Sender<BuildDocument>,
}

/// All builds, the latest last.
#[derive(Default)]
pub struct Builds {
    all: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    last: u32,
    builds: VecDeque<Arc<Build>>,
}

impl Builds {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: u32) -> Result<Arc<Build>, Failure> {
        let kept = self.kept();
        let found = kept.builds.iter().find(|build| build.id == id).cloned();
        found.ok_or_else(|| Failure::not_found(format!("there is no build {id}")))
    }

    /// Adds a build, unless one is running.
    fn add(&self) -> Result<Arc<Build>, Failure> {
        let mut kept = self.kept();
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

    /// Cancels what is running, and waits until it has ended.
    pub async fn end(&self) {
        let all: Vec<_> = self.kept().builds.iter().cloned().collect();
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

    fn document(&self) -> BuildDocument {
        self.progress.borrow().clone()
    }

    /// Builds, to the end.
    fn run(&self, app: &App, paths: &[PathBuf]) {
        let threads = thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let options = BuildOptions::default()
            .threads(threads)
            .ffmpeg(&app.ffmpeg)
            .cancel(&self.cancel)
            .on_event(|event| self.progress.send_modify(|at| at.on(&event)));
        let done = build(&app.index, paths, options);
        app.count_tracks();
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

/// Starts a build.
#[utoipa::path(
    post,
    path = "/builds",
    tag = "builds",
    request_body(content = Option<BuildRequest>, content_type = "application/json", description = "Which folders to build from."),
    security(("token" = [])),
    responses(
        (status = 202, description = "The build has begun.", body = BuildDocument),
        (status = 400, description = "The request makes no sense.", body = Problem),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 403, description = "The server takes no paths.", body = Problem),
        (status = 404, description = "There is no such folder.", body = Problem),
        (status = 409, description = "A build is running.", body = Problem),
        (status = 408, description = "The body did not come in time.", body = Problem),
        (status = 413, description = "The body is too large.", body = Problem),
        (status = 503, description = "The server is about to end.", body = Problem),
    )
)]
pub async fn start(State(app): State<Shared>, request: Request) -> Result<Response, Failure> {
    let asked: BuildRequest = asked::document(request.into_body()).await?;
    let paths: Vec<PathBuf> = asked.paths.into_iter().map(PathBuf::from).collect();
    for path in &paths {
        upload::may_name(&app, path)?;
        if !path.exists() {
            return Err(Failure::not_found("there is no such folder"));
        }
    }
    let build = app.builds.add()?;
    let run = {
        let (app, build) = (Arc::clone(&app), Arc::clone(&build));
        move || {
            let whole = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build.run(&app, &paths)));
            if whole.is_err() {
                build.progress.send_modify(|at| {
                    (at.state, at.error) = (Stage::Failed, Some("a bug in refrain".to_owned()));
                });
            }
        }
    };
    let thread = thread::Builder::new().name("refrain-build".to_owned()).spawn(run);
    if thread.is_err() {
        build.progress.send_modify(|at| at.state = Stage::Failed);
        return Err(Failure::busy());
    }
    let mut response = json(&build.document());
    *response.status_mut() = StatusCode::ACCEPTED;
    if let Ok(address) = HeaderValue::from_str(&format!("/api/v1/builds/{}", build.id)) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// Lists the builds since the server began, the latest last.
#[utoipa::path(
    get,
    path = "/builds",
    tag = "builds",
    responses((status = 200, description = "The builds.", body = BuildList))
)]
pub async fn list(State(app): State<Shared>) -> Response {
    let builds = app.builds.kept().builds.iter().map(|build| build.document()).collect();
    json(&BuildList { builds })
}

/// Shows a build, and how far it has got.
#[utoipa::path(
    get,
    path = "/builds/{id}",
    tag = "builds",
    params(("id" = u32, Path, description = "The number of a build.")),
    responses(
        (status = 200, description = "The build.", body = BuildDocument),
        (status = 404, description = "There is no such build.", body = Problem),
    )
)]
pub async fn get(State(app): State<Shared>, Id(id): Id<u32>) -> Result<Response, Failure> {
    Ok(json(&app.builds.get(id)?.document()))
}

/// Cancels a build, waits for its end, and forgets it. What it has added stays, and the next build goes on from there. The
/// answer is how far it got.
#[utoipa::path(
    delete,
    path = "/builds/{id}",
    tag = "builds",
    params(("id" = u32, Path, description = "The number of a build.")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It has ended.", body = BuildDocument),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 404, description = "There is no such build.", body = Problem),
        (status = 503, description = "It has not ended yet.", body = Problem),
    )
)]
pub async fn cancel(State(app): State<Shared>, Id(id): Id<u32>) -> Result<Response, Failure> {
    let build = app.builds.get(id)?;
    build.cancel.cancel();
    let mut progress = build.progress.subscribe();
    let ended = timeout(app.limits.time, progress.wait_for(|at| at.state.is_over())).await;
    if ended.is_err() {
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the build has not ended yet; ask again"));
    }
    app.builds.kept().builds.retain(|kept| kept.id != id);
    Ok(json(&build.document()))
}

/// An event of a build.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the events")]
struct BuildStep {
    /// `progress` or `end`.
    event: String,
    /// The document of the build, as JSON.
    data: String,
}

/// Tells how a build goes on, as server-sent events: `progress` with the document of the build, and `end` with the last one.
#[utoipa::path(
    get,
    path = "/builds/{id}/events",
    tag = "builds",
    params(("id" = u32, Path, description = "The number of a build.")),
    responses(
        (status = 200, description = "The events.", body = BuildStep, content_type = "text/event-stream"),
        (status = 404, description = "There is no such build.", body = Problem),
    )
)]
pub async fn events(
    State(app): State<Shared>,
    Extension(connection): Extension<Arc<Connection>>,
    Id(id): Id<u32>,
) -> Result<Response, Failure> {
    let build = app.builds.get(id)?;
    let mut progress = build.progress.subscribe();
    let (events, told) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let at = progress.borrow_and_update().clone();
            let kind = if at.state.is_over() { "end" } else { "progress" };
            let Ok(document) = serde_json::to_string(&at) else { return };
            let event = format!("event: {kind}\ndata: {document}\n\n");
            if events.send(Bytes::from(event)).await.is_err() || at.state.is_over() {
                return;
            }
            sleep(PACE).await;
            while timeout(SILENCE, progress.changed()).await.is_err() {
                // A comment, which shows that the connection is alive.
                if events.send(Bytes::from_static(b":\n\n")).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut response = body::of_channel(told, Busy::new(&connection)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}
