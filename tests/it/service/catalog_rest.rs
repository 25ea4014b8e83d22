//! Features and plans over REST: what is stored with a warning, what is refused, how versions follow each other, and
//! hostile input.

use serde_json::{Value, json};
use suite::World;

use super::catalog_scene::*;

#[tokio::test]
async fn a_misaligned_plan_is_stored_with_a_warning_and_not_published() {
    let world = World::start().await;
    let rest = &world.rest();
    let misaligned = phase("trial", Value::Null, vec![flat("setup", "1", "P1W")]);
    let made = rest
        .post(PLANS, plan("pro", vec![misaligned]))
        .await
        .expect(201);
    let field = "$.phases[?(@.key=='trial')].rateCards[?(@.key=='setup')].billingCadence";
    let expected = issue("rate_card_billing_cadence_unaligned", field);
    assert_eq!(issues(&made), expected);
    assert_eq!(
        made["validationErrors"][0]["message"],
        "ratecards with prices must have compatible billing cadence"
    );
    let path = &format!("{PLANS}/{}", id(&made));
    let refused = act(rest, path, "publish", 400).await;
    assert_eq!(refused["detail"], "invalid plan");
    assert_eq!(issues(&refused), expected);
    assert_eq!(
        refused["extensions"]["validationErrors"][0]["severity"],
        "warning"
    );
    let fixed = json!({
        "name": "pro", "billingCadence": "P1M",
        "phases": [phase("trial", Value::Null, vec![flat("setup", "1", "P1M")])],
    });
    let fixed = rest.put(path, fixed).await.expect(200);
    assert_eq!(fixed["validationErrors"], Value::Null);
    assert_eq!(act(rest, path, "publish", 200).await["status"], "active");
    world.stop().await;
}

#[tokio::test]
async fn a_last_phase_with_an_end_is_not_published() {
    let world = World::start().await;
    let rest = &world.rest();
    let ending = phase("pro", json!("P1M"), vec![flat("fee", "1", "P1M")]);
    let made = rest
        .post(PLANS, plan("pro", vec![ending]))
        .await
        .expect(201);
    let refused = act(rest, &format!("{PLANS}/{}", id(&made)), "publish", 400).await;
    assert_eq!(
        refused["extensions"]["validationErrors"],
        json!([{
            "code": "plan_has_last_phase_with_duration",
            "message": "duration must not be set for the last plan phase",
            "severity": "warning",
            "field": "$.phases[?(@.key=='pro')].duration",
        }])
    );
    world.stop().await;
}

#[tokio::test]
async fn versions_of_a_plan_follow_each_other_without_gap() {
    let world = World::start().await;
    let rest = &world.rest();
    world
        .client()
        .freeze_clock("2024-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let first = rest.post(PLANS, simple("pro")).await.expect(201);
    assert_eq!(first["version"], 1);
    let first = &format!("{PLANS}/{}", id(&first));
    let again = rest.post(PLANS, simple("pro")).await.problem(400);
    assert!(
        again.contains("only a single draft version is allowed for Plan"),
        "{again}"
    );
    rest.get("/api/v1/plans/pro").await.problem(404);
    rest.get("/api/v1/plans/pro?includeLatest=true")
        .await
        .expect(200);
    act(rest, first, "archive", 400).await;
    act(rest, first, "publish", 200).await;
    let frozen = rest.put(first, simple("pro")).await.problem(400);
    assert!(
        frozen.contains("only Plans in [draft scheduled] can be updated"),
        "{frozen}"
    );
    rest.delete(first).await.problem(400);

    let second = act(rest, "/api/v1/plans/pro", "next", 201).await;
    assert_eq!(
        (&second["version"], &second["status"]),
        (&json!(2), &json!("draft"))
    );
    let second = &format!("{PLANS}/{}", id(&second));
    world.client().advance_clock("P1D").await.unwrap();
    let published = act(rest, second, "publish", 200).await;
    let ended = rest.get(first).await.expect(200);
    assert_eq!(ended["status"], "archived");
    assert_eq!(ended["effectiveTo"], published["effectiveFrom"]);
    assert_eq!(
        rest.get("/api/v1/plans/pro").await.expect(200)["version"],
        2
    );

    let third = rest.post(PLANS, simple("pro")).await.expect(201);
    let third = &format!("{PLANS}/{}", id(&third));
    rest.delete(third).await.expect(204);
    rest.delete(third).await.expect(204);
    assert!(rest.get(third).await.expect(200)["deletedAt"].is_string());
    rest.post(&format!("{third}/publish"), Value::Null)
        .await
        .problem(400);
    // The number of a deleted version is not given again.
    let fourth = act(rest, "/api/v1/plans/pro", "next", 201).await;
    assert_eq!(fourth["version"], 4);
    let numbers = |list: Value| -> Vec<i64> {
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|plan| plan["version"].as_i64().unwrap())
            .collect()
    };
    let list = async |query: &str| numbers(rest.get(&format!("{PLANS}?{query}")).await.expect(200));
    assert_eq!(list("key=pro").await, [4, 2, 1]);
    assert_eq!(
        list("key=pro&status=draft&status=archived&order=ASC").await,
        [1, 4]
    );
    assert_eq!(list("keyVersion[pro]=1&keyVersion[pro]=4").await, [4, 1]);
    act(rest, second, "archive", 200).await;
    rest.get("/api/v1/plans/pro").await.problem(404);
    act(rest, second, "archive", 400).await;
    let unknown = rest.post("/api/v1/plans/none/next", Value::Null).await;
    assert!(unknown.problem(400).contains("no versions available"));
    world.stop().await;
}

