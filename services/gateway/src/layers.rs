//! The layers around all dialects: request id, trace, time limit, body limit, compression,
//! and the last one, which turns every refusal into a document of the dialect.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use chassis::listen::Peer;
use metrics::Label;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;

use crate::openmeter::Problem;
use crate::origin::Proxies;
use crate::{probe, profitwell, revenuecat};

/// Largest body of a request.
pub(crate) const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Longest time for a request; outgoing calls have a shorter deadline of their own.
const TIME_LIMIT: Duration = Duration::from_secs(40);
const MAX_REQUEST_ID_LENGTH: usize = 128;

/// Names the request, in both directions.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes of all dialects.
pub(crate) fn around(routes: Router, proxies: Proxies) -> Router {
    routes
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(|_| panicked()))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIME_LIMIT,
        ))
        .layer(middleware::from_fn_with_state(proxies, frame))
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
async fn frame(State(proxies): State<Proxies>, request: Request, next: Next) -> Response {
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
        client.address = tracing::field::Empty,
    );
    if let Some(ConnectInfo(Peer(peer))) = request.extensions().get() {
        let caller = proxies.caller(*peer, request.headers());
        span.record("client.address", tracing::field::display(caller));
    }
    chassis::telemetry::continue_trace(&span, request.headers());
    let dialect = Dialect::of(request.uri().path());
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.status", response.status().as_u16());
    let labels = vec![
        Label::new("dialect", dialect.name()),
        Label::new("status", response.status().as_str().to_owned()),
    ];
    chassis::telemetry::record_duration(
        "perennial_http_duration_seconds",
        labels,
        &span,
        started.elapsed(),
    );
    let mut response = rendered(dialect, response, &id);
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

/// The dialect whose habits the answers to a path follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Every path that belongs to no other.
    OpenMeter,
    /// `/v2/projects…`.
    RevenueCat,
    /// Other `/v2/…`, and `/dotjs/v1/…`.
    ProfitWell,
    /// `/v4/…`.
    Probe,
}

impl Dialect {
    /// The dialect of a path, whether or not anything is there.
    pub(crate) fn of(path: &str) -> Self {
        let mut segments = path.split('/').skip(1);
        match (segments.next(), segments.next()) {
            (Some("v2"), Some("projects")) => Self::RevenueCat,
            (Some("v2"), _) | (Some("dotjs"), Some("v1")) => Self::ProfitWell,
            (Some("v4"), _) => Self::Probe,
            _ => Self::OpenMeter,
        }
    }

    /// Its name in metrics.
    fn name(self) -> &'static str {
        match self {
            Self::OpenMeter => "openmeter",
            Self::RevenueCat => "revenuecat",
            Self::ProfitWell => "profitwell",
            Self::Probe => "probe",
        }
    }
}

/// Marks the answer to a refused request that already is a document of its dialect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told;

/// A response in the words of the dialect: layers and the router itself refuse with a bare
/// status, and problem documents name the request.
fn rendered(dialect: Dialect, response: Response, request_id: &str) -> Response {
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    if !refused || response.extensions().get::<Told>().is_some() {
        return response;
    }
    match dialect {
        Dialect::OpenMeter => match refusal(&response) {
            Some(problem) => problem.render(request_id),
            None => response,
        },
        Dialect::ProfitWell => profitwell::bare(status, response.headers()),
        Dialect::Probe => probe::bare(status),
        Dialect::RevenueCat => revenuecat::bare(status),
    }
}

/// What a response refuses, unless it is a finished document.
fn refusal(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    (status.is_client_error() || status.is_server_error()).then(|| Problem::bare(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_the_dialect_that_owns_their_beginning() {
        for (path, dialect) in [
            ("/api/v1/meters", Dialect::OpenMeter),
            ("/", Dialect::OpenMeter),
            ("/openapi/probe.json", Dialect::OpenMeter),
            ("/v2/projects", Dialect::RevenueCat),
            ("/v2/projects/p/customers", Dialect::RevenueCat),
            ("/v2/projections", Dialect::ProfitWell),
            ("/v2", Dialect::ProfitWell),
            ("/v2/status/", Dialect::ProfitWell),
            ("/dotjs/v1/customer/event/", Dialect::ProfitWell),
            ("/dotjs", Dialect::OpenMeter),
            ("/v4/nowhere", Dialect::Probe),
            ("/v42", Dialect::OpenMeter),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
