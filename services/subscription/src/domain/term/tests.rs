//! Terms: money to the cent, the worth of a month, and what subscriptions from plans come to.
#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::decimal;
use proptest::prelude::*;

use super::money::{Rates, monthly, sum};
use super::plan::chains;
use super::view::{Renewal, Status};
use super::*;
use crate::domain::fixture::{Sketch, flat, time, unpriced};
use crate::domain::lifecycle::Timing;

fn number(text: &str) -> Decimal {
    decimal::parse(text).unwrap()
}

fn paid(id: &str, at: &str, amount: (&str, &str), tax: &str, commission: &str) -> Payment {
    Payment {
        id: id.to_owned(),
        at: time(at),
        amount: Amount {
            value: number(amount.0),
            currency: amount.1.to_owned(),
        },
        tax: number(tax),
        commission: number(commission),
        imputed: false,
    }
}

fn sold(duration: &str) -> Product {
    Product {
        id: String::new(),
        key: "pro".to_owned(),
        duration: IsoDuration::parse(duration).ok(),
        grace: None,
        trial: None,
    }
}

#[test]
fn money_is_converted_at_its_day_and_rounded_after_summing() {
    let rates: Rates = [
        (
            ("EUR".to_owned(), time("2024-01-01T00:00:00Z")),
            Some(number("1.1")),
        ),
        (
            ("EUR".to_owned(), time("2024-02-01T00:00:00Z")),
            Some(number("1.2")),
        ),
        (("XAF".to_owned(), time("2024-02-01T00:00:00Z")), None),
    ]
    .into();
    let payments = [
        paid("1", "2024-01-01T00:00:00Z", ("9.99", "EUR"), "0.19", "0.3"),
        paid("2", "2024-02-01T00:00:00Z", ("9.99", "EUR"), "0.19", "0.3"),
        paid("3", "2024-02-01T00:00:00Z", ("500", "XAF"), "0", "0"),
        paid("4", "2024-02-02T00:00:00Z", ("5", "USD"), "0", "0"),
        paid("5", "2024-02-03T00:00:00Z", ("-5", "USD"), "0", "0"),
        paid("6", "2024-03-01T00:00:00Z", ("5", "USD"), "0", "0"),
    ];
    let now = time("2024-02-10T00:00:00Z");
    // 9.99 × (1.1 + 1.2) = 22.977; × 0.19 = 4.36563; × 0.3 = 6.8931; rest 11.71827.
    let found = sum(&payments, &rates, now).unwrap();
    let shown = [found.gross, found.tax, found.commission, found.proceeds].map(decimal::format);
    assert_eq!(shown, ["22.98", "4.37", "6.89", "11.72"]);
}

#[test]
fn a_month_is_four_weeks_or_thirty_days_in_a_store() {
    let start = time("2024-01-31T00:00:00Z");
    for (duration, price, expected) in [
        ("P1D", "1", "30"),
        ("P3D", "1", "10"),
        ("P1W", "2.5", "10"),
        ("P2W", "5", "10"),
        ("P4W", "10", "10"),
        ("P1M", "10", "10"),
        ("P2M", "20", "10"),
        ("P3M", "30", "10"),
        ("P6M", "60", "10"),
        ("P1Y", "120", "10"),
        ("P2Y", "240", "10"),
    ] {
        let product = sold(duration);
        let end = product.duration.clone().unwrap().add_to(start).unwrap();
        let found = monthly(number(price), start, end, &product).unwrap();
        assert_eq!(decimal::format(found), expected, "{duration}");
        // Known from the dates alone, it is the same.
        let found = monthly(number(price), start, end, &sold("")).unwrap();
        assert_eq!(decimal::format(found), expected, "{duration} by dates");
        // A store that counts in another zone is hours off.
        if duration.ends_with('M') {
            let end = end
                .checked_add(jiff::SignedDuration::from_hours(1))
                .unwrap();
            let found = monthly(number(price), start, end, &product).unwrap();
            assert_eq!(
                decimal::format(found),
                expected,
                "{duration} in another zone"
            );
        }
    }
}

