//! Every 400, 401, 404 and 415 of the ProfitWell dialect as a table: operation by operation, with status and sentence, and
//! that nothing came of any of it. What needs a story of its own is told in `profitwell_rules_rest`.

use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::{Caller, frozen, refused, seconds, token};

const START: &str = "2026-01-10T00:00:00Z";

/// An account with user `acme`, who has subscription `acme-1` on plan `pro`, and user `gone` without personal data.
async fn account() -> (World, Caller) {
    let world = frozen().await;
    let key = token(&world, KeyKind::ProfitwellPrivate).await;
    let caller = Caller::profitwell(&world, &key);
    for (user, alias) in [("acme", "acme-1"), ("gone", "gone-1")] {
        let body = json!({
            "user_alias": user, "subscription_alias": alias, "email": format!("{user}@mail.com"),
            "plan_id": "pro", "plan_interval": "month", "value": 10_000, "effective_date": seconds(START),
        });
        caller.post("/subscriptions", &body).await.expect(201);
    }
    let path = "/customers/gone/anonymize";
    caller.bare(Method::POST, path).await.expect(204);
    (world, caller)
}

/// All that can be read of the account.
async fn everything(caller: &Caller) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/customers",
        "/plans",
        "/plan_ids",
        "/users/acme/subscription_history",
        "/users/gone/subscription_history",
        "/customers/acme/traits",
        "/retain/unsubscribed_customers?intervention_type=reactivation",
        "/metrics/monthly?metrics=recurring_revenue,active_customers",
    ] {
        all.push(caller.get(path).await.expect(200));
    }
    all
}

/// What is sent, and with which content type.
#[derive(Clone)]
enum Sent {
    Nothing,
    Json(Value),
    Text(&'static str, &'static str),
}

impl Caller {
    async fn ask(&self, method: &Method, path: &str, sent: Sent) -> suite::http::Answer {
        let request = self.request(method.clone(), path);
        let request = match sent {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(&body),
            Sent::Text(kind, body) => request.header("content-type", kind).body(body),
        };
        self.send(request).await
    }
}

/// The operations that take a body, with one that is good.
fn with_body() -> Vec<(Method, &'static str, Value)> {
    let whole = json!({
        "user_alias": "new", "email": "n@e.w", "plan_id": "new", "plan_interval": "month", "value": 1,
        "effective_date": seconds(START),
    });
    let change = json!({
        "plan_id": "new", "plan_interval": "month", "value": 1, "effective_date": seconds(START),
    });
    let held = json!({"customer_id": "acme", "category": "a", "trait": "b"});
    vec![
        (Method::POST, "/subscriptions", whole),
        (Method::PUT, "/subscriptions/acme-1", change),
        (Method::PUT, "/users/acme", json!({"email": "n@e.w"})),
        (Method::POST, "/plans", json!({"id": "new", "name": "New"})),
        (Method::PUT, "/plans/pro", json!({"name": "New"})),
        (Method::POST, "/traits", held.clone()),
        (Method::PUT, "/customer_traits/trait", held.clone()),
        (Method::POST, "/traits/remove", held),
        (
            Method::POST,
            "/retain/stop_interventions",
            json!({"customer_id": "acme", "intervention_types": ["reactivation"], "forever": true}),
        ),
    ]
}

/// The operations that take none.
fn without_body() -> Vec<(Method, &'static str)> {
    vec![
        (Method::GET, "/status"),
        (Method::GET, "/api-status"),
        (Method::POST, "/subscriptions/acme-1/churn?effective_date=1"),
        (Method::DELETE, "/subscriptions/acme-1?effective_date=1"),
        (Method::POST, "/subscriptions/acme-1/unchurn"),
        (Method::PUT, "/unchurn/acme-1"),
        (Method::GET, "/users/acme/subscription_history"),
        (Method::GET, "/users/acme"),
        (Method::DELETE, "/users/acme"),
        (Method::GET, "/plans"),
        (Method::GET, "/plans/pro"),
        (Method::GET, "/plan_ids"),
        (Method::GET, "/metrics/plans"),
        (Method::GET, "/customers"),
        (Method::GET, "/customers/acme"),
        (Method::POST, "/customers/acme/anonymize"),
        (Method::POST, "/customers/anonymize_by_email?email=a@b.c"),
        (Method::POST, "/gdpr/anonymize_by_email/a@b.c"),
        (Method::POST, "/customers/acme/exclude"),
        (Method::GET, "/metrics/monthly"),
        (Method::GET, "/metrics/daily?month=2026-03"),
        (Method::GET, "/company/settings"),
        (
            Method::GET,
            "/retain/unsubscribed_customers?intervention_type=reactivation",
        ),
        (Method::GET, "/customers/acme/traits"),
        (Method::DELETE, "/traits/categories/a"),
    ]
}

