//! The ProfitWell dialect through the gateway: subscriptions, users, plans, customers, traits,
//! retain, events and metrics, with the figures of its documentation.

use contract::billing::v1 as billing;
use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::{Caller, frozen, seconds, token};

/// The account of these tests: `acme` paid 100, then 150, and left on 5 March; `beta` pays
/// 1,200 a year from February on; `gamma` was on trial and pays 30 from 3 February on.
async fn account() -> (World, Caller) {
    let world = frozen().await;
    let key = token(&world, KeyKind::ProfitwellPrivate).await;
    let caller = Caller::profitwell(&world, &key);
    let made = caller
        .post(
            "/subscriptions/",
            &json!({
                "user_alias": "acme", "subscription_alias": "acme-1", "email": "a@acme.com",
                "plan_id": "pro", "plan_interval": "month", "value": 10000,
                "effective_date": seconds("2026-01-10T00:00:00Z"),
            }),
        )
        .await
        .expect(201);
    assert_eq!(made["user_alias"], "acme");
    caller
        .put(
            "/subscriptions/acme-1/",
            &json!({
                "plan_id": "pro", "plan_interval": "month", "value": 15000,
                "effective_date": seconds("2026-02-10T00:00:00Z").to_string(),
            }),
        )
        .await
        .expect(200);
    let date = seconds("2026-03-05T00:00:00Z");
    let churn = format!("/subscriptions/acme-1/churn?effective_date={date}&churn_type=delinquent");
    caller.bare(Method::POST, &churn).await.expect(200);
    caller
        .post(
            "/subscriptions",
            &json!({
                "user_alias": "beta", "email": "b@beta.com", "plan_id": "basic",
                "plan_interval": "year", "value": 120_000, "plan_currency": "USD",
                "effective_date": seconds("2026-02-01T00:00:00Z"),
            }),
        )
        .await
        .expect(201);
    let trial = caller
        .post(
            "/subscriptions",
            &json!({
                "email": "c@gamma.com", "plan_id": "basic", "plan_interval": "month", "value": 0,
                "status": "trialing", "effective_date": seconds("2026-01-20T00:00:00Z"),
            }),
        )
        .await
        .expect(201);
    let id = trial["subscription_id"].as_str().unwrap();
    caller
        .put(
            &format!("/subscriptions/{id}"),
            &json!({
                "plan_id": "basic", "plan_interval": "month", "value": 3000, "status": "active",
                "effective_date": seconds("2026-02-03T00:00:00Z"),
            }),
        )
        .await
        .expect(200);
    (world, caller)
}

/// The values of a metric in an answer.
fn values(answer: &Value, metric: &str) -> Vec<Value> {
    let points = answer["data"][metric].as_array().unwrap();
    points.iter().map(|point| point["value"].clone()).collect()
}

#[tokio::test]
async fn a_subscription_is_told_with_every_member() {
    let (world, caller) = account().await;
    let made = caller
        .post(
            "/subscriptions",
            &json!({
                "user_alias": "acme", "email": "other@acme.com", "plan_id": "pro",
                "plan_interval": "year", "value": 0, "status": "trialing",
                "effective_date": seconds("2026-03-01T00:00:00Z"), "unknown": [1],
            }),
        )
        .await
        .expect(201);
    let user = made["user_id"].as_str().unwrap();
    let id = made["subscription_id"].as_str().unwrap();
    for (text, prefix) in [(user, "pwu_"), (id, "pws_")] {
        let rest = text.strip_prefix(prefix).unwrap();
        assert_eq!(rest.len(), 24);
        assert!(
            rest.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        );
    }
    assert_eq!(
        made,
        json!({
            "subscription_id": id, "user_id": user, "user_alias": "acme",
            "subscription_alias": null, "email": "a@acme.com", "plan_id": "pro",
            "plan_interval": "year", "plan_currency": "usd", "status": "trialing",
            "value": 0, "effective_date": seconds("2026-03-01T00:00:00Z"), "meta": {},
        })
    );
    world.stop().await;
}

