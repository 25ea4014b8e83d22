//! The worked examples of subscriptions and their lines.

#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::{
    Decimal, Timestamp,
    calendar::IsoDuration,
    currency::Currency,
    id::{CustomerId, ItemId, PhaseId, SubscriptionId, Ulid},
};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    price::{Discounts, Model, PaymentTerm, Price, TaxConfig},
    subscription::{Item, Phase, Subscription},
};

/// `2024-01-10` or `2024-01-10T15:00:00`, UTC.
fn at(text: &str) -> Timestamp {
    let full = if text.contains('T') {
        format!("{text}Z")
    } else {
        format!("{text}T00:00:00Z")
    };
    full.parse().unwrap()
}

fn flat(amount: &str, term: PaymentTerm) -> Price {
    Price::flat(kernel::decimal::parse(amount).unwrap(), term)
}

fn advance(amount: &str) -> Price {
    flat(amount, PaymentTerm::InAdvance)
}

fn arrears(amount: &str) -> Price {
    flat(amount, PaymentTerm::InArrears)
}

fn unit(amount: i64) -> Price {
    Price {
        model: Model::Unit {
            amount: Decimal::from(amount),
        },
        minimum: None,
        maximum: None,
    }
}

fn item(
    key: &str,
    price: Price,
    cadence: Option<&str>,
    start: Timestamp,
    end: Option<Timestamp>,
) -> Item {
    Item {
        id: ItemId::from_ulid(Ulid(1)),
        key: key.to_owned(),
        version: 0,
        name: key.to_owned(),
        description: String::new(),
        feature_key: (!price.is_flat()).then(|| key.to_owned()),
        cadence: cadence.map(|text| IsoDuration::parse(text).unwrap()),
        price: Some(price),
        discounts: Discounts::default(),
        tax: TaxConfig::default(),
        start,
        end,
    }
}

fn phase(key: &str, start: Timestamp, end: Option<Timestamp>, items: Vec<Item>) -> Phase {
    Phase {
        id: PhaseId::from_ulid(Ulid(1)),
        key: key.to_owned(),
        start,
        end,
        items,
    }
}

fn subscription(
    start: Timestamp,
    anchor: Timestamp,
    cadence: &str,
    phases: Vec<Phase>,
) -> Subscription {
    Subscription {
        id: SubscriptionId::from_ulid(Ulid(0)),
        customer: CustomerId::from_ulid(Ulid(0)),
        currency: Currency::USD,
        active_from: start,
        active_to: None,
        cadence: IsoDuration::parse(cadence).unwrap(),
        anchor,
        prorate: true,
        revision: 1,
        deleted: false,
        phases,
        plan: None,
    }
}

/// One open phase with these items.
fn simple(start: &str, cadence: &str, items: Vec<(&str, Price, Option<&str>)>) -> Subscription {
    let start = at(start);
    let items = items
        .into_iter()
        .map(|(key, price, cadence)| item(key, price, cadence, start, None))
        .collect();
    subscription(
        start,
        start,
        cadence,
        vec![phase("default", start, None, items)],
    )
}

/// Ends a subscription, its open phases and items.
fn end(mut subscription: Subscription, end: &str) -> Subscription {
    let end = at(end);
    subscription.active_to = Some(end);
    for phase in &mut subscription.phases {
        phase.end = Some(phase.end.map_or(end, |own| own.min(end)));
        for item in &mut phase.items {
            item.end = Some(item.end.map_or(end, |own| own.min(end)));
        }
    }
    subscription
}

fn short(time: Timestamp) -> String {
    let text = time.to_string();
    let text = text.strip_suffix('Z').unwrap();
    text.strip_suffix("T00:00:00")
        .or_else(|| text.strip_suffix(":00"))
        .unwrap_or(text)
        .to_owned()
}

