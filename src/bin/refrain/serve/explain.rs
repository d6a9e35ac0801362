//! Explanations: why a clip matches a track, or does not, in numbers and in a picture.
use std::{path::PathBuf, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use refrain::{
    QueryOptions, TrackId,
    report::{self, Theme},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    app::Shared,
    asked::{self, Asked},
    failure::{Failure, Problem, line},
    pool::{Job, Lane},
    query::{outcome_of, search_range, working},
    schemas::{ExplanationDocument, Form},
    upload::{self, Where},
};

/// A picture that someone opens by itself may do nothing.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox");

/// What to explain, and how to show it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    /// What the answer calls the clip, if the request is no form with a file.
    name: Option<String>,
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// The id of the track to compare the clip with; the best match if nothing is said.
    track: Option<u32>,
    /// `json` for the numbers, `svg` for the picture, `both` for both in one document.
    #[serde(default)]
    #[param(required = false, inline)]
    format: Format,
    /// For which page the picture is drawn.
    #[serde(default)]
    #[param(required = false, inline)]
    theme: Colours,
    /// The lowest score of a match; 0.9 if nothing is said.
    #[serde(default, deserialize_with = "asked::probability")]
    #[param(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Compare the clip with every part of every track.
    #[serde(default)]
    #[param(required = false)]
    exact: bool,
    /// Do not try other pitches and speeds.
    #[serde(default)]
    #[param(required = false)]
    fast: bool,
    /// Try up to this many semitones higher or lower than the track; 6 if nothing is said.
    #[serde(default, deserialize_with = "asked::semitones")]
    #[param(minimum = 0, maximum = 6)]
    pitch: Option<f64>,
    /// Try up to this many times faster or slower than the track; 1.33 if nothing is said.
    #[serde(default, deserialize_with = "asked::ratio")]
    #[param(minimum = 1, maximum = 2)]
    tempo: Option<f64>,
}

/// How an explanation is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Svg,
    Both,
}

/// The page that a picture is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Colours {
    Light,
    Dark,
    #[default]
    Auto,
}

impl From<Colours> for Theme {
    fn from(colours: Colours) -> Self {
        match colours {
            Colours::Light => Self::Light,
            Colours::Dark => Self::Dark,
            Colours::Auto => Self::Auto,
        }
    }
}

/// Explains why a clip matches a track, or does not.
#[utoipa::path(
    post,
    path = "/explain",
    tag = "search",
    params(ExplainParams),
    request_body(
        description = "The clip: an audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    responses(
        (
            status = 200,
            description = "The explanation.",
            content((ExplanationDocument = "application/json"), (String = "image/svg+xml"))
        ),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no track with this id, or no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 422, description = "The clip cannot be read.", body = ExplanationDocument),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn explain(
    State(app): State<Shared>,
    Asked(asked): Asked<ExplainParams>,
    request: Request,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let options = QueryOptions::default()
        .min_score(asked.min_score.unwrap_or(QueryOptions::MIN_SCORE))
        .exact(asked.exact)
        .range(search_range(asked.fast, asked.pitch, asked.tempo));
    let (track, format, theme) = (asked.track.map(TrackId), asked.format, Theme::from(asked.theme));
    let clip = upload::receive(&app, request, Where { name: asked.name, path: asked.path }).await?;
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| {
            let audio = clip.audio().map(|audio| app.limits.clip(audio));
            let explained = audio.and_then(|audio| app.index.explain(audio, track, &working(job, options)));
            let picture = match &explained {
                Ok(explained) if format != Format::Json => Some(explained.svg(theme)),
                _ => None,
            };
            (clip.name, explained, picture)
        }
    };
    let (name, explained, picture) = app.pool.run(place, work).await?;
    let Some(picture) = picture else { return outcome_of(&name, &explained) };
    let picture = picture.map_err(|_| Failure::fault())?;
    if format == Format::Both {
        let document = report::json(&name, &explained);
        let svg = serde_json::Value::from(picture);
        return Ok(line(format!("{{\"document\":{document},\"svg\":{svg}}}")));
    }
    let mut response = picture.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}
