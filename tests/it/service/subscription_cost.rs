//! What a new subscription costs: how often each service goes to its database for the calls that the creation makes, counted by the process
//! itself and told by call. What is sent together (`chassis::Batch`) counts once; BEGIN and COMMIT are not counted, nor is the work of timers
//! and followers of feeds, which no call asked for. The costs do not grow with the number of items and entitlements.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use suite::{Installation, Rest};

use super::subscriptions_rest::{SUBSCRIPTIONS, customer, freeze, id, phase, publish};

/// The calls that make a subscription, by service, and the most statements that all of a service's may take.
const CALLS: [(&str, &[&str], u64); 6] = [
    (
        "catalog",
        &[
            "PlanService/GetPlan",
            "FeatureService/BatchGetFeatures",
            "FeatureService/ReplaceFeatureHolds",
            "ProductService/BatchGetProducts",
        ],
        4,
    ),
    (
        "subscription",
        &["SubscriptionService/CreateSubscription"],
        4,
    ),
    (
        "entitlement",
        &[
            "EntitlementService/ReserveSubscription",
            "EntitlementService/ApplySubscription",
            "ProductAccessService/ApplyProductAccess",
        ],
        4,
    ),
    (
        "customer",
        &[
            "CustomerService/GetCustomer",
            "CustomerService/BatchGetCustomers",
            "CustomerService/ReserveForSubscription",
            "CustomerService/ReportSubscriptions",
            "CustomerService/PlaceHold",
            "CustomerService/PlaceHolds",
        ],
        4,
    ),
    (
        "metering",
        &[
            "MeterService/BatchGetMeters",
            "MeterService/PlaceMeterHold",
            "MeterService/PlaceMeterHolds",
        ],
        4,
    ),
    (
        "billing",
        &[
            "SubscriptionSyncService/CheckSetup",
            "SubscriptionSyncService/ApplySubscription",
        ],
        // The profile that applies; then the numbers, the write, and the note about the hold that is forgotten. Two reads more
        // where another process has answered the first call, which cannot be here.
        4,
    ),
];
/// Timers make some of the same calls; the cheapest of so many tries has none of theirs.
const TRIES: usize = 10;
/// How long it is waited at most until what an earlier call left behind is done.
const LOOKS: usize = 100;
const LOOK: Duration = Duration::from_millis(100);

/// Statements so far, by service and call.
pub(super) type Counts = BTreeMap<(String, String), u64>;

/// The value of a label.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = labels.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

pub(super) async fn statements(rest: &Rest) -> Counts {
    let text = rest.get("/metrics").await.text;
    let counter = "perennial_database_statements_total{";
    text.lines()
        .filter_map(|line| {
            let (labels, count) = line.strip_prefix(counter)?.split_once("} ")?;
            let (service, path) = (label(labels, "service")?, label(labels, "rpc")?);
            // `/perennial.customer.v1.CustomerService/GetCustomer` without its package.
            let (_, call) = path.rsplit_once('.')?;
            Some(((service.to_owned(), call.to_owned()), count.parse().ok()?))
        })
        .filter(|((_, call), _): &(_, u64)| !call.starts_with("FeedService/"))
        .collect()
}

/// Waits until nothing is called any more, as far as that can be waited for.
pub(super) async fn quiet(rest: &Rest) -> Counts {
    let mut last = statements(rest).await;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = statements(rest).await;
        if now == last {
            break;
        }
        last = now;
    }
    last
}

/// The least that each call costs for a subscription to a plan.
async fn cost(rest: &Rest, plan: &str) -> Counts {
    let mut least: Option<Counts> = None;
    for number in 0..TRIES {
        let key = format!("{plan}-{number}");
        customer(rest, &key).await;
        let body = json!({"customerKey": key, "plan": {"key": plan}});
        let before = quiet(rest).await;
        rest.post(SUBSCRIPTIONS, body).await.expect(201);
        let mut cost = statements(rest).await;
        for (call, count) in &mut cost {
            *count -= before.get(call).copied().unwrap_or_default();
        }
        match &mut least {
            // What was not called in one of the tries is no part of the creation.
            Some(least) => least.retain(|call, known| {
                *known = cost.get(call).copied().unwrap_or_default().min(*known);
                *known > 0
            }),
            None => least = Some(cost),
        }
    }
    let mut least = least.unwrap_or_default();
    least.retain(|_, count| *count > 0);
    least
}

#[tokio::test]
async fn a_new_subscription_costs_the_same_however_many_items_it_has() {
    let installation = Installation::all_in_one().await.unwrap();
    let rest = &installation.rest();
    freeze(&installation.client(), "2024-01-01T00:00:00Z").await;
    let meter = json!({"slug": "m", "eventType": "e", "aggregation": "COUNT"});
    rest.post("/api/v1/meters", meter).await.expect(201);
    for number in 0..4 {
        let body = json!({"key": format!("f{number}"), "name": "F", "meterSlug": "m"});
        let made = rest.post("/api/v1/features", body).await.expect(201);
        assert!(!id(&made).is_empty());
    }
    let card = |number: usize, metered: usize| {
        let mut card = json!({
            "type": "flat_fee", "key": format!("f{number}"), "name": "F", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "1"},
        });
        if number < metered {
            card["featureKey"] = card["key"].clone();
            card["entitlementTemplate"] = json!({"type": "metered", "issueAfterReset": 10});
        }
        card
    };
    let cards = |count: usize, metered: usize| (0..count).map(|n| card(n, metered)).collect();
    publish(rest, "five", vec![phase("p", Value::Null, cards(5, 2))]).await;
    publish(rest, "ten", vec![phase("p", Value::Null, cards(10, 4))]).await;
    let (five, ten) = (cost(rest, "five").await, cost(rest, "ten").await);
    println!("| service | call | five items, two entitlements | ten items, four entitlements |");
    println!("|---|---|---:|---:|");
    for ((service, call), few) in &five {
        let many = ten.get(&(service.clone(), call.clone()));
        println!("| {service} | {call} | {few} | {} |", many.unwrap_or(&0));
    }
    for (service, calls, most) in CALLS {
        let sum = |counts: &Counts| -> u64 {
            let of = |call: &&str| counts.get(&(service.to_owned(), (*call).to_owned()));
            calls.iter().filter_map(of).sum()
        };
        let (few, many) = (sum(&five), sum(&ten));
        println!("| {service} | all | {few} | {many} |");
        assert!(few <= most, "{service}: {few} statements, {five:?}");
        assert!(many <= most, "{service}: {many} statements, {ten:?}");
    }
    installation.stop().await.unwrap();
}
