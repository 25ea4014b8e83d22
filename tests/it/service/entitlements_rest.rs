//! Entitlements through the OpenMeter dialect: the worked scenarios of its documentation, and
//! what hostile clients send.

use serde_json::{Value, json};

use super::entitlement_scene::*;

#[tokio::test]
async fn a_credit_is_checked_used_up_and_not_given_twice() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let first = scene.metered("c1", "gpt", json!({})).await;
    assert_eq!(
        first["usagePeriod"],
        json!({"anchor": START, "interval": "MONTH", "intervalISO": "P1M"})
    );
    assert_eq!(first["issueAfterReset"], 0);
    assert_eq!(first.get("isUnlimited"), None);
    let grant = scene.grant("c1", "gpt", 100, START, json!({})).await;
    assert_eq!(
        (&grant["priority"], &grant["maxRolloverAmount"]),
        (&json!(0), &json!(100))
    );
    scene.advance("PT1H").await;
    for (id, model) in [("a", "gpt-4"), ("b", "gpt-3")] {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "model", "type": "use", "subject": "c1",
            "time": "2026-03-01T00:30:00Z", "data": {"model": model},
        });
        rest.post("/api/v1/events", event).await.expect(204);
    }
    let usage = rest
        .get("/api/v1/meters/gpt/query?subject=c1")
        .await
        .expect(200);
    assert_eq!(usage["data"][0]["value"], 2);
    let expected = json!({
        "hasAccess": true, "balance": 99, "usage": 1, "overage": 0, "totalAvailableGrantAmount": 100,
    });
    let id = first["id"].as_str().unwrap();
    for value in [
        format!("{}/value", path("c1", "gpt")),
        "/api/v1/subjects/c1/entitlements/gpt/value".to_owned(),
        format!("/api/v1/subjects/c1/entitlements/{id}/value"),
        "/api/v1/customers/c1/entitlements/gpt/value".to_owned(),
    ] {
        assert_eq!(rest.get(&value).await.expect(200), expected, "{value}");
    }
    let access = rest.get("/api/v1/customers/c1/access").await.expect(200);
    assert_eq!(access, json!({"entitlements": {"gpt": expected}}));
    // Before it was made it gave nothing.
    let before = format!("{}/value?time=2026-02-01T00:00:00Z", path("c1", "gpt"));
    assert_eq!(
        rest.get(&before).await.expect(200),
        json!({"hasAccess": false})
    );

    let again = json!({"type": "boolean", "featureKey": "gpt"});
    let refused = rest.post(&list_path("c1"), again.clone()).await.expect(409);
    // The sample of the documentation, §8.4.
    assert_eq!(
        (&refused["type"], &refused["title"], &refused["status"]),
        (&json!("about:blank"), &json!("Conflict"), &json!(409))
    );
    let phrase = format!("entitlement with id {id} already exists for feature");
    assert!(
        refused["detail"].as_str().unwrap().contains(&phrase),
        "{refused}"
    );
    assert_eq!(refused["extensions"]["conflictingEntityId"], first["id"]);
    rest.delete(&path("c1", id)).await.expect(204);
    rest.delete(&path("c1", id)).await.problem(404);
    rest.get(&format!("/api/v2/entitlements/{id}"))
        .await
        .problem(404);
    rest.post(&list_path("c1"), again).await.expect(201);
    scene.world.stop().await;
}