/// Lines as `phase/key/v/p from..to amount @invoice`.
fn shown(subscription: &Subscription, as_of: &str) -> Vec<String> {
    let mut lines: Vec<String> = expected(subscription, at(as_of))
        .unwrap()
        .lines
        .iter()
        .map(|line| {
            let amount = match &line.price.model {
                Model::Flat { amount, .. } => format!(" {}", kernel::decimal::format(*amount)),
                Model::Unit { .. }
                | Model::Graduated { .. }
                | Model::Volume { .. }
                | Model::Dynamic { .. }
                | Model::Package { .. } => String::new(),
            };
            let reference = line.reference.split_once('/').unwrap().1;
            format!(
                "{reference} {}..{}{amount} @{}",
                short(line.period.start),
                short(line.period.end),
                short(line.invoice_time)
            )
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn e1_plain_month() {
    let monthly = simple(
        "2024-01-01",
        "P1M",
        vec![
            ("fee", advance("10"), Some("P1M")),
            ("use", unit(1), Some("P1M")),
        ],
    );
    assert_eq!(
        shown(&monthly, "2024-01-10"),
        [
            "default/fee/v[0]/period[0] 2024-01-01..2024-02-01 10 @2024-01-01",
            "default/fee/v[0]/period[1] 2024-02-01..2024-03-01 10 @2024-02-01",
            "default/use/v[0]/period[0] 2024-01-01..2024-02-01 @2024-02-01",
        ]
    );
    assert_eq!(
        expected(&monthly, at("2024-01-10")).unwrap().next_sync,
        Some(at("2024-02-01T00:00:01"))
    );
    assert_eq!(
        expected(&monthly, at("2024-02-01")).unwrap().next_sync,
        Some(at("2024-02-01T00:00:01"))
    );
}

#[test]
fn e2_trial() {
    let start = at("2024-01-01T00:00:00.123456");
    let one = at("2024-02-01T00:00:00.123456");
    let three = at("2024-04-01T00:00:00.123456");
    let mut trial = item("use", unit(0), Some("P1M"), start, Some(one));
    trial.price = None;
    let phases = vec![
        phase("trial", start, Some(one), vec![trial]),
        phase(
            "discounted",
            one,
            Some(three),
            vec![item("use", unit(5), Some("P1M"), one, Some(three))],
        ),
        phase(
            "final",
            three,
            None,
            vec![item("use", unit(10), Some("P1M"), three, None)],
        ),
    ];
    let trial = subscription(start, start, "P1M", phases);
    assert!(shown(&trial, "2024-01-01T00:00:00.123456").is_empty());
    let line = ["discounted/use/v[0]/period[0] 2024-02-01..2024-03-01 @2024-03-01"];
    assert_eq!(shown(&trial, "2024-02-01T00:00:01"), line);
    let canceled = end(trial.clone(), "2024-03-01T00:00:00.123456");
    assert_eq!(shown(&canceled, "2024-02-20"), line);
    assert_eq!(shown(&trial, "2024-02-20"), line);
}

#[test]
fn e3_daily_service_in_a_month() {
    let daily = simple(
        "2024-01-01",
        "P1M",
        vec![("fee", arrears("5"), Some("P1D"))],
    );
    let lines = expected(&daily, at("2024-01-10")).unwrap().lines;
    assert_eq!(lines.len(), 31);
    assert!(
        lines
            .iter()
            .all(|line| line.invoice_time == at("2024-02-01"))
    );
    assert!(
        lines
            .windows(2)
            .all(|pair| pair[0].period.end == pair[1].period.start)
    );
}

#[test]
fn e4_different_cadences() {
    let start = "2021-01-01";
    let mixed = simple(
        start,
        "P3D",
        vec![
            ("fee", advance("5"), Some("P1D")),
            ("use", unit(1), Some("P1D")),
        ],
    );
    let lines = shown(&mixed, "2021-01-02");
    assert_eq!(lines.len(), 9);
    assert_eq!(
        lines[2],
        "default/fee/v[0]/period[2] 2021-01-03..2021-01-04 5 @2021-01-01"
    );
    assert_eq!(
        lines[3],
        "default/fee/v[0]/period[3] 2021-01-04..2021-01-05 5 @2021-01-04"
    );
    assert_eq!(
        lines[8],
        "default/use/v[0]/period[2] 2021-01-03..2021-01-04 @2021-01-04"
    );
    let longer = simple(start, "P1D", vec![("use", unit(1), Some("P2D"))]);
    let lines = expected(&longer, at("2021-01-02T12:00:00")).unwrap().lines;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].invoice_time, at("2021-01-03"));
    assert_eq!(lines[0].period.end, at("2021-01-03"));
    assert_eq!(lines[0].subscription.billing_period.end, at("2021-01-02"));
}

#[test]
fn e5_a_phase_shorter_than_the_period() {
    let (start, middle) = (at("2024-01-01"), at("2024-01-15"));
    let items = |from, to| {
        vec![
            item("adv", advance("5"), Some("P1M"), from, to),
            item("arr", arrears("5"), Some("P1M"), from, to),
            item("use", unit(10), Some("P1M"), from, to),
        ]
    };
    let phases = vec![
        phase("ph1", start, Some(middle), items(start, Some(middle))),
        phase("ph2", middle, None, items(middle, None)),
    ];
    let two = end(subscription(start, start, "P1M", phases), "2024-03-01");
    assert_eq!(
        shown(&two, "2024-01-01"),
        [
            "ph1/adv/v[0]/period[0] 2024-01-01..2024-01-15 2.26 @2024-01-01",
            "ph1/arr/v[0]/period[0] 2024-01-01..2024-01-15 2.26 @2024-01-15",
            "ph1/use/v[0]/period[0] 2024-01-01..2024-01-15 @2024-01-15",
            "ph2/adv/v[0]/period[0] 2024-01-15..2024-02-01 2.74 @2024-01-15",
            "ph2/adv/v[0]/period[1] 2024-02-01..2024-03-01 5 @2024-02-01",
            "ph2/arr/v[0]/period[0] 2024-01-15..2024-02-01 2.74 @2024-02-01",
            "ph2/arr/v[0]/period[1] 2024-02-01..2024-03-01 5 @2024-03-01",
            "ph2/use/v[0]/period[0] 2024-01-15..2024-02-01 @2024-02-01",
            "ph2/use/v[0]/period[1] 2024-02-01..2024-03-01 @2024-03-01",
        ]
    );
}

/// Replaces the item of a key at an instant.
fn edited(
    mut subscription: Subscription,
    key: &str,
    when: Timestamp,
    price: Price,
) -> Subscription {
    let items = &mut subscription.phases[0].items;
    let old = items.iter_mut().find(|item| item.key == key).unwrap();
    old.end = Some(when);
    let new = Item {
        version: 1,
        price: Some(price),
        start: when,
        end: None,
        ..old.clone()
    };
    items.push(new);
    subscription
}

#[test]
fn e6_edit() {
    let monthly = || {
        simple(
            "2024-01-01",
            "P1M",
            vec![("fee", advance("10"), Some("P1M"))],
        )
    };
    let next_day = edited(monthly(), "fee", at("2024-01-02"), advance("20"));
    assert_eq!(
        shown(&next_day, "2024-01-02"),
        [
            "default/fee/v[0]/period[0] 2024-01-01..2024-01-02 0.32 @2024-01-01",
            "default/fee/v[1]/period[0] 2024-01-02..2024-02-01 19.35 @2024-01-01",
            "default/fee/v[1]/period[1] 2024-02-01..2024-03-01 20 @2024-02-01",
        ]
    );
    let five = || {
        simple(
            "2024-01-01",
            "P1M",
            vec![("fee", advance("5"), Some("P1M"))],
        )
    };
    let soon = edited(five(), "fee", at("2024-01-01T00:00:40"), advance("10"));
    assert_eq!(
        shown(&soon, "2024-01-01T00:00:40")[0],
        "default/fee/v[1]/period[0] 2024-01-01T00:00:40..2024-02-01 10 @2024-01-01"
    );
    let full = Subscription {
        prorate: false,
        ..soon
    };
    let lines = shown(&full, "2024-01-01T00:00:40");
    assert_eq!(
        lines[0],
        "default/fee/v[0]/period[0] 2024-01-01..2024-01-01T00:00:40 5 @2024-01-01"
    );
    assert_eq!(
        lines[1],
        "default/fee/v[1]/period[0] 2024-01-01T00:00:40..2024-02-01 10 @2024-01-01"
    );
}

#[test]
fn e7_weekly_in_a_four_week_plan() {
    let weekly = simple(
        "2024-01-01",
        "P4W",
        vec![
            ("adv", advance("5"), Some("P1W")),
            ("arr", arrears("5"), Some("P1W")),
        ],
    );
    let weekly = edited(weekly, "adv", at("2024-01-02"), advance("8"));
    let weekly = edited(weekly, "arr", at("2024-01-02"), arrears("7"));
    let lines = expected(&weekly, at("2024-01-02")).unwrap().lines;
    let of = |key: &str, version: &str| -> Vec<(String, String, String)> {
        lines
            .iter()
            .filter(|line| line.reference.contains(&format!("/{key}/{version}/")))
            .map(|line| {
                (
                    short(line.period.start),
                    short(line.period.end),
                    short(line.invoice_time),
                )
            })
            .collect()
    };
    let line = |from: &str, to: &str, due: &str| (from.to_owned(), to.to_owned(), due.to_owned());
    assert_eq!(
        of("adv", "v[0]"),
        [line("2024-01-01", "2024-01-02", "2024-01-01")]
    );
    let advance = of("adv", "v[1]");
    assert_eq!(advance.len(), 8);
    assert_eq!(advance[0], line("2024-01-02", "2024-01-08", "2024-01-01"));
    assert_eq!(advance[3], line("2024-01-22", "2024-01-29", "2024-01-01"));
    assert_eq!(advance[4], line("2024-01-29", "2024-02-05", "2024-01-29"));
    assert_eq!(advance[7], line("2024-02-19", "2024-02-26", "2024-01-29"));
    assert_eq!(
        of("arr", "v[0]"),
        [line("2024-01-01", "2024-01-02", "2024-01-29")]
    );
    let arrears = of("arr", "v[1]");
    assert_eq!(arrears.len(), 4);
    assert!(arrears.iter().all(|line| line.2 == "2024-01-29"));
    assert_eq!(arrears[3].1, "2024-01-29");
}

#[test]
fn e8_anchor() {
    let start = at("2025-07-10T15:00:00");
    let open = |start, anchor, price: Price, cadence| {
        subscription(
            start,
            anchor,
            "P1M",
            vec![phase(
                "default",
                start,
                None,
                vec![item("use", price, Some(cadence), start, None)],
            )],
        )
    };
    assert_eq!(
        shown(
            &open(start, at("2025-01-31T15:00:00"), unit(1), "P1M"),
            "2025-09-29"
        ),
        [
            "default/use/v[0]/period[0] 2025-07-10T15:00..2025-07-31T15:00 @2025-07-31T15:00",
            "default/use/v[0]/period[1] 2025-07-31T15:00..2025-08-31T15:00 @2025-08-31T15:00",
            "default/use/v[0]/period[2] 2025-08-31T15:00..2025-09-30T15:00 @2025-09-30T15:00",
        ]
    );
    let middle = at("2025-06-15T12:00:00");
    assert_eq!(
        shown(
            &open(middle, at("2025-06-01"), unit(1), "P1M"),
            "2025-06-20"
        ),
        ["default/use/v[0]/period[0] 2025-06-15T12:00..2025-07-01 @2025-07-01"]
    );
    assert_eq!(
        shown(
            &open(middle, at("2025-06-01"), unit(1), "P1D"),
            "2025-06-20"
        )[0],
        "default/use/v[0]/period[0] 2025-06-15T12:00..2025-06-16 @2025-07-01"
    );
}

#[test]
fn e9_anchor_before_the_start() {
    let start = at("2021-01-01");
    let items = vec![item("fee", advance("10"), Some("P1D"), start, None)];
    let daily = subscription(
        start,
        at("2020-12-31T23:00:00"),
        "P1D",
        vec![phase("default", start, None, items)],
    );
    let daily = Subscription {
        prorate: false,
        ..daily
    };
    let lines = expected(&daily, at("2021-01-01T12:00:00")).unwrap().lines;
    assert_eq!(lines[0].period.end, at("2021-01-01T23:00:00"));
    assert_eq!(lines[0].subscription.billing_period.start, start);
    assert_eq!(lines[1].period.start, at("2021-01-01T23:00:00"));
    assert_eq!(lines[1].period.end, at("2021-01-02T23:00:00"));
    let edited = edited(daily, "fee", at("2021-01-02T20:00:00"), advance("11"));
    let lines = shown(&edited, "2021-01-02T20:00:00");
    assert_eq!(
        lines[1],
        "default/fee/v[0]/period[1] 2021-01-01T23:00..2021-01-02T20:00 10 @2021-01-01T23:00"
    );
    assert_eq!(
        lines[2],
        "default/fee/v[1]/period[0] 2021-01-02T20:00..2021-01-02T23:00 11 @2021-01-01T23:00"
    );
}

#[test]
fn e10_canceling_is_not_prorated() {
    let quarterly = simple(
        "2024-01-01",
        "P1M",
        vec![("fee", arrears("9"), Some("P3M"))],
    );
    assert_eq!(
        shown(&end(quarterly, "2024-02-01"), "2024-01-20"),
        ["default/fee/v[0]/period[0] 2024-01-01..2024-02-01 9 @2024-02-01"]
    );
}

#[test]
fn e11_one_time_fees() {
    let once = |price| simple("2024-01-01", "P1M", vec![("fee", price, None)]);
    assert_eq!(
        shown(&once(advance("7")), "2024-01-05"),
        ["default/fee/v[0] 2024-01-01..2024-01-01 7 @2024-01-01"]
    );
    assert!(shown(&once(arrears("7")), "2024-01-05").is_empty());
    assert_eq!(
        shown(&end(once(arrears("7")), "2024-01-15"), "2024-01-15"),
        ["default/fee/v[0] 2024-01-01..2024-01-15 7 @2024-01-15"]
    );
    let (start, over) = (at("2024-01-01"), at("2024-02-05"));
    let items = vec![item("fee", advance("7"), None, start, Some(over))];
    let phased = subscription(
        start,
        start,
        "P1M",
        vec![
            phase("one", start, Some(over), items),
            phase("two", over, None, vec![]),
        ],
    );
    let lines = expected(&phased, at("2024-01-05")).unwrap().lines;
    assert_eq!(lines[0].period.end, over);
    assert_eq!(lines[0].subscription.billing_period.end, at("2024-02-01"));
}

#[test]
fn e12_future_start() {
    let later = simple(
        "2024-02-01",
        "P1M",
        vec![
            ("fee", advance("10"), Some("P1M")),
            ("use", unit(1), Some("P1M")),
        ],
    );
    assert_eq!(
        shown(&later, "2024-01-20"),
        ["default/fee/v[0]/period[0] 2024-02-01..2024-03-01 10 @2024-02-01"]
    );
    assert_eq!(
        expected(&later, at("2024-01-20")).unwrap().next_sync,
        Some(at("2024-02-01T00:00:01"))
    );
}

#[test]
fn what_is_free_or_deleted_has_no_lines() {
    let free = simple(
        "2024-01-01",
        "P1M",
        vec![("fee", advance("0"), Some("P1M"))],
    );
    assert!(shown(&free, "2024-01-10").is_empty());
    let deleted = Subscription {
        deleted: true,
        ..simple(
            "2024-01-01",
            "P1M",
            vec![("fee", advance("1"), Some("P1M"))],
        )
    };
    assert_eq!(
        expected(&deleted, at("2024-01-10")).unwrap(),
        Plan::default()
    );
}

proptest! {
    /// Over 48 months service periods touch, never overlap and keep to the anchor.
    #[test]
    fn service_periods_are_contiguous(day in 1i8..=31, hours in 0i64..24 * 365, months in 1usize..48, weekly in any::<bool>()) {
        let anchor = at(&format!("2024-01-{day:02}"));
        let start = anchor.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        let cadence = if weekly { "P1W" } else { "P1M" };
        let one = subscription(start, anchor, cadence, vec![phase("default", start, None, vec![item("use", unit(1), Some(cadence), start, None)])]);
        let now = start.saturating_add(jiff::SignedDuration::from_hours(24 * 30 * months as i64)).unwrap();
        let lines = expected(&one, now).unwrap().lines;
        prop_assert_eq!(lines[0].period.start, start);
        for pair in lines.windows(2) {
            prop_assert_eq!(pair[0].period.end, pair[1].period.start);
        }
        prop_assert!(lines.last().unwrap().period.end >= now);
        prop_assert!(lines.iter().all(|line| line.invoice_time >= line.period.end));
    }

    /// A later sync expects all that an earlier one did: lines do not come and go with time.
    #[test]
    fn a_later_sync_takes_nothing_back(first in 0i64..400, more in 0i64..400) {
        let both = simple("2024-01-31", "P1M", vec![("fee", advance("10"), Some("P1M")), ("use", unit(1), Some("P1W"))]);
        let day = |days: i64| at("2024-01-31").saturating_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        let early = expected(&both, day(first)).unwrap();
        let late = expected(&both, day(first + more)).unwrap().lines;
        prop_assert!(early.lines.iter().all(|line| late.contains(line)));
        prop_assert!(early.next_sync.unwrap() > day(first));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Going on from where the last sync ended gives the same lines as looking at everything: each once.
    #[test]
    fn going_on_adds_what_is_new(
        anchor in 1i8..=31, offset in 0i64..24 * 40, billing in 0usize..3, cadences in (0usize..5, 0usize..5),
        trial in proptest::option::of(1i64..24 * 50), second in 1i64..24 * 200, end in proptest::option::of(1i64..24 * 500),
        steps in proptest::collection::vec(0i64..24 * 45, 1..8),
    ) {
        const CADENCES: [&str; 5] = ["P1M", "P1W", "P1D", "P3M", "P1Y"];
        let hours = |from: Timestamp, hours: i64| from.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        let start = hours(at("2024-01-01"), offset);
        let first = hours(start, trial.unwrap_or(second));
        let items = |key: &str, from: Timestamp, until: Option<Timestamp>| vec![
            item(&format!("{key}_fee"), advance("10"), Some(CADENCES[cadences.0]), from, until),
            item(&format!("{key}_use"), unit(1), Some(CADENCES[cadences.1]), from, until),
            item(&format!("{key}_late"), arrears("3"), Some("P1M"), hours(from, 5), until),
            item(&format!("{key}_once"), advance("7"), None, from, until),
        ];
        // A trial has no price.
        let opening = if trial.is_some() { Vec::new() } else { items("a", start, Some(first)) };
        let phases = vec![phase("a", start, Some(first), opening), phase("b", first, None, items("b", first, None))];
        let mut both = subscription(start, at(&format!("2024-01-{anchor:02}")), CADENCES[billing], phases);
        if let Some(late) = end {
            let last = hours(first, late);
            both.active_to = Some(last);
            both.phases[1].end = Some(last);
        }
        let (mut now, mut reached, mut known) = (hours(start, -30), Reached::new(), Vec::new());
        for step in steps {
            now = hours(now, step);
            let whole = expected(&both, now).unwrap();
            match added(&both, now, &reached).unwrap() {
                Some(plan) => {
                    prop_assert_eq!(plan.next_sync, whole.next_sync);
                    prop_assert_eq!(&plan.reached, &whole.reached);
                    known.extend(plan.lines);
                    reached = plan.reached;
                }
                None => {
                    known = whole.lines.clone();
                    reached = whole.reached;
                }
            }
            let by_reference = |lines: &[Expected]| {
                let mut lines = lines.to_vec();
                lines.sort_by(|a, b| a.reference.cmp(&b.reference));
                lines
            };
            prop_assert_eq!(by_reference(&known), by_reference(&whole.lines));
        }
    }

    /// A clock that was set back is no reason to go on.
    #[test]
    fn who_is_earlier_looks_at_everything(days in 40i64..300, back in 40i64..300) {
        let monthly = simple("2024-01-31", "P1M", vec![("fee", advance("10"), Some("P1M"))]);
        let day = |days: i64| at("2024-01-31").saturating_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        let late = expected(&monthly, day(days)).unwrap();
        let earlier = added(&monthly, day(days - back), &late.reached).unwrap();
        prop_assert!(earlier.is_none());
    }
}
