//! Transactions of stores: what they come to, in whatever order they arrive.
#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::calendar::IsoDuration;
use kernel::decimal;
use kernel::id::Ulid;
use proptest::prelude::*;

use super::purchase::purchase;
use super::*;
use crate::domain::fixture::time;
use crate::domain::term::view::{Renewal, Status, View};
use crate::domain::term::{Coverage, Facts, Payment};

const BUYER: u128 = 7;

pub fn product(key: &str) -> Product {
    Product {
        id: format!("ID-{key}"),
        key: key.to_owned(),
        duration: IsoDuration::parse("P1M").ok(),
        grace: None,
        trial: IsoDuration::parse("P1W").ok(),
    }
}

pub fn customer(number: u128) -> CustomerId {
    CustomerId::from_ulid(Ulid(number))
}

/// A transaction about the subscription `S`.
pub fn told(id: &str, kind: Kind, at: &str) -> Transaction {
    Transaction {
        id: id.to_owned(),
        kind,
        store: Store::AppStore,
        environment: Environment::Production,
        subscription: "S".to_owned(),
        target: String::new(),
        at: time(at),
        customer: None,
        product: None,
        ownership: Ownership::Purchased,
        period_start: None,
        period_end: None,
        trial: false,
        price: None,
        tax: Decimal::ZERO,
        commission: Store::AppStore.commission(),
        quantity: 1,
        revoke: false,
        immediate: false,
        grace_until: None,
        resume_at: None,
        offering: None,
        country: None,
        management_url: None,
    }
}

fn usd(value: &str) -> Option<Amount> {
    Some(Amount {
        value: decimal::parse(value).unwrap(),
        currency: "USD".to_owned(),
    })
}

/// A month of `key` for 10 dollars.
pub fn buys(id: &str, key: &str, at: &str) -> Transaction {
    Transaction {
        customer: Some(customer(BUYER)),
        product: Some(product(key)),
        price: usd("10"),
        ..told(id, Kind::Purchase, at)
    }
}

pub fn renews(id: &str, at: &str) -> Transaction {
    Transaction {
        price: usd("10"),
        ..told(id, Kind::Renewal, at)
    }
}

pub fn trial(id: &str, at: &str) -> Transaction {
    Transaction {
        trial: true,
        price: None,
        ..buys(id, "pro", at)
    }
}

fn view(facts: &Facts, at: &str) -> View {
    facts.view(time(at), false).unwrap()
}

fn only(transactions: &[Transaction]) -> Facts {
    let mut terms = fold(transactions).unwrap();
    assert_eq!(terms.len(), 1, "{terms:#?}");
    terms.remove(0)
}

/// Coverage and day of start and end.
fn stages(facts: &Facts) -> Vec<String> {
    let day = |at: Timestamp| at.to_string()[..10].to_owned();
    let end = |end: Option<Timestamp>| end.map_or("…".to_owned(), day);
    facts
        .stages
        .iter()
        .map(|stage| {
            format!(
                "{:?} {} {}",
                stage.coverage,
                day(stage.start),
                end(stage.end)
            )
        })
        .collect()
}

#[test]
fn a_renewal_goes_on_and_periods_hang_on_the_start() {
    let facts = only(&[
        buys("1", "pro", "2024-01-31T00:00:00Z"),
        renews("2", "2024-02-29T00:00:00Z"),
        renews("3", "2024-03-31T00:00:00Z"),
    ]);
    assert_eq!(
        stages(&facts),
        [
            "Paid 2024-01-31 2024-02-29",
            "Paid 2024-02-29 2024-03-31",
            "Paid 2024-03-31 2024-04-30"
        ]
    );
    assert_eq!(facts.opening, "1");
    let seen = view(&facts, "2024-03-05T00:00:00Z");
    assert_eq!(seen.period_start, time("2024-02-29T00:00:00Z"));
    assert_eq!(seen.period_end, Some(time("2024-03-31T00:00:00Z")));
    assert_eq!(seen.renewal, Renewal::HasAlreadyRenewed);
    let seen = view(&facts, "2024-04-01T00:00:00Z");
    assert_eq!(
        (seen.status, seen.renewal),
        (Status::Active, Renewal::WillRenew)
    );
    assert_eq!(seen.end, None);
    let seen = view(&facts, "2024-05-01T00:00:00Z");
    assert_eq!(
        (seen.status, seen.renewal),
        (Status::Expired, Renewal::WillNotRenew)
    );
    assert!(!seen.gives_access);
    assert_eq!(seen.period_end, Some(time("2024-04-30T00:00:00Z")));
}

