//! Rules of subscriptions over REST that need a history: what each state allows, currencies and versions that stick, customers
//! that are gone, lists. Every refusal has its status and leaves everything as it was.

use serde_json::{Value, json};
use suite::{Rest, World};

use super::subscriptions_rest::{
    SUBSCRIPTIONS, customer, flat, freeze, id, phase, publish, three_phases,
};

/// A subscription as it is shown, phases and all.
async fn shown(rest: &Rest, path: &str) -> Value {
    rest.get(path).await.expect(200)
}

#[tokio::test]
async fn each_state_allows_what_it_allows_and_nothing_else() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    publish(
        rest,
        "two",
        vec![phase("only", Value::Null, vec![flat("z", "1")])],
    )
    .await;
    let made = async |key: &str, timing: &str| {
        customer(rest, key).await;
        let body = json!({"customerKey": key, "plan": {"key": "pro"}, "timing": timing});
        let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
        format!("{SUBSCRIPTIONS}/{}", id(&made))
    };
    let scheduled = made("scheduled", "2024-03-01T00:00:00Z").await;
    let canceled = made("canceled", "immediate").await;
    let inactive = made("inactive", "immediate").await;
    let cancel = |path: &str| format!("{path}/cancel");
    rest.post(&cancel(&canceled), json!({"timing": "next_billing_cycle"}))
        .await
        .expect(200);
    world.client().advance_clock("P1D").await.unwrap();
    rest.post(&cancel(&inactive), json!({"timing": "immediate"}))
        .await
        .expect(200);
    // A newer version, so that a migration has somewhere to go.
    let next = rest.post("/api/v1/plans/pro/next", Value::Null).await;
    let next = format!("/api/v1/plans/{}/publish", id(&next.expect(201)));
    rest.post(&next, Value::Null).await.expect(200);

    for (status, path, allowed) in [
        ("scheduled", &scheduled, &["delete"][..]),
        (
            "canceled",
            &canceled,
            &["unschedule-cancelation", "restore"],
        ),
        ("inactive", &inactive, &[]),
    ] {
        let before = shown(rest, path).await;
        assert_eq!(before["status"], status);
        let phase = if status == "scheduled" { "p2" } else { "p1" };
        let edit = json!({"customizations": [
            {"op": "add_item", "phaseKey": phase, "rateCard": flat("new", "1")},
        ]});
        for (action, body) in [
            ("edit", edit),
            ("cancel", json!({"timing": "immediate"})),
            (
                "change",
                json!({"plan": {"key": "two"}, "timing": "immediate"}),
            ),
            ("migrate", json!({"timing": "immediate"})),
            ("unschedule-cancelation", Value::Null),
            ("restore", Value::Null),
            ("delete", Value::Null),
        ] {
            if allowed.contains(&action) {
                continue;
            }
            let answer = match action {
                "edit" => rest.patch(path, body).await,
                "delete" => rest.delete(path).await,
                _ => rest.post(&format!("{path}/{action}"), body).await,
            };
            let detail = answer.problem(403);
            let wanted = format!("in state {status} not allowed");
            // A past phase is refused before the state is looked at.
            let past = status == "inactive" && action == "edit";
            assert!(
                detail.contains(&wanted) || past,
                "{status} {action}: {detail}"
            );
            assert_eq!(shown(rest, path).await, before, "{status} {action}");
        }
    }
    // The allowed ones, last.
    for action in ["unschedule-cancelation"] {
        rest.post(&format!("{canceled}/{action}"), Value::Null)
            .await
            .expect(200);
    }
    rest.post(&cancel(&canceled), json!({"timing": "next_billing_cycle"}))
        .await
        .expect(200);
    rest.post(&format!("{canceled}/restore"), Value::Null)
        .await
        .expect(200);
    rest.delete(&scheduled).await.expect(204);
    rest.get(&scheduled).await.problem(404);
    rest.delete(&scheduled).await.problem(404);
    world.stop().await;
}

