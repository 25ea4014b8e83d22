//! The worked examples of the balance engine, E1 to E17, and the examples of voids, refills, late
//! events and distinct or latest values.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::SignedDuration;
use kernel::{
    Decimal, Timestamp,
    calendar::{IsoDuration, Recurrence},
    id::GrantId,
    id::Ulid,
};

use super::*;
use crate::domain::{
    grant::{
        Expiration, ExpirationUnit,
        tests::{grant, new_grant},
    },
    timeline::{ManualReset, tests::at, tests::timeline},
    usage::tests::answer,
};

const START: &str = "2024-01-01T00:00Z";

/// A metered entitlement with everything that happened to it.
#[derive(Debug)]
pub(super) struct Story {
    pub grants: Vec<Grant>,
    pub timeline: Timeline,
    pub events: Vec<(Timestamp, i64)>,
    pub aggregation: Aggregation,
}

impl Story {
    /// Monthly periods from START on.
    pub fn new(grants: Vec<Grant>) -> Self {
        Self {
            grants,
            timeline: timeline(START, START, "P1M"),
            events: Vec::new(),
            aggregation: Aggregation::Additive,
        }
    }

    fn used(mut self, time: &str, amount: i64) -> Self {
        self.events.push((at(time), amount));
        self
    }

    fn reset(mut self, time: &str, preserve_overage: bool) -> Self {
        self.timeline = self.timeline.with_reset(ManualReset {
            at: at(time),
            anchor: at(time),
            preserve_overage,
        });
        self
    }

    pub fn settle(&self, until: Timestamp) -> (Standing, Option<Checkpoint>) {
        let start = Checkpoint::start(&self.timeline, &self.grants);
        let course = Course::plan(
            &self.grants,
            &self.timeline,
            self.aggregation,
            start,
            until,
            &[],
        )
        .unwrap();
        let table = answer(course.usage_plan(), &self.events);
        course
            .settle(|span| table.between(span.start, span.end), until)
            .unwrap()
    }

    pub fn burn_from(&self, from: Checkpoint, until: Timestamp, cuts: &[Timestamp]) -> BurnDown {
        let course = Course::plan(
            &self.grants,
            &self.timeline,
            self.aggregation,
            from,
            until,
            cuts,
        )
        .unwrap();
        let table = answer(course.usage_plan(), &self.events);
        course
            .burn(|span| table.between(span.start, span.end), until)
            .unwrap()
    }

    pub fn burn(&self, until: Timestamp) -> BurnDown {
        self.burn_from(Checkpoint::start(&self.timeline, &self.grants), until, &[])
    }

    /// (balance, overage, usage) at an instant.
    fn check(&self, until: &str, balance: i64, overage: i64, usage: i64) {
        let standing = self.burn(at(until)).standing;
        assert_eq!(
            (standing.balance, standing.overage, standing.usage),
            (
                Decimal::from(balance),
                Decimal::from(overage),
                Decimal::from(usage)
            ),
            "at {until}"
        );
    }

    fn balance_of(&self, number: u128, until: &str) -> Decimal {
        let burned = self.burn(at(until));
        let last = burned.segments.last().unwrap();
        last.balances_at_end[&GrantId::from_ulid(Ulid(number))]
    }
}

fn hours(count: i64) -> Timestamp {
    at(START) + SignedDuration::from_hours(count)
}

fn id(number: u128) -> GrantId {
    GrantId::from_ulid(Ulid(number))
}

/// Rollover limits by hand.
fn rolling(grant: Grant, min: i64, max: i64) -> Grant {
    Grant {
        min_rollover: Decimal::from(min),
        max_rollover: Decimal::from(max),
        ..grant
    }
}

fn living(grant: Grant, unit: ExpirationUnit, count: i64) -> Grant {
    let expires = Expiration { unit, count }.after(grant.effective).unwrap();
    Grant {
        expires: Some(expires),
        ..grant
    }
}

#[test]
fn e1_a_single_grant() {
    Story::new(vec![grant(1, 100, START)])
        .used("2024-01-01T01:00Z", 50)
        .check("2024-01-02T00:00Z", 50, 0, 50);
}

#[test]
fn e2_no_grant() {
    Story::new(vec![])
        .used("2024-01-01T01:00Z", 50)
        .check("2024-01-02T00:00Z", 0, 50, 50);
}

