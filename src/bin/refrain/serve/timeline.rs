//! Timelines of long recordings, line by line as they become known.
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::{Extension, Request, State},
    response::Response,
};
use refrain::{Error, Seconds, Timeline, TimelineOptions, report};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{
    app::Shared,
    asked::{self, Asked},
    connections::Connection,
    failure::{Failure, Problem},
    lines::{self, Lines},
    pool::{Job, Lane},
    schemas::{Form, TimelineLine},
    upload::{self, Where},
};

/// How much audio lies between two lines of progress.
const STEP: u64 = 30;

/// How to make a timeline.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineParams {
    /// What the answer calls the recording, if the request is no form with a file.
    name: Option<String>,
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// The lowest score of a play; 0.99 if nothing is said.
    #[serde(default, deserialize_with = "asked::probability")]
    #[param(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Leave out plays of fewer seconds; 3 if nothing is said.
    #[serde(default, deserialize_with = "asked::seconds")]
    #[param(value_type = Option<f64>, minimum = 0, maximum = 86400)]
    min_length: Option<Seconds>,
}

/// How far a timeline has got.
#[derive(Serialize)]
struct Progress {
    progress: f64,
}

/// A play that nothing later can change.
#[derive(Serialize)]
struct Found<'a> {
    play: &'a refrain::Play,
}

/// Tells what was played when in a recording of any length. The answer is a line of JSON for each play as soon as it is known,
/// and lines that say how far the search has got. The last line is the document that `refrain timeline --json` prints.
#[utoipa::path(
    post,
    path = "/timeline",
    tag = "search",
    params(TimelineParams),
    request_body(
        description = "The recording: an audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    responses(
        (
            status = 200,
            description = "The timeline, with one JSON document on each line.",
            body = TimelineLine,
            content_type = "application/x-ndjson"
        ),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 429, description = "Too many timelines wait.", body = Problem),
        (status = 503, description = "The server is shutting down.", body = Problem),
    )
)]
pub async fn timeline(
    State(app): State<Shared>,
    Extension(connection): Extension<Arc<Connection>>,
    Asked(asked): Asked<TimelineParams>,
    request: Request,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Long)?;
    let mut options =
        TimelineOptions::default().min_score(asked.min_score.unwrap_or(TimelineOptions::MIN_SCORE));
    if let Some(least) = asked.min_length {
        options = options.min_length(least);
    }
    let clip = upload::receive(&app, request, Where { name: asked.name, path: asked.path }).await?;
    let found = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>, out: &Lines| {
            let (lines, told) = (out.clone(), AtomicU64::new(0));
            let options = options.cancel(&job.cancel).on_progress(move |done| {
                let step = done.0 as u64 / STEP;
                if told.swap(step, Ordering::Relaxed) != step {
                    lines.line(&Progress { progress: done.0 });
                }
            });
            let done: refrain::Result<Timeline> = clip.audio().and_then(|audio| {
                app.index
                    .timeline_with(app.limits.recording(audio), &options, |play| out.line(&Found { play }))
            });
            out.send(match &done {
                Err(error @ (Error::Index { .. } | Error::Interrupted)) => Failure::of(error).line(),
                _ => report::json(&clip.name, &done),
            });
        }
    };
    lines::answer(&app, &connection, place, found).await
}
