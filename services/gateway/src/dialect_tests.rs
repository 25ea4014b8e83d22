//! The frame of the ProfitWell and Probe dialects, through the router: what is refused
//! before any service is asked, and how.

#![expect(clippy::unwrap_used, reason = "tests")]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::tests::{router, send};

/// A request with a token as it stands and a body.
fn request(method: Method, path: &str, token: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, token);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn answer(request: Request<Body>) -> (u16, Value) {
    let (status, body, response) = send(router(None), request).await;
    if !body.is_null() && status != StatusCode::OK {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    }
    (status.as_u16(), body)
}

async fn get(path: &str, token: Option<&str>) -> (u16, Value) {
    answer(request(Method::GET, path, token, "")).await
}

async fn sent(method: Method, path: &str, token: &str, body: &str) -> (u16, Value) {
    answer(request(method, path, Some(token), body)).await
}

#[tokio::test]
async fn profitwell_takes_the_bare_token_of_its_kind() {
    let unauthorized = (401, json!({"error": "Unauthorized"}));
    assert_eq!(get("/v2/status", Some("private")).await, (200, json!({})));
    assert_eq!(get("/v2/status/", Some("private")).await, (200, json!({})));
    assert_eq!(
        get("/v2/api-status/", Some("private")).await,
        (200, json!({}))
    );
    for token in [
        None,
        Some(""),
        Some("unknown"),
        Some("Bearer private"),
        Some("public"),
        Some("secret"),
        Some("probe"),
    ] {
        assert_eq!(get("/v2/status", token).await, unauthorized, "{token:?}");
    }
    for token in ["private", "secret", "bootstrap", "unknown", "Bearer public"] {
        let told = sent(Method::POST, "/dotjs/v1/customer/event/", token, "{}").await;
        assert_eq!(told, unauthorized, "{token}");
    }
    let (status, _) = sent(Method::POST, "/dotjs/v1/customer/event", "public", "{}").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn probe_takes_a_bearer_token_of_its_kind() {
    for token in [
        None,
        Some("probe"),
        Some("Bearer secret"),
        Some("Bearer private"),
    ] {
        let (status, told) = get("/v4/subscriptions", token).await;
        assert_eq!(status, 401, "{token:?}");
        assert!(told["error"].is_string());
    }
    // Nobody is behind the router here: a good token comes as far as the services.
    for token in ["Bearer probe", "bearer probe", "BEARER probe"] {
        let (status, _) = get("/v4/subscriptions", Some(token)).await;
        assert_eq!(status, 503, "{token}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_the_words_of_the_dialect() {
    let (status, told) = get("/v2/nowhere", None).await;
    assert_eq!((status, told), (404, json!({"error": "Not found."})));
    let (status, told) = sent(Method::PATCH, "/v2/plans", "private", "").await;
    assert_eq!(
        (status, told),
        (405, json!({"error": "Method not allowed."}))
    );
    let (status, told) = get("/v4/nowhere", None).await;
    assert_eq!(status, 404);
    assert_eq!(told, json!({"error": "there is nothing here"}));
    let (status, _) = sent(Method::PATCH, "/v4/subscriptions", "Bearer probe", "").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn bodies_are_json_objects() {
    for body in ["", "{", "[]", "1", "null", "\"a\""] {
        let (status, told) = sent(Method::POST, "/v2/plans/", "private", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(told["error"].as_str().unwrap().contains("body"), "{told}");
        let upsert = "/v4/subscriptions/upsert";
        let (status, told) = sent(Method::PUT, upsert, "Bearer probe", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(told["error"].as_str().unwrap().contains("body"), "{told}");
    }
}

#[tokio::test]
async fn other_content_types_are_refused_where_the_contract_says_so() {
    let text = |path: &str, token: &str| {
        let mut request = request(Method::POST, path, Some(token), "{}");
        let kind = "text/plain".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request
    };
    let (status, _) = answer(text("/v2/plans", "private")).await;
    assert_eq!(status, 400);
    let (status, told) = answer(text("/dotjs/v1/customer/event/", "public")).await;
    assert_eq!(status, 415);
    assert_eq!(
        told["error"],
        "Content-Type: must be application/json, not text/plain"
    );
    // Operations without a body do not look at it, nor does Probe.
    let (status, _) = answer(text("/v2/customers/a/exclude", "private")).await;
    assert_eq!(status, 503);
    let history = "/v4/subscriptions/history/upsert/a";
    let (status, _) = answer(text(history, "Bearer probe")).await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn sentences_name_the_member_of_a_profitwell_request() {
    let body = json!({
        "email": "a@b.c", "plan_id": "p", "plan_interval": "month", "value": 100,
        "effective_date": 1_514_764_800,
    });
    for (member, value, sentence) in [
        ("email", Value::Null, "email: must be a string"),
        (
            "plan_interval",
            json!("week"),
            "plan_interval: must be one of month, year, not \"week\"",
        ),
        ("value", json!(1.5), "value: must be an integer"),
        ("value", json!("100"), "value: must be an integer"),
        (
            "status",
            json!("churned"),
            "status: must be one of active, trialing, not \"churned\"",
        ),
        (
            "plan_currency",
            json!(""),
            "plan_currency: must not be empty",
        ),
        (
            "effective_date",
            json!("soon"),
            "effective_date: must be a time as seconds since 1970",
        ),
        (
            "effective_date",
            json!(1.5),
            "effective_date: must be a time as seconds since 1970",
        ),
    ] {
        let mut body = body.clone();
        body[member] = value;
        let told = sent(
            Method::POST,
            "/v2/subscriptions/",
            "private",
            &body.to_string(),
        )
        .await;
        assert_eq!(told, (400, json!({"error": sentence})));
    }
    for member in [
        "email",
        "plan_id",
        "plan_interval",
        "value",
        "effective_date",
    ] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(member);
        let told = sent(
            Method::POST,
            "/v2/subscriptions/",
            "private",
            &body.to_string(),
        )
        .await;
        assert_eq!(
            told,
            (400, json!({"error": format!("{member}: is required")}))
        );
    }
    let update = r#"{"plan_id":"p","plan_interval":"month","value":1,"effective_date":1,"status":"trialing"}"#;
    let (status, told) = sent(Method::PUT, "/v2/subscriptions/a", "private", update).await;
    assert_eq!(status, 400);
    assert_eq!(
        told["error"],
        "status: must be one of active, not \"trialing\""
    );
}

#[tokio::test]
async fn parameters_of_profitwell_are_checked() {
    for (path, name) in [
        ("/v2/customers?page=0", "page"),
        ("/v2/customers?page=x", "page"),
        ("/v2/customers?page=401", "page"),
        ("/v2/customers?per_page=1&page=100001", "page"),
        ("/v2/customers?per_page=251", "per_page"),
        ("/v2/customers?per_page=0", "per_page"),
        ("/v2/customers?start_date=yesterday", "start_date"),
        ("/v2/customers?end_date=2018-02-30", "end_date"),
        ("/v2/customers?direction=up", "direction"),
        ("/v2/customers?date_field=created_on", "date_field"),
        ("/v2/plan_ids?limit=0", "limit"),
        ("/v2/plan_ids?limit=151", "limit"),
        ("/v2/plan_ids?limit=", "limit"),
        ("/v2/metrics/monthly?metrics=mrr", "metrics"),
        ("/v2/metrics/monthly?month=2018-01", "month"),
        ("/v2/metrics/daily?month=2018-1", "month"),
        ("/v2/metrics/daily?month=2018-13", "month"),
        ("/v2/metrics/daily", "month"),
        ("/v2/metrics/daily?month=2018-01&page=1", "page"),
        ("/v2/retain/unsubscribed_customers", "intervention_type"),
        (
            "/v2/retain/unsubscribed_customers/retain/",
            "intervention_type",
        ),
        (
            "/v2/retain/unsubscribed_customers?intervention_type=retain",
            "intervention_type",
        ),
    ] {
        let (status, told) = get(path, Some("private")).await;
        assert_eq!(status, 400, "{path}: {told}");
        let sentence = told["error"].as_str().unwrap();
        assert!(
            sentence.starts_with(&format!("{name}: ")),
            "{path}: {sentence}"
        );
    }
    for path in [
        "/churn",
        "/churn?effective_date=x",
        "/churn?effective_date=1&churn_type=x",
    ] {
        let path = format!("/v2/subscriptions/a{path}");
        assert_eq!(
            sent(Method::POST, &path, "private", "").await.0,
            400,
            "{path}"
        );
    }
    let (status, _) = sent(Method::DELETE, "/v2/subscriptions/a/", "private", "").await;
    assert_eq!(status, 400);
    let by_email = "/v2/customers/anonymize_by_email";
    let (status, told) = sent(Method::POST, by_email, "private", "").await;
    assert_eq!(
        (status, told),
        (400, json!({"error": "email: is required"}))
    );
}

#[tokio::test]
async fn fields_name_the_members_of_a_probe_request() {
    let good = json!({
        "customer_id": "abc", "id": "sub_1", "started_at": "2019-09-06T13:00:00",
        "items": [{"product_key": "starter", "type": "recurring"}],
        "monthly_amount": "1", "currency": "usd",
    });
    let item = |item: Value| json!([item]);
    for (member, value, field) in [
        ("started_at", json!("soon"), "started_at"),
        ("started_at", json!(1), "started_at"),
        ("ended_at", json!(""), "ended_at"),
        ("monthly_amount", json!("-1"), "monthly_amount"),
        ("monthly_amount", json!("1.1234567"), "monthly_amount"),
        ("currency", json!(""), "currency"),
        ("id", json!(""), "id"),
        ("id", json!(7), "id"),
        ("customer_id", json!("a".repeat(256)), "customer_id"),
        ("items", json!([]), "items"),
        ("items", json!("starter"), "items"),
        (
            "items",
            item(json!({"type": "trial"})),
            "items[0].product_key",
        ),
        (
            "items",
            item(json!({"product_key": "a", "type": "gratis"})),
            "items[0].type",
        ),
        (
            "items",
            item(json!({"product_key": "a", "trial_started_at": "x"})),
            "items[0].trial_started_at",
        ),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let upsert = "/v4/subscriptions/upsert";
        let (status, told) = sent(Method::PUT, upsert, "Bearer probe", &body.to_string()).await;
        assert_eq!(status, 400, "{field}");
        assert!(told["fields"][field].is_string(), "{field}: {told}");
        assert!(told["error"].as_str().unwrap().contains(field), "{told}");
    }
}

#[tokio::test]
async fn probe_histories_segments_and_tokens_are_checked() {
    let history = "/v4/subscriptions/history/upsert/h";
    for (body, field) in [
        (json!({"items": []}), "items"),
        (json!({"items": [{}, {}]}), "items"),
        (json!({"items": [{"type": "trial"}]}), "items[0].type"),
        (
            json!({"items": [{"product_key": ""}]}),
            "items[0].product_key",
        ),
        (json!({"started_at": "x"}), "started_at"),
    ] {
        for method in [Method::PUT, Method::POST] {
            let (status, told) = sent(method, history, "Bearer probe", &body.to_string()).await;
            assert_eq!(status, 400, "{body}");
            assert!(told["fields"][field].is_string(), "{told}");
        }
    }
    for (segment, field) in [
        (json!({"value": "a"}), "segments[0].name"),
        (json!({"name": "", "value": "a"}), "segments[0].name"),
        (json!({"name": "a"}), "segments[0].value"),
        (json!({"name": "a", "value": 1}), "segments[0].value"),
        (json!({"name": 1, "value": "a"}), "segments[0].name"),
    ] {
        let body = json!({"segments": [segment]}).to_string();
        let (status, told) = sent(Method::PUT, "/v4/customers/c", "Bearer probe", &body).await;
        assert_eq!(status, 400);
        assert!(told["fields"][field].is_string(), "{field}: {told}");
    }
    let (status, told) = get("/v4/subscriptions?next=21", Some("Bearer probe")).await;
    assert_eq!(status, 400);
    assert!(told["fields"]["next"].is_string());
}

#[tokio::test]
async fn idempotency_keys_have_a_length() {
    for (path, token) in [
        ("/v2/customers/a/exclude", "private"),
        ("/v4/subscriptions/history/upsert/a", "Bearer probe"),
    ] {
        let mut request = request(Method::POST, path, Some(token), "{}");
        let key = "a".repeat(256).parse().unwrap();
        request.headers_mut().insert("idempotency-key", key);
        let (status, told) = answer(request).await;
        assert_eq!(status, 400);
        assert!(
            told["error"]
                .as_str()
                .unwrap()
                .starts_with("Idempotency-Key")
        );
    }
}

#[tokio::test]
async fn large_bodies_are_refused_in_the_words_of_the_dialect() {
    let body = format!("{{\"id\": \"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let (status, told) = sent(Method::POST, "/v2/plans", "private", &body).await;
    assert_eq!(
        (status, told),
        (413, json!({"error": "The body is larger than 4 MiB."}))
    );
    let upsert = "/v4/subscriptions/upsert";
    let (status, told) = sent(Method::PUT, upsert, "Bearer probe", &body).await;
    assert_eq!(
        (status, told),
        (400, json!({"error": "the body is larger than 4 MiB"}))
    );
}

#[test]
fn all_references_of_the_documents_resolve() {
    for dialect in ["profitwell", "probe"] {
        let document = crate::openapi(dialect);
        let mut missing = Vec::new();
        unresolved(&document, &document, &mut missing);
        assert_eq!(missing, Vec::<String>::new(), "{dialect}");
        assert!(document["paths"].as_object().unwrap().len() >= 4);
    }
}

fn unresolved(document: &Value, node: &Value, missing: &mut Vec<String>) {
    match node {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref")
                && document.pointer(target.trim_start_matches('#')).is_none()
            {
                missing.push(target.clone());
            }
            for value in fields.values() {
                unresolved(document, value, missing);
            }
        }
        Value::Array(items) => {
            for value in items {
                unresolved(document, value, missing);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