#[tokio::test]
async fn the_history_of_a_user_has_an_element_for_every_event_that_survives() {
    let (world, caller) = account().await;
    let history = caller
        .get("/users/acme/subscription_history/")
        .await
        .expect(200);
    let told: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event["status"].as_str().unwrap(),
                event["value"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("active", 10000),
            ("active", 15000),
            ("churned_delinquent", 15000)
        ]
    );
    assert_eq!(history[2]["meta"], json!({"churn_type": "delinquent"}));
    assert_eq!(history[2]["subscription_alias"], "acme-1");
    // As older clients ask, and by the generated id.
    let user = history[0]["user_id"].as_str().unwrap();
    let again = caller.get(&format!("/users/{user}/")).await.expect(200);
    assert_eq!(again, history);

    let unchurn = "/subscriptions/acme-1/unchurn";
    let answer = caller.bare(Method::POST, unchurn).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let history = caller
        .get("/users/acme/subscription_history")
        .await
        .expect(200);
    assert_eq!(history.as_array().unwrap().len(), 2);
    caller.bare(Method::POST, unchurn).await.expect(404);
    caller
        .bare(Method::PUT, "/unchurn/acme-1/")
        .await
        .expect(404);
    // As older clients end a subscription; ahead of now it goes on counting.
    let date = seconds("2026-12-31T00:00:00Z");
    let path = format!("/subscriptions/acme-1/?effective_date={date}");
    let churned = caller.delete(&path).await.expect(200);
    assert_eq!(churned["status"], "churned_voluntary");
    let acme = caller.get("/customers/acme").await.expect(200);
    assert_eq!(
        (&acme["status"], &acme["mrr_cents"]),
        (&json!("cancelled"), &json!(15000))
    );
    world.stop().await;
}

#[tokio::test]
async fn customers_are_told_with_what_they_are_worth() {
    let (world, caller) = account().await;
    let acme = caller.get("/customers/acme/").await.expect(200);
    assert_eq!(
        acme,
        json!({
            "customer_id": "acme", "email": "a@acme.com", "first_name": null, "last_name": null,
            "mrr_cents": 0, "plans": [], "status": "churned_delinquent",
            "created_on": "2026-03-15T12:00:00Z", "activated_on": "2026-01-10T00:00:00Z",
            "churned_on": "2026-03-05T00:00:00Z", "updated_on": "2026-03-15T12:00:00Z",
            "total_spend_cents": 25000,
        })
    );
    let beta = caller.get("/customers/beta").await.expect(200);
    assert_eq!(
        (&beta["mrr_cents"], &beta["status"]),
        (&json!(10000), &json!("active"))
    );
    assert_eq!(
        (&beta["plans"], &beta["total_spend_cents"]),
        (&json!(["basic"]), &json!(120_000))
    );
    caller.get("/customers/nobody").await.expect(404);

    let all = caller
        .get("/customers/?date_field=updated_on")
        .await
        .expect(200);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let found = caller.get("/customers?email=B@BETA.COM").await.expect(200);
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["customer_id"], "beta");
    for (filter, count) in [
        ("start_date=2026-03-15T12:00:00Z", 3),
        ("start_date=2026-03-15T12:00:01", 0),
        ("end_date=2026-03-15%2012:00", 0),
        ("end_date=1773576001", 3),
        ("end_date=1773576001000", 3),
        ("start_date=2026-03-15&end_date=2026-03-16", 3),
        ("page=1&per_page=2", 2),
        ("page=2&per_page=2", 1),
        ("page=3&per_page=2", 0),
        ("direction=desc", 3),
    ] {
        let page = caller
            .get(&format!("/customers?{filter}"))
            .await
            .expect(200);
        assert_eq!(page.as_array().unwrap().len(), count, "{filter}");
    }
    world.stop().await;
}

