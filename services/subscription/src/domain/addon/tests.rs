//! The worked examples of add-ons, their refusals, and that taking one back leaves no trace.
#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::decimal;
use proptest::prelude::*;

use super::super::edit::Operation;
use super::super::fixture::{Sketch, flat, mint, time, unit, unpriced};
use super::super::rate_card::{EntitlementTemplate, PriceModel};
use super::super::subscription::PlanReference;
use super::*;

fn metered(card: RateCard, issue: &str) -> RateCard {
    let template = EntitlementTemplate::Metered {
        soft_limit: false,
        issue_after_reset: Some(decimal::parse(issue).unwrap()),
        issue_after_reset_priority: None,
        preserve_overage_at_reset: None,
        usage_period: card.billing_cadence.clone(),
        metadata: Labels::new(),
    };
    RateCard {
        entitlement: Some(template),
        feature_key: Some(card.key.clone()),
        ..card
    }
}

fn offer(cards: Vec<RateCard>) -> AddonOffer {
    AddonOffer {
        reference: AddonReference {
            id: "a1".into(),
            key: "more".into(),
            version: 1,
        },
        name: "More".into(),
        description: String::new(),
        single: false,
        max_quantity: None,
        from_phase: "phase_0".into(),
        cards,
    }
}

fn seats() -> Subscription {
    let cards = vec![metered(flat("seats", "10"), "100")];
    let mut subscription = Sketch::new("2024-01-01T00:00:00Z").phase("", cards).build();
    subscription.plan = Some(PlanReference {
        id: "p".into(),
        key: "pro".into(),
        version: 1,
    });
    subscription
}

fn more_seats() -> AddonOffer {
    offer(vec![metered(flat("seats", "5"), "50")])
}

