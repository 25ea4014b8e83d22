//! ISO 8601 durations: `P1M`, `P2W`, `P1DT12H`, `-P3D`. The text is echoed as it was sent;
//! equality looks at the components, so `P7D` and `P1W` differ although they align.

use std::fmt;
use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::CalendarError;
use super::parts::{Parts, read};
use crate::decimal::{self, DecimalError};

/// A month of the Gregorian calendar on average, in seconds: 365.2425 days ÷ 12, exact.
const MONTH_SECONDS_MEAN: i128 = 2_629_746;

/// A span of calendar time with the text it came in.
#[derive(Clone)]
pub struct IsoDuration {
    text: String,
    parts: Parts,
}

impl IsoDuration {
    /// Reads a duration. A sign may stand before the `P`, for all numbers, and before each number;
    /// only seconds may have decimals.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        Ok(Self {
            text: text.to_owned(),
            parts: read(text)?,
        })
    }

    /// A number of whole months.
    pub fn from_months(months: i64) -> Self {
        Self::from_parts(Parts {
            months,
            ..Parts::default()
        })
    }

    /// A number of days of 24 hours.
    pub fn from_days(days: i64) -> Self {
        Self::from_parts(Parts {
            days,
            ..Parts::default()
        })
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is no time at all.
    pub fn is_zero(&self) -> bool {
        self.parts == Parts::default()
    }

    /// Whether it goes back in time.
    pub fn is_negative(&self) -> bool {
        self.mean_nanos() < 0
    }

    /// Whether it is longer than nothing.
    pub fn is_positive(&self) -> bool {
        self.mean_nanos() > 0
    }

    /// Whether it spans one hour or more.
    pub fn at_least_an_hour(&self) -> bool {
        self.mean_nanos() >= 3_600 * super::NANOS_PER_SECOND
    }

    /// Every component `factor` times: what a recurrence adds to its anchor in one step. Components
    /// stop at the ends of `i64`, where no time can be added any more.
    pub fn times(&self, factor: i64) -> Self {
        Self::from_parts(self.parts.each(|part| part.saturating_mul(factor)))
    }

    /// The components of both, added one by one.
    pub fn plus(&self, other: &Self) -> Self {
        let (a, b) = (self.parts, other.parts);
        Self::from_parts(Parts {
            years: a.years.saturating_add(b.years),
            months: a.months.saturating_add(b.months),
            weeks: a.weeks.saturating_add(b.weeks),
            days: a.days.saturating_add(b.days),
            hours: a.hours.saturating_add(b.hours),
            minutes: a.minutes.saturating_add(b.minutes),
            seconds: a.seconds.saturating_add(b.seconds),
            nanos: a.nanos.saturating_add(b.nanos),
        })
    }

    /// The same span in the other direction.
    pub fn negated(&self) -> Self {
        self.times(-1)
    }

    /// Adds years, then months (each clamps the day to the end of the month it lands in), then
    /// weeks, days, hours, minutes and seconds, in UTC.
    pub fn add_to(&self, instant: Timestamp) -> Result<Timestamp, CalendarError> {
        self.parts.add_to(instant)
    }

    /// Adds `factor` times the duration in one step, as [`IsoDuration::times`] then
    /// [`IsoDuration::add_to`], without making a text.
    pub(super) fn add_times_to(
        &self,
        factor: i64,
        instant: Timestamp,
    ) -> Result<Timestamp, CalendarError> {
        self.parts
            .each(|part| part.saturating_mul(factor))
            .add_to(instant)
    }

    /// Takes the duration off an instant.
    pub fn subtract_from(&self, instant: Timestamp) -> Result<Timestamp, CalendarError> {
        self.negated().add_to(instant)
    }

    /// Whether one of two cadences divides the other whatever the length of months (28 to 31
    /// days) and days (23 to 25 hours). `P1M` aligns with `P1Y` and `P1D`, not with `P1W`.
    pub fn aligns_with(&self, other: &Self) -> bool {
        if !self.is_positive() || !other.is_positive() {
            return false;
        }
        let lengths = (28..=31).flat_map(|days| (23..=25).map(move |hours| (days, hours)));
        let mut divides = true;
        let mut is_divided = true;
        for (days, hours) in lengths {
            let (own, other) = (
                self.parts.nanos_with(days, hours),
                other.parts.nanos_with(days, hours),
            );
            divides &= other % own == 0;
            is_divided &= own % other == 0;
        }
        divides || is_divided
    }

    /// How many months it is worth when revenue is normalized:
    /// 12·Y + M + W·12/52 + D·12/365 + H·12/8760, one division at the end.
    pub fn months(&self) -> Result<Decimal, DecimalError> {
        let parts = self.parts;
        let whole = |number: i64| Decimal::from(number);
        let calendar = decimal::add(
            decimal::mul(whole(parts.years), whole(12))?,
            whole(parts.months),
        )?;
        let hours = decimal::add(
            decimal::mul(whole(parts.days), whole(24))?,
            whole(parts.hours),
        )?;
        let seconds = decimal::checked_sum([
            decimal::mul(hours, whole(3_600))?,
            decimal::mul(whole(parts.minutes), whole(60))?,
            whole(parts.seconds),
            decimal::div(whole(parts.nanos), whole(1_000_000_000))?,
        ])?;
        // 52 × 8760 × 3600 is the common denominator of weeks and seconds.
        let shares = decimal::add(
            decimal::mul(whole(parts.weeks), whole(12 * 8_760 * 3_600))?,
            decimal::mul(seconds, whole(12 * 52))?,
        )?;
        decimal::add(calendar, decimal::div(shares, whole(52 * 8_760 * 3_600))?)
    }

    /// Whether it is built of years and months only.
    pub fn is_whole_months(&self) -> bool {
        self.parts.fixed_nanos() == 0 && !self.is_zero()
    }

    /// Its length with months of average length: exact where there are no years and months.
    pub(super) fn mean_nanos(&self) -> i128 {
        let months = i128::from(self.parts.years) * 12 + i128::from(self.parts.months);
        months * MONTH_SECONDS_MEAN * super::NANOS_PER_SECOND + self.parts.fixed_nanos()
    }

    fn from_parts(parts: Parts) -> Self {
        Self {
            text: parts.to_string(),
            parts,
        }
    }
}

