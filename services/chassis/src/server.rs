//! The two ports of a process: gRPC for all services behind one address, and HTTP for
//! health, readiness and metrics (with the dialects where the gateway runs).

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use futures::future::BoxFuture;
use http::{
    HeaderMap, HeaderValue, Request, Response,
    header::{ACCEPT, CONTENT_TYPE},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, service::Routes};
use tower::{Service, ServiceExt as _};

use crate::{
    config::GATEWAY,
    feed::SERVICE_HEADER,
    health::Readiness,
    link::Links,
    listen::{Connections, Peer},
    telemetry,
};

/// How long running calls may go on after the process was asked to stop.
pub const DRAIN: Duration = Duration::from_secs(20);

/// Sends each call to the service that its path names: in this process or behind a link.
/// Calls of shared packages (feed, audit, clock) go to the service named in the metadata,
/// or to the only one there is.
#[derive(Clone)]
pub struct Dispatcher {
    links: Links,
    parts: Vec<&'static str>,
}

impl Dispatcher {
    /// Dispatches to these links; `parts` is what runs in this process. A part that is still
    /// starting answers `UNAVAILABLE`, what is neither here nor linked `UNIMPLEMENTED`.
    pub fn new(links: Links, parts: Vec<&'static str>) -> Self {
        Self { links, parts }
    }

    /// The one service of a process that has just one.
    fn only(&self) -> Option<&'static str> {
        match self.parts.as_slice() {
            [part] if *part != GATEWAY => Some(*part),
            _ => None,
        }
    }

    fn is_known(&self, service: &str) -> bool {
        self.links.has(service) || self.parts.contains(&service)
    }

    fn target(&self, request: &Request<Body>) -> Option<String> {
        let package = request.uri().path().strip_prefix("/perennial.")?;
        let service = package.split('.').next()?;
        if crate::config::SERVICES.contains(&service) {
            return Some(service.to_owned());
        }
        request
            .headers()
            .get(SERVICE_HEADER)
            .and_then(|name| name.to_str().ok())
            .or(self.only())
            .map(str::to_owned)
    }
}

impl Service<Request<Body>> for Dispatcher {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let target = self
            .target(&request)
            .filter(|service| self.is_known(service));
        let links = self.links.clone();
        Box::pin(async move {
            let Some(service) = target else {
                let message = format!("no service here answers {}", request.uri().path());
                return Ok(Status::unimplemented(message).into_http());
            };
            links.get(&service).oneshot(request).await
        })
    }
}

/// Serves gRPC until shutdown, then lets running calls end.
pub async fn serve_grpc(
    connections: Connections,
    dispatcher: Dispatcher,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(contract::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let router = Routes::new(health)
        .add_service(reflection)
        .into_axum_router()
        .fallback_service(tower::service_fn(
            move |request: Request<axum::body::Body>| {
                let mut dispatcher = dispatcher.clone();
                async move {
                    let response = dispatcher.call(request.map(Body::new)).await?;
                    Ok::<_, std::convert::Infallible>(response.map(axum::body::Body::new))
                }
            },
        ));
    let watch = tokio::spawn(report_health(reporter, readiness, shutdown.clone()));
    let serve = tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_routes(Routes::from(router))
        .serve_with_incoming_shutdown(
            connections.into_stream(),
            shutdown.clone().cancelled_owned(),
        );
    let bounded = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    let result = tokio::select! {
        result = serve => result,
        () = bounded => {
            tracing::warn!("gRPC calls were cut off at the end of the drain");
            Ok(())
        }
    };
    watch.abort();
    Ok(result?)
}

/// The name under which the health service tells that the process is alive, whether or not it is ready: for
/// liveness probes, which must not end a process that only waits for its database.
pub const LIVE: &str = "live";

/// Keeps the standard health service in step with readiness: `SERVING` for the whole
/// process (the empty name) and for each part by name; always for `LIVE`.
async fn report_health(
    reporter: tonic_health::server::HealthReporter,
    readiness: Readiness,
    shutdown: CancellationToken,
) {
    use tonic_health::ServingStatus::{NotServing, Serving};
    reporter.set_service_status(LIVE, Serving).await;
    loop {
        let (all, parts) = readiness.report();
        let stopping = shutdown.is_cancelled();
        let status = |ready: bool| {
            if ready && !stopping {
                Serving
            } else {
                NotServing
            }
        };
        reporter.set_service_status("", status(all)).await;
        for (part, ready) in parts {
            reporter.set_service_status(part, status(ready)).await;
        }
        if stopping {
            return;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
    }
}

#[derive(Clone)]
struct Operations {
    readiness: Readiness,
    metrics: Option<Arc<PrometheusHandle>>,
}

/// `/healthz`, `/readyz` and `/metrics`, which every process serves.
pub fn operations(readiness: Readiness, metrics: Option<Arc<PrometheusHandle>>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(print_metrics))
        .with_state(Operations { readiness, metrics })
}

async fn ready(State(operations): State<Operations>) -> impl IntoResponse {
    let (all, parts) = operations.readiness.report();
    let code = if all {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, axum::Json(parts))
}

/// The metrics in the text form of Prometheus, or as OpenMetrics, which has exemplars, for who takes that.
async fn print_metrics(
    State(operations): State<Operations>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let text = operations
        .metrics
        .map(|handle| handle.render())
        .unwrap_or_default();
    let accepts = |value: &HeaderValue| {
        let told = value.to_str().unwrap_or_default();
        told.contains("application/openmetrics-text")
    };
    let (kind, text) = if headers.get_all(ACCEPT).iter().any(accepts) {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        (kind, telemetry::openmetrics(&text))
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", text)
    };
    ([(CONTENT_TYPE, kind)], text)
}

/// Serves HTTP until shutdown, then lets running requests end.
pub async fn serve_http(
    connections: Connections,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let router = router.into_make_service_with_connect_info::<Peer>();
    let serve = axum::serve(connections, router)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    tokio::select! {
        result = serve => result,
        () = async { shutdown.cancelled().await; tokio::time::sleep(DRAIN).await } => {
            tracing::warn!("HTTP requests were cut off at the end of the drain");
            Ok(())
        }
    }
}
