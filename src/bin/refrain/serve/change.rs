//! Adds tracks to the index, and removes them. A music file is never written or deleted.
use std::{path::PathBuf, sync::Arc};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use refrain::{AddOptions, Added, Selector, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    app::Shared,
    asked::{Asked, Id},
    failure::{Failure, Problem, json},
    pool::{Job, Lane},
    schemas::Form,
    tracks::track_of,
    upload::{self, Where},
};

/// What to add.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddParams {
    /// What the index calls the track. The file of a form has a name already.
    name: Option<String>,
    /// A file of the server's computer in place of an upload, if the server allows it.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
}

/// A track that was added.
#[derive(Serialize, ToSchema)]
pub struct AddedTrack {
    /// The track's id.
    id: u32,
    /// Whether the index did not have it before.
    new: bool,
}

/// Adds one track. The index keeps the fingerprint and the tags of an upload, and not the audio, so it cannot be played later.
#[utoipa::path(
    post,
    path = "/tracks",
    tag = "tracks",
    params(AddParams),
    request_body(
        description = "The recording: an audio file of any known format.",
        content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The recording was already in the index.", body = AddedTrack),
        (status = 201, description = "The recording is now in the index.", body = AddedTrack),
        (status = 400, description = "The request has a mistake, or the upload has no name.", body = Problem),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 403, description = "The server does not accept file paths in requests.", body = Problem),
        (status = 404, description = "There is no file at this path.", body = Problem),
        (status = 408, description = "The upload is too slow.", body = Problem),
        (status = 409, description = "The server cannot write to the index.", body = Problem),
        (status = 413, description = "The upload is too large.", body = Problem),
        (status = 422, description = "refrain cannot use the recording.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long, or another program is writing to the index.", body = Problem),
        (status = 507, description = "The disk is full.", body = Problem),
    )
)]
pub async fn add(
    State(app): State<Shared>,
    Asked(asked): Asked<AddParams>,
    request: Request,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Slow)?;
    let is_path = asked.path.is_some();
    let clip = upload::receive(&app, request, Where { name: asked.name, path: asked.path }).await?;
    let name = clip.name.to_string_lossy().into_owned();
    if name == "-" || name.chars().any(char::is_control) {
        return Err(Failure::mistake(
            "give the upload a name: use the parameter `name`, or send the file in a form",
        ));
    }
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| -> Result<Added, Failure> {
            let options = AddOptions::default().cancel(&job.cancel);
            let added = if is_path {
                app.index.add_with(&clip.name, &options.ffmpeg(&app.ffmpeg))?
            } else {
                app.index.add_audio_with(app.limits.recording(clip.audio()?), &clip.name, &options)?
            };
            app.count_tracks();
            Ok(added)
        }
    };
    let added = app.pool.run(place, work).await??;
    let mut response = json(&AddedTrack { id: added.track.0, new: added.new });
    if added.new {
        *response.status_mut() = StatusCode::CREATED;
    }
    Ok(response)
}

/// A track that was removed.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    /// How many files the index knew of it.
    removed: usize,
}

/// Removes a track from the index. Its files stay where they are; a build of their folder adds them again.
#[utoipa::path(
    delete,
    path = "/tracks/{id}",
    tag = "tracks",
    params(("id" = u32, Path, description = "The id of a track.")),
    security(("token" = [])),
    responses(
        (status = 200, description = "The track is no longer in the index.", body = Removed),
        (status = 401, description = "The token is missing.", body = Problem),
        (status = 404, description = "There is no track with this id.", body = Problem),
        (status = 409, description = "The server cannot write to the index.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long, or another program is writing to the index.", body = Problem),
    )
)]
pub async fn remove(State(app): State<Shared>, Id(id): Id<u32>) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(&app);
        move |_: &Arc<Job>| -> Result<usize, Failure> {
            track_of(&app.index, id)?;
            let files = app.index.select(&Selector::Id(TrackId(id)))?;
            let removed = app.index.remove(&files)?;
            app.count_tracks();
            Ok(removed)
        }
    };
    Ok(json(&Removed { removed: app.pool.run(place, work).await?? }))
}
