//! What the API answers if something fails: a status, and a sentence as JSON.
use std::io;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use refrain::{Error, error::IndexError};
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which a client may try again.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("1");

/// Seconds after which a client may try again if slow searches are waiting. Each slow search takes a second or more.
const TRY_LATER: HeaderValue = HeaderValue::from_static("5");

/// A request that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    text: String,
    try_again: HeaderValue,
}

/// The document of a request that failed.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// What happened, in a sentence.
    error: String,
}

impl Failure {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), try_again: TRY_AGAIN }
    }

    /// The client's mistake.
    pub fn mistake(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub fn no_track(id: u32) -> Self {
        Self::not_found(format!("the index has no track with the id {id}"))
    }

    /// Too many requests at the same time.
    pub fn busy() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests are waiting; try again in a moment")
    }

    /// Too many slow searches at the same time.
    pub fn crowded() -> Self {
        let text = "too many slow searches are waiting; try again in a few seconds";
        Self { try_again: TRY_LATER, ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    /// The server is about to end.
    pub fn ending() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down")
    }

    /// A fault of refrain itself. The panic hook has reported it.
    pub fn fault() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "a bug in refrain; the log of the server says more")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl Failure {
    /// Says what happened without the path of a file: an upload has none that means anything to the client, and the index is the
    /// server's business.
    pub fn of(error: &Error) -> Self {
        let status = match error {
            Error::Audio { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Error::Index { reason: IndexError::NoTrack(id), .. } => return Self::no_track(*id),
            Error::Index { reason: IndexError::Busy { .. }, .. } => {
                let text = "another program is writing to the index; try again when the program has finished";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, text);
            }
            Error::Index { reason: IndexError::ReadOnly(_), .. } => {
                return Self::new(StatusCode::CONFLICT, "the server cannot write to the index");
            }
            Error::Index { reason: IndexError::DiskFull, .. } => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        match error {
            Error::Index { .. } => Self::new(status, format!("the index: {}", error.reason())),
            _ => Self::new(status, error.reason()),
        }
    }
}

impl Failure {
    /// The document alone, for an answer that has begun.
    pub fn line(self) -> String {
        serde_json::json!({ "error": self.text }).to_string()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = json(&Problem { error: self.text }).into_response();
        *response.status_mut() = self.status;
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, self.try_again);
        }
        response
    }
}

/// A document, as one line.
pub fn json(document: &impl Serialize) -> Response {
    match serde_json::to_string(document) {
        Ok(text) => line(text),
        Err(_) => Failure::fault().into_response(),
    }
}

/// A document that is text already.
pub fn line(mut document: String) -> Response {
    document.push('\n');
    let mut response = Response::new(Body::from(document));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
