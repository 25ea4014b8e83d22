//! Subscriptions in: how many a second are started over gRPC, each with five items and two metered entitlements, reserved
//! with and told to all services before the answer, with what the fees of the first month are invoiced on; beside customers
//! made in the same way, which is one service's write.
//!
//! Arguments: `quick` for a tenth.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use contract::customer::v1::{CreateCustomerRequest, Customer, UsageAttribution};
use contract::subscription::v1::{
    CreateSubscriptionRequest, PlanSelector, SubscriptionSource,
    create_subscription_request::Customer as By, subscription_source::Source,
};
use perennial_sdk::Client;
use serde_json::json;

use super::{RUNS, Table, per_second, start};
use crate::Rest;

/// Subscriptions of one run.
const COUNT: u64 = 1_000;
/// Connections of the callers.
const CONNECTIONS: usize = 4;
/// Calls in flight on each of them.
const IN_FLIGHT: usize = 4;
/// Items of a subscription.
const ITEMS: usize = 5;
/// Those of them that entitle.
const METERED: usize = 2;
/// The plan.
const PLAN: &str = "five";

/// Runs it.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let count = if quick { COUNT / 10 } else { COUNT };
    let (mut alone, mut together, mut customers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let world = start().await;
        offer(&world.rest()).await;
        let clients: Vec<Client> = (0..CONNECTIONS).map(|_| world.client()).collect();
        let one: Vec<Client> = clients.iter().take(1).cloned().collect();
        customers.push(each(&clients, IN_FLIGHT, 0..count, make).await?);
        together.push(each(&clients, IN_FLIGHT, 0..count, subscribe).await?);
        each(&clients, IN_FLIGHT, count..count + count / 10, make).await?;
        alone.push(each(&one, 1, count..count + count / 10, subscribe).await?);
        world.stop().await;
    }
    let mut table = Table::new("subscriptions: started a second");
    let ceiling = Some(("customers made the same way", customers.as_slice()));
    let unit = "subscriptions/s";
    let name = format!("over gRPC, {} in flight", CONNECTIONS * IN_FLIGHT);
    table.row(&name, unit, &together, ceiling);
    table.row("over gRPC, one after another", unit, &alone, ceiling);
    table.print();
    Ok(())
}

/// A meter, features, and a plan of items that are paid in advance.
async fn offer(rest: &Rest) {
    let meter = json!({"slug": "m", "eventType": "e", "aggregation": "COUNT"});
    rest.post("/api/v1/meters", meter).await.expect(201);
    let mut cards = Vec::new();
    for number in 0..ITEMS {
        let key = format!("f{number}");
        let mut card = json!({
            "type": "flat_fee", "key": key, "name": "F", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "1"},
        });
        if number < METERED {
            let feature = json!({"key": key, "name": "F", "meterSlug": "m"});
            rest.post("/api/v1/features", feature).await.expect(201);
            card["featureKey"] = card["key"].clone();
            card["entitlementTemplate"] = json!({"type": "metered", "issueAfterReset": 10});
        }
        cards.push(card);
    }
    let plan = json!({
        "key": PLAN, "name": "Five", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": cards}],
    });
    let made = rest.post("/api/v1/plans", plan).await.expect(201);
    let id = made["id"].as_str().unwrap_or_default();
    let publish = format!("/api/v1/plans/{id}/publish");
    rest.post(&publish, serde_json::Value::Null)
        .await
        .expect(200);
}

/// Does something for every number; answers how many a second.
async fn each<Doing>(
    clients: &[Client],
    in_flight: usize,
    numbers: std::ops::Range<u64>,
    once: impl Fn(Client, u64) -> Doing + Copy,
) -> anyhow::Result<f64>
where
    Doing: Future<Output = anyhow::Result<()>>,
{
    let count = numbers.end - numbers.start;
    let next = Arc::new(AtomicU64::new(numbers.start));
    let callers = clients.iter().flat_map(|client| {
        let next = next.clone();
        (0..in_flight).map(move |_| {
            let (client, next) = (client.clone(), next.clone());
            async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return anyhow::Ok(());
                    }
                    once(client.clone(), number).await?;
                }
            }
        })
    });
    let callers = futures::future::try_join_all(callers);
    per_second(count, async { callers.await.map(drop) }).await
}

fn key(number: u64) -> String {
    format!("customer-{number}")
}

async fn make(client: Client, number: u64) -> anyhow::Result<()> {
    let request = CreateCustomerRequest {
        customer: Some(Customer {
            key: key(number),
            display_name: format!("Customer {number}"),
            usage_attribution: Some(UsageAttribution {
                subject_keys: vec![key(number)],
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.customers().create_customer(request).await?;
    Ok(())
}

async fn subscribe(client: Client, number: u64) -> anyhow::Result<()> {
    let plan = PlanSelector {
        key: PLAN.to_owned(),
        version: 0,
    };
    let request = CreateSubscriptionRequest {
        customer: Some(By::CustomerKey(key(number))),
        source: Some(SubscriptionSource {
            source: Some(Source::Plan(plan)),
        }),
        ..Default::default()
    };
    client.subscriptions().create_subscription(request).await?;
    Ok(())
}
