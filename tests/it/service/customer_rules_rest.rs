//! The rest of the rules of customers over REST: how they are found, lists with their filters,
//! orders, pages and joins, what holds them in billing, the currency that sticks.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use suite::{Rest, World};

const CUSTOMERS: &str = "/api/v1/customers";

async fn create(rest: &Rest, body: Value) -> Value {
    rest.post(CUSTOMERS, body).await.expect(201)
}

async fn freeze(world: &World, time: &str) {
    world
        .client()
        .freeze_clock(time.parse().unwrap())
        .await
        .unwrap();
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

/// Subscribes to a custom plan with one flat fee, or with nothing priced.
async fn subscribe(
    rest: &Rest,
    customer: &str,
    currency: &str,
    amount: Option<&str>,
) -> suite::Answer {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let key = format!("item_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let price =
        amount.map(|amount| json!({"type": "flat", "amount": amount, "paymentTerm": "in_arrears"}));
    let cadence = amount.map(|_| "P1M");
    let plan = json!({
        "name": "Custom", "currency": currency, "billingCadence": "P1M",
        "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": [{
            "type": "flat_fee", "key": key, "name": "Item", "billingCadence": cadence,
            "price": price,
        }]}],
    });
    let body = json!({"customerId": customer, "customPlan": plan});
    rest.post("/api/v1/subscriptions", body).await
}

/// Keys of a list, joined.
async fn keys(rest: &Rest, query: &str) -> String {
    let listed = rest.get(&format!("{CUSTOMERS}?{query}")).await.expect(200);
    let keys = listed["items"].as_array().unwrap().iter();
    let keys: Vec<&str> = keys.map(|one| one["key"].as_str().unwrap()).collect();
    keys.join(" ")
}

#[tokio::test]
async fn a_customer_is_found_by_id_or_key_and_by_nothing_else() {
    let world = World::start().await;
    let rest = &world.rest();
    let key = "Team A/№ 7?x=1";
    let made = create(
        rest,
        json!({"key": key, "name": "A", "usageAttribution": {"subjectKeys": ["subject", key]}}),
    )
    .await;
    let path = "Team%20A%2F%E2%84%96%207%3Fx%3D1";
    let by_key = rest.get(&format!("{CUSTOMERS}/{path}")).await.expect(200);
    assert_eq!(by_key["id"], made["id"]);
    let by_id = rest
        .get(&format!("{CUSTOMERS}/{}", id(&made)))
        .await
        .expect(200);
    assert_eq!(by_id, by_key);
    for nobody in ["subject", "team%20a%2F%E2%84%96%207%3Fx%3D1", "nobody"] {
        rest.get(&format!("{CUSTOMERS}/{nobody}"))
            .await
            .problem(404);
        rest.delete(&format!("{CUSTOMERS}/{nobody}"))
            .await
            .problem(404);
        rest.put(
            &format!("{CUSTOMERS}/{nobody}"),
            json!({"key": "x", "name": "x"}),
        )
        .await
        .problem(404);
    }
    // The key that it had is no way to it here.
    let renamed = json!({"key": "new", "name": "A"});
    rest.put(&format!("{CUSTOMERS}/{path}"), renamed)
        .await
        .expect(200);
    rest.get(&format!("{CUSTOMERS}/{path}")).await.problem(404);
    for expand in [
        "?expand=subscriptions",
        "?expand=subscriptions&expand=subscriptions",
        "",
    ] {
        rest.get(&format!("{CUSTOMERS}/new{expand}"))
            .await
            .expect(200);
    }
    rest.get(&format!("{CUSTOMERS}/new?expand=nothing"))
        .await
        .problem(400);
    world.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let world = World::start().await;
    let rest = &world.rest();
    for (day, key, name, email, subject) in [
        (1, "k_alpha", "Charlie", "c@x.org", "Sub-1"),
        (2, "k_beta", "alpha", "A@X.org", "sub-2"),
        (3, "gamma", "Bravo", "b@y.org", "other"),
    ] {
        freeze(&world, &format!("2026-01-0{day}T00:00:00Z")).await;
        let customer = json!({
            "key": key, "name": name, "primaryEmail": email,
            "usageAttribution": {"subjectKeys": [subject]},
        });
        create(rest, customer).await;
    }
    for (query, expected) in [
        ("orderBy=id", "k_alpha k_beta gamma"),
        ("orderBy=id&order=DESC", "gamma k_beta k_alpha"),
        ("orderBy=createdAt&order=DESC", "gamma k_beta k_alpha"),
        ("orderBy=id&key=K_", "k_alpha k_beta"),
        ("orderBy=id&key=%25", ""),
        ("orderBy=id&name=AR", "k_alpha"),
        ("orderBy=id&primaryEmail=X.ORG", "k_alpha k_beta"),
        ("orderBy=id&subject=SUB", "k_alpha k_beta"),
        ("orderBy=id&subject=SUB&primaryEmail=a@", "k_beta"),
        ("orderBy=id&planKey=none", ""),
        ("orderBy=id&pageSize=2", "k_alpha k_beta"),
        ("orderBy=id&pageSize=2&page=2", "gamma"),
        ("orderBy=id&pageSize=2&page=3", ""),
        ("orderBy=id&page=2147483647&pageSize=1000", ""),
    ] {
        assert_eq!(keys(rest, query).await, expected, "{query}");
    }
    let mut by_name: Vec<String> = keys(rest, "").await.split(' ').map(str::to_owned).collect();
    let backwards = keys(rest, "order=DESC").await;
    by_name.reverse();
    assert_eq!(
        by_name.join(" "),
        backwards,
        "the name is the default order"
    );
    let page = rest
        .get(&format!("{CUSTOMERS}?pageSize=2&page=2"))
        .await
        .expect(200);
    assert_eq!(page["totalCount"], 3);
    assert_eq!((&page["page"], &page["pageSize"]), (&json!(2), &json!(2)));
    assert_eq!(page["items"].as_array().unwrap().len(), 1);

    rest.delete(&format!("{CUSTOMERS}/k_beta"))
        .await
        .expect(204);
    assert_eq!(keys(rest, "orderBy=id").await, "k_alpha gamma");
    let all = "orderBy=id&includeDeleted=true";
    assert_eq!(keys(rest, all).await, "k_alpha k_beta gamma");
    // Its subject key is free, so nobody is found by it.
    assert_eq!(keys(rest, &format!("{all}&subject=sub-2")).await, "");
    world.stop().await;
}

