//! What is refused of channels, rules and events: with which status and sentence, and that nothing is written.

use serde_json::{Value, json};
use suite::{Rest, World};

const UNKNOWN: &str = "01J00000000000000000000000";

async fn count(rest: &Rest, what: &str) -> i64 {
    let path = format!("/api/v1/notification/{what}");
    rest.get(&path).await.expect(200)["totalCount"]
        .as_i64()
        .unwrap()
}

/// Sends each body, and expects a 400 whose sentence holds some words, and nothing new.
async fn refuse_all(rest: &Rest, what: &str, good: &Value, bad: Vec<(Value, &str)>) {
    let before = count(rest, what).await;
    let path = format!("/api/v1/notification/{what}");
    for (change, words) in bad {
        let mut body = good.clone();
        for (name, value) in change.as_object().unwrap() {
            if *value == json!("(absent)") {
                body.as_object_mut().unwrap().remove(name);
            } else {
                body[name] = value.clone();
            }
        }
        let detail = rest.post(&path, body).await.problem(400);
        assert!(detail.contains(words), "{change}: {detail}");
    }
    assert_eq!(count(rest, what).await, before);
}

async fn made(rest: &Rest, what: &str, body: &Value) -> Value {
    let path = format!("/api/v1/notification/{what}");
    rest.post(&path, body.clone()).await.expect(201)
}

fn path(what: &str, of: &Value) -> String {
    format!("/api/v1/notification/{what}/{}", of["id"].as_str().unwrap())
}

#[tokio::test]
async fn every_rule_of_channels_is_kept() {
    let world = World::start().await;
    let rest = world.rest();
    let good = json!({"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook"});
    let long = "x".repeat(257);
    let bad = vec![
        (json!({"type": "EMAIL"}), "type"),
        (json!({"type": "(absent)"}), "type"),
        (json!({"name": "(absent)"}), "name"),
        (json!({"name": ""}), "name: must not be empty"),
        (json!({"name": long}), "name: must have 1 to 256 characters"),
        (json!({"url": "(absent)"}), "url"),
        (json!({"url": ""}), "url: must not be empty"),
        (
            json!({"url": "no address"}),
            "must be an http or https address",
        ),
        (
            json!({"url": "ftp://example.com/"}),
            "must be an http or https address",
        ),
        (
            json!({"url": "http://127.0.0.1/"}),
            "must not be a loopback or private address",
        ),
        (
            json!({"url": "http://169.254.169.254/latest"}),
            "must not be a loopback or private address",
        ),
        (
            json!({"url": "http://[::1]/"}),
            "must not be a loopback or private address",
        ),
        (
            json!({"url": "http://localhost/"}),
            "must not be a loopback or private address",
        ),
        (
            json!({"signingSecret": "whsec_short"}),
            "must be 32 to 100 characters of standard base64",
        ),
        (
            json!({"signingSecret": "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"}),
            "must be 32 to 100 characters of standard base64",
        ),
        (
            json!({"customHeaders": {"X Env": "a"}}),
            "is not a header that can be sent",
        ),
        (
            json!({"customHeaders": {"X-Env": "a\r\nb"}}),
            "is not a header that can be sent",
        ),
        (
            json!({"customHeaders": {"Content-Length": "1"}}),
            "is not a header that can be sent",
        ),
        (json!({"disabled": "no"}), "disabled"),
    ];
    refuse_all(&rest, "channels", &good, bad).await;

    let channel = made(&rest, "channels", &good).await;
    let own = path("channels", &channel);
    let mut changed = good.clone();
    changed["url"] = json!("http://10.0.0.1/");
    rest.put(&own, changed).await.problem(400);
    assert_eq!(rest.get(&own).await.expect(200), channel);
    let unknown = format!("/api/v1/notification/channels/{UNKNOWN}");
    rest.get(&unknown).await.problem(404);
    rest.put(&unknown, good.clone()).await.problem(404);
    rest.delete(&unknown).await.problem(404);

    let rule = json!({"type": "invoice.created", "name": "r", "channels": [channel["id"]]});
    let rule = made(&rest, "rules", &rule).await;
    let detail = rest.delete(&own).await.problem(400);
    assert!(detail.contains(rule["id"].as_str().unwrap()), "{detail}");
    rest.delete(&path("rules", &rule)).await.expect(204);
    rest.delete(&own).await.expect(204);
    let detail = rest.put(&own, good).await.problem(409);
    assert!(detail.contains("is deleted"), "{detail}");
    assert!(rest.get(&own).await.expect(200)["deletedAt"].is_string());
    world.stop().await;
}

