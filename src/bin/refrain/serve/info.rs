//! What the index holds.
use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{
    app::Shared,
    failure::{Failure, Problem, json},
    pool::{Job, Lane},
    schemas::InfoDocument,
};
use crate::cmd::index_info::document;

/// Says what the index holds: tracks, hours, folders.
#[utoipa::path(
    get,
    path = "/info",
    tag = "server",
    responses(
        (status = 200, description = "The index.", body = InfoDocument),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn info(State(app): State<Shared>) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(&app);
        move |_: &Arc<Job>| -> Result<_, Failure> {
            let mut document = document(&app.index.info()?);
            // The index need not be within the indexed folders, and an answer holds no other path.
            if let Some(fields) = document.as_object_mut() {
                fields.remove("file");
            }
            Ok(document)
        }
    };
    Ok(json(&app.pool.run(place, work).await??))
}
