//! A browser shows the token once, and gets a cookie for it.
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    app::Shared,
    asked,
    failure::{Failure, Problem},
    guard::Refusal,
};

/// The token that the user chose for the server.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The token.
    token: String,
}

/// Lets a browser in that shows the token of the server. The cookie it gets is enough to read, not to change anything.
#[utoipa::path(
    post,
    path = "/session",
    tag = "server",
    request_body(content = Login, content_type = "application/json"),
    responses(
        (status = 204, description = "The cookie is set."),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 401, description = "The token is wrong, or the server has no token.", body = Problem),
        (status = 408, description = "The body of the request did not arrive in time.", body = Problem),
        (status = 413, description = "The body of the request is too large.", body = Problem),
    )
)]
pub async fn login(State(app): State<Shared>, request: Request) -> Result<Response, Failure> {
    let login: Login = asked::document(request.into_body()).await?;
    if !app.guard.is_secret(login.token.as_bytes()) {
        app.metrics.refused(Refusal::Token);
        return Err(Refusal::Token.failure());
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(cookie) = HeaderValue::from_str(&app.guard.cookie()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