#[test]
fn after_a_lapse_the_same_product_is_a_new_term() {
    let terms = fold(&[
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        told("2", Kind::Cancellation, "2024-01-10T00:00:00Z"),
        buys("3", "pro", "2024-03-01T00:00:00Z"),
    ])
    .unwrap();
    assert_eq!(terms.len(), 2);
    assert_eq!(
        view(&terms[0], "2024-01-11T00:00:00Z").renewal,
        Renewal::WillNotRenew
    );
    assert_eq!(
        view(&terms[0], "2024-01-11T00:00:00Z").end,
        Some(time("2024-02-01T00:00:00Z"))
    );
    assert_eq!(
        view(&terms[1], "2024-03-02T00:00:00Z").renewal,
        Renewal::WillRenew
    );
    // A lapsed renewal too.
    let terms = fold(&[
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        renews("2", "2024-02-03T00:00:00Z"),
    ])
    .unwrap();
    assert_eq!(terms.len(), 2);
}

#[test]
fn another_product_is_a_new_term_but_not_after_a_trial() {
    let terms = fold(&[
        buys("1", "basic", "2024-01-01T00:00:00Z"),
        Transaction {
            product: Some(product("pro")),
            ..told("2", Kind::ProductChange, "2024-01-10T00:00:00Z")
        },
        renews("3", "2024-02-01T00:00:00Z"),
    ])
    .unwrap();
    assert_eq!(terms.len(), 2);
    let seen = view(&terms[0], "2024-01-11T00:00:00Z");
    assert_eq!(seen.renewal, Renewal::WillChangeProduct);
    assert_eq!(seen.pending, Some(product("pro")));
    let seen = view(&terms[0], "2024-02-01T00:00:00Z");
    assert_eq!((seen.status, seen.pending), (Status::Expired, None));
    assert_eq!(terms[1].product_key_at(time("2024-02-01T00:00:00Z")), "pro");

    let facts = only(&[
        trial("1", "2024-01-01T00:00:00Z"),
        Transaction {
            product: Some(product("max")),
            ..renews("2", "2024-01-08T00:00:00Z")
        },
    ]);
    assert_eq!(
        stages(&facts),
        ["Trial 2024-01-01 2024-01-08", "Paid 2024-01-08 2024-02-08"]
    );
    let seen = view(&facts, "2024-01-08T00:00:00Z");
    assert_eq!(seen.product, Some(product("max")));
    assert_eq!(
        view(&facts, "2024-01-07T00:00:00Z").status,
        Status::Trialing
    );
}

#[test]
fn an_upgrade_at_once_ends_one_term_and_begins_the_other() {
    let terms = fold(&[
        buys("1", "basic", "2024-01-01T00:00:00Z"),
        Transaction {
            immediate: true,
            price: usd("20"),
            product: Some(product("pro")),
            ..told("2", Kind::ProductChange, "2024-01-15T00:00:00Z")
        },
    ])
    .unwrap();
    let shown: Vec<Vec<String>> = terms.iter().map(stages).collect();
    assert_eq!(
        shown,
        [
            ["Paid 2024-01-01 2024-01-15"],
            ["Paid 2024-01-15 2024-02-15"]
        ]
    );
    // Both are of one customer, and together no churn: one ends where the other begins.
    assert_eq!(terms[0].worth().last().unwrap().at, terms[1].worth()[0].at);
}

