//! Queries: the documents that `refrain query --json` prints.
use std::{path::PathBuf, sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use refrain::{Answer, Error, QueryOptions, Range, Status, report};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    app::{App, Shared},
    asked::{self, Asked},
    failure::{Failure, Problem, line},
    metrics::Outcome,
    pool::{Job, Lane},
    schemas::{AnswerDocument, Form},
    upload::{self, Clip, Where},
};
use crate::args::RangeArgs;

/// How to query.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QueryParams {
    /// What the answer calls the clip, if the request is no form with a file.
    name: Option<String>,
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// The most recordings to list; 10 if nothing is said.
    #[param(value_type = Option<u32>, minimum = 1)]
    top: Option<std::num::NonZeroU32>,
    /// The lowest score of a match; 0.9 if nothing is said.
    #[serde(default, deserialize_with = "asked::probability")]
    #[param(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Also list the tracks that came closest.
    #[serde(default)]
    #[param(required = false)]
    explain: bool,
    /// Compare the clip with every part of every track.
    #[serde(default)]
    #[param(required = false)]
    exact: bool,
    /// Do not try other pitches and speeds.
    #[serde(default)]
    #[param(required = false)]
    fast: bool,
    /// Find clips up to this many semitones higher or lower than the track; 6 if nothing is said.
    #[serde(default, deserialize_with = "asked::semitones")]
    #[param(minimum = 0, maximum = 6)]
    pitch: Option<f64>,
    /// Find clips up to this many times faster or slower than the track; 1.33 if nothing is said.
    #[serde(default, deserialize_with = "asked::ratio")]
    #[param(minimum = 1, maximum = 2)]
    tempo: Option<f64>,
}

/// Finds the recordings that a clip comes from.
#[utoipa::path(
    post,
    path = "/query",
    tag = "search",
    params(QueryParams),
    request_body(
        description = "The clip: an audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The matches, or an answer without a match.", body = AnswerDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 422, description = "The clip cannot be read.", body = AnswerDocument),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn query(
    State(app): State<Shared>,
    Asked(asked): Asked<QueryParams>,
    request: Request,
) -> Result<Response, Failure> {
    let began = Instant::now();
    let place = app.pool.place(Lane::Quick)?;
    let range = search_range(asked.fast, asked.pitch, asked.tempo);
    let options = QueryOptions::default()
        .top(asked.top.map_or(10, |top| top.get() as usize))
        .min_score(asked.min_score.unwrap_or(QueryOptions::MIN_SCORE))
        .exact(asked.exact)
        .explain(asked.explain)
        .range(range);
    let clip = upload::receive(&app, request, Where { name: asked.name, path: asked.path }).await?;
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| {
            let answer = find(&app, &clip, &working(job, options));
            (clip.name, answer)
        }
    };
    let (name, answer) = app.pool.run(place, work).await?;
    let outcome = match &answer {
        Ok(Answer { status: Status::Match, .. }) => Outcome::Match,
        Ok(_) => Outcome::NoMatch,
        Err(_) => Outcome::Error,
    };
    app.metrics.queried(outcome, began.elapsed());
    outcome_of(&name, &answer)
}

fn find(app: &App, clip: &Clip, options: &QueryOptions) -> refrain::Result<Answer> {
    app.index.query_with(app.limits.clip(clip.audio()?), options)
}

/// The options of a search that goes into the slow lane where it takes long.
pub fn working(job: &Arc<Job>, options: QueryOptions) -> QueryOptions {
    let slow = Arc::clone(job);
    options.cancel(&job.cancel).on_deeper(move || slow.slow_down())
}

/// Which pitches and speeds a search tries.
pub fn search_range(fast: bool, pitch: Option<f64>, tempo: Option<f64>) -> Range {
    let pitch = pitch.unwrap_or(RangeArgs::PITCH);
    RangeArgs { fast, pitch, tempo: tempo.unwrap_or(RangeArgs::TEMPO) }.range()
}

/// The document of an outcome. That of audio that cannot be used says so.
pub fn outcome_of<T: report::Document>(
    name: &std::path::Path,
    outcome: &refrain::Result<T>,
) -> Result<Response, Failure> {
    match outcome {
        Ok(_) => Ok(line(report::json(name, outcome))),
        Err(Error::Audio { .. } | Error::Io { .. }) => {
            let mut response = line(report::json(name, outcome));
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(error) => Err(Failure::of(error)),
    }
}
