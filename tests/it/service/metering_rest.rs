//! Metering through the OpenMeter dialect: the worked scenarios of its documentation, and
//! what hostile clients send.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use suite::{Rest, World};

/// A world whose clock stands, so that nothing depends on the day the tests run.
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

async fn meter(rest: &Rest, slug: &str, event_type: &str, aggregation: &str) {
    let mut body = json!({
        "slug": slug, "eventType": event_type, "aggregation": aggregation,
        "groupBy": {"model": "$.model", "path": "$.path"},
    });
    if aggregation != "COUNT" {
        body["valueProperty"] = json!("$.v");
    }
    rest.post("/api/v1/meters", body).await.expect(201);
}

fn event(id: &str, kind: &str, subject: &str, time: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": kind, "subject": subject,
        "time": time, "data": data,
    })
}

async fn ingest(rest: &Rest, events: &[Value]) {
    rest.post_text(
        "/api/v1/events",
        "application/cloudevents-batch+json",
        &json!(events).to_string(),
    )
    .await
    .expect(204);
}

/// The query string of a filter of events.
fn filter(filter: &Value) -> String {
    url_encoded("filter", &filter.to_string())
}

fn url_encoded(name: &str, text: &str) -> String {
    let text: String = text
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("{name}={text}")
}

async fn values(rest: &Rest, query: &str) -> Vec<Value> {
    let answer = rest.get(query).await.expect(200);
    let rows = answer["data"].as_array().unwrap();
    rows.iter().map(|row| row["value"].clone()).collect()
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["event"]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn events_that_no_meter_can_read_say_why() {
    let (world, rest) = frozen().await;
    rest.post(
        "/api/v1/meters",
        json!({"slug": "duration", "eventType": "request", "aggregation": "SUM", "valueProperty": "$.duration_ms"}),
    )
    .await
    .expect(201);
    let data = [
        Some(Value::Null),
        None,
        Some(json!({})),
        Some(json!({"duration_ms": "NaN"})),
        Some(json!({"duration_ms": "Inf"})),
        Some(json!({"duration_ms": "100"})),
        Some(json!({"duration_ms": null})),
        Some(json!({"duration_ms": "abc"})),
        Some(json!({"duration_ms": true})),
    ];
    for (index, data) in data.into_iter().enumerate() {
        let mut one = event(
            &format!("e-{index}"),
            "request",
            "nobody",
            &format!("2026-01-15T10:00:0{index}Z"),
            Value::Null,
        );
        match data {
            Some(data) => one["data"] = data,
            None => drop(one.as_object_mut().unwrap().remove("data")),
        }
        rest.post_text(
            "/api/v1/events",
            "application/cloudevents+json",
            &one.to_string(),
        )
        .await
        .expect(204);
    }
    assert_eq!(values(&rest, "/api/v1/meters/duration/query").await, [100]);
    let listed = rest.get("/api/v1/events").await.expect(200);
    let complaints: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|item| item["validationError"].as_str().unwrap())
        .collect();
    let nobody = "no customer found for event subject: nobody";
    let expected = [
        "invalid event: null and missing value property",
        "invalid event: null and missing value property",
        "invalid event: missing value property: \"$.duration_ms\"",
        "invalid event: value cannot be NaN",
        "invalid event: value cannot be infinity",
        "",
        "invalid event: value cannot be null",
        "invalid event: value cannot be parsed as float64: abc",
        "invalid event: unsupported value property type: boolean",
    ]
    .map(|complaint| match complaint {
        "" => nobody.to_owned(),
        complaint => format!("{complaint}\n{nobody}"),
    });
    assert_eq!(complaints, expected);
    world.stop().await;
}

#[tokio::test]
async fn the_first_of_equal_events_counts() {
    let (world, rest) = frozen().await;
    meter(&rest, "calls", "call", "COUNT").await;
    for second in 0..20 {
        let one = event(
            "same",
            "call",
            &format!("s-{second}"),
            &format!("2026-01-15T10:00:{second:02}Z"),
            json!({}),
        );
        ingest(&rest, &[one.clone(), one]).await;
    }
    assert_eq!(values(&rest, "/api/v1/meters/calls/query").await, [1]);
    world.stop().await;
}