#[tokio::test]
async fn resets_roll_over_refill_and_forgive() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    // Version 1 keeps nothing over a reset, version 2 everything.
    let v1 = scene.metered("v1", "f", json!({})).await;
    let grants = format!(
        "/api/v1/subjects/v1/entitlements/{}/grants",
        v1["id"].as_str().unwrap()
    );
    let mut body = json!({"amount": 100, "effectiveAt": START});
    let detail = rest.post(&grants, body.clone()).await.problem(400);
    assert!(detail.contains("expiration"), "{detail}");
    body["expiration"] = json!({"duration": "YEAR", "count": 1});
    let made = rest.post(&grants, body).await.expect(201);
    assert_eq!(
        (&made["maxRolloverAmount"], &made["expiresAt"]),
        (&json!(0), &json!("2027-03-01T00:00:00Z"))
    );
    scene.metered("v2", "f", json!({})).await;
    scene.grant("v2", "f", 100, START, json!({})).await;
    let issue = json!({"issue": {"amount": 50}});
    scene.metered("issue", "f", issue).await;
    let preserve = json!({"issue": {"amount": 50}, "preserveOverageAtReset": true});
    scene.metered("keeps", "f", preserve.clone()).await;
    scene.metered("forgives", "f", preserve).await;
    scene
        .metered("soft", "f", json!({"isSoftLimit": true}))
        .await;
    for (customer, value) in [("issue", 30), ("keeps", 60), ("forgives", 60), ("soft", 5)] {
        scene.usage(customer, value, "2026-03-01T00:30:00Z").await;
    }
    scene.advance("PT1H").await;
    let now = "2026-03-01T01:00:00Z";
    assert_eq!(scene.value("issue", "f", now).await, [20, 30, 0]);
    assert_eq!(scene.value("keeps", "f", now).await, [0, 60, 10]);
    let soft = rest
        .get(&format!("{}/value", path("soft", "f")))
        .await
        .expect(200);
    assert_eq!(
        (&soft["hasAccess"], &soft["balance"], &soft["overage"]),
        (&json!(true), &json!(0), &json!(5))
    );
    for (customer, body, expected) in [
        ("v1", json!({}), [0, 0, 0]),
        ("v2", json!({}), [100, 0, 0]),
        ("issue", json!({}), [50, 0, 0]),
        ("keeps", json!({}), [40, 0, 0]),
        ("forgives", json!({"preserveOverage": false}), [50, 0, 0]),
    ] {
        rest.post(&format!("{}/reset", path(customer, "f")), body)
            .await
            .expect(204);
        assert_eq!(
            scene.value(customer, "f", now).await,
            expected,
            "{customer}"
        );
    }
    let grants = rest
        .get(&format!("{}/grants", path("issue", "f")))
        .await
        .expect(200);
    assert_eq!(grants["totalCount"], 1);
    let names = [
        "annotations",
        "minRolloverAmount",
        "maxRolloverAmount",
        "priority",
    ];
    assert_eq!(
        columns(&grants["items"], names),
        [[
            json!({"issueAfterReset": true}),
            json!(50),
            json!(50),
            json!(1)
        ]]
    );
    // The anchor moved, but not the one that was asked for.
    let entitlement = rest.get(&path("issue", "f")).await.expect(200);
    assert_eq!(entitlement["usagePeriod"]["anchor"], START);
    assert_eq!(entitlement["lastReset"], now);
    assert_eq!(
        entitlement["currentUsagePeriod"],
        json!({"from": now, "to": "2026-04-01T01:00:00Z"})
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn a_reset_stays_within_the_current_period() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("c", "f", json!({})).await;
    scene.advance("PT12H").await;
    let reset = format!("{}/reset", path("c", "f"));
    let at = |time: &str| json!({"effectiveAt": time, "retainAnchor": true});
    rest.post(&reset, at("2026-03-01T11:00:30Z"))
        .await
        .expect(204);
    let entitlement = rest.get(&path("c", "f")).await.expect(200);
    assert_eq!(entitlement["lastReset"], "2026-03-01T11:00:00Z");
    assert_eq!(
        entitlement["currentUsagePeriod"],
        json!({"from": "2026-03-01T11:00:00Z", "to": "2026-04-01T00:00:00Z"})
    );
    // The start of the current period is no earlier than itself.
    rest.post(&reset, at("2026-03-01T11:00:00Z"))
        .await
        .expect(204);
    for (time, why) in [
        (
            "2026-03-01T10:00:00Z",
            "usage cannot be reset before the current usage period that starts at 2026-03-01T11:00:00Z",
        ),
        (
            "2026-03-01T13:00:00Z",
            "usage cannot be reset in the future",
        ),
    ] {
        let detail = rest.post(&reset, at(time)).await.problem(400);
        assert!(detail.contains(why), "{detail}");
    }
    rest.post(&reset, at("noon")).await.problem(400);
    rest.post(&reset, json!([])).await.problem(400);
    rest.post(&format!("{}/reset", path("c", "nope")), json!({}))
        .await
        .problem(404);
    scene.world.stop().await;
}

