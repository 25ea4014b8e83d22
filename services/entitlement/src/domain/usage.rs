//! Usage as the burn-down needs it: which spans must be asked of metering so that one batch answers
//! all, and the table of answers that any sub-span can be read from.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Decimal, Timestamp, decimal, period::Period};
use serde::{Deserialize, Serialize};

use crate::error::EntitlementError;

/// How the meter behind an entitlement turns events into usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Values add up.
    Additive,
    /// Events are counted; none is the same as zero.
    Count,
    /// Distinct values since the start of the usage period.
    Unique,
    /// The last value reported.
    Latest,
}

/// The instants between which usage must be known. All spans together are one stretch without gaps.
#[derive(Clone, Debug)]
pub struct UsagePlan {
    aggregation: Aggregation,
    /// Starts of usage periods, the first one included.
    period_starts: BTreeSet<Timestamp>,
    cuts: BTreeSet<Timestamp>,
}

/// Usage between the instants of a plan.
#[derive(Clone, Debug)]
pub struct UsageTable {
    plan: UsagePlan,
    /// By cut: additive and latest, the value from this cut to the next one; unique, the distinct
    /// values from the start of the usage period to this cut.
    values: BTreeMap<Timestamp, Option<Decimal>>,
}

impl Aggregation {
    /// Whether an answer says that nothing was reported in a span, nor in any part of it. A sum of zero
    /// says nothing: something may have been taken back.
    pub fn is_nothing(self, answer: Option<Decimal>) -> bool {
        match (self, answer) {
            (_, None) => true,
            (Self::Count | Self::Unique, Some(value)) => value.is_zero(),
            (Self::Additive | Self::Latest, Some(_)) => false,
        }
    }
}

impl UsagePlan {
    /// A plan for usage periods that start at the given instants. Nothing before the first start,
    /// which is always given, is ever asked.
    pub fn new(
        aggregation: Aggregation,
        period_starts: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        let period_starts: BTreeSet<Timestamp> = period_starts.into_iter().collect();
        Self {
            aggregation,
            cuts: period_starts.clone(),
            period_starts,
        }
    }

    /// Makes usage readable from and to an instant.
    pub fn cut(&mut self, instant: Timestamp) {
        if self
            .period_starts
            .first()
            .is_some_and(|first| *first <= instant)
        {
            self.cuts.insert(instant);
        }
    }

    /// The spans to ask for, none of them empty.
    pub fn spans(&self) -> Vec<Period> {
        let pairs = self.cuts.iter().zip(self.cuts.iter().skip(1));
        pairs
            .map(|(start, end)| Period {
                start: match self.aggregation {
                    Aggregation::Additive | Aggregation::Count | Aggregation::Latest => *start,
                    Aggregation::Unique => self.period_start(*start),
                },
                end: *end,
            })
            .collect()
    }

    /// The table of answers, which must be one per span and in the same order.
    pub fn answered(self, answers: Vec<Option<Decimal>>) -> Result<UsageTable, EntitlementError> {
        if answers.len() + 1 != self.cuts.len() && !(answers.is_empty() && self.cuts.is_empty()) {
            return Err(EntitlementError::UsageMismatch);
        }
        let keys = match self.aggregation {
            Aggregation::Additive | Aggregation::Count | Aggregation::Latest => 0,
            Aggregation::Unique => 1,
        };
        let values = self.cuts.iter().copied().skip(keys).zip(answers).collect();
        Ok(UsageTable { plan: self, values })
    }

    /// Start of the usage period that contains a cut.
    fn period_start(&self, instant: Timestamp) -> Timestamp {
        self.period_starts
            .range(..=instant)
            .next_back()
            .copied()
            .unwrap_or(instant)
    }
}

impl UsageTable {
    /// Usage in `[start, end)`, both cuts of the plan; none when no event had a value. Across a
    /// reset, distinct values count once per usage period.
    pub fn between(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Option<Decimal>, EntitlementError> {
        if start >= end {
            return Ok(None);
        }
        if !self.plan.cuts.contains(&start) || !self.plan.cuts.contains(&end) {
            return Err(EntitlementError::UsageMismatch);
        }
        match self.plan.aggregation {
            Aggregation::Additive | Aggregation::Count => {
                let mut known = self
                    .values
                    .range(start..end)
                    .filter_map(|(_, value)| *value);
                let Some(first) = known.next() else {
                    return Ok(None);
                };
                Ok(Some(known.try_fold(first, decimal::add)?))
            }
            Aggregation::Latest => Ok(self
                .values
                .range(start..end)
                .rev()
                .find_map(|(_, value)| *value)),
            Aggregation::Unique => self.distinct_between(start, end).map(Some),
        }
    }

    fn distinct_between(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Decimal, EntitlementError> {
        let mut sum = Decimal::ZERO;
        let mut from = start;
        while from < end {
            let period_start = self.plan.period_start(from);
            let next_reset = self
                .plan
                .period_starts
                .range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded))
                .next();
            let to = next_reset.map_or(end, |next| end.min(*next));
            let before = if period_start == from {
                Decimal::ZERO
            } else {
                self.distinct_until(from)?
            };
            sum = decimal::add(sum, decimal::sub(self.distinct_until(to)?, before)?)?;
            from = to;
        }
        Ok(sum)
    }

