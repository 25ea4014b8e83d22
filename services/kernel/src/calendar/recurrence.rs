//! Recurrences: instants at a fixed interval from an anchor. Each is computed from the anchor in
//! one step, so that clamping to short months never drifts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CalendarError, IsoDuration};
use crate::period::Period;

/// Most occurrences that are listed at once: a year of quarter hours.
pub const OCCURRENCES_MAX: usize = 40_000;

/// Most steps from the estimated to the true period. The estimate is off by the difference between
/// the calendar and its mean month, a few days at most, however far the anchor is.
const CORRECTIONS_MAX: usize = 64;

/// `anchor + k × interval` for every integer k.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recurrence {
    /// What lies between two occurrences. Positive.
    pub interval: IsoDuration,
    /// The occurrence number zero; it may lie in the past or in the future.
    pub anchor: Timestamp,
}

impl Recurrence {
    /// A recurrence of a positive interval.
    pub fn new(interval: IsoDuration, anchor: Timestamp) -> Result<Self, CalendarError> {
        if interval.is_positive() {
            Ok(Self { interval, anchor })
        } else {
            Err(CalendarError::NotPositive)
        }
    }

    /// The k-th occurrence, counted from the anchor in either direction.
    pub fn occurrence(&self, k: i64) -> Result<Timestamp, CalendarError> {
        self.interval.add_times_to(k, self.anchor)
    }

    /// `[last occurrence at or before t, next occurrence)`: an occurrence starts its own period.
    pub fn period_at(&self, instant: Timestamp) -> Result<Period, CalendarError> {
        self.locate(instant).map(|(_, period)| period)
    }

    /// The number of the period around an instant: that of the occurrence it begins with.
    pub fn number_at(&self, instant: Timestamp) -> Result<i64, CalendarError> {
        self.locate(instant).map(|(number, _)| number)
    }

    /// The first occurrence after an instant; not the instant itself.
    pub fn next_after(&self, instant: Timestamp) -> Result<Timestamp, CalendarError> {
        Ok(self.period_at(instant)?.end)
    }