#[tokio::test]
async fn lists_and_reads_join_what_is_active_now() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world, "2026-01-01T00:00:00Z").await;
    let plan = json!({
        "key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": [{
            "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": null, "price": null,
        }]}],
    });
    let plan = rest.post("/api/v1/plans", plan).await.expect(201);
    let publish = format!("/api/v1/plans/{}/publish", id(&plan));
    rest.post(&publish, Value::Null).await.expect(200);
    let a = create(rest, json!({"key": "a", "name": "A"})).await;
    create(rest, json!({"key": "b", "name": "B"})).await;
    let body = json!({"customerKey": "a", "plan": {"key": "pro"}});
    let subscription = rest.post("/api/v1/subscriptions", body).await.expect(201);
    assert_eq!(keys(rest, "planKey=pro").await, "a");
    assert_eq!(
        keys(rest, "planKey=pr").await,
        "",
        "plan keys are compared whole"
    );
    for query in ["", "expand=subscriptions"] {
        let listed = rest.get(&format!("{CUSTOMERS}?{query}")).await.expect(200);
        assert_eq!(
            listed["items"][0]["currentSubscriptionId"],
            subscription["id"]
        );
        assert_eq!(
            listed["items"][0]["subscriptions"][0]["id"],
            subscription["id"]
        );
        let other = &listed["items"][1];
        assert!(other.get("currentSubscriptionId").is_none(), "{other}");
        assert!(other.get("subscriptions").is_none(), "{other}");
    }
    // Canceled for later is still active; an answer to a write joins nothing.
    let cancel = format!("/api/v1/subscriptions/{}/cancel", id(&subscription));
    let later = json!({"timing": "next_billing_cycle"});
    rest.post(&cancel, later).await.expect(200);
    let path = format!("{CUSTOMERS}/{}", id(&a));
    let shown = rest.get(&path).await.expect(200);
    assert_eq!(shown["subscriptions"][0]["status"], "canceled");
    assert_eq!(shown["currentSubscriptionId"], subscription["id"]);
    let put = json!({"key": "a", "name": "A2"});
    let answer = rest.put(&path, put).await.expect(200);
    for joined in ["currentSubscriptionId", "subscriptions", "annotations"] {
        assert!(answer.get(joined).is_none(), "{answer}");
    }
    world.client().advance_clock("P2M").await.unwrap();
    let shown = rest.get(&path).await.expect(200);
    for joined in ["currentSubscriptionId", "subscriptions"] {
        assert!(shown.get(joined).is_none(), "{shown}");
    }
    assert_eq!(keys(rest, "planKey=pro").await, "");
    world.stop().await;
}

