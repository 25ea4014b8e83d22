//! What alerts and dashboards ask for is what a running installation tells.

use std::collections::BTreeSet;

use contract::customer::v1::{CreateCustomerRequest, Customer};
use suite::Installation;

const ASKING: [&str; 2] = [
    include_str!("../../../k8s/components/monitoring/rules.yaml"),
    include_str!("../../../k8s/components/monitoring/services.json"),
];

/// The names of our metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    text.match_indices("perennial_")
        .map(|(start, _)| {
            let rest = &text[start..];
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

#[tokio::test]
async fn every_metric_that_is_watched_is_told() {
    let installation = Installation::all_in_one().await.unwrap();
    let client = installation.client();
    let request = CreateCustomerRequest {
        customer: Some(Customer {
            key: "a".into(),
            display_name: "A".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.customers().create_customer(request).await.unwrap();
    let asked: BTreeSet<String> = ASKING.into_iter().flat_map(names).collect();
    assert!(asked.len() >= 5, "{asked:?}");
    let rest = installation.rest();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let told = names(&rest.get("/metrics").await.text);
        let missing: Vec<_> = asked.difference(&told).collect();
        if missing.is_empty() {
            break;
        }
        // Feeds are followed, and timers run, behind the scenes.
        let late = tokio::time::Instant::now() > deadline;
        assert!(!late, "nobody tells {missing:?}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    installation.stop().await.unwrap();
}