#[tokio::test]
async fn every_rule_of_rules_is_kept() {
    let world = World::start().await;
    let rest = world.rest();
    let channel = json!({"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook"});
    let id = made(&rest, "channels", &channel).await["id"].clone();
    let gone = made(&rest, "channels", &channel).await;
    rest.delete(&path("channels", &gone)).await.expect(204);
    let feature = json!({"key": "tokens", "name": "Tokens"});
    let feature = rest.post("/api/v1/features", feature).await.expect(201);
    let good = json!({
        "type": "entitlements.balance.threshold", "name": "low", "channels": [id],
        "thresholds": [{"type": "usage_percentage", "value": 90}], "features": ["tokens"],
    });
    let mark = |kind: &str, value: Value| json!({"thresholds": [{"type": kind, "value": value}]});
    let bad = vec![
        (json!({"type": "entitlements.gone"}), "type"),
        (json!({"name": ""}), "name: must not be empty"),
        (json!({"channels": []}), "must be 1 to 5 channels"),
        (json!({"channels": [id, id]}), "must not be repeated"),
        (json!({"channels": ["x"]}), "channels[0]: must be a ULID"),
        (json!({"channels": [UNKNOWN]}), "non-existing channels"),
        (json!({"channels": [gone["id"]]}), "non-existing channels"),
        (json!({"thresholds": []}), "must be 1 to 10"),
        (json!({"thresholds": "(absent)"}), "thresholds"),
        (
            json!({"thresholds": vec![json!({"type": "usage_value", "value": 1}); 11]}),
            "must be 1 to 10",
        ),
        (mark("usage_value", json!(0)), "must be above 0"),
        (mark("usage_percentage", json!(-1)), "must be above 0"),
        (mark("NUMBER", json!(0)), "must be above 0"),
        (mark("PERCENT", json!(0)), "must be above 0"),
        (
            mark("balance_value", json!(-1)),
            "must be above 0, or with balance_value not below 0",
        ),
        (mark("usage_value", json!("1")), "must be a number"),
        (mark("other", json!(1)), "type"),
        (
            json!({"features": ["tokens", feature["id"]]}),
            "must not be repeated",
        ),
        (
            json!({"features": ["unknown"]}),
            "non-existing features: unknown",
        ),
    ];
    refuse_all(&rest, "rules", &good, bad).await;

    let rule = made(&rest, "rules", &good).await;
    let own = path("rules", &rule);
    let other = json!({"type": "entitlements.reset", "name": "low", "channels": [id]});
    let detail = rest.put(&own, other).await.problem(400);
    assert!(detail.contains(" type: cannot be changed"), "{detail}");
    assert_eq!(rest.get(&own).await.expect(200), rule);
    // A channel serves ten rules.
    for _ in 0..9 {
        made(&rest, "rules", &good).await;
    }
    refuse_all(
        &rest,
        "rules",
        &good,
        vec![(json!({"name": "eleventh"}), "at most 10")],
    )
    .await;
    rest.delete(&own).await.expect(204);
    let detail = rest.put(&own, good).await.problem(409);
    assert!(detail.contains("is deleted"), "{detail}");
    world.stop().await;
}

