//! The page: files that the program carries.
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use super::{app::Shared, failure::Failure};

/// The page itself. `{{token}}` stands for the token of the page, and `{{access}}` for `open`, or for `closed` if the browser has
/// not shown the token of the server yet.
const PAGE: &str = include_str!("page/index.html");

/// A file of the page: its name and its content.
macro_rules! asset {
    ($name:literal) => {
        ($name, include_bytes!(concat!("page/", $name)).as_slice())
    };
}

/// What the page loads.
const ASSETS: &[(&str, &[u8])] = &[
    asset!("answer.js"),
    asset!("api.js"),
    asset!("builds.js"),
    asset!("dom.js"),
    asset!("duplicates.js"),
    asset!("find.js"),
    asset!("icon.svg"),
    asset!("library.js"),
    asset!("login.js"),
    asset!("main.js"),
    asset!("microphone.js"),
    asset!("picker.js"),
    asset!("player.js"),
    asset!("recorder.js"),
    asset!("related.js"),
    asset!("style.css"),
    asset!("timeline.js"),
    asset!("track.js"),
    asset!("wav.js"),
    asset!("words.js"),
];

/// The page, with the token that its changes need.
pub async fn page(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let token = app.guard.token_for(&headers);
    let access = if token.is_some() { "open" } else { "closed" };
    let page = PAGE.replace("{{token}}", token.unwrap_or_default()).replace("{{access}}", access);
    Html(page).into_response()
}

/// What the page loads.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Failure> {
    let found = ASSETS.iter().find(|(known, _)| *known == name);
    let (name, content) = found.ok_or_else(|| Failure::not_found("there is no file with this name"))?;
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
