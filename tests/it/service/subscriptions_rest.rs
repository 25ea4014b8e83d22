//! Subscriptions over REST: how one is made, shown, ended and replaced, and what it holds.

use perennial_sdk::Client;
use serde_json::{Value, json};
use suite::{Rest, World};

pub(super) const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

pub(super) fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

pub(super) fn flat(key: &str, amount: &str) -> Value {
    json!({
        "type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M",
        "price": {"type": "flat", "amount": amount},
    })
}

/// A card of 100 (or so) prompts a month, with a price.
pub(super) fn metered(amount: &str, issued: i64) -> Value {
    let mut card = flat("seats", amount);
    card["featureKey"] = json!("seats");
    card["entitlementTemplate"] = json!({"type": "metered", "issueAfterReset": issued});
    card
}

pub(super) fn phase(key: &str, duration: Value, cards: Vec<Value>) -> Value {
    json!({"key": key, "name": key, "duration": duration, "rateCards": cards})
}

pub(super) async fn freeze(client: &Client, time: &str) {
    client.freeze_clock(time.parse().unwrap()).await.unwrap();
}

pub(super) async fn customer(rest: &Rest, key: &str) -> String {
    let body = json!({"key": key, "name": key, "usageAttribution": {"subjectKeys": [key]}});
    let made = rest.post("/api/v1/customers", body).await.expect(201);
    id(&made).to_owned()
}

pub(super) async fn publish(rest: &Rest, key: &str, phases: Vec<Value>) -> String {
    let body = json!({
        "key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": phases,
    });
    let made = rest.post("/api/v1/plans", body).await.expect(201);
    let path = format!("/api/v1/plans/{}/publish", id(&made));
    rest.post(&path, Value::Null).await.expect(200);
    id(&made).to_owned()
}

/// Plan `pro`: one month, two months, then open.
pub(super) async fn three_phases(rest: &Rest) {
    let phases = vec![
        phase("p1", json!("P1M"), vec![flat("a", "10"), flat("b", "5")]),
        phase("p2", json!("P2M"), vec![flat("a", "10")]),
        phase("p3", Value::Null, vec![flat("a", "10")]),
    ];
    publish(rest, "pro", phases).await;
}

/// A subscription of a customer of its own; its path.
pub(super) async fn subscribe(rest: &Rest, key: &str) -> String {
    customer(rest, key).await;
    let body = json!({"customerKey": key, "plan": {"key": "pro"}});
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    format!("{SUBSCRIPTIONS}/{}", id(&made))
}

pub(super) async fn edit(rest: &Rest, path: &str, operations: Value) -> suite::Answer {
    rest.patch(path, json!({"customizations": operations}))
        .await
}

/// Key and first day of each phase.
pub(super) async fn starts(rest: &Rest, path: &str) -> Vec<(String, String)> {
    let shown = rest.get(path).await.expect(200);
    let phases = shown["phases"].as_array().unwrap().clone();
    phases
        .iter()
        .map(|phase| {
            let text = |name: &str| phase[name].as_str().unwrap().to_owned();
            (text("key"), text("activeFrom")[..10].to_owned())
        })
        .collect()
}

/// First day and amount of each version of an item.
pub(super) async fn versions(
    rest: &Rest,
    path: &str,
    phase: usize,
    key: &str,
) -> Vec<(String, String)> {
    let shown = rest.get(path).await.expect(200);
    let timeline = shown["phases"][phase]["itemTimelines"][key].clone();
    let timeline = timeline.as_array().unwrap();
    timeline
        .iter()
        .map(|item| {
            let start = item["activeFrom"].as_str().unwrap()[..10].to_owned();
            (start, item["price"]["amount"].as_str().unwrap().to_owned())
        })
        .collect()
}

