//! A request that comes again with the same key happens once, over gRPC and REST.

use contract::metering::v1::{CreateMeterRequest, Meter, meter::Aggregation};
use reqwest::Method;
use serde_json::json;
use suite::World;

fn meter(slug: &str, request_id: &str) -> CreateMeterRequest {
    CreateMeterRequest {
        meter: Some(Meter {
            slug: slug.into(),
            event_type: "request".into(),
            aggregation: Aggregation::Count.into(),
            ..Default::default()
        }),
        request_id: request_id.into(),
    }
}

#[tokio::test]
async fn the_same_request_id_replays_the_first_answer() {
    let world = World::start().await;
    let mut meters = world.client().meters();
    let first = meters.create_meter(meter("a", "r-1")).await.unwrap();
    let again = meters.create_meter(meter("a", "r-1")).await.unwrap();
    assert_eq!(
        again.metadata().get("x-perennial-replayed").unwrap(),
        "true"
    );
    assert_eq!(first.into_inner(), again.into_inner());
    world.stop().await;
}

#[tokio::test]
async fn a_reused_request_id_with_another_body_is_refused() {
    let world = World::start().await;
    let mut meters = world.client().meters();
    meters.create_meter(meter("a", "r-1")).await.unwrap();
    let refused = meters.create_meter(meter("b", "r-1")).await.unwrap_err();
    let refused = perennial_sdk::Error::from(refused);
    assert_eq!(refused.reason(), Some("REQUEST_ID_REUSED"));
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_is_replayed_too() {
    let world = World::start().await;
    let mut meters = world.client().meters();
    meters.create_meter(meter("a", "")).await.unwrap();
    let first = meters.create_meter(meter("a", "r-2")).await.unwrap_err();
    let again = meters.create_meter(meter("a", "r-2")).await.unwrap_err();
    assert_eq!(first.code(), tonic::Code::AlreadyExists);
    assert_eq!(again.code(), first.code());
    assert_eq!(again.message(), first.message());
    assert_eq!(
        again.metadata().get("x-perennial-replayed").unwrap(),
        "true"
    );
    world.stop().await;
}

#[tokio::test]
async fn concurrent_repeats_make_one_thing() {
    let world = World::start().await;
    let calls = (0..8).map(|_| {
        let mut meters = world.client().meters();
        async move {
            meters
                .create_meter(meter("a", "r-3"))
                .await
                .unwrap()
                .into_inner()
        }
    });
    let answers = futures::future::join_all(calls).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    world.stop().await;
}

#[tokio::test]
async fn the_rest_header_does_the_same() {
    let world = World::start().await;
    let rest = world.rest();
    let send = |slug: &'static str| {
        rest.send(
            rest.request(Method::POST, "/api/v1/meters")
                .header("Idempotency-Key", "k-1")
                .json(&json!({"slug": slug, "eventType": "request", "aggregation": "COUNT"})),
        )
    };
    let first = send("a").await.expect(201);
    let again = send("a").await;
    assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
    assert_eq!(again.expect(201), first);
    send("b").await.problem(409);
    world.stop().await;
}
