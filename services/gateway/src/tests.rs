//! The frame around all operations, through the router: what is refused before any service
//! is asked, and how.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use chassis::auth::{Gate, Grants, KeyKind, Principal, PrincipalSource, unauthenticated};
use chassis::clock::Clocks;
use chassis::link::Links;
use chassis::secret::MasterKey;
use chassis::token::Signer;
use kernel::id::ProjectId;
use serde_json::Value;
use tonic::Status;
use tower::ServiceExt as _;

use crate::GatewayEnv;

/// Knows one key of each kind that matters.
struct Keys;

#[async_trait::async_trait]
impl PrincipalSource for Keys {
    async fn resolve(&self, key: &str, _: Option<&str>) -> Result<Principal, Status> {
        let kind = match key {
            "secret" => KeyKind::Secret,
            "probe" => KeyKind::Probe,
            "private" => KeyKind::ProfitwellPrivate,
            "public" => KeyKind::ProfitwellPublic,
            "bootstrap" => KeyKind::Bootstrap,
            _ => return Err(unauthenticated("the API key is not valid")),
        };
        Ok(Principal {
            project: project(),
            actor: "key:test".to_owned(),
            kind,
            grants: Grants::All,
        })
    }
}

fn project() -> ProjectId {
    ProjectId::from_ulid(ulid::Ulid::nil())
}

pub(crate) fn router(dev_project: Option<ProjectId>) -> Router {
    let master = MasterKey::generate();
    let clocks = Clocks::default();
    clocks.replace_if(clocks.version(), []);
    crate::router(GatewayEnv {
        links: Links::default(),
        gate: Gate::new(Signer::new(&master), clocks, Arc::new(Keys)),
        dev_project,
        limits: crate::Limits::default(),
        proxies: crate::Proxies::default(),
        grpc: crate::GrpcPort {
            port: 50_777,
            tls: true,
        },
    })
}

pub(crate) async fn send(
    router: Router,
    request: Request<Body>,
) -> (StatusCode, Value, Response<()>) {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let value = serde_json::from_slice(&bytes).unwrap_or_default();
    (parts.status, value, Response::from_parts(parts, ()))
}

fn post(path: &str, key: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn unknown_paths_are_problems() {
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    let (status, body, response) = send(router(None), request).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(body["title"], "Not Found");
    assert_eq!(body.get("detail"), None);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
}

#[tokio::test]
async fn the_request_id_is_kept() {
    let request = Request::get("/nowhere")
        .header("x-request-id", "mine")
        .body(Body::empty())
        .unwrap();
    let (_, body, response) = send(router(None), request).await;
    assert_eq!(body["instance"], "urn:request:mine");
    assert_eq!(response.headers()["x-request-id"], "mine");
}

#[tokio::test]
async fn every_operation_asks_for_a_key() {
    let refused = |key| async move {
        send(router(None), post("/api/v1/meters", key, "{}"))
            .await
            .0
    };
    assert_eq!(refused(None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(refused(Some("unknown")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(refused(Some("probe")).await, StatusCode::UNAUTHORIZED);
    let request = Request::get("/api/v1/portal/meters/tokens/query")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        send(router(None), request).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn development_needs_no_key_but_refuses_a_bad_one() {
    let dev = || router(Some(project()));
    let (status, ..) = send(dev(), post("/api/v1/meters", None, "{}")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, ..) = send(dev(), post("/api/v1/meters", Some("unknown"), "{}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn other_methods_are_problems() {
    let request = Request::patch("/api/v1/meters")
        .header(header::AUTHORIZATION, "Bearer secret")
        .body(Body::empty())
        .unwrap();
    let (status, body, _) = send(router(None), request).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(body["title"], "Method Not Allowed");
}

#[tokio::test]
async fn bad_bodies_name_what_is_wrong() {
    let detail = |body: &'static str| async move {
        let (status, value, _) =
            send(router(None), post("/api/v1/meters", Some("secret"), body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        value["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail("{").await.contains("not valid JSON"));
    assert!(
        detail("")
            .await
            .contains("the body is empty, and must be JSON")
    );
    assert_eq!(
        detail(r#"{"slug": "a", "eventType": "b"}"#).await,
        "validation error: aggregation: is required"
    );
    assert_eq!(
        detail(r#"{"slug": "A", "eventType": "b", "aggregation": "SUM"}"#).await,
        "validation error: slug: must be 1 to 64 lower case letters, digits and single underscores"
    );
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let mut request = post("/api/v1/meters", Some("secret"), "<meter/>");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, "text/xml".parse().unwrap());
    let (status, body, _) = send(router(None), request).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(body["status"], 415);
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let (status, value, _) =
        send(router(None), post("/api/v1/meters", Some("secret"), &body)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(value["status"], 413);
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_unavailable() {
    let request = Request::get("/api/v1/meters/a")
        .header(header::AUTHORIZATION, "Bearer secret")
        .body(Body::empty())
        .unwrap();
    let (status, body, _) = send(router(None), request).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body.get("detail"), None);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let request = Request::get("/api/v1/customers?pageSize=0")
        .header(header::AUTHORIZATION, "Bearer secret")
        .body(Body::empty())
        .unwrap();
    let (status, body, _) = send(router(None), request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["detail"],
        "validation error: pageSize: must be 1 to 1000"
    );
    let request = Request::get("/api/v1/events?from=2024-01-01T00:00:00+01:00")
        .header(header::AUTHORIZATION, "Bearer secret")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(router(None), request).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn documents_are_served_without_a_key() {
    for dialect in ["openmeter", "revenuecat", "profitwell", "probe"] {
        let path = format!("/openapi/{dialect}.json");
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (status, body, _) = send(router(None), request).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body["openapi"].as_str().unwrap().starts_with("3."));
    }
}

#[tokio::test]
async fn revenuecat_paths_have_error_documents_of_their_own() {
    let answer = |method: &'static str, path: &'static str, key: Option<&'static str>| async move {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, format!("bearer {key}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let (status, body, _) = send(router(None), request).await;
        assert_eq!(body["object"], "error");
        (
            status.as_u16(),
            body["type"].as_str().unwrap().to_owned(),
            body["retryable"] == true,
        )
    };
    let apps = "/v2/projects/p/apps";
    for (method, path, key, expected) in [
        ("GET", apps, None, (401, "authentication_error", false)),
        (
            "GET",
            apps,
            Some("unknown"),
            (401, "authentication_error", false),
        ),
        (
            "GET",
            apps,
            Some("probe"),
            (401, "authentication_error", false),
        ),
        ("PUT", apps, None, (400, "invalid_request", false)),
        (
            "GET",
            "/v2/projects/p/nothing",
            None,
            (404, "resource_missing", false),
        ),
        ("GET", apps, Some("secret"), (503, "server_error", true)),
    ] {
        let (status, kind, retryable) = answer(method, path, key).await;
        assert_eq!(
            (status, kind.as_str(), retryable),
            expected,
            "{method} {path}"
        );
    }
}
