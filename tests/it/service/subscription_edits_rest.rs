//! Edits and add-ons of subscriptions over REST: phases move, items are replaced, units of
//! add-ons merge into them.

use serde_json::{Value, json};
use suite::World;

use super::subscriptions_rest::{
    dated, edit, flat, freeze, id, metered, phase, starts, subscribe, three_phases, versions,
};

#[tokio::test]
async fn phases_are_stretched_added_and_removed() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let stretch =
        |phase: &str, by: &str| json!([{"op": "stretch_phase", "phaseKey": phase, "extendBy": by}]);
    let add = |key: &str, after: &str, duration: &str| {
        json!([
            {"op": "add_phase", "phase": {"key": key, "name": key, "startAfter": after, "duration": duration}},
            {"op": "add_item", "phaseKey": key, "rateCard": flat("q", "1")},
        ])
    };
    let remove = |shift: &str| json!([{"op": "remove_phase", "phaseKey": "p2", "shift": shift}]);
    for (index, (operations, expected)) in [
        (
            stretch("p2", "P1M"),
            vec![
                ("p1", "2024-01-01"),
                ("p2", "2024-02-01"),
                ("p3", "2024-05-01"),
            ],
        ),
        (
            stretch("p2", "-P2W"),
            vec![
                ("p1", "2024-01-01"),
                ("p2", "2024-02-01"),
                ("p3", "2024-03-18"),
            ],
        ),
        (
            add("x", "P2M", "P1M"),
            vec![
                ("p1", "2024-01-01"),
                ("p2", "2024-02-01"),
                ("x", "2024-03-01"),
                ("p3", "2024-04-01"),
            ],
        ),
        (
            add("x", "P2M", "P3M"),
            vec![
                ("p1", "2024-01-01"),
                ("p2", "2024-02-01"),
                ("x", "2024-03-01"),
                ("p3", "2024-06-01"),
            ],
        ),
        (
            remove("next"),
            vec![("p1", "2024-01-01"), ("p3", "2024-02-01")],
        ),
        (
            remove("prev"),
            vec![("p1", "2024-01-01"), ("p3", "2024-04-01")],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let path = &subscribe(rest, &format!("c{index}")).await;
        edit(rest, path, operations).await.expect(200);
        assert_eq!(starts(rest, path).await, dated(&expected));
    }

    let path = &subscribe(rest, "refused").await;
    let before = starts(rest, path).await;
    for (operations, status, phrase) in [
        (
            stretch("p1", "-P1M"),
            409,
            "would disappear due to stretching",
        ),
        (stretch("px", "P1M"), 400, "not found"),
        (stretch("p2", "P0D"), 400, "extendBy"),
        (stretch("p2", "far"), 400, "customizations[0].extendBy"),
        (stretch("p2", "P9999Y"), 400, ""),
        (
            json!([{"op": "stretch_phase", "phaseKey": "p2"}]),
            400,
            "customizations[0].extendBy",
        ),
        (add("p2", "P2M", "P1M"), 409, "already exists"),
        (add("x", "P0D", "P1M"), 403, "in the past"),
        (
            json!([{"op": "remove_phase", "phaseKey": "p1", "shift": "next"}]),
            403,
            "",
        ),
        (
            json!([{"op": "remove_phase", "phaseKey": "px", "shift": "next"}]),
            400,
            "",
        ),
        (
            json!([{"op": "remove_phase", "phaseKey": "p3", "shift": "up"}]),
            400,
            "customizations[0].shift",
        ),
        (json!([{"op": "dance"}]), 400, "customizations[0].op"),
        (json!([{}]), 400, "customizations[0].op"),
        (json!([]), 400, "missing customizations"),
    ] {
        let detail = edit(rest, path, operations.clone()).await.problem(status);
        assert!(detail.contains(phrase), "{operations}: {detail}");
    }
    let many = json!(vec![json!({"op": "unschedule_edit"}); 101]);
    edit(rest, path, many).await.problem(400);
    let empty = json!([{"op": "add_phase", "phase": {"key": "x", "name": "x", "startAfter": "P2M", "duration": "P1M"}}]);
    let empty = edit(rest, path, empty).await.expect(400);
    assert_eq!(
        empty["extensions"]["validationErrors"][0]["code"],
        "subscription_phase_has_no_items"
    );
    assert_eq!(starts(rest, path).await, before);
    world.stop().await;
}

