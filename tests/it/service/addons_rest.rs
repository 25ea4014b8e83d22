//! Add-ons and their assignment to plans over REST: their versions, the order in which both are published, lists.

use serde_json::{Value, json};
use suite::World;

use super::catalog_scene::*;

#[tokio::test]
async fn add_ons_are_published_before_they_are_assigned() {
    let world = World::start().await;
    let rest = &world.rest();
    let seats = rest
        .post(
            ADDONS,
            addon("seats", "multiple", vec![flat("fee", "5", "P1M")]),
        )
        .await
        .expect(201);
    let again = rest
        .post(ADDONS, addon("seats", "multiple", vec![]))
        .await
        .problem(400);
    assert!(
        again.contains("only a single draft version is allowed for add-on"),
        "{again}"
    );
    let made = rest.post(PLANS, simple("pro")).await.expect(201);
    let made = &format!("{PLANS}/{}", id(&made));
    let assigned = &format!("{made}/addons");
    let body = json!({"addonId": id(&seats), "fromPlanPhase": "later", "maxQuantity": 3});
    let draft = rest.post(assigned, body.clone()).await.problem(400);
    assert!(draft.contains("invalid add-on"), "{draft}");
    let seats = &format!("{ADDONS}/{}", id(&seats));
    act(rest, seats, "publish", 200).await;
    act(rest, seats, "publish", 400).await;
    let wrong = rest.post(assigned, body.clone()).await.expect(201);
    assert_eq!(
        issues(&wrong),
        issue("plan_addon_unknown_plan_phase_key", "$.fromPlanPhase")
    );
    let twice = rest.post(assigned, body).await.problem(409);
    assert!(twice.contains("already exists"), "{twice}");
    let refused = act(rest, made, "publish", 400).await;
    assert_eq!(issues(&refused), issue("plan_has_incompatible_addon", ""));
    let one = &format!("{assigned}/seats");
    let right = rest
        .put(one, json!({"fromPlanPhase": "only"}))
        .await
        .expect(200);
    assert_eq!(
        (right.get("maxQuantity"), &right["validationErrors"]),
        (None, &Value::Null)
    );
    act(rest, made, "publish", 200).await;
    rest.put(one, json!({"fromPlanPhase": "only"}))
        .await
        .problem(404);
    rest.delete(one).await.problem(404);
    rest.delete(seats).await.problem(400);
    act(rest, seats, "archive", 200).await;
    let kept = rest.delete(seats).await.problem(400);
    assert!(kept.contains("add-on has active assignments"), "{kept}");
    world.stop().await;
}

#[tokio::test]
async fn add_ons_have_versions_like_plans() {
    let world = World::start().await;
    let rest = &world.rest();
    let mut body = addon("seats", "single", vec![flat("fee", "5", "P1M")]);
    body["description"] = json!("d");
    body["metadata"] = json!({"a": "b"});
    let first = rest.post(ADDONS, body).await.expect(201);
    let first_path = &format!("{ADDONS}/{}", id(&first));
    rest.get("/api/v1/addons/seats").await.problem(404);
    let latest = rest.get("/api/v1/addons/seats?includeLatest=true").await;
    assert_eq!(latest.expect(200)["id"], first["id"]);
    // What an update leaves out stays, and so do key and currency whatever it says.
    let update = json!({
        "name": "Seats", "instanceType": "multiple", "key": "other", "currency": "EUR",
        "rateCards": [flat("fee", "7", "P1M")],
    });
    let updated = rest.put(first_path, update).await.expect(200);
    for same in [
        "id",
        "key",
        "currency",
        "description",
        "metadata",
        "version",
    ] {
        assert_eq!(updated[same], first[same], "{same}");
    }
    assert_eq!(
        (&updated["name"], &updated["instanceType"]),
        (&json!("Seats"), &json!("multiple"))
    );
    assert_eq!(updated["rateCards"][0]["price"]["amount"], "7");
    act(rest, first_path, "publish", 200).await;
    let second = rest
        .post(
            ADDONS,
            addon("seats", "single", vec![flat("fee", "9", "P1M")]),
        )
        .await
        .expect(201);
    assert_eq!(second["version"], 2);
    let second_path = &format!("{ADDONS}/{}", id(&second));
    let second = act(rest, second_path, "publish", 200).await;
    let ended = rest.get(first_path).await.expect(200);
    assert_eq!(ended["status"], "archived");
    assert_eq!(ended["effectiveTo"], second["effectiveFrom"]);
    let other = addon("other", "single", vec![flat("fee", "1", "P1M")]);
    rest.post(ADDONS, other).await.expect(201);
    for (query, expected) in [
        ("", "other1 seats2 seats1"),
        ("order=ASC", "seats1 seats2 other1"),
        ("orderBy=key&order=ASC", "other1 seats1 seats2"),
        ("orderBy=version", "seats2 other1 seats1"),
        ("status=active&status=archived", "seats2 seats1"),
        ("key=other&keyVersion[seats]=1", "other1 seats1"),
        ("currency=EUR", ""),
        ("pageSize=1&page=2", "seats2"),
    ] {
        let listed = rest.get(&format!("{ADDONS}?{query}")).await.expect(200);
        let name =
            |addon: &Value| format!("{}{}", addon["key"].as_str().unwrap(), addon["version"]);
        let names: Vec<String> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect();
        assert_eq!(names.join(" "), expected, "{query}");
    }
    rest.delete(first_path).await.expect(204);
    assert!(rest.get(first_path).await.expect(200)["deletedAt"].is_string());
    let all = rest.get(&format!("{ADDONS}?includeDeleted=true")).await;
    assert_eq!(all.expect(200)["totalCount"], 3);
    world.stop().await;
}

