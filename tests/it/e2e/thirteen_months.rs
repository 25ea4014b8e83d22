//! Thirteen months of one customer over REST: trial, conversion, upgrade in the middle of a month, add-on, downgrade, end,
//! and the end taken back. After each step: what the customer may use, and every invoice line to the cent.
//!
//! `starter`: a month on trial with 100 calls; then 29.00 a month in advance, 1,000 calls, 0.05 for each call.
//! `pro`: 99.00 a month in advance, 10,000 calls, 0.02 for each call. `support`: 15.00 a month in advance, on `pro` only.
//! Billing periods hang on the first of the month. Fees of parts of a month are their share in exact time, rounded to
//! cents; an end of the subscription shortens the last period and does not lower its fee; usage is charged when its period
//! is over.

use contract::{convert::from_decimal, subscription::v1::GetRevenueSeriesRequest};
use perennial_sdk::Client;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use suite::{Rest, World};

const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

/// The customer's side of the story.
struct Story {
    rest: Rest,
    client: Client,
    customer: String,
    /// The add-on for support.
    addon: String,
    /// Name, first day, last day (exclusive) and total of every line invoiced so far.
    invoiced: Vec<(String, String, String, String)>,
    /// Events sent so far.
    events: u32,
}

impl Story {
    /// Lets time pass.
    async fn pass(&self, duration: &str) {
        self.client.advance_clock(duration).await.unwrap();
    }

    /// Uses calls at a time.
    async fn call(&mut self, time: &str, count: u32) {
        self.events += 1;
        let event = json!({
            "specversion": "1.0", "id": format!("e-{}", self.events), "source": "story", "type": "call",
            "subject": "acme", "time": format!("{time}T12:00:00Z"), "data": {"count": count},
        });
        let event = event.to_string();
        let kind = "application/cloudevents+json";
        let sent = self.rest.post_text("/api/v1/events", kind, &event).await;
        sent.expect(204);
    }