#[tokio::test]
async fn items_are_replaced_from_the_edit_on() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let path = &subscribe(rest, "acme").await;
    freeze(&world.client(), "2024-01-10T00:00:00Z").await;
    let remove =
        |phase: &str, key: &str| json!({"op": "remove_item", "phaseKey": phase, "itemKey": key});
    let add =
        |phase: &str, card: Value| json!({"op": "add_item", "phaseKey": phase, "rateCard": card});
    edit(
        rest,
        path,
        json!([remove("p1", "a"), add("p1", flat("a", "20"))]),
    )
    .await
    .expect(200);
    let expected = [("2024-01-01", "10"), ("2024-01-10", "20")];
    assert_eq!(versions(rest, path, 0, "a").await, dated(&expected));
    edit(
        rest,
        path,
        json!([remove("p2", "a"), add("p2", flat("a", "7"))]),
    )
    .await
    .expect(200);
    assert_eq!(
        versions(rest, path, 1, "a").await,
        dated(&[("2024-02-01", "7")])
    );
    let mut weekly = flat("w", "1");
    weekly["billingCadence"] = json!("P1W");
    let refused = edit(rest, path, json!([add("p1", weekly)]))
        .await
        .expect(400);
    let issue = &refused["extensions"]["validationErrors"][0];
    assert_eq!(
        (&issue["code"], &issue["severity"]),
        (
            &json!("rate_card_billing_cadence_unaligned"),
            &json!("warning")
        )
    );
    rest.post("/api/v1/features", json!({"key": "sso", "name": "SSO"}))
        .await
        .expect(201);
    let mut prior = flat("sso", "1");
    prior["featureKey"] = json!("sso");
    prior["entitlementTemplate"] = json!({"type": "metered", "issueAfterResetPriority": 5});
    let refused = edit(rest, path, json!([add("p3", prior)]))
        .await
        .expect(400);
    assert_eq!(
        refused["extensions"]["validationErrors"][0]["field"],
        "$.phases[?(@.key=='p3')].items.sso.entitlementTemplate.issueAfterReset"
    );
    for (operations, status, phrase) in [
        (json!([add("px", flat("a", "1"))]), 400, "not found"),
        (json!([remove("p1", "none")]), 400, "not found"),
        (json!([add("p3", flat("a", "1"))]), 403, ""),
        (
            json!([add("p1", flat("n", &"1".repeat(29)))]),
            400,
            "customizations[0].rateCard.price.amount",
        ),
    ] {
        let detail = edit(rest, path, operations).await.problem(status);
        assert!(detail.contains(phrase), "{detail}");
    }
    let timed =
        |timing: &str| json!({"customizations": [add("p1", flat("t", "1"))], "timing": timing});
    let custom = rest
        .patch(path, timed("2024-01-15T00:00:00Z"))
        .await
        .problem(400);
    assert!(
        custom.contains("cannot edit running subscription with custom timing"),
        "{custom}"
    );
    let next = rest
        .patch(path, timed("next_billing_cycle"))
        .await
        .problem(400);
    assert!(next.contains("falls into a different phase"), "{next}");
    freeze(&world.client(), "2024-02-15T00:00:00Z").await;
    edit(rest, path, json!([add("p1", flat("t", "1"))]))
        .await
        .problem(403);
    // What is scheduled can be taken back, and stands in the way until then.
    let scheduled = json!({"customizations": [remove("p2", "a")], "timing": "next_billing_cycle"});
    rest.patch(path, scheduled).await.expect(200);
    let overlap = edit(rest, path, json!([add("p2", flat("a", "1"))]))
        .await
        .problem(403);
    assert!(
        overlap.contains("would overlap with a current item"),
        "{overlap}"
    );
    edit(rest, path, json!([{"op": "unschedule_edit"}]))
        .await
        .expect(200);
    let shown = rest.get(path).await.expect(200);
    let ends = &shown["phases"][1]["itemTimelines"]["a"][0]["activeTo"];
    assert_eq!(ends, "2024-04-01T00:00:00Z");
    world.stop().await;
}

