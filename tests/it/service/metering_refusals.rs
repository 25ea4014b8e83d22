//! What ingest, meters and their lists refuse through the OpenMeter dialect, with the field that is named, and
//! that nothing was written; and how far a back-fill or a named query is.

use serde_json::{Value, json};
use suite::{Rest, World};

const KINDS: [&str; 3] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
];

async fn frozen() -> (World, Rest) {
    let world = World::start().await;
    world
        .client()
        .freeze_clock("2026-01-15T12:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let rest = world.rest();
    (world, rest)
}

fn event(id: &str) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "test", "type": "use", "subject": "s",
           "time": "2026-01-15T10:00:00Z", "data": {"v": 1}})
}

async fn send(rest: &Rest, kind: &str, body: &Value) -> suite::Answer {
    rest.post_text("/api/v1/events", kind, &body.to_string())
        .await
}

async fn stored(rest: &Rest) -> usize {
    let list = rest.get("/api/v1/events").await.expect(200);
    list.as_array().unwrap().len()
}

#[tokio::test]
async fn a_bad_event_refuses_its_whole_batch_and_is_named() {
    let (world, rest) = frozen().await;
    for (field, value) in [
        ("specversion", Value::Null),
        ("specversion", json!("")),
        ("id", Value::Null),
        ("id", json!("")),
        ("id", json!(1)),
        ("source", json!("")),
        ("type", json!("")),
        ("type", json!(["use"])),
        ("subject", Value::Null),
        ("subject", json!("")),
        ("time", json!("noon")),
        ("time", json!("2026-13-01T00:00:00Z")),
        ("time", json!("+10000-01-01T00:00:00Z")),
        ("time", json!(1_700_000_000)),
        ("datacontenttype", json!("application/xml")),
        ("data", json!("text")),
        ("data", json!(1)),
        ("data", json!(true)),
        ("data", json!([{"v": 1}])),
    ] {
        let mut bad = event("bad");
        bad[field] = value.clone();
        let batch = json!([event("good"), bad]);
        for kind in &KINDS[1..] {
            let detail = send(&rest, kind, &batch).await.problem(400);
            let named = format!("validation error: [1].{field}: ");
            assert!(detail.starts_with(&named), "{field} = {value}: {detail}");
        }
        let detail = send(&rest, KINDS[0], &bad).await.problem(400);
        assert!(detail.contains(field), "{field} = {value}: {detail}");
        bad.as_object_mut().unwrap().remove(field);
        if ["specversion", "id", "source", "type", "subject"].contains(&field) {
            send(&rest, KINDS[2], &bad).await.problem(400);
        }
    }
    for (field, length) in [
        ("id", 1_025),
        ("source", 1_025),
        ("type", 513),
        ("subject", 1_501),
    ] {
        let mut long = event("long");
        long[field] = json!("x".repeat(length));
        let detail = send(&rest, KINDS[1], &json!([event("good"), long])).await;
        let detail = detail.problem(400);
        assert!(detail.contains(&format!("[1].{field}")), "{detail}");
    }
    // As many as are malformed are named.
    let bad = |field: &str, value: Value| {
        let mut bad = event("bad");
        bad[field] = value;
        bad
    };
    for (batch, named) in [
        (
            json!([
                bad("id", json!("")),
                event("good"),
                bad("time", json!("noon"))
            ]),
            ["[0].id: ", "[2].time: "],
        ),
        (
            json!([
                bad("time", json!("9999-12-30T00:00:00Z")),
                event("good"),
                bad("id", json!("x".repeat(1_025))),
            ]),
            ["[0].time: ", "[2].id: "],
        ),
    ] {
        let detail = send(&rest, KINDS[1], &batch).await.problem(400);
        assert_eq!(detail.lines().count(), 2, "{detail}");
        for (line, named) in detail.lines().zip(named) {
            assert!(line.contains(named), "{detail}");
        }
    }
    let mut large = event("large");
    large["data"] = json!({"text": "x".repeat(65 * 1_024)});
    send(&rest, KINDS[0], &large).await.problem(400);
    assert_eq!(stored(&rest).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn bodies_of_other_kinds_are_refused() {
    let (world, rest) = frozen().await;
    for kind in ["text/plain", "application/xml", "application/cloudevents"] {
        let detail = send(&rest, kind, &event("1")).await.problem(400);
        assert!(detail.contains("content type"), "{kind}: {detail}");
    }
    let detail = send(&rest, KINDS[2], &json!([])).await.problem(400);
    assert!(detail.contains("no events found"), "{detail}");
    send(&rest, KINDS[1], &json!([])).await.expect(204);
    for (kind, body) in [
        (KINDS[0], "[]"),
        (KINDS[1], "{}"),
        (KINDS[2], "1"),
        (KINDS[2], "{"),
        (KINDS[2], ""),
        (KINDS[0], "null"),
        (KINDS[1], "[null]"),
        // No JSON: there is no such number.
        (
            KINDS[0],
            r#"{"specversion":"1.0","id":"1","source":"s","type":"use","subject":"s","data":{"v":NaN}}"#,
        ),
    ] {
        let answer = rest.post_text("/api/v1/events", kind, body).await;
        answer.problem(400);
    }
    let many: Vec<Value> = (0..10_001)
        .map(|id| {
            json!({"id": id.to_string(), "specversion": "1.0",
        "source": "t", "type": "use", "subject": "s"})
        })
        .collect();
    send(&rest, KINDS[1], &json!(many)).await.problem(400);
    let huge = "x".repeat(5 * 1_024 * 1_024);
    let answer = rest.post_text("/api/v1/events", KINDS[0], &huge).await;
    answer.problem(413);
    assert_eq!(stored(&rest).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn events_that_need_no_data_or_time_are_taken() {
    let (world, rest) = frozen().await;
    let mut bare = event("bare");
    for (field, value) in [
        ("time", Value::Null),
        ("data", Value::Null),
        ("datacontenttype", Value::Null),
        ("dataschema", Value::Null),
        ("traceparent", json!("ignored")),
    ] {
        bare[field] = value;
    }
    send(&rest, "application/cloudevents+json; charset=utf-8", &bare)
        .await
        .expect(204);
    let mut ancient = event("ancient");
    ancient["time"] = json!("1970-01-01T00:00:00Z");
    send(&rest, KINDS[2], &ancient).await.expect(204);
    let list = rest.get("/api/v1/events").await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list[0]["event"]["time"], "2026-01-15T12:00:00Z");
    assert_eq!(list[0]["event"].get("data"), None);
    world.stop().await;
}

// The last second that is taken in, in the windows of the zones that are furthest from UTC.
#[tokio::test]
async fn absurd_times_break_no_query() {
    let (world, rest) = frozen().await;
    let meter =
        json!({"slug": "m", "eventType": "use", "aggregation": "SUM", "valueProperty": "$.v"});
    rest.post("/api/v1/meters", meter).await.expect(201);
    for (id, time) in [
        ("first", "1970-01-01T00:00:01Z"),
        ("last", "9998-12-31T23:59:59Z"),
    ] {
        let mut event = event(id);
        event["time"] = json!(time);
        send(&rest, KINDS[0], &event).await.expect(204);
    }
    let total = rest.get("/api/v1/meters/m/query").await.expect(200);
    assert_eq!(
        total["data"],
        json!([{
            "value": 2, "windowStart": "1970-01-01T00:00:00Z", "windowEnd": "9999-01-01T00:00:00Z",
            "subject": null, "groupBy": {},
        }])
    );
    for size in ["MINUTE", "HOUR", "DAY", "MONTH"] {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
            let query = format!("/api/v1/meters/m/query?windowSize={size}&windowTimeZone={zone}");
            let rows = rest.get(&query).await.expect(200)["data"].clone();
            let values = rows.as_array().unwrap().iter().map(|row| &row["value"]);
            assert_eq!(values.collect::<Vec<_>>(), [1, 1], "{query}");
        }
    }
    assert_eq!(
        rest.get("/api/v1/meters/m/subjects").await.expect(200),
        json!(["s"])
    );
    let page = rest.get("/api/v2/events").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn meters_that_make_no_sense_are_refused() {
    let (world, rest) = frozen().await;
    let good =
        json!({"slug": "m", "eventType": "use", "aggregation": "SUM", "valueProperty": "$.v"});
    let with = |field: &str, value: Value| {
        let mut meter = good.clone();
        meter[field] = value;
        meter
    };
    for (field, value) in [
        ("slug", json!("")),
        ("slug", json!("With-Dash")),
        ("slug", json!("a__b")),
        ("slug", json!("_a")),
        ("slug", json!("x".repeat(65))),
        ("slug", Value::Null),
        ("name", json!("")),
        ("name", json!("x".repeat(257))),
        ("description", json!("")),
        ("description", json!("x".repeat(1_025))),
        ("eventType", json!("")),
        ("eventType", Value::Null),
        ("eventFrom", json!("noon")),
        ("aggregation", json!("MEDIAN")),
        ("aggregation", Value::Null),
        ("valueProperty", Value::Null),
        ("valueProperty", json!("v")),
        ("valueProperty", json!("$.a[")),
        ("valueProperty", json!("$..v")),
        ("groupBy", json!({"1a": "$.a"})),
        ("groupBy", json!({"a-b": "$.a"})),
        ("groupBy", json!({"a": "a"})),
        ("groupBy", json!({"a": "$.v"})),
        ("groupBy", json!({"a": "$.a["})),
        ("groupBy", json!("a")),
        ("metadata", json!({"a": 1})),
    ] {
        let detail = rest
            .post("/api/v1/meters", with(field, value.clone()))
            .await
            .problem(400);
        let named = detail.to_lowercase().replace('_', "");
        assert!(
            named.contains(&field.to_lowercase()),
            "{field} = {value}: {detail}"
        );
    }
    rest.post("/api/v1/meters", with("aggregation", json!("COUNT")))
        .await
        .problem(400);
    let list = rest.get("/api/v1/meters").await.expect(200);
    assert_eq!(list, json!([]));

    rest.post("/api/v1/meters", good.clone()).await.expect(201);
    let detail = rest.post("/api/v1/meters", good.clone()).await.problem(409);
    assert!(detail.contains("slug"), "{detail}");
    for path in ["nope", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let path = format!("/api/v1/meters/{path}");
        rest.get(&path).await.problem(404);
        rest.put(&path, json!({"name": "N"})).await.problem(404);
        rest.delete(&path).await.problem(404);
        rest.get(&format!("{path}/subjects")).await.problem(404);
        rest.get(&format!("{path}/group-by/a/values"))
            .await
            .problem(404);
    }
    for body in [
        json!({"name": ""}),
        json!({"groupBy": {"a": "$.v"}}),
        json!({"groupBy": {"a b": "$.a"}}),
        json!({"description": "x".repeat(1_025)}),
    ] {
        rest.put("/api/v1/meters/m", body).await.problem(400);
    }
    for query in ["orderBy=color", "order=UP", "includeDeleted=maybe"] {
        rest.get(&format!("/api/v1/meters?{query}"))
            .await
            .problem(400);
    }
    world.stop().await;
}

#[tokio::test]
async fn lists_of_a_meter_refuse_spans_that_make_no_sense() {
    let (world, rest) = frozen().await;
    let meter =
        json!({"slug": "m", "eventType": "use", "aggregation": "COUNT", "groupBy": {"a": "$.a"}});
    rest.post("/api/v1/meters", meter).await.expect(201);
    let same = "from=2026-01-10T00:00:00Z&to=2026-01-10T00:00:00Z";
    let reversed = "from=2026-01-11T00:00:00Z&to=2026-01-10T00:00:00Z";
    for list in ["subjects", "group-by/a/values"] {
        for span in [same, reversed, "from=noon", "to=2026-01-10"] {
            rest.get(&format!("/api/v1/meters/m/{list}?{span}"))
                .await
                .problem(400);
        }
        let empty = rest
            .get(&format!("/api/v1/meters/m/{list}"))
            .await
            .expect(200);
        assert_eq!(empty, json!([]));
    }
    for span in [
        "from=2025-10-17T12:00:00Z&to=2025-10-18T00:00:00Z",
        "from=2025-12-15T00:00:00Z&to=2026-01-15T00:00:01Z",
    ] {
        rest.get(&format!("/api/v1/meters/m/group-by/a/values?{span}"))
            .await
            .problem(400);
    }
    let unknown = rest.get("/api/v1/meters/m/group-by/nope/values").await;
    let detail = unknown.problem(400);
    assert!(detail.contains("nope"), "{detail}");
    for name in [
        "filterGroupBy[",
        "filterGroupBy[a",
        "filterGroupBy[]",
        "filterGroupBy[a][b]",
        "filterGroupBy[a]b",
        "filterGroupBy",
    ] {
        let path = format!("/api/v1/meters/m/query?{name}=x");
        let detail = rest.get(&path).await.problem(400);
        assert!(detail.contains("filterGroupBy"), "{name}: {detail}");
    }
    for query in [
        "ingestedAtFrom=2026-01-10T00:00:00Z&ingestedAtTo=2026-01-09T00:00:00Z",
        "ingestedAtFrom=2020-01-01T00:00:00Z",
        "from=2026-01-10T00:00:00Z&to=2026-01-09T00:00:00Z",
        "customerId=01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "customerId=acme",
        "clientId=0123456789012345678901234567890123456",
    ] {
        rest.get(&format!("/api/v1/events?{query}"))
            .await
            .problem(400);
    }
    world.stop().await;
}

#[tokio::test]
async fn subjects_that_make_no_sense_are_refused() {
    let (world, rest) = frozen().await;
    for body in [
        json!({"key": "one"}),
        json!([{"key": ""}]),
        json!([{}]),
        json!([{"key": "good"}, {"key": 1}]),
        json!([{"key": "good"}, {"key": "bad", "stripeCustomerId": "acct_1"}]),
        json!([{"key": "good", "metadata": "text"}]),
    ] {
        rest.post("/api/v1/subjects", body.clone())
            .await
            .problem(400);
    }
    assert_eq!(rest.get("/api/v1/subjects").await.expect(200), json!([]));
    rest.get("/api/v1/subjects/nobody").await.problem(404);
    rest.delete("/api/v1/subjects/nobody").await.problem(404);
    let made = rest.post("/api/v1/subjects", json!([{"key": "one"}])).await;
    let id = made.expect(200)[0]["id"].as_str().unwrap().to_owned();
    rest.delete("/api/v1/subjects/one").await.expect(204);
    rest.delete(&format!("/api/v1/subjects/{id}"))
        .await
        .expect(204);
    rest.delete("/api/v1/subjects/one").await.problem(404);
    world.stop().await;
}

#[tokio::test]
async fn portal_calls_without_a_good_token_are_refused() {
    let (world, rest) = frozen().await;
    let meter = json!({"slug": "m", "eventType": "use", "aggregation": "COUNT"});
    rest.post("/api/v1/meters", meter).await.expect(201);
    let made = rest
        .post("/api/v1/portal/tokens", json!({"subject": "s"}))
        .await;
    let token = made.expect(200)["token"].as_str().unwrap().to_owned();
    let query = "/api/v1/portal/meters/m/query";
    let with = async |header: &str| {
        let request = rest.with_key(None).request("GET".parse().unwrap(), query);
        rest.send(request.header("authorization", header)).await
    };
    with(&format!("Bearer {token}")).await.expect(200);
    for header in [
        format!("bearer {token}"),
        format!("Basic {token}"),
        format!("Bearer  {token}x"),
        "Bearer".to_owned(),
        token.clone(),
    ] {
        with(&header).await.problem(401);
    }
    rest.with_key(Some(&token))
        .get("/api/v1/portal/meters/nope/query")
        .await
        .problem(404);
    for limit in ["0", "101", "x"] {
        rest.get(&format!("/api/v1/portal/tokens?limit={limit}"))
            .await
            .problem(400);
    }
    for body in [
        json!({"subject": 1}),
        json!({"subject": "s", "expiresAt": "soon"}),
        json!([]),
    ] {
        rest.post("/api/v1/portal/tokens", body).await.problem(400);
    }
    // The token's own end is system time: it lasts an hour however the project's clock stands.
    rest.post("/api/v1/portal/tokens/invalidate", json!({"subject": "s"}))
        .await
        .expect(204);
    with(&format!("Bearer {token}")).await.problem(401);
    world.stop().await;
}

#[tokio::test]
async fn progress_is_told_by_name_and_by_meter() {
    let (world, rest) = frozen().await;
    let events: Vec<Value> = (0..20).map(|id| event(&id.to_string())).collect();
    send(&rest, KINDS[1], &json!(events)).await.expect(204);
    let meter =
        json!({"slug": "m", "eventType": "use", "aggregation": "SUM", "valueProperty": "$.v"});
    let meter = rest.post("/api/v1/meters", meter).await.expect(201);
    let id = meter["id"].as_str().unwrap();
    let built = loop {
        let progress = rest
            .get(&format!("/api/v1/info/progress/{id}"))
            .await
            .expect(200);
        assert!(progress["updatedAt"].is_string(), "{progress}");
        assert_eq!(progress["total"], 20);
        if progress["success"] == 20 {
            break progress;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(built["failed"], 0);
    rest.get("/api/v1/info/progress/mine").await.problem(404);
    let plain = rest.get("/api/v1/meters/m/query").await.expect(200);
    let named = rest.get("/api/v1/meters/m/query?clientId=mine").await;
    assert_eq!(named.expect(200), plain);
    let progress = rest.get("/api/v1/info/progress/mine").await.expect(200);
    assert_eq!(progress["success"], progress["total"]);
    let body = json!({"clientId": "another"});
    rest.post("/api/v1/meters/m/query", body).await.expect(200);
    rest.get("/api/v1/events?clientId=listed").await.expect(200);
    rest.get("/api/v2/events?clientId=listed2")
        .await
        .expect(200);
    for name in ["another", "listed", "listed2"] {
        rest.get(&format!("/api/v1/info/progress/{name}"))
            .await
            .expect(200);
    }
    world.stop().await;
}
