//! Notifications through the OpenMeter dialect: from usage, resets and invoices to signed webhooks, and what is shown of
//! them.

use std::{future::Future, time::Duration};

use serde_json::{Value, json};
use suite::{Receiver, Rest, World};

const START: &str = "2026-03-01T00:00:00Z";

/// A world that calls endpoints of this machine, with a feature `tokens` and a customer `c1` with a grant of 100.
struct Scene {
    world: World,
    rest: Rest,
    receiver: Receiver,
    channel: Value,
}

impl Scene {
    async fn new() -> Self {
        let world = World::with(&[
            ("allow_private_webhooks", "true"),
            ("notification.retry_waits", "50ms,100ms,1s,1s,1s"),
        ])
        .await;
        world
            .client()
            .freeze_clock(START.parse().unwrap())
            .await
            .unwrap();
        let rest = world.rest();
        let meter = json!({
            "slug": "tokens", "eventType": "use", "aggregation": "SUM", "valueProperty": "$.n",
        });
        rest.post("/api/v1/meters", meter).await.expect(201);
        let feature = json!({"key": "tokens", "name": "Tokens", "meterSlug": "tokens"});
        rest.post("/api/v1/features", feature).await.expect(201);
        let customer =
            json!({"key": "c1", "name": "C1", "usageAttribution": {"subjectKeys": ["c1"]}});
        rest.post("/api/v1/customers", customer).await.expect(201);
        let receiver = Receiver::start(|_| 204).await;
        let channel = json!({
            "type": "WEBHOOK", "name": "ops", "url": receiver.url("/hook"), "customHeaders": {"X-Env": "test"},
        });
        let channel = rest
            .post("/api/v1/notification/channels", channel)
            .await
            .expect(201);
        Self {
            world,
            rest,
            receiver,
            channel,
        }
    }

    async fn entitlement(&self) -> Value {
        let entitlement = json!({
            "type": "metered", "featureKey": "tokens",
            "usagePeriod": {"interval": "MONTH", "anchor": START},
        });
        let made = self
            .rest
            .post("/api/v1/subjects/c1/entitlements", entitlement)
            .await
            .expect(201);
        let grant = json!({
            "amount": 100, "effectiveAt": START, "expiration": {"duration": "YEAR", "count": 1},
        });
        self.rest
            .post("/api/v1/subjects/c1/entitlements/tokens/grants", grant)
            .await
            .expect(201);
        made
    }

    async fn rule(&self, kind: &str, further: Value) -> Value {
        let mut rule = json!({"type": kind, "name": kind, "channels": [self.channel["id"]]});
        for (name, value) in further.as_object().unwrap() {
            rule[name] = value.clone();
        }
        self.rest
            .post("/api/v1/notification/rules", rule)
            .await
            .expect(201)
    }

    async fn uses(&self, id: &str, n: i64) {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "s", "type": "use", "subject": "c1",
            "time": START, "data": {"n": n},
        });
        self.rest.post("/api/v1/events", event).await.expect(204);
    }

    /// Does everything that is due: the clock moves, and stands where it stood to the second.
    async fn settles(&self) {
        self.world.client().advance_clock("PT1S").await.unwrap();
    }

    async fn events(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/notification/events{query}");
        let page = self.rest.get(&path).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    fn secret(&self) -> &str {
        self.channel["signingSecret"].as_str().unwrap()
    }
}

async fn eventually<F: Future<Output = Option<T>>, T>(look: impl Fn() -> F) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came about");
}