#[tokio::test]
async fn what_a_plan_omits_is_kept_or_reset() {
    let world = World::start().await;
    let rest = &world.rest();
    let mut body = simple("pro");
    body["description"] = json!("d");
    body["metadata"] = json!({"a": "b"});
    body["proRatingConfig"] = json!({"enabled": false, "mode": "prorate_prices"});
    body["phases"][0]["rateCards"] = json!([
        flat("fee", "0.10", "P12M"),
        {"type": "usage_based", "key": "own", "name": "own", "billingCadence": "P1M",
         "price": {"type": "dynamic", "multiplier": "1.0"}},
        {"type": "flat_fee", "key": "once", "name": "once", "billingCadence": null, "price": null},
    ]);
    let made = rest.post(PLANS, body).await.expect(201);
    let cards = &made["phases"][0]["rateCards"];
    assert_eq!(
        cards[0]["price"],
        json!({"type": "flat", "amount": "0.1", "paymentTerm": "in_advance"})
    );
    assert_eq!(cards[0]["billingCadence"], "P12M");
    assert_eq!(cards[1]["price"], json!({"type": "dynamic"}));
    assert_eq!(
        (&cards[2]["billingCadence"], &cards[2]["price"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(made["proRatingConfig"]["enabled"], false);
    let update = json!({"name": "b", "billingCadence": "P1M", "phases": made["phases"]});
    let updated = rest
        .put(&format!("{PLANS}/{}", id(&made)), update)
        .await
        .expect(200);
    assert_eq!(
        (&updated["description"], &updated["metadata"]),
        (&json!("d"), &json!({"a": "b"}))
    );
    assert_eq!(updated["proRatingConfig"]["enabled"], true);
    world.stop().await;
}

#[tokio::test]
async fn rate_cards_come_back_as_they_were_sent() {
    let world = World::start().await;
    let rest = &world.rest();
    let feature = json!({"key": "tokens", "name": "Tokens"});
    rest.post("/api/v1/features", feature).await.expect(201);
    let card = json!({
        "type": "usage_based", "key": "tokens", "name": "Tokens", "featureKey": "tokens",
        "billingCadence": "P4W", "metadata": {"a": "b"},
        "price": {
            "type": "tiered", "mode": "graduated", "minimumAmount": "1", "maximumAmount": "100.00",
            "tiers": [
                {"flatPrice": null, "unitPrice": {"type": "unit", "amount": "0.10"}},
                {"upToAmount": "100", "flatPrice": {"type": "flat", "amount": "5"}, "unitPrice": null},
            ],
        },
        "discounts": {"percentage": {"percentage": 12.5}, "usage": {"quantity": "3.0"}},
        "entitlementTemplate": {"type": "metered", "issueAfterReset": 1000},
        "taxConfig": {
            "behavior": "inclusive", "stripe": {"code": "txcd_12345678"}, "customInvoicing": {"code": "x"},
        },
    });
    let mut body = plan("pro", vec![phase("only", Value::Null, vec![card.clone()])]);
    body["billingCadence"] = json!("P4W");
    let made = rest.post(PLANS, body).await.expect(201);
    assert_eq!(made["validationErrors"], Value::Null);
    assert_eq!(made["billingCadence"], "P4W");
    let shown = &made["phases"][0]["rateCards"][0];
    for same in [
        "type",
        "key",
        "name",
        "featureKey",
        "billingCadence",
        "metadata",
    ] {
        assert_eq!(shown[same], card[same], "{same}");
    }
    assert_eq!(
        shown["price"],
        json!({
            "type": "tiered", "mode": "graduated", "minimumAmount": "1", "maximumAmount": "100",
            "tiers": [
                {"flatPrice": null, "unitPrice": {"type": "unit", "amount": "0.1"}},
                {"upToAmount": "100", "flatPrice": {"type": "flat", "amount": "5"}, "unitPrice": null},
            ],
        })
    );
    assert_eq!(
        shown["discounts"],
        json!({"percentage": {"percentage": 12.5}, "usage": {"quantity": "3"}})
    );
    assert_eq!(
        shown["entitlementTemplate"],
        json!({"type": "metered", "issueAfterReset": 1000, "isSoftLimit": false, "usagePeriod": "P4W"})
    );
    // Taken in, and not kept.
    assert_eq!(
        shown["taxConfig"],
        json!({"behavior": "inclusive", "stripe": {"code": "txcd_12345678"}})
    );
    world.stop().await;
}

#[tokio::test]
async fn a_next_version_copies_the_one_that_is_named() {
    let world = World::start().await;
    let rest = &world.rest();
    let extra = addon("extra", "single", vec![flat("extra", "1", "P1M")]);
    let extra = rest.post(ADDONS, extra).await.expect(201);
    act(rest, &format!("{ADDONS}/{}", id(&extra)), "publish", 200).await;
    let mut first = simple("pro");
    first["description"] = json!("d");
    first["metadata"] = json!({"a": "b"});
    first["proRatingConfig"] = json!({"enabled": false, "mode": "prorate_prices"});
    let first = rest.post(PLANS, first).await.expect(201);
    let first_path = &format!("{PLANS}/{}", id(&first));
    let assignment = json!({"addonId": id(&extra), "fromPlanPhase": "only"});
    rest.post(&format!("{first_path}/addons"), assignment)
        .await
        .expect(201);
    act(rest, first_path, "publish", 200).await;
    let second = plan(
        "pro",
        vec![phase("only", Value::Null, vec![flat("fee", "20", "P1M")])],
    );
    let second = rest.post(PLANS, second).await.expect(201);
    assert_eq!(second["version"], 2);
    act(rest, &format!("{PLANS}/{}", id(&second)), "publish", 200).await;
    let third = act(rest, first_path, "next", 201).await;
    assert_eq!(
        (&third["version"], &third["status"]),
        (&json!(3), &json!("draft"))
    );
    for same in [
        "key",
        "name",
        "description",
        "metadata",
        "currency",
        "billingCadence",
        "proRatingConfig",
        "phases",
    ] {
        assert_eq!(third[same], first[same], "{same}");
    }
    let assigned = format!("{PLANS}/{}/addons", id(&third));
    assert_eq!(rest.get(&assigned).await.expect(200)["totalCount"], 0);
    let latest = rest.get("/api/v1/plans/pro?includeLatest=true").await;
    assert_eq!(latest.expect(200)["id"], third["id"]);
    world.stop().await;
}

#[tokio::test]
async fn a_plan_with_an_archived_feature_is_not_published() {
    let world = World::start().await;
    let rest = &world.rest();
    let feature = rest
        .post("/api/v1/features", json!({"key": "sso", "name": "SSO"}))
        .await
        .expect(201);
    let mut card = flat("sso", "1", "P1M");
    card["featureKey"] = json!("sso");
    let made = rest
        .post(
            PLANS,
            plan("pro", vec![phase("p", Value::Null, vec![card.clone()])]),
        )
        .await
        .expect(201);
    // A draft does not hold its features, an active plan does.
    rest.delete(&format!("/api/v1/features/{}", id(&feature)))
        .await
        .expect(204);
    let path = &format!("{PLANS}/{}", id(&made));
    let refused = act(rest, path, "publish", 400).await;
    let field = "$.phases[?(@.key=='p')].rateCards[?(@.key=='sso')].featureKey";
    assert_eq!(issues(&refused), issue("rate_card_feature_archived", field));
    let unknown = plan("other", vec![phase("p", Value::Null, vec![card])]);
    let detail = rest.post(PLANS, unknown).await.problem(400);
    assert!(
        detail.contains("feature with key sso not found"),
        "{detail}"
    );
    rest.post("/api/v1/features", json!({"key": "sso", "name": "SSO"}))
        .await
        .expect(201);
    let update = json!({"name": "b", "billingCadence": "P1M", "phases": made["phases"]});
    rest.put(path, update).await.expect(200);
    act(rest, path, "publish", 200).await;
    let held = rest.delete("/api/v1/features/sso").await.problem(400);
    assert!(held.contains("forbidden for feature"), "{held}");
    world.stop().await;
}

#[tokio::test]
async fn the_cost_of_a_feature_is_its_usage_times_its_unit_cost() {
    let world = World::start().await;
    let rest = &world.rest();
    let meter = json!({
        "slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens",
        "groupBy": {"model": "$.model"},
    });
    rest.post("/api/v1/meters", meter).await.expect(201);
    for feature in [
        json!({"key": "all", "name": "A", "meterSlug": "tokens", "unitCost": {"type": "manual", "amount": "0.002"}}),
        json!({"key": "large", "name": "L", "meterSlug": "tokens", "meterGroupByFilters": {"model": "l"},
               "unitCost": {"type": "manual", "amount": "0.002"}}),
        json!({"key": "llm", "name": "M", "meterSlug": "tokens", "unitCost": {
            "type": "llm", "provider": "p", "modelProperty": "model", "tokenType": "input"}}),
        json!({"key": "free", "name": "F", "meterSlug": "tokens"}),
        json!({"key": "plain", "name": "P"}),
    ] {
        rest.post("/api/v1/features", feature).await.expect(201);
    }
    let event = |id: &str, model: &str, tokens: i64| {
        json!({"specversion": "1.0", "id": id, "source": "t", "type": "prompt", "subject": "s",
               "time": "2024-01-01T10:00:00Z", "data": {"tokens": tokens, "model": model}})
    };
    let batch = json!([event("1", "l", 1000), event("2", "s", 500)]).to_string();
    rest.post_text(
        "/api/v1/events",
        "application/cloudevents-batch+json",
        &batch,
    )
    .await
    .expect(204);
    let cost = async |query: &str| {
        let path = format!("/api/v1/features/{query}");
        rest.get(&path).await
    };
    let all = cost("all/cost").await.expect(200);
    assert_eq!(all["currency"], "USD");
    assert_eq!(
        (&all["data"][0]["usage"], &all["data"][0]["cost"]),
        (&json!("1500"), &json!("3"))
    );
    // The feature's own filter holds besides that of the question.
    let large = cost("large/cost?groupBy=model").await.expect(200);
    assert_eq!(large["data"].as_array().unwrap().len(), 1, "{large}");
    assert_eq!(large["data"][0]["cost"], "2");
    assert_eq!(large["data"][0]["groupBy"], json!({"model": "l"}));
    let none = cost("large/cost?filterGroupBy[model]=s&windowSize=DAY&from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z").await;
    assert_eq!(none.expect(200)["data"], json!([]));
    let unknown = cost("llm/cost").await.expect(200);
    assert_eq!(unknown["data"][0]["cost"], Value::Null);
    assert!(unknown["data"][0]["detail"].is_string(), "{unknown}");
    cost("free/cost").await.problem(400);
    cost("plain/cost").await.problem(400);
    cost("nothing/cost").await.problem(404);
    cost("all/cost?groupBy=color").await.problem(400);
    cost("all/cost?from=yesterday").await.problem(400);
    world.stop().await;
}

#[tokio::test]
async fn hostile_plans_are_refused_by_field_and_leave_nothing() {
    let world = World::start().await;
    let rest = &world.rest();
    let with = |path: &str, value: Value| {
        let mut body = simple("pro");
        let (parent, name) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    };
    let without = |path: &str| {
        let mut body = simple("pro");
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.remove(name);
        body
    };
    let card = "/phases/0/rateCards/0";
    let amount = |text: &str| with(&format!("{card}/price/amount"), json!(text));
    for (body, field) in [
        (with("/key", json!("A-b")), "key"),
        (with("/name", json!("a\u{0}b")), "name"),
        (with("/currency", json!("ZZZ")), "currency"),
        (with("/currency", json!("usd")), "currency"),
        (with("/billingCadence", json!("P0D")), "billingCadence"),
        (with("/billingCadence", json!("soon")), "billingCadence"),
        (with("/billingCadence", json!(5)), "billingCadence"),
        (
            with("/proRatingConfig", json!({"enabled": true, "mode": "x"})),
            "proRatingConfig.mode",
        ),
        (with("/phases", json!([])), "phases"),
        (with("/phases", json!({})), "phases"),
        (without("/phases/0/duration"), "phases[0].duration"),
        (
            with("/phases/0/duration", json!("P99999999999Y")),
            "phases[0].duration",
        ),
        (
            without(&format!("{card}/type")),
            "phases[0].rateCards[0].type",
        ),
        (
            without(&format!("{card}/billingCadence")),
            "phases[0].rateCards[0].billingCadence",
        ),
        (
            without(&format!("{card}/price")),
            "phases[0].rateCards[0].price",
        ),
        (
            with(&format!("{card}/price/type"), json!("unit")),
            "phases[0].rateCards[0].price.type",
        ),
        (amount(""), "phases[0].rateCards[0].price.amount"),
        (amount("1e5"), "phases[0].rateCards[0].price.amount"),
        (amount("NaN"), "phases[0].rateCards[0].price.amount"),
        (
            amount(&"1".repeat(29)),
            "phases[0].rateCards[0].price.amount",
        ),
        (
            amount(&format!("0.{}", "1".repeat(29))),
            "phases[0].rateCards[0].price.amount",
        ),
        (
            with(&format!("{card}/price/amount"), json!(10)),
            "phases[0].rateCards[0].price.amount",
        ),
        (
            with(
                &format!("{card}/entitlementTemplate"),
                json!({"type": "static", "config": {}}),
            ),
            "phases[0].rateCards[0].entitlementTemplate.config",
        ),
        (
            with(&format!("{card}/taxConfig"), json!({"behavior": "maybe"})),
            "phases[0].rateCards[0].taxConfig.behavior",
        ),
    ] {
        let detail = rest.post(PLANS, body.clone()).await.problem(400);
        assert!(
            detail.starts_with(&format!("validation error: {field}")),
            "{body}: {detail}"
        );
    }
    let many = (0..300).map(|index| {
        phase(
            &format!("p{index}"),
            json!("P1M"),
            vec![flat("fee", "1", "P1M")],
        )
    });
    rest.post(PLANS, plan("many", many.collect()))
        .await
        .problem(400);
    for query in [
        "status=odd",
        "status=active,draft",
        "orderBy=color",
        "order=up",
        "id=x",
        "page=0",
        "keyVersion=1",
        "keyVersion[a]=x",
        "keyVersion[a]=99999999999999",
        "currency=usd",
    ] {
        rest.get(&format!("{PLANS}?{query}")).await.problem(400);
    }
    let critical = [
        (
            plan(
                "pro",
                vec![
                    phase("a", json!("P1M"), vec![flat("x", "1", "P1M")]),
                    phase("a", Value::Null, vec![]),
                ],
            ),
            "plan_phase_duplicated_key",
            "$.phases[?(@.key=='a')].key.key",
        ),
        (
            amount("-1"),
            "",
            "$.phases[?(@.key=='only')].ratecards[?(@.key=='fee')].price",
        ),
        (
            with(
                &format!("{card}/discounts"),
                json!({"percentage": {"percentage": 101}}),
            ),
            "percentage_discount_invalid_value",
            "$.phases[?(@.key=='only')].ratecards[?(@.key=='fee')].discounts.percentage.percentage",
        ),
    ];
    for (body, code, field) in critical {
        let refused = rest.post(PLANS, body).await.expect(400);
        assert_eq!(refused["detail"], "invalid plan");
        let found = issues(&refused);
        assert!(
            found.contains(&(code.to_owned(), field.to_owned())),
            "{found:?}"
        );
    }
    let listed = rest
        .get("/api/v1/plans?includeDeleted=true")
        .await
        .expect(200);
    assert_eq!(listed["totalCount"], 0);
    world.stop().await;
}
