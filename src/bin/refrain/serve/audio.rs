//! The sound of a track: its file, or what it decodes to, whole or in part.
use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
    time::UNIX_EPOCH,
};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    app::Shared,
    asked::{Asked, Id},
    body, decoding,
    failure::{Failure, Problem},
    playable,
    pool::{Job, Lane},
    range::Part,
    tracks::{file_of, track_of},
};

/// How a track is sent.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AudioParams {
    /// `wav` decodes the track, whatever its format; without it, formats that browsers play are sent as they are.
    #[serde(rename = "as")]
    #[param(inline)]
    form: Option<Form>,
}

/// The format of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    Wav,
}

/// A track's sound, for a player. A request for a range gets that part.
#[utoipa::path(
    get,
    path = "/tracks/{id}/audio",
    tag = "tracks",
    params(
        ("id" = u32, Path, description = "The id of a track."),
        AudioParams,
        ("Range" = Option<String>, Header, description = "`bytes=` and one range."),
    ),
    responses(
        (status = 200, description = "The whole file.", body = Vec<u8>, content_type = "audio/*"),
        (status = 206, description = "The requested part of the file.", body = Vec<u8>, content_type = "audio/*"),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 404, description = "There is no track with this id, or the file of the track is missing.", body = Problem),
        (status = 416, description = "The file does not have this part.", body = Problem),
        (status = 422, description = "The file cannot be decoded.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn audio(
    State(app): State<Shared>,
    Id(id): Id<u32>,
    Asked(asked): Asked<AudioParams>,
    method: Method,
    mut headers: HeaderMap,
) -> Result<Response, Failure> {
    // Ranges are for GET only (RFC 9110, section 14.2).
    if method != Method::GET {
        headers.remove(header::RANGE);
    }
    let place = app.pool.place(Lane::Quick)?;
    let find = {
        let app = Arc::clone(&app);
        move |_: &Arc<Job>| -> Result<(PathBuf, File, Option<&'static str>), Failure> {
            let (_, files) = track_of(&app.index, id)?;
            let path = file_of(&files)?;
            let unreadable = |_: io::Error| Failure::not_found("the file of this track cannot be read");
            let mut file = File::open(path).map_err(unreadable)?;
            let kind = playable::kind(&mut file).map_err(unreadable)?;
            Ok((path.to_owned(), file, kind))
        }
    };
    let (path, file, kind) = app.pool.run(place, find).await??;
    let (file, kind) = match kind.filter(|_| asked.form.is_none()) {
        Some(kind) => (file, kind),
        None => (decoding::decoded(&app, &path).await?, "audio/wav"),
    };
    sent(file, kind, &headers).map_err(|_| Failure::not_found("the file of this track cannot be read"))
}

/// The part of a file that `headers` ask for.
fn sent(mut file: File, kind: &'static str, headers: &HeaderMap) -> io::Result<Response> {
    let about = file.metadata()?;
    let len = about.len();
    let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let written = written.unwrap_or_default();
    let tag = format!("\"{len:x}-{:x}\"", written.as_nanos());
    let tag = HeaderValue::from_str(&tag).map_err(io::Error::other)?;
    let part = Part::of(headers, len, &tag);
    if part == Part::Beyond {
        let mut response = axum::response::IntoResponse::into_response(Failure::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            format!("the file has {len} bytes"),
        ));
        response.headers_mut().insert(header::CONTENT_RANGE, value(format!("bytes */{len}"))?);
        return Ok(response);
    }
    let (status, first, count) = part.answer(len);
    file.seek(SeekFrom::Start(first))?;
    let mut response = Response::new(if count == 0 { Body::empty() } else { body::of_file(file, count) });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, count.into());
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{len}", first + count - 1);
        headers.insert(header::CONTENT_RANGE, value(range)?);
    }
    Ok(response)
}

fn value(text: String) -> io::Result<HeaderValue> {
    HeaderValue::from_str(&text).map_err(io::Error::other)
}