#[tokio::test]
async fn who_is_gone_or_pays_otherwise_is_not_subscribed() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    let gone = customer(rest, "gone").await;
    rest.delete("/api/v1/customers/gone").await.expect(204);
    let body = json!({"customerId": gone, "plan": {"key": "pro"}});
    rest.post(SUBSCRIPTIONS, body).await.problem(412);

    // The id wins over the key.
    let acme = customer(rest, "acme").await;
    customer(rest, "other").await;
    let body = json!({"customerId": acme, "customerKey": "other", "plan": {"key": "pro"}});
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    assert_eq!(made["customerId"], acme.as_str());
    let path = &format!("{SUBSCRIPTIONS}/{}", id(&made));

    // Whoever paid in dollars goes on paying in dollars.
    let euro = json!({
        "name": "Euro", "currency": "EUR", "billingCadence": "P1M",
        "phases": [phase("p", Value::Null, vec![flat("a", "1")])],
    });
    let before = shown(rest, path).await;
    let body = json!({"customPlan": euro, "timing": "immediate"});
    rest.post(&format!("{path}/change"), body)
        .await
        .problem(400);
    assert_eq!(shown(rest, path).await, before);
    for (bad, field) in [
        (json!({"currency": "DOLLAR"}), "currency"),
        (json!({"billingCadence": "monthly"}), "billingCadence"),
        (json!({"phases": []}), "phases"),
    ] {
        let mut plan = euro.clone();
        for (name, value) in bad.as_object().unwrap() {
            plan[name] = value.clone();
        }
        let body = json!({"customerKey": "other", "customPlan": plan});
        let refused = rest.post(SUBSCRIPTIONS, body).await.expect(400);
        assert!(refused.to_string().contains(field), "{refused}");
    }
    let listed = rest.get("/api/v1/customers/other/subscriptions").await;
    assert_eq!(listed.expect(200)["totalCount"], 0);
    world.stop().await;
}