/// Ids of a list, newest first unless asked otherwise.
async fn ids(rest: &Rest, list: &str) -> Vec<Value> {
    let listed = rest.get(&format!("/api/v1/notification/{list}")).await;
    let listed = listed.expect(200);
    let items = listed["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn channels_keep_their_secret_and_are_hidden_while_disabled() {
    let world = World::start().await;
    let rest = world.rest();
    let good = json!({"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook"});
    let open = made(&rest, "channels", &good).await;
    let secret = open["signingSecret"].as_str().unwrap();
    assert_eq!((&secret[..6], secret.len()), ("whsec_", 6 + 44));
    assert_eq!(
        (&open["disabled"], open.get("customHeaders")),
        (&json!(false), None)
    );
    let mut off = good.clone();
    off["disabled"] = json!(true);
    off["signingSecret"] = json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    off["customHeaders"] = json!({"X-Env": "prod"});
    off["metadata"] = json!({"a": "b"});
    let off_made = made(&rest, "channels", &off).await;
    for (name, value) in off.as_object().unwrap() {
        assert_eq!(off_made[name], *value, "{name}");
    }
    let (open_id, off_id) = (open["id"].clone(), off_made["id"].clone());
    for (query, expected) in [
        ("", vec![&open_id]),
        ("?includeDisabled=true", vec![&off_id, &open_id]),
        ("?includeDisabled=true&order=ASC", vec![&open_id, &off_id]),
        ("?includeDisabled=true&page=2&pageSize=1", vec![&open_id]),
        ("?page=9", vec![]),
    ] {
        let found = ids(&rest, &format!("channels{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    // A replacement without a secret keeps it; everything else is as said, or as at first.
    let replaced = json!({"type": "WEBHOOK", "name": "new", "url": "https://example.com/new"});
    let replaced = rest.put(&path("channels", &off_made), replaced).await;
    let replaced = replaced.expect(200);
    assert_eq!(replaced["signingSecret"], off["signingSecret"]);
    assert_eq!(
        (&replaced["name"], &replaced["disabled"]),
        (&json!("new"), &json!(false))
    );
    for gone in ["customHeaders", "metadata"] {
        assert_eq!(replaced.get(gone), None);
    }
    world.stop().await;
}

#[tokio::test]
async fn rules_show_what_they_name_and_are_found_by_it() {
    let world = World::start().await;
    let rest = world.rest();
    let channel = json!({"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook", "disabled": true});
    let (a, b) = (
        made(&rest, "channels", &channel).await["id"].clone(),
        made(&rest, "channels", &channel).await["id"].clone(),
    );
    let feature = json!({"key": "tokens", "name": "Tokens"});
    let feature = rest.post("/api/v1/features", feature).await.expect(201);
    let thresholds =
        json!([{"type": "usage_percentage", "value": 90}, {"type": "NUMBER", "value": 0.5}]);
    let balance = json!({
        "type": "entitlements.balance.threshold", "name": "low", "channels": [a],
        "thresholds": thresholds, "features": ["tokens"], "metadata": {"a": "b"},
    });
    let balance = made(&rest, "rules", &balance).await;
    assert_eq!(balance["thresholds"], thresholds);
    assert_eq!(balance["channels"], json!([{"id": a, "type": "WEBHOOK"}]));
    let named = json!([{"id": feature["id"], "key": "tokens"}]);
    assert_eq!(balance["features"], named);
    assert_eq!(
        (&balance["disabled"], &balance["metadata"]),
        (&json!(false), &json!({"a": "b"}))
    );
    let invoice = json!({"type": "invoice.created", "name": "i", "channels": [a, b]});
    let invoice = made(&rest, "rules", &invoice).await;
    for absent in ["features", "thresholds", "metadata"] {
        assert_eq!(invoice.get(absent), None);
    }
    let reset = json!({
        "type": "entitlements.reset", "name": "r", "channels": [b], "disabled": true,
        "features": [feature["id"]],
    });
    let reset = made(&rest, "rules", &reset).await;
    assert_eq!(reset["features"], named);
    let (balance_id, invoice_id, reset_id) = (&balance["id"], &invoice["id"], &reset["id"]);
    let of_channel = format!("rules?channel={}", b.as_str().unwrap());
    let of_feature = format!(
        "rules?includeDisabled=true&feature={}",
        feature["id"].as_str().unwrap()
    );
    for (list, expected) in [
        ("rules", vec![invoice_id, balance_id]),
        (
            "rules?includeDisabled=true&order=ASC",
            vec![balance_id, invoice_id, reset_id],
        ),
        ("rules?feature=tokens", vec![balance_id]),
        (of_feature.as_str(), vec![reset_id, balance_id]),
        (of_channel.as_str(), vec![invoice_id]),
        ("rules?pageSize=1&page=2", vec![balance_id]),
    ] {
        let found = ids(&rest, list).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{list}");
    }
    // What a rule has told stays when it goes.
    let own = path("rules", &invoice);
    let event = rest.post(&format!("{own}/test"), Value::Null).await;
    let event = event.expect(201);
    rest.delete(&own).await.expect(204);
    rest.delete(&own).await.expect(204);
    assert!(rest.get(&own).await.expect(200)["deletedAt"].is_string());
    assert_eq!(ids(&rest, "rules").await, std::slice::from_ref(balance_id));
    let events = format!("events?rule={}", invoice_id.as_str().unwrap());
    assert_eq!(
        ids(&rest, &events).await,
        std::slice::from_ref(&event["id"])
    );
    world.stop().await;
}

#[tokio::test]
async fn every_rule_of_events_is_kept() {
    let world = World::start().await;
    let rest = world.rest();
    let channel = json!({"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook", "disabled": true});
    let channel = made(&rest, "channels", &channel).await;
    let open = json!({"type": "WEBHOOK", "name": "other", "url": "https://example.com/hook"});
    let open = made(&rest, "channels", &open).await;
    let good = json!({"type": "invoice.created", "name": "r", "channels": [channel["id"]]});
    let rule = made(&rest, "rules", &good).await;
    for query in [
        "from=yesterday",
        "to=x",
        "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "rule=x",
        "channel=x",
        "order=up",
        "orderBy=type",
        "page=0",
        "pageSize=1001",
    ] {
        let path = format!("/api/v1/notification/events?{query}");
        rest.get(&path).await.problem(400);
    }
    rest.get("/api/v1/notification/events?from=2026-02-01T00:00:00Z")
        .await
        .expect(200);

    let disabled = json!({"type": "invoice.created", "name": "off", "channels": [channel["id"]], "disabled": true});
    let disabled = made(&rest, "rules", &disabled).await;
    let test = |rule: &Value| format!("{}/test", path("rules", rule));
    let detail = rest.post(&test(&disabled), Value::Null).await.problem(400);
    assert!(detail.contains("is disabled"), "{detail}");
    rest.post(&test(&json!({"id": UNKNOWN})), Value::Null)
        .await
        .problem(404);
    assert_eq!(count(&rest, "events").await, 0);

    let event = rest.post(&test(&rule), Value::Null).await.expect(201);
    assert_eq!(event["deliveryStatus"][0]["state"], "FAILED");
    assert_eq!(
        event["deliveryStatus"][0]["reason"],
        "the channel is disabled"
    );
    let resend = format!("{}/resend", path("events", &event));
    for (body, words) in [
        (json!({"channels": [channel["id"]]}), "disabled channels"),
        (
            json!({"channels": [open["id"]]}),
            "was not for the channels",
        ),
        (json!({"channels": ["x"]}), "must be a ULID"),
        (json!({"channels": "x"}), "channels"),
        (json!([]), ""),
    ] {
        let detail = rest.post(&resend, body).await.problem(400);
        assert!(detail.contains(words), "{detail}");
    }
    let unknown = format!("/api/v1/notification/events/{UNKNOWN}");
    rest.post(&format!("{unknown}/resend"), json!({}))
        .await
        .problem(404);
    rest.get(&unknown).await.problem(404);
    rest.get("/api/v1/notification/events/nothing")
        .await
        .problem(404);
    assert_eq!(rest.get(&path("events", &event)).await.expect(200), event);
    rest.delete(&path("rules", &rule)).await.expect(204);
    rest.post(&test(&rule), Value::Null).await.problem(404);
    world.stop().await;
}
