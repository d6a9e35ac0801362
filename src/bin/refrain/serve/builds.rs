//! Builds: jobs that bring the index up to date with its folders, one at a time, with progress.
use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use axum::{
    body::Bytes,
    extract::{Extension, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use utoipa::ToSchema;

use super::{
    app::Shared,
    asked::{self, Id},
    body,
    connections::{Busy, Connection},
    failure::{Failure, Problem, json},
    jobs::{BuildDocument, Stage},
    upload,
};

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

/// The builds since the server began.
#[derive(Serialize, ToSchema)]
pub struct BuildList {
    /// The latest last.
    builds: Vec<BuildDocument>,
}

/// Starts a build.
#[utoipa::path(
    post,
    path = "/builds",
    tag = "builds",
    request_body(content = Option<BuildRequest>, content_type = "application/json", description = "The folders to index."),
    security(("token" = [])),
    responses(
        (status = 202, description = "The build has begun.", body = BuildDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no folder at this path.", body = Problem),
        (status = 409, description = "A build is running.", body = Problem),
        (status = 408, description = "The body of the request did not arrive in time.", body = Problem),
        (status = 413, description = "The body of the request is too large.", body = Problem),
        (status = 503, description = "The server is shutting down.", body = Problem),
    )
)]
pub async fn start(State(app): State<Shared>, request: Request) -> Result<Response, Failure> {
    let asked: BuildRequest = asked::document(request.into_body()).await?;
    let paths: Vec<PathBuf> = asked.paths.into_iter().map(PathBuf::from).collect();
    for path in &paths {
        upload::may_name(&app, path)?;
        if !path.exists() {
            return Err(Failure::not_found("there is no folder at this path"));
        }
    }
    let build = app.builds.add()?;
    let run = {
        let (app, build) = (Arc::clone(&app), Arc::clone(&build));
        move || {
            let whole = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                build.run(&app.index, &app.ffmpeg, &paths);
                app.count_tracks();
            }));
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
    json(&BuildList { builds: app.builds.documents() })
}

/// Shows a build, and how far it has got.
#[utoipa::path(
    get,
    path = "/builds/{id}",
    tag = "builds",
    params(("id" = u32, Path, description = "The number of a build.")),
    responses(
        (status = 200, description = "The build.", body = BuildDocument),
        (status = 404, description = "There is no index build with this number.", body = Problem),
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
        (status = 200, description = "The build has ended.", body = BuildDocument),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 404, description = "There is no index build with this number.", body = Problem),
        (status = 503, description = "The index build has not ended yet.", body = Problem),
    )
)]
pub async fn cancel(State(app): State<Shared>, Id(id): Id<u32>) -> Result<Response, Failure> {
    let build = app.builds.get(id)?;
    build.cancel.cancel();
    let mut progress = build.progress.subscribe();
    let ended = timeout(app.limits.time, progress.wait_for(|at| at.state.is_over())).await;
    if ended.is_err() {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the index build has not ended yet; ask again later",
        ));
    }
    app.builds.forget(id);
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
        (status = 404, description = "There is no index build with this number.", body = Problem),
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
