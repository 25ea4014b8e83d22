//! Refusals of subscriptions over REST that take some preparation: billing that does not accept the customer, a successor that
//! has begun, edits without a phase to be in, add-ons that are not for sale yet. Nothing refused leaves a trace.

use serde_json::{Value, json};
use suite::{
    Rest, World,
    fake_stripe::{FakeStripe, KEY},
};

use super::subscriptions_rest::{
    SUBSCRIPTIONS, customer, edit, flat, freeze, id, phase, publish, subscribe, three_phases,
};

/// Everything that a customer has of subscriptions and invoices.
async fn traces(rest: &Rest, key: &str) -> Vec<Value> {
    let customer = format!("/api/v1/customers/{key}");
    let mut found = Vec::new();
    for path in [
        format!("{customer}/subscriptions"),
        format!("/api/v2/customers/{key}/entitlements"),
        "/api/v1/billing/invoices".to_owned(),
        customer,
    ] {
        found.push(rest.get(&path).await.expect(200));
    }
    found
}

#[tokio::test]
async fn whom_billing_does_not_accept_is_not_subscribed_to_anything_priced() {
    let stripe = FakeStripe::start().await;
    let base = stripe.base().to_owned();
    let world = World::with(&[
        ("billing.stripe_api_base", base.as_str()),
        ("billing.stripe_retry_pause_ms", "1"),
    ])
    .await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    let install = "/api/v1/marketplace/listings/stripe/install/apikey";
    rest.post(install, json!({"apiKey": KEY})).await.expect(200);
    let feature = json!({"key": "sso", "name": "SSO"});
    rest.post("/api/v1/features", feature).await.expect(201);
    let entitling = |amount: Option<&str>| {
        let mut card = flat("sso", amount.unwrap_or("1"));
        if amount.is_none() {
            card["price"] = Value::Null;
            card["billingCadence"] = Value::Null;
        }
        card["featureKey"] = json!("sso");
        card["entitlementTemplate"] = json!({"type": "boolean"});
        vec![phase("p", Value::Null, vec![card])]
    };
    publish(rest, "paid", entitling(Some("10"))).await;
    publish(rest, "free", entitling(None)).await;
    customer(rest, "acme").await;
    let before = traces(rest, "acme").await;
    let start = |plan: &str| json!({"customerKey": "acme", "plan": {"key": plan}});
    for _ in 0..2 {
        let refused = rest.post(SUBSCRIPTIONS, start("paid")).await.problem(409);
        assert!(refused.contains("invalid billing setup: "), "{refused}");
        assert_eq!(traces(rest, "acme").await, before);
    }
    // What costs nothing needs no billing; neither becomes priced without it.
    let made = rest.post(SUBSCRIPTIONS, start("free")).await.expect(201);
    let path = &format!("{SUBSCRIPTIONS}/{}", id(&made));
    let before = (rest.get(path).await.expect(200), traces(rest, "acme").await);
    let add = json!([{"op": "add_item", "phaseKey": "p", "rateCard": flat("fee", "1")}]);
    let refused = edit(rest, path, add).await.problem(409);
    assert!(refused.contains("invalid billing setup: "), "{refused}");
    let change = json!({"plan": {"key": "paid"}, "timing": "immediate"});
    let refused = rest.post(&format!("{path}/change"), change).await;
    let refused = refused.problem(409);
    assert!(refused.contains("invalid billing setup: "), "{refused}");
    let after = (rest.get(path).await.expect(200), traces(rest, "acme").await);
    assert_eq!(after, before);
    world.stop().await;
}

