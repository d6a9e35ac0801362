//! Whether the server is alive, and whether it is ready.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    app::Shared,
    connections::Phase,
    failure::{Failure, Problem, json},
};

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether the server is alive. It answers at once, whatever else it does.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "server",
    responses((status = 200, description = "It is.", body = Health))
)]
pub async fn livez() -> Response {
    json(&Health { status: "alive" })
}

/// Whether the server answers requests: it can read the index, and is not about to end.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    responses(
        (status = 200, description = "The server answers requests.", body = Health),
        (status = 503, description = "The server cannot answer requests at the moment.", body = Problem),
    )
)]
pub async fn readyz(State(app): State<Shared>) -> Response {
    if app.phase() != Phase::Serving {
        return Failure::ending().into_response();
    }
    let read = tokio::task::spawn_blocking(move || app.index.has_tracks()).await;
    match read {
        Ok(Ok(_)) => json(&Health { status: "ready" }),
        _ => Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the index cannot be read").into_response(),
    }
}