#[tokio::test]
async fn add_ons_merge_into_the_items_of_their_time() {
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
    let addon = async |key: &str, card: Value| {
        let body = json!({
            "key": key, "name": key, "currency": "USD", "instanceType": "multiple", "rateCards": [card],
        });
        let made = rest.post("/api/v1/addons", body).await.expect(201);
        let path = format!("/api/v1/addons/{}/publish", id(&made));
        rest.post(&path, Value::Null).await.expect(200);
        id(&made).to_owned()
    };
    let seats = addon("more_seats", metered("5", 50)).await;
    let support = addon("support", flat("support", "3")).await;
    let unlinked = addon("unlinked", flat("x", "3")).await;
    let body = json!({
        "key": "pro", "name": "pro", "currency": "USD", "billingCadence": "P1M",
        "phases": [phase("p1", Value::Null, vec![metered("10", 100)])],
    });
    let plan = rest.post("/api/v1/plans", body).await.expect(201);
    let plan = format!("/api/v1/plans/{}", id(&plan));
    for addon in [&seats, &support] {
        let body = json!({"addonId": addon, "fromPlanPhase": "p1", "maxQuantity": 5});
        rest.post(&format!("{plan}/addons"), body).await.expect(201);
    }
    rest.post(&format!("{plan}/publish"), Value::Null)
        .await
        .expect(200);
    let path = &subscribe(rest, "acme").await;
    let addons = &format!("{path}/addons");
    let buy = |addon: &str, quantity: Value| json!({"name": "n", "addon": {"id": addon}, "quantity": quantity, "timing": "immediate"});
    freeze(&world.client(), "2024-01-10T00:00:00Z").await;
    for (body, status, phrase) in [
        (buy(&seats, json!(0)), 400, "quantity"),
        (buy(&seats, json!(-1)), 400, "quantity"),
        (buy(&seats, json!("1")), 400, "quantity"),
        (buy(&seats, json!(1.5)), 400, "quantity"),
        (buy(&seats, json!(99_999_999_999_i64)), 400, "quantity"),
        (
            buy(&seats, json!(6)),
            400,
            "can be added a maximum of 5 times",
        ),
        (buy(&unlinked, json!(1)), 400, "is not linked to the plan"),
        (buy("01J0000000000000000000000Z", json!(1)), 404, ""),
        (
            json!({"name": "n", "addon": {"id": seats}, "quantity": 1}),
            400,
            "timing",
        ),
    ] {
        let detail = rest.post(addons, body).await.problem(status);
        assert!(detail.contains(phrase), "{detail}");
    }
    assert_eq!(rest.get(addons).await.expect(200), json!([]));

    let bought = rest.post(addons, buy(&seats, json!(3))).await.expect(201);
    assert_eq!(
        (&bought["quantity"], &bought["name"]),
        (&json!(3), &json!("more_seats"))
    );
    assert_eq!(
        bought["timeline"],
        json!([{"activeFrom": "2024-01-10T00:00:00Z", "quantity": 3}])
    );
    assert_eq!(
        versions(rest, path, 0, "seats").await,
        dated(&[("2024-01-01", "10"), ("2024-01-10", "25")])
    );
    let shown = rest.get(path).await.expect(200);
    let merged = &shown["phases"][0]["itemTimelines"]["seats"][1];
    assert_eq!(
        merged["included"]["entitlement"]["issueAfterReset"],
        json!(250)
    );
    assert_eq!(
        bought["rateCards"][0]["affectedSubscriptionItemIds"],
        json!([merged["id"]])
    );
    let edited = edit(rest, path, json!([{"op": "unschedule_edit"}]))
        .await
        .problem(403);
    assert!(
        edited.contains("subscription with addons cannot be edited"),
        "{edited}"
    );

    freeze(&world.client(), "2024-01-20T00:00:00Z").await;
    let one = &format!("{addons}/{}", id(&bought));
    rest.patch(one, json!({"quantity": 1})).await.problem(400);
    rest.patch(one, json!({"timing": "immediate"}))
        .await
        .problem(400);
    let change = json!({"quantity": 1, "timing": "immediate"});
    rest.patch(one, change).await.expect(200);
    // Buying it again is a change of the quantity.
    freeze(&world.client(), "2024-01-25T00:00:00Z").await;
    let none = rest.post(addons, buy(&seats, json!(0))).await.expect(201);
    assert_eq!(
        (
            &none["quantity"],
            none["timeline"].as_array().unwrap().len()
        ),
        (&json!(0), 3)
    );
    let expected = [
        ("2024-01-01", "10"),
        ("2024-01-10", "25"),
        ("2024-01-20", "15"),
        ("2024-01-25", "10"),
    ];
    assert_eq!(versions(rest, path, 0, "seats").await, dated(&expected));
    edit(rest, path, json!([{"op": "unschedule_edit"}]))
        .await
        .problem(403);

    rest.post(addons, buy(&support, json!(1))).await.expect(201);
    assert_eq!(
        versions(rest, path, 0, "support").await,
        dated(&[("2024-01-25", "3")])
    );
    assert_eq!(
        rest.get(addons).await.expect(200).as_array().unwrap().len(),
        2
    );
    rest.get(&format!("{addons}/01J0000000000000000000000Z"))
        .await
        .problem(404);
    rest.post(&format!("{path}/cancel"), json!({"timing": "immediate"}))
        .await
        .expect(200);
    rest.post(addons, buy(&seats, json!(1))).await.problem(400);
    world.stop().await;
}
