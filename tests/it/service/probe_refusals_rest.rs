//! Every 400, 401 and 404 of the Probe dialect as a table, with status and body, and that nothing came of any of it. What
//! needs a story of its own is told in `probe_rest`.

use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::{Caller, frozen, refused, token};

const UPSERT: &str = "/subscriptions/upsert";
const HISTORY: &str = "/subscriptions/history/upsert/h1";

fn change() -> Value {
    json!({
        "id": "s1", "customer_id": "c1", "started_at": "2025-01-01", "monthly_amount": "10",
        "currency": "usd", "items": [{"product_key": "a", "type": "recurring"}],
    })
}

fn payment() -> Value {
    json!({
        "subscription_id": "s2", "customer_id": "c1", "started_at": "2025-01-01", "ended_at": "2025-02-01",
        "monthly_amount": "10", "currency": "usd", "items": [{"product_key": "a", "type": "recurring"}],
    })
}

/// An account with subscription `s1` and history `h1` of customer `c1`.
async fn account() -> (World, Caller) {
    let world = frozen().await;
    let caller = Caller::probe(&world, &token(&world, KeyKind::Probe).await);
    caller.put(UPSERT, &change()).await.expect(200);
    caller.put(HISTORY, &payment()).await.expect(200);
    (world, caller)
}

/// All that can be read of the account.
async fn everything(world: &World, caller: &Caller) -> Vec<Value> {
    let private = token(world, KeyKind::ProfitwellPrivate).await;
    let other = Caller::profitwell(world, &private);
    vec![
        caller.get("/subscriptions").await.expect(200),
        caller.get("/customers/c1").await.expect(200),
        other.get("/customers").await.expect(200),
        other.get("/plans").await.expect(200),
        other
            .get("/metrics/monthly?metrics=recurring_revenue")
            .await
            .expect(200),
    ]
}

async fn send(caller: &Caller, method: Method, path: &str, body: &str) -> suite::http::Answer {
    let request = caller.request(method, path).body(body.to_owned());
    caller.send(request).await
}

#[tokio::test]
async fn no_operation_opens_without_its_token() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    let private = token(&world, KeyKind::ProfitwellPrivate).await;
    let good = token(&world, KeyKind::Probe).await;
    let wrong = [
        None,
        Some("Bearer unknown".to_owned()),
        Some(format!("Bearer {private}")),
        Some(format!("Basic {good}")),
        Some(good.clone()),
        Some("Bearer".to_owned()),
    ];
    for (method, path) in [
        (Method::PUT, UPSERT),
        (Method::GET, "/subscriptions"),
        (Method::DELETE, "/subscriptions/s1"),
        (Method::PUT, HISTORY),
        (Method::POST, HISTORY),
        (Method::GET, "/customers/c1"),
        (Method::PUT, "/customers/c1"),
    ] {
        for authorization in &wrong {
            let caller = caller.with(authorization.as_deref());
            let sentence = refused(send(&caller, method.clone(), path, "{").await, 401);
            assert_eq!(sentence, "your API key is wrong", "{method} {path}");
        }
    }
    assert_eq!(everything(&world, &caller).await, before);
    let lower = caller.with(Some(&format!("bearer {good}")));
    lower.get("/subscriptions").await.expect(200);
    world.stop().await;
}

#[tokio::test]
async fn bodies_are_json_objects_whatever_they_are_called() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    for (method, path) in [
        (Method::PUT, UPSERT),
        (Method::PUT, HISTORY),
        (Method::POST, HISTORY),
        (Method::PUT, "/customers/c1"),
    ] {
        for body in ["", "{", "[]", "\"a\"", "null", "1"] {
            let sentence = refused(send(&caller, method.clone(), path, body).await, 400);
            assert!(
                sentence.starts_with("the body "),
                "{method} {path} {body}: {sentence}"
            );
        }
    }
    assert_eq!(everything(&world, &caller).await, before);
    // The content type is not looked at, and members that nobody knows do not count.
    let request = caller.request(Method::PUT, "/customers/c1");
    let request = request.header("content-type", "text/plain");
    let request = request.body(r#"{"segments": [{"name": "a", "value": ""}], "luck": 1}"#);
    let told = caller.send(request).await.expect(200);
    assert_eq!(told["segments"], json!([{"name": "a", "value": ""}]));
    assert_eq!(caller.get("/customers/c1").await.expect(200), told);
    world.stop().await;
}