#[test]
fn a_billing_issue_is_grace_then_retry_then_the_end() {
    let mut graceful = buys("1", "pro", "2024-01-01T00:00:00Z");
    graceful.product.as_mut().unwrap().grace = IsoDuration::parse("P3D").ok();
    let issue = told("2", Kind::BillingIssue, "2024-01-31T12:00:00Z");
    let facts = only(&[graceful.clone(), issue.clone()]);
    assert_eq!(
        stages(&facts),
        [
            "Paid 2024-01-01 2024-02-01",
            "Grace 2024-02-01 2024-02-04",
            "Retry 2024-02-04 2024-04-01"
        ]
    );
    for (at, status, access, pending) in [
        ("2024-01-31T13:00:00Z", Status::Active, true, false),
        ("2024-02-01T00:00:00Z", Status::InGracePeriod, true, true),
        ("2024-02-04T00:00:00Z", Status::InBillingRetry, false, true),
        ("2024-04-01T00:00:00Z", Status::Expired, false, false),
    ] {
        let seen = view(&facts, at);
        assert_eq!(
            (seen.status, seen.gives_access, seen.pending_payment),
            (status, access, pending),
            "{at}"
        );
        if status == Status::InGracePeriod || status == Status::InBillingRetry {
            assert_eq!(seen.renewal, Renewal::WillRenew);
            assert_eq!(seen.period_end, Some(time("2024-02-01T00:00:00Z")));
        }
    }
    // Recovered in grace: from the missed renewal on. In retry: from the recovery on.
    let recovered = |at: &str| only(&[graceful.clone(), issue.clone(), renews("3", at)]);
    let start = |facts: &Facts| facts.stages.last().unwrap().start;
    let facts = recovered("2024-02-02T00:00:00Z");
    assert_eq!(start(&facts), time("2024-02-01T00:00:00Z"));
    let facts = recovered("2024-02-20T00:00:00Z");
    assert_eq!(start(&facts), time("2024-02-20T00:00:00Z"));
    assert_eq!(
        facts.stages.last().unwrap().end,
        Some(time("2024-03-20T00:00:00Z"))
    );
    // Not recovered: what follows is new.
    let terms = fold(&[graceful, issue, buys("3", "pro", "2024-05-01T00:00:00Z")]).unwrap();
    assert_eq!(terms.len(), 2);
}

#[test]
fn a_pause_goes_on_when_it_is_resumed_and_ends_it_when_not() {
    let paused = Transaction {
        resume_at: Some(time("2024-03-01T00:00:00Z")),
        ..told("2", Kind::Pause, "2024-01-10T00:00:00Z")
    };
    let bought = buys("1", "pro", "2024-01-01T00:00:00Z");
    let facts = only(&[
        bought.clone(),
        paused.clone(),
        renews("3", "2024-03-01T00:00:00Z"),
    ]);
    assert_eq!(
        view(&facts, "2024-01-11T00:00:00Z").renewal,
        Renewal::WillPause
    );
    let seen = view(&facts, "2024-02-10T00:00:00Z");
    assert_eq!((seen.status, seen.gives_access), (Status::Paused, false));
    assert_eq!(seen.period_end, Some(time("2024-03-01T00:00:00Z")));
    assert_eq!(view(&facts, "2024-03-02T00:00:00Z").status, Status::Active);
    // Without a date the period has no end, and news ends it.
    let open = Transaction {
        resume_at: None,
        immediate: true,
        ..paused.clone()
    };
    let facts = only(&[bought.clone(), open.clone()]);
    let seen = view(&facts, "2024-05-10T00:00:00Z");
    assert_eq!((seen.status, seen.period_end), (Status::Paused, None));
    let facts = only(&[
        bought.clone(),
        open,
        told("3", Kind::Resume, "2024-02-15T00:00:00Z"),
        renews("4", "2024-02-15T00:00:00Z"),
    ]);
    assert_eq!(
        stages(&facts),
        [
            "Paid 2024-01-01 2024-01-10",
            "Paused 2024-01-10 2024-02-15",
            "Paid 2024-02-15 2024-03-15"
        ]
    );
    // Called off before it began, and not recovered after it ended.
    let facts = only(&[
        bought.clone(),
        paused.clone(),
        told("3", Kind::Resume, "2024-01-20T00:00:00Z"),
    ]);
    assert_eq!(stages(&facts), ["Paid 2024-01-01 2024-02-01"]);
    let facts = only(&[bought, paused]);
    assert_eq!(view(&facts, "2024-03-01T00:00:00Z").status, Status::Expired);
}

