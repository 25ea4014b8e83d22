//! What each kind of change leaves in the ledger, and the law that the ledger alone tells what is sold when.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::edit::{Operation, Shift};
use super::super::fixture::{Sketch, duration, flat, mint, monthly, time};
use super::super::lifecycle::Timing;
use super::*;

const NOW: &str = "2024-01-10T00:00:00Z";

/// Key, begin, end, amount before and amount after of each entry.
fn told(entries: &[Entry]) -> Vec<(String, String, String, String, String)> {
    let day = |time: Timestamp| time.to_string()[..10].to_owned();
    let amount = |sold: &Option<Sold>| {
        use super::super::rate_card::PriceModel;
        let price = sold.as_ref().and_then(|sold| sold.card.price.as_ref());
        match price.map(|price| &price.model) {
            Some(PriceModel::Flat { amount, .. }) => amount.to_string(),
            _ => String::new(),
        }
    };
    entries
        .iter()
        .map(|entry| {
            let (start, end) = (entry.span.start, entry.span.end);
            let (before, after) = (amount(&entry.before), amount(&entry.after));
            (
                entry.item.clone(),
                day(start),
                end.map_or_else(String::new, day),
                before,
                after,
            )
        })
        .collect()
}

fn rows(rows: &[[&str; 5]]) -> Vec<(String, String, String, String, String)> {
    rows.iter()
        .map(|[key, start, end, before, after]| {
            let owned = |text: &&str| (*text).to_owned();
            (
                owned(key),
                owned(start),
                owned(end),
                owned(before),
                owned(after),
            )
        })
        .collect()
}

#[test]
fn every_kind_of_change_tells_what_it_does_from_when_on() {
    let made = monthly("2024-01-01T00:00:00Z");
    let expected = rows(&[["fee", "2024-01-01", "", "", "10"]]);
    assert_eq!(told(&entries(None, &made).unwrap()), expected);
    let raised = made
        .edited(
            &[
                Operation::RemoveItem {
                    phase: "phase_0".into(),
                    item: "fee".into(),
                },
                Operation::AddItem {
                    phase: "phase_0".into(),
                    card: Box::new(flat("fee", "20")),
                },
            ],
            Timing::Immediate,
            time(NOW),
            &mut mint(),
        )
        .unwrap();
    let expected = rows(&[["fee", "2024-01-10", "", "10", "20"]]);
    assert_eq!(told(&entries(Some(&made), &raised).unwrap()), expected);
    let canceled = raised
        .canceled(Timing::NextBillingCycle, time(NOW))
        .unwrap();
    let expected = rows(&[["fee", "2024-02-01", "", "20", ""]]);
    assert_eq!(told(&entries(Some(&raised), &canceled).unwrap()), expected);
    let continued = canceled.continued(time(NOW)).unwrap();
    let expected = rows(&[["fee", "2024-02-01", "", "", "20"]]);
    assert_eq!(
        told(&entries(Some(&canceled), &continued).unwrap()),
        expected
    );
    // A new link to a neighbor changes no terms.
    let linked = continued
        .clone()
        .linked_before(Some("x"))
        .written(time(NOW));
    assert_eq!(entries(Some(&continued), &linked).unwrap(), []);
    let ahead = monthly("2024-03-01T00:00:00Z");
    let deleted = ahead.deleted(time(NOW)).unwrap();
    let expected = rows(&[["fee", "2024-03-01", "", "10", ""]]);
    assert_eq!(told(&entries(Some(&ahead), &deleted).unwrap()), expected);
}

#[test]
fn causes_are_read_as_they_were_stored() {
    for (cause, name) in Cause::ALL {
        assert_eq!((cause.as_str(), Cause::parse(name)), (name, Some(cause)));
    }
    assert_eq!(Cause::parse("later"), None);
}

fn operation() -> impl Strategy<Value = Operation> {
    let phase = prop_oneof![Just("phase_0"), Just("phase_1"), Just("phase_2")];
    let item = prop_oneof![Just("fee"), Just("other")];
    let add = |(phase, item): (&str, &str), amount: &str| Operation::AddItem {
        phase: phase.into(),
        card: Box::new(flat(item, amount)),
    };
    prop_oneof![
        3 => (phase.clone(), item.clone()).prop_map(move |place| add(place, "7")),
        2 => (phase.clone(), item).prop_map(|(phase, item)| Operation::RemoveItem {
            phase: phase.into(),
            item: item.into(),
        }),
        1 => phase.clone().prop_map(|phase| Operation::RemovePhase {
            phase: phase.into(),
            shift: Shift::Next,
        }),
        1 => (phase, prop_oneof![Just("P1M"), Just("-P10D")]).prop_map(|(phase, by)| {
            Operation::StretchPhase { phase: phase.into(), by: duration(by) }
        }),
        1 => Just(Operation::UnscheduleEdit),
    ]
}

/// One step in a life: an edit, an end, or that end taken back.
#[derive(Clone, Debug)]
enum Step {
    Edit(Vec<Operation>, bool),
    Cancel(bool),
    Continue,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (prop::collection::vec(operation(), 1..4), any::<bool>())
            .prop_map(|(operations, next)| Step::Edit(operations, next)),
        1 => any::<bool>().prop_map(Step::Cancel),
        2 => Just(Step::Continue),
    ]
}

fn timing(next: bool) -> Timing {
    if next {
        Timing::NextBillingCycle
    } else {
        Timing::Immediate
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Replayed from nothing, the entries give at every instant what the subscription sells then; and nobody has to know
    /// the subscription to know what an entry replaces.
    #[test]
    fn the_ledger_alone_tells_what_is_sold_when(
        steps in prop::collection::vec((step(), 0_i64..40), 1..8),
    ) {
        let mut ids = mint();
        let mut subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&["P1M", "P2M", ""]).build();
        let mut ledger = entries(None, &subscription).unwrap();
        let mut now = subscription.active_from;
        for (step, days) in steps {
            now += SignedDuration::from_hours(24 * days);
            let next = match step {
                Step::Edit(operations, next) => subscription.edited(&operations, timing(next), now, &mut ids),
                Step::Cancel(next) => subscription.canceled(timing(next), now),
                Step::Continue => subscription.continued(now),
            };
            let Ok(next) = next else { continue };
            for entry in entries(Some(&subscription), &next).unwrap() {
                prop_assert!(!entry.span.is_empty());
                prop_assert_ne!(&entry.before, &entry.after);
                prop_assert_eq!(&replayed(&ledger, &entry.item, entry.span.start), &entry.before);
                ledger.push(entry);
            }
            subscription = next;
        }
        let terms = terms(&subscription).unwrap();
        for day in 0..400 {
            let instant = subscription.active_from + SignedDuration::from_hours(24 * day - 12);
            for key in ["fee", "other"] {
                let sold = terms.get(key).and_then(|of_key| at(of_key, instant)).cloned();
                prop_assert_eq!(replayed(&ledger, key, instant), sold, "{} at {}", key, instant);
            }
        }
    }
}

/// What the entries, in their order, say of an item at an instant.
fn replayed(ledger: &[Entry], item: &str, instant: Timestamp) -> Option<Sold> {
    ledger
        .iter()
        .rfind(|entry| entry.item == item && entry.span.contains(instant))
        .and_then(|entry| entry.after.clone())
}
