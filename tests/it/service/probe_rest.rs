//! The Probe dialect through the gateway: the walk-through of its documentation, changes out
//! of order, pages, histories, segments, and every rule of bad input.

use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::{Caller, frozen, rate, refused, token};

async fn caller() -> (World, Caller) {
    let world = frozen().await;
    let key = token(&world, KeyKind::Probe).await;
    let caller = Caller::probe(&world, &key);
    (world, caller)
}

const UPSERT: &str = "/subscriptions/upsert";

impl Caller {
    async fn upsert(&self, body: Value) -> Value {
        self.put(UPSERT, &body).await.expect(200)
    }
}

fn starter(kind: &str) -> Value {
    json!({
        "type": kind, "product_key": "starter",
        "trial_started_at": "2019-09-06T13:00:00Z", "trial_ended_at": "2019-09-13T13:00:00Z",
    })
}

#[tokio::test]
async fn the_walk_through_of_the_documentation() {
    let (world, caller) = caller().await;
    let made = caller
        .upsert(json!({
            "customer_id": "abc", "id": "sub_1", "started_at": "2019-09-06T13:00:00",
            "items": [{
                "product_key": "starter", "type": "trial",
                "trial_started_at": "2019-09-06T13:00:00",
                "trial_ended_at": "2019-09-13T13:00:00",
            }],
        }))
        .await;
    assert_eq!(
        made,
        json!({
            "created_at": "2026-03-15T12:00:00Z", "customer_id": "abc", "id": "sub_1",
            "started_at": "2019-09-06T13:00:00Z", "ended_at": null, "items": [starter("trial")],
        })
    );
    world.client().advance_clock("P1D").await.unwrap();
    let paid = caller
        .upsert(json!({
            "currency": "usd", "id": "sub_1", "started_at": "2019-09-11T13:00:00",
            "monthly_amount": "100.45", "items": [{"product_key": "starter", "type": "recurring"}],
        }))
        .await;
    assert_eq!(
        paid,
        json!({
            "created_at": "2026-03-15T12:00:00Z", "currency": "usd", "customer_id": "abc",
            "id": "sub_1", "started_at": "2019-09-11T13:00:00Z", "ended_at": null,
            "monthly_amount": "100.45", "items": [starter("recurring")],
        })
    );
    let more = caller
        .upsert(
            json!({"id": "sub_1", "started_at": "2019-10-10T13:00:00", "monthly_amount": "250.50"}),
        )
        .await;
    assert_eq!(
        (&more["monthly_amount"], &more["items"]),
        (&json!("250.5"), &paid["items"])
    );
    let pack = json!({
        "type": "recurring", "product_key": "expansion-pack",
        "trial_started_at": null, "trial_ended_at": null,
    });
    let two = caller
        .upsert(json!({
            "id": "sub_1", "started_at": "2019-10-30T13:00:00", "monthly_amount": "290.99",
            "items": [
                {"product_key": "starter"},
                {"product_key": "expansion-pack", "type": "recurring"},
            ],
        }))
        .await;
    assert_eq!(two["items"], json!([starter("recurring"), pack]));
    assert_eq!(two["monthly_amount"], "290.99");
    let ended = caller
        .upsert(json!({
            "id": "sub_1", "started_at": "2019-12-30T13:00:00", "ended_at": "2019-12-30T13:00:00",
        }))
        .await;
    assert_eq!(ended["started_at"], "2019-12-30T13:00:00Z");
    assert_eq!(ended["ended_at"], "2019-12-30T13:00:00Z");
    assert_eq!(ended["items"], two["items"]);
    let list = caller.get("/subscriptions").await.expect(200);
    assert_eq!(list, json!({"items": [ended], "next": null}));
    world.stop().await;
}

