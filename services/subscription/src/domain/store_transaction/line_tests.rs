//! What a store subscription is to those who know no terms.
#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::calendar::IsoDuration;
use kernel::decimal;
use kernel::id::{SubscriptionId, Ulid};
use proptest::prelude::*;

use super::fold;
use super::line::{StoreLine, without_money};
use super::tests::{any_life, buys, customer, product, renews, told, trial};
use super::*;
use crate::domain::fixture::time;
use crate::domain::reported::event::EventStatus;
use crate::domain::reported::{EndReason, ItemKind};

fn line(transactions: &[Transaction]) -> StoreLine {
    let terms = fold(transactions).unwrap();
    StoreLine {
        id: SubscriptionId::from_ulid(Ulid(9)),
        customer_id: customer(7),
        key: "S".to_owned(),
        sequence: 1,
        short_id: "pws_1".to_owned(),
        terms: without_money(&terms),
        revision: 1,
        created_at: time("2024-01-01T00:00:00Z"),
        updated_at: time("2024-01-01T00:00:00Z"),
    }
}

/// Day, status, product and amount of every event.
fn events(line: &StoreLine, now: &str) -> Vec<String> {
    let reported = line.reported(time(now)).unwrap();
    let events = reported.events().unwrap();
    let shown = events.iter().map(|event| {
        let status = match event.status {
            EventStatus::Active => "active",
            EventStatus::Trialing => "trialing",
            EventStatus::Ended(EndReason::Voluntary) => "ended",
            EventStatus::Ended(EndReason::Delinquent) => "unpaid",
        };
        let value = decimal::format(event.amount.value);
        let (day, months) = (&event.at.to_string()[..10], event.amount.months);
        format!("{day} {status} {} {value}/{months}", event.product_key)
    });
    shown.collect()
}

#[test]
fn renewals_of_one_price_are_one_state_and_a_running_one_has_no_end() {
    let line = line(&[
        trial("1", "2024-01-01T00:00:00Z"),
        renews("2", "2024-01-08T00:00:00Z"),
        renews("3", "2024-02-08T00:00:00Z"),
    ]);
    let running = ["2024-01-01 trialing pro 0/1", "2024-01-08 active pro 10/1"];
    let now = "2024-02-20T00:00:00Z";
    assert_eq!(events(&line, now), running);
    let view = line.reported(time(now)).unwrap().view(time(now)).unwrap();
    assert_eq!((view.at, view.end), (time("2024-01-08T00:00:00Z"), None));
    assert_eq!(view.items[0].kind, ItemKind::Recurring);
    assert_eq!(view.monthly_amount, Some(Decimal::TEN));
    let span = line.span(time(now)).unwrap();
    assert_eq!(span.end, Some(time("2024-03-08T00:00:00Z")));
    assert!(span.renews);
    // Nobody said that it ended: no renewal came.
    let over = events(&line, "2024-03-08T00:00:00Z");
    assert_eq!(over[2], "2024-03-08 ended pro 10/1");
}

#[test]
fn a_cancelation_is_an_end_ahead_and_one_taken_back_is_none() {
    let mut all = vec![
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        told("2", Kind::Cancellation, "2024-01-10T00:00:00Z"),
    ];
    let now = "2024-01-15T00:00:00Z";
    let canceled = line(&all);
    assert_eq!(
        events(&canceled, now)[1..],
        ["2024-02-01 ended pro 10/1".to_owned()]
    );
    assert!(!canceled.span(time(now)).unwrap().renews);
    all.push(told("3", Kind::Uncancellation, "2024-01-11T00:00:00Z"));
    assert_eq!(events(&line(&all), now).len(), 1);
}

#[test]
fn retry_goes_on_as_paid_and_ends_unpaid() {
    let mut bought = buys("1", "pro", "2024-01-01T00:00:00Z");
    bought.product.as_mut().unwrap().grace = IsoDuration::parse("P3D").ok();
    let line = line(&[
        bought,
        told("2", Kind::BillingIssue, "2024-02-01T00:00:00Z"),
    ]);
    for now in ["2024-02-02T00:00:00Z", "2024-02-20T00:00:00Z"] {
        assert_eq!(events(&line, now), ["2024-01-01 active pro 10/1"]);
    }
    assert_eq!(
        events(&line, "2024-04-02T00:00:00Z"),
        ["2024-01-01 active pro 10/1", "2024-04-01 unpaid pro 10/1"]
    );
}

#[test]
fn another_term_goes_on_in_the_same_subscription() {
    let yearly = |mut transaction: Transaction| {
        transaction.product = Some(Product {
            duration: IsoDuration::parse("P1Y").ok(),
            ..product("year")
        });
        transaction.price = Some(Amount {
            value: decimal::parse("100").unwrap(),
            currency: "EUR".to_owned(),
        });
        transaction
    };
    let line = line(&[
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        yearly(buys("2", "year", "2024-02-01T00:00:00Z")),
        buys("3", "pro", "2025-06-01T00:00:00Z"),
    ]);
    assert_eq!(line.terms.len(), 3);
    assert_eq!(
        events(&line, "2025-06-02T00:00:00Z"),
        [
            "2024-01-01 active pro 10/1",
            "2024-02-01 active year 100/12",
            "2025-02-01 ended year 100/12",
            "2025-06-01 active pro 10/1",
        ]
    );
}

#[test]
fn a_pause_is_an_end_and_what_the_family_shares_is_free() {
    let paused = Transaction {
        resume_at: Some(time("2024-04-01T00:00:00Z")),
        ..told("2", Kind::Pause, "2024-01-20T00:00:00Z")
    };
    let line_of = line(&[
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        paused,
        renews("3", "2024-04-01T00:00:00Z"),
    ]);
    assert_eq!(
        events(&line_of, "2024-04-02T00:00:00Z"),
        [
            "2024-01-01 active pro 10/1",
            "2024-02-01 ended pro 10/1",
            "2024-04-01 active pro 10/1",
        ]
    );
    let shared = line(&[Transaction {
        ownership: Ownership::FamilyShared,
        ..buys("1", "pro", "2024-01-01T00:00:00Z")
    }]);
    let now = time("2024-01-02T00:00:00Z");
    let view = shared.reported(now).unwrap().view(now).unwrap();
    assert_eq!(view.items[0].kind, ItemKind::Free);
    assert_eq!(view.monthly_amount, None);
    assert!(events(&shared, "2024-01-02T00:00:00Z").is_empty());
}

proptest! {
    /// What lists filter by is what they show, at every instant.
    #[test]
    fn rows_and_views_agree((told, _) in any_life(), day in 0_i64..900) {
        let now = time("2023-12-01T00:00:00Z")
            .checked_add(jiff::SignedDuration::from_hours(24 * day))
            .unwrap();
        let told: Vec<Transaction> = told.into_iter().filter(|told| told.at <= now).collect();
        let line = line(&told);
        prop_assume!(!line.terms.is_empty());
        let (span, life) = (line.span(now).unwrap(), line.reported(now).unwrap().life().unwrap());
        prop_assert_eq!(span.start, life.start);
        let ahead = |end: Option<Timestamp>| end.filter(|end| *end > now);
        let over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        prop_assert_eq!(over(span.end), over(life.end));
        let stops = ahead(span.end).filter(|_| !span.renews);
        prop_assert_eq!(stops, ahead(life.end));
    }
}
