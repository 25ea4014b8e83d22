//! What a new subscription costs: how often each service goes to its database, counted by the process itself. What is sent together
//! (`chassis::Batch`) counts once; BEGIN and COMMIT are not counted. The costs must not grow with the number of items and entitlements.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use suite::{Installation, Rest};

use super::subscriptions_rest::{SUBSCRIPTIONS, customer, freeze, id, phase, publish};

/// The services that a new subscription involves.
const INVOLVED: [&str; 5] = [
    "customer",
    "catalog",
    "entitlement",
    "billing",
    "subscription",
];
/// Most statements of those that ask and keep no more for more items; what a timer may add on a slow machine is in it.
const MOST: [(&str, u64); 2] = [("catalog", 14), ("subscription", 20)];
/// Five items more cost less than a statement each.
const MORE: u64 = 4;
/// Timers and readers of feeds send statements of their own; the cheapest of so many tries has none of them.
const TRIES: usize = 12;

/// Statements so far, by service.
async fn statements(rest: &Rest) -> BTreeMap<String, u64> {
    let text = rest.get("/metrics").await.text;
    let counter = "perennial_database_statements_total{";
    text.lines()
        .filter_map(|line| {
            let (labels, count) = line.strip_prefix(counter)?.split_once("} ")?;
            let service = labels.strip_prefix("service=\"")?.strip_suffix('"')?;
            Some((service.to_owned(), count.parse().ok()?))
        })
        .collect()
}

/// The least that a subscription to a plan costs, by service.
async fn cost(rest: &Rest, plan: &str) -> BTreeMap<&'static str, u64> {
    let mut least = BTreeMap::new();
    for number in 0..TRIES {
        let key = format!("{plan}-{number}");
        customer(rest, &key).await;
        let body = json!({"customerKey": key, "plan": {"key": plan}});
        let before = statements(rest).await;
        rest.post(SUBSCRIPTIONS, body).await.expect(201);
        let after = statements(rest).await;
        for service in INVOLVED {
            let cost = after[service] - before[service];
            let known = least.entry(service).or_insert(cost);
            *known = cost.min(*known);
        }
    }
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
    println!("five items, two entitlements: {five:?}");
    println!("ten items, four entitlements: {ten:?}");
    for (service, most) in MOST {
        assert!(five[service] <= most, "{service}: {}", five[service]);
        let (few, many) = (five[service], ten[service]);
        assert!(many <= few + MORE, "{service}: {few}, then {many}");
    }
    installation.stop().await.unwrap();
}