#[test]
fn what_is_said_about_the_future_shows_until_the_next_period() {
    let base = [buys("1", "pro", "2024-01-01T00:00:00Z")];
    let after = |more: &[Transaction]| {
        let facts = only(&[&base, more].concat());
        view(&facts, "2024-01-20T00:00:00Z").renewal
    };
    let off = told("2", Kind::Cancellation, "2024-01-10T00:00:00Z");
    let on = told("3", Kind::Uncancellation, "2024-01-11T00:00:00Z");
    let asked = told("4", Kind::PriceAsked, "2024-01-12T00:00:00Z");
    let agreed = told("5", Kind::PriceAgreed, "2024-01-13T00:00:00Z");
    let renewed = renews("6", "2024-01-14T00:00:00Z");
    assert_eq!(after(std::slice::from_ref(&off)), Renewal::WillNotRenew);
    assert_eq!(after(&[off.clone(), on.clone()]), Renewal::WillRenew);
    assert_eq!(after(&[off, asked.clone()]), Renewal::RequiresConsent);
    assert_eq!(after(&[asked.clone(), agreed]), Renewal::WillRenew);
    assert_eq!(after(&[asked, renewed]), Renewal::HasAlreadyRenewed);
}

#[test]
fn a_refund_takes_the_money_back_and_ends_only_where_it_says_so() {
    let bought = buys("1", "pro", "2024-01-01T00:00:00Z");
    let back = told("2", Kind::Refund, "2024-01-10T00:00:00Z");
    let sum = |facts: &Facts| -> Decimal {
        let amounts = facts
            .payments
            .iter()
            .map(|paid: &Payment| paid.amount.value);
        amounts.sum()
    };
    let facts = only(&[bought.clone(), back.clone()]);
    assert_eq!(sum(&facts), Decimal::ZERO);
    assert_eq!(view(&facts, "2024-01-11T00:00:00Z").status, Status::Active);
    let part = Transaction {
        price: usd("4"),
        target: "1".to_owned(),
        revoke: true,
        ..back.clone()
    };
    let facts = only(&[bought.clone(), part]);
    assert_eq!(sum(&facts), Decimal::from(6));
    assert_eq!(view(&facts, "2024-01-11T00:00:00Z").status, Status::Expired);
    // At the very start the term still was.
    let at_once = Transaction {
        revoke: true,
        at: time("2024-01-01T00:00:00Z"),
        ..back
    };
    let facts = only(&[bought, at_once]);
    assert_eq!(view(&facts, "2024-01-01T00:00:00Z").status, Status::Expired);
    assert_eq!(facts.payments.len(), 2);
}

#[test]
fn a_transfer_moves_all_and_keeps_the_first_owner() {
    let given = Transaction {
        customer: Some(customer(8)),
        ..told("3", Kind::Transfer, "2024-03-10T00:00:00Z")
    };
    let terms = fold(&[
        buys("1", "pro", "2024-01-01T00:00:00Z"),
        buys("2", "pro", "2024-03-01T00:00:00Z"),
        given,
        renews("4", "2024-04-01T00:00:00Z"),
    ])
    .unwrap();
    assert_eq!(terms.len(), 2);
    for term in &terms {
        assert_eq!(term.customer, customer(8));
        assert_eq!(term.original_customer, customer(BUYER));
    }
}

#[test]
fn what_the_family_shares_has_no_money_and_begins_anew_when_shared_again() {
    let shared = |id: &str, at: &str| Transaction {
        ownership: Ownership::FamilyShared,
        ..buys(id, "pro", at)
    };
    let terms = fold(&[
        shared("1", "2024-01-01T00:00:00Z"),
        told("2", Kind::Expiration, "2024-01-10T00:00:00Z"),
        shared("3", "2024-01-12T00:00:00Z"),
    ])
    .unwrap();
    assert_eq!(terms.len(), 2);
    assert!(
        terms
            .iter()
            .all(|term| term.payments.is_empty() && term.worth().is_empty())
    );
    assert!(view(&terms[1], "2024-01-13T00:00:00Z").gives_access);
}

#[test]
fn without_a_period_nobody_knows_and_access_is_given() {
    let mut bought = buys("1", "pro", "2024-01-01T00:00:00Z");
    bought.product.as_mut().unwrap().duration = None;
    let facts = only(std::slice::from_ref(&bought));
    let seen = view(&facts, "2025-01-01T00:00:00Z");
    assert_eq!((seen.status, seen.gives_access), (Status::Unknown, true));
    assert_eq!(seen.period_end, None);
    bought.trial = true;
    bought.price = None;
    bought.product.as_mut().unwrap().trial = None;
    let facts = only(&[bought, told("2", Kind::Expiration, "2024-02-01T00:00:00Z")]);
    let seen = view(&facts, "2024-01-15T00:00:00Z");
    assert_eq!((seen.status, seen.gives_access), (Status::Trialing, true));
    assert_eq!(view(&facts, "2024-02-01T00:00:00Z").status, Status::Expired);
}

