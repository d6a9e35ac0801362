//! What Prometheus asks for.
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::app::Shared;

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((
        status = 200,
        description = "Numbers about the work of the server, for the monitoring program Prometheus.",
        body = String,
        content_type = "text/plain"
    ))
)]
pub async fn metrics(State(app): State<Shared>) -> Response {
    let [quick, slow, places, waiting] = app.pool.counts();
    let moment = [
        ("refrain_tracks", "Number of tracks in the index at the last count.", app.tracks() as usize),
        ("refrain_connections", "Open connections.", app.connections.count()),
        ("refrain_quick_running", "Number of quick requests that the server is working on.", quick),
        ("refrain_slow_running", "Number of slow requests that the server is working on.", slow),
        (
            "refrain_slow_waiting",
            "Number of queries that wait for the slow search because the quick search found no match.",
            waiting,
        ),
        (
            "refrain_queue_places",
            "Number of requests that the server is working on or has in its queue.",
            places,
        ),
        (
            "refrain_upload_bytes",
            "Disk space that is now used by uploads, in bytes.",
            app.spool.bytes() as usize,
        ),
    ];
    let mut response = app.metrics.text(&moment).into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
