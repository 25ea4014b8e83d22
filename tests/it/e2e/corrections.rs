//! A wrong event is found after it was counted, shown and put on a draft: the operator corrects it from the
//! command line, and everything that is not yet fixed follows.

use clap::Parser as _;
use perennial::{cli::Cli, commands};
use serde_json::{Value, json};
use suite::{Rest, World};

#[tokio::test]
async fn a_wrong_event_is_corrected_everywhere() {
    let world = World::start().await;
    let rest = &world.rest();
    world
        .client()
        .freeze_clock("2026-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let customer = subscribed(rest).await;
    world.client().advance_clock("P50D").await.unwrap();

    // February's usage so far, of which one event was sent a hundredfold.
    let events = [
        event("e-1", "2026-02-05T10:00:00Z", 1_000),
        event("e-2", "2026-02-05T10:00:30Z", 50_000),
        event("e-3", "2026-02-06T10:00:00Z", 300),
    ];
    rest.post_text(
        "/api/v1/events",
        "application/cloudevents-batch+json",
        &json!(events).to_string(),
    )
    .await
    .expect(204);
    assert_eq!(
        state(rest, &customer).await,
        Seen::of("51300", "102.6", "513", "-50300")
    );

    let run = async |arguments: &[&str]| {
        let (address, key) = (world.grpc().to_string(), world.key());
        let remote = [
            "--address",
            address.as_str(),
            "--key",
            key,
            "--output",
            "json",
        ];
        let all = ["perennial", "usage"]
            .iter()
            .chain(arguments)
            .chain(&remote);
        let cli = Cli::try_parse_from(all)?;
        commands::run(cli).await
    };
    let correct = [
        "replace",
        "e2e",
        "e-2",
        "--data",
        r#"{"tokens":500}"#,
        "--reason",
        "factor 100",
    ];
    run(&correct).await.unwrap();
    assert_eq!(
        state(rest, &customer).await,
        Seen::of("1800", "3.6", "18", "-800")
    );
    let void = ["void", "e2e", "e-1", "e-3", "--reason", "test traffic"];
    run(&void).await.unwrap();
    assert_eq!(
        state(rest, &customer).await,
        Seen::of("500", "1", "5", "500")
    );

    // Nothing is lost: every event is still listed, with what happened to it.
    let list = rest.get("/api/v2/events").await.expect(200);
    let mut told: Vec<(&str, Option<&str>)> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["event"]["id"].as_str().unwrap(),
                item["validationError"].as_str(),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("e-1", Some("event voided: test traffic")),
            ("e-2", Some("event voided: factor 100")),
            ("e-2~1", None),
            ("e-3", Some("event voided: test traffic")),
        ]
    );

    // A sender that repeats itself brings nothing back; a second replacement is refused.
    rest.post(
        "/api/v1/events",
        event("e-1", "2026-02-05T10:00:00Z", 1_000),
    )
    .await
    .expect(204);
    assert!(run(&correct).await.is_err());
    assert!(
        run(&["void", "e2e", "nothing", "--reason", "why"])
            .await
            .is_err()
    );
    assert!(
        run(&["void", "e2e", "e-1"]).await.is_err(),
        "a reason is required"
    );
    assert_eq!(
        state(rest, &customer).await,
        Seen::of("500", "1", "5", "500")
    );
    world.stop().await;
}

/// A customer on a plan that grants 1000 tokens a month and bills each at a cent; answers its id.
async fn subscribed(rest: &Rest) -> String {
    rest.post(
        "/api/v1/meters",
        json!({"slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens"}),
    )
    .await
    .expect(201);
    rest.post(
        "/api/v1/features",
        json!({"key": "tokens", "name": "Tokens", "meterSlug": "tokens",
               "unitCost": {"type": "manual", "amount": "0.002"}}),
    )
    .await
    .expect(201);
    let plan = json!({
        "key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [{
            "type": "usage_based", "key": "tokens", "name": "Tokens", "featureKey": "tokens",
            "billingCadence": "P1M", "price": {"type": "unit", "amount": "0.01"},
            "entitlementTemplate": {"type": "metered", "isSoftLimit": false, "issueAfterReset": 1000, "usagePeriod": "P1M"},
        }]}],
    });
    let plan = rest.post("/api/v1/plans", plan).await.expect(201);
    let plan = plan["id"].as_str().unwrap();
    rest.post(&format!("/api/v1/plans/{plan}/publish"), Value::Null)
        .await
        .expect(200);
    let customer = rest
        .post(
            "/api/v1/customers",
            json!({"key": "acme", "name": "ACME", "usageAttribution": {"subjectKeys": ["acme-eu"]}}),
        )
        .await
        .expect(201);
    let customer = customer["id"].as_str().unwrap().to_owned();
    rest.post(
        "/api/v1/subscriptions",
        json!({"customerId": customer, "plan": {"key": "pro"}}),
    )
    .await
    .expect(201);
    customer
}

fn event(id: &str, time: &str, tokens: i64) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "e2e", "type": "prompt", "subject": "acme-eu",
           "time": time, "data": {"tokens": tokens}})
}

/// What February looks like from every side.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    usage: String,
    cost: String,
    amount: String,
    /// What is left; negative where there is overage.
    left: String,
}

impl Seen {
    fn of(usage: &str, cost: &str, amount: &str, left: &str) -> Self {
        Self {
            usage: usage.into(),
            cost: cost.into(),
            amount: amount.into(),
            left: left.into(),
        }
    }
}

async fn state(rest: &Rest, customer: &str) -> Seen {
    let february = "from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z";
    let path = format!("/api/v1/meters/tokens/query?{february}");
    let usage = rest.get(&path).await.expect(200);
    let path = format!("/api/v1/features/tokens/cost?{february}");
    let cost = rest.get(&path).await.expect(200);
    let path = "/api/v1/customers/acme/entitlements/tokens/value";
    let value = rest.get(path).await.expect(200);
    let left = match &value["overage"] {
        overage if *overage == json!(0) => value["balance"].to_string(),
        overage => format!("-{overage}"),
    };
    let invoices =
        format!("/api/v1/billing/invoices?customers={customer}&expand=lines&pageSize=100");
    let invoices = rest.get(&invoices).await.expect(200);
    let line = invoices["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|invoice| invoice["lines"].as_array().cloned().unwrap_or_default())
        .find(|line| line["period"]["from"] == "2026-02-01T00:00:00Z")
        .expect("February is on the gathering invoice");
    Seen {
        usage: usage["data"][0]["value"].to_string(),
        cost: cost["data"][0]["cost"].as_str().unwrap().to_owned(),
        amount: line["totals"]["total"].as_str().unwrap().to_owned(),
        left,
    }
}
