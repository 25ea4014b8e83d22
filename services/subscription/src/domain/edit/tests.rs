//! The worked example of edits, each refusal, and the laws that no edit breaks.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::super::fixture::{Sketch, duration, flat, mint, time};
use super::super::subscription::Subscription;
use super::*;

const NOW: &str = "2024-01-10T00:00:00Z";

fn example() -> Subscription {
    Sketch::new("2024-01-01T00:00:00Z")
        .phases(&["P1M", "P2M", ""])
        .build()
}

fn apply_at(
    subscription: &Subscription,
    now: &str,
    operations: &[Operation],
) -> Result<Subscription, Refusal> {
    subscription.edited(operations, Timing::Immediate, time(now), &mut mint())
}

fn apply(operations: &[Operation]) -> Result<Subscription, Refusal> {
    apply_at(&example(), NOW, operations)
}

fn starts(subscription: &Subscription) -> Vec<String> {
    let times = subscription.times().unwrap();
    times
        .iter()
        .zip(&subscription.phases)
        .map(|(times, phase)| format!("{} {}", phase.key, &times.period.start.to_string()[5..10]))
        .collect()
}

fn stretch(phase: &str, by: &str) -> Operation {
    Operation::StretchPhase {
        phase: phase.into(),
        by: duration(by),
    }
}

fn add_phase(key: &str, start_after: &str, length: &str) -> Operation {
    Operation::AddPhase {
        key: key.into(),
        name: key.into(),
        description: String::new(),
        start_after: duration(start_after),
        duration: (!length.is_empty()).then(|| duration(length)),
    }
}

fn remove_phase(phase: &str, shift: Shift) -> Operation {
    Operation::RemovePhase {
        phase: phase.into(),
        shift,
    }
}

fn add(phase: &str, key: &str, amount: &str) -> Operation {
    Operation::AddItem {
        phase: phase.into(),
        card: Box::new(flat(key, amount)),
    }
}

fn remove(phase: &str, item: &str) -> Operation {
    Operation::RemoveItem {
        phase: phase.into(),
        item: item.into(),
    }
}

#[test]
fn stretching_moves_what_follows() {
    let check = |operation: Operation, expected: &[&str]| {
        assert_eq!(starts(&apply(&[operation]).unwrap()), expected);
    };
    check(
        stretch("phase_1", "P1M"),
        &["phase_0 01-01", "phase_1 02-01", "phase_2 05-01"],
    );
    check(
        stretch("phase_1", "-P2W"),
        &["phase_0 01-01", "phase_1 02-01", "phase_2 03-18"],
    );
    check(
        stretch("phase_2", "P1M"),
        &["phase_0 01-01", "phase_1 02-01", "phase_2 04-01"],
    );
    check(
        stretch("phase_0", "-P2W"),
        &["phase_0 01-01", "phase_1 01-18", "phase_2 03-18"],
    );
}

#[test]
fn stretching_swallows_no_phase_and_no_past() {
    assert_eq!(
        apply(&[stretch("phase_0", "-P1M")]),
        Err(Refusal::PhaseWouldDisappear("phase_0".into()))
    );
    let past = apply(&[stretch("phase_0", "-P3W4D")]);
    assert_eq!(
        past,
        Err(Refusal::PhaseInPast {
            operation: "stretch",
            phase: "phase_0".into()
        })
    );
    assert_eq!(
        apply(&[stretch("phase_0", "P0D")]),
        Err(Refusal::NothingToStretch)
    );
    assert_eq!(
        apply(&[stretch("gone", "P1D")]),
        Err(Refusal::PhaseNotFound("gone".into()))
    );
    let single = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
    assert_eq!(
        apply_at(&single, NOW, &[stretch("phase_0", "P1D")]),
        Err(Refusal::SinglePhase)
    );
    let later = apply_at(
        &example(),
        "2024-02-10T00:00:00Z",
        &[stretch("phase_0", "P1D")],
    );
    assert_eq!(
        later,
        Err(Refusal::PastPhase {
            operation: "stretch",
            phase: "phase_0".into()
        })
    );
}