#[test]
fn e3_lower_priority_burns_first() {
    let second = Grant {
        priority: 2,
        ..grant(2, 100, START)
    };
    let story = Story::new(vec![second, grant(3, 100, START)]).used("2024-01-01T01:00Z", 120);
    assert_eq!(story.balance_of(3, "2024-01-02T00:00Z"), Decimal::ZERO);
    assert_eq!(story.balance_of(2, "2024-01-02T00:00Z"), Decimal::from(80));
}

#[test]
fn e4_earlier_expiration_burns_first() {
    let soon = living(grant(9, 100, START), ExpirationUnit::Day, 30);
    let late = living(grant(1, 100, START), ExpirationUnit::Year, 100);
    let story = Story::new(vec![late, soon]).used("2024-01-01T01:00Z", 120);
    assert_eq!(story.balance_of(9, "2024-01-02T00:00Z"), Decimal::ZERO);
    assert_eq!(story.balance_of(1, "2024-01-02T00:00Z"), Decimal::from(80));
}

#[test]
fn e5_overage_is_charged_to_a_later_grant_of_the_period() {
    let story = Story::new(vec![grant(1, 100, "2024-01-02T00:00Z")])
        .used("2024-01-01T01:00Z", 25)
        .used("2024-01-02T01:00Z", 25);
    let burned = story.burn(at("2024-01-03T00:00Z"));
    let facts: Vec<_> = burned
        .segments
        .iter()
        .map(|segment| {
            (
                segment.usage,
                segment.overage_at_start,
                segment.overage,
                segment.balances_at_start[&id(1)],
            )
        })
        .collect();
    let number = Decimal::from;
    assert_eq!(
        facts,
        [
            (number(25), number(0), number(25), number(0)),
            (number(25), number(25), number(0), number(100))
        ]
    );
    story.check("2024-01-03T00:00Z", 50, 0, 50);
}

#[test]
fn e6_a_recurring_grant_is_set_to_its_amount() {
    let daily = Grant {
        recurrence: Some(Recurrence {
            interval: IsoDuration::parse("P1D").unwrap(),
            anchor: at(START),
        }),
        ..grant(1, 100, START)
    };
    Story::new(vec![daily.clone()])
        .used("2024-01-01T00:30Z", 120)
        .check("2024-01-02T01:00Z", 80, 0, 120);
    // What is left is lost, not added to, and there is one refill per occurrence.
    let story = Story::new(vec![daily, grant(2, 5, "2024-01-02T06:00Z")])
        .used("2024-01-01T00:30Z", 10)
        .used("2024-01-02T01:00Z", 30);
    story.check("2024-01-02T00:00Z", 100, 0, 10);
    story.check("2024-01-02T12:00Z", 75, 0, 40);
    story.check("2024-01-03T00:00Z", 105, 0, 40);
}

#[test]
fn e7_a_voided_or_deleted_grant_is_gone() {
    let void = Grant {
        voided: Some(at("2024-01-01T01:00:20Z")),
        ..grant(1, 100, START)
    };
    let deleted = Grant {
        deleted: Some(at("2024-01-01T01:00:20Z")),
        ..grant(1, 100, START)
    };
    for gone in [void, deleted] {
        let story = Story::new(vec![gone])
            .used("2024-01-01T00:30Z", 50)
            .used("2024-01-01T01:30Z", 50);
        story.check("2024-01-01T02:00Z", 0, 50, 100);
        let burned = story.burn(at("2024-01-01T02:00Z"));
        assert_eq!(burned.segments.len(), 2);
        assert_eq!(burned.segments[1].usage, Decimal::from(50));
        assert_eq!(burned.segments[1].balances_at_start[&id(1)], Decimal::ZERO);
        // The 50 that it gave in this period are still counted as available.
        assert_eq!(burned.standing.total_available, Decimal::from(50));
    }
}

#[test]
fn e8_rollover_is_capped() {
    Story::new(vec![rolling(grant(1, 100, START), 0, 50)])
        .used("2024-01-01T01:00Z", 10)
        .reset("2024-01-05T00:00Z", false)
        .check("2024-01-05T01:00Z", 50, 0, 0);
}

#[test]
fn e9_preserved_overage_is_charged_to_what_rolled_over() {
    Story::new(vec![rolling(grant(1, 100, START), 50, 50)])
        .used("2024-01-01T01:00Z", 110)
        .reset("2024-01-05T00:00Z", true)
        .check("2024-01-05T01:00Z", 40, 0, 0);
}

#[test]
fn e10_two_grants_roll_over_each_by_its_limit() {
    let second = rolling(grant(2, 1000, START), 0, 100);
    Story::new(vec![grant(1, 1000, START), second])
        .used("2024-01-01T01:00Z", 600)
        .reset("2024-01-05T00:00Z", false)
        .check("2024-01-05T01:00Z", 500, 0, 0);
}

