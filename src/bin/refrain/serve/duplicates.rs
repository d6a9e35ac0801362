//! What is in the library more than once: the documents that `refrain duplicates --json` prints, line by line.
use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Extension, State},
    response::Response,
};
use refrain::{DuplicateOptions, Progress};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{
    app::Shared,
    asked::Asked,
    connections::Connection,
    failure::{Failure, Problem},
    lines::{self, Lines},
    pool::{Job, Lane},
    schemas::DuplicateLine,
};

/// Which groups to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DuplicatesParams {
    /// Decode the files of groups to measure how good they sound, which takes long the first time; yes if nothing is said.
    measure: Option<bool>,
    /// List only groups that free at least so many bytes.
    #[serde(default)]
    #[param(required = false)]
    min_free: u64,
}

/// How far the search has got.
#[derive(Serialize)]
struct Told {
    progress: Share,
}

#[derive(Serialize)]
struct Share {
    step: &'static str,
    done: u64,
    total: u64,
}

/// The end of the list, which shows that it is whole.
#[derive(Serialize)]
struct End {
    groups: usize,
}

/// Lists groups of files that hold the same recording. Lines of progress come first, then the groups, one on each line as
/// `refrain duplicates --json` prints them, then a line with their number.
#[utoipa::path(
    get,
    path = "/duplicates",
    tag = "tracks",
    params(DuplicatesParams),
    responses(
        (status = 200, description = "The groups of duplicates, one group on each line.", body = DuplicateLine, content_type = "application/x-ndjson"),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 429, description = "Too many searches wait.", body = Problem),
        (status = 503, description = "The server is shutting down.", body = Problem),
    )
)]
pub async fn duplicates(
    State(app): State<Shared>,
    Extension(connection): Extension<Arc<Connection>>,
    Asked(asked): Asked<DuplicatesParams>,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Long)?;
    let found = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>, out: &Lines| {
            let last = Mutex::new(None);
            let tell = |step: &'static str, Progress { done, total, .. }: Progress| {
                let share = (step, done * 100 / total.max(1));
                let before = last.lock().unwrap_or_else(PoisonError::into_inner).replace(share);
                if before != Some(share) {
                    out.line(&Told { progress: Share { step, done, total } });
                }
            };
            let options = DuplicateOptions::default()
                .min_free(asked.min_free)
                .cancel(&job.cancel)
                .on_progress(|at| tell("compare", at))
                .on_measured(|at| tell("measure", at));
            let options =
                if asked.measure == Some(false) { options } else { options.measure_with(&app.ffmpeg) };
            match app.index.duplicates_with(options) {
                Ok(groups) => {
                    groups.iter().for_each(|group| out.line(group));
                    out.line(&End { groups: groups.len() });
                }
                Err(error) => out.send(Failure::of(&error).line()),
            }
        }
    };
    lines::answer(&app, &connection, place, found).await
}