#[test]
fn a_new_phase_pushes_those_behind_it() {
    let edit =
        |start: &str, length: &str| apply(&[add_phase("x", start, length), add("x", "fee", "3")]);
    let fits = edit("P2M", "P1M").unwrap();
    assert_eq!(
        starts(&fits),
        ["phase_0 01-01", "phase_1 02-01", "x 03-01", "phase_2 04-01"]
    );
    let pushes = edit("P2M", "P3M").unwrap();
    assert_eq!(
        starts(&pushes),
        ["phase_0 01-01", "phase_1 02-01", "x 03-01", "phase_2 06-01"]
    );
    assert_eq!(edit("P2M", ""), Err(Refusal::DurationRequired("x".into())));
    let last = edit("P6M", "").unwrap();
    assert_eq!(starts(&last)[3], "x 07-01");
    assert_eq!(
        last.times().unwrap()[2].period.end,
        Some(time("2024-07-01T00:00:00Z"))
    );
}

#[test]
fn a_new_phase_lies_ahead_and_has_its_own_key() {
    assert!(matches!(
        apply(&[add_phase("x", "P9D", "P1D")]),
        Err(Refusal::PhaseInPast { .. })
    ));
    assert_eq!(
        apply(&[add_phase("phase_1", "P2M", "P1M")]),
        Err(Refusal::PhaseExists("phase_1".into()))
    );
    let empty = apply(&[add_phase("x", "P2M", "P1M")]);
    let Err(Refusal::Invalid(flaws)) = empty else {
        panic!("an empty phase is refused at the end")
    };
    assert_eq!(flaws[0].code.as_str(), "subscription_phase_has_no_items");
    assert_eq!(flaws[0].field, "$.phases[?(@.key=='x')].items");
}

#[test]
fn a_removed_phase_leaves_no_gap() {
    let next = apply(&[remove_phase("phase_1", Shift::Next)]).unwrap();
    assert_eq!(starts(&next), ["phase_0 01-01", "phase_2 02-01"]);
    let previous = apply(&[remove_phase("phase_1", Shift::Previous)]).unwrap();
    assert_eq!(starts(&previous), ["phase_0 01-01", "phase_2 04-01"]);
    assert!(matches!(
        apply(&[remove_phase("phase_0", Shift::Next)]),
        Err(Refusal::PhaseInPast { .. })
    ));
    assert!(matches!(
        apply(&[remove_phase("gone", Shift::Next)]),
        Err(Refusal::PhaseNotFound(_))
    ));
}

#[test]
fn replacing_an_item_keeps_its_history() {
    let edited = apply(&[remove("phase_0", "fee"), add("phase_0", "fee", "20")]).unwrap();
    let times = edited.times().unwrap();
    let (now, end) = (time(NOW), time("2024-02-01T00:00:00Z"));
    assert_eq!(times[0].items[0][0].end, Some(now));
    assert_eq!(
        (times[0].items[0][1].start, times[0].items[0][1].end),
        (now, Some(end))
    );
    // Adding over a running version ends it, too.
    let again = apply(&[add("phase_0", "fee", "10")]).unwrap();
    assert_eq!(again.phases[0].timelines[0].versions.len(), 2);
}

#[test]
fn items_are_added_once_to_a_future_phase_and_never_to_a_past_one() {
    assert!(matches!(
        apply(&[add("phase_1", "fee", "1")]),
        Err(Refusal::ItemExists { .. })
    ));
    let edited = apply(&[add("phase_1", "extra", "1")]).unwrap();
    assert_eq!(
        edited.times().unwrap()[1].items[1][0],
        edited.times().unwrap()[1].period
    );
    let past = apply_at(
        &example(),
        "2024-03-01T00:00:00Z",
        &[add("phase_0", "extra", "1")],
    );
    assert!(matches!(past, Err(Refusal::PastPhase { .. })));
    let past = apply_at(
        &example(),
        "2024-03-01T00:00:00Z",
        &[remove("phase_0", "fee")],
    );
    assert!(matches!(past, Err(Refusal::PastPhase { .. })));
    assert!(matches!(
        apply(&[add("gone", "fee", "1")]),
        Err(Refusal::PhaseNotFound(_))
    ));
    assert!(matches!(
        apply(&[remove("phase_0", "gone")]),
        Err(Refusal::ItemNotFound { .. })
    ));
}