    fn distinct_until(&self, cut: Timestamp) -> Result<Decimal, EntitlementError> {
        let value = self
            .values
            .get(&cut)
            .ok_or(EntitlementError::UsageMismatch)?;
        Ok(value.unwrap_or_default())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::timeline::tests::at;

    /// Answers a plan from events of (time, value), as metering would.
    pub(crate) fn answer(plan: UsagePlan, events: &[(Timestamp, i64)]) -> UsageTable {
        let answers = plan
            .spans()
            .iter()
            .map(|span| {
                let inside = events.iter().filter(|(time, _)| span.contains(*time));
                match plan.aggregation {
                    Aggregation::Count => Some(Decimal::from(inside.count())),
                    Aggregation::Additive => inside
                        .map(|(_, value)| *value)
                        .reduce(|sum, value| sum + value)
                        .map(Decimal::from),
                    Aggregation::Latest => inside
                        .max_by_key(|(time, _)| *time)
                        .map(|(_, value)| Decimal::from(*value)),
                    Aggregation::Unique => {
                        let distinct: BTreeSet<i64> = inside.map(|(_, value)| *value).collect();
                        Some(Decimal::from(distinct.len()))
                    }
                }
            })
            .collect();
        plan.answered(answers).unwrap()
    }

    fn table(aggregation: Aggregation) -> UsageTable {
        let mut plan = UsagePlan::new(
            aggregation,
            [at("2024-01-01T00:00Z"), at("2024-01-02T00:00Z")],
        );
        for cut in [
            "2024-01-01T06:00Z",
            "2024-01-01T12:00Z",
            "2024-01-03T00:00Z",
        ] {
            plan.cut(at(cut));
        }
        let events = [
            (at("2024-01-01T01:00Z"), 7),
            (at("2024-01-01T07:00Z"), 7),
            (at("2024-01-01T08:00Z"), 8),
            (at("2024-01-02T01:00Z"), 7),
        ];
        answer(plan, &events)
    }

    fn check(aggregation: Aggregation, start: &str, end: &str, expected: Option<i64>) {
        assert_eq!(
            table(aggregation).between(at(start), at(end)).unwrap(),
            expected.map(Decimal::from),
            "{aggregation:?} {start} {end}"
        );
    }

    #[test]
    fn sums_add_up_over_spans() {
        check(
            Aggregation::Additive,
            "2024-01-01T00:00Z",
            "2024-01-01T06:00Z",
            Some(7),
        );
        check(
            Aggregation::Additive,
            "2024-01-01T00:00Z",
            "2024-01-03T00:00Z",
            Some(29),
        );
        check(
            Aggregation::Additive,
            "2024-01-01T12:00Z",
            "2024-01-02T00:00Z",
            None,
        );
    }

    #[test]
    fn the_latest_value_is_the_last_one_reported_inside() {
        check(
            Aggregation::Latest,
            "2024-01-01T00:00Z",
            "2024-01-02T00:00Z",
            Some(8),
        );
        check(
            Aggregation::Latest,
            "2024-01-01T12:00Z",
            "2024-01-02T00:00Z",
            None,
        );
    }

    #[test]
    fn a_distinct_value_counts_once_per_usage_period() {
        check(
            Aggregation::Unique,
            "2024-01-01T00:00Z",
            "2024-01-01T06:00Z",
            Some(1),
        );
        check(
            Aggregation::Unique,
            "2024-01-01T06:00Z",
            "2024-01-01T12:00Z",
            Some(1),
        );
        check(
            Aggregation::Unique,
            "2024-01-01T06:00Z",
            "2024-01-03T00:00Z",
            Some(2),
        );
    }

    #[test]
    fn what_was_not_planned_cannot_be_read() {
        let table = table(Aggregation::Additive);
        assert!(
            table
                .between(at("2024-01-01T01:00Z"), at("2024-01-02T00:00Z"))
                .is_err()
        );
        let plan = UsagePlan::new(Aggregation::Additive, [at("2024-01-01T00:00Z")]);
        assert!(plan.answered(vec![None]).is_err());
    }
}
