//! Customers over REST: keys that must not clash, what an update keeps, what keeps a customer
//! from being deleted, and hostile input.

use serde_json::{Value, json};
use suite::{Rest, World};

const CUSTOMERS: &str = "/api/v1/customers";

async fn create(rest: &Rest, body: Value) -> Value {
    rest.post(CUSTOMERS, body).await.expect(201)
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

#[tokio::test]
async fn handles_of_customers_do_not_clash() {
    let world = World::start().await;
    let rest = &world.rest();
    let acme = create(
        rest,
        json!({"key": "acme", "name": "ACME", "usageAttribution": {"subjectKeys": ["z", "a"]}}),
    )
    .await;
    assert_eq!(acme["usageAttribution"]["subjectKeys"], json!(["a", "z"]));
    assert_eq!(acme.get("subscriptions"), None);
    let keyless = rest
        .post(CUSTOMERS, json!({"name": "x"}))
        .await
        .problem(400);
    assert!(
        keyless.contains("either key or usageAttribution.subjectKeys must be provided"),
        "{keyless}"
    );
    for (body, phrase) in [
        (json!({"key": id(&acme), "name": "x"}), "overlaps with id"),
        (
            json!({"key": "z", "name": "x"}),
            "overlaps with subject of another customer",
        ),
        (json!({"key": "acme", "name": "x"}), "already used"),
        (
            json!({"key": "b", "name": "x", "usageAttribution": {"subjectKeys": ["a"]}}),
            "already associated",
        ),
        (
            json!({"key": "b", "name": "x", "usageAttribution": {"subjectKeys": ["n", "n"]}}),
            "already associated",
        ),
    ] {
        let detail = rest.post(CUSTOMERS, body).await.problem(409);
        assert!(detail.contains(phrase), "{detail}");
    }
    // Only the way round that usage could be counted twice is refused.
    let other = create(
        rest,
        json!({"key": "b", "name": "B", "usageAttribution": {"subjectKeys": ["acme"]}}),
    )
    .await;
    assert_eq!(other["usageAttribution"]["subjectKeys"], json!(["acme"]));
    let empty = create(
        rest,
        json!({"key": "c", "name": "C", "usageAttribution": {"subjectKeys": []}}),
    )
    .await;
    assert_eq!(empty.get("usageAttribution"), None);
    let subjects = rest.get("/api/v1/subjects").await.expect(200);
    assert_eq!(subjects.as_array().unwrap().len(), 3, "{subjects}");
    world.stop().await;
}

#[tokio::test]
async fn an_update_keeps_what_cannot_be_cleared() {
    let world = World::start().await;
    let rest = &world.rest();
    let full = json!({
        "key": "acme", "name": "ACME", "description": "d", "metadata": {"a": "b"},
        "primaryEmail": "a@b.example", "currency": "USD",
        "usageAttribution": {"subjectKeys": ["s"]},
        "billingAddress": {"country": "HU", "city": "Budapest", "line1": "Main street 1"},
    });
    let customer = create(rest, full).await;
    let path = &format!("{CUSTOMERS}/{}", id(&customer));

    let part = json!({"name": "B", "key": "acme", "billingAddress": {"city": "Pest"}});
    let updated = rest.put(path, part).await.expect(200);
    assert_eq!(
        updated["billingAddress"],
        json!({"country": "HU", "city": "Pest", "line1": "Main street 1"})
    );
    assert_eq!(updated["primaryEmail"], "a@b.example");
    assert_eq!(updated["currency"], "USD");
    for cleared in ["description", "metadata", "usageAttribution"] {
        assert_eq!(updated.get(cleared), None, "{updated}");
    }

    let keyless = json!({"name": "B", "usageAttribution": {"subjectKeys": ["t"]}});
    let updated = rest.put(path, keyless).await.expect(200);
    assert_eq!(updated.get("key"), None);
    assert_eq!(updated.get("billingAddress"), None);
    // The subject that was given up is free.
    create(
        rest,
        json!({"key": "heir", "name": "H", "usageAttribution": {"subjectKeys": ["s"]}}),
    )
    .await;
    rest.put(path, json!({"name": "B"})).await.problem(400);
    let own_id = json!({"name": "B", "key": id(&customer)});
    rest.put(path, own_id).await.problem(409);
    let taken = json!({"name": "B", "key": "acme", "usageAttribution": {"subjectKeys": ["s"]}});
    rest.put(path, taken).await.problem(409);
    rest.put(
        &format!("{CUSTOMERS}/nobody"),
        json!({"name": "B", "key": "n"}),
    )
    .await
    .problem(404);
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_customer_is_found_by_id_only_and_frees_its_handles() {
    let world = World::start().await;
    let rest = &world.rest();
    let body = json!({"key": "acme", "name": "A", "usageAttribution": {"subjectKeys": ["s"]}});
    let old = create(rest, body.clone()).await;
    let old = id(&old);
    rest.delete(&format!("{CUSTOMERS}/acme")).await.expect(204);
    rest.get(&format!("{CUSTOMERS}/acme")).await.problem(404);
    let shown = rest.get(&format!("{CUSTOMERS}/{old}")).await.expect(200);
    assert!(shown["deletedAt"].is_string(), "{shown}");
    assert_eq!(shown["usageAttribution"]["subjectKeys"], json!(["s"]));
    rest.delete(&format!("{CUSTOMERS}/{old}"))
        .await
        .problem(412);
    let update = rest.put(&format!("{CUSTOMERS}/{old}"), body.clone()).await;
    assert!(update.problem(412).contains("customer is deleted"));
    for part in ["access", "subscriptions", "entitlements/x/value"] {
        rest.get(&format!("{CUSTOMERS}/{old}/{part}"))
            .await
            .problem(412);
        rest.get(&format!("{CUSTOMERS}/nobody/{part}"))
            .await
            .problem(404);
    }
    create(rest, body).await;
    let as_key = json!({"key": old, "name": "x"});
    rest.post(CUSTOMERS, as_key).await.problem(409);
    let listed = rest.get(CUSTOMERS).await.expect(200);
    assert_eq!(listed["totalCount"], 1);
    let all = rest.get("/api/v1/customers?includeDeleted=true").await;
    assert_eq!(all.expect(200)["totalCount"], 2);
    world.stop().await;
}

#[tokio::test]
async fn what_holds_a_customer_decides_the_status_of_its_deletion() {
    let world = World::start().await;
    let rest = &world.rest();
    rest.post("/api/v1/features", json!({"key": "sso", "name": "SSO"}))
        .await
        .expect(201);
    let card = json!({"type": "flat_fee", "key": "sso", "name": "SSO", "billingCadence": null, "price": null});
    let mut entitling = card.clone();
    entitling["featureKey"] = json!("sso");
    entitling["entitlementTemplate"] = json!({"type": "boolean"});
    for (key, card, status, phrase) in [
        ("plain", card, 400, "please cancel them before deleting"),
        ("entitled", entitling, 409, "still has active entitlements"),
    ] {
        let subjects = json!({"subjectKeys": [key]});
        let customer = create(
            rest,
            json!({"key": key, "name": key, "usageAttribution": subjects}),
        )
        .await;
        let plan = json!({
            "name": key, "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": [card]}],
        });
        let body = json!({"customerId": id(&customer), "customPlan": plan});
        let subscription = rest.post("/api/v1/subscriptions", body).await.expect(201);
        let path = &format!("{CUSTOMERS}/{key}");
        let detail = rest.delete(path).await.problem(status);
        assert!(detail.contains(phrase), "{detail}");
        // While it is subscribed, the subjects stay.
        let moved = json!({"name": key, "key": key, "usageAttribution": {"subjectKeys": ["x"]}});
        let detail = rest.put(path, moved).await.problem(400);
        assert!(detail.contains("cannot change subject keys"), "{detail}");
        let shown = rest.get(path).await.expect(200);
        assert_eq!(shown["currentSubscriptionId"], subscription["id"]);
        assert_eq!(shown["subscriptions"][0]["id"], subscription["id"]);
        // Nothing is billed, so the customer is bound to no currency.
        assert_eq!(shown.get("currency"), None);
        let cancel = format!("/api/v1/subscriptions/{}/cancel", id(&subscription));
        rest.post(&cancel, json!({"timing": "immediate"}))
            .await
            .expect(200);
        rest.delete(path).await.expect(204);
    }
    world.stop().await;
}