#[test]
fn an_item_with_a_later_end_must_be_removed_first() {
    let scheduled = example()
        .edited(
            &[remove("phase_1", "fee"), add("phase_1", "other", "1")],
            Timing::Immediate,
            time(NOW),
            &mut mint(),
        )
        .unwrap();
    assert_eq!(scheduled.phases[1].timelines.len(), 1);
    let open = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
    let scheduled = open
        .edited(
            &[remove("phase_0", "fee")],
            Timing::NextBillingCycle,
            time(NOW),
            &mut mint(),
        )
        .unwrap();
    let refused = apply_at(
        &scheduled,
        "2024-01-12T00:00:00Z",
        &[add("phase_0", "fee", "1")],
    );
    assert_eq!(refused, Err(Refusal::ItemOverlap { item: "fee".into() }));
    let edited = apply_at(
        &scheduled,
        "2024-01-12T00:00:00Z",
        &[remove("phase_0", "fee"), add("phase_0", "fee", "1")],
    )
    .unwrap();
    assert_eq!(edited.phases[0].timelines[0].versions.len(), 2);
}

#[test]
fn an_edit_is_for_now_or_the_next_cycle_of_the_same_phase() {
    let subscription = example();
    let now = time(NOW);
    assert_eq!(
        subscription.edit_time(Timing::At(now), now),
        Err(Refusal::CustomEditTiming)
    );
    assert_eq!(
        subscription.edit_time(Timing::NextBillingCycle, now),
        Err(Refusal::NextCycleInOtherPhase)
    );
    let second = time("2024-02-10T00:00:00Z");
    assert_eq!(
        subscription.edit_time(Timing::NextBillingCycle, second),
        Ok(time("2024-03-01T00:00:00Z"))
    );
}

#[test]
fn a_misaligned_price_and_a_canceled_subscription_are_refused() {
    let mut weekly = flat("weekly", "1");
    weekly.billing_cadence = Some(duration("P1W"));
    let operation = Operation::AddItem {
        phase: "phase_0".into(),
        card: Box::new(weekly.clone()),
    };
    let Err(Refusal::Invalid(flaws)) = apply(&[operation]) else {
        panic!("a week is no part of a month")
    };
    assert_eq!(
        flaws[0].field,
        "$.phases[?(@.key=='phase_0')].itemsByKey.weekly[0].billingCadence"
    );
    weekly.price = None;
    assert!(
        apply(&[Operation::AddItem {
            phase: "phase_0".into(),
            card: Box::new(weekly)
        }])
        .is_ok()
    );
    let canceled = example()
        .canceled(Timing::NextBillingCycle, time(NOW))
        .unwrap();
    assert_eq!(
        apply_at(&canceled, NOW, &[add("phase_0", "x", "1")])
            .unwrap_err()
            .to_string(),
        "transition update in state canceled not allowed"
    );
}

#[test]
fn without_a_current_phase_nothing_is_unscheduled() {
    let mut subscription = example();
    subscription.active_to = Some(time("2024-01-05T00:00:00Z"));
    assert_eq!(
        apply_at(&subscription, NOW, &[Operation::UnscheduleEdit]),
        Err(Refusal::NoCurrentPhase)
    );
}

fn operation() -> impl Strategy<Value = Operation> {
    let phase = prop_oneof![
        Just("phase_0"),
        Just("phase_1"),
        Just("phase_2"),
        Just("x"),
        Just("y")
    ];
    let item = prop_oneof![Just("fee"), Just("other"), Just("third")];
    let span = prop_oneof![
        Just("P1M"),
        Just("-P1M"),
        Just("P2W"),
        Just("-P10D"),
        Just("P3M"),
        Just("PT36H")
    ];
    prop_oneof![
        3 => (phase.clone(), item.clone()).prop_map(|(phase, item)| add(phase, item, "7")),
        3 => (phase.clone(), item).prop_map(|(phase, item)| remove(phase, item)),
        1 => (prop_oneof![Just("x"), Just("y")], prop_oneof![Just("P1M"), Just("P2M"), Just("P50D")], span.clone())
            .prop_map(|(key, start, length)| add_phase(key, start, length)),
        1 => (phase.clone(), prop_oneof![Just(Shift::Next), Just(Shift::Previous)])
            .prop_map(|(phase, shift)| remove_phase(phase, shift)),
        1 => (phase, span).prop_map(|(phase, by)| stretch(phase, by)),
    ]
}