#[test]
fn e11_preserved_overage_over_two_grants() {
    let story = |usage: i64| {
        Story::new(vec![
            grant(1, 1000, START),
            rolling(grant(2, 1000, START), 500, 500),
        ])
        .used("2024-01-01T01:00Z", usage)
        .reset("2024-01-05T00:00Z", true)
    };
    story(2100).check("2024-01-05T01:00Z", 400, 0, 0);
    story(2600).check("2024-01-05T01:00Z", 0, 100, 0);
}

#[test]
fn e12_several_periods() {
    Story::new(vec![
        grant(1, 1000, START),
        grant(2, 1000, "2024-02-02T00:00Z"),
    ])
    .used("2024-01-10T00:00Z", 200)
    .used("2024-02-01T12:00Z", 200)
    .used("2024-02-03T12:00Z", 200)
    .check("2024-02-04T00:00Z", 1400, 0, 400);
}

#[test]
fn e13_a_grant_at_the_reset_instant_starts_whole() {
    let story = Story::new(vec![
        rolling(grant(1, 1000, START), 0, 0),
        grant(2, 1000, "2024-01-05T00:00Z"),
    ])
    .reset("2024-01-05T00:00Z", false);
    story.check("2024-01-05T00:00Z", 1000, 0, 0);
    story.check("2024-01-05T01:00Z", 1000, 0, 0);
}

#[test]
fn e14_a_grant_that_expires_at_the_reset_instant_is_gone() {
    let ending = living(grant(1, 1000, START), ExpirationUnit::Day, 4);
    let story = Story::new(vec![ending]).reset("2024-01-05T00:00Z", false);
    story.check("2024-01-05T00:00Z", 0, 0, 0);
    story.check("2024-01-05T01:00Z", 0, 0, 0);
}

#[test]
fn e15_wiped_at_the_reset_and_expired_the_day_after() {
    let first = Grant {
        priority: 5,
        ..rolling(grant(1, 10, "2024-06-28T14:35Z"), 0, 0)
    };
    let first = living(first, ExpirationUnit::Year, 1);
    let second = Grant {
        priority: 3,
        ..rolling(grant(2, 20, "2024-06-28T14:36Z"), 0, 20)
    };
    let second = living(second, ExpirationUnit::Day, 1);
    let story = Story {
        timeline: timeline("2024-06-28T14:35Z", "2024-06-28T14:48Z", "P1D"),
        ..Story::new(vec![first, second])
    };
    story.check("2024-06-28T14:37Z", 30, 0, 0);
    story.check("2024-06-28T14:49Z", 20, 0, 0);
    story.check("2024-06-30T14:37Z", 0, 0, 0);
}

#[test]
fn e16_amounts_limit_the_latest_value() {
    let story = Story {
        aggregation: Aggregation::Latest,
        ..Story::new(vec![
            living(grant(1, 50, START), ExpirationUnit::Hour, 1),
            grant(2, 100, START),
            grant(3, 75, "2024-01-01T01:00Z"),
        ])
    }
    .used("2024-01-01T00:00Z", 15)
    .used("2024-01-01T01:00Z", 30)
    .used("2024-01-01T02:00Z", 10);
    story.check("2024-01-01T03:00Z", 165, 0, 10);
    let burned = story.burn(hours(3));
    let facts: Vec<_> = burned
        .segments
        .iter()
        .map(|segment| {
            let sum = |balances: &std::collections::BTreeMap<GrantId, Decimal>| {
                balances.values().sum::<Decimal>()
            };
            (
                sum(&segment.balances_at_start),
                segment.usage,
                sum(&segment.balances_at_end),
            )
        })
        .collect();
    let number = Decimal::from;
    assert_eq!(
        facts,
        [
            (number(150), number(15), number(135)),
            (number(175), number(10), number(165))
        ]
    );
}

#[test]
fn e17_usage_and_balance_and_overage_add_up_with_late_events() {
    let mut story = Story::new(vec![grant(1, 1000, START)]);
    for (time, amount) in [
        ("2024-01-09T00:00Z", 300),
        ("2024-01-02T00:00Z", 500),
        ("2024-01-05T12:00Z", 150),
        ("2024-01-01T00:00Z", 200),
    ] {
        story = story.used(time, amount);
        let now = story.burn(at("2024-01-10T00:00Z")).standing;
        assert_eq!(
            now.usage + now.balance - now.overage,
            Decimal::from(1000),
            "{time}"
        );
    }
    story.check("2024-01-10T00:00Z", 0, 150, 1150);
}

