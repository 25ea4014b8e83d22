//! The components of a duration: how they are read, written, and added to an instant.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{CalendarError, NANOS_PER_SECOND};

/// Most digits of one component; with it no sum of components leaves an `i128`.
const COMPONENT_DIGITS_MAX: usize = 9;

/// One number per unit, each with its own sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    pub(super) years: i64,
    pub(super) months: i64,
    pub(super) weeks: i64,
    pub(super) days: i64,
    pub(super) hours: i64,
    pub(super) minutes: i64,
    pub(super) seconds: i64,
    pub(super) nanos: i64,
}

impl Parts {
    pub(super) fn each(self, change: impl Fn(i64) -> i64) -> Self {
        Self {
            years: change(self.years),
            months: change(self.months),
            weeks: change(self.weeks),
            days: change(self.days),
            hours: change(self.hours),
            minutes: change(self.minutes),
            seconds: change(self.seconds),
            nanos: change(self.nanos),
        }
    }

    pub(super) fn add_to(self, instant: Timestamp) -> Result<Timestamp, CalendarError> {
        let mut instant = instant;
        if self.years != 0 {
            let months = self
                .years
                .checked_mul(12)
                .ok_or(CalendarError::OutOfRange)?;
            instant = add_months(instant, months)?;
        }
        if self.months != 0 {
            instant = add_months(instant, self.months)?;
        }
        Timestamp::from_nanosecond(instant.as_nanosecond() + self.fixed_nanos())
            .map_err(|_| CalendarError::OutOfRange)
    }

    /// Weeks and smaller, in nanoseconds.
    pub(super) fn fixed_nanos(self) -> i128 {
        self.clock_nanos()
            + (i128::from(self.weeks) * 7 + i128::from(self.days)) * 86_400 * NANOS_PER_SECOND
    }

    /// Hours and smaller, in nanoseconds.
    fn clock_nanos(self) -> i128 {
        let seconds = i128::from(self.hours) * 3_600
            + i128::from(self.minutes) * 60
            + i128::from(self.seconds);
        seconds * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    /// The whole length if every month had `days` days and every day `hours` hours.
    pub(super) fn nanos_with(self, days: i128, hours: i128) -> i128 {
        let months = i128::from(self.years) * 12 + i128::from(self.months);
        let all_days = months * days + i128::from(self.weeks) * 7 + i128::from(self.days);
        all_days * hours * 3_600 * NANOS_PER_SECOND + self.clock_nanos()
    }
}

/// Canonical text of computed durations. A sign before the `P` stands for all components.
impl fmt::Display for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            self.years,
            self.months,
            self.weeks,
            self.days,
            self.hours,
            self.minutes,
            self.seconds,
            self.nanos,
        ];
        if all.iter().all(|part| *part == 0) {
            return formatter.write_str("P0D");
        }
        let negative = all.iter().all(|part| *part <= 0);
        let sign = if negative { -1 } else { 1 };
        let one = |part: i64, unit: char| match i128::from(part) * sign {
            0 => String::new(),
            part => format!("{part}{unit}"),
        };
        let date = one(self.years, 'Y')
            + &one(self.months, 'M')
            + &one(self.weeks, 'W')
            + &one(self.days, 'D');
        let seconds = i128::from(self.seconds) * NANOS_PER_SECOND + i128::from(self.nanos);
        let time = one(self.hours, 'H') + &one(self.minutes, 'M') + &seconds_text(seconds * sign);
        let text = format!(
            "{}P{date}{}{time}",
            if negative { "-" } else { "" },
            if time.is_empty() { "" } else { "T" }
        );
        formatter.write_str(&text)
    }
}

fn seconds_text(nanos: i128) -> String {
    if nanos == 0 {
        return String::new();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, rest) = (
        nanos.abs() / NANOS_PER_SECOND,
        nanos.abs() % NANOS_PER_SECOND,
    );
    let fraction = format!("{rest:09}");
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!("{sign}{whole}{fraction}S")
}

/// Moves an instant by whole months; a day that the month does not have becomes its last day.
fn add_months(instant: Timestamp, months: i64) -> Result<Timestamp, CalendarError> {
    let start = TimeZone::UTC.to_datetime(instant);
    let index = (i64::from(start.year()) * 12 + i64::from(start.month()) - 1)
        .checked_add(months)
        .ok_or(CalendarError::OutOfRange)?;
    let year = i16::try_from(index.div_euclid(12)).map_err(|_| CalendarError::OutOfRange)?;
    let month = i8::try_from(index.rem_euclid(12) + 1).map_err(|_| CalendarError::OutOfRange)?;
    let first = Date::new(year, month, 1).map_err(|_| CalendarError::OutOfRange)?;
    let date = Date::new(year, month, start.day().min(first.days_in_month()))
        .map_err(|_| CalendarError::OutOfRange)?;
    TimeZone::UTC
        .to_timestamp(date.to_datetime(start.time()))
        .map_err(|_| CalendarError::OutOfRange)
}

/// Reads the text of a duration.
pub(super) fn read(text: &str) -> Result<Parts, CalendarError> {
    let (negative, rest) = sign(text);
    let rest = rest.strip_prefix('P').ok_or(CalendarError::Syntax)?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(CalendarError::Syntax),
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(CalendarError::Syntax);
    }
    let mut parts = Parts::default();
    let mut seconds = SignedDuration::ZERO;
    read_components(
        date,
        &mut [
            ('Y', &mut parts.years),
            ('M', &mut parts.months),
            ('W', &mut parts.weeks),
            ('D', &mut parts.days),
        ],
        None,
    )?;
    read_components(
        time,
        &mut [('H', &mut parts.hours), ('M', &mut parts.minutes)],
        Some(&mut seconds),
    )?;
    parts.seconds = seconds.as_secs();
    parts.nanos = i64::from(seconds.subsec_nanos());
    Ok(if negative {
        parts.each(|part| -part)
    } else {
        parts
    })
}

/// Reads `number unit` pairs, each unit at most once and in the given order; seconds come last.
fn read_components(
    text: &str,
    units: &mut [(char, &mut i64)],
    seconds: Option<&mut SignedDuration>,
) -> Result<(), CalendarError> {
    let mut rest = text;
    for (unit, part) in units {
        if let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic())
            && rest[end..].starts_with(*unit)
        {
            let (negative, digits) = sign(&rest[..end]);
            let size = read_digits(digits)?;
            **part = if negative { -size } else { size };
            rest = &rest[end + 1..];
        }
    }
    if let Some(seconds) = seconds
        && let Some(number) = rest.strip_suffix('S')
    {
        *seconds = read_seconds(number)?;
        rest = "";
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(CalendarError::Syntax)
    }
}

fn read_seconds(text: &str) -> Result<SignedDuration, CalendarError> {
    let (negative, digits) = sign(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(CalendarError::Syntax),
        Some((whole, fraction)) => (whole, format!("{fraction:0<9}")),
        None => (digits, "0".to_owned()),
    };
    let nanos = i32::try_from(read_digits(&fraction)?).map_err(|_| CalendarError::Syntax)?;
    let size = SignedDuration::new(read_digits(whole)?, nanos);
    Ok(if negative { -size } else { size })
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn read_digits(text: &str) -> Result<i64, CalendarError> {
    if text.is_empty()
        || text.len() > COMPONENT_DIGITS_MAX
        || !text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(CalendarError::Syntax);
    }
    text.parse().map_err(|_| CalendarError::Syntax)
}
