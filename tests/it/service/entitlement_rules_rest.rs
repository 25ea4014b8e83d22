//! Rules of entitlements, grants and values at their REST surface: defaults, what v1 and v2 do differently,
//! who is asked about, and what is refused.

use serde_json::{Value, json};

use super::entitlement_scene::{NEXT_PERIOD, START, Scene, list_path, path};

const V1: &str = "/api/v1/subjects";

fn of_subject(subject: &str, further: &str) -> String {
    format!("{V1}/{subject}/entitlements{further}")
}

#[tokio::test]
async fn v1_and_v2_show_the_same_entitlement_each_in_its_shape() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let made = rest
        .post(
            &of_subject("c", ""),
            json!({
                "type": "metered", "featureKey": "f", "isUnlimited": true, "isSoftLimit": true,
                "issueAfterReset": 10, "issueAfterResetPriority": 3, "metadata": {"a": "b"},
                "usagePeriod": {"interval": "P1M", "anchor": START},
            }),
        )
        .await
        .expect(201);
    assert_eq!(made["subjectKey"], "c");
    assert_eq!(made["isUnlimited"], false);
    assert_eq!(
        (&made["issueAfterReset"], &made["issueAfterResetPriority"]),
        (&json!(10), &json!(3))
    );
    assert_eq!(made.get("issue"), None);
    assert_eq!(made.get("customerId"), None);
    assert_eq!(made["measureUsageFrom"], START);
    assert_eq!(made["lastReset"], START);
    assert_eq!(made["metadata"], json!({"a": "b"}));
    let id = made["id"].as_str().unwrap();
    let v2 = rest.get(&path("c", id)).await.expect(200);
    assert_eq!(v2["customerKey"], "c");
    assert_eq!(v2["issue"], json!({"amount": 10, "priority": 3}));
    assert_eq!(v2.get("isUnlimited"), None);
    assert_eq!(v2.get("subjectKey"), None);
    // v1 does not cross-check the subject, v2 takes the feature key too.
    scene.customer("other").await;
    let crossed = of_subject("other", &format!("/{id}"));
    assert_eq!(rest.get(&crossed).await.expect(200)["id"], made["id"]);
    rest.get(&path("other", id)).await.problem(404);
    assert_eq!(
        rest.get(&path("c", "f")).await.expect(200)["id"],
        made["id"]
    );
    let grants = rest.get(&of_subject("c", "/f/grants")).await.expect(200);
    let grant = &grants.as_array().unwrap()[0];
    assert_eq!(
        (&grant["amount"], &grant["priority"]),
        (&json!(10), &json!(3))
    );
    assert_eq!(grant["annotations"], json!({"issueAfterReset": true}));
    assert_eq!(
        (&grant["minRolloverAmount"], &grant["maxRolloverAmount"]),
        (&json!(10), &json!(10))
    );
    // v1 shows an expiration where there is none.
    assert_eq!(
        grant["expiration"],
        json!({"duration": "YEAR", "count": 100})
    );
    let grants = rest
        .get(&format!("{}/grants", path("c", "f")))
        .await
        .expect(200);
    assert_eq!(grants["totalCount"], 1);
    assert_eq!(grants["items"][0].get("expiration"), None);
    scene.world.stop().await;
}

#[tokio::test]
async fn v1_grants_need_an_expiration_and_roll_nothing_over() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("c", "f", json!({})).await;
    let grants = of_subject("c", "/f/grants");
    let detail = rest
        .post(&grants, json!({"amount": 100, "effectiveAt": START}))
        .await
        .problem(400);
    assert!(detail.contains("expiration"), "{detail}");
    assert_eq!(rest.get(&grants).await.expect(200), json!([]));
    let made = rest
        .post(
            &grants,
            json!({
                "amount": 100, "effectiveAt": START, "expiration": {"duration": "YEAR", "count": 1},
                "recurrence": {"interval": "DAY", "anchor": "2026-02-27T12:00:30Z"},
            }),
        )
        .await
        .expect(201);
    assert_eq!(made["maxRolloverAmount"], 0);
    assert_eq!(made["expiresAt"], "2027-03-01T00:00:00Z");
    assert_eq!(
        made["recurrence"],
        json!({"interval": "DAY", "intervalISO": "P1D", "anchor": "2026-02-27T12:00:00Z"})
    );
    assert_eq!(made["nextRecurrence"], "2026-03-01T12:00:00Z");
    scene.world.stop().await;
}

