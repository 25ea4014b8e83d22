//! What every RPC passes before its handler: a limit on how many go on at once, authentication, permission,
//! deadline, trace, metrics, and a net under panics. It is laid around a service's routes, so that calls
//! inside the process pass it just like calls from outside.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context as Task, Poll},
    time::{Duration, Instant},
};

use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, Request, Response};
use metrics::Label;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, body::Body, service::Routes};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};
use tracing::Instrument as _;

use crate::{
    Code, Link,
    auth::Gate,
    context::DEFAULT_DEADLINE,
    error::{overloaded, refuse},
    permission::{Rule, Rules},
    telemetry,
};

tokio::task_local! {
    /// The path of the RPC that the task answers.
    static ANSWERING: Arc<str>;
}

/// The path of the RPC that the current task answers; empty in work that no call asked for.
pub(crate) fn answering() -> Arc<str> {
    ANSWERING.try_with(Arc::clone).unwrap_or_default()
}

/// Most calls of a service that go on at once, unless its setting `concurrent_calls` says otherwise.
pub const CONCURRENT_CALLS: u32 = 1_000;
/// How the paths of readers of feeds begin.
const FEEDS: &str = "/perennial.feed.";

/// Lays authentication and the rest around a service's routes.
pub fn protect(service: &'static str, routes: Routes, gate: Gate, rules: Arc<Rules>) -> Link {
    protect_with_room(service, routes, gate, rules, CONCURRENT_CALLS)
}

/// The same with a limit of its own on how many calls go on at once.
pub fn protect_with_room(
    service: &'static str,
    routes: Routes,
    gate: Gate,
    rules: Arc<Rules>,
    calls: u32,
) -> Link {
    count_shed(service, 0);
    BoxCloneSyncService::new(Protected {
        service,
        routes: BoxCloneSyncService::new(routes),
        gate,
        rules,
        room: Arc::new(Semaphore::new(calls as usize)),
    })
}

fn count_shed(service: &'static str, calls: u64) {
    metrics::counter!("perennial_calls_shed_total", "service" => service).increment(calls);
}

#[derive(Clone)]
struct Protected {
    service: &'static str,
    routes: Link,
    gate: Gate,
    rules: Arc<Rules>,
    room: Arc<Semaphore>,
}

impl Service<Request<Body>> for Protected {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        // What nobody serves has one name in the metrics, however many paths are tried.
        let path: Arc<str> = match this.rules.get(request.uri().path()) {
            Some(_) => request.uri().path().into(),
            None => "unknown".into(),
        };
        let span = tracing::info_span!(
            "rpc",
            otel.name = %path,
            otel.kind = "server",
            rpc.service = this.service,
            project.id = tracing::field::Empty,
            rpc.code = tracing::field::Empty,
        );
        telemetry::continue_trace(&span, request.headers());
        let recorded = span.clone();
        Box::pin(
            async move {
                let started = Instant::now();
                let service = this.service;
                let answer = this.answer(&path, request);
                let response = ANSWERING.scope(path.clone(), answer).await;
                let code = code_of(response.headers());
                recorded.record("rpc.code", code.as_str());
                let labels = vec![
                    Label::new("service", service),
                    Label::new("path", path),
                    Label::new("code", code),
                ];
                telemetry::record_duration(
                    "perennial_rpc_duration_seconds",
                    labels,
                    &recorded,
                    started.elapsed(),
                );
                Ok(response)
            }
            .instrument(span),
        )
    }
}

impl Protected {
    async fn answer(self, path: &str, request: Request<Body>) -> Response<Body> {
        let _room = match self.enter(path) {
            Ok(room) => room,
            Err(status) => return status.into_http(),
        };
        match self.admit(request).await {
            Ok((rule, request)) => {
                let limit = deadline(request.headers(), rule);
                let handler = AssertUnwindSafe(self.routes.oneshot(request)).catch_unwind();
                let finished = match limit {
                    Some(limit) => match tokio::time::timeout(limit, handler).await {
                        Ok(finished) => finished,
                        Err(_) => {
                            return Status::deadline_exceeded("the deadline has passed")
                                .into_http();
                        }
                    },
                    None => handler.await,
                };
                match finished {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(_) => {
                        tracing::error!(path, "a handler panicked");
                        Status::internal("something went wrong").into_http()
                    }
                }
            }
            Err(status) => status.into_http(),
        }
    }