#[tokio::test]
async fn what_a_successor_has_taken_over_is_not_restored() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let path = &subscribe(rest, "acme").await;
    rest.post(
        &format!("{path}/cancel"),
        json!({"timing": "next_billing_cycle"}),
    )
    .await
    .expect(200);
    let follower =
        json!({"customerKey": "acme", "plan": {"key": "pro"}, "timing": "2024-02-01T00:00:00Z"});
    let follower = rest.post(SUBSCRIPTIONS, follower).await.expect(201);
    let follower = &format!("{SUBSCRIPTIONS}/{}", id(&follower));
    world.client().advance_clock("P40D").await.unwrap();
    let both = async || {
        [
            rest.get(path).await.expect(200),
            rest.get(follower).await.expect(200),
        ]
    };
    let before = both().await;
    assert_eq!(
        (&before[0]["status"], &before[1]["status"]),
        (&json!("inactive"), &json!("active"))
    );
    for action in ["restore", "unschedule-cancelation"] {
        rest.post(&format!("{path}/{action}"), Value::Null)
            .await
            .problem(403);
        assert_eq!(both().await, before, "{action}");
    }
    // The successor runs and is not canceled: there is nothing to restore.
    rest.post(&format!("{follower}/restore"), Value::Null)
        .await
        .problem(403);
    assert_eq!(both().await, before);
    world.stop().await;
}

#[tokio::test]
async fn edits_need_a_phase_to_be_in_and_keep_to_their_time() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let only = vec![phase("only", Value::Null, vec![flat("a", "1")])];
    publish(rest, "single", only).await;
    customer(rest, "later").await;
    let later =
        json!({"customerKey": "later", "plan": {"key": "pro"}, "timing": "2024-03-01T00:00:00Z"});
    let later = rest.post(SUBSCRIPTIONS, later).await.expect(201);
    let later = &format!("{SUBSCRIPTIONS}/{}", id(&later));
    customer(rest, "one").await;
    let one = json!({"customerKey": "one", "plan": {"key": "single"}});
    let one = rest.post(SUBSCRIPTIONS, one).await.expect(201);
    let one = &format!("{SUBSCRIPTIONS}/{}", id(&one));
    let running = &subscribe(rest, "acme").await;
    world.client().advance_clock("P40D").await.unwrap();
    let shown = async || {
        [
            rest.get(later).await.expect(200),
            rest.get(one).await.expect(200),
            rest.get(running).await.expect(200),
        ]
    };
    let before = shown().await;
    let stretch =
        |phase: &str, by: &str| json!([{"op": "stretch_phase", "phaseKey": phase, "extendBy": by}]);
    let phase_of = |after: &str, duration: Value| {
        json!([
            {"op": "add_phase", "phase": {"key": "x", "name": "x", "startAfter": after, "duration": duration}},
            {"op": "add_item", "phaseKey": "x", "rateCard": flat("q", "1")},
        ])
    };
    for (path, operations, status, phrase) in [
        (
            later,
            json!([{"op": "unschedule_edit"}]),
            409,
            "no current phase",
        ),
        (one, stretch("only", "P1M"), 409, "single phase"),
        (running, stretch("p1", "P1M"), 403, "past phase"),
        (
            running,
            json!([{"op": "remove_item", "phaseKey": "p1", "itemKey": "a"}]),
            403,
            "past phase",
        ),
        (
            running,
            json!([{"op": "remove_phase", "phaseKey": "p2", "shift": "prev"}]),
            403,
            "past",
        ),
        (running, phase_of("P1M", json!("P1M")), 403, "in the past"),
        (running, phase_of("P2M", Value::Null), 400, "duration"),
        (
            running,
            json!([{"op": "add_item", "phaseKey": "p2", "rateCard": flat("a", "3")}]),
            // The item runs to the end of its phase: nothing is in its way.
            200,
            "",
        ),
    ] {
        let answer = edit(rest, path, operations.clone()).await;
        if status == 200 {
            answer.expect(200);
            continue;
        }
        let detail = answer.problem(status);
        assert!(detail.contains(phrase), "{operations}: {detail}");
        assert_eq!(shown().await, before, "{operations}");
    }
    // There is no billing period before the start.
    let timed = json!({
        "customizations": [{"op": "add_item", "phaseKey": "p2", "rateCard": flat("n", "1")}],
        "timing": "next_billing_cycle",
    });
    let refused = rest.patch(later, timed).await.expect(400);
    assert_eq!(
        refused["extensions"]["validationErrors"][0]["code"],
        "subscription_billing_period_queried_before_subscription_start"
    );
    world.stop().await;
}

