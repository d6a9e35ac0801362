//! The addresses of the API and their description, which come from the same code.
use std::sync::Arc;

use axum::{Router, http::StatusCode, middleware::from_fn_with_state, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::Shared, audio, builds, change, cover, duplicates, explain, failure::Failure, failure::json, figures,
    health, info, page, query, scrape, service, session, timeline, tracks, versions,
};

/// What the description says of the whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "refrain",
        description = "Finds which recording a piece of audio is from, and lists the songs in long recordings.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&Tokens),
    tags(
        (name = "search", description = "Find the songs in a clip or in a long recording."),
        (name = "tracks", description = "What the index holds."),
        (name = "figures", description = "Analyse a file without using the index."),
        (name = "builds", description = "Add new and changed files to the index."),
        (name = "server", description = "The server itself."),
    )
)]
struct Description;

/// How a request shows the token.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "Requests that change the index need a token, either of the web page or of the server. If the server has a \
                 token, all requests need a token.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

fn all() -> OpenApiRouter<Shared> {
    let api = OpenApiRouter::new()
        .routes(routes!(query::query))
        .routes(routes!(explain::explain))
        .routes(routes!(timeline::timeline))
        .routes(routes!(tracks::list, change::add))
        .routes(routes!(tracks::get, change::remove))
        .routes(routes!(versions::versions))
        .routes(routes!(versions::similar))
        .routes(routes!(audio::audio))
        .routes(routes!(cover::cover))
        .routes(routes!(figures::analyze))
        .routes(routes!(figures::fingerprint))
        .routes(routes!(info::info))
        .routes(routes!(duplicates::duplicates))
        .routes(routes!(builds::list, builds::start))
        .routes(routes!(builds::get, builds::cancel))
        .routes(routes!(builds::events))
        .routes(routes!(session::login));
    OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", api)
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(scrape::metrics))
}

/// All addresses.
pub fn router(app: &Shared) -> Router {
    let (router, description) = all().split_for_parts();
    let description = Arc::new(description);
    router
        .route("/api/v1/openapi.json", get(move || async move { json(&*description) }))
        .route("/", get(page::page))
        .route("/assets/{name}", get(page::asset))
        .fallback(|| async { Failure::not_found("the server has nothing at this address") })
        .method_not_allowed_fallback(|| async {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this HTTP method")
        })
        .layer(from_fn_with_state(Arc::clone(app), service::counted))
        .with_state(Arc::clone(app))
}