#[tokio::test]
async fn a_change_and_a_migration_lead_to_versions_that_are_offered() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    let first = publish(
        rest,
        "pro",
        vec![phase("p", Value::Null, vec![flat("a", "1")])],
    )
    .await;
    customer(rest, "acme").await;
    let body = json!({
        "customerKey": "acme", "plan": {"key": "pro"}, "name": "Ours", "description": "d",
        "metadata": {"k": "v"},
    });
    let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
    let path = &format!("{SUBSCRIPTIONS}/{}", id(&made));
    for _ in 0..2 {
        let next = rest.post("/api/v1/plans/pro/next", Value::Null).await;
        let next = format!("/api/v1/plans/{}/publish", id(&next.expect(201)));
        rest.post(&next, Value::Null).await.expect(200);
    }
    let draft = rest.post("/api/v1/plans/pro/next", Value::Null).await;
    assert_eq!(draft.expect(201)["version"], 4);
    let before = shown(rest, path).await;
    for (action, body, status, phrase) in [
        // Only what is active now: not the archived 1 and 2, not the draft 4.
        (
            "change",
            json!({"plan": {"key": "pro", "version": 1}}),
            400,
            "is not active",
        ),
        (
            "change",
            json!({"plan": {"key": "pro", "version": 4}}),
            400,
            "is not active",
        ),
        (
            "change",
            json!({"plan": {"key": "pro", "version": 9}}),
            404,
            "not found",
        ),
        (
            "change",
            json!({"plan": {"key": "pro"}, "startingPhase": "px"}),
            400,
            "starting phase",
        ),
        (
            "change",
            json!({"plan": {"key": "pro"}, "timing": "2024-01-20T00:00:00Z"}),
            400,
            "misaligned timing",
        ),
        // Forward only, to what was published.
        (
            "migrate",
            json!({"targetVersion": 1}),
            400,
            "already at version",
        ),
        ("migrate", json!({"targetVersion": 4}), 400, ""),
        ("migrate", json!({"targetVersion": 9}), 404, ""),
        (
            "migrate",
            json!({"startingPhase": "px"}),
            400,
            "starting phase",
        ),
        (
            "migrate",
            json!({"timing": "2024-01-20T00:00:00Z"}),
            400,
            "misaligned timing",
        ),
    ] {
        let mut body = body;
        if body.get("timing").is_none() {
            body["timing"] = json!("immediate");
        }
        let answer = rest.post(&format!("{path}/{action}"), body.clone()).await;
        let detail = answer.problem(status);
        assert!(detail.contains(phrase), "{action} {body}: {detail}");
        assert_eq!(shown(rest, path).await, before, "{action} {body}");
    }
    // To the archived second version; name, text and labels go along, edits do not.
    let edit = json!({"customizations": [
        {"op": "add_item", "phaseKey": "p", "rateCard": flat("extra", "1")},
    ]});
    rest.patch(path, edit).await.expect(200);
    let body = json!({"targetVersion": 2, "timing": "next_billing_cycle"});
    let migrated = rest
        .post(&format!("{path}/migrate"), body)
        .await
        .expect(200);
    let (current, next) = (&migrated["current"], &migrated["next"]);
    assert_eq!(next["plan"]["version"], 2);
    assert_eq!(
        (&next["name"], &next["description"], &next["metadata"]),
        (&json!("Ours"), &json!("d"), &json!({"k": "v"}))
    );
    assert_eq!(
        (
            &current["activeTo"],
            &next["activeFrom"],
            &next["billingAnchor"]
        ),
        (
            &json!("2024-02-01T00:00:00Z"),
            &json!("2024-02-01T00:00:00Z"),
            &json!("2024-01-01T00:00:00Z")
        )
    );
    let items = next["phases"][0]["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(made["plan"]["id"], first.as_str());
    world.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_cut() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    three_phases(rest).await;
    customer(rest, "acme").await;
    let subscribe = async |timing: &str| {
        let body = json!({"customerKey": "acme", "plan": {"key": "pro"}, "timing": timing});
        let made = rest.post(SUBSCRIPTIONS, body).await.expect(201);
        id(&made).to_owned()
    };
    let cancel = async |id: &str, timing: &str| {
        let path = format!("{SUBSCRIPTIONS}/{id}/cancel");
        rest.post(&path, json!({"timing": timing}))
            .await
            .expect(200);
    };
    let first = subscribe("immediate").await;
    world.client().advance_clock("P2D").await.unwrap();
    cancel(&first, "immediate").await;
    let second = subscribe("immediate").await;
    cancel(&second, "next_billing_cycle").await;
    let deleted = subscribe("2024-02-15T00:00:00Z").await;
    rest.delete(&format!("{SUBSCRIPTIONS}/{deleted}"))
        .await
        .expect(204);
    let third = subscribe("2024-03-01T00:00:00Z").await;

    let list = async |query: &str| {
        let path = format!("/api/v1/customers/acme/subscriptions{query}");
        let listed = rest.get(&path).await.expect(200);
        let ids = listed["items"].as_array().unwrap().iter().map(id);
        let ids: Vec<String> = ids.map(str::to_owned).collect();
        (ids, listed)
    };
    let all = [&third, &second, &first].map(Clone::clone);
    assert_eq!(list("").await.0, all);
    assert_eq!(list("?order=DESC&orderBy=activeFrom").await.0, all);
    let ascending = [&first, &second, &third].map(Clone::clone);
    assert_eq!(list("?order=ASC").await.0, ascending);
    // An open end is the last.
    assert_eq!(list("?order=ASC&orderBy=activeTo").await.0, ascending);
    for (status, expected) in [
        ("?status=inactive", vec![&first]),
        ("?status=canceled", vec![&second]),
        ("?status=scheduled", vec![&third]),
        ("?status=active", vec![]),
        ("?status=canceled&status=scheduled", vec![&third, &second]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(list(status).await.0, expected, "{status}");
    }
    let (page, envelope) = list("?pageSize=2").await;
    assert_eq!(page, all[..2]);
    assert_eq!(
        (
            &envelope["page"],
            &envelope["pageSize"],
            &envelope["totalCount"]
        ),
        (&json!(1), &json!(2), &json!(3))
    );
    assert_eq!(list("?pageSize=2&page=2").await.0, all[2..]);
    for bad in [
        "?status=asleep",
        "?orderBy=name",
        "?order=UP",
        "?page=0",
        "?page=x",
        "?pageSize=-1",
    ] {
        rest.get(&format!("/api/v1/customers/acme/subscriptions{bad}"))
            .await
            .problem(400);
    }
    rest.get("/api/v1/customers/nobody/subscriptions")
        .await
        .problem(404);
    world.stop().await;
}