#[tokio::test]
async fn monthly_metrics_are_those_of_the_documentation() {
    let (world, caller) = account().await;
    let all = caller.get("/metrics/monthly/").await.expect(200);
    assert_eq!(all["data"].as_object().unwrap().len(), 40);
    let months: Vec<_> = all["data"]["recurring_revenue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["date"].as_str().unwrap())
        .collect();
    assert_eq!(months, ["2026-01", "2026-02", "2026-03"]);
    for (metric, expected) in [
        ("recurring_revenue", json!([100, 280, 130])),
        ("existing_recurring_revenue", json!([0, 100, 280])),
        ("new_recurring_revenue", json!([100, 130, 0])),
        ("upgraded_recurring_revenue", json!([0, 50, 0])),
        ("churned_recurring_revenue", json!([0, 0, -150])),
        ("churned_recurring_revenue_delinquent", json!([0, 0, -150])),
        ("churned_recurring_revenue_cancellations", json!([0, 0, 0])),
        ("active_customers", json!([1, 3, 2])),
        ("churned_customers_delinquent", json!([0, 0, 1])),
        ("growth_rate", json!([null, 180, -53.57])),
        ("revenue_churn_rate", json!([null, 0, 53.57])),
        ("customers_churn_rate", json!([null, 0, 33.33])),
        ("customers_retention_rate", json!([null, 100, 66.67])),
        ("revenue_retention_rate", json!([null, 150, 46.43])),
        ("average_revenue_per_user", json!([100, 93.33, 65])),
        ("lifetime_value", json!([null, null, 390])),
        ("saas_quick_ratio", json!([null, null, 0])),
        ("new_trialing_customers", json!([1, 0, 0])),
        ("active_trialing_customers", json!([1, 0, 0])),
        ("converted_customers", json!([0, 1, 0])),
        ("customer_conversion_rate", json!([0, 100, null])),
        ("converted_recurring_revenue", json!([0, 30, 0])),
        ("trial_conversion_time", json!([null, 14, null])),
    ] {
        assert_eq!(json!(values(&all, metric)), expected, "{metric}");
    }
    let pro = caller
        .get("/metrics/monthly?plan_id=pro&metrics=recurring_revenue,%20plan_changed_recurring_revenue,recurring_revenue")
        .await
        .expect(200);
    assert_eq!(pro["data"].as_object().unwrap().len(), 2);
    assert_eq!(
        json!(values(&pro, "recurring_revenue")),
        json!([100, 150, 0])
    );
    assert_eq!(
        json!(values(&pro, "plan_changed_recurring_revenue")),
        json!([0, 50, 0])
    );
    let none = caller
        .get("/metrics/monthly?plan_id=none&metrics=recurring_revenue")
        .await;
    assert_eq!(
        json!(values(&none.expect(200), "recurring_revenue")),
        json!([0, 0, 0])
    );
    // Each only for the whole account, or only for one plan.
    caller
        .get("/metrics/monthly?plan_id=pro&metrics=upgrade_rate")
        .await
        .expect(400);
    caller
        .get("/metrics/monthly?metrics=plan_change_rate")
        .await
        .expect(400);
    caller
        .get("/metrics/monthly?metrics=future_churn_mrr")
        .await
        .expect(400);

    let plans = caller.get("/plan_ids/").await.expect(200);
    assert_eq!(plans, json!(["basic"]));
    let plans = caller.get("/metrics/plans/").await.expect(200);
    assert_eq!(plans, json!({"plan_ids": ["basic"]}));

    // Excluded from every month, for ever, and still a customer.
    caller
        .bare(Method::POST, "/customers/acme/exclude")
        .await
        .expect(204);
    caller
        .bare(Method::POST, "/metrics/exclude_customer/acme/")
        .await
        .expect(204);
    caller
        .bare(Method::POST, "/customers/nobody/exclude")
        .await
        .expect(404);
    let after = caller
        .get("/metrics/monthly?metrics=recurring_revenue")
        .await
        .expect(200);
    assert_eq!(
        values(&after, "recurring_revenue")[1..],
        [json!(130), json!(130)]
    );
    caller.get("/customers/acme").await.expect(200);
    world.stop().await;
}

#[tokio::test]
async fn daily_metrics_reach_the_current_and_the_previous_month() {
    let (world, caller) = account().await;
    let march = caller
        .get("/metrics/daily/?month=2026-03")
        .await
        .expect(200);
    assert_eq!(march["data"].as_object().unwrap().len(), 15);
    let revenue = values(&march, "recurring_revenue");
    assert_eq!(revenue.len(), 15);
    assert_eq!((&revenue[3], &revenue[4]), (&json!(280), &json!(130)));
    assert_eq!(march["data"]["recurring_revenue"][4]["date"], "2026-03-05");
    assert_eq!(values(&march, "churned_recurring_revenue")[4], json!(-150));
    assert_eq!(values(&march, "cumulative_net_new_mrr")[4], json!(-150));
    assert_eq!(values(&march, "future_churn_mrr")[3], json!(150));
    let february = caller
        .get("/metrics/daily?month=2026-02&plan_id=basic")
        .await
        .expect(200);
    assert_eq!(values(&february, "new_customers").len(), 28);
    for month in ["2026-01", "2026-04", "1990-01", "9999-12"] {
        caller
            .get(&format!("/metrics/daily?month={month}"))
            .await
            .expect(400);
    }
    caller
        .get("/metrics/daily?month=2026-03&metrics=growth_rate")
        .await
        .expect(400);
    world.stop().await;
}

#[tokio::test]
async fn plans_are_made_by_hand_and_by_subscriptions() {
    let (world, caller) = account().await;
    let plan = json!({"id": "gold", "name": "Gold"});
    assert_eq!(caller.post("/plans/", &plan).await.expect(201), plan);
    caller.post("/plans", &plan).await.expect(400);
    assert_eq!(caller.get("/plans/gold/").await.expect(200), plan);
    caller.get("/plans/nothing").await.expect(404);
    let renamed = caller
        .put("/plans/pro", &json!({"name": "Professional"}))
        .await
        .expect(200);
    assert_eq!(renamed, json!({"id": "pro", "name": "Professional"}));
    caller
        .put("/plans/nothing", &json!({"name": "x"}))
        .await
        .expect(404);
    let all = caller.get("/plans").await.expect(200);
    assert_eq!(
        all,
        json!([
            {"id": "pro", "name": "Professional"},
            {"id": "basic", "name": "basic"},
            plan,
        ])
    );
    world.stop().await;
}

#[tokio::test]
async fn traits_are_one_for_each_category() {
    let (world, caller) = account().await;
    let give = |customer: &str, category: &str, name: &str| json!({"customer_id": customer, "category": category, "trait": name});
    let answer = caller
        .post("/traits/", &give("acme", " Super_Power ", "Gadgets"))
        .await;
    answer.expect(204);
    let answer = caller
        .put("/customer_traits/trait/", &give("acme", "SIZE", "n/a"))
        .await;
    answer.expect(204);
    let told = json!({"super_power": "gadgets", "size": "n/a"});
    assert_eq!(caller.get("/customers/acme/traits").await.expect(200), told);
    assert_eq!(
        caller
            .get("/customer_traits/customer/acme/")
            .await
            .expect(200),
        told
    );
    assert_eq!(
        caller.get("/customers/beta/traits/").await.expect(200),
        json!({})
    );
    caller.get("/customers/nobody/traits").await.expect(404);
    let by_email = json!({"email": "A@ACME.com", "category": "size", "trait": "large"});
    caller.post("/traits", &by_email).await.expect(204);
    let remove = json!({"customer_id": "acme", "category": "Size"});
    caller.post("/traits/remove/", &remove).await.expect(204);
    caller.post("/traits/remove", &remove).await.expect(400);
    let nobody = json!({"customer_id": "nobody", "category": "size"});
    caller.post("/traits/remove", &nobody).await.expect(404);
    caller
        .delete("/traits/categories/SUPER_power")
        .await
        .expect(204);
    caller
        .delete("/traits/categories/super_power/")
        .await
        .expect(404);
    assert_eq!(
        caller.get("/customers/acme/traits").await.expect(200),
        json!({})
    );
    world.stop().await;
}

#[tokio::test]
async fn interventions_are_stopped_for_good_or_for_an_open_payment() {
    let (world, caller) = account().await;
    let stop = |types: Value, forever: bool| json!({"customer_id": "beta", "intervention_types": types, "forever": forever});
    caller
        .post(
            "/retain/stop_interventions/",
            &stop(json!(["reactivation"]), true),
        )
        .await
        .expect(204);
    let listed = |filter: &'static str| {
        let caller = caller.clone();
        async move {
            let path = format!("/retain/unsubscribed_customers?{filter}");
            let found = caller.get(&path).await.expect(200);
            found.as_array().unwrap().len()
        }
    };
    assert_eq!(listed("intervention_type=reactivation").await, 1);
    assert_eq!(listed("intervention_type=term_optimization").await, 0);
    // Both ends are included; a date covers its day.
    assert_eq!(
        listed("intervention_type=reactivation&end_date=2026-03-15").await,
        1
    );
    assert_eq!(
        listed("intervention_type=reactivation&end_date=2026-03-14").await,
        0
    );
    assert_eq!(
        listed("intervention_type=reactivation&start_date=2026-03-15T12:00:00Z").await,
        1
    );
    assert_eq!(
        listed("intervention_type=reactivation&start_date=2026-03-16").await,
        0
    );
    // Not for good: nothing is stored, and reminders need something to be reminded of.
    let once = stop(json!(["term_optimization"]), false);
    caller.post("/retain/stop/", &once).await.expect(204);
    assert_eq!(listed("intervention_type=term_optimization").await, 0);
    // Null is as good as absent.
    let mut unsaid = once;
    unsaid["forever"] = Value::Null;
    let answer = caller.post("/retain/stop_interventions", &unsaid).await;
    answer.expect(204);
    assert_eq!(listed("intervention_type=term_optimization").await, 0);
    let told = caller
        .post(
            "/retain/stop_interventions",
            &stop(json!(["retain"]), false),
        )
        .await;
    assert_eq!(
        told.expect(400)["error"],
        "customer_id: has no open payment"
    );
    let older = caller
        .get("/retain/unsubscribed_customers/reactivation/")
        .await
        .expect(200);
    assert_eq!(older[0]["customer_id"], "beta");
    world.stop().await;
}