#[tokio::test]
async fn assignments_are_listed_by_add_on_newest_first() {
    let world = World::start().await;
    let rest = &world.rest();
    let mut extras = Vec::new();
    for key in ["one", "two", "gone"] {
        let body = addon(key, "single", vec![flat(key, "1", "P1M")]);
        let made = rest.post(ADDONS, body).await.expect(201);
        let path = format!("{ADDONS}/{}", id(&made));
        act(rest, &path, "publish", 200).await;
        extras.push(made);
    }
    let gone = format!("{ADDONS}/{}", id(&extras[2]));
    act(rest, &gone, "archive", 200).await;
    rest.delete(&gone).await.expect(204);
    let made = rest.post(PLANS, simple("pro")).await.expect(201);
    let path = &format!("{PLANS}/{}", id(&made));
    let assigned = &format!("{path}/addons");
    let of =
        |addon: &str| json!({"addonId": addon, "fromPlanPhase": "only", "metadata": {"a": "b"}});
    for extra in &extras[..2] {
        let shown = rest.post(assigned, of(id(extra))).await.expect(201);
        assert_eq!(shown["addon"]["id"], extra["id"]);
        assert_eq!(shown["metadata"], json!({"a": "b"}));
    }
    let detail = rest.post(assigned, of(id(&extras[2]))).await.problem(400);
    assert!(detail.contains("invalid add-on"), "{detail}");
    let unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    rest.post(assigned, of(unknown)).await.problem(404);
    let nowhere = format!("{PLANS}/{unknown}/addons");
    rest.post(&nowhere, of(id(&extras[0]))).await.problem(404);
    rest.get(&nowhere).await.problem(404);
    let list = async |query: &str| {
        let listed = rest.get(&format!("{PLANS}/pro/addons?{query}")).await;
        let listed = listed.expect(200);
        let items = listed["items"].as_array().unwrap().iter();
        let keys = items.map(|item| item["addon"]["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<_>>().join(" ")
    };
    let by_id = format!("id={}", id(&extras[0]));
    for (query, expected) in [
        ("", "two one"),
        ("order=ASC", "one two"),
        ("orderBy=key&order=ASC", "one two"),
        ("key=one", "one"),
        (by_id.as_str(), "one"),
        ("key=none", ""),
        ("pageSize=1&page=2", "one"),
    ] {
        assert_eq!(list(query).await, expected, "{query}");
    }
    let one = format!("{assigned}/one");
    rest.delete(&one).await.expect(204);
    rest.delete(&one).await.expect(204);
    rest.get(&one).await.problem(404);
    assert_eq!(list("").await, "two");
    assert_eq!(list("includeDeleted=true").await, "two one");
    act(rest, path, "publish", 200).await;
    let detail = rest.post(assigned, of(id(&extras[0]))).await.problem(400);
    assert!(detail.contains("invalid plan"), "{detail}");
    world.stop().await;
}

#[tokio::test]
async fn versions_of_an_add_on_are_told_apart_in_the_list_of_a_plan() {
    let world = World::start().await;
    let rest = &world.rest();
    let made = rest.post(PLANS, simple("pro")).await.expect(201);
    let assigned = &format!("{PLANS}/{}/addons", id(&made));
    for _ in 0..2 {
        let body = addon("tv", "single", vec![flat("tv", "1", "P1M")]);
        let version = rest.post(ADDONS, body).await.expect(201);
        act(rest, &format!("{ADDONS}/{}", id(&version)), "publish", 200).await;
        let body = json!({"addonId": id(&version), "fromPlanPhase": "only"});
        rest.post(assigned, body).await.expect(201);
    }
    for (query, expected) in [
        ("", json!([2, 1])),
        ("keyVersion[tv]=1", json!([1])),
        ("keyVersion[tv]=2", json!([2])),
        ("keyVersion[tv]=1&keyVersion[tv]=2", json!([2, 1])),
        ("keyVersion[tv]=9", json!([])),
        ("key=tv&keyVersion[tv]=1", json!([1])),
        ("key=other&keyVersion[tv]=1", json!([])),
    ] {
        let listed = rest.get(&format!("{assigned}?{query}")).await.expect(200);
        let items = listed["items"].as_array().unwrap().iter();
        let versions: Value = items.map(|item| item["addon"]["version"].clone()).collect();
        assert_eq!(versions, expected, "{query}");
        assert_eq!(listed["totalCount"], versions.as_array().unwrap().len());
    }
    world.stop().await;
}

#[tokio::test]
async fn some_rules_of_add_ons_hold_on_publish_only() {
    let world = World::start().await;
    let rest = &world.rest();
    for (key, cards, code, field) in [
        (
            "mixed",
            vec![flat("a", "1", "P1M"), flat("b", "1", "P3M")],
            "rate_card_multiple_billing_cadence",
            "$.ratecards[*].billingCadence",
        ),
        (
            "metered",
            vec![unit("a", "1")],
            "addon_invalid_ratecard_price_for_multi_instance",
            "$.ratecards[?(@.key=='a')].price",
        ),
    ] {
        let made = rest
            .post(ADDONS, addon(key, "multiple", cards))
            .await
            .expect(201);
        assert_eq!(made["validationErrors"], Value::Null);
        let refused = act(rest, &format!("{ADDONS}/{}", id(&made)), "publish", 400).await;
        assert_eq!(refused["detail"], "invalid add-on");
        assert_eq!(issues(&refused), issue(code, field));
    }
    let year = addon(
        "year",
        "multiple",
        vec![flat("a", "1", "P12M"), flat("b", "1", "P1Y")],
    );
    let year = rest.post(ADDONS, year).await.expect(201);
    act(rest, &format!("{ADDONS}/{}", id(&year)), "publish", 200).await;
    world.stop().await;
}