#[test]
fn voiding_leaves_earlier_usage_with_the_grant() {
    let forever = grant(1, 500, "2024-06-28T13:00Z");
    let week = living(
        grant(2, 10_000, "2024-06-28T13:00Z"),
        ExpirationUnit::Week,
        1,
    );
    let voided = Grant {
        voided: Some(at("2024-06-28T14:54Z")),
        ..week
    };
    let story = Story {
        timeline: timeline("2024-06-28T13:00Z", "2024-06-28T13:00Z", "P1M"),
        ..Story::new(vec![forever, voided])
    }
    .used("2024-06-28T13:09Z", 10)
    .used("2024-06-28T15:09Z", 12);
    story.check("2024-06-28T16:38Z", 488, 0, 22);
    let standing = story.burn(at("2024-06-28T16:38Z")).standing;
    assert_eq!(standing.total_available, Decimal::from(510));
}

#[test]
fn a_late_event_reaches_through_a_programmatic_reset() {
    let start = at("2024-01-01T10:00Z");
    let minutes = |count: i64| (start + SignedDuration::from_mins(count)).to_string();
    let grants = || vec![grant(1, 1000, "2024-01-01T10:00Z")];
    let story = |grants| Story {
        timeline: timeline("2024-01-01T10:00Z", "2024-01-01T10:00Z", "PT1H"),
        ..Story::new(grants)
    };
    let before = story(grants()).used(&minutes(5), 200);
    before.check(&minutes(100), 800, 0, 0);
    before
        .used(&minutes(10), 100)
        .check(&minutes(100), 700, 0, 0);
}

#[test]
fn rollover_comes_before_a_refill_at_the_same_instant() {
    let monthly = Grant {
        recurrence: Some(Recurrence {
            interval: IsoDuration::parse("P1M").unwrap(),
            anchor: at(START),
        }),
        ..rolling(grant(1, 100, START), 0, 10)
    };
    let story = Story::new(vec![monthly]).used("2024-01-10T00:00Z", 30);
    story.check("2024-02-01T00:00Z", 100, 0, 0);
    story.check("2024-02-01T01:00Z", 100, 0, 0);
}

#[test]
fn a_distinct_value_is_charged_again_after_a_reset_only() {
    let story = Story {
        aggregation: Aggregation::Unique,
        ..Story::new(vec![grant(1, 10, START), grant(2, 10, "2024-01-10T00:00Z")])
    }
    .used("2024-01-02T00:00Z", 7)
    .used("2024-01-11T00:00Z", 7)
    .used("2024-01-12T00:00Z", 8)
    .used("2024-02-02T00:00Z", 7);
    story.check("2024-01-31T00:00Z", 18, 0, 2);
    story.check("2024-02-03T00:00Z", 17, 0, 1);
}

#[test]
fn credit_goes_back_to_grants_and_never_makes_a_balance_negative() {
    let story = Story::new(vec![grant(1, 10, START)])
        .used("2024-01-02T00:00Z", 10)
        .used("2024-01-03T00:00Z", -4);
    story.check("2024-01-04T00:00Z", 4, 0, 6);
    let split = story.burn_from(
        Checkpoint::start(&story.timeline, &story.grants),
        at("2024-01-04T00:00Z"),
        &[at("2024-01-02T12:00Z")],
    );
    assert_eq!(split.standing.balance, Decimal::from(4));
}

#[test]
fn before_measuring_starts_nothing_is_used() {
    let story = Story::new(vec![grant(1, 10, START)]);
    story.check("2023-12-31T00:00Z", 0, 0, 0);
    story.check(START, 10, 0, 0);
}

#[test]
fn an_issue_is_the_same_amount_in_every_period() {
    let issued = new_grant(50, START)
        .into_grant(id(1), grant(1, 1, START).entitlement, at(START), at(START))
        .unwrap();
    let story = Story::new(vec![rolling(issued, 50, 50)]).used("2024-01-02T00:00Z", 60);
    story.check("2024-01-03T00:00Z", 0, 10, 60);
    story.check("2024-02-01T00:00Z", 50, 0, 0);
    story.check("2025-02-01T00:00Z", 50, 0, 0);
}

#[test]
fn a_course_of_too_many_phases_is_refused() {
    let timeline = timeline(START, START, "PT1H");
    let course = Course::plan(
        &[],
        &timeline,
        Aggregation::Additive,
        Checkpoint::start(&timeline, &[]),
        at("2124-01-01T00:00Z"),
        &[],
    );
    assert!(course.is_err());
}