/// Invoices 5 of a customer; how the sandbox shall pay it is written on the draft.
async fn invoice(world: &World, customer: &str, payment: &str) {
    let client = world.client();
    let mut profiles = client.billing_profiles();
    let answer = profiles
        .get_profile(billing::GetProfileRequest::default())
        .await;
    let mut profile = answer.unwrap().into_inner().profile.unwrap();
    let workflow = profile.workflow.get_or_insert_default();
    let invoicing = workflow.invoicing.get_or_insert_default();
    // Otherwise it would be paid before anything could be written on it.
    invoicing.auto_advance = Some(false);
    let update = billing::UpdateProfileRequest {
        profile: Some(profile),
        ..Default::default()
    };
    profiles.update_profile(update).await.unwrap();
    let rest = world.rest();
    let path = format!("/api/v1/billing/customers/{customer}/invoices/pending-lines");
    let lines = json!({"currency": "USD", "lines": [{
        "name": "fee", "invoiceAt": "2026-04-01T00:00:00Z",
        "period": {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
        "rateCard": {"price": {"type": "flat", "amount": "5"}},
    }]});
    rest.post(&path, lines).await.expect(201);
    // What is due is also invoiced by itself, so that it is waited for.
    client.advance_clock("P20D").await.unwrap();
    let mut invoices = client.invoices();
    let list = billing::ListInvoicesRequest {
        customer_ids: vec![customer.to_owned()],
        statuses: vec!["draft".to_owned()],
        ..Default::default()
    };
    let drafts = invoices.list_invoices(list).await.unwrap().into_inner();
    let [draft] = <[billing::Invoice; 1]>::try_from(drafts.invoices).unwrap();
    let status = "openmeter.io/sandbox/target-payment-status".to_owned();
    let update = billing::UpdateInvoiceRequest {
        invoice_id: draft.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["metadata".to_owned()],
        }),
        metadata: [(status, payment.to_owned())].into(),
        ..Default::default()
    };
    invoices.update_invoice(update).await.unwrap();
    let approve = billing::ApproveInvoiceRequest {
        invoice_id: draft.id,
        ..Default::default()
    };
    invoices.approve_invoice(approve).await.unwrap();
}

