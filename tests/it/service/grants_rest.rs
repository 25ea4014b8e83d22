//! Grants, balances and their history through the OpenMeter dialect: the worked scenarios of
//! its documentation, and what hostile clients send.

use serde_json::{Value, json};

use super::entitlement_scene::*;

#[tokio::test]
async fn grants_burn_in_their_order() {
    let scene = Scene::new().await;
    let (one, two, three) = (
        "2026-03-01T01:00:00Z",
        "2026-03-01T02:00:00Z",
        "2026-03-01T03:00:00Z",
    );
    // E1, E2
    scene.metered("e1", "f", json!({})).await;
    scene.grant("e1", "f", 100, START, json!({})).await;
    scene.metered("e2", "f", json!({})).await;
    for customer in ["e1", "e2"] {
        scene.usage(customer, 50, one).await;
    }
    assert_eq!(scene.value("e1", "f", two).await, [50, 50, 0]);
    assert_eq!(scene.value("e2", "f", two).await, [0, 50, 50]);
    // E3, E4: the lower priority first, then the earlier expiration.
    for (customer, first, second) in [
        ("e3", json!({"priority": 1}), json!({"priority": 2})),
        (
            "e4",
            json!({"expiration": {"duration": "DAY", "count": 30}}),
            json!({"expiration": {"duration": "YEAR", "count": 100}}),
        ),
    ] {
        scene.metered(customer, "f", json!({})).await;
        let later = scene.grant(customer, "f", 100, START, second).await;
        let first = scene.grant(customer, "f", 100, START, first).await;
        scene.usage(customer, 120, one).await;
        let history = scene
            .history(customer, "f", &format!("windowSize=DAY&to={two}"))
            .await;
        let left = &history["burndownHistory"][0]["grantBalancesAtEnd"];
        assert_eq!(left[first["id"].as_str().unwrap()], 0, "{customer}");
        assert_eq!(left[later["id"].as_str().unwrap()], 80, "{customer}");
    }
    // E5: what was missing is charged to a later grant.
    scene.metered("e5", "f", json!({})).await;
    scene.usage("e5", 25, "2026-03-01T00:30:00Z").await;
    scene.grant("e5", "f", 100, one, json!({})).await;
    scene.usage("e5", 25, two).await;
    assert_eq!(scene.value("e5", "f", three).await, [50, 50, 0]);
    // E6: refilled, not added up.
    scene.metered("e6", "f", json!({})).await;
    scene
        .grant(
            "e6",
            "f",
            100,
            START,
            json!({"recurrence": {"interval": "DAY"}}),
        )
        .await;
    scene.usage("e6", 120, "2026-03-01T00:30:00Z").await;
    assert_eq!(
        scene.value("e6", "f", "2026-03-02T01:00:00Z").await,
        [80, 120, 0]
    );
    // E16: amounts limit the latest value, they are no budget.
    scene.metered("e16", "latest", json!({})).await;
    scene
        .grant(
            "e16",
            "latest",
            50,
            START,
            json!({"expiration": {"duration": "HOUR", "count": 1}}),
        )
        .await;
    scene.grant("e16", "latest", 100, START, json!({})).await;
    scene.grant("e16", "latest", 75, one, json!({})).await;
    for (value, time) in [(15, START), (30, one), (10, two)] {
        scene.usage("e16", value, time).await;
    }
    assert_eq!(scene.value("e16", "latest", three).await[0], 165);
    // Values seen before in the period are not charged again.
    scene.metered("unique", "unique", json!({})).await;
    scene.grant("unique", "unique", 10, START, json!({})).await;
    scene.grant("unique", "unique", 5, two, json!({})).await;
    for (value, time) in [(1, START), (2, one), (1, two), (3, "2026-03-01T02:30:00Z")] {
        scene.usage("unique", value, time).await;
    }
    assert_eq!(scene.value("unique", "unique", three).await, [12, 3, 0]);
    scene.world.stop().await;
}