// Metering text, appendix A9.
#[tokio::test]
async fn a_crossed_threshold_is_one_event_and_one_signed_delivery() {
    let scene = Scene::new().await;
    let entitlement = scene.entitlement().await;
    let thresholds = json!([{"type": "usage_percentage", "value": 50}, {"type": "usage_percentage", "value": 100}]);
    let rule = json!({"thresholds": thresholds, "features": ["tokens"]});
    let rule = scene.rule("entitlements.balance.threshold", rule).await;
    // Without a word to anybody: usage alone is the trigger.
    scene.uses("1", 60).await;
    let event = eventually(|| async {
        let event = scene.events("").await.into_iter().next()?;
        (event["deliveryStatus"][0]["state"] == "SUCCESS").then_some(event)
    })
    .await;
    assert_eq!(event["type"], "entitlements.balance.threshold");
    assert_eq!(event["rule"], rule);
    let status = &event["deliveryStatus"][0];
    assert_eq!(
        status["channel"],
        json!({"id": scene.channel["id"], "type": "WEBHOOK"})
    );
    assert_eq!(
        (&status["reason"], &status["nextAttempt"]),
        (&json!(""), &Value::Null)
    );
    assert_eq!(status["attempts"][0]["state"], "SUCCESS");
    assert_eq!(status["attempts"][0]["response"]["statusCode"], 204);

    let payload = &event["payload"];
    assert_eq!(
        (&payload["id"], &payload["type"]),
        (&event["id"], &event["type"])
    );
    assert_eq!(payload["timestamp"], event["createdAt"]);
    let data = &payload["data"];
    assert_eq!(data["entitlement"]["id"], entitlement["id"]);
    assert_eq!(data["entitlement"]["subjectKey"], "c1");
    assert_eq!(
        (&data["feature"]["key"], &data["subject"]["key"]),
        (&json!("tokens"), &json!("c1"))
    );
    assert_eq!(data["customer"]["key"], "c1");
    assert_eq!(
        data["value"],
        json!({"hasAccess": true, "balance": 40, "usage": 60, "overage": 0, "totalAvailableGrantAmount": 100})
    );
    assert_eq!(
        data["threshold"],
        json!({"type": "usage_percentage", "value": 50})
    );
    let notes = &event["annotations"];
    assert_eq!(
        (&notes["event.feature.key"], &notes["event.subject.key"]),
        (&json!("tokens"), &json!("c1"))
    );
    assert_eq!(notes["event.feature.id"], data["feature"]["id"]);
    assert_eq!(notes["event.customer.id"], data["customer"]["id"]);
    assert!(
        notes["event.balance.dedupe.hash"]
            .as_str()
            .unwrap()
            .starts_with("bsnap_v2_")
    );

    let messages = scene.receiver.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].is_signed(scene.secret()));
    assert_eq!(messages[0].json(), *payload);
    assert_eq!(messages[0].id(), event["id"].as_str().unwrap());
    assert_eq!(messages[0].headers["x-env"], "test");

    scene.uses("2", 45).await;
    scene.settles().await;
    scene.uses("3", 10).await;
    scene.settles().await;
    let events = scene.events("?feature=tokens&subject=c1").await;
    let values: Vec<&Value> = events
        .iter()
        .map(|event| &event["payload"]["data"]["threshold"]["value"])
        .collect();
    assert_eq!(values, [100, 50], "newest first, and no more than two");
    assert_eq!(scene.events("?feature=other").await.len(), 0);
    scene.world.stop().await;
}

// Metering text, §15.7.
#[tokio::test]
async fn a_customer_without_subjects_is_its_own_subject() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let customer = json!({"key": "keyed", "name": "Keyed"});
    let customer = rest.post("/api/v1/customers", customer).await.expect(201);
    let entitlement = json!({
        "type": "metered", "featureKey": "tokens", "issue": {"amount": 100},
        "usagePeriod": {"interval": "MONTH", "anchor": START},
    });
    rest.post("/api/v2/customers/keyed/entitlements", entitlement)
        .await
        .expect(201);
    let thresholds = json!([{"type": "balance_value", "value": 90}]);
    let rule = json!({"thresholds": thresholds});
    scene.rule("entitlements.balance.threshold", rule).await;
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "s", "type": "use", "subject": "keyed",
        "time": START, "data": {"n": 20},
    });
    rest.post("/api/v1/events", event).await.expect(204);
    scene.settles().await;
    let event = eventually(|| async { scene.events("").await.into_iter().next() }).await;
    let data = &event["payload"]["data"];
    assert_eq!(
        (&data["subject"]["key"], &data["customer"]["key"]),
        (&json!("keyed"), &json!("keyed"))
    );
    assert_eq!(data["entitlement"]["subjectKey"], "keyed");
    assert_eq!(data["value"]["balance"], 80);
    let notes = &event["annotations"];
    assert_eq!(notes["event.customer.id"], customer["id"]);
    assert_eq!(notes["event.subject.key"], "keyed");
    scene.world.stop().await;
}

