//! Calendar months in a time zone, written YYYY-MM: how revenue is counted.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::calendar::CalendarError;
use kernel::period::Period;

use crate::domain::refusal::Refusal;
use crate::error::SubscriptionError;

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// Reads four digits, a hyphen, two digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, count| {
            part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        ((1900..=9990).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month of an instant.
    pub fn of(instant: Timestamp, zone: &TimeZone) -> Self {
        let date = zone.to_datetime(instant);
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// From its first instant to that of the next month.
    pub fn period(self, zone: &TimeZone) -> Result<Period, SubscriptionError> {
        let (start, end) = (self.first_instant(zone)?, self.next().first_instant(zone)?);
        Ok(Period { start, end })
    }

    /// This month and all after it to `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |month| Some(month.next()))
            .take_while(move |month| *month <= last)
    }

    /// Its days: name YYYY-MM-DD, and from its first instant to that of the next day.
    pub fn days(self, zone: &TimeZone) -> Result<Vec<(String, Period)>, SubscriptionError> {
        let out_of_range = |_| SubscriptionError::from(Refusal::from(CalendarError::OutOfRange));
        let first = Date::new(self.year, self.month, 1).map_err(out_of_range)?;
        first
            .series(jiff::Span::new().days(1))
            .take_while(|day| (day.year(), day.month()) == (self.year, self.month))
            .map(|day| {
                let start = midnight(day, zone)?;
                let end = midnight(day.tomorrow().map_err(out_of_range)?, zone)?;
                Ok((day.to_string(), Period { start, end }))
            })
            .collect()
    }

    fn next(self) -> Self {
        if self.month == 12 {
            Self {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Self {
                month: self.month + 1,
                ..self
            }
        }
    }

    fn first_instant(self, zone: &TimeZone) -> Result<Timestamp, SubscriptionError> {
        let date = Date::new(self.year, self.month, 1)
            .map_err(|_| Refusal::from(CalendarError::OutOfRange))?;
        midnight(date, zone)
    }
}

/// The first instant of a day.
fn midnight(date: Date, zone: &TimeZone) -> Result<Timestamp, SubscriptionError> {
    zone.to_ambiguous_timestamp(date.to_datetime(jiff::civil::Time::midnight()))
        .compatible()
        .map_err(|_| Refusal::from(CalendarError::OutOfRange).into())
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn months_are_read_as_written() {
        assert_eq!(Month::parse("2024-02").unwrap().to_string(), "2024-02");
        for text in [
            "2024-2", "2024-13", "24-02", "2024-00", "2024/02", "+024-02", "",
        ] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_begins_at_midnight_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let period = Month::parse("2024-12").unwrap().period(&zone).unwrap();
        assert_eq!(period.start.to_string(), "2024-11-30T22:00:00Z");
        assert_eq!(period.end.to_string(), "2024-12-31T22:00:00Z");
        assert_eq!(Month::of(period.start, &zone).to_string(), "2024-12");
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let days = Month::parse("2024-03").unwrap().days(&zone).unwrap();
        assert_eq!(days.len(), 31);
        let (name, spring) = &days[30];
        assert_eq!(name, "2024-03-31");
        assert_eq!(spring.start.to_string(), "2024-03-30T23:00:00Z");
        assert_eq!(spring.end.to_string(), "2024-03-31T22:00:00Z");
    }

    #[test]
    fn months_follow_each_other() {
        let months: Vec<_> = Month::parse("2024-11")
            .unwrap()
            .through(Month::parse("2025-02").unwrap())
            .map(|month| month.to_string())
            .collect();
        assert_eq!(months, ["2024-11", "2024-12", "2025-01", "2025-02"]);
    }
}
