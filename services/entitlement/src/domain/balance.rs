//! The value of a metered entitlement at one instant: first the question to metering, then the answer.

use jiff::SignedDuration;
use kernel::{Decimal, Timestamp, calendar::ceil_to_minute, decimal::DecimalError, period::Period};

use super::{
    burn_down::{Checkpoint, Course},
    entitlement::Metered,
    grant::Grant,
    usage::UsagePlan,
};
use crate::error::EntitlementError;

/// Where numbers end that an answer can carry: eighteen digits before the point.
pub const ANSWER_END: i64 = 1_000_000_000_000_000_000;

/// A balance that waits for usage.
#[derive(Clone, Debug)]
pub struct BalanceQuestion<'a> {
    course: Course<'a>,
    usage_plan: UsagePlan,
    usage_period: Period,
    soft_limit: bool,
}

/// What a metered entitlement is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeteredValue {
    /// Whether the feature may be used.
    pub has_access: bool,
    /// What is left.
    pub balance: Decimal,
    /// Usage in the usage period.
    pub usage: Decimal,
    /// Usage that no grant covered.
    pub overage: Decimal,
    /// Full amounts of active grants, and what ended grants gave in this usage period.
    pub total_available: Decimal,
    /// The usage period.
    pub usage_period: Period,
}

/// Up to when a question about an instant counts: to the end of the running minute. A minute that has
/// just begun is not over, so of the present, what happened in its first second counts too: on a clock
/// that stands still, an event of now would otherwise never be seen.
pub fn horizon(instant: Timestamp, now: Timestamp) -> Timestamp {
    let until = ceil_to_minute(instant);
    if instant == now && until == now {
        until
            .checked_add(SignedDuration::from_secs(1))
            .unwrap_or(Timestamp::MAX)
    } else {
        until
    }
}

impl<'a> BalanceQuestion<'a> {
    /// The question up to a horizon. `checkpoint` is any earlier state of the same entitlement; one from
    /// after the horizon is not used.
    pub fn new(
        metered: &Metered,
        grants: &'a [Grant],
        checkpoint: Option<Checkpoint>,
        until: Timestamp,
    ) -> Result<Self, EntitlementError> {
        let timeline = &metered.timeline;
        let from = checkpoint
            .filter(|checkpoint| checkpoint.at <= until)
            .unwrap_or_else(|| Checkpoint::start(timeline, grants));
        let course = Course::plan(
            grants,
            timeline,
            metered.source.aggregation,
            from,
            until,
            &[],
        )?;
        Ok(Self {
            usage_plan: course.usage_plan(),
            course,
            usage_period: timeline.period_at(until)?,
            soft_limit: metered.soft_limit,
        })
    }

    /// The spans whose usage must be known.
    pub fn spans(&self) -> Vec<Period> {
        self.usage_plan.spans()
    }

    /// The value, from one usage per span, and the last checkpoint not later than `checkpoint_until`.
    pub fn answer(
        self,
        usage: Vec<Option<Decimal>>,
        checkpoint_until: Timestamp,
    ) -> Result<(MeteredValue, Option<Checkpoint>), EntitlementError> {
        let table = self.usage_plan.answered(usage)?;
        let (standing, checkpoint) = self
            .course
            .settle(|span| table.between(span.start, span.end), checkpoint_until)?;
        answerable([
            standing.balance,
            standing.usage,
            standing.overage,
            standing.total_available,
        ])?;
        let value = MeteredValue {
            has_access: self.soft_limit || standing.balance > Decimal::ZERO,
            balance: standing.balance,
            usage: standing.usage,
            overage: standing.overage,
            total_available: standing.total_available,
            usage_period: self.usage_period,
        };
        Ok((value, checkpoint))
    }
}

/// Refuses numbers that no answer can carry. Every amount is below the limit, their sums need
/// not be.
pub fn answerable(numbers: impl IntoIterator<Item = Decimal>) -> Result<(), DecimalError> {
    let end = Decimal::from(ANSWER_END);
    if numbers.into_iter().any(|number| number.abs() >= end) {
        return Err(DecimalError::TooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{
        entitlement::tests::metered,
        grant::tests::grant,
        timeline::tests::{at, timeline},
    };

    const START: &str = "2024-01-01T00:00Z";

    fn value(grants: &[Grant], soft_limit: bool, usage: i64, instant: &str) -> MeteredValue {
        let metered = Metered {
            soft_limit,
            ..metered(timeline(START, START, "P1M"))
        };
        let question = BalanceQuestion::new(
            &metered,
            grants,
            None,
            horizon(at(instant), at("2025-01-01T00:00Z")),
        )
        .unwrap();
        assert_eq!(question.spans().len(), 1);
        let answers = vec![Some(Decimal::from(usage))];
        question.answer(answers, at(START)).unwrap().0
    }

    #[test]
    fn a_balance_above_zero_gives_access() {
        let grants = [grant(1, 100, START)];
        let some = value(&grants, false, 1, "2024-01-05T10:00:30Z");
        assert!(some.has_access);
        assert_eq!(some.balance, Decimal::from(99));
        assert_eq!(some.total_available, Decimal::from(100));
        assert!(!value(&grants, false, 100, "2024-01-05T10:00Z").has_access);
    }

    #[test]
    fn sums_that_no_answer_can_carry_are_refused() {
        let most = Decimal::from(999_999_999_999_999_999_i64);
        assert_eq!(answerable([most, -most]), Ok(()));
        assert_eq!(
            answerable([Decimal::ZERO, most + Decimal::ONE]),
            Err(DecimalError::TooLarge)
        );
        assert!(answerable([-most - Decimal::ONE]).is_err());
    }

    #[test]
    fn a_soft_limit_gives_access_to_the_end() {
        let none = value(&[], true, 5, "2024-01-05T10:00Z");
        assert!(none.has_access);
        assert_eq!(
            (none.balance, none.overage),
            (Decimal::ZERO, Decimal::from(5))
        );
    }

    #[test]
    fn everything_in_the_running_minute_counts() {
        let check = |instant: &str, now: &str, until: &str| {
            assert_eq!(horizon(at(instant), at(now)), at(until), "{instant} {now}");
        };
        check(
            "2024-01-05T10:00:01Z",
            "2024-01-05T10:00:01Z",
            "2024-01-05T10:01Z",
        );
        check(
            "2024-01-05T10:00Z",
            "2024-01-06T00:00Z",
            "2024-01-05T10:00Z",
        );
        check(
            "2024-01-05T10:00Z",
            "2024-01-05T10:00Z",
            "2024-01-05T10:00:01Z",
        );
        check(
            "2024-01-05T09:59:10Z",
            "2024-01-05T10:00Z",
            "2024-01-05T10:00Z",
        );
        check(
            "2024-01-05T09:59:30Z",
            "2024-01-05T10:00:10Z",
            "2024-01-05T10:00Z",
        );
    }
}
