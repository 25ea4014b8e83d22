//! Laws of reports that hold whatever is reported.
#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::Decimal;
use kernel::decimal;
use proptest::prelude::*;

use super::tests::{fresh, item, patch, state};
use super::{End, EndReason, ItemKind, ItemPatch, Origin, Patch, Reported};
use crate::domain::fixture::time;

/// A complete set of items with an amount, so that it stands wherever it is put.
fn complete() -> impl Strategy<Value = Patch> {
    let kinds = prop::sample::subsequence(vec!["a", "b", "c"], 1..=3);
    (
        kinds,
        0i64..100_000,
        prop::sample::select(vec![ItemKind::Recurring, ItemKind::Metered]),
    )
        .prop_map(|(products, cents, kind)| {
            let items: Vec<ItemPatch> = products
                .into_iter()
                .map(|product| item(product, Some(kind)))
                .collect();
            let amount = decimal::format(Decimal::new(cents, 2));
            patch(items, Some(&amount))
        })
}

fn day(number: i64) -> jiff::Timestamp {
    time("2024-01-01T00:00:00Z")
        .checked_add(jiff::SignedDuration::from_hours(24 * number))
        .unwrap()
}

fn reported(patches: &[(i64, Patch)]) -> Reported {
    let mut reported = fresh(Origin::Patches);
    for (day_number, patch) in patches {
        let id = format!("f{day_number:04}");
        reported.patch(id, day(*day_number), patch.clone()).unwrap();
    }
    reported
}

proptest! {
    #[test]
    fn the_order_of_receipt_does_not_matter_for_distinct_times(
        patches in prop::collection::btree_map(0i64..500, complete(), 1..8).prop_map(|map| map.into_iter().collect::<Vec<_>>()),
        seed in any::<u64>(),
    ) {
        let in_order = reported(&patches);
        let mut shuffled = patches.clone();
        let count = shuffled.len();
        for index in 0..count {
            let other = usize::try_from(seed.rotate_left(u32::try_from(index * 7).unwrap()) % (count as u64)).unwrap();
            shuffled.swap(index, other);
        }
        let shuffled = reported(&shuffled);
        prop_assert_eq!(in_order.latest().unwrap(), shuffled.latest().unwrap());
        prop_assert_eq!(in_order.lines().unwrap(), shuffled.lines().unwrap());
        prop_assert_eq!(in_order.worth().unwrap(), shuffled.worth().unwrap());
        prop_assert_eq!(in_order.events().unwrap(), shuffled.events().unwrap());
    }

    #[test]
    fn the_parts_of_an_amount_add_up_to_it(
        patches in prop::collection::btree_map(0i64..500, complete(), 1..6),
        at in 0i64..600,
    ) {
        let patches: Vec<_> = patches.into_iter().collect();
        let reported = reported(&patches);
        let state = reported.state_at(day(at)).unwrap();
        let parts = reported.parts_at(&state, day(at)).unwrap();
        let sum = decimal::checked_sum(parts.iter().map(|part| part.amount.value)).unwrap();
        let whole = state.amount.map_or(Decimal::ZERO, |amount| amount.value);
        prop_assert_eq!(sum, whole);
        let least = parts.iter().map(|part| part.amount.value).min().unwrap_or_default();
        let most = parts.iter().map(|part| part.amount.value).max().unwrap_or_default();
        prop_assert!(most - least <= Decimal::new(2, 2), "equal but for what is left over");
    }

    #[test]
    fn taking_an_end_back_leaves_no_trace(
        patches in prop::collection::btree_map(0i64..500, complete(), 1..6),
        later in 0i64..500,
        delinquent in any::<bool>(),
        which in 0usize..4,
    ) {
        let patches: Vec<_> = patches.into_iter().collect();
        let before = reported(&patches);
        let held: Vec<String> = before.latest().unwrap().items.iter().map(|item| item.product_key.clone()).collect();
        let several = before.has_parts().unwrap();
        let item = held.get(which).filter(|_| several).map(String::as_str);
        let reason = if delinquent { EndReason::Delinquent } else { EndReason::Voluntary };
        let mut after = before.clone();
        after.end("end".to_owned(), item, End { at: day(500 + later), reason }).unwrap();
        prop_assert_ne!(after.worth().unwrap(), before.worth().unwrap());
        after.retract_end(item).unwrap();
        prop_assert_eq!(&after.facts, &before.facts);
        prop_assert_eq!(after.worth().unwrap(), before.worth().unwrap());
        prop_assert_eq!(after.events().unwrap(), before.events().unwrap());
    }

    #[test]
    fn time_lines_never_overlap_and_events_are_in_order(
        patches in prop::collection::btree_map(0i64..500, complete(), 1..8),
        changes in prop::collection::vec((0i64..500, 0i64..10_000, 0usize..3), 0..5),
    ) {
        let patches: Vec<_> = patches.into_iter().collect();
        let mut reported = reported(&patches);
        for (index, (at, cents, product)) in changes.into_iter().enumerate() {
            let product = ["a", "b", "c"][product];
            let mut state = state("2024-01-01", product, cents);
            state.at = day(at);
            // Refused where the product is not held then, or before the start.
            reported.change(format!("g{index}"), Some(product), &state).ok();
        }
        for line in reported.lines().unwrap() {
            for pair in line.stretches.windows(2) {
                prop_assert!(pair[0].end.is_some_and(|end| end <= pair[1].start));
                prop_assert_eq!(pair[0].end_reason.is_some(), pair[0].end < Some(pair[1].start));
            }
        }
        let events = reported.events().unwrap();
        for pair in events.windows(2) {
            prop_assert!((pair[0].at, &pair[0].order) <= (pair[1].at, &pair[1].order));
        }
    }
}