/// What was sold when, up to an instant: key, amount, begin and end of every version with any length before it.
fn past(
    subscription: &Subscription,
    until: Timestamp,
) -> Vec<(String, String, Timestamp, Timestamp)> {
    let times = subscription.times().unwrap();
    let mut sold = Vec::new();
    for (phase, times) in subscription.phases.iter().zip(&times) {
        for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
            for (version, period) in timeline.versions.iter().zip(periods) {
                if let Some(part) = period.until(until)
                    && !part.is_empty()
                {
                    sold.push((
                        timeline.key.clone(),
                        version.id.to_string(),
                        part.start,
                        part.end,
                    ));
                }
            }
        }
    }
    sold.sort();
    sold
}

fn assert_laws(subscription: &Subscription) -> Result<(), TestCaseError> {
    let times = subscription.times().unwrap();
    prop_assert_eq!(times[0].period.start, subscription.active_from);
    for pair in times.windows(2) {
        prop_assert_eq!(
            pair[0].period.end,
            Some(pair[1].period.start),
            "phases are contiguous"
        );
    }
    prop_assert_eq!(times.last().unwrap().period.end, subscription.active_to);
    for phase in &times {
        for versions in &phase.items {
            for pair in versions.windows(2) {
                prop_assert!(
                    !pair[0].overlaps(&pair[1]),
                    "versions of a key do not overlap"
                );
                prop_assert!(pair[0].start <= pair[1].start);
            }
            for version in versions {
                prop_assert!(
                    version.is_empty() || version.intersect(&phase.period) == Some(*version)
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn edits_keep_the_laws_and_the_past(
        edits in prop::collection::vec((prop::collection::vec(operation(), 1..4), 0_i64..40, any::<bool>()), 1..8),
    ) {
        let mut subscription = example();
        let mut now = time("2024-01-01T00:00:00Z");
        let mut ids = mint();
        for (operations, days, next_cycle) in edits {
            now += SignedDuration::from_hours(24 * days);
            let timing = if next_cycle { Timing::NextBillingCycle } else { Timing::Immediate };
            let Ok(edited) = subscription.edited(&operations, timing, now, &mut ids) else { continue };
            assert_laws(&edited)?;
            prop_assert_eq!(past(&edited, now), past(&subscription, now));
            prop_assert_eq!(edited.revision, subscription.revision + 1);
            subscription = edited;
        }
    }

    #[test]
    fn unscheduling_undoes_what_an_edit_put_ahead(
        operations in prop::collection::vec(prop_oneof![
            Just(add("phase_0", "fee", "7")), Just(add("phase_0", "other", "7")), Just(remove("phase_0", "fee")),
        ], 1..5),
        days in 0_i64..300,
    ) {
        let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
        let now = subscription.active_from + SignedDuration::from_hours(24 * days);
        let mut ids = mint();
        // Operations that do not go together are no edit; too many of those and this fails.
        let edited = subscription.edited(&operations, Timing::NextBillingCycle, now, &mut ids);
        prop_assume!(edited.is_ok());
        let edited = edited.unwrap();
        prop_assert_ne!(sold(&edited), sold(&subscription));
        let undone = edited.edited(&[Operation::UnscheduleEdit], Timing::Immediate, now, &mut ids).unwrap();
        prop_assert_eq!(undone.times().unwrap(), subscription.times().unwrap());
        prop_assert_eq!(sold(&undone), sold(&subscription));
    }
}

/// Everything about the items of a subscription but when they were written.
fn sold(subscription: &Subscription) -> Vec<Phase> {
    let mut phases = subscription.phases.clone();
    for phase in &mut phases {
        phase.updated_at = phase.created_at;
        for version in phase
            .timelines
            .iter_mut()
            .flat_map(|timeline| &mut timeline.versions)
        {
            version.updated_at = version.created_at;
        }
    }
    phases
}

#[test]
fn the_laws_notice_what_breaks_them() {
    let edited = apply(&[remove("phase_0", "fee"), add("phase_0", "fee", "20")]).unwrap();
    assert!(assert_laws(&edited).is_ok());
    let mut overlapping = edited.clone();
    overlapping.phases[0].timelines[0].versions[1].starts_after = None;
    assert!(assert_laws(&overlapping).is_err());
    let mut disordered = edited.clone();
    disordered.phases.swap(0, 1);
    assert!(assert_laws(&disordered).is_err());
    let mut rewritten = edited.clone();
    rewritten.phases[0].timelines[0].versions[0].ends_after = Some(SignedDuration::from_hours(24));
    assert_ne!(past(&rewritten, time(NOW)), past(&edited, time(NOW)));
    assert_ne!(sold(&rewritten), sold(&edited));
}
