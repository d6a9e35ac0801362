//! One request: who may ask, then what it asks for, then what every answer says.
use std::{panic::AssertUnwindSafe, task::Poll, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_service::Service;

use super::{
    app::{App, Shared},
    failure::Failure,
};

/// What every answer says. A page of ours may load only what is ours, nobody may frame it, and no browser guesses what an answer
/// is.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "microphone=(self), camera=(), geolocation=()"),
];

/// Answers a request.
pub async fn answer(app: &App, router: Router, request: Request) -> Response {
    let mut response = match app.guard.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => routed(router, request).await,
        Err(refusal) => {
            app.metrics.refused(refusal);
            refusal.failure().into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    let name = HeaderName::from_static("cache-control");
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static("no-store"));
    }
    response
}

/// Gives the request to the handler of its address. A panic in one becomes an answer.
async fn routed(mut router: Router, request: Request) -> Response {
    let mut call = std::pin::pin!(router.call(request));
    std::future::poll_fn(|cx| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Ready(Ok(response))) => Poll::Ready(response),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Failure::fault().into_response()),
        }
    })
    .await
}

/// Counts the answers of each address.
pub async fn counted(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = match request.method() {
        &Method::GET | &Method::HEAD => "GET",
        &Method::POST => "POST",
        &Method::DELETE => "DELETE",
        _ => "other",
    };
    let began = Instant::now();
    let response = next.run(request).await;
    app.metrics.answered(method, route.unwrap_or_default(), response.status(), began.elapsed());
    response
}