#[tokio::test]
async fn periods_hand_over_what_their_grants_allow() {
    let scene = Scene::new().await;
    let roll = |min: i64, max: i64, priority: i64| json!({"minRolloverAmount": min, "maxRolloverAmount": max, "priority": priority});
    for (customer, preserve, grants, used, expected) in [
        ("e8", false, vec![(100, roll(0, 50, 1))], 10, [50, 0, 0]),
        ("e9", true, vec![(100, roll(50, 50, 1))], 110, [40, 0, 0]),
        (
            "e10",
            false,
            vec![(1000, roll(0, 1000, 1)), (1000, roll(0, 100, 2))],
            600,
            [500, 0, 0],
        ),
        (
            "e11",
            true,
            vec![(1000, roll(0, 1000, 1)), (1000, roll(500, 500, 2))],
            2100,
            [400, 0, 0],
        ),
        (
            "e11b",
            true,
            vec![(1000, roll(0, 1000, 1)), (1000, roll(500, 500, 2))],
            2600,
            [0, 0, 100],
        ),
    ] {
        scene
            .metered(customer, "f", json!({"preserveOverageAtReset": preserve}))
            .await;
        for (amount, further) in grants {
            scene.grant(customer, "f", amount, START, further).await;
        }
        scene.usage(customer, used, "2026-03-01T01:00:00Z").await;
        assert_eq!(
            scene.value(customer, "f", NEXT_PERIOD).await,
            expected,
            "{customer}"
        );
    }
    // E12
    scene.metered("e12", "f", json!({})).await;
    scene.grant("e12", "f", 1000, START, json!({})).await;
    for time in [
        "2026-03-01T01:00:00Z",
        "2026-04-01T01:00:00Z",
        "2026-04-03T01:00:00Z",
    ] {
        scene.usage("e12", 200, time).await;
    }
    scene
        .grant("e12", "f", 1000, "2026-04-02T00:00:00Z", json!({}))
        .await;
    assert_eq!(
        scene.value("e12", "f", "2026-04-04T00:00:00Z").await,
        [1400, 400, 0]
    );
    // E13, E14: at the very instant of the reset.
    scene.metered("e13", "f", json!({})).await;
    scene.grant("e13", "f", 1000, START, roll(0, 0, 1)).await;
    scene
        .grant("e13", "f", 1000, "2026-04-01T00:00:00Z", json!({}))
        .await;
    assert_eq!(
        scene.value("e13", "f", "2026-04-01T00:01:00Z").await[0],
        1000
    );
    scene.metered("e14", "f", json!({})).await;
    scene
        .grant(
            "e14",
            "f",
            1000,
            START,
            json!({"expiration": {"duration": "DAY", "count": 31}}),
        )
        .await;
    assert_eq!(
        scene.value("e14", "f", "2026-03-31T23:58:00Z").await[0],
        1000
    );
    assert_eq!(scene.value("e14", "f", "2026-04-01T00:00:00Z").await[0], 0);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_voided_grant_keeps_what_it_paid() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene
        .metered("c", "f", json!({"issue": {"amount": 500}}))
        .await;
    let further = json!({"priority": 1, "expiration": {"duration": "WEEK", "count": 1}});
    let grant = scene.grant("c", "f", 10_000, START, further).await;
    scene.metered("e7", "f", json!({})).await;
    let other = scene.grant("e7", "f", 100, START, json!({})).await;
    scene.usage("c", 10, "2026-03-01T00:10:00Z").await;
    scene.usage("c", 12, "2026-03-01T02:00:00Z").await;
    scene.usage("e7", 50, "2026-03-01T00:30:00Z").await;
    scene.usage("e7", 50, "2026-03-01T01:30:00Z").await;
    scene.advance("PT1H").await;
    let void = format!("/api/v1/grants/{}", grant["id"].as_str().unwrap());
    for (at, why) in [
        (
            "2026-03-02T00:00:00Z",
            "grant cannot be voided in the future",
        ),
        (
            "2026-02-01T00:00:00Z",
            "grant cannot be voided before the current usage period",
        ),
        ("noon", "must be an RFC 3339 time"),
    ] {
        let detail = rest.delete(&format!("{void}?at={at}")).await.problem(400);
        assert!(detail.contains(why), "{detail}");
    }
    rest.delete(&void).await.expect(204);
    let detail = rest.delete(&void).await.problem(400);
    assert!(detail.contains("is voided already"), "{detail}");
    rest.delete("/api/v1/grants/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .await
        .problem(404);
    assert_eq!(
        scene.value("c", "f", "2026-03-01T03:00:00Z").await,
        [488, 22, 0]
    );
    let listed = rest
        .get(&format!("{}/grants", path("c", "f")))
        .await
        .expect(200);
    assert_eq!(listed["totalCount"], 2);
    let voided: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant.get("voidedAt").is_some())
        .collect();
    assert_eq!(
        (voided.len(), &voided[0]["voidedAt"]),
        (1, &json!("2026-03-01T01:00:00Z"))
    );
    // E7
    let void = format!("/api/v1/grants/{}", other["id"].as_str().unwrap());
    rest.delete(&void).await.expect(204);
    assert_eq!(
        scene.value("e7", "f", "2026-03-01T02:00:00Z").await,
        [0, 100, 50]
    );
    let history = scene
        .history("e7", "f", "windowSize=HOUR&to=2026-03-01T02:00:00Z")
        .await;
    assert_eq!(
        columns(
            &history["burndownHistory"],
            ["usage", "balanceAtStart", "overage"]
        ),
        [[50, 100, 0], [50, 0, 50]].map(|row| row.map(Value::from))
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn history_shows_windows_and_burned_segments() {
    let scene = Scene::new().await;
    scene.metered("c", "f", json!({})).await;
    let mut grants = Vec::new();
    for from in [START, "2026-03-01T03:00:00Z", "2026-03-01T05:30:00Z"] {
        let grant = scene.grant("c", "f", 10_000, from, json!({})).await;
        grants.push(grant["id"].as_str().unwrap().to_owned());
    }
    for (value, time) in [
        (100, "00:01:00"),
        (100, "02:01:00"),
        (100, "03:01:00"),
        (100, "05:01:00"),
        (1100, "08:01:00"),
        (100, "11:59:59"),
    ] {
        scene
            .usage("c", value, &format!("2026-03-01T{time}Z"))
            .await;
    }
    let balances = [
        10_000, 9900, 9900, 19_800, 19_700, 19_700, 29_600, 29_600, 29_600, 28_500, 28_500, 28_500,
    ];
    let usages = [100, 0, 100, 100, 0, 100, 0, 0, 1100, 0, 0, 100];
    let expected: Vec<[Value; 2]> = balances
        .into_iter()
        .zip(usages)
        .map(|(balance, usage)| [json!(balance), json!(usage)])
        .collect();
    for (bounds, skipped) in [
        ("from=2026-03-01T00:00:00Z&to=2026-03-01T12:00:00Z", 0),
        ("from=2026-03-01T00:00:02Z&to=2026-03-01T11:59:58Z", 0),
        ("from=2026-03-01T01:00:00Z&to=2026-03-01T12:00:00Z", 1),
    ] {
        let history = scene
            .history("c", "f", &format!("windowSize=HOUR&{bounds}"))
            .await;
        assert_eq!(
            columns(&history["windowedHistory"], ["balanceAtStart", "usage"]),
            expected[skipped..],
            "{bounds}"
        );
        if skipped == 0 {
            assert_eq!(
                columns(
                    &history["burndownHistory"],
                    ["balanceAtStart", "balanceAtEnd", "usage"]
                ),
                [
                    [10_000, 9800, 200],
                    [19_800, 19_600, 200],
                    [29_600, 28_400, 1200]
                ]
                .map(|row| row.map(Value::from))
            );
            // Every grant is told of, and what was taken from it only where there was something.
            assert_eq!(
                history["burndownHistory"][0],
                json!({
                    "period": {"from": START, "to": "2026-03-01T03:00:00Z"}, "usage": 200, "overage": 0,
                    "balanceAtStart": 10_000, "balanceAtEnd": 9800,
                    "grantBalancesAtStart": {&grants[0]: 10_000, &grants[1]: 0, &grants[2]: 0},
                    "grantBalancesAtEnd": {&grants[0]: 9800, &grants[1]: 0, &grants[2]: 0},
                    "grantUsages": [{"grantId": grants[0], "usage": 200}],
                })
            );
        }
    }
    for query in [
        "",
        "windowSize=day",
        "windowSize=DAY&windowSize=HOUR",
        "windowSize=DAY&windowTimeZone=Mars",
        "windowSize=DAY&from=2020-01-01T00:00:00Z",
        "windowSize=MINUTE&to=2126-01-01T00:00:00Z",
    ] {
        scene
            .rest
            .get(&format!("{}/history?{query}", path("c", "f")))
            .await
            .problem(400);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn history_shows_a_reset_from_the_next_window_on() {
    let scene = Scene::new().await;
    scene.metered("c", "f", json!({})).await;
    scene
        .grant("c", "f", 10_000, START, json!({"maxRolloverAmount": 0}))
        .await;
    for (value, time) in [
        (100, "2026-03-01T01:00:00Z"),
        (500, "2026-03-01T11:00:00Z"),
        (300, "2026-03-01T18:00:00Z"),
        (1100, "2026-03-02T01:00:00Z"),
    ] {
        scene.usage("c", value, time).await;
    }
    scene.advance("PT12H").await;
    scene
        .rest
        .post(&format!("{}/reset", path("c", "f")), json!({}))
        .await
        .expect(204);
    scene
        .grant("c", "f", 7000, "2026-03-01T12:00:00Z", json!({}))
        .await;
    scene.advance("PT36H").await;
    let history = scene
        .history(
            "c",
            "f",
            "windowSize=DAY&from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z",
        )
        .await;
    assert_eq!(
        columns(&history["windowedHistory"], ["usage", "balanceAtStart"]),
        [[900, 10_000], [1100, 6700]].map(|row| row.map(Value::from))
    );
    assert_eq!(history["burndownHistory"].as_array().unwrap().len(), 2);
    scene.world.stop().await;
}

#[tokio::test]
async fn late_events_reach_over_a_programmatic_reset() {
    let scene = Scene::new().await;
    let hourly = json!({"usagePeriod": {"interval": "PT1H", "anchor": START}});
    scene.metered("c", "f", hourly).await;
    scene
        .grant("c", "f", 1000, START, json!({"maxRolloverAmount": 1000}))
        .await;
    scene.usage("c", 200, "2026-03-01T00:05:00Z").await;
    scene.advance("PT1H40M").await;
    let now = "2026-03-01T01:40:00Z";
    assert_eq!(scene.value("c", "f", now).await, [800, 0, 0]);
    scene.usage("c", 100, "2026-03-01T00:10:00Z").await;
    assert_eq!(scene.value("c", "f", now).await, [700, 0, 0]);
    scene.world.stop().await;
}

#[tokio::test]
async fn grants_that_make_no_sense_are_refused_and_not_written() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("c", "f", json!({})).await;
    let grants = format!("{}/grants", path("c", "f"));
    let refused = rest
        .post(&grants, json!({"amount": 0, "effectiveAt": START}))
        .await
        .expect(400);
    assert_eq!(
        refused["extensions"]["validationErrors"],
        json!([{
            "code": "grant_amount_must_be_positive", "field": "$.amount",
            "message": "amount must be positive", "severity": "critical", "amount": 0,
        }])
    );
    let with = |name: &str, value: Value| {
        let mut body = json!({"amount": 1, "effectiveAt": START});
        body[name] = value;
        body
    };
    for (body, named) in [
        (with("amount", json!(-1)), "amount"),
        (with("amount", json!("1")), "amount"),
        (
            with(
                "amount",
                serde_json::from_str("99999999999999999999999999999").unwrap(),
            ),
            "amount",
        ),
        (with("effectiveAt", json!("noon")), "effectiveAt"),
        (
            with("effectiveAt", json!("2025-01-01T00:00:00Z")),
            "effectiveAt",
        ),
        (with("priority", json!(0)), "priority"),
        (with("priority", json!(256)), "priority"),
        (with("priority", json!(1.5)), "priority"),
        (
            with("expiration", json!({"duration": "MINUTE", "count": 1})),
            "expiration",
        ),
        (
            with("expiration", json!({"duration": "DAY", "count": 1001})),
            "expiration",
        ),
        (with("minRolloverAmount", json!(-1)), "minRolloverAmount"),
        (with("recurrence", json!({"interval": "PT1M"})), "interval"),
        (with("recurrence", json!({})), "interval"),
    ] {
        let detail = rest.post(&grants, body.clone()).await.problem(400);
        assert!(detail.contains(named), "{body}: {detail}");
    }
    assert_eq!(rest.get(&grants).await.expect(200)["totalCount"], 0);
    rest.post(
        &list_path("c"),
        json!({"type": "boolean", "featureKey": "plain"}),
    )
    .await
    .expect(201);
    let on_boolean = format!("{}/grants", path("c", "plain"));
    rest.post(&on_boolean, json!({"amount": 1, "effectiveAt": START}))
        .await
        .problem(400);
    for query in [
        "page=0",
        "pageSize=1001",
        "order=asc",
        "orderBy=size",
        "includeDeleted=maybe",
    ] {
        rest.get(&format!("/api/v2/grants?{query}"))
            .await
            .problem(400);
        rest.get(&format!("/api/v1/grants?{query}"))
            .await
            .problem(400);
    }
    rest.get("/api/v2/grants?customer=nope").await.problem(404);
    assert_eq!(
        rest.get("/api/v1/grants?orderBy=id").await.expect(200),
        json!([])
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn sums_too_large_for_an_answer_are_a_400() {
    let scene = Scene::new().await;
    scene.metered("c", "f", json!({})).await;
    let most = 999_999_999_999_999_999_i64;
    scene.grant("c", "f", most, START, json!({})).await;
    let grants = format!("{}/grants", path("c", "f"));
    let detail = scene
        .rest
        .post(&grants, json!({"amount": 1, "effectiveAt": START}))
        .await
        .problem(400);
    assert!(detail.contains("grants"), "{detail}");
    assert_eq!(scene.rest.get(&grants).await.expect(200)["totalCount"], 1);
    let value = format!("{}/value", path("c", "f"));
    assert_eq!(scene.rest.get(&value).await.expect(200)["balance"], most);
    // Usage is counted whatever it comes to; only its answer is refused.
    for _ in 0..2 {
        scene.usage("c", most, START).await;
    }
    scene.rest.get(&value).await.problem(400);
    for list in ["entitlements", "grants", "features"] {
        let far = format!("/api/v1/{list}?offset=2147483647&limit=1");
        assert_eq!(scene.rest.get(&far).await.expect(200), json!([]), "{list}");
    }
    scene.world.stop().await;
}
