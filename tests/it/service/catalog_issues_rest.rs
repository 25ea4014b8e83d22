//! Every validation rule of plans, add-ons and their assignments over REST, as one table each: the status, the
//! code and the field of the issue, whether it is refused at once or stored as a warning that keeps the draft
//! from being published, and that what is refused leaves nothing behind.

use serde_json::{Value, json};
use suite::{Rest, World};

const PLANS: &str = "/api/v1/plans";
const ADDONS: &str = "/api/v1/addons";

/// Where the only rate card of the base plan is.
const CARD: &str = "/phases/0/rateCards/0";
/// The same in the fields of checks of rate cards themselves.
const OWN: &str = "$.phases[?(@.key=='only')].ratecards[?(@.key=='fee')]";

fn usage_card() -> Value {
    json!({
        "type": "usage_based", "key": "fee", "name": "fee", "billingCadence": "P1M",
        "price": {"type": "unit", "amount": "1"},
    })
}

fn flat_card() -> Value {
    json!({
        "type": "flat_fee", "key": "fee", "name": "fee", "billingCadence": "P1M",
        "price": {"type": "flat", "amount": "10"},
    })
}

fn base(card: Value) -> Value {
    json!({
        "key": "pro", "name": "pro", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "only", "name": "only", "duration": null, "rateCards": [card]}],
    })
}

/// A document with some members set.
fn with(mut body: Value, changes: &[(&str, Value)]) -> Value {
    for (path, value) in changes {
        let (parent, name) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    body
}

fn on_card(card: Value, member: &str, value: Value) -> Value {
    with(base(card), &[(&format!("{CARD}/{member}"), value)])
}

fn priced(price: Value) -> Value {
    on_card(usage_card(), "price", price)
}

fn lasting(key: &str, duration: Value) -> Value {
    json!({"key": key, "name": key, "duration": duration, "rateCards": [flat_card()]})
}

/// Code, field and severity of the issues of a problem; resources tell no severity.
fn issues(body: &Value) -> Vec<(&str, &str, &str)> {
    let list = body
        .pointer("/extensions/validationErrors")
        .or_else(|| body.get("validationErrors"));
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|issue| {
            let text = |name: &str| issue[name].as_str().unwrap_or_default();
            (text("code"), text("field"), text("severity"))
        })
        .collect()
}

/// Whether an issue of this code and field is among those found.
fn has(body: &Value, code: &str, field: &str) -> bool {
    issues(body)
        .iter()
        .any(|(found, place, _)| *found == code && *place == field)
}

async fn count(rest: &Rest, list: &str) -> u64 {
    let all = rest.get(&format!("{list}?includeDeleted=true")).await;
    all.expect(200)["totalCount"].as_u64().unwrap()
}

/// Refused at once, as a critical issue, with nothing written.
async fn refused(rest: &Rest, list: &str, body: Value, code: &str, field: &str) {
    let before = count(rest, list).await;
    let answer = rest.post(list, body.clone()).await.expect(400);
    let kind = if list == PLANS { "plan" } else { "add-on" };
    assert_eq!(answer["detail"], format!("invalid {kind}"), "{body}");
    assert!(has(&answer, code, field), "{body}: {:?}", issues(&answer));
    let severities = issues(&answer);
    assert!(
        severities.iter().any(|issue| issue.2 == "critical"),
        "{severities:?}"
    );
    assert_eq!(count(rest, list).await, before, "{body}");
}

/// Stored with a warning and shown so, and not published.
async fn warned(rest: &Rest, list: &str, body: Value, code: &str, field: &str) {
    let made = rest.post(list, body.clone()).await.expect(201);
    assert!(has(&made, code, field), "{body}: {:?}", issues(&made));
    let path = format!("{list}/{}", made["id"].as_str().unwrap());
    let answer = rest.post(&format!("{path}/publish"), Value::Null).await;
    let answer = answer.expect(400);
    assert!(has(&answer, code, field), "{body}: {:?}", issues(&answer));
    let severities = issues(&answer);
    assert!(
        severities.iter().all(|issue| issue.2 == "warning"),
        "{severities:?}"
    );
    assert_eq!(rest.get(&path).await.expect(200)["status"], "draft");
    rest.delete(&path).await.expect(204);
}

