//! Projects, keys and permissions: every call needs a credential, and another project's
//! things do not exist.

use contract::{
    customer::v1::{
        ApiKey, CreateKeyRequest, CreateProjectRequest, GetProjectRequest, KeyKind,
        ListProjectsRequest, Project, ResolvePrincipalRequest, RevokeKeyRequest,
        principal_service_client::PrincipalServiceClient,
    },
    metering::v1::{
        CreateMeterRequest, GetMeterRequest, Meter, MeterRef, meter::Aggregation, meter_ref::Ref,
    },
};
use perennial_sdk::Client;
use serde_json::json;
use suite::World;
use tonic::Code;

async fn make_key(client: &Client, kind: KeyKind, permissions: &[&str]) -> (String, String) {
    let made = client
        .keys()
        .create_key(CreateKeyRequest {
            key: Some(ApiKey {
                kind: kind.into(),
                permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap()
        .into_inner();
    (made.key.unwrap().id, made.secret)
}

fn new_meter(slug: &str) -> CreateMeterRequest {
    CreateMeterRequest {
        meter: Some(Meter {
            slug: slug.into(),
            event_type: "request".into(),
            aggregation: Aggregation::Count.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    }
}

fn by_slug(slug: &str) -> GetMeterRequest {
    GetMeterRequest {
        meter: Some(MeterRef {
            r#ref: Some(Ref::Slug(slug.into())),
        }),
    }
}

#[tokio::test]
async fn a_call_without_a_good_credential_is_refused() {
    let world = World::start().await;
    let nobody = world.client_with("sk_unknown_0123456789");
    let status = nobody
        .meters()
        .create_meter(new_meter("a"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);

    let rest = world.rest();
    rest.with_key(None).get("/api/v1/meters").await.problem(401);
    rest.with_key(Some("sk_unknown"))
        .get("/api/v1/meters")
        .await
        .problem(401);
    let basic = rest
        .with_key(None)
        .request(reqwest::Method::GET, "/api/v1/meters")
        .header("authorization", "Basic dXNlcjpwYXNz");
    rest.send(basic).await.problem(401);
    world.stop().await;
}

#[tokio::test]
async fn a_key_may_do_what_its_permissions_say_and_no_more() {
    let world = World::start().await;
    let (_, reader) = make_key(&world.client(), KeyKind::Secret, &["metering:meters:read"]).await;
    let (_, writer) = make_key(
        &world.client(),
        KeyKind::Secret,
        &["metering:meters:read_write"],
    )
    .await;
    let reader = world.client_with(&reader);
    let writer = world.client_with(&writer);
    writer.meters().create_meter(new_meter("a")).await.unwrap();
    reader.meters().get_meter(by_slug("a")).await.unwrap();
    writer.meters().get_meter(by_slug("a")).await.unwrap();
    let status = reader
        .meters()
        .create_meter(new_meter("b"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(
        status.message().contains("metering:meters:read_write"),
        "{status}"
    );
    let status = writer
        .plans()
        .list_plans(contract::catalog::v1::ListPlansRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    world.stop().await;
}

#[tokio::test]
async fn the_same_permissions_hold_over_rest() {
    let world = World::start().await;
    let (_, key) = make_key(&world.client(), KeyKind::Secret, &["metering:meters:read"]).await;
    let rest = world.rest().with_key(Some(&key));
    rest.get("/api/v1/meters").await.expect(200);
    rest.post(
        "/api/v1/meters",
        json!({"slug": "a", "eventType": "request", "aggregation": "COUNT"}),
    )
    .await
    .problem(403);
    rest.get("/api/v1/customers").await.problem(403);
    world.stop().await;
}

#[tokio::test]
async fn keys_of_other_kinds_open_neither_grpc_nor_openmeter() {
    let world = World::start().await;
    for kind in [
        KeyKind::ProfitwellPrivate,
        KeyKind::ProfitwellPublic,
        KeyKind::Probe,
    ] {
        let (_, key) = make_key(&world.client(), kind, &[]).await;
        let status = world
            .client_with(&key)
            .meters()
            .get_meter(by_slug("a"))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{kind:?}");
        world
            .rest()
            .with_key(Some(&key))
            .get("/api/v1/meters")
            .await
            .problem(401);
    }
    world.stop().await;
}

#[tokio::test]
async fn another_projects_things_do_not_exist() {
    let world = World::start().await;
    let operator = world.client();
    let made = operator
        .projects()
        .create_project(CreateProjectRequest {
            project: Some(Project {
                name: "second".into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap()
        .into_inner()
        .project
        .unwrap();
    let second = world.client_in(&made.id);
    let own = second
        .projects()
        .get_project(GetProjectRequest {})
        .await
        .unwrap()
        .into_inner()
        .project
        .unwrap();
    assert_eq!(own.id, made.id);
    operator
        .meters()
        .create_meter(new_meter("a"))
        .await
        .unwrap();
    let status = second.meters().get_meter(by_slug("a")).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    // The slug is free there.
    second.meters().create_meter(new_meter("a")).await.unwrap();

    let (_, key) = make_key(&second, KeyKind::Secret, &[]).await;
    let inside = world.client_with(&key);
    inside.meters().get_meter(by_slug("a")).await.unwrap();
    let status = inside
        .projects()
        .list_projects(ListProjectsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    world.stop().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_seconds() {
    let world = World::start().await;
    let (id, key) = make_key(&world.client(), KeyKind::Secret, &[]).await;
    world
        .client()
        .keys()
        .revoke_key(RevokeKeyRequest {
            id,
            ..Default::default()
        })
        .await
        .unwrap();
    let status = world
        .client_with(&key)
        .meters()
        .get_meter(by_slug("a"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    world.stop().await;
}

#[tokio::test]
async fn internal_calls_are_closed_to_clients() {
    let world = World::start().await;
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", world.grpc()))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut request = tonic::Request::new(ResolvePrincipalRequest {
        key: world.key().into(),
        ..Default::default()
    });
    request.metadata_mut().insert(
        "authorization",
        format!("Bearer {}", world.key()).parse().unwrap(),
    );
    let status = PrincipalServiceClient::new(channel)
        .resolve_principal(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    world.stop().await;
}
