//! Meters over REST: their life, what a change keeps and what holds them, what they have seen; usage as a table; and
//! what is beside them: subjects, metrics of the day, digits of currencies, portal tokens.

use reqwest::Method;
use serde_json::{Value, json};
use suite::{Answer, Rest, World};

const METERS: &str = "/api/v1/meters";

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

async fn ingest(rest: &Rest, id: &str, subject: &str, time: &str, data: Value) {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "use", "subject": subject,
        "time": time, "data": data,
    });
    let kind = "application/cloudevents+json";
    rest.post_text("/api/v1/events", kind, &event.to_string())
        .await
        .expect(204);
}

async fn table(rest: &Rest, path: &str) -> Answer {
    let request = rest.request(Method::GET, path).header("accept", "text/csv");
    rest.send(request).await
}

fn header<'answer>(answer: &'answer Answer, name: &str) -> &'answer str {
    let value = answer.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn slugs(list: &Value) -> Vec<&str> {
    let meters = list.as_array().unwrap().iter();
    meters
        .map(|meter| meter["slug"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_meter_is_changed_held_deleted_and_made_again() {
    let (world, rest) = frozen().await;
    let whole = json!({
        "slug": "tokens", "name": "Tokens", "description": "All of them", "eventType": "use",
        "aggregation": "SUM", "valueProperty": "$.v", "eventFrom": "2026-01-01T00:00:00Z",
        "groupBy": {"model": "$.model"}, "metadata": {"a": "b"},
    });
    let made = rest.post(METERS, whole.clone()).await.expect(201);
    for (name, value) in whole.as_object().unwrap() {
        assert_eq!(made[name], *value, "{name}");
    }
    world.client().advance_clock("PT1H").await.unwrap();
    // What cannot be changed is ignored; what is left out is kept, taken away or as at first.
    let path = format!("{METERS}/tokens");
    let update = json!({
        "slug": "other", "eventType": "other", "aggregation": "MAX", "valueProperty": "$.other",
        "groupBy": {"model": "$.model", "path": "$.path"},
    });
    let changed = rest.put(&path, update).await.expect(200);
    for kept in ["id", "slug", "eventType", "aggregation", "valueProperty"] {
        assert_eq!(changed[kept], made[kept], "{kept}");
    }
    assert_eq!(
        (&changed["name"], &changed["description"]),
        (&json!("tokens"), &json!("All of them"))
    );
    assert_eq!(changed.get("metadata"), None);
    assert_eq!(
        changed["groupBy"],
        json!({"model": "$.model", "path": "$.path"})
    );
    assert_eq!(changed["updatedAt"], "2026-01-15T13:00:00Z");

    let feature = json!({
        "key": "gpt", "name": "GPT", "meterSlug": "tokens", "meterGroupByFilters": {"model": "gpt-4"},
    });
    rest.post("/api/v1/features", feature).await.expect(201);
    let bare = rest.put(&path, json!({"name": "Bare"})).await;
    assert!(bare.problem(409).contains("model"));
    let detail = rest.delete(&path).await.problem(409);
    assert!(detail.contains("feature"), "{detail}");
    rest.put(&path, json!({"groupBy": {"model": "$.model"}}))
        .await
        .expect(200);
    rest.delete("/api/v1/features/gpt").await.expect(204);
    let emptied = rest.put(&path, json!({})).await.expect(200);
    assert_eq!(emptied.get("groupBy"), None);

    let by_id = format!("{METERS}/{}", made["id"].as_str().unwrap());
    rest.delete(&path).await.expect(204);
    rest.delete(&by_id).await.expect(204);
    rest.delete(&path).await.problem(404);
    rest.get(&path).await.problem(404);
    let gone = rest.get(&by_id).await.expect(200);
    assert!(gone["deletedAt"].is_string(), "{gone}");
    assert_eq!(rest.get(METERS).await.expect(200), json!([]));
    let all = rest.get(&format!("{METERS}?includeDeleted=true")).await;
    assert_eq!(slugs(&all.expect(200)), ["tokens"]);
    let again = rest.post(METERS, whole).await.expect(201);
    assert_ne!(again["id"], made["id"]);

    for (slug, aggregation) in [("alpha", "COUNT"), ("zeta", "AVG")] {
        let mut meter = json!({"slug": slug, "eventType": "use", "aggregation": aggregation});
        if aggregation != "COUNT" {
            meter["valueProperty"] = json!("$.v");
        }
        rest.post(METERS, meter).await.expect(201);
    }
    for (query, expected) in [
        ("", ["alpha", "tokens", "zeta"]),
        ("?order=DESC", ["zeta", "tokens", "alpha"]),
        ("?orderBy=aggregation", ["zeta", "alpha", "tokens"]),
        ("?orderBy=createdAt&order=DESC", ["zeta", "alpha", "tokens"]),
    ] {
        let listed = rest.get(&format!("{METERS}{query}")).await.expect(200);
        assert_eq!(slugs(&listed), expected, "{query}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_meter_knows_its_subjects_and_group_values() {
    let (world, rest) = frozen().await;
    let meter = json!({
        "slug": "m", "eventType": "use", "aggregation": "COUNT", "groupBy": {"model": "$.model"},
    });
    rest.post(METERS, meter).await.expect(201);
    for (id, subject, time, data) in [
        ("1", "b", "2026-01-15T11:00:00Z", json!({"model": "x"})),
        ("2", "a", "2026-01-15T10:00:00Z", json!({"model": "a"})),
        ("3", "b", "2026-01-14T13:00:00Z", json!({})),
        ("4", "old", "2026-01-10T00:00:00Z", json!({"model": "old"})),
    ] {
        ingest(&rest, id, subject, time, data).await;
    }
    for (path, expected) in [
        ("subjects", json!(["a", "b", "old"])),
        ("subjects?from=2026-01-15T10:00:00Z", json!(["a", "b"])),
        ("subjects?to=2026-01-15T10:00:00Z", json!(["b", "old"])),
        // Of the last day, where nothing is said.
        ("group-by/model/values", json!(["", "a", "x"])),
        (
            "group-by/model/values?from=2026-01-10T00:00:00Z&to=2026-01-11T00:00:00Z",
            json!(["old"]),
        ),
    ] {
        let listed = rest.get(&format!("{METERS}/m/{path}")).await.expect(200);
        assert_eq!(listed, expected, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn usage_is_counted_by_customer() {
    let (world, rest) = frozen().await;
    let meter = json!({"slug": "m", "eventType": "use", "aggregation": "COUNT"});
    rest.post(METERS, meter).await.expect(201);
    let mut ids = Vec::new();
    for (key, subjects) in [("one", json!(["s1", "s2"])), ("two", json!(["s3"]))] {
        let customer =
            json!({"key": key, "name": key, "usageAttribution": {"subjectKeys": subjects}});
        let made = rest.post("/api/v1/customers", customer).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    for (id, subject) in ["s1", "s2", "one", "s3", "s4"].into_iter().enumerate() {
        ingest(
            &rest,
            &id.to_string(),
            subject,
            "2026-01-15T10:00:00Z",
            json!({}),
        )
        .await;
    }
    let query = format!("{METERS}/m/query?filterCustomerId={}", ids[0]);
    let rows = async |further: String| -> Vec<[Value; 3]> {
        let answer = rest.get(&format!("{query}{further}")).await.expect(200);
        let rows = answer["data"].as_array().unwrap().iter();
        let mut rows: Vec<[Value; 3]> = rows
            .map(|row| ["customerId", "subject", "value"].map(|name| row[name].clone()))
            .collect();
        rows.sort_by_key(|row| row[0].to_string());
        rows
    };
    let whole = [json!(ids[0]), Value::Null, json!(3)];
    // Its key is a subject, too.
    for implied in ["", "&groupBy=customer_id"] {
        assert_eq!(rows(implied.to_owned()).await, std::slice::from_ref(&whole));
    }
    let both = rows(format!("&filterCustomerId={}", ids[1])).await;
    assert_eq!(both, [whole, [json!(ids[1]), Value::Null, json!(1)]]);
    let of_subject = rows("&subject=s1&subject=s3".to_owned()).await;
    assert_eq!(of_subject, [[json!(ids[0]), json!("s1"), json!(1)]]);
    rest.delete("/api/v1/customers/one").await.expect(204);
    rest.get(&query).await.problem(404);
    world.stop().await;
}

// Metering text, §4.5.
#[tokio::test]
async fn usage_is_shown_as_a_table() {
    let (world, rest) = frozen().await;
    let meter = json!({
        "slug": "used", "eventType": "use", "aggregation": "SUM", "valueProperty": "$.v",
        "groupBy": {"model": "$.model", "path": "$.path"},
    });
    rest.post(METERS, meter).await.expect(201);
    for (id, subject, value) in [("1", "s1", 100), ("2", "s1", 200), ("3", "s2", 7)] {
        let data = json!({"v": value, "model": "a,b", "path": "/"});
        ingest(&rest, id, subject, "2021-01-01T00:10:00Z", data).await;
    }
    let query = "/api/v1/meters/used/query?windowSize=HOUR";
    let answer = table(&rest, &format!("{query}&subject=s1")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "content-type"), "text/csv");
    assert_eq!(
        header(&answer, "content-disposition"),
        "attachment; filename=used.csv"
    );
    assert_eq!(
        answer.text,
        "window_start,window_end,subject,value\n\
         2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s1,300.000000\n"
    );
    let named = json!([{"key": "s1", "displayName": "One"}]);
    rest.post("/api/v1/subjects", named).await.expect(200);
    let grouped = "groupBy=path&groupBy=subject&groupBy=model";
    let answer = table(&rest, &format!("{query}&{grouped}")).await;
    let mut lines: Vec<&str> = answer.text.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "window_start,window_end,subject,subject_display_name,path,model,value",
            "2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s1,One,/,\"a,b\",300.000000",
            "2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s2,,/,\"a,b\",7.000000",
        ]
    );
    // The columns follow from the question, whatever was counted.
    let answer = table(&rest, &format!("{query}&subject=nobody")).await;
    assert_eq!(answer.text, "window_start,window_end,subject,value\n");
    // Only the first media type counts, and a body has no table.
    for accept in ["application/json, text/csv", "*/*", ";"] {
        let request = rest.request(Method::GET, query).header("accept", accept);
        let answer = rest.send(request).await;
        assert_eq!(header(&answer, "content-type"), "application/json");
    }
    let request = rest
        .request(Method::POST, "/api/v1/meters/used/query")
        .header("accept", "text/csv");
    let answer = rest.send(request.json(&json!({}))).await;
    assert_eq!(answer.expect(200)["data"][0]["value"], 307);
    world.stop().await;
}

#[tokio::test]
async fn subjects_change_by_what_is_sent_and_come_back_in_order() {
    let (world, rest) = frozen().await;
    let upsert = async |body: Value| rest.post("/api/v1/subjects", body).await.expect(200);
    let names = |list: &Value| -> Vec<String> {
        let subjects = list.as_array().unwrap().iter();
        subjects
            .map(|subject| subject["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let made = upsert(json!([
        {"key": "b", "displayName": "B", "metadata": {"n": {"deep": 1.50}}},
        {"key": "a", "currentPeriodStart": "2026-01-01T00:00:00Z"},
    ]))
    .await;
    assert_eq!(names(&made), ["b", "a"]);
    assert_eq!(made[0]["metadata"], json!({"n": {"deep": 1.50}}));
    assert_eq!(made[1]["metadata"], json!({}));
    assert_eq!(made[1].get("currentPeriodStart"), None);
    let changed = upsert(json!([
        {"key": "a", "displayName": "A"}, {"key": "b", "displayName": null, "metadata": null},
    ]))
    .await;
    assert_eq!(names(&changed), ["a", "b"]);
    assert_eq!(
        (&changed[0]["id"], &changed[1]["id"]),
        (&made[1]["id"], &made[0]["id"])
    );
    assert_eq!(changed[0]["displayName"], "A");
    assert_eq!(
        (changed[1].get("displayName"), &changed[1]["metadata"]),
        (None, &json!({}))
    );
    let list = async || rest.get("/api/v1/subjects").await.expect(200);
    assert_eq!(names(&list().await), ["b", "a"], "by id");
    let by_id = format!("/api/v1/subjects/{}", made[0]["id"].as_str().unwrap());
    assert_eq!(rest.get(&by_id).await.expect(200), changed[1]);
    rest.delete("/api/v1/subjects/b").await.expect(204);
    assert_eq!(names(&list().await), ["a"]);
    rest.get("/api/v1/subjects/b").await.problem(404);
    assert!(rest.get(&by_id).await.expect(200)["deletedAt"].is_string());
    let again = upsert(json!([{"key": "b"}])).await;
    assert_ne!(again[0]["id"], made[0]["id"]);
    world.stop().await;
}

// Metering text, §16.1 and §16.3.
#[tokio::test]
async fn metrics_count_todays_events_and_currencies_have_their_digits() {
    let (world, rest) = frozen().await;
    let metrics = async || rest.get("/api/v1/debug/metrics").await;
    let lines = |answer: &Answer| -> Vec<String> {
        let samples = answer.text.lines().filter(|line| !line.starts_with('#'));
        samples.map(str::to_owned).collect()
    };
    let empty = metrics().await;
    assert!(header(&empty, "content-type").starts_with("text/plain"));
    assert!(empty.text.starts_with(
        "# HELP openmeter_events Number of ingested events\n# TYPE openmeter_events counter\n"
    ));
    assert!(lines(&empty).is_empty());
    for (id, subject, time) in [
        ("1", "customer-1", "2026-01-15T00:00:00Z"),
        ("2", "customer-1", "2026-01-15T01:00:00Z"),
        ("3", "customer-1", "2026-01-15T11:00:00Z"),
        ("4", "a \"b\"", "2026-01-15T11:00:00Z"),
        ("5", "customer-1", "2026-01-14T23:59:59Z"),
    ] {
        ingest(&rest, id, subject, time, json!({})).await;
    }
    let mut counted = lines(&metrics().await);
    counted.sort_unstable();
    assert_eq!(
        counted,
        [
            r#"openmeter_events_total{subject="a \"b\""} 1.0"#,
            r#"openmeter_events_total{subject="customer-1"} 3.0"#,
        ]
    );
    let currencies = rest.get("/api/v1/info/currencies").await.expect(200);
    let listed = currencies.as_array().unwrap();
    for (code, subunits) in [("USD", 2), ("JPY", 0), ("KWD", 3)] {
        let found = listed.iter().find(|one| one["code"] == code).unwrap();
        assert_eq!(found["subunits"], subunits, "{code}");
    }
    world.stop().await;
}

// Metering text, §6.
#[tokio::test]
async fn portal_tokens_last_an_hour_and_open_the_portal_to_browsers() {
    let (world, rest) = frozen().await;
    let meter = json!({"slug": "m", "eventType": "use", "aggregation": "COUNT"});
    rest.post(METERS, meter).await.expect(201);
    ingest(&rest, "1", "s", "2026-01-15T10:00:00Z", json!({})).await;
    let tokens = "/api/v1/portal/tokens";
    let made = rest.post(tokens, json!({"subject": "s"})).await.expect(200);
    let time = |name: &str| -> jiff::Timestamp { made[name].as_str().unwrap().parse().unwrap() };
    let hour = jiff::SignedDuration::from_hours(1);
    assert_eq!(time("expiresAt").duration_since(time("createdAt")), hour);
    assert_eq!(made["allowedMeterSlugs"], json!([]));
    assert_eq!(made.get("expired"), None);
    let far = json!({"subject": "t", "expiresAt": "2999-01-01T00:00:00+01:00"});
    let far = rest.post(tokens, far).await.expect(200);
    assert_eq!(far["expiresAt"], "2998-12-31T23:00:00Z");
    let newest = rest.get(&format!("{tokens}?limit=1")).await.expect(200);
    assert_eq!(newest.as_array().unwrap().len(), 1);
    assert_eq!(newest[0]["id"], far["id"]);

    let holder = rest.with_key(made["token"].as_str());
    let query = "/api/v1/portal/meters/m/query";
    let answer = table(&holder, &format!("{query}?windowSize=DAY")).await;
    assert_eq!(
        answer.text,
        "window_start,window_end,subject,value\n\
         2026-01-15T00:00:00Z,2026-01-16T00:00:00Z,s,1.000000\n"
    );
    let preflight = async |path: &str| {
        let request = rest
            .with_key(None)
            .request(Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        rest.send(request).await
    };
    let allowed = preflight(query).await;
    assert_eq!(allowed.status, 200);
    for (name, expected) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "1728000"),
        ("access-control-allow-methods", "GET,OPTIONS"),
        (
            "access-control-allow-headers",
            "accept,authorization,content-type",
        ),
    ] {
        assert_eq!(header(&allowed, name), expected, "{name}");
    }
    let elsewhere = preflight("/api/v1/meters/m/query").await;
    assert_eq!(header(&elsewhere, "access-control-allow-origin"), "");
    let request = holder.request(Method::GET, query);
    let answer = rest
        .send(request.header("origin", "https://app.example"))
        .await;
    assert_eq!(
        header(&answer, "access-control-allow-origin"),
        "https://app.example"
    );
    assert_eq!(answer.expect(200)["data"][0]["value"], 1);
    world.stop().await;
}