#[tokio::test]
async fn changes_are_folded_by_the_time_at_which_they_began() {
    let (world, caller) = caller().await;
    let change = |date: &str, amount: &str| {
        json!({
            "id": "s", "customer_id": "c", "started_at": date, "monthly_amount": amount,
            "currency": "USD", "items": [{"product_key": "a", "type": "recurring"}],
        })
    };
    caller.upsert(change("2025-03-01", "30")).await;
    // An earlier change does not undo a later one; one of the same time corrects it.
    let told = caller.upsert(change("2025-01-01", "10")).await;
    assert_eq!(
        (&told["monthly_amount"], &told["started_at"]),
        (&json!("30.0"), &json!("2025-03-01T00:00:00Z"))
    );
    let told = caller
        .upsert(change("2025-03-01T01:00:00+01:00", "31.5"))
        .await;
    assert_eq!(told["monthly_amount"], "31.5");
    // A later change opens an ended subscription again, unless it tells an end itself.
    let end = json!({"id": "s", "started_at": "2025-04-01", "ended_at": "2025-04-10"});
    assert_eq!(caller.upsert(end).await["ended_at"], "2025-04-10T00:00:00Z");
    let told = caller
        .upsert(json!({"id": "s", "started_at": "2025-05-01"}))
        .await;
    assert_eq!(told["ended_at"], Value::Null);
    let end = json!({"id": "s", "started_at": "2025-06-01", "ended_at": "2027-01-01"});
    caller.upsert(end).await;
    let told = caller
        .upsert(json!({"id": "s", "started_at": "2025-06-02", "ended_at": null}))
        .await;
    assert_eq!(told["ended_at"], Value::Null);
    // What is not among the items is dropped; what is added later starts afresh.
    let items = json!({"id": "s", "started_at": "2025-07-01", "items": [
        {"product_key": "b", "type": "metered", "trial_started_at": "2025-01-01"},
    ]});
    assert_eq!(caller.upsert(items).await["items"][0]["product_key"], "b");
    let dropped = json!({"id": "s", "started_at": "2025-08-01", "items": [{"product_key": "a"}]});
    let answer = caller.put(UPSERT, &dropped).await;
    assert_eq!(
        answer.json["fields"].as_object().unwrap().len(),
        1,
        "{}",
        answer.text
    );
    assert!(answer.expect(400)["fields"]["items[0].type"].is_string());
    // Null takes away what may be absent.
    let cleared = json!({"id": "s", "started_at": "2025-08-01", "monthly_amount": null, "items": [
        {"product_key": "b", "trial_started_at": null},
    ]});
    let told = caller.upsert(cleared).await;
    assert_eq!(told["items"][0]["trial_started_at"], Value::Null);
    assert_eq!(told["monthly_amount"], "31.5");
    world.stop().await;
}

#[tokio::test]
async fn lists_have_a_hundred_to_a_page() {
    let (world, caller) = caller().await;
    for number in 0..101 {
        caller
            .upsert(json!({
                "id": format!("s{number}"), "customer_id": "c", "started_at": "2025-01-01",
                "items": [{"product_key": "a", "type": "freemium", "trial_started_at": "2025-01-01"}],
            }))
            .await;
    }
    let first = caller.get("/subscriptions?next=").await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    // The token outlives the item that it names.
    caller.delete("/subscriptions/s99").await.expect(204);
    let second = caller
        .get(&format!("/subscriptions?next={next}"))
        .await
        .expect(200);
    assert_eq!(second["items"][0]["id"], "s100");
    assert_eq!(second["next"], Value::Null);
    for bad in ["x", "eyJ2ZXJzaW9uIjoyLCJkYXRhIjp7Imxhc3RfaWQiOjIxfX0"] {
        let told = caller
            .get(&format!("/subscriptions?next={bad}"))
            .await
            .expect(400);
        assert!(told["fields"]["next"].is_string());
    }
    world.stop().await;
}

#[tokio::test]
async fn what_is_destroyed_is_gone_and_may_come_again() {
    let (world, caller) = caller().await;
    let body = json!({
        "id": "s", "customer_id": "c", "started_at": "2025-01-01", "monthly_amount": 10,
        "currency": "usd", "items": [{"product_key": "a", "type": "recurring"}],
    });
    let made = caller.upsert(body.clone()).await;
    assert_eq!(made["monthly_amount"], "10.0");
    let answer = caller.delete("/subscriptions/s").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    refused(caller.delete("/subscriptions/s").await, 404);
    caller.get("/customers/c").await.expect(200);
    world.client().advance_clock("P1D").await.unwrap();
    let bare = json!({"id": "s", "started_at": "2025-01-01"});
    let told = caller.put(UPSERT, &bare).await.expect(400);
    assert!(told["fields"]["customer_id"].is_string(), "{told}");
    let again = caller.upsert(body).await;
    assert_eq!(again["created_at"], "2026-03-16T12:00:00Z");
    world.stop().await;
}

