//! What apps know about customers over REST (catalog text, §4), where nothing has to be looked up elsewhere.

use serde_json::{Value, json};
use suite::{Rest, World};

const APPS: &str = "/api/v1/customers/acme/apps";
const STRIPE: &str = "/api/v1/customers/acme/stripe";
const UNKNOWN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

async fn customer(rest: &Rest, key: &str) -> Value {
    let body = json!({"key": key, "name": key});
    rest.post("/api/v1/customers", body).await.expect(201)
}

/// Kinds of the apps of a list.
async fn kinds(rest: &Rest, query: &str) -> Vec<Value> {
    let listed = rest.get(&format!("{APPS}{query}")).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    items.iter().map(|item| item["type"].clone()).collect()
}

#[tokio::test]
async fn apps_know_what_they_are_told_of_a_customer() {
    let world = World::start().await;
    let rest = &world.rest();
    customer(rest, "acme").await;
    assert!(kinds(rest, "").await.is_empty());
    let install = "/api/v1/marketplace/listings/custom_invoicing/install";
    let custom = rest.post(install, json!({"name": "Own"})).await.expect(200);
    let custom = &custom["app"]["id"];
    // The app of the profile is found by its kind, any other by its id.
    let stored = json!([
        {"type": "sandbox", "app": {"ignored": true}},
        {"type": "custom_invoicing", "id": custom, "metadata": {"number": "7"}},
    ]);
    let stored = rest.put(APPS, stored).await.expect(200);
    assert_eq!(
        (&stored[0]["type"], &stored[0]["id"]),
        (&json!("sandbox"), &stored[0]["app"]["id"])
    );
    assert_eq!(
        (&stored[1]["id"], &stored[1]["metadata"]),
        (custom, &json!({"number": "7"}))
    );
    let listed = rest.get(APPS).await.expect(200);
    assert_eq!(listed["totalCount"], 2);
    for shown in listed["items"].as_array().unwrap() {
        assert!(stored.as_array().unwrap().contains(shown), "{shown}");
    }
    for (query, expected) in [
        ("?type=sandbox", vec!["sandbox"]),
        ("?type=custom_invoicing", vec!["custom_invoicing"]),
        ("?type=stripe", vec![]),
        ("?page=9", vec![]),
    ] {
        assert_eq!(kinds(rest, query).await, expected, "{query}");
    }
    // Told again, it is told anew.
    let again = json!([{"type": "custom_invoicing", "id": custom}]);
    let again = rest.put(APPS, again).await.expect(200);
    assert_eq!(again[0].get("metadata"), None);
    assert_eq!(kinds(rest, "").await.len(), 2);
    let own = format!("{APPS}/{}", custom.as_str().unwrap());
    rest.delete(&own).await.expect(204);
    assert_eq!(kinds(rest, "").await, ["sandbox"]);
    rest.delete(&own).await.problem(404);
    rest.delete(&format!("{APPS}/{UNKNOWN}")).await.problem(404);
    world.stop().await;
}

#[tokio::test]
async fn what_no_app_can_be_told_is_refused_and_not_written() {
    let world = World::start().await;
    let rest = &world.rest();
    customer(rest, "acme").await;
    let stripe = json!({"type": "stripe", "stripeCustomerId": "cus_1"});
    for (body, status, named) in [
        (json!({}), 400, ""),
        (json!([{}]), 400, "[0].type"),
        (json!([{"type": "other"}]), 400, "[0].type"),
        (
            json!([{"type": "sandbox"}, {"type": "stripe"}]),
            400,
            "[1].stripeCustomerId",
        ),
        (json!([{"type": "sandbox", "id": "x"}]), 400, "[0].id"),
        (json!([{"type": "sandbox", "id": UNKNOWN}]), 404, UNKNOWN),
        (
            json!([{"type": "sandbox"}, stripe]),
            412,
            "no stripe app found in billing profile for customer",
        ),
        (
            json!([{"type": "custom_invoicing"}]),
            412,
            "no custom_invoicing app found in billing profile for customer",
        ),
    ] {
        let detail = rest.put(APPS, body.clone()).await.problem(status);
        assert!(detail.contains(named), "{body}: {detail}");
    }
    rest.get(STRIPE).await.problem(412);
    rest.put(STRIPE, json!({"stripeCustomerId": "cus_1"}))
        .await
        .problem(412);
    rest.put(STRIPE, json!({})).await.problem(400);
    rest.get(&format!("{APPS}?type=other")).await.problem(400);
    assert!(kinds(rest, "").await.is_empty());
    let gone = customer(rest, "gone").await;
    rest.delete("/api/v1/customers/gone").await.expect(204);
    for (handle, status) in [("nobody", 404), (gone["id"].as_str().unwrap(), 412)] {
        let path = |of: &str| format!("/api/v1/customers/{handle}/{of}");
        rest.get(&path("apps")).await.problem(status);
        rest.get(&path("stripe")).await.problem(status);
        rest.put(&path("apps"), json!([{"type": "sandbox"}]))
            .await
            .problem(status);
        rest.put(&path("stripe"), json!({"stripeCustomerId": "cus_1"}))
            .await
            .problem(status);
        rest.delete(&path(&format!("apps/{UNKNOWN}")))
            .await
            .problem(status);
        rest.post(&path("stripe/portal"), json!({}))
            .await
            .problem(status);
    }
    world.stop().await;
}
