//! The picture in a track's file.
use std::{fs::File, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{
    app::Shared,
    asked::Id,
    failure::{Failure, Problem},
    limits::MAX_COVER,
    pool::{Job, Lane},
    tracks::{file_of, track_of},
};

/// The picture that a track's file carries, if it is PNG, JPEG, WebP or GIF.
#[utoipa::path(
    get,
    path = "/tracks/{id}/cover",
    tag = "tracks",
    params(("id" = u32, Path, description = "The id of a track.")),
    responses(
        (status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/*"),
        (status = 404, description = "There is no track with this id, or the track has no picture.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn cover(State(app): State<Shared>, Id(id): Id<u32>) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(&app);
        move |_: &Arc<Job>| -> Result<Option<Vec<u8>>, Failure> {
            let (_, files) = track_of(&app.index, id)?;
            let path = file_of(&files)?;
            let unreadable = || Failure::not_found("the file of this track cannot be read");
            let file = File::open(path).map_err(|_| unreadable())?;
            refrain::cover(file, path, MAX_COVER).map_err(|_| unreadable())
        }
    };
    let picture = app.pool.run(place, work).await??;
    let shown = picture.and_then(|picture| kind(&picture).map(|kind| (kind, picture)));
    let (kind, picture) = shown.ok_or_else(|| Failure::not_found("this track has no picture"))?;
    let mut response = picture.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    Ok(response)
}

/// The type of a picture, by its first bytes. What the file says of it may be wrong, or meant to mislead a browser.
fn kind(picture: &[u8]) -> Option<&'static str> {
    match picture {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
