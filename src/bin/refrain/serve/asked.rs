//! What a request asks for: its path, its query, a small document in its body.
use std::fmt;

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
};
use refrain::{Seconds, acoustid::Algorithm};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{
    failure::Failure,
    limits::{MAX_TEXT, PAUSE},
};
use crate::args;

/// The parameters after the question mark.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                let error =
                    std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                Err(Failure::mistake(format!("the parameters of the request: {error}")))
            }
        }
    }
}

/// An id in the path.
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Failure::not_found("an id must be a whole number")),
        }
    }
}

/// A small document in the body. An empty body gives the default.
pub async fn document<T: DeserializeOwned + Default>(body: Body) -> Result<T, Failure> {
    let too_large = || Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("more than {MAX_TEXT} bytes"));
    if body.size_hint().lower() > MAX_TEXT as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(PAUSE, axum::body::to_bytes(body, MAX_TEXT)).await;
    let read = read.map_err(|_| {
        Failure::new(StatusCode::REQUEST_TIMEOUT, "the body of the request did not arrive in time")
    })?;
    let bytes = read.map_err(|_| too_large())?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    let wrong = |error: String| Failure::mistake(format!("the JSON in the body: {error}"));
    match serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))? {
        Value::Null => Ok(T::default()),
        // Serde would also take a list of the fields.
        object @ Value::Object(_) => serde_json::from_value(object).map_err(|error| wrong(error.to_string())),
        _ => Err(wrong("the body must be a JSON object".to_owned())),
    }
}

/// Reads a parameter as the command line reads it.
fn parsed<'de, T, E, D>(from: D, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, D::Error>
where
    E: fmt::Display,
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    parse(&text).map(Some).map_err(|error| serde::de::Error::custom(format!("{text:?}: {error}")))
}

pub fn probability<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f32>, D::Error> {
    parsed(from, args::probability)
}

pub fn semitones<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    parsed(from, args::semitones)
}

pub fn ratio<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    parsed(from, args::ratio)
}

/// Seconds of sound, up to a day.
pub fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Seconds>, D::Error> {
    parsed(from, |text| match text.parse() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Seconds(seconds)),
        _ => Err("give a number of seconds from 0 to 86400"),
    })
}

/// One of Chromaprint's algorithms, by its number.
pub fn algorithm<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Algorithm>, D::Error> {
    parsed(from, |text| text.parse().ok().and_then(Algorithm::of).ok_or("give 1, 2, 4 or 5"))
}