#[tokio::test]
async fn periods_start_where_measuring_starts() {
    let scene = Scene::new().await;
    let further = json!({
        "usagePeriod": {"interval": "MONTH", "anchor": "2024-01-31T00:00:00Z"},
        "measureUsageFrom": "2026-02-10T08:30:30Z",
    });
    let entitlement = scene.metered("month", "f", further).await;
    assert_eq!(entitlement["measureUsageFrom"], "2026-02-10T08:30:00Z");
    // Months end on their last day when they have no 31st.
    assert_eq!(
        entitlement["currentUsagePeriod"],
        json!({"from": "2026-02-28T00:00:00Z", "to": "2026-03-31T00:00:00Z"})
    );
    let further = json!({"usagePeriod": {"interval": "DAY", "anchor": "2026-03-01T00:13:00Z"}});
    let entitlement = scene.metered("ahead", "f", further).await;
    assert_eq!(
        entitlement["currentUsagePeriod"],
        json!({"from": START, "to": "2026-03-01T00:13:00Z"})
    );
    let further = json!({"measureUsageFrom": "CURRENT_PERIOD_START", "usagePeriod": {"interval": "P2W", "anchor": "2026-02-20T00:00:00Z"}});
    let entitlement = scene.metered("weeks", "f", further).await;
    assert_eq!(entitlement["measureUsageFrom"], "2026-02-20T00:00:00Z");
    assert_eq!(
        entitlement["usagePeriod"],
        json!({"anchor": "2026-02-20T00:00:00Z", "interval": "P2W", "intervalISO": "P2W"})
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn an_override_replaces_and_ends_the_old_entitlement() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let old = rest
        .post(
            &list_path("c"),
            json!({"type": "boolean", "featureKey": "plain"}),
        )
        .await
        .expect(201);
    scene.advance("PT1H").await;
    let over = format!("{}/override", path("c", "plain"));
    rest.put(&over, json!({"type": "boolean", "featureKey": "f"}))
        .await
        .problem(400);
    rest.put(&over, json!({"type": "static", "featureKey": "plain"}))
        .await
        .problem(400);
    let new = rest
        .put(
            &over,
            json!({"type": "static", "featureKey": "plain", "config": "{\"a\":1}"}),
        )
        .await
        .expect(201);
    assert_ne!(old["id"], new["id"]);
    let old = old["id"].as_str().unwrap();
    let shown = rest
        .get(&format!("/api/v2/entitlements/{old}"))
        .await
        .expect(200);
    assert_eq!(shown["activeTo"], new["activeFrom"]);
    let value = rest
        .get(&format!("{}/value", path("c", old)))
        .await
        .expect(200);
    assert_eq!(value, json!({"hasAccess": false}));
    let value = rest
        .get(&format!("{}/value", path("c", "plain")))
        .await
        .expect(200);
    assert_eq!(value, json!({"hasAccess": true, "config": "{\"a\":1}"}));
    let all = rest
        .get("/api/v2/entitlements?customerKeys=c")
        .await
        .expect(200);
    assert_eq!(all["totalCount"], 2);
    let active = rest
        .get("/api/v2/entitlements?customerKeys=c&excludeInactive=true")
        .await
        .expect(200);
    assert_eq!(active["totalCount"], 1);
    rest.put(
        &format!("{}/override", path("c", "nope")),
        json!({"type": "boolean", "featureKey": "plain"}),
    )
    .await
    .problem(404);
    scene.world.stop().await;
}

#[tokio::test]
async fn entitlements_that_make_no_sense_are_refused_and_not_written() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let metered = |name: &str, value: Value| {
        let mut body = json!({
            "type": "metered", "featureKey": "f", "usagePeriod": {"interval": "MONTH", "anchor": START},
        });
        body[name] = value;
        body
    };
    let grant = |amount: i64| json!({"amount": amount, "effectiveAt": START});
    let cases = [
        (json!({"featureKey": "f"}), "type"),
        (json!({"type": "golden", "featureKey": "f"}), "type"),
        (json!({"type": 1, "featureKey": "f"}), "type"),
        (json!({"type": "boolean"}), "feature"),
        (json!({"type": "metered", "featureKey": "f"}), "usagePeriod"),
        (json!({"type": "static", "featureKey": "f"}), "config"),
        (
            json!({"type": "static", "featureKey": "f", "config": "{"}),
            "config",
        ),
        (
            json!({"type": "static", "featureKey": "f", "config": {}}),
            "config",
        ),
        (
            metered("usagePeriod", json!({"interval": "PT30M"})),
            "interval",
        ),
        (
            metered("usagePeriod", json!({"interval": "-P1M"})),
            "interval",
        ),
        (
            metered("usagePeriod", json!({"interval": "P99999999999Y"})),
            "interval",
        ),
        (
            metered("usagePeriod", json!({"interval": "FORTNIGHT"})),
            "interval",
        ),
        (
            metered("measureUsageFrom", json!("LATER")),
            "measureUsageFrom",
        ),
        (metered("issueAfterReset", json!(-1)), "issueAfterReset"),
        (metered("issueAfterReset", json!("1")), "issueAfterReset"),
        (
            metered("issueAfterResetPriority", json!(2)),
            "issueAfterReset",
        ),
        (metered("isSoftLimit", json!("yes")), "isSoftLimit"),
        (metered("featureKey", json!("plain")), "meter"),
        (metered("metadata", json!({"a": 1})), "metadata"),
        (metered("grants", json!([grant(1), grant(0)])), "amount"),
    ];
    for (body, named) in cases {
        let detail = rest.post(&list_path("c"), body.clone()).await.problem(400);
        assert!(detail.contains(named), "{body}: {detail}");
    }
    rest.post(
        &list_path("c"),
        json!({"type": "boolean", "featureKey": "nope"}),
    )
    .await
    .problem(404);
    rest.post(
        &list_path("nope"),
        json!({"type": "boolean", "featureKey": "f"}),
    )
    .await
    .problem(404);
    let listed = rest.get("/api/v2/entitlements").await.expect(200);
    assert_eq!(listed["totalCount"], 0);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_feature_keeps_conditions_that_its_meter_knows() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let feature = |filters: Value| json!({"key": "new", "name": "New", "meterSlug": "f", "advancedMeterGroupByFilters": filters});
    for filters in [
        json!({"nope": {}}),
        json!({"nope": {"$eq": "a"}}),
        json!({"model": {"$foo": "a"}}),
        json!({"model": {"$eq": "a", "$ne": "b"}}),
        json!({"model": "a"}),
    ] {
        rest.post("/api/v1/features", feature(filters))
            .await
            .problem(400);
    }
    rest.get("/api/v1/features/new").await.problem(404);
    let made = rest
        .post(
            "/api/v1/features",
            feature(json!({"model": {"$in": ["a", "b"]}})),
        )
        .await
        .expect(201);
    assert_eq!(
        made["advancedMeterGroupByFilters"],
        json!({"model": {"$in": ["a", "b"]}})
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn the_second_of_two_equal_creations_at_once_is_refused() {
    let scene = Scene::new().await;
    scene.customer("c").await;
    let calls = (0..8).map(|_| {
        let rest = scene.rest.clone();
        tokio::spawn(async move {
            let body = json!({"type": "boolean", "featureKey": "plain"});
            rest.post(&list_path("c"), body).await.status
        })
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    scene.world.stop().await;
}
