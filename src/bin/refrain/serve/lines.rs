//! Answers that come line by line, each line a document, while the work goes on.
use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::{sync::mpsc, time::timeout};

use super::{
    app::App,
    body,
    connections::{Busy, Connection},
    failure::Failure,
    pool::{Job, Place},
};

/// How long a client may not read its answer.
const UNREAD: Duration = Duration::from_secs(60);

/// How many lines may wait for the client.
const AHEAD: usize = 16;

/// The lines of an answer, on their way.
#[derive(Clone)]
pub struct Lines {
    lines: mpsc::Sender<Bytes>,
    job: Arc<Job>,
}

impl Lines {
    /// Sends a document.
    pub fn line(&self, document: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(document) {
            self.send(text);
        }
    }

    /// Sends a line. If nobody reads it, the work ends.
    pub fn send(&self, mut text: String) {
        text.push('\n');
        let sent = self.job.wait(async { timeout(UNREAD, self.lines.send(Bytes::from(text))).await });
        if !matches!(sent, Ok(Ok(()))) {
            self.job.cancel.cancel();
        }
    }
}

/// Starts `work` and answers with the lines that it sends.
pub async fn answer(
    app: &App,
    connection: &Arc<Connection>,
    place: Place,
    work: impl FnOnce(&Arc<Job>, &Lines) + Send + 'static,
) -> Result<Response, Failure> {
    let (lines, told) = mpsc::channel(AHEAD);
    let work = move |job: &Arc<Job>| work(job, &Lines { lines, job: Arc::clone(job) });
    let watcher = app.pool.stream(place, work).await?;
    let kept = (watcher, Busy::new(connection));
    let mut response = body::of_channel(told, kept).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
