//! The clock of a project that jumps forward over months, back, and forward again: every period is billed once, and what was
//! answered before stays answered.

use std::collections::BTreeSet;

use contract::{billing::v1::InvoiceState, convert::from_decimal};
use rust_decimal::Decimal;
use suite::World;

use super::setup::{FEE, company, customer, half_made, invoices, subscribe};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_bills_every_period_once() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let id = customer(&client, "acme", "").await.unwrap();
    let subscription = subscribe(&client, &id, "once").await.unwrap();
    assert_eq!(half_made(&client, &id).await, None);
    for (time, billed) in [
        ("2026-03-15T00:00:00Z", 3),
        ("2026-01-10T00:00:00Z", 3),
        ("2026-02-20T00:00:00Z", 3),
        ("2026-05-02T00:00:00Z", 5),
        ("2025-06-01T00:00:00Z", 5),
        ("2026-05-20T00:00:00Z", 5),
        ("2026-06-02T00:00:00Z", 6),
    ] {
        client.freeze_clock(time.parse().unwrap()).await.unwrap();
        assert_eq!(invoices(&client, &id).await.len(), billed, "{time}");
        let again = subscribe(&client, &id, "once").await.unwrap();
        assert_eq!(again, subscription, "{time}");
    }
    let mut periods = BTreeSet::new();
    for invoice in invoices(&client, &id).await {
        assert_eq!(invoice.state(), InvoiceState::Paid);
        let total = invoice.totals.unwrap().total.unwrap();
        assert_eq!(from_decimal(&total).unwrap(), Decimal::from(FEE));
        let period = invoice.period.unwrap();
        periods.insert(period.start_time.unwrap().seconds);
    }
    assert_eq!(periods.len(), 6);
    world.stop().await;
}