#[tokio::test]
async fn reminders_are_stopped_while_a_payment_is_open() {
    let (world, caller) = account().await;
    let beta = world.rest().get("/api/v1/customers/beta").await.expect(200);
    let stop = json!({"customer_id": "beta", "intervention_types": ["retain", "reactivation"]});
    let path = "/retain/stop_interventions";
    caller.post(path, &stop).await.expect(400);
    invoice(&world, beta["id"].as_str().unwrap(), "failed").await;
    let answer = caller.post(path, &stop).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    // It is about this payment, so that nothing is kept of it; and nobody else has one.
    let listed = "/retain/unsubscribed_customers?intervention_type=reactivation";
    assert_eq!(caller.get(listed).await.expect(200), json!([]));
    let other = json!({"customer_id": "acme", "intervention_types": ["retain"]});
    caller.post(path, &other).await.expect(400);
    world.stop().await;
}

#[tokio::test]
async fn anonymizing_keeps_what_was_paid() {
    let (world, caller) = account().await;
    caller
        .bare(Method::POST, "/customers/acme/anonymize")
        .await
        .expect(204);
    caller
        .bare(Method::POST, "/customers/acme/anonymize/")
        .await
        .expect(400);
    caller
        .bare(Method::POST, "/gdpr/anonymize_by_customer_id/nobody/")
        .await
        .expect(404);
    let acme = caller.get("/customers/acme").await.expect(200);
    assert_eq!(
        (&acme["email"], &acme["total_spend_cents"]),
        (&Value::Null, &json!(25000))
    );
    let by_email = "/customers/anonymize_by_email?email=B@beta.com";
    caller.bare(Method::POST, by_email).await.expect(204);
    caller.bare(Method::POST, by_email).await.expect(404);
    caller
        .bare(Method::POST, "/gdpr/anonymize_by_email/c@gamma.com/")
        .await
        .expect(204);
    let metrics = caller
        .get("/metrics/monthly?metrics=recurring_revenue")
        .await
        .expect(200);
    assert_eq!(
        json!(values(&metrics, "recurring_revenue")),
        json!([100, 280, 130])
    );
    world.stop().await;
}