#[tokio::test]
async fn while_subscribed_the_subject_keys_stay_in_their_order() {
    let world = World::start().await;
    let rest = &world.rest();
    let made = create(
        rest,
        json!({"key": "a", "name": "A", "usageAttribution": {"subjectKeys": ["x", "b"]}}),
    )
    .await;
    subscribe(rest, id(&made), "USD", None).await.expect(201);
    let path = format!("{CUSTOMERS}/a");
    let put = async |keys: Value| {
        let body = json!({"key": "a", "name": "A", "usageAttribution": {"subjectKeys": keys}});
        rest.put(&path, body).await
    };
    put(json!(["b", "x"])).await.expect(200);
    for other in [
        json!(["x", "b"]),
        json!(["b"]),
        json!(["b", "x", "y"]),
        json!([]),
    ] {
        let detail = put(other).await.problem(400);
        assert!(
            detail.contains("cannot change subject keys for customer with active subscriptions"),
            "{detail}"
        );
    }
    let shown = rest.get(&path).await.expect(200);
    assert_eq!(shown["usageAttribution"]["subjectKeys"], json!(["b", "x"]));
    assert_eq!(shown["name"], "A");
    // Not said at all, they go: the key is left.
    let bare = rest
        .put(&path, json!({"key": "a", "name": "A"}))
        .await
        .expect(200);
    assert!(bare.get("usageAttribution").is_none(), "{bare}");
    world.stop().await;
}

#[tokio::test]
async fn an_unfinished_invoice_holds_its_customer() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world, "2026-01-01T00:00:00Z").await;
    let made = create(
        rest,
        json!({"key": "a", "name": "A", "usageAttribution": {"subjectKeys": ["s"]}}),
    )
    .await;
    let path = format!("{CUSTOMERS}/a");
    let lines = json!({"currency": "USD", "lines": [{
        "name": "Work", "invoiceAt": "2026-03-01T00:00:00Z",
        "period": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
        "price": {"type": "flat", "amount": "5"},
    }]});
    let pending = format!(
        "/api/v1/billing/customers/{}/invoices/pending-lines",
        id(&made)
    );
    rest.post(&pending, lines).await.expect(201);
    let invoices = rest.get("/api/v1/billing/invoices").await.expect(200);
    let detail = rest.delete(&path).await.problem(400);
    assert!(detail.contains(id(&invoices["items"][0])), "{detail}");
    assert!(detail.contains("uncollectible"), "{detail}");
    rest.get(&path).await.expect(200);
    world.stop().await;
}

#[tokio::test]
async fn what_ended_just_now_is_billed_before_its_customer_goes() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world, "2026-01-01T00:00:00Z").await;
    let made = create(
        rest,
        json!({"key": "a", "name": "A", "usageAttribution": {"subjectKeys": ["s"]}}),
    )
    .await;
    let subscription = subscribe(rest, id(&made), "USD", Some("10"))
        .await
        .expect(201);
    world.client().advance_clock("P10D").await.unwrap();
    let cancel = format!("/api/v1/subscriptions/{}/cancel", id(&subscription));
    rest.post(&cancel, json!({"timing": "immediate"}))
        .await
        .expect(200);
    // Nothing is active any more, and what was used up to the end is billed and paid.
    rest.delete(&format!("{CUSTOMERS}/a")).await.expect(204);
    let invoices = format!("/api/v1/billing/invoices?customers={}", id(&made));
    let invoices = rest.get(&invoices).await.expect(200);
    assert_eq!(invoices["totalCount"], 1, "{invoices}");
    assert_eq!(invoices["items"][0]["status"], "paid");
    assert_eq!(invoices["items"][0]["totals"]["total"], "10");
    world.stop().await;
}