#[tokio::test]
async fn histories_are_payments_for_spans_of_time() {
    let (world, caller) = caller().await;
    rate(&world, "PLN", "USD", "0.25").await;
    let body = json!({
        "subscription_id": "acme-deal-2021", "customer_id": "acme", "currency": "PLN",
        "monthly_amount": "95.90", "started_at": "2021-12-05T15:00:00Z",
        "ended_at": "2022-12-05T15:00:00Z", "items": [{"product_key": "basic", "type": "recurring"}],
    });
    let path = "/subscriptions/history/upsert/invoice_12_2021";
    let made = caller.put(path, &body).await.expect(200);
    let user = made["user_id"].as_str().unwrap();
    assert!(
        user.strip_prefix("user_")
            .is_some_and(|rest| rest.len() == 12)
    );
    assert_eq!(
        made,
        json!({
            "id": "invoice_12_2021", "user_id": user, "customer_id": "acme",
            "subscription_id": "acme-deal-2021", "started_at": "2021-12-05T15:00:00.000Z",
            "ended_at": "2022-12-05T15:00:00.000Z", "duration_in_months": 12,
            "original_total_value": "1150.8", "original_monthly_amount": "95.9",
            "original_currency": "pln", "total_value": "287.76", "monthly_amount": "23.98",
            "currency": "usd", "items": [{"type": "recurring", "product_key": "basic"}],
            "created_at": "2026-03-15T12:00:00.000Z",
        })
    );
    // The other method, another span, the rest as it was.
    let half =
        json!({"started_at": "2021-03-30", "ended_at": "2021-09-30", "monthly_amount": 5000});
    let told = caller.post(path, &half).await.expect(200);
    assert_eq!(told["duration_in_months"], 6);
    assert_eq!(told["original_total_value"], "30000.0");
    let listed = caller.get("/subscriptions").await.expect(200);
    let item = &listed["items"][0];
    assert_eq!(item["id"], "acme-deal-2021");
    assert_eq!(
        (&item["started_at"], &item["ended_at"]),
        (
            &json!("2021-03-30T00:00:00Z"),
            &json!("2021-09-30T00:00:00Z")
        )
    );
    assert_eq!(
        (&item["monthly_amount"], &item["currency"]),
        (&json!("5000.0"), &json!("pln"))
    );
    // A subscription of its own.
    let mut own = body.clone();
    own["subscription_id"] = Value::Null;
    let told = caller
        .put("/subscriptions/history/upsert/h2", &own)
        .await
        .expect(200);
    let id = told["subscription_id"].as_str().unwrap();
    assert!(
        id.strip_prefix("sub_").is_some_and(|rest| rest.len() == 12),
        "{id}"
    );

    for (member, value, field) in [
        ("customer_id", json!("other"), "customer_id"),
        ("subscription_id", json!("other"), "subscription_id"),
        ("ended_at", json!("2021-12-05T15:00:00Z"), "ended_at"),
        (
            "items",
            json!([{"product_key": "a", "type": "freemium"}]),
            "items[0].type",
        ),
        (
            "items",
            json!([{"product_key": "a b"}]),
            "items[0].product_key",
        ),
        ("currency", json!("xxy"), "currency"),
        ("currency", json!("chf"), "currency"),
    ] {
        let mut body = body.clone();
        body[member] = value;
        let told = caller.put(path, &body).await.expect(400);
        assert!(told["fields"][field].is_string(), "{field}: {told}");
    }
    for member in [
        "customer_id",
        "started_at",
        "ended_at",
        "monthly_amount",
        "currency",
        "items",
    ] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(member);
        let answer = caller.put("/subscriptions/history/upsert/h3", &body).await;
        let told = answer.expect(400);
        let fields = told["fields"].as_object().unwrap();
        assert!(
            fields.keys().all(|field| field.starts_with(member)),
            "{member}: {told}"
        );
        assert!(!fields.is_empty());
    }
    // Somebody else's subscription.
    let mut foreign = body;
    foreign["customer_id"] = json!("stranger");
    caller
        .put("/subscriptions/history/upsert/h4", &foreign)
        .await
        .expect(400);
    caller.get("/customers/stranger").await.expect(404);
    let listed = caller.get("/subscriptions").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn segments_are_merged() {
    let (world, caller) = caller().await;
    caller
        .upsert(json!({
            "customer_id": "c", "started_at": "2025-01-01",
            "items": [{"product_key": "a", "type": "freemium", "trial_started_at": "2025-01-01"}],
        }))
        .await;
    world.client().advance_clock("PT1H").await.unwrap();
    let set = |segments: Value| {
        let caller = caller.clone();
        async move {
            caller
                .put("/customers/c", &json!({"segments": segments}))
                .await
        }
    };
    let told = set(json!([
        {"name": "Industry", "value": "software"}, {"name": "industry", "value": "Hardware"},
    ]))
    .await
    .expect(200);
    assert_eq!(
        told,
        json!({
            "id": "c", "added_at": "2026-03-15T12:00:00Z", "updated_at": "2026-03-15T13:00:00Z",
            "segments": [
                {"name": "Industry", "value": "software"}, {"name": "industry", "value": "Hardware"},
            ],
        })
    );
    assert_eq!(caller.get("/customers/c").await.expect(200), told);
    world.client().advance_clock("PT1H").await.unwrap();
    // Removing what is absent is no error; nothing changed.
    assert_eq!(
        set(json!([{"name": "x", "value": null}])).await.expect(200),
        told
    );
    assert_eq!(
        caller.put("/customers/c", &json!({})).await.expect(200),
        told
    );
    for bad in [
        json!([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
        json!([{"name": "a"}]),
        json!([{"value": "a"}]),
        json!([{"name": "", "value": "a"}]),
        json!([{"name": "a", "value": 1}]),
        json!([{"name": "a".repeat(256), "value": "b"}]),
        json!("a"),
    ] {
        refused(set(bad).await, 400);
    }
    assert_eq!(caller.get("/customers/c").await.expect(200), told);
    let told = set(json!([{"name": "Industry", "value": null}]))
        .await
        .expect(200);
    assert_eq!(
        told["segments"],
        json!([{"name": "industry", "value": "Hardware"}])
    );
    refused(caller.get("/customers/nobody").await, 404);
    let segments = json!({"segments": [{"name": "a", "value": "b"}]});
    refused(caller.put("/customers/nobody", &segments).await, 404);
    caller.get("/customers/nobody").await.expect(404);
    world.stop().await;
}

#[tokio::test]
async fn a_customer_changes_with_its_subscriptions() {
    let (world, caller) = caller().await;
    let client = world.client();
    let change = |date: &str, amount: &str| {
        json!({
            "id": "s", "customer_id": "c", "started_at": date, "monthly_amount": amount,
            "currency": "usd", "items": [{"product_key": "a", "type": "recurring"}],
        })
    };
    caller.upsert(change("2025-01-01", "10")).await;
    let told = async || {
        let told = caller.get("/customers/c").await.expect(200);
        assert_eq!(told["added_at"], "2026-03-15T12:00:00Z");
        told["updated_at"].as_str().unwrap().to_owned()
    };
    assert_eq!(told().await, "2026-03-15T12:00:00Z");
    client.advance_clock("PT1H").await.unwrap();
    caller.upsert(change("2024-01-01", "9")).await;
    assert_eq!(told().await, "2026-03-15T13:00:00Z");
    client.advance_clock("PT1H").await.unwrap();
    caller.delete("/subscriptions/s").await.expect(204);
    assert_eq!(told().await, "2026-03-15T14:00:00Z");
    world.stop().await;
}

#[tokio::test]
async fn a_refused_change_leaves_nothing_behind() {
    let (world, caller) = caller().await;
    let good = json!({
        "id": "s", "customer_id": "c", "started_at": "2025-01-01", "monthly_amount": "10",
        "currency": "usd", "items": [{"product_key": "a", "type": "recurring"}],
    });
    let without = |member: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(member);
        body
    };
    let with = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    let trial = |item: Value| {
        let mut body = without("monthly_amount");
        body["items"] = json!([item]);
        body
    };
    for (body, field) in [
        (without("started_at"), "started_at"),
        (without("customer_id"), "customer_id"),
        (without("items"), "items"),
        (without("monthly_amount"), "monthly_amount"),
        (without("currency"), "currency"),
        (with("currency", json!("xxy")), "currency"),
        (with("currency", json!("chf")), "currency"),
        (with("ended_at", json!("2024-12-31")), "ended_at"),
        (
            with("items", json!([{"product_key": "a"}])),
            "items[0].type",
        ),
        (
            with("items", json!([{"product_key": "a b", "type": "metered"}])),
            "items[0].product_key",
        ),
        (
            with(
                "items",
                json!([
                    {"product_key": "a", "type": "metered"}, {"product_key": "a", "type": "metered"},
                ]),
            ),
            "items[1].product_key",
        ),
        (
            trial(json!({"product_key": "a", "type": "freemium"})),
            "items[0].trial_started_at",
        ),
        (
            trial(json!({"product_key": "a", "type": "trial", "trial_started_at": "2025-01-01"})),
            "items[0].trial_ended_at",
        ),
        (
            trial(json!({
                "product_key": "a", "type": "trial", "trial_started_at": "2025-01-01",
                "trial_ended_at": "2024-01-01",
            })),
            "items[0].trial_ended_at",
        ),
    ] {
        let told = caller.put(UPSERT, &body).await.expect(400);
        assert!(told["fields"][field].is_string(), "{field}: {told}");
        assert!(told["error"].as_str().unwrap().contains(field), "{told}");
    }
    assert_eq!(
        caller.get("/subscriptions").await.expect(200)["items"],
        json!([])
    );
    caller.get("/customers/c").await.expect(404);
    let made = caller.upsert(good.clone()).await;
    let told = caller
        .put(UPSERT, &with("customer_id", json!("other")))
        .await
        .expect(400);
    assert!(told["fields"]["customer_id"].is_string());
    assert_eq!(
        caller.get("/subscriptions").await.expect(200)["items"],
        json!([made])
    );
    world.stop().await;
}

#[tokio::test]
async fn tokens_methods_and_repeated_requests() {
    let (world, caller) = caller().await;
    for authorization in [None, Some("Bearer x"), Some("x"), Some("Basic eDp5")] {
        let told = refused(caller.with(authorization).get("/subscriptions").await, 401);
        assert_eq!(told, "your API key is wrong");
    }
    let private = token(&world, KeyKind::ProfitwellPrivate).await;
    let other = caller.with(Some(&format!("Bearer {private}")));
    refused(other.get("/subscriptions").await, 401);
    refused(caller.bare(Method::PATCH, "/subscriptions").await, 404);
    refused(caller.get("/nowhere").await, 404);
    let body = json!({
        "customer_id": "c", "started_at": "2025-01-01",
        "items": [{"product_key": "a", "type": "freemium", "trial_started_at": "2025-01-01"}],
    });
    let first = caller.once(Method::PUT, UPSERT, "k", &body).await;
    let second = caller.once(Method::PUT, UPSERT, "k", &body).await;
    assert_eq!(first.json, second.json);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let id = first.expect(200)["id"].as_str().unwrap().to_owned();
    assert!(
        id.strip_prefix("sub_").is_some_and(|rest| rest.len() == 12),
        "{id}"
    );
    let other = json!({"id": id, "started_at": "2025-01-02"});
    refused(caller.once(Method::PUT, UPSERT, "k", &other).await, 400);
    let listed = caller.get("/subscriptions").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    world.stop().await;
}
