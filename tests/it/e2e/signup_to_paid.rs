//! The main job from end to end: usage comes in, access is answered, a subscription is
//! billed, revenue is counted; through REST and gRPC, in every set-up.

use contract::{
    convert::from_decimal,
    subscription::v1::{GetRevenueSeriesRequest, MovementKind},
};
use perennial_sdk::Client;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use suite::{Installation, Rest, World};

/// What the first half of the story leaves for the second.
struct Halfway {
    customer: String,
    subscription: String,
}

#[tokio::test]
async fn the_main_job_in_one_process() {
    let world = World::start().await;
    let halfway = until_the_middle_of_the_month(&world.rest(), &world.client()).await;
    until_the_month_is_paid(&world.rest(), &world.client(), &halfway).await;
    world.stop().await;
}

#[tokio::test]
async fn the_main_job_with_a_process_per_service() {
    let Some(installation) = Installation::split().await.unwrap() else {
        println!("skipped: a split installation needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let (rest, client) = (installation.rest(), installation.client());
    let halfway = until_the_middle_of_the_month(&rest, &client).await;
    until_the_month_is_paid(&rest, &client, &halfway).await;
    installation.stop().await.unwrap();
}

#[tokio::test]
async fn the_main_job_survives_a_kill_in_the_middle() {
    let mut installation = Installation::all_in_one().await.unwrap();
    let halfway = until_the_middle_of_the_month(&installation.rest(), &installation.client()).await;
    installation.kill().unwrap();
    installation.spawn().await.unwrap();
    until_the_month_is_paid(&installation.rest(), &installation.client(), &halfway).await;
    installation.stop().await.unwrap();
}

/// Sets up, subscribes, sends usage and checks balance, queries and the gathering invoice.
async fn until_the_middle_of_the_month(rest: &Rest, client: &Client) -> Halfway {
    client
        .freeze_clock("2026-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();

    rest.post(
        "/api/v1/meters",
        json!({"slug": "tokens", "eventType": "prompt", "aggregation": "SUM",
               "valueProperty": "$.tokens", "groupBy": {"model": "$.model"}}),
    )
    .await
    .expect(201);
    rest.post(
        "/api/v1/meters",
        json!({"slug": "prompts", "eventType": "prompt", "aggregation": "COUNT"}),
    )
    .await
    .expect(201);
    rest.post(
        "/api/v1/features",
        json!({"key": "tokens", "name": "Tokens", "meterSlug": "tokens"}),
    )
    .await
    .expect(201);
    let plan = rest.post("/api/v1/plans", plan()).await.expect(201);
    assert_eq!(plan["status"], "draft");
    assert_eq!(plan["validationErrors"], Value::Null);
    let id = plan["id"].as_str().unwrap();
    let published = rest
        .post(&format!("/api/v1/plans/{id}/publish"), Value::Null)
        .await
        .expect(200);
    assert_eq!(published["status"], "active");

    let customer = rest
        .post(
            "/api/v1/customers",
            json!({"key": "acme", "name": "ACME Inc", "usageAttribution": {"subjectKeys": ["acme-eu", "acme-us"]}}),
        )
        .await
        .expect(201);
    let customer = customer["id"].as_str().unwrap().to_owned();
    let subscription = rest
        .post(
            "/api/v1/subscriptions",
            json!({"customerId": customer, "plan": {"key": "pro"}}),
        )
        .await
        .expect(201);
    assert_eq!(subscription["status"], "active");
    let subscription = subscription["id"].as_str().unwrap().to_owned();

    // The in-advance fee is on an issued and paid invoice right after subscribing.
    let first = standard_invoices(rest, &customer).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0]["totals"]["total"], "49");
    assert_eq!(first[0]["status"], "paid");

    client.advance_clock("P10D").await.unwrap();
    rest.post_text(
        "/api/v1/events",
        "application/cloudevents+json",
        &event("e-1", "acme-eu", "2026-01-05T10:15:00Z", "large", "700.5").to_string(),
    )
    .await
    .expect(204);
    let batch = json!([
        event("e-2", "acme-us", "2026-01-05T10:45:00Z", "small", "299.5"),
        event("e-3", "acme-us", "2026-01-05T11:00:00Z", "small", "500"),
        // The same event again: counted once.
        event("e-1", "acme-eu", "2026-01-05T10:15:00Z", "large", "700.5"),
    ]);
    for _ in 0..2 {
        rest.post_text(
            "/api/v1/events",
            "application/cloudevents-batch+json",
            &batch.to_string(),
        )
        .await
        .expect(204);
    }
    let events = rest
        .get("/api/v1/events?from=2026-01-01T00:00:00Z")
        .await
        .expect(200);
    assert_eq!(events.as_array().unwrap().len(), 3, "{events}");
    assert_eq!(events[0]["customerId"], customer.as_str());

    let hourly = rest
        .get("/api/v1/meters/tokens/query?windowSize=HOUR&from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z")
        .await
        .expect(200);
    let values: Vec<String> = hourly["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["value"].to_string())
        .collect();
    assert_eq!(values, ["1000", "500"], "{hourly}");
    let grouped = rest
        .get("/api/v1/meters/tokens/query?groupBy=model")
        .await
        .expect(200);
    let mut groups: Vec<(String, String)> = grouped["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["groupBy"]["model"].as_str().unwrap().to_owned(),
                row["value"].to_string(),
            )
        })
        .collect();
    groups.sort();
    assert_eq!(
        groups,
        [
            ("large".to_owned(), "700.5".to_owned()),
            ("small".to_owned(), "799.5".to_owned())
        ]
    );

    // 1000 granted, 1500 used.
    let value = rest
        .get("/api/v1/customers/acme/entitlements/tokens/value")
        .await
        .expect(200);
    assert_eq!(
        value,
        json!({"hasAccess": false, "balance": 0, "usage": 1500, "overage": 500, "totalAvailableGrantAmount": 1000})
    );
    let access = rest.get("/api/v1/customers/acme/access").await.expect(200);
    assert_eq!(access["entitlements"]["tokens"]["overage"], json!(500));

    // Graduated: 1000 free, 500 at 0.01.
    let gathering = gathering_invoice(rest, &customer).await;
    assert!(
        gathering["number"]
            .as_str()
            .unwrap()
            .starts_with("GATHER-ACIN-USD-")
    );
    let usage_line = gathering["lines"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| {
            line["featureKey"] == "tokens" && line["period"]["from"] == "2026-01-01T00:00:00Z"
        })
        .cloned()
        .unwrap();
    assert_eq!(usage_line["quantity"], "1500");
    assert_eq!(usage_line["totals"]["total"], "5");
    Halfway {
        customer,
        subscription,
    }
}