#[tokio::test]
async fn add_ons_are_sold_in_their_phase_once_and_with_plans_only() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    let body = json!({
        "key": "help", "name": "help", "currency": "USD", "instanceType": "single",
        "rateCards": [flat("help", "3")],
    });
    let addon = rest.post("/api/v1/addons", body).await.expect(201);
    let addon = id(&addon).to_owned();
    rest.post(&format!("/api/v1/addons/{addon}/publish"), Value::Null)
        .await
        .expect(200);
    let body = json!({
        "key": "pro", "name": "pro", "currency": "USD", "billingCadence": "P1M", "phases": [
            phase("p1", json!("P1M"), vec![flat("a", "1")]),
            phase("p2", Value::Null, vec![flat("a", "1")]),
        ],
    });
    let plan = rest.post("/api/v1/plans", body).await.expect(201);
    let plan = format!("/api/v1/plans/{}", id(&plan));
    let body = json!({"addonId": addon, "fromPlanPhase": "p2"});
    rest.post(&format!("{plan}/addons"), body).await.expect(201);
    rest.post(&format!("{plan}/publish"), Value::Null)
        .await
        .expect(200);
    let path = &subscribe(rest, "acme").await;
    customer(rest, "other").await;
    let custom = json!({
        "name": "own", "currency": "USD", "billingCadence": "P1M",
        "phases": [phase("p", Value::Null, vec![flat("a", "1")])],
    });
    let custom = json!({"customerKey": "other", "customPlan": custom});
    let custom = rest.post(SUBSCRIPTIONS, custom).await.expect(201);
    let custom = &format!("{SUBSCRIPTIONS}/{}", id(&custom));
    let buy = |quantity: i64, timing: &str| json!({"name": "n", "addon": {"id": addon}, "quantity": quantity, "timing": timing});
    let before = rest.get(path).await.expect(200);
    for (path, body, status, phrase) in [
        (custom, buy(1, "immediate"), 400, "custom subscription"),
        (path, buy(1, "immediate"), 400, "starting with phase"),
        (path, buy(2, "next_billing_cycle"), 400, "quantity"),
        (path, buy(1, "2023-12-01T00:00:00Z"), 400, "not active"),
        (path, buy(1, "whenever"), 400, "timing"),
    ] {
        let detail = rest.post(&format!("{path}/addons"), body.clone()).await;
        let detail = detail.problem(status);
        assert!(detail.contains(phrase), "{body}: {detail}");
        let addons = rest.get(&format!("{path}/addons")).await.expect(200);
        assert_eq!(addons, json!([]), "{body}");
    }
    assert_eq!(rest.get(path).await.expect(200), before);
    let addons = &format!("{path}/addons");
    let bought = rest
        .post(addons, buy(1, "next_billing_cycle"))
        .await
        .expect(201);
    assert_eq!(bought["activeFrom"], "2024-02-01T00:00:00Z");
    let one = &format!("{addons}/{}", id(&bought));
    let two = json!({"quantity": 2, "timing": "next_billing_cycle"});
    rest.patch(one, two).await.problem(400);
    assert_eq!(rest.get(one).await.expect(200), bought);
    // Of another subscription it is not.
    let elsewhere = format!("{custom}/addons/{}", id(&bought));
    let none = json!({"quantity": 0, "timing": "immediate"});
    let status = rest.patch(&elsewhere, none).await.status;
    assert!([400, 404].contains(&status), "{status}");
    // What is canceled already sells nothing more.
    rest.post(&format!("{custom}/cancel"), json!({"timing": "immediate"}))
        .await
        .expect(200);
    world.stop().await;
}