#[tokio::test]
async fn rollover_defaults_decide_what_a_reset_leaves() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("one", "f", json!({})).await;
    scene.metered("two", "f", json!({})).await;
    let year = json!({"amount": 100, "effectiveAt": START, "expiration": {"duration": "YEAR", "count": 1}});
    rest.post(&of_subject("one", "/f/grants"), year)
        .await
        .expect(201);
    scene.grant("two", "f", 100, START, json!({})).await;
    scene.advance("PT1M").await;
    for (customer, left) in [("one", 0), ("two", 100)] {
        let reset = format!("{}/reset", path(customer, "f"));
        rest.post(&reset, json!({})).await.expect(204);
        let [balance, ..] = scene.value(customer, "f", "2026-03-01T00:01:00Z").await;
        assert_eq!(balance, left, "{customer}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_feature_is_named_by_id_or_key_and_the_id_wins() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let feature = rest.get("/api/v1/features/plain").await.expect(200);
    let body = json!({"type": "boolean", "featureId": feature["id"], "featureKey": "f"});
    let made = rest.post(&list_path("c"), body.clone()).await.expect(201);
    assert_eq!(made["featureKey"], "plain");
    rest.delete(&path("c", "plain")).await.expect(204);
    // Archived, it is there for nobody new.
    rest.delete("/api/v1/features/plain").await.expect(204);
    for body in [body, json!({"type": "boolean", "featureKey": "plain"})] {
        let detail = rest.post(&list_path("c"), body).await.problem(404);
        assert!(detail.contains("feature"), "{detail}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn static_configuration_is_kept_to_the_letter() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let config = "{\"b\" : 1.50,  \"a\":[\"\\u00e4\"]}";
    let body = json!({
        "type": "static", "featureKey": "plain", "config": config,
        "usagePeriod": {"interval": "WEEK", "anchor": "2026-02-26T10:00:00Z"},
    });
    let made = rest.post(&list_path("c"), body).await.expect(201);
    assert_eq!(made["config"], config);
    assert_eq!(
        made["currentUsagePeriod"],
        json!({"from": "2026-02-26T10:00:00Z", "to": "2026-03-05T10:00:00Z"})
    );
    let value = rest
        .get(&format!("{}/value", path("c", "plain")))
        .await
        .expect(200);
    assert_eq!(value, json!({"hasAccess": true, "config": config}));
    for (path, body) in [
        ("grants", json!({"amount": 1, "effectiveAt": START})),
        ("reset", json!({})),
    ] {
        let detail = rest
            .post(
                &format!("{}/{path}", super::entitlement_scene::path("c", "plain")),
                body,
            )
            .await
            .problem(400);
        assert!(
            detail.contains("expected entitlement type metered but got static"),
            "{detail}"
        );
    }
    rest.get(&format!("{}/history?windowSize=DAY", path("c", "plain")))
        .await
        .problem(400);
    scene.world.stop().await;
}

#[tokio::test]
async fn measuring_and_periods_start_as_asked() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.advance("P14DT10H20M30S").await;
    for (number, (asked, expected)) in [
        (json!("CURRENT_PERIOD_START"), "2026-03-01T00:00:00Z"),
        (json!("NOW"), "2026-03-15T10:20:00Z"),
        (json!("2026-02-03T04:05:06Z"), "2026-02-03T04:05:00Z"),
        (json!("2026-04-03T04:05:06Z"), "2026-04-03T04:05:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let customer = format!("c{number}");
        let made = scene
            .metered(&customer, "f", json!({"measureUsageFrom": asked}))
            .await;
        assert_eq!(made["measureUsageFrom"], expected);
        assert_eq!(made["lastReset"], expected);
        assert_eq!(made["usagePeriod"]["anchor"], START);
    }
    for (number, (interval, word, iso)) in [
        ("DAY", "DAY", "P1D"),
        ("P1D", "DAY", "P1D"),
        ("P3M", "P3M", "P3M"),
        ("PT1H", "PT1H", "PT1H"),
        ("P1Y", "YEAR", "P1Y"),
    ]
    .into_iter()
    .enumerate()
    {
        let customer = format!("i{number}");
        let period = json!({"usagePeriod": {"interval": interval, "anchor": START}});
        let made = scene.metered(&customer, "f", period).await;
        assert_eq!(
            made["usagePeriod"],
            json!({"anchor": START, "interval": word, "intervalISO": iso})
        );
    }
    // Without an anchor it is now.
    let made = scene
        .metered("a", "f", json!({"usagePeriod": {"interval": "MONTH"}}))
        .await;
    assert_eq!(made["usagePeriod"]["anchor"], "2026-03-15T10:20:00Z");
    rest.get("/api/v2/entitlements").await.expect(200);
    scene.world.stop().await;
}

#[tokio::test]
async fn grants_and_an_issue_amount_exclude_each_other() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let body = |name: &str, value: Value| {
        let mut body = json!({
            "type": "metered", "featureKey": "f", "usagePeriod": {"interval": "MONTH", "anchor": START},
            "grants": [{"amount": 5, "effectiveAt": START}],
        });
        body[name] = value;
        body
    };
    for (name, value) in [
        ("issueAfterReset", json!(5)),
        ("issue", json!({"amount": 5})),
    ] {
        let detail = rest
            .post(&list_path("c"), body(name, value))
            .await
            .problem(400);
        assert!(detail.contains("grants"), "{detail}");
    }
    let listed = rest.get("/api/v2/entitlements").await.expect(200);
    assert_eq!(listed["totalCount"], 0);
    rest.post(&list_path("c"), body("issueAfterReset", json!(0)))
        .await
        .expect(201);
    assert_eq!(scene.value("c", "f", START).await[0], 5);
    scene.world.stop().await;
}

#[tokio::test]
async fn who_is_missing_is_404_and_who_is_deleted_412() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("gone").await;
    let gone = rest.get("/api/v1/customers/gone").await.expect(200);
    let gone = gone["id"].as_str().unwrap().to_owned();
    rest.delete("/api/v1/customers/gone").await.expect(204);
    let body = json!({"type": "boolean", "featureKey": "plain"});
    for (customer, status) in [("nobody", 404), (gone.as_str(), 412)] {
        rest.post(&list_path(customer), body.clone())
            .await
            .problem(status);
        for further in ["plain/value", "plain", ""] {
            rest.get(path(customer, further).trim_end_matches('/'))
                .await
                .problem(status);
        }
        rest.get(&format!("/api/v1/customers/{customer}/access"))
            .await
            .problem(status);
        rest.get(&format!(
            "/api/v1/customers/{customer}/entitlements/plain/value"
        ))
        .await
        .problem(status);
    }
    // A subject of nobody, and one that is deleted, which only its id still names.
    rest.post("/api/v1/subjects", json!([{"key": "stray"}]))
        .await
        .expect(200);
    scene.customer("held").await;
    rest.post(&list_path("held"), body.clone())
        .await
        .expect(201);
    let held = rest.get("/api/v1/subjects/held").await.expect(200);
    rest.delete("/api/v1/subjects/held").await.expect(204);
    for (subject, status) in [
        ("stray", 404),
        ("held", 404),
        (held["id"].as_str().unwrap(), 412),
    ] {
        rest.post(&of_subject(subject, ""), body.clone())
            .await
            .problem(status);
        for further in ["", "/plain/value"] {
            rest.get(&of_subject(subject, further))
                .await
                .problem(status);
        }
    }
    let detail = rest.delete("/api/v1/customers/held").await.problem(409);
    assert!(detail.contains("still has active entitlements"), "{detail}");
    rest.post(&of_subject("nobody", ""), body)
        .await
        .problem(404);
    rest.get(&of_subject("nobody", "/plain/value"))
        .await
        .problem(404);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_missing_entitlement_is_no_access_for_customers_and_404_for_subjects() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    for key in ["plain", "no_such_feature"] {
        for value in [
            format!("/api/v1/customers/c/entitlements/{key}/value"),
            format!("{}/value", path("c", key)),
        ] {
            assert_eq!(
                rest.get(&value).await.expect(200),
                json!({"hasAccess": false}),
                "{value}"
            );
        }
        rest.get(&of_subject("c", &format!("/{key}/value")))
            .await
            .problem(404);
    }
    assert_eq!(
        rest.get("/api/v1/customers/c/access").await.expect(200),
        json!({"entitlements": {}})
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn lists_filter_by_what_they_name() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let metered = scene.metered("a", "f", json!({})).await;
    scene.customer("b").await;
    let boolean = json!({"type": "boolean", "featureKey": "plain"});
    let old = rest
        .post(&list_path("b"), boolean.clone())
        .await
        .expect(201);
    scene.advance("PT1H").await;
    let new = rest
        .put(&format!("{}/override", path("b", "plain")), boolean)
        .await
        .expect(201);
    let (metered, old, new) = (&metered["id"], &old["id"], &new["id"]);
    let ids = |items: &Value| -> Vec<Value> {
        let items = items.get("items").unwrap_or(items);
        let items = items.as_array().unwrap();
        items.iter().map(|item| item["id"].clone()).collect()
    };
    for (query, expected) in [
        ("", vec![metered, old, new]),
        ("excludeInactive=true", vec![metered, new]),
        ("feature=f", vec![metered]),
        ("feature=f&feature=plain", vec![metered, old, new]),
        ("entitlementType=boolean", vec![old, new]),
        (
            "entitlementType=boolean&entitlementType=metered&excludeInactive=true",
            vec![metered, new],
        ),
        ("order=DESC", vec![new, old, metered]),
    ] {
        for version in ["v1", "v2"] {
            let listed = rest
                .get(&format!("/api/{version}/entitlements?{query}"))
                .await
                .expect(200);
            let expected: Vec<Value> = expected.iter().map(|id| (*id).clone()).collect();
            assert_eq!(ids(&listed), expected, "{version} {query}");
        }
    }
    let of = async |path: &str| ids(&rest.get(path).await.expect(200));
    assert_eq!(
        of("/api/v1/entitlements?subject=a").await,
        std::slice::from_ref(metered)
    );
    assert_eq!(
        of("/api/v2/entitlements?customerKeys=b").await,
        [old.clone(), new.clone()]
    );
    assert_eq!(of(&of_subject("b", "")).await, std::slice::from_ref(new));
    assert_eq!(of(&list_path("b")).await, std::slice::from_ref(new));
    for version in ["v1", "v2"] {
        let detail = rest
            .get(&format!(
                "/api/{version}/entitlements?entitlementType=golden"
            ))
            .await
            .problem(400);
        assert!(detail.contains("entitlement"), "{detail}");
    }
    let paged = rest
        .get("/api/v2/entitlements?page=2&pageSize=2")
        .await
        .expect(200);
    assert_eq!(
        (&paged["totalCount"], &paged["page"], &paged["pageSize"]),
        (&json!(3), &json!(2), &json!(2))
    );
    assert_eq!(ids(&paged), std::slice::from_ref(new));
    // The ended one is read by id and gives nothing.
    let old = old.as_str().unwrap();
    assert!(
        rest.get(&format!("/api/v2/entitlements/{old}"))
            .await
            .expect(200)["activeTo"]
            .is_string()
    );
    assert_eq!(
        rest.get(&format!("{}/value", path("b", old)))
            .await
            .expect(200),
        json!({"hasAccess": false})
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn grant_lists_filter_and_keep_voided_ones() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("a", "f", json!({})).await;
    scene.metered("b", "gpt", json!({})).await;
    let one = scene.grant("a", "f", 1, START, json!({})).await;
    let two = scene.grant("b", "gpt", 2, START, json!({})).await;
    let id = one["id"].as_str().unwrap();
    rest.delete(&format!("/api/v1/grants/{id}"))
        .await
        .expect(204);
    let again = rest.delete(&format!("/api/v1/grants/{id}")).await;
    again.problem(400);
    rest.delete("/api/v1/grants/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .await
        .problem(404);
    let amounts = async |path: &str| -> Vec<Value> {
        let listed = rest.get(path).await.expect(200);
        let items = listed.get("items").unwrap_or(&listed).as_array().unwrap();
        items.iter().map(|item| item["amount"].clone()).collect()
    };
    assert_eq!(amounts("/api/v1/grants").await, [1, 2]);
    assert_eq!(amounts("/api/v1/grants?subject=b").await, [2]);
    assert_eq!(amounts("/api/v2/grants?customer=a").await, [1]);
    assert_eq!(amounts("/api/v2/grants?feature=gpt").await, [2]);
    let all = rest.get("/api/v2/grants").await.expect(200);
    assert_eq!((&all["totalCount"], &all["page"]), (&json!(2), &json!(1)));
    assert!(all["items"][0]["voidedAt"].is_string());
    assert_eq!(all["items"][1]["id"], two["id"]);
    // Those of a deleted entitlement are shown only when asked for.
    rest.delete(&path("b", "gpt")).await.expect(204);
    assert_eq!(amounts("/api/v2/grants").await, [1]);
    assert_eq!(amounts("/api/v2/grants?includeDeleted=true").await, [1, 2]);
    scene.world.stop().await;
}

#[tokio::test]
async fn voids_stay_within_the_current_period() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("a", "f", json!({})).await;
    let grant = scene.grant("a", "f", 10, START, json!({})).await;
    scene.advance("P31DT1H").await;
    let void = |at: &str| format!("/api/v1/grants/{}?at={at}", grant["id"].as_str().unwrap());
    for (at, why) in [
        (
            "2026-05-01T00:00:00Z",
            "grant cannot be voided in the future",
        ),
        (
            "2026-03-31T23:59:00Z",
            "grant cannot be voided before the current usage period that starts at 2026-04-01T00:00:00Z",
        ),
        ("noon", "must be an RFC 3339 time"),
    ] {
        let detail = rest.delete(&void(at)).await.problem(400);
        assert!(detail.contains(&format!(" at: {why}")), "{detail}");
    }
    assert_eq!(scene.value("a", "f", NEXT_PERIOD).await[0], 10);
    rest.delete(&void("2026-04-01T00:30:59Z")).await.expect(204);
    let listed = rest.get("/api/v2/grants").await.expect(200);
    assert_eq!(listed["items"][0]["voidedAt"], "2026-04-01T00:30:00Z");
    assert_eq!(scene.value("a", "f", NEXT_PERIOD).await[0], 0);
    scene.world.stop().await;
}

#[tokio::test]
async fn histories_that_make_no_sense_are_refused() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let made = scene.metered("a", "f", json!({})).await;
    scene.advance("PT3H").await;
    for (query, named) in [
        ("", "windowSize"),
        ("windowSize=WEEK", "windowSize"),
        ("windowSize=DAY&windowTimeZone=Mars/Base", "time"),
        ("windowSize=DAY&from=noon", "from"),
        (
            "windowSize=DAY&from=2026-02-28T23:00:00Z",
            " from: history cannot start before",
        ),
    ] {
        let detail = rest
            .get(&format!("{}/history?{query}", path("a", "f")))
            .await
            .problem(400);
        assert!(detail.contains(named), "{query}: {detail}");
    }
    rest.get(&format!("{}/history?windowSize=DAY", path("a", "gpt")))
        .await
        .problem(404);
    let by_id = of_subject(
        "a",
        &format!("/{}/history?windowSize=HOUR", made["id"].as_str().unwrap()),
    );
    let windows = rest.get(&by_id).await.expect(200)["windowedHistory"].clone();
    assert_eq!(windows.as_array().unwrap().len(), 4);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_value_of_the_future_applies_what_happens_until_then() {
    let scene = Scene::new().await;
    scene.metered("a", "f", json!({})).await;
    let day = json!({"expiration": {"duration": "DAY", "count": 10}});
    scene.grant("a", "f", 10, START, day).await;
    scene
        .grant("a", "f", 7, "2026-03-05T00:00:00Z", json!({}))
        .await;
    for (time, balance) in [
        ("2026-03-04T00:00:00Z", 10),
        ("2026-03-06T00:00:00Z", 17),
        ("2026-03-12T00:00:00Z", 7),
        ("2036-03-12T00:00:00Z", 7),
    ] {
        assert_eq!(scene.value("a", "f", time).await[0], balance, "{time}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn what_has_ended_takes_no_grants_and_no_resets() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let old = scene.metered("a", "f", json!({})).await;
    scene.advance("PT1H").await;
    let over = format!("{}/override", path("a", "f"));
    let again = json!({"type": "metered", "featureKey": "f", "usagePeriod": {"interval": "MONTH"}});
    rest.put(&over, again).await.expect(201);
    let of_old = path("a", old["id"].as_str().unwrap());
    let grant = json!({"amount": 1, "effectiveAt": "2026-03-01T01:00:00Z"});
    for (operation, body) in [("grants", grant), ("reset", json!({}))] {
        let detail = rest
            .post(&format!("{of_old}/{operation}"), body)
            .await
            .problem(400);
        assert!(
            detail.contains(" ended at 2026-03-01T01:00:00Z"),
            "{detail}"
        );
    }
    let grants = rest.get(&format!("{of_old}/grants")).await.expect(200);
    assert_eq!(grants["totalCount"], 0);
    scene.world.stop().await;
}

#[tokio::test]
async fn what_a_subscription_manages_takes_grants_and_nothing_else() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.customer("c").await;
    let customer = rest.get("/api/v1/customers/c").await.expect(200);
    let plan = json!({
        "name": "Custom", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": [{
            "type": "flat_fee", "key": "f", "name": "F", "featureKey": "f", "billingCadence": "P1M",
            "price": null, "entitlementTemplate": {"type": "metered", "issueAfterReset": 10},
        }]}],
    });
    let body = json!({"customerId": customer["id"], "customPlan": plan});
    rest.post("/api/v1/subscriptions", body).await.expect(201);
    let own = path("c", "f");
    let made = rest.get(&own).await.expect(200);
    let by_subject = of_subject("c", &format!("/{}", made["id"].as_str().unwrap()));
    for of in [&own, &by_subject] {
        rest.delete(of).await.problem(403);
        rest.post(&format!("{of}/reset"), json!({}))
            .await
            .problem(403);
    }
    let boolean = json!({"type": "boolean", "featureKey": "f"});
    for over in [format!("{own}/override"), of_subject("c", "/f/override")] {
        rest.put(&over, boolean.clone()).await.problem(403);
    }
    scene.grant("c", "f", 5, START, json!({})).await;
    assert_eq!(scene.value("c", "f", START).await[0], 15);
    assert_eq!(rest.get(&own).await.expect(200)["id"], made["id"]);
    scene.world.stop().await;
}
