//! Instants as this dialect writes and reads them (text §4.1, §6): seconds since 1970 for
//! what happens to subscriptions, many forms in the filters of lists, UTC text in customers.

use kernel::Timestamp;
use prost_types::Timestamp as Wire;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::Refusal;
use crate::instant;

/// Digits of milliseconds since 1970 in the years that matter; fewer are seconds.
const MILLISECOND_DIGITS: usize = 13;

/// An instant as seconds since 1970: an integer, or a string of its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = i64)]
pub(crate) struct Seconds(pub i64);

impl Seconds {
    /// The instant of an answer, its fraction cut off.
    pub(crate) fn from_proto(wire: Option<&Wire>) -> Self {
        Self(wire.map_or(0, |wire| wire.seconds))
    }

    /// The instant as the services take it.
    pub(crate) fn into_proto(self) -> Wire {
        Wire {
            seconds: self.0,
            nanos: 0,
        }
    }

    fn new(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(|_| Self(seconds))
    }

    /// Reads a query parameter.
    pub(crate) fn from_query(name: &str, text: &str) -> Result<Self, Refusal> {
        digits(text)
            .and_then(Self::new)
            .ok_or_else(|| Refusal::bad(format!("{name}: {EXPECTED}")))
    }
}

const EXPECTED: &str = "must be a time as seconds since 1970";

fn digits(text: &str) -> Option<i64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let seconds = match Value::deserialize(reader)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => digits(&text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        seconds
            .and_then(Self::new)
            .ok_or_else(|| D::Error::custom(EXPECTED))
    }
}

/// An instant of a filter, and whether it is a date without a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub time: Timestamp,
    pub whole_day: bool,
}

impl Asked {
    /// Reads a query parameter: digits, a date, or a date with a time of day; UTC without a zone.
    pub(crate) fn from_query(name: &str, text: &str) -> Result<Self, Refusal> {
        parse(text.trim()).ok_or_else(|| {
            Refusal::bad(format!(
                "{name}: must be a time as seconds since 1970, YYYY-MM-DD, \
                 YYYY-MM-DD HH:MM[:SS] or ISO 8601"
            ))
        })
    }

    /// The instant itself.
    pub(crate) fn into_proto(self) -> Wire {
        contract::convert::timestamp(self.time)
    }

    /// The last instant that the parameter covers: that of its day, for a date.
    pub(crate) fn last_instant(self) -> Wire {
        let day = jiff::SignedDuration::from_hours(24) - jiff::SignedDuration::from_micros(1);
        let last = if self.whole_day {
            self.time.checked_add(day).unwrap_or(self.time)
        } else {
            self.time
        };
        contract::convert::timestamp(last)
    }
}

fn parse(text: &str) -> Option<Asked> {
    let Some(number) = digits(text) else {
        let (time, whole_day) = instant::parse(text, b"Tt ")?;
        return Some(Asked { time, whole_day });
    };
    let time = if text.len() == MILLISECOND_DIGITS {
        Timestamp::from_millisecond(number)
    } else {
        Timestamp::from_second(number)
    };
    time.ok().map(|time| Asked {
        time,
        whole_day: false,
    })
}

/// An instant of a customer, its fraction cut off: `YYYY-MM-DDTHH:MM:SSZ`.
pub(crate) fn utc_text(wire: Option<&Wire>) -> Option<String> {
    instant::utc_seconds(wire?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn asked(text: &str) -> Option<(String, bool)> {
        let asked = Asked::from_query("start_date", text).ok()?;
        Some((asked.time.to_string(), asked.whole_day))
    }

    #[test]
    fn filters_are_read_in_every_documented_form() {
        for (text, time, whole_day) in [
            ("1514764800", "2018-01-01T00:00:00Z", false),
            ("1514764800000", "2018-01-01T00:00:00Z", false),
            ("0", "1970-01-01T00:00:00Z", false),
            ("2018-01-01", "2018-01-01T00:00:00Z", true),
            ("2018-01-01 10:30", "2018-01-01T10:30:00Z", false),
            ("2018-01-01 10:30:15", "2018-01-01T10:30:15Z", false),
            ("2018-01-01T10:30:15", "2018-01-01T10:30:15Z", false),
            ("2018-01-01T10:30:15Z", "2018-01-01T10:30:15Z", false),
            ("2018-01-01T10:30:15.25Z", "2018-01-01T10:30:15.25Z", false),
            ("2018-01-01T10:30:15+02:00", "2018-01-01T08:30:15Z", false),
            ("2018-01-01T10:30:15-0130", "2018-01-01T12:00:15Z", false),
        ] {
            assert_eq!(asked(text), Some((time.to_owned(), whole_day)), "{text}");
        }
    }

    #[test]
    fn other_dates_are_refused() {
        for text in [
            "",
            "yesterday",
            "2018-13-01",
            "2018-02-30",
            "2018-1-1",
            "01/02/2018",
            "2018-01",
            "-5",
            "1e9",
            "2018-01-01T25:00:00Z",
            "2018-01-01X10:00:00",
            "99999999999999999999",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_covers_its_day() {
        let day = Asked::from_query("end_date", "2018-01-01").unwrap();
        assert_eq!(day.last_instant().seconds, 1_514_764_800 + 86_399);
        let instant = Asked::from_query("end_date", "2018-01-01T00:00:00Z").unwrap();
        assert_eq!(instant.last_instant().seconds, 1_514_764_800);
    }

    #[test]
    fn seconds_are_integers_or_their_digits() {
        let read = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            crate::decode::from_json::<Seconds>(&value).ok()
        };
        assert_eq!(read("1514764800"), Some(Seconds(1_514_764_800)));
        assert_eq!(read("\"1514764800\""), Some(Seconds(1_514_764_800)));
        for bad in [
            "1.5",
            "\"x\"",
            "\"\"",
            "null",
            "[]",
            "1e400",
            "99999999999999",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn customers_show_whole_seconds() {
        let wire = Wire {
            seconds: 1_514_764_800,
            nanos: 999,
        };
        assert_eq!(utc_text(Some(&wire)).unwrap(), "2018-01-01T00:00:00Z");
        assert_eq!(utc_text(None), None);
    }
}
