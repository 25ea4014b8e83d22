//! Calendar months and days in a time zone, written YYYY-MM and YYYY-MM-DD: how revenue is counted.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::calendar::CalendarError;
use kernel::period::Period;

use crate::domain::refusal::Refusal;

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
    pub fn period(self, zone: &TimeZone) -> Result<Period, Refusal> {
        let (start, end) = (self.first_instant(zone)?, self.next().first_instant(zone)?);
        Ok(Period { start, end })
    }

    /// This month and all after it to `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |month| Some(month.next()))
            .take_while(move |month| *month <= last)
    }

    /// A number that grows with time: 202402.
    pub fn number(self) -> i32 {
        i32::from(self.year) * 100 + i32::from(self.month)
    }

    /// Its days, from their first instants to those of the next ones.
    pub fn days(self, zone: &TimeZone) -> Result<Vec<(Day, Period)>, Refusal> {
        let out_of_range = |_| Refusal::from(CalendarError::OutOfRange);
        let first = Date::new(self.year, self.month, 1).map_err(out_of_range)?;
        first
            .series(jiff::Span::new().days(1))
            .take_while(|day| (day.year(), day.month()) == (self.year, self.month))
            .map(|day| Ok((Day(day), Day(day).period(zone)?)))
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

    fn first_instant(self, zone: &TimeZone) -> Result<Timestamp, Refusal> {
        let date = Date::new(self.year, self.month, 1)
            .map_err(|_| Refusal::from(CalendarError::OutOfRange))?;
        midnight(date, zone)
    }
}

/// A day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Reads YYYY-MM-DD.
    pub fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.rsplit_once('-')?;
        let month = Month::parse(month)?;
        if day.len() != 2 || !day.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let date = Date::new(month.year, month.month, day.parse().ok()?);
        date.ok().map(Self)
    }

    /// The day of an instant.
    pub fn of(instant: Timestamp, zone: &TimeZone) -> Self {
        Self(zone.to_datetime(instant).date())
    }

    /// The month that it is in.
    pub fn month(self) -> Month {
        Month {
            year: self.0.year(),
            month: self.0.month(),
        }
    }

    /// A number that grows with time: 20240229.
    pub fn number(self) -> i32 {
        self.month().number() * 100 + i32::from(self.0.day())
    }

    /// From its first instant to that of the next day.
    pub fn period(self, zone: &TimeZone) -> Result<Period, Refusal> {
        let next = self.0.tomorrow();
        let next = next.map_err(|_| Refusal::from(CalendarError::OutOfRange))?;
        Ok(Period {
            start: midnight(self.0, zone)?,
            end: midnight(next, zone)?,
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// The first instant of a day.
fn midnight(date: Date, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    zone.to_ambiguous_timestamp(date.to_datetime(jiff::civil::Time::midnight()))
        .compatible()
        .map_err(|_| Refusal::from(CalendarError::OutOfRange))
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
        let (day, spring) = &days[30];
        assert_eq!(day.to_string(), "2024-03-31");
        assert_eq!((day.number(), day.month().number()), (20_240_331, 202_403));
        assert_eq!(Day::of(spring.start, &zone), *day);
        assert_eq!(Day::parse("2024-03-31"), Some(*day));
        for text in [
            "2024-03-32",
            "2024-3-01",
            "2024-03-1",
            "2024-03",
            "2023-02-29",
            "",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
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
