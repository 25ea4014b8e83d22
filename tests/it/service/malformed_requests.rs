//! Bad input over REST: each is a 4xx problem document that names what is wrong, and
//! nothing is written.

use serde_json::{Value, json};
use suite::World;

#[tokio::test]
async fn json_that_is_none_is_a_400() {
    let world = World::start().await;
    let rest = world.rest();
    for path in [
        "/api/v1/meters",
        "/api/v1/features",
        "/api/v1/customers",
        "/api/v1/plans",
        "/api/v1/subscriptions",
        "/api/v1/subjects",
    ] {
        rest.post_text(path, "application/json", "{\"a\":")
            .await
            .problem(400);
        rest.post_text(path, "application/json", "")
            .await
            .problem(400);
        rest.post_text(path, "application/json", "\"text\"")
            .await
            .problem(400);
    }
    rest.post_text("/api/v1/events", "application/cloudevents+json", "{")
        .await
        .problem(400);
    rest.post_text("/api/v1/events", "application/xml", "<a/>")
        .await
        .problem(400);
    rest.post("/api/v1/events", json!([])).await.problem(400);
    world.stop().await;
}

#[tokio::test]
async fn wrong_types_and_unknown_values_name_the_field() {
    let world = World::start().await;
    let rest = world.rest();
    let cases = [
        (
            "/api/v1/meters",
            json!({"slug": 7, "eventType": "a", "aggregation": "COUNT"}),
            "slug",
        ),
        (
            "/api/v1/meters",
            json!({"slug": "a", "eventType": "a", "aggregation": "MEDIAN"}),
            "aggregation",
        ),
        (
            "/api/v1/meters",
            json!({"slug": "Not A Slug", "eventType": "a", "aggregation": "COUNT"}),
            "slug",
        ),
        (
            "/api/v1/meters",
            json!({"slug": "a", "aggregation": "COUNT"}),
            "eventType",
        ),
        (
            "/api/v1/meters",
            json!({"slug": "a", "eventType": "a", "aggregation": "SUM"}),
            "valueProperty",
        ),
        ("/api/v1/customers", json!({"key": "a"}), "name"),
        (
            "/api/v1/customers",
            json!({"key": "a", "name": ["x"]}),
            "name",
        ),
        (
            "/api/v1/customers",
            json!({"key": "a", "name": "A", "currency": "ZZZ"}),
            "currency",
        ),
        ("/api/v1/features", json!({"key": "a"}), "name"),
        (
            "/api/v1/subscriptions",
            json!({"customerKey": "a", "plan": {"key": "a"}, "timing": "someday"}),
            "timing",
        ),
    ];
    for (path, body, field) in cases {
        let detail = rest.post(path, body.clone()).await.problem(400);
        assert!(detail.contains(field), "{path} {body}: {detail}");
    }
    for list in ["/api/v1/meters", "/api/v1/features"] {
        assert_eq!(rest.get(list).await.expect(200), json!([]));
    }
    let customers = rest.get("/api/v1/customers").await.expect(200);
    assert_eq!(customers["totalCount"], 0);
    world.stop().await;
}

#[tokio::test]
async fn unknown_things_and_paths_are_404_problems() {
    let world = World::start().await;
    let rest = world.rest();
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for path in [
        format!("/api/v1/meters/{id}"),
        format!("/api/v1/features/{id}"),
        format!("/api/v1/customers/{id}"),
        format!("/api/v1/plans/{id}"),
        format!("/api/v1/subscriptions/{id}"),
        format!("/api/v1/billing/invoices/{id}"),
        format!("/api/v1/entitlements/{id}"),
        "/api/v1/nothing-here".to_owned(),
        "/nowhere".to_owned(),
    ] {
        rest.get(&path).await.problem(404);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_method_is_a_405_and_a_huge_body_a_413() {
    let world = World::start().await;
    let rest = world.rest();
    rest.delete("/api/v1/meters").await.problem(405);
    let huge = json!({"key": "a", "name": "x".repeat(6 * 1024 * 1024)});
    rest.post("/api/v1/customers", huge).await.problem(413);
    world.stop().await;
}

#[tokio::test]
async fn a_bad_event_refuses_the_whole_batch() {
    let world = World::start().await;
    let rest = world.rest();
    let good = json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "subject": "c"});
    let mut bad = good.clone();
    bad["id"] = json!("2");
    bad["data"] = json!("text");
    let detail = rest
        .post_text(
            "/api/v1/events",
            "application/cloudevents-batch+json",
            &json!([good, bad]).to_string(),
        )
        .await
        .problem(400);
    assert!(detail.contains("data"), "{detail}");
    assert_eq!(rest.get("/api/v1/events").await.expect(200), json!([]));
    world.stop().await;
}

#[tokio::test]
async fn taken_keys_are_409() {
    let world = World::start().await;
    let rest = world.rest();
    let twice: [(&str, Value); 3] = [
        (
            "/api/v1/meters",
            json!({"slug": "a", "eventType": "a", "aggregation": "COUNT"}),
        ),
        ("/api/v1/features", json!({"key": "a", "name": "A"})),
        ("/api/v1/customers", json!({"key": "a", "name": "A"})),
    ];
    for (path, body) in twice {
        rest.post(path, body.clone()).await.expect(201);
        rest.post(path, body).await.problem(409);
    }
    world.stop().await;
}