#[tokio::test]
async fn every_member_has_its_rule() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    let item = |member: &str, value: Value| {
        let mut item = json!({"product_key": "a", "type": "recurring"});
        item[member] = value;
        json!([item])
    };
    let long = "a".repeat(256);
    // Of both: what they share.
    let shared = [
        ("started_at", json!("soon"), "started_at"),
        ("started_at", json!(1_735_689_600), "started_at"),
        ("started_at", json!("2025-02-30"), "started_at"),
        ("started_at", json!("2025-01-01T25:00:00Z"), "started_at"),
        ("started_at", json!("2025-01-01 10:00:00"), "started_at"),
        ("ended_at", json!("later"), "ended_at"),
        ("ended_at", json!("2024-12-31T23:59:59Z"), "ended_at"),
        ("monthly_amount", json!("-1"), "monthly_amount"),
        ("monthly_amount", json!(-1), "monthly_amount"),
        ("monthly_amount", json!("1,5"), "monthly_amount"),
        ("monthly_amount", json!("1.1234567"), "monthly_amount"),
        (
            "monthly_amount",
            json!("1234567890123456"),
            "monthly_amount",
        ),
        ("monthly_amount", json!("1e2"), "monthly_amount"),
        ("monthly_amount", json!(true), "monthly_amount"),
        ("currency", json!("dollars"), "currency"),
        ("currency", json!("xxy"), "currency"),
        ("currency", json!(""), "currency"),
        // No rate leads to the account's currency.
        ("currency", json!("chf"), "currency"),
        ("customer_id", json!(""), "customer_id"),
        ("customer_id", json!(7), "customer_id"),
        ("customer_id", json!(long), "customer_id"),
        ("customer_id", json!("somebody-else"), "customer_id"),
        ("items", json!([]), "items"),
        ("items", json!({}), "items"),
        ("items", json!("a"), "items"),
        ("items", item("type", json!("luck")), "items[0].type"),
        (
            "items",
            item("product_key", json!("a b")),
            "items[0].product_key",
        ),
        (
            "items",
            item("product_key", json!("ä")),
            "items[0].product_key",
        ),
        (
            "items",
            item("product_key", json!("")),
            "items[0].product_key",
        ),
        (
            "items",
            item("product_key", json!(long)),
            "items[0].product_key",
        ),
    ];
    let mut rules: Vec<(&str, Value, &str)> = Vec::new();
    for (member, value, field) in shared {
        for (path, good) in [(UPSERT, change()), (HISTORY, payment())] {
            let mut body = good;
            body[member] = value.clone();
            rules.push((path, body, field));
        }
    }
    let mut more = |path, good: Value, member: &str, value: Value, field| {
        let mut body = good;
        body[member] = value;
        rules.push((path, body, field));
    };
    more(UPSERT, change(), "id", json!(""), "id");
    more(UPSERT, change(), "id", json!(long), "id");
    more(UPSERT, change(), "started_at", Value::Null, "started_at");
    more(
        UPSERT,
        change(),
        "items",
        item("trial_started_at", json!("soon")),
        "items[0].trial_started_at",
    );
    more(
        UPSERT,
        change(),
        "items",
        item("trial_ended_at", json!(1)),
        "items[0].trial_ended_at",
    );
    let twice = json!([{"product_key": "a", "type": "metered"}, {"product_key": "a"}]);
    more(UPSERT, change(), "items", twice, "items[1].product_key");
    let unknown = json!([{"product_key": "a"}, {"product_key": "b"}]);
    more(UPSERT, change(), "items", unknown, "items[1].type");
    more(
        UPSERT,
        change(),
        "items",
        item("type", json!("trial")),
        "items[0].trial_started_at",
    );
    more(
        UPSERT,
        change(),
        "items",
        item("type", json!("freemium")),
        "items[0].trial_started_at",
    );
    let backwards = json!([{
        "product_key": "a", "type": "trial", "trial_started_at": "2025-01-02", "trial_ended_at": "2025-01-01",
    }]);
    more(
        UPSERT,
        change(),
        "items",
        backwards,
        "items[0].trial_ended_at",
    );
    more(
        HISTORY,
        payment(),
        "ended_at",
        json!("2025-01-01"),
        "ended_at",
    );
    more(
        HISTORY,
        payment(),
        "subscription_id",
        json!("s1"),
        "subscription_id",
    );
    more(
        HISTORY,
        payment(),
        "items",
        item("type", json!("trial")),
        "items[0].type",
    );
    more(
        HISTORY,
        payment(),
        "items",
        item("type", json!("freemium")),
        "items[0].type",
    );
    let two =
        json!([{"product_key": "a", "type": "metered"}, {"product_key": "b", "type": "metered"}]);
    more(HISTORY, payment(), "items", two, "items");
    for (path, body, field) in rules {
        let answer = caller.put(path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text);
        let told = answer.json;
        assert!(told["fields"][field].is_string(), "{path} {field}: {told}");
        assert!(told["error"].as_str().is_some_and(|told| !told.is_empty()));
    }
    for bad in [
        "x",
        "%25",
        "e30",
        "eyJ2ZXJzaW9uIjoyLCJkYXRhIjp7Imxhc3RfaWQiOjIxfX0",
    ] {
        let told = caller
            .get(&format!("/subscriptions?next={bad}"))
            .await
            .expect(400);
        assert!(told["fields"]["next"].is_string(), "{told}");
    }
    assert_eq!(everything(&world, &caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn a_new_history_has_all_its_members_and_its_own_subscription() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    let path = "/subscriptions/history/upsert/h2";
    for member in [
        "customer_id",
        "started_at",
        "ended_at",
        "monthly_amount",
        "currency",
        "items",
    ] {
        let mut body = payment();
        body.as_object_mut().unwrap().remove(member);
        let told = caller.post(path, &body).await.expect(400);
        let fields = told["fields"].as_object().unwrap();
        assert!(
            fields.keys().any(|field| field.starts_with(member)),
            "{member}: {told}"
        );
    }
    // A subscription that somebody else has.
    let mut body = payment();
    body["customer_id"] = json!("somebody-else");
    let told = caller.post(path, &body).await.expect(400);
    assert!(told["error"].is_string(), "{told}");
    caller.get("/customers/somebody-else").await.expect(404);
    assert_eq!(everything(&world, &caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn segments_have_their_rules() {
    let (world, caller) = account().await;
    let long = "a".repeat(256);
    let good = json!({"segments": [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]});
    let before = caller.put("/customers/c1", &good).await.expect(200);
    for segments in [
        json!("a"),
        json!({}),
        json!([1]),
        json!([{"name": "c"}]),
        json!([{"value": "c"}]),
        json!([{"name": "", "value": "c"}]),
        json!([{"name": null, "value": "c"}]),
        json!([{"name": 1, "value": "c"}]),
        json!([{"name": "c", "value": 1}]),
        json!([{"name": "c", "value": true}]),
        json!([{"name": long, "value": "c"}]),
        json!([{"name": "c", "value": long}]),
        json!([{"name": "c", "value": "1"}, {"name": "c", "value": "1"}]),
        json!([{"name": "c", "value": "1"}, {"name": "c", "value": null}]),
    ] {
        let answer = caller
            .put("/customers/c1", &json!({"segments": segments}))
            .await;
        assert_eq!(answer.status, 400, "{segments}: {}", answer.text);
        let fields = answer.json["fields"].as_object().unwrap().clone();
        assert!(
            fields.keys().all(|field| field.starts_with("segments")),
            "{fields:?}"
        );
    }
    assert_eq!(caller.get("/customers/c1").await.expect(200), before);
    for body in [
        json!({}),
        json!({"segments": []}),
        json!({"segments": null}),
    ] {
        assert_eq!(caller.put("/customers/c1", &body).await.expect(200), before);
    }
    // An empty value is a value; null takes it away.
    let private = token(&world, KeyKind::ProfitwellPrivate).await;
    let traits = Caller::profitwell(&world, &private)
        .get("/customers/c1/traits")
        .await;
    assert_eq!(traits.expect(200), json!({"a": "1", "b": ""}));
    let none = json!({"segments": [{"name": "b", "value": null}]});
    let told = caller.put("/customers/c1", &none).await.expect(200);
    assert_eq!(told["segments"], json!([{"name": "a", "value": "1"}]));
    world.stop().await;
}

#[tokio::test]
async fn what_nobody_knows_is_not_found_and_no_method_is_refused_otherwise() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    for (method, path) in [
        (Method::DELETE, "/subscriptions/nothing"),
        (Method::GET, "/customers/nobody"),
        (Method::PUT, "/customers/nobody"),
        (Method::GET, "/nowhere"),
        (Method::GET, "/customers"),
        (Method::GET, UPSERT),
        (Method::POST, UPSERT),
        (Method::PATCH, UPSERT),
        (Method::POST, "/subscriptions"),
        (Method::DELETE, "/subscriptions"),
        (Method::GET, "/subscriptions/s1"),
        (Method::PUT, "/subscriptions/s1"),
        (Method::GET, HISTORY),
        (Method::DELETE, HISTORY),
        (Method::POST, "/customers/c1"),
        (Method::DELETE, "/customers/c1"),
    ] {
        let body = r#"{"segments": [{"name": "a", "value": "b"}]}"#;
        let sentence = refused(send(&caller, method.clone(), path, body).await, 404);
        assert!(!sentence.is_empty(), "{method} {path}");
    }
    caller.get("/customers/nobody").await.expect(404);
    assert_eq!(everything(&world, &caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once_and_in_the_words_of_the_contract() {
    let (world, caller) = account().await;
    let before = everything(&world, &caller).await;
    let mut over = change();
    over["ended_at"] = json!("2024-12-31");
    let mut backwards = change();
    backwards["items"] = json!([{
        "product_key": "a", "type": "trial", "trial_started_at": "2025-01-02", "trial_ended_at": "2025-01-01",
    }]);
    for (body, fields) in [
        (
            json!({}),
            json!({
                "started_at": "is required",
                "customer_id": "is required for a new subscription",
                "items": "are required for a new subscription",
            }),
        ),
        (over, json!({"ended_at": "must not be before the start"})),
        (
            backwards,
            json!({"items[0].trial_ended_at": "must not be before the start of the trial"}),
        ),
    ] {
        let told = caller.put(UPSERT, &body).await.expect(400);
        assert_eq!(told["fields"], fields, "{body}");
    }
    assert_eq!(everything(&world, &caller).await, before);
    // A header is no member.
    let (first, key) = (change(), "once");
    caller
        .once(Method::PUT, UPSERT, key, &first)
        .await
        .expect(200);
    let told = caller.once(Method::PUT, UPSERT, key, &json!({})).await;
    assert_eq!(
        told.expect(400),
        json!({"error": "Idempotency-Key: was used before with another request"})
    );
    world.stop().await;
}
