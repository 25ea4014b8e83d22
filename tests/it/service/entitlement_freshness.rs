//! What was answered as stored is in the next check: over gRPC and REST, one call after the other, without
//! waiting.

use std::time::{Duration, Instant};

use contract::{
    customer::v1::{CustomerRef, customer_ref::Ref},
    entitlement::v1::{
        EntitlementRef, GetEntitlementValueRequest, entitlement_ref::Entitlement,
        entitlement_value::Kind,
    },
    metering::v1::{
        EventRef, IngestEventsRequest, ReplaceEventRequest, UsageEvent, VoidEventsRequest,
    },
};
use serde_json::json;

use super::entitlement_scene::{START, Scene};

/// Balance over gRPC.
async fn balance(scene: &Scene, customer: &str) -> String {
    let request = GetEntitlementValueRequest {
        entitlement: Some(EntitlementRef {
            customer: Some(CustomerRef {
                r#ref: Some(Ref::IdOrKey(customer.to_owned())),
            }),
            entitlement: Some(Entitlement::IdOrFeatureKey("f".to_owned())),
        }),
        time: None,
        allow_missing: false,
    };
    let answer = scene
        .world
        .client()
        .entitlements()
        .get_entitlement_value(request)
        .await
        .unwrap();
    let Some(Kind::Metered(value)) = answer.into_inner().value.unwrap().kind else {
        panic!("no balance");
    };
    value.balance.unwrap().value
}

#[tokio::test]
async fn accepted_usage_is_in_the_next_check() {
    let scene = Scene::new().await;
    scene
        .metered("acme", "f", json!({"issue": {"amount": 1_000}}))
        .await;
    assert_eq!(balance(&scene, "acme").await, "1000");
    for number in 1..=40_u32 {
        let event = UsageEvent {
            id: format!("grpc-{number}"),
            source: "test".to_owned(),
            r#type: "use".to_owned(),
            subject: "acme".to_owned(),
            data: r#"{"v":1}"#.to_owned(),
            ..UsageEvent::default()
        };
        let request = IngestEventsRequest {
            events: vec![event],
            ..IngestEventsRequest::default()
        };
        scene
            .world
            .client()
            .usage()
            .ingest_events(request)
            .await
            .unwrap();
        assert_eq!(
            balance(&scene, "acme").await,
            (1_001 - 2 * number).to_string()
        );
        scene
            .rest
            .post(
                "/api/v1/events",
                json!([{
                    "specversion": "1.0", "id": format!("rest-{number}"), "source": "test",
                    "type": "use", "subject": "acme", "time": START, "data": {"v": 1},
                }]),
            )
            .await
            .expect(204);
        let path = "/api/v2/customers/acme/entitlements/f/value";
        let value = scene.rest.get(path).await.expect(200);
        assert_eq!(value["balance"], json!(1_000 - 2 * number));
        assert_eq!(value["usage"], json!(2 * number));
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn usage_of_whatever_day_is_in_the_next_check() {
    let scene = Scene::new().await;
    scene.advance("P20D").await;
    scene
        .metered(
            "acme",
            "f",
            json!({"issue": {"amount": 1_000}, "measureUsageFrom": START}),
        )
        .await;
    // Late, later, of today, of now, of the same days again; a void and a replacement.
    let times = [
        "03-02T01:00",
        "03-19T23:59",
        "03-20T22:10",
        "03-21T00:00",
        "03-01T00:00",
    ];
    let mut expected = 1_000;
    for round in 0..3 {
        for time in times {
            let time = format!("2026-{time}:00Z");
            scene.usage("acme", 7, &time).await;
            expected -= 7;
            assert_eq!(
                balance(&scene, "acme").await,
                expected.to_string(),
                "{round} {time}"
            );
        }
    }
    let event = |id: &str| EventRef {
        source: "test".to_owned(),
        id: id.to_owned(),
    };
    let void = VoidEventsRequest {
        events: vec![event("0")],
        reason: "a mistake".to_owned(),
        ..VoidEventsRequest::default()
    };
    let client = scene.world.client();
    client.usage().void_events(void).await.unwrap();
    expected += 7;
    assert_eq!(balance(&scene, "acme").await, expected.to_string());
    let replace = ReplaceEventRequest {
        event: Some(event("1")),
        replacement: Some(UsageEvent {
            time: Some(contract::convert::timestamp(
                "2026-03-05T00:00:00Z".parse().unwrap(),
            )),
            data: r#"{"v":100}"#.to_owned(),
            ..UsageEvent::default()
        }),
        reason: "another mistake".to_owned(),
        ..ReplaceEventRequest::default()
    };
    client.usage().replace_event(replace).await.unwrap();
    expected += 7 - 100;
    assert_eq!(balance(&scene, "acme").await, expected.to_string());
    scene.world.stop().await;
}

#[tokio::test]
async fn checks_beside_a_stream_of_usage_never_go_back() {
    let scene = Scene::new().await;
    scene
        .metered("acme", "f", json!({"issue": {"amount": 1_000}}))
        .await;
    let writing = async {
        for number in 0..60 {
            scene
                .rest
                .post(
                    "/api/v1/events",
                    json!([{
                        "specversion": "1.0", "id": format!("e-{number}"), "source": "test",
                        "type": "use", "subject": "acme", "time": START, "data": {"v": 1},
                    }]),
                )
                .await
                .expect(204);
        }
    };
    let reading = async {
        let (mut last, begun) = (1_000, Instant::now());
        while last > 940 && begun.elapsed() < Duration::from_secs(120) {
            let now: i64 = balance(&scene, "acme").await.parse().unwrap();
            assert!(now <= last, "{now} after {last}");
            last = now;
        }
        last
    };
    let ((), last) = tokio::join!(writing, reading);
    assert_eq!(last, 940);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_moved_subject_key_is_in_the_next_check() {
    let scene = Scene::new().await;
    scene
        .metered("acme", "f", json!({"issue": {"amount": 100}}))
        .await;
    scene
        .rest
        .post(
            "/api/v1/events",
            json!([{
                "specversion": "1.0", "id": "e", "source": "test", "type": "use",
                "subject": "acme-eu", "time": START, "data": {"v": 30},
            }]),
        )
        .await
        .expect(204);
    assert_eq!(balance(&scene, "acme").await, "100");
    let attribute = async |subjects: serde_json::Value| {
        let body =
            json!({"key": "acme", "name": "acme", "usageAttribution": {"subjectKeys": subjects}});
        scene
            .rest
            .put("/api/v1/customers/acme", body)
            .await
            .expect(200);
    };
    attribute(json!(["acme", "acme-eu"])).await;
    assert_eq!(balance(&scene, "acme").await, "70");
    attribute(json!(["acme"])).await;
    assert_eq!(balance(&scene, "acme").await, "100");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_meter_stays_while_an_entitlement_of_an_archived_feature_measures_with_it() {
    let scene = Scene::new().await;
    scene
        .metered("acme", "f", json!({"issue": {"amount": 100}}))
        .await;
    scene.rest.delete("/api/v1/features/f").await.expect(204);
    scene.rest.delete("/api/v1/meters/f").await.expect(409);
    let path = "/api/v2/customers/acme/entitlements/f";
    scene.rest.delete(path).await.expect(204);
    scene.rest.delete("/api/v1/meters/f").await.expect(204);
    scene.world.stop().await;
}
