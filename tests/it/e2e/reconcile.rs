//! The demo's story, part of it, and then everything it made calculated again: nothing differs. What comes late or
//! is changed afterwards is found.

use contract::{
    billing::v1::{ExplainInvoiceRequest, ListInvoicesRequest, invoice_difference::Kind},
    metering::v1::{IngestEventsRequest, UsageEvent},
};
use perennial::{demo, reconcile};
use suite::World;

/// Two months of the first customers, with the upgrade and the cancellation.
const EXTENT: demo::Extent = demo::Extent {
    days: 62,
    customers: 13,
    one_event_of: 40,
};

#[tokio::test]
async fn everything_the_demo_makes_is_right() {
    let world = World::start().await;
    let client = world.client();
    demo::live(&client, EXTENT).await.unwrap();
    let found = reconcile::check(&client, &[]).await.unwrap();
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    assert!(
        found.invoices > 26 && found.lines > 39,
        "{}",
        found.summary()
    );
    assert!(found.subscriptions >= 13, "{}", found.summary());

    // An invoice with usage names its plan, and one call more for the past makes it differ.
    let list = ListInvoicesRequest {
        page: 1,
        statuses: vec!["paid".into()],
        include_lines: true,
        ..Default::default()
    };
    let paid = client.invoices().list_invoices(list).await.unwrap();
    let used = paid
        .into_inner()
        .invoices
        .into_iter()
        .find(|invoice| {
            invoice
                .lines
                .iter()
                .any(|line| !line.feature_key.is_empty())
        })
        .unwrap();
    let request = ExplainInvoiceRequest {
        invoice_id: used.id.clone(),
    };
    let told = client.invoices().explain_invoice(request).await.unwrap();
    let told = told.into_inner().explanation.unwrap();
    let line = told.lines.iter().find(|line| line.usage.is_some()).unwrap();
    let origin = line.origin.as_ref().unwrap();
    assert!(["starter", "team", "scale"].contains(&origin.plan_key.as_str()));
    assert_eq!(
        (origin.plan_version, origin.item_key.as_str()),
        (1, "api_requests")
    );
    let usage = line.usage.as_ref().unwrap();
    assert_eq!(usage.meter_slug, "api_requests");
    let late = IngestEventsRequest {
        events: vec![UsageEvent {
            id: "late".into(),
            source: "demo".into(),
            r#type: "request".into(),
            subject: used.customer.unwrap().key,
            time: usage.counted_period.unwrap().start_time,
            data: r#"{"region":"eu","model":"small","tokens":1}"#.into(),
        }],
        ..Default::default()
    };
    client.usage().ingest_events(late).await.unwrap();
    let found = reconcile::check(&client, std::slice::from_ref(&used.id))
        .await
        .unwrap();
    assert_eq!((found.invoices, found.differences.len()), (1, 1));
    let (place, difference) = &found.differences[0];
    assert!(place.contains(&used.number));
    assert_eq!(difference.kind(), Kind::Quantity);
    assert_eq!(difference.field, "metered_quantity");
    world.stop().await;
}