#[tokio::test]
async fn hostile_customers_are_refused_by_field_and_leave_nothing() {
    let world = World::start().await;
    let rest = &world.rest();
    let long = "a".repeat(257);
    for (body, field) in [
        (json!([]), ""),
        (json!(null), ""),
        (json!({"key": "k"}), "name"),
        (json!({"key": "k", "name": ""}), "name"),
        (json!({"key": "k", "name": long}), "name"),
        (json!({"key": "k", "name": null}), "name"),
        (json!({"key": "k", "name": "a\u{0}b"}), "name"),
        (json!({"key": "", "name": "n"}), "key"),
        (json!({"key": long, "name": "n"}), "key"),
        (json!({"key": 7, "name": "n"}), "key"),
        (json!({"key": "k\u{0}", "name": "n"}), "key"),
        (
            json!({"key": "k", "name": "n", "currency": "ZZZ"}),
            "currency",
        ),
        (
            json!({"key": "k", "name": "n", "currency": "usd"}),
            "currency",
        ),
        (
            json!({"key": "k", "name": "n", "metadata": {"a": 1}}),
            "metadata.a",
        ),
        (
            json!({"key": "k", "name": "n", "usageAttribution": {}}),
            "usageAttribution.subjectKeys",
        ),
        (
            json!({"key": "k", "name": "n", "usageAttribution": {"subjectKeys": [""]}}),
            "usageAttribution.subjectKeys[0]",
        ),
        (
            json!({"key": "k", "name": "n", "usageAttribution": {"subjectKeys": "s"}}),
            "usageAttribution.subjectKeys",
        ),
        (
            json!({"key": "k", "name": "n", "billingAddress": {"country": "xx1"}}),
            "billingAddress.country",
        ),
    ] {
        let detail = rest.post(CUSTOMERS, body.clone()).await.problem(400);
        let start = format!("validation error: {field}");
        assert!(detail.starts_with(&start), "{body}: {detail}");
    }
    let deep = format!(
        r#"{{"key":"k","name":{}1{}}}"#,
        "[".repeat(9000),
        "]".repeat(9000)
    );
    for body in ["", "{", "\"x\"", r#"{"key":"k","name":"\ud800"}"#, &deep] {
        let answer = rest.post_text(CUSTOMERS, "application/json", body).await;
        answer.problem(400);
    }
    for query in [
        "page=0",
        "page=x",
        "page=1.5",
        "page=99999999999999999999",
        "page=1&page=2",
        "pageSize=0",
        "pageSize=1001",
        "order=up",
        "orderBy=color",
        "orderBy=id&orderBy=name",
        "includeDeleted=maybe",
        "expand=everything",
        "key=%00",
    ] {
        rest.get(&format!("{CUSTOMERS}?{query}")).await.problem(400);
    }
    for path in ["%00", "%F0%9F%98%80", "01J0000000000000000000000Z"] {
        rest.get(&format!("{CUSTOMERS}/{path}")).await.problem(404);
    }
    let listed = rest.get("/api/v1/customers?includeDeleted=true").await;
    assert_eq!(listed.expect(200)["totalCount"], 0);
    world.stop().await;
}