#[tokio::test]
async fn events_settings_and_users() {
    let (world, caller) = account().await;
    let public = token(&world, KeyKind::ProfitwellPublic).await;
    let events = caller.with(Some(&public));
    let seen = json!({"user_id": "beta"});
    events
        .post("/dotjs/v1/customer/event/", &seen)
        .await
        .expect(204);
    events
        .post("/dotjs/v1/customer/event", &json!({"user_id": "nobody"}))
        .await
        .expect(400);
    let found = world.rest().get("/api/v1/customers/beta").await.expect(200);
    assert_eq!(found["key"], "beta");

    let settings = caller.get("/company/settings/").await.expect(200);
    assert_eq!(settings["currency"], "usd");
    assert_eq!(settings["timezone"], "UTC");
    assert_eq!(settings["id"], settings["company_id"]);
    assert_eq!(settings["name"], "default");
    assert_eq!(caller.get("/status/").await.expect(200), json!({}));

    let answer = caller
        .put("/users/beta/", &json!({"email": "new@beta.com"}))
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let beta = caller.get("/customers/beta").await.expect(200);
    assert_eq!(beta["email"], "new@beta.com");
    for bad in [json!({}), json!({"email": ""}), json!({"email": 1})] {
        caller.put("/users/beta", &bad).await.expect(400);
    }
    caller
        .put("/users/nobody", &json!({"email": "x@y.z"}))
        .await
        .expect(404);

    caller.delete("/users/beta/").await.expect(204);
    caller.delete("/users/beta").await.expect(404);
    caller
        .get("/users/beta/subscription_history")
        .await
        .expect(404);
    caller.get("/customers/beta").await.expect(404);
    let metrics = caller
        .get("/metrics/monthly?metrics=recurring_revenue")
        .await
        .expect(200);
    assert_eq!(
        json!(values(&metrics, "recurring_revenue")),
        json!([100, 180, 30])
    );
    world.stop().await;
}

#[tokio::test]
async fn half_a_cent_counts_as_a_cent() {
    let world = frozen().await;
    let key = token(&world, KeyKind::ProfitwellPrivate).await;
    let caller = Caller::profitwell(&world, &key);
    // In hundredths of a year: 25,002 are 20.835 a month.
    for (index, value) in [12_001, 12_001, 1_000].into_iter().enumerate() {
        let body = json!({
            "user_alias": "half", "subscription_alias": format!("half-{index}"), "email": "h@a.lf",
            "plan_id": "pro", "plan_interval": "year", "value": value,
            "effective_date": seconds("2026-03-10T00:00:00Z"),
        });
        caller.post("/subscriptions", &body).await.expect(201);
    }
    let told = caller.get("/metrics/monthly?metrics=new_recurring_revenue");
    let told = told.await.expect(200);
    let months = &told["data"]["new_recurring_revenue"];
    assert_eq!(months.to_string(), r#"[{"date":"2026-03","value":20.84}]"#);
    let told = caller.get("/customers/half").await.expect(200);
    assert_eq!(told["mrr_cents"], 2084);
    world.stop().await;
}