#[test]
fn nothing_is_there_before_the_purchase_arrives() {
    let renewal = renews("2", "2024-02-01T00:00:00Z");
    assert!(fold(std::slice::from_ref(&renewal)).unwrap().is_empty());
    let facts = only(&[renewal, buys("1", "pro", "2024-01-01T00:00:00Z")]);
    assert_eq!(facts.stages.len(), 2);
    let ahead = view(&facts, "2023-12-01T00:00:00Z");
    assert_eq!(
        (ahead.status, ahead.gives_access),
        (Status::Incomplete, false)
    );
}

#[test]
fn the_ledger_follows_and_sandbox_counts_in_none() {
    let mut bought = trial("1", "2024-01-01T00:00:00Z");
    bought.product.as_mut().unwrap().grace = IsoDuration::parse("P3D").ok();
    let told_all = [
        bought,
        renews("2", "2024-01-08T00:00:00Z"),
        told("3", Kind::BillingIssue, "2024-02-08T00:00:00Z"),
    ];
    let shown = |facts: &Facts| -> Vec<String> {
        facts
            .worth()
            .iter()
            .map(|worth| {
                let day = &worth.at.to_string()[..10];
                let value = decimal::format(worth.monthly.value);
                format!("{day} {value} {}", worth.class.as_str())
            })
            .collect()
    };
    assert_eq!(
        shown(&only(&told_all)),
        [
            "2024-01-01 0 trial",
            "2024-01-08 10 paid",
            "2024-02-11 10 past_due",
            "2024-04-08 0 delinquent"
        ]
    );
    let sandbox = told_all.map(|told| Transaction {
        environment: Environment::Sandbox,
        ..told
    });
    assert!(shown(&only(&sandbox)).is_empty());
}

#[test]
fn a_purchase_is_refunded_once_and_transferred() {
    let bought = Transaction {
        subscription: String::new(),
        quantity: 3,
        ..buys("1", "coins", "2024-01-01T00:00:00Z")
    };
    let about = |id: &str, kind: Kind, at: &str| Transaction {
        subscription: String::new(),
        target: "1".to_owned(),
        customer: Some(customer(8)),
        ..told(id, kind, at)
    };
    let back = about("2", Kind::Refund, "2024-01-05T00:00:00Z");
    let given = about("3", Kind::Transfer, "2024-01-03T00:00:00Z");
    assert_eq!(bought.line(), back.line());
    assert!(purchase(std::slice::from_ref(&back)).is_none());
    let found = purchase(&[back, given, bought.clone()]).unwrap();
    assert_eq!(found.customer, customer(8));
    assert_eq!(found.original_customer, customer(BUYER));
    assert_eq!(found.refunded, Some(time("2024-01-05T00:00:00Z")));
    assert_eq!(found.payments[0].amount.value, Decimal::from(30));
    assert_eq!(found.payments[1].amount.value, Decimal::from(-30));
    assert_eq!(purchase(&[bought]).unwrap().refunded, None);
}

/// Any transaction of one store subscription, on some day of a year.
fn any_transaction() -> impl Strategy<Value = Transaction> {
    let kinds = prop_oneof![
        3 => Just(Kind::Purchase),
        4 => Just(Kind::Renewal),
        1 => Just(Kind::Cancellation),
        1 => Just(Kind::Uncancellation),
        1 => Just(Kind::BillingIssue),
        1 => Just(Kind::ProductChange),
        1 => Just(Kind::Pause),
        1 => Just(Kind::Resume),
        1 => Just(Kind::PriceAsked),
        1 => Just(Kind::PriceAgreed),
        1 => Just(Kind::Transfer),
        1 => Just(Kind::Refund),
        1 => Just(Kind::Expiration),
    ];
    let parts = (kinds, 0..365_i64, any::<[bool; 4]>(), 1..3_u128, 0..40_i64);
    parts.prop_map(
        |(kind, day, [flag, trial, shared, explicit], owner, length)| {
            let start = time("2024-01-01T00:00:00Z");
            let at = start
                .checked_add(jiff::SignedDuration::from_hours(24 * day))
                .unwrap();
            let end = at
                .checked_add(jiff::SignedDuration::from_hours(24 * length))
                .unwrap();
            let key = if flag { "pro" } else { "basic" };
            let named =
                [Kind::Purchase, Kind::ProductChange].contains(&kind) || (trial && explicit);
            let trial = trial && kind == Kind::Purchase;
            Transaction {
                at,
                trial,
                customer: Some(customer(owner)),
                product: named.then(|| product(key)),
                price: usd("10").filter(|_| !trial),
                period_end: Some(end).filter(|_| explicit && length > 0),
                resume_at: Some(end).filter(|_| kind == Kind::Pause && explicit),
                immediate: flag,
                revoke: shared,
                ..told("", kind, "2024-01-01T00:00:00Z")
            }
        },
    )
}