pub(super) fn dated(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn creation_has_variants_and_refusals() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    customer(rest, "acme").await;
    let plan = json!({"key": "pro"});
    for (body, status, phrase) in [
        (json!({"plan": plan}), 400, "customer id or key is required"),
        (json!({"customerKey": "acme"}), 400, "plan"),
        (
            json!({"customerKey": "nobody", "plan": plan}),
            404,
            "nobody",
        ),
        (json!({"customerId": "x", "plan": plan}), 400, "customerId"),
        (
            json!({"customerKey": "acme", "plan": {"key": "none"}}),
            404,
            "with version 0 not found",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "timing": "2023-12-31T23:57:59Z"}),
            400,
            "cannot create subscription in the past",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "timing": "next_billing_cycle"}),
            400,
            "",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "timing": "soon"}),
            400,
            "timing",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "timing": 5}),
            400,
            "timing",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "timing": "99999-01-01T00:00:00Z"}),
            400,
            "timing",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "startingPhase": "px"}),
            400,
            "starting phase",
        ),
        (
            json!({"customerKey": "acme", "plan": plan, "billingAnchor": "x"}),
            400,
            "billingAnchor",
        ),
        (
            json!({"customerKey": "acme", "plan": {"key": "pro", "version": "1"}}),
            400,
            "plan.version",
        ),
        (
            json!({"customerKey": "acme", "customPlan": "x"}),
            400,
            "customPlan",
        ),
        (
            json!({"customerKey": "acme", "customPlan": {}}),
            400,
            "customPlan.name",
        ),
    ] {
        let detail = rest.post(SUBSCRIPTIONS, body).await.problem(status);
        assert!(detail.contains(phrase), "{phrase}: {detail}");
    }
    let listed = rest
        .get("/api/v1/customers/acme/subscriptions")
        .await
        .expect(200);
    let envelope = json!({"page": 0, "pageSize": 0, "totalCount": 0, "items": []});
    assert_eq!(listed, envelope);

    // The version is not looked at, and phases before the first one have no length.
    let body = json!({
        "customerKey": "acme", "plan": {"key": "pro", "version": 7}, "startingPhase": "p2",
        "billingAnchor": "2023-01-31T15:00:00Z", "metadata": {"a": "b"},
    });
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    assert_eq!(made["plan"]["version"], 1);
    assert_eq!(made["alignment"], json!({"billablesMustAlign": true}));
    assert_eq!(made["billingAnchor"], "2023-01-31T15:00:00Z");
    let path = &format!("{SUBSCRIPTIONS}/{}", id(&made));
    let expected = [
        ("p1", "2024-01-01"),
        ("p2", "2024-01-01"),
        ("p3", "2024-03-01"),
    ];
    assert_eq!(starts(rest, path).await, dated(&expected));
    let bound = rest.get("/api/v1/customers/acme").await.expect(200);
    assert_eq!(bound["currency"], "USD");

    customer(rest, "custom").await;
    let own = |phases: Value| {
        json!({"customerKey": "custom", "customPlan": {
            "name": "Own", "currency": "USD", "billingCadence": "P1M", "phases": phases}})
    };
    let ending = own(json!([phase("p", json!("P1M"), vec![flat("a", "1")])]));
    let refused = rest.post(SUBSCRIPTIONS, ending).await.expect(400);
    let issue = &refused["extensions"]["validationErrors"][0];
    assert_eq!(issue["code"], "plan_has_last_phase_with_duration");
    assert_eq!(issue["field"], "$.plan.phases[?(@.key=='p')].duration");
    let custom = own(json!([phase("p", Value::Null, vec![flat("a", "1")])]));
    let custom = rest.post(SUBSCRIPTIONS, custom).await.expect(201);
    assert_eq!((custom.get("plan"), &custom["name"]), (None, &json!("Own")));
    let migrate = format!("{SUBSCRIPTIONS}/{}/migrate", id(&custom));
    let detail = rest.post(&migrate, json!({})).await.problem(400);
    assert!(
        detail.contains("has no plan, cannot be migrated"),
        "{detail}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_customer_has_one_subscription_at_a_time() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let acme = customer(rest, "acme").await;
    let body = json!({"customerKey": "acme", "plan": {"key": "pro"}});
    // Of many at once one is made.
    let (one, two, three, four) = tokio::join!(
        rest.post(SUBSCRIPTIONS, body.clone()),
        rest.post(SUBSCRIPTIONS, body.clone()),
        rest.post(SUBSCRIPTIONS, body.clone()),
        rest.post(SUBSCRIPTIONS, body.clone()),
    );
    let mut statuses = [one.status, two.status, three.status, four.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "{statuses:?}");
    assert!(
        statuses[1..]
            .iter()
            .all(|status| (400..500).contains(status)),
        "{statuses:?}"
    );

    let refused = rest.post(SUBSCRIPTIONS, body).await.expect(409);
    let issues = refused["extensions"]["validationErrors"]
        .as_array()
        .unwrap();
    assert_eq!(issues.len(), 2);
    for issue in issues {
        let code = "only_single_subscription_allowed_per_customer_at_a_time";
        assert_eq!(
            (&issue["code"], &issue["severity"]),
            (&json!(code), &json!("critical"))
        );
        let field = issue["field"].as_str().unwrap();
        assert!(
            field.starts_with("$.plans[?(@.key=='pro' && @.version=='1' && @.id=='"),
            "{field}"
        );
        let side = format!("[?(@.customerId=='{acme}' && @.activeFrom=='2024-01-01T00:00:00Z')]");
        assert!(field.ends_with(&side), "{field}");
        assert_eq!(issue.as_object().unwrap().len(), 4, "{issue}");
    }
    let listed = rest
        .get("/api/v1/customers/acme/subscriptions?page=1")
        .await
        .expect(200);
    assert_eq!(
        (&listed["pageSize"], &listed["totalCount"]),
        (&json!(100), &json!(1))
    );
    world.stop().await;
}