#[tokio::test]
async fn resets_by_hand_and_at_the_end_of_a_period_are_told() {
    let scene = Scene::new().await;
    let entitlement = scene.entitlement().await;
    let reset_path = format!(
        "/api/v1/subjects/c1/entitlements/{}/reset",
        entitlement["id"].as_str().unwrap()
    );
    scene.rule("entitlements.reset", json!({})).await;
    scene.settles().await;
    assert!(scene.events("").await.is_empty());
    scene.world.client().advance_clock("P10D").await.unwrap();
    scene
        .rest
        .post(&reset_path, json!({"retainAnchor": true}))
        .await
        .expect(204);
    scene.settles().await;
    scene.settles().await;
    assert_eq!(scene.events("").await.len(), 1);
    scene.world.client().advance_clock("P30D").await.unwrap();
    let events = scene.events("").await;
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event["type"], "entitlements.reset");
        let data = &event["payload"]["data"];
        assert_eq!(data["entitlement"]["id"], entitlement["id"]);
        assert_eq!(
            (&data["value"]["usage"], &data["threshold"]),
            (&json!(0), &Value::Null)
        );
    }
    let starts: Vec<&Value> = events
        .iter()
        .map(|event| &event["payload"]["data"]["entitlement"]["currentUsagePeriod"]["from"])
        .collect();
    assert_eq!(starts, ["2026-04-01T00:00:00Z", "2026-03-11T00:00:00Z"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn an_invoice_is_told_when_it_is_made_and_when_it_changes() {
    let scene = Scene::new().await;
    scene.rule("invoice.created", json!({})).await;
    scene.rule("invoice.updated", json!({})).await;
    let customer = scene.rest.get("/api/v1/customers/c1").await.expect(200);
    let line = json!({
        "name": "Setup", "invoiceAt": "2026-03-02T00:00:00Z",
        "period": {"from": START, "to": "2026-03-02T00:00:00Z"},
        "price": {"type": "flat", "amount": "99.90"},
    });
    let path = format!(
        "/api/v1/billing/customers/{}/invoices/pending-lines",
        customer["id"].as_str().unwrap()
    );
    let lines = json!({"currency": "USD", "lines": [line]});
    scene.rest.post(&path, lines).await.expect(201);
    scene.settles().await;
    assert!(
        scene.events("").await.is_empty(),
        "gathering invoices never notify"
    );
    scene.world.client().advance_clock("P3D").await.unwrap();
    let events = scene.events("?order=ASC").await;
    let created: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "invoice.created")
        .collect();
    assert_eq!(created.len(), 1);
    assert_eq!(events[0]["type"], "invoice.created");
    assert!(events.len() > 1, "an invoice goes through several states");
    for event in &events {
        let data = &event["payload"]["data"];
        assert_eq!(data["id"], events[0]["payload"]["data"]["id"]);
        assert_eq!(event["annotations"]["event.invoice.id"], data["id"]);
        assert_eq!(data["lines"].as_array().unwrap().len(), 1);
        assert_ne!(data["status"], "gathering");
    }
    // They arrive in their order.
    eventually(|| async { (scene.receiver.taken_count() == events.len()).then_some(()) }).await;
    let arrived: Vec<String> = scene
        .receiver
        .messages()
        .iter()
        .map(|message| message.id().to_owned())
        .collect();
    let made: Vec<&str> = events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(arrived, made);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_test_of_every_kind_of_rule_is_delivered_and_marked() {
    let scene = Scene::new().await;
    let threshold = json!({"thresholds": [{"type": "PERCENT", "value": 90}]});
    for (kind, further) in [
        ("entitlements.balance.threshold", threshold),
        ("entitlements.reset", json!({})),
        ("invoice.created", json!({})),
        ("invoice.updated", json!({})),
    ] {
        let rule = scene.rule(kind, further).await;
        let path = format!(
            "/api/v1/notification/rules/{}/test",
            rule["id"].as_str().unwrap()
        );
        let event = scene.rest.post(&path, Value::Null).await.expect(201);
        assert_eq!(
            event["annotations"]["notification.rule.test"], true,
            "{kind}"
        );
        assert_eq!(
            (&event["type"], &event["payload"]["type"]),
            (&json!(kind), &json!(kind))
        );
        let data = &event["payload"]["data"];
        if kind.starts_with("invoice") {
            assert_eq!(
                (&data["currency"], &data["totals"]["total"]),
                (&json!("USD"), &json!("1000"))
            );
            assert_eq!(data["lines"].as_array().unwrap().len(), 1);
        } else {
            assert_eq!(data["feature"]["key"], "test-feature-1");
            assert_eq!(data["subject"]["key"], "test-subject-1");
            let value = &data["value"];
            assert_eq!(
                [
                    &value["hasAccess"],
                    &value["balance"],
                    &value["usage"],
                    &value["overage"]
                ],
                [&json!(true), &json!(10000), &json!(5001), &json!(99)]
            );
        }
        if kind == "entitlements.balance.threshold" {
            assert_eq!(data["threshold"], json!({"type": "PERCENT", "value": 50}));
        }
        let path = format!(
            "/api/v1/notification/events/{}",
            event["id"].as_str().unwrap()
        );
        eventually(|| async {
            let shown = scene.rest.get(&path).await.expect(200);
            (shown["deliveryStatus"][0]["state"] == "SUCCESS").then_some(())
        })
        .await;
        // Once more.
        let resend = format!("{path}/resend");
        let answer = scene
            .rest
            .post(&resend, json!({"channels": [scene.channel["id"]]}))
            .await;
        assert_eq!((answer.status, answer.text.as_str()), (202, ""));
        eventually(|| async {
            let shown = scene.rest.get(&path).await.expect(200);
            let status = &shown["deliveryStatus"][0];
            assert!(status["annotations"]["event.resend.timestamp"].is_string());
            (status["state"] == "SUCCESS" && status["attempts"].as_array().unwrap().len() == 2)
                .then_some(())
        })
        .await;
    }
    assert!(
        scene
            .receiver
            .messages()
            .iter()
            .all(|message| message.is_signed(scene.secret()))
    );
    let page = scene
        .rest
        .get("/api/v1/notification/events?page=2&pageSize=3")
        .await
        .expect(200);
    assert_eq!(
        (&page["totalCount"], page["items"].as_array().unwrap().len()),
        (&json!(4), 1)
    );
    scene.world.stop().await;
}