fn day(day: i64) -> Timestamp {
    time("2024-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(24 * (day - 1))
}

/// `from..to amount/issue` of each version of a key in the first phase, in days.
fn shown(subscription: &Subscription, phase: usize, key: &str) -> Vec<String> {
    let times = &subscription.times().unwrap()[phase];
    let timelines = &subscription.phases[phase].timelines;
    let index = timelines
        .iter()
        .position(|timeline| timeline.key == key)
        .unwrap();
    let number = |at: Timestamp| day(1).duration_until(at).as_hours() / 24 + 1;
    timelines[index]
        .versions
        .iter()
        .zip(&times.items[index])
        .map(|(version, period)| {
            let amount = match version.card.price.as_ref().map(|price| &price.model) {
                Some(PriceModel::Flat { amount, .. }) => decimal::format(*amount),
                _ => "-".to_owned(),
            };
            let issue = match &version.card.entitlement {
                Some(EntitlementTemplate::Metered {
                    issue_after_reset: Some(issue),
                    ..
                }) => decimal::format(*issue),
                _ => "-".to_owned(),
            };
            let end = period
                .end
                .map_or(String::new(), |end| number(end).to_string());
            format!("{}..{end} {amount}/{issue}", number(period.start))
        })
        .collect()
}

#[test]
fn quantities_split_the_timeline_of_an_item() {
    let mut ids = mint();
    let (bought, id) = seats()
        .with_addon(
            &more_seats(),
            (3, Labels::new()),
            Timing::Immediate,
            day(10),
            &mut ids,
        )
        .unwrap();
    assert_eq!(shown(&bought, 0, "seats"), ["1..10 10/100", "10.. 25/250"]);
    let versions = &bought.phases[0].timelines[0].versions;
    assert_eq!(
        bought.items_touched(&bought.addons[0], "seats").unwrap(),
        [versions[1].id.to_string()]
    );
    let change = |subscription: &Subscription, quantity, on| {
        subscription
            .with_quantity(
                id,
                &more_seats(),
                quantity,
                Timing::Immediate,
                day(on),
                &mut mint(),
            )
            .unwrap()
    };
    let fewer = change(&bought, 1, 20);
    assert_eq!(
        shown(&fewer, 0, "seats"),
        ["1..10 10/100", "10..20 25/250", "20.. 15/150"]
    );
    assert_eq!(fewer.phases[0].timelines[0].versions[1].id, versions[1].id);
    let none = change(&fewer, 0, 25);
    assert_eq!(
        shown(&none, 0, "seats")[2..],
        ["20..25 15/150", "25.. 10/100"]
    );
    assert_eq!(none.addons[0].segments().last().unwrap().quantity, 0);
    let edit = none.edited(
        &[Operation::UnscheduleEdit],
        Timing::Immediate,
        day(30),
        &mut mint(),
    );
    assert_eq!(edit, Err(Refusal::HasAddons));
}

#[test]
fn a_key_that_the_plan_lacks_is_a_new_item_in_every_phase_from_then_on() {
    let cards = || vec![flat("fee", "10")];
    let mut subscription = Sketch::new("2024-01-01T00:00:00Z")
        .phase("P1M", cards())
        .phase("", cards())
        .build();
    subscription.plan = seats().plan;
    let support = offer(vec![flat("support", "7")]);
    let (bought, _) = subscription
        .with_addon(
            &support,
            (2, Labels::new()),
            Timing::Immediate,
            day(10),
            &mut mint(),
        )
        .unwrap();
    assert_eq!(shown(&bought, 0, "support"), ["10..32 14/-"]);
    assert_eq!(shown(&bought, 1, "support"), ["32.. 14/-"]);
    assert_eq!(shown(&bought, 1, "fee"), ["32.. 10/-"]);
}

#[test]
fn buying_again_is_a_change_of_quantity() {
    let mut ids = mint();
    let buy = |subscription: &Subscription, quantity, on, ids: &mut dyn FnMut() -> Ulid| {
        subscription
            .with_addon(
                &more_seats(),
                (quantity, Labels::new()),
                Timing::Immediate,
                day(on),
                ids,
            )
            .unwrap()
    };
    let (first, id) = buy(&seats(), 1, 10, &mut ids);
    let (second, again) = buy(&first, 2, 20, &mut ids);
    assert_eq!((id, second.addons.len(), second.revision), (again, 1, 3));
    assert_eq!(shown(&second, 0, "seats")[2..], ["20.. 20/200"]);
}

#[test]
fn what_may_not_be_bought_is_refused() {
    let check = |subscription: &Subscription,
                 offer: &AddonOffer,
                 quantity: i32,
                 timing,
                 expected: Refusal| {
        let refused = subscription.with_addon(
            offer,
            (quantity, Labels::new()),
            timing,
            day(10),
            &mut mint(),
        );
        assert_eq!(refused.map(|_| ()), Err(expected));
    };
    let now = Timing::Immediate;
    check(&seats(), &more_seats(), 0, now, Refusal::AddonQuantity);
    check(
        &seats(),
        &AddonOffer {
            single: true,
            ..more_seats()
        },
        2,
        now,
        Refusal::AddonQuantity,
    );
    check(
        &seats(),
        &AddonOffer {
            max_quantity: Some(2),
            ..more_seats()
        },
        3,
        now,
        Refusal::AddonTooMany(2),
    );
    let late = AddonOffer {
        from_phase: "phase_1".into(),
        ..more_seats()
    };
    check(
        &seats(),
        &late,
        1,
        now,
        Refusal::AddonTooEarly("phase_1".into()),
    );
    check(
        &seats(),
        &more_seats(),
        1,
        Timing::At(day(0)),
        Refusal::AddonOutsideSubscription,
    );
    check(
        &Subscription {
            plan: None,
            ..seats()
        },
        &more_seats(),
        1,
        now,
        Refusal::AddonOfCustomPlan,
    );
    let canceled = seats().canceled(Timing::NextBillingCycle, day(10)).unwrap();
    let refused = canceled.with_addon(&more_seats(), (1, Labels::new()), now, day(10), &mut mint());
    assert!(matches!(refused, Err(Refusal::TransitionNotAllowed { .. })));
}

#[test]
fn cards_that_do_not_go_together_are_refused_by_code() {
    let check = |card: RateCard, expected: &str| {
        let bought = seats().with_addon(
            &offer(vec![card]),
            (1, Labels::new()),
            Timing::Immediate,
            day(10),
            &mut mint(),
        );
        let Err(Refusal::Invalid(flaws)) = bought else {
            panic!("{expected}")
        };
        assert_eq!(flaws[0].code.as_str(), expected);
    };
    check(unit("seats", None), "rate_card_price_type_mismatch");
    let fixed = EntitlementTemplate::Boolean {
        metadata: Labels::new(),
    };
    check(
        RateCard {
            entitlement: Some(fixed),
            ..unpriced("seats")
        },
        "rate_card_entitlement_template_type_mismatch",
    );
    let yearly = Some(super::super::fixture::duration("P1Y"));
    check(
        RateCard {
            billing_cadence: yearly,
            ..flat("seats", "1")
        },
        "rate_card_billing_cadence_mismatch",
    );
    check(
        RateCard {
            feature_key: Some("other".into()),
            ..unpriced("seats")
        },
        "rate_card_feature_key_mismatch",
    );
}

#[test]
fn an_unpriced_item_takes_the_price_over() {
    let mut subscription = Sketch::new("2024-01-01T00:00:00Z")
        .phase("", vec![unpriced("seats")])
        .build();
    subscription.plan = seats().plan;
    let (bought, _) = subscription
        .with_addon(
            &more_seats(),
            (2, Labels::new()),
            Timing::Immediate,
            day(1),
            &mut mint(),
        )
        .unwrap();
    assert_eq!(shown(&bought, 0, "seats"), ["1.. 10/100"]);
}

proptest! {
    #[test]
    fn units_taken_back_leave_the_items_as_they_were(
        changes in prop::collection::vec((1_i64..60, 0_i32..4), 1..6),
    ) {
        let clean = seats();
        let mut ids = mint();
        let (mut bought, id) =
            clean.with_addon(&more_seats(), (1, Labels::new()), Timing::At(day(5)), day(60), &mut ids).unwrap();
        for (on, quantity) in &changes {
            let at = Timing::At(day(*on));
            bought = bought.with_quantity(id, &more_seats(), *quantity, at, day(60), &mut ids).unwrap();
        }
        // Every day costs the fee and what was bought for that day.
        let times = bought.times().unwrap();
        for on in 1..70 {
            let bought_then = bought.addons[0].segments().iter().find(|segment| segment.period.contains(day(on)))
                .map_or(0, |segment| segment.quantity);
            let held: Vec<_> = bought.phases[0].timelines[0].versions.iter().zip(&times[0].items[0])
                .filter(|(_, period)| period.contains(day(on))).collect();
            prop_assert_eq!(held.len(), 1);
            let Some(PriceModel::Flat { amount, .. }) = held[0].0.card.price.as_ref().map(|price| &price.model) else {
                panic!("flat");
            };
            prop_assert_eq!(*amount, decimal::parse("10").unwrap() + kernel::Decimal::from(5 * bought_then));
        }
        let points: Vec<_> = bought.addons[0].points.iter().map(|point| point.at).collect();
        for at in points {
            bought = bought.with_quantity(id, &more_seats(), 0, Timing::At(at), day(60), &mut ids).unwrap();
        }
        let items = |subscription: &Subscription| {
            let timeline = &subscription.phases[0].timelines[0];
            let versions = timeline.versions.iter();
            versions.map(|item| (item.id, item.card.clone(), item.starts_after, item.ends_after)).collect::<Vec<_>>()
        };
        prop_assert_eq!(items(&bought), items(&clean));
    }
}
