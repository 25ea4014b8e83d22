//! The layers around all dialects: request id, trace, time limit, body limit, compression,
//! and the last one, which turns every refusal into a document of the dialect.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use opentelemetry::propagation::Extractor;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::openmeter::Problem;

/// Largest body of a request.
pub(crate) const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Longest time for a request; outgoing calls have a shorter deadline of their own.
const TIME_LIMIT: Duration = Duration::from_secs(40);
const MAX_REQUEST_ID_LENGTH: usize = 128;

/// Names the request, in both directions.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes of all dialects.
pub(crate) fn around(routes: Router) -> Router {
    routes
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(|_| panicked()))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIME_LIMIT,
        ))
        .layer(middleware::from_fn(frame))
        .layer(CompressionLayer::new())
}

/// The answer to paths that no dialect knows.
pub(crate) async fn unknown_path() -> Problem {
    Problem::bare(StatusCode::NOT_FOUND)
}

fn panicked() -> Response {
    tracing::error!("a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Names the request, opens its span, and renders what was refused.
async fn frame(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= MAX_REQUEST_ID_LENGTH)
        .map_or_else(|| ulid::Ulid::generate().to_string(), str::to_owned);
    let span = tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.path = request.uri().path(),
        http.status = tracing::field::Empty,
        request.id = id,
    );
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&Headers(request.headers()))
    });
    // A refusal only means that no exporter is configured.
    drop(span.set_parent(parent));
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("http.status", response.status().as_u16());
    if let Some(problem) = refusal(&response) {
        response = problem.render(&id);
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

/// What a response refuses, unless it is a finished document. Layers and the router itself
/// refuse with a bare status.
fn refusal(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    (status.is_client_error() || status.is_server_error()).then(|| Problem::bare(status))
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