/// Invoices the first part by hand, lets the month end, and checks invoices and revenue.
async fn until_the_month_is_paid(rest: &Rest, client: &Client, halfway: &Halfway) {
    let Halfway {
        customer,
        subscription,
    } = halfway;
    // What was acknowledged before is still there, and still counted once.
    let total = rest.get("/api/v1/meters/tokens/query").await.expect(200);
    assert_eq!(total["data"][0]["value"], json!(1500));

    let progressive = rest
        .post(
            "/api/v1/billing/invoices/invoice",
            json!({"customerId": customer}),
        )
        .await
        .expect(201);
    assert_eq!(progressive[0]["totals"]["total"], "5", "{progressive}");
    assert_eq!(
        progressive[0]["statusDetails"]["extendedStatus"],
        "draft.waiting_for_collection"
    );

    rest.post(
        "/api/v1/events",
        event("e-4", "acme-eu", "2026-01-20T00:00:00Z", "large", "1000"),
    )
    .await
    .expect(204);
    client.advance_clock("P22D").await.unwrap();

    let invoices = standard_invoices(rest, customer).await;
    let mut sum = Decimal::ZERO;
    for invoice in &invoices {
        assert_eq!(invoice["status"], "paid", "{invoice}");
        let lines: Decimal = invoice["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| number(&line["totals"]["total"]))
            .sum();
        assert_eq!(number(&invoice["totals"]["total"]), lines);
        sum += lines;
    }
    // Two fees of 49 (January, February), and 1500 tokens beyond the free 1000 at 0.01.
    assert_eq!(
        sum,
        Decimal::from(49) + Decimal::from(49) + Decimal::from(15),
        "{invoices:?}"
    );

    let fetched = rest
        .get(&format!("/api/v1/subscriptions/{subscription}"))
        .await
        .expect(200);
    assert_eq!(
        fetched["alignment"]["currentAlignedBillingPeriod"]["from"],
        "2026-02-01T00:00:00Z"
    );

    // The new month starts with a new grant.
    let value = rest
        .get("/api/v1/customers/acme/entitlements/tokens/value")
        .await
        .expect(200);
    assert_eq!(value["balance"], json!(1000));
    assert_eq!(value["usage"], json!(0));

    let series = client
        .revenue()
        .get_revenue_series(GetRevenueSeriesRequest {
            first_month: "2026-01".into(),
            last_month: "2026-02".into(),
        })
        .await
        .unwrap()
        .into_inner();
    let january = &series.months[0];
    assert_eq!(
        from_decimal(january.mrr_end.as_ref().unwrap()).unwrap(),
        Decimal::from(49)
    );
    for movement in &january.movements {
        let expected = match movement.kind() {
            MovementKind::New => Decimal::from(49),
            MovementKind::Expansion
            | MovementKind::Contraction
            | MovementKind::Churn
            | MovementKind::Reactivation
            | MovementKind::PlanChange
            | MovementKind::Unspecified => Decimal::ZERO,
        };
        let amount = from_decimal(movement.amount.as_ref().unwrap()).unwrap();
        assert_eq!(amount, expected, "{movement:?}");
    }
    let february = &series.months[1];
    assert_eq!(
        from_decimal(february.mrr_start.as_ref().unwrap()).unwrap(),
        Decimal::from(49)
    );
}

fn number(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn event(id: &str, subject: &str, time: &str, model: &str, tokens: &str) -> Value {
    let tokens: Value = serde_json::from_str(tokens).unwrap();
    json!({"specversion": "1.0", "id": id, "source": "e2e", "type": "prompt", "subject": subject,
           "time": time, "data": {"model": model, "tokens": tokens}})
}

fn plan() -> Value {
    json!({
        "key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [
            {"type": "flat_fee", "key": "base", "name": "Base fee", "billingCadence": "P1M",
             "price": {"type": "flat", "amount": "49", "paymentTerm": "in_advance"}},
            {"type": "usage_based", "key": "tokens", "name": "Tokens", "featureKey": "tokens", "billingCadence": "P1M",
             "price": {"type": "tiered", "mode": "graduated", "tiers": [
                {"upToAmount": "1000", "flatPrice": null, "unitPrice": {"type": "unit", "amount": "0"}},
                {"flatPrice": null, "unitPrice": {"type": "unit", "amount": "0.01"}}]},
             "entitlementTemplate": {"type": "metered", "isSoftLimit": false, "issueAfterReset": 1000, "usagePeriod": "P1M"}}
        ]}]
    })
}

async fn standard_invoices(rest: &Rest, customer: &str) -> Vec<Value> {
    let list = rest
        .get(&format!(
            "/api/v1/billing/invoices?customers={customer}&expand=lines&order=ASC"
        ))
        .await
        .expect(200);
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|invoice| invoice["status"] != "gathering")
        .cloned()
        .collect()
}

async fn gathering_invoice(rest: &Rest, customer: &str) -> Value {
    let list = rest
        .get(&format!(
            "/api/v1/billing/invoices?customers={customer}&statuses=gathering&expand=lines"
        ))
        .await
        .expect(200);
    list["items"][0].clone()
}