#[test]
fn the_parts_of_a_plan_are_the_stages_of_a_term() {
    let subscription = Sketch::new("2024-01-31T00:00:00Z")
        .phase("P1M", vec![unpriced("seat")])
        .phase("", vec![flat("fee", "10")])
        .build();
    let held = [subscription];
    let found = chains(&held);
    let facts = |now: &str| found[0].facts(Vec::new(), time(now)).unwrap();
    let view = |now: &str| facts(now).view(time(now), false).unwrap();
    assert_eq!(view("2024-01-01T00:00:00Z").status, Status::Incomplete);
    assert_eq!(view("2024-02-01T00:00:00Z").status, Status::Trialing);
    let later = view("2024-03-15T00:00:00Z");
    assert_eq!(
        (later.status, later.renewal),
        (Status::Active, Renewal::WillRenew)
    );
    assert_eq!(later.period_start, time("2024-02-29T00:00:00Z"));
    assert_eq!(later.period_end, Some(time("2024-03-31T00:00:00Z")));
    assert_eq!(later.monthly.unwrap().value, number("10"));
    assert_eq!(facts("2024-03-15T00:00:00Z").access().len(), 1);
    // An open bill is all that it changes.
    let open = facts("2024-03-15T00:00:00Z").view(time("2024-03-15T00:00:00Z"), true);
    assert!(open.unwrap().pending_payment);
}

#[test]
fn an_end_in_a_later_period_is_no_end_yet() {
    let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
    let now = time("2024-01-10T00:00:00Z");
    let end = Timing::At(time("2024-04-01T00:00:00Z"));
    let held = [subscription.canceled(end, now).unwrap()];
    let found = chains(&held);
    let view = |now: &str| {
        let now = time(now);
        let facts = found[0].facts(Vec::new(), now).unwrap();
        facts.view(now, false).unwrap()
    };
    assert_eq!(view("2024-02-10T00:00:00Z").renewal, Renewal::WillRenew);
    assert_eq!(
        view("2024-02-10T00:00:00Z").end,
        Some(time("2024-04-01T00:00:00Z"))
    );
    assert_eq!(view("2024-03-10T00:00:00Z").renewal, Renewal::WillNotRenew);
    assert_eq!(view("2024-04-01T00:00:00Z").status, Status::Expired);
}

#[test]
fn what_ended_at_its_start_is_over_and_what_gave_way_there_is_no_term() {
    let start = time("2024-01-01T00:00:00Z");
    let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
    let held = [subscription.ended(start).unwrap()];
    let found = chains(&held);
    let facts = found[0].facts(Vec::new(), start).unwrap();
    assert_eq!((facts.start(), facts.end()), (start, Some(start)));
    let view = facts.view(start, false).unwrap();
    assert_eq!(
        (view.status, view.renewal, view.gives_access),
        (Status::Expired, Renewal::WillNotRenew, false)
    );
    assert_eq!(
        (view.period_start, view.period_end, view.end),
        (start, Some(start), Some(start))
    );
    assert!(view.product.is_some());
    let [ended] = held;
    assert!(chains(&[ended.linked_before(Some("next"))]).is_empty());
}

proptest! {
    #[test]
    fn parts_and_rest_make_the_whole_but_for_a_cent(
        amounts in proptest::collection::vec((1..100_000_i64, 0..30_i64, 0..40_i64), 0..20),
    ) {
        let payments: Vec<Payment> = amounts
            .iter()
            .enumerate()
            .map(|(index, (cents, tax, commission))| Payment {
                id: index.to_string(),
                at: time("2024-01-01T00:00:00Z"),
                amount: Amount { value: Decimal::new(*cents, 2), currency: "USD".to_owned() },
                tax: Decimal::new(*tax, 2),
                commission: Decimal::new(*commission, 2),
                imputed: false,
            })
            .collect();
        let found = sum(&payments, &Rates::new(), time("2024-02-01T00:00:00Z")).unwrap();
        let whole: Decimal = payments.iter().map(|payment| payment.amount.value).sum();
        prop_assert_eq!(found.gross, whole);
        let off = found.gross - found.tax - found.commission - found.proceeds;
        prop_assert!(off.abs() <= Decimal::new(1, 2), "{off}");
        // What is given back leaves nothing.
        let back = payments.iter().map(|payment| Payment {
            amount: Amount { value: -payment.amount.value, ..payment.amount.clone() },
            ..payment.clone()
        });
        let both: Vec<Payment> = payments.iter().cloned().chain(back).collect();
        let nothing = sum(&both, &Rates::new(), time("2024-02-01T00:00:00Z")).unwrap();
        prop_assert_eq!(nothing, super::money::Revenue::default());
    }
}
