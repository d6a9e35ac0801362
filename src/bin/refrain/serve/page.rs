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

/// What the page loads: name, type, content.
const ASSETS: &[(&str, &str, &[u8])] = &[
    ("page.css", "text/css; charset=utf-8", include_bytes!("page/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_bytes!("page/page.js")),
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
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let (_, kind, content) = found.ok_or_else(|| Failure::not_found("there is no such file"))?;
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