#[tokio::test]
async fn the_expanded_view_shows_phases_items_and_alignment() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    rest.post(
        "/api/v1/meters",
        json!({"slug": "m", "eventType": "e", "aggregation": "COUNT"}),
    )
    .await
    .expect(201);
    rest.post(
        "/api/v1/features",
        json!({"key": "seats", "name": "S", "meterSlug": "m"}),
    )
    .await
    .expect(201);
    let phases = vec![
        phase("p1", json!("P1M"), vec![metered("0", 1000)]),
        phase("p2", Value::Null, vec![metered("10", 1000)]),
    ];
    publish(rest, "pro", phases).await;
    customer(rest, "acme").await;
    freeze(&world.client(), "2025-07-10T15:00:00Z").await;
    let body = json!({"customerKey": "acme", "plan": {"key": "pro"}, "billingAnchor": "2025-01-31T15:00:00Z"});
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    let path = &format!("{SUBSCRIPTIONS}/{}", id(&made));
    let shown = rest.get(path).await.expect(200);
    assert_eq!(
        shown["alignment"]["currentAlignedBillingPeriod"],
        json!({"from": "2025-07-10T15:00:00Z", "to": "2025-07-31T15:00:00Z"})
    );
    let first = &shown["phases"][0];
    assert_eq!(first["activeTo"], "2025-08-10T15:00:00Z");
    let item = &first["items"][0];
    assert_eq!(item["included"]["feature"]["key"], "seats");
    let entitlement = &item["included"]["entitlement"];
    assert_eq!(entitlement["activeTo"], "2025-08-10T15:00:00Z");
    assert_eq!(
        entitlement["currentUsagePeriod"]["to"],
        "2025-07-31T15:00:00Z"
    );
    assert_eq!(entitlement["annotations"]["subscription.id"], made["id"]);
    let later = &shown["phases"][1]["items"][0]["included"]["entitlement"];
    assert_eq!(
        later["currentUsagePeriod"],
        json!({"from": "2025-08-10T15:00:00Z", "to": "2025-08-31T15:00:00Z"})
    );
    let at = rest
        .get(&format!("{path}?at=2025-09-29T00:00:00Z"))
        .await
        .expect(200);
    assert_eq!(
        at["alignment"]["currentAlignedBillingPeriod"],
        json!({"from": "2025-08-31T15:00:00Z", "to": "2025-09-30T15:00:00Z"})
    );
    rest.get(&format!("{path}?at=then")).await.problem(400);
    rest.get(&format!("{SUBSCRIPTIONS}/01J0000000000000000000000Z"))
        .await
        .problem(404);
    let managed = id(entitlement);
    let managed = format!("/api/v1/subjects/acme/entitlements/{managed}");
    rest.delete(&managed).await.problem(403);
    // An entitlement of one's own stands in the way of another subscription's.
    customer(rest, "other").await;
    let own = json!({"type": "boolean", "featureKey": "seats"});
    let own = rest
        .post("/api/v1/subjects/other/entitlements", own)
        .await
        .expect(201);
    let body = json!({"customerKey": "other", "plan": {"key": "pro"}});
    let refused = rest.post(SUBSCRIPTIONS, body).await.expect(409);
    assert_eq!(refused["extensions"]["conflictingEntityId"], own["id"]);
    world.stop().await;
}