#[tokio::test]
async fn critical_rules_of_plans() {
    let world = World::start().await;
    let rest = &world.rest();
    let own = |member: &str| format!("{OWN}{member}");
    let twice = with(
        base(flat_card()),
        &[("/phases/0/rateCards", json!([flat_card(), flat_card()]))],
    );
    let tier = |up_to: Value, unit: Value| {
        let mut tier = json!({"flatPrice": null, "unitPrice": unit});
        if !up_to.is_null() {
            tier["upToAmount"] = up_to;
        }
        tier
    };
    let one = || json!({"type": "unit", "amount": "1"});
    let tiers =
        |tiers: Vec<Value>| priced(json!({"type": "tiered", "mode": "volume", "tiers": tiers}));
    let table = [
        (
            on_card(
                flat_card(),
                "discounts",
                json!({"percentage": {"percentage": 101}}),
            ),
            "percentage_discount_invalid_value",
            own(".discounts.percentage.percentage"),
        ),
        (
            on_card(
                flat_card(),
                "discounts",
                json!({"percentage": {"percentage": -1}}),
            ),
            "percentage_discount_invalid_value",
            own(".discounts.percentage.percentage"),
        ),
        (twice, "rate_card_duplicated_key", own(".key")),
        (
            with(base(flat_card()), &[("/billingCadence", json!("P2M"))]),
            "plan_billing_cadence_invalid",
            "$.billingCadence".to_owned(),
        ),
        (
            with(
                base(flat_card()),
                &[(
                    "/phases",
                    json!([lasting("a", json!("P1M")), lasting("a", Value::Null)]),
                )],
            ),
            "plan_phase_duplicated_key",
            "$.phases[?(@.key=='a')].key.key".to_owned(),
        ),
        (
            on_card(flat_card(), "price/amount", json!("-1")),
            "",
            own(".price"),
        ),
        (
            on_card(usage_card(), "price/amount", json!("-1")),
            "",
            own(".price"),
        ),
        (
            priced(
                json!({"type": "unit", "amount": "1", "minimumAmount": "9", "maximumAmount": "8"}),
            ),
            "",
            own(".price"),
        ),
        (
            priced(json!({"type": "unit", "amount": "1", "minimumAmount": "-1"})),
            "",
            own(".price"),
        ),
        (
            priced(json!({"type": "dynamic", "multiplier": "-1"})),
            "",
            own(".price"),
        ),
        (
            priced(json!({"type": "package", "amount": "1", "quantityPerPackage": "0"})),
            "",
            own(".price"),
        ),
        (tiers(vec![]), "", own(".price")),
        (tiers(vec![tier(json!("5"), one())]), "", own(".price")),
        (
            tiers(vec![
                tier(json!("5"), one()),
                tier(json!("5"), one()),
                tier(Value::Null, one()),
            ]),
            "",
            own(".price"),
        ),
        (
            tiers(vec![
                tier(json!("5"), Value::Null),
                tier(Value::Null, one()),
            ]),
            "",
            own(".price"),
        ),
        (
            with(
                base(usage_card()),
                &[
                    (&format!("{CARD}/price"), Value::Null),
                    (
                        &format!("{CARD}/discounts"),
                        json!({"percentage": {"percentage": 10}}),
                    ),
                ],
            ),
            "",
            own(".discounts"),
        ),
    ];
    for (body, code, field) in table {
        refused(rest, PLANS, body, code, &field).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn warnings_of_plans() {
    let world = World::start().await;
    let rest = &world.rest();
    let own = |member: &str| format!("{OWN}{member}");
    let phases = |phases: Vec<Value>| with(base(flat_card()), &[("/phases", json!(phases))]);
    let of_phase = |key: &str, member: &str| format!("$.phases[?(@.key=='{key}')]{member}");
    let table = [
        (
            phases(vec![lasting("a", Value::Null), lasting("b", Value::Null)]),
            "plan_has_non_last_phase_with_no_duration",
            of_phase("a", ".duration"),
        ),
        (
            phases(vec![lasting("a", json!("P1M"))]),
            "plan_has_last_phase_with_duration",
            of_phase("a", ".duration"),
        ),
        (
            phases(vec![lasting("a", json!("-P1M")), lasting("b", Value::Null)]),
            "plan_phase_with_negative_duration",
            of_phase("a", ".duration"),
        ),
        (
            phases(vec![
                lasting("a", json!("PT59M")),
                lasting("b", Value::Null),
            ]),
            "plan_phase_duration_less_then_an_hour",
            of_phase("a", ".duration"),
        ),
        (
            with(base(flat_card()), &[("/phases/0/rateCards", json!([]))]),
            "plan_phase_has_no_rate_cards",
            of_phase("only", ".rateCards"),
        ),
        (
            on_card(flat_card(), "billingCadence", json!("P1W")),
            "rate_card_billing_cadence_unaligned",
            of_phase("only", ".rateCards[?(@.key=='fee')].billingCadence"),
        ),
        (
            on_card(usage_card(), "billingCadence", json!("PT30M")),
            "billing_cadence_invalid_value",
            own(".billingCadence"),
        ),
        (
            on_card(
                usage_card(),
                "discounts",
                json!({"usage": {"quantity": "-1"}}),
            ),
            "usage_discount_negative_quantity",
            own(".discounts.usage.quantity"),
        ),
        (
            on_card(
                flat_card(),
                "discounts",
                json!({"usage": {"quantity": "1"}}),
            ),
            "usage_discount_with_flat_price",
            own(""),
        ),
        (
            on_card(
                flat_card(),
                "entitlementTemplate",
                json!({"type": "boolean"}),
            ),
            "entitlement_template_with_no_feature",
            own(".featureKey"),
        ),
    ];
    for (body, code, field) in table {
        warned(rest, PLANS, body, code, &field).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn rules_of_plans_about_features() {
    let world = World::start().await;
    let rest = &world.rest();
    let feature = json!({"key": "fee", "name": "fee"});
    let feature = rest.post("/api/v1/features", feature).await.expect(201);
    let other = json!({"key": "other", "name": "other"});
    rest.post("/api/v1/features", other).await.expect(201);
    let own = |member: &str| format!("{OWN}{member}");
    let featured = |members: &[(&str, Value)]| {
        let mut card = flat_card();
        card["featureKey"] = json!("fee");
        for (name, value) in members {
            card[name] = value.clone();
        }
        base(card)
    };
    refused(
        rest,
        PLANS,
        featured(&[("featureKey", json!("other"))]),
        "rate_card_key_feature_key_mismatch",
        &own(".key"),
    )
    .await;
    refused(
        rest,
        PLANS,
        featured(&[(
            "entitlementTemplate",
            json!({"type": "static", "config": "{not json"}),
        )]),
        "entitlement_template_invalid_json_config",
        &own(".entitlementTemplate.config"),
    )
    .await;
    let template = |further: Value| {
        let mut template = json!({"type": "metered", "usagePeriod": "P1M"});
        for (name, value) in further.as_object().unwrap() {
            template[name] = value.clone();
        }
        featured(&[("entitlementTemplate", template)])
    };
    for (further, code, member) in [
        (
            json!({"issueAfterResetPriority": 1}),
            "entitlement_template_invalid_issue_after_reset_with_priority",
            "issueAfterReset",
        ),
        (
            json!({"usagePeriod": "-P1M"}),
            "entitlement_template_negative_usage_period",
            "usagePeriod",
        ),
        (
            json!({"usagePeriod": "PT59M"}),
            "entitlement_template_usage_period_less_then_an_hour",
            "usagePeriod",
        ),
    ] {
        let field = own(&format!(".entitlementTemplate.{member}"));
        warned(rest, PLANS, template(further), code, &field).await;
    }
    // A fee that is charged once has no cadence that a usage period could be.
    let once = featured(&[
        ("billingCadence", Value::Null),
        ("entitlementTemplate", json!({"type": "metered"})),
    ]);
    let detail = rest.post(PLANS, once).await.problem(400);
    assert!(detail.contains("missing UsagePeriod"), "{detail}");
    let unknown = featured(&[("featureKey", json!("nobody")), ("key", json!("nobody"))]);
    let detail = rest.post(PLANS, unknown).await.problem(400);
    assert!(detail.contains("nobody"), "{detail}");
    let made = rest.post(PLANS, featured(&[])).await.expect(201);
    let path = format!("{PLANS}/{}", made["id"].as_str().unwrap());
    let feature = feature["id"].as_str().unwrap();
    rest.delete(&format!("/api/v1/features/{feature}"))
        .await
        .expect(204);
    let answer = rest.post(&format!("{path}/publish"), Value::Null).await;
    let answer = answer.expect(400);
    assert_eq!(
        issues(&answer),
        [(
            "rate_card_feature_archived",
            "$.phases[?(@.key=='only')].rateCards[?(@.key=='fee')].featureKey",
            "critical"
        )]
    );
    assert_eq!(rest.get(&path).await.expect(200)["status"], "draft");
    world.stop().await;
}

fn addon(kind: &str, cards: Value) -> Value {
    json!({"key": "extra", "name": "extra", "currency": "USD", "instanceType": kind, "rateCards": cards})
}

#[tokio::test]
async fn rules_of_addons() {
    let world = World::start().await;
    let rest = &world.rest();
    let own = |member: &str| format!("$.ratecards[?(@.key=='fee')]{member}");
    let changed = |mut card: Value, member: &str, value: Value| {
        card[member] = value;
        addon("single", json!([card]))
    };
    refused(
        rest,
        ADDONS,
        addon("single", json!([flat_card(), flat_card()])),
        "rate_card_duplicated_key",
        &own(".key"),
    )
    .await;
    let discount = json!({"percentage": {"percentage": 100.5}});
    refused(
        rest,
        ADDONS,
        changed(flat_card(), "discounts", discount),
        "percentage_discount_invalid_value",
        &own(".discounts.percentage.percentage"),
    )
    .await;
    let negative = json!({"type": "unit", "amount": "-1"});
    refused(
        rest,
        ADDONS,
        changed(usage_card(), "price", negative),
        "",
        &own(".price"),
    )
    .await;
    warned(
        rest,
        ADDONS,
        addon("single", json!([])),
        "addon_has_no_rate_cards",
        "$.rateCards",
    )
    .await;
    let discount = json!({"usage": {"quantity": "-1"}});
    warned(
        rest,
        ADDONS,
        changed(usage_card(), "discounts", discount),
        "usage_discount_negative_quantity",
        &own(".discounts.usage.quantity"),
    )
    .await;
    let odd = addon("several", json!([]));
    rest.post(ADDONS, odd).await.problem(400);
    // States: only drafts are changed, what is active is archived before it is deleted.
    let made = rest
        .post(ADDONS, addon("single", json!([flat_card()])))
        .await;
    let path = &format!("{ADDONS}/{}", made.expect(201)["id"].as_str().unwrap());
    let act = async |action: &str, status| {
        let done = rest.post(&format!("{path}/{action}"), Value::Null).await;
        done.expect(status)
    };
    let status_issue = |answer: &Value| issues(answer).first().map(|issue| issue.0.to_owned());
    assert_eq!(
        status_issue(&act("archive", 400).await).as_deref(),
        Some("addon_invalid_status")
    );
    act("publish", 200).await;
    assert_eq!(
        status_issue(&act("publish", 400).await).as_deref(),
        Some("addon_invalid_status_for_publish")
    );
    let body = json!({"name": "new", "instanceType": "single", "rateCards": []});
    let answer = rest.put(path, body).await.expect(400);
    assert_eq!(
        status_issue(&answer).as_deref(),
        Some("addon_invalid_status")
    );
    let answer = rest.delete(path).await.expect(400);
    assert_eq!(
        status_issue(&answer).as_deref(),
        Some("addon_invalid_status")
    );
    act("archive", 200).await;
    rest.delete(path).await.expect(204);
    rest.delete(path).await.expect(204);
    act("archive", 400).await;
    act("publish", 400).await;
    world.stop().await;
}

#[tokio::test]
async fn compatibility_of_assignments() {
    let world = World::start().await;
    let rest = &world.rest();
    for key in ["fee", "usage"] {
        let feature = json!({"key": key, "name": key});
        rest.post("/api/v1/features", feature).await.expect(201);
    }
    let publish = async |list: &str, id: &str| {
        let path = format!("{list}/{id}/publish");
        rest.post(&path, Value::Null).await.expect(200);
    };
    let at = |member: &str| format!("$.addon.ratecards[?(@.key=='fee')]{member}");
    let members = |members: &[(&str, Value)]| {
        let mut card = flat_card();
        for (name, value) in members {
            card[name] = value.clone();
        }
        card
    };
    let boolean = json!({"type": "boolean"});
    let fixed = json!({"type": "static", "config": "{}"});
    let metered = |period: &str| json!({"type": "metered", "usagePeriod": period});
    let featured = |template: &Value| {
        members(&[
            ("featureKey", json!("fee")),
            ("entitlementTemplate", template.clone()),
        ])
    };
    let off = json!({"percentage": {"percentage": 10}});
    let no_card = members(&[("key", json!("own")), ("name", json!("own"))]);
    // The card of the plan, the add-on and how it is assigned; what is wrong and where.
    let table = [
        (
            flat_card(),
            ("single", "USD", no_card.clone()),
            json!({"maxQuantity": 2}),
            "plan_addon_max_quantity_must_not_be_set",
            "$.maxQuantity".to_owned(),
        ),
        (
            flat_card(),
            ("multiple", "USD", no_card.clone()),
            json!({"maxQuantity": 0}),
            "plan_addon_max_quantity_must_be_set",
            "$.maxQuantity".to_owned(),
        ),
        (
            flat_card(),
            ("single", "EUR", no_card.clone()),
            json!({}),
            "plan_addon_currency_mismatch",
            "$.addon.currency".to_owned(),
        ),
        (
            flat_card(),
            ("single", "USD", no_card),
            json!({"fromPlanPhase": "never"}),
            "plan_addon_unknown_plan_phase_key",
            "$.fromPlanPhase".to_owned(),
        ),
        (
            flat_card(),
            (
                "single",
                "USD",
                members(&[("key", json!("own")), ("billingCadence", json!("P1W"))]),
            ),
            json!({}),
            "rate_card_billing_cadence_unaligned",
            "$.billingCadence".to_owned(),
        ),
        (
            flat_card(),
            ("single", "USD", usage_card()),
            json!({}),
            "rate_card_price_type_mismatch",
            at(".price"),
        ),
        (
            usage_card(),
            ("single", "USD", usage_card()),
            json!({}),
            "rate_card_only_flat_price_allowed",
            at(".price"),
        ),
        (
            flat_card(),
            (
                "single",
                "USD",
                members(&[(
                    "price",
                    json!({"type": "flat", "amount": "1", "paymentTerm": "in_arrears"}),
                )]),
            ),
            json!({}),
            "rate_card_price_payment_term_mismatch",
            at(".price"),
        ),
        (
            flat_card(),
            (
                "single",
                "USD",
                members(&[("billingCadence", json!("P3M"))]),
            ),
            json!({}),
            "rate_card_billing_cadence_mismatch",
            at(".billingCadence"),
        ),
        (
            featured(&boolean),
            ("single", "USD", featured(&metered("P1M"))),
            json!({}),
            "rate_card_entitlement_template_type_mismatch",
            at(".entitlementTemplate.type"),
        ),
        (
            featured(&fixed),
            ("single", "USD", featured(&fixed)),
            json!({}),
            "rate_card_static_entitlement_template_not_allowed",
            at(".entitlementTemplate.type"),
        ),
        (
            featured(&metered("P1M")),
            ("single", "USD", featured(&metered("P1W"))),
            json!({}),
            "rate_card_metered_entitlement_template_usage_period_mismatch",
            at(".entitlementTemplate.usagePeriod"),
        ),
        (
            members(&[("discounts", off.clone())]),
            ("single", "USD", members(&[("discounts", off)])),
            json!({}),
            "rate_card_percentage_discount_not_allowed",
            at(".discounts.percentage"),
        ),
    ];
    for (number, (card, (kind, currency, extra), assignment, code, field)) in
        table.into_iter().enumerate()
    {
        let mut body = addon(kind, json!([extra]));
        body["key"] = json!(format!("extra_{number}"));
        body["currency"] = json!(currency);
        let made = rest.post(ADDONS, body).await.expect(201);
        let extra = made["id"].as_str().unwrap();
        publish(ADDONS, extra).await;
        let mut body = base(card);
        body["key"] = json!(format!("plan_{number}"));
        let plan = rest.post(PLANS, body).await.expect(201);
        let plan = plan["id"].as_str().unwrap();
        let mut body = json!({"addonId": extra, "fromPlanPhase": "only"});
        for (name, value) in assignment.as_object().unwrap() {
            body[name] = value.clone();
        }
        let path = format!("{PLANS}/{plan}/addons");
        let assigned = rest.post(&path, body).await.expect(201);
        assert!(
            has(&assigned, code, &field),
            "{code}: {:?}",
            issues(&assigned)
        );
        let answer = rest
            .post(&format!("{PLANS}/{plan}/publish"), Value::Null)
            .await;
        let answer = answer.expect(400);
        assert_eq!(
            issues(&answer),
            [("plan_has_incompatible_addon", "", "warning")],
            "{code}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn what_happens_after_an_assignment_shows_in_it() {
    let world = World::start().await;
    let rest = &world.rest();
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let feature = async || {
        let feature = json!({"key": "fee", "name": "Fee"});
        rest.post("/api/v1/features", feature).await.expect(201);
    };
    let card = with(
        json!({"card": flat_card()}),
        &[("/card/featureKey", json!("fee"))],
    );
    let extra = async || {
        let made = rest
            .post(ADDONS, addon("single", json!([card["card"]])))
            .await;
        let made = id(&made.expect(201));
        let path = format!("{ADDONS}/{made}/publish");
        rest.post(&path, Value::Null).await.expect(200);
        made
    };
    feature().await;
    let first = extra().await;
    // A feature of the same key is another one.
    rest.delete("/api/v1/features/fee").await.expect(204);
    feature().await;
    let plan = rest.post(PLANS, base(card["card"].clone())).await;
    let plan = format!("{PLANS}/{}", id(&plan.expect(201)));
    let assigned = format!("{plan}/addons");
    let body = json!({"addonId": first, "fromPlanPhase": "only"});
    let made = rest.post(&assigned, body).await.expect(201);
    let field = "$.addon.ratecards[?(@.key=='fee')].featureId";
    assert_eq!(
        issues(&made),
        [("rate_card_feature_id_mismatch", field, "")]
    );
    // A newer version of the add-on ends the one that is assigned.
    let second = extra().await;
    let shown = rest.get(&format!("{assigned}/{first}")).await.expect(200);
    let status = "plan_addon_incompatible_status";
    assert!(has(&shown, status, "$.addon.status"), "{shown}");
    let refused = rest.post(&format!("{plan}/publish"), Value::Null).await;
    let refused = refused.expect(400);
    let code = "plan_has_incompatible_addon";
    assert_eq!(issues(&refused), [(code, "", "warning")]);
    rest.delete(&format!("{assigned}/{first}"))
        .await
        .expect(204);
    let body = json!({"addonId": second, "fromPlanPhase": "only"});
    let made = rest.post(&assigned, body).await.expect(201);
    assert_eq!(made["validationErrors"], Value::Null);
    rest.post(&format!("{plan}/publish"), Value::Null)
        .await
        .expect(200);
    rest.post(&format!("{plan}/archive"), Value::Null)
        .await
        .expect(200);
    let shown = rest.get(&format!("{assigned}/{second}")).await.expect(200);
    assert!(has(&shown, status, "$.plan.status"), "{shown}");
    world.stop().await;
}