impl PartialEq for IsoDuration {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for IsoDuration {}

impl Hash for IsoDuration {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts.hash(state);
    }
}

impl std::str::FromStr for IsoDuration {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        Self::parse(text)
    }
}

impl fmt::Display for IsoDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for IsoDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for IsoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for IsoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn duration(text: &str) -> IsoDuration {
        IsoDuration::parse(text).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn texts_are_kept_as_sent_and_compared_by_components() {
        for text in [
            "P1M",
            "P12M",
            "P4W",
            "P1Y2M3W4DT5H6M7S",
            "PT0.5S",
            "-P1D",
            "P-1D",
            "+P1D",
            "P0D",
            "P01M",
        ] {
            assert_eq!(duration(text).as_str(), text);
        }
        assert_eq!(duration("P01M"), duration("P1M"));
        assert_eq!(duration("-P1D"), duration("P-1D"));
        assert_ne!(duration("P1Y"), duration("P12M"));
        assert_ne!(duration("P1W"), duration("P7D"));
        assert_eq!(duration("PT0S"), duration("P0M"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1",
            "1M",
            "p1m",
            "P1MT",
            "P1D1M",
            "P1M1M",
            "P1.5M",
            "PT1.S",
            "PT.5S",
            "PT1S1M",
            "P1H",
            "PT1D",
            "P1M--1D",
            "P9999999999D",
            "PT0.1234567890S",
            "P M",
            "P1Ü",
        ] {
            assert_eq!(
                IsoDuration::parse(text),
                Err(CalendarError::Syntax),
                "{text}"
            );
        }
    }

    #[test]
    fn adding_clamps_to_the_end_of_the_month() {
        let check = |start: &str, text: &str, expected: &str| {
            assert_eq!(
                duration(text).add_to(at(start)),
                Ok(at(expected)),
                "{start} + {text}"
            );
        };
        check("2024-01-31T15:00Z", "P1M", "2024-02-29T15:00Z");
        check("2023-01-31T15:00Z", "P1M", "2023-02-28T15:00Z");
        check("2024-02-29T00:00Z", "P1Y", "2025-02-28T00:00Z");
        check("2024-01-31T00:00Z", "P2M", "2024-03-31T00:00Z");
        check("2024-03-31T00:00Z", "-P1M", "2024-02-29T00:00Z");
        check("2024-01-31T00:00Z", "-P11M", "2023-02-28T00:00Z");
        // Years clamp before months are added: 29 Feb → 28 Feb → 28 Mar.
        check("2024-02-29T00:00Z", "P1Y1M", "2025-03-28T00:00Z");
        check("2024-01-31T23:30Z", "P1M1DT1H", "2024-03-02T00:30Z");
        check("2024-12-31T00:00Z", "P2W", "2025-01-14T00:00Z");
        check("2024-01-01T00:00Z", "PT0.5S", "2024-01-01T00:00:00.5Z");
        check("1969-12-31T23:59:59.25Z", "P1M", "1970-01-31T23:59:59.25Z");
    }

    #[test]
    fn times_out_of_range_are_an_error() {
        let out = Err(CalendarError::OutOfRange);
        assert_eq!(duration("P999999999Y").add_to(at("2024-01-01T00:00Z")), out);
        assert_eq!(duration("P999999999W").add_to(at("2024-01-01T00:00Z")), out);
        assert_eq!(
            duration("P999999999Y")
                .times(i64::MAX)
                .add_to(at("2024-01-01T00:00Z")),
            out
        );
        assert_eq!(
            duration("P1D")
                .times(i64::MIN)
                .add_to(at("2024-01-01T00:00Z")),
            out
        );
    }

    #[test]
    fn cadences_align_as_documented() {
        let check = |plan: &str, cards: &[&str], expected: bool| {
            for card in cards {
                assert_eq!(
                    duration(plan).aligns_with(&duration(card)),
                    expected,
                    "{plan} and {card}"
                );
                assert_eq!(
                    duration(card).aligns_with(&duration(plan)),
                    expected,
                    "{card} and {plan}"
                );
            }
        };
        check("P1M", &["P1M", "P3M", "P1Y", "P2M", "P1D", "PT1H"], true);
        check("P1M", &["P1W", "P2W", "P4W", "P3D", "P5D", "P30D"], false);
        check("P1Y", &["P1M", "P3M", "P4M", "P6M", "P1D", "P12M"], true);
        check("P1Y", &["P5M", "P7M", "P5D", "P365D", "PT8H"], false);
        check("P4W", &["P1W", "P2W", "P1D", "P7D"], true);
        check("P0D", &["P1M", "P0D"], false);
    }

    #[test]
    fn months_are_counted_for_revenue() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                decimal::format(duration(text).months().unwrap().round_dp(12)),
                expected,
                "{text}"
            );
        };
        check("P1M", "1");
        check("P1Y", "12");
        check("P1Y6M", "18");
        check("P365D", "12");
        check("P52W", "12");
        check("PT8760H", "12");
        check("P1W", "0.230769230769");
        check("P1D", "0.032876712329");
        check("P30D", "0.986301369863");
        check("PT1H", "0.001369863014");
    }

    #[test]
    fn signs_and_sizes_are_told() {
        assert!(
            duration("P0D").is_zero()
                && !duration("P0D").is_negative()
                && !duration("P0D").is_positive()
        );
        assert!(duration("-P1M").is_negative() && duration("P1M").negated().is_negative());
        assert!(duration("PT1H").at_least_an_hour() && duration("PT60M").at_least_an_hour());
        assert!(!duration("PT59M").at_least_an_hour() && !duration("-P1D").at_least_an_hour());
        assert!(duration("P1Y1M").is_whole_months());
        assert!(!duration("P1M1D").is_whole_months() && !duration("P0D").is_whole_months());
    }

    #[test]
    fn computed_durations_have_a_canonical_text() {
        assert_eq!(duration("P1M").times(3).as_str(), "P3M");
        assert_eq!(duration("P1M").times(0).as_str(), "P0D");
        assert_eq!(duration("P1DT12H").negated().as_str(), "-P1DT12H");
        assert_eq!(duration("PT0.25S").times(-3).as_str(), "-PT0.75S");
        assert_eq!(
            duration("PT1.75S").plus(&duration("PT1M")).as_str(),
            "PT1M1.75S"
        );
        assert_eq!(duration("P1M").plus(&duration("-P1D")).as_str(), "P1M-1D");
        assert_eq!(IsoDuration::from_months(6).as_str(), "P6M");
        assert_eq!(IsoDuration::from_days(30).as_str(), "P30D");
    }

    #[test]
    fn json_is_the_text() {
        assert_eq!(serde_json::to_string(&duration("P4W")).unwrap(), "\"P4W\"");
        assert_eq!(
            serde_json::from_str::<IsoDuration>("\"P4W\"").unwrap(),
            duration("P4W")
        );
        assert!(serde_json::from_str::<IsoDuration>("\"month\"").is_err());
    }

    fn component() -> impl Strategy<Value = i64> {
        prop_oneof![Just(0), 0_i64..=400]
    }

    proptest! {
        #[test]
        fn canonical_texts_are_read_back(
            (years, months, weeks, days) in (component(), component(), component(), component()),
            (hours, minutes, seconds, nanos) in (component(), component(), component(), 0_i64..1_000_000_000),
            (sign, other) in (prop_oneof![Just(1), Just(-1)], prop_oneof![Just(1), Just(-1)]),
        ) {
            let parts = Parts { years, months, weeks, days: days * other, hours, minutes, seconds, nanos };
            let built = IsoDuration::from_parts(parts.each(|part| part * sign));
    prop_assert_eq!(IsoDuration::parse(built.as_str()), Ok(built));
        }

        #[test]
        fn no_text_panics(text in "[-+PTYMWDHS0-9.]{0,16}") {
            if let Ok(read) = IsoDuration::parse(&text) {
                prop_assert!(read.negated().negated() == read);
                prop_assert!(read.months().is_ok());
            }
        }

        #[test]
        fn months_keep_the_day_or_clamp_it(second in 0_i64..4_102_444_800, months in -600_i64..600) {
            let start = Timestamp::from_second(second).unwrap();
            let end = IsoDuration::from_months(months).add_to(start).unwrap();
            let (start, end) = (TimeZone::UTC.to_datetime(start), TimeZone::UTC.to_datetime(end));
            prop_assert_eq!(start.time(), end.time());
            prop_assert_eq!(end.day(), start.day().min(end.days_in_month()));
        }

        #[test]
        fn alignment_is_symmetric_and_includes_itself(a in 1_i64..30, b in 1_i64..30, unit in "[YMWD]", other in "[YMWD]") {
            let (a, b) = (duration(&format!("P{a}{unit}")), duration(&format!("P{b}{other}")));
            prop_assert_eq!(a.aligns_with(&b), b.aligns_with(&a));
            prop_assert!(a.aligns_with(&a) && a.aligns_with(&a.times(3)));
        }
    }
}
