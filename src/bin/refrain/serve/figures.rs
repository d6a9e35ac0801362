//! Figures of a file: its harmony, and its AcoustID fingerprint.
use std::{path::PathBuf, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Response,
};
use refrain::{
    AnalyzeOptions, Error, Seconds,
    acoustid::{self, Algorithm, ChromaprintOptions},
    analyze_with,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    app::Shared,
    asked::{self, Asked},
    failure::{Failure, Problem, line},
    pool::{Job, Lane},
    query::outcome_of,
    schemas::{AnalysisDocument, FingerprintDocument, Form},
    upload::{self, Where},
};
use crate::cmd::fingerprint::document;

/// What to analyse.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnalyzeParams {
    /// What the answer calls the file, if the request is no form with a file.
    name: Option<String>,
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
}

/// Finds key, tuning, tempo, pitch and chroma of a file.
#[utoipa::path(
    post,
    path = "/analyze",
    tag = "figures",
    params(AnalyzeParams),
    request_body(
        description = "An audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The figures.", body = AnalysisDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 422, description = "The file cannot be read.", body = AnalysisDocument),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn analyze(
    State(app): State<Shared>,
    Asked(asked): Asked<AnalyzeParams>,
    request: Request,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Slow)?;
    let clip = upload::receive(&app, request, Where { name: asked.name, path: asked.path }).await?;
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| {
            let options = AnalyzeOptions::default().threads(1).cancel(&job.cancel);
            let audio = clip.audio().map(|audio| app.limits.clip(audio));
            (clip.name, audio.and_then(|audio| analyze_with(audio, options)))
        }
    };
    let (name, figures) = app.pool.run(place, work).await?;
    outcome_of(&name, &figures)
}

/// What to fingerprint.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FingerprintParams {
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// Fingerprint only so many seconds; 120 if nothing is said, 0 means all.
    #[serde(default, deserialize_with = "asked::seconds")]
    #[param(value_type = Option<f64>, minimum = 0, maximum = 86400)]
    length: Option<Seconds>,
    /// One of Chromaprint's algorithms: 1, 2, 4 or 5; 2 if nothing is said.
    #[serde(default, deserialize_with = "asked::algorithm")]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 5)]
    algorithm: Option<Algorithm>,
    /// Give the fingerprint as numbers instead of compressed text.
    #[serde(default)]
    #[param(required = false)]
    raw: bool,
}

/// What AcoustID looks at, unless another length is given.
const LENGTH: Seconds = Seconds(120.0);

/// Computes the AcoustID fingerprint of a file.
#[utoipa::path(
    post,
    path = "/fingerprint",
    tag = "figures",
    params(FingerprintParams),
    request_body(
        description = "An audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The fingerprint.", body = FingerprintDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 422, description = "refrain cannot make a fingerprint of the file.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn fingerprint(
    State(app): State<Shared>,
    Asked(asked): Asked<FingerprintParams>,
    request: Request,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let clip = upload::receive(&app, request, Where { name: None, path: asked.path }).await?;
    let (raw, algorithm) = (asked.raw, asked.algorithm.unwrap_or_default());
    let length = asked.length.unwrap_or(LENGTH);
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| -> Result<String, Failure> {
            let options = ChromaprintOptions::default()
                .algorithm(algorithm)
                .length(Some(length).filter(|length| length.0 > 0.0))
                .cancel(&job.cancel);
            let audio = app.limits.clip(clip.audio()?);
            let mut found = None;
            acoustid::chromaprint(audio, &options, |part| {
                if !part.words.is_empty() && found.is_none() {
                    found = Some(document(&part, algorithm, raw));
                }
                Ok::<_, Error>(())
            })?;
            let too_short =
                || Failure::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "too short for a fingerprint");
            found.ok_or_else(too_short)
        }
    };
    app.pool.run(place, work).await?.map(line)
}