#[tokio::test]
async fn events_are_walked_by_time_and_id() {
    let (world, rest) = frozen().await;
    let sent: Vec<Value> = (0..5)
        .map(|n| {
            event(
                &format!("ev-{n}"),
                "walk",
                "s",
                "2026-01-15T10:00:00Z",
                json!({}),
            )
        })
        .collect();
    ingest(&rest, &sent).await;
    // By event time, and by receipt time, which has no more than seconds either.
    for condition in [
        json!({"type": {"$eq": "walk"}}),
        json!({"type": {"$eq": "walk"}, "ingestedAt": {"$gte": "2026-01-15T00:00:00Z"}}),
    ] {
        let (mut seen, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..4 {
            let page = rest
                .get(&format!(
                    "/api/v2/events?limit=2&{}{cursor}",
                    filter(&condition)
                ))
                .await
                .expect(200);
            sizes.push(ids(&page).len());
            seen.extend(ids(&page));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&{}", url_encoded("cursor", next)),
                None => break,
            }
        }
        assert_eq!(sizes, [2, 2, 1, 0], "{condition}");
        assert_eq!(
            seen,
            ["ev-4", "ev-3", "ev-2", "ev-1", "ev-0"],
            "{condition}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn receipt_times_between_two_seconds_do_not_end_a_walk() {
    let world = World::start().await;
    let rest = world.rest();
    // The system clock runs: events come in with fractions of a second.
    for batch in 0..3 {
        let sent: Vec<Value> = (0..10)
            .map(|n| {
                event(
                    &format!("ev-{batch}-{n}"),
                    "walk",
                    "s",
                    "2026-01-15T10:00:00Z",
                    json!({}),
                )
            })
            .collect();
        ingest(&rest, &sent).await;
    }
    let condition = filter(&json!({"ingestedAt": {"$gte": "2020-01-01T00:00:00Z"}}));
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    for _ in 0..12 {
        let page = rest
            .get(&format!("/api/v2/events?limit=3&{condition}{cursor}"))
            .await
            .expect(200);
        seen.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&{}", url_encoded("cursor", next)),
            None => break,
        }
    }
    assert_eq!(seen.len(), 30);
    world.stop().await;
}

#[tokio::test]
async fn filters_of_events_that_make_no_sense_are_refused() {
    let (world, rest) = frozen().await;
    let bad = [
        json!([]),
        json!("text"),
        json!({"id": "a"}),
        json!({"id": {"$eq": 1}}),
        json!({"id": {"$foo": "a"}}),
        json!({"id": {"$eq": "a", "$ne": "b"}}),
        json!({"id": {"$and": [{"$and": [{"$eq": "a"}]}]}}),
        json!({"time": {"$eq": "2026-01-01T00:00:00Z"}}),
        json!({"time": {"$gt": "noon"}}),
        json!({"time": {"$or": [{"$and": []}]}}),
        json!({"time": {"$gt": "2026-01-01T00:00:00Z"}, "ingestedAt": {"$gt": "2026-01-01T00:00:00Z"}}),
        json!({"customerId": {"$eq": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}),
        json!({"customerId": {"$in": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}}),
    ];
    for condition in bad {
        let detail = rest
            .get(&format!("/api/v2/events?{}", filter(&condition)))
            .await
            .problem(400);
        let named = condition
            .as_object()
            .and_then(|object| object.keys().next().cloned())
            .unwrap_or_else(|| "filter".to_owned());
        let named = if named == "customerId" {
            "customer".to_owned()
        } else {
            named
        };
        assert!(detail.contains(&named), "{condition}: {detail}");
    }
    for cursor in ["x", "MjAyNA==", "bm9wZSxldg=="] {
        let detail = rest
            .get(&format!("/api/v2/events?{}", url_encoded("cursor", cursor)))
            .await
            .problem(400);
        assert!(detail.contains("cursor"), "{detail}");
    }
    for query in [
        "limit=0",
        "limit=101",
        "limit=1&limit=2",
        "clientId=",
        "from=noon",
        "from=2020-01-01T00:00:00Z",
    ] {
        rest.get(&format!("/api/v1/events?{query}"))
            .await
            .problem(400);
    }
    world.stop().await;
}

#[tokio::test]
async fn the_first_list_reaches_back_32_days_of_project_time() {
    let (world, rest) = frozen().await;
    let sent: Vec<Value> = [
        ("old", "2025-12-14T11:59:59Z"),
        ("oldest", "2025-12-14T12:00:00Z"),
        ("new", "2026-01-14T00:00:00Z"),
    ]
    .map(|(id, time)| event(id, "use", "a", time, json!({})))
    .to_vec();
    ingest(&rest, &sent).await;
    for (query, expected) in [
        ("", vec!["new", "oldest"]),
        ("?to=2026-01-01T00:00:00Z", vec!["oldest"]),
        // Part of an id, but a whole subject, both as they are written.
        ("?id=lde", vec!["oldest"]),
        ("?id=LDE", vec![]),
        ("?subject=a", vec!["new", "oldest"]),
        ("?subject=A", vec![]),
        ("?limit=1", vec!["new"]),
        ("?from=2025-12-14T12:00:00Z", vec!["new", "oldest"]),
        (
            "?ingestedAtFrom=2026-01-01T00:00:00Z",
            vec!["new", "oldest", "old"],
        ),
    ] {
        let events = rest
            .get(&format!("/api/v1/events{query}"))
            .await
            .expect(200);
        let ids: Vec<&str> = events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["event"]["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    for query in [
        "from=2025-12-14T11:59:59Z",
        "ingestedAtFrom=2025-12-14T11:59:59Z",
    ] {
        let detail = rest
            .get(&format!("/api/v1/events?{query}"))
            .await
            .problem(400);
        assert!(detail.contains("from date is too old"), "{detail}");
    }
    world.stop().await;
}

/// Five subjects with `"100"` at T, a minute, an hour and a day later (metering text §4.3).
async fn totals(rest: &Rest) {
    let mut sent = Vec::new();
    for customer in 1..=5 {
        for (n, time) in [
            "2026-01-10T00:00:00Z",
            "2026-01-10T00:01:00Z",
            "2026-01-10T01:00:00Z",
            "2026-01-11T00:00:00Z",
        ]
        .into_iter()
        .enumerate()
        {
            let data =
                json!({"v": "100", "model": if customer % 2 == 0 { "a" } else { "b" }, "path": n});
            sent.push(event(
                &format!("{customer}-{n}"),
                "use",
                &format!("customer-{customer}"),
                time,
                data,
            ));
        }
    }
    ingest(rest, &sent).await;
}

#[tokio::test]
async fn usage_is_counted_in_total_and_in_windows() {
    let (world, rest) = frozen().await;
    meter(&rest, "used", "use", "SUM").await;
    totals(&rest).await;
    let total = rest.get("/api/v1/meters/used/query").await.expect(200);
    assert_eq!(
        total,
        json!({"data": [{
            "value": 2000, "windowStart": "2026-01-10T00:00:00Z", "windowEnd": "2026-01-11T00:01:00Z",
            "subject": null, "groupBy": {},
        }]})
    );
    for (window, expected) in [
        ("MINUTE", vec![500, 500, 500, 500]),
        ("HOUR", vec![1000, 500, 500]),
        ("DAY", vec![1500, 500]),
        ("MONTH", vec![2000]),
    ] {
        let query = format!("/api/v1/meters/used/query?windowSize={window}");
        assert_eq!(values(&rest, &query).await, expected, "{window}");
    }
    let answer = rest
        .get("/api/v1/meters/used/query?subject=customer-1&subject=customer-2")
        .await
        .expect(200);
    let rows: BTreeSet<(String, String)> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["subject"].to_string(), row["value"].to_string()))
        .collect();
    let expected = [("\"customer-1\"", "400"), ("\"customer-2\"", "400")];
    assert_eq!(
        rows,
        BTreeSet::from(expected.map(|(a, b)| (a.to_owned(), b.to_owned())))
    );
    // A cut window keeps its bounds, and the answer repeats the question as it was asked.
    let cut = rest
        .get("/api/v1/meters/used/query?from=2026-01-10T01:00:30%2B01:00&to=2026-01-10T01:00:01Z&windowSize=DAY")
        .await
        .expect(200);
    assert_eq!(cut["from"], "2026-01-10T01:00:30+01:00");
    assert_eq!(cut["data"][0]["value"], 1000);
    assert_eq!(cut["data"][0]["windowStart"], "2026-01-10T00:00:00Z");
    assert_eq!(cut["data"][0]["windowEnd"], "2026-01-11T00:00:00Z");
    // Lists in a body; conditions on groups.
    for (body, expected) in [
        (json!({"filterGroupBy": {"model": ["a", "b"]}}), 2000),
        (json!({"filterGroupBy": {"model": []}}), 2000),
        (json!({"filterGroupBy": {"model": ["a"]}}), 800),
        (
            json!({"advancedMeterGroupByFilters": {"model": {"$ne": "a"}, "path": {}}}),
            1200,
        ),
        (
            json!({"advancedMeterGroupByFilters": {"path": {"$or": [{"$and": [{"$gte": "2"}]}]}}}),
            1000,
        ),
    ] {
        let answer = rest
            .post("/api/v1/meters/used/query", body.clone())
            .await
            .expect(200);
        assert_eq!(answer["data"][0]["value"], expected, "{body}");
    }
    world.stop().await;
}

#[tokio::test]
async fn days_of_a_clock_change_have_23_and_25_hours() {
    let (world, rest) = frozen().await;
    meter(&rest, "used", "use", "SUM").await;
    let mut sent = Vec::new();
    for (n, time) in (6..=12)
        .map(|day| {
            format!(
                "2025-03-{day:02}T10:00:00{}",
                if day < 9 { "-08:00" } else { "-07:00" }
            )
        })
        .chain(["10-30", "10-31", "11-01"].map(|day| format!("2025-{day}T10:00:00-07:00")))
        .chain((2..=5).map(|day| format!("2025-11-{day:02}T10:00:00-08:00")))
        .enumerate()
    {
        sent.push(event(&n.to_string(), "use", "s", &time, json!({"v": 100})));
    }
    ingest(&rest, &sent).await;
    let answer = rest
        .get("/api/v1/meters/used/query?windowSize=DAY&windowTimeZone=America/Los_Angeles")
        .await
        .expect(200);
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(rows.len(), 14);
    let bounds: Vec<(Value, Value)> = rows
        .iter()
        .map(|row| (row["windowStart"].clone(), row["windowEnd"].clone()))
        .collect();
    for (start, end) in [
        ("2025-03-09T08:00:00Z", "2025-03-10T07:00:00Z"),
        ("2025-11-02T07:00:00Z", "2025-11-03T08:00:00Z"),
    ] {
        assert!(bounds.contains(&(json!(start), json!(end))), "{bounds:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn nothing_to_count_is_zero_only_for_counts() {
    let (world, rest) = frozen().await;
    for aggregation in [
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "LATEST",
        "COUNT",
        "UNIQUE_COUNT",
    ] {
        let slug = aggregation.to_lowercase();
        meter(&rest, &slug, "use", aggregation).await;
        let query = format!("/api/v1/meters/{slug}/query");
        let answer = rest.get(&query).await.expect(200);
        let counts = aggregation.ends_with("COUNT");
        if counts {
            assert_eq!(
                answer["data"],
                json!([{
                    "value": 0, "windowStart": "1970-01-01T00:00:00Z", "windowEnd": "1970-01-01T00:01:00Z",
                    "subject": null, "groupBy": {},
                }])
            );
            let answer = rest
                .get(&format!(
                    "{query}?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
                ))
                .await
                .expect(200);
            assert_eq!(answer["data"][0]["windowStart"], "2026-01-01T00:00:00Z");
            assert_eq!(answer["data"][0]["windowEnd"], "2026-01-02T00:00:00Z");
        } else {
            assert_eq!(answer, json!({"data": []}));
        }
        for further in ["windowSize=DAY", "subject=s", "groupBy=model"] {
            let answer = rest.get(&format!("{query}?{further}")).await.expect(200);
            assert_eq!(answer["data"], json!([]), "{aggregation} {further}");
        }
    }
    // A sum of events without values is no row either.
    ingest(
        &rest,
        &[event(
            "1",
            "use",
            "s",
            "2026-01-10T00:00:00Z",
            json!({"v": "abc"}),
        )],
    )
    .await;
    assert!(values(&rest, "/api/v1/meters/sum/query").await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn questions_that_make_no_sense_name_the_parameter() {
    let (world, rest) = frozen().await;
    meter(&rest, "used", "use", "SUM").await;
    let query = "/api/v1/meters/used/query";
    for (parameters, named) in [
        ("from=noon", "from"),
        ("from=2026-01-10T00:00:00+01:00", "from"),
        ("from=2026-01-10T00:00:00Z&to=2026-01-10T00:00:00Z", "from"),
        ("from=2026-01-11T00:00:00Z&to=2026-01-10T00:00:00Z", "from"),
        ("windowSize=day", "windowSize"),
        ("windowSize=DAY&windowSize=HOUR", "windowSize"),
        ("windowTimeZone=Mars%2FOlympus", "time zone"),
        ("windowTimeZone=", "time zone"),
        ("groupBy=nope", "invalid group by: nope"),
        ("groupBy=customer_id", "customer filter"),
        ("filterGroupBy[nope]=x", "invalid group by filter: nope"),
        (
            "advancedMeterGroupByFilters=%7B",
            "advancedMeterGroupByFilters",
        ),
        ("clientId=", "clientId"),
    ] {
        let detail = rest
            .get(&format!("{query}?{parameters}"))
            .await
            .problem(400);
        assert!(detail.contains(named), "{parameters}: {detail}");
    }
    for (body, named) in [
        (json!({"advancedMeterGroupByFilters": {"nope": {}}}), "nope"),
        (
            json!({"advancedMeterGroupByFilters": {"model": {"$foo": "a"}}}),
            "$foo",
        ),
        (
            json!({"advancedMeterGroupByFilters": {"model": {"$eq": "a", "$ne": "b"}}}),
            "advancedMeterGroupByFilters",
        ),
        (
            json!({"advancedMeterGroupByFilters": {"model": {"$eq": "a"}}, "filterGroupBy": {"model": ["a"]}}),
            "filterGroupBy",
        ),
        (json!({"subject": vec!["s"; 101]}), "subject"),
        (json!({"subject": "s"}), "subject"),
        (json!({"from": 1}), "from"),
    ] {
        let detail = rest.post(query, body.clone()).await.problem(400);
        assert!(detail.contains(named), "{body}: {detail}");
    }
    rest.get(&format!(
        "{query}?filterCustomerId=01ARZ3NDEKTSV4RRFFQ69G5FAV"
    ))
    .await
    .problem(404);
    rest.get("/api/v1/meters/nope/query").await.problem(404);
    world.stop().await;
}

#[tokio::test]
async fn numbers_too_large_to_be_exact_count_nowhere() {
    let (world, rest) = frozen().await;
    meter(&rest, "used", "use", "SUM").await;
    let time = "2026-01-10T00:00:00Z";
    ingest(
        &rest,
        &[event(
            "good",
            "use",
            "s",
            time,
            json!({"v": "0.4567890123456789"}),
        )],
    )
    .await;
    for (n, number) in ["1e400", "-1e400", "99999999999999999999999999999", "1e-300"]
        .iter()
        .enumerate()
    {
        let text = format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{n}\",\"source\":\"t\",\"type\":\"use\",\"subject\":\"s\",\
             \"time\":\"{time}\",\"data\":{{\"v\":{number}}}}}"
        );
        rest.post_text("/api/v1/events", "application/cloudevents+json", &text)
            .await
            .expect(204);
        let listed = rest
            .get(&format!("/api/v1/events?id={n}&from=2026-01-01T00:00:00Z"))
            .await
            .expect(200);
        let complaint = listed[0]["validationError"].as_str().unwrap();
        assert!(complaint.starts_with("invalid event: value"), "{complaint}");
    }
    let answer = rest.get("/api/v1/meters/used/query").await;
    assert!(
        answer.text.contains("\"value\":0.4567890123456789,"),
        "{}",
        answer.text
    );
    world.stop().await;
}

#[tokio::test]
async fn a_portal_token_opens_one_subject_and_the_named_meters() {
    let (world, rest) = frozen().await;
    meter(&rest, "tok", "ai", "COUNT").await;
    meter(&rest, "other", "ai", "COUNT").await;
    ingest(
        &rest,
        &[
            event(
                "1",
                "ai",
                "c1",
                "2026-01-15T10:00:00Z",
                json!({"model": "m"}),
            ),
            event("2", "ai", "c2", "2026-01-15T10:00:00Z", json!({})),
        ],
    )
    .await;
    let tokens = "/api/v1/portal/tokens";
    let made = rest
        .post(
            tokens,
            json!({"subject": "c1", "allowedMeterSlugs": ["tok"]}),
        )
        .await
        .expect(200);
    let token = made["token"].as_str().unwrap();
    let holder = rest.with_key(Some(token));
    let query = "/api/v1/portal/meters/tok/query";
    for further in [
        "",
        "?subject=c2",
        "?filterCustomerId=nobody&clientId=a",
        "?groupBy=model",
    ] {
        let answer = holder.get(&format!("{query}{further}")).await.expect(200);
        assert_eq!(answer["data"].as_array().unwrap().len(), 1, "{further}");
        assert_eq!(answer["data"][0]["value"], 1, "{further}");
        assert_eq!(answer["data"][0]["subject"], "c1", "{further}");
    }
    holder
        .get(&format!("{query}?groupBy=nope"))
        .await
        .problem(400);
    holder
        .get("/api/v1/portal/meters/other/query")
        .await
        .problem(401);
    holder.get("/api/v1/meters").await.problem(401);
    for wrong in [None, Some("x.y.z"), Some(&token[..token.len() - 2])] {
        rest.with_key(wrong).get(query).await.problem(401);
    }
    rest.get(query).await.problem(401);

    for (body, status) in [
        (json!({"subject": ""}), 400),
        (json!({}), 400),
        (
            json!({"subject": "c1", "expiresAt": "2020-01-01T00:00:00Z"}),
            400,
        ),
        (json!({"subject": "c1", "allowedMeterSlugs": []}), 400),
        (json!({"subject": "c1", "allowedMeterSlugs": ["nope"]}), 404),
    ] {
        rest.post(tokens, body).await.problem(status);
    }
    let listed = rest.get(tokens).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0].get("token"), None);
    rest.post("/api/v1/portal/tokens/invalidate", json!({}))
        .await
        .problem(400);
    rest.post(
        "/api/v1/portal/tokens/invalidate",
        json!({"id": made["id"]}),
    )
    .await
    .expect(204);
    holder.get(query).await.problem(401);
    world.stop().await;
}

#[tokio::test]
async fn a_subject_takes_only_ids_of_stripe() {
    let (world, rest) = frozen().await;
    for id in ["", "x", "cu_1"] {
        let detail = rest
            .post(
                "/api/v1/subjects",
                json!([{"key": "a", "stripeCustomerId": id}]),
            )
            .await
            .problem(400);
        assert!(detail.to_lowercase().contains("stripe"), "{detail}");
    }
    assert_eq!(rest.get("/api/v1/subjects").await.expect(200), json!([]));
    let made = rest
        .post(
            "/api/v1/subjects",
            json!([{"key": "a", "stripeCustomerId": "cus_1", "displayName": "A"}]),
        )
        .await
        .expect(200);
    let cleared = rest
        .post(
            "/api/v1/subjects",
            json!([{"key": "a", "stripeCustomerId": null}]),
        )
        .await
        .expect(200);
    assert_eq!(cleared[0]["id"], made[0]["id"]);
    assert_eq!(cleared[0]["displayName"], "A");
    assert_eq!(cleared[0].get("stripeCustomerId"), None);
    world.stop().await;
}

#[tokio::test]
async fn currencies_have_their_names() {
    let (world, rest) = frozen().await;
    let currencies = rest.get("/api/v1/info/currencies").await.expect(200);
    let listed = currencies.as_array().unwrap();
    let dollar =
        json!({"code": "USD", "name": "United States Dollar", "symbol": "$", "subunits": 2});
    assert!(listed.contains(&dollar));
    world.stop().await;
}