#[tokio::test]
async fn no_operation_opens_without_its_token() {
    let (world, caller) = account().await;
    let before = everything(&caller).await;
    let public = token(&world, KeyKind::ProfitwellPublic).await;
    let private = token(&world, KeyKind::ProfitwellPrivate).await;
    let operations = with_body()
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .chain(without_body());
    for (method, path) in operations {
        let scheme = format!("Bearer {private}");
        for key in [
            None,
            Some("unknown"),
            Some(public.as_str()),
            Some(scheme.as_str()),
        ] {
            // What is sent does not matter before it is known who sends it.
            let sent = Sent::Text("text/plain", "{");
            let answer = caller.with(key).ask(&method, path, sent).await;
            assert_eq!(refused(answer, 401), "Unauthorized", "{method} {path}");
        }
    }
    let event = "/dotjs/v1/customer/event/";
    let scheme = format!("Bearer {public}");
    for key in [
        None,
        Some("unknown"),
        Some(private.as_str()),
        Some(scheme.as_str()),
    ] {
        let body = Sent::Json(json!({"user_id": "acme"}));
        let answer = caller.with(key).ask(&Method::POST, event, body).await;
        assert_eq!(refused(answer, 401), "Unauthorized");
    }
    assert_eq!(everything(&caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn bodies_are_json_objects() {
    let (world, caller) = account().await;
    let before = everything(&caller).await;
    for (method, path, good) in with_body() {
        for (kind, body, told) in [
            (
                "application/json",
                "",
                "the body is empty, and must be JSON",
            ),
            ("application/json", "{", "the body is not valid JSON"),
            ("application/json", "[]", "the body must be a JSON object"),
            (
                "application/json",
                "\"a\"",
                "the body must be a JSON object",
            ),
            ("text/plain", "{}", "Content-Type: "),
            ("application/x-www-form-urlencoded", "a=b", "Content-Type: "),
        ] {
            let answer = caller.ask(&method, path, Sent::Text(kind, body)).await;
            let sentence = refused(answer, 400);
            assert!(
                sentence.starts_with(told),
                "{method} {path} {kind} {body}: {sentence}"
            );
        }
        // Each member that must be there.
        for member in good.as_object().unwrap().keys() {
            if ["user_alias", "forever", "trait"].contains(&member.as_str()) {
                continue;
            }
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(member);
            let sentence = refused(caller.ask(&method, path, Sent::Json(body)).await, 400);
            assert!(sentence.contains(member), "{method} {path}: {sentence}");
        }
    }
    let events = caller.with(Some(&token(&world, KeyKind::ProfitwellPublic).await));
    let event = "/dotjs/v1/customer/event/";
    for (status, kind, body, told) in [
        (
            415,
            "text/plain",
            "{\"user_id\":\"acme\"}",
            "Content-Type: must be application/json",
        ),
        (
            415,
            "application/x-www-form-urlencoded",
            "user_id=acme",
            "Content-Type: ",
        ),
        (400, "application/json", "{", "the body is not valid JSON"),
        (
            400,
            "application/json",
            "[]",
            "the body must be a JSON object",
        ),
        (400, "application/json", "{}", "user_id: "),
        (400, "application/json", "{\"user_id\":1}", "user_id: "),
        (400, "application/json", "{\"user_id\":\"nobody\"}", ""),
    ] {
        let answer = events
            .ask(&Method::POST, event, Sent::Text(kind, body))
            .await;
        let sentence = refused(answer, status);
        assert!(sentence.starts_with(told), "{kind} {body}: {sentence}");
    }
    assert_eq!(everything(&caller).await, before);
    let charset = Sent::Text("application/json; charset=utf-8", "{\"user_id\":\"acme\"}");
    events.ask(&Method::POST, event, charset).await.expect(204);
    world.stop().await;
}

#[tokio::test]
async fn what_takes_no_body_does_not_look_at_one() {
    let (world, caller) = account().await;
    let date = seconds("2026-02-01T00:00:00Z");
    let churn = format!("/subscriptions/acme-1/churn?effective_date={date}");
    let older = format!("/subscriptions/acme-1/?effective_date={date}&churn_type=delinquent");
    for (method, path, status) in [
        (Method::POST, churn.as_str(), 200),
        (Method::POST, "/subscriptions/acme-1/unchurn", 204),
        (Method::DELETE, older.as_str(), 200),
        (Method::PUT, "/unchurn/acme-1/", 204),
        (Method::POST, "/customers/acme/exclude", 204),
        (Method::POST, "/customers/acme/anonymize", 204),
    ] {
        let sent = Sent::Text("text/plain", "{");
        let answer = caller.ask(&method, path, sent).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        if status == 200 {
            assert_eq!(answer.json["effective_date"], json!(date));
        }
    }
    // Who is excluded is in no metric and behind no plan, and still a customer.
    assert_eq!(caller.get("/plan_ids").await.expect(200), json!(["pro"]));
    caller
        .bare(Method::POST, "/customers/gone/exclude")
        .await
        .expect(204);
    assert_eq!(caller.get("/plan_ids").await.expect(200), json!([]));
    let all = caller.get("/customers").await.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn every_member_and_parameter_has_its_rule() {
    let (world, caller) = account().await;
    let before = everything(&caller).await;
    let start = |member: &str, value: Value| {
        let mut body = with_body()[0].2.clone();
        body[member] = value;
        (
            Method::POST,
            "/subscriptions".to_owned(),
            Sent::Json(body),
            format!("{member}: "),
        )
    };
    let change = |member: &str, value: Value| {
        let mut body = with_body()[1].2.clone();
        body[member] = value;
        (
            Method::PUT,
            "/subscriptions/acme-1".to_owned(),
            Sent::Json(body),
            format!("{member}: "),
        )
    };
    let asked =
        |path: &str, told: &str| (Method::GET, path.to_owned(), Sent::Nothing, told.to_owned());
    let posted = |path: &str, told: &str| {
        (
            Method::POST,
            path.to_owned(),
            Sent::Nothing,
            told.to_owned(),
        )
    };
    let mut rules = vec![
        start("value", json!(-1)),
        start("value", json!(1_000_000_000_001_i64)),
        start("value", json!("1")),
        start("value", json!(0.5)),
        start("plan_interval", json!("week")),
        start("plan_interval", Value::Null),
        start("status", json!("churned_voluntary")),
        start("plan_currency", json!("")),
        start("plan_currency", json!("xxy")),
        start("plan_id", json!("")),
        start("email", json!("")),
        start("email", json!(1)),
        start("user_alias", json!("pws_1")),
        start("subscription_alias", json!("pwu_1")),
        start("subscription_alias", json!("a".repeat(37))),
        start("effective_date", json!("1.5")),
        start("effective_date", json!(true)),
        change("value", json!(1_000_000_000_001_i64)),
        change("plan_interval", json!("day")),
        change("status", json!("churned_delinquent")),
        change("effective_date", json!("-1")),
        posted("/subscriptions/acme-1/churn", "effective_date: is required"),
        posted(
            "/subscriptions/acme-1/churn?effective_date=soon",
            "effective_date: ",
        ),
        posted("/subscriptions/acme-1/churn?effective_date=1", ""),
        posted(
            "/subscriptions/acme-1/churn?effective_date=1900000000&churn_type=x",
            "churn_type: ",
        ),
        posted("/customers/gone/anonymize", ""),
        posted("/gdpr/anonymize_by_customer_id/gone", ""),
        posted("/customers/anonymize_by_email", "email: is required"),
        posted("/customers/anonymize_by_email?email=", "email: is required"),
        asked("/customers?start_date=yesterday", "start_date: "),
        asked("/customers?end_date=2026-02-30", "end_date: "),
        asked(
            "/customers?page=0",
            "page: must be an integer from 1 to 400",
        ),
        asked("/customers?page=x", "page: "),
        asked(
            "/customers?page=401",
            "page: must be an integer from 1 to 400",
        ),
        asked(
            "/customers?page=10001&per_page=10",
            "page: must be an integer from 1 to 10000",
        ),
        asked(
            "/customers?per_page=0",
            "per_page: must be an integer from 1 to 250",
        ),
        asked(
            "/customers?per_page=251",
            "per_page: must be an integer from 1 to 250",
        ),
        asked("/customers?direction=up", "direction: "),
        asked("/customers?date_field=created_on", "date_field: "),
        asked(
            "/plan_ids?limit=0",
            "limit: must be an integer from 1 to 150",
        ),
        asked(
            "/plan_ids?limit=151",
            "limit: must be an integer from 1 to 150",
        ),
        asked("/metrics/plans?limit=x", "limit: "),
        asked(
            "/metrics/monthly?metrics=luck",
            "metrics: unknown metric \"luck\"",
        ),
        asked("/metrics/monthly?metrics=growth_rate,", "metrics: "),
        asked("/metrics/monthly?metrics=future_churn_mrr", "metrics"),
        asked("/metrics/monthly?metrics=plan_change_rate", "metrics"),
        asked(
            "/metrics/monthly?plan_id=pro&metrics=upgrade_rate",
            "metrics",
        ),
        asked(
            "/metrics/monthly?plan_id=pro&metrics=saas_quick_ratio",
            "metrics",
        ),
        asked(
            "/metrics/monthly?month=2026-03",
            "month: unknown query parameter",
        ),
        asked("/metrics/daily", "month: is required"),
        asked("/metrics/daily?month=2026-3", "month: "),
        asked("/metrics/daily?month=2026-01", "month: "),
        asked("/metrics/daily?month=2026-04", "month: "),
        asked(
            "/metrics/daily?month=2026-03&metrics=growth_rate",
            "metrics",
        ),
        asked(
            "/metrics/daily?month=2026-03&limit=1",
            "limit: unknown query parameter",
        ),
        asked(
            "/metrics/daily?month=2026-03&plan_id=pro&metrics=cumulative_net_new_mrr",
            "metrics",
        ),
        asked(
            "/retain/unsubscribed_customers",
            "intervention_type: is required",
        ),
        asked(
            "/retain/unsubscribed_customers?intervention_type=retain",
            "intervention_type: ",
        ),
        asked("/retain/unsubscribed_customers/luck", "intervention_type: "),
    ];
    for (parameter, told) in [
        ("start_date=x", "start_date: "),
        ("end_date=x", "end_date: "),
        ("page=0", "page: "),
        ("per_page=251", "per_page: "),
    ] {
        let path =
            format!("/retain/unsubscribed_customers?intervention_type=reactivation&{parameter}");
        rules.push(asked(&path, told));
    }
    let mut early = with_body()[1].2.clone();
    early["effective_date"] = json!(seconds(START) - 1);
    let path = "/subscriptions/acme-1".to_owned();
    rules.push((Method::PUT, path, Sent::Json(early), String::new()));
    let mut trial = with_body()[0].2.clone();
    trial["status"] = json!("trialing");
    rules.push((
        Method::POST,
        "/subscriptions".to_owned(),
        Sent::Json(trial),
        String::new(),
    ));
    let give = |body: Value| {
        (
            Method::POST,
            "/traits".to_owned(),
            Sent::Json(body),
            String::new(),
        )
    };
    for reserved in [
        "age of account",
        "age range",
        "country",
        "location",
        "company industry",
        "company size",
        "gender",
        "job category",
        "mrr quartile",
        "twitter followers",
        "activity level",
    ] {
        rules.push(give(
            json!({"customer_id": "acme", "category": reserved, "trait": "a"}),
        ));
        let shouted = format!(" {} ", reserved.to_uppercase());
        rules.push(give(
            json!({"customer_id": "acme", "category": shouted, "trait": "a"}),
        ));
    }
    rules.push(give(
        json!({"customer_id": "acme", "category": "a", "trait": " "}),
    ));
    let stop = |body: Value, told: &str| {
        let path = "/retain/stop_interventions".to_owned();
        (Method::POST, path, Sent::Json(body), told.to_owned())
    };
    rules.extend([
        stop(json!({"customer_id": "acme", "intervention_types": []}), "intervention_types: "),
        stop(json!({"customer_id": "acme", "intervention_types": "retain"}), "intervention_types"),
        stop(json!({"customer_id": "acme", "intervention_types": ["luck"]}), "intervention_types"),
        stop(json!({"customer_id": "acme", "intervention_types": ["retain"]}), "customer_id: has no open payment"),
        stop(json!({"customer_id": "nobody", "intervention_types": ["retain"]}), ""),
        stop(json!({"customer_id": "nobody", "intervention_types": ["reactivation"], "forever": true}), ""),
    ]);
    for (method, path, sent, told) in rules {
        let sentence = refused(caller.ask(&method, &path, sent).await, 400);
        assert!(
            sentence.starts_with(&told),
            "{method} {path}: `{told}` {sentence}"
        );
        assert!(!sentence.is_empty(), "{method} {path}");
    }
    assert_eq!(everything(&caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn what_a_path_names_and_nobody_knows_is_not_found() {
    let (world, caller) = account().await;
    let before = everything(&caller).await;
    let change = with_body()[1].2.clone();
    for (method, path, sent) in [
        (Method::PUT, "/subscriptions/nobody", Sent::Json(change)),
        (
            Method::POST,
            "/subscriptions/nobody/churn?effective_date=1900000000",
            Sent::Nothing,
        ),
        (
            Method::DELETE,
            "/subscriptions/nobody?effective_date=1900000000",
            Sent::Nothing,
        ),
        (Method::POST, "/subscriptions/nobody/unchurn", Sent::Nothing),
        (Method::POST, "/subscriptions/acme-1/unchurn", Sent::Nothing),
        (Method::PUT, "/unchurn/acme-1/", Sent::Nothing),
        (
            Method::GET,
            "/users/nobody/subscription_history",
            Sent::Nothing,
        ),
        (Method::GET, "/users/nobody/", Sent::Nothing),
        (
            Method::PUT,
            "/users/nobody",
            Sent::Json(json!({"email": "a@b.c"})),
        ),
        (Method::DELETE, "/users/nobody", Sent::Nothing),
        // An address is no name.
        (Method::DELETE, "/users/acme@mail.com", Sent::Nothing),
        (Method::GET, "/plans/nothing", Sent::Nothing),
        (
            Method::PUT,
            "/plans/nothing",
            Sent::Json(json!({"name": "A"})),
        ),
        (Method::GET, "/customers/nobody", Sent::Nothing),
        (Method::GET, "/customers/acme@mail.com", Sent::Nothing),
        (Method::POST, "/customers/nobody/anonymize", Sent::Nothing),
        (
            Method::POST,
            "/customers/anonymize_by_email?email=no@body.com",
            Sent::Nothing,
        ),
        (
            Method::POST,
            "/customers/anonymize_by_email?email=gone@mail.com",
            Sent::Nothing,
        ),
        (Method::POST, "/customers/nobody/exclude", Sent::Nothing),
        (Method::GET, "/customers/nobody/traits", Sent::Nothing),
        (
            Method::POST,
            "/traits/remove",
            Sent::Json(json!({"customer_id": "nobody", "category": "a"})),
        ),
        (
            Method::POST,
            "/traits/remove",
            Sent::Json(json!({"email": "no@body.com", "category": "a"})),
        ),
        (Method::DELETE, "/traits/categories/nothing", Sent::Nothing),
        (
            Method::DELETE,
            "/customer_traits/category/",
            Sent::Json(json!({"category": "nothing"})),
        ),
        (Method::GET, "/nowhere", Sent::Nothing),
    ] {
        let sentence = refused(caller.ask(&method, path, sent).await, 404);
        assert!(!sentence.is_empty(), "{method} {path}");
    }
    assert_eq!(everything(&caller).await, before);
    world.stop().await;
}

#[tokio::test]
async fn a_category_takes_a_hundred_traits() {
    let (world, caller) = account().await;
    let give = |customer: &str, number: u32| json!({"customer_id": customer, "category": "Color", "trait": format!("shade {number}")});
    for number in 0..100 {
        let customer = format!("user-{number}");
        let body = json!({"key": customer, "name": customer});
        let made = world.rest().post("/api/v1/customers", body).await;
        made.expect(201);
        caller
            .post("/traits", &give(&customer, number))
            .await
            .expect(204);
    }
    let sentence = refused(caller.post("/traits", &give("acme", 100)).await, 400);
    assert!(sentence.contains("hit trait limit"), "{sentence}");
    assert_eq!(
        caller.get("/customers/acme/traits").await.expect(200),
        json!({})
    );
    // One of the hundred is no new one, nor is any in another category.
    caller.post("/traits", &give("acme", 7)).await.expect(204);
    let other = json!({"customer_id": "acme", "category": "size", "trait": "shade 100"});
    caller.post("/traits", &other).await.expect(204);
    assert_eq!(
        caller.get("/customers/acme/traits").await.expect(200),
        json!({"color": "shade 7", "size": "shade 100"})
    );
    world.stop().await;
}