    /// The occurrences in `[from, to)` in order; an error when they are more than [`OCCURRENCES_MAX`].
    pub fn occurrences_in(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Timestamp>, CalendarError> {
        let mut found = Vec::new();
        if from >= to {
            return Ok(found);
        }
        let (start, period) = self.locate(from)?;
        let first = if period.start == from {
            start
        } else {
            start.saturating_add(1)
        };
        for k in first.. {
            let occurrence = self.occurrence(k)?;
            if occurrence >= to {
                return Ok(found);
            }
            if found.len() == OCCURRENCES_MAX {
                return Err(CalendarError::TooManyOccurrences);
            }
            found.push(occurrence);
        }
        Ok(found)
    }

    /// The number and the bounds of the period around an instant.
    fn locate(&self, instant: Timestamp) -> Result<(i64, Period), CalendarError> {
        let length = self.interval.mean_nanos();
        if length <= 0 {
            return Err(CalendarError::NotPositive);
        }
        let distance = instant.as_nanosecond() - self.anchor.as_nanosecond();
        let mut k =
            i64::try_from(distance.div_euclid(length)).map_err(|_| CalendarError::OutOfRange)?;
        for _ in 0..CORRECTIONS_MAX {
            let start = self.occurrence(k)?;
            if instant < start {
                k = k.checked_sub(1).ok_or(CalendarError::OutOfRange)?;
                continue;
            }
            let end = self.occurrence(k.checked_add(1).ok_or(CalendarError::OutOfRange)?)?;
            if instant < end {
                return Ok((k, Period { start, end }));
            }
            k = k.checked_add(1).ok_or(CalendarError::OutOfRange)?;
        }
        Err(CalendarError::OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn recurrence(anchor: &str, interval: &str) -> Recurrence {
        Recurrence::new(IsoDuration::parse(interval).unwrap(), at(anchor)).unwrap()
    }

    fn days(instants: &[Timestamp]) -> Vec<String> {
        instants
            .iter()
            .map(|instant| TimeZone::UTC.to_datetime(*instant).date().to_string())
            .collect()
    }

    #[test]
    fn months_from_the_31st_return_to_the_31st() {
        let monthly = recurrence("2024-01-31T00:00Z", "P1M");
        let found = monthly
            .occurrences_in(at("2024-02-01T00:00Z"), at("2024-06-01T00:00Z"))
            .unwrap();
        assert_eq!(
            days(&found),
            ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
        );
        let monthly = recurrence("2025-01-31T15:00Z", "P1M");
        assert_eq!(monthly.occurrence(1), Ok(at("2025-02-28T15:00Z")));
        assert_eq!(monthly.occurrence(3), Ok(at("2025-04-30T15:00Z")));
        assert_eq!(monthly.occurrence(-2), Ok(at("2024-11-30T15:00Z")));
    }

    #[test]
    fn years_from_leap_day_return_to_leap_day() {
        let yearly = recurrence("2024-02-29T00:00Z", "P1Y");
        let found = yearly
            .occurrences_in(at("2025-01-01T00:00Z"), at("2029-01-01T00:00Z"))
            .unwrap();
        assert_eq!(
            days(&found),
            ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
        );
    }

    #[test]
    fn an_occurrence_starts_its_period() {
        let monthly = recurrence("2025-01-31T00:00Z", "P1M");
        let check = |instant: &str, start: &str, end: &str| {
            let expected = Period {
                start: at(start),
                end: at(end),
            };
            assert_eq!(monthly.period_at(at(instant)), Ok(expected), "{instant}");
        };
        check(
            "2025-02-28T00:00Z",
            "2025-02-28T00:00Z",
            "2025-03-31T00:00Z",
        );
        check(
            "2025-02-27T23:59:59.999999Z",
            "2025-01-31T00:00Z",
            "2025-02-28T00:00Z",
        );
        check(
            "2020-02-29T12:00Z",
            "2020-02-29T00:00Z",
            "2020-03-31T00:00Z",
        );
        assert_eq!(
            monthly.next_after(at("2025-02-28T00:00Z")),
            Ok(at("2025-03-31T00:00Z"))
        );
    }

    #[test]
    fn old_anchors_are_as_quick_as_new_ones() {
        let hourly = recurrence("0001-01-01T00:00Z", "PT1H");
        assert_eq!(
            hourly.next_after(at("2025-06-01T10:30Z")),
            Ok(at("2025-06-01T11:00Z"))
        );
        let monthly = recurrence("-009000-01-31T00:00Z", "P1M");
        assert_eq!(
            monthly.period_at(at("9000-02-28T00:00Z")).unwrap().start,
            at("9000-02-28T00:00Z")
        );
        let later = recurrence("9000-01-31T00:00Z", "P1M1D");
        let period = later.period_at(at("2025-06-01T00:00Z")).unwrap();
        assert!(period.contains(at("2025-06-01T00:00Z")));
    }

    #[test]
    fn no_drift_over_48_months() {
        let monthly = recurrence("2021-01-31T08:00Z", "P1M");
        let found = monthly
            .occurrences_in(at("2021-01-31T08:00Z"), at("2025-01-31T08:00Z"))
            .unwrap();
        assert_eq!(found.len(), 48);
        for instant in found {
            let civil = TimeZone::UTC.to_datetime(instant);
            assert_eq!(
                (civil.day(), civil.hour()),
                (civil.days_in_month(), 8),
                "{instant}"
            );
        }
    }

    #[test]
    fn lists_are_bounded_and_empty_ranges_are_empty() {
        let every_second = recurrence("2025-01-01T00:00Z", "PT1S");
        let (from, to) = (at("2025-01-01T00:00Z"), at("2025-01-02T00:00Z"));
        assert_eq!(
            every_second.occurrences_in(from, to),
            Err(CalendarError::TooManyOccurrences)
        );
        assert_eq!(every_second.occurrences_in(to, from), Ok(vec![]));
        assert_eq!(every_second.occurrences_in(from, from), Ok(vec![]));
    }

    #[test]
    fn intervals_that_go_nowhere_are_refused() {
        let zero = IsoDuration::parse("P0D").unwrap();
        assert_eq!(
            Recurrence::new(zero.clone(), at("2025-01-01T00:00Z")),
            Err(CalendarError::NotPositive)
        );
        let anchor = at("2025-01-01T00:00Z");
        assert_eq!(
            Recurrence {
                interval: zero,
                anchor
            }
            .period_at(anchor),
            Err(CalendarError::NotPositive)
        );
    }

    #[test]
    fn the_ends_of_time_are_an_error() {
        let monthly = recurrence("2025-01-01T00:00Z", "P1M");
        assert_eq!(
            monthly.period_at(Timestamp::MAX),
            Err(CalendarError::OutOfRange)
        );
        assert_eq!(monthly.occurrence(i64::MAX), Err(CalendarError::OutOfRange));
    }

    fn interval() -> impl Strategy<Value = IsoDuration> {
        prop_oneof![
            (1_i64..=24, prop_oneof!["M", "W", "D"]).prop_map(|(n, unit)| format!("P{n}{unit}")),
            (1_i64..=3).prop_map(|n| format!("P{n}Y")),
            (1_i64..=48).prop_map(|n| format!("PT{n}H")),
            (1_i64..=14, 1_i64..=20).prop_map(|(months, days)| format!("P{months}M{days}D")),
            (1_i64..=3, 1_i64..=11).prop_map(|(years, months)| format!("P{years}Y{months}M")),
        ]
        .prop_map(|text| IsoDuration::parse(&text).unwrap())
    }

    fn instant() -> impl Strategy<Value = Timestamp> {
        (0_i64..4_102_444_800, 0_i32..1_000_000)
            .prop_map(|(s, micros)| Timestamp::new(s, micros * 1_000).unwrap())
    }

    proptest! {
        #[test]
        fn a_period_contains_its_instant_and_touches_its_neighbours(
            interval in interval(), anchor in instant(), instant in instant(),
        ) {
            let recurrence = Recurrence::new(interval, anchor).unwrap();
            let period = recurrence.period_at(instant).unwrap();
            prop_assert!(period.contains(instant));
            prop_assert_eq!(recurrence.period_at(period.start).unwrap(), period);
            prop_assert_eq!(recurrence.period_at(period.end).unwrap().start, period.end);
            prop_assert_eq!(recurrence.next_after(instant).unwrap(), period.end);
        }

        #[test]
        fn every_occurrence_is_counted_from_the_anchor(interval in interval(), anchor in instant(), k in -500_i64..500) {
            let recurrence = Recurrence::new(interval.clone(), anchor).unwrap();
            let occurrence = recurrence.occurrence(k).unwrap();
            prop_assert_eq!(occurrence, interval.times(k).add_to(anchor).unwrap());
            prop_assert_eq!(recurrence.period_at(occurrence).unwrap().start, occurrence);
            prop_assert!(occurrence < recurrence.occurrence(k + 1).unwrap());
        }

        #[test]
        fn listed_occurrences_are_the_starts_of_the_periods(
            interval in interval(), anchor in instant(), from in instant(), span in 0_i64..5_000_000,
        ) {
            let recurrence = Recurrence::new(interval, anchor).unwrap();
            let to = from + jiff::SignedDuration::from_secs(span);
            let listed = recurrence.occurrences_in(from, to).unwrap();
            let mut expected = vec![];
            let mut next = recurrence.period_at(from).unwrap().start;
            while next < to {
                if next >= from { expected.push(next) }
                next = recurrence.next_after(next).unwrap();
            }
            prop_assert_eq!(listed, expected);
        }

        #[test]
        fn monthly_occurrences_keep_the_anchor_day(anchor in instant(), k in -48_i64..=48) {
            let monthly = Recurrence::new(IsoDuration::from_months(1), anchor).unwrap();
            let occurrence = TimeZone::UTC.to_datetime(monthly.occurrence(k).unwrap());
            let anchor = TimeZone::UTC.to_datetime(anchor);
            prop_assert_eq!(occurrence.day(), anchor.day().min(occurrence.days_in_month()));
            prop_assert_eq!(occurrence.time(), anchor.time());
        }
    }
}