#[tokio::test]
async fn a_life_is_canceled_restored_changed_and_migrated() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let path = &subscribe(rest, "acme").await;
    let post = async |path: &str, action: &str, body: Value| {
        rest.post(&format!("{path}/{action}"), body).await
    };
    freeze(&world.client(), "2024-01-10T00:00:00Z").await;
    let misaligned = post(path, "cancel", json!({"timing": "2024-01-20T00:00:00Z"})).await;
    assert!(misaligned.problem(400).contains("misaligned timing"));
    let canceled = post(path, "cancel", json!({"timing": "next_billing_cycle"}))
        .await
        .expect(200);
    assert_eq!(
        (&canceled["status"], &canceled["activeTo"]),
        (&json!("canceled"), &json!("2024-02-01T00:00:00Z"))
    );
    let refused = edit(
        rest,
        path,
        json!([{"op": "remove_item", "phaseKey": "p1", "itemKey": "b"}]),
    )
    .await;
    let detail = refused.problem(403);
    assert!(
        detail.ends_with("transition update in state canceled not allowed"),
        "{detail}"
    );
    post(path, "cancel", json!({})).await.problem(403);
    let follower =
        json!({"customerKey": "acme", "plan": {"key": "pro"}, "timing": "2024-02-01T00:00:00Z"});
    let follower = rest.post(SUBSCRIPTIONS, follower).await.expect(201);
    assert_eq!(follower["status"], "scheduled");
    let follower = &format!("{SUBSCRIPTIONS}/{}", id(&follower));
    let shown = rest.get(follower).await.expect(200);
    assert_eq!(shown["alignment"], json!({"billablesMustAlign": true}));
    let early = post(follower, "cancel", json!({})).await.problem(403);
    assert!(
        early.contains("transition cancel in state scheduled not allowed"),
        "{early}"
    );
    let blocked = post(path, "unschedule-cancelation", Value::Null)
        .await
        .expect(409);
    assert_eq!(
        blocked["extensions"]["validationErrors"][0]["code"],
        "only_single_subscription_allowed_per_customer_at_a_time"
    );
    let restored = post(path, "restore", Value::Null).await.expect(200);
    assert_eq!(
        (&restored["status"], restored.get("activeTo")),
        (&json!("active"), None)
    );
    rest.get(follower).await.problem(404);
    rest.delete(path).await.problem(403);
    post(path, "unschedule-cancelation", Value::Null)
        .await
        .problem(403);

    publish(
        rest,
        "two",
        vec![phase("only", Value::Null, vec![flat("z", "1")])],
    )
    .await;
    let two = json!({"key": "two"});
    post(path, "change", json!({"plan": two}))
        .await
        .problem(400);
    post(
        path,
        "change",
        json!({"plan": {"key": "none"}, "timing": "immediate"}),
    )
    .await
    .problem(404);
    assert_eq!(rest.get(path).await.expect(200)["status"], "active");
    let changed = post(
        path,
        "change",
        json!({"plan": two, "timing": "next_billing_cycle"}),
    )
    .await;
    let changed = changed.expect(200);
    let (current, next) = (&changed["current"], &changed["next"]);
    assert_eq!(
        (
            &current["status"],
            &next["status"],
            &next["activeFrom"],
            &next["billingAnchor"]
        ),
        (
            &json!("canceled"),
            &json!("scheduled"),
            &current["activeTo"],
            &current["billingAnchor"]
        )
    );
    assert_eq!(
        next["annotations"]["subscription.previous.id"],
        current["id"]
    );
    assert_eq!(
        current["annotations"]["subscription.superseding.id"],
        next["id"]
    );
    rest.delete(&format!("{SUBSCRIPTIONS}/{}", id(next)))
        .await
        .expect(204);
    assert_eq!(rest.get(path).await.expect(200).get("annotations"), None);
    post(path, "unschedule-cancelation", Value::Null)
        .await
        .expect(200);

    let already = post(path, "migrate", json!({})).await.problem(400);
    assert!(already.contains("already at version"), "{already}");
    for target in [
        json!(0),
        json!(-1),
        json!(1),
        json!("2"),
        json!(99_999_999_999_i64),
    ] {
        post(path, "migrate", json!({"targetVersion": target}))
            .await
            .problem(400);
    }
    let next = post("/api/v1/plans/pro", "next", Value::Null)
        .await
        .expect(201);
    post(path, "migrate", json!({"targetVersion": 2}))
        .await
        .problem(400);
    post(
        &format!("/api/v1/plans/{}", id(&next)),
        "publish",
        Value::Null,
    )
    .await
    .expect(200);
    let migrated = post(path, "migrate", json!({"startingPhase": "p2"}))
        .await
        .expect(200);
    assert_eq!(migrated["next"]["plan"]["version"], 2);
    assert_eq!(migrated["current"]["status"], "inactive");
    assert_eq!(
        migrated["next"]["phases"][1]["activeFrom"],
        "2024-01-10T00:00:00Z"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_feature_that_only_a_subscription_sells_stays_while_it_is_active() {
    let world = World::start().await;
    let rest = &world.rest();
    let feature = rest
        .post("/api/v1/features", json!({"key": "sso", "name": "SSO"}))
        .await
        .expect(201);
    let feature = &format!("/api/v1/features/{}", id(&feature));
    customer(rest, "acme").await;
    let card = json!({
        "type": "flat_fee", "key": "sso", "name": "SSO", "billingCadence": null, "price": null,
        "featureKey": "sso", "entitlementTemplate": {"type": "boolean"},
    });
    let own = json!({
        "name": "Own", "currency": "USD", "billingCadence": "P1M",
        "phases": [phase("p", Value::Null, vec![card])],
    });
    let body = json!({"customerKey": "acme", "customPlan": own});
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    let held = rest.delete(feature).await.problem(400);
    assert!(held.contains("forbidden for feature"), "{held}");
    assert!(held.contains(id(&made)), "{held}");
    let cancel = format!("{SUBSCRIPTIONS}/{}/cancel", id(&made));
    rest.post(&cancel, json!({"timing": "immediate"}))
        .await
        .expect(200);
    rest.delete(feature).await.expect(204);
    world.stop().await;
}
