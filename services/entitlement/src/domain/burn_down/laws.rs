//! Laws that hold for every course: what is used is covered or overage, time may be split anywhere,
//! grants burn in order, no balance is negative, and a checkpoint stands for all that came before.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::SignedDuration;
use kernel::{
    Decimal, Timestamp,
    calendar::{IsoDuration, Recurrence},
};
use proptest::prelude::*;

use super::{examples::Story, *};
use crate::domain::{
    grant::tests::grant,
    timeline::{ManualReset, tests::at, tests::timeline},
};

const START: &str = "2024-01-01T00:00Z";
/// Ten days.
const SPAN: i64 = 14_400;

fn minute(count: i64) -> Timestamp {
    at(START) + SignedDuration::from_mins(count)
}

prop_compose! {
    fn any_grant()(
        number in 1_u128..1_000_000,
        amount in 1_i64..200,
        priority in 0_u8..3,
        effective in 0..SPAN,
        life in proptest::option::of(1..SPAN),
        voided in proptest::option::of(0..SPAN),
        min in 0_i64..100,
        max in 0_i64..200,
        refill in proptest::option::of((1_i64..72, -5_000_i64..5_000)),
    ) -> Grant {
        Grant {
            priority,
            expires: life.map(|life| minute(effective + life)),
            voided: voided.map(minute),
            min_rollover: Decimal::from(min),
            max_rollover: Decimal::from(max),
            recurrence: refill.map(|(hours, anchor)| Recurrence {
                interval: IsoDuration::parse(&format!("PT{hours}H")).unwrap(),
                anchor: minute(anchor),
            }),
            ..grant(number, amount, &minute(effective).to_string())
        }
    }
}

prop_compose! {
    fn any_story()(
        grants in proptest::collection::vec(any_grant(), 0..6),
        events in proptest::collection::vec((0..SPAN * 60, 0_i64..60), 0..25),
        resets in proptest::collection::vec((1..SPAN, any::<bool>(), any::<bool>()), 0..3),
        preserve_overage in any::<bool>(),
        unique in any::<bool>(),
        anchor in -3_000_i64..3_000,
    ) -> Story {
        let mut timeline = timeline(START, &minute(anchor).to_string(), "P3D");
        timeline.preserve_overage = preserve_overage;
        let mut resets = resets;
        resets.sort_unstable();
        for (offset, retain, preserve_overage) in resets {
            let time = minute(offset);
            let anchor = if retain { timeline.anchor_at(time) } else { time };
            timeline = timeline.with_reset(ManualReset { at: time, anchor, preserve_overage });
        }
        let mut grants = grants;
        grants.sort_by_key(|grant| grant.id);
        grants.dedup_by_key(|grant| grant.id);
        Story {
            grants,
            timeline,
            events: events
                .into_iter()
                .map(|(second, amount)| (at(START) + SignedDuration::from_secs(second), amount))
                .collect(),
            aggregation: if unique { Aggregation::Unique } else { Aggregation::Additive },
        }
    }
}

fn start(story: &Story) -> Checkpoint {
    Checkpoint::start(&story.timeline, &story.grants)
}