pub fn any_life() -> impl Strategy<Value = (Vec<Transaction>, Vec<Transaction>)> {
    proptest::collection::vec(any_transaction(), 1..16)
        .prop_map(|mut all| {
            for (index, transaction) in all.iter_mut().enumerate() {
                transaction.id = format!("{index:02}");
            }
            all
        })
        .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter((all, shuffled) in any_life()) {
        prop_assert_eq!(fold(&all).unwrap(), fold(&shuffled).unwrap());
        // Nor that one arrives twice.
        let twice = [all.as_slice(), shuffled.as_slice()].concat();
        prop_assert_eq!(fold(&all).unwrap(), fold(&twice).unwrap());
    }

    #[test]
    fn stages_are_in_order_and_never_overlap((all, _) in any_life()) {
        let terms = fold(&all).unwrap();
        let mut openings = std::collections::BTreeSet::new();
        for term in &terms {
            prop_assert!(!term.stages.is_empty());
            prop_assert!(openings.insert(term.opening.clone()));
            for pair in term.stages.windows(2) {
                let end = pair[0].end;
                prop_assert!(end.is_some_and(|end| end <= pair[1].start), "{:#?}", term.stages);
            }
            for span in term.worth().windows(2) {
                prop_assert!(span[0].at < span[1].at);
            }
        }
    }

    #[test]
    fn every_view_obeys_the_table((all, _) in any_life(), day in -10..800_i64) {
        let start = time("2024-01-01T00:00:00Z");
        let now = start.checked_add(jiff::SignedDuration::from_hours(24 * day)).unwrap();
        for term in &fold(&all).unwrap() {
            let seen = term.view(now, false).unwrap();
            let access = match seen.status {
                Status::Trialing | Status::Active | Status::InGracePeriod | Status::Unknown => true,
                Status::Expired | Status::InBillingRetry | Status::Paused | Status::Incomplete => false,
            };
            prop_assert_eq!(seen.gives_access, access);
            prop_assert_eq!(seen.pending.is_some(), seen.renewal == Renewal::WillChangeProduct);
            prop_assert_eq!(
                term.access().iter().any(|(from, to)| *from <= now && to.is_none_or(|to| now < to)),
                access
            );
            if seen.status == Status::Expired {
                prop_assert_eq!(seen.renewal, Renewal::WillNotRenew);
            }
            let open = seen.period_end.is_none();
            let may = [Status::Paused, Status::Trialing, Status::Unknown, Status::Incomplete];
            prop_assert!(!open || may.contains(&seen.status), "{:?}", seen.status);
        }
    }

    #[test]
    fn no_money_is_lost((all, _) in any_life()) {
        let bought = fold(&all).unwrap();
        let ids: Vec<&str> = bought.iter().flat_map(|term| &term.payments).map(|paid| paid.id.as_str()).collect();
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        prop_assert_eq!(ids.len(), unique.len());
        // What was bought once anything had been bought is paid somewhere.
        let first = in_order(&all).into_iter().position(|told| told.kind == Kind::Purchase);
        let after = first.map(|first| in_order(&all).into_iter().skip(first));
        for told in after.into_iter().flatten() {
            if told.kind == Kind::Purchase && !told.trial {
                prop_assert!(unique.contains(told.id.as_str()), "{}", told.id);
            }
        }
    }
}

#[test]
fn coverage_says_what_gives_access() {
    let given = [
        Coverage::Trial,
        Coverage::Paid,
        Coverage::Free,
        Coverage::Grace,
        Coverage::Unknown,
    ];
    assert!(given.iter().all(|coverage| coverage.gives_access()));
    assert!(
        ![Coverage::Retry, Coverage::Paused]
            .iter()
            .any(|coverage| coverage.gives_access())
    );
}
