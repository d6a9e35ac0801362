//! Other performances of the piece that a track holds, and tracks of similar harmony: the documents that `refrain versions
//! --json` and `refrain similar --json` print.
use std::{num::NonZeroU32, path::Path, sync::Arc};

use axum::{extract::State, response::Response};
use refrain::{Index, TrackId, VersionOptions, report};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    app::Shared,
    asked::{self, Asked, Id},
    failure::{Failure, Problem, line},
    pool::{Job, Lane},
    schemas::{SimilarDocument, VersionsDocument},
};

/// The most tracks of an answer, unless the request says more.
const TOP: u32 = 10;

/// The most that it may say: each of them is compared with the track.
const MOST: u32 = 100;

/// Which versions to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionsParams {
    /// The most versions to list; 10 if nothing is said.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    top: Option<NonZeroU32>,
    /// The lowest score of a version; 0.8 if nothing is said.
    #[serde(default, deserialize_with = "asked::probability")]
    #[param(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Also list tracks that hold the same recording.
    #[serde(default)]
    #[param(required = false)]
    copies: bool,
}

/// Finds other performances of the piece that a track holds: live, covers, in other keys, at other tempi.
#[utoipa::path(
    get,
    path = "/tracks/{id}/versions",
    tag = "tracks",
    params(("id" = u32, Path, description = "The id of a track."), VersionsParams),
    responses(
        (status = 200, description = "The versions, or none.", body = VersionsDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 404, description = "There is no track with this id.", body = Problem),
        (status = 422, description = "The track is too short.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn versions(
    State(app): State<Shared>,
    Id(id): Id<u32>,
    Asked(asked): Asked<VersionsParams>,
) -> Result<Response, Failure> {
    let mut options = VersionOptions::default().top(top(asked.top)?).copies(asked.copies);
    if let Some(least) = asked.min_score {
        options = options.min_score(least.into());
    }
    found(&app, id, options, Index::versions_of_track).await
}

/// How many similar tracks to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarParams {
    /// The most tracks to list; 10 if nothing is said.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    top: Option<NonZeroU32>,
}

/// Finds tracks whose harmony moves like that of a track, in any key. They need not be the same piece.
#[utoipa::path(
    get,
    path = "/tracks/{id}/similar",
    tag = "tracks",
    params(("id" = u32, Path, description = "The id of a track."), SimilarParams),
    responses(
        (status = 200, description = "The most similar tracks.", body = SimilarDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 404, description = "There is no track with this id.", body = Problem),
        (status = 422, description = "The track is too short.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn similar(
    State(app): State<Shared>,
    Id(id): Id<u32>,
    Asked(asked): Asked<SimilarParams>,
) -> Result<Response, Failure> {
    let options = VersionOptions::default().top(top(asked.top)?);
    found(&app, id, options, Index::similar_to_track).await
}

/// The document of what `find` finds for a track.
async fn found<T: report::Document + 'static>(
    app: &Shared,
    id: u32,
    options: VersionOptions,
    find: fn(&Index, TrackId, &VersionOptions) -> refrain::Result<Option<T>>,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Slow)?;
    let work = {
        let app = Arc::clone(app);
        move |job: &Arc<Job>| -> Result<String, Failure> {
            let found = find(&app.index, TrackId(id), &options.cancel(&job.cancel))?;
            let found = found.ok_or_else(|| Failure::no_track(id))?;
            // The document names the track by its path. Only that of a failure has a name from here.
            Ok(report::json(Path::new(""), &Ok(found)))
        }
    };
    Ok(line(app.pool.run(place, work).await??))
}

fn top(asked: Option<NonZeroU32>) -> Result<usize, Failure> {
    match asked.map_or(TOP, NonZeroU32::get) {
        top @ 1..=MOST => Ok(top as usize),
        _ => Err(Failure::mistake(format!("`top` is a number from 1 to {MOST}"))),
    }
}