proptest! {
    #[test]
    fn what_is_used_is_covered_or_overage(story in any_story(), until in 0..SPAN) {
        for segment in story.burn(minute(until)).segments {
            let covered: Decimal = segment.grant_usages.iter().map(|(_, amount)| *amount).sum();
            prop_assert_eq!(covered + segment.overage, segment.usage + segment.overage_at_start);
        }
    }

    #[test]
    fn the_end_is_the_same_with_and_without_the_way(story in any_story(), until in 0..SPAN) {
        let burned = story.burn(minute(until));
        let (standing, checkpoint) = story.settle(minute(until));
        prop_assert_eq!(burned.standing, standing);
        prop_assert_eq!(burned.checkpoint, checkpoint);
    }

    #[test]
    fn what_is_taken_back_is_in_the_books_too(
        story in any_story(), credits in proptest::collection::vec((0..SPAN * 60, -60_i64..0), 1..10), until in 0..SPAN,
    ) {
        let mut story = story;
        story.aggregation = Aggregation::Additive;
        story.events.extend(
            credits.into_iter().map(|(second, amount)| (at(START) + SignedDuration::from_secs(second), amount)),
        );
        for segment in story.burn(minute(until)).segments {
            let covered: Decimal = segment.grant_usages.iter().map(|(_, amount)| *amount).sum();
            prop_assert_eq!(covered + segment.overage, segment.usage + segment.overage_at_start);
            prop_assert!(segment.balances_at_end.values().all(|balance| *balance >= Decimal::ZERO));
        }
    }

    #[test]
    fn no_balance_is_negative_and_overage_means_nothing_is_left(story in any_story(), until in 0..SPAN) {
        let burned = story.burn(minute(until));
        for segment in &burned.segments {
            let balances = segment.balances_at_start.values().chain(segment.balances_at_end.values());
            prop_assert!(balances.clone().all(|balance| *balance >= Decimal::ZERO));
            if segment.overage > Decimal::ZERO {
                prop_assert_eq!(segment.balances_at_end.values().sum::<Decimal>(), Decimal::ZERO);
            }
        }
        let standing = burned.standing;
        prop_assert!(standing.balance >= Decimal::ZERO);
        prop_assert!(standing.balance.is_zero() || standing.overage.is_zero());
    }

    #[test]
    fn an_untouched_grant_is_behind_all_that_still_have_something(story in any_story(), until in 0..SPAN) {
        for segment in story.burn(minute(until)).segments {
            let mut something_left = false;
            for (id, amount) in &segment.grant_usages {
                prop_assert!(!something_left || amount.is_zero());
                something_left |= segment.balances_at_end[id] > Decimal::ZERO;
            }
            let ranks: Vec<usize> = {
                let mut ordered: Vec<&Grant> = story.grants.iter().collect();
                ordered.sort_by(|a, b| a.burn_order(b));
                segment.grant_usages.iter()
                    .map(|(id, _)| ordered.iter().position(|grant| grant.id == *id).unwrap())
                    .collect()
            };
            prop_assert!(ranks.is_sorted());
        }
    }

    #[test]
    fn splitting_time_changes_nothing(
        story in any_story(), until in 0..SPAN, cuts in proptest::collection::vec(0..SPAN, 0..12),
    ) {
        let cuts: Vec<Timestamp> = cuts.into_iter().map(minute).collect();
        let whole = story.burn(minute(until));
        let split = story.burn_from(start(&story), minute(until), &cuts);
        prop_assert_eq!(whole.standing, split.standing);
        prop_assert_eq!(whole.checkpoint, split.checkpoint);
    }

    #[test]
    fn a_checkpoint_stands_for_all_that_came_before(story in any_story(), early in 0..SPAN, late in 0..SPAN) {
        let (early, late) = (minute(early.min(late)), minute(early.max(late)));
        let Some(checkpoint) = story.burn(early).checkpoint else { return Ok(()) };
        let continued = story.burn_from(checkpoint, late, &[]);
        let scratch = story.burn(late);
        prop_assert_eq!(&continued.standing, &scratch.standing);
        let same = scratch.segments.len() - continued.segments.len();
        for (a, b) in continued.segments.iter().zip(&scratch.segments[same..]) {
            prop_assert_eq!((a.period, a.usage, a.overage), (b.period, b.usage, b.overage));
        }
    }

    #[test]
    fn segments_cover_the_course_without_gaps(story in any_story(), until in 0..SPAN) {
        let segments = story.burn(minute(until)).segments;
        prop_assert_eq!(segments[0].period.start, minute(0));
        prop_assert_eq!(segments[segments.len() - 1].period.end, minute(until));
        for pair in segments.windows(2) {
            prop_assert_eq!(pair[0].period.end, pair[1].period.start);
        }
    }
}
