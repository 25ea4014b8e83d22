//! What the ProfitWell dialect refuses: tokens, throttles, and every rule of bad input with
//! its status and body; what is refused leaves nothing behind.

use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::{Caller, NOW, frozen, rate, refused, seconds, token};

fn body() -> Value {
    json!({
        "user_alias": "acme", "subscription_alias": "acme-1", "email": "a@acme.com",
        "plan_id": "pro", "plan_interval": "month", "value": 10000,
        "effective_date": seconds("2026-01-10T00:00:00Z"),
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut body = body();
    body[member] = value;
    body
}

async fn caller() -> (World, Caller) {
    let world = frozen().await;
    let key = token(&world, KeyKind::ProfitwellPrivate).await;
    let caller = Caller::profitwell(&world, &key);
    (world, caller)
}

#[tokio::test]
async fn a_refused_subscription_leaves_nothing_behind() {
    let (world, caller) = caller().await;
    for (body, member) in [
        (with("value", json!(-1)), "value"),
        (with("value", json!(1_000_000_000_001_i64)), "value"),
        (with("value", json!(1.5)), "value"),
        (with("status", json!("churned")), "status"),
        (with("plan_currency", json!("xxy")), "plan_currency"),
        (
            with("subscription_alias", json!("a".repeat(37))),
            "subscription_alias",
        ),
        (
            with("subscription_alias", json!("pws_mine")),
            "subscription_alias",
        ),
        (with("user_alias", json!("pwu_mine")), "user_alias"),
        (with("user_alias", json!("pws_mine")), "user_alias"),
        (with("plan_id", json!("")), "plan_id"),
        (with("email", json!("")), "email"),
        (with("user_id", json!("pwu_nobody")), "user_id"),
        (with("effective_date", json!("x")), "effective_date"),
    ] {
        let told = refused(caller.post("/subscriptions", &body).await, 400);
        assert!(told.starts_with(&format!("{member}: ")), "{member}: {told}");
    }
    let mut trial = with("status", json!("trialing"));
    refused(caller.post("/subscriptions", &trial).await, 400);
    trial["value"] = json!(0);
    // No rate leads from euros to the account's currency.
    let euros = with("plan_currency", json!("eur"));
    let told = refused(caller.post("/subscriptions", &euros).await, 400);
    assert!(told.contains("exchange rate"), "{told}");

    assert_eq!(caller.get("/customers").await.expect(200), json!([]));
    assert_eq!(caller.get("/plans").await.expect(200), json!([]));
    assert_eq!(
        caller
            .get("/metrics/monthly?metrics=recurring_revenue")
            .await
            .expect(200),
        json!({"data": {"recurring_revenue": []}})
    );

    rate(&world, "EUR", "USD", "1.25").await;
    let made = caller.post("/subscriptions", &euros).await.expect(201);
    assert_eq!(made["plan_currency"], "eur");
    let taken = refused(caller.post("/subscriptions", &body()).await, 400);
    assert!(taken.contains("acme-1"), "{taken}");
    // Another user than the one with the alias.
    let other = json!({
        "email": "b@b.c", "plan_id": "pro", "plan_interval": "month", "value": 1,
        "effective_date": 0,
    });
    let other = caller.post("/subscriptions", &other).await.expect(201);
    assert_eq!(other["user_alias"], Value::Null);
    let mut both = with("user_id", other["user_id"].clone());
    both["subscription_alias"] = Value::Null;
    refused(caller.post("/subscriptions", &both).await, 400);
    let history = caller
        .get("/users/acme/subscription_history")
        .await
        .expect(200);
    assert_eq!(history.as_array().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn changes_and_ends_have_their_order() {
    let (world, caller) = caller().await;
    caller.post("/subscriptions", &body()).await.expect(201);
    let change = |date: &str| {
        json!({"plan_id": "pro", "plan_interval": "month", "value": 200,
               "effective_date": seconds(date)})
    };
    let path = "/subscriptions/acme-1";
    caller
        .put("/subscriptions/unknown", &change("2026-02-01T00:00:00Z"))
        .await
        .expect(404);
    refused(caller.put(path, &change("2026-01-09T00:00:00Z")).await, 400);
    for (member, value) in [
        ("value", json!(-1)),
        ("value", Value::Null),
        ("plan_id", json!("")),
        ("plan_interval", json!("week")),
        ("status", json!("trialing")),
        ("plan_currency", json!("eur")),
        ("effective_date", json!("soon")),
    ] {
        let mut body = change("2026-02-01T00:00:00Z");
        body[member] = value;
        let told = refused(caller.put(path, &body).await, 400);
        assert!(told.starts_with(&format!("{member}: ")), "{member}: {told}");
    }
    let mut same = change("2026-02-01T00:00:00Z");
    same["plan_currency"] = json!("USD");
    caller.put(path, &same).await.expect(200);

    let churn = |date: &str| format!("{path}/churn?effective_date={}", seconds(date));
    let end = |path: String| {
        let caller = caller.clone();
        async move { caller.bare(Method::POST, &path).await }
    };
    refused(end(format!("{path}/churn")).await, 400);
    refused(end(churn("2026-01-31T00:00:00Z")).await, 400);
    let odd = format!("{}&churn_type=other", churn("2026-03-01T00:00:00Z"));
    let told = refused(end(odd).await, 400);
    assert!(told.starts_with("churn_type: "), "{told}");
    refused(
        end("/subscriptions/unknown/churn?effective_date=1".to_owned()).await,
        404,
    );
    end(churn("2026-03-01T00:00:00Z")).await.expect(200);
    refused(end(churn("2026-03-02T00:00:00Z")).await, 400);
    refused(caller.put(path, &change("2026-03-01T00:00:00Z")).await, 400);
    refused(end("/subscriptions/unknown/unchurn".to_owned()).await, 404);
    let history = caller
        .get("/users/acme/subscription_history")
        .await
        .expect(200);
    assert_eq!(history.as_array().unwrap().len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn traits_interventions_and_plans_are_checked() {
    let (world, caller) = caller().await;
    caller.post("/subscriptions", &body()).await.expect(201);
    let give = |category: &str, name: &str| json!({"customer_id": "acme", "category": category, "trait": name});
    let mut wrong = vec![
        json!({"category": "a", "trait": "b"}),
        json!({"customer_id": "acme", "email": "a@acme.com", "category": "a", "trait": "b"}),
        json!({"customer_id": "nobody", "category": "a", "trait": "b"}),
        json!({"email": "no@body.com", "category": "a", "trait": "b"}),
        json!({"customer_id": "acme", "trait": "b"}),
        json!({"customer_id": "acme", "category": "a"}),
    ];
    for blank in ["", "  ", "none", "None", "#N/A"] {
        wrong.push(give(blank, "b"));
        wrong.push(give("a", blank));
    }
    for reserved in ["Country", "age of account", "MRR quartile"] {
        wrong.push(give(reserved, "b"));
    }
    for body in wrong {
        refused(caller.post("/traits", &body).await, 400);
    }
    assert_eq!(
        caller.get("/customers/acme/traits").await.expect(200),
        json!({})
    );
    caller.post("/traits", &give("a", "b")).await.expect(204);
    let told = refused(caller.post("/traits", &give("A", "B")).await, 400);
    assert_eq!(told, "Customer already has trait");

    for body in [
        json!({"customer_id": "acme"}),
        json!({"intervention_types": ["retain"]}),
        json!({"customer_id": "acme", "intervention_types": []}),
        json!({"customer_id": "acme", "intervention_types": ["other"]}),
        json!({"customer_id": "nobody", "intervention_types": ["reactivation"]}),
        json!({"customer_id": "nobody", "intervention_types": ["retain"], "forever": true}),
        json!({"customer_id": "acme", "intervention_types": ["retain"], "forever": "yes"}),
    ] {
        refused(caller.post("/retain/stop_interventions", &body).await, 400);
    }
    for body in [
        json!({"name": "Gold"}),
        json!({"id": "gold"}),
        json!({"id": "", "name": "Gold"}),
        json!({"id": "gold", "name": ""}),
        json!({"id": "pro", "name": "Pro"}),
    ] {
        refused(caller.post("/plans", &body).await, 400);
    }
    refused(caller.put("/plans/pro", &json!({"name": ""})).await, 400);
    refused(caller.put("/plans/pro", &json!({})).await, 400);
    world.stop().await;
}

#[tokio::test]
async fn a_request_repeated_under_its_key_is_answered_again() {
    let (world, caller) = caller().await;
    let first = caller
        .once(Method::POST, "/subscriptions", "k1", &body())
        .await;
    let second = caller
        .once(Method::POST, "/subscriptions/", "k1", &body())
        .await;
    assert_eq!((first.status, second.status), (201, 201), "{}", second.text);
    assert_eq!(first.json, second.json);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let other = with("value", json!(1));
    refused(
        caller
            .once(Method::POST, "/subscriptions", "k1", &other)
            .await,
        400,
    );
    let history = caller
        .get("/users/acme/subscription_history")
        .await
        .expect(200);
    assert_eq!(history.as_array().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn tokens_open_what_their_kind_says() {
    let (world, caller) = caller().await;
    let public = token(&world, KeyKind::ProfitwellPublic).await;
    let probe = token(&world, KeyKind::Probe).await;
    let secret = token(&world, KeyKind::Secret).await;
    let bootstrap = caller.with(Some(world.key()));
    bootstrap.get("/status").await.expect(200);
    for key in [&public, &probe, &secret, &"pw_0_0".to_owned()] {
        let told = caller.with(Some(key)).get("/status/").await.expect(401);
        assert_eq!(told, json!({"error": "Unauthorized"}));
    }
    caller.with(None).get("/customers").await.expect(401);
    let event = "/dotjs/v1/customer/event/";
    let body = json!({"user_id": "nobody"});
    caller.post(event, &body).await.expect(401);
    bootstrap.post(event, &body).await.expect(401);
    caller
        .with(Some(&public))
        .post(event, &body)
        .await
        .expect(400);
    world.stop().await;
}

#[tokio::test]
async fn calls_too_many_are_throttled_until_the_window_has_passed() {
    let world = World::start().await;
    let client = world.client();
    client.freeze_clock(NOW.parse().unwrap()).await.unwrap();
    let key = token(&world, KeyKind::ProfitwellPrivate).await;
    let caller = Caller::profitwell(&world, &key);
    // Excluding has a bucket of its own beside the base one; what is refused charges neither.
    for _ in 0..10 {
        caller
            .bare(Method::POST, "/customers/nobody/exclude")
            .await
            .expect(404);
    }
    let answer = caller.bare(Method::POST, "/customers/nobody/exclude").await;
    assert_eq!(answer.headers["retry-after"], "60");
    assert_eq!(refused(answer, 429), "Request was throttled.");
    for _ in 10..25 {
        caller.get("/status").await.expect(200);
    }
    let answer = caller.get("/status/").await;
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(refused(answer, 429), "Request was throttled.");
    // A bad token is told before, and another token has buckets of its own.
    caller
        .with(Some("unknown"))
        .get("/status")
        .await
        .expect(401);
    let other = token(&world, KeyKind::ProfitwellPrivate).await;
    caller.with(Some(&other)).get("/status").await.expect(200);
    client.advance_clock("PT5S").await.unwrap();
    caller.get("/status").await.expect(200);
    caller
        .bare(Method::POST, "/customers/nobody/exclude")
        .await
        .expect(429);
    client.advance_clock("PT55S").await.unwrap();
    caller
        .bare(Method::POST, "/customers/nobody/exclude")
        .await
        .expect(404);
    world.stop().await;
}

#[tokio::test]
async fn refusals_speak_of_members_and_headers_by_their_names() {
    let (world, caller) = caller().await;
    let (path, first) = ("/subscriptions", body());
    let made = caller.once(Method::POST, path, "once", &first).await;
    let made = made.expect(201);
    let mut other = with("user_alias", json!("beta"));
    other["subscription_alias"] = json!("beta-1");
    let told = caller.once(Method::POST, path, "once", &other).await;
    let told = refused(told, 400);
    assert_eq!(
        told,
        "Idempotency-Key: was used before with another request"
    );
    caller.post(path, &other).await.expect(201);
    other["user_id"] = made["user_id"].clone();
    other["subscription_alias"] = json!("beta-2");
    let told = refused(caller.post(path, &other).await, 400);
    assert_eq!(told, "user_alias: names another customer");
    world.stop().await;
}

#[tokio::test]
async fn a_trial_that_ran_out_in_probe_has_churned_and_may_be_taken_up_again() {
    let (world, caller) = caller().await;
    let probe = Caller::probe(&world, &token(&world, KeyKind::Probe).await);
    let trial = json!({
        "id": "pt", "customer_id": "pt", "started_at": "2026-01-01",
        "items": [{
            "product_key": "a", "type": "trial",
            "trial_started_at": "2026-01-01", "trial_ended_at": "2026-01-15",
        }],
    });
    probe.put("/subscriptions/upsert", &trial).await.expect(200);
    let history = async || {
        let told = caller.get("/users/pt/subscription_history").await;
        let told = told.expect(200);
        let events = told.as_array().unwrap().iter();
        let events = events.map(|event| json!([event["status"], event["plan_currency"]]));
        events.collect::<Vec<_>>()
    };
    let ran_out = [
        json!(["trialing", "usd"]),
        json!(["churned_voluntary", "usd"]),
    ];
    assert_eq!(history().await, ran_out);
    let before = probe.get("/subscriptions").await.expect(200);
    let date = seconds("2026-02-01T00:00:00Z");
    let churn = format!("/subscriptions/pt/churn?effective_date={date}");
    let told = refused(caller.bare(Method::POST, &churn).await, 400);
    assert_eq!(told, "the subscription has an end already");
    assert_eq!(history().await, ran_out);
    assert_eq!(probe.get("/subscriptions").await.expect(200), before);

    let unchurn = "/subscriptions/pt/unchurn";
    caller.bare(Method::POST, unchurn).await.expect(204);
    assert_eq!(history().await, ran_out[..1]);
    let told = probe.get("/subscriptions").await.expect(200);
    let item = &told["items"][0]["items"][0];
    assert_eq!(
        (&item["type"], &item["trial_ended_at"]),
        (&json!("trial"), &Value::Null)
    );
    caller.bare(Method::POST, unchurn).await.expect(404);
    world.stop().await;
}