    /// Room for a call until it is answered. Streams and readers of feeds wait rather than work, and take none.
    fn enter(&self, path: &str) -> Result<Option<OwnedSemaphorePermit>, Status> {
        let streams = self.rules.get(path).is_some_and(|rule| rule.streams);
        if streams || path.starts_with(FEEDS) {
            return Ok(None);
        }
        let room = self.room.clone().try_acquire_owned();
        room.map(Some).map_err(|_| {
            count_shed(self.service, 1);
            overloaded()
        })
    }

    async fn admit(&self, mut request: Request<Body>) -> Result<(Rule, Request<Body>), Status> {
        let path = request.uri().path();
        let rule = self
            .rules
            .get(path)
            .ok_or_else(|| Status::unimplemented(format!("there is no RPC {path}")))?;
        let context = self.gate.authenticate(request.headers()).await?;
        tracing::Span::current().record("project.id", tracing::field::display(context.project));
        rule.check(&context).map_err(|missing| {
            refuse(Code::PermissionDenied, "PERMISSION_DENIED", &missing, &[])
        })?;
        let context = match deadline(request.headers(), rule) {
            Some(limit) => context.with_deadline(limit),
            None => context,
        };
        request.extensions_mut().insert(context);
        Ok((rule, request))
    }
}

/// How long the call may take: what the caller says, at most the default; streams that say
/// nothing are not limited.
fn deadline(headers: &HeaderMap, rule: Rule) -> Option<Duration> {
    let asked = headers
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .and_then(parse_timeout);
    if rule.streams {
        return None;
    }
    Some(asked.unwrap_or(DEFAULT_DEADLINE).min(DEFAULT_DEADLINE * 10))
}

/// Reads a gRPC timeout: up to eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let value: u64 = (digits.len() <= 8).then(|| digits.parse().ok())??;
    Some(match unit {
        "H" => Duration::from_secs(value * 3_600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

fn code_of(headers: &HeaderMap) -> String {
    headers
        .get("grpc-status")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("0")
        .to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{
        auth::{Principal, PrincipalSource},
        clock::Clocks,
        secret::MasterKey,
        token::Signer,
    };

    struct NoKeys;

    #[tonic::async_trait]
    impl PrincipalSource for NoKeys {
        async fn resolve(&self, _: &str, _: Option<&str>) -> Result<Principal, Status> {
            Err(Status::unauthenticated("there are no keys here"))
        }
    }

    async fn call(link: &Link, path: &str) -> Status {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = link.clone().oneshot(request).await.unwrap();
        Status::from_header_map(response.headers()).unwrap()
    }

    #[tokio::test]
    async fn calls_without_room_are_turned_away_unread_but_readers_of_feeds_are_not() {
        let gate = Gate::new(
            Signer::new(&MasterKey::generate()),
            Clocks::default(),
            Arc::new(NoKeys),
        );
        let rules = Arc::new(Rules::load());
        let protected = |calls| {
            protect_with_room(
                "catalog",
                Routes::default(),
                gate.clone(),
                rules.clone(),
                calls,
            )
        };
        let (path, feed) = (
            "/perennial.catalog.v1.PlanService/GetPlan",
            "/perennial.feed.v1.FeedService/ListEvents",
        );
        let full = protected(0);
        let status = call(&full, path).await;
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        let details = crate::error::details(&status);
        assert_eq!(details.reason, crate::error::OVERLOADED);
        assert_eq!(details.metadata["retry_after_ms"], "1000");
        assert_eq!(call(&full, feed).await.code(), tonic::Code::Unauthenticated);
        // Room is given back with the answer.
        let narrow = protected(1);
        for _ in 0..3 {
            assert_eq!(
                call(&narrow, path).await.code(),
                tonic::Code::Unauthenticated
            );
        }
    }

    #[test]
    fn timeouts_are_read_with_their_unit() {
        assert_eq!(parse_timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse_timeout("3S"), Some(Duration::from_secs(3)));
        assert_eq!(parse_timeout("1H"), Some(Duration::from_secs(3600)));
        assert_eq!(parse_timeout(""), None);
        assert_eq!(parse_timeout("5"), None);
        assert_eq!(parse_timeout("123456789S"), None);
    }
}