#[tokio::test]
async fn the_first_priced_subscription_sets_the_currency() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world, "2026-01-01T00:00:00Z").await;
    let made = create(
        rest,
        json!({"key": "a", "name": "A", "usageAttribution": {"subjectKeys": ["s"]}}),
    )
    .await;
    let path = format!("{CUSTOMERS}/a");
    let currency = async || rest.get(&path).await.expect(200).get("currency").cloned();
    let free = subscribe(rest, id(&made), "EUR", None).await.expect(201);
    assert_eq!(currency().await, None, "nothing is priced");
    let end = async |subscription: &Value| {
        let cancel = format!("/api/v1/subscriptions/{}/cancel", id(subscription));
        rest.post(&cancel, json!({"timing": "immediate"}))
            .await
            .expect(200);
    };
    end(&free).await;
    world.client().advance_clock("PT1H").await.unwrap();
    let priced = subscribe(rest, id(&made), "USD", Some("10"))
        .await
        .expect(201);
    assert_eq!(currency().await, Some(json!("USD")));
    end(&priced).await;
    world.client().advance_clock("PT1H").await.unwrap();
    let other = subscribe(rest, id(&made), "EUR", Some("10")).await;
    let detail = other.problem(400);
    assert!(detail.contains("currency mismatch"), "{detail}");
    subscribe(rest, id(&made), "EUR", None).await.expect(201);
    // It cannot be cleared.
    let kept = rest
        .put(&path, json!({"key": "a", "name": "A"}))
        .await
        .expect(200);
    assert_eq!(kept["currency"], "USD");
    world.stop().await;
}

#[tokio::test]
async fn concurrent_makers_of_one_key_are_one_winner_and_conflicts() {
    let world = World::start().await;
    let rest = &world.rest();
    let make = || async {
        rest.post(CUSTOMERS, json!({"key": "one", "name": "One"}))
            .await
    };
    let answers = futures::future::join_all((0..8).map(|_| make())).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    let listed = rest.get(CUSTOMERS).await.expect(200);
    assert_eq!(listed["totalCount"], 1);
    world.stop().await;
}

#[tokio::test]
async fn subjects_stay_in_step_with_customers() {
    let world = World::start().await;
    let rest = &world.rest();
    let subjects = async || {
        let listed = rest.get("/api/v1/subjects").await.expect(200);
        let keys = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap());
        keys.collect::<Vec<_>>().join(" ")
    };
    create(rest, json!({"key": "keyed", "name": "K"})).await;
    assert_eq!(subjects().await, "", "a key alone makes no subject");
    rest.post(
        "/api/v1/subjects",
        json!([{"key": "known", "displayName": "Known"}]),
    )
    .await
    .expect(200);
    let attributed = |keys: Value| json!({"key": "keyed", "name": "K", "usageAttribution": {"subjectKeys": keys}});
    let path = format!("{CUSTOMERS}/keyed");
    rest.put(&path, attributed(json!(["known", "new"])))
        .await
        .expect(200);
    assert_eq!(
        subjects().await,
        "known new",
        "only the missing one is made"
    );
    let known = rest.get("/api/v1/subjects/known").await.expect(200);
    assert_eq!(known["displayName"], "Known");
    // A refused change makes none.
    rest.put(
        &path,
        json!({"key": "", "name": "K", "usageAttribution": {"subjectKeys": ["ghost"]}}),
    )
    .await
    .problem(400);
    create(
        rest,
        json!({"key": "rival", "name": "R", "usageAttribution": {"subjectKeys": ["taken"]}}),
    )
    .await;
    rest.put(&path, attributed(json!(["ghost", "taken"])))
        .await
        .problem(409);
    assert_eq!(subjects().await, "known new taken");
    // A subject outlives the attribution, and the attribution a subject.
    rest.put(&path, json!({"key": "keyed", "name": "K"}))
        .await
        .expect(200);
    assert_eq!(subjects().await, "known new taken");
    rest.delete("/api/v1/subjects/taken").await.expect(204);
    let rival = rest.get(&format!("{CUSTOMERS}/rival")).await.expect(200);
    assert_eq!(rival["usageAttribution"]["subjectKeys"], json!(["taken"]));
    rest.delete(&path).await.expect(204);
    assert_eq!(subjects().await, "known new");
    world.stop().await;
}