    /// Says which lines have been invoiced since the last look.
    async fn billed(&mut self, lines: &[[&str; 4]]) {
        let new = lines.iter().map(|line| {
            let [name, from, to, total] = line.map(str::to_owned);
            (name, from, to, total)
        });
        self.invoiced.extend(new);
        self.invoiced.sort();
        let list = self
            .rest
            .get(&format!(
                "/api/v1/billing/invoices?customers={}&expand=lines&pageSize=100",
                self.customer
            ))
            .await
            .expect(200);
        let mut found = Vec::new();
        for invoice in list["items"].as_array().unwrap() {
            if invoice["status"] == "gathering" {
                continue;
            }
            assert_eq!(invoice["status"], "paid", "{invoice}");
            assert_eq!(invoice["currency"], "USD");
            let mut sum = Decimal::ZERO;
            for line in invoice["lines"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let day = |name: &str| text(&line["period"][name])[..10].to_owned();
                let total: Decimal = text(&line["totals"]["total"]).parse().unwrap();
                sum += total;
                let total = format!("{total:.2}");
                found.push((text(&line["name"]), day("from"), day("to"), total));
            }
            let total: Decimal = invoice["totals"]["total"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(total, sum, "an invoice is the sum of its lines: {invoice}");
        }
        found.sort();
        assert_eq!(found, self.invoiced);
    }

    /// Calls granted, used and left in the current usage period, and whether more may be made.
    async fn calls(&self) -> (u64, u64, u64, bool) {
        let value = self
            .rest
            .get("/api/v1/customers/acme/entitlements/calls/value")
            .await
            .expect(200);
        let number = |name: &str| value[name].as_u64().unwrap();
        (
            number("totalAvailableGrantAmount"),
            number("usage"),
            number("balance"),
            value["hasAccess"].as_bool().unwrap(),
        )
    }

    /// Whether the customer has support.
    async fn support(&self) -> bool {
        let access = self
            .rest
            .get("/api/v1/customers/acme/access")
            .await
            .expect(200);
        access["entitlements"]["support"]["hasAccess"] == json!(true)
    }

    /// Status, plan, start and end of a subscription.
    async fn life(&self, subscription: &str) -> Value {
        let shown = self
            .rest
            .get(&format!("{SUBSCRIPTIONS}/{subscription}"))
            .await
            .expect(200);
        json!([
            shown["status"],
            shown["plan"]["key"],
            shown["activeFrom"],
            shown["activeTo"]
        ])
    }

    async fn post(&self, subscription: &str, action: &str, body: Value) -> Value {
        let path = format!("{SUBSCRIPTIONS}/{subscription}/{action}");
        let answer = self.rest.post(&path, body).await;
        answer.expect(if action == "addons" { 201 } else { 200 })
    }
}

#[tokio::test]
async fn thirteen_months_of_one_customer() {
    let world = World::start().await;
    let mut story = begin(&world).await;

    // 1 January: the trial starts; nothing is charged.
    let body = json!({"customerKey": "acme", "plan": {"key": "starter"}});
    let made = story.rest.post(SUBSCRIPTIONS, body).await.expect(201);
    let starter = made["id"].as_str().unwrap().to_owned();
    assert_eq!(story.calls().await, (100, 0, 100, true));
    story.billed(&[]).await;
    story.call("2025-01-10", 40).await;
    story.pass("P14D").await; // 15 January
    assert_eq!(story.calls().await, (100, 40, 60, true));
    assert!(!story.support().await);
    story.billed(&[]).await;

    // 1 February: the trial has become the paid phase: a whole month in advance, and a new grant.
    story.call("2025-02-05", 1_500).await;
    story.pass("P26D").await; // 10 February
    story
        .billed(&[["Starter fee", "2025-02-01", "2025-03-01", "29.00"]])
        .await;
    // The limit is soft: used up, and still open.
    assert_eq!(story.calls().await, (1_000, 1_500, 0, true));

    // March begins: the fee of March, and 1,500 calls of February at 0.05 = 75.00.
    story.call("2025-03-05", 200).await;
    story.pass("P35D").await; // 17 March
    story
        .billed(&[
            ["Starter fee", "2025-03-01", "2025-04-01", "29.00"],
            ["Calls", "2025-02-01", "2025-03-01", "75.00"],
        ])
        .await;
    assert_eq!(story.calls().await, (1_000, 200, 800, true));

    // 17 March: upgrade, at once. The 29.00 for March stay as they are. 200 calls of 1 to 17 March at 0.05 = 10.00.
    // Pro from 17 March to 1 April: 15 of 31 days of 99.00 = 47.903 = 47.90.
    let body = json!({"plan": {"key": "pro"}, "timing": "immediate"});
    let changed = story.post(&starter, "change", body).await;
    let pro = changed["next"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        story.life(&starter).await,
        json!([
            "inactive",
            "starter",
            "2025-01-01T00:00:00Z",
            "2025-03-17T00:00:00Z"
        ])
    );
    assert_eq!(
        story.life(&pro).await,
        json!(["active", "pro", "2025-03-17T00:00:00Z", null])
    );
    assert_eq!(changed["next"]["billingAnchor"], "2025-01-01T00:00:00Z");
    assert_eq!(story.calls().await, (10_000, 0, 10_000, true));
    story.pass("P3D").await; // 20 March
    story
        .billed(&[
            ["Calls", "2025-03-01", "2025-03-17", "10.00"],
            ["Pro fee", "2025-03-17", "2025-04-01", "47.90"],
        ])
        .await;

    // April begins: the fee of April, and 300 calls from 17 March on at 0.02 = 6.00.
    story.call("2025-03-25", 300).await;
    story.pass("P22D").await; // 11 April
    story
        .billed(&[
            ["Pro fee", "2025-04-01", "2025-05-01", "99.00"],
            ["Calls", "2025-03-17", "2025-04-01", "6.00"],
        ])
        .await;
    assert_eq!(story.calls().await, (10_000, 0, 10_000, true));

    // 11 April: support, at once: 20 of 30 days of 15.00 = 10.00.
    let body = json!({
        "name": "Support", "addon": {"id": story.addon}, "quantity": 1, "timing": "immediate",
    });
    let bought = story.post(&pro, "addons", body).await;
    assert!(story.support().await);
    story.pass("P1D").await; // 12 April
    story
        .billed(&[["Support", "2025-04-11", "2025-05-01", "10.00"]])
        .await;

    // May begins: both fees, and 1,000 calls of April at 0.02 = 20.00.
    story.call("2025-04-20", 1_000).await;
    story.pass("P33D").await; // 15 May
    story
        .billed(&[
            ["Pro fee", "2025-05-01", "2025-06-01", "99.00"],
            ["Support", "2025-05-01", "2025-06-01", "15.00"],
            ["Calls", "2025-04-01", "2025-05-01", "20.00"],
        ])
        .await;

    // Support ends with the month, and is there until then.
    let path = format!(
        "{SUBSCRIPTIONS}/{pro}/addons/{}",
        bought["id"].as_str().unwrap()
    );
    let none = json!({"quantity": 0, "timing": "next_billing_cycle"});
    story.rest.patch(&path, none).await.expect(200);
    assert!(story.support().await);
    story.call("2025-05-20", 500).await;
    story.call("2025-06-05", 500).await;
    story.pass("P26D").await; // 10 June
    assert!(!story.support().await);
    story
        .billed(&[
            ["Pro fee", "2025-06-01", "2025-07-01", "99.00"],
            ["Calls", "2025-05-01", "2025-06-01", "10.00"],
        ])
        .await;
    assert_eq!(story.calls().await, (10_000, 500, 9_500, true));

    // 10 June: downgrade with the month, without another trial. Until then everything stays.
    let body = json!({
        "plan": {"key": "starter"}, "timing": "next_billing_cycle", "startingPhase": "paid",
    });
    let changed = story.post(&pro, "change", body).await;
    let starter = changed["next"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        story.life(&pro).await,
        json!([
            "canceled",
            "pro",
            "2025-03-17T00:00:00Z",
            "2025-07-01T00:00:00Z"
        ])
    );
    assert_eq!(story.life(&starter).await[0], "scheduled");
    assert_eq!(story.calls().await, (10_000, 500, 9_500, true));
    story.call("2025-07-10", 100).await;
    story.pass("P35D").await; // 15 July
    story
        .billed(&[
            ["Starter fee", "2025-07-01", "2025-08-01", "29.00"],
            ["Calls", "2025-06-01", "2025-07-01", "10.00"],
        ])
        .await;
    assert_eq!(story.life(&starter).await[0], "active");
    assert_eq!(story.calls().await, (1_000, 100, 900, true));

    // 15 July: the end, with the month; on 20 July it is taken back as if nothing had been.
    let body = json!({"timing": "next_billing_cycle"});
    let canceled = story.post(&starter, "cancel", body).await;
    assert_eq!(
        (&canceled["status"], &canceled["activeTo"]),
        (&json!("canceled"), &json!("2025-08-01T00:00:00Z"))
    );
    assert_eq!(story.calls().await, (1_000, 100, 900, true));
    story.pass("P5D").await; // 20 July
    story.post(&starter, "restore", Value::Null).await;
    assert_eq!(
        story.life(&starter).await,
        json!(["active", "starter", "2025-07-01T00:00:00Z", null])
    );
    assert_eq!(story.calls().await, (1_000, 100, 900, true));
    story.pass("P26D").await; // 15 August
    story
        .billed(&[
            ["Starter fee", "2025-08-01", "2025-09-01", "29.00"],
            ["Calls", "2025-07-01", "2025-08-01", "5.00"],
        ])
        .await;

    // Six quiet months, each with 10 calls at 0.05 = 0.50.
    let months = [
        "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03",
    ];
    for months in months.windows(3) {
        let [last, first, next] = [0, 1, 2].map(|index| format!("{}-01", months[index]));
        story.call(&format!("{}-20", months[0]), 10).await;
        story.pass("P1M").await; // the 15th
        story
            .billed(&[
                ["Starter fee", &first, &next, "29.00"],
                ["Calls", &last, &first, "0.50"],
            ])
            .await;
        assert_eq!(story.calls().await, (1_000, 0, 1_000, true));
    }

    // 29 × 2 + 75 + 10 + 47.90 + 99 + 6 + 10 + 99 + 15 + 20 + 99 + 10 + 29 + 10 + 29 + 5 + 6 × 29.50.
    let total: Decimal = story
        .invoiced
        .iter()
        .map(|(.., total)| total.parse::<Decimal>().unwrap())
        .sum();
    assert_eq!(total, "798.90".parse().unwrap());

    // What recurs at the end of each month: nothing on trial, starter, pro, pro with support, pro, starter.
    let series = story
        .client
        .revenue()
        .get_revenue_series(GetRevenueSeriesRequest {
            first_month: "2025-01".into(),
            last_month: "2026-01".into(),
        })
        .await
        .unwrap()
        .into_inner();
    let ends: Vec<String> = series
        .months
        .iter()
        .map(|month| {
            from_decimal(month.mrr_end.as_ref().unwrap())
                .unwrap()
                .normalize()
                .to_string()
        })
        .collect();
    let expected = [
        "0", "29", "99", "114", "114", "99", "29", "29", "29", "29", "29", "29", "29",
    ];
    // May still has support just before its end; June does not.
    assert_eq!(ends, expected);
    world.stop().await;
}

/// The clock, the catalog and the customer.
async fn begin(world: &World) -> Story {
    let (rest, client) = (world.rest(), world.client());
    client
        .freeze_clock("2025-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    for (path, body) in [
        (
            "/api/v1/meters",
            json!({"slug": "calls", "eventType": "call", "aggregation": "SUM", "valueProperty": "$.count"}),
        ),
        (
            "/api/v1/features",
            json!({"key": "calls", "name": "Calls", "meterSlug": "calls"}),
        ),
        (
            "/api/v1/features",
            json!({"key": "support", "name": "Support"}),
        ),
    ] {
        rest.post(path, body).await.expect(201);
    }
    let fee = |name: &str, amount: &str| {
        json!({
            "type": "flat_fee", "key": "base", "name": name, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount, "paymentTerm": "in_advance"},
        })
    };
    let calls = |price: Value, issued: u32| {
        json!({
            "type": "usage_based", "key": "calls", "name": "Calls", "featureKey": "calls",
            "billingCadence": "P1M", "price": price,
            "entitlementTemplate": {
                "type": "metered", "isSoftLimit": true, "issueAfterReset": issued, "usagePeriod": "P1M",
            },
        })
    };
    let unit = |amount: &str| json!({"type": "unit", "amount": amount});
    let phase = |key: &str, duration: Value, cards: Vec<Value>| json!({"key": key, "name": key, "duration": duration, "rateCards": cards});
    let plan = |key: &str, phases: Vec<Value>| json!({"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": phases});
    let starter = plan(
        "starter",
        vec![
            phase("trial", json!("P1M"), vec![calls(Value::Null, 100)]),
            phase(
                "paid",
                Value::Null,
                vec![fee("Starter fee", "29"), calls(unit("0.05"), 1_000)],
            ),
        ],
    );
    let pro = plan(
        "pro",
        vec![phase(
            "paid",
            Value::Null,
            vec![fee("Pro fee", "99"), calls(unit("0.02"), 10_000)],
        )],
    );
    let support = json!({
        "key": "support", "name": "Support", "currency": "USD", "instanceType": "single",
        "rateCards": [{
            "type": "flat_fee", "key": "support", "name": "Support", "featureKey": "support",
            "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "15", "paymentTerm": "in_advance"},
            "entitlementTemplate": {"type": "boolean"},
        }],
    });
    let publish = async |kind: &str, body: Value, addon: Option<Value>| {
        let made = rest
            .post(&format!("/api/v1/{kind}"), body)
            .await
            .expect(201);
        let path = format!("/api/v1/{kind}/{}", made["id"].as_str().unwrap());
        if let Some(addon) = addon {
            rest.post(&format!("{path}/addons"), addon)
                .await
                .expect(201);
        }
        let published = rest.post(&format!("{path}/publish"), Value::Null).await;
        published.expect(200)
    };
    publish("plans", starter, None).await;
    let support = publish("addons", support, None).await;
    let with_support = json!({"addonId": support["id"], "fromPlanPhase": "paid"});
    publish("plans", pro, Some(with_support)).await;
    let customer = rest
        .post(
            "/api/v1/customers",
            json!({"key": "acme", "name": "ACME Inc", "usageAttribution": {"subjectKeys": ["acme"]}}),
        )
        .await
        .expect(201);
    Story {
        customer: customer["id"].as_str().unwrap().to_owned(),
        addon: support["id"].as_str().unwrap().to_owned(),
        rest,
        client,
        invoiced: Vec::new(),
        events: 0,
    }
}
